"""The record that the page holds: what is filled in or clicked becomes the fact that it says, and nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.intake.form import plain
from guidegraph.model import Profile
from guidegraph.profile import parse_profile_text
from guidegraph.web.questions import Asked, completions, questions
from guidegraph.web.record import changed, from_text

DAY = date(2026, 11, 24)


def stated(kb: gg.KnowledgeBase, text: str) -> Profile:
    """A profile as it is stated."""
    return parse_profile_text(text, "yaml", kb.vocabulary, where="here")


def edited(kb: gg.KnowledgeBase, text: str, fields: dict[str, Any], place: int = 0) -> dict[str, Any]:
    """A record after fields were filled in, all of which could be taken over."""
    result = changed(kb, stated(kb, text), {k: v if isinstance(v, list) else [v] for k, v in fields.items()}, place)
    assert result.faults == {}
    return plain(result.profile, kb.vocabulary)


CASES = [
    ("age: 30", {"number:age": "44"}, {"age": 44}),
    ("age: 30", {"number:age": ""}, {}),
    ("age: 30", {"number:age": "30"}, {"age": 30}),
    ("{}", {"ask:egfr": "55.5"}, {"egfr": 55.5}),
    ("egfr: 50", {"ask:egfr": ""}, {"egfr": 50}),
    ("sex: male", {"choice:sex": "female"}, {"sex": "female"}),
    ("sex: male", {"choice:sex": ""}, {}),
    ("{}", {"choice:pregnant": "false"}, {"pregnant": False}),
    (
        "conditions: {present: [sciatica], absent: [cancer]}",
        {"fact:conditions:ggt:Sciatica": "no", "fact:conditions:ggt:Cancer": "unknown"},
        {"conditions": {"absent": ["ggt:Sciatica"]}},
    ),
    ("{}", {"add-state": "sciatica", "add-state-word": "no"}, {"conditions": {"absent": ["ggt:Sciatica"]}}),
    ("{}", {"add-state": "saddle anesthesia"}, {"findings": {"present": ["ggt:SaddleAnesthesia"]}}),
    ("{}", {"add-medication": "ibuprofen"}, {"medications": {"present": ["ggt:Ibuprofen"]}}),
    (
        "{}",
        {"add-trial": "exercise therapy", "add-trial-outcome": "failed", "add-trial-weeks": "6"},
        {"trials": {"present": [{"of": "ggt:ExerciseTherapy", "weeks": 6, "outcome": "gg:Failed"}]}},
    ),
    (
        "{}",
        {"add-trial": "exercise therapy", "add-trial-outcome": "never", "add-trial-weeks": "6"},
        {"trials": {"absent": [{"of": "ggt:ExerciseTherapy"}]}},
    ),
    (
        "{}",
        {"add-stopped": "ibuprofen", "add-stopped-days": "3"},
        {"stopped_medications": {"present": [{"of": "ggt:Ibuprofen", "days": 3}]}},
    ),
    (
        "trials: {present: [{of: exercise therapy, outcome: failed}, {of: traction, outcome: failed}]}",
        {"drop": ["trials/present/0", "trials/present/1"]},
        {},
    ),
    (
        "conditions: {present: [sciatica]}",
        {"complete-shown": "1", "complete": ["conditions", "trials"]},
        {"conditions": {"present": ["ggt:Sciatica"], "complete": True}, "trials": {"present": [], "complete": True}},
    ),
    ("conditions: {complete: true}", {"complete-shown": "1"}, {}),
    (
        "findings: {present: [saddle anesthesia]}",
        {"attend": "acted_on|statement/droracle-sciatica-2025/alert-cauda-equina"},
        {"findings": {"present": ["ggt:SaddleAnesthesia"]}, "alerts": {"acted_on": [...]}},
    ),
]


@pytest.mark.parametrize(("text", "fields", "expected"), CASES)
def test_what_is_filled_in_is_stated(
    kb: gg.KnowledgeBase, text: str, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = edited(kb, text, fields)
    found.pop("id")
    if "alerts" in expected:
        assert len(found.pop("alerts")["acted_on"]) == 1
        expected = {key: value for key, value in expected.items() if key != "alerts"}
    assert found == expected


def test_what_belongs_to_a_problem_is_stated_of_the_one_that_the_form_was_of(kb: gg.KnowledgeBase) -> None:
    text = "problems: [{of: sciatica, weeks: 2}, {of: low back pain, weeks: 520}]"
    before = plain(stated(kb, text), kb.vocabulary)["problems"]
    for place in (0, 1):
        after = edited(kb, text, {"number:symptom_weeks": "9", "choice:severity": "severe"}, place)["problems"]
        assert after[place] == {**before[place], "weeks": 9, "severity": "severe"}
        assert after[1 - place] == before[1 - place]


@pytest.mark.parametrize(
    ("text", "fields", "field"),
    [
        ("age: 30", {"number:age": "three"}, "number:age"),
        ("age: 30", {"number:age": "-3"}, "number:age"),
        ("age: 30", {"number:age": "1e3"}, "number:age"),
        ("age: 30", {"number:age": "300"}, "number:age"),
        ("{}", {"add-state": "no such thing at all"}, "add-state"),
        ("{}", {"add-medication": "sciatica"}, "add-medication"),
        ("{}", {"add-trial": "exercise therapy", "add-trial-weeks": "six"}, "add-trial"),
        ("sex: male", {"choice:pregnant": "true"}, "choice:pregnant"),
        ("conditions: {absent: [cancer]}", {"add-state": "spinal malignancy"}, "add-state"),
        ("{}", {"choice:sex": "neither"}, "choice:sex"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_leaves_the_record(
    kb: gg.KnowledgeBase, text: str, fields: dict[str, str], field: str
) -> None:
    before = stated(kb, text)
    result = changed(kb, before, {key: [value] for key, value in fields.items()}, 0)
    assert list(result.faults) == [field] and result.faults[field]
    assert result.profile == before


def test_one_wrong_field_does_not_keep_the_others_out(kb: gg.KnowledgeBase) -> None:
    result = changed(kb, stated(kb, "age: 30"), {"number:age": ["x"], "add-medication": ["ibuprofen"]}, 0)
    assert list(result.faults) == ["number:age"]
    assert plain(result.profile, kb.vocabulary)["medications"] == {"present": ["ggt:Ibuprofen"]}


def test_nothing_that_a_fact_implied_stays_when_it_is_changed(kb: gg.KnowledgeBase) -> None:
    """Who was taken for a man is not left as not pregnant."""
    assert edited(kb, "sex: male", {"choice:sex": "female"}) == {"id": "patient", "sex": "female"}


@pytest.mark.slow
def test_every_question_of_an_answer_is_answered_by_its_buttons(kb: gg.KnowledgeBase) -> None:
    """Of each kind of question some: after yes and after no, the same is not asked any more."""
    profile = stated(kb, "age: 45\nconditions: [sciatica]\nsymptom_weeks: 20")
    data = kb.therapies(profile, as_of=DAY).to_dict()
    seen: dict[str, int] = {}
    for row in [row for row in data["questions"] if not row["signs"]]:
        kind = f"{row['key']} {row['fact'].count(':')}"
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > 1:
            continue
        (asked,) = questions({**data, "questions": [row]})
        for word in ("number",) if asked.alone else ("yes", "no"):
            after = changed(kb, profile, fields_of(asked, word), 0)
            assert after.faults == {} and after.edits == 1, row["fact"]
            left = {one["fact"] for one in kb.ask(after.profile, as_of=DAY)}
            assert row["fact"] not in left, f"{row['fact']} after {word}"
    assert len(seen) > 6


def fields_of(asked: Asked, word: str) -> dict[str, list[str]]:
    """What the page sends when a question is answered."""
    number = {asked.number: ["12"]} if asked.number and word != "no" else {}
    return number if word == "number" else {**number, "answer": [asked.yes if word == "yes" else asked.no]}


def test_a_yes_that_hangs_on_a_number_asks_for_it(kb: gg.KnowledgeBase) -> None:
    fact = "stopped_medications:ggt:MonoamineOxidaseInhibitor:at most 14"
    result = changed(kb, Profile(), {"answer": [f"yes|stopped_medications|{fact}"]}, 0)
    assert "how many days" in result.faults["answer"]
    none = edited(kb, "{}", {"answer": f"no|stopped_medications|{fact}"})
    assert none["stopped_medications"] == {"absent": [{"of": "ggt:MonoamineOxidaseInhibitor", "days": 14}]}


def test_one_answer_rules_out_several_signs(kb: gg.KnowledgeBase) -> None:
    alert = kb.therapies(Profile(), as_of=DAY).to_dict()["alerts"][0]
    value = "|".join(["no", *(part for sign in alert["signs"] for part in (sign["key"], sign["fact"]))])
    after = changed(kb, Profile(), {"answer": [value]}, 0)
    found = {row["id"]: row["truth"] for row in kb.therapies(after.profile, as_of=DAY).to_dict()["alerts"]}
    assert found[alert["id"]] == "false"


def test_a_record_of_fhir_is_told_from_a_profile(kb: gg.KnowledgeBase) -> None:
    profile, report = from_text(kb, '{"resourceType": "Patient", "id": "p", "gender": "male"}')
    assert report is not None and profile.present
    profile, report = from_text(kb, '{"sex": "male"}')
    assert report is None and profile.present
    with pytest.raises(gg.errors.ProfileError):
        from_text(kb, '{"sex": "male", "pregnant": true}')


def test_terms_complete_by_label_synonym_and_code(kb: gg.KnowledgeBase) -> None:
    kinds = ("intervention",)
    assert completions(kb.vocabulary, "ibup", kinds)[0]["value"] == "ibuprofen"
    assert "paracetamol" in completions(kb.vocabulary, "paraceta", kinds)[0]["by"]
    assert completions(kb.vocabulary, "ATC:M01AE01", kinds)[0]["label"] == "ibuprofen"
    assert completions(kb.vocabulary, "", kinds) == []
    assert completions(kb.vocabulary, "ATC:nothing", kinds) == []
    assert not {row["value"] for row in completions(kb.vocabulary, "sciatica", kinds)} & {"sciatica"}
