"""Documents side by side: interventions by documents at a date, and two documents compared."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cached_property
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.comparisons import (
    Agreement,
    Cell,
    Compared,
    Matrix,
    MatrixRow,
    Only,
    Pair,
    Said,
    SaidOf,
    WholeDocument,
)
from guidegraph.disagree.engine import Disagreements
from guidegraph.disagree.finding import APART, Finding
from guidegraph.disagree.sources import Addressed, addressed, in_effect
from guidegraph.disagree.words import simplest, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.encodings import reviewed
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.normal import DISJOINT, NOT_EXCLUDED
from guidegraph.knowledge.records import Records, gg

#: What a cell without a recommendation says.
NOT_ADDRESSED, SCOPE_NOT_STATED = "does not address", "scope not stated"


def matrix(engine: Engine, records: Records, as_of: date, *, at_least: int = 2) -> Matrix:
    """The matrix in the published form (schema/matrix.schema.json).

    Args:
        as_of: the day at which statements are issued, and may have ended.
        at_least: leave out interventions that fewer documents address.
    """
    rows = [row for row in addressed(engine) if row.issued(as_of)]
    by: dict[str, dict[str, list[Addressed]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by[row.intervention][row.document].append(row)
    shown = {i: cells for i, cells in by.items() if len(cells) >= at_least}
    documents = sorted({d for cells in shown.values() for d in cells}, key=lambda d: (records.issued(d), d))
    ended = {d for d in documents if all(r.ended(as_of) for r in rows if r.document == d)}
    scopes = _scopes(records)
    return {
        "as_of": as_of.isoformat(),
        "at_least": at_least,
        "documents": [
            {**describe.document(records, d), "short": describe.short_name(records, d), "ended": d in ended}
            for d in documents
        ],
        "interventions": [
            _intervention(records, i, cells, documents, as_of, scopes) for i, cells in _ordered(records, shown)
        ],
        "imprecise": describe.imprecise(
            records, as_of, {row.rec for cells in shown.values() for said in cells.values() for row in said}
        ),
    }


def _ordered(records: Records, shown: dict[str, Any]) -> list[tuple[str, Any]]:
    """By category, then label."""

    def key(item: tuple[str, Any]) -> tuple[str, str, str]:
        label, category = records.classes.get(item[0], (records.label(item[0]), ""))
        return (category, label, item[0])

    return sorted(shown.items(), key=key)


def _scopes(records: Records) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """For each document with scopes, the interventions that they considered and those that they left out."""
    scopes: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for iri, props in records.nodes.items():
        if gg("Scope") in props.get(ns.RDF + "type", ()):
            considered, left_out = scopes[records.one(iri, "inDocument")]
            considered |= set(records.all(iri, "considers"))
            left_out |= set(records.all(iri, "leavesOut"))
    return {document: (frozenset(held), frozenset(out)) for document, (held, out) in scopes.items()}


def _intervention(
    records: Records,
    iri: str,
    cells: dict[str, list[Addressed]],
    documents: list[str],
    as_of: date,
    scopes: dict[str, tuple[frozenset[str], frozenset[str]]],
) -> MatrixRow:
    label, category = records.classes.get(iri, (records.label(iri), ""))
    return {
        "id": describe.name(iri),
        "label": label,
        "category": category or "other",
        "cells": [_cell(records, iri, d, cells.get(d, []), as_of, scopes) for d in documents],
    }


def _cell(
    records: Records,
    iri: str,
    document: str,
    rows: list[Addressed],
    as_of: date,
    scopes: dict[str, tuple[frozenset[str], frozenset[str]]],
) -> Cell:
    """Every recommendation of a document on an intervention, those in effect first; or what its absence says."""
    said: list[Said] = [
        {
            "id": describe.name(r.rec),
            "stance": r.stance,
            "strength": r.strength or "none stated",
            "ended": r.ended(as_of),
            "population": records.label(records.population(r.rec)),
            "attached": describe.attached(records, r.rec),
            **reviewed(records, r.rec),
        }
        for r in rows
    ]
    said.sort(key=lambda row: (row["ended"], row["stance"], row["id"]))
    missing = "" if said else NOT_ADDRESSED if _outside(records, iri, scopes.get(document)) else SCOPE_NOT_STATED
    return {"document": describe.name(document), "says": said, "missing": missing or None}


def _outside(records: Records, iri: str, scope: tuple[frozenset[str], frozenset[str]] | None) -> bool:
    """Whether a stated scope leaves an intervention out."""
    if scope is None:
        return False
    considered, left_out = scope
    above = records.ancestors
    near = any(c in above.get(iri, (iri,)) or iri in above.get(c, (c,)) for c in considered)
    return (bool(considered) and not near) or any(out in above.get(iri, ()) for out in left_out)


class Comparison:
    """Compares documents of one knowledge base at a day."""

    def __init__(self, engine: Engine, records: Records, disagree: Disagreements, as_of: date) -> None:
        self._engine = engine
        self._records = records
        self._disagree = disagree
        self._as_of = as_of

    def compare(self, a: str, b: str) -> Pair:
        """The comparison of two documents (IRIs) in the published form (schema/compare.schema.json)."""
        everything = self._disagree.findings(self._as_of)
        wanted = {a, b}
        findings = [f for f in everything if {self._disagree.sources.document(s) for s in (f.a, f.b)} == wanted]
        # The document named first is side a.
        turned = [f if self._disagree.sources.document(f.a) == a else self._disagree.turned(f) for f in findings]
        rows = [row for row in addressed(self._engine) if row.issued(self._as_of)]
        own, other = ([r for r in rows if r.document == d] for d in (a, b))
        pair: Pair = {
            "as_of": self._as_of.isoformat(),
            "a": self._document(a),
            "b": self._document(b),
            "relation": self._disagree.sources.between(a, b),
            "shared_evidence": self._disagree.sources.shared([r.rec for r in own], [r.rec for r in other]),
            "interventions": self._interventions(a, own, b, other),
            "disagreements": self._disagree.tell([f for f in turned if not _is_apart(f)], everything),
            "apart": self._disagree.tell([f for f in turned if _is_apart(f)], everything),
            "agreements": self._agreements(own, other, {frozenset((f.a, f.b)) for f in findings}),
            "only_a": self._only(in_effect(own, self._as_of), other),
            "only_b": self._only(in_effect(other, self._as_of), own),
            "imprecise": describe.imprecise(self._records, self._as_of, {r.rec for r in (*own, *other)} | {a, b}),
            "sources": [],
        }
        pair["sources"] = describe.sources(self._records, pair)
        return pair

    def _document(self, iri: str) -> WholeDocument:
        records = self._records
        return {
            **describe.document(records, iri),
            "search_ended": records.one(iri, "searchEnded", "not stated"),
            "status": records.one(iri, "statusWording", "not stated"),
            "contested_by": list(records.all(iri, "contestedBy")),
        }

    def _interventions(self, a: str, own: list[Addressed], b: str, other: list[Addressed]) -> list[Compared]:
        """Every intervention of either document, with all that both say of it and of what is above and below it."""
        records, scopes = self._records, _scopes(self._records)
        rows: list[Compared] = []
        for iri, _ in _ordered(records, {r.intervention: None for r in (*own, *other)}):
            label, category = records.classes.get(iri, (records.label(iri), ""))
            sides = [[self._said(r, iri) for r in side if self._bears_on(r, iri)] for side in (own, other)]
            missing = [
                None if said else NOT_ADDRESSED if _outside(records, iri, scopes.get(document)) else SCOPE_NOT_STATED
                for said, document in zip(sides, (a, b), strict=True)
            ]
            found = [
                # What is not issued yet has found nothing yet.
                [describe.evidence(records, s) for s in self._found(document, iri) if said]
                for document, said in ((a, own), (b, other))
            ]
            for said in sides:
                said.sort(key=lambda row: (row["ended"], row["on"] or "", row["stance"], row["whom"], row["id"]))
            rows.append(
                {
                    "id": describe.name(iri),
                    "label": label,
                    "category": category or "other",
                    "a": sides[0],
                    "b": sides[1],
                    "found_a": found[0],
                    "found_b": found[1],
                    "missing_a": missing[0],
                    "missing_b": missing[1],
                }
            )
        return rows

    def _found(self, document: str, iri: str) -> list[str]:
        """The evidence items of a document itself on an intervention or a class of it."""
        above = self._records.ancestors.get(iri, (iri,))
        return [s for s in self._findings.get(document, ()) if self._records.one(s, "intervention") in above]

    @cached_property
    def _findings(self) -> dict[str, list[str]]:
        """The evidence items of each document."""
        found: dict[str, list[str]] = defaultdict(list)
        for node, said in sorted(self._records.nodes.items()):
            if gg("EvidenceItem") in said.get(ns.RDF + "type", ()):
                for document in self._records.all(node, "statedIn"):
                    found[document].append(node)
        return found

    def _bears_on(self, row: Addressed, iri: str) -> bool:
        above = self._records.ancestors
        return row.intervention in above.get(iri, (iri,)) or iri in above.get(row.intervention, ())

    def _said(self, row: Addressed, iri: str) -> SaidOf:
        teller = self._disagree.teller()
        whom = simplest(teller.grader.forms.population(teller.scopes[row.rec].population))
        return {
            "id": describe.name(row.rec),
            "stance": row.stance,
            "strength": row.strength or "none stated",
            "certainty": self._records.code(self._records.one(row.rec, "certainty")),
            "on": None if row.intervention == iri else self._records.label(row.intervention),
            "whom": words(whom, teller.phrases),
            "attached": describe.attached(self._records, row.rec),
            "ended": row.ended(self._as_of),
        }

    def _agreements(
        self, own: list[Addressed], other: list[Addressed], differing: set[frozenset[str]]
    ) -> list[Agreement]:
        """Pairs on related interventions, of one stance, whose patients meet, without a difference."""
        teller = self._disagree.teller()
        rows: list[Agreement] = []
        for r in own:
            for s in other:
                same = r.stance == s.stance and self._records.related(r.intervention, s.intervention)
                if not same or frozenset((r.rec, s.rec)) in differing or r.ended(self._as_of) or s.ended(self._as_of):
                    continue
                grade = teller.grader.grade(teller.scopes[r.rec], teller.scopes[s.rec]).grade
                if grade not in (DISJOINT, NOT_EXCLUDED):
                    rows.append({"a": teller.side(r.rec), "b": teller.side(s.rec), "overlap": grade})
        return rows

    def _only(self, own: list[Addressed], other: list[Addressed]) -> list[Only]:
        """What one document alone addresses: each stance that it takes on it."""
        alone = {
            (r.intervention, r.stance)
            for r in own
            if not any(self._records.related(r.intervention, s.intervention) for s in other)
        }
        rows: list[Only] = [
            {"id": describe.name(i), "label": self._records.label(i), "stance": stance} for i, stance in alone
        ]
        return sorted(rows, key=lambda row: (row["label"], row["id"], row["stance"]))


def _is_apart(finding: Finding) -> bool:
    """Whether a pair is reported apart: about other patients, or meeting only since time was converted."""
    return finding.verdict in APART or finding.boundary
