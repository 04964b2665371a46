"""Tests, procedures and supplies of records: kept where a criterion asks for them, with the days that are certain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.model import Profile
from tests.intake.omop.fixtures import duck, made, read_omop, root  # noqa: F401  (fixtures)
from tests.intake.omop.helpers import DAY, EGFR, Read, egfr
from tests.intake.omop.synthetic import Cdm
from tests.support import carefacts
from tests.support.fhirhelp import PATIENT, SUBJECT, concept

RATE = {"system": "http://unitsofmeasure.org", "code": "mL/min/{1.73_m2}"}
WITHIN = "[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:maxInclusive 90.0 ] ) ]"
UNDER_30 = "[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:maxExclusive 30.0 ] ) ]"
FOUR_WEEKS = "[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:minInclusive 28.0 ] ) ]"


def event(prop: str, of: str, *parts: str) -> str:
    every = " ".join([carefacts.some("ofIntervention", of), carefacts.some("daysSince", WITHIN), *parts])
    return carefacts.some(prop, f"[ a owl:Class ; owl:intersectionOf ( {every} ) ]")


#: A test that measures a number, one that looks for a finding, and criteria on these, a procedure and a supply.
TEXT = """
ggt:KidneyTest a owl:Class ; rdfs:subClassOf gg:DiagnosticIntervention ; rdfs:label "kidney test"@en ; gg:measures gg:eGFR .
ggt:StrengthTest a owl:Class ; rdfs:subClassOf gg:DiagnosticIntervention ; rdfs:label "strength test"@en ;
    gg:looksFor ggt:MotorDeficit .
"""
POPULATIONS = {
    "Tested": event("underwent", "ggt:KidneyTest"),
    "OnceLow": event("underwent", "ggt:KidneyTest", carefacts.some("resultValue", UNDER_30)),
    "LowNow": carefacts.some("eGFR", UNDER_30),
    "Weak": event("underwent", "ggt:StrengthTest", carefacts.some("showed", "ggt:MotorDeficit")),
    "Scanned": event("underwent", "ggt:DiagnosticImaging"),
    "Supplied": event("wasSupplied", "ggt:NSAID", carefacts.some("daysOfSupply", FOUR_WEEKS)),
}
POP = "".join(
    f'ggp:{name} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {whole} .\n'
    for name, whole in POPULATIONS.items()
)


@pytest.fixture(scope="module")
def asking(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return carefacts.opened(repo_root, tmp_path_factory.mktemp("events"), TEXT + POP)


def resource(kind: str, code: str, day: str | None, **more: Any) -> dict[str, Any]:
    system = ns.GG if code[0].islower() else ns.GGT
    coded = {"medicationCodeableConcept" if kind == "MedicationDispense" else "code": concept(code, system=system)}
    when = {"Procedure": "performedDateTime", "MedicationDispense": "whenHandedOver"}.get(kind, "effectiveDateTime")
    status = "final" if kind == "Observation" else "completed"
    found = {"resourceType": kind, "id": f"{kind[:2]}{day}", "status": status, "subject": SUBJECT}
    return found | coded | ({when: day} if day else {}) | more


def rate(value: float, day: str) -> dict[str, Any]:
    return resource("Observation", "eGFR", day, valueQuantity={"value": value, **RATE})


def truths(kb: Any, *resources: dict[str, Any], complete: tuple[str, ...] = ()) -> dict[str, str]:
    reading = kb.profile_from_fhir([PATIENT, *resources], as_of=DAY, complete=complete)
    return truths_of(kb, reading.profile)


def truths_of(kb: Any, profile: Profile) -> dict[str, str]:
    found = kb.assess(kb.profile(profile), DAY)
    return {name: found.truth(ns.GGP + name) for name in POPULATIONS}


def test_any_in_the_window_is_not_the_newest(asking: Any) -> None:
    told = truths(asking, rate(25, "2026-10-01"), rate(40, "2026-11-20"))
    assert (told["Tested"], told["OnceLow"], told["LowNow"]) == ("true", "true", "false")
    told = truths(asking, rate(25, "2026-01-01"), rate(40, "2026-11-20"))
    assert (told["Tested"], told["OnceLow"], told["LowNow"]) == ("true", "unknown", "false")


def test_a_test_was_done_whatever_the_result(asking: Any) -> None:
    unread = resource("Observation", "eGFR", "2026-11-01", valueString="see report")
    told = truths(asking, unread)
    assert (told["Tested"], told["OnceLow"], told["LowNow"]) == ("true", "unknown", "unknown")
    open_ = resource("Observation", "eGFR", "2026-11-01", status="registered")
    assert truths(asking, open_)["Tested"] == "unknown"
    # Nothing is denied while one entry may be such a test.
    assert truths(asking, open_, complete=("done",))["Tested"] == "unknown"
    assert truths(asking, complete=("done",))["Tested"] == "false"


@pytest.mark.parametrize(
    ("day", "truth", "whole"),
    [
        ("2026-11-24", "true", "true"),
        ("2026-08-26", "true", "true"),  # 90 days
        ("2026-08-25", "unknown", "false"),
        ("2026-08", "unknown", "unknown"),  # the edge of the window lies in the month
        ("2026-09", "true", "true"),
        ("2026-07", "unknown", "false"),
        ("2026", "unknown", "unknown"),
        (None, "unknown", "unknown"),
        ("2026-12-01", "unknown", "false"),  # after the day of the profile
    ],
)
def test_recency_of_a_procedure(asking: Any, day: str | None, truth: str, whole: str) -> None:
    assert truths(asking, resource("Procedure", "MRI", day))["Scanned"] == truth
    assert truths(asking, resource("Procedure", "MRI", day), complete=("done",))["Scanned"] == whole


def test_a_procedure_over_several_days_and_one_not_done(asking: Any) -> None:
    lasting = resource("Procedure", "MRI", None, performedPeriod={"start": "2026-08-20", "end": "2026-08-28"})
    assert truths(asking, lasting)["Scanned"] == "unknown"
    assert truths(asking, resource("Procedure", "MRI", "2026-11-01", status="not-done"))["Scanned"] == "unknown"
    report = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "subject": SUBJECT}
    assert truths(asking, report, complete=("done",))["Scanned"] == "unknown"


def test_what_a_test_showed_and_did_not(asking: Any) -> None:
    def seen(answer: bool, day: str) -> dict[str, Any]:
        return resource("Observation", "MotorDeficit", day, valueBoolean=answer)

    assert truths(asking, seen(True, "2026-10-01"), seen(False, "2026-11-01"))["Weak"] == "true"
    assert truths(asking, seen(False, "2026-11-01"))["Weak"] == "unknown"
    assert truths(asking, seen(False, "2026-11-01"), complete=("done",))["Weak"] == "false"


@pytest.mark.parametrize(
    ("drug", "days", "more", "truth"),
    [
        ("Ibuprofen", 30, {}, "true"),
        ("Ibuprofen", 27, {}, "unknown"),
        ("Ibuprofen", None, {}, "unknown"),
        ("Tramadol", 30, {}, "unknown"),
        ("Ibuprofen", 30, {"status": "cancelled"}, "unknown"),
        ("Ibuprofen", 30, {"status": "in-progress"}, "unknown"),
        ("Ibuprofen", 30, {"whenHandedOver": "2026-01-01"}, "unknown"),
    ],
)
def test_days_of_supply(asking: Any, drug: str, days: int | None, more: dict[str, Any], truth: str) -> None:
    supply = {"daysSupply": {"value": days, "system": RATE["system"], "code": "d"}} if days else {}
    dispense = resource("MedicationDispense", drug, "2026-11-01", **supply, **more) | more
    assert truths(asking, dispense)["Supplied"] == truth
    # A supply is no current medication.
    assert not asking.profile_from_fhir([PATIENT, dispense], as_of=DAY).profile.present


def test_what_nothing_asks_for_is_left_out(kb: Any, asking: Any) -> None:
    record = [PATIENT, rate(25, "2026-10-01"), resource("MedicationDispense", "Ibuprofen", "2026-11-01")]
    assert kb.profile_from_fhir(record, as_of=DAY).profile.care_present == frozenset()
    told = kb.profile_from_fhir(record, as_of=DAY).report.of("ignored")
    assert [entry.why for entry in told] == ["this type is no part of a profile"]
    gait = resource("Procedure", "GaitAssessment", "2026-11-01")
    assert asking.profile_from_fhir([PATIENT, gait], as_of=DAY).profile.care_present == frozenset()


def test_an_exported_patient_comes_back(asking: Any) -> None:
    stated = asking.profile(
        {
            "done": {
                "present": [
                    {"of": "kidney test", "days": 10, "value": 25, "shows": ["motor deficit"]},
                    {"of": "MRI", "days_from": 3, "days_to": 40, "lacks": ["motor deficit"]},
                ]
            },
            "supplies": {"present": [{"of": "ibuprofen", "days": 5, "supplied": 30}]},
        }
    )
    bundle = asking.patient_bundle(stated, as_of=DAY)
    assert asking.profile_from_fhir(bundle, as_of=DAY).profile.care_present == stated.care_present


@pytest.mark.slow
@pytest.mark.usefixtures("duck")
def test_omop_says_the_same(asking: Any, read_omop: Read, root: Path, tmp_path: Path) -> None:  # noqa: F811
    cdm = Cdm()
    egfr(cdm, "2026-10-01", 25)
    egfr(cdm, "2026-11-20", 40)
    cdm.drug(1, cdm.concept("ATC", "X1"), "2026-11-01", "2026-11-30", days_supply=30)
    profile, _ = read_omop(cdm)
    assert profile.care_present == frozenset() and EGFR in profile.values
    kb = carefacts.opened(root, tmp_path, TEXT + POP)
    cdm.person(1)
    read, report = kb.profile_from_omop(cdm.write("duckdb", tmp_path / "cdm"), 1, as_of=DAY)
    told = truths_of(kb, read)
    assert [told[name] for name in ("Tested", "OnceLow", "LowNow", "Supplied")] == ["true", "true", "false", "true"]
    assert "supplied: ibuprofen for 30 days, 23 days ago" in [entry.effect for entry in report.entries]
