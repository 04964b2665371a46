"""The planes beside a second executor that shares the criteria and nothing else with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.model import STATUSES
from tests.support.cohortproof import ASKED, DAY, Figures, by_columns, compare
from tests.support.guided import WANTED
from tests.support.manypatients import Crowd

pytestmark = pytest.mark.slow
DOMAINS = [(), ("osteoarthritis",)]


@pytest.mark.parametrize("domains", DOMAINS)
def test_a_great_many_patients(opened: Callable[..., Any], domains: tuple[str, ...]) -> None:
    figures = by_columns(opened(*domains), 100_000, ASKED[0], Figures())
    assert not figures.differences, figures
    assert figures.statuses.keys() == STATUSES.keys() and min(figures.statuses.values()) > 1_000
    assert figures.truths.keys() == {*WANTED, "inactive"} and 0 < figures.contradictory < 40_000


def test_another_country_and_voices(kb: Any) -> None:
    figures = by_columns(kb, 3_000, ASKED[1], Figures())
    assert not figures.differences and figures.patients == 3_000, figures


def test_patients_of_columns_are_answered_as_profiles(kb: Any) -> None:
    """What the columns state is what a profile of the same patient does: SPARQL agrees with the planes on these too."""
    crowd = Crowd(kb, compile_criteria(kb.knowledge, DAY), 300)
    (frame,) = crowd.batches(150, 150)
    compare(kb, [crowd.profile(frame, row) for row in range(150)], ASKED[0], figures := Figures())
    assert not figures.differences, figures
