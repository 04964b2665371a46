"""FHIR conditions, allergies and procedures read as profiles: every status and shape, and nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.intake.fhir import Reading
from tests.support.fhirhelp import SUBJECT, VERIFIED, Read, concept, condition, facts, statement, states

LISTS = ("conditions", "findings", "medications", "trials", "stopped_medications")


def procedure(status: str = "completed", **more: Any) -> dict[str, Any]:
    found = {
        "resourceType": "Procedure",
        "id": "t",
        "status": status,
        "code": concept("ExerciseTherapy"),
        "subject": SUBJECT,
    }
    return found | more


# ---------------------------------------------------------------- conditions


@pytest.mark.parametrize(
    ("resource", "fact", "state"),
    [
        (condition(), {"+ggt:Sciatica"}, "used"),
        (condition(clinical="recurrence"), {"+ggt:Sciatica"}, "used"),
        (condition(verified=None), {"+ggt:Sciatica"}, "used"),
        (condition(verified="refuted", clinical=None), {"-ggt:Sciatica"}, "used"),
        (condition(verified="refuted"), {"-ggt:Sciatica"}, "used"),
        (condition(verified="refuted", bodySite=[concept("x", system="s")]), set(), "ignored"),
        (condition(verified="refuted", severity=concept("x", system="s")), set(), "ignored"),
        (condition(verified="entered-in-error"), set(), "ignored"),
        (condition(verified="provisional"), set(), "ignored"),
        (condition(verified="differential"), set(), "ignored"),
        (condition(verified="unconfirmed"), set(), "ignored"),
        (condition(clinical="resolved"), set(), "ignored"),
        (condition(clinical="remission"), set(), "ignored"),
        (condition(clinical="inactive"), set(), "ignored"),
        (condition(clinical=None), set(), "ignored"),
        (condition(abatementDateTime="2025-01-01"), set(), "ignored"),
        (condition(onsetDateTime="2027-01-01"), set(), "ignored"),
        (condition(onsetDateTime="2020"), {"+ggt:Sciatica"}, "used"),
        (condition(verified="confrimed"), set(), "not understood"),
        (condition(clinicalStatus="active"), set(), "not understood"),
        (condition(verificationStatus=concept("refuted", system="http://elsewhere")), set(), "not understood"),
        (condition(code="Nothing"), set(), "not understood"),
        (condition(code="Ibuprofen"), set(), "not understood"),
        (condition() | {"code": {"text": "sciatica"}}, set(), "not understood"),
        (condition() | {"code": None}, set(), "not understood"),
        (condition() | {"subject": None}, set(), "not understood"),
        (condition() | {"subject": {"reference": "Patient/other"}}, set(), "ignored"),
        (condition(onsetDateTime="yesterday"), set(), "not understood"),
        (condition(modifierExtension=[{"url": "http://x", "valueBoolean": True}]), set(), "not understood"),
        (condition(stage=[{"modifierExtension": [{"url": "http://x"}]}]), set(), "not understood"),
        (condition(implicitRules="http://x"), set(), "not understood"),
        (condition(verificationstatus=concept("refuted", system=VERIFIED)), set(), "not understood"),
        (
            condition(code="Sciatica") | {"code": {"coding": {"system": ns.GGT, "code": "Sciatica"}}},
            set(),
            "not understood",
        ),
        (condition() | {"code": {"coding": [{"system": ns.GGT, "code": 7}]}}, set(), "not understood"),
        (condition() | {"code": {"coding": [{"code": "Sciatica"}]}}, set(), "not understood"),
    ],
)
def test_conditions(read: Read, resource: dict[str, Any], fact: set[str], state: str) -> None:
    found = read(resource)
    assert facts(found) == fact
    assert states(found, "Condition/c") == [state]
    assert all(e.why for e in found.report.entries if e.state != "used")


def test_what_is_not_settled_suspends_complete_lists(read: Read) -> None:
    settled = read(condition(), complete=LISTS).profile
    assert settled.complete and not settled.not_understood
    for doubtful in (
        condition(verified="provisional"),
        condition(clinical="remission"),
        condition(code="Nothing"),
        {"resourceType": "Condition", "id": "c"},
    ):
        suspended = {prop for prop, _ in read(doubtful, complete=LISTS).profile.not_understood}
        assert suspended == {ns.GG + "hasCondition", ns.GG + "hasFinding"}
    gone = read(condition(clinical="resolved"), complete=LISTS).profile
    assert not gone.not_understood
    drug = read(statement("on-hold"), complete=LISTS).profile
    # What may not be taken may have been stopped.
    assert {prop for prop, _ in drug.not_understood} == {ns.GG + "takesMedication", ns.GG + "stoppedMedication"}


def test_nothing_is_absent_because_it_is_missing(read: Read, ask: Any) -> None:
    assert facts(read()) == set()
    listed = read(condition(), complete=["conditions"])
    assert ask(listed.profile).statuses != ask(read(condition()).profile).statuses
    assert not listed.profile.absent
    with pytest.raises(UsageError, match="no list"):
        read(condition(), complete=["allergies"])


def test_codes_that_disagree_are_told(read: Read) -> None:
    found = read(condition() | {"code": concept("Sciatica", "PepticUlcer")})
    assert not {"+ggt:Sciatica", "+ggt:PepticUlcer"} & facts(found)
    assert "disagree" in found.report.entries[-1].why
    partly = read(
        condition(verified="refuted")
        | {"code": {"coding": [*concept("Sciatica")["coding"], {"system": "http://x", "code": "1"}]}}
    )
    assert facts(partly) == set()


def test_contradictions_between_resources(read: Read) -> None:
    found = read(condition() | {"id": "a"}, condition(verified="refuted") | {"id": "b"})
    assert facts(found) == set()
    assert states(found, "Condition/a") == states(found, "Condition/b") == ["not understood"]


def test_text_is_read_only_when_asked(read: Read) -> None:
    text = condition() | {"code": {"text": "Sciatica"}}
    assert facts(read(text)) == set()
    found = read(text, match_text=True)
    assert facts(found) == {"+ggt:Sciatica"} and "--match-text" in found.report.entries[-1].steps[0]


# ---------------------------------------------------------------- allergies and procedures


def test_allergies(read: Read) -> None:
    clinical = concept("active", system="http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical")
    verified = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"

    def allergy(code: str = "AspirinAllergy", kind: Any = "allergy", sure: str = "confirmed") -> Reading:
        res = {
            "resourceType": "AllergyIntolerance",
            "id": "a",
            "type": kind,
            "clinicalStatus": clinical,
            "code": concept(code),
            "patient": SUBJECT,
        }
        return read(res | {"verificationStatus": concept(sure, system=verified)})

    assert facts(allergy()) == {"+ggt:AspirinAllergy"}
    assert facts(allergy("Hypersensitivity", kind="intolerance")) == set()
    assert "not an allergy" in allergy("Hypersensitivity", kind="intolerance").report.entries[-1].why
    assert facts(allergy(sure="refuted")) == {"-ggt:AspirinAllergy"}
    assert facts(allergy(sure="unconfirmed")) == set()
    # An entry here never makes another condition present.
    assert states(allergy("Sciatica"), "AllergyIntolerance/a") == ["not understood"]
    # A drug names the allergy that it sets off; lacking one to a single drug of a class denies none to the class.
    assert facts(allergy("Naproxen")) == {"+ggt:NSAIDHypersensitivity", "not tolerated ggt:Naproxen"}
    assert facts(allergy("Aspirin")) == {"+ggt:AspirinAllergy", "not tolerated ggt:Aspirin"}
    assert facts(allergy("Aspirin", sure="refuted")) == {"-ggt:AspirinAllergy"}
    assert facts(allergy("Naproxen", sure="refuted")) == set()
    assert facts(allergy("NSAID", sure="refuted")) == {"-ggt:NSAIDHypersensitivity", "-ggt:AspirinAllergy"}
    assert facts(allergy("Aspirin", sure="unconfirmed")) == set()
    # One to a drug that sets off none of ours is an allergy, and an intolerance is of the drug, or of what sets it off.
    assert facts(allergy("Duloxetine")) == {"+ggt:Hypersensitivity", "not tolerated ggt:Duloxetine"}
    assert facts(allergy("Duloxetine", kind=None)) == {"+ggt:Hypersensitivity", "not tolerated ggt:Duloxetine"}
    assert facts(allergy("Opioid", kind="intolerance")) == {"not tolerated ggt:Opioid"}
    intolerance = concept("intolerance", system="http://hl7.org/fhir/allergy-intolerance-type")
    assert facts(allergy(kind=intolerance)) == {"not tolerated ggt:Aspirin"}
    for sure in ("refuted", "unconfirmed", "entered-in-error"):
        for kind in ("allergy", "intolerance"):
            found = allergy("Duloxetine", kind=kind, sure=sure)
            assert facts(found) == set()
            assert states(found, "AllergyIntolerance/a") == ["ignored"]


@pytest.mark.parametrize(
    ("resource", "fact"),
    [
        (procedure(outcome=concept("Failed", system=ns.GG), performedPeriod={"start": "2026-08-01", "end": "2026-09-12"}), {"tried ggt:ExerciseTherapy gg:Failed 6"}),
        (procedure(outcome=concept("385671000", system="http://snomed.info/sct")), {"tried ggt:ExerciseTherapy gg:Failed None"}),
        (procedure(outcome={"text": "failed"}), {"tried ggt:ExerciseTherapy None None"}),
        (procedure(performedPeriod={"start": "2026-08-01", "end": "2026-09-12"}), {"tried ggt:ExerciseTherapy None None"}),
        (procedure("in-progress", performedPeriod={"start": "2026-11-10"}), {"tried ggt:ExerciseTherapy None 2"}),
        (procedure("in-progress", performedPeriod={"start": "2026-12-10"}), set()),
        (procedure("not-done"), set()),
        (procedure("stopped"), set()),
        (procedure("preparation"), set()),
        (procedure("entered-in-error"), set()),
        (procedure(status=None), set()),
    ],
)  # fmt: skip
def test_procedures(read: Read, resource: dict[str, Any], fact: set[str]) -> None:
    assert facts(read(resource)) == fact
