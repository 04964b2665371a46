"""Time: what a profile becomes after some weeks, when anything can change, and the statuses by week."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from guidegraph.assess.answer import ranked
from guidegraph.assess.assessment import Assessment
from guidegraph.assess.families import heads
from guidegraph.assess.problem import problem
from guidegraph.derived import Span, Timeline, TimelineRow
from guidegraph.forms import MadeFrom
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.records import Records, gg
from guidegraph.model import POSITIVE, Profile, StopFact, TrialFact
from guidegraph.termreadings import CARE

#: How far ahead a timeline looks, in weeks.
HORIZON = Decimal(52)
_TAIL = Decimal(4)

Assess = Callable[[Profile], Assessment]
_DAYS_A_WEEK = Decimal(7)
#: xsd:decimal of the store holds 18 digits behind the point; a longer number would silently be no number at all.
_EXACT = Decimal("0.000000001")


def shifted(profile: Profile, weeks: Decimal, rates: Mapping[str, Decimal]) -> Profile:
    """The profile after ``weeks`` weeks in which nothing else happens.

    Numbers that advance grow; so do the weeks of a running trial (one without an outcome yet) and the days
    since a drug was stopped.
    """
    values = {p: _rounded(v + weeks / rates[p]) if p in rates else v for p, v in profile.values.items()}
    trials = frozenset(
        TrialFact(t.of, None, _rounded(t.weeks + weeks)) if t.outcome is None and t.weeks is not None else t
        for t in profile.trials_present
    )
    stops = frozenset(
        StopFact(s.of, _rounded(s.days + weeks * _DAYS_A_WEEK)) if s.days is not None else s
        for s in profile.stops_present
    )
    passed = weeks * _DAYS_A_WEEK
    care = frozenset(
        replace(one, days=(_rounded(one.days[0] + passed), _rounded(one.days[1] + passed))) if one.days else one
        for one in profile.care_present
    )
    return replace(profile, values=values, trials_present=trials, stops_present=stops, care_present=care)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_EXACT)


def _bounds(atom: Atom) -> Iterable[Decimal]:
    for bound in (atom.low, atom.above, atom.high, atom.below):
        if 0 < bound < Decimal(999999999):
            yield bound


def thresholds(profile: Profile, records: Records, rates: Mapping[str, Decimal]) -> list[Decimal]:
    """The weeks from now (over 0, ascending) at which some atom can change its truth for the patient."""
    weeks: set[Decimal] = set()
    running = [t.weeks for t in profile.trials_present if t.outcome is None and t.weeks is not None]
    stopped = [s.days for s in profile.stops_present if s.days is not None]
    done = {days for one in profile.care_present for days in one.days or ()}
    for atom in records.atoms.values():
        for bound in _bounds(atom):
            if not atom.cls and atom.prop in rates and atom.prop in profile.values:
                weeks.add((bound - profile.values[atom.prop]) * rates[atom.prop])
            elif atom.prop == gg("hasTrial"):
                weeks.update(bound - had for had in running)
            elif atom.prop == gg("stoppedMedication"):
                weeks.update((bound - days) / _DAYS_A_WEEK for days in stopped)
            elif atom.prop in CARE:
                weeks.update((bound - days) / _DAYS_A_WEEK for days in done)
    return sorted(week for week in weeks if week > 0)


def _start(profile: Profile) -> tuple[Profile, bool]:
    """The profile at the first week of the line; where the weeks of symptoms are unknown the line starts at week 0."""
    weeks = gg("symptomWeeks")
    if weeks in profile.values:
        return profile, True
    return replace(profile, values={**profile.values, weeks: Decimal(0)}), False


def timeline(profile: Profile, records: Records, assess: Assess, made_from: MadeFrom) -> Timeline:
    """Statuses of all therapies by week, in the published JSON form (schema/timeline.schema.json).

    Args:
        profile: the patient; ``assess`` assesses a changed copy of it at the as-of date of the question.
        records: the knowledge base's records.
        made_from: what reproduces it.

    The weeks are weeks of symptoms. A step starts at its week and ends before the next one.
    """
    rates = records.rates
    first, known = _start(profile)
    origin = first.values[gg("symptomWeeks")]
    cuts = [week for week in thresholds(first, records, rates) if week <= HORIZON]
    end = (cuts[-1] if cuts else Decimal(0)) + _TAIL
    marks = [Decimal(0), *cuts, end]
    assessments = [assess(shifted(first, (a + b) / 2, rates)) for a, b in itertools.pairwise(marks)]
    steps = [float(origin + week) for week in marks]
    differing = [bool(one.settled.disputed) for one in assessments]
    now = assess(profile)
    courses = {t: tuple(one.statuses[t] for one in assessments) for t in ranked(now)}
    head = heads(records, courses)
    rows: list[TimelineRow] = [
        {
            "intervention": describe.name(therapy),
            "label": records.label(therapy),
            "category": records.classes.get(therapy, ("", ""))[1] or "other",
            "family": describe.name(head[therapy]),
            "spans": _spans(course, steps, differing),
        }
        for therapy, course in courses.items()
    ]
    return {
        "as_of": now.as_of.isoformat(),
        "profile": {"id": profile.id, "label": profile.label},
        "problem": problem(now),
        "now_week": float(origin) if known else None,
        "from_week": steps[0],
        "to_week": steps[-1],
        "steps": steps,
        "rows": rows,
        "marks": [{"week": float(origin), "label": "now"}] if known else [],
        "imprecise": describe.imprecise(records, now.as_of),
        "made_from": made_from,
    }


def _spans(statuses: Sequence[str], steps: list[float], differing: list[bool]) -> list[Span]:
    spans: list[Span] = []
    settled: list[bool] = []
    for status, start, end, differs in zip(statuses, steps, steps[1:], differing, strict=False):
        if spans and spans[-1]["status"] == status:
            spans[-1]["to"] = end
            settled[-1] |= not differs
        else:
            spans.append({"from": start, "to": end, "status": status})
            settled.append(not differs)
    for span, firm in zip(spans, settled, strict=True):
        if not firm and span["status"] in POSITIVE:
            span["boundary"] = True
    return spans
