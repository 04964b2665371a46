"""The answer for one patient as FHIR: a GuidanceResponse with what was asked, and a group of one action a therapy.

A view: it says what the answer says and computes nothing. docs/fhir-export.md shows where each part goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from guidegraph import namespaces as ns
from guidegraph.export import fhirparts as fhir
from guidegraph.export.fhirparts import R4, Json
from guidegraph.render.words import DISCLAIMER, STATUSES, how, source, strength, warning

#: The eight statuses with their definitions, in the words of ontology/assessment.ttl (a test compares them).
DEFINITIONS = {
    "eligible": "Recommended, and everything that speaks against it is known not to hold.",
    "provisional": "Recommended, but something that may speak against it is not known yet.",
    "caution": "Recommended, with a relative contraindication, warning or alert that holds.",
    "contested": "Recommended by one statement and advised against by another.",
    "undetermined": "Whether a statement for or against it concerns the patient is not known yet.",
    "advised-against": "Advised against, and recommended by nobody for this patient.",
    "contraindicated": "An absolute contraindication holds.",
    "not-indicated": "No statement for or against it concerns the patient.",
}
#: What an action of the group is.
PARTS = {
    "not-understood": "An entry of the profile that was not understood and so did not count.",
    "alert": "Something that a document calls for acting on at once.",
    "therapy": "A therapy with its status for the patient.",
}
_TRUTH = {"true": "holds for the patient", "unknown": "not known whether it holds", "false": "does not hold"}
#: Statements of a therapy by the key of the answer that lists them, with the word for their role.
_ROLES = (
    ("for", "for"),
    ("against", "against"),
    ("limits", "limited by"),
    ("both_apply", "applies too, for another indication"),
    ("other_stances", "other stance"),
)
#: What the key of a question asks for, as a FHIR resource; everything else is a Condition or a number.
_ASKED = {"medications": "MedicationStatement", "stopped_medications": "MedicationStatement", "trials": "Procedure"}
#: The class at the head of a question's fact: a CURIE, or an address without our prefixes.
_NAMED = re.compile(r"https?://[^\s:]+|\w+:[^\s:/]+")


def therapies_fhir(answer: dict[str, Any], version: str = R4) -> str:
    """The answer as a FHIR Bundle in JSON: the same bytes for the same answer.

    Args:
        answer: the published JSON form of an answer.
        version: R4 (for R4 and R4B) or R5.

    Raises:
        UsageError: another version.
    """
    version = fhir.version_of(version)
    key = json.dumps([version, answer], sort_keys=True)
    group, response = (str(uuid5(NAMESPACE_URL, f"{ns.BASE}{part}/{key}")) for part in ("group", "answer"))
    subject = _patient(answer["profile"])
    resources = [
        (f"urn:uuid:{response}", _response(answer, version, response, group, subject)),
        (f"urn:uuid:{group}", _group(answer, version, group, subject)),
        (fhir.STATUS_SYSTEM, _code_system("TherapyStatus", fhir.STATUS_SYSTEM, DEFINITIONS)),
        (fhir.PART_SYSTEM, _code_system("AnswerPart", fhir.PART_SYSTEM, PARTS)),
    ]
    return fhir.to_json(fhir.bundle(str(uuid5(NAMESPACE_URL, f"{ns.BASE}bundle/{key}")), resources))


def _code_system(name: str, url: str, definitions: dict[str, str]) -> Json:
    concepts = [
        {"code": code, "display": code.replace("-", " "), "definition": told} for code, told in definitions.items()
    ]
    return {
        "resourceType": "CodeSystem",
        "id": url.rpartition("/")[2],
        "url": url,
        "name": name,
        "status": "active",
        "caseSensitive": True,
        "content": "complete",
        "concept": concepts,
    }


def _patient(profile: dict[str, Any]) -> Json:
    """The subject: who is meant, and nothing of a person."""
    key = {"system": ns.BASE + "profile", "value": fhir.text(profile["id"])}
    return {"resourceType": "Patient", "id": "patient", "identifier": [key]}


def _subject(profile: dict[str, Any]) -> Json:
    return {"reference": "#patient", "display": fhir.text(profile["label"] or profile["id"])}


def _inputs(answer: dict[str, Any]) -> Json:
    """What the answer depends on, as Parameters."""
    rows: list[Json] = [
        {"name": "software", "valueString": fhir.text(answer["software"])},
        {"name": "as-of", "valueDate": answer["as_of"]},
        {"name": "knowledge-digest", "valueString": answer["knowledge"]["digest"]},
        {"name": "knowledge-version", "valueString": fhir.text(answer["knowledge"]["version"])},
        {"name": "profile-digest", "valueString": answer["profile"]["digest"]},
    ]
    if answer["jurisdiction"]:
        rows.append({"name": "jurisdiction", "valueString": fhir.text(answer["jurisdiction"])})
    queries = [{"name": query["name"], "valueString": query["digest"]} for query in answer["queries"]]
    return {"resourceType": "Parameters", "id": "inputs", "parameter": [*rows, {"name": "queries", "part": queries}]}


def _not_understood(answer: dict[str, Any]) -> list[Json]:
    """The entries that were not understood, as one OperationOutcome, or none."""
    issues = [
        {"severity": "warning", "code": "not-supported", "details": {"text": f"not understood: {fhir.text(entry)}"}}
        for entry in answer["not_understood"]
    ]
    return [{"resourceType": "OperationOutcome", "id": "not-understood", "issue": issues}] if issues else []


def _response(answer: dict[str, Any], version: str, name: str, group: str, subject: Json) -> Json:
    outcome = _not_understood(answer)
    target, told = {"reference": f"urn:uuid:{group}"}, {"reference": "#not-understood"}
    ended = [
        fhir.text(f"Not in effect, changes no status: {row['label']} [{source(row['document'])}], {row['because']}")
        for row in answer["not_in_effect"]
    ]
    return {
        "resourceType": "GuidanceResponse",
        "id": name,
        "contained": [subject, *outcome, _inputs(answer)],
        "moduleUri": ns.BASE,
        "status": "data-requested" if answer["questions"] or outcome else "success",
        "subject": _subject(answer["profile"]),
        "performer": {"display": fhir.text(answer["software"])},
        "note": [{"text": told} for told in (DISCLAIMER, *ended)],
        "evaluationMessage": None if not outcome else [told] if version == R4 else told,
        "outputParameters": {"reference": "#inputs"},
        "result": target if version == R4 else [target],
        "dataRequirement": [_question(row) for row in answer["questions"]],
    }


def _question(row: dict[str, Any]) -> Json:
    """A fact to find out, as the data that would answer it."""
    iri = _class(row)
    kind = _ASKED.get(row["key"], "Condition" if iri else "Observation")
    path = "medication" if kind == "MedicationStatement" else "code"
    code = fhir.coding(*fhir.split(iri)) if iri else {"display": fhir.text(row["label"])}
    rows = [
        ("label", "valueString", fhir.text(row["label"])),
        ("fact", "valueString", fhir.text(row["fact"])),
        ("key", "valueString", fhir.text(row["key"])),
        ("therapies", "valueUnsignedInt", row["therapies"]),
        ("alert", "valueBoolean", row["alert"]),
        ("absolute", "valueBoolean", row["absolute"]),
    ]
    return {"extension": [fhir.parts("question", rows)], "type": kind, "codeFilter": [{"path": path, "code": [code]}]}


def _class(row: dict[str, Any]) -> str | None:
    """The class that a question's fact names, None where it names a number."""
    found = _NAMED.match(row["fact"].removeprefix(f"{row['key']}:"))
    return (ns.expand(found[0]) or found[0]) if found else None


def _group(answer: dict[str, Any], version: str, name: str, subject: Json) -> Json:
    actions = [
        *(_entry(text) for text in answer["not_understood"]),
        *(_alert(row, version) for row in answer["alerts"] if row["truth"] != "false"),
        *(_therapy(entry, version) for entry in answer["therapies"]),
    ]
    return {
        "resourceType": "RequestGroup" if version == R4 else "RequestOrchestration",
        "id": name,
        "contained": [subject, *_not_understood(answer)],
        "status": "draft",
        "intent": "proposal",
        "subject": _subject(answer["profile"]),
        "author": {"display": fhir.text(answer["software"])},
        "note": [{"text": DISCLAIMER}],
        "action": actions,
    }


def _part(code: str) -> Json:
    return {"coding": [fhir.coding(fhir.PART_SYSTEM, code, code.replace("-", " "))]}


def _entry(text: str) -> Json:
    """An entry that was not understood, at the top of the list."""
    return {
        "title": f"Not understood: {fhir.text(text)}",
        "description": PARTS["not-understood"],
        "code": [_part("not-understood")],
        "resource": {"reference": "#not-understood"},
    }


def _alert(row: dict[str, Any], version: str) -> Json:
    word = "Alert" if row["truth"] == "true" else "Ask about"
    calls = [f"Calls for: {'; '.join(row['calls_for'])}"] if row["calls_for"] else []
    return {
        "extension": [fhir.extension("truth", "valueCode", row["truth"])],
        "title": f"{word}: {fhir.text(row['label'])}",
        "description": fhir.text("\n".join([*row["reasons"], *calls])),
        "code": [_part("alert")],
        "documentation": [_cited(doc, row, "alert", version) for doc in row["documents"]],
        "resource": _named(ns.BASE, row["id"], row["label"]),
    }


def _named(system: str, value: str, label: str) -> Json:
    """What an action is about, by its name: FHIR wants a resource of each action, and the answer holds no request."""
    return {"identifier": {"system": system, "value": value}, "display": fhir.text(label)}


def _therapy(entry: dict[str, Any], version: str) -> Json:
    """A therapy. Its status stands in a modifier extension: who does not read it must not use the action."""
    iri = ns.expand(entry["intervention"]) or ns.BASE + entry["intervention"]
    heading = STATUSES[entry["status"]][0]
    status = {"coding": [fhir.coding(fhir.STATUS_SYSTEM, entry["status"], entry["status"].replace("-", " "))]}
    confirm = [f"To establish: {told}" for told in entry["confirm"]]
    differ = [f"Sources differ: {row['text']}" for row in entry["disagreements"]]
    extensions = [
        *(fhir.extension("reason", "valueString", fhir.text(told)) for told in entry["reasons"]),
        *(fhir.extension("to-establish", "valueString", fhir.text(told)) for told in entry["confirm"]),
        fhir.extension("line", "valuePositiveInt", entry["line"]),
        fhir.extension("category", "valueString", fhir.text(entry["category"])),
    ]
    return {
        "extension": extensions,
        "modifierExtension": [fhir.extension("therapy-status", "valueCodeableConcept", status)],
        "title": f"{fhir.text(entry['label'])}: {entry['status'].replace('-', ' ')}",
        "description": fhir.text("\n".join([heading, *entry["reasons"], *confirm, *differ])),
        "code": [_part("therapy"), fhir.term(iri, entry["label"]), status],
        "documentation": list(_documents(entry, version)),
        "resource": _named(*fhir.split(iri), entry["label"]),
    }


def _documents(entry: dict[str, Any], version: str) -> Iterator[Json]:
    """The citations of everything that is said of a therapy, each with its role and its truth for the patient."""
    for key, role in _ROLES:
        for rec in entry[key]:
            yield _cited(rec["document"], rec, role, version, _details(rec), strength(rec), how(rec))
    for row in entry["contraindications"]:
        yield _cited(row["document"], row, row["kind"], version, [], warning(row))
    for row in entry["evidence"]:
        certain = f"certainty {row['certainty']}"
        yield _cited(
            row["document"], row, "evidence", version, [], f"{row['benefit_or_harm']}: {row['effect']}", certain
        )
    for row in entry["comparisons"]:
        yield _cited(row["document"], row, "comparison", version, [])


def _details(rec: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Stance, strength and certainty as data: the source's words, and codes where they have one."""
    coded, sure = fhir.strength(rec["strength"]), fhir.certainty(rec["certainty"])
    words = fhir.stated(rec["strength_wording"])
    return [
        ("stance", "valueCode", rec["stance"]),
        ("strength", "valueCodeableConcept", fhir.bare({"coding": [coded] if coded else [], "text": words})),
        ("certainty", "valueCodeableConcept", {"coding": [sure]} if sure else None),
        ("secondary-only", "valueBoolean", rec["secondary_only"]),
    ]


def _cited(
    document: dict[str, Any],
    row: dict[str, Any],
    role: str,
    version: str,
    details: list[tuple[str, str, Any]] | None = None,
    *told: str,
) -> Json:
    truth = row.get("truth")
    place = fhir.stated(row.get("locator", "not stated"))
    parts = [row["label"], source(document, row.get("reports")), place or "", _TRUTH.get(truth or "", ""), *told]
    rows = [
        ("id", "valueUri", ns.expand(row["id"]) or ns.BASE + row["id"]),
        ("role", "valueString", role),
        ("truth", "valueCode", truth),
        ("locator", "valueString", place),
        *(details or []),
    ]
    address = ns.expand(document["id"]) or ns.BASE + document["id"]
    found: Json = {
        "extension": [fhir.parts("statement", rows)],
        "type": "citation",
        "label": f"{role}, {truth}" if truth else role,
        "display": fhir.text(row["label"]),
        "citation": fhir.text("; ".join(part for part in parts if part)),
    }
    if version == R4:
        return {**found, "url": address}
    return {**found, "document": {"url": address}, "publicationDate": fhir.partial(document["issued"])}
