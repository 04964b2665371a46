"""The alerts of an answer: what holds of each, which of its signs are answered, and what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guidegraph.assess.assessment import FALSE, INACTIVE, TRUE, TRUTH_ORDER, UNKNOWN, Assessment
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.forms import Alert, Sign


def signs(assessment: Assessment, alert: str) -> list[Sign]:
    """The signs of an alert, each as far as it is answered.

    A number that need not be of the problem asked about has no key, and is asked only beside a sign that is there.
    """
    records = assessment.records
    rows: dict[str, tuple[str, Sign]] = {}
    left, seen = [records.criterion(alert)], set[str]()
    while left:
        seen.add(population := left.pop())
        for iri, _ in (literal for branch in records.branches.get(population, ()) for literal in branch):
            atom = assessment.atom(iri)
            fact = assessment.book.fact(atom)
            if iri in assessment.clock(alert):
                label = assessment.said("of-this", "{} of what this is about", fact.label)
                rows[fact.fact] = fact.filed, {"fact": fact.fact, "label": label, "key": "", "truth": UNKNOWN}
            elif not atom.names:
                truth = assessment.truth(iri)
                sign: Sign = {"fact": fact.fact, "label": fact.label, "key": fact.key, "truth": truth}
                rows[fact.fact] = fact.filed, sign
            elif atom.names not in seen:
                left.append(atom.names)
    there = any(row["truth"] == TRUE for _, row in rows.values())
    return [
        row for _, _, row in sorted((filed, fact, row) for fact, (filed, row) in rows.items() if row["key"] or there)
    ]


def attended(assessment: Assessment, alert: str) -> str | None:
    """What was done about an alert, as the profile states it; None where it states nothing."""
    if alert in assessment.profile.acted_on:
        return "acted on"
    return "examined" if alert in assessment.profile.examined else None


def alerts(assessment: Assessment) -> list[Alert]:
    """Every alert in effect: its truth, what was done about it, its signs and what it calls for; true ones first."""
    records = assessment.records
    rows: list[tuple[str, Alert]] = []
    for alert in records.alerts:
        truth = assessment.truth(alert)
        if truth == INACTIVE:
            continue
        literals = {(a, p) for b in records.branches.get(records.criterion(alert), ()) for a, p in b}
        told = [(a, p) for a, p in literals if assessment.literal_truth(a, p) in (truth, TRUE)]
        facts = [assessment.words(*one) for one in sorted(told, key=lambda one: assessment.filed.words(*one))]
        verb = {TRUE: "present", UNKNOWN: "ask about", FALSE: "known to be absent"}[truth]
        rows.append(
            (
                assessment.filed.records.label(alert),
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
                },
            )
        )
    rows.sort(key=lambda row: (TRUTH_ORDER[row[1]["truth"]], row[0], row[1]["id"]))
    return [row for _, row in rows]
