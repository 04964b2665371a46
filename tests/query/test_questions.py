"""Every query file: its header fits its algebra, both engines parse it, and the examples answer."""

from __future__ import annotations

import csv
import io
import random
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml
from rdflib.plugins.sparql import prepareQuery

from guidegraph import api, assets
from guidegraph.errors import QueryError
from guidegraph.query import catalogue, run
from guidegraph.render.results import shown
from tests.support.endpoint import Endpoint
from tests.support.paths import TESTS

FOLDERS = catalogue.folders()
ALL = catalogue.catalogue(FOLDERS)
CASES = sorted((TESTS / "questions").glob("*/case.yaml"))


@pytest.mark.slow
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


@pytest.fixture(scope="module")
def shuffled(kb: Any) -> list[ox.Store]:
    """The knowledge with its index, loaded in other orders."""
    kb.knowledge.disagreement.complete()
    kb.knowledge.load_links()
    quads = sorted(kb.store, key=str)
    stores = [ox.Store() for _ in range(2)]
    for seed, store in enumerate(stores):
        random.Random(seed).shuffle(quads)
        store.extend(quads)
    return stores


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.parent.name)
def test_rows_keep_their_order_whatever_the_order_of_loading(shuffled: list[ox.Store], kb: Any, case: Path) -> None:
    asked = yaml.safe_load(case.read_text(encoding="utf-8"))
    if "domains" in asked:
        pytest.skip("the stores hold the first domain")
    query = catalogue.find(asked["query"], catalogue.RUNNABLE)
    given = {k: str(v) for k, v in asked.get("params", {}).items()}
    if any(kb.vocabulary.reading(text) for text in given.values()):
        pytest.skip("a code is asked about as the classes around it, each of them as here")
    terms = run.bind(query.params, given, kb.resolve)
    one, other = (run.run(store, query.text, terms) for store in shuffled)
    assert one == other
    assert len(set(one.rows)) == len(one.rows) and (one.rows or one.triples or "rows" not in asked)


def test_there_are_at_least_ten_examples() -> None:
    assert len(catalogue.catalogue()) >= 10


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.parent.name)
def test_competency_question(opened: Any, case: Path) -> None:
    asked = yaml.safe_load(case.read_text(encoding="utf-8"))
    kb = opened(*asked.get("domains", []))
    query = catalogue.find(asked["query"], catalogue.RUNNABLE)
    params = [f"{k}={v}" for k, v in asked.get("params", {}).items()]
    result = api.run_query(kb, query.text, query.params, params)
    columns, rows = result.columns, result.rows
    if result.kind == "graph":
        columns, rows = (
            ("subject", "predicate", "object"),
            tuple((t.subject, t.predicate, t.object) for t in result.triples),
        )
    picked = [dict(zip(columns, map(shown, row), strict=True)) for row in rows]
    for wanted in asked.get("rows", []):
        assert any(all(row[k] == str(v) for k, v in wanted.items()) for row in picked), wanted
    for unwanted in asked.get("not", []):
        assert not any(all(row[k] == str(v) for k, v in unwanted.items()) for row in picked), unwanted


def test_every_query_that_a_user_runs_has_a_sample_row() -> None:
    """And every one about an intervention one row for each way in which a class can stand to it."""
    sampled: dict[str, set[str]] = {}
    for case in CASES:
        asked = yaml.safe_load(case.read_text(encoding="utf-8"))
        query = catalogue.find(asked["query"], catalogue.RUNNABLE)
        for row in asked.get("rows", []):
            sampled.setdefault(query.id, set()).add(row.get("level", ""))
    runnable = [q for q in catalogue.catalogue() if not q.is_step]
    assert {q.id for q in runnable} <= set(sampled)
    for query in runnable:
        if any(name == "level" for name, _ in query.columns):
            assert len(sampled[query.id] - {""}) >= 3, query.id


def test_the_list_shows_what_a_user_runs_and_all_of_it_on_demand(cli: Any) -> None:
    listed = cli("queries").stdout
    assert "who-says-what --param therapy=" in listed and "disagree/findings --param asOf=" in listed
    assert "disagree/05-opposed" not in listed and "assess/" not in listed
    every = cli("queries", "--all").stdout
    for query in catalogue.catalogue(catalogue.folders()):
        assert f"{query.name}\n" in every or f"{query.name} --param" in every
    assert cli("queries", "assess/50-status").stdout.startswith("#+ id: assess/50-status")


MINE = "SELECT ?o { ?s ?p ?o } ORDER BY ?o"


def test_files_of_a_user_are_asked_alone(cli: Any, tmp_path: Path) -> None:
    empty, turtle, trig = tmp_path / "empty.ttl", tmp_path / "a.ttl", tmp_path / "b.trig"
    empty.write_text("# nothing\n", encoding="utf-8")
    turtle.write_text("<urn:a> <urn:b> 1 .", encoding="utf-8")
    trig.write_text("<urn:g> { <urn:a> <urn:b> 2 }", encoding="utf-8")
    files = ["--data", str(empty), "--data", str(turtle), "--data", str(trig)]
    assert cli("query", "-", *files, "-f", "csv", stdin=MINE).stdout == "o\n1\n2\n"
    assert cli("query", "-", "--data", str(empty), "-f", "csv", stdin=MINE).stdout == "o\n"
    graphs = cli("query", "-", *files, "-f", "csv", stdin="SELECT ?g { GRAPH ?g { ?s ?p ?o } }")
    assert graphs.stdout == "g\nurn:g\n"
    own = cli("query", "-", *files, "-f", "csv", stdin="SELECT ?o FROM <urn:g> { ?s ?p ?o }")
    assert own.stdout == "o\n2\n"


@pytest.mark.slow
def test_a_query_that_needs_the_classes_gets_them_with_the_files(cli: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.write_text("", encoding="utf-8")
    nothing = cli("query", "who-says-what", "--param", "therapy=NSAID", "--data", str(empty))
    assert nothing.returncode == 0 and "(0 rows)" in nothing.stdout and "no rows: No document" in nothing.stderr
    document = str(assets.folder("graph") / "documents/bmj-2025.trig")
    asked = ("query", "who-says-what", "--param", "therapy=epidural injection", "-f", "csv", "--data", document)
    rows = list(csv.DictReader(io.StringIO(cli(*asked).stdout)))
    assert {"a member below"} == {row["level"] for row in rows}
    header = "#+ id: x\n#+ needs: ontology\n"
    classes = "SELECT ?o { ggt:NSAID rdfs:subClassOf ?o }"
    assert "(0 rows)" in cli("query", "-", "--data", document, stdin=classes).stdout
    assert "gg:Drug" in cli("query", "-", "--data", document, stdin=header + classes).stdout


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--endpoint", "http://127.0.0.1:9/"], "alone"),
        (["--extra", "x.ttl"], "alone"),
        (["--data", "missing.ttl"], "missing.ttl"),
        (["--data", "bad.ttl"], "not well-formed"),
    ],
)
def test_what_is_wrong_with_files_is_told(cli: Any, tmp_path: Path, more: list[str], told: str) -> None:
    for name, text in (("x.ttl", ""), ("bad.ttl", "<urn:a>")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    more = [str(tmp_path / word) if word.endswith(".ttl") else word for word in more]
    done = cli("query", "-", "--data", str(tmp_path / "x.ttl"), *more, stdin=MINE)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr and not done.stdout


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
    "name",
    ["first-line", "contraindicated-with", "documents", "labels-by-country", "describe-document", "who-says-what"],
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
