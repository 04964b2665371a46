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
        ([condition("Sciatica", clinical="recurrence", onsetDateTime="2020-01-01")], ""),
        ([condition("Sciatica")], ""),
    ],
)
def test_a_doubtful_onset_says_nothing(read: Read, entries: list[Any], why: str) -> None:
    reading = read(*entries, as_of=DAY)
    assert WEEKS not in reading.profile.values and reading.profile.present
    assert any(why in entry.why for entry in reading.report.entries)


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
