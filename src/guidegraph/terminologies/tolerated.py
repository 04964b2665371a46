"""What names say of drugs: that somebody is allergic to one, or did not tolerate it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from guidegraph import namespaces as ns
from guidegraph.model import CodeReading
from guidegraph.terminologies import written

if TYPE_CHECKING:
    from guidegraph.terminologies.allergens import Allergens

_DRUG = ns.GG + "Drug"


class Tolerated:
    """Reads such names.

    Args:
        words: the words around drugs.
        allergens: what sets off which allergy.
        kinds: the kind of each of our terms that a patient may have or take.
        ancestors: a class itself and every class above it.
        drug: what a normal name says that is one of interventions, None for any other.
    """

    def __init__(
        self,
        words: written.Words,
        allergens: Allergens,
        kinds: Mapping[str, str],
        ancestors: Callable[[str], frozenset[str]],
        drug: Callable[[str], CodeReading | None],
    ) -> None:
        self._words, self._allergens, self._kinds = words, allergens, kinds
        self._above, self._named = ancestors, drug

    def of_drugs(self, name: str) -> Iterator[tuple[str, list[CodeReading]]]:
        """What a name says of drugs that are known: the term (IRI, "" for none), and what each drug says."""
        scope, bare = next(written.said(name, self._words), ("past", name))
        # What was once not tolerated counts; what is denied, asked or a relative's does not.
        for term, texts in written.of_drug(bare, self._words) if scope == "past" else ():
            drugs = [reading for text in texts if (reading := self._drug(text)) is not None]
            if drugs:
                yield (ns.expand(term) or term) if term else "", drugs

    def allergies(self, name: str) -> tuple[str, ...]:
        """The narrowest terms that somebody has who is allergic to the drugs of a name; none for any other name."""
        for iri, drugs in self.of_drugs(name):
            if iri in self._kinds:
                own = {one for drug in drugs for one in self._allergens.set_off(drug.present) if one in self._kinds}
                return tuple(sorted(one for one in own if iri in self._above(one))) or (iri,)
        return ()

    def interventions(self, drugs: Sequence[CodeReading]) -> set[str]:
        """The therapies that drugs are (IRIs)."""
        return {c for drug in drugs for c in drug.present if self._kinds.get(c) == "intervention"}

    def may_be(self, drugs: Sequence[CodeReading]) -> set[str]:
        """The allergies (IRIs) that not to tolerate drugs may be, whatever it is called."""
        own = {term for drug in drugs for term in self._allergens.set_off(drug.present)}
        return own.union(ns.expand(term) or term for term in self._words.of_drugs)

    def another(self, name: str, drugs: Sequence[CodeReading]) -> tuple[str, ...]:
        """The allergies (IRIs) that one is not which a name says of drugs, or of something that is no drug."""
        told = [texts for term, texts in written.of_drug(name, self._words) if term]
        if not drugs and (not told or set(told[0]) & self._words.any_drug):
            return ()
        each = [self._allergens.unrelated(drug.present or (name,)) for drug in drugs]
        return tuple(sorted(frozenset.intersection(*(each or [self._allergens.unrelated(())])) & self._kinds.keys()))

    def _drug(self, text: str) -> CodeReading | None:
        """What the drug says that a text begins with, by its longest name."""
        tokens = text.split()
        for end in range(len(tokens), 0, -1):
            reading = self._named(" ".join(tokens[:end]))
            if reading is not None:
                return reading if reading.another or any(map(self._is_drug, reading.present)) else None
        return None

    def _is_drug(self, cls: str) -> bool:
        """Whether a class is one of drugs, not all of them, or of what sets off an allergy."""
        above = self._above(cls)
        return (_DRUG in above and cls != _DRUG) or bool(self._allergens.set_off((cls,)))
