"""Observations of an OMOP CDM: questions and their answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.intake.omop.helpers import NO, YES, Read, conditions, denied, entry
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

# answers


@pytest.mark.parametrize(
    ("code", "answer", "more", "present", "absent"),
    [
        (("SNOMED", "1001"), YES, {}, {"Cancer"}, set()),
        (("SNOMED", "1001"), NO, {}, set(), {"Cancer"}),
        (("SNOMED", "1004"), YES, {}, {"Cancer"}, set()),
        (("SNOMED", "1004"), NO, {}, set(), set()),
        (("SNOMED", "1003"), YES, {}, set(), set()),
        (("SNOMED", "1003"), NO, {}, set(), {"Cancer"}),
        (("SNOMED", "1001"), ("SNOMED", "1002"), {}, set(), set()),
        (("SNOMED", "1001"), None, {}, set(), set()),
        (("SNOMED", "1001"), None, {"value_as_string": "no"}, set(), set()),
        (("SNOMED", "1001"), YES, {"qualifier_concept_id": 7}, set(), set()),
        (("ICD10CM", "T3"), None, {}, {"Pregnancy"}, set()),
        (("ICD10CM", "T3"), None, {"value_as_string": "history"}, set(), set()),
        (("SNOMED", "none"), ("SNOMED", "1001"), {}, set(), set()),
        (("LOINC", "82810-3"), ("SNOMED", "77386006"), {}, {"Pregnancy"}, set()),
        (("LOINC", "82810-3"), ("SNOMED", "60001007"), {}, set(), {"Pregnancy"}),
        (("LOINC", "82810-3"), ("SNOMED", "146799005"), {}, set(), set()),
        (("LOINC", "82810-3"), None, {}, set(), set()),
    ],
)
def test_an_observation_by_its_answer(
    read_omop: Read,
    code: tuple[str, str],
    answer: tuple[str, str] | None,
    more: dict[str, Any],
    present: set[str],
    absent: set[str],
) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept(*code), "2026-10-01", cdm.concept(*answer) if answer else None, **more)
    profile, report = read_omop(cdm)
    assert (conditions(profile), denied(profile)) == (present, absent)
    assert (entry(report, "observation 1")[0] == "used") == bool(present or absent)


def test_of_two_answers_the_newer_counts(read_omop: Read) -> None:
    cdm = Cdm()
    question = cdm.concept("SNOMED", "1002")
    cdm.observation(1, question, "2026-10-01", cdm.concept(*YES))
    cdm.observation(1, question, "2026-11-01", cdm.concept(*NO))
    assert denied(read_omop(cdm)[0]) == {"SaddleAnesthesia"}
    assert conditions(read_omop(cdm, as_of=date(2026, 10, 2))[0]) == {"SaddleAnesthesia"}


def test_a_diagnosis_and_a_no_contradict_and_neither_is_taken(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-10-01")
    cdm.observation(1, cdm.concept("SNOMED", "1001"), "2026-10-02", cdm.concept(*NO))
    profile, report = read_omop(cdm)
    assert not conditions(profile) and not denied(profile)
    assert len(report.of("not understood")) == 2
