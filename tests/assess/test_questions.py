"""Questions: the signs of an alert as one, the others by families of therapies."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidegraph import render
from guidegraph.assess.families import Interventions, deciding, families
from guidegraph.assess.questions import every_open_statement, questions
from tests.conftest import AS_OF
from tests.support import generate

SCIATICA: dict[str, Any] = {"age": 45, "symptom_weeks": 3, "conditions": {"present": ["sciatica"]}}
SIGNS = {
    "bilateral motor weakness",
    "cauda equina syndrome",
    "saddle anesthesia",
    "urinary incontinence",
    "urinary retention",
}


def ask(kb: Any, **more: Any) -> list[Any]:
    return list(kb.ask({**SCIATICA, **more}, as_of=AS_OF))


def alert(rows: list[Any]) -> Any:
    return next((row for row in rows if row["label"] == "Cauda equina syndrome"), None)


def test_the_signs_of_an_alert_are_one_question_with_an_answer_a_sign(kb: Any) -> None:
    rows = ask(kb)
    row = alert(rows)
    assert {sign["label"]: sign["truth"] for sign in row["signs"]} == dict.fromkeys(SIGNS, "unknown")
    assert row["key"] == "" and row["alert"] and row["families"] > 10
    # No sign is asked a second time, and the alerts stand first.
    assert not SIGNS & {one["label"] for one in rows}
    assert [bool(one["signs"]) for one in rows] == sorted((bool(one["signs"]) for one in rows), reverse=True)


def test_what_is_answered_stays_in_the_question_until_all_are(kb: Any) -> None:
    denied = sorted(SIGNS - {"urinary retention", "cauda equina syndrome"})
    partly = alert(ask(kb, findings={"absent": denied}))
    truths = {sign["label"]: sign["truth"] for sign in partly["signs"]}
    assert truths == {
        **dict.fromkeys(denied, "false"),
        "urinary retention": "unknown",
        "cauda equina syndrome": "unknown",
    }
    everything = {"findings": {"absent": [*denied, "urinary retention"]}}
    everything["conditions"] = {"present": ["sciatica"], "absent": ["cauda equina syndrome"]}
    assert alert(ask(kb, **everything)) is None
    assert alert(ask(kb, findings=["saddle anesthesia"])) is None


def test_views_show_every_sign(kb: Any) -> None:
    data = kb.therapies({**SCIATICA, "findings": {"absent": ["saddle anesthesia"]}}, as_of=AS_OF).to_dict()
    for view in (render.therapies_text, render.questions_text, render.questions_markdown, render.notebook_html):
        text = " ".join(view(data).split())
        for sign in SIGNS:
            assert f"{sign} ({'no' if sign == 'saddle anesthesia' else 'not asked'})" in text, view


@pytest.mark.parametrize("name", ["acute-uncomplicated", "week-14-chronic", "renal-impairment"])
def test_other_questions_stand_by_families(kb: Any, name: str) -> None:
    rows = [row for row in kb.ask(f"example:{name}", as_of=AS_OF) if not row["alert"]]
    order = [(-row["families"], not row["absolute"], row["label"]) for row in rows]
    assert order == sorted(order)
    assert all(1 <= row["families"] <= row["therapies"] for row in rows)
    assert any(row["families"] < row["therapies"] for row in rows)


@given(seed=st.integers(1, 100_000))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_family_has_one_status_and_the_same_reasons_below_its_head(kb: Any, seed: int) -> None:
    found = kb.assess(generate.profile(kb, seed), AS_OF)
    known, heads = Interventions(kb.records), families(found)
    assert set(heads) == set(found.statuses)
    for therapy, head in heads.items():
        assert heads[head] == head and head in known.reach(therapy)
        assert found.statuses[head] == found.statuses[therapy] and deciding(found, head) == deciding(found, therapy)
        # Nothing above the head could lead it.
        above = known.reach(head) - {head}
        alike = {t for t in above & set(heads) if found.statuses[t] == found.statuses[head]}
        assert not any(deciding(found, t) == deciding(found, head) and heads[t] == t for t in alike)
    rows = questions(found, every_open_statement(found))
    assert all(row["families"] <= len(set(heads.values())) for row in rows)
