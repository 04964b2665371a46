"""FHIR records in codes of a made-up terminology: the codes stay in the written profile, and answers show how they were read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.intake.fhir.table import table
from guidegraph.intake.form import plain as plain_form
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.profile import parse_profile_text
from tests.support.paths import ASKED, FHIR, PROFILES

DAY = date(2026, 11, 24)
SUBJECT = {"reference": "Patient/p"}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


def concept(code: str, system: str = "urn:ex") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def condition(code: str, verified: str = "confirmed") -> dict[str, Any]:
    return {"resourceType": "Condition", "id": code, "clinicalStatus": concept("active", CLINICAL), "verificationStatus": concept(verified, VERIFIED), "code": concept(code), "subject": SUBJECT}  # fmt: skip


def drug(code: str, **more: Any) -> dict[str, Any]:
    found = {"resourceType": "MedicationStatement", "id": code, "status": "active", "medicationCodeableConcept": concept(code), "subject": SUBJECT}  # fmt: skip
    return found | more


RECORD = [
    {"resourceType": "Patient", "id": "p", "birthDate": "1960-01-01"},
    condition("S"),
    condition("U"),
    drug("N1"),
    drug("I", status="stopped", effectivePeriod={"end": "2026-11-14"}),
    {"resourceType": "Procedure", "id": "cc", "status": "completed", "code": concept("CC"), "subject": SUBJECT},
]


def test_a_drug_that_only_the_linked_hierarchy_knows(plain: gg.KnowledgeBase, linked: gg.KnowledgeBase) -> None:
    found = linked.profile_from_fhir(RECORD, as_of=DAY)
    assert found.profile.present[ns.GG + "takesMedication"] == {ns.GGT + "NSAID"}
    steps = next(e.steps for e in found.report.of("used") if e.source == "MedicationStatement/N1")
    assert any("is below EX:N" in step for step in steps)
    answer = linked.therapies(found.profile, as_of=DAY).to_dict()
    therapy = next(e for e in answer["therapies"] if e["intervention"] == "EX:N1")
    assert therapy["status"] == "contraindicated" and "EX:N1 (newcoxib) is below EX:N" in json.dumps(therapy)

    unlinked = plain.profile_from_fhir(RECORD, as_of=DAY)
    assert ns.GG + "takesMedication" not in unlinked.profile.present
    assert [e.source for e in unlinked.report.of("not understood")] == ["MedicationStatement/N1"]
    assert any("EX:N1" in text for text in plain.therapies(unlinked.profile, as_of=DAY).to_dict()["not_understood"])


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_written_profile_keeps_the_codes(linked: gg.KnowledgeBase, form: str) -> None:
    found = linked.profile_from_fhir(RECORD, as_of=DAY).profile
    written = (to_yaml if form == "yaml" else to_json)(found, linked.vocabulary)
    again = parse_profile_text(written, form, linked.vocabulary, where="test")
    assert replace(again, readings=()) == replace(found, readings=())
    assert (
        [r.curie for r in again.readings]
        == [r.curie for r in found.readings]
        == ["EX:CC", "EX:I", "EX:N1", "EX:S", "EX:U"]
    )
    one, other = (linked.therapies(p, as_of=DAY).to_dict()["therapies"] for p in (found, again))
    assert one == other
    form_ = plain_form(found, linked.vocabulary)
    assert form_["medications"]["present"] == ["EX:N1"] and form_["conditions"]["present"] == ["EX:S", "EX:U"]
    assert form_["stopped_medications"]["present"] == [{"of": "EX:I", "days": 10}]


def test_presence_and_absence_follow_the_match(plain: gg.KnowledgeBase) -> None:
    def facts(code: str, verified: str) -> tuple[set[str], set[str]]:
        found = plain.profile_from_fhir([RECORD[0], condition(code, verified)], as_of=DAY).profile
        return tuple({c for cs in t.values() for c in cs} for t in (found.present, found.absent))  # type: ignore[return-value]

    sciatica, cancer = ns.GGT + "Sciatica", ns.GGT + "Cancer"
    assert facts("SL", "confirmed") == ({sciatica}, set()) and facts("SL", "refuted") == (set(), set())
    assert facts("C", "confirmed") == (set(), set()) and facts("C", "refuted") == (set(), {cancer})
    assert facts("S", "refuted") == (set(), {sciatica})
    assert facts("G", "confirmed") == (set(), set())


def test_codes_of_two_systems_for_one_concept(plain: gg.KnowledgeBase) -> None:
    def read(*codes: dict[str, str], verified: str = "confirmed") -> Any:
        return plain.profile_from_fhir(
            [RECORD[0], condition("S", verified) | {"code": {"coding": list(codes)}}], as_of=DAY
        )

    ours, theirs = {"system": ns.GGT, "code": "Sciatica"}, {"system": "urn:ex", "code": "S"}
    other, unknown = {"system": "urn:ex", "code": "U"}, {"system": "urn:else", "code": "1"}
    assert read(ours, theirs, verified="refuted").profile.absent
    assert read(theirs, unknown).profile.present and not read(theirs, unknown, verified="refuted").profile.absent
    apart = read(theirs, other)
    assert not apart.profile.present and "disagree" in apart.report.of("not understood")[0].why


# ---------------------------------------------------------------- the shipped tables


def recoded(kb: gg.KnowledgeBase, bundle: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """A bundle with each of our own codes replaced by an exact code of another terminology, where one is mapped."""
    codes, used = kb.links.codes, []

    def again(value: Any) -> Any:
        if isinstance(value, list):
            return [again(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("system") in (ns.GGT, ns.GG):
            for row in codes.mappings(value["system"] + value["code"]):
                prefix, _, code = row.curie.partition(":")
                names = codes.terminologies[prefix].fhir if row.curie else ()
                # A code of two of our terms says both: only one that means this term alone says the same.
                if (
                    names
                    and row.predicate == "exact"
                    and kb.vocabulary.telling(codes.read(row.curie).present, True) == [row.subject]
                ):
                    used.append(row.curie)
                    return {"system": names[0], "code": code, "display": row.label}
            return value
        return {key: again(item) for key, item in value.items()}

    return again(bundle), used


@pytest.mark.parametrize("name", [p.stem for p in PROFILES])
def test_each_example_in_codes_gives_the_same_answer(kb: gg.KnowledgeBase, ask: Any, name: str) -> None:
    bundle, used = recoded(kb, json.loads((FHIR / f"{name}.json").read_text(encoding="utf-8")))
    written = kb.profile(f"example:{name}")
    complete = [kb.vocabulary.by_iri[prop].key for prop in written.complete]
    found = kb.profile_from_fhir(bundle, as_of=DAY, complete=complete)
    assert replace(kb.profile(found.profile), id="", label="", readings=()) == replace(written, id="", label="")
    for problem in [of for path, of in ASKED if path.stem == name]:
        assert ask(found.profile, problem=problem).statuses == ask(f"example:{name}", problem=problem).statuses
    assert {r.curie for r in found.profile.readings} <= set(used) and bool(used) == (name != "age-only")
    again = parse_profile_text(to_yaml(found.profile, kb.vocabulary), "yaml", kb.vocabulary, where="test")
    assert replace(again, label="", readings=()) == replace(found.profile, label="", readings=())


def test_the_answers_of_the_table_are_no_codes_of_ours(kb: gg.KnowledgeBase) -> None:
    """A code that the table of paths reads as an answer must not be mapped as well."""
    codes = kb.links.codes
    for system, code in table().answers:
        prefix = codes.prefix_of(system)
        assert prefix is None or not codes.read(f"{prefix}:{code}").understood
    for about, _ in table().questions.values():
        assert about in kb.vocabulary.by_iri
    assert all(kb.vocabulary.by_iri[outcome].kind == "outcome" for outcome in table().outcomes.values())
