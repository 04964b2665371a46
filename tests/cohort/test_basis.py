"""What criteria rest on: one form that cohorts, the CQL export and the overlap of populations read."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

from guidegraph.knowledge.atoms import STOP, TRIAL, Atom, happened, rules_out, within
from guidegraph.knowledge.basis import chained
from guidegraph.termreadings import HIGHEST, LISTED, LOWEST, TAKEN, Implication, at, cells, inside

ENDS = tuple(Decimal(n) for n in (0, 1, 2, 3))


def drawn(pick: random.Random) -> Atom:
    """An atom over a number with some of its four bounds."""
    ends = {name: pick.choice(ENDS) for name in ("low", "above", "high", "below") if pick.random() < 0.5}
    return Atom("a", "p", bounded=bool(ends), **ends)  # type: ignore[arg-type]


def test_bounds_and_interval_of_an_atom_say_the_same() -> None:
    pick, seen = random.Random(16), set()
    tests = {">=": Decimal.__ge__, ">": Decimal.__gt__, "<=": Decimal.__le__, "<": Decimal.__lt__}
    for _ in range(400):
        atom, value = drawn(pick), Decimal(pick.randint(0, 8)) / 2
        low, high = atom.interval
        told = low < high and inside((at(value),), atom.interval)
        assert within(atom, value) is told is all(tests[sign](value, bound) for sign, bound in atom.limits)
        seen.add(told)
    assert seen == {True, False}
    assert Atom("a", "p").interval == (LOWEST, HIGHEST) and not list(Atom("a", "p").limits)


def test_cells_cover_the_line_and_say_what_their_numbers_say() -> None:
    pick, both = random.Random(17), 0
    for _ in range(60):
        ranges = [interval for interval in (drawn(pick).interval for _ in range(4)) if interval[0] < interval[1]]
        said = [(interval, number, pick.random() < 0.4) for number, interval in enumerate(ranges)]
        found = list(cells(said))
        assert [found[0][0][0], found[-1][0][1]] == [LOWEST, HIGHEST]
        assert all(one[0][1] == other[0][0] for one, other in pairwise(found))
        for value in (Decimal(n) / 2 for n in range(8)):
            brings, denies = next((b, d) for cell, b, d in found if inside((at(value),), cell))
            holding = [(number, out) for interval, number, out in said if inside((at(value),), interval)]
            assert (list(brings), list(denies)) == tuple(
                [number for number, out in holding if out is side] for side in (False, True)
            )
            both += bool(brings and denies)
    assert both > 20


def test_a_trial_or_stop_fits_and_is_ruled_out_by_class_outcome_and_number() -> None:
    above = {"kind": {"kind", "whole"}, "whole": {"whole"}}.__getitem__
    failed = Atom("a", TRIAL, "whole", "failed", True, low=Decimal(6))
    assert happened(failed, ("kind", "failed", Decimal(6)), above)
    for event in (("kind", "failed", Decimal(5)), ("kind", "failed", None), ("kind", None, Decimal(6))):
        assert not happened(failed, event, above)
    assert not happened(Atom("a", TRIAL, "kind"), ("whole", None, None), above)
    assert rules_out(failed, ("whole", None, None), above) and rules_out(failed, ("whole", "failed", None), above)
    assert not rules_out(failed, ("kind", None, None), above) and not rules_out(failed, ("whole", "led", None), above)
    lately = Atom("a", STOP, "kind", bounded=True, high=Decimal(14))
    assert rules_out(lately, ("whole", None, Decimal(14)), above) and rules_out(lately, ("whole", None, None), above)
    assert not rules_out(lately, ("whole", None, Decimal(13)), above)


def test_what_brings_a_class_is_what_it_comes_with(kb: Any) -> None:
    basis, parts = kb.knowledge.basis, 0
    for cls in basis.ancestors:
        for other in basis.brought(TAKEN, cls):
            assert cls in basis.bringing(TAKEN, other)
            parts += other not in basis.above(cls)
        assert all(cls in basis.brought(TAKEN, one) for one in basis.bringing(TAKEN, cls))
        assert all(cls in basis.above(one) for one in basis.below(cls))
        assert all(cls in basis.near(one) for one in basis.near(cls)) and basis.near(cls) >= basis.below(cls)
    assert parts > 10
    whole, members = max(basis.parts.items(), key=lambda item: len(item[1]))
    assert all(whole in basis.containing([member]) for member in members) and len(members) > 1


def test_a_population_comes_after_those_that_it_names(kb: Any) -> None:
    atoms = {f"of {name}": Atom(f"of {name}", "", names=name) for name in "bcd"}
    branches = {
        "a": ((("of c", True),), (("of b", False),)),
        "b": ((("of d", True),),),
        "c": (),
        "d": ((("x", True),),),
    }
    basis = replace(kb.knowledge.basis, atoms=atoms, branches=branches)
    assert basis.ordered("abcd") == ["d", "b", "c", "a"] and basis.ordered(["b", "none"]) == ["d", "b"]


def test_rules_are_chained_through_what_is_above(kb: Any) -> None:
    basis = kb.knowledge.basis
    low, high = next((cls, up) for cls, up in sorted(kb.records.ancestors.items()) if len(up) > 2)
    higher = next(up for up in sorted(high) if up != low)
    one, two = Implication("p", "a", "p", low, False), Implication("p", higher, "p", "z", True)
    assert chained([one, two], basis) == [one, two, Implication("p", "a", "p", "z", True, None, LISTED)]
    assert chained([two, two], basis) == [two, two]


def test_a_leaf_is_related_to_what_it_is_a_kind_of(kb: Any) -> None:
    """Whatever was asked of the classes without it before."""
    parent = min(kb.records.descendants)
    more = kb.records.with_leaves({"urn:leaf": ("a leaf", (parent,))})
    assert more.related("urn:leaf", parent) and not kb.records.related("urn:leaf", parent)
