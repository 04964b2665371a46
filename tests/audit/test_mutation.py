"""Mistakes in the knowledge are noticed: a sample of what ``python -m tests.support.mutation`` reports in full."""

from __future__ import annotations

import random

import pytest

from tests.support import mutation


@pytest.mark.slow
def test_of_a_hundred_mistakes_at_least_ninety_five_are_noticed() -> None:
    """One mistake each by a third of the operators; all of them, many times over, are what the command is for."""
    names = random.Random(7).sample(sorted(mutation.OPERATORS), len(mutation.OPERATORS) // 3)
    rows = mutation.run(each=1, seed=7, names=names, workers=1)
    assert len(rows) >= 14
    survivors = [row for row in rows if row[2] == "survived"]
    assert len(survivors) <= 0.07 * len(rows), survivors


@pytest.mark.slow
def test_there_are_at_least_twenty_operators_and_each_makes_mutants() -> None:
    assert len(mutation.OPERATORS) >= 20
    for name in mutation.OPERATORS:
        assert mutation.places(name), name
        found = list(mutation.mutants(name, 3, 1))
        assert found, name
        for mutant in found:
            assert set(map(str, mutant.quads)) != set(map(str, mutation.files()[mutant.path])), mutant.told


def test_the_same_seed_makes_the_same_mutants() -> None:
    name = random.Random(1).choice(sorted(mutation.OPERATORS))
    assert [m.told for m in mutation.mutants(name, 3, 5)] == [m.told for m in mutation.mutants(name, 3, 5)]


@pytest.mark.slow
def test_the_unchanged_graph_is_noticed_by_no_guard() -> None:
    path = next(p for p in mutation.files() if p.name == mutation.ARTICLE)
    assert mutation.noticed(mutation.Mutant("none", path, mutation.files()[path], "nothing")) == ""
