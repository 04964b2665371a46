"""A step that says with what in a profile it finds anything finds nothing without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph.knowledge import engine
from tests.conftest import AS_OF

CONDITIONAL = [step.name for step in engine.steps("assess") if step.only_with]


def test_the_header_is_read() -> None:
    assert {"assess/12-spans", "assess/13-events", "assess/43-tolerated"} <= set(CONDITIONAL)


@pytest.mark.parametrize("name", ["age-only", "bleeding-ulcer", "renal-impairment", "pregnant-28-weeks"])
def test_a_step_that_is_not_run_would_find_nothing(kb: Any, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each is run all the same, and the truths, statuses and edges stay what they are."""
    profile = kb.profile(f"example:{name}")
    usual = kb.assess(profile, AS_OF)
    ran: list[str] = []
    run = engine.Engine._run

    def counted(self: Any, place: ox.Store, step: engine.Step) -> bytes:
        text = run(self, place, step)
        if step.name in CONDITIONAL and not step.concerns(place):
            ran.append(step.name)
            assert text == b"", step.name
        return text

    everything = tuple(replace(step, only_with=()) for step in engine.steps("assess"))
    kept = {step.name: step for step in engine.steps("assess")}
    monkeypatch.setattr(engine, "steps", lambda folder: everything)
    monkeypatch.setattr(engine.Engine, "_run", lambda self, place, step: counted(self, place, kept[step.name]))
    whole = kb.assess(profile, AS_OF)
    assert ran
    assert (whole.truths, whole.statuses, whole.not_tolerated) == (usual.truths, usual.statuses, usual.not_tolerated)
