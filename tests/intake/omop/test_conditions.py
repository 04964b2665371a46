"""Diagnoses of an OMOP CDM: by their dates and status, and one row beside another."""

from __future__ import annotations

import pytest

from tests.intake.omop.helpers import CONDITION, YES, Read, conditions, denied, entry
from tests.intake.omop.synthetic import NONE, Cdm

pytestmark = pytest.mark.usefixtures("duck")

# diagnoses

STATED, UNCERTAIN, RESOLVED, STRANGE = 32902, 32899, 32906, 99_999


@pytest.mark.parametrize(
    ("start", "end", "status", "present", "state"),
    [
        ("2026-01-10", None, None, True, "used"),
        ("2026-01-10", None, NONE, True, "used"),
        ("2026-01-10", None, STATED, True, "used"),
        ("2026-11-24", None, None, True, "used"),
        ("2026-11-24", "2026-11-24", None, True, "used"),
        ("2026-01-10", "2026-11-24", None, True, "used"),
        ("2026-01-10", "2026-12-31", None, True, "used"),
        ("2026-01-10", "2026-11-23", None, False, "ignored"),
        ("2026-01-10", "2026-01-10", None, False, "ignored"),
        ("2026-11-25", None, None, False, "ignored"),
        ("2026-01-10", None, RESOLVED, False, "ignored"),
        ("2026-01-10", None, UNCERTAIN, False, "ignored"),
        ("2026-01-10", None, STRANGE, False, "not understood"),
        ("2026-01-10", "2026-01-09", None, False, "not understood"),
        (None, None, None, False, "not understood"),
    ],
)
def test_a_diagnosis_by_dates_and_status(
    read_omop: Read, start: str | None, end: str | None, status: int | None, present: bool, state: str
) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), start, end, condition_status_concept_id=status)
    profile, report = read_omop(cdm)
    assert conditions(profile) == ({"BleedingPepticUlcer"} if present else set())
    assert not denied(profile)
    assert entry(report, "condition_occurrence 1")[0] == state


def test_one_day_alone_is_present_only_if_asked(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T1"), "2026-01-10", "2026-01-10")
    assert conditions(read_omop(cdm)[0]) == set()
    assert conditions(read_omop(cdm, one_day_present=True)[0]) == {"Sciatica"}


@pytest.mark.parametrize(
    ("end", "status", "still"),
    [("2026-02-01", None, True), ("2026-01-10", None, False), (None, UNCERTAIN, False), (None, STRANGE, False)],
)
def test_what_is_in_doubt_suspends_completeness_and_what_has_ended_does_not(
    read_omop: Read, end: str | None, status: int | None, still: bool
) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-01-10", end, condition_status_concept_id=status)
    profile, _ = read_omop(cdm, complete=["conditions"])
    assert profile.complete == {CONDITION}
    assert (not profile.not_understood) == still


@pytest.mark.parametrize(
    ("start", "end", "status", "present"),
    [
        ("2026-03-01", "2026-04-01", None, False),
        ("2025-12-01", "2026-01-10", None, False),
        ("2026-03-01", None, RESOLVED, False),
        ("2025-01-01", "2025-02-01", None, True),
        ("2025-03-01", None, RESOLVED, True),
    ],
)
def test_a_row_without_an_end_is_over_once_another_says_so(
    read_omop: Read, start: str, end: str | None, status: int | None, present: bool
) -> None:
    cdm = Cdm()
    code = cdm.concept("ICD10CM", "T2")
    cdm.condition(1, code, "2026-01-10")
    cdm.condition(1, code, start, end, condition_status_concept_id=status)
    profile, _ = read_omop(cdm)
    assert conditions(profile) == ({"BleedingPepticUlcer"} if present else set())
    assert not denied(profile)


@pytest.mark.parametrize("status", [None, 0])
def test_a_status_in_words_alone_leaves_it_open_and_is_told(read_omop: Read, status: int | None) -> None:
    cdm = Cdm()
    code, words = cdm.concept("ICD10CM", "T2"), "to be ruled out"
    cdm.condition(1, code, "2026-01-10", condition_status_concept_id=status, condition_status_source_value=words)
    profile, report = read_omop(cdm)
    assert not conditions(profile) and not denied(profile)
    assert any(words in one.why for one in report.entries)
    # A status that was mapped says what it is, whatever words it had.
    sure = Cdm()
    code = sure.concept("ICD10CM", "T2")
    sure.condition(1, code, "2026-01-10", condition_status_concept_id=32893, condition_status_source_value=words)
    assert conditions(read_omop(sure)[0]) == {"BleedingPepticUlcer"}


@pytest.mark.parametrize(("start", "present"), [("2026-03-01", True), ("2025-03-01", False)])
def test_a_state_that_cannot_have_lasted_so_long_is_not_present(read_omop: Read, start: str, present: bool) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T3"), start)
    profile, _ = read_omop(cdm)
    assert conditions(profile) == ({"Pregnancy"} if present else set())
    assert not denied(profile)


def test_the_start_of_a_diagnosis_is_the_onset_of_its_problem(read_omop: Read) -> None:
    weeks = "https://w3id.org/guidegraph/vocab/symptomWeeks"
    cdm = Cdm()
    leg = cdm.concept("ICD10CM", "T1")
    cdm.condition(1, leg, "2026-11-10")
    profile, _ = read_omop(cdm)
    assert profile.values[weeks] == 2
    # Rows that begin on different days leave open when it began.
    cdm.condition(1, leg, "2025-11-10")
    profile, report = read_omop(cdm)
    assert weeks not in profile.values and conditions(profile) == {"Sciatica"}
    assert "beginnings differ" in str(entry(report, "condition_occurrence 1"))


WEEKS, SCORE = (f"https://w3id.org/guidegraph/vocab/{name}" for name in ("symptomWeeks", "painScore"))


@pytest.mark.parametrize(
    ("visit", "linked", "end", "weeks", "why"),
    [
        (None, False, None, 2, "it began on"),
        ("2026-11-10", True, None, None, "day of a visit"),
        ("2026-11-10", False, None, None, "day of a visit"),
        ("2026-11-20", True, None, 2, "it began on"),
        ("2026-11-01", True, None, None, "day of a visit"),
        ("2026-11-01", False, None, 2, "it began on"),
        (None, False, "2026-11-10", None, "alone"),
    ],
)
def test_a_start_on_the_day_of_a_visit_is_the_day_of_a_record(
    read_omop: Read, visit: str | None, linked: bool, end: str | None, weeks: int | None, why: str
) -> None:
    cdm = Cdm()
    key = cdm.add("visit_occurrence", person_id=1, visit_start_date=visit, visit_end_date="2026-11-21") if visit else 0
    cdm.condition(1, cdm.concept("ICD10CM", "T1"), "2026-11-10", end, visit_occurrence_id=key if linked else None)
    profile, report = read_omop(cdm, one_day_present=True)
    assert profile.values.get(WEEKS) == weeks and conditions(profile) == {"Sciatica"}
    assert why in entry(report, "condition_occurrence 1")[1]
    # That a start is taken for the onset stands at the top of the report.
    assert any("condition_start_date" in choice for choice in report.choices) == (weeks is not None)


def test_a_record_beside_an_onset_leaves_it(read_omop: Read) -> None:
    cdm, leg = Cdm(), 0
    leg = cdm.concept("ICD10CM", "T1")
    key = cdm.add("visit_occurrence", person_id=1, visit_start_date="2026-11-20", visit_end_date="2026-11-20")
    cdm.condition(1, leg, "2026-11-10", visit_occurrence_id=key)
    cdm.condition(1, leg, "2026-11-20", visit_occurrence_id=key)
    assert read_omop(cdm)[0].values[WEEKS] == 2


def test_a_measurement_that_names_a_diagnosis_is_of_that_problem(read_omop: Read) -> None:
    cdm, about = Cdm(), {"meas_event_field_concept_id": 1147127}
    leg, back = cdm.concept("ICD10CM", "T1"), cdm.concept("ICD10CM", "T5")
    first, second = cdm.condition(1, leg, "2026-11-10"), cdm.condition(1, back, "2021-11-10")
    score = cdm.concept("LOINC", "0-2")
    cdm.measurement(1, score, "2026-11-20", 7, measurement_event_id=first, **about)
    cdm.measurement(1, score, "2026-11-20", 2, measurement_event_id=second, **about)
    cdm.measurement(1, score, "2026-11-01", 5)
    cdm.measurement(1, score, "2026-11-22", 9, measurement_event_id=99, **about)
    profile, report = read_omop(cdm)
    found = {cls.rpartition("/")[2]: dict(one.values) for one in profile.problems for cls in one.of}
    assert found["Sciatica"] == {WEEKS: 2, SCORE: 7}
    assert found["LowBackPain"][SCORE] == 2 and found["LowBackPain"][WEEKS] > 260
    assert "which problem" in entry(report, "measurement 3")[1]
    assert "something else" in entry(report, "measurement 4")[1]


def test_a_condition_that_ended_for_a_reason_is_unknown(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-01-01", stop_reason="resolved")
    profile, report = read_omop(cdm, complete=["conditions"])
    assert not conditions(profile) and profile.not_understood
    assert entry(report, "condition_occurrence 1") == ("ignored", "it ended (resolved) on a day that is not given")


@pytest.mark.parametrize("words", ["FH: cancer", "no cancer", "cancer?"])
def test_words_that_take_back_what_a_concept_says_leave_it_open(read_omop: Read, words: str) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-01-01", condition_source_value=words)
    profile, report = read_omop(cdm)
    assert not conditions(profile) and "take back" in entry(report, "condition_occurrence 1")[1]


@pytest.mark.parametrize(("seen", "still"), [("2026-02-01", False), ("2026-06-01", True)])
def test_what_is_over_is_told_by_nothing_older(read_omop: Read, seen: str, still: bool) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-01-01", "2026-04-01")
    cdm.observation(1, cdm.concept("SNOMED", "1001"), seen, cdm.concept(*YES))
    profile, _ = read_omop(cdm, complete=["conditions"])
    assert conditions(profile) == ({"Cancer"} if still else set())
    assert bool(profile.not_understood) is not still
