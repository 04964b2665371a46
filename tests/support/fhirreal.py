"""Real FHIR examples, fetched from the npm registry, and a second, plain reading of what facts they justify."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.concepts import Concepts
from guidegraph.intake.fhir import Reading, read_fhir
from guidegraph.intake.fhir.bundle import from_values
from guidegraph.intake.fhir.table import table
from guidegraph.intake.report import Settings
from guidegraph.model import CodeReading
from tests.support.npm import package

DAY = date(2026, 11, 24)
TYPES = (*table().kinds, "Patient")
PACKAGES = {
    "R4": ("hl7.fhir.r4.examples", "4.0.1"),
    "R5": ("hl7.fhir.r5.examples", "5.0.0"),
    "IPS": ("hl7.fhir.uv.ips", "2.0.0"),
    "mCODE": ("hl7.fhir.us.mcode", "4.0.0"),
}


def files(name: str) -> list[Path]:
    """The patients, bundles and entries of a package, without those of several megabytes, which hold no patient."""
    found = sorted(package(*PACKAGES[name]).rglob("*.json"))
    fitting = [p for p in found if p.name.split("-")[0] in (*TYPES, "Bundle")]
    return [path for path in fitting if path.stat().st_size < 3_000_000]


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8-sig"))


STATE, DRUG, NUMBER = ns.GGT + "Sciatica", ns.GGT + "Ibuprofen", ns.GG + "eGFR"


class Everything:
    """Understands every code that a record names a system for, so that a wrong reading would show as a fact."""

    def prefix_of(self, system: str) -> str | None:
        return "X"

    def read(self, curie: str) -> CodeReading:
        states = (ns.GGT + "AspirinAllergy",) if sum(map(ord, curie)) % 2 else (STATE,)
        return CodeReading(curie, "", (*states, DRUG), (*states, DRUG), ("understood in this test",))


class Numbers(Everything):
    """Understands every code as a number."""

    def read(self, curie: str) -> CodeReading:
        return CodeReading(curie, "", (NUMBER,), (), ("understood in this test",))


def understand(kb: Any, value: Any, codes: Any) -> Reading:
    return read_fhir(
        from_values(value, "fuzzed"),
        kb.vocabulary,
        Concepts(kb.vocabulary, codes),
        Settings(DAY),
        where="fuzzed",
        implications=kb.implications,
    )


def word(concept: Any, field: str = "coding") -> set[str]:
    """The codes of a concept, read as plainly as can be."""
    coded = concept.get(field) if isinstance(concept, dict) else None
    return (
        {c["code"] for c in coded if isinstance(c, dict) and isinstance(c.get("code"), str)}
        if isinstance(coded, list)
        else set()
    )


ACTIVE = {"active", "recurrence", "relapse"}
NOT_SURE = {"refuted", "entered-in-error", "provisional", "differential", "unconfirmed"}
#: Codes that say that there is none of what the entry would name.
NONE_KNOWN = {"716186003", "160245001", "no-known-problems", "no-known-allergies"}


def justified(value: dict[str, Any]) -> set[str]:
    """The kinds of fact that a resource can justify, by a second, plain reading of FHIR's rules."""
    text = json.dumps(value)
    name = value["resourceType"]
    if name == "Patient":
        age = {"value"} if isinstance(value.get("birthDate"), str) else set()
        return age | ({"present"} if value.get("gender") in ("male", "female") else set())
    inner = {k: v for k, v in value.items() if k != "contained"}
    if "modifierExtension" in json.dumps(inner) or value.get("implicitRules") is not None:
        return set()
    who = value.get("patient" if name == "AllergyIntolerance" else "subject")
    if not isinstance(who, dict) or not isinstance(who.get("reference"), str):
        return set()
    found: set[str] = set()
    if name in ("Condition", "AllergyIntolerance"):
        sure, clinical = word(value.get("verificationStatus")), word(value.get("clinicalStatus"))
        if word(value.get("code")) and clinical & ACTIVE and not sure & NOT_SURE:
            found.add("absent" if word(value["code"]) & NONE_KNOWN else "present")
        if word(value.get("code")) & NONE_KNOWN and not clinical and not sure & NOT_SURE:
            found.add("absent")
        if word(value.get("code")) and "refuted" in sure:
            found.add("absent")
    elif (
        name == "Observation"
        and value.get("status") in ("final", "amended", "corrected")
        and value.get("focus") is None
    ):
        parts = [value, *(value["component"] if isinstance(value.get("component"), list) else [])]
        for part in parts:
            if isinstance(part, dict) and word(part.get("code")):
                found |= (
                    {True: {"present"}, False: {"absent"}}.get(part.get("valueBoolean"), set())
                    if isinstance(part.get("valueBoolean"), bool)
                    else set()
                )
                found |= {"present", "absent"} if word(part.get("valueCodeableConcept")) else set()
                found |= {"present", "absent"} if isinstance(part.get("interpretation"), list) else set()
                size = part.get("valueQuantity")
                number = size.get("value") if isinstance(size, dict) else None
                real = isinstance(number, int | float) and not isinstance(number, bool)
                found |= {"value"} if real and size.get("comparator") is None else set()
    elif name == "Procedure" and value.get("status") in ("completed", "in-progress") and word(value.get("code")):
        found.add("trial")
    elif name.startswith("Medication"):
        status = value.get("status")
        dates = "2026" in text or "201" in text or "20" in text
        if status in ("active", "in-progress", "recorded") and value.get("doNotPerform") is not True:
            found.add("takes")
        if status in ("active", "completed", "stopped", "ended", "recorded", "in-progress") and dates:
            found.add("stopped")
    return found


def kinds(found: Reading) -> set[str]:
    """The kinds of fact of a profile."""
    profile = found.profile
    takes = ns.GG + "takesMedication"
    told = {"present"} if any(c for p, c in profile.present.items() if p != takes) else set()
    told |= {"takes"} if profile.present.get(takes) else set()
    told |= {"absent"} if any(profile.absent.values()) else set()
    told |= {"value"} if profile.values else set()
    told |= {"trial"} if profile.trials_present else set()
    return told | ({"stopped"} if profile.stops_present else set())


def examples() -> list[dict[str, Any]]:
    """Entries of real examples, and of the bundles among them."""
    found = []
    for name in PACKAGES:
        for path in files(name):
            value = load(path)
            inner = value.get("entry") or [] if value["resourceType"] == "Bundle" else [{"resource": value}]
            found += [
                e["resource"]
                for e in inner
                if isinstance(e.get("resource"), dict) and e["resource"].get("resourceType") in TYPES
            ]
    return found
