"""The actions of an answer in FHIR: what was not understood, then alerts, then one action a therapy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import R4, Json
from guidegraph.model import STATUSES
from guidegraph.words import DISCLAIMER, alert_words, boundary_words, how, source, strength, warning

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


def patient(profile: dict[str, Any]) -> Json:
    """The subject: who is meant, and nothing of a person."""
    key = {"system": ns.BASE + "profile", "value": fhir.text(profile["id"])}
    return {"resourceType": "Patient", "id": "patient", "identifier": [key]}


def subject_of(profile: dict[str, Any]) -> Json:
    """A reference to the subject."""
    return {"reference": "#patient", "display": fhir.text(profile["label"] or profile["id"])}


def not_understood(answer: Mapping[str, Any]) -> list[Json]:
    """The entries that were not understood, as one OperationOutcome, or none."""
    issues = [
        {"severity": "warning", "code": "not-supported", "details": {"text": f"not understood: {fhir.text(entry)}"}}
        for entry in answer["not_understood"]
    ]
    return [{"resourceType": "OperationOutcome", "id": "not-understood", "issue": issues}] if issues else []


def group(answer: Mapping[str, Any], version: str, name: str, subject: Json, systems: Mapping[str, str]) -> Json:
    """The RequestGroup (R4) or RequestOrchestration (R5) of an answer, with that id."""
    actions = [
        *(_entry(text) for text in answer["not_understood"]),
        *(_alert(row, said, version) for row in answer["alerts"] if (said := alert_words(row)) is not None),
        *(_therapy(entry, version, systems) for entry in answer["therapies"]),
    ]
    return {
        "resourceType": "RequestGroup" if version == R4 else "RequestOrchestration",
        "id": name,
        "contained": [subject, *not_understood(answer)],
        "status": "draft",
        "intent": "proposal",
        "subject": subject_of(answer["profile"]),
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


def _alert(row: dict[str, Any], said: tuple[str, str, str], version: str) -> Json:
    word, label, told = said
    rows = [told] if row["attended"] else row["reasons"]
    calls = [f"Calls for: {'; '.join(row['calls_for'])}"] if row["calls_for"] else []
    return {
        "extension": [fhir.extension("truth", "valueCode", row["truth"])],
        "title": f"{word}: {fhir.text(label)}",
        "description": fhir.text("\n".join([*rows, *calls])),
        "code": [_part("alert")],
        "documentation": [_cited(doc, row, "alert", version) for doc in row["documents"]],
        "resource": _named(ns.BASE, row["id"], row["label"]),
    }


def _named(system: str | None, value: str, label: str) -> Json:
    """What an action is about, by its name: FHIR wants a resource of each action, and the answer holds no request."""
    return {"identifier": {"system": system, "value": value}, "display": fhir.text(label)}


def _meant(entry: dict[str, Any], systems: Mapping[str, str]) -> tuple[Json, Json]:
    """What a therapy is, as a CodeableConcept and as a reference by identifier: a class of ours, or another's code."""
    coded = entry["coded"]
    if coded is None:
        iri = ns.expand(entry["intervention"]) or entry["intervention"]
        return fhir.term(iri, entry["label"]), _named(*fhir.split(iri), entry["label"])
    prefix, _, code = coded["code"].partition(":")
    system = systems.get(prefix)
    codes = [fhir.coding(system, code, coded["label"])] if system else []
    words = f"{coded['code']} ({coded['label']})" if coded["label"] else coded["code"]
    return {"coding": codes, "text": fhir.text(words)}, _named(system, code if system else coded["code"], words)


def _therapy(entry: dict[str, Any], version: str, systems: Mapping[str, str]) -> Json:
    """A therapy. Its status stands in a modifier extension: who does not read it must not use the action."""
    concept, target = _meant(entry, systems)
    classes = [fhir.term(ns.expand(c["id"]) or c["id"], c["label"]) for c in (entry["coded"] or {}).get("present", [])]
    heading = STATUSES[entry["status"]].heading
    status = {"coding": [fhir.coding(fhir.STATUS_SYSTEM, entry["status"], entry["status"].replace("-", " "))]}
    confirm = [f"To establish: {told}" for told in entry["confirm"]]
    beside = [
        *(trial["text"] for trial in entry["tried"]),
        *(f"boundary: {boundary_words(entry['status'], text)}" for text in entry["boundary"]),
        *(f"mark: {mark}" for mark in entry["marks"]),
        *(f"stated elsewhere: {row['label']} [{source(row['document'])}]" for row in entry["stated_elsewhere"]),
        *(
            f"against, but for other patients: {voice['label']} [{source(voice['document'])}]"
            for voice in entry["against_but_for_coverage"]
        ),
        *(f"ended: {voice['label']} [{source(voice['document'])}], {voice['because']}" for voice in entry["ended"]),
    ]
    differ = [f"Sources differ: {row['text']}" for row in entry["disagreements"]]
    extensions = [
        *(fhir.extension("counts-as", "valueCodeableConcept", concept) for concept in classes),
        *(fhir.extension("reason", "valueString", fhir.text(told)) for told in (*entry["reasons"], *beside)),
        *(fhir.extension("to-establish", "valueString", fhir.text(told)) for told in entry["confirm"]),
        fhir.extension("line", "valuePositiveInt", entry["line"]),
        fhir.extension("category", "valueString", fhir.text(entry["category"])),
    ]
    return {
        "extension": extensions,
        "modifierExtension": [fhir.extension("therapy-status", "valueCodeableConcept", status)],
        "title": f"{fhir.text(entry['label'])}: {entry['status'].replace('-', ' ')}",
        "description": fhir.text("\n".join([heading, *entry["reasons"], *beside, *confirm, *differ])),
        "code": [_part("therapy"), concept, status],
        "documentation": list(_documents(entry, version)),
        "resource": target,
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
