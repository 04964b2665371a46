"""Complete lists of an OMOP CDM, and options that make no sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.errors import UsageError
from tests.intake.omop.helpers import DAY, FINDING, TAKES, Read, entry
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

# completeness


def test_a_complete_list_by_flag(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X1"), "2026-11-01", "2026-11-30")
    profile, _ = read_omop(cdm, complete=["medications"])
    assert profile.complete == {TAKES} and not profile.not_understood
    cdm.drug(1, cdm.concept("ATC", "unmapped"), "2026-11-01", "2026-11-30")
    profile, _ = read_omop(cdm, complete=["medications"])
    assert [prop for prop, _ in profile.not_understood if prop in profile.complete] == [TAKES]


def test_a_laboratory_number_that_no_mapping_knows_may_be_a_finding_never_a_condition(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.measurement(1, cdm.concept("LOINC", "unmapped"), "2026-11-01", 13.2)
    profile, report = read_omop(cdm, complete=["conditions"])
    assert {prop for prop, _ in profile.not_understood} == {FINDING}
    assert entry(report, "measurement 1")[0] == "not understood"


@pytest.mark.parametrize(("day", "whole"), [("2026-11-01", False), ("2026-12-01", True)], ids=["before", "after"])
def test_no_list_of_conditions_is_complete_beside_a_device(read_omop: Read, day: str, whole: bool) -> None:
    cdm = Cdm()
    key = cdm.concept("SNOMED", "unmapped")
    cdm.add(
        "device_exposure", person_id=1, device_concept_id=key, device_exposure_start_date=day, device_source_value="box"
    )
    profile, report = read_omop(cdm, complete=["conditions"])
    assert (not profile.not_understood) == whole
    assert ("box" in {text for _, text in profile.not_understood}) != whole
    assert entry(report, "device_exposure 1")[0] == ("ignored" if whole else "not understood")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"complete": ["medications"]}, "drug_exposure"),
        ({"complete": ["made up"]}, "made up"),
        ({"drug_eras": True}, "drug_era"),
        ({"source_vocabulary": {"person": "ATC"}}, "person"),
        ({"source_vocabulary": {"measurement": "made up"}}, "made up"),
    ],
)
def test_options_that_make_no_sense(made: gg.KnowledgeBase, tmp_path: Path, options: dict[str, Any], told: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    path = cdm.write("csv", tmp_path / "cdm", every=False)
    with pytest.raises(UsageError, match=told):
        made.profile_from_omop(path, 1, as_of=DAY, **options)
