"""FHIR medications read as profiles: every status, period and form, and nothing guessed."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.intake.fhir import Reading
from tests.support.fhirhelp import SUBJECT, Read, concept, condition, facts, statement, states


def request(status: str = "active", intent: str = "order", **more: Any) -> dict[str, Any]:
    return statement(status, resourceType="MedicationRequest", intent=intent) | more


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


def drug(*items: dict[str, Any], name: str = "d") -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, "ingredient": list(items)}


def by_reference(target: str) -> dict[str, Any]:
    return {"itemReference": {"reference": target}}


SUBSTANCE = {"resourceType": "Substance", "id": "s", "code": concept("Ibuprofen")}
WITHIN = {"medicationReference": {"reference": "#d"}}
THERE = {"medicationReference": {"reference": "Medication/d"}}
KNOWN = {"itemCodeableConcept": concept("Ibuprofen")}


@pytest.mark.parametrize(
    "resources",
    [
        [statement(**WITHIN, contained=[drug(by_reference("#s")), SUBSTANCE])],
        [statement(**WITHIN, contained=[drug(by_reference("Substance/s"))]), SUBSTANCE],
        [statement(**THERE), drug(by_reference("Substance/s")), SUBSTANCE],
        [statement(**THERE), drug(by_reference("#s")) | {"contained": [SUBSTANCE]}],
        [statement(**THERE), drug(by_reference("Medication/e")), drug(KNOWN, name="e")],
        [
            statement(**THERE),
            drug(by_reference("Medication/e")),
            drug(by_reference("#s"), name="e") | {"contained": [SUBSTANCE]},
        ],
    ],
    ids=["contained", "of the record", "both of the record", "in the Medication", "a Medication", "twice"],
)
def test_an_ingredient_may_be_a_reference(read: Read, resources: list[dict[str, Any]]) -> None:
    found = read(*resources)
    assert facts(found) == {"takes ggt:Ibuprofen"}
    assert "not understood" not in {entry.state for entry in found.report.entries}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (by_reference("Substance/none"), "Medication or Substance Substance/none is not in the record"),
        (by_reference("Medication/d"), "an ingredient of itself"),
        ({"strength": {}}, "an ingredient of its Medication is not named"),
        (by_reference("Patient/p"), "is not in the record"),
    ],
    ids=["absent", "circle", "no item", "another type"],
)
def test_an_ingredient_that_is_not_known_is_told_and_leaves_the_others(
    read: Read, row: dict[str, Any], why: str
) -> None:
    found = read(statement(**THERE), drug(KNOWN, row))
    assert facts(found) == {"takes ggt:Ibuprofen"}
    assert any(prop.endswith("takesMedication") for prop, _ in found.profile.not_understood)
    assert any(why in str(entry) for entry in found.report.entries if entry.state == "not understood")


def test_a_substance_of_r5_names_its_definition(read: Read) -> None:
    substance = {"resourceType": "Substance", "id": "s", "instance": False, "code": {"concept": concept("Ibuprofen")}}
    mixed = drug({"item": {"reference": {"reference": "Substance/s"}}})
    taken = {
        "resourceType": "MedicationStatement",
        "id": "m",
        "status": "recorded",
        "subject": SUBJECT,
        "medication": {"reference": {"reference": "Medication/d"}},
        "effectivePeriod": {"start": "2026-01-01"},
    }
    found = read(taken, mixed, substance)
    assert found.report.form == "FHIR R5"
    assert facts(found) == {"takes ggt:Ibuprofen"}


def test_no_ingredient_is_dropped(read: Read) -> None:
    here = {"medicationReference": {"reference": "Medication/d"}}

    def drug(*parts: dict[str, Any], **more: Any) -> Reading:
        found: dict[str, Any] = {"resourceType": "Medication", "id": "d", "ingredient": list(parts)} | more
        return read(statement(**here), found, complete=["medications"])

    def open_list(found: Reading) -> bool:
        return ns.GG + "takesMedication" in {prop for prop, _ in found.profile.not_understood}

    ibuprofen = {"itemCodeableConcept": concept("Ibuprofen")}
    by_reference = {"itemReference": {"reference": "Substance/s"}}
    for part in (by_reference, {"strength": {}}):
        found = drug(ibuprofen, part)
        assert facts(found) == {"takes ggt:Ibuprofen"} and open_list(found)
    assert not open_list(drug(ibuprofen)) and not open_list(drug(ibuprofen, by_reference | {"isActive": False}))
    # A code that does not name all parts.
    mixed = drug(ibuprofen, {"itemCodeableConcept": concept("Fluvoxamine")}, code=concept("Ibuprofen"))
    assert facts(mixed) == {"takes ggt:Ibuprofen", "takes ggt:Fluvoxamine"} and not open_list(mixed)
    assert facts(drug({"itemCodeableConcept": concept("NSAID")}, code=concept("Ibuprofen"))) == {"takes ggt:Ibuprofen"}
    # Two parts of one name: which is meant cannot be told.
    inside = [{"resourceType": "Medication", "id": "d", "code": concept(code)} for code in ("Ibuprofen", "Fluvoxamine")]
    twice = read(statement(medicationReference={"reference": "#d"}, contained=inside), complete=["medications"])
    assert not facts(twice) and open_list(twice)


def test_a_stop_that_was_told_later_does_not_count(read: Read) -> None:
    ended = {"effectivePeriod": {"start": "2026-01-01", "end": "2026-11-14"}}
    stopped = {"stopped ggt:Ibuprofen 10"}
    assert facts(read(statement("stopped", dateAsserted="2026-11-20", **ended))) == stopped
    later = read(statement("stopped", dateAsserted="2026-12-01", **ended))
    assert not facts(later) and "was written on 2026-12-01" in later.report.entries[-1].why
    for when in ({"dateAsserted": "2026-11"}, {"meta": {"lastUpdated": "2026-12-01T00:00:00Z"}}):
        unsure = read(statement("stopped", **when, **ended), complete=["stopped_medications"])
        assert not facts(unsure) and unsure.profile.not_understood


def test_what_ends_before_it_begins_is_not_understood(read: Read) -> None:
    backwards = {"start": "2026-11-10", "end": "2026-01-01"}
    found = read(statement("stopped", effectivePeriod=backwards), complete=["medications", "stopped_medications"])
    assert not facts(found) and "before it begins" in found.report.of("not understood")[0].why
    suspended = {prop for prop, _ in found.profile.not_understood}
    assert suspended == {ns.GG + "takesMedication", ns.GG + "stoppedMedication"}
    # A month may begin before a day in it.
    partly = statement("stopped", effectivePeriod={"start": "2026-11", "end": "2026-11-14"})
    assert facts(read(partly)) == {"stopped ggt:Ibuprofen 10"}
    over = condition(clinical="resolved", onsetDateTime="2026-05-01", abatementDateTime="2026-01-01")
    assert read(over, complete=["conditions"]).profile.not_understood


@pytest.mark.parametrize(
    ("timing", "taken"),
    [
        ({"event": ["2026-01-02", "2026-01-03"]}, False),
        ({"event": ["2026-01-02", "2026-12-03"]}, True),
        ({"event": []}, True),
        ({"event": "2026-01-02"}, False),
        ({"repeat": {"boundsRange": {"low": {"value": 5, "code": "d"}, "high": {"value": 10, "code": "d"}}}}, False),
        ({"repeat": {"boundsRange": {"low": {"value": 5, "code": "d"}, "high": {"value": 400, "code": "d"}}}}, True),
        ({"repeat": {"boundsRange": {"low": {"value": 5, "code": "d"}}}}, True),
        ({"repeat": {"boundsRange": "10 days"}}, False),
    ],
)
def test_an_order_whose_single_times_or_longest_duration_are_over_is_unknown(
    read: Read, timing: dict[str, Any], taken: bool
) -> None:
    found = read(request(authoredOn="2026-01-01", dosageInstruction=[{"timing": timing}]), complete=["medications"])
    assert facts(found) == ({"takes ggt:Ibuprofen"} if taken else set())
    assert bool(found.profile.not_understood) is not taken
