"""What a general practitioner found odd in half a minute: each case a whole kind of patients, mended by a rule."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.render import glance_markdown, glance_text
from tests.conftest import AS_OF
from tests.support.paths import ASKED

SCIATICA = {"age": 55, "sex": "male", "symptom_weeks": 3, "conditions": ["sciatica"]}


def families(glance: Any, *bands: str) -> dict[str, Any]:
    """The families of some bands by the label of their head."""
    return {f["label"]: f for band in glance["bands"] if band["band"] in bands for f in band["families"]}


def text_of(glance: Any) -> str:
    return " ".join(glance_markdown(glance).split())


@pytest.fixture(scope="module")
def knee(opened: Any) -> Any:
    """The glance of a patient with osteoarthritis, by what is beside it."""

    def one(problem: str | None = None, **more: Any) -> Any:
        profile: dict[str, Any] = {"age": 70, "sex": "female", **more}
        if "problems" not in more:
            profile["conditions"] = ["osteoarthritis of the knee", *more.get("conditions", [])]
        return opened("osteoarthritis").therapies(profile, as_of=AS_OF, problem=problem).glance()

    return one


def test_a_mark_behind_a_family_is_one_of_everything_that_is_named(ask: Any) -> None:
    """Amitriptyline beside MAO inhibitors is on file, though nothing is on tricyclics as a class."""
    told = 0
    for path, problem in ASKED[:4]:
        answer = ask(path, problem=problem)
        marks = {row["intervention"]: row["marks"] for row in answer.to_dict()["therapies"]}
        for family in (f for band in answer.glance()["bands"] for f in band["families"]):
            told += len(family["members"]) > 0 and len(family["marks"]) > 0
            assert all(mark in marks[t] for mark in family["marks"] for t in family["therapies"])
    assert told


def test_a_question_names_a_therapy_that_it_decides(kb: Any) -> None:
    """A stopped MAO inhibitor rules out single antidepressants, not the class that a guideline recommends."""
    profile = {
        "age": 52,
        "symptom_weeks": 30,
        "conditions": {"present": ["lumbar disc herniation with radiculopathy"], "complete": True},
        "medications": {"present": [], "complete": True},
    }
    answer = kb.therapies(profile, as_of=AS_OF).to_dict()
    stopped = [q for q in answer["questions"] if q["label"].startswith("stopped monoamine oxidase inhibitor")]
    assert [q["decides"] for q in stopped] == ["may rule out amitriptyline"]


def test_a_drug_is_not_taken_beside_itself(kb: Any) -> None:
    """Aspirin is an antiplatelet drug: the warning on NSAIDs beside one is about a second."""
    both = {**SCIATICA, "medications": ["aspirin", "clopidogrel"]}
    alone = {**SCIATICA, "medications": {"present": ["aspirin"], "complete": True}}
    told = [kb.therapies(profile, as_of=AS_OF) for profile in (alone, both)]
    assert told[0].to_dict()["taken_now"] == told[0].glance()["taken_now"] == []
    assert [row["label"] for row in told[1].glance()["taken_now"]] == ["aspirin"]
    assert "takes antiplatelet drug" in told[1].glance()["taken_now"][0]["facts"][0]["text"]


def test_what_forbids_a_drug_that_is_taken_stands_before_what_warns_of_it(kb: Any) -> None:
    taken = ["naproxen", "lisinopril", "bendroflumethiazide"]
    patient = {**SCIATICA, "medications": taken, "conditions": ["sciatica", "allergy to diclofenac"]}
    row = next(r for r in kb.therapies(patient, as_of=AS_OF).glance()["taken_now"] if r["label"] == "naproxen")
    kinds = [fact["text"].partition(":")[0] for fact in row["facts"]]
    assert kinds[0] == "absolute" and "warning" in kinds
    assert kinds == sorted(kinds, key=lambda kind: kind != "absolute")


def test_a_drug_that_is_taken_and_contested_is_told_with_both_sides(knee: Any) -> None:
    glance = knee(medications=["acetaminophen"])
    (row,) = glance["taken_now"]
    assert [v["stance"] for v in row["against"]] == ["against"]
    assert len(row["recommended"]) == 3
    told = text_of(glance)
    assert "acetaminophen: advised against for this problem by OARSI 2019 conditional; recommended for it by" in told


def test_an_ended_voice_on_another_problem_is_none_on_this_one(knee: Any) -> None:
    """A guideline on osteoarthritis that has ended did not look at sciatica."""
    glance = knee(problem="sciatica", problems=[{"of": "sciatica", "weeks": 3}, {"of": "osteoarthritis of the knee"}])
    assert not families(glance, "left-open", "tests")
    assert families(knee(), "left-open")


def test_what_holds_is_told_before_what_is_open_and_called_a_caution(knee: Any) -> None:
    """An NSAID beside an ACE inhibitor and a diuretic, or lithium, comes first of what is to be checked."""
    for drugs in (["lisinopril", "hydrochlorothiazide"], ["lithium"]):
        glance = knee(medications=drugs)
        first = next(iter(families(glance, "if-checked").values()))
        assert first["label"] == "nonsteroidal anti-inflammatory drug" and first["facts"]
        assert "caution: takes" in text_of(glance)
    contested = knee(conditions=["frailty"], medications=["lithium"])
    assert families(contested, "disagree")["nonsteroidal anti-inflammatory drug"]["facts"]
    assert "- caution: takes lithium" in text_of(contested)


def test_families_of_which_the_same_is_said_share_a_row(knee: Any) -> None:
    """They differ in how many sources say so and how many facts are open: that is told as a bound."""
    text = text_of(knee(age=57, sex="male", conditions=["peptic ulcer disease"], medications=["sertraline"]))
    assert "nonsteroidal anti-inflammatory drug (+3), naproxen - caution: takes selective serotonin" in text
    assert "up to +2)" in text


def test_a_complete_list_of_conditions_denies_the_setting_of_an_operation(knee: Any) -> None:
    """A rub against pain of the knee is recommended to who has had no bypass operation, and is not held up for ever."""
    glance = knee(conditions=[])
    assert "topical NSAID" in families(glance, "if-checked")
    listed = {"present": ["osteoarthritis of the knee"], "complete": True}
    assert "topical NSAID" in families(knee(problems=[], conditions=listed), "recommended")


def test_a_technique_is_told_with_what_it_belongs_to(opened: Any) -> None:
    profile = {"age": 70, "conditions": ["osteoarthritis of the hip"]}
    glance = opened("osteoarthritis").therapies(profile, as_of=AS_OF).glance()
    row = families(glance, "recommended", "if-checked")["ultrasound guidance of an injection into a joint"]
    assert row["only_with"] == ["only: together with an intra-articular corticosteroid injection"]


def test_everyday_words_and_codes_of_the_joints_are_understood(knee: Any, opened: Any) -> None:
    assert "overweight or obesity (obesity)" in knee(conditions=["obesity"])["patient"]
    coded = opened("osteoarthritis").therapies({"conditions": ["ICD10CM:M17.11"]}, as_of=AS_OF).glance()
    assert coded["problem"].startswith("osteoarthritis of the knee (Unilateral") and not coded["not_understood"]


def test_a_cancer_of_the_past_raises_the_flags_that_name_it_first(kb: Any) -> None:
    """Three lists of red flags say "history of cancer"; they stand before what everybody of the age shares."""
    for written in ("history of cancer", "history of prostate cancer", "ICD10CM:Z85.46"):
        glance = kb.therapies({**SCIATICA, "conditions": ["sciatica", written]}, as_of=AS_OF).glance()
        assert "cancer" in glance["flags"][0].casefold() and "Age" not in glance["flags"][0]
        assert any(flag.startswith("Age over 50") for flag in glance["flags"])
    now = kb.therapies({**SCIATICA, "conditions": ["sciatica", "cancer"]}, as_of=AS_OF).glance()
    assert now["flags"] == glance["flags"]


def test_what_was_written_is_found_in_the_first_line(kb: Any) -> None:
    written = {**SCIATICA, "conditions": ["sciatica", "migraine", "hypertension"], "medications": ["prednisolone"]}
    told = kb.therapies(written, as_of=AS_OF).glance()["patient"]
    assert {"neurological disease (migraine)", "hypertension", "takes corticosteroid (prednisolone)"} <= set(told)
    missed = kb.therapies({**SCIATICA, "conditions": ["sciatica", "breastfeeding"]}, as_of=AS_OF).glance()
    assert missed["not_understood"][0].startswith("ICD10CM:Z39.1 (breastfeeding)")


def test_no_mark_is_explained_that_was_cut(kb: Any) -> None:
    crowded = {
        "age": 16,
        "sex": "male",
        "symptom_weeks": 6,
        "conditions": ["sciatica"],
        "medications": {"complete": True},
    }
    text = glance_text(kb.therapies(crowded, as_of=AS_OF).glance())
    assert "undetermined" in text
    assert all(text.count(f"[{letter}]") != 1 for letter in "abc")


def test_a_range_is_told_by_the_short_name_of_its_number(opened: Any) -> None:
    glance = opened("osteoarthritis").therapies({"age": 15, "conditions": ["osteoarthritis of the knee"]}, as_of=AS_OF)
    told = glance.glance()
    assert families(told, "do-not-give")["topical capsaicin"]["facts"][0]["text"] == "age: under 18"
    assert told["banner"].endswith("patients of at least 16 years, at least 17 years or at least 18 years.")
