"""The lexicon: everyday names of drugs, conditions and findings that are no names of terms of ours.

A name with codes says what its codes say by the mapping tables, with no package installed: of several codes (one drug
has one for each use) only what all of them say. A name with a relation says what somebody decided of it: exact and
narrow ones bring the term, broad and related ones are asked back. What a product of several drugs contains is taken.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from io import StringIO
from pathlib import Path
from typing import Protocol

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_text
from guidegraph.model import CodeReading, TermRow
from guidegraph.profile.names import by_folded, folded, normal
from guidegraph.profile.terms import STATES
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.terminologies import doses
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.model import ExternalTerm

#: The tables of a lexicon folder.
NAMES, CODES = ("drugs.tsv", "conditions.tsv"), "codes.tsv"
#: How answers cite the lexicon, and the name by which they keep its digest.
TITLE, SOURCE = "lexicon of names", "lexicon"
_COLUMNS = ("name", "synonyms", "kind", "relation", "terms", "codes", "parts", "note")
_BRINGS, _ASKED = ("exact", "narrow"), ("broad", "related")
_RELATIONS = {"exact": "means the same as", "narrow": "is a kind of"}
_MEND = "Write it as docs/names.md shows."


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


@dataclass(frozen=True)
class Name:
    """A row of the lexicon: a name with its synonyms, what kind of thing it is of, and how it relates to our terms
    (IRIs), to codes of other terminologies (CURIEs), or to the names of what it consists of."""

    name: str
    synonyms: tuple[str, ...]
    kind: str
    relation: str = ""
    terms: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    note: str = ""


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def _rows(path: Path, columns: Collection[str]) -> Iterator[tuple[int, Mapping[str, str]]]:
    text = read_text(path, MAXIMUM_BYTES, KnowledgeError, mend="Give a UTF-8 text file.")
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("#")]
    reader = csv.DictReader(StringIO("".join(lines)), delimiter="\t", quoting=csv.QUOTE_NONE)
    if tuple(reader.fieldnames or ()) != tuple(columns):
        raise KnowledgeError(f"its columns are not {', '.join(columns)}", where=str(path), mend=_MEND)
    skipped = len(text.splitlines()) - len(lines)
    for number, row in enumerate(reader, start=skipped + 2):
        yield number, {key: (value or "").strip() for key, value in row.items() if key}


def read_names(folder: Path) -> list[Name]:
    """The names of a lexicon folder, in the order of its tables; none where there is no such folder.

    Raises:
        KnowledgeError: a table cannot be read, or a row says neither what the name is nor what it consists of.
    """
    found: list[Name] = []
    for path in (folder / name for name in NAMES if (folder / name).exists()):
        for number, row in _rows(path, _COLUMNS):
            terms = tuple(ns.expand(term) or term for term in row["terms"].split())
            name = Name(
                row["name"],
                _several(row["synonyms"]),
                row["kind"],
                row["relation"],
                terms,
                tuple(row["codes"].split()),
                _several(row["parts"]),
                row["note"],
            )
            right = name.relation in ("", "none") or (name.relation in (*_BRINGS, *_ASKED) and bool(terms))
            if not name.name or not name.kind or not right or (name.relation == "" and not (name.codes or name.parts)):
                raise KnowledgeError("a row says too little", where=f"{path}:{number}", mend=_MEND)
            found.append(name)
    return found


def read_codes(folder: Path, prefix: str) -> list[ExternalTerm]:
    """The codes of one terminology that a lexicon names, with label and parents: those of its names, those above these,
    and those that the tables map where the terminology does not build its codes from each other."""
    found = {
        row["code"].partition(":")[2]: ExternalTerm(
            row["code"].partition(":")[2], row["label"], parents=tuple(row["parents"].split())
        )
        for _, row in (_rows(folder / CODES, ("code", "label", "parents")) if (folder / CODES).exists() else ())
        if row["code"].startswith(f"{prefix}:")
    }
    return [found[code] for code in sorted(found)]


class Lexicon:
    """Reads names of the lexicon.

    Args:
        folder: the tables.
        codes: gives the reader of codes; called only for a name with codes.
        terms: the terms of ours.
    """

    def __init__(self, folder: Path, codes: Callable[[], Codes], terms: Terms) -> None:
        self._folder, self._codes, self._terms = folder, codes, terms
        self._known: dict[str, CodeReading | None] = {}

    @cached_property
    def rows(self) -> Sequence[Name]:
        """All names, as the tables have them."""
        return read_names(self._folder)

    @cached_property
    def _named(self) -> Mapping[str, list[Name]]:
        table: dict[str, list[Name]] = {}
        for row in self.rows:
            for name in dict.fromkeys(map(normal, (row.name, *row.synonyms))):
                table.setdefault(name, []).append(row)
        return table

    @cached_property
    def _folded(self) -> Mapping[str, list[Name]]:
        return by_folded(self._named)

    @cached_property
    def names(self) -> Mapping[str, tuple[str, str]]:
        """For each normal name its kind and how the table writes the thing."""
        return {name: (rows[0].kind, rows[0].name) for name, rows in self._named.items()}

    def _find(self, name: str) -> list[Name]:
        return self._named.get(name) or self._folded.get(folded(name)) or []

    def kind(self, name: str) -> str:
        """The kind of thing that a normal name is of ("intervention", "condition"), "" where it is not there."""
        rows = self._find(name)
        return rows[0].kind if rows else "intervention" if self.read(name) else ""

    def meant(self, name: str) -> list[tuple[str, str]]:
        """The terms (scope, IRI) that a normal name does not mean exactly and is asked back for."""
        rows = self._find(name)
        if any(row.relation not in _ASKED for row in rows):
            return []
        return [(row.relation, term) for row in rows for term in row.terms]

    def read(self, name: str) -> CodeReading | None:
        """What a normal name says in our terms; None where it is not in the lexicon, or is asked back.

        A drug with a dose is read as the drug, several drugs in one name as taken together; what was left out is told.
        """
        if name not in self._known:
            rows = self._find(name)
            told = any(row.relation not in _ASKED for row in rows)
            self._known[name] = self._read(rows, frozenset({name})) if told else None if rows else self._written(name)
        return self._known[name]

    @cached_property
    def _drugs(self) -> frozenset[str]:
        return frozenset(row.iri for row in self._terms.of_kind("intervention"))

    def _is_drug(self, name: str) -> bool:
        """Whether a normal name means just one thing that is given."""
        iri = self._terms.exact(name)
        rows = [] if iri else self._find(name)
        return iri in self._drugs or any(r.kind == "intervention" and r.relation not in _ASKED for r in rows)

    def _written(self, name: str) -> CodeReading | None:
        """What a name says that is none of the lexicon, as a drug with its dose or as several drugs."""
        if self._terms.exact(name):
            return None
        for bare, dose in doses.without_dose(name, doses.read_doses(self._folder)):
            reading = self._one(bare)
            if reading is not None:
                step = f"{name!r} is read as {reading.label or reading.curie}; {dose!r} was left out [{TITLE}]"
                # Who does not take this dose may take another.
                why = f"{name!r}: that a dose is not taken says nothing of the drug [{TITLE}]"
                return replace(reading, steps=(step, *reading.steps), absent=(), absent_steps=(why,))
        return self._joined(name)

    def _one(self, name: str) -> CodeReading | None:
        """What a name without a dose says, if it is that of a drug or of several."""
        if not self._is_drug(name):
            return self._joined(name)
        iri = self._terms.exact(name)
        if iri:
            return CodeReading(ns.shorten(iri), self._terms.label(iri), (iri,), (iri,), iri=iri, sources=(SOURCE,))
        return self.read(name)

    def _joined(self, name: str) -> CodeReading | None:
        parts = doses.parts(name)
        if not parts or not all(map(self._is_drug, parts)):
            return None
        row = Name(name, (), "intervention", parts=tuple(parts))
        return self._together(row, [self._part(part, frozenset({name})) for part in parts])

    def _read(self, rows: Sequence[Name], above: frozenset[str]) -> CodeReading:
        row = rows[0]
        if row.parts:
            return self._together(row, [self._part(part, above) for part in row.parts])
        if row.relation in _BRINGS:
            return self._decided(rows)
        readings = [self._codes().read(code) for code in row.codes]
        if not readings:
            return CodeReading(f"{SOURCE}:{_slug(row.name)}", row.name, steps=("no relation to a term is recorded",))
        return self._one_of(row, readings)

    def _decided(self, rows: Sequence[Name]) -> CodeReading:
        """What a name says by the relations that somebody decided."""
        row = rows[0]
        pairs = [(one.relation, term) for one in rows for term in one.terms if one.relation in _BRINGS]
        may = {term for one in rows for term in one.terms if one.relation in _ASKED}
        present = self._telling([term for _, term in pairs], True)
        absent = self._telling([term for relation, term in pairs if relation == "exact"], False)
        label = self._terms.label
        steps = tuple(f"{row.name} {_RELATIONS[relation]} {label(term)} [{TITLE}]" for relation, term in pairs)
        reading = CodeReading("", present=present, absent=absent, steps=steps, absent_steps=steps)
        if may:
            # What it may be as well stays unknown where a list is complete, and so does all above and below that.
            near = self._closed(sorted(may)) | self._closed(present)
            every = {one.iri for one in self._terms.of_kind("condition", "finding")}
            denies = sorted(c for c in every - near if not may & self._terms.ancestors(c))
            also = f"it may be {', '.join(label(c) for c in sorted(may))} as well, which stays unknown [{TITLE}]"
            reading = replace(reading, steps=(*steps, also))
            reading = replace(reading, another=STATES, denies=tuple(denies), may=tuple(sorted(may)))
        return self._made(row, reading)

    def _one_of(self, row: Name, readings: Sequence[CodeReading]) -> CodeReading:
        """What all codes of one name say: whoever has the thing has one of them."""
        if len(readings) == 1:
            first = readings[0]
            step = f"{row.name} is {first.name} [{TITLE}]"
            sources = tuple(sorted({SOURCE, *first.sources}))
            return replace(first, steps=(step, *first.steps), absent_steps=(step, *first.absent_steps), sources=sources)
        closed = [self._closed(reading.present) for reading in readings]
        present = self._telling(frozenset.intersection(*closed), True)
        absent = self._telling({c for reading in readings for c in reading.absent}, False)
        curie = "; ".join(reading.curie for reading in readings)
        steps = (f"{row.name} has a code for each use: {curie} [{TITLE}]",)
        sources = tuple(sorted({SOURCE, *(source for reading in readings for source in reading.sources)}))
        one = CodeReading(curie, row.name, present, absent, steps, self._iri(row), steps, sources)
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
        unread = [part for part in parts if not part.present and not part.another]
        if unread:
            why = f"{row.name} has a part that is not understood: {unread[0].name}: {unread[0].steps[-1]}"
            return self._made(row, CodeReading("", steps=(why,)))
        present = self._telling({c for part in parts for c in part.present}, True)
        steps = (f"{row.name} is {', '.join(part.label or part.curie for part in parts)} together [{TITLE}]",)
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
            ),
        )

    def _made(self, row: Name, reading: CodeReading) -> CodeReading:
        curie = row.codes[0] if row.codes else f"{SOURCE}:{_slug(row.name)}"
        sources = tuple(sorted({SOURCE, *reading.sources}))
        return replace(reading, curie=curie, label=row.name, iri=self._iri(row), sources=sources)

    def _iri(self, row: Name) -> str:
        return f"{ns.BASE}lexicon/{_slug(row.name)}"

    def _telling(self, classes: Collection[str], present: bool) -> tuple[str, ...]:
        return tuple(sorted(self._terms.telling(sorted(classes), present)))

    def _closed(self, classes: Sequence[str]) -> frozenset[str]:
        return frozenset(up for cls in classes for up in self._terms.ancestors(cls))


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", normal(name)).strip("-")
