"""Statuses by week: the same assessment at every week at which something can change."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from guidegraph.assess.answer import ranked
from guidegraph.assess.assessment import Assessment
from guidegraph.assess.shift import shifted, thresholds
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import Records, gg
from guidegraph.model import Profile

#: How far ahead a timeline looks, in weeks.
HORIZON = Decimal(52)
_TAIL = Decimal(4)

Assess = Callable[[Profile], Assessment]


def _start(profile: Profile) -> tuple[Profile, bool]:
    """The profile at the first week of the line; where the weeks of symptoms are unknown the line starts at week 0."""
    weeks = gg("symptomWeeks")
    if weeks in profile.values:
        return profile, True
    return replace(profile, values={**profile.values, weeks: Decimal(0)}), False


def timeline(profile: Profile, records: Records, assess: Assess) -> dict[str, Any]:
    """Statuses of all therapies by week, in the published JSON form (schema/timeline.schema.json).

    Args:
        profile: the patient; ``assess`` assesses a changed copy of it at the as-of date of the question.
        records: the knowledge base's records.

    The weeks are weeks of symptoms. A step starts at its week and ends before the next one.
    """
    rates = records.rates
    first, known = _start(profile)
    origin = first.values[gg("symptomWeeks")]
    cuts = [week for week in thresholds(first, records, rates) if week <= HORIZON]
    end = (cuts[-1] if cuts else Decimal(0)) + _TAIL
    marks = [Decimal(0), *cuts, end]
    found = [assess(shifted(first, (a + b) / 2, rates)) for a, b in itertools.pairwise(marks)]
    steps = [float(origin + week) for week in marks]
    now = assess(profile)
    rows = [
        {
            "intervention": describe.name(therapy),
            "label": records.label(therapy),
            "category": records.classes.get(therapy, ("", ""))[1] or "other",
            "spans": _spans([one.statuses[therapy] for one in found], steps),
        }
        for therapy in ranked(now)
    ]
    return {
        "as_of": now.as_of.isoformat(),
        "profile": {"id": profile.id, "label": profile.label},
        "now_week": float(origin) if known else None,
        "from_week": steps[0],
        "to_week": steps[-1],
        "steps": steps,
        "rows": rows,
        "marks": [{"week": float(origin), "label": "now"}] if known else [],
    }


def _spans(statuses: list[str], steps: list[float]) -> list[dict[str, Any]]:
    spans: list[dict[str, Any]] = []
    for status, start, end in zip(statuses, steps, steps[1:], strict=False):
        if spans and spans[-1]["status"] == status:
            spans[-1]["to"] = end
        else:
            spans.append({"from": start, "to": end, "status": status})
    return spans
