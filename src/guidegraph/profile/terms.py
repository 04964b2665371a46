"""The vocabulary: labels, synonyms, CURIEs and IRIs of everything that a profile or a command may name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import cached_property
from typing import Protocol

from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.model import Another, CodeReading, TermRow

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
}
#: The kind of the class of a fact, by its property.
KINDS = {
    ns.GG + "hasCondition": "condition",
    ns.GG + "hasFinding": "finding",
    ns.GG + "takesMedication": "intervention",
}
#: People cannot know which we hold a condition and which a finding, so an entry of either list may be either.
_EITHER = (ns.GG + "hasCondition", ns.GG + "hasFinding")
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
        tuple(sorted(values.get("overlaps", []))),
    )


def normal(text: str) -> str:
    """A name for comparison: lower case, hyphens and runs of white space as one space."""
    return re.sub(r"[\s\-\u2010-\u2014_]+", " ", text.casefold()).strip()


class CodeBook(Protocol):
    """Reads codes of other terminologies (guidegraph.terminologies.codes)."""

    def curie(self, text: str) -> str | None:
        """The CURIE that a text is, None where it is no code."""

    def read(self, curie: str) -> CodeReading:
        """What a code says in our terms."""


class Vocabulary:
    """Resolves what people write to terms.

    Args:
        rows: the terms of ours.
        codes: gives the reader of codes; called only for a text that looks like a code.
    """

    def __init__(self, rows: Iterable[TermRow], codes: Callable[[], CodeBook] | None = None) -> None:
        self._codes = codes
        known = tuple(rows)
        # Alerts are statements, named apart from what patients have: a condition is often called as its alert is.
        self.rows: tuple[TermRow, ...] = tuple(row for row in known if row.kind != "alert")
        self._alerts = sorted((row for row in known if row.kind == "alert"), key=lambda row: (row.label, row.iri))
        self.by_iri: Mapping[str, TermRow] = {row.iri: row for row in known}
        names: dict[str, list[TermRow]] = defaultdict(list)
        for row in self.rows:
            for name in {normal(n) for n in row.names}:
                names[name].append(row)
        self._names = names
        self._above: dict[str, frozenset[str]] = {}

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
        """What a text says that is a code of another terminology; None for any other text."""
        stripped = text.strip()
        if self._codes is None or not _CODE.match(stripped) or stripped in self.by_iri:
            return None
        if ns.expand(stripped) is not None or normal(stripped) in self._names:
            return None
        curie = self._codes().curie(stripped)
        return None if curie is None else self._codes().read(curie)

    def _exact(self, reading: CodeReading, kinds: Collection[str], where: str) -> str:
        """The one term that a code means exactly."""
        iri = reading.exact
        if iri and self.by_iri[iri].kind in kinds:
            return iri
        steps = "; ".join(reading.steps)
        if reading.another:
            why = f"{reading.name} is known, and is none of our terms: no statement here speaks of it"
            raise TermError(why, where=where, mend="Name a term of ours.")
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
            TermError: nothing has the name (the nearest names are told), or more than one thing has it, or it is
                a term of another kind.
        """
        reading = self.reading(text)
        if reading is not None:
            return self._exact(reading, kinds, where)
        stripped = text.strip()
        rows = self._rows(stripped)
        fitting = [row for row in rows if row.kind in kinds]
        if len(fitting) == 1:
            return fitting[0].iri
        shown = _short(stripped)
        if fitting:
            choices = "; ".join(f"{row.label} ({ns.shorten(row.iri)})" for row in fitting)
            raise TermError(f"{shown} names more than one thing", where=where, mend=f"Write one of: {choices}.")
        if rows:
            raise _of_another_kind(f"{shown} is a term", rows, kinds, where)
        near = self._near(stripped, kinds)
        mend = f"Nearest: {'; '.join(near)}." if near else "guidegraph profile terms lists the known terms."
        raise TermError(f"{shown} is not a known term", where=where, mend=mend)

    def alerts(self, text: str, *, where: str = "") -> list[str]:
        """The alerts (IRIs) that a text names, by label or identifier: each document's of that name.

        Raises:
            TermError: none is called so; the known ones are told.
        """
        given, wanted = text.strip(), normal(text)
        iris = (given, ns.expand(given), ns.BASE + given)
        found = [row.iri for row in self._alerts if row.iri in iris or normal(row.label) == wanted]
        if not found:
            known = "; ".join(dict.fromkeys(row.label for row in self._alerts)) or "none"
            raise TermError(f"{_short(text.strip())} is no known alert", where=where, mend=f"Known are: {known}.")
        return found

    def named(self, text: str, kinds: Collection[str]) -> list[TermRow]:
        """All terms of these kinds that a text names, or else those with a name that holds it, sorted by label.

        Raises:
            TermError: no name holds the text (the nearest are told).
        """
        wanted = normal(text)
        fitting = [row for row in self._rows(text.strip()) if row.kind in kinds]
        if not fitting and wanted:
            holding = {row.iri: row for n, rows in self._names.items() if wanted in n for row in rows}
            fitting = [row for row in holding.values() if row.kind in kinds]
        if not fitting:
            self.resolve(text, kinds)
        return sorted(fitting, key=lambda row: (row.label, row.iri))

    def _rows(self, text: str) -> list[TermRow]:
        """The terms, of any kind, whose IRI, CURIE or name a text is."""
        iri = text if text in self.by_iri else ns.expand(text)
        return [self.by_iri[iri]] if iri is not None and iri in self.by_iri else self._names.get(normal(text), [])

    def _near(self, text: str, kinds: Collection[str]) -> list[str]:
        wanted = normal(text)[:80]
        words = set(wanted.split())
        pool = {n: rows for n, rows in self._names.items() if any(r.kind in kinds for r in rows)}
        close = get_close_matches(wanted, pool, n=4, cutoff=0.6)
        sharing = sorted(
            (n for n in pool if words & set(n.split())), key=lambda n: (-len(words & set(n.split())), len(n), n)
        )
        labels = [row.label for n in [*close, *sharing[:4]] for row in pool[n] if row.kind in kinds]
        return list(dict.fromkeys(labels))[:4]


def _of_another_kind(what: str, rows: Iterable[TermRow], kinds: Collection[str], where: str) -> TermError:
    kind = " or ".join(sorted({row.kind for row in rows}))
    return TermError(
        f"{what}, but of another kind ({kind})", where=where, mend=f"Here belongs: {', '.join(sorted(kinds))}."
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")


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
        for one in _EITHER if prop in _EITHER and not alone else (prop,):
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
        stated = [
            row for iri in (reading.present if present else reading.absent) if (row := self._terms.by_iri.get(iri))
        ]
        fitting = [row.iri for row in stated if row.kind in kinds]
        if stated and not fitting:
            raise _of_another_kind(f"{reading.name} is a code", stated, kinds, where)
        if fitting or (present and prop in reading.another):
            self._readings[reading.curie] = reading
        if not fitting and present and prop in reading.another:
            self._others.update(others(reading, prop))
        elif not fitting:
            self.miss(prop, _missed(reading, present))
        return fitting


def others(reading: CodeReading, prop: str) -> Iterable[Another]:
    """What an entry of a list is that is known and none of our terms: a condition may be held as a finding by us."""
    for one in _EITHER if prop in _EITHER else (prop,):
        yield Another(one, reading.curie, reading.label, reading.denies, reading.may)


def _missed(reading: CodeReading, present: bool) -> str:
    if not present and reading.present:
        return f"not {reading.name}: it means less than any term known, so nothing follows from its absence"
    step = reading.steps[-1] if present else reading.absent_steps[-1]
    return f"{'' if present else 'not '}{reading.name}: {step}"
