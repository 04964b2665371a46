"""The vocabulary: labels, synonyms, CURIEs and IRIs of everything that a profile or a command may name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Protocol

from guidegraph import namespaces as ns
from guidegraph.errors import TermError, UnknownTermError
from guidegraph.model import CodeReading, Derivation, TermRow
from guidegraph.profile.names import SCOPES, asked_back, by_folded, folded, nearest, normal, shortened, which

_PROPERTIES = {
    ns.RDFS + "label": "label",
    ns.SKOS + "altLabel": "alt",
    ns.RDFS + "subClassOf": "parent",
    ns.GG + "overlapsWith": "overlaps",
    ns.GG + "profileKey": "key",
    ns.GG + "profileValue": "key_value",
    ns.GG + "minimumPlausible": "low",
    ns.GG + "maximumPlausible": "high",
    ns.GG + "ucumUnit": "unit",
    ns.GG + "shortName": "short",
    ns.GG + "problemKey": "problem_key",
    ns.GG + "problemValue": "problem_value",
    ns.GG + "problemDenial": "denial",
    ns.GG + "deprecatedSince": "since",
    ns.GG + "deprecationReason": "reason",
    ns.DCTERMS + "isReplacedBy": "replaced",
    ns.OBO_IN_OWL + "hasBroadSynonym": "broad",
    ns.OBO_IN_OWL + "hasNarrowSynonym": "narrow",
    ns.OBO_IN_OWL + "hasRelatedSynonym": "related",
}
#: The kind of the class of a fact, by its property.
KINDS = {
    ns.GG + "hasCondition": "condition",
    ns.GG + "hasFinding": "finding",
    ns.GG + "takesMedication": "intervention",
}
#: People cannot know which we hold a condition and which a finding, so an entry of either list may be either.
STATES = (ns.GG + "hasCondition", ns.GG + "hasFinding")
#: Fewer letters than this are looked for as a word of a name, not inside one.
_FEW = 4
#: A text that may be a CURIE or an IRI.
_CODE = re.compile(r"[A-Za-z][\w.-]*:\S")


def term_rows(rows: Iterable[tuple[str, ...]]) -> list[TermRow]:
    """Group the rows (term, kind, property, value) of queries/index/terms.rq into one TermRow a term, sorted by IRI."""
    table: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for term, kind, prop, value in rows:
        table[term, kind][_PROPERTIES[prop]].append(value)
    return [_row(iri, kind, values) for (iri, kind), values in sorted(table.items())]


def _row(iri: str, kind: str, values: Mapping[str, list[str]]) -> TermRow:
    def one(name: str) -> str:
        return min(values.get(name, [""]))

    label = one("label") or ns.shorten(iri)
    return TermRow(
        iri,
        kind,
        label,
        tuple(dict.fromkeys([label, *sorted(values.get("alt", []))])),
        tuple(sorted(values.get("parent", []))),
        one("key"),
        one("key_value"),
        Decimal(one("low")) if one("low") else None,
        Decimal(one("high")) if one("high") else None,
        one("unit"),
        one("short"),
        one("problem_key"),
        one("problem_value"),
        tuple(sorted(values.get("denial", []))),
        inexact=tuple((scope, name) for scope in SCOPES for name in sorted(values.get(scope, []))),
        overlaps=tuple(sorted(values.get("overlaps", []))),
        deprecated=f"{one('reason')} (deprecated since {one('since')})" if kind == "deprecated" else "",
        replaced_by=tuple(sorted(values.get("replaced", []))),
    )


class CodeBook(Protocol):
    """Reads codes of other terminologies (guidegraph.terminologies.codes)."""

    def curie(self, text: str) -> str | None:
        """The CURIE that a text is, None where it is no code."""

    def read(self, curie: str) -> CodeReading:
        """What a code says in our terms."""


class NameBook(Protocol):
    """Reads names that are none of our terms' own (guidegraph.terminologies.lexicon)."""

    def read(self, name: str) -> CodeReading | None:
        """What a normal name says in our terms, None where it is not in the lexicon or no fact follows from it."""

    def kind(self, name: str) -> str:
        """The kind of thing that a normal name is of ("intervention", "condition"), "" where it is not there."""

    def meant(self, name: str) -> Sequence[tuple[str, str]]:
        """The terms (scope, IRI) that a normal name does not mean exactly and is asked back for."""

    @property
    def names(self) -> Mapping[str, tuple[str, str]]:
        """For each normal name its kind and how it is written."""


class Vocabulary:
    """Resolves what people write to terms.

    Args:
        rows: the terms of ours.
        codes: gives the reader of codes; called only for a text that looks like a code.
        lexicon: gives the reader of further names; called only for a text that is no name of a term.
        elsewhere: says where a name that nothing here has is known, "" if nowhere; called only for such a name.
    """

    def __init__(
        self,
        rows: Iterable[TermRow],
        codes: Callable[[], CodeBook] | None = None,
        lexicon: Callable[[], NameBook] | None = None,
        elsewhere: Callable[[str], str] = lambda text: "",
    ) -> None:
        self._elsewhere = elsewhere
        self._codes = codes
        self._lexicon = lexicon
        self._everything = everything = tuple(rows)
        known = tuple(row for row in everything if row.kind != "deprecated")
        self._deprecated = {
            name: row for row in everything if row.kind == "deprecated" for name in (row.iri, *map(normal, row.names))
        }
        # Alerts are statements, named apart from what patients have: a condition is often called as its alert is.
        self.rows: tuple[TermRow, ...] = tuple(row for row in known if row.kind != "alert")
        self._alerts = sorted((row for row in known if row.kind == "alert"), key=lambda row: (row.label, row.iri))
        self.by_iri: Mapping[str, TermRow] = {row.iri: row for row in known}
        names: dict[str, list[TermRow]] = defaultdict(list)
        for row in self.rows:
            for name in {normal(n) for n in row.names}:
                names[name].append(row)
        self._names = names
        self._inexact: dict[str, list[tuple[str, TermRow]]] = defaultdict(list)
        for row in self.rows:
            for scope, name in row.inexact:
                self._inexact[normal(name)].append((scope, row))
        self._above: dict[str, frozenset[str]] = {}
        self.derivations: tuple[Derivation, ...] = ()  # numbers that are worked out from lists

    def extended(self, rows: Iterable[TermRow]) -> Vocabulary:
        """The vocabulary with further terms, each in place of one that has its IRI."""
        added = {row.iri: row for row in rows}
        known = [row for row in self._everything if row.iri not in added]
        more = Vocabulary([*known, *added.values()], self._codes, self._lexicon, self._elsewhere)
        more.derivations = self.derivations
        return more

    def of_kind(self, *kinds: str) -> list[TermRow]:
        """The terms of some kinds, sorted by label."""
        return sorted((row for row in self.rows if row.kind in kinds), key=lambda row: (row.label, row.iri))

    def label(self, iri: str) -> str:
        """The label of a term, or its CURIE."""
        row = self.by_iri.get(iri)
        return row.label if row else ns.shorten(iri)

    def ancestors(self, iri: str) -> frozenset[str]:
        """The class itself and every class above it."""
        known = self._above.get(iri)
        if known is None:
            above, rest = {iri}, [iri]
            while rest:
                row = self.by_iri.get(rest.pop())
                new = [p for p in (row.parents if row else ()) if p not in above]
                above.update(new)
                rest += new
            known = self._above[iri] = frozenset(above)
        return known

    @cached_property
    def _below(self) -> Mapping[str, frozenset[str]]:
        below: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            for higher in self.ancestors(row.iri):
                below[higher].add(row.iri)
        return {iri: frozenset(lower) for iri, lower in below.items()}

    def _meets(self, one: str, other: str) -> bool:
        return not self._below.get(one, frozenset((one,))).isdisjoint(self._below.get(other, (other,)))

    @cached_property
    def _may_be(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Each class with a recorded decision, and all that what is of it may be."""
        return tuple((row.iri, self.ancestors(other)) for row in self.rows for other in row.overlaps)

    def may_meet(self, one: str, other: str) -> bool:
        """Whether a fact of one class may be one of the other: they share a subclass, or it is recorded."""
        return self._meets(one, other) or any(
            (other in above and self._meets(one, cls)) or (one in above and self._meets(other, cls))
            for cls, above in self._may_be
        )

    def short(self, number: str) -> str:
        """What a number is called in a sentence that gives its value, such as eGFR."""
        row = self.by_iri.get(number)
        return (row.short or row.label) if row else ns.shorten(number)

    def reading(self, text: str) -> CodeReading | None:
        """What a text says that is a code of another terminology or a name of the lexicon; None for any other text."""
        stripped = text.strip()
        if stripped in self.by_iri or ns.expand(stripped) is not None or self._rows(stripped):
            return None
        if self._codes is not None and _CODE.match(stripped) and (curie := self._codes().curie(stripped)) is not None:
            return self._codes().read(curie)
        if self._lexicon is None or normal(stripped) in self._inexact:
            return None
        return self._lexicon().read(normal(stripped))

    def meant(self, text: str, kinds: Collection[str]) -> list[tuple[str, TermRow]]:
        """The terms (scope, term) of some kinds that a name which is not exact could mean: it is asked back."""
        name = normal(text)
        if self._rows(text.strip()):
            return []
        found = self._inexact.get(name) or self._inexact_folded.get(folded(name)) or []
        if not found and self._lexicon is not None:
            found = [(scope, self.by_iri[iri]) for scope, iri in self._lexicon().meant(name) if iri in self.by_iri]
        return [(scope, row) for scope, row in found if row.kind in kinds]

    def exact(self, text: str) -> str:
        """The IRI of the one term that a name means exactly, "" where none or several have it."""
        rows = self._rows(text.strip())
        return rows[0].iri if len(rows) == 1 else ""

    def lexical_kind(self, text: str) -> str:
        """The kind of thing that a name of the lexicon is of, "" for any other text."""
        return "" if self._lexicon is None or self._rows(text.strip()) else self._lexicon().kind(normal(text))

    def called(self, text: str) -> bool:
        """Whether a text is the IRI, CURIE or exact name of a term."""
        return bool(self._rows(text.strip()))

    @cached_property
    def names(self) -> frozenset[str]:
        """All normal names: those of terms, exact or not, and those of the lexicon."""
        further = self._lexicon().names if self._lexicon is not None else ()
        return frozenset({*self._names, *self._inexact, *further})

    @cached_property
    def _folded(self) -> Mapping[str, list[TermRow]]:
        return by_folded(self._names)

    @cached_property
    def _inexact_folded(self) -> Mapping[str, list[tuple[str, TermRow]]]:
        return by_folded(self._inexact)

    def _exact(self, text: str, reading: CodeReading, kinds: Collection[str], where: str) -> str:
        """The one term that a text, which is a code or a name of the lexicon, means exactly."""
        iri = reading.exact
        if iri and self.by_iri[iri].kind in kinds:
            return iri
        steps = "; ".join(reading.steps)
        if reading.another:
            why = f"{reading.name} is known, and is none of our terms: no statement here speaks of it"
            raise UnknownTermError(why, where=where, mend=self._elsewhere(text) or "Name a term of ours.")
        if not reading.understood:
            raise TermError(f"{reading.name} is not understood: {steps}", where=where, mend="Name a term of ours.")
        near = ", ".join(self.label(i) for i in (*reading.present, *reading.absent))
        raise TermError(
            f"{reading.name} means no one term of this kind exactly: {steps}",
            where=where,
            mend=f"Name one: {near}.",
        )

    def telling(self, classes: Collection[str], present: bool) -> list[str]:
        """The classes without those that another of them entails: who has one has all above it, who lacks one lacks
        all below it."""
        above = self.ancestors
        if present:
            return [c for c in classes if not any(c != other and c in above(other) for other in classes)]
        return [c for c in classes if not any(c != other and other in above(c) for other in classes)]

    def resolve(self, text: str, kinds: Collection[str], *, where: str = "") -> str:
        """The IRI of the one term of these kinds that ``text`` names.

        Args:
            text: a label, synonym (any case, hyphens as spaces), CURIE or IRI, or a code that means just that term.
            kinds: kinds of :class:`TermRow` that are accepted.
            where: the place of the text, for the message.

        Raises:
            TermError: nothing has the name (the nearest names are told), it is no exact name (what it could mean is
                told), more than one thing has it, or it is a term of another kind.
        """
        reading = self.reading(text)
        if reading is not None:
            return self._exact(text, reading, kinds, where)
        stripped = text.strip()
        rows = self._rows(stripped)
        fitting = [row for row in rows if row.kind in kinds]
        if len(fitting) == 1:
            return fitting[0].iri
        shown = shortened(stripped)
        if fitting:
            choices = "; ".join(f"{row.label} ({ns.shorten(row.iri)})" for row in fitting)
            raise TermError(f"{shown} names more than one thing", where=where, mend=f"Write one of: {choices}.")
        if meant := self.meant(stripped, kinds):
            raise TermError(asked_back(shown, meant), where=where, mend=which(meant))
        if rows:
            raise of_another_kind(f"{shown} is a term", rows, kinds, where)
        if gone := self._deprecated.get(stripped) or self._deprecated.get(ns.expand(stripped) or normal(stripped)):
            named = [f"{self.label(iri)!r} ({ns.shorten(iri)})" for iri in gone.replaced_by]
            mend = (
                f"Write {' or '.join(named)} in its place." if named else "Nothing stands in its place: leave it out."
            )
            raise TermError(f"{shown} is no longer used: {gone.deprecated}", where=where, mend=mend)
        everywhere = {row.kind for row in self.rows}
        if other := self.meant(stripped, everywhere):
            raise of_another_kind(asked_back(shown, other), [row for _, row in other], kinds, where)
        if told := self._elsewhere(stripped):
            mend = told
        elif near := self._near(stripped, kinds):
            mend = f"Nearest: {'; '.join(near)}."
        elif near := self._near(stripped, everywhere):
            mend = f"Nearest of another kind: {'; '.join(near)}."
        else:
            mend = "guidegraph profile terms lists the known terms."
        raise UnknownTermError(f"{shown} is not a known term", where=where, mend=mend)

    def alerts(self, text: str, *, where: str = "") -> list[str]:
        """The alerts (IRIs) that a text names, by label or identifier: of each document whose label holds that name.

        Raises:
            TermError: none is called so; the known ones are told.
        """
        given, wanted = text.strip(), normal(text)
        iris = (given, ns.expand(given), ns.BASE + given)
        found = [row.iri for row in self._alerts if row.iri in iris or normal(row.label) == wanted]
        if any(normal(row.label) == wanted for row in self._alerts):
            # Who was examined for it was so whichever document warns of it.
            found += [
                row.iri for row in self._alerts if f" {wanted} " in f" {normal(row.label)} " and row.iri not in found
            ]
        if not found:
            known = "; ".join(dict.fromkeys(row.label for row in self._alerts)) or "none"
            raise TermError(f"{shortened(text.strip())} is no known alert", where=where, mend=f"Known are: {known}.")
        return found

    def named(self, text: str, kinds: Collection[str]) -> list[TermRow]:
        """All terms of these kinds that a text names, or else those with a name that holds it, sorted by label.

        Raises:
            TermError: no name holds the text (the nearest are told).
        """
        wanted = normal(text)
        fitting = [row for row in self._rows(text.strip()) if row.kind in kinds]
        fitting = fitting or list(dict.fromkeys(row for _, row in self.meant(text, kinds)))
        if not fitting and wanted:
            # Few letters stand in many names: they count as a word alone.
            inside = f" {wanted} " if len(wanted) < _FEW else wanted
            holding = {row.iri: row for n, rows in self._names.items() if inside in f" {n} " for row in rows}
            fitting = [row for row in holding.values() if row.kind in kinds]
        if not fitting:
            self.resolve(text, kinds)
        return sorted(fitting, key=lambda row: (row.label, row.iri))

    def _rows(self, text: str) -> list[TermRow]:
        """The terms, of any kind, whose IRI, CURIE or exact name a text is."""
        iri = text if text in self.by_iri else ns.expand(text)
        if iri is not None and iri in self.by_iri:
            return [self.by_iri[iri]]
        name = normal(text)
        if name in self._names or name in self._inexact:
            return self._names.get(name, [])
        return self._folded.get(folded(name), [])

    def _near(self, text: str, kinds: Collection[str]) -> list[str]:
        pool: dict[str, list[str]] = defaultdict(list)
        for name, rows in self._names.items():
            pool[name] += [row.label for row in rows if row.kind in kinds]
        for row in self.rows:
            if row.short and row.kind in kinds:
                pool[normal(row.short)].append(row.label)
        for name, found in self._inexact.items():
            pool[name] += [row.label for _, row in found if row.kind in kinds]
        for name, (kind, written) in self._lexicon().names.items() if self._lexicon is not None else ():
            pool[name] += [written] if kind in kinds else []
        return nearest(text, {name: shown for name, shown in pool.items() if shown})


def of_another_kind(what: str, rows: Iterable[TermRow], kinds: Collection[str], where: str) -> TermError:
    """The error that a term or code belongs elsewhere."""
    kind = " or ".join(sorted({row.kind for row in rows}))
    return TermError(
        f"{what}, but of another kind ({kind})", where=where, mend=f"Here belongs: {', '.join(sorted(kinds))}."
    )
