"""Findings that differ only in a member of one class become one; overlaps that only a conversion of time makes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from guidegraph import namespaces as ns
from guidegraph.disagree.finding import Finding, Merged
from guidegraph.disagree.sources import Sources
from guidegraph.knowledge.branch import Branch, Logic, Range, satisfiable
from guidegraph.knowledge.normal import Union
from guidegraph.knowledge.records import Records
from guidegraph.termreadings import HIGHEST, LOWEST

#: What two sides must share so that they differ in nothing but the intervention.
_SAME = ("stance", "certainty", "line", "outcome", "horizon", "attachedCondition", "onlyWithout")
#: A month is four weeks at least, and 13 weeks a quarter at most; nobody counts longer times in days.
_LEAST, _MOST, _MONTHS = 28, 91, 12


def least_above(records: Records, classes: Collection[str]) -> str:
    """The least class at or above all of some interventions, "" where only a category of the model is."""
    if not classes:
        return ""
    above = set.intersection(*(set(records.ancestors.get(c, (c,))) for c in classes))
    shared = {c for c in above if not c.startswith(ns.GG)}
    least = [c for c in shared if not any(c != d and c in records.ancestors.get(d, ()) for d in shared)]
    return min(least, key=lambda c: (records.label(c), c), default="")


def merged(
    findings: Sequence[Finding],
    records: Records,
    whom: Callable[[str], object],
    sources: Sources,
    narrower: Callable[[Finding], str],
) -> list[Merged]:
    """The findings in their order, those that differ only in a member or variant of one class as one.

    Args:
        whom: gives the patients and indications of a statement, equal for statements about the same.
        narrower: gives the narrower intervention of a finding.
    """
    groups: dict[object, list[list[Finding]]] = defaultdict(list)
    for finding in findings:
        sides = tuple(
            (sources.document(s), whom(s), records.readings.get(s, ""), *(records.all(s, name) for name in _SAME))
            for s in (finding.a, finding.b)
        )
        alike = groups[(sides, finding[2:])]
        for group in alike:
            if least_above(records, {narrower(f) for f in (*group, finding)}):
                group.append(finding)
                break
        else:
            alike.append([finding])
    rows = [group for alike in groups.values() for group in alike]
    order = {finding: at for at, finding in enumerate(findings)}
    return [
        Merged(group[0], least_above(records, {narrower(f) for f in group}) or narrower(group[0]), tuple(group))
        for group in sorted(rows, key=lambda group: order[group[0]])
    ]


def boundary(one: Union, other: Union, logic: Logic, days: Callable[[str], int | None]) -> bool:
    """Whether two populations meet only in a time that months are counted longer or shorter by (84 to 91 days), or only
    where definitions of a term differ.

    Args:
        days: gives the days of a number's unit, None for a number that is none of time.
    """
    gaps = []
    for left in one:
        for right in other:
            both = left.joined(right)
            if both is not None and satisfiable(both, logic):
                gaps.append(_gap(both.ranges, (left, right), days) or _disputed(both, (left, right), logic))
    return bool(gaps) and all(gaps)


def _disputed(both: Branch, branches: tuple[Branch, Branch], logic: Logic) -> bool:
    """Whether two branches fit together only where definitions differ, in which neither of them lies by itself."""
    firm = logic.undisputed
    return not satisfiable(both, firm) and all(satisfiable(branch, firm) for branch in branches)


def _gap(ranges: Iterable[Range], branches: tuple[Branch, Branch], days: Callable[[str], int | None]) -> bool:
    for known in ranges:
        unit = days(known.prop)
        own = any(known in branch.ranges for branch in branches)
        if unit is None or own or not known.valued or known.low == LOWEST or known.high == HIGHEST:
            continue
        low, high = known.low[0] * unit, known.high[0] * unit
        months = min(int(low // _LEAST), _MONTHS)
        if months and 3 * high <= _MOST * months:
            return True
    return False
