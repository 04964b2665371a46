"""The knowledge base described as a dataset: VoID, DCAT 3 and schema.org, computed from the store.

Sources: W3C Interest Group Note "Describing Linked Datasets with the VoID Vocabulary"; W3C Recommendation "Data Catalog
Vocabulary (DCAT) - Version 3"; schema.org's type Dataset. What is not stated in the data (a contact, an address to
download from) is not described.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.export.rdf import trig
from guidegraph.knowledge.engine import Engine, query_text
from guidegraph.query.catalogue import catalogue
from guidegraph.terminologies.model import Terminology, claims
from guidegraph.terminologies.tables import read_tables, read_terminologies

DATASET = ns.BASE + "dataset"
_QUERIES = ("dataset", "graphs", "classes", "properties", "examples")
_VOCABULARIES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "void": "http://rdfs.org/ns/void#",
    "sh": "http://www.w3.org/ns/shacl#",
}
#: The forms in which guidegraph export graph writes the whole, by media type as IANA registers it.
FORMS = (
    ("TriG", "application/trig"),
    ("N-Quads", "application/n-quads"),
    ("JSON-LD", "application/ld+json"),
    ("OWL/XML", "application/owl+xml"),
    ("CSV", "text/csv"),
)
_IANA = "https://www.iana.org/assignments/media-types/"


def triples(engine: Engine, links: Sequence[Path]) -> list[ox.Triple]:
    """The description as triples.

    Args:
        engine: of the knowledge base.
        links: the folders of mapping tables, which become linksets.

    Raises:
        KnowledgeError: a table of links cannot be read.
    """
    found: list[Any] = []
    for name in _QUERIES:
        result: Any = engine.store.query(query_text(f"export/describe-{name}"), use_default_graph_as_union=True)
        found += result
    found += [*_distributions(), *_questions(), *linksets(*links)]
    return list(dict.fromkeys(found))


def turtle(engine: Engine, links: Sequence[Path]) -> str:
    """VoID and DCAT in Turtle, the same bytes for the same knowledge."""
    quads = (ox.Quad(t.subject, t.predicate, t.object) for t in triples(engine, links))
    return trig(quads, {**ns.PREFIXES, **_VOCABULARIES})


def _node(iri: str) -> ox.NamedNode:
    return ox.NamedNode(ns.expand(iri, {**ns.PREFIXES, **_VOCABULARIES}) or iri)


def _distributions() -> Iterable[ox.Triple]:
    dataset = ox.NamedNode(DATASET)
    for title, media in FORMS:
        here = ox.NamedNode(f"{DATASET}/{media.rpartition('/')[2].replace('+', '-')}")
        yield ox.Triple(dataset, _node("dcat:distribution"), here)
        yield ox.Triple(here, _node("rdf:type"), _node("dcat:Distribution"))
        yield ox.Triple(here, _node("dcterms:title"), ox.Literal(title, language="en"))
        yield ox.Triple(here, _node("dcat:accessURL"), dataset)
        yield ox.Triple(here, _node("dcat:mediaType"), ox.NamedNode(_IANA + media))


def _questions() -> Iterable[ox.Triple]:
    """The example queries that need no parameter, as SPARQL executables of SHACL."""
    for query in catalogue(("examples",)):
        if query.params:
            continue
        here = ox.NamedNode(f"{ns.BASE}query/{query.id.rpartition('/')[2]}")
        select = "SELECT" in query.text.partition("WHERE")[0]
        yield ox.Triple(ox.NamedNode(DATASET), _node("dcterms:relation"), here)
        yield ox.Triple(here, _node("rdf:type"), _node("sh:SPARQLExecutable"))
        yield ox.Triple(here, _node("rdf:type"), _node(f"sh:SPARQL{'Select' if select else 'Construct'}Executable"))
        yield ox.Triple(here, _node("rdfs:comment"), ox.Literal(query.question, language="en"))
        yield ox.Triple(here, _node("sh:select" if select else "sh:construct"), ox.Literal(query.text))


def linksets(*folders: Path) -> Iterator[ox.Triple]:
    """How many links of each kind the mapping tables of folders hold to each terminology; none where it has no table.

    Raises:
        KnowledgeError: the registry or a table cannot be read, or a row leaves open what it says.
    """
    rows = claims(read_tables(*folders))
    counts = Counter((row.curie.partition(":")[0], row.predicate) for row in rows if row.curie)
    for (prefix, predicate), count in sorted(counts.items()):
        yield from _linkset(read_terminologies(folders[0])[prefix], predicate, count)


def _linkset(terminology: Terminology, predicate: str, count: int) -> Iterator[ox.Triple]:
    dataset = ox.NamedNode(DATASET)
    here = ox.NamedNode(f"{DATASET}/links/{terminology.prefix}-{predicate}Match")
    target = ox.NamedNode(f"{DATASET}/terminology/{terminology.prefix}")
    yield ox.Triple(dataset, _node("void:subset"), here)
    yield ox.Triple(here, _node("rdf:type"), _node("void:Linkset"))
    yield ox.Triple(here, _node("void:subjectsTarget"), dataset)
    yield ox.Triple(here, _node("void:objectsTarget"), target)
    yield ox.Triple(here, _node("void:linkPredicate"), _node(f"skos:{predicate}Match"))
    yield ox.Triple(here, _node("void:triples"), ox.Literal(count))
    yield ox.Triple(target, _node("rdf:type"), _node("void:Dataset"))
    yield ox.Triple(target, _node("dcterms:title"), ox.Literal(terminology.title, language="en"))
    yield ox.Triple(target, _node("void:uriSpace"), ox.Literal(terminology.iri))


def schema_org(engine: Engine, links: Sequence[Path]) -> str:
    """A schema.org Dataset in JSON-LD, from the same triples."""
    said = triples(engine, links)
    told: dict[str, Any] = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": DATASET,
        "url": ns.BASE,
        "name": _first(said, DATASET, "dcterms:title"),
        "description": _first(said, DATASET, "dcterms:description"),
        "identifier": DATASET,
        "inLanguage": "en",
        "version": _first(said, DATASET, "dcat:version"),
        "license": _first(said, DATASET, "dcterms:license"),
        "datePublished": _first(said, DATASET, "dcterms:issued"),
        "dateModified": _first(said, DATASET, "dcterms:modified"),
        "creator": _organization(said),
        "keywords": _all(said, DATASET, "dcat:keyword"),
        "includedInDataCatalog": {"@type": "DataCatalog", "@id": ns.BASE + "catalog", "name": "GuideGraph"},
        "distribution": [{"@type": "DataDownload", "name": t, "encodingFormat": m, "url": DATASET} for t, m in FORMS],
        "hasPart": [
            {"@type": "Dataset", "@id": graph, "name": _first(said, graph, "dcterms:title")}
            for graph in _all(said, DATASET, "void:subset")
        ],
    }
    return json.dumps({k: v for k, v in told.items() if v}, indent=2, ensure_ascii=False) + "\n"


def _organization(said: list[ox.Triple]) -> dict[str, str] | None:
    maker = _first(said, DATASET, "dcterms:publisher")
    name = _first(said, maker, "foaf:name") if maker else ""
    return {"@type": "Organization", "@id": maker, "name": name} if name else None


def _all(said: list[ox.Triple], subject: str, prop: str) -> list[str]:
    wanted: tuple[Any, Any] = (ox.NamedNode(subject), _node(prop))
    values: list[Any] = [t.object for t in said if (t.subject, t.predicate) == wanted]
    return sorted({str(value.value) for value in values})


def _first(said: list[ox.Triple], subject: str, prop: str) -> str:
    return next(iter(_all(said, subject, prop)), "")
