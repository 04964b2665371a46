"""FHIR resources to read in tests, the facts that are read from them, and a fixture that reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.intake.fhir import Reading
from tests.support.paths import FHIR

FOLDER = FHIR
DAY = date(2026, 11, 24)
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
SUBJECT = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p"}

Read = Callable[..., Reading]


def concept(*codes: str, system: str = ns.GGT, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes], **more}


def condition(
    code: str = "Sciatica", clinical: str | None = "active", verified: str | None = "confirmed", **more: Any
) -> dict[str, Any]:
    found: dict[str, Any] = {"resourceType": "Condition", "id": "c", "code": concept(code), "subject": SUBJECT}
    if clinical:
        found["clinicalStatus"] = concept(clinical, system=CLINICAL)
    if verified:
        found["verificationStatus"] = concept(verified, system=VERIFIED)
    return found | more


def statement(status: str = "active", **more: Any) -> dict[str, Any]:
    found = {"resourceType": "MedicationStatement", "id": "m", "status": status, "subject": SUBJECT}
    return found | ({} if "medicationReference" in more else {"medicationCodeableConcept": concept("Ibuprofen")}) | more


def facts(found: Reading) -> set[str]:
    """The facts of a profile, in short."""
    profile = found.profile
    told = {f"+{ns.shorten(c)}" for p, classes in profile.present.items() for c in classes if "takes" not in p}
    told |= {f"takes {ns.shorten(c)}" for c in profile.present.get(ns.GG + "takesMedication", ())}
    told |= {f"-{ns.shorten(c)}" for classes in profile.absent.values() for c in classes}
    told |= {f"{ns.shorten(p)}={v:f}" for p, v in profile.values.items()}
    told |= {
        f"tried {ns.shorten(t.of)} {t.outcome and ns.shorten(t.outcome)} {t.weeks}" for t in profile.trials_present
    }
    told |= {f"stopped {ns.shorten(s.of)} {s.days}" for s in profile.stops_present}
    told |= {f"not tolerated {ns.shorten(c)}" for c in profile.not_tolerated}
    assert not profile.trials_absent and not profile.stops_absent
    return told


@pytest.fixture(scope="session")
def read(kb: Any) -> Read:
    """Read resources together with a patient."""

    def resources(*items: Any, **options: Any) -> Reading:
        found: Reading = kb.profile_from_fhir([PATIENT, *items], **{"as_of": DAY, **options})
        return found

    return resources


def states(found: Reading, source: str) -> list[str]:
    return [e.state for e in found.report.entries if e.source == source]
