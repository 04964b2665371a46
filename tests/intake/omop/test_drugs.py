"""Drugs and procedures of an OMOP CDM: what is taken, was stopped or was tried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.model import StopFact, TrialFact
from tests.intake.omop.helpers import TAKES, Read, entry, term
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

# drugs


@pytest.mark.parametrize(
    ("start", "end", "more", "taken", "days"),
    [
        ("2026-11-01", "2026-11-30", {}, True, None),
        ("2026-11-01", "2026-11-24", {}, True, None),
        ("2026-11-01", "2026-11-14", {}, False, 10),
        ("2026-11-24", "2026-11-24", {}, True, None),
        ("2026-11-25", "2026-12-24", {}, False, None),
        ("2026-11-01", None, {}, True, None),
        ("2026-11-01", None, {"days_supply": 14}, False, 10),
        ("2026-11-01", None, {"days_supply": 24}, True, None),
        ("2026-11-01", None, {"days_supply": 0}, True, None),
        ("2026-11-01", None, {"days_supply": -14}, False, None),
        ("2026-11-01", "2026-12-24", {"days_supply": -14}, False, None),
        ("2026-11-01", None, {"days_supply": 99_999}, False, None),
        ("2026-11-01", "2026-10-01", {}, False, None),
        ("2026-11-01", "2026-11-30", {"verbatim_end_date": "2026-11-10"}, False, None),
        ("2026-11-01", "2026-11-14", {"verbatim_end_date": "2026-11-10"}, False, 10),
        (None, "2026-11-30", {}, False, None),
    ],
)
def test_a_drug_by_its_dates(
    read_omop: Read, start: str | None, end: str | None, more: dict[str, Any], taken: bool, days: int | None
) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X2"), start, end, **more)
    profile, report = read_omop(cdm)
    drug = term("MonoamineOxidaseInhibitor")
    assert profile.present.get(TAKES, frozenset()) == ({drug} if taken else set())
    assert profile.stops_present == ({StopFact(drug, Decimal(days))} if days is not None else set())
    assert not profile.absent and not profile.stops_absent
    used = entry(report, "drug_exposure 1")[0] == "used"
    assert used == (taken or days is not None)


@pytest.mark.parametrize("more", [{}, {"days_supply": 90}, {"days_supply": 5}])
def test_a_drug_with_a_reason_to_stop_and_no_end_is_unknown(read_omop: Read, more: dict[str, Any]) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X2"), "2026-11-01", stop_reason="adverse effect", **more)
    profile, report = read_omop(cdm, complete=["medications", "stopped_medications"])
    assert not profile.present.get(TAKES) and not profile.absent and not profile.stops_present
    assert "adverse effect" in entry(report, "drug_exposure 1")[1]
    # No complete list denies it: it may be taken still, or have been stopped.
    assert {prop for prop, _ in profile.not_understood} == {TAKES, ns.GG + "stoppedMedication"}
    ended = Cdm()
    ended.drug(1, ended.concept("ATC", "X2"), "2026-11-01", "2026-11-14", stop_reason="adverse effect")
    assert read_omop(ended)[0].stops_present


def test_the_last_of_several_ends_counts_and_one_that_goes_on_beats_all(read_omop: Read) -> None:
    cdm = Cdm()
    drug = cdm.concept("ATC", "X2")
    cdm.drug(1, drug, "2026-10-01", "2026-10-30")
    cdm.drug(1, drug, "2026-11-01", "2026-11-14")
    assert read_omop(cdm)[0].stops_present == {StopFact(term("MonoamineOxidaseInhibitor"), Decimal(10))}
    cdm.drug(1, drug, "2026-11-10", "2026-12-10")
    profile, _ = read_omop(cdm)
    assert not profile.stops_present
    assert profile.present[TAKES] == {term("MonoamineOxidaseInhibitor")}


@pytest.mark.parametrize(
    ("start", "refills", "taken", "days"),
    [
        ("2026-11-20", 0, True, None),
        ("2026-11-20", 3, True, None),
        ("2026-10-01", 0, False, 41),
        ("2026-10-01", 3, False, None),  # it may have ended with any of them
        ("2026-10-01", 1, False, 27),
        ("2026-10-01", -1, False, None),
    ],
)
def test_a_supply_may_last_as_long_as_its_refills(
    read_omop: Read, start: str, refills: int, taken: bool, days: int | None
) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X2"), start, days_supply=14, refills=refills)
    profile, _ = read_omop(cdm, complete=["medications"])
    assert bool(profile.present.get(TAKES)) is taken
    assert {stop.days for stop in profile.stops_present} == ({Decimal(days)} if days else set())
    assert (TAKES in {prop for prop, _ in profile.not_understood}) is (not taken and days is None)


def test_eras_only_if_asked(read_omop: Read) -> None:
    cdm = Cdm()
    concept = cdm.concept("RxNorm", "9001")
    cdm.add("drug_era", person_id=1, drug_concept_id=concept, drug_era_start_date="2026-11-01", drug_era_end_date="2026-11-30")  # fmt: skip
    assert not read_omop(cdm)[0].present.get(TAKES)
    assert read_omop(cdm, drug_eras=True)[0].present[TAKES] == {term("Ibuprofen")}


# procedures


@pytest.mark.parametrize(("day", "tried"), [("2026-01-10", True), ("2026-12-01", False), (None, False)])
def test_a_procedure_is_a_trial(read_omop: Read, day: str | None, tried: bool) -> None:
    cdm = Cdm()
    cdm.procedure(1, cdm.concept("ICD10PCS", "P1"), day)
    profile, _ = read_omop(cdm)
    assert profile.trials_present == ({TrialFact(term("EpiduralSteroidInjection"))} if tried else set())


def test_a_drug_without_an_end_is_told_with_its_date(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X1"), "2014-05-25")
    assert entry(read_omop(cdm)[1], "drug_exposure 1") == (
        "used",
        "of 2014-05-25; no end is recorded: it counts as going on",
    )


def test_a_later_stop_without_a_day_hides_an_earlier_one(read_omop: Read) -> None:
    cdm = Cdm()
    drug = cdm.concept("ATC", "X2")
    cdm.drug(1, drug, "2026-01-01", "2026-01-30")
    assert read_omop(cdm)[0].stops_present
    cdm.drug(1, drug, "2026-11-01", "2026-11-10", days_supply=-5)
    assert not read_omop(cdm)[0].stops_present
