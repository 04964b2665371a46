"""Which orders count as taken is a setting: by intent, by category, in a file or in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.intake.fhir.counted import counted_orders, shipped
from tests.support.fhirhelp import DAY, PATIENT, SUBJECT, concept

CATEGORY = "http://terminology.hl7.org/CodeSystem/medicationrequest-category"
OWN = "https://example.org/wards"


def order(*categories: str, intent: str = "order", system: str = CATEGORY) -> dict[str, Any]:
    found = {"resourceType": "MedicationRequest", "id": "o", "status": "active", "intent": intent, "subject": SUBJECT}
    found |= {"medicationCodeableConcept": concept("Ibuprofen"), "authoredOn": "2026-11-01"}
    return found | ({"category": [concept(code, system=system) for code in categories]} if categories else {})


def taken(kb: Any, resource: dict[str, Any], orders: Any) -> str:
    """yes, unknown (no list denies it) or no (as if the order were not there)."""
    reading = kb.profile_from_fhir([PATIENT, resource], as_of=DAY, orders=orders, complete=("medications",))
    if ns.GGT + "Ibuprofen" in reading.profile.present.get(ns.GG + "takesMedication", ()):
        return "yes"
    suspended = any(prop == ns.GG + "takesMedication" for prop, _ in reading.profile.not_understood)
    return "unknown" if suspended else "no"


@pytest.mark.parametrize(
    ("resource", "orders", "expected"),
    [
        (order("inpatient"), None, "yes"),
        (order(), None, "yes"),
        (order("inpatient"), {"categories": ["community", "discharge"]}, "no"),
        (order("community"), {"categories": ["community", "discharge"]}, "yes"),
        (order("inpatient", "discharge"), {"categories": ["community", "discharge"]}, "yes"),
        (order(), {"categories": ["community"]}, "unknown"),
        (order("ward", system=OWN), {"categories": ["community"]}, "unknown"),
        (order("ward", system=OWN), {"categories": ["community"], "others": "counts"}, "yes"),
        (order("inpatient"), {"categories": ["community"], "others": "counts"}, "no"),
        (order("ward", system=OWN), {"categories": [f"{OWN}|ward"]}, "yes"),
        (order(intent="plan"), None, "no"),
        (order(intent="plan"), {"intents": ["order", "plan"]}, "yes"),
        (order(intent="reflex-order"), {"intents": ["order"]}, "no"),
    ],
)
def test_what_counts(kb: Any, resource: dict[str, Any], orders: Any, expected: str) -> None:
    assert taken(kb, resource, orders and {"MedicationRequest": orders}) == expected


def test_what_is_not_counted_is_told(kb: Any) -> None:
    chosen = {"MedicationRequest": {"categories": ["community"]}}
    report = kb.profile_from_fhir([PATIENT, order("inpatient")], as_of=DAY, orders=chosen).report
    assert [entry.why for entry in report.of("ignored")] == [
        "not counted among what is taken: its category is inpatient"
    ]
    assert "Which orders count as taken is as you said." in report.choices
    assert (
        "Which orders count as taken is as you said." not in kb.profile_from_fhir([PATIENT], as_of=DAY).report.choices
    )


def test_a_file_says_it(kb: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("MedicationRequest:\n  categories: [community]\n", encoding="utf-8")
    assert taken(kb, order("inpatient"), path) == "no"
    assert counted_orders(path).intents == shipped().intents


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("MedicationRequest: {categories: [comunity]}", "unknown category 'comunity'.*community"),
        ("MedicationRequest: {category: [community]}", "unknown key 'category'.*categories"),
        ("MedicationRequest: {categories: []}", "neither any nor a list"),
        ("MedicationRequest: {others: perhaps}", "counts or unknown"),
        ("MedicationRequest: {intents: order}", "no list of codes"),
        ("ServiceRequest: {}", "MedicationRequest alone"),
        ("- a", "MedicationRequest alone"),
        ("{", "YAML"),
        ("MedicationRequest: {intents: [order]}\nMedicationRequest: {intents: []}", "twice"),
    ],
)
def test_faults_are_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=f"(?s).*{told}"):
        counted_orders(path)
    with pytest.raises(UsageError, match=r"none\.yaml"):
        counted_orders(tmp_path / "none.yaml")
