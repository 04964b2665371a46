"""The alerts of an answer: what holds of each, which of its signs are answered, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guidegraph.assess.assessment import FALSE, INACTIVE, TRUE, TRUTH_ORDER, UNKNOWN, Assessment
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.forms import Alert, Sign


def signs(assessment: Assessment, alert: str) -> list[Sign]:
    """The signs of an alert, each as far as it is answered, but for what need not be about the problem asked about."""
    records = assessment.records
    rows: dict[str, Sign] = {}
    left, seen = [records.population(alert)], set[str]()
    while left:
        seen.add(population := left.pop())
        for iri, _ in (literal for branch in records.branches.get(population, ()) for literal in branch):
            atom = assessment.atom(iri)
            if iri in assessment.clock(alert):
                continue
            if atom.names:
                left += [atom.names] if atom.names not in seen else []
                continue
            fact = assessment.book.fact(atom)
            rows[fact.fact] = {"fact": fact.fact, "label": fact.label, "key": fact.key, "truth": assessment.truth(iri)}
    return sorted(rows.values(), key=lambda row: (row["label"], row["fact"]))


def attended(assessment: Assessment, alert: str) -> str | None:
    """What was done about an alert, as the profile states it; None where it states nothing."""
    if alert in assessment.profile.acted_on:
        return "acted on"
    return "examined" if alert in assessment.profile.examined else None


def alerts(assessment: Assessment) -> list[Alert]:
    """Every alert in effect: its truth, what was done about it, its signs and what it calls for; true ones first."""
    records = assessment.records
    rows: list[Alert] = []
    for alert in records.alerts:
        truth = assessment.truth(alert)
        if truth == INACTIVE:
            continue
        literals = {(a, p) for b in records.branches.get(records.population(alert), ()) for a, p in b}
        facts = sorted(assessment.words(a, p) for a, p in literals if assessment.literal_truth(a, p) in (truth, TRUE))
        verb = {TRUE: "present", UNKNOWN: "ask about", FALSE: "known to be absent"}[truth]
        rows.append(
            {
                "id": describe.name(alert),
                "label": records.label(alert),
                "truth": truth,
                "attended": attended(assessment, alert),
                "signs": signs(assessment, alert),
                "reasons": [f"{verb}: {text}" for text in facts],
                "facts": facts,
                "calls_for": [records.label(c) for c in records.all(alert, "callsFor")],
                "documents": [
                    describe.document(records, d, records.own_issue(alert)) for d in records.all(alert, "statedIn")
                ],
                "locator": describe.locator(records, alert),
            }
        )
    return sorted(rows, key=lambda row: (TRUTH_ORDER[row["truth"]], row["label"], row["id"]))
