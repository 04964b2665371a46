"""Bundles that are not whole, histories, versions, releases and code systems by OID."""

from __future__ import annotations

import itertools
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib.namespace import RDFS, SKOS

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.intake.fhir import Reading
from guidegraph.intake.fhir.table import table
from tests.support.fhirhelp import CLINICAL, DAY, PATIENT, Read, concept, condition, facts, statement

LISTS = ("conditions", "findings", "medications", "trials", "stopped_medications")
SCIATICA = {"+ggt:Sciatica"}


def bundle(*entries: Any, **more: Any) -> dict[str, Any]:
    listed = [entry if "resource" in entry or "request" in entry else {"resource": entry} for entry in entries]
    return {"resourceType": "Bundle", "type": "searchset", "entry": listed} | more


def whole(kb: Any, record: dict[str, Any]) -> bool:
    """Whether a record is read, and its declared lists stay complete."""
    found = kb.profile_from_fhir(record, as_of=DAY, complete=LISTS)
    suspended = {prop for prop, _ in found.profile.not_understood}
    assert suspended in (set(), set(found.profile.complete))
    told = [
        entry for entry in found.report.of("not understood") if entry.text in ("the record is not whole", "an entry")
    ]
    assert bool(told) == bool(suspended) and all(entry.mend for entry in told)
    assert facts(found) >= SCIATICA
    return not suspended


OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}


@pytest.mark.parametrize(
    ("more", "entries", "expected"),
    [
        ({}, [], True),
        ({"total": 2}, [], True),
        ({"total": 1}, [], True),
        ({"total": 3}, [], False),
        ({"total": "3"}, [], False),
        ({"link": {"relation": "next", "url": "y"}}, [], False),
        ({"link": [{"relation": "Next", "url": "y"}]}, [], False),
        ({"issues": OUTCOME}, [], False),
        ({"meta": {"tag": [{"code": "SUBSETTED"}]}}, [], False),
        ({"meta": {"tag": [{"code": "mine"}], "security": [{"code": "N"}]}}, [], True),
        ({}, [{"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "Condition/c"}}]}], True),
        ({}, [{"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "Condition/gone"}}]}], False),
        ({}, [{"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "urn:uuid:1"}}]}], False),
        ({}, [{"resourceType": "List", "id": "l", "entry": [{"item": {"reference": "Practitioner/x"}}]}], True),
        ({}, [{"resourceType": "List", "id": "l", "entry": [{"deleted": True, "item": {"reference": "Condition/x"}}]}], True),
        ({}, [{"resourceType": "Composition", "id": "l", "section": [{"entry": [{"reference": "Condition/x"}]}]}], False),
        ({"link": [{"relation": "self", "url": "x"}]}, [], True),
        ({"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]}, [], False),
        ({"link": [{"relation": "previous", "url": "y"}]}, [], False),
        ({}, [{"resource": OUTCOME, "search": {"mode": "outcome"}}], False),
        ({}, [{"response": {"status": "404", "outcome": OUTCOME}, "resource": condition() | {"id": "d"}}], False),
        ({}, [{"request": {"method": "PATCH", "url": "Condition/c"}, "resource": condition() | {"id": "x"}}], False),
        ({}, [{"request": {"method": "GET", "url": "Condition/c"}}], True),
        ({"total": 2}, [{"resource": condition() | {"id": "d"}, "search": {"mode": "include"}}], True),
        ({}, [{"resourceType": "List", "id": "l", "mode": "changes", "status": "current"}], False),
        ({}, [{"resourceType": "List", "id": "l", "mode": "snapshot", "status": "current"}], True),
        ({}, [{"resourceType": "List", "id": "l", "mode": "working", "emptyReason": concept("withheld")}], False),
        ({}, [{"resourceType": "List", "id": "l", "mode": "working", "emptyReason": concept("nilknown")}], True),
        ({}, [{"resourceType": "Composition", "id": "l", "section": [{"section": [{"emptyReason": concept("unavailable")}]}]}], False),
    ],
)  # fmt: skip
def test_a_bundle_that_is_not_whole_suspends_completeness(
    kb: Any, more: dict[str, Any], entries: list[Any], expected: bool
) -> None:
    record = bundle(PATIENT, condition(), *entries, **more)
    assert whole(kb, record) is expected


@pytest.mark.parametrize("mark", [{"tag": [{"code": "SUBSETTED"}]}, {"security": [{"code": "REDACTED"}]}])
def test_an_entry_of_which_parts_were_left_out_is_not_understood(read: Read, mark: dict[str, Any]) -> None:
    # A summary has no dosage that ends, and no site of a negative result.
    found = read(condition(meta=mark), complete=["conditions"])
    assert not facts(found) and found.profile.not_understood and "left out" in found.report.of("not understood")[0].why


def version(number: int, verified: str, day: str = "") -> dict[str, Any]:
    meta = {"versionId": str(number)} | ({"lastUpdated": f"{day}T00:00:00Z"} if day else {})
    return condition(verified=verified, meta=meta)


def deleted(number: int = 0, day: str = "") -> dict[str, Any]:
    response = ({"etag": f'W/"{number}"'} if number else {}) | ({"lastModified": f"{day}T00:00:00Z"} if day else {})
    return {"request": {"method": "DELETE", "url": "Condition/c"}, "response": {"status": "204"} | response}


@pytest.mark.parametrize(
    ("entries", "kind", "expected"),
    [
        ([version(1, "confirmed"), version(2, "refuted")], "history", {"-ggt:Sciatica"}),
        ([version(2, "confirmed", "2026-02-01"), version(10, "refuted", "2026-03-01")], "history", {"-ggt:Sciatica"}),
        ([version(1, "confirmed"), deleted(2)], "history", set()),
        ([version(1, "confirmed", "2026-01-01"), deleted(0, "2026-02-01")], "history", set()),
        ([version(3, "confirmed", "2026-03-01"), deleted(0, "2026-02-01")], "history", SCIATICA),
        ([deleted()], "transaction", set()),
    ],
)
def test_versions_and_deletions_are_one_entry(kb: Any, entries: list[Any], kind: str, expected: set[str]) -> None:
    for order in itertools.permutations(entries):
        found = kb.profile_from_fhir(bundle(PATIENT, *order, type=kind), as_of=DAY, complete=["conditions"])
        assert facts(found) == expected and not found.profile.not_understood
        assert len([e for e in found.report.entries if e.source == "Condition/c"]) >= 1


def test_a_history_without_times_has_its_newest_entry_first(kb: Any) -> None:
    old, new = condition(), condition(verified="refuted")
    assert facts(kb.profile_from_fhir(bundle(PATIENT, new, old, type="history"), as_of=DAY)) == {"-ggt:Sciatica"}
    assert facts(kb.profile_from_fhir(bundle(PATIENT, old, new, type="history"), as_of=DAY)) == SCIATICA
    # Elsewhere the order says nothing.
    assert facts(kb.profile_from_fhir(bundle(PATIENT, old, new), as_of=DAY)) == set()


@pytest.mark.parametrize("more", [{}, {"meta": {"versionId": "1"}}, {"meta": {"lastUpdated": "2026-01-01T00:00:00Z"}}])
def test_the_place_in_a_history_alone_undoes_no_deletion(kb: Any, more: dict[str, Any]) -> None:
    def history(*entries: Any) -> Reading:
        found: Reading = kb.profile_from_fhir(
            bundle(PATIENT, *entries, type="history"), as_of=DAY, complete=["conditions"]
        )
        return found

    created = condition(**more)
    for entries in (
        [created, deleted()],
        [created, deleted(), created],
        [created, condition(verified="refuted"), deleted()],
    ):
        found = history(*entries)
        assert facts(found) == set() and {prop for prop, _ in found.profile.not_understood} >= {ns.GG + "hasCondition"}
        assert "cannot be told" in found.report.of("not understood")[0].why
    assert facts(history(deleted(), created)) == set() and not history(deleted(), created).profile.not_understood
    # A version of a known number or day that is newer than the deletion brings it back.
    assert facts(history(version(1, "confirmed"), deleted(2), version(3, "confirmed"))) == SCIATICA


def test_a_deletion_may_name_no_server(kb: Any) -> None:
    served = {"fullUrl": "http://x.example/Condition/c", "resource": version(1, "confirmed")}
    for url in ("", "http://x.example/Condition/c"):
        removal = deleted(2) | ({"fullUrl": url} if url else {})
        for resource in (served, {"resource": served["resource"]}):
            found = kb.profile_from_fhir(bundle(PATIENT, resource, removal, type="history"), as_of=DAY)
            assert facts(found) == set() and not found.profile.not_understood


def test_a_version_saved_after_the_day_does_not_count(read: Read) -> None:
    versions = [version(1, "confirmed", "2026-01-01"), version(2, "refuted", "2026-06-01")]
    assert facts(read(*versions)) == {"-ggt:Sciatica"}
    assert facts(read(*versions, as_of=date(2026, 3, 1))) == SCIATICA
    assert facts(read(versions[1], as_of=date(2026, 3, 1), complete=["conditions"])) == set()


def test_versions_that_cannot_be_ordered_hide_what_is_older(read: Read) -> None:
    def sign(day: str, value: bool, name: str) -> dict[str, Any]:
        res = {"resourceType": "Observation", "id": name, "status": "final", "code": concept("MuscleSpasm")}
        return res | {"subject": {"reference": "Patient/p"}, "effectiveDateTime": day, "valueBoolean": value}

    assert facts(read(sign("2026-01-01", True, "old"))) == {"+ggt:MuscleSpasm"}
    unclear = [sign("2026-06-01", True, "new"), sign("2026-06-01", False, "new")]
    assert facts(read(sign("2026-01-01", True, "old"), *unclear)) == set()


PAST = re.compile(r"\b(past|history|previous|former|episodes)\b", re.IGNORECASE)


def test_no_list_of_problems_denies_what_may_be_past(read: Read, repo_root: Path) -> None:
    graph = rdflib.Graph().parse(repo_root / "ontology/conditions.ttl")
    says = (RDFS.label, SKOS.altLabel, SKOS.definition)
    past = {str(cls) for prop in says for cls, text in graph.subject_objects(prop) if PAST.search(text)}
    assert ns.GGT + "PepticUlcer" in past and past == table().past
    denied = facts(read(none("no-known-problems")))
    assert not {f"-{ns.shorten(cls)}" for cls in past} & denied
    # What is present now would be a problem that is known; acute bleeding is that of the stomach, too.
    assert {"-ggt:ActivePepticUlcer", "-ggt:AcuteBleeding"} <= denied


@pytest.mark.parametrize(
    ("release", "resource"),
    [
        ("STU3", condition(verified=None, clinical=None, clinicalStatus="active", verificationStatus="confirmed")),
        ("STU3", condition(verified=None, clinical=None, assertedDate="2017-01-01")),
        ("STU3", statement(taken="y")),
        ("STU3", {"resourceType": "Observation", "status": "final", "code": concept("MuscleSpasm"), "context": {}}),
        ("DSTU2", {"resourceType": "MedicationOrder", "status": "active", "patient": {"reference": "Patient/p"}}),
        ("DSTU2", condition(verified=None, clinical=None, patient={"reference": "Patient/p"}, dateRecorded="2015")),
    ],
)
def test_an_older_release_is_said_once(kb: Any, release: str, resource: dict[str, Any]) -> None:
    many = [resource | {"id": f"r{number}"} for number in range(50)]
    found = kb.profile_from_fhir(bundle(PATIENT | {"gender": "female"}, *many), as_of=DAY, complete=LISTS)
    entries = found.report.of("not understood")
    assert len(entries) == 1 and release in entries[0].why and "Convert" in entries[0].mend
    assert facts(found) == {"+ggt:FemaleSex"} and len({p for p, _ in found.profile.not_understood}) == len(LISTS)


def test_a_stray_element_is_no_older_release(read: Read) -> None:
    found = read(condition(assertedDate="2017-01-01"), condition("PepticUlcer") | {"id": "d"})
    assert found.report.form == "FHIR R4" and facts(found) == {"+ggt:PepticUlcer"}


def test_a_record_without_a_patient(kb: Any) -> None:
    for record in (bundle(), bundle({"resourceType": "Practitioner", "id": "x"}), bundle(OUTCOME)):
        with pytest.raises(ProfileError, match="no patient here"):
            kb.profile_from_fhir(record, as_of=DAY)
    found = kb.profile_from_fhir(bundle(condition()), as_of=DAY)
    assert facts(found) == SCIATICA and any("no Patient here" in choice for choice in found.report.choices)


def test_code_systems_by_their_oid(read: Read) -> None:
    def at(system: str, code: str) -> Reading:
        return read(condition() | {"code": concept(code, system=system)})

    assert facts(at("urn:oid:2.16.840.1.113883.6.96", "64859006")) == {"+ggt:Osteoporosis"}
    assert facts(at("urn:oid:2.16.840.1.113883.6.90", "M54.16")) == facts(
        at("http://hl7.org/fhir/sid/icd-10-cm", "M54.16")
    )
    assert facts(at("urn:oid:1.2.3", "64859006")) == set()
    weight = {"value": 50, "system": "urn:oid:2.16.840.1.113883.6.8", "code": "mL/min/{1.73_m2}"}
    rate = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"}}
    rate |= {"code": concept("33914-3", system="urn:oid:2.16.840.1.113883.6.1"), "valueQuantity": weight}
    assert facts(read(rate)) == {"gg:eGFR=50"}
    asked = rate | {
        "code": concept("82810-3", system="urn:oid:2.16.840.1.113883.6.1"),
        "effectiveDateTime": "2026-11-01",
    }
    del asked["valueQuantity"]
    asked["valueCodeableConcept"] = concept("77386006", system="urn:oid:2.16.840.1.113883.6.96")
    assert facts(read(asked)) == {"+ggt:Pregnancy"}


IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def none(code: str, system: str = IPS, **more: Any) -> dict[str, Any]:
    return condition(verified=None, **more) | {"id": f"none-{code}", "code": concept(code, system=system)}


def test_a_statement_of_none_that_is_contradicted_is_not_taken(read: Read) -> None:
    assert "-ggt:Cancer" in facts(read(none("no-known-problems")))
    found = read(none("no-known-problems"), condition())
    assert facts(found) == SCIATICA and any("says otherwise" in e.why for e in found.report.of("not understood"))
    # An allergy and a pregnancy stand in no list of problems.
    pregnant = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"}}
    pregnant |= {"code": concept("Pregnancy"), "valueBoolean": True, "effectiveDateTime": "2026-11-01"}
    assert {"+ggt:Pregnancy", "-ggt:Cancer"} <= facts(read(none("no-known-problems"), pregnant))
    assert not {"-ggt:Hypersensitivity", "-ggt:Pregnancy"} & facts(read(none("no-known-problems")))
    current = read(none("160245001", system="http://snomed.info/sct"))
    assert facts(current) == set() and "says nothing of the rest" in current.report.of("ignored")[0].why
    for code in ("no-problem-info", "no-known-food-allergies"):
        assert facts(read(none(code))) == set()
    assert read(none("no-problem-info"), complete=["conditions"]).profile.not_understood
    assert facts(read(none("no-known-problems", clinical="inactive"))) == set()
    unclear = condition("Nothing") | {"id": "unclear"}
    assert facts(read(none("no-known-problems"), unclear)) == set()
    drugs = statement(medicationCodeableConcept=concept("no-known-medications", system=IPS))
    assert read(drugs).profile.complete == {ns.GG + "takesMedication"}
    taken = read(drugs, statement() | {"id": "n"})
    assert not taken.profile.complete and facts(taken) == {"takes ggt:Ibuprofen"}
    assert read(drugs | {"status": "stopped"}).profile.complete == frozenset()


def test_an_allergy_that_is_not_understood_leaves_open_whether_there_is_none(read: Read) -> None:
    active = concept("active", system="http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical")
    known = {"resourceType": "AllergyIntolerance", "clinicalStatus": active, "patient": {"reference": "Patient/p"}}
    nothing = known | {"id": "a", "code": concept("no-known-allergies", system=IPS)}
    other = known | {"id": "b", "code": {"text": "some drug"}}
    assert facts(read(nothing)) == {"-ggt:Hypersensitivity"}
    assert facts(read(nothing, other)) == facts(read(nothing, other | {"clinicalStatus": {"text": "x"}})) == set()
    assert facts(read(nothing, other | {"type": "intolerance"})) == {"-ggt:Hypersensitivity"}
    # Where none is known since, there is none.
    told = nothing | {"recordedDate": "2026-10-01"}
    assert facts(read(told, other | {"recordedDate": "2026-01-01"})) == {"-ggt:Hypersensitivity"}


BIRTH = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"


@pytest.mark.parametrize(
    ("gender", "extension", "expected"),
    [
        ("male", {"url": BIRTH, "valueCode": "F"}, set()),
        ("male", {"url": BIRTH, "valueCode": "M"}, {"+ggt:MaleSex"}),
        ("male", {"url": BIRTH, "valueCode": "UNK"}, {"+ggt:MaleSex"}),
        ("male", {"url": BIRTH, "valueCode": 7}, set()),
        ("male", {"url": "https://example.org/fhir/birth-sex", "valueCode": "F"}, set()),
        ("female", {"url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex", "valueCode": "248153007"}, set()),
        ("female", {"url": "http://hl7.org/fhir/StructureDefinition/individual-recordedSexOrGender",
                    "extension": [{"url": "value", "valueCodeableConcept": concept("male", system="x")},
                                  {"url": "type", "valueCodeableConcept": concept("76689-9", system="x")}]}, set()),
        ("female", {"url": "http://hl7.org/fhir/StructureDefinition/patient-sexParameterForClinicalUse",
                    "extension": [{"url": "value", "valueCodeableConcept": concept("specified", system="x")}]}, set()),
        ("male", {"url": "http://hl7.org/fhir/StructureDefinition/individual-genderIdentity",
                  "extension": [{"url": "value", "valueCodeableConcept": concept("female", system="x")}]}, {"+ggt:MaleSex"}),
        (None, {"url": BIRTH, "valueCode": "F"}, {"+ggt:FemaleSex"}),
        ("other", {"url": BIRTH, "valueCode": "F"}, set()),
    ],
)  # fmt: skip
def test_a_sex_stated_beside_the_gender(
    kb: Any, gender: str | None, extension: dict[str, Any], expected: set[str]
) -> None:
    patient = PATIENT | {"extension": [extension]} | ({"gender": gender} if gender else {})
    found = kb.profile_from_fhir(patient, as_of=DAY)
    assert facts(found) == expected
    assert expected or len(found.report.of("not understood")) == 2


def test_a_sex_stated_by_an_observation(read: Read) -> None:
    sex = {"resourceType": "Observation", "id": "o", "status": "final", "subject": {"reference": "Patient/p"}}
    sex |= {"code": concept("76689-9", system="http://loinc.org")}
    female = sex | {"valueCodeableConcept": concept("248152002", system="http://snomed.info/sct")}
    assert facts(read(female)) == {"+ggt:FemaleSex"}
    assert CLINICAL and facts(read(sex | {"valueCodeableConcept": concept("UNK", system="x")})) == set()


PACER = {"type": {"text": "something implanted"}}


@pytest.mark.parametrize(
    ("entry", "lists"),
    [
        ({"resourceType": "Device", "patient": {"reference": "Patient/p"}, **PACER}, {"conditions"}),
        ({"resourceType": "DeviceUseStatement", "subject": {"reference": "Patient/p"}}, {"conditions"}),
        ({"resourceType": "DeviceUsage", "patient": {"reference": "Patient/p"}}, {"conditions"}),
        ({"resourceType": "Flag", "subject": {"reference": "Patient/p"}}, {"conditions", "findings"}),
        ({"resourceType": "Device", **PACER}, set()),
        ({"resourceType": "Device", "patient": {"reference": "Patient/q"}, **PACER}, set()),
        ({"resourceType": "Device", "status": "entered-in-error", "patient": {"reference": "Patient/p"}}, set()),
        ({"resourceType": "Encounter", "subject": {"reference": "Patient/p"}}, set()),
    ],
    ids=["device", "use", "usage", "flag", "a thing", "another's", "in error", "another type"],
)
def test_no_list_is_complete_beside_what_may_tell_more(read: Read, entry: dict[str, Any], lists: set[str]) -> None:
    found = read(entry | {"id": "d"}, complete=LISTS)
    keys = {ns.GG + "hasCondition": "conditions", ns.GG + "hasFinding": "findings"}
    assert {keys[prop] for prop, _ in found.profile.not_understood} == lists
    told = [one for one in found.report.entries if one.source.startswith(entry["resourceType"])]
    assert [one.state for one in told] == ["not understood" if lists else "ignored"]
