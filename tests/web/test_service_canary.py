"""Nothing of a patient is left anywhere: a value that occurs nowhere else is sent in every way, and sought afterwards."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.web.app import application
from guidegraph.web.served import Served
from tests.support.paths import ROOT
from tests.support.webserver import WebServer, webserver

pytestmark = pytest.mark.slow
#: A word, and a number as no clock or count writes it; what finds either finds the patient.
WORD, NUMBER = "zzcanaryzz", 73.91357
CANARY = re.compile(rb"zzcanaryzz|73\.91357", re.IGNORECASE)

VALID = {
    "id": WORD,
    "label": f"{WORD} label",
    "age": 61,
    "symptom_weeks": NUMBER,
    "conditions": {"present": ["sciatica"]},
}
UNKNOWN = {**VALID, "conditions": {"present": [WORD]}}
WRONG = {**VALID, "age": WORD, WORD: WORD}
CONTRADICTORY = {**VALID, "conditions": {"present": ["sciatica"], "absent": ["sciatica"]}}
CODE = {"coding": [{"system": "http://snomed.info/sct", "code": "23056005", "display": WORD}], "text": WORD}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": WORD, "gender": "female", "birthDate": "1960-01-02", "name": [{"family": WORD}]}},
        {"resource": {"resourceType": "Condition", "id": WORD, "code": CODE, "subject": {"reference": f"Patient/{WORD}"}, "note": [{"text": WORD}]}},
        {"resource": {"resourceType": "Observation", "id": WORD, "status": "final", "code": CODE, "valueQuantity": {"value": NUMBER, "unit": WORD}}},
        {"resource": {"resourceType": "MedicationRequest", "id": WORD, "status": "active", "intent": "order", "medicationCodeableConcept": {"text": WORD}}},
    ],
}  # fmt: skip
PROFILES: tuple[Any, ...] = (VALID, UNKNOWN, WRONG, CONTRADICTORY, BUNDLE, WORD, [WORD], {WORD: WORD})


def posted(routes: list[BaseRoute], before: str = "") -> Iterator[str]:
    """The address of every route that takes a POST, words in place of what it has in braces."""
    for route in routes:
        if isinstance(route, Mount):
            yield from posted(list(route.routes or ()), before + route.path)
        elif isinstance(route, Route) and "POST" in (route.methods or ()):
            yield before + re.sub(r"\{\w+(:\w+)?\}", "guidegraph-patient-view", route.path)


def bodies(path: str) -> Iterator[tuple[str, bytes]]:
    """Bodies with the canary, by media type, of every kind that some route reads."""
    more = {"therapy": "ibuprofen", "therapies": ["ibuprofen", WORD], "problem": WORD, "also": [WORD]}
    names = {a.name for o in OPERATIONS.values() if path.endswith("/" + o.path) for a in o.arguments}
    for profile in PROFILES:
        asked = {"profile": profile, **{key: value for key, value in more.items() if key in names}}
        yield "application/json", json.dumps(asked).encode()
        texts = dict.fromkeys(("record", "text", "paste"), json.dumps(profile))
        yield "application/x-www-form-urlencoded", urlencode({**texts, **more, WORD: WORD}, doseq=True).encode()
    hook: dict[str, Any] = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"patientId": WORD, "userId": f"Practitioner/{WORD}"},
    }
    resources = [entry["resource"] for entry in BUNDLE["entry"]]  # type: ignore[index]
    yield (
        "application/json",
        json.dumps({**hook, "prefetch": {"patient": resources[0], "conditions": BUNDLE, WORD: BUNDLE}}).encode(),
    )
    yield "application/json", json.dumps({**hook, "fhirServer": f"https://{WORD}.example"}).encode()
    yield (
        "application/json",
        json.dumps(
            {
                "feedback": [
                    {
                        "card": WORD,
                        "outcome": "overridden",
                        "outcomeTimestamp": WORD,
                        "overrideReason": {"reason": {"code": WORD}, "userComment": WORD},
                    }
                ]
            }
        ).encode(),
    )
    yield "application/json", f'{{"{WORD}": {NUMBER}, "{WORD}": '.encode()
    yield "application/json", f'"{WORD}"'.encode() * 3
    yield "text/yaml", f"label: {WORD}\nsymptom_weeks: {NUMBER}\n".encode()
    yield (
        "multipart/form-data; boundary=b",
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{WORD}.json"\r\n\r\n{json.dumps(BUNDLE)}{" " * 2_000_000}\r\n--b--\r\n'.encode(),
    )
    yield "application/fhir+json", json.dumps(BUNDLE).encode()
    yield "application/sparql-query", f'SELECT * {{ ?s ?p "{WORD}" }}'.encode()
    yield "application/sparql-query", f'SELECT * {{ ?s ?p "{WORD} }}'.encode()
    yield "application/json", json.dumps({"profile": {**BUNDLE, WORD: "x" * 5_000_000}}).encode()


def held(server: WebServer) -> Iterator[tuple[str, bytes]]:
    """The files that processes of a server hold open, deleted ones too."""
    for process in (server.process.pid, *server.children()):
        for link in Path(f"/proc/{process}/fd").iterdir():
            if link.is_file():
                yield f"{process} {link.readlink()}", link.read_bytes()


def files(folder: Path, since: float) -> Iterator[Path]:
    """The files of a folder that were written since, without those of the tools of development."""
    for where, below, names in os.walk(folder):
        below[:] = [name for name in below if not name.startswith(".") and name != "__pycache__"]
        for name in names:
            path = Path(where, name)
            if path.is_file() and path.stat().st_mtime >= since:
                yield path


def test_no_value_of_a_patient_is_left_anywhere(tmp_path: Path, kb: gg.KnowledgeBase) -> None:
    started = time.time()
    places = {name: str(tmp_path / name) for name in ("TMPDIR", "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    for place in places.values():
        Path(place).mkdir()
    paths = sorted(set(posted(list(application(Served(kb)).routes))))
    assert "/" in paths and any(path.startswith("/api/") for path in paths)
    statuses: set[int] = set()
    with webserver(tmp_path, environment=places) as server:
        with server.client() as client:

            def checked(answer: httpx.Response) -> None:
                statuses.add(answer.status_code)
                assert answer.status_code != 500, (answer.request.url, answer.request.content[:200])
                told = "".join(f"{name}: {value}\n" for name, value in answer.headers.items())
                assert not CANARY.search(told.encode()), (answer.request.url, told)
                assert answer.headers["Cache-Control"] == "no-store"

            for path in paths:
                for media, body in bodies(path):
                    checked(client.post(path, content=body, headers={"Content-Type": media}))
            for path in ("/", "/metrics", "/health/ready", "/audit", "/sparql?query=ASK%7B%7D", "/api/examples"):
                assert not CANARY.search(client.get(path).content), path
        for name, content in held(server):
            assert not CANARY.search(content), name
        server.process.terminate()
        server.process.wait(20)
    assert {200, 422} <= statuses
    written = [*files(tmp_path, 0), *files(ROOT, started)]
    assert server.written in written
    found = [path for path in written if CANARY.search(path.read_bytes()) and path != Path(__file__)]
    assert not found
    # The names of files count, too.
    assert not [path for path in written if CANARY.search(str(path).encode())]
