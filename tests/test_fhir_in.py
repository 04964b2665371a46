"""FHIR resources read as profiles: every status, unit and shape, and nothing guessed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.fhir import Reading

FOLDER = Path(__file__).parent / "fhir"
BUNDLES = sorted(path.stem for path in FOLDER.glob("*.json"))
EXAMPLES = sorted(p.stem for p in (Path(__file__).parent.parent / "graph/profiles").glob("*.yaml"))
DAY = date(2026, 11, 24)
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
UCUM = "http://unitsofmeasure.org"
SUBJECT = {"reference": "Patient/p"}
PATIENT = {"resourceType": "Patient", "id": "p"}
LISTS = ("conditions", "findings", "medications", "trials", "stopped_medications")

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


def statement(status: str = "active", **more: Any) -> dict[str, Any]:
    found = {"resourceType": "MedicationStatement", "id": "m", "status": status, "subject": SUBJECT}
    return found | ({} if "medicationReference" in more else {"medicationCodeableConcept": concept("Ibuprofen")}) | more


def request(status: str = "active", intent: str = "order", **more: Any) -> dict[str, Any]:
    return statement(status, resourceType="MedicationRequest", intent=intent) | more


def procedure(status: str = "completed", **more: Any) -> dict[str, Any]:
    found = {
        "resourceType": "Procedure",
        "id": "t",
        "status": status,
        "code": concept("ExerciseTherapy"),
        "subject": SUBJECT,
    }
    return found | more


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


# ---------------------------------------------------------------- whole patients


def as_r5(bundle: dict[str, Any]) -> dict[str, Any]:
    """A hand-made R4 bundle in the shapes of R5."""
    bundle = copy.deepcopy(bundle)
    for entry in bundle["entry"]:
        res = entry["resource"]
        if "medicationCodeableConcept" in res:
            res["medication"] = {"concept": res.pop("medicationCodeableConcept")}
        if "medicationReference" in res:
            res["medication"] = {"reference": res.pop("medicationReference")}
        if res["resourceType"] == "MedicationStatement":
            taken = {"active": "taking", "stopped": "stopped", "completed": "stopped"}[res["status"]]
            system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
            res |= {"status": "recorded", "adherence": {"code": concept(taken, system=system)}}
        if "performedPeriod" in res:
            res["occurrencePeriod"] = res.pop("performedPeriod")
        if res["resourceType"] == "Condition" and "clinicalStatus" not in res:
            res["clinicalStatus"] = concept("inactive", system=CLINICAL)
        if res["resourceType"] == "AllergyIntolerance":
            res["type"] = concept("allergy", system="http://hl7.org/fhir/allergy-intolerance-type")
    return bundle


@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_as_a_bundle_gives_the_same_answer(kb: Any, ask: Any, name: str, version: str) -> None:
    written = kb.profile(f"example:{name}")
    bundle = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    complete = [kb.vocabulary.by_iri[prop].key for prop in written.complete]
    if version == "R5":
        bundle = as_r5(bundle)
    found = kb.profile_from_fhir(bundle, as_of=DAY, complete=complete, version=version)
    assert not found.report.of("not understood") and not found.report.of("ignored")
    assert replace(kb.profile(found.profile), id="", label="") == replace(written, id="", label="")
    assert ask(found.profile).statuses == ask(f"example:{name}").statuses


@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize("name", BUNDLES)
def test_the_hand_made_bundles_are_valid_fhir(name: str, version: str) -> None:
    bundle = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if version == "R4":
        from fhir.resources.R4B.bundle import Bundle as Valid
    else:
        from fhir.resources.bundle import Bundle as Valid  # type: ignore[no-redef]

        bundle = as_r5(bundle)
    Valid.model_validate(bundle)


def test_refuted_ended_other_units_and_an_unmapped_allergy(kb: Any, ask: Any) -> None:
    found = kb.profile_from_fhir(FOLDER / "refuted-ended-units-allergy.json", as_of=DAY)
    assert facts(found) == {
        "+ggt:FemaleSex",
        "+ggt:Sciatica",
        "-ggt:PepticUlcer",
        "gg:ageYears=65",
        "gg:eGFR=27",
        "stopped ggt:NSAID 10",
    }
    assert [(e.source, e.text) for e in found.report.of("not understood")] == [
        ("AllergyIntolerance/allergy", "SNOMEDCT:764146007 (Substance with penicillin structure (substance))")
    ]
    used = {e.source: e for e in found.report.of("used")}
    assert "0.45 mL/s/{1.73_m2} is 27 mL/min/{1.73_m2}" in used["Observation/egfr"].why
    assert used["Condition/ulcer"].effect == "absent: peptic ulcer disease"
    assert any(text.startswith("SNOMEDCT:764146007") for _, text in found.profile.not_understood)
    assert ask(found.profile).statuses


def test_the_report_has_the_published_form(kb: Any, repo_root: Path) -> None:
    schema = json.loads((repo_root / "src/guidegraph/schema/intake.schema.json").read_text(encoding="utf-8"))
    for name in BUNDLES:
        report = kb.profile_from_fhir(FOLDER / f"{name}.json", as_of=DAY).report.to_dict()
        jsonschema.Draft202012Validator(schema).validate(report)
        assert sum(report["counts"].values()) == len(report["entries"])


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
    assert {prop for prop, _ in drug.not_understood} == {ns.GG + "takesMedication"}


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


# ---------------------------------------------------------------- observations

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
        (number(EGFR, {"value": 90, "unit": "mL/min/1.73m2"}), set(), "not understood"),
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
        (number(WEEKS, quantity(3, "mo"), effectiveDateTime="2026"), set(), "not understood"),
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
    assert facts(read(condition("Sciatica", onsetDateTime="2020-01-01"))) == {"+ggt:Sciatica"}
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


# ---------------------------------------------------------------- drugs


def bounds(end: str | None) -> list[dict[str, Any]]:
    period = {"start": "2026-01-01"} | ({"end": end} if end else {})
    return [{"timing": {"repeat": {"boundsPeriod": period}}}]


@pytest.mark.parametrize(
    ("resource", "fact"),
    [
        (statement(), {"takes ggt:Ibuprofen"}),
        (statement(effectivePeriod={"start": "2026-01-01"}), {"takes ggt:Ibuprofen"}),
        (statement(effectivePeriod={"start": "2026-12-01"}), set()),
        (statement(effectivePeriod={"start": "2026-01-01", "end": "2026-11-14"}), {"stopped ggt:Ibuprofen 10"}),
        (statement(effectivePeriod={"start": "2026-01-01", "end": "2026-11-24"}), {"takes ggt:Ibuprofen"}),
        (statement(effectivePeriod={"start": "2026-01-01", "end": "2026-11"}), set()),
        (statement("completed", effectivePeriod={"end": "2026-11-14T23:00:00+01:00"}), {"stopped ggt:Ibuprofen 10"}),
        (statement("stopped", effectivePeriod={"end": "2026-11-24"}), {"stopped ggt:Ibuprofen 0"}),
        (statement("stopped", effectivePeriod={"end": "2026-10"}), set()),
        (statement("stopped", effectivePeriod={"end": "2027-01-01"}), set()),
        (statement("stopped"), set()),
        (statement("stopped", effectiveDateTime="2026-11-14"), set()),
        (statement("not-taken"), set()),
        (statement("intended"), set()),
        (statement("on-hold"), set()),
        (statement("unknown"), set()),
        (statement("entered-in-error"), set()),
        (statement("activ"), set()),
        (statement(statusReason="x", status=None), set()),
        (statement(medicationCodeableConcept={"text": "ibuprofen"}), set()),
        (statement(medicationCodeableConcept=concept("Sciatica")), set()),
        (request(), {"takes ggt:Ibuprofen"}),
        (request(intent="plan"), set()),
        (request(intent="proposal"), set()),
        (request(intent=None), set()),
        (request(doNotPerform=True), set()),
        (request(doNotPerform="no"), set()),
        (request("draft"), set()),
        (request("cancelled"), set()),
        (request(dosageInstruction=bounds("2026-11-14")), {"stopped ggt:Ibuprofen 10"}),
        (request("completed", dosageInstruction=bounds("2026-11-14")), {"stopped ggt:Ibuprofen 10"}),
        (request("completed", dosageInstruction=bounds(None)), set()),
        (request(dosageInstruction=[*bounds("2026-11-14"), *bounds(None)]), {"takes ggt:Ibuprofen"}),
        (request(dosageInstruction=[{"timing": {"repeat": {"boundPeriod": {"end": "2026-11-14"}}}}]), set()),
        (statement("in-progress", resourceType="MedicationAdministration"), {"takes ggt:Ibuprofen"}),
        (statement("completed", resourceType="MedicationAdministration", effectiveDateTime="2026-11-20"), {"stopped ggt:Ibuprofen 4"}),
        (statement("not-done", resourceType="MedicationAdministration", effectiveDateTime="2026-11-20"), set()),
    ],
)  # fmt: skip
def test_drugs(read: Read, resource: dict[str, Any], fact: set[str]) -> None:
    found = read(resource)
    assert facts(found) == fact
    assert len(states(found, f"{resource['resourceType']}/m")) == 1
    assert ("used" in states(found, f"{resource['resourceType']}/m")) == bool(fact)


def test_drugs_of_r5(read: Read) -> None:
    def r5(**more: Any) -> Reading:
        base = {
            "resourceType": "MedicationStatement",
            "id": "m",
            "status": "recorded",
            "subject": SUBJECT,
            "medication": {"concept": concept("Ibuprofen")},
        }
        return read(base | more)

    system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
    taking = {"code": concept("taking-not-as-directed", system=system)}
    assert facts(r5(adherence=taking)) == {"takes ggt:Ibuprofen"}
    assert r5(adherence=taking).report.form == "FHIR R5"
    assert facts(r5()) == set()
    assert facts(r5(effectivePeriod={"start": "2026-01-01"})) == {"takes ggt:Ibuprofen"}
    assert facts(r5(effectiveDateTime="2026-01-01")) == set()
    assert facts(r5(adherence={"code": concept("not-taking", system=system)})) == set()
    assert facts(r5(adherence={"code": concept("stopped", system=system)}, effectivePeriod={"end": "2026-11-20"})) == {
        "stopped ggt:Ibuprofen 4"
    }
    assert (
        facts(r5(adherence={"code": concept("stopped", system=system), "modifierExtension": [{"url": "x"}]})) == set()
    )
    stopped = request("stopped", statusChanged="2026-11-20") | {"medication": {"concept": concept("Ibuprofen")}}
    del stopped["medicationCodeableConcept"]
    assert facts(read(stopped)) == {"stopped ggt:Ibuprofen 4"}
    usage = {
        "resourceType": "MedicationUsage",
        "id": "m",
        "status": "recorded",
        "subject": SUBJECT,
        "medication": {"concept": concept("Ibuprofen")},
        "adherence": taking,
    }
    assert facts(read(usage)) == {"takes ggt:Ibuprofen"}


def test_medications_by_reference(read: Read) -> None:
    drug = {"resourceType": "Medication", "id": "d", "code": concept("Ibuprofen")}
    here = {"medicationReference": {"reference": "Medication/d"}}
    inside = {"medicationReference": {"reference": "#d"}, "contained": [drug]}
    assert facts(read(statement(**here), drug)) == {"takes ggt:Ibuprofen"}
    assert facts(read(statement(**inside))) == {"takes ggt:Ibuprofen"}
    assert facts(read(statement(**here))) == set()
    assert facts(read(statement(**here), drug | {"status": "entered-in-error"})) == set()
    assert facts(read(statement(**here), drug | {"modifierExtension": [{"url": "x"}]})) == set()
    assert facts(read(statement(medicationReference={"display": "ibuprofen"}))) == set()
    assert facts(read(statement(medicationReference={"reference": "Patient/p"}))) == set()
    parts = [
        {"itemCodeableConcept": concept("Ibuprofen")},
        {"itemCodeableConcept": concept("Paracetamol"), "isActive": False},
    ]
    mixed = {"resourceType": "Medication", "id": "d", "code": {"text": "a mixture"}, "ingredient": parts}
    assert facts(read(statement(**here), mixed)) == {"takes ggt:Ibuprofen"}
    both = statement() | {"medicationReference": {"reference": "#d"}, "contained": [drug]}
    assert facts(read(both)) == set()


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
    assert facts(allergy(kind="intolerance")) == set()
    assert "not an allergy" in allergy(kind="intolerance").report.entries[-1].why
    assert facts(allergy(kind=concept("intolerance", system="http://hl7.org/fhir/allergy-intolerance-type"))) == set()
    assert facts(allergy(sure="refuted")) == {"-ggt:AspirinAllergy"}
    assert facts(allergy(sure="unconfirmed")) == set()
    # A substance is no allergy of ours, and an entry here never makes another condition present.
    assert states(allergy("Aspirin"), "AllergyIntolerance/a") == ["not understood"]
    assert states(allergy("Sciatica"), "AllergyIntolerance/a") == ["not understood"]


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


# ---------------------------------------------------------------- the patient and the record


def test_the_patient(kb: Any) -> None:
    def patient(**more: Any) -> Reading:
        found: Reading = kb.profile_from_fhir(PATIENT | more, as_of=DAY)
        return found

    assert facts(patient(birthDate="1980-11-25", gender="male")) == {"gg:ageYears=45", "+ggt:MaleSex"}
    assert facts(patient(birthDate="1980")) == set()
    assert facts(patient(birthDate="1980-02")) == {"gg:ageYears=46"}
    assert (
        facts(patient(birthDate="2030-01-01"))
        == facts(patient(birthDate=1980))
        == facts(patient(birthDate="1800-01-01"))
        == set()
    )
    assert facts(patient(gender="other")) == facts(patient(gender=["male"])) == set()
    assert any("deceased" in c for c in patient(deceasedBoolean=True).report.choices)
    assert facts(patient(gender="male", modifierExtension=[{"url": "x"}])) == set()


def test_one_patient_only(kb: Any, read: Read) -> None:
    other = {"resourceType": "Patient", "id": "q"}
    with pytest.raises(ProfileError, match="2 patients"):
        read(other)
    theirs = condition("PepticUlcer") | {"id": "d", "subject": {"reference": "Patient/q"}}
    assert facts(read(other, condition(), theirs, patient="q")) == {"+ggt:PepticUlcer"}
    assert facts(read(condition(), theirs)) == {"+ggt:Sciatica"}
    with pytest.raises(ProfileError, match="2 patients"):
        kb.profile_from_fhir([condition(), theirs], as_of=DAY)
    assert facts(kb.profile_from_fhir([condition(), theirs], as_of=DAY, patient="q")) == {"+ggt:PepticUlcer"}
    assert facts(kb.profile_from_fhir(condition(), as_of=DAY)) == {"+ggt:Sciatica"}
    with pytest.raises(ProfileError, match="no Patient"):
        read(patient="nobody")


def test_whose_an_entry_is(kb: Any) -> None:
    def bundle(*pairs: tuple[str, dict[str, Any]]) -> dict[str, Any]:
        return {
            "resourceType": "Bundle",
            "entry": [{"fullUrl": url, "resource": res} if url else {"resource": res} for url, res in pairs],
        }

    def about(reference: str) -> dict[str, Any]:
        return condition() | {"subject": {"reference": reference}}

    here, there = "http://a.example/Patient/p", "http://b.example/Patient/p"
    for reference, mine in (
        (here, True),
        ("Patient/p", True),
        (there, False),
        ("Patient/q", False),
        ("urn:uuid:1", False),
        ("Patient?identifier=1", False),
        ("#p", False),
    ):
        found = kb.profile_from_fhir(bundle((here, PATIENT), ("", about(reference))), as_of=DAY)
        assert bool(facts(found)) is mine, reference
    nameless = {k: v for k, v in PATIENT.items() if k != "id"}
    assert facts(kb.profile_from_fhir(bundle(("urn:uuid:1", nameless), ("", about("urn:uuid:1"))), as_of=DAY))
    assert facts(kb.profile_from_fhir(bundle(("", PATIENT), ("", about(here + "/_history/3"))), as_of=DAY))
    both = bundle((here, PATIENT), (there, PATIENT), ("", about(there)))
    with pytest.raises(ProfileError, match="2 patients"):
        kb.profile_from_fhir(both, as_of=DAY)
    assert facts(kb.profile_from_fhir(both, as_of=DAY, patient=there))
    assert not facts(kb.profile_from_fhir(both, as_of=DAY, patient=here))


def test_of_two_versions_the_last_counts(read: Read) -> None:
    old = condition(meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    new = condition(verified="refuted", meta={"lastUpdated": "2026-02-01T00:00:00Z"})
    assert facts(read(new, old)) == {"-ggt:Sciatica"}
    assert facts(read(condition(), condition(verified="refuted"))) == set()
    assert facts(read(condition(), condition())) == {"+ggt:Sciatica"}


def test_versions_are_told_from_the_content(read: Read) -> None:
    assert read(condition()).report.form == "FHIR R4"
    assert read(condition(), version="R5").report.form == "FHIR R5"
    mixed = read(statement(), statement(medication={"concept": concept("Ibuprofen")}) | {"id": "n"})
    assert mixed.report.form == "FHIR R4" and any("mixes" in choice for choice in mixed.report.choices)
    # In the wrong version, an element that is not known makes the resource not understood.
    assert facts(read(statement(), version="R5")) == set()
    with pytest.raises(UsageError, match="no FHIR version"):
        read(condition(), version="R3")


@pytest.mark.parametrize(
    "text",
    ["", "  ", "{", "[]", "7", "null", '"x"', "{}", '{"resourceType": 7}', '{"resourceType": "Bundle", "entry": 7}', "[1, 2]", "<Bundle/>", "\x00", "NaN", '{"resourceType": "Patient", "id": "a", "id": "b"}', '{"resourceType": "Patient", "x": NaN}', "[" * 100_000, '{"a":' * 100_000, '{"resourceType": "Patient"}\nnonsense', '{"resourceType": "Patient", "x": 1e99999999999999999999}'],
)  # fmt: skip
def test_what_is_no_fhir_is_refused_in_one_line(kb: Any, text: str) -> None:
    with pytest.raises(ProfileError) as caught:
        kb.profile_from_fhir(text, as_of=DAY)
    assert len(str(caught.value)) < 400


def test_deep_bundles_and_odd_entries_are_told(kb: Any) -> None:
    deep: Any = PATIENT
    for _ in range(40):
        deep = {"resourceType": "Bundle", "entry": [{"resource": deep}]}
    odd = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": PATIENT},
            {"resource": deep},
            7,
            {"resource": 7},
            {"resource": {}},
            {"resource": condition(), "modifierExtension": [{"url": "x"}]},
        ],
    }
    found = kb.profile_from_fhir(odd, as_of=DAY, complete=["conditions"])
    assert len(found.report.of("not understood")) == 5 and found.profile.not_understood and not facts(found)


# ---------------------------------------------------------------- the command


def test_the_command(kb: Any, cli: Any, tmp_path: Path) -> None:
    source = FOLDER / "renal-impairment.json"
    out, report = tmp_path / "p.yaml", tmp_path / "r.json"
    done = cli("profile", "from-fhir", str(source), "--as-of", "2026-11-24", "-o", str(out), "--report", str(report))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(report.read_text())["counts"] == {"used": 6, "ignored": 0, "not_understood": 0}
    told = replace(kb.profile(str(out)), label="")
    assert told == replace(kb.profile("example:renal-impairment"), label="")
    lines = "\n".join(json.dumps(e["resource"]) for e in json.loads(source.read_text())["entry"])
    piped = cli("profile", "from-fhir", "-", "--as-of", "2026-11-24", stdin=lines)
    assert piped.stdout == out.read_text() and "6 facts used" in piped.stderr
    again = cli("profile", "from-fhir", str(source), "--as-of", "2026-11-24", "--format", "json")
    assert json.loads(again.stdout)["egfr"] == 22
    assert cli("therapies", "-", "--as-of", "2026-11-24", stdin=piped.stdout).returncode == 0


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        (["nowhere.json"], None),
        (["-"], "{"),
        (["-", "--version", "R3"], '{"resourceType": "Patient"}'),
        (["-", "--complete", "everything"], '{"resourceType": "Patient"}'),
        (["-", "--same-unit", "mL"], '{"resourceType": "Patient"}'),
        (["-", "--as-of", "soon"], '{"resourceType": "Patient"}'),
    ],
)
def test_wrong_use_is_one_line(cli: Any, args: list[str], stdin: str | None) -> None:
    done = cli("profile", "from-fhir", *args, stdin=stdin)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_hostile_text_cannot_break_the_report(kb: Any, cli: Any) -> None:
    evil = "a\u202e\x1b[31m\ud800\n# age: 5\ufeff" + "x" * 5000
    bundle = [PATIENT, condition() | {"id": "c", "code": {"coding": [{"system": evil, "code": evil, "display": evil}]}}]
    text = "\n".join(json.dumps(item) for item in bundle)
    done = cli("profile", "from-fhir", "-", stdin=text)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr and "\nage" not in done.stdout
    assert len(done.stdout) < 4000
