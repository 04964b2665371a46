"""What meets only since weeks, months and days were converted, or since definitions of a term differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.disagree.test_verdicts import AS_OF, SCIATICA, WEEKS, both, document, rec, rows

CHRONIC = "[ a owl:Restriction ; owl:onProperty gg:hasFinding ; owl:someValuesFrom ggt:ChronicEpisode ]"
NOT_CHRONIC = f"[ a owl:Class ; owl:complementOf {CHRONIC} ]"


@pytest.mark.parametrize(
    ("least", "most", "marked"),
    [
        ("12.0", "13.0", True),  # 84 days and 3 months
        ("24.0", "26.0", True),
        ("48.0", "52.0", True),
        ("11.0", "13.0", False),
        ("12.0", "14.0", False),
        ("6.0", "8.0", False),
        ("52.0", "53.0", False),
    ],
)
def test_an_overlap_of_nothing_but_a_conversion_is_reported_apart(
    world: Callable[..., Any], least: str, most: str, marked: bool
) -> None:
    late = rec(expression=both(SCIATICA, WEEKS % ("minInclusive", least)))
    early = rec("Against", expression=both(SCIATICA, WEEKS % ("maxExclusive", most)))
    kb = world(document("one", late), document("two", early))
    assert [(r["verdict"], r["boundary"]) for r in rows(kb)] == [("real", marked)]
    found = kb.disagreements(as_of=AS_OF)
    assert len(found["disagreements"]) == (0 if marked else 1) == len(found["controversies"])
    assert len(kb.disagreements(as_of=AS_OF, include_apparent=True)["disagreements"]) == 1


def test_a_narrow_window_of_one_source_is_no_boundary(world: Callable[..., Any]) -> None:
    narrow = both(SCIATICA, WEEKS % ("minInclusive", "12.0"), WEEKS % ("maxExclusive", "13.0"))
    kb = world(document("one", rec(expression=narrow)), document("two", rec("Against")))
    assert [r["boundary"] for r in rows(kb)] == [False]


@pytest.mark.parametrize(
    ("one", "other", "marked"),
    [
        (
            CHRONIC,
            WEEKS % ("maxExclusive", "13.0"),
            True,
        ),  # by some definition chronic from 12 weeks, by another from 13
        (NOT_CHRONIC, WEEKS % ("minInclusive", "12.0"), True),
        (CHRONIC, WEEKS % ("maxExclusive", "14.0"), False),
        (NOT_CHRONIC, WEEKS % ("minInclusive", "11.0"), False),
        (CHRONIC, " ".join((WEEKS % ("minInclusive", "12.0"), WEEKS % ("maxExclusive", "13.0"))), True),
    ],
)
def test_an_overlap_of_nothing_but_a_dispute_is_reported_apart(
    world: Callable[..., Any], one: str, other: str, marked: bool
) -> None:
    sides = rec(expression=both(SCIATICA, one)), rec("Against", expression=both(SCIATICA, other))
    for left, right in (sides, sides[::-1]):
        kb = world(document("one", left), document("two", right))
        assert [(r["verdict"], r["boundary"]) for r in rows(kb)] == [("real", marked)]
        assert len(kb.disagreements(as_of=AS_OF)["controversies"]) == (0 if marked else 1)


def test_two_statements_on_the_disputed_range_itself_are_no_boundary(world: Callable[..., Any]) -> None:
    narrow = both(SCIATICA, CHRONIC, WEEKS % ("minInclusive", "12.0"), WEEKS % ("maxExclusive", "13.0"))
    kb = world(document("one", rec(expression=narrow)), document("two", rec("Against")))
    assert [r["boundary"] for r in rows(kb)] == [False]
