"""Time: what a profile becomes after some weeks, and the weeks at which anything can change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from guidegraph.knowledge.records import Atom, Records, gg
from guidegraph.model import Profile, StopFact, TrialFact

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
    return replace(profile, values=values, trials_present=trials, stops_present=stops)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_EXACT)


def _bounds(atom: Atom) -> Iterable[Decimal]:
    for bound in (atom.low, atom.above, atom.high, atom.below):
        if 0 < bound < Decimal(999999999):
            yield bound


def thresholds(profile: Profile, records: Records, rates: Mapping[str, Decimal]) -> list[Decimal]:
    """The weeks from now (over 0, ascending) at which some atom can change its truth for the patient."""
    found: set[Decimal] = set()
    running = [t.weeks for t in profile.trials_present if t.outcome is None and t.weeks is not None]
    stopped = [s.days for s in profile.stops_present if s.days is not None]
    for atom in records.atoms.values():
        for bound in _bounds(atom):
            if not atom.cls and atom.prop in rates and atom.prop in profile.values:
                found.add((bound - profile.values[atom.prop]) * rates[atom.prop])
            elif atom.prop == gg("hasTrial"):
                found.update(bound - weeks for weeks in running)
            elif atom.prop == gg("stoppedMedication"):
                found.update((bound - days) / _DAYS_A_WEEK for days in stopped)
    return sorted(week for week in found if week > 0)
