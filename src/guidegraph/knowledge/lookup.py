"""Looking a term or code up: what it is, what it is mapped to, and what it does in the graph."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg
from guidegraph.model import CodeReading, TermRow
from guidegraph.profile.names import asked_back, which

_KINDS = ("condition", "finding", "intervention", "number")
#: Roles of statements towards an intervention, in the order in which they are told.
_ROLES = (
    ("absolute", "contraindicated for some patients"),
    ("cautioned", "caution or warning"),
    ("noted", "note for every patient"),
    ("for", "recommended"),
    ("against", "advised against"),
    ("other", "no side taken"),
    ("compared", "compared"),
    ("evidence", "evidence"),
    ("advised", "advice"),
)
#: What a class of patients is to a statement.
_INDICATION, _CRITERION = "indication", "criterion of its patients"


class Lookup:
    """Tells what a name or a code means to some knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.vocabulary = knowledge.vocabulary
        self.records = knowledge.records
        self._knowledge = knowledge
        self._criteria: dict[str, frozenset[str]] = {}

    def lookup(self, text: str) -> dict[str, Any]:
        """What a term or a code is and does, in the published JSON form (schema/lookup.schema.json).

        Args:
            text: a label, synonym, CURIE or IRI of a term, or a code of another terminology.

        Raises:
            TermError: nothing has the name (the nearest are told), or the text is no known code.
        """
        reading = self.vocabulary.reading(text)
        if reading is None:
            rows = self.vocabulary.named(text, _KINDS)
            meant = self.vocabulary.meant(text, _KINDS)
            back = f"{asked_back(repr(text.strip()), meant)}. {which(meant)}" if meant else None
            return {"asked": text, "asked_back": back, "reading": None, "terms": [self._term(row) for row in rows]}
        found = dict.fromkeys((*reading.present, *reading.absent, *reading.not_tolerated))
        rows = [self.vocabulary.by_iri[iri] for iri in found if iri in self.vocabulary.by_iri]
        return {
            "asked": text,
            "asked_back": None,
            "reading": self._reading(reading),
            "terms": [self._term(row) for row in rows],
        }

    def _classes(self, iris: Iterable[str]) -> list[dict[str, str]]:
        rows = [{"id": describe.name(iri), "label": self.vocabulary.label(iri)} for iri in iris]
        return sorted(rows, key=lambda row: (row["label"], row["id"]))

    def _reading(self, reading: CodeReading) -> dict[str, Any]:
        row = describe.reading(reading, self.vocabulary.label)
        return {
            "code": row["code"],
            "label": row["label"],
            "iri": reading.iri,
            "understood": reading.understood,
            **row,
            "present": self._classes(reading.present),
            "absent": self._classes(reading.absent),
            "not_tolerated": self._classes(reading.not_tolerated),
            "absent_steps": list(reading.absent_steps),
            "another": bool(reading.another),
            "is_not": self._classes(reading.denies),
            "may_be": self._classes(self.vocabulary.telling(reading.may, True)),
        }

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        below: dict[str, list[str]] = {}
        for row in self.vocabulary.rows:
            for parent in row.parents:
                below.setdefault(parent, []).append(row.iri)
        return below

    def _term(self, row: TermRow) -> dict[str, Any]:
        known = [p for p in row.parents if p in self.vocabulary.by_iri]
        return {
            "id": describe.name(row.iri),
            "iri": row.iri,
            "label": row.label,
            "kind": row.kind,
            "synonyms": [name for name in row.names if name != row.label],
            "asked_back": [{"name": name, "scope": scope} for scope, name in row.inexact],
            "definition": self.definitions.get(row.iri, ""),
            "above": self._classes(known),
            "below": self._classes(self._below.get(row.iri, ())),
            "mappings": [
                {
                    "predicate": m.predicate,
                    "code": m.curie or None,
                    "label": m.label,
                    "terminology": self._terminology(m.curie, m.table),
                    "source": " ".join(part for part in (m.source, m.version) if part),
                    "comment": m.comment,
                }
                for m in self._knowledge.links.codes.mappings(row.iri)
            ],
            "statements": self._statements(row),
        }

    def _terminology(self, curie: str, table: str) -> str:
        known = self._knowledge.links.codes.terminologies.get(curie.partition(":")[0])
        return known.title if known else table

    @cached_property
    def definitions(self) -> dict[str, str]:
        """The definition of each term."""
        return {row[0]: row[1] for row in self._knowledge.engine.select("answer/definitions")}

    def _statements(self, row: TermRow) -> list[dict[str, Any]]:
        if row.kind == "intervention":
            member = self._knowledge.member(row.iri)
            leaves = {row.iri: (row.label, member.present)} if member is not None else {}
            edges = self.records.with_leaves(leaves).edges.get(row.iri, {})
            return [self._statement(s, words) for role, words in _ROLES for s in self._by_label(edges.get(role, ()))]
        indicated = self._indicated(row.iri)
        others = set(self._asked_by(row)).difference(indicated)
        told = [self._statement(s, _INDICATION) for s in self._by_label(indicated)]
        return told + [self._statement(s, _CRITERION) for s in self._by_label(others)]

    def _by_label(self, statements: Iterable[str]) -> list[str]:
        return sorted(set(statements), key=lambda s: (self.records.label(s), s))

    def _indicated(self, iri: str) -> list[str]:
        above = self.vocabulary.ancestors(iri)
        return [s for s, props in self.records.nodes.items() if above & set(props.get(gg("indication"), ()))]

    def _asked_by(self, row: TermRow) -> list[str]:
        """The statements whose population asks for the class, one above it, or the number."""
        found = []
        for statement, props in self.records.nodes.items():
            populations = props.get(gg("population"), ())
            if props.get(gg("statedIn")) and any(row.iri in self._criteria_of(p) for p in populations):
                found.append(statement)
        return found

    def _criteria_of(self, population: str) -> frozenset[str]:
        """The terms that decide a population: those that its atoms name, and those below them."""
        known = self._criteria.get(population)
        if known is None:
            self._criteria[population] = frozenset()  # a population that names itself ends here
            terms: set[str] = set()
            for atom in (self.records.atoms.get(a) for b in self.records.branches.get(population, ()) for a, _ in b):
                if atom is not None:
                    terms |= self._criteria_of(atom.names) if atom.names else {atom.cls or atom.prop}
            below = {r.iri for r in self.vocabulary.rows if terms & self.vocabulary.ancestors(r.iri)}
            known = self._criteria[population] = frozenset(terms | below)
        return known

    def _statement(self, statement: str, role: str) -> dict[str, Any]:
        records = self.records
        stated = describe.document(records, records.one(statement, "statedIn"), records.issued_of(statement))
        return {
            "id": describe.name(statement),
            "label": records.label(statement),
            "role": role,
            "document": {"id": stated["id"], "label": stated["label"], "issued": stated["issued"]},
        }
