"""Persons of an OMOP CDM: age, sex and death."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.intake.omop.helpers import AGE, FINDING, Read, denied, term
from tests.intake.omop.synthetic import FEMALE, MALE, NONE, Cdm

pytestmark = pytest.mark.usefixtures("duck")

# persons


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1980-11-24", 46),
        ("1980-11-25", 45),
        ("1980-05", 46),
        ("1980-11", None),
        ("1980", None),
        ("2026-11-24", 0),
        ("2026-11-25", None),
        ("1980-02-30", None),
        ("1700-01-01", None),
    ],
)
def test_age_is_used_only_where_it_is_one_number(read_omop: Read, born: str, age: int | None) -> None:
    cdm = Cdm()
    cdm.person(1, born)
    profile, report = read_omop(cdm)
    assert profile.values.get(AGE) == (None if age is None else Decimal(age))
    told = [e for e in report.entries if e.text.startswith("born")]
    assert len(told) == 1
    assert (told[0].state == "used") == (age is not None)


def test_a_year_whose_two_ages_are_one_on_the_last_day_of_the_year(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.person(1, "1980")
    assert read_omop(cdm, as_of=date(2026, 12, 31))[0].values[AGE] == 46


def test_a_made_up_birth_time_is_not_used_and_a_contradicting_one_leaves_the_age_out(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.person(1, "1980", birth_datetime="1980-06-15")
    cdm.person(2, "1980-05-17", birth_datetime="1981-05-17")
    assert AGE not in read_omop(cdm)[0].values
    profile, report = read_omop(cdm, person=2)
    assert AGE not in profile.values
    assert any("birth_datetime" in e.why for e in report.of("not understood"))


@pytest.mark.parametrize(("concept", "sex"), [(MALE, "MaleSex"), (FEMALE, "FemaleSex"), (NONE, None), (8551, None)])
def test_sex(read_omop: Read, concept: int, sex: str | None) -> None:
    cdm = Cdm()
    cdm.person(1, sex=concept)
    found = read_omop(cdm)[0].present.get(FINDING, frozenset())
    assert found == ({term(sex)} if sex else set())


def test_death_is_told_and_one_to_come_is_not(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.add("death", person_id=1, death_date="2026-10-01")
    assert any("The person has died (2026-10-01)." in choice for choice in read_omop(cdm)[1].choices)
    assert not any("died" in c for c in read_omop(cdm, as_of=date(2026, 9, 30))[1].choices)


def test_nothing_is_absent_since_nothing_is_recorded(read_omop: Read) -> None:
    profile, _ = read_omop(Cdm())
    assert not denied(profile)
    assert not profile.complete
    assert not profile.stops_absent and not profile.trials_absent
