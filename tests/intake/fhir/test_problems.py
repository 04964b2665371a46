"""Problems of a record: the onset of each condition, the reason of each trial; what nobody attributes is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.intake import form
from guidegraph.profile import digest
from tests.support.fhirhelp import SUBJECT, Read, concept, condition

DAY = date(2026, 3, 15)
WEEKS, SCORE = ns.GG + "symptomWeeks", ns.GG + "painScore"


def procedure(of: str, **more: Any) -> dict[str, Any]:
    row = {"resourceType": "Procedure", "id": f"of-{of}", "subject": SUBJECT, "status": "completed"}
    return row | {"code": concept(of), "performedDateTime": "2026-01-01"} | more


def problems(profile: Any) -> dict[str, Any]:
    return {ns.shorten(cls): problem for problem in profile.problems for cls in problem.of}


BACK, LEG = (
    condition("LowBackPain", onsetDateTime="2021-03-15", id="back"),
    condition("Sciatica", onsetDateTime="2026-03-01", id="leg"),
)


def test_each_condition_has_the_clock_of_its_own_onset(read: Read) -> None:
    found = problems(
        read(BACK, LEG, condition("CongestiveHeartFailure", onsetDateTime="2020-01-01"), as_of=DAY).profile
    )
    assert set(found) == {"ggt:LowBackPain", "ggt:Sciatica"}
    assert found["ggt:Sciatica"].values == {WEEKS: Decimal(2)}
    assert found["ggt:LowBackPain"].values[WEEKS] > 260


def test_one_condition_has_flat_numbers(read: Read) -> None:
    profile = read(LEG, as_of=DAY).profile
    assert profile.problems == () and profile.values[WEEKS] == 2


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([condition("Sciatica", onsetDateTime="2026-02")], "no whole day"),
        ([LEG, condition("Sciatica", onsetDateTime="2025-03-01", id="other")], "beginnings differ"),
        ([condition("Sciatica", onsetDateTime="1890-01-01")], "not plausible"),
        ([condition("Sciatica", onsetPeriod={"start": "2026-02-01", "end": "2026-02-20"})], "no whole day"),
        ([condition("Sciatica", onsetPeriod={"start": "2026-02-01"})], "no whole day"),
        ([condition("Sciatica", onsetAge={"value": 44, "code": "a"})], "its onset is no day"),
        ([condition("Sciatica", onsetString="last winter")], "its onset is no day"),
        ([condition("Sciatica", clinical="recurrence", onsetDateTime="2020-01-01")], ""),
        ([condition("Sciatica")], ""),
    ],
)
def test_a_doubtful_onset_says_nothing(read: Read, entries: list[Any], why: str) -> None:
    reading = read(*entries, as_of=DAY)
    assert WEEKS not in reading.profile.values and reading.profile.present
    assert any(why in entry.why for entry in reading.report.entries)


def test_a_period_of_one_day_is_a_day(read: Read) -> None:
    one = condition("Sciatica", onsetPeriod={"start": "2026-03-01", "end": "2026-03-01T12:00:00Z"})
    assert read(one, as_of=DAY).profile.values[WEEKS] == 2


def test_without_an_onset_nothing_tells_problems_apart(read: Read) -> None:
    profile = read(
        condition("LowBackPain", id="back"), condition("Sciatica"), procedure("ExerciseTherapy"), as_of=DAY
    ).profile
    assert profile.problems == () and len(profile.trials_present) == 1


def test_a_trial_is_of_the_problem_that_it_was_for(read: Read) -> None:
    trials = [
        procedure("ExerciseTherapy", reasonReference=[{"reference": "Condition/back"}]),
        procedure("Acupuncture", reasonCode=[concept("Sciatica")]),
        procedure("Massage"),
        procedure("Traction", reasonCode=[{"text": "shoulder"}]),
    ]
    reading = read(BACK, LEG, *trials, as_of=DAY, complete=["trials"])
    found = problems(reading.profile)
    of = {name: {ns.shorten(t.of) for t in problem.trials_present} for name, problem in found.items()}
    assert of == {"ggt:LowBackPain": {"ggt:ExerciseTherapy"}, "ggt:Sciatica": {"ggt:Acupuncture"}}
    told = {entry.source: entry for entry in reading.report.of("not understood")}
    assert "does not say for which problem" in told["Procedure/of-Massage"].why
    assert "something else" in told["Procedure/of-Traction"].why
    # A trial of nobody knows what leaves the list of each problem incomplete.
    assert any(prop == ns.GG + "hasTrial" for prop, _ in reading.profile.not_understood)
    alone = read(LEG, procedure("Massage"), procedure("Traction", reasonCode=[{"text": "shoulder"}]), as_of=DAY)
    assert {ns.shorten(t.of) for t in alone.profile.trials_present} == {"ggt:Massage"}


def test_a_score_of_one_of_several_problems_is_told(read: Read) -> None:
    score = {"resourceType": "Observation", "id": "score", "status": "final", "subject": SUBJECT, "valueInteger": 7}
    score |= {"code": concept("72514-3", system="http://loinc.org"), "effectiveDateTime": "2026-03-14"}
    assert read(LEG, score, as_of=DAY).profile.values[SCORE] == 7
    reading = read(BACK, LEG, score, as_of=DAY)
    assert SCORE not in reading.profile.values
    assert any("of which problem" in entry.why for entry in reading.report.of("not understood"))


def score(value: int, of: str = "", day: str = "2026-03-14", **more: Any) -> dict[str, Any]:
    row = {"resourceType": "Observation", "id": f"score-{value}", "status": "final", "subject": SUBJECT}
    row |= {"code": concept("72514-3", system="http://loinc.org"), "effectiveDateTime": day, "valueInteger": value}
    return row | ({"focus": [{"reference": f"Condition/{of}"}]} if of else {}) | more


def scores(reading: Any) -> dict[str, int]:
    return {name: int(one.values[SCORE]) for name, one in problems(reading.profile).items() if SCORE in one.values}


def test_a_score_about_a_condition_is_of_that_problem(read: Read) -> None:
    reading = read(BACK, LEG, score(7, "leg"), score(2, "back", "2026-03-10"), as_of=DAY)
    assert scores(reading) == {"ggt:Sciatica": 7, "ggt:LowBackPain": 2}
    # The newest of each problem by itself.
    again = read(BACK, LEG, score(7, "leg"), score(3, "leg", "2026-03-15"), score(2, "back", "2025-01-01"), as_of=DAY)
    assert scores(again) == {"ggt:Sciatica": 3, "ggt:LowBackPain": 2}


def test_a_newer_score_of_nobody_knows_which_hides_older_ones(read: Read) -> None:
    reading = read(BACK, LEG, score(7, "leg"), score(2, "back", "2026-03-01"), score(5, day="2026-03-10"), as_of=DAY)
    assert scores(reading) == {"ggt:Sciatica": 7}
    why = {entry.source: entry.why for entry in reading.report.of("not understood")}
    assert "may be of the same problem" in why["Observation/score-2"] and "which problem" in why["Observation/score-5"]
    # Of the one problem that there is it is that problem's, newer or not.
    assert read(LEG, score(7, "leg"), score(5, day="2026-03-15"), as_of=DAY).profile.values[SCORE] == 5


def test_a_score_that_cannot_be_read_hides_those_of_its_problem_alone(read: Read) -> None:
    open_ = score(9, "back", "2026-03-15", status="preliminary")
    reading = read(BACK, LEG, score(7, "leg"), score(2, "back"), open_, as_of=DAY)
    assert scores(reading) == {"ggt:Sciatica": 7}


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_a_score_that_one_condition_names_as_evidence_is_of_that_problem(read: Read, version: str) -> None:
    named = {"reference": "Observation/score-7"}
    leg = LEG | {"evidence": [{"detail": [named]} if version == "R4" else {"reference": named}]}
    assert scores(read(BACK, leg, score(7), as_of=DAY, version=version)) == {"ggt:Sciatica": 7}
    # Named by both, nobody knows of which it is.
    assert scores(read(BACK | {"evidence": leg["evidence"]}, leg, score(7), as_of=DAY, version=version)) == {}


def test_a_score_of_something_else_is_of_no_problem(read: Read) -> None:
    head = condition("Hypertension", id="head")
    for entries in ([BACK, LEG], [LEG], []):
        reading = read(*entries, head, score(7, "head"), as_of=DAY)
        assert not scores(reading) and SCORE not in reading.profile.values
        told = {entry.source: entry.why for entry in reading.report.of("not understood")}
        assert "something else than the problems" in told["Observation/score-7"]


def test_an_observation_about_another_thing_says_nothing_of_the_patient(read: Read) -> None:
    baby = {"resourceType": "Patient", "id": "baby"}
    theirs = LEG | {"id": "theirs", "subject": {"reference": "Patient/baby"}}
    for focus in ("Patient/baby", "Specimen/x", "Condition/nowhere", "Condition/theirs"):
        reading = read(LEG, baby, theirs, score(7, focus=[{"reference": focus}]), as_of=DAY, patient="p")
        assert SCORE not in reading.profile.values
        assert any("(focus)" in entry.why for entry in reading.report.of("not understood"))
    own = score(7, focus=[SUBJECT])
    assert read(LEG, own, as_of=DAY).profile.values[SCORE] == 7


def test_the_severity_of_a_condition_is_its_problems(read: Read) -> None:
    severe, mild = ({"severity": concept(code, system="http://snomed.info/sct")} for code in ("24484000", "255604002"))
    found = problems(read(BACK | mild, LEG | severe, condition("Hypertension", **severe), as_of=DAY).profile)
    finding, cls = ns.GG + "hasFinding", ns.GGT + "SevereSymptoms"
    assert found["ggt:Sciatica"].present == {finding: {cls}} and not found["ggt:Sciatica"].absent
    assert found["ggt:LowBackPain"].absent == {finding: {cls}} and not found["ggt:LowBackPain"].present
    # Without any onset it tells problems apart as a reason does; of one problem it is the patient's.
    bare = problems(read(condition("LowBackPain", id="b"), condition("Sciatica", **severe), as_of=DAY).profile)
    assert bare["ggt:Sciatica"].present and not bare["ggt:LowBackPain"].present
    assert cls in read(LEG | severe, as_of=DAY).profile.present[finding]


def test_a_negative_sign_of_one_condition_denies_it_of_no_other(read: Read) -> None:
    sign = {"resourceType": "Observation", "id": "sign", "status": "final", "subject": SUBJECT, "valueBoolean": False}
    sign |= {"code": concept("BilateralMotorWeakness"), "effectiveDateTime": "2026-03-14"}
    assert read(LEG, sign, as_of=DAY).profile.absent
    assert not read(LEG, sign | {"focus": [{"reference": "Condition/leg"}]}, as_of=DAY).profile.absent


def test_a_trial_for_exactly_one_problem_is_of_that_one(read: Read) -> None:
    axial = condition("NonspecificLowBackPain", onsetDateTime="2025-03-15", id="axial")
    trial = procedure("ExerciseTherapy", reasonReference=[{"reference": "Condition/axial"}])
    found = problems(read(BACK, axial, trial, as_of=DAY).profile)
    assert found["ggt:NonspecificLowBackPain"].trials_present and not found["ggt:LowBackPain"].trials_present


def test_weeks_that_the_record_states_go_before_the_onset(read: Read) -> None:
    weeks = score(0, "leg", "2026-03-15", code=concept("symptomWeeks", system=ns.GG), id="weeks")
    weeks |= {"valueQuantity": {"value": Decimal(5), "system": "http://unitsofmeasure.org", "code": "wk"}}
    del weeks["valueInteger"]
    found = problems(read(BACK, LEG, weeks, as_of=DAY).profile)
    assert found["ggt:Sciatica"].values[WEEKS] == 5 and found["ggt:LowBackPain"].values[WEEKS] > 260


def test_what_was_not_tolerated_stays_the_patients(read: Read) -> None:
    bad = procedure("Massage", outcome=concept("NotTolerated", system=ns.GG))
    assert read(BACK, LEG, bad, as_of=DAY).profile.not_tolerated == {ns.GGT + "Massage"}


def test_the_written_profile_has_the_same_problems(kb: Any, read: Read, tmp_path: Any) -> None:
    trial = procedure("ExerciseTherapy", reasonReference=[{"reference": "Condition/back"}])
    bad = procedure("Massage", outcome=concept("NotTolerated", system=ns.GG))
    profile = kb.profile(read(BACK, LEG, trial, bad, as_of=DAY, complete=["conditions"]).profile)
    assert len(profile.problems) == 2
    for one in (profile, *(kb.knowledge.profile(p) for p in ({"problems": [{"of": "sciatica", "weeks": 2}]},))):
        (tmp_path / "p.yaml").write_text(form.to_yaml(one, kb.vocabulary))
        (tmp_path / "p.json").write_text(form.to_json(one, kb.vocabulary))
        assert {digest(kb.profile(tmp_path / name)) for name in ("p.yaml", "p.json")} == {digest(one)}


def test_a_batch_answers_for_each_problem(kb: Any) -> None:
    one, two = (kb.fhir_statuses([[*entries]], as_of=DAY) for entries in ([LEG], [BACK, LEG]))
    (alone,), (both,) = list(one), list(two)
    assert alone.statuses and not alone.problems
    assert set(both.problems) == {"low back pain", "sciatica"} and not both.statuses
    assert both.problems["low back pain"] != both.problems["sciatica"]
