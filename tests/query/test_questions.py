"""Every query file: its header fits its algebra, both engines parse it, and the examples answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from rdflib.plugins.sparql import prepareQuery

from guidegraph import api, assets
from guidegraph.errors import QueryError
from guidegraph.query import catalogue, run
from tests.support.endpoint import Endpoint
from tests.support.paths import TESTS

FOLDERS = ("index", "assess", "answer", "check", "examples", "disagree", "audit", "endpoint", "export")
ALL = catalogue.catalogue(FOLDERS)
CASES = sorted((TESTS / "questions").glob("*/case.yaml"))


@pytest.mark.parametrize("query", ALL, ids=lambda q: q.id)
def test_header_fits_the_algebra(query: catalogue.Query) -> None:
    prepared = prepareQuery(query.text)
    form = prepared.algebra.name
    declared = [name for name, _ in query.columns]
    if form == "SelectQuery":
        assert [str(v) for v in prepared.algebra.PV] == declared
    else:
        assert form == "ConstructQuery" and declared
    for parameter in query.params:
        assert f"?{parameter.name}" in query.text
    assert query.question.endswith("?")
    assert query.empty_means.endswith(".")


@pytest.mark.parametrize("query", ALL, ids=lambda q: q.id)
def test_oxigraph_parses_it(kb: Any, query: catalogue.Query) -> None:
    kb.store.query(
        query.text.replace("WHERE {", "WHERE { FILTER(false) ", 1) if "WHERE {" in query.text else query.text
    )


@pytest.mark.parametrize("query", [q for q in ALL if q.id.startswith("examples/")], ids=lambda q: q.id)
def test_examples_are_totally_ordered_and_answer(kb: Any, query: catalogue.Query) -> None:
    samples = {
        "drug": "anticoagulant",
        "class": "NSAID",
        "therapy": "epidural steroid injection",
        "country": "GB",
        "document": "ggd:bmj-2025",
    }
    if query.id.endswith("labels-by-country"):
        samples["therapy"] = "ibuprofen"
    result = api.run_query(kb, query.text, query.params, [f"{p.name}={samples[p.name]}" for p in query.params])
    assert result.rows or result.triples
    if result.kind == "select":
        assert "ORDER BY" in query.text
        assert len(set(result.rows)) == len(result.rows)


def test_there_are_at_least_ten_examples() -> None:
    assert len(catalogue.catalogue()) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.parent.name)
def test_competency_question(kb: Any, case: Path) -> None:
    asked = yaml.safe_load(case.read_text(encoding="utf-8"))
    query = catalogue.find(asked["query"], ("examples",))
    params = [f"{k}={v}" for k, v in asked.get("params", {}).items()]
    result = api.run_query(kb, query.text, query.params, params)
    rows = [[("" if t is None else str(t.value)) for t in row] for row in result.rows]
    picked = [dict(zip(result.columns, row, strict=True)) for row in rows]
    for wanted in asked.get("rows", []):
        assert any(all(row[k] == str(v) for k, v in wanted.items()) for row in picked), wanted
    for unwanted in asked.get("not", []):
        assert not any(all(row[k] == str(v) for k, v in unwanted.items()) for row in picked), unwanted


def test_there_are_competency_questions() -> None:
    assert len(CASES) >= 10


@pytest.fixture(scope="module")
def endpoint(kb: Any) -> Iterator[str]:
    handler = type("Handler", (Endpoint,), {"store": kb.store, "union": True})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/sparql"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "name", ["first-line", "contraindicated-with", "documents", "labels-by-country", "describe-document"]
)
def test_an_endpoint_answers_the_same(kb: Any, endpoint: str, name: str) -> None:
    query = catalogue.find(name, ("examples",))
    samples = {"drug": "anticoagulant", "country": "FR", "therapy": "ibuprofen", "document": "ggd:fda-esi-2014"}
    params = [f"{p.name}={samples[p.name]}" for p in query.params]
    here = api.run_query(kb, query.text, query.params, params)
    there = api.run_query(kb, query.text, query.params, params, endpoint=endpoint)
    assert here.rows == there.rows
    assert here.triples == there.triples


def test_what_is_no_query_is_not_sent(endpoint: str) -> None:
    with pytest.raises(QueryError, match="cannot be parsed"):
        api.run_query(None, "SELECT ?x WHERE { ?x nope:y 3 }", (), [], endpoint=endpoint)


def test_ask_construct_and_describe(kb: Any) -> None:
    assert run.run(kb.store, "ASK { ?s a gg:Alert }").truth
    assert run.run(kb.store, "CONSTRUCT { ?s a gg:Alert } WHERE { ?s a gg:Alert }").triples
    assert run.run(kb.store, "DESCRIBE ggt:NSAID").triples


def test_no_step_formats_text_or_reaches_out() -> None:
    for query in ALL:
        assert "SERVICE" not in query.text and "{}" not in query.text


def test_headers_are_unique() -> None:
    assert (
        len({q.id for q in ALL}) == len(ALL) == len([p for f in FOLDERS for p in assets.files("queries", f"{f}/*.rq")])
    )
