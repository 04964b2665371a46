"""Are planes and SPARQL of one mind? ``python -m tests.support.cohortproof 20000 [--domain NAME] [--first SEED]`` compares the
status of every therapy, and the truth of every atom, population and statement, of so many guided patients, and prints the
figures; it ends with 1 at a difference. Two of them, each with half of the patients, use two cores.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import guidegraph
from guidegraph.assess.assessing import assess
from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import Criteria, compile_criteria
from guidegraph.model import Profile
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
_AT_ONCE = 250


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


def main() -> int:
    """Compare as many patients as are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("patients", type=int)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one")
    parser.add_argument("--domain", action="append", default=[])
    given = parser.parse_args()
    kb = guidegraph.open(domains=tuple(given.domain)) if given.domain else guidegraph.open()
    figures = guided(kb, range(given.first, given.first + given.patients), Figures(), tell=True)
    print(figures)
    return 1 if figures.differences else 0


if __name__ == "__main__":
    sys.exit(main())
