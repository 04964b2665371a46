"""Numbers of an OMOP CDM: their units, and which of several counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guidegraph import namespaces as ns
from tests.intake.omop.helpers import EGFR, Read, egfr, entry
from tests.intake.omop.synthetic import NONE, Cdm

pytestmark = pytest.mark.usefixtures("duck")

PAIN, WEEKS = (ns.GG + name for name in ("painScore", "pregnancyWeeks"))

# numbers


@pytest.mark.parametrize(
    ("value", "unit", "more", "expected"),
    [
        (22, "mL/min/{1.73_m2}", {}, "22"),
        (0.5, "mL/s/{1.73_m2}", {}, "30"),
        (22, None, {"unit_source_value": "mL/min/{1.73_m2}"}, "22"),
        (22, None, {"unit_concept_id": NONE, "unit_source_value": "mL/min/{1.73_m2}"}, "22"),
        (22, "mL/min/{1.73_m2}", {"operator_concept_id": 4172703}, "22"),
        (22, "mL/min/{1.73_m2}", {"operator_concept_id": NONE}, "22"),
        (60, "mL/min/{1.73_m2}", {"operator_concept_id": 4172704}, None),
        (22, "mL/min", {}, None),
        (22, None, {}, None),
        (22, None, {"unit_source_value": "no such unit"}, None),
        (-22, "mL/min/{1.73_m2}", {}, None),
        (22_000, "mL/min/{1.73_m2}", {}, None),
        (None, "mL/min/{1.73_m2}", {"value_source_value": "high"}, None),
        (22, "mL/min/{1.73_m2}", {"value_source_value": "22"}, "22"),
        (22, "mL/min/{1.73_m2}", {"value_source_value": "22 (range > 60)"}, "22"),
        (22, "mL/min/{1.73_m2}", {"value_source_value": " -22.0 mL/min/1.73m2"}, "22"),
        (22, "mL/min/{1.73_m2}", {"value_source_value": "2.2e1"}, "22"),
        (15, "mL/min/{1.73_m2}", {"value_source_value": "less than 15"}, None),
        (15, "mL/min/{1.73_m2}", {"value_source_value": "haemolysed"}, None),
        (30, "mL/min/{1.73_m2}", {"value_source_value": "30 - 45"}, None),
        (1, "mL/min/{1.73_m2}", {"value_source_value": "1:160"}, None),
    ],
)
def test_a_number_in_its_unit(
    read_omop: Read, value: float | None, unit: str | None, more: dict[str, Any], expected: str | None
) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-10-01", value, unit, **more)
    profile, report = read_omop(cdm)
    assert profile.values.get(EGFR) == (None if expected is None else Decimal(expected))
    assert entry(report, "measurement 1")[0] == ("not understood" if expected is None else "used")


def test_the_newest_number_before_the_day_counts(read_omop: Read) -> None:
    cdm = Cdm()
    for day, value in (("2026-03-01", 80), ("2026-10-01", 22), ("2026-12-01", 90)):
        egfr(cdm, day, value)
    assert read_omop(cdm)[0].values[EGFR] == 22
    assert read_omop(cdm, as_of=date(2026, 4, 1))[0].values[EGFR] == 80


def test_the_time_of_day_decides_and_two_values_of_one_day_leave_it_unknown(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-10-01", 80, measurement_datetime="2026-10-01 08:00:00")
    egfr(cdm, "2026-10-01", 22, measurement_datetime="2026-10-01 18:00:00")
    assert read_omop(cdm)[0].values[EGFR] == 22
    other = Cdm()
    egfr(other, "2026-10-01", 80)
    egfr(other, "2026-10-01", 22)
    assert EGFR not in read_omop(other)[0].values


def test_a_newer_number_that_cannot_be_read_leaves_the_older_unsaid(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", 15, operator_concept_id=cdm.concept("SNOMED", "made-up-less", "<"))
    profile, report = read_omop(cdm)
    assert EGFR not in profile.values
    assert entry(report, "measurement 2") == ("not understood", "its value is a bound (< 15), not a number")
    assert "measurement 2 is newer" in entry(report, "measurement 1")[1]


@pytest.mark.parametrize("stated", ["<15", " > 90", "≤ 15", "≥15", "<= 15", ">=90", "=<15", "< 15 mL/min"])
@pytest.mark.parametrize("more", [{}, {"operator_concept_id": 4172703}])
def test_a_number_whose_source_states_a_bound_is_none(read_omop: Read, stated: str, more: dict[str, Any]) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", 15, value_source_value=stated, **more)
    profile, report = read_omop(cdm)
    assert EGFR not in profile.values
    state, why = entry(report, "measurement 2")
    assert state == "not understood" and f"bound in the source ({stated.strip()})" in why
    asked = Cdm()
    asked.observation(1, asked.concept("LOINC", "0-2"), "2026-11-01", value_as_number=7, value_as_string=stated)
    assert PAIN not in read_omop(asked)[0].values


def test_a_newer_row_without_any_result_hides_nothing(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", None)
    assert read_omop(cdm)[0].values[EGFR] == 95


def test_an_older_number_that_cannot_be_read_hides_nothing(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95, "mg/dL")
    egfr(cdm, "2026-10-01", 22)
    assert read_omop(cdm)[0].values[EGFR] == 22


def test_a_score_needs_no_unit_and_weeks_of_pregnancy_grow(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.measurement(1, cdm.concept("LOINC", "0-2"), "2026-11-01", 7)
    cdm.observation(1, cdm.concept("LOINC", "0-3"), "2026-11-10", value_as_number=28, unit_source_value="wk")
    profile, _ = read_omop(cdm)
    assert profile.values[PAIN] == 7
    assert profile.values[WEEKS] == 30


def test_old_measurements_are_ignored_if_asked(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    assert EGFR in read_omop(cdm, newest_days=300)[0].values
    assert EGFR not in read_omop(cdm, newest_days=200)[0].values


def test_a_pregnancy_long_past_is_not_counted_on(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept("LOINC", "0-3"), "2025-11-10", value_as_number=28, unit_source_value="wk")
    assert WEEKS not in read_omop(cdm)[0].values


def test_spellings_of_units_and_units_by_the_users_word(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-10-01", 55, None, unit_source_value="mL/min/1.73 m2")
    profile, report = read_omop(cdm)
    assert profile.values[EGFR] == 55 and "read as mL/min/{1.73_m2}" in entry(report, "measurement 1")[1]
    other = Cdm()
    egfr(other, "2026-10-01", 55, None, unit_source_value="kidney units")
    assert EGFR not in read_omop(other)[0].values
    assert read_omop(other, same_units=[("kidney units", "mL/min/{1.73_m2}")])[0].values[EGFR] == 55


def test_a_result_that_was_never_mapped_hides_the_older_number(read_omop: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", None, value_as_concept_id=NONE)
    profile, _ = read_omop(cdm)
    assert EGFR not in profile.values and {prop for prop, _ in profile.not_understood} == {ns.GG + "hasFinding"}
