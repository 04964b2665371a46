"""Two documents side by side: where they differ, where they agree, what only one addresses, what they share."""

from __future__ import annotations

from datetime import date
from typing import Any

from guidegraph.disagree.addressed import Addressed, addressed, in_effect
from guidegraph.disagree.engine import Disagreements
from guidegraph.disagree.finding import APART
from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.overlap import DISJOINT, NOT_EXCLUDED
from guidegraph.knowledge.records import Records


class Comparison:
    """Compares documents of one knowledge base at a day."""

    def __init__(self, engine: Engine, records: Records, disagree: Disagreements, as_of: date) -> None:
        self._engine = engine
        self._records = records
        self._disagree = disagree
        self._as_of = as_of

    def compare(self, a: str, b: str) -> dict[str, Any]:
        """The comparison of two documents (IRIs) in the published form (schema/compare.schema.json)."""
        everything = self._disagree.findings(self._as_of)
        wanted = {a, b}
        found = [f for f in everything if {self._disagree.sources.document(s) for s in (f.a, f.b)} == wanted]
        # The document named first is side a.
        turned = [f if self._disagree.sources.document(f.a) == a else self._disagree.turned(f) for f in found]
        rows = [row for row in addressed(self._engine) if row.issued(self._as_of)]
        own, other = ([r for r in rows if r.document == d] for d in (a, b))
        return {
            "as_of": self._as_of.isoformat(),
            "a": self._document(a),
            "b": self._document(b),
            "relation": self._disagree.sources.between(a, b),
            "shared_evidence": self._disagree.sources.shared([r.rec for r in own], [r.rec for r in other]),
            "disagreements": self._disagree.tell([f for f in turned if f.verdict not in APART], everything),
            "apart": self._disagree.tell([f for f in turned if f.verdict in APART], everything),
            "agreements": self._agreements(own, other, {frozenset((f.a, f.b)) for f in found}),
            "only_a": self._only(in_effect(own, self._as_of), other),
            "only_b": self._only(in_effect(other, self._as_of), own),
        }

    def _document(self, iri: str) -> dict[str, Any]:
        records = self._records
        return {
            **describe.document(records, iri),
            "search_ended": records.one(iri, "searchEnded", "not stated"),
            "status": records.one(iri, "statusWording", "not stated"),
            "contested_by": list(records.all(iri, "contestedBy")),
        }

    def _agreements(
        self, own: list[Addressed], other: list[Addressed], differing: set[frozenset[str]]
    ) -> list[dict[str, Any]]:
        """Pairs on related interventions, of one stance, whose patients meet, without a difference."""
        teller = self._disagree.teller()
        rows = []
        for r in own:
            for s in other:
                same = r.stance == s.stance and self._records.related(r.intervention, s.intervention)
                if not same or frozenset((r.rec, s.rec)) in differing or r.ended(self._as_of) or s.ended(self._as_of):
                    continue
                grade = teller.grader.grade(teller.scopes[r.rec], teller.scopes[s.rec]).grade
                if grade not in (DISJOINT, NOT_EXCLUDED):
                    rows.append({"a": teller.side(r.rec), "b": teller.side(s.rec), "overlap": grade})
        return rows

    def _only(self, own: list[Addressed], other: list[Addressed]) -> list[dict[str, str]]:
        found = {
            r.intervention: r
            for r in own
            if not any(self._records.related(r.intervention, s.intervention) for s in other)
        }
        rows = [{"id": describe.name(i), "label": self._records.label(i), "stance": r.stance} for i, r in found.items()]
        return sorted(rows, key=lambda row: (row["label"], row["id"]))
