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
        (order("ServiceRequest", code=IBUPROFEN, subject=None), "does not say whose"),
        (order("ServiceRequest", code=IBUPROFEN, subject={"display": "Joe"}), "does not say whose"),
        (order(modifierExtension=[{"url": "http://example.org/x"}]), "modifier extension"),
        (
            order("ServiceRequest", code=IBUPROFEN, modifierExtension=[{"url": "http://example.org/x"}]),
            "changes its meaning",
        ),
        (order("ServiceRequest"), "what is ordered"),
        (order(unknownElement=1), "no element"),
        (order("NutritionOrder"), "not read"),
        (order("VisionPrescription"), "not read"),
        (order("MedicationDispense", medicationCodeableConcept=IBUPROFEN), "not read"),
        (order("RequestGroup"), "not read"),
        (order(status="completed"), "status is completed"),
        (order("ServiceRequest", code=IBUPROFEN, status="stopped"), "status is stopped"),
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


def coded(*codes: str, **more: Any) -> dict[str, Any]:
    return order(medicationCodeableConcept={"coding": [{"system": ATC, "code": code} for code in codes], **more})


@pytest.mark.parametrize("codes", [("N02BE01", "M01AE01"), ("M01AE01", "N02BE01"), ("M01AE01", "M01AE02")], ids=str)
def test_codes_that_disagree_leave_an_order_not_read_whole(reader: FhirReader, codes: tuple[str, str]) -> None:
    (found,) = read(reader, coded(*codes))
    assert "disagree" in found.why and "ggt:Acetaminophen" not in found.therapies
    # What is shown of it names both.
    assert all(code in found.label for code in codes)


def test_codes_that_fit_are_read_as_the_narrower(reader: FhirReader) -> None:
    (found,) = read(reader, coded("M01A", "M01AE01"))
    assert found.therapies == ("ggt:Ibuprofen",) and not found.why


def test_words_that_name_another_drug_than_the_code_are_told(reader: FhirReader) -> None:
    (found,) = read(reader, coded("N02BE01", text="Ibuprofen"))
    assert found.read == "acetaminophen" and found.why == "its words say ibuprofen, its codes acetaminophen"
    (same,) = read(reader, coded("M01AE01", text="NSAID"))
    assert not same.why and same.read == "ibuprofen"
    (own,) = read(reader, coded("M01AE01", text="Ibuprofen 400 mg tablet"))
    assert not own.why and not own.read


SELECTED = [
    "MedicationRequest/o1",
    "o1",
    "https://ehr.example.org/fhir/MedicationRequest/o1",
    "MedicationRequest/o1/_history/3",
    "urn:uuid:0b6e0d3a-2f0a-4a5b-9d63-7c1f0c2f1a11",
]


@pytest.mark.parametrize("reference", SELECTED)
def test_a_selection_names_its_order_in_any_form(reader: FhirReader, reference: str) -> None:
    entries = [
        {"resource": order(), **({"fullUrl": reference} if ":uuid:" in reference else {})},
        {"resource": order(id="o2")},
    ]
    found = reader.orders({"resourceType": "Bundle", "entry": entries}, "p", selections=[reference])
    assert [(one.ref, one.selected) for one in found] == [
        ("MedicationRequest/o1", True),
        ("MedicationRequest/o2", False),
    ]


@pytest.mark.parametrize("more", [{"id": "o2"}, {"doNotPerform": True}, {"status": "cancelled"}], ids=str)
def test_a_selection_that_names_no_order_is_told(reader: FhirReader, more: dict[str, Any]) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": order(**more)}]}
    told = reader.orders(bundle, "p", selections=["MedicationRequest/o1"])[-1]
    assert told.ref == "MedicationRequest/o1" and told.selected and "no order of the drafts" in told.why


def test_drafts_that_are_not_whole_are_told(reader: FhirReader) -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": order()}], "link": [{"relation": "next", "url": "u"}]}
    first, told = reader.orders(bundle, "p", selections=["o1"])
    assert not first.why and told.selected and "one page of several" in told.why
    broken = {"resourceType": "Bundle", "entry": [{"resource": order()}, {}]}
    assert [one.selected for one in reader.orders(broken, "p", selections=["o1"])] == [True, True]


def test_the_patient_may_stand_among_the_drafts(reader: FhirReader) -> None:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"}
    (found,) = read(reader, order(), person, {"resourceType": "Practitioner", "id": "x"})
    assert found.therapies == ("ggt:Ibuprofen",) and not found.why


@pytest.mark.parametrize("odd", [{}, [], 1, None, "a b"], ids=str)
def test_an_id_may_be_anything(reader: FhirReader, odd: Any) -> None:
    (found,) = read(reader, order(id=odd), {"resourceType": "Patient", "id": odd})
    assert found.therapies == ("ggt:Ibuprofen",) or found.why


def test_an_order_that_stands_twice_differently_is_not_understood(reader: FhirReader) -> None:
    (found,) = read(reader, order(), order(priority="stat"))
    assert not found.therapies and "versions" in found.why
