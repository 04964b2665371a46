"""The answer for one patient as FHIR: a GuidanceResponse with what was asked, and a group of one action a therapy.

A view: it says what the answer says and computes nothing. docs/fhir-export.md shows where each part goes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, cast
from uuid import NAMESPACE_URL, uuid5

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.group import PARTS, group, not_understood, patient, subject_of
from guidegraph.export.fhir.parts import R4, Json
from guidegraph.forms import Asked
from guidegraph.model import STATUSES
from guidegraph.words import DISCLAIMER, beside, other_words, partly_dated, problem_words, source

#: The statuses with their definitions.
DEFINITIONS = {status.code: status.definition for status in STATUSES.values()}
#: What the key of a question asks for, as a FHIR resource; everything else is a Condition or a number.
_ASKED = {"medications": "MedicationStatement", "stopped_medications": "MedicationStatement", "trials": "Procedure"}
#: The class at the head of a question's fact: a CURIE, or an address without our prefixes.
_NAMED = re.compile(r"https?://[^\s:]+|\w+:[^\s:/]+")


def therapies_fhir(answer: Mapping[str, Any], version: str = R4, systems: Mapping[str, str] | None = None) -> str:
    """The answer as a FHIR Bundle in JSON: the same bytes for the same answer.

    Args:
        answer: the published JSON form of an answer.
        version: R4 (for R4 and R4B) or R5.
        systems: how FHIR names other terminologies, by CURIE prefix; a code of one that it does not name stays text.

    Raises:
        UsageError: another version.
    """
    version = fhir.version_of(version)
    named = systems or {}
    key = json.dumps([version, answer, dict(named)], sort_keys=True)
    group_id, response = (str(uuid5(NAMESPACE_URL, f"{ns.BASE}{part}/{key}")) for part in ("group", "answer"))
    subject = patient(answer["profile"])
    resources = [
        (f"urn:uuid:{response}", _response(answer, version, response, group_id, subject)),
        (f"urn:uuid:{group_id}", group(answer, version, group_id, subject, named)),
        (fhir.STATUS_SYSTEM, _codes("TherapyStatus", fhir.STATUS_SYSTEM, DEFINITIONS)),
        (fhir.PART_SYSTEM, _codes("AnswerPart", fhir.PART_SYSTEM, PARTS)),
    ]
    return fhir.to_json(fhir.bundle(str(uuid5(NAMESPACE_URL, f"{ns.BASE}bundle/{key}")), resources))


def _codes(name: str, url: str, definitions: dict[str, str]) -> Json:
    concepts = [
        {"code": code, "display": code.replace("-", " "), "definition": told} for code, told in definitions.items()
    ]
    return fhir.code_system(url.rpartition("/")[2], url, name, concepts)


def _inputs(answer: Mapping[str, Any]) -> Json:
    """What the answer depends on, as Parameters."""
    rows: list[Json] = [
        {"name": "software", "valueString": fhir.text(answer["software"])},
        {"name": "as-of", "valueDate": answer["as_of"]},
        {"name": "knowledge-digest", "valueString": answer["knowledge"]["digest"]},
        {"name": "knowledge-version", "valueString": fhir.text(answer["knowledge"]["version"])},
        {"name": "profile-digest", "valueString": answer["profile"]["digest"]},
    ]
    for row in answer["problem"]["conditions"]:
        code = fhir.coding(*fhir.split(ns.expand(row["id"]) or row["id"]), row["label"])
        rows.append({"name": "problem", "valueCoding": code})
    if answer["jurisdiction"]:
        rows.append({"name": "jurisdiction", "valueString": fhir.text(answer["jurisdiction"])})
    for row in answer["readings"]:
        told = [("code", row["code"]), ("label", row["label"]), *(("step", step) for step in row["steps"])]
        named: list[Json] = [
            {"name": name, "valueString": fhir.text(value)} for name, value in told if fhir.text(value)
        ]
        for side in ("present", "absent"):
            codes = (fhir.coding(*fhir.split(ns.expand(c["id"]) or c["id"]), c["label"]) for c in row[side])
            named += [{"name": side, "valueCoding": code} for code in codes]
        rows.append({"name": "reading", "part": named})
    rows += [{"name": "date-known-in-part", "valueString": fhir.text(row["text"])} for row in answer["imprecise"]]
    rows += [{"name": "date-not-read", "valueString": fhir.text(row["text"])} for row in answer["unread"]]
    rows += [{"name": "read", "valueString": fhir.text(term["text"])} for term in answer["by_reading"]]
    rows += [{"name": "not-used", "valueString": fhir.text(row["text"])} for row in answer["unused"]]
    rows += [
        {"name": "link", "part": [{"name": fhir.text(link["name"]), "valueString": link["digest"]}]}
        for link in answer["knowledge"]["links"]
    ]
    queries = [{"name": query["name"], "valueString": query["digest"]} for query in answer["queries"]]
    return {"resourceType": "Parameters", "id": "inputs", "parameter": [*rows, {"name": "queries", "part": queries}]}


def _response(answer: Mapping[str, Any], version: str, name: str, group: str, subject: Json) -> Json:
    outcome = not_understood(answer)
    target, told = {"reference": f"urn:uuid:{group}"}, {"reference": "#not-understood"}
    ended = [
        fhir.text(f"Not in effect, changes no status: {row['label']} [{source(row['document'])}], {row['because']}")
        for row in answer["not_in_effect"]
    ]
    others = (f"Other problem, changes no status: {text}" for text in other_words(answer["other_problems"]))
    banner = [answer["banner"]] if answer["banner"] else []
    before = (f"{word[:1].upper()}{word[1:]}: {text}" for word, text in beside(cast(Asked, answer)))
    dates = (*(f"Date not read: {row['text']}" for row in answer["unread"]), *partly_dated(answer["imprecise"]))
    notes = [fhir.text(text) for text in (*banner, *problem_words(answer["problem"]), *dates, *before, *others)]
    return {
        "resourceType": "GuidanceResponse",
        "id": name,
        "contained": [subject, *outcome, _inputs(answer)],
        "moduleUri": ns.BASE,
        "status": "data-requested" if answer["questions"] or outcome else "success",
        "subject": subject_of(answer["profile"]),
        "performer": {"display": fhir.text(answer["software"])},
        "note": [{"text": told} for told in (DISCLAIMER, *notes, *ended)],
        "evaluationMessage": None if not outcome else [told] if version == R4 else told,
        "outputParameters": {"reference": "#inputs"},
        "result": target if version == R4 else [target],
        "dataRequirement": [_question(row) for row in answer["questions"]],
    }


def _question(row: dict[str, Any]) -> Json:
    """A fact to find out, or the signs of an alert, as the data that would answer it."""
    asked = [sign for sign in row["signs"] if sign["truth"] == "unknown"] or [row]
    iris = [_class(one) for one in asked]
    kind = _ASKED.get(row["key"], "Condition" if all(iris) else "Observation")
    path = "medication" if kind == "MedicationStatement" else "code"
    codes = [
        fhir.coding(*fhir.split(iri)) if iri else {"display": fhir.text(one["label"])}
        for one, iri in zip(asked, iris, strict=True)
    ]
    rows = [
        ("label", "valueString", fhir.text(row["label"])),
        ("fact", "valueString", fhir.text(row["fact"])),
        *([("key", "valueString", fhir.text(row["key"]))] if row["key"] else []),
        ("therapies", "valueUnsignedInt", row["therapies"]),
        ("families", "valueUnsignedInt", row["families"]),
        *([("decides", "valueString", fhir.text(row["decides"]))] if row["decides"] else []),
        ("alert", "valueBoolean", row["alert"]),
        ("absolute", "valueBoolean", row["absolute"]),
    ]
    return {"extension": [fhir.parts("question", rows)], "type": kind, "codeFilter": [{"path": path, "code": codes}]}


def _class(row: dict[str, Any]) -> str | None:
    """The class that a question's fact names, None where it names a number."""
    found = _NAMED.match(row["fact"].removeprefix(f"{row['key']}:"))
    return (ns.expand(found[0]) or found[0]) if found else None
