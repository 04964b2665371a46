"""Diagnoses of an OMOP CDM: by their dates and status, and one row beside another."""

from __future__ import annotations

import pytest

from tests.intake.omop.helpers import CONDITION, Read, conditions, denied, entry
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
