"""Draft orders: what each gives in our terms, and what is not understood."""

from __future__ import annotations

from typing import Any

import pytest

import guidegraph as gg
from guidegraph.intake.fhir import FhirReader, Order

ATC, OURS = "http://www.whocc.no/atc", "https://w3id.org/guidegraph/term/"
IBUPROFEN = {"coding": [{"system": ATC, "code": "M01AE01", "display": "ibuprofen"}]}


@pytest.fixture(scope="module")
def reader(kb: gg.KnowledgeBase) -> FhirReader:
    return FhirReader(kb.knowledge)


def order(kind: str = "MedicationRequest", **more: Any) -> dict[str, Any]:
    """A draft order for the patient."""
    whole = {
        "resourceType": kind,
        "id": "o1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p"},
    }
    return {**whole, **({"medicationCodeableConcept": IBUPROFEN} if kind == "MedicationRequest" else {}), **more}


def read(reader: FhirReader, *orders: Any) -> list[Order]:
    return reader.orders({"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]}, "p")


CONTAINED = {"resourceType": "Medication", "id": "m", "code": IBUPROFEN}
PARTS = {"resourceType": "Medication", "id": "m", "ingredient": [{"itemCodeableConcept": IBUPROFEN}]}
HALF = {**PARTS, "ingredient": [*PARTS["ingredient"], {"itemCodeableConcept": {"text": "something else"}}]}


@pytest.mark.parametrize(
    ("given", "therapies"),
    [
        (order(), ("ggt:Ibuprofen",)),
        (order(medicationCodeableConcept={"coding": [{"system": OURS, "code": "Naproxen"}]}), ("ggt:Naproxen",)),
        (
            {
                **order(),
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "#m"},
                "contained": [CONTAINED],
            },
            ("ggt:Ibuprofen",),
        ),
        (
            {
                **order(),
                "medicationCodeableConcept": None,
                "medicationReference": {"reference": "#m"},
                "contained": [PARTS],
            },
            ("ggt:Ibuprofen",),
        ),
        (order("ServiceRequest", code={"coding": [{"system": OURS, "code": "Acupuncture"}]}), ("ggt:Acupuncture",)),
        (
            order("ServiceRequest", code={"concept": {"coding": [{"system": OURS, "code": "Acupuncture"}]}}),
            ("ggt:Acupuncture",),
        ),
        (
            order("DeviceRequest", codeCodeableConcept={"coding": [{"system": OURS, "code": "FootOrthotic"}]}),
            ("ggt:FootOrthotic",),
        ),
    ],
    ids=["code", "ours", "contained", "ingredients", "service", "service-r5", "device"],
)
def test_an_order_gives_its_therapies(reader: FhirReader, given: dict[str, Any], therapies: tuple[str, ...]) -> None:
    given = {key: value for key, value in given.items() if value is not None}
    (found,) = read(reader, given)
    assert found.therapies == therapies and not found.why and found.ref == f"{given['resourceType']}/o1"


def test_the_medication_may_be_in_the_bundle(reader: FhirReader) -> None:
    asked = order(medicationReference={"reference": "Medication/m"})
    del asked["medicationCodeableConcept"]
    (found,) = read(reader, asked, CONTAINED)
    assert found.therapies == ("ggt:Ibuprofen",)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (order(medicationCodeableConcept={"text": "ibuprofen"}), "text without a code"),
        (order(medicationCodeableConcept={"coding": [{"system": ATC, "code": "Z99"}]}), "in no mapping table"),
        (
            order(medicationCodeableConcept={"coding": [{"system": OURS, "code": "Sciatica"}]}),
            "none of our interventions",
        ),
        (order(subject={"reference": "Patient/other"}), "another patient"),
        (order("ServiceRequest", code=IBUPROFEN, subject={"reference": "Patient/other"}), "another patient"),
        (order(modifierExtension=[{"url": "http://example.org/x"}]), "modifier extension"),
        (
            order("ServiceRequest", code=IBUPROFEN, modifierExtension=[{"url": "http://example.org/x"}]),
            "changes its meaning",
        ),
        (order("ServiceRequest"), "what is ordered"),
        (order(unknownElement=1), "no element"),
        (order("NutritionOrder"), "not read"),
        (order("MedicationOrder"), "not read"),
        (order(medicationReference={"reference": "#m"}), "one medication"),
    ],
    ids=str,
)
def test_an_order_that_is_not_understood_gives_none_and_says_why(reader: FhirReader, given: Any, why: str) -> None:
    (found,) = read(reader, given)
    assert not found.therapies and why in found.why


def test_a_part_that_is_not_understood_leaves_the_whole_unchecked(reader: FhirReader) -> None:
    asked = order(medicationReference={"reference": "#m"}, contained=[HALF])
    del asked["medicationCodeableConcept"]
    (found,) = read(reader, asked)
    assert not found.therapies and found.why


@pytest.mark.parametrize(
    "more", [{"status": "cancelled"}, {"status": "entered-in-error"}, {"doNotPerform": True}], ids=str
)
def test_what_is_ended_or_forbidden_is_no_order(reader: FhirReader, more: dict[str, Any]) -> None:
    assert read(reader, order(**more)) == []


def test_an_order_that_stands_twice_differently_is_not_understood(reader: FhirReader) -> None:
    (found,) = read(reader, order(), order(priority="stat"))
    assert not found.therapies and "versions" in found.why
