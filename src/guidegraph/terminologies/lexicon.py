"""The lexicon: everyday names of drugs, conditions and findings that are no names of terms of ours.

A name with codes says what its codes say by the mapping tables, with no package installed: of several codes (one drug
has one for each use) only what all of them say. A name with a relation says what somebody decided of it: exact and
narrow ones bring the term, broad and related ones are asked back. What a product of several drugs contains is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from guidegraph import namespaces as ns
from guidegraph.model import CodeReading, TermRow
from guidegraph.profile.names import by_folded, folded, normal
from guidegraph.profile.terms import STATES
from guidegraph.terminologies import doses, written
from guidegraph.terminologies.allergens import Allergens
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.names import ASKED, BRINGS, Name, read_codes, read_names
from guidegraph.terminologies.tolerated import Tolerated

#: The terminology whose codes tell by which route a drug is given.
DRUG_CODES = "ATC"
#: How answers cite the lexicon, and the name by which they keep its digest.
TITLE, SOURCE = "lexicon of names", "lexicon"
_RELATIONS = {"exact": "means the same as", "narrow": "is a kind of"}


class Terms(Protocol):
    """The terms of ours (guidegraph.profile.Vocabulary)."""

    def exact(self, name: str) -> str:
        """The IRI of the one term that a name means exactly, "" where none has it."""

    def label(self, iri: str) -> str:
        """The label of a term."""

    def ancestors(self, iri: str) -> frozenset[str]:
        """The class itself and every class above it."""

    def telling(self, classes: Collection[str], present: bool) -> list[str]:
        """The classes without those that another of them entails."""

    def of_kind(self, *kinds: str) -> list[TermRow]:
        """The terms of some kinds."""


class Lexicon:
    """Reads names of the lexicon.

    Args:
        folder: the tables.
        codes: gives the reader of codes; called only for a name with codes.
        terms: the terms of ours.
    """

    def __init__(self, folder: Path, codes: Callable[[], Codes], terms: Terms) -> None:
        self._folder, self._codes, self._terms = folder, codes, terms
        self._readings: dict[str, CodeReading | None] = {}
        self._spoken: dict[str, str] = {}

    @cached_property
    def rows(self) -> Sequence[Name]:
        """All names, as the tables have them."""
        return read_names(self._folder)

    @cached_property
    def _named(self) -> Mapping[str, list[Name]]:
        table: dict[str, list[Name]] = {}
        for row in self.rows:
            for name, shown in {normal(n): n for n in (*reversed(row.synonyms), row.name)}.items():
                table.setdefault(name, []).append(replace(row, shown=shown))
        return table

    @cached_property
    def _folded(self) -> Mapping[str, list[Name]]:
        return by_folded(self._named)

    @cached_property
    def names(self) -> Mapping[str, tuple[str, str]]:
        """For each normal name its kind and how the table writes the thing."""
        return {name: (rows[0].kind, rows[0].label) for name, rows in self._named.items()}

    def _find(self, name: str) -> list[Name]:
        return self._named.get(name) or self._folded.get(folded(name)) or []

    def kind(self, name: str) -> str:
        """The kind of thing that a normal name is of ("intervention", "condition"), "" where it is not there."""
        rows = self._find(name)
        if not rows:
            self.read(name)
        return rows[0].kind if rows else self._spoken.get(name, "")

    def meant(self, name: str) -> list[tuple[str, str]]:
        """The terms (scope, IRI) that a normal name does not mean exactly and is asked back for."""
        rows = self._find(name)
        if any(row.relation not in ASKED for row in rows) or self._terms.exact(name):
            return []
        if self.read(name):
            return []
        found = [(row.relation, term) for row in rows for term in row.terms]
        return found or self._meant_otherwise(name)

    def _meant_otherwise(self, name: str) -> list[tuple[str, str]]:
        """The terms that a name says something else of than that the patient has them, or that it narrows."""
        for scope, bare in written.said(name, self._words):
            reading = self._known(bare)
            if reading and reading.present:
                return [(scope, term) for term in reading.present]
            past = f"history of {bare}"
            return self.meant(past) if scope == "past" and past != name else []
        for bare, _ in written.variants(name, self._words, self._aliases):
            if found := [
                (row.relation, term) for row in self._find(bare) if row.relation in ASKED for term in row.terms
            ]:
                return found
        return []

    def read(self, name: str) -> CodeReading | None:
        """What a normal name says in our terms; None where it is not in the lexicon, or is asked back.

        A drug with a dose is read as the drug, several drugs in one name as taken together; what was left out is told.
        """
        if name not in self._readings:
            rows = self._find(name)
            told = any(row.relation not in ASKED for row in rows)
            found = self._read(rows, frozenset({name})) if told else None if rows else self._written(name)
            self._readings[name] = self._harming(name, found, rows)
        return self._readings[name]

    def _harming(self, name: str, found: CodeReading | None, rows: Sequence[Name]) -> CodeReading | None:
        """What a name says, and which drugs by it are not tolerated: an allergy is at least that."""
        _, drugs = next(self._tolerated.of_drugs(name), ("", []))
        if found is not None and not found.another and (drugs or rows):
            found = replace(found, denies=self._tolerated.another(name, drugs))
        if not drugs:
            return found
        bad = self._telling(self._tolerated.interventions(drugs), True)
        row = rows[0] if rows else Name(name, (), "condition")
        if found is None:
            may = self._tolerated.may_be(drugs) | {term for one in rows for term in one.terms}
            found = self._left_open(self._made(row, CodeReading("")), may & self._kinds.keys(), ())
            self._spoken[name] = "condition"
        named = ", ".join(self._terms.label(c) for c in bad) or "none of our terms"
        step = f"{row.label} says that it was not tolerated: {named} [{TITLE}]"
        return replace(found, not_tolerated=bad, steps=(*found.steps, step))

    @cached_property
    def _tolerated(self) -> Tolerated:
        allergens = Allergens(self._folder, self._terms.ancestors)
        return Tolerated(self._words, allergens, self._kinds, self._terms.ancestors, self._intervention)

    def _intervention(self, name: str) -> CodeReading | None:
        """What a name says that is one of interventions, with a dose or without."""
        iri = self._terms.exact(name)
        known = self._kinds.get(iri) == "intervention" if iri else self.kind(name) == "intervention"
        return self._alone(name) if known else None

    @cached_property
    def _kinds(self) -> Mapping[str, str]:
        """The kind of each of our terms that a patient may have or take."""
        return {row.iri: row.kind for row in self._terms.of_kind("condition", "finding", "intervention")}

    @cached_property
    def _uses(self) -> Mapping[str, list[str]]:
        """The codes of drugs by their label: one drug has one for each use."""
        found: dict[str, list[str]] = {}
        for term in read_codes(self._folder, DRUG_CODES) if self.rows else ():
            found.setdefault(normal(term.label), []).append(f"{DRUG_CODES}:{term.code}")
        return found

    def _is(self, name: str, *kinds: str) -> bool:
        """Whether a normal name means just one thing of some kinds."""
        iri = self._terms.exact(name)
        rows = [] if iri else self._find(name)
        return self._kinds.get(iri) in kinds or any(r.kind in kinds and r.relation not in ASKED for r in rows)

    def _written(self, name: str) -> CodeReading | None:
        """What a name says that is none of the lexicon, as a drug with its dose, several in one, or a condition."""
        if self._terms.exact(name):
            return None
        for drug in doses.without_dose(name, doses.read_doses(self._folder)):
            reading = self._one(drug.name) if drug.route is None else self._by_route(drug.name, drug.route)
            if reading is not None:
                self._spoken[name] = "intervention"
                # Who does not take this dose, or not by this route, may take another.
                return self._told(
                    name, drug.left, reading, f"{name!r}: that a dose is not taken says nothing of the drug"
                )
        reading = self._joined(name, self._dosed)
        kind = "intervention" if reading else "condition"
        reading = reading or self._condition(name)
        if reading is not None:
            self._spoken[name] = kind
        return reading

    def _told(self, name: str, left: str, reading: CodeReading, why: str) -> CodeReading:
        step = f"{name!r} is read as {reading.label or reading.curie}; {left!r} was left out [{TITLE}]"
        return replace(reading, steps=(step, *reading.steps), absent=(), absent_steps=(f"{why} [{TITLE}]",))

    def _one(self, name: str) -> CodeReading | None:
        """What a name without a dose says, if it is that of a drug or of several."""
        return self._alone(name) if self._is(name, "intervention") else self._joined(name, self._one)

    def _dosed(self, name: str) -> CodeReading | None:
        """What one of several drugs in a name says, with a dose of its own or without."""
        reading = self._one(name)
        if reading is None and (told := self.read(name)) is not None and self._spoken.get(name) == "intervention":
            return told
        return reading

    def _alone(self, name: str) -> CodeReading | None:
        iri = self._terms.exact(name)
        if iri:
            return CodeReading(ns.shorten(iri), self._terms.label(iri), (iri,), (iri,), iri=iri, sources=(SOURCE,))
        return self.read(name)

    def _by_route(self, name: str, route: doses.Route) -> CodeReading | None:
        """What a drug says that is given by a route: what its codes for that route say, or what it says itself."""
        if not self._is(name, "intervention"):
            return self._joined(name, lambda part: self._by_route(part, route))
        rows = [] if self._terms.exact(name) else self._find(name)
        if any(row.relation == "narrow" or row.parts for row in rows):
            # A kind of something is one by any route, and so is what it consists of.
            return self._alone(name)
        known = [self._terms.exact(name), *(term for row in rows for term in row.terms)]
        labels = {normal(label) for iri in known if iri for label in (self._terms.label(iri), name)}
        uses = [code for row in rows for code in row.codes]
        uses = uses or [code for label in sorted(labels) for code in self._uses.get(label, ())]
        chosen = tuple(code for code in uses if code.partition(":")[2].startswith(route.uses))
        if chosen:
            row = Name(name, (), "intervention", codes=chosen)
            return self._one_of(row, [self._codes().read(code) for code in chosen])
        # What a name with codes says, all its uses have in common.
        return self._alone(name) if route.whole or any(row.codes for row in rows) else None

    def _joined(self, name: str, read: Callable[[str], CodeReading | None]) -> CodeReading | None:
        return self._all(name, "intervention", doses.parts(name), read)

    def _all(
        self, name: str, kind: str, parts: Sequence[str], read: Callable[[str], CodeReading | None]
    ) -> CodeReading | None:
        """What several things in one name say, if each of them is known."""
        readings = [reading for part in parts if (reading := read(part)) is not None]
        if not parts or len(readings) < len(parts):
            return None
        return self._together(Name(name, (), kind, parts=tuple(parts)), readings)

    def _condition(self, name: str) -> CodeReading | None:
        """What a name says as that of a condition or finding with words about it, or of several."""
        for scope, bare in written.said(name, self._words):
            rows = self._find(f"history of {bare}") if scope == "past" else []
            # What somebody had is not what somebody has, unless the past has a name of its own.
            return self._read(rows, frozenset({name})) if any(r.relation not in ASKED for r in rows) else None
        for bare, left in written.variants(name, self._words, self._aliases):
            if self._is(bare, "condition", "finding"):
                reading = self._alone(bare)
                if reading is not None:
                    why = f"{name!r} is less than {bare!r}, so nothing follows from its absence"
                    return self._told(name, left, reading, why) if left else reading
        if terms := self._tolerated.allergies(name):
            return self._decided([Name(name, (), "condition", "narrow", terms)])
        parts = written.parts(name)
        return self._all(name, "condition", parts, self._known)

    def _known(self, name: str) -> CodeReading | None:
        return self._alone(name) if self._is(name, "condition", "finding") else self._condition(name)

    @cached_property
    def _aliases(self) -> Mapping[frozenset[str], str]:
        """Names of conditions and findings by their words, for whoever writes these in another order."""
        names = [(normal(n), row.iri) for row in self._terms.of_kind("condition", "finding") for n in row.names]
        rows = [row for row in self.rows if row.kind != "intervention"]
        names += [(normal(n), row.name) for row in rows for n in (row.name, *row.synonyms)]
        return written.aliases(names, self._words)

    @cached_property
    def _words(self) -> written.Words:
        return written.read_words(self._folder)

    def _read(self, rows: Sequence[Name], above: frozenset[str]) -> CodeReading:
        row = rows[0]
        if row.parts:
            return self._together(row, [self._part(part, above) for part in row.parts])
        if row.relation in BRINGS:
            return self._decided(rows)
        readings = [self._codes().read(code) for code in row.codes]
        if not readings:
            return CodeReading(f"{SOURCE}:{_slug(row.label)}", row.label, steps=("no relation to a term is recorded",))
        return self._one_of(row, readings)

    def _decided(self, rows: Sequence[Name]) -> CodeReading:
        """What a name says by the relations that somebody decided."""
        row = rows[0]
        pairs = [(one.relation, term) for one in rows for term in one.terms if one.relation in BRINGS]
        may = {term for one in rows for term in one.terms if one.relation in ASKED}
        present = self._telling([term for _, term in pairs], True)
        absent = self._telling([term for relation, term in pairs if relation == "exact"], False)
        label = self._terms.label
        steps = tuple(f"{row.label} {_RELATIONS[relation]} {label(term)} [{TITLE}]" for relation, term in pairs)
        reading = CodeReading("", present=present, absent=absent, steps=steps, absent_steps=steps)
        return self._made(row, self._left_open(reading, may, present) if may else reading)

    def _left_open(self, reading: CodeReading, may: Set[str], present: Sequence[str]) -> CodeReading:
        """A reading of what may be some terms as well: where a list is complete these stay unknown, and so does all
        above and below them."""
        near = self._closed(sorted(may)) | self._closed(present)
        every = {one.iri for one in self._terms.of_kind("condition", "finding")}
        denies = sorted(c for c in every - near if not may & self._terms.ancestors(c))
        named = ", ".join(self._terms.label(c) for c in sorted(may))
        also = f"it may be {named} as well, which stays unknown [{TITLE}]"
        reading = replace(reading, steps=(*reading.steps, also))
        return replace(reading, another=STATES, denies=tuple(denies), may=tuple(sorted(may)))

    def _one_of(self, row: Name, readings: Sequence[CodeReading]) -> CodeReading:
        """What all codes of one name say: whoever has the thing has one of them."""
        if len(readings) == 1:
            first = readings[0]
            step = f"{row.label} is {first.name} [{TITLE}]"
            sources = tuple(sorted({SOURCE, *first.sources}))
            # It is told by the name that was given, not by how its code is filed.
            steps, absent = (step, *first.steps), (step, *first.absent_steps)
            return replace(first, label=row.label, steps=steps, absent_steps=absent, sources=sources)
        closed = [self._closed(reading.present) for reading in readings]
        present = self._telling(frozenset.intersection(*closed), True)
        absent = self._telling({c for reading in readings for c in reading.absent}, False)
        curie = "; ".join(reading.curie for reading in readings)
        steps = (f"{row.label} has a code for each use: {curie} [{TITLE}]",)
        sources = tuple(sorted({SOURCE, *(source for reading in readings for source in reading.sources)}))
        one = CodeReading(curie, row.label, present, absent, steps, self._iri(row), steps, sources)
        if present or not all(reading.present or reading.another for reading in readings):
            return one if present else replace(one, steps=(*steps, *dict.fromkeys(r.steps[-1] for r in readings)))
        may = {c for reading, up in zip(readings, closed, strict=True) for c in (*reading.may, *up)}
        denied = [frozenset(r.denies) for r in readings if r.another]
        if not denied:
            return replace(one, steps=(*steps, "what it is depends on its use"))
        lists = next(r.another for r in readings if r.another)
        # What one use may be, the drug may be: only what no use is, it is not.
        denies = frozenset.intersection(*denied) - may
        return replace(one, another=lists, denies=tuple(sorted(denies)), may=tuple(sorted(may)))

    def _part(self, name: str, above: frozenset[str]) -> CodeReading:
        part = normal(name)
        iri = self._terms.exact(part)
        if iri:
            return CodeReading(ns.shorten(iri), self._terms.label(iri), (iri,), (iri,))
        rows = self._find(part)
        if not rows or part in above:
            return CodeReading(name, name, steps=(f"{name} is not in the lexicon",))
        return self._read(rows, above | {part})

    def _together(self, row: Name, parts: Sequence[CodeReading]) -> CodeReading:
        """What somebody takes who takes a product of several drugs: each of them."""
        unread = [part for part in parts if not part.present and not part.another and not part.not_tolerated]
        if unread:
            why = f"{row.label} has a part that is not understood: {unread[0].name}: {unread[0].steps[-1]}"
            return self._made(row, CodeReading("", steps=(why,)))
        present = self._telling({c for part in parts for c in part.present}, True)
        steps = (f"{row.label} is {', '.join(part.label or part.curie for part in parts)} together [{TITLE}]",)
        sources = tuple(sorted({source for part in parts for source in part.sources}))
        others = [part for part in parts if part.another]
        denies = frozenset.intersection(*(frozenset(part.denies) for part in others)) if others else frozenset()
        return self._made(
            row,
            CodeReading(
                "",
                present=present,
                steps=steps,
                sources=sources,
                another=others[0].another if others else (),
                denies=tuple(sorted(denies)),
                may=tuple(sorted({c for part in others for c in part.may})),
                not_tolerated=self._telling({c for part in parts for c in part.not_tolerated}, True),
            ),
        )

    def _made(self, row: Name, reading: CodeReading) -> CodeReading:
        curie = row.codes[0] if row.codes else f"{SOURCE}:{_slug(row.label)}"
        sources = tuple(sorted({SOURCE, *reading.sources}))
        return replace(reading, curie=curie, label=row.label, iri=self._iri(row), sources=sources)

    def _iri(self, row: Name) -> str:
        return f"{ns.BASE}lexicon/{_slug(row.label)}"

    def _telling(self, classes: Collection[str], present: bool) -> tuple[str, ...]:
        return tuple(sorted(self._terms.telling(sorted(classes), present)))

    def _closed(self, classes: Sequence[str]) -> frozenset[str]:
        return frozenset(up for cls in classes for up in self._terms.ancestors(cls))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", normal(name)).strip("-")
