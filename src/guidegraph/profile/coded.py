"""The entries of a profile's lists: terms, codes and names of the lexicon as facts, and what was not understood."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from guidegraph.errors import TermError
from guidegraph.model import Another, CodeReading
from guidegraph.profile.names import shortened
from guidegraph.profile.terms import STATES, Vocabulary, of_another_kind


class CodedFacts:
    """Resolves the entries of one profile, and keeps what was read from codes and what was not understood."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._terms = vocabulary
        self._readings: dict[str, CodeReading] = {}
        self._missed: set[tuple[str, str]] = set()
        self._others: set[Another] = set()

    @property
    def readings(self) -> tuple[CodeReading, ...]:
        """How the codes of the profile were read, sorted by code."""
        return tuple(self._readings[curie] for curie in sorted(self._readings))

    @property
    def not_understood(self) -> tuple[tuple[str, str], ...]:
        """The entries (property IRI of their list, text) that were not understood, sorted."""
        return tuple(sorted(self._missed))

    @property
    def others(self) -> tuple[Another, ...]:
        """The entries that are known and none of our terms, sorted."""
        return tuple(sorted(self._others))

    def miss(self, prop: str, text: str, *, alone: bool = False) -> None:
        """Note that an entry of a property's list was not understood; ``alone``: that it can stand in no other list."""
        for one in STATES if prop in STATES and not alone else (prop,):
            self._missed.add((one, text))

    def classes(self, text: str, kinds: Collection[str], prop: str, *, present: bool, where: str = "") -> Sequence[str]:
        """The classes of ours that an entry states, present or absent; none where it was not understood.

        Args:
            text: a name of a term of ours, or a code of another terminology (CURIE or IRI).
            kinds: the kinds of term that belong there.
            prop: the property of the list, for what is not understood.
            present: whether the patient has it; else it is denied.
            where: the place of the entry, for messages.

        Raises:
            TermError: a name that is unknown or ambiguous, or a term or code of another kind.
        """
        reading = self._terms.reading(text)
        if reading is None:
            return (self._terms.resolve(text, kinds, where=where),)
        if (kind := self._terms.lexical_kind(text)) and not _belongs(kind, kinds):
            what, mend = f"{shortened(text.strip())} is a name, but of another kind ({kind})", ", ".join(sorted(kinds))
            raise TermError(what, where=where, mend=f"Here belongs: {mend}.")
        stated = [
            row for iri in (reading.present if present else reading.absent) if (row := self._terms.by_iri.get(iri))
        ]
        fitting = [row.iri for row in stated if row.kind in kinds]
        if stated and not fitting:
            raise of_another_kind(f"{reading.name} is a code", stated, kinds, where)
        if fitting or (present and prop in reading.another):
            self._readings[reading.curie] = reading
        # A product of several drugs may hold one that is ours, and one that is none of our terms.
        if present and prop in reading.another:
            self._others.update(others(reading, prop))
        elif not fitting:
            self.miss(prop, _missed(reading, present))
        return fitting


def _belongs(kind: str, kinds: Collection[str]) -> bool:
    """Whether a thing of the lexicon belongs among some kinds: it does not tell conditions and findings apart."""
    return kind in kinds or (kind == "condition" and "finding" in kinds)


def others(reading: CodeReading, prop: str) -> Iterable[Another]:
    """What an entry of a list is that is known and none of our terms: a condition may be held as a finding by us."""
    for one in STATES if prop in STATES else (prop,):
        yield Another(one, reading.curie, reading.label, reading.denies, reading.may)


def _missed(reading: CodeReading, present: bool) -> str:
    if not present and reading.present:
        return f"not {reading.name}: it means less than any term known, so nothing follows from its absence"
    if not present and reading.another:
        return f"not {reading.name}: it is none of our terms, so nothing follows from its absence"
    step = reading.steps[-1] if present else reading.absent_steps[-1]
    return f"{'' if present else 'not '}{reading.name}: {step}"
