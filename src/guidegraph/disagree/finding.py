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
from guidegraph.knowledge.normal import DISJOINT, NOT_EXCLUDED, SAME, Grader, Scope
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

    def tell(self, finding: Finding, with_a: Collection[str], with_b: Collection[str]) -> dict[str, Any]:
        """A finding in the published form (schema/disagreements.schema.json).

        Args:
            finding: the finding.
            with_a: all statements that stand with a against b, a among them.
            with_b: all that stand with b against a.
        """
        text, owl = self.overlap(finding)
        row: dict[str, Any] = {
            "intervention": describe.name(self._intervention(finding)),
            "label": self.records.label(self._intervention(finding)),
            "a": self.side(finding.a),
            "b": self.side(finding.b),
            "kind": finding.kind,
            "overlap": finding.grade,
            "verdict": finding.verdict,
            "overlap_text": text,
            "overlap_manchester": owl,
            "relation": self.sources.relation(finding.a, finding.b),
            "shared_evidence": self.sources.shared([finding.a], [finding.b]),
            "support": {"a": self.sources.support(with_a), "b": self.sources.support(with_b)},
            "newer_evidence": {"a": self.sources.unseen(finding.a), "b": self.sources.unseen(finding.b)},
            "explained_by": self._explained(finding),
            "contested": self._contested(finding),
        }
        row["inner"] = finding.inner or None
        row["text"] = self.sentence(finding, row)
        return row

    def brief(self, finding: Finding) -> PairDisagreement:
        """A finding without what its sides rest on, as an answer about a patient shows it."""
        text, owl = self.overlap(finding)
        row: dict[str, Any] = {
            "label": self.records.label(self._intervention(finding)),
            "a": self.side(finding.a),
            "b": self.side(finding.b),
            "overlap_text": text,
        }
        return {
            "a": row["a"]["id"],
            "b": row["b"]["id"],
            "kind": finding.kind,
            "overlap": finding.grade,
            "verdict": finding.verdict,
            "overlap_manchester": owl,
            "text": self.sentence(finding, row),
        }

    def _intervention(self, finding: Finding) -> str:
        """The narrower of the two interventions: the disagreement is about it and what is below it."""
        one = self.records.one(finding.a, "intervention")
        other = self.records.one(finding.b, "intervention") or one
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

    def overlap(self, finding: Finding) -> tuple[str, str]:
        """For whom the two meet, in words and in Manchester syntax; for disjoint, what excludes each other."""
        a, b = self.scopes[finding.a], self.scopes[finding.b]
        forms = self.grader.forms
        both = forms.meet(forms.population(a.population), forms.population(b.population))
        owl = manchester(both)
        if finding.grade == DISJOINT:
            return f"nobody: {self._clashes(finding)}", owl
        told = words(both, self.book)
        if finding.grade == NOT_EXCLUDED:
            first, second = (joined([self.records.label(i) for i in s.indications]) for s in (a, b))
            return f"only a patient who has both {first} (a) and {second} (b): {told}", owl
        return told, owl

    def _clashes(self, finding: Finding) -> str:
        """Which criteria of two disjoint populations exclude each other."""
        rows = []
        for one, other in self.grader.clashes(self.scopes[finding.a].population, self.scopes[finding.b].population):
            excluded = literal_words(other, self.book) if other else "the other side's criteria together"
            rows.append(f"{literal_words(one, self.book)} (a) excludes {excluded} (b)")
        return "; ".join(dict.fromkeys(rows))

    def _explained(self, finding: Finding) -> list[str]:
        """The differences that the data hold and that would explain the disagreement."""
        told = [] if finding.grade == SAME else ["population"]
        a, b = finding.a, finding.b
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

    def _contested(self, finding: Finding) -> list[dict[str, str]]:
        """Documents of the two sides that somebody publicly contests, with by whom."""
        rows = []
        for document in sorted({self.sources.document(s) for s in (finding.a, finding.b)}):
            rows += [
                {"document": describe.name(document), "by": who} for who in self.records.all(document, "contestedBy")
            ]
        return rows

    def sentence(self, finding: Finding, row: Mapping[str, Any]) -> str:
        """Who says what against whom, how strong and how old, and for whom they differ, in one sentence."""
        sides = [self._said(s, row[side], row["label"]) for s, side in ((finding.a, "a"), (finding.b, "b"))]
        whom = row["overlap_text"]
        if finding.grade == DISJOINT:
            return f"{sides[0]}; {sides[1]}; their patients exclude each other ({self._clashes(finding)})."
        if finding.grade == NOT_EXCLUDED:
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
