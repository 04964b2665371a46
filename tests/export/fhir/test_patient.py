"""Answers as FHIR: valid, deterministic, and saying what the answer says, no more and no less."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.api import Answer
from guidegraph.errors import UsageError
from guidegraph.export.fhir.answer import DEFINITIONS, therapies_fhir
from tests.conftest import AS_OF
from tests.support.fhircheck import validate, walk
from tests.support.fhirnames import OWN, STATUS, Run
from tests.support.paths import ASKED, ASKED_NAMES

PART = "https://w3id.org/guidegraph/fhir/CodeSystem/answer-part"
GROUPS = {"R4": "RequestGroup", "R5": "RequestOrchestration"}


def parts(text: str) -> dict[str, Any]:
    """The resources of a bundle by their kind; of two of one kind the later."""
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in json.loads(text)["entry"]}


def of_kind(group: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The actions of a group that are of a kind (not-understood, alert, therapy)."""
    return [
        a
        for a in group["action"]
        if a["code"][0]["coding"][0] == {"system": PART, "code": code, "display": code.replace("-", " ")}
    ]


def status_of(action: dict[str, Any]) -> str:
    """The status of a therapy's action; both places must say the same."""
    (modifier,) = action["modifierExtension"]
    assert modifier["url"] == OWN + "therapy-status"
    (coding,) = modifier["valueCodeableConcept"]["coding"]
    assert coding["system"] == STATUS and action["code"][2] == modifier["valueCodeableConcept"]
    return coding["code"]


def extensions(node: dict[str, Any], name: str) -> list[Any]:
    """The values of one of our extensions of a node."""
    return [
        next(v for k, v in e.items() if k.startswith("value"))
        for e in node.get("extension", [])
        if e["url"] == OWN + name
    ]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize(("path", "problem"), ASKED, ids=ASKED_NAMES)
def test_an_answer_is_valid_and_says_what_the_answer_says(
    ask: Callable[..., Answer], path: Path, problem: str | None, version: str
) -> None:
    answer = ask(path, problem=problem).to_dict()
    text = therapies_fhir(answer, version)
    assert text == therapies_fhir(json.loads(json.dumps(answer)), version)
    validate(json.loads(text), version)
    group = parts(text)[GROUPS[version]]
    response = parts(text)["GuidanceResponse"]
    actions = of_kind(group, "therapy")
    assert [status_of(a) for a in actions] == [t["status"] for t in answer["therapies"]]
    assert [a["resource"]["identifier"]["value"] for a in actions] == [
        t["intervention"].removeprefix("ggt:") for t in answer["therapies"]
    ]
    for action, entry in zip(actions, answer["therapies"], strict=True):
        # The reasons of its status first, then what is said beside them: marks, trials, other countries, what has ended.
        reasons = extensions(action, "reason")
        beside = reasons[len(entry["reasons"]) :]
        assert reasons[: len(entry["reasons"])] == entry["reasons"]
        kinds = ("tried", "marks", "stated_elsewhere", "against_but_for_coverage", "ended")
        assert len(beside) == sum(len(entry[kind]) for kind in kinds)
        assert all(any(mark in told for told in beside) for mark in entry["marks"])
        assert all(any(voice["label"] in told for told in beside) for voice in entry["ended"])
        assert extensions(action, "to-establish") == entry["confirm"]
        assert entry["status"].replace("-", " ") in action["title"]
        said = sum(
            len(entry[k])
            for k in (
                "for",
                "against",
                "limits",
                "both_apply",
                "other_stances",
                "contraindications",
                "evidence",
                "comparisons",
            )
        )
        assert len(action.get("documentation", [])) == said
        places = [r["locator"] for k in ("for", "against") for r in entry[k] if r["locator"] != "not stated"]
        assert all(any(place in doc["citation"] for doc in action["documentation"]) for place in places)
    questions = [
        e["valueString"]
        for d in response.get("dataRequirement", [])
        for e in d["extension"][0]["extension"]
        if e["url"] == "fact"
    ]
    assert questions == [q["fact"] for q in answer["questions"]]
    told = {p["name"]: p.get("valueString", p.get("valueDate")) for p in response["contained"][-1]["parameter"]}
    assert told["as-of"] == AS_OF.isoformat() and told["software"] == answer["software"]
    assert told["knowledge-digest"] == answer["knowledge"]["digest"]
    assert told["profile-digest"] == answer["profile"]["digest"]
    assert "not stated" not in json.dumps([e["url"] for e in walk(group) if "url" in e])


def test_the_patient_is_nobody(ask: Callable[..., Answer]) -> None:
    """The subject holds a key and nothing of a person: no name, sex, birth date."""
    text = therapies_fhir(ask("example:pregnant-28-weeks").to_dict())
    people = [node for node in walk(json.loads(text)) if node.get("resourceType") == "Patient"]
    assert len(people) == 2 and all(set(p) == {"resourceType", "id", "identifier"} for p in people)


def test_the_statuses_are_defined_as_the_ontology_defines_them(kb: Any) -> None:
    nodes = kb.records.nodes
    own = {
        p[ns.GG + "code"][0]: p[ns.SKOS + "definition"][0]
        for n, p in nodes.items()
        if ns.GGA + "Status" in p.get(ns.RDF + "type", ())
    }
    assert own == DEFINITIONS and len(own) == 8


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_what_was_not_understood_comes_first_and_alerts_before_therapies(kb: Any, version: str) -> None:
    profile = replace(
        kb.profile("example:cauda-equina-week-1"),
        not_understood=((ns.GG + "hasCondition", "code\x07 X99"), (ns.GG + "hasFinding", "odd")),
    )
    answer = kb.therapies(profile, as_of=AS_OF).to_dict()
    text = therapies_fhir(answer, version)
    validate(json.loads(text), version)
    group = parts(text)[GROUPS[version]]
    kinds = [a["code"][0]["coding"][0]["code"] for a in group["action"]]
    assert kinds == sorted(kinds, key=["not-understood", "alert", "therapy"].index) and set(kinds) == {
        "not-understood",
        "alert",
        "therapy",
    }
    assert [a["title"] for a in group["action"][:2]] == ["Not understood: code  X99", "Not understood: odd"]
    response = parts(text)["GuidanceResponse"]
    issues = [
        i["details"]["text"]
        for c in response["contained"]
        if c["resourceType"] == "OperationOutcome"
        for i in c["issue"]
    ]
    assert issues == ["not understood: code  X99", "not understood: odd"]
    assert any(a["title"].startswith("Alert: ") for a in of_kind(group, "alert"))


@pytest.mark.slow
def test_a_therapy_in_another_code_is_that_code_and_counts_as_ours(linked: Any) -> None:
    """The made-up terminology EX is named urn:ex in FHIR; without that name its code stays text."""
    answer = linked.therapies(
        {"age": 60, "conditions": ["EX:U"], "medications": ["EX:odd"]}, as_of=AS_OF, also=["EX:N1"]
    ).to_dict()
    bundle = json.loads(therapies_fhir(answer, "R4", linked.fhir_systems()))
    validate(bundle, "R4")
    actions = of_kind(bundle["entry"][1]["resource"], "therapy")
    (found,) = (a for a in actions if a["resource"]["identifier"].get("system") == "urn:ex")
    assert found["code"][1] == {
        "coding": [{"system": "urn:ex", "code": "N1", "display": "newcoxib"}],
        "text": "EX:N1 (newcoxib)",
    }
    assert status_of(found) == "contraindicated" and found["resource"]["identifier"]["value"] == "N1"
    assert [c["coding"][0]["code"] for c in extensions(found, "counts-as")] == ["NSAID"]
    assert extensions(found, "reason")[0].startswith("counts as ")
    rows = bundle["entry"][0]["resource"]["contained"][-1]["parameter"]
    readings = [
        [(p["name"], p.get("valueString")) for p in r["part"] if "valueString" in p]
        for r in rows
        if r["name"] == "reading"
    ]
    assert [r[0][1] for r in readings] == [r["code"] for r in answer["readings"]] and readings
    assert sum(r["name"] == "link" for r in rows) == len(answer["knowledge"]["links"]) > 0
    assert bundle["entry"][1]["resource"]["action"][0]["title"].startswith("Not understood: EX:odd")
    text = json.loads(therapies_fhir(answer))
    (other,) = (
        a for a in of_kind(text["entry"][1]["resource"], "therapy") if a["resource"]["identifier"]["value"] == "EX:N1"
    )
    assert other["code"][1] == {"text": "EX:N1 (newcoxib)"}


@pytest.mark.slow
def test_hostile_labels_stay_text(ask: Callable[..., Answer]) -> None:
    answer = ask("example:age-only").to_dict()
    answer["profile"].update(id='<script>"\\', label="\u202e\x00 ")
    answer["therapies"][0]["label"] = "\n\x1b[31m<b>'\"{}"
    bundle = json.loads(therapies_fhir(answer))
    validate(bundle, "R4")
    assert not any(c in json.dumps(bundle, ensure_ascii=False) for c in "\x1b\u202e\x00")


def test_the_cold_command_loads_nothing_of_fhir() -> None:
    line = "import sys, guidegraph.cli.app, guidegraph.render; print([m for m in sys.modules if 'fhir' in m or m == 'guidegraph.export.fhir.cql'])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_another_version_is_refused(ask: Callable[..., Answer]) -> None:
    with pytest.raises(UsageError, match="R4 or R5"):
        therapies_fhir(ask("example:age-only").to_dict(), "STU3")


@pytest.mark.slow
def test_the_command_writes_the_same_bytes(cli: Run) -> None:
    line = ("therapies", "example:age-only", "--format", "fhir", "--as-of", "2026-11-24", "--fhir-version", "R5")
    one, two = cli(*line, PYTHONHASHSEED="1", TZ="UTC"), cli(*line, PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout and '"RequestOrchestration"' in one.stdout
    other = cli("ask", "example:age-only", "--format", "fhir")
    assert other.returncode == 2 and len(other.stderr.splitlines()) == 1
    assert cli("therapies", "example:age-only", "--format", "fhir", "--fhir-version", "R6").returncode == 2
