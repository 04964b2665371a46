"""Nothing of a patient is ever sent to an endpoint."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pyoxigraph as ox
import pytest
from typer.testing import CliRunner

from guidegraph import namespaces
from guidegraph.cli.app import app
from guidegraph.remote.client import Endpoint
from guidegraph.remote.pulling import pull
from tests.support.endpoint import Endpoint as Served
from tests.support.serving import Serve


@pytest.fixture
def recorded(kb: Any, serve: Serve) -> tuple[str, list[tuple[str, str, bytes, dict[str, str]]]]:
    """An endpoint with the shipped knowledge that keeps every request."""
    requests: list[tuple[str, str, bytes, dict[str, str]]] = []
    knowledge = ox.Store()
    knowledge.extend(q for q in kb.store if q.graph_name != ox.NamedNode(namespaces.INDEX_GRAPH))
    answering = type("Answering", (Served,), {"store": knowledge, "union": True})

    def answer(handler: Any) -> None:
        requests.append((handler.command, handler.path, handler.body, dict(handler.headers)))
        handler.rfile = io.BytesIO(handler.body)
        handler.store, handler.limit, handler.union = knowledge, None, True
        answering.do_POST(handler)

    return serve(answer), requests


PROFILE = {
    "id": "patient-Zaphod-4711",
    "age": 73,
    "sex": "female",
    "conditions": ["sciatica", "active peptic ulcer"],
    "medications": ["anticoagulant"],
}


def questions(requests: list[tuple[str, str, bytes, dict[str, str]]]) -> list[str]:
    return [parse_qs(body.decode())["query"][0] for _, _, body, _ in requests]


@pytest.mark.slow
def test_nothing_of_a_patient_is_sent(
    cli: Any, recorded: tuple[str, list[Any]], tmp_path: Path, repo_root: Path
) -> None:
    url, requests = recorded
    file = tmp_path / "Zaphod.json"
    file.write_text(json.dumps(PROFILE), encoding="utf-8")
    sent = []
    for line in (
        ("therapies", str(file)),
        ("therapies", "example:age-only"),
        ("explain", str(file), "ibuprofen"),
        ("ask", str(file)),
    ):
        requests.clear()
        done = cli(*line, "--endpoint", url, "--as-of", "2026-11-24", "--format", "json")
        assert done.returncode == 0, done.stderr
        here = cli(*line, "--as-of", "2026-11-24", "--format", "json")
        assert done.stdout == here.stdout
        sent.append([(method, path, body, sorted(headers.items())) for method, path, body, headers in requests])
        text = unquote_plus(" ".join(f"{p} {b.decode()}" for _, p, b, _ in requests)).casefold()
        for word in ("zaphod", "4711", "ulcer", "anticoagulant", "term/", "age-only", "term/ibuprofen", "profile/"):
            assert word not in text, word
    # Whoever the patient is and whatever is asked, the same is sent.
    assert sent[0] == sent[1] == sent[2] == sent[3] and sent[0]
    known = {p.read_text(encoding="utf-8") for p in (repo_root / "queries/endpoint").glob("*.rq")}
    for question in questions(requests):
        assert any(part[:200] == question[:200] for part in known), question[:300]


def test_there_is_no_way_to_send_a_profile() -> None:
    told = {
        command: CliRunner().invoke(app, [command, "--help"]).stdout
        for command in ("query", "therapies", "explain", "ask", "audit", "push")
    }
    assert all("--endpoint" in text or command == "push" for command, text in told.items())
    assert not any("--send" in text for text in told.values())
    assert "PROFILE" not in told["query"] + told["push"] and "--profile" not in told["query"] + told["push"]


def test_derived_graphs_are_never_pushed_or_pulled(kb: Any, serve: Serve) -> None:
    """Whatever an endpoint holds under the names of our working graphs stays there."""
    store = ox.Store()
    doc, kind = ox.NamedNode("http://example.org/d"), ox.NamedNode(namespaces.RDF + "type")
    for name in (
        namespaces.INDEX_GRAPH,
        namespaces.PROFILE_GRAPH,
        namespaces.ASSESSMENT_GRAPH,
        namespaces.AUDIT_GRAPH,
        "http://example.org/g",
    ):
        store.add(ox.Quad(doc, kind, ox.NamedNode(namespaces.GG + "Document"), ox.NamedNode(name)))
    answering = type("Answering", (Served,), {"store": store, "union": True})

    def answer(handler: Any) -> None:
        handler.rfile = io.BytesIO(handler.body)
        handler.store, handler.limit, handler.union = store, None, True
        answering.do_POST(handler)

    assert set(pull(Endpoint(serve(answer)))) == {ox.NamedNode("http://example.org/g")}
