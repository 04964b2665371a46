"""Of which problem an answer is, and what speaks of others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import TYPE_CHECKING

from guidegraph.assess.assessment import Assessment
from guidegraph.knowledge import describe
from guidegraph.knowledge.describe import iri_of
from guidegraph.knowledge.records import Records, gg

if TYPE_CHECKING:
    from guidegraph.forms import OtherProblem, Problem
    from guidegraph.readforms import Named


_ONE_PROBLEM = (
    "{} were taken as one problem with one duration, score, severity and history of trials. "
    "To separate them, write each under problems with what belongs to it."
)
_EVERY_PROBLEM = "No condition that recommendations here speak of is known, so those of every problem count."


def problem(assessment: Assessment) -> Problem:
    """The problem of an assessment: its conditions, whether it was named, and what was taken for granted."""
    records, about = assessment.records, assessment.asked.about
    named = bool(assessment.profile.about)
    notes = []
    apart = [pair for pair in combinations(sorted(about), 2) if not records.same_problem(*pair)]
    if apart and not named:
        held = _listed(assessment, _labels(records, {cls for pair in apart for cls in pair}))
        notes.append(assessment.said("one-problem", _ONE_PROBLEM, held))
    silent = [cls for cls in about if not any(records.same_problem(cls, one) for one in records.spoken_of)]
    if silent:
        told = _listed(assessment, _labels(records, silent))
        notes.append(assessment.said("silent", "No recommendation here speaks of {}.", told))
    if not about:
        notes.append(assessment.said("every-problem", _EVERY_PROBLEM))
    return {"conditions": _named(records, about), "named": named, "notes": notes}


def other_problems(assessment: Assessment) -> list[OtherProblem]:
    """The conditions that recommendations in effect for another problem speak of, those that the patient has first.

    Whether one applies is not told: it hangs on the numbers and trials of that problem, not of this one.
    """
    records = assessment.records
    held = assessment.profile.present.get(gg("hasCondition"), frozenset())
    counts = Counter(indication for s in assessment.elsewhere for indication in records.indications[s])
    rows: list[OtherProblem] = [
        {
            "id": describe.name(indication),
            "label": records.label(indication),
            "held": any(indication in records.ancestors.get(cls, ()) for cls in held),
            "recommendations": number,
        }
        for indication, number in counts.items()
    ]
    label = assessment.filed.records.label
    rows.sort(key=lambda row: (not row["held"], -row["recommendations"], label(iri_of(row["id"])), row["id"]))
    return rows


def indications(records: Records, statement: str) -> str:
    """The conditions that a recommendation counts for, in words."""
    return ", ".join(_labels(records, records.indications.get(statement, ())))


def _labels(records: Records, classes: Iterable[str]) -> list[str]:
    return sorted({records.label(cls) for cls in classes})


def _listed(assessment: Assessment, words: list[str]) -> str:
    return words[0] if len(words) == 1 else assessment.said("both", "{} and {}", ", ".join(words[:-1]), words[-1])


def _named(records: Records, classes: Iterable[str]) -> list[Named]:
    return sorted(({"id": describe.name(c), "label": records.label(c)} for c in classes), key=lambda row: row["label"])
