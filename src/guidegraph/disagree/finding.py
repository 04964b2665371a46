"""One disagreement as plain data: both sides, kind, overlap, verdict, what they rest on and what would explain it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from guidegraph.disagree.explained import Explanations
from guidegraph.disagree.sentences import SILENT, Sides
from guidegraph.disagree.sources import Sources
from guidegraph.disagree.words import Simplest, manchester, simplest, whom, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.normal import DISJOINT, NOT_EXCLUDED, Grader, Scope
from guidegraph.knowledge.phrases import Phrases, joined
from guidegraph.knowledge.records import NOT_STATED, Records

if TYPE_CHECKING:
    from guidegraph.comparisons import Contested, Disagreement, Member, Side, Silent
    from guidegraph.forms import PairDisagreement

#: Verdicts in the order in which they are shown.
VERDICTS = (
    "real", "horizon", "condition", "stance", "grading-only", "silence", "superseded", "not-excluded", "apparent",
)  # fmt: skip
#: Verdicts that are reported apart.
APART = ("not-excluded", "apparent")
#: Members of a merged finding that a sentence names; of more it tells the number.
_NAMED = 3


class Finding(NamedTuple):
    """A row of queries/disagree/findings.rq; ``b`` of a silence is the scope of the silent document.

    ``boundary`` says that the two meet only since weeks, months and days were converted, or since definitions of a term
    differ.
    """

    a: str
    b: str
    kind: str
    grade: str
    inner: str
    verdict: str
    boundary: bool = False


class Merged(NamedTuple):
    """Findings of the same two documents that differ only in a member or variant of one class of interventions.

    ``finding`` stands for all; ``intervention`` is their class, or that of the only one.
    """

    finding: Finding
    intervention: str
    members: tuple[Finding, ...]


@dataclass(frozen=True)
class Teller:
    """Tells findings of one knowledge base.

    ``truth`` gives the truth value of a statement's population for the patient asked about; "unknown" without one.
    """

    records: Records
    grader: Grader
    scopes: Mapping[str, Scope]
    sources: Sources
    phrases: Phrases
    truth: Callable[[str], str]

    @cached_property
    def _explanations(self) -> Explanations:
        return Explanations(self.records, self.sources)

    def tell(self, merged: Merged, with_a: Collection[str], with_b: Collection[str]) -> Disagreement:
        """A finding in the published form (schema/disagreements.schema.json).

        Args:
            merged: the finding, with those that it stands for.
            with_a: all statements that stand with a against b, a among them.
            with_b: all that stand with b against a.
        """
        finding = merged.finding
        a, b = self._sides(finding)
        both = self.overlap(finding)
        return {
            "intervention": describe.name(merged.intervention),
            "label": self.records.label(merged.intervention),
            "members": [self._member(one) for one in merged.members] if len(merged.members) > 1 else [],
            "a": a,
            "b": b,
            "kind": finding.kind,
            "overlap": finding.grade,
            "verdict": finding.verdict,
            "boundary": finding.boundary,
            "overlap_text": self._whom_words(finding, both),
            "overlap_manchester": manchester(both),
            "relation": self.sources.relation(finding.a, finding.b),
            "shared_evidence": self.sources.shared([finding.a], [finding.b]),
            "support": {"a": self.sources.support(with_a), "b": self.sources.support(with_b)},
            "newer_evidence": {"a": self.sources.unseen(finding.a), "b": self.sources.unseen(finding.b)},
            "explained_by": self._explanations.of(finding.a, finding.b, finding.kind, finding.verdict),
            "questions": [] if self.silent(finding.b) else self._explanations.questions(finding.a, finding.b),
            "contested": self._contested(finding),
            "inner": finding.inner or None,
            "text": self._sentence(merged, both, a, b),
        }

    def brief(self, finding: Finding) -> PairDisagreement:
        """A finding without what its sides rest on, as an answer about a patient shows it."""
        both = self.overlap(finding)
        return {
            "a": describe.name(finding.a),
            "b": describe.name(finding.b),
            "kind": finding.kind,
            "overlap": finding.grade,
            "verdict": finding.verdict,
            "overlap_manchester": manchester(both),
            "text": self.text(Merged(finding, "", (finding,))),
        }

    def text(self, merged: Merged) -> str:
        """A finding, with those that it stands for, in one sentence."""
        return self._sentence(merged, self.overlap(merged.finding), *self._sides(merged.finding))

    def own(self, statement: str) -> bool:
        """Whether a statement is a voice of its own: it neither reports nor restates another one of the graph."""
        first = (self.records.one(statement, prop) for prop in ("primaryStatement", "restates"))
        return not any(self.records.one(one, "stance") for one in first)

    def narrower(self, finding: Finding) -> str:
        """The narrower of the two interventions: the disagreement is about it and what is below it."""
        one = self.records.one(finding.a, "intervention")
        other = self.records.one(finding.b, "intervention") or one
        return one if other in self.records.ancestors.get(one, ()) else other

    def _member(self, finding: Finding) -> Member:
        narrower = self.narrower(finding)
        sides = (finding.a, finding.b)
        return {
            "intervention": describe.name(narrower),
            "label": self.records.label(narrower),
            "a": describe.name(sides[0]),
            "b": describe.name(sides[1]),
        }

    def _sides(self, finding: Finding) -> tuple[Side, Side | Silent]:
        return self.side(finding.a), self._silence(finding.b) if self.silent(finding.b) else self.side(finding.b)

    def _silence(self, scope: str) -> Silent:
        return {"stance": SILENT, "document": describe.document(self.records, self.sources.document(scope))}

    def side(self, statement: str) -> Side:
        """One side: a REC of the answer's JSON with its standing and search end."""
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

    def overlap(self, finding: Finding) -> Simplest:
        """Whom both sides speak of, in simplest form."""
        forms = self.grader.forms
        a, b = (forms.population(self.scopes[side].population) for side in (finding.a, finding.b))
        return simplest(forms.meet(a, b))

    def _whom_words(self, finding: Finding, both: Simplest) -> str:
        """For whom the two meet, in words; for disjoint, what excludes each other."""
        if finding.grade == DISJOINT:
            return f"nobody: {'; '.join(self._clashes(finding))}"
        told = words(both, self.phrases)
        if finding.grade == NOT_EXCLUDED:
            first, second = self._indications(finding)
            return f"only a patient who has both {first} (a) and {second} (b): {told}"
        return told

    def _indications(self, finding: Finding) -> tuple[str, str]:
        a, b = (joined([self.records.label(i) for i in self.scopes[s].indications]) for s in (finding.a, finding.b))
        return a, b

    def _clashes(self, finding: Finding) -> list[str]:
        """Which criteria of two disjoint populations exclude each other."""
        rows = []
        for one, other in self.grader.clashes(self.scopes[finding.a].population, self.scopes[finding.b].population):
            excluded = self.phrases.literal(other) if other else "the other side's criteria together"
            rows.append(f"{self.phrases.literal(one)} excludes {excluded}")
        return list(dict.fromkeys(rows))

    def _contested(self, finding: Finding) -> list[Contested]:
        """Documents of the two sides that somebody publicly contests, with by whom."""
        rows: list[Contested] = []
        for document in sorted({self.sources.document(s) for s in (finding.a, finding.b)}):
            rows += [
                {"document": describe.name(document), "by": who} for who in self.records.all(document, "contestedBy")
            ]
        return rows

    def voice(self, statement: str) -> str:
        """The short name of who says something, with whom a document that reports another speaks for."""
        name = describe.short_name(self.records, self.sources.document(statement), statement)
        reported = [describe.short_name(self.records, d) for d in self.records.all(statement, "reports")]
        return f"{name}, reporting {joined(reported)}," if reported else name

    def name(self, statement: str) -> str:
        """The short name of a voice in a list: the one that is reported, and through whom."""
        name = describe.short_name(self.records, self.sources.document(statement), statement)
        reported = [describe.short_name(self.records, d) for d in self.records.all(statement, "reports")]
        return f"{joined(reported)} (in {name})" if reported else name

    def apart(self, finding: Finding) -> str:
        """What keeps two statements from being at odds: criteria that exclude each other, or unrelated indications."""
        if finding.grade == DISJOINT:
            return "; ".join(self._clashes(finding))
        if finding.grade == NOT_EXCLUDED:
            return " / ".join(self._indications(finding))
        return ""

    def _about(self, merged: Merged, at: int) -> str:
        """The intervention of one side; of merged findings its members, or how many there are."""
        statements = [(finding.a, finding.b)[at] for finding in merged.members]
        sides = dict.fromkeys(self.records.one(statement, "intervention") for statement in statements)
        names = [self.records.label(iri) for iri in sides if iri]
        if not names:
            return self.records.label(self.narrower(merged.finding))
        return (
            joined(names)
            if len(names) <= _NAMED
            else f"{len(names)} kinds of {self.records.label(merged.intervention)}"
        )

    def _sentence(self, merged: Merged, both: Simplest, one: Side, other: Side | Silent) -> str:
        """Who says what against whom, how strong and how old, and for whom they differ, in one sentence."""
        finding = merged.finding
        sides = Sides(
            (self.voice(finding.a), self.voice(finding.b)),
            (one, other),
            (self._about(merged, 0), self._about(merged, 1)),
        )
        if finding.grade == DISJOINT:
            return sides.disjoint(self._clashes(finding))
        if finding.grade == NOT_EXCLUDED:
            return sides.unrelated(self._indications(finding))
        return sides.meeting(whom(both, self.phrases))
