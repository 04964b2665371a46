"""Persons of an OMOP CDM as profiles: each rule, each form of source, and sources that are none."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.report import IntakeReport
from guidegraph.model import Profile, StopFact, TrialFact
from tests.omop.synthetic import FEMALE, MALE, NONE, Cdm
from tests.optional import needs

DAY = date(2026, 11, 24)
FORMS = ("duckdb", "parquet", "csv", "csv.gz")
CONDITION, FINDING, TAKES = (ns.GG + name for name in ("hasCondition", "hasFinding", "takesMedication"))
EGFR, PAIN, WEEKS, AGE = (ns.GG + name for name in ("eGFR", "painScore", "pregnancyWeeks", "ageYears"))

#: Made-up codes, so that no test depends on a real one.
CODES = """\
Sciatica exact ICD10CM:T1
BleedingPepticUlcer exact ICD10CM:T2
Pregnancy exact ICD10CM:T3
Cancer exact SNOMEDCT:1001
SaddleAnesthesia exact SNOMEDCT:1002
Cancer broad SNOMEDCT:1003
Cancer narrow SNOMEDCT:1004
Ibuprofen exact ATC:X1
MonoamineOxidaseInhibitor exact ATC:X2
Ibuprofen exact RXNORM:9001
EpiduralSteroidInjection exact ICD10PCS:P1
eGFR exact LOINC:0-1
painScore exact LOINC:0-2
pregnancyWeeks exact LOINC:0-3
"""


def term(name: str) -> str:
    return ns.GGT + name


@pytest.fixture(scope="session", autouse=True)
def duck() -> None:
    needs(find_spec("duckdb"), "duckdb is not installed")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """A knowledge folder with the shipped knowledge and a table of the made-up codes alone."""
    folder = tmp_path_factory.mktemp("knowledge")
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, folder / name)
    for path in (folder / "ontology/links").glob("*.sssom.tsv"):
        path.unlink()
    lines = ["#mapping_set_id: https://example.org/made-up", '#object_source_version: "1"']
    lines.append("subject_id\tpredicate_id\tobject_id\tobject_label")
    for line in CODES.splitlines():
        name, predicate, curie = line.split()
        prefix = "gg" if name[0].islower() else "ggt"
        lines.append(f"{prefix}:{name}\tskos:{predicate}Match\t{curie}\tlabel of {curie}")
    (folder / "ontology/links/made-up.sssom.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def made(root: Path) -> gg.KnowledgeBase:
    return gg.open(root)


Read = Callable[..., tuple[Profile, IntakeReport]]


@pytest.fixture
def read(made: gg.KnowledgeBase, tmp_path: Path) -> Read:
    """Read person 1 of a CDM; a person is added if there is none."""

    def run(cdm: Cdm, *, person: int = 1, form: str = "duckdb", **options: Any) -> tuple[Profile, IntakeReport]:
        if not cdm.rows["person"]:
            cdm.person(1, sex=FEMALE)
        every = "complete" in options  # a complete list needs its tables
        path = cdm.write(form, tmp_path / f"{form}-{len(list(tmp_path.iterdir()))}", every=every)
        return made.profile_from_omop(path, person, **{"as_of": DAY, **options})

    return run


def conditions(profile: Profile) -> set[str]:
    return {iri.removeprefix(ns.GGT) for prop in (CONDITION, FINDING) for iri in profile.present.get(prop, ())} - {
        "MaleSex",
        "FemaleSex",
    }


def denied(profile: Profile) -> set[str]:
    return {iri.removeprefix(ns.GGT) for table in profile.absent.values() for iri in table}


def entry(report: IntakeReport, source: str) -> tuple[str, str]:
    """State and reason of the one entry of a row."""
    found = [e for e in report.entries if e.source == source]
    assert len(found) == 1, found
    return found[0].state, found[0].why


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
def test_age_is_used_only_where_it_is_one_number(read: Read, born: str, age: int | None) -> None:
    cdm = Cdm()
    cdm.person(1, born)
    profile, report = read(cdm)
    assert profile.values.get(AGE) == (None if age is None else Decimal(age))
    told = [e for e in report.entries if e.text.startswith("born")]
    assert len(told) == 1
    assert (told[0].state == "used") == (age is not None)


def test_a_year_whose_two_ages_are_one_on_the_last_day_of_the_year(read: Read) -> None:
    cdm = Cdm()
    cdm.person(1, "1980")
    assert read(cdm, as_of=date(2026, 12, 31))[0].values[AGE] == 46


def test_a_made_up_birth_time_is_not_used_and_a_contradicting_one_leaves_the_age_out(read: Read) -> None:
    cdm = Cdm()
    cdm.person(1, "1980", birth_datetime="1980-06-15")
    cdm.person(2, "1980-05-17", birth_datetime="1981-05-17")
    assert AGE not in read(cdm)[0].values
    profile, report = read(cdm, person=2)
    assert AGE not in profile.values
    assert any("birth_datetime" in e.why for e in report.of("not understood"))


@pytest.mark.parametrize(("concept", "sex"), [(MALE, "MaleSex"), (FEMALE, "FemaleSex"), (NONE, None), (8551, None)])
def test_sex(read: Read, concept: int, sex: str | None) -> None:
    cdm = Cdm()
    cdm.person(1, sex=concept)
    found = read(cdm)[0].present.get(FINDING, frozenset())
    assert found == ({term(sex)} if sex else set())


def test_death_is_told_and_one_to_come_is_not(read: Read) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.add("death", person_id=1, death_date="2026-10-01")
    assert "the person has died (2026-10-01)" in read(cdm)[1].choices
    assert not any("died" in c for c in read(cdm, as_of=date(2026, 9, 30))[1].choices)


def test_nothing_is_absent_since_nothing_is_recorded(read: Read) -> None:
    profile, _ = read(Cdm())
    assert not denied(profile)
    assert not profile.complete
    assert not profile.stops_absent and not profile.trials_absent


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
    read: Read, start: str | None, end: str | None, status: int | None, present: bool, state: str
) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), start, end, condition_status_concept_id=status)
    profile, report = read(cdm)
    assert conditions(profile) == ({"BleedingPepticUlcer"} if present else set())
    assert not denied(profile)
    assert entry(report, "condition_occurrence 1")[0] == state


def test_one_day_alone_is_present_only_if_asked(read: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T1"), "2026-01-10", "2026-01-10")
    assert conditions(read(cdm)[0]) == set()
    assert conditions(read(cdm, one_day_present=True)[0]) == {"Sciatica"}


@pytest.mark.parametrize(
    ("end", "status", "still"),
    [("2026-02-01", None, True), ("2026-01-10", None, False), (None, UNCERTAIN, False), (None, STRANGE, False)],
)
def test_what_is_in_doubt_suspends_completeness_and_what_has_ended_does_not(
    read: Read, end: str | None, status: int | None, still: bool
) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-01-10", end, condition_status_concept_id=status)
    profile, _ = read(cdm, complete=["conditions"])
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
    read: Read, start: str, end: str | None, status: int | None, present: bool
) -> None:
    cdm = Cdm()
    code = cdm.concept("ICD10CM", "T2")
    cdm.condition(1, code, "2026-01-10")
    cdm.condition(1, code, start, end, condition_status_concept_id=status)
    profile, _ = read(cdm)
    assert conditions(profile) == ({"BleedingPepticUlcer"} if present else set())
    assert not denied(profile)


@pytest.mark.parametrize(("start", "present"), [("2026-03-01", True), ("2025-03-01", False)])
def test_a_state_that_cannot_have_lasted_so_long_is_not_present(read: Read, start: str, present: bool) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ICD10CM", "T3"), start)
    profile, _ = read(cdm)
    assert conditions(profile) == ({"Pregnancy"} if present else set())
    assert not denied(profile)


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
        ("2026-11-01", "2026-10-01", {}, False, None),
        ("2026-11-01", "2026-11-30", {"verbatim_end_date": "2026-11-10"}, False, None),
        ("2026-11-01", "2026-11-14", {"verbatim_end_date": "2026-11-10"}, False, 10),
        (None, "2026-11-30", {}, False, None),
    ],
)
def test_a_drug_by_its_dates(
    read: Read, start: str | None, end: str | None, more: dict[str, Any], taken: bool, days: int | None
) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X2"), start, end, **more)
    profile, report = read(cdm)
    drug = term("MonoamineOxidaseInhibitor")
    assert profile.present.get(TAKES, frozenset()) == ({drug} if taken else set())
    assert profile.stops_present == ({StopFact(drug, Decimal(days))} if days is not None else set())
    assert not profile.absent and not profile.stops_absent
    used = entry(report, "drug_exposure 1")[0] == "used"
    assert used == (taken or days is not None)


def test_the_last_of_several_ends_counts_and_one_that_goes_on_beats_all(read: Read) -> None:
    cdm = Cdm()
    drug = cdm.concept("ATC", "X2")
    cdm.drug(1, drug, "2026-10-01", "2026-10-30")
    cdm.drug(1, drug, "2026-11-01", "2026-11-14")
    assert read(cdm)[0].stops_present == {StopFact(term("MonoamineOxidaseInhibitor"), Decimal(10))}
    cdm.drug(1, drug, "2026-11-10", "2026-12-10")
    profile, _ = read(cdm)
    assert not profile.stops_present
    assert profile.present[TAKES] == {term("MonoamineOxidaseInhibitor")}


def test_eras_only_if_asked(read: Read) -> None:
    cdm = Cdm()
    concept = cdm.concept("RxNorm", "9001")
    cdm.add("drug_era", person_id=1, drug_concept_id=concept, drug_era_start_date="2026-11-01", drug_era_end_date="2026-11-30")  # fmt: skip
    assert not read(cdm)[0].present.get(TAKES)
    assert read(cdm, drug_eras=True)[0].present[TAKES] == {term("Ibuprofen")}


# procedures


@pytest.mark.parametrize(("day", "tried"), [("2026-01-10", True), ("2026-12-01", False), (None, False)])
def test_a_procedure_is_a_trial(read: Read, day: str | None, tried: bool) -> None:
    cdm = Cdm()
    cdm.procedure(1, cdm.concept("ICD10PCS", "P1"), day)
    profile, _ = read(cdm)
    assert profile.trials_present == ({TrialFact(term("EpiduralSteroidInjection"))} if tried else set())


# numbers


def egfr(cdm: Cdm, day: str, value: float | None, unit: str | None = "mL/min/{1.73_m2}", **more: Any) -> None:
    if unit:
        more = {"unit_concept_id": cdm.concept("UCUM", unit), **more}
    cdm.measurement(1, cdm.concept("LOINC", "0-1"), day, value, **more)


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
    ],
)
def test_a_number_in_its_unit(
    read: Read, value: float | None, unit: str | None, more: dict[str, Any], expected: str | None
) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-10-01", value, unit, **more)
    profile, report = read(cdm)
    assert profile.values.get(EGFR) == (None if expected is None else Decimal(expected))
    assert entry(report, "measurement 1")[0] == ("not understood" if expected is None else "used")


def test_the_newest_number_before_the_day_counts(read: Read) -> None:
    cdm = Cdm()
    for day, value in (("2026-03-01", 80), ("2026-10-01", 22), ("2026-12-01", 90)):
        egfr(cdm, day, value)
    assert read(cdm)[0].values[EGFR] == 22
    assert read(cdm, as_of=date(2026, 4, 1))[0].values[EGFR] == 80


def test_the_time_of_day_decides_and_two_values_of_one_day_leave_it_unknown(read: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-10-01", 80, measurement_datetime="2026-10-01 08:00:00")
    egfr(cdm, "2026-10-01", 22, measurement_datetime="2026-10-01 18:00:00")
    assert read(cdm)[0].values[EGFR] == 22
    other = Cdm()
    egfr(other, "2026-10-01", 80)
    egfr(other, "2026-10-01", 22)
    assert EGFR not in read(other)[0].values


def test_a_newer_number_that_cannot_be_read_leaves_the_older_unsaid(read: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", 15, operator_concept_id=cdm.concept("SNOMED", "made-up-less", "<"))
    profile, report = read(cdm)
    assert EGFR not in profile.values
    assert entry(report, "measurement 2") == ("not understood", "its value is a bound (< 15), not a number")
    assert "measurement 2 is newer" in entry(report, "measurement 1")[1]


def test_a_newer_row_without_any_result_hides_nothing(read: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    egfr(cdm, "2026-10-01", None)
    assert read(cdm)[0].values[EGFR] == 95


def test_an_older_number_that_cannot_be_read_hides_nothing(read: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95, "mg/dL")
    egfr(cdm, "2026-10-01", 22)
    assert read(cdm)[0].values[EGFR] == 22


def test_a_score_needs_no_unit_and_weeks_of_pregnancy_grow(read: Read) -> None:
    cdm = Cdm()
    cdm.measurement(1, cdm.concept("LOINC", "0-2"), "2026-11-01", 7)
    cdm.observation(1, cdm.concept("LOINC", "0-3"), "2026-11-10", value_as_number=28, unit_source_value="wk")
    profile, _ = read(cdm)
    assert profile.values[PAIN] == 7
    assert profile.values[WEEKS] == 30


def test_old_measurements_are_ignored_if_asked(read: Read) -> None:
    cdm = Cdm()
    egfr(cdm, "2026-03-01", 95)
    assert EGFR in read(cdm, newest_days=300)[0].values
    assert EGFR not in read(cdm, newest_days=200)[0].values


def test_a_pregnancy_long_past_is_not_counted_on(read: Read) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept("LOINC", "0-3"), "2025-11-10", value_as_number=28, unit_source_value="wk")
    assert WEEKS not in read(cdm)[0].values


# answers

YES, NO = ("SNOMED", "373066001"), ("SNOMED", "373067005")


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
    read: Read,
    code: tuple[str, str],
    answer: tuple[str, str] | None,
    more: dict[str, Any],
    present: set[str],
    absent: set[str],
) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept(*code), "2026-10-01", cdm.concept(*answer) if answer else None, **more)
    profile, report = read(cdm)
    assert (conditions(profile), denied(profile)) == (present, absent)
    assert (entry(report, "observation 1")[0] == "used") == bool(present or absent)


def test_of_two_answers_the_newer_counts(read: Read) -> None:
    cdm = Cdm()
    question = cdm.concept("SNOMED", "1002")
    cdm.observation(1, question, "2026-10-01", cdm.concept(*YES))
    cdm.observation(1, question, "2026-11-01", cdm.concept(*NO))
    assert denied(read(cdm)[0]) == {"SaddleAnesthesia"}
    assert conditions(read(cdm, as_of=date(2026, 10, 2))[0]) == {"SaddleAnesthesia"}


def test_a_diagnosis_and_a_no_contradict_and_neither_is_taken(read: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-10-01")
    cdm.observation(1, cdm.concept("SNOMED", "1001"), "2026-10-02", cdm.concept(*NO))
    profile, report = read(cdm)
    assert not conditions(profile) and not denied(profile)
    assert len(report.of("not understood")) == 2


# concepts


def condition_of(read: Read, cdm: Cdm, concept: int, **more: Any) -> tuple[set[str], tuple[str, str], Profile]:
    options = more.pop("options", {})
    cdm.condition(1, concept, "2026-01-10", **more)
    profile, report = read(cdm, **options)
    return conditions(profile), entry(report, "condition_occurrence 1"), profile


def test_the_source_concept_comes_before_the_standard_one(read: Read) -> None:
    cdm = Cdm()
    found, _, profile = condition_of(
        read, cdm, cdm.concept("SNOMED", "1001"), condition_source_concept_id=cdm.concept("ICD10CM", "T1")
    )
    assert found == {"Sciatica"}
    assert [r.curie for r in profile.readings] == ["ICD10CM:T1"]


def test_the_standard_concept_is_read_where_the_source_says_nothing(read: Read) -> None:
    cdm = Cdm()
    source = cdm.concept("ICD10CM", "unmapped")
    assert condition_of(read, cdm, cdm.concept("SNOMED", "1001"), condition_source_concept_id=source)[0] == {"Cancer"}


@pytest.mark.parametrize("reason", ["U", "D"])
def test_an_invalid_concept_is_not_read(read: Read, reason: str) -> None:
    cdm = Cdm()
    found, (state, why), profile = condition_of(read, cdm, cdm.concept("ICD10CM", "T1", invalid=reason))
    assert (found, state) == (set(), "not understood")
    assert f"invalid_reason {reason}" in why
    assert profile.not_understood


@pytest.mark.parametrize(
    ("vocabulary", "code", "told"),
    [("ICD10CM", "unmapped", "in no mapping table"), ("Made Up", "T1", "Made Up is no vocabulary that is mapped")],
)
def test_an_unmapped_code_is_told_and_never_dropped(read: Read, vocabulary: str, code: str, told: str) -> None:
    cdm = Cdm()
    found, (state, why), profile = condition_of(read, cdm, cdm.concept(vocabulary, code))
    assert (found, state) == (set(), "not understood")
    assert told in why
    assert {prop for prop, _ in profile.not_understood} == {CONDITION, FINDING}


def test_concept_0_and_a_concept_that_is_not_in_the_table(read: Read) -> None:
    cdm = Cdm()
    assert "concept 0" in condition_of(read, cdm, NONE)[1][1]
    other = Cdm()
    other.concept("ICD10CM", "T1")
    assert "is not in the table concept" in condition_of(read, other, 12_345)[1][1]


def test_the_source_value_needs_a_word_about_its_vocabulary(read: Read) -> None:
    cdm = Cdm()
    assert "--source-vocabulary" in condition_of(read, cdm, NONE, condition_source_value="T1")[1][1]
    other = Cdm()
    options = {"source_vocabulary": {"condition_occurrence": "icd10cm"}}
    assert condition_of(read, other, NONE, condition_source_value="T1", options=options)[0] == {"Sciatica"}
    own = Cdm()
    options = {"source_vocabulary": {"condition_occurrence": "ggt"}}
    assert condition_of(read, own, NONE, condition_source_value="Cancer", options=options)[0] == {"Cancer"}


def test_the_nearest_mapped_concept_above_is_read_and_the_step_told(read: Read) -> None:
    cdm = Cdm()
    child, near, far = (cdm.concept("SNOMED", code) for code in ("below", "1001", "1002"))
    for ancestor, levels in ((child, 0), (cdm.concept("SNOMED", "between"), 1), (near, 2), (far, 3)):
        cdm.add("concept_ancestor", ancestor_concept_id=ancestor, descendant_concept_id=child, min_levels_of_separation=levels)  # fmt: skip
    cdm.add("vocabulary", vocabulary_id="None", vocabulary_version="v5.0 made up")
    cdm.condition(1, child, "2026-01-10")
    profile, report = read(cdm)
    assert conditions(profile) == {"Cancer"}
    step = next(e for e in report.entries if e.source == "condition_occurrence 1").steps[0]
    assert "2 levels below SNOMED:1001" in step and "v5.0 made up" in step
    assert profile.readings[0].curie == "SNOMEDCT:below"


def test_a_drug_known_only_by_what_is_above_it_is_answered_for_with_the_step(
    made: gg.KnowledgeBase, read: Read
) -> None:
    cdm = Cdm()
    drug = cdm.concept("RxNorm", "7777", "a drug that no table names")
    cdm.add("concept_ancestor", ancestor_concept_id=cdm.concept("ATC", "X1"), descendant_concept_id=drug, min_levels_of_separation=1)  # fmt: skip
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-11-01")
    cdm.drug(1, drug, "2026-11-01", "2026-11-30")
    answer = made.therapies(read(cdm)[0], as_of=DAY).to_dict()
    found = next(e for e in answer["therapies"] if e["intervention"] == "RXNORM:7777")
    assert found["status"] == "contraindicated"
    assert any("concept_ancestor" in step for step in found["coded"]["steps"])
    cdm.rows["concept_ancestor"].clear()
    answer = made.therapies(read(cdm)[0], as_of=DAY).to_dict()
    assert not any(e["intervention"] == "RXNORM:7777" for e in answer["therapies"])
    assert len(answer["not_understood"]) == 1 and "RXNORM:7777" in answer["not_understood"][0]


def test_lacking_what_is_below_denies_nothing_and_invalid_ancestors_say_nothing(read: Read) -> None:
    cdm = Cdm()
    child, dead = cdm.concept("SNOMED", "below"), cdm.concept("SNOMED", "below-dead")
    for concept, above in ((child, cdm.concept("SNOMED", "1001")), (dead, cdm.concept("SNOMED", "1002", invalid="D"))):
        cdm.add("concept_ancestor", ancestor_concept_id=above, descendant_concept_id=concept, min_levels_of_separation=1)  # fmt: skip
    cdm.observation(1, child, "2026-01-10", cdm.concept(*NO))
    cdm.observation(1, dead, "2026-01-10", cdm.concept(*YES))
    profile, report = read(cdm)
    assert not conditions(profile) and not denied(profile)
    assert len(report.of("not understood")) == 2


def test_without_a_concept_table_only_source_values_are_read(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.condition(1, 12_345, "2026-01-10", condition_source_value="T1")
    path = cdm.write("csv", tmp_path / "cdm", every=False)
    profile, report = made.profile_from_omop(path, 1, as_of=DAY)
    assert not conditions(profile)
    assert "there is no table concept" in entry(report, "condition_occurrence 1")[1]
    assert any("no table drug_exposure" in choice for choice in report.choices)
    named = {"condition_occurrence": "ICD10CM"}
    assert conditions(made.profile_from_omop(path, 1, as_of=DAY, source_vocabulary=named)[0]) == {"Sciatica"}


def test_a_code_of_another_kind_is_not_forced_into_the_table(read: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ATC", "X1"), "2026-01-10")
    cdm.drug(1, cdm.concept("ICD10CM", "T1"), "2026-01-10", "2026-12-31")
    profile, report = read(cdm)
    assert not conditions(profile) and not profile.present.get(TAKES)
    assert len(report.of("not understood")) == 2


# completeness


def test_a_complete_list_by_flag(read: Read) -> None:
    cdm = Cdm()
    cdm.drug(1, cdm.concept("ATC", "X1"), "2026-11-01", "2026-11-30")
    profile, _ = read(cdm, complete=["medications"])
    assert profile.complete == {TAKES} and not profile.not_understood
    cdm.drug(1, cdm.concept("ATC", "unmapped"), "2026-11-01", "2026-11-30")
    profile, _ = read(cdm, complete=["medications"])
    assert [prop for prop, _ in profile.not_understood if prop in profile.complete] == [TAKES]


def test_a_laboratory_number_that_no_mapping_knows_is_no_entry_of_a_list(read: Read) -> None:
    cdm = Cdm()
    cdm.measurement(1, cdm.concept("LOINC", "unmapped"), "2026-11-01", 13.2)
    profile, report = read(cdm, complete=["conditions"])
    assert not profile.not_understood
    assert entry(report, "measurement 1")[0] == "not understood"


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


# forms of a source


def crowd(persons: int = 7) -> Cdm:
    """Persons with rows of every kind, some of them odd."""
    cdm = Cdm()
    for p in range(1, persons + 1):
        cdm.person(p, f"19{50 + p % 50}-0{1 + p % 9}-11", FEMALE if p % 2 else MALE)
        cdm.condition(p, cdm.concept("ICD10CM", "T1" if p % 3 else "T2"), f"2026-0{1 + p % 9}-01")
        cdm.condition(p, NONE, "2026-01-01", condition_source_value=f"Robert'); DROP TABLE person; -- {p}")
        cdm.drug(p, cdm.concept("ATC", "X1"), "2026-11-01", f"2026-11-{10 + p % 20}")
        cdm.procedure(p, cdm.concept("ICD10PCS", "P1"), "2026-02-01")
        cdm.measurement(p, cdm.concept("LOINC", "0-1"), "2026-10-01", 20.5 + p % 70, unit_concept_id=cdm.concept("UCUM", "mL/min/{1.73_m2}"))  # fmt: skip
        cdm.observation(p, cdm.concept("SNOMED", "1002"), "2026-10-01", cdm.concept(*NO))
    return cdm


@pytest.mark.parametrize("upper", [False, True])
def test_every_form_gives_the_same_profiles_and_reports(made: gg.KnowledgeBase, tmp_path: Path, upper: bool) -> None:
    found = []
    for form in FORMS:
        path = crowd().write(form, tmp_path / form, upper=upper, schema='my "cdm"' if upper else "main")
        found.append([(p, profile, r.to_dict()) for p, profile, r in made.profiles_from_omop(path, as_of=DAY)])
    assert [p for p, _, _ in found[0]] == list(range(1, 8))
    assert all(other == found[0] for other in found[1:])


def test_many_are_as_one_by_one(made: gg.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from guidegraph.intake import omop

    monkeypatch.setattr(omop, "_GROUP", 3)
    path = crowd().write("csv", tmp_path / "cdm")
    many = list(made.profiles_from_omop(path, as_of=DAY))
    single = [(p, *made.profile_from_omop(path, p, as_of=DAY)) for p in range(1, 8)]
    assert many == single
    some = list(made.profiles_from_omop(path, [5, 2, 5], as_of=DAY))
    assert some == [single[1], single[4]]


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_files_with_other_separators(made: gg.KnowledgeBase, tmp_path: Path, mark: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.condition(1, cdm.concept("ICD10CM", "T1", 'a "quoted name'), "20260110")
    path = cdm.write("csv", tmp_path / "cdm")
    with (path / "concept.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    # Files with tabs have no quotation: a mark in a name is a mark.
    rows = [[cell if mark == "\t" else cell.replace('"', "") for cell in row] for row in rows]
    text = "\n".join(mark.join(row) for row in rows) + "\n"
    (path / "concept.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert conditions(made.profile_from_omop(path, 1, as_of=DAY)[0]) == {"Sciatica"}


# sources that are none


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,not-a-date,", "no date"),
        ("1,2026-02-30,", "no date"),
        ("1,2026-13-45,", "no date"),
        ("1,24.11.2026,", "no date"),
        ("1,,", "no start date"),
        ("1.5,2026-01-01,", "no whole number"),
        ("many,2026-01-01,", "no number"),
    ],
)
def test_values_that_are_none_are_told_row_by_row(made: gg.KnowledgeBase, tmp_path: Path, text: str, told: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    path = cdm.write("csv", tmp_path / "cdm")
    head = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_end_date\n"
    (path / "condition_occurrence.csv").write_text(f"{head}1,1,{text}\n", encoding="utf-8")
    profile, report = made.profile_from_omop(path, 1, as_of=DAY)
    state, why = entry(report, "condition_occurrence 1")
    assert state == "not understood" and told in why
    assert profile.not_understood


def test_a_missing_column_or_table_is_named(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    path = cdm.write("csv", tmp_path / "cdm")
    (path / "drug_exposure.csv").write_text("drug_exposure_id,person_id\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="table drug_exposure has no column drug_concept_id"):
        made.profile_from_omop(path, 1)
    (path / "person.csv").unlink()
    with pytest.raises(ProfileError, match="no table person"):
        made.profile_from_omop(path, 1)


def test_a_column_of_another_type_is_named(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.columns["condition_occurrence"]["condition_start_date"] = "INTEGER[]"
    path = cdm.write("duckdb", tmp_path / "cdm")
    with pytest.raises(ProfileError, match="condition_start_date of the table condition_occurrence is of type"):
        made.profile_from_omop(path, 1)


@pytest.mark.parametrize("person", ["1.5", "", "one", "nan"])
def test_rows_of_nobody_are_never_left_out_in_silence(made: gg.KnowledgeBase, tmp_path: Path, person: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.person(2)
    path = cdm.write("csv", tmp_path / "cdm")
    head = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date\n"
    (path / "condition_occurrence.csv").write_text(f"{head}1,{person},0,2026-01-01\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="1 rows of the table condition_occurrence"):
        made.profile_from_omop(path, 1)


def test_a_person_that_is_not_there(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd(2).write("duckdb", tmp_path / "cdm")
    with pytest.raises(ProfileError, match="no person 3"):
        made.profile_from_omop(path, 3)
    for person in (-1, 2**63, -(10**50)):
        with pytest.raises(ProfileError, match=f"no person {str(person)[:40]}"):
            list(made.profiles_from_omop(path, [person, 1]))
    assert list(made.profiles_from_omop(path, [])) == []


def test_what_is_no_source(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "empty.duckdb").touch()
    (tmp_path / "text.duckdb").write_text("no database " * 999, encoding="utf-8")
    (tmp_path / "a.csv").write_text("person_id\n1\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a*b").mkdir()
    for name, error in {
        "empty.duckdb": ProfileError,
        "text.duckdb": ProfileError,
        "a.csv": UsageError,
        "folder": ProfileError,
        "a*b": UsageError,
        "nothing.duckdb": UsageError,
    }.items():
        with pytest.raises(error):
            made.profile_from_omop(tmp_path / name, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("person.csv", b""),
        ("person.csv", b"person_id,gender_concept_id,year_of_birth\n1,8507\n"),
        ("person.csv", b"person_id,gender_concept_id,year_of_birth\n1,8507,\xff\xfe\n"),
        ("person.csv", b"person_id,person_id,gender_concept_id,year_of_birth\n1,1,8507,1980\n"),
        ("person.csv.gz", b"no gzip"),
        ("person.parquet", b"PAR1 no parquet PAR1"),
    ],
)
def test_damaged_files(made: gg.KnowledgeBase, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProfileError):
        made.profile_from_omop(tmp_path, 1)


@pytest.mark.parametrize(("form", "seed"), [("csv", 1), ("csv", 2), ("parquet", 3), ("duckdb", 4)])
def test_damage_anywhere_is_an_error_of_ours_or_a_told_row(
    made: gg.KnowledgeBase, tmp_path: Path, form: str, seed: int
) -> None:
    """Bytes changed, cut or put in at random: never another error, and never more than one line."""
    import random

    chance = random.Random(seed)
    source = crowd(2).write(form, tmp_path / "whole")
    files = [path for path in sorted((tmp_path / "whole").iterdir()) if path.stat().st_size]
    faults = 0
    for number in range(15):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "whole", folder)
        path = folder / chance.choice(files).name
        content = bytearray(path.read_bytes())
        at = chance.randrange(len(content))
        content[at : at + chance.choice((0, 1, 99))] = chance.choice(
            (b"\0", b'"', b",", b"\n", b"-", b"\xff", b"9" * 30)
        )
        path.write_bytes(content)
        try:
            made.profile_from_omop(folder / source.name if source.is_file() else folder, 1, as_of=DAY)
        except gg.GuideGraphError as error:
            faults += 1
            assert str(error).isprintable()
    assert faults


def test_a_table_that_is_there_twice(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd(1).write("csv", tmp_path / "cdm")
    (path / "PERSON.CSV.gz").write_bytes(b"")
    with pytest.raises(ProfileError, match="person is there more than once"):
        made.profile_from_omop(path, 1)


def test_a_database_cannot_make_us_read_other_files(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1980\n", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "cdm.duckdb")) as db:
        db.execute(f"CREATE VIEW person AS SELECT * FROM read_csv('{secret}')")
    with pytest.raises(ProfileError, match="cannot be read"):
        made.profile_from_omop(tmp_path / "cdm.duckdb", 1)


def test_a_file_that_points_outside_the_folder(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1980\n", encoding="utf-8")
    (tmp_path / "cdm").mkdir()
    (tmp_path / "cdm/person.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ProfileError, match="points outside"):
        made.profile_from_omop(tmp_path / "cdm", 1)


def test_the_source_is_not_changed(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd().write("duckdb", tmp_path / "cdm")
    before = path.read_bytes()
    list(made.profiles_from_omop(path, as_of=DAY))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


# the same answers as the example profiles

OURS = {"condition_occurrence": "ggt", "drug_exposure": "ggt", "observation": "ggt", "measurement": "gg", "procedure_occurrence": "ggt"}  # fmt: skip


def person_of(cdm: Cdm, person: int, profile: Profile, kb: gg.KnowledgeBase) -> None:
    """Rows that say what a profile says, in our own terms as source codes."""
    rows = kb.vocabulary.by_iri
    sexes = {term("MaleSex"): MALE, term("FemaleSex"): FEMALE}
    stated = {iri for classes in profile.present.values() for iri in classes}
    age = profile.values.get(AGE)
    sex = next((sexes[iri] for iri in sorted(stated) if iri in sexes), NONE)
    cdm.person(person, f"{DAY.year - int(age)}-01-01" if age is not None else "1", sex)
    local = {iri: iri.rpartition("/")[2] for iri in rows}
    for iri in sorted(stated - set(sexes)):
        if rows[iri].kind == "intervention":
            cdm.drug(person, NONE, "2026-11-01", "2026-12-01", drug_source_value=local[iri])
        else:
            cdm.condition(person, NONE, "2026-11-01", condition_source_value=local[iri])
    for iri in sorted(iri for prop in (CONDITION, FINDING) for iri in profile.absent.get(prop, ())):
        if iri not in sexes:
            cdm.observation(person, NONE, DAY.isoformat(), cdm.concept(*NO), observation_source_value=local[iri])
    for stop in sorted(profile.stops_present):
        assert stop.days is not None
        day = date.fromordinal(DAY.toordinal() - int(stop.days)).isoformat()
        cdm.drug(person, NONE, "2026-01-01", day, drug_source_value=local[stop.of])
    for prop, value in profile.values.items():
        if prop != AGE:
            cdm.measurement(person, NONE, DAY.isoformat(), float(value), measurement_source_value=local[prop], unit_source_value=rows[prop].unit)  # fmt: skip


def test_example_profiles_give_the_same_answers(kb: gg.KnowledgeBase, repo_root: Path, tmp_path: Path) -> None:
    """All example profiles but those with what a CDM cannot say: outcome and length of a trial of therapy."""
    names = sorted(path.stem for path in (repo_root / "graph/profiles").glob("*.yaml"))
    cdm, stated = Cdm(), {}
    for number, name in enumerate(names, 1):
        profile = kb.profile(f"example:{name}")
        if not profile.trials_present:
            stated[number] = (name, profile)
            person_of(cdm, number, profile, kb)
    assert len(stated) == len(names) - 2
    path = cdm.write("parquet", tmp_path / "cdm")
    for number, found, _ in kb.profiles_from_omop(path, as_of=DAY, source_vocabulary=OURS):
        name, wanted = stated[number]
        options: dict[str, Any] = {}
        if wanted.complete:
            keys = [row.key for row in kb.vocabulary.of_kind("category") if row.iri in wanted.complete]
            found, _ = kb.profile_from_omop(path, number, as_of=DAY, source_vocabulary=OURS, complete=keys)
        statuses = kb.therapies(found, as_of=DAY, **options).statuses
        assert statuses == kb.therapies(wanted, as_of=DAY).statuses, name


def implied(kb: gg.KnowledgeBase, profile: Profile) -> dict[str, set[str]]:
    """The classes that somebody has, and all above them."""
    above = kb.vocabulary.ancestors
    return {prop: {c for cls in classes for c in above(cls)} for prop, classes in profile.present.items()}


#: Where a code of a terminology is put, as vocabulary and whether it is the concept of the source.
AS_CONCEPT = {"ICD10CM": "ICD10CM", "SNOMEDCT": "SNOMED", "MESH": "MeSH", "ATC": "ATC", "RXNORM": "RxNorm", "LOINC": "LOINC"}  # fmt: skip


def test_example_profiles_in_codes_give_the_same_answers(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    """The same with concepts of real codes, wherever our mapping tables have an exact one."""
    codes = kb.links.codes
    exact = {
        row.iri: row_.curie
        for row in kb.vocabulary.rows
        for row_ in reversed(codes.mappings(row.iri))
        if row_.predicate == "exact" and row_.curie.partition(":")[0] in AS_CONCEPT
    }
    needs(exact, "there are no mapping tables")
    names = ("anticoagulated-older", "bleeding-ulcer", "pregnant-28-weeks", "renal-impairment", "stopped-mao-inhibitor")
    cdm, coded = Cdm(), 0
    for number, name in enumerate(names, 1):
        person_of(cdm, number, kb.profile(f"example:{name}"), kb)
    local = {iri.rpartition("/")[2]: curie for iri, curie in exact.items()}
    stems = {"condition_occurrence": "condition", "drug_exposure": "drug", "measurement": "measurement"}
    for table, stem in stems.items():
        for row in cdm.rows[table]:
            curie = local.get(row[f"{stem}_source_value"])
            if curie:
                prefix, _, code = curie.partition(":")
                row |= {
                    f"{stem}_source_concept_id": cdm.concept(AS_CONCEPT[prefix], code),
                    f"{stem}_source_value": code,
                }
                coded += 1
    assert coded >= 5
    path = cdm.write("csv", tmp_path / "cdm")
    ours = {table: prefix for table, prefix in OURS.items() if table != "procedure_occurrence"}
    for number, found, report in kb.profiles_from_omop(path, as_of=DAY, source_vocabulary=ours):
        wanted = kb.profile(f"example:{names[number - 1]}")
        # A code may be exact for a class and for one above it: what is above is implied anyway.
        assert implied(kb, kb.profile(found)) == implied(kb, wanted), (names[number - 1], report.of("not understood"))
        assert kb.profile(found).absent == wanted.absent
        if not wanted.trials_present:
            assert kb.therapies(found, as_of=DAY).statuses == kb.therapies(wanted, as_of=DAY).statuses


# the command


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crowd().write("duckdb", tmp_path_factory.mktemp("omop"))


def test_the_command(
    cli: Any, root: Path, made: gg.KnowledgeBase, source: Path, repo_root: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    args = ("profile", "from-omop", str(source), "--person", "3", "--as-of", "2026-11-24", "--knowledge", str(root))
    done = cli(*args, "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["egfr"] == 23.5
    again = made.profile(yaml.safe_load(done.stdout))
    assert again.present == made.profile(made.profile_from_omop(source, 3, as_of=DAY)[0]).present
    told = json.loads(report.read_text(encoding="utf-8"))
    schema = json.loads((repo_root / "src/guidegraph/schema/intake.schema.json").read_text(encoding="utf-8"))
    import jsonschema

    jsonschema.validate(told, schema)
    assert told["counts"]["not_understood"] == 1
    assert cli(*args, "--format", "json").returncode == 0
    assert cli(*args).stdout == done.stdout


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_the_command_writes_is_read_back_whole(
    cli: Any, root: Path, made: gg.KnowledgeBase, tmp_path: Path, form: str
) -> None:
    cdm = Cdm()
    cdm.person(1, sex=FEMALE)
    drug = cdm.concept("RxNorm", "7777", "a drug\nthat no table names")
    cdm.add("concept_ancestor", ancestor_concept_id=cdm.concept("ATC", "X1"), descendant_concept_id=drug, min_levels_of_separation=1)  # fmt: skip
    cdm.drug(1, drug, "2026-11-01", "2026-11-30")
    cdm.drug(1, cdm.concept("ATC", "X2"), "2026-11-01", "2026-11-14")
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-11-01")
    cdm.condition(1, NONE, "2026-11-01", condition_source_value="- [x]: {y}\u2028# z")
    cdm.observation(1, cdm.concept("SNOMED", "1002"), "2026-10-01", cdm.concept(*NO))
    egfr(cdm, "2026-10-01", 33.3)
    source, target = cdm.write("parquet", tmp_path / "cdm"), tmp_path / f"patient.{form}"
    done = cli("profile", "from-omop", str(source), "--person", "1", "--as-of", "2026-11-24", "--knowledge", str(root), "-f", form, "-o", str(target))  # fmt: skip
    assert done.returncode == 0, done.stderr
    stated, again = made.profile(made.profile_from_omop(source, 1, as_of=DAY)[0]), made.profile(target)
    for part in ("present", "absent", "values", "stops_present", "not_understood"):
        assert getattr(again, part) == getattr(stated, part), part
    assert again.present[TAKES] == {term("Ibuprofen")}


@pytest.mark.parametrize(
    "more",
    [
        ("--person", "99"),
        ("--person", "1", "--complete", "made-up"),
        ("--person", "1", "--source-vocabulary", "nonsense"),
        ("--person", "1", "--source-vocabulary", "person=ATC"),
        ("--person", "1", "--as-of", "yesterday"),
        ("--person", "1", "--report", "/no/such/folder/report.txt"),
    ],
)
def test_wrong_use_of_the_command(cli: Any, root: Path, source: Path, more: tuple[str, ...]) -> None:
    done = cli("profile", "from-omop", str(source), "--knowledge", str(root), *more)
    assert done.returncode == 2
    assert not done.stdout
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
