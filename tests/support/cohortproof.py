"""Are planes and SPARQL of one mind? ``python -m tests.support.cohortproof 20000 [--domain NAME] [--first SEED]`` compares the
status of every therapy, and the truth of every atom, population and statement, of so many guided patients, and prints the
figures; it ends with 1 at a difference. Two of them, each with half of the patients, use two cores. With ``--columns`` it
compares planes with the second executor instead (tests/support/columnwise.py), which a million patients take minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

import guidegraph
from guidegraph.assess.assessing import assess
from guidegraph.cohort.bits import unpack
from guidegraph.cohort.statuses import Statuses
from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import Criteria, compile_criteria
from guidegraph.model import STATUSES, Profile
from tests.support.cohorts import Answered
from tests.support.guided import Guide

DAY = date(2026, 11, 24)
#: The day, the country and the voices of what is asked; the patients take turns.
ASKED: tuple[tuple[date, str | None, frozenset[str]], ...] = (
    (DAY, None, frozenset()),
    (DAY, "US", frozenset({"guideline"})),
    (date(2018, 6, 30), None, frozenset()),
    (DAY, "GB", frozenset({"approved"})),
)
_AT_ONCE, _BATCH = 250, 100_000


@dataclass
class Figures:
    """What was compared, and the differences found."""

    patients: int = 0
    contradictory: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    truths: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join((
            f"{self.patients} patients, {self.contradictory} of them contradictory: {len(self.differences)} differences",
            f"{self.statuses.total()} statuses: {dict(sorted(self.statuses.items()))}",
            f"{self.truths.total()} truths: {dict(sorted(self.truths.items()))}",
            *self.differences[:20],
        ))  # fmt: skip


def compare(kb: Any, profiles: Sequence[Profile], asked: tuple[Any, ...], figures: Figures) -> None:
    """Compare what planes and SPARQL come to for some patients; the figures are added to."""
    day, jurisdiction, voices = asked
    criteria = compile_criteria(kb.knowledge, day, jurisdiction, voices)
    answered = Answered(kb, criteria, list(profiles))
    for at, profile in enumerate(profiles):
        figures.patients += 1
        try:
            read = kb.profile(profile)
        except ProfileError:
            read = None
            figures.contradictory += 1
        if answered.contradicted[at] != (read is None):
            figures.differences.append(f"{profile.id} {asked}: contradictory for one of the two: {profile}")
        elif read is not None:
            figures.differences += _differences(kb, criteria, read, asked, answered, at, figures)


def _differences(
    kb: Any, criteria: Criteria, read: Profile, asked: tuple[Any, ...], answered: Answered, at: int, figures: Figures
) -> Iterator[str]:
    day, jurisdiction, voices = asked
    one = assess(kb.knowledge, read, day, jurisdiction, voices=voices)
    truths, statuses = answered.truths(at), answered.statuses(at)
    figures.truths.update(truths.values())
    figures.statuses.update(one.statuses[therapy] for therapy in statuses)
    for iri, truth in truths.items():
        if one.truth(iri) != truth:
            yield f"{read.id} {asked}: {iri} is {truth} by planes and {one.truth(iri)} by SPARQL"
    for therapy, found in statuses.items():
        if found != [one.statuses[therapy]]:
            yield f"{read.id} {asked}: {therapy} is {found} by planes and {one.statuses[therapy]} by SPARQL"


def guided(kb: Any, seeds: range, figures: Figures, tell: bool = False) -> Figures:
    """Compare guided patients of some seeds, in turns for everything that can be asked."""
    guide = Guide(kb, compile_criteria(kb.knowledge, DAY))
    for start in range(0, len(seeds), _AT_ONCE):
        turn = (seeds.start + start) // _AT_ONCE % len(ASKED)
        compare(kb, [guide.patient(seed) for seed in seeds[start : start + _AT_ONCE]], ASKED[turn], figures)
        if tell:
            print(f"{figures.patients}: {len(figures.differences)} differences", file=sys.stderr, flush=True)
    return figures


def by_columns(kb: Any, patients: int, asked: tuple[Any, ...], figures: Figures, tell: bool = False) -> Figures:
    """Compare statuses and the truth of statements with what the second executor comes to."""
    from tests.support.columnwise import Columnwise
    from tests.support.manypatients import Crowd

    day, jurisdiction, voices = asked
    criteria = compile_criteria(kb.knowledge, day, jurisdiction, voices)
    crowd = Crowd(kb, criteria, 3 * len(Guide(kb, criteria).branches))
    for frame in crowd.batches(patients, _BATCH):
        columns = Columnwise(crowd, frame)
        planes = Statuses(criteria, crowd.gathered(frame).facts())
        figures.patients += frame.height
        figures.differences += _unlike(criteria, columns, planes, frame.height, figures)
        if tell:
            print(f"{figures.patients}: {len(figures.differences)} differences", file=sys.stderr, flush=True)
    return figures


def _unlike(criteria: Criteria, columns: Any, planes: Statuses, patients: int, figures: Figures) -> Iterator[str]:
    truths, contradictory = planes.truths, columns.contradictory.to_numpy()
    counted = ~contradictory
    figures.contradictory += int(contradictory.sum())
    yield from _rows("contradictory", contradictory, unpack(truths.following.contradicted, patients))
    for therapy in criteria.therapies:
        found = columns.statuses[therapy.iri]
        for status, plane in planes.of(therapy).items():
            mine = (found == STATUSES[status].letter).to_numpy() & counted
            figures.statuses[status] += int(mine.sum())
            yield from _rows(f"{therapy.iri} {status}", mine, unpack(plane, patients) & counted)
    for statement in criteria.population:
        truth, away = columns.truths[statement], columns.inactive[f"inactive {statement}"]
        mine = {"true": truth.fill_null(False), "false": ~truth.fill_null(True), "inactive": away}
        pair = truths.of(statement)
        theirs = {"true": pair.true, "false": pair.false, "inactive": ~truths.counts(statement)}
        for name, plane in theirs.items():
            told = mine[name].to_numpy() & counted
            figures.truths[name] += int(told.sum())
            yield from _rows(f"{statement} {name}", told, unpack(plane, patients) & counted)
        figures.truths["unknown"] += int(((truth.is_null() & ~away).to_numpy() & counted).sum())


def _rows(what: str, mine: Any, theirs: Any) -> Iterator[str]:
    rows = np.flatnonzero(mine != theirs)
    if rows.size:
        yield f"{what}: {rows.size} rows differ, such as {rows[:3]}"


def main() -> int:
    """Compare as many patients as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", type=int)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one")
    parser.add_argument("--domain", action="append", default=[])
    parser.add_argument("--columns", action="store_true", help="compare with columns of Polars, not with SPARQL")
    given = parser.parse_args()
    kb = guidegraph.open(domains=tuple(given.domain)) if given.domain else guidegraph.open()
    if given.columns:
        figures = by_columns(kb, given.patients, ASKED[0], Figures(), tell=True)
    else:
        figures = guided(kb, range(given.first, given.first + given.patients), Figures(), tell=True)
    print(figures)
    return 1 if figures.differences else 0


if __name__ == "__main__":
    sys.exit(main())
