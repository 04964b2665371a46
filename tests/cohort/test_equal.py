"""What planes come to for many patients is what SPARQL comes to for each."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.assess.assessing import assess
from guidegraph.domains import first
from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.profile.problems import parts
from tests.conftest import AS_OF
from tests.support.cohorts import Answered, drawn

ASKED = {"all voices": (None, frozenset[str]()), "guidelines, US": ("US", frozenset({"guideline"}))}


def compare(kb: Any, profiles: list[Any], jurisdiction: str | None, voices: frozenset[str]) -> int:
    """How many of some patients contradict themselves; every other one must come to the same."""
    answered = Answered(kb, compile_criteria(kb.knowledge, AS_OF, jurisdiction, voices), profiles)
    contradictory = 0
    for at, profile in enumerate(profiles):
        try:
            read = kb.profile(profile)
        except ProfileError:
            contradictory += 1
            assert answered.contradicted[at], profile.id
            continue
        assert not answered.contradicted[at], profile.id
        one = assess(kb.knowledge, read, AS_OF, jurisdiction, voices=voices)
        truths = answered.truths(at)
        assert {iri: one.truth(iri) for iri in truths} == truths, profile.id
        assert {therapy: [one.statuses[therapy]] for therapy in answered.statuses(at)} == answered.statuses(at)
    return contradictory


@pytest.mark.parametrize("asked", ASKED)
def test_generated_patients(kb: Any, asked: str) -> None:
    contradictory = compare(kb, [drawn(kb, seed) for seed in range(40)], *ASKED[asked])
    assert 5 < contradictory < 35


def test_examples(kb: Any) -> None:
    names = sorted(first().examples)
    assert compare(kb, [one for name in names for one in parts(kb.profile(f"example:{name}"))], None, frozenset()) == 0


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1_000, 2_600, 400))
def test_many_generated_patients(kb: Any, first: int) -> None:
    compare(kb, [drawn(kb, seed) for seed in range(first, first + 400)], None, frozenset())
