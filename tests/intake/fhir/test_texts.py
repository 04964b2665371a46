"""Coded elements that come as a text alone: what we would read is told, never dropped, and never a silent no."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from guidegraph import namespaces as ns
from tests.intake.fhir.test_problems import procedure
from tests.support.fhirhelp import SUBJECT, Read, concept, condition, facts, statement

DAY = date(2026, 3, 15)
TEXT = {"text": "a word of somebody"}
SEVERE = concept("24484000", system="http://snomed.info/sct")


def told(reading: Any) -> str:
    """The whole report, in which whatever was left out stands."""
    return "\n".join(f"{entry.text} {entry.why} {entry.effect}" for entry in reading.report.entries)


@pytest.mark.parametrize("severity", [TEXT, concept("1", system="http://x.org/s"), TEXT | {"coding": []}, {}])
def test_a_severity_that_is_not_understood_is_told_and_stays_unknown(read: Read, severity: Any) -> None:
    reading = read(condition(severity=severity, onsetDateTime="2026-03-01"), as_of=DAY)
    severe = ns.GGT + "SevereSymptoms"
    for side in (reading.profile.present, reading.profile.absent):
        assert severe not in side.get(ns.GG + "hasFinding", ())
    assert "its severity is not understood" in told(reading)
    assert "a word of somebody" in told(reading) or "text" not in severity
    # No list is less complete for it, and a severity that is understood is read as before.
    assert not reading.profile.not_understood
    assert severe in read(condition(severity=SEVERE), as_of=DAY).profile.present[ns.GG + "hasFinding"]


@pytest.mark.parametrize("name", ["clinicalStatus", "verificationStatus"])
def test_a_status_in_a_text_alone_makes_the_entry_one_that_is_not_understood(read: Read, name: str) -> None:
    reading = read(condition(**{name: TEXT}), as_of=DAY)
    assert not reading.profile.present and "a word of somebody" in told(reading)


@pytest.mark.parametrize("stated", [TEXT, concept("609433001", system="http://snomed.info/sct")])
def test_an_allergy_of_a_type_that_is_not_understood_is_no_intolerance(read: Read, stated: Any) -> None:
    code = {"code": concept("NSAIDHypersensitivity"), "id": "a", "patient": SUBJECT}
    entry = {"resourceType": "AllergyIntolerance", **code}
    entry["clinicalStatus"] = concept(
        "active", system="http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    )
    reading = read(entry | {"type": stated}, as_of=DAY)
    assert "not an allergy" not in told(reading) and "its type is not understood" in told(reading)


def sign(**more: Any) -> dict[str, Any]:
    own = {"resourceType": "Observation", "id": "sign", "status": "final", "subject": SUBJECT}
    return {**own, "code": concept("BilateralMotorWeakness"), "effectiveDateTime": "2026-03-14", **more}


def test_an_interpretation_of_another_terminology_is_not_understood_either(read: Read) -> None:
    finding, cls = ns.GG + "hasFinding", ns.GGT + "BilateralMotorWeakness"
    positive = concept("10828004", system="http://snomed.info/sct")
    assert cls not in read(sign(valueBoolean=False, interpretation=[positive]), as_of=DAY).profile.absent.get(
        finding, ()
    )
    # That it is normal is a code of the terminology that we read, and says nothing.
    normal = concept("N", system="http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")
    assert cls in read(sign(valueBoolean=False, interpretation=[normal]), as_of=DAY).profile.absent[finding]


def test_a_sign_is_not_denied_beside_an_interpretation_that_is_not_understood(read: Read) -> None:
    finding, cls = ns.GG + "hasFinding", ns.GGT + "BilateralMotorWeakness"
    no = read(sign(valueBoolean=False, interpretation=[TEXT]), as_of=DAY)
    assert cls not in no.profile.absent.get(finding, ()) and "a word of somebody" in told(no)
    assert cls in read(sign(valueBoolean=False), as_of=DAY).profile.absent[finding]
    yes = read(sign(valueBoolean=True, interpretation=[TEXT]), as_of=DAY)
    assert cls in yes.profile.present[finding] and "a word of somebody" in told(yes)
    coded = concept("POS", system="http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation")
    for value in ({"valueString": "a word of somebody"}, {"interpretation": [coded, TEXT]}):
        found = read(sign(**{"interpretation": [coded], **value}), as_of=DAY)
        assert cls in found.profile.present[finding] and "a word of somebody" in told(found), value


@pytest.mark.parametrize(
    "value",
    [{"valueCodeableConcept": TEXT}, {"interpretation": [TEXT]}, {"dataAbsentReason": TEXT}, {"valueString": "no"}],
)
def test_a_value_in_a_text_alone_is_told_and_says_nothing(read: Read, value: Any) -> None:
    reading = read(sign(**value), as_of=DAY)
    assert not reading.profile.present and not reading.profile.absent
    assert next(iter(str(v) for v in ["a word of somebody" if "valueString" not in value else "no"])) in told(reading)


def test_texts_of_a_trial_are_told(read: Read) -> None:
    reading = read(condition(), procedure("ExerciseTherapy", outcome=TEXT), as_of=DAY)
    assert "its outcome is not understood (a word of somebody)" in told(reading)
    for reason in (TEXT, concept("9", system="http://x.org/s")):
        other = read(
            condition(onsetDateTime="2026-01-01"), procedure("ExerciseTherapy", reasonCode=[reason]), as_of=DAY
        )
        assert not other.profile.trials_present and "something that is not understood" in told(other)


def test_drugs_in_a_text_alone_suspend_the_list(read: Read) -> None:
    reading = read(statement(medicationCodeableConcept=TEXT), as_of=DAY)
    assert "a word of somebody" in told(reading) and reading.profile.not_understood


@pytest.mark.parametrize(
    ("words", "taken_back"),
    [
        ("no heart failure", True),
        ("Family history of heart failure", True),
        ("?heart failure", True),
        ("r/o heart failure", True),
        ("Heart failure", False),
        ("history of heart failure", False),  # a coded status says whether it is present
        ("hartfalen", False),
    ],
)
def test_words_that_take_back_what_a_code_says_leave_it_open(read: Read, words: str, taken_back: bool) -> None:
    code = {"system": "http://snomed.info/sct", "code": "84114007"}
    for written in ({"coding": [code], "text": words}, {"coding": [code | {"display": words}]}):
        found = read(condition() | {"code": written}, complete=["conditions"])
        assert facts(found) == (set() if taken_back else {"+ggt:HeartFailure"})
        assert bool(found.profile.not_understood) is taken_back
