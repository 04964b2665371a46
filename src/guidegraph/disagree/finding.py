"""One disagreement as plain data: both sides, kind, overlap, verdict, what they rest on and what would explain it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from guidegraph.disagree.sources import Sources
from guidegraph.disagree.words import joined, literal_words, manchester, words
from guidegraph.forms import PairDisagreement
from guidegraph.knowledge import describe
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.overlap import DISJOINT, NOT_EXCLUDED, SAME, Grader, Scope
from guidegraph.knowledge.records import NOT_STATED, Records

#: Verdicts in the order in which they are shown.
VERDICTS = (
    "real", "horizon", "condition", "stance", "grading-only", "silence", "superseded", "not-excluded", "apparent",
)  # fmt: skip
#: Verdicts that are reported apart.
APART = ("not-excluded", "apparent")
SILENT = "silent"
_VERBS = {
    "for": "recommends",
    "against": "advises against",
    "insufficient-evidence": "finds the evidence insufficient for",
    "no-recommendation": "makes no recommendation on",
    SILENT: "does not address",
}


class Finding(NamedTuple):
    """A row of queries/disagree/findings.rq; ``b`` of a silence is the scope of the silent document."""

    a: str
    b: str
    kind: str
    grade: str
    inner: str
    verdict: str


@dataclass(frozen=True)
class Teller:
    """Tells findings of one knowledge base.

    ``truth`` gives the truth value of a statement's population for the patient asked about; "unknown" without one.
    """

    records: Records
    grader: Grader
    scopes: Mapping[str, Scope]
    sources: Sources
    book: FactBook
    truth: Callable[[str], str]

    def tell(self, found: Finding, with_a: Collection[str], with_b: Collection[str]) -> dict[str, Any]:
        """A finding in the published form (schema/disagreements.schema.json).

        Args:
            found: the finding.
            with_a: all statements that stand with a against b, a among them.
            with_b: all that stand with b against a.
        """
        text, owl = self.overlap(found)
        row: dict[str, Any] = {
            "intervention": describe.name(self._intervention(found)),
            "label": self.records.label(self._intervention(found)),
            "a": self.side(found.a),
            "b": self.side(found.b),
            "kind": found.kind,
            "overlap": found.grade,
            "verdict": found.verdict,
            "overlap_text": text,
            "overlap_manchester": owl,
            "relation": self.sources.relation(found.a, found.b),
            "shared_evidence": self.sources.shared([found.a], [found.b]),
            "support": {"a": self.sources.support(with_a), "b": self.sources.support(with_b)},
            "newer_evidence": {"a": self.sources.unseen(found.a), "b": self.sources.unseen(found.b)},
            "explained_by": self._explained(found),
            "contested": self._contested(found),
        }
        row["inner"] = found.inner or None
        row["text"] = self.sentence(found, row)
        return row

    def brief(self, found: Finding) -> PairDisagreement:
        """A finding without what its sides rest on, as an answer about a patient shows it."""
        text, owl = self.overlap(found)
        row: dict[str, Any] = {
            "label": self.records.label(self._intervention(found)),
            "a": self.side(found.a),
            "b": self.side(found.b),
            "overlap_text": text,
        }
        return {
            "a": row["a"]["id"],
            "b": row["b"]["id"],
            "kind": found.kind,
            "overlap": found.grade,
            "verdict": found.verdict,
            "overlap_manchester": owl,
            "text": self.sentence(found, row),
        }

    def _intervention(self, found: Finding) -> str:
        """The narrower of the two interventions: the disagreement is about it and what is below it."""
        one = self.records.one(found.a, "intervention")
        other = self.records.one(found.b, "intervention") or one
        return one if other in self.records.ancestors.get(one, ()) else other

    def side(self, statement: str) -> dict[str, Any]:
        """One side: a REC of the answer's JSON with its standing and search end, or the silent document."""
        if self.silent(statement):
            return {"stance": SILENT, "document": describe.document(self.records, self.sources.document(statement))}
        rec = describe.recommendation(self.records, statement, self.truth(statement))
        document = self.sources.document(statement)
        return {
            **rec,
            "search_ended": self.records.one(document, "searchEnded", NOT_STATED),
            "indication": sorted(self.records.label(i) for i in self.scopes[statement].indications),
        }

    def silent(self, statement: str) -> bool:
        """Whether a side is the scope of a silent document."""
        return not self.records.one(statement, "stance")

    def overlap(self, found: Finding) -> tuple[str, str]:
        """For whom the two meet, in words and in Manchester syntax; for disjoint, what excludes each other."""
        a, b = self.scopes[found.a], self.scopes[found.b]
        forms = self.grader.forms
        both = forms.meet(forms.population(a.population), forms.population(b.population))
        owl = manchester(both)
        if found.grade == DISJOINT:
            return f"nobody: {self._clashes(found)}", owl
        told = words(both, self.book)
        if found.grade == NOT_EXCLUDED:
            first, second = (joined([self.records.label(i) for i in s.indications]) for s in (a, b))
            return f"only a patient who has both {first} (a) and {second} (b): {told}", owl
        return told, owl

    def _clashes(self, found: Finding) -> str:
        """Which criteria of two disjoint populations exclude each other."""
        rows = []
        for one, other in self.grader.clashes(self.scopes[found.a].population, self.scopes[found.b].population):
            excluded = literal_words(other, self.book) if other else "the other side's criteria together"
            rows.append(f"{literal_words(one, self.book)} (a) excludes {excluded} (b)")
        return "; ".join(dict.fromkeys(rows))

    def _explained(self, found: Finding) -> list[str]:
        """The differences that the data hold and that would explain the disagreement."""
        told = [] if found.grade == SAME else ["population"]
        a, b = found.a, found.b
        for name, prop in (("outcome", "outcome"), ("horizon", "horizon")):
            one, other = self.records.all(a, prop), self.records.all(b, prop)
            if one and other and set(one) != set(other):
                told.append(name)
        if describe.attached(self.records, a) != describe.attached(self.records, b) and not self.silent(b):
            told.append("condition")
        one_body, other_body = self.sources.evidence.get(a), self.sources.evidence.get(b)
        if one_body and other_body and one_body != other_body:
            told.append("evidence base")
        documents = [self.sources.document(s) for s in (a, b)]
        for name, prop in (
            ("end of evidence search", "searchEnded"),
            ("grading scheme", "strengthScheme"),
            ("kind of issuer", "issuerKind"),
            ("declared interests", "declaredInterests"),
        ):
            values = [self.records.all(d, prop) for d in documents]
            if all(values) and values[0] != values[1]:
                told.append(name)
        return told or ["nothing found"]

    def _contested(self, found: Finding) -> list[dict[str, str]]:
        """Documents of the two sides that somebody publicly contests, with by whom."""
        rows = []
        for document in sorted({self.sources.document(s) for s in (found.a, found.b)}):
            rows += [
                {"document": describe.name(document), "by": who} for who in self.records.all(document, "contestedBy")
            ]
        return rows

    def sentence(self, found: Finding, row: Mapping[str, Any]) -> str:
        """Who says what against whom, how strong and how old, and for whom they differ, in one sentence."""
        sides = [self._said(s, row[side], row["label"]) for s, side in ((found.a, "a"), (found.b, "b"))]
        whom = row["overlap_text"]
        if found.grade == DISJOINT:
            return f"{sides[0]}; {sides[1]}; their patients exclude each other ({self._clashes(found)})."
        if found.grade == NOT_EXCLUDED:
            return f"{sides[0]}; {sides[1]}; they meet {whom}."
        return f"For {whom}: {sides[0]}, whereas {sides[1]}."

    def _said(self, statement: str, side: Mapping[str, Any], intervention: str) -> str:
        document = side["document"]
        source = describe.source_words(document, side.get("reports", ()))
        verb = _VERBS[side["stance"]]
        if side["stance"] == SILENT:
            return f"{source} {verb} {intervention}"
        about = self.records.label(self.records.one(statement, "intervention"))
        extras = [f"strength {side['strength']}" if side["strength"] != "none stated" else "no strength stated"]
        if side["certainty"] != NOT_STATED:
            extras.append(f"certainty {side['certainty']}")
        if side["outcome"]:
            extras.append(f"for {joined(side['outcome'])}")
        extras += side["horizon"] + side["attached"]
        return f"{source} {verb} {about} ({', '.join(extras)})"
