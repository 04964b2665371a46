"""FHIR observations read as profiles: every status, unit and shape, and nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from tests.support.fhirhelp import SUBJECT, Read, concept, condition, facts, states

UCUM = "http://unitsofmeasure.org"


def observation(code: str = "MuscleSpasm", system: str = ns.GGT, **more: Any) -> dict[str, Any]:
    found = {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": concept(code, system=system),
        "subject": SUBJECT,
    }
    return found | {"effectiveDateTime": "2026-11-20"} | more


def quantity(value: float, code: str, **more: Any) -> dict[str, Any]:
    return {"value": value, "system": UCUM, "code": code, **more}


EGFR, PAIN, WEEKS = "eGFR", "painScore", "symptomWeeks"


def number(code: str, value: Any, **more: Any) -> dict[str, Any]:
    return observation(code, ns.GG, valueQuantity=value, **more)


@pytest.mark.parametrize(
    ("resource", "fact", "state"),
    [
        (number(EGFR, quantity(85.5, "mL/min/{1.73_m2}")), {"gg:eGFR=85.5"}, "used"),
        (number(EGFR, quantity(1.5, "mL/s/{1.73_m2}")), {"gg:eGFR=90"}, "used"),
        (number(EGFR, quantity(90, "mL/min")), set(), "not understood"),
        (number(EGFR, quantity(1.1, "mg/dL")), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}", comparator=">")), set(), "not understood"),
        (number(EGFR, {"value": 90, "unit": "mL/min/1.73m2"}), {"gg:eGFR=90"}, "used"),
        (number(EGFR, {"value": 90, "unit": "units"}), set(), "not understood"),
        (number(EGFR, {"value": "90", "system": UCUM, "code": "mL/min/{1.73_m2}"}), set(), "not understood"),
        (number(EGFR, {"value": True, "system": UCUM, "code": "mL/min/{1.73_m2}"}), set(), "not understood"),
        (number(EGFR, quantity(-1, "mL/min/{1.73_m2}")), set(), "not understood"),
        (number(EGFR, quantity(1e300, "mL/min/{1.73_m2}")), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), dataAbsentReason=concept("error", system="x")), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), valueString="90"), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), status="preliminary"), set(), "ignored"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), status="cancelled"), set(), "ignored"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), status="entered-in-error"), set(), "ignored"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), status="corrected"), {"gg:eGFR=90"}, "used"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), status="fine"), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), focus=[{"reference": "Patient/x"}]), set(), "not understood"),
        (number(EGFR, quantity(90, "mL/min/{1.73_m2}"), effectiveDateTime="2027-01-01"), set(), "ignored"),
        (number(PAIN, quantity(7, "{score}")), {"gg:painScore=7"}, "used"),
        (number(PAIN, quantity(7, "1")), {"gg:painScore=7"}, "used"),
        (number(PAIN, {"value": 7}), {"gg:painScore=7"}, "used"),
        (number(PAIN, quantity(70, "%")), set(), "not understood"),
        (number(PAIN, quantity(1e30, "{score}")), set(), "not understood"),
        (number(PAIN, quantity(70, "{score}")), set(), "not understood"),
        (observation(PAIN, ns.GG, valueInteger=7), {"gg:painScore=7"}, "used"),
        (observation(EGFR, ns.GG, valueInteger=90), set(), "not understood"),
        (number(WEEKS, quantity(38, "d")), {"gg:symptomWeeks=6"}, "used"),
        (number(WEEKS, quantity(3, "mo"), effectiveDateTime="2026-11-24"), {"gg:symptomWeeks=13"}, "used"),
        (number(WEEKS, quantity(3, "mo"), effectiveDateTime="2025"), set(), "not understood"),
        (number(WEEKS, quantity(3, "mo"), effectiveDateTime="2026"), set(), "ignored"),
        (observation(valueBoolean=True), {"+ggt:MuscleSpasm"}, "used"),
        (observation(valueBoolean=False), {"-ggt:MuscleSpasm"}, "used"),
        (observation(valueBoolean="false"), set(), "not understood"),
        (observation(valueBoolean=0), set(), "not understood"),
        (observation(valueBoolean=False, bodySite=concept("left", system="x")), set(), "ignored"),
        (observation(valueCodeableConcept=concept("260385009", system="http://snomed.info/sct")), {"-ggt:MuscleSpasm"}, "used"),
        (observation(valueCodeableConcept=concept("LA6576-8", system="http://loinc.org")), {"+ggt:MuscleSpasm"}, "used"),
        (observation(valueCodeableConcept=concept("LA6576-8", "LA6577-6", system="http://loinc.org")), set(), "not understood"),
        (observation(valueCodeableConcept=concept("260385009", system="http://loinc.org")), set(), "not understood"),
        (observation(valueCodeableConcept={"text": "negative"}), set(), "not understood"),
        (observation(valueString="absent"), set(), "not understood"),
        (observation(), set(), "not understood"),
        (observation("82810-3", "http://loinc.org", valueCodeableConcept=concept("77386006", system="http://snomed.info/sct")), {"+ggt:Pregnancy"}, "used"),
        (observation("82810-3", "http://loinc.org", valueCodeableConcept=concept("60001007", system="http://snomed.info/sct")), {"-ggt:Pregnancy"}, "used"),
        (observation("82810-3", "http://loinc.org", valueCodeableConcept=concept("146799005", system="http://snomed.info/sct")), set(), "ignored"),
        (observation("82810-3", "http://loinc.org", valueCodeableConcept=concept("1", system="http://snomed.info/sct")), set(), "not understood"),
    ],
)  # fmt: skip
def test_observations(read: Read, resource: dict[str, Any], fact: set[str], state: str) -> None:
    found = read(resource)
    assert facts(found) == fact
    assert states(found, "Observation/o") == [state]


def test_a_state_that_cannot_last_so_long_says_nothing_of_today(read: Read) -> None:
    def asked(code: str, day: str) -> set[str]:
        value = concept(code, system="http://snomed.info/sct")
        return facts(
            read(observation("82810-3", "http://loinc.org", valueCodeableConcept=value, effectiveDateTime=day))
        )

    assert asked("77386006", "2026-02-01") == {"+ggt:Pregnancy"} and asked("60001007", "2026-02-01") == {
        "-ggt:Pregnancy"
    }
    assert asked("77386006", "2026-01-01") == asked("60001007", "2020") == set()
    assert facts(read(condition("Pregnancy", onsetDateTime="2020-01-01"))) == set()
    assert facts(read(condition("Sciatica", onsetDateTime="2020-01-01"))) == {
        "+ggt:Sciatica",
        "gg:symptomWeeks=359.857142857",
    }
    weeks = observation("pregnancyWeeks", ns.GG, valueQuantity=quantity(20, "wk"), effectiveDateTime="2026-01-01")
    assert facts(read(weeks)) == set()


def test_components_and_panels(read: Read) -> None:
    panel = observation("1-1", "http://loinc.org", component=[
        {"code": concept(EGFR, system=ns.GG), "valueQuantity": quantity(55, "mL/min/{1.73_m2}")},
        {"code": concept("MuscleSpasm"), "valueBoolean": False},
    ])  # fmt: skip
    assert facts(read(panel)) == {"gg:eGFR=55", "-ggt:MuscleSpasm"}
    panel["component"][1]["modifierExtension"] = [{"url": "http://x"}]
    assert facts(read(panel)) == set()
    del panel["component"][1]["modifierExtension"]
    panel["component"][1]["valueBoolaen"] = True
    assert facts(read(panel)) == set()


def test_the_newest_valid_value_counts(read: Read) -> None:
    def at(day: str, value: float, **more: Any) -> dict[str, Any]:
        return number(EGFR, quantity(value, "mL/min/{1.73_m2}"), effectiveDateTime=day, **more) | {
            "id": day.replace(":", "").replace("+", "")
        }

    assert facts(read(at("2026-01-01", 90), at("2026-06-01", 40), at("2026-07-01", 10, status="cancelled"))) == {
        "gg:eGFR=40"
    }
    assert facts(read(at("2026-06-01T10:00:00Z", 90), at("2026-06-01T11:30:00+02:00", 40))) == {"gg:eGFR=90"}
    assert facts(read(at("2026-06", 90), at("2026-06-03", 40))) == set()
    assert facts(read(at("2026-01-01", 90), newest_days=100)) == set()
    assert facts(read(at("2026-01-01", 90), newest_days=400)) == {"gg:eGFR=90"}


def test_the_user_may_say_that_a_clearance_is_normalised(read: Read) -> None:
    resource = number(EGFR, quantity(90, "mL/min"))
    found = read(resource, same_units=[("mL/min", "mL/min/{1.73_m2}")])
    assert facts(found) == {"gg:eGFR=90"} and "as you said" in found.report.entries[-1].why
