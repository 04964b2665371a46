"""Linked data: every term, document and statement under its path, as a page and as data, by what is accepted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.store import digest_of, knowledge_graphs

pytest.importorskip("starlette")
from starlette.testclient import TestClient

from guidegraph.export.jsonld import loader
from guidegraph.web.app import application
from guidegraph.web.linked import known, quads_of
from guidegraph.web.served import Served

#: One of each kind of node.
NODES = (
    "term/NSAID", "term/Sciatica", "vocab/symptomWeeks", "vocab/For", "population/Asipp2021Herniation", "document/bmj-2025",
    "statement/bmj-2025/BMJ-R1", "publisher/NICE", "graph/bmj-2025",
)  # fmt: skip
FORMATS = {
    "ttl": ("text/turtle", ox.RdfFormat.TURTLE),
    "nt": ("application/n-triples", ox.RdfFormat.N_TRIPLES),
    "rdf": ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    "trig": ("application/trig", ox.RdfFormat.TRIG),
}


@pytest.fixture(scope="module")
def client(kb: gg.KnowledgeBase) -> Iterator[Any]:
    yield TestClient(application(Served(kb)), base_url="http://localhost")


def asked(client: Any, path: str, accept: str | None) -> Any:
    headers = {} if accept is None else {"Accept": accept}
    return client.get(f"/{path}", headers=headers, follow_redirects=False)


def triples(quads: Any) -> str:
    return digest_of([ox.Quad(q.subject, q.predicate, q.object) for q in quads])


@pytest.mark.parametrize("path", NODES)
@pytest.mark.parametrize(
    ("accept", "to"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "/page/{}"),
        ("text/turtle", "/data/{}.ttl"),
        ("application/ld+json", "/data/{}.jsonld"),
        ("text/turtle;q=0.3, application/ld+json;q=0.9", "/data/{}.jsonld"),
        ("text/html;q=0.1, text/turtle", "/data/{}.ttl"),
        ("image/png, */*;q=0.1", "/page/{}"),
        (None, "/page/{}"),
    ],
)
def test_a_node_leads_to_its_page_or_its_data(client: Any, path: str, accept: str | None, to: str) -> None:
    answer = asked(client, path, accept)
    assert (answer.status_code, answer.headers["location"]) == (303, to.format(path))
    assert "accept" in answer.headers["vary"].lower()


def test_what_is_none_of_ours_is_404_and_what_nobody_can_have_406(client: Any) -> None:
    for path in ("term/NoSuchTerm", "statement/bmj-2025/none", "document/none", "page/term/None", "data/term/None.ttl"):
        assert asked(client, path, "text/html").status_code == 404, path
        assert asked(client, path, "text/turtle").status_code == 404, path
    assert asked(client, "data/term/NSAID.exe", None).status_code == 404
    assert asked(client, "term/NSAID", "image/png").status_code == 406
    for odd in ("term/%3Cscript%3E", "page/term/%3Cscript%3E", "data/term/a%20%22b.ttl", "page/document/%00", "page/statement/x%0Ay"):  # fmt: skip
        answer = asked(client, odd, "text/html")
        assert answer.status_code == 404 and "<script>" not in answer.text, odd


@pytest.mark.slow
def test_every_node_of_the_knowledge_dereferences(kb: gg.KnowledgeBase, client: Any) -> None:
    """What the graphs name has data here; those of every hundredth are fetched as a reader would."""
    graphs = set(knowledge_graphs(kb.store))
    nodes = sorted(
        {q.subject.value for g in graphs for q in kb.store.quads_for_pattern(None, None, None, g) if isinstance(q.subject, ox.NamedNode)}
    )  # fmt: skip
    ours = [iri.removeprefix(ns.BASE) for iri in nodes if iri.startswith(ns.BASE)]
    assert len(ours) > 1500
    assert [path for path in ours if not known(kb, path)] == []
    for path in ours[::100]:
        told = asked(client, quote(path), "text/turtle")
        assert told.status_code == 303, path
        assert client.get(told.headers["location"]).status_code == 200, path
        page = client.get(f"/{quote(path)}", headers={"Accept": "text/html"})
        assert page.status_code == 200, path


@pytest.mark.parametrize("path", NODES)
def test_the_forms_hold_the_same(kb: gg.KnowledgeBase, client: Any, path: str) -> None:
    expected = quads_of(kb, path)
    for ending, (media, form) in FORMATS.items():
        answer = client.get(f"/data/{path}.{ending}")
        assert answer.headers["content-type"].split(";")[0] == media
        found = list(ox.parse(answer.content, format=form))
        assert triples(found) == triples(expected), ending
    told = client.get(f"/data/{path}.jsonld")
    jsonld = pytest.importorskip("pyld").jsonld
    expanded = jsonld.to_rdf(told.json(), {"documentLoader": loader, "format": "application/n-quads"})
    assert triples(ox.parse(expanded.encode(), format=ox.RdfFormat.N_QUADS)) == triples(expected)


def test_data_of_a_term_hold_its_label_place_and_what_names_it(client: Any) -> None:
    found = {(q.subject.value, q.predicate.value, getattr(q.object, "value", "")) for q in ox.parse(client.get("/data/term/NSAID.nt").content, format=ox.RdfFormat.N_TRIPLES)}  # fmt: skip
    assert (ns.GGT + "NSAID", ns.RDFS + "subClassOf", ns.GG + "Drug") in found
    assert (ns.GGT + "Ibuprofen", ns.RDFS + "subClassOf", ns.GGT + "NSAID") in found


def test_nothing_derived_is_told(kb: gg.KnowledgeBase, client: Any) -> None:
    """A derived graph is no part of the knowledge, whoever asks for it by name."""
    kb.disagreements()
    for graph in ("index", "axioms"):
        assert asked(client, f"graph/{graph}", "text/turtle").status_code == 404
        assert client.get(f"/data/graph/{graph}.ttl").status_code == 404
    assert ns.IDX not in client.get("/data/statement/bmj-2025/BMJ-R1.nt").text


@pytest.mark.slow
def test_the_whole_ontology_the_context_and_queries(client: Any) -> None:
    found = list(ox.parse(client.get("/data/ontology.ttl").content, format=ox.RdfFormat.TURTLE))
    assert len(found) > 3000
    versioned = next(
        q.object.value for q in found if q.predicate.value == ns.OWL + "versionIRI" and q.subject.value == ns.BASE + "ontology"
    )  # fmt: skip
    path = versioned.removeprefix(ns.BASE)
    assert asked(client, path, "text/turtle").headers["location"] == f"/data/{path}.ttl"
    assert asked(client, "ontology/9.9.9", "text/turtle").status_code == 404
    assert json.loads(client.get("/context").text)["@context"]["stance"]
    assert "SELECT" in client.get("/query/documents").text
    assert client.get("/query/no-such-query").status_code == 404
    assert ns.BASE + "dataset" in client.get("/data/dataset.ttl").text


def test_pages_name_their_data_and_show_what_is_known(client: Any) -> None:
    page = client.get("/page/term/NSAID").text
    assert '<link rel="alternate" type="text/turtle" href="/data/term/NSAID.ttl"' in page
    for told in ("anti-inflammatory painkiller", "CHEBI:35475", '<a href="/page/term/Ibuprofen">', "contraindicated for some patients"):  # fmt: skip
        assert told in page, told
    ibuprofen = client.get("/page/term/Ibuprofen").text
    assert '<a href="/page/term/NSAID">' in ibuprofen and '<a href="/page/vocab/Drug">' in ibuprofen
    statement = client.get("/page/statement/bmj-2025/BMJ-R1").text
    for told in ("symptoms from 13 weeks", "strong recommendation against", "except inside a research trial", "xsd:decimal[&gt;= 13.0]", "/page/document/bmj-2025"):  # fmt: skip
        assert told in statement, told


def test_people_are_sent_to_documents_own_addresses_alone(kb: gg.KnowledgeBase, client: Any) -> None:
    """Where a copy was read is told, and is no link (as in answers: DOI, PubMed, the publisher's page)."""
    for name in ("nice-ng59", "bmj-2025", "asipp-2021"):
        iri, page = ns.GGD + name, client.get(f"/page/document/{name}").text
        copies = kb.records.all(iri, "copyAt")
        own = {a for kind in ("doi", "pmid", "publishedAt", "contestedBy") for a in kb.records.all(iri, kind)}
        links = {link for link in re.findall(r'href="(https?://[^"]+)"', page) if not link.startswith(ns.BASE)}
        assert links <= own, links - own
        assert all(copy in page for copy in copies)
    assert kb.records.all(ns.GGD + "nice-ng59", "copyAt")


@pytest.mark.slow
def test_pages_of_other_knowledge(tmp_path: Path) -> None:
    """Knowledge that states nothing: every page says so, and none fails."""
    for folder in ("ontology",):
        shutil.copytree(assets.folder(folder), tmp_path / folder)
    (tmp_path / "graph/documents").mkdir(parents=True)
    (tmp_path / "graph/documents/x.trig").write_text(
        f"@prefix gg: <{ns.GG}> . @prefix ggd: <{ns.GGD}> . @prefix ggg: <{ns.GGG}> .\n"
        "ggg:x { ggg:x a gg:KnowledgeGraph ; gg:encodes ggd:x . ggd:x a gg:Document . }"
    )
    client = TestClient(application(Served(gg.open(tmp_path))), base_url="http://localhost")
    for path in ("disagreements", "matrix", "documents", "page/document/x", "provenance?of=ggd:x", "search?q=x", "page/ontology", "sparql/editor"):  # fmt: skip
        answer = client.get(f"/{path}", headers={"Accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
    nothing = client.get("/audit", headers={"Accept": "text/html"})
    assert nothing.status_code == 422 and "Nothing to audit" in nothing.text
