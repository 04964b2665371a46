"""What planes come to for many patients is what SPARQL comes to for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.model import STATUSES
from guidegraph.profile.problems import parts
from tests.conftest import AS_OF
from tests.support.cohortproof import ASKED, DAY, Figures, compare, guided
from tests.support.cohorts import Answered, drawn
from tests.support.guided import WANTED, Guide

Opened = Callable[..., Any]
DOMAINS = [(), ("osteoarthritis",)]


def agreed(figures: Figures, least: int) -> None:
    """Nothing differs, and there was something that could: every status, every truth, contradictions."""
    assert not figures.differences, figures
    assert figures.statuses.keys() == STATUSES.keys() and figures.truths.keys() == {*WANTED, "inactive"}
    assert 0 < figures.contradictory < figures.patients / 2 and figures.patients == least, figures


@pytest.mark.slow
@pytest.mark.parametrize("asked", ASKED[:2])
def test_random_patients(kb: Any, asked: tuple[Any, ...]) -> None:
    compare(kb, [drawn(kb, seed) for seed in range(30)], asked, figures := Figures())
    assert not figures.differences, figures
    assert 5 < figures.contradictory < 25


@pytest.mark.slow
def test_guided_patients(kb: Any) -> None:
    guide = Guide(kb, compile_criteria(kb.knowledge, DAY))
    figures = Figures()
    for turn, asked in enumerate(ASKED):
        # Far apart, so that each asks for another branch.
        compare(kb, [guide.patient(seed) for seed in range(turn * 13, 1_300, 52)], asked, figures)
    agreed(figures, 100)


@pytest.mark.slow
@pytest.mark.parametrize("domains", DOMAINS)
def test_examples(opened: Opened, domains: tuple[str, ...]) -> None:
    kb, figures = opened(*domains), Figures()
    for asked in ASKED[:2]:
        examples = [one for name in sorted(kb.knowledge.examples) for one in parts(kb.profile(f"example:{name}"))]
        compare(kb, examples, asked, figures)
    assert not figures.differences and not figures.contradictory, figures
    assert figures.patients >= 2 * len(kb.knowledge.examples)


@pytest.mark.slow
@pytest.mark.parametrize("domains", DOMAINS)
def test_many_guided_patients(opened: Opened, domains: tuple[str, ...]) -> None:
    agreed(guided(opened(*domains), range(50_000, 51_000), Figures()), 1_000)


@pytest.mark.slow
def test_many_random_patients(kb: Any) -> None:
    compare(kb, [drawn(kb, seed) for seed in range(1_000, 1_600)], ASKED[0], figures := Figures())
    assert not figures.differences, figures


@pytest.mark.slow
@pytest.mark.parametrize("domains", [(), pytest.param(("osteoarthritis",), marks=pytest.mark.slow)])
def test_the_guide_reaches_every_branch_all_three_ways(opened: Opened, domains: tuple[str, ...]) -> None:
    """So are every atom, population and statement; none is out of reach."""
    kb = opened(*domains)
    criteria = compile_criteria(kb.knowledge, AS_OF)
    guide = Guide(kb, criteria)
    answered = Answered(kb, criteria, [guide.patient(seed) for seed in range(12 * len(guide.branches))])
    counts = ~answered.contradicted
    missed = []
    for branch in guide.branches:
        true, false = counts.copy(), np.zeros_like(counts)
        for atom, positive in branch:
            holds, fails = answered.masks(atom) if positive else answered.masks(atom)[::-1]
            true, false = true & holds, false | (fails & counts)
        missed += _missing(branch, true, false, counts)
    named = {*criteria.atoms, *criteria.branches, *(s for s in criteria.population if s not in criteria.inactive)}
    for iri in sorted(named):
        true, false = answered.masks(iri)
        missed += _missing(iri, true & counts, false & counts, counts)
    assert len(guide.branches) > 300 and len(named) > 1_000
    assert not missed, missed


def _missing(of: Any, true: Any, false: Any, counts: Any) -> list[tuple[str, Any]]:
    ways = {"true": true, "false": false, "unknown": counts & ~true & ~false}
    return [(way, of) for way, who in ways.items() if not who.any()]
