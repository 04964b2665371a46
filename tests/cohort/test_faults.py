"""Faults of the compiler, the reader of facts and the executor: the comparison with SPARQL notices each."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.termreadings import DISPUTED
from tests.support.cohortfaults import COMPILER, EXECUTOR, FAULTS, IDLE, READER, Fault, answers, noticed, patients
from tests.support.cohortproof import DAY

pytestmark = pytest.mark.slow


def test_each_fault_is_noticed(kb: Any) -> None:
    profiles = patients(kb, 300)
    right = answers(kb, profiles)
    assert noticed(kb, Fault(), profiles, right) == 0
    found = {name: noticed(kb, fault, profiles, right) for name, fault in FAULTS.items()}
    assert {name for name, count in found.items() if not count} == IDLE.keys(), found
    assert len(COMPILER) > 40 and len(READER) > 10 and len(EXECUTOR) > 8


def test_what_is_disputed_is_read_from_a_number(kb: Any) -> None:
    """The reason why the one fault is idle."""
    rules = compile_criteria(kb.knowledge, DAY).rules
    disputed = {(rule.then, rule.other) for rule in rules if rule.kind == DISPUTED}
    read = {(rule.then, rule.other) for rule in rules if rule.listless and not rule.excluded and rule.kind != DISPUTED}
    assert disputed and disputed <= read
