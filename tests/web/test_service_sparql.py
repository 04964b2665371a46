"""The endpoint by the SPARQL 1.1 Protocol: the entries of the W3C's suite for queries, forms, dataset and description.

Entries: data-sparql11/protocol/manifest, each named here as there. Those that update are refused, since nothing can be
changed here; those of updates that must be refused are.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pyoxigraph as ox
import pytest
from starlette.testclient import TestClient

import guidegraph as gg
from guidegraph.web import app
from guidegraph.web.negotiate import GRAPHS, ROWS, Form
from guidegraph.web.served import Served, Settings

KASEI = "http://kasei.us/2009/09/sparql/data/data{}.rdf"
DATA = [KASEI.format(number) for number in range(4)]
TYPE, DOCUMENT = (
    ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"),
    ox.NamedNode("http://xmlns.com/foaf/0.1/Document"),
)
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"
UPDATE = "application/sparql-update"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    kb = gg.open()
    for iri in DATA[1:]:
        kb.store.add(ox.Quad(ox.NamedNode(iri), TYPE, DOCUMENT, ox.NamedNode(iri)))
    with TestClient(
        app.application(Served(kb, Settings(hosts=("www.example",)))), base_url="http://www.example"
    ) as one:
        yield one


def graphs(**named: list[int]) -> str:
    pairs = [(name.replace("_", "-") + "-graph-uri", DATA[n]) for name, numbers in named.items() for n in numbers]
    return "&".join(f"{name}={quote(iri, safe='')}" for name, iri in pairs)


def path(query: str | None = None, **named: list[int]) -> str:
    parts = [f"query={quote(query)}"] if query is not None else []
    return "/sparql/?" + "&".join([*parts, *([graphs(**named)] if named else [])])


BOTH_GRAPHS = f"ASK {{ GRAPH ?g1 {{ <{DATA[1]}> a ?type }} GRAPH ?g2 {{ <{DATA[2]}> a ?type }} }}"
BOTH = f"ASK {{ <{DATA[1]}> a ?type . <{DATA[2]}> a ?type . }}"
FULL = f"ASK {{ <{DATA[3]}> a ?type {BOTH_GRAPHS.removeprefix('ASK {')}"

#: Name of the entry: method, path, media type, body; what the answer is: true, or the beginning of its media type.
ENTRIES: dict[str, tuple[str, str, str | None, str | bytes, bool | tuple[str, ...]]] = {
    "query_post_form": ("POST", path(default=[0]), FORM, "query=ASK%20%7B%7D", True),
    "query_dataset_default_graphs_get": ("GET", path(BOTH, default=[1, 2]), None, "", True),
    "query_dataset_default_graphs_post": ("POST", path(default=[1, 2]), DIRECT, BOTH, True),
    "query_dataset_named_graphs_post": ("POST", path(named=[1, 2]), DIRECT, BOTH_GRAPHS, True),
    "query_dataset_named_graphs_get": ("GET", path(BOTH_GRAPHS, named=[1, 2]), None, "", True),
    "query_dataset_full": ("POST", path(default=[3], named=[1, 2]), DIRECT, FULL, True),
    "query_multiple_dataset": (
        "POST",
        path(named=[1, 2]),
        DIRECT,
        BOTH_GRAPHS.replace("ASK", f"ASK FROM <{DATA[3]}>"),
        True,
    ),
    "query_get": ("GET", path("ASK {}", default=[0]), None, "", True),
    "query_content_type_select": (
        "POST",
        path(default=[0]),
        DIRECT,
        "SELECT (1 AS ?value) {}",
        tuple(f.media for f in ROWS),
    ),
    "query_content_type_ask": ("POST", path(default=[0]), DIRECT, "ASK {}", tuple(f.media for f in ROWS[:2])),
    "query_content_type_describe": (
        "POST",
        path(default=[0]),
        DIRECT,
        "DESCRIBE <http://example.org/>",
        tuple(f.media for f in GRAPHS),
    ),
    "query_content_type_construct": (
        "POST",
        path(default=[0]),
        DIRECT,
        "CONSTRUCT { <s> <p> 1 } WHERE {}",
        tuple(f.media for f in GRAPHS),
    ),
    "query_post_direct": ("POST", "/sparql/", DIRECT, "ASK {}", True),
}
UTF_16 = "\ufeffASK {}".encode("utf-16-le")
#: Name of the entry: method, path, media type and body of what must be refused.
REFUSED: dict[str, tuple[str, str, str | None, str | bytes]] = {
    "bad_query_method": ("PUT", path("ASK {}", default=[0]), FORM, ""),
    "bad_multiple_queries": ("GET", "/sparql/?query=ASK%20%7B%7D&query=SELECT%20%2A%20%7B%7D", None, ""),
    "bad_query_wrong_media_type": ("POST", "/sparql/", "text/plain", "ASK {}"),
    "bad_query_missing_form_type": ("POST", "/sparql/", None, "query=ASK%20%7B%7D"),
    "bad_query_missing_direct_type": ("POST", "/sparql/", None, "ASK {}"),
    "bad_query_non_utf8": ("POST", "/sparql/", f"{DIRECT}; charset=UTF-16", UTF_16),
    "bad_query_syntax": ("GET", "/sparql/?query=ASK%20%7B", None, ""),
    "bad_update_get": ("GET", "/sparql/?update=CLEAR%20ALL", None, ""),
    "bad_multiple_updates": ("POST", "/sparql/", FORM, "update=CLEAR%20NAMED&update=CLEAR%20DEFAULT"),
    "bad_update_wrong_media_type": ("POST", "/sparql/", "text/plain", "CLEAR NAMED"),
    "bad_update_missing_form_type": ("POST", "/sparql/", None, "update=CLEAR%20NAMED"),
    "bad_update_non_utf8": ("POST", "/sparql/", f"{UPDATE}; charset=UTF-16", "\ufeffCLEAR NAMED".encode("utf-16-le")),
    "bad_update_syntax": ("POST", "/sparql/", FORM, "update=CLEAR%20XYZ"),
    "bad_update_dataset_conflict": (
        "POST",
        "/sparql/?using-named-graph-uri=http%3A%2F%2Fexample%2Fpeople",
        UPDATE,
        "WITH <http://e/a> DELETE { ?p ?q 'B' } INSERT { ?p ?q 'W' } WHERE { ?p ?q 'B' }",
    ),
    # Further ones, not of the suite.
    "no update is run": ("POST", "/sparql/", UPDATE, "CLEAR ALL"),
    "no update is run by a form": ("POST", "/sparql/", FORM, "update=CLEAR+ALL"),
    "an update is no query": ("GET", path("CLEAR ALL"), None, ""),
    "a query that reaches out": ("GET", path("SELECT * { SERVICE <http://127.0.0.1:1/x> { ?s ?p ?o } }"), None, ""),
    "a graph of another machine": ("GET", path("ASK FROM <http://127.0.0.1:1/x> {}"), None, ""),
    "a graph whose name is none": ("GET", "/sparql?query=ASK%7B%7D&default-graph-uri=%3C%3E", None, ""),
    "10,000 nested groups": ("POST", "/sparql", DIRECT, "SELECT * " + "{" * 10_000 + "}" * 10_000),
    "no parameters": ("POST", "/sparql", FORM, "\xff".encode("latin-1")),
    "no UTF-8 by percent": ("GET", "/sparql?query=%ff", None, ""),
    "no UTF-8": ("POST", "/sparql", DIRECT, b"\xff"),
    "no query": ("POST", "/sparql", FORM, "x=1"),
    "an empty query": ("GET", "/sparql?query=", None, ""),
    "no query beside a dataset": ("GET", path(default=[1]), None, ""),
    "too large": ("POST", "/sparql", DIRECT, "ASK {} #" + "x" * 2_000_000),
    "another path": ("GET", "/sparql/x?query=ASK%7B%7D", None, ""),
}


def send(
    client: TestClient, method: str, where: str, media: str | None, body: str | bytes, **headers: str
) -> httpx.Response:
    return client.request(
        method, where, content=body or None, headers={**headers, **({"Content-Type": media} if media else {})}
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_entries_of_the_suite(client: TestClient, name: str) -> None:
    *asked, expected = ENTRIES[name]
    answer = send(client, *asked)
    assert answer.status_code == 200, answer.text
    if expected is True:
        assert answer.json()["boolean"] is True
    else:
        assert answer.headers["Content-Type"].partition(";")[0] in expected


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(client: TestClient, name: str) -> None:
    answer = send(client, *REFUSED[name])
    assert 400 <= answer.status_code < 500
    assert answer.text.strip() and "Traceback" not in answer.text
    assert "--" not in answer.text  # an option of the command line mends nothing here


@pytest.mark.slow
def test_a_dataset_holds_what_it_names_and_nothing_else(client: TestClient) -> None:
    for named in ({"default": [1]}, {"named": [1]}, {"default": [0]}):
        for query in (
            f"ASK {{ <{DATA[2]}> a ?t }}",
            f"ASK {{ GRAPH ?g {{ <{DATA[2]}> a ?t }} }}",
            "ASK { ?s a gg:Document }",
        ):
            assert client.get(path(query, **named)).json()["boolean"] is False
    assert client.get(path(f"ASK {{ <{DATA[1]}> a ?t }}", named=[1])).json()["boolean"] is False
    assert client.get(path("ASK { ?s a gg:Document }")).json()["boolean"] is True


@pytest.mark.parametrize("form", ROWS, ids=lambda form: form.name)
def test_rows_and_yes_or_no_come_in_each_form(client: TestClient, form: Form) -> None:
    rows = send(
        client, "POST", "/sparql", DIRECT, "SELECT ?x { VALUES ?x { 1 'two'@en <urn:x> UNDEF } }", Accept=form.media
    )
    assert rows.headers["Content-Type"].startswith(form.media) and rows.headers["Vary"] == "Accept"
    read_as = ox.QueryResultsFormat.from_media_type(form.media)
    assert read_as is not None
    if form.name != "csv":
        read = ox.parse_query_results(rows.content, format=read_as)
        assert [None if row[0] is None else row[0].value for row in read] == ["1", "two", "urn:x", None]  # type: ignore[union-attr]
    else:
        assert rows.text.splitlines() == ["x", "1", "two", "urn:x", ""]
    truth = send(client, "POST", "/sparql", DIRECT, "ASK {}", Accept=form.media)
    assert truth.headers["Content-Type"].startswith(form.media) and "true" in truth.text


@pytest.mark.parametrize("form", GRAPHS, ids=lambda form: form.name)
def test_graphs_come_in_each_form_and_the_same_bytes_each_time(client: TestClient, form: Form) -> None:
    query = (
        "CONSTRUCT { ?s ?p [ gg:v ?o ] } WHERE { { SELECT * { ?s a gg:Document ; ?p ?o } ORDER BY ?s ?p ?o LIMIT 30 } }"
    )
    answers = [send(client, "POST", "/sparql", DIRECT, query, Accept=form.media) for _ in range(2)]
    assert answers[0].headers["Content-Type"].startswith(form.media)
    assert answers[0].content == answers[1].content
    read_as = ox.RdfFormat.from_media_type(form.media)
    assert len(list(ox.parse(answers[0].content, format=read_as))) == 60


@pytest.mark.slow
def test_what_is_accepted_goes_by_its_weight(client: TestClient) -> None:
    select = path("SELECT (1 AS ?x) {}")
    weighed = client.get(
        select, headers={"Accept": "text/csv;q=0.4, application/sparql-results+xml;q=0.5, text/turtle"}
    )
    assert weighed.headers["Content-Type"] == "application/sparql-results+xml"
    assert client.get(select, headers={"Accept": "text/html,*/*;q=0.8"}).headers["Content-Type"] == ROWS[0].media
    for query, accept in (
        ("SELECT (1 AS ?x) {}", "text/turtle"),
        ("CONSTRUCT WHERE {}", "text/csv"),
        ("ASK {}", "image/png"),
    ):
        refused = client.get(path(query), headers={"Accept": accept})
        assert refused.status_code == 406 and "There is: " in refused.text


def test_an_error_says_where(client: TestClient) -> None:
    answer = client.get(path("SELECT * {\n  ?s gg: }"))
    assert answer.status_code == 400 and answer.text.startswith("line 2, column")


def test_the_service_describes_itself(client: TestClient) -> None:
    answer = client.get("/sparql", headers={"Accept": "text/turtle"})
    described = ox.Store()
    described.bulk_load(answer.content, format=ox.RdfFormat.TURTLE)
    asked = described.query(
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> PREFIX void: <http://rdfs.org/ns/void#> "
        "SELECT ?n ?count { ?s a sd:Service ; sd:endpoint <http://www.example/sparql> ; sd:supportedLanguage sd:SPARQL11Query ;"
        " sd:feature sd:UnionDefaultGraph ; sd:defaultDataset/sd:namedGraph ?g . ?g sd:name ?n ; sd:graph/void:triples ?count }"
    )
    counts = {row["n"].value: int(row["count"].value) for row in asked}  # type: ignore[union-attr]
    assert counts[DATA[1]] == 1 and counts["https://w3id.org/guidegraph/graph/index"] > 1000
    counted = client.get(path("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")).json()["results"][
        "bindings"
    ]
    assert counts == {row["g"]["value"]: int(row["n"]["value"]) for row in counted}
    page = client.get("/sparql", headers={"Accept": "text/html,*/*;q=0.1"}, follow_redirects=False)
    assert (page.status_code, page.headers["Location"]) == (303, "/sparql/editor")


def test_the_dataset_is_described_where_one_looks_for_it(client: TestClient) -> None:
    answer = client.get("/.well-known/void", headers={"Accept": "application/n-triples"})
    triples = list(ox.parse(answer.content, format=ox.RdfFormat.N_TRIPLES))
    assert any(t.object == ox.NamedNode("http://rdfs.org/ns/void#Dataset") for t in triples)
