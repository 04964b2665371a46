"""What the tests of OMOP share: the day they ask, names of properties, and rows and readings in short."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.report import IntakeReport
from guidegraph.model import Profile
from tests.intake.omop.synthetic import FEMALE, MALE, NONE, Cdm

DAY = date(2026, 11, 24)
CONDITION, FINDING, TAKES = (ns.GG + name for name in ("hasCondition", "hasFinding", "takesMedication"))
EGFR, AGE = (ns.GG + name for name in ("eGFR", "ageYears"))
YES, NO = ("SNOMED", "373066001"), ("SNOMED", "373067005")

Read = Callable[..., tuple[Profile, IntakeReport]]


def term(name: str) -> str:
    return ns.GGT + name


def conditions(profile: Profile) -> set[str]:
    return {iri.removeprefix(ns.GGT) for prop in (CONDITION, FINDING) for iri in profile.present.get(prop, ())} - {
        "MaleSex",
        "FemaleSex",
    }


def denied(profile: Profile) -> set[str]:
    return {iri.removeprefix(ns.GGT) for table in profile.absent.values() for iri in table}


def entry(report: IntakeReport, source: str) -> tuple[str, str]:
    """State and reason of the one entry of a row."""
    found = [e for e in report.entries if e.source == source]
    assert len(found) == 1, found
    return found[0].state, found[0].why


def egfr(cdm: Cdm, day: str, value: float | None, unit: str | None = "mL/min/{1.73_m2}", **more: Any) -> None:
    if unit:
        more = {"unit_concept_id": cdm.concept("UCUM", unit), **more}
    cdm.measurement(1, cdm.concept("LOINC", "0-1"), day, value, **more)


def crowd(persons: int = 7) -> Cdm:
    """Persons with rows of every kind, some of them odd."""
    cdm = Cdm()
    for p in range(1, persons + 1):
        cdm.person(p, f"19{50 + p % 50}-0{1 + p % 9}-11", FEMALE if p % 2 else MALE)
        cdm.condition(p, cdm.concept("ICD10CM", "T1" if p % 3 else "T2"), f"2026-0{1 + p % 9}-01")
        cdm.condition(p, NONE, "2026-01-01", condition_source_value=f"Robert'); DROP TABLE person; -- {p}")
        cdm.drug(p, cdm.concept("ATC", "X1"), "2026-11-01", f"2026-11-{10 + p % 20}")
        cdm.procedure(p, cdm.concept("ICD10PCS", "P1"), "2026-02-01")
        cdm.measurement(p, cdm.concept("LOINC", "0-1"), "2026-10-01", 20.5 + p % 70, unit_concept_id=cdm.concept("UCUM", "mL/min/{1.73_m2}"))  # fmt: skip
        cdm.observation(p, cdm.concept("SNOMED", "1002"), "2026-10-01", cdm.concept(*NO))
    return cdm
