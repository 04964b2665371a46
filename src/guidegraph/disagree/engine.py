"""Asking for disagreements: which there are at a date, for whom, and in which order the sides are told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.disagree.finding import APART, VERDICTS, Finding, Merged, Teller
from guidegraph.disagree.merging import boundary, merged
from guidegraph.disagree.sources import Sources
from guidegraph.errors import UsageError
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine, query_text
from guidegraph.knowledge.normal import DISJOINT, NOT_EXCLUDED
from guidegraph.knowledge.phrases import Phrases
from guidegraph.knowledge.records import NOT_STATED, Records

if TYPE_CHECKING:
    from guidegraph.comparisons import Disagreement
    from guidegraph.forms import PairDisagreement

POLICIES = ("recency", "strength", "certainty", "primary-first")
UNKNOWN, TRUE = "unknown", "true"


def no_patient(_: str) -> str:
    """The truth value of every population while no patient is asked about."""
    return UNKNOWN


class Disagreements:
    """The disagreements of one knowledge base."""

    def __init__(self, engine: Engine, records: Records, index: DisagreementIndex, phrases: Phrases) -> None:
        self._engine = engine
        self._records = records
        self._index = index
        self._phrases = phrases
        self.sources = Sources(engine, records)
        self._briefs: dict[Finding, PairDisagreement] = {}
        self._boundaries: dict[tuple[str, str], bool] = {}

    def findings(self, as_of: date) -> list[Finding]:
        """All findings at a date, of every verdict, in a fixed order.

        Raises:
            KnowledgeError: see :class:`guidegraph.knowledge.normal.Normalizer`.
        """
        self._index.complete()
        day = ox.Literal(as_of.isoformat(), datatype=ox.NamedNode(ns.XSD + "date"))
        rows: Any = self._engine.store.query(query_text("disagree/findings"), substitutions={ox.Variable("asOf"): day})
        # Columns in the order of the query: asOf, a, b, kind, grade, inner, verdict.
        texts = ([str(row[at].value) for at in range(1, 7)] for row in rows)
        findings = [self._marked(Finding(a, b, kind, grade, inner, word)) for a, b, kind, grade, inner, word in texts]
        return sorted(findings, key=lambda f: (VERDICTS.index(f.verdict), f.a, f.b))

    def _marked(self, finding: Finding) -> Finding:
        """The finding, marked where its patients meet only since units were converted or definitions differ."""
        if finding.grade == DISJOINT:
            return finding
        one, other = (self._index.scopes[s].population for s in (finding.a, finding.b))
        if (one, other) not in self._boundaries:
            forms = self._index.grader.forms
            self._boundaries[one, other] = boundary(
                forms.population(one), forms.population(other), forms.logic, self._phrases.days
            )
        return finding._replace(boundary=self._boundaries[one, other])

    def merged(self, findings: Sequence[Finding]) -> list[Merged]:
        """The findings in their order, those that differ only in a member of one class of interventions as one."""
        scopes, forms = self._index.scopes, self._index.grader.forms

        def whom(statement: str) -> object:
            return forms.population(scopes[statement].population), scopes[statement].indications

        return merged(findings, self._records, whom, self.sources, self.teller().narrower)

    def teller(self, truth: Callable[[str], str] = no_patient) -> Teller:
        """Tells findings, with truth values for one patient or none."""
        return Teller(
            self._records,
            self._index.grader,
            self._index.scopes,
            self.sources,
            self._phrases,
            lambda statement: truth(self._index.scopes[statement].population),
        )

    def concerns(self, finding: Finding, truth: Callable[[str], str]) -> bool:
        """Whether a finding concerns a patient: both populations true, or one true and one unknown."""
        values = {truth(self._index.scopes[s].population) for s in (finding.a, finding.b)}
        return TRUE in values and values <= {TRUE, UNKNOWN}

    def both_apply(self, finding: Finding, truth: Callable[[str], str]) -> bool:
        """Whether both populations are true for a patient."""
        return all(truth(self._index.scopes[s].population) == TRUE for s in (finding.a, finding.b))

    def about(self, finding: Finding, intervention: str) -> bool:
        """Whether a finding is about an intervention: the same class, one above or below it, or a class below both."""
        sides = (self._records.one(side, "intervention") for side in (finding.a, finding.b))
        return all(self._records.related(iri, intervention) for iri in sides if iri)

    def stands_with(self, findings: Iterable[Finding]) -> Mapping[str, set[str]]:
        """For each statement, those that differ from it in one way with one stance: they stand together against it."""
        standing: dict[str, set[str]] = defaultdict(set)
        for f in findings:
            standing[self._key(f.b, f.a, f.kind)].add(f.a)
            standing[self._key(f.a, f.b, f.kind)].add(f.b)
        return standing

    def _key(self, about: str, other: str, kind: str) -> str:
        return f"{about} {self._records.one(other, 'stance')} {kind}"

    def tell(
        self,
        chosen: Sequence[Finding],
        everything: Sequence[Finding],
        truth: Callable[[str], str] = no_patient,
        policy: str | None = None,
    ) -> list[Disagreement]:
        """Findings in the published form, each with the support that its sides have among ``everything``."""
        live = [f for f in everything if f.verdict not in ("superseded", *APART)]
        table = self.stands_with(live)
        teller = self.teller(truth)
        rows = []
        for one in self.merged([self.ordered(finding, policy) for finding in chosen]):
            finding = one.finding
            with_a = table.get(self._key(finding.b, finding.a, finding.kind), set()) | {finding.a}
            with_b = table.get(self._key(finding.a, finding.b, finding.kind), set()) | {finding.b}
            row = teller.tell(one, with_a, with_b)
            if finding.verdict == "not-excluded" and self.both_apply(finding, truth):
                row["text"] = "Both apply, for different indications. " + row["text"]
            rows.append(row)
        return rows

    def ordered(self, finding: Finding, policy: str | None) -> Finding:
        """The finding with the side that a policy puts first as ``a``; nothing is resolved by it.

        Raises:
            UsageError: the policy is unknown.
        """
        if policy is None or finding.kind == "silence":
            return finding
        if policy not in POLICIES:
            raise UsageError(f"unknown policy {policy!r}", where="--policy", mend=f"Use {', '.join(POLICIES)}.")
        if self._weight(finding.b, policy) > self._weight(finding.a, policy):
            return self.turned(finding)
        return finding

    @staticmethod
    def turned(finding: Finding) -> Finding:
        """The finding with its sides exchanged; a silence, whose second side is a document, stays as it is."""
        if finding.kind == "silence":
            return finding
        inner = {"a": "b", "b": "a"}.get(finding.inner, "")
        return finding._replace(a=finding.b, b=finding.a, inner=inner)

    def _weight(self, statement: str, policy: str) -> tuple[Any, ...]:
        records = self._records
        if policy == "strength":
            return (records.rank(records.readings.get(statement, "")),)
        if policy == "certainty":
            return (records.rank(records.one(statement, "certainty")),)
        document = records.one(statement, "statedIn")
        if policy == "primary-first":
            return (records.one(records.one(document, "documentKind"), "isPrimary") == "true",)
        issued = records.issued_of(statement)
        shown = "" if issued == NOT_STATED else issued
        return (records.one(document, "searchEnded") or shown, shown)

    def behind(self, held: Iterable[str], opposing: Iterable[str]) -> list[PairDisagreement]:
        """The disagreements behind a contested therapy: each pair of a true statement for it and a true one against.

        What only reports or restates another statement is one voice with it, so that one stands for it. Each is put
        into words once for a knowledge base.
        """
        findings = []
        against = sorted({self._voice(s) for s in opposing})
        for one in sorted({self._voice(s) for s in held}):
            for other in against:
                if (other, one) in self.contested:
                    kind, grade = self.contested[other, one]
                    verdict = "not-excluded" if grade == NOT_EXCLUDED else "real" if kind == "direction" else kind
                    findings.append(Finding(one, other, kind, grade, "", verdict))
        findings.sort(key=lambda f: (VERDICTS.index(f.verdict), f.a, f.b))
        teller = self.teller()
        for finding in findings:
            if finding not in self._briefs:
                self._briefs[finding] = teller.brief(finding)
        return [self._briefs[finding] for finding in findings]

    def _voice(self, statement: str) -> str:
        """The statement that a report or restatement speaks for; any other itself (as in queries/index/46-features)."""
        for prop in ("primaryStatement", "restates"):
            other = self._records.one(statement, prop)
            if self._records.one(other, "stance"):
                return other
        return statement

    @cached_property
    def contested(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        """Kind and grade of each opposed pair (against, for), without waiting for all other pairs."""
        rows = self._engine.select("disagree/contested")
        return {(against, other): (kind, grade) for against, other, kind, grade in rows}


#: Verdicts that are counted, and listed when asked for.
_HISTORY = ("superseded",)


def selected(findings: Iterable[Finding], verdicts: Collection[str], include_apparent: bool) -> list[Finding]:
    """The findings of some verdicts; of all if empty, without history and, unless asked for, what is reported apart.

    Raises:
        UsageError: a verdict is unknown.
    """
    wrong = sorted(set(verdicts) - set(VERDICTS))
    if wrong:
        raise UsageError(f"unknown verdict {wrong[0]!r}", where="--verdict", mend=f"Use {', '.join(VERDICTS)}.")
    if verdicts:
        return [f for f in findings if f.verdict in verdicts]
    shown = [f for f in findings if f.verdict not in _HISTORY]
    return shown if include_apparent else [f for f in shown if f.verdict not in APART and not f.boundary]
