"""Small records, each after a public report of a fault in another tool, with what is right (the day is 2024-06-01)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.intake.fhir import Reading
from tests.support.fhirhelp import facts
from tests.support.paths import TESTS

CASES = TESTS / "intake/fhir/cases"
DAY = date(2024, 6, 1)
CONDITIONS, FINDINGS, TAKES = (ns.GG + name for name in ("hasCondition", "hasFinding", "takesMedication"))
WHO = {"+ggt:FemaleSex", "gg:ageYears=44"}
DRUG = "ggt:Ibuprofen"


def read_case(kb: Any, name: str, **options: Any) -> Reading:
    path = CASES / (name if "." in name else f"{name}.json")
    found: Reading = kb.profile_from_fhir(path, where=name, **{"as_of": DAY, **options})
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a01-error", {"+ggt:Osteoporosis"}),
        ("a03-active-abated", set()),
        ("a04-refuted", {"-ggt:HeartFailure", "-ggt:Osteoporosis"}),
        ("a05-completed", set()),
        ("a06-active-expired", {f"stopped {DRUG} 3629"}),
        ("a06b-dispense", set()),
        ("a07-acute-completed", set()),
        ("a10-unit-noncoded", {"gg:eGFR=55"}),
        ("a10-unit0", {"gg:eGFR=55"}),
        ("a10-unit1", {"gg:eGFR=55"}),
        ("a10-unit2", {"gg:eGFR=55"}),
        ("a10-unit3", set()),
        ("a10-unit4", {"gg:eGFR=55"}),
        ("a10-unit5", set()),
        ("a10-unit6", set()),
        ("a10-unit7", set()),
        ("a10-unit8", set()),
        ("a10-unit9", set()),
        ("a13-comparator", set()),
        ("a13b-string", set()),
        ("a13c-absent", set()),
        ("a14-older-good-below", set()),
        ("a14-older-good-implausible", set()),
        ("a14-older-good-modifier", set()),
        ("a14-older-good-prelim", set()),
        ("a14-older-good-string", set()),
        ("a14-older-good-unit", {"gg:eGFR=12"}),
        ("a15-preg-bool", {"+ggt:Pregnancy"}),
        ("a15-preg-othercode", set()),
        ("a15-preg-possible", set()),
        ("a15-preg-string", set()),
        ("a15-preg-text", set()),
        ("a19-versions", {"-ggt:HeartFailure"}),
        ("a19b-same", {"+ggt:HeartFailure"}),
        ("a21-episode", set()),
        ("a24-not", {"takes ggt:Aspirin"}),
        ("a25-ref", {"takes ggt:Aspirin"}),
        ("a26b-no-then-unk", set()),
        ("a26c-no-then-absent", set()),
        ("a26d-no-old", set()),
        ("a28-pain", {"gg:painScore=7"}),
        ("a28b-pain", {"gg:painScore=7"}),
        ("a28c-pain", {"gg:painScore=7"}),
        ("a28d-pain", set()),
        ("a28e-pain", {"gg:painScore=7"}),
        ("a28f-pain", set()),
        ("a28g-pain100", set()),
        ("a29-eq", set()),
        ("a30-pain-newer-text", set()),
        ("b01-maoi-completed", {"+ggt:Sciatica"}),
        ("b02-maoi-inactive-openend", {"+ggt:Sciatica"}),
        ("b03-maoi-month", {"+ggt:Sciatica"}),
        ("b03-precision", set()),
        ("b03b-timezone", {"gg:eGFR=25"}),
        ("b03c-midnight", set()),
        ("b04-inactive-noabatement", set()),
        ("b05-onset-later", set()),
        ("b06-abated-year", set()),
        ("b07-med-starts-later", {"takes ggt:Anticoagulant"}),
        ("b08-allergy-recorded-later", set()),
        ("f02-bom.json", {"+ggt:Osteoporosis"}),
        ("f02-utf16.json", {"+ggt:Osteoporosis"}),
        ("f03-crlf.ndjson", {"+ggt:Osteoporosis"}),
        ("f04-array.json", {"+ggt:Osteoporosis"}),
    ],
)
def test_the_facts_of_each_case(kb: Any, name: str, expected: set[str]) -> None:
    found = read_case(kb, name)
    assert facts(found) - WHO == expected
    # Whatever is no fact is told, with a way to mend it where it was not understood.
    assert all(entry.why for entry in found.report.entries if entry.state != "used")
    assert all(entry.mend.endswith(".") for entry in found.report.of("not understood"))


@pytest.mark.parametrize(("name", "age"), [("a08-birthday", {"gg:ageYears=18"}), ("a08b-leap", {"gg:ageYears=20"}), ("a09-year", set())])  # fmt: skip
def test_full_years_on_the_birthday(kb: Any, name: str, age: set[str]) -> None:
    assert facts(read_case(kb, name)) - WHO == age


def test_none_known_empties_its_own_list(kb: Any) -> None:
    found = read_case(kb, "a11-none-known")
    assert not found.profile.not_understood and found.profile.complete == {TAKES}
    assert {"-ggt:Hypersensitivity", "-ggt:CardiovascularDisease", "-ggt:Cancer"} <= facts(found)
    # A list of problems is no list of pregnancies.
    assert "-ggt:Pregnancy" not in facts(found)
    assert not read_case(kb, "a11-none-known", complete=["conditions", "medications"]).profile.not_understood


def test_sex_is_unknown_where_it_is_stated_twice_and_differs(kb: Any, ask: Any) -> None:
    found = read_case(kb, "a20-gender")
    assert not {"+ggt:MaleSex", "+ggt:FemaleSex"} & facts(found)
    told = [entry for entry in found.report.of("not understood") if "the sex is unknown" in entry.why]
    assert {entry.text for entry in told} == {"male", "female-typical"}
    assert facts(read_case(kb, "a20c-male-pregnant")) == {"gg:ageYears=44"}


def test_what_is_recorded_later_counts_later(kb: Any) -> None:
    assert facts(read_case(kb, "b08-allergy-recorded-later", as_of=date(2025, 2, 1))) >= {
        "+ggt:AspirinAllergy",
        "+ggt:Osteoporosis",
        "-ggt:HeartFailure",
        "+ggt:Cancer",
    }
    later = facts(read_case(kb, "b07-med-starts-later", as_of=date(2024, 8, 1)))
    assert later >= {f"takes {DRUG}", "takes ggt:Aspirin"}
    denied = read_case(kb, "b08-allergy-recorded-later", complete=["conditions"]).profile
    assert any(prop == CONDITIONS for prop, _ in denied.not_understood)


def test_a_value_that_is_not_understood_leaves_conditions_alone(kb: Any) -> None:
    for name in ("a10-unit7", "a14-older-good-below", "a14-older-good-modifier", "a30-pain-newer-text"):
        assert {prop for prop, _ in read_case(kb, name).profile.not_understood} == {FINDINGS}, name


def test_the_user_can_map_a_unit_that_has_no_code(kb: Any) -> None:
    import json

    record = json.loads((CASES / "a10-unit-noncoded.json").read_text(encoding="utf-8"))
    record["entry"][1]["resource"]["valueQuantity"]["unit"] = "kidney units"
    assert facts(kb.profile_from_fhir(record, as_of=DAY)) == WHO
    ours = [("kidney units", "mL/min/{1.73_m2}")]
    assert facts(kb.profile_from_fhir(record, as_of=DAY, same_units=ours)) == WHO | {"gg:eGFR=55"}


def test_a_trailing_comma_is_told_with_its_place(kb: Any) -> None:
    with pytest.raises(ProfileError, match="not JSON") as caught:
        read_case(kb, "f05-comma.json")
    # Newer Pythons name the comma itself.
    assert caught.value.where.endswith((":6:2", ":5:52"))
