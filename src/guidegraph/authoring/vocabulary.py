"""What the words of a population mean: terms, numbers, properties, outcomes and named populations by every name."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import PopulationError, TermError, UnknownTermError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg
from guidegraph.profile import Vocabulary
from guidegraph.profile.names import folded, normal, shortened

#: Kinds of names, as the terminals of the grammar are called.
TERM, NAMED, PROPERTY, NUMBER, OUTCOME = "TERM", "NAMED", "PROPERTY", "NUMBER", "OUTCOME"
#: What an author does about a term that is not known.
NEW_TERM = "A new one is a row of 'terms'."
#: The kinds of terms that a population asks for.
CLINICAL = ("condition", "finding", "intervention")
_ROOTS = {gg("Condition"): "condition", gg("Finding"): "finding", gg("Intervention"): "intervention"}
#: What is said inside of a trial, a stop, or what was done or supplied.
_PARTS = {
    **dict.fromkeys(("ofIntervention", "hasOutcome", "showed"), PROPERTY),
    **dict.fromkeys(("trialWeeks", "daysSinceStop", "daysSince", "resultValue", "daysOfSupply"), NUMBER),
}
#: What a part is called in the gentle form, beside its label.
_CALLED = {"resultValue": ("result",)}
_KIND_OF = {"number": NUMBER, "category": PROPERTY, "outcome": OUTCOME}
_BRACKETED = re.compile(r"\s*\([^()]*\)$")


@dataclass(frozen=True)
class Property:
    """A property of the model: its label, the kind of class that it takes ("" for another), and its unit (UCUM)."""

    label: str
    takes: str = ""
    unit: str = ""


class PopulationVocabulary:
    """The names that a population may use.

    Args:
        terms: the terms, with those that the author adds.
        populations: labels of the named populations, by IRI.
        properties: the properties of the model, by IRI.
        total: the numbers (IRIs) that everybody has, so that what is not in a range is outside it.
    """

    def __init__(
        self,
        terms: Vocabulary,
        populations: Mapping[str, str],
        properties: Mapping[str, Property],
        total: frozenset[str] = frozenset(),
    ) -> None:
        self.terms = terms
        self.populations = dict(populations)
        self.properties = dict(properties)
        self.total = total
        # Each text of a name is asked for at every place where one may end.
        self._kinds: dict[str, str] = {}
        self._written: dict[tuple[str, ...], str] = {}

    @classmethod
    def of(
        cls,
        knowledge: Knowledge,
        *,
        terms: Vocabulary | None = None,
        populations: Mapping[str, str] | None = None,
        replaced: Iterable[str] = (),
        totals: frozenset[str] = frozenset(),
    ) -> PopulationVocabulary:
        """The names of some knowledge.

        Args:
            knowledge: the opened knowledge.
            terms: in place of the knowledge's own terms, such as with those of a sheet.
            populations: labels of further populations, by IRI.
            replaced: graphs (IRI) that are about to be written anew, whose populations are no names any more.
            totals: further numbers (IRI) that everybody has.
        """
        kind, population = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(gg("Population"))
        graphs = map(ox.NamedNode, replaced)
        gone = {q.subject for g in graphs for q in knowledge.store.quads_for_pattern(None, kind, population, g)}
        book = terms or knowledge.vocabulary
        label = knowledge.records.label
        kept = (iri for iri in knowledge.records.branches if ox.NamedNode(iri) not in gone)
        named = {iri: label(iri) for iri in kept} | dict(populations or {})
        properties = {iri: _property(knowledge.store, iri) for iri in map(gg, _PARTS)}
        for row in book.of_kind("number", "category"):
            known = row.iri in knowledge.vocabulary.by_iri
            properties[row.iri] = _property(knowledge.store, row.iri) if known else Property(row.label, "", row.unit)
        total = frozenset(row[0] for row in knowledge.engine.select("answer/totals"))
        return cls(book, named, properties, total | totals)

    # ------------------------------------------------------------ reading

    @cached_property
    def _names(self) -> Mapping[str, list[tuple[str, str]]]:
        """For each normal name that is no term's, what it means: kind of name and IRI."""
        table: dict[str, list[tuple[str, str]]] = defaultdict(list)

        def name(kind: str, iri: str, words: Iterable[str]) -> None:
            for text in {normal(w) for w in words if w}:
                if (kind, iri) not in table[text]:
                    table[text].append((kind, iri))

        for row in self.terms.rows:
            if row.kind in _KIND_OF:
                bare = (_BRACKETED.sub("", n) for n in row.names)
                keys = (row.short, row.key, row.problem_key) if row.kind == "number" else ()
                name(_KIND_OF[row.kind], row.iri, (*row.names, *bare, *keys, _local(row.iri), ns.shorten(row.iri)))
            elif row.kind in CLINICAL:
                name(TERM, row.iri, (_local(row.iri), ns.shorten(row.iri)))
                if row.key and row.key_value == "true":
                    name(TERM, row.iri, (row.key,))
                elif row.key:
                    name(TERM, row.iri, (f"{row.key} {row.key_value}", f"{row.key}: {row.key_value}"))
        for part, kind in _PARTS.items():
            label = self.properties[gg(part)].label
            name(kind, gg(part), (label, _BRACKETED.sub("", label), part, f"gg:{part}", *_CALLED.get(part, ())))
        for iri, label in self.populations.items():
            name(NAMED, iri, (label, _local(iri), ns.shorten(iri)))
        return table

    @cached_property
    def _known(self) -> frozenset[str]:
        names = {*self._names, *self.terms.names}
        return frozenset({*names, *map(folded, names)})

    @cached_property
    def _in_order(self) -> Sequence[str]:
        return sorted(self._known)

    def begins(self, text: str) -> bool:
        """Whether some name begins so."""
        for begin in {normal(text), folded(normal(text))}:
            at = bisect_left(self._in_order, begin)
            if at < len(self._in_order) and self._in_order[at].startswith(begin):
                return True
        return False

    def known(self, text: str) -> str:
        """The kind of a name, "" where nothing is called so; what is a term's name as well is a term."""
        if text not in self._kinds:
            self._kinds[text] = self._kind(text)
        return self._kinds[text]

    def _kind(self, text: str) -> str:
        name = normal(text)
        if name not in self._known and folded(name) not in self._known:
            return ""
        kinds = [kind for kind, _ in self._names.get(name, ())]
        # What is called as a number, property or outcome is one wherever it is called so.
        model = [kind for kind in kinds if kind in (PROPERTY, NUMBER, OUTCOME)]
        if model:
            return model[0]
        return NAMED if kinds and set(kinds) == {NAMED} and not self.terms.called(text) else TERM

    def term(self, text: str, kinds: Iterable[str], column: int) -> str:
        """The IRI of the one term of some kinds that a text names.

        Raises:
            PopulationError: none, or more than one.
        """
        wanted = tuple(kinds)
        own = [iri for kind, iri in self._names.get(normal(text), ()) if kind == TERM]
        fitting = [iri for iri in own if self.terms.by_iri[iri].kind in wanted]
        if len(fitting) == 1 and not self.terms.called(text):
            return fitting[0]
        named = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        try:
            return self.terms.resolve(named, wanted)
        except UnknownTermError as error:
            raise PopulationError(error.what, mend=f"{error.mend} {NEW_TERM}", column=column) from None
        except TermError as error:
            raise PopulationError(error.what, mend=error.mend, column=column) from None

    def one(self, text: str, kind: str, column: int) -> str:
        """The IRI of the one property, number, outcome or population that a text names.

        Raises:
            PopulationError: none, or more than one.
        """
        named = text[1:-1] if text.startswith("<") and text.endswith(">") else text
        if kind == NAMED and named in self.populations:
            return named
        found = [iri for known, iri in self._names.get(normal(named), ()) if known == kind]
        if len(found) == 1:
            return found[0]
        what = "population" if kind == NAMED else kind.lower()
        if found:
            choices = "; ".join(map(ns.shorten, sorted(found)))
            raise PopulationError(
                f"{shortened(text)} names more than one {what}", mend=f"Write one of: {choices}.", column=column
            )
        near = self._near(named, kind)
        mend = f"Nearest: {'; '.join(near)}." if near else "Name one by its IRI."
        if kind == NUMBER:
            mine = "guidegraph profile new lists those that are known; a new one is a row of 'numbers'."
            mend = f"{mend if near else ''} {mine}".strip()
        raise PopulationError(f"{shortened(text)} is no known {what}", mend=mend, column=column)

    def _near(self, text: str, kind: str) -> list[str]:
        from guidegraph.profile.names import nearest

        pool = {n: [self.label(iri) for k, iri in found if k == kind] for n, found in self._names.items()}
        return nearest(text, {name: shown for name, shown in pool.items() if shown})

    # ------------------------------------------------------------ writing

    def label(self, iri: str) -> str:
        """The label of a term, property or population."""
        if iri in self.properties:
            return self.properties[iri].label
        return self.populations.get(iri) or self.terms.label(iri)

    def name(self, iri: str, *kinds: str) -> str:
        """A name that is read as just this thing: its label where that is one thing, else its CURIE or IRI."""
        key = (iri, *kinds)
        if key not in self._written:
            self._written[key] = self._name(iri, *kinds)
        return self._written[key]

    def _name(self, iri: str, *kinds: str) -> str:
        label = self.label(iri)
        try:
            found = self.one(label, kinds[0], 0) if kinds[0] not in CLINICAL else self.term(label, kinds, 0)
        except PopulationError:
            found = ""
        right = found == iri and self.known(label) == (TERM if kinds[0] in CLINICAL else kinds[0])
        if right and "\n" not in label:
            return label
        short = ns.shorten(iri)
        return f"<{iri}>" if short == iri else short


def _local(iri: str) -> str:
    return re.split("[/#]", iri)[-1]


def _property(store: ox.Store, iri: str) -> Property:
    def one(name: str) -> str:
        found = store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(name), None, None)
        return min((getattr(quad.object, "value", "") for quad in found), default="")

    return Property(one(ns.RDFS + "label") or _local(iri), _ROOTS.get(one(ns.RDFS + "range"), ""), one(gg("ucumUnit")))
