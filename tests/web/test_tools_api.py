"""The interface for programs: every operation answers in its published form, refusals are problems by RFC 9457."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from starlette.testclient import TestClient

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.web.app import application
from guidegraph.web.problems import PROBLEMS
from guidegraph.web.served import Served
from tests.support.optional import needs

DAY = "2026-11-24"
PATIENT = {"profile": "example:bleeding-ulcer", "as_of": DAY}
#: What each operation is asked with: a body for what is about a patient, else what stands in the address.
ASKED: dict[str, dict[str, Any]] = {
    "glance": PATIENT,
    "therapies": PATIENT,
    "full": PATIENT,
    "explain": {**PATIENT, "therapy": "ibuprofen"},
    "ask": PATIENT,
    "plan": {**PATIENT, "therapies": ["ibuprofen", "naproxen"]},
    "timeline": PATIENT,
    "profile": {"profile": "example:bleeding-ulcer"},
    "disagreements": PATIENT,
    "compare": {"a": "bmj-2025", "b": "nice-ng59", "as_of": DAY},
    "matrix": {"as_of": DAY, "at_least": 3},
    "trace": {"node": "bmj-2025/BMJ-R1"},
    "audit": {"severity": "error", "as_of": DAY},
    "lookup": {"term": "ibuprofen"},
    "documents": {},
    "document": {"document": "bmj-2025"},
    "examples": {},
}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def client(kb: gg.KnowledgeBase) -> TestClient:
    return TestClient(application(Served(kb)))


@pytest.fixture(scope="module")
def described(client: TestClient) -> dict[str, Any]:
    """The document that describes the interface."""
    told: dict[str, Any] = client.get("/api/openapi.json").json()
    return told


def ask(client: TestClient, name: str, given: dict[str, Any]) -> Any:
    operation = OPERATIONS[name]
    path = f"/api/{operation.path}".format(**given)
    if "POST" in operation.methods:
        return client.post(path, json=given)
    return client.get(path, params={key: value for key, value in given.items() if f"{{{key}}}" not in operation.path})


def told(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """What a refusal says, which must be a whole problem of that kind."""
    assert answer.status_code == status and answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status and problem["type"].endswith(f"/problem/{kind}")
    assert problem["title"] and problem["detail"] and "Traceback" not in answer.text
    return problem


@pytest.mark.slow
def test_the_document_is_openapi_and_names_every_operation(client: TestClient, described: dict[str, Any]) -> None:
    try:
        from openapi_spec_validator import validate
    except ImportError:
        needs(False, "openapi-spec-validator is not installed")
    validate(described)
    assert described["openapi"].startswith("3.1")
    paths = {f"/api/{operation.path}": [m.lower() for m in operation.methods] for operation in OPERATIONS.values()}
    assert {path: list(methods) for path, methods in described["paths"].items()} == paths
    assert set(ASKED) == set(OPERATIONS)
    assert client.get("/api").json() == described


def test_every_reference_of_the_document_is_there_and_needed(described: dict[str, Any]) -> None:
    named = set(re.findall(r'"\$ref": ?"#/components/(schemas|responses)/([^"]+)"', json.dumps(described)))
    there = {(kind, name) for kind in ("schemas", "responses") for name in described["components"][kind]}
    assert named == there
    assert "$ref" not in re.sub(r'"\$ref": ?"#/components/', "", json.dumps(described))


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_answer_is_in_its_published_form(
    client: TestClient, described: dict[str, Any], repo_root: Path, name: str
) -> None:
    answer = ask(client, name, ASKED[name])
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    data = answer.json()
    # By the document alone, as a program would that knows nothing else.
    operation = described["paths"][f"/api/{OPERATIONS[name].path}"][OPERATIONS[name].methods[-1].lower()]
    named = operation["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema_rs.Draft202012Validator({**named, "components": described["components"]}).validate(data)
    # By the published schema, which the interface serves too.
    form = OPERATIONS[name].answers
    schema = client.get(f"/api/schema/{form}").json()
    jsonschema_rs.Draft202012Validator(schema).validate(data)
    file = repo_root / f"src/guidegraph/schema/{form}.schema.json"
    assert not file.exists() or json.loads(file.read_text(encoding="utf-8")) == schema
    assert answer.content == ask(client, name, ASKED[name]).content


def test_the_answer_is_that_of_python(client: TestClient, kb: gg.KnowledgeBase) -> None:
    want = kb.therapies("example:bleeding-ulcer", as_of=date.fromisoformat(DAY))
    assert ask(client, "glance", PATIENT).json() == json.loads(json.dumps(want.glance()))
    assert ask(client, "therapies", PATIENT).json() == json.loads(json.dumps(want.data()))
    assert ask(client, "full", PATIENT).json() == json.loads(json.dumps(want.to_dict()))


def test_a_bundle_is_a_profile(client: TestClient, kb: gg.KnowledgeBase) -> None:
    bundle = kb.patient_bundle("example:bleeding-ulcer")
    record = json.loads(json.dumps(bundle, default=float))
    read = client.post("/api/profile", json={"profile": record, "as_of": DAY}).json()
    assert read["report"]["counts"]["used"] > 2 and read["report"]["form"] == "FHIR R4"
    plan = {"profile": record, "as_of": DAY, "therapies": ["ibuprofen"]}
    assert client.post("/api/plan", json=plan).json()["therapies"][0]["after"] == "contraindicated"
    # What was understood is a profile in turn, with the same answer.
    again = client.post("/api/plan", json={**plan, "profile": read["profile"]}).json()
    assert again["therapies"] == client.post("/api/plan", json=plan).json()["therapies"]


def test_a_record_may_be_the_whole_body(client: TestClient, kb: gg.KnowledgeBase) -> None:
    record = json.loads(json.dumps(kb.patient_bundle("example:bleeding-ulcer"), default=float))
    alone = client.post("/api/ask", content=json.dumps(record), headers={"content-type": "application/fhir+json"})
    assert alone.json() == client.post("/api/ask", json={"profile": record}).json()
    told(client.post("/api/plan", json=record), 422, "argument")


def test_the_type_of_each_problem_is_there(client: TestClient) -> None:
    for answer in (client.get("/api/nothing"), client.post("/api/ask", json={}), client.post("/api/ask")):
        kind = answer.json()["type"]
        shown = client.get(kind.removeprefix("https://w3id.org/guidegraph"))
        assert shown.status_code == 200
        assert shown.json() == {key: answer.json()[key] for key in ("type", "title", "status")}
    told(client.get("/problem/nothing"), 404, "not-found")


def test_how_a_record_is_read_is_told(client: TestClient) -> None:
    person = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-01-01"}
    given = {"profile": person, "as_of": DAY, "record": {"complete": ["conditions"]}}
    read = client.post("/api/profile", json=given).json()
    assert "complete" in json.dumps(read["profile"]) and read["profile"]["age"] == 66
    wrong = client.post("/api/profile", json={**given, "record": {"complete": ["nonsense"]}})
    assert told(wrong, 422, "argument")["mend"]
    told(client.post("/api/profile", json={**given, "record": {"path": "x"}}), 422, "argument")


def test_several_problems_need_a_choice(client: TestClient) -> None:
    given = {"profile": "example:two-problems", "as_of": DAY}
    unknown = told(client.post("/api/therapies/glance", json={**given, "problem": "zzz"}), 422, "term")
    assert unknown["where"] == "problem"
    problem = told(client.post("/api/therapies/glance", json=given), 422, "argument")
    assert "problem" in problem["mend"]
    chosen = {**given, "problem": client.post("/api/profile", json=given).json()["profile"]["problems"][0]["of"]}
    assert client.post("/api/therapies/glance", json=chosen).status_code == 200


FAULTS: list[tuple[Any, int, str, str]] = [
    ({"profile": "/etc/passwd"}, 422, "argument", "profile"),
    ({"profile": "example:nobody"}, 422, "profile", "example:"),
    ({"profile": {"age": "old"}}, 422, "profile", "profile/age"),
    ({"profile": {"conditions": {"present": ["zzz"]}}}, 422, "term", "profile/conditions/present/0"),
    ({"profile": {"sex": "male", "conditions": {"present": ["zzz"], "absent": ["yyy"]}}}, 422, "term", "profile/"),
    ({"profile": {"resourceType": "Bundle"}}, 422, "profile", "profile"),
    ({}, 422, "argument", "profile"),
    ({"profile": {"age": 50}, "as_of": "2026-02-30"}, 422, "argument", "as_of"),
    ({"profile": {"age": 50}, "as_of": 20260230}, 422, "argument", "as_of"),
    ({"profile": {"age": 50}, "as_of": "2026-W05-6"}, 422, "argument", "as_of"),
    ({"profile": {"\ud800": 1}}, 422, "profile", "profile/\\ud800"),
    ({"profile": {"age": 10**400}}, 422, "profile", "profile/age"),
    ({"profile": {"age": 50}, "record": {"complete": ["conditions"]}}, 422, "argument", "record"),
    ({"profile": "example:age-only", "record": {"version": "R4"}}, 422, "argument", "record"),
    ({"profile": {"age": 50}, "jurisdiction": "XX"}, 422, "argument", ""),
    ({"profile": {"age": 50}, "standing": "best"}, 422, "argument", "standing"),
    ({"profile": {"age": 50}, "also": []}, 422, "argument", "also"),
    ({"profile": {"age": 50}, "also": ["\ud800"]}, 422, "argument", "also"),
    ({"profile": {"age": 50}, "nonsense": 1}, 422, "argument", ""),
    ([], 400, "malformed", "the body"),
]


@pytest.mark.parametrize(("body", "status", "kind", "where"), FAULTS, ids=[str(fault[0])[:40] for fault in FAULTS])
def test_each_fault_is_a_problem_that_says_where(
    client: TestClient, body: Any, status: int, kind: str, where: str
) -> None:
    answer = client.post(
        "/api/therapies/glance", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    problem = told(answer, status, kind)
    assert problem.get("where", "").startswith(where)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        '{"profile": {"age": 50, "age": 60}}',
        '{"profile": {"age": NaN}}',
        '{"profile": {"age": 1e99999999999999999999}}',
        f'{{"profile": {{"age": {"9" * 9000}}}}}',
        "[" * 100_000,
        b'{"profile": "\xff"}',
    ],
    ids=["empty", "cut", "twice", "nan", "huge", "long", "deep", "bytes"],
)
def test_a_body_that_is_no_json_object_is_refused(client: TestClient, text: Any) -> None:
    answer = client.post("/api/therapies/glance", content=text, headers={"content-type": "application/json"})
    told(answer, 400, "malformed")


def test_what_is_asked_and_could_not_count_is_refused(client: TestClient) -> None:
    for given in ({"problem": "sciatica"}, {"record": {"version": "R4"}}):
        problem = told(client.post("/api/disagreements", json=given), 422, "argument")
        assert problem["where"] in given
    problem = told(client.get("/api/matrix?issued_from=2020&issued_to=2010"), 422, "argument")
    assert problem["detail"] == "no year is both from 2020 on and up to 2010"
    told(client.get("/api/documents/bmj-2025?document=nice-ng59"), 422, "argument")
    assert client.get("/api/matrix?issued_from=2020&issued_to=2020").status_code == 200


def test_bodies_are_json_only(client: TestClient) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        told(client.post("/api/ask", content="{}", headers={"content-type": media}), 415, "media-type")
    fhir = client.post("/api/ask", content="{}", headers={"content-type": "application/fhir+json; charset=utf-8"})
    told(fhir, 422, "argument")


def test_nothing_of_a_patient_stands_in_an_address(client: TestClient, described: dict[str, Any]) -> None:
    for path, methods in described["paths"].items():
        for parameter in methods.get("get", {}).get("parameters", ()):
            assert parameter["name"] not in ("profile", "record", "problem"), path
    told(client.get("/api/disagreements", params={"profile": "example:age-only"}), 422, "argument")
    told(client.get("/api/therapies/glance"), 405, "method")


def test_what_is_not_there_or_asked_otherwise_is_a_problem(client: TestClient) -> None:
    for path in ("/api/nothing", "/api/documents/%0A", "/api/documents/a%2Fb", "/api/documents/%00"):
        told(client.get(path), 404, "not-found")
    told(client.get("/api/schema/nothing"), 404, "not-found")
    assert "ggd:" in told(client.get("/api/documents/nothing"), 404, "not-found")["mend"]
    refused = client.delete("/api/disagreements")
    told(refused, 405, "method")
    assert {"GET", "POST"} <= set(refused.headers["allow"].split(", "))
    told(client.get("/api/lookup", params={"term": "zzzzzz"}), 422, "term")
    told(client.get("/api/matrix", params={"at_least": "many"}), 422, "argument")
    told(client.get("/api/matrix", params={"at_least": ["2", "3"]}), 422, "argument")


def test_a_failure_of_ours_tells_and_logs_nothing_of_what_was_asked(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(kb: Any, given: Any) -> Any:
        raise RuntimeError(f"canary {given}")

    monkeypatch.setattr(type(OPERATIONS["glance"]), "ask", lambda self, kb, given: broken(kb, given))
    answer = client.post("/api/therapies/glance", json={"profile": {"label": "canary-7341"}})
    told(answer, 500, "fault")
    assert "canary" not in answer.text and "canary" not in caplog.text and "RuntimeError" in caplog.text


def test_a_document_states_each_of_its_statements_once_in_its_order(client: TestClient, kb: gg.KnowledgeBase) -> None:
    listed = client.get("/api/documents").json()["documents"]
    assert [row["label"] for row in listed] == sorted(row["label"] for row in listed)
    told_of = client.get("/api/documents/droracle-sciatica-2025").json()
    assert told_of["document"]["statements"] == len(told_of["statements"]) > 5
    ids = [row["id"] for row in told_of["statements"]]
    assert len(ids) == len(set(ids))
    starts = [
        int(row["locator"].rpartition("characters ")[2].partition("-")[0])
        for row in told_of["statements"]
        if "characters" in row["locator"]
    ]
    assert len(starts) > 5 and starts == sorted(starts)
    wanted = {iri for iri in kb.recommendations() if kb.records.one(iri, "statedIn") == told_of["document"]["iri"]}
    assert wanted == {row["iri"] for row in told_of["statements"] if row["kind"] == "recommendation"}


def test_every_address_and_problem_is_documented(repo_root: Path) -> None:
    text = (repo_root / "docs/api.md").read_text(encoding="utf-8")
    for operation in OPERATIONS.values():
        for method in operation.methods:
            path = operation.path.replace("{document}", "ID")
            assert re.search(rf"`[^`\n]*{method}[^|]*/api/{re.escape(path)}[?`]", text), (method, path)
    for kind in PROBLEMS:
        if kind.status not in (408, 412, 413, 429, 503) and kind.name != "refused":
            assert f"`{kind.name}`" in text, kind.name
