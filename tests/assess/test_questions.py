"""Questions: the signs of an alert as one, the others by families of therapies."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidegraph import render
from guidegraph.assess.families import Interventions, deciding, families
from guidegraph.assess.questions import every_open_statement, questions, to_establish
from guidegraph.knowledge.describe import iri_of
from guidegraph.knowledge.records import gg
from guidegraph.model import POSITIVE
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


@pytest.mark.parametrize("name", ["acute-uncomplicated", "week-14-chronic", "renal-impairment", "age-only"])
def test_what_may_harm_is_asked_first(kb: Any, name: str) -> None:
    """What may rule out a therapy that is recommended now, then a test that is, then by families; alike together."""
    answer = kb.therapies(f"example:{name}", as_of=AS_OF)
    rows = [row for row in answer.to_dict()["questions"] if not row["alert"]]
    statuses = {kb.records.label(iri): (iri, status) for iri, status in answer.assessment.statuses.items()}

    def harm(decides: str) -> int:
        iri, status = statuses.get(decides.removeprefix("may rule out "), ("", ""))
        return (1 if kb.records.shown_apart(iri) else 2) if status in POSITIVE else 0

    groups = [list(group) for _, group in groupby(rows, key=lambda row: row["decides"])]
    assert len(groups) == len({row["decides"] for row in rows})
    for group in groups:
        order = [(-row["families"], not row["absolute"], row["label"]) for row in group]
        assert order == sorted(order)
    order = [(-harm(group[0]["decides"]), -group[0]["families"]) for group in groups]
    assert order == sorted(order)
    assert any(harm(group[0]["decides"]) for group in groups) == (name != "age-only")
    assert all(1 <= row["families"] <= row["therapies"] for row in rows)
    assert any(row["families"] < row["therapies"] for row in rows)


def test_nothing_is_asked_for_a_therapy_that_nobody_would_start(kb: Any) -> None:
    """Unless the patient takes it, or a drug that may be it."""
    patient = {**SCIATICA, "conditions": {"present": ["sciatica"], "absent": ["neuropathic pain component"]}}
    before = kb.therapies(patient, as_of=AS_OF)
    asked = {row["label"] for row in before.to_dict()["questions"]}
    drugs, still = kb.records.ancestors, every_open_statement(before.assessment)
    tried = 0
    for therapy in before.to_dict()["therapies"]:
        iri = iri_of(therapy["intervention"])
        ruling_out = to_establish(before.assessment, [row for row in still[iri] if row.role == "c"])
        named = {row["label"] for row in ruling_out if row["fact"] and not row["alert"]} - asked
        if therapy["status"] != "not-indicated" or not named or gg("Drug") not in drugs[iri]:
            continue
        after = kb.therapies({**patient, "medications": [therapy["intervention"]]}, as_of=AS_OF)
        if after.assessment.statuses[iri] == "not-indicated":
            tried += 1
            assert {row["label"] for row in after.to_dict()["questions"]} & named, therapy["label"]
    assert tried >= 2


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
