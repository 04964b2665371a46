"""Descriptions and citation: what makes the knowledge base findable."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib
import yaml
from rdflib.namespace import DCTERMS, RDF, SH, VOID

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.export import description, rdf
from guidegraph.store import DERIVED
from tests.support.optional import wheel

Run = Callable[..., CompletedProcess[str]]
DATASET = rdflib.URIRef(description.DATASET)
DCAT = "http://www.w3.org/ns/dcat#"


def listed(name: str) -> set[str]:
    """The terms of a vocabulary as rdflib lists them."""
    return {str(term) for term in dir(getattr(rdflib, name))}


@pytest.fixture(scope="module")
def described(kb: Any, repo_root: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(data=description.turtle(kb.engine, kb.knowledge.selected.links), format="turtle")


# ---------------------------------------------------------------- VoID, DCAT, schema.org


def test_every_term_is_a_term_of_its_vocabulary(described: rdflib.Graph) -> None:
    used = {*described.predicates(), *described.objects(None, RDF.type)}
    assert len(used) > 25
    known = set().union(*map(listed, ("DCAT", "DCTERMS", "FOAF", "OWL", "RDF", "RDFS", "SH", "VOID")))
    # rdflib keeps void:class apart, since it is a word of Python, and lists DCAT 2: dcat:version came with DCAT 3.
    assert "class" in rdflib.VOID._extras
    assert {str(term) for term in used} <= known | {f"{DCAT}version", f"{VOID}class"}


@pytest.mark.slow
def test_the_figures_are_those_of_the_store(kb: Any, described: rdflib.Graph) -> None:
    quads = rdf.everything(kb.store)
    assert int(str(described.value(DATASET, VOID.triples))) == len(quads)
    assert int(str(described.value(DATASET, VOID.distinctSubjects))) == len({q.subject for q in quads})
    named = {q.graph_name.value for q in quads}
    links = set(described.subjects(RDF.type, VOID.Linkset))
    subsets = {str(s) for s in set(described.objects(DATASET, VOID.subset)) - links}
    assert subsets == named and not subsets & set(DERIVED)
    for graph in named:
        wanted = sum(q.graph_name.value == graph for q in quads)
        assert int(str(described.value(rdflib.URIRef(graph), VOID.triples))) == wanted
    types = [q for q in quads if q.predicate.value == ns.RDF + "type" and isinstance(q.object, ox.NamedNode)]
    partitions = {
        str(described.value(p, VOID["class"])): int(str(described.value(p, VOID.entities)))
        for p in described.objects(DATASET, VOID.classPartition)
    }
    assert set(partitions) == {q.object.value for q in types}
    for kind in ("Recommendation", "Contraindication", "Document"):
        assert partitions[ns.GG + kind] == len({q.subject for q in types if q.object.value == ns.GG + kind})
    properties = {str(described.value(p, VOID.property)) for p in described.objects(DATASET, VOID.propertyPartition)}
    assert properties == {q.predicate.value for q in quads}
    assert int(str(described.value(DATASET, VOID.properties))) == len(properties)


def test_examples_and_dates_are_of_the_data(kb: Any, described: rdflib.Graph) -> None:
    examples = list(described.objects(DATASET, VOID.exampleResource))
    assert len(examples) == 5
    for example in examples:
        assert any(kb.store.quads_for_pattern(ox.NamedNode(str(example)), None, None, None))
    days = {q.object.value for q in kb.store.quads_for_pattern(None, ox.NamedNode(ns.DCTERMS + "created"), None, None)}
    assert str(described.value(DATASET, DCTERMS.issued)) == min(days)
    assert str(described.value(DATASET, DCTERMS.modified)) == max(days)
    assert not list(described.objects(None, rdflib.URIRef(f"{DCAT}contactPoint"))), "no contact is stated"


@pytest.mark.slow
def test_the_queries_of_the_description_run(kb: Any, described: rdflib.Graph) -> None:
    texts = [str(t) for t in described.objects(None, SH.select)]
    assert len(texts) > 5
    for text in texts:
        assert list(kb.store.query(text, use_default_graph_as_union=True)) is not None


def test_the_shape_of_a_catalogue(described: rdflib.Graph, repo_root: Path) -> None:
    """What DCAT-AP 3 makes mandatory, and what every distribution of ours must say (tests/export/dcat.ttl)."""
    import pyshacl

    shapes = rdflib.Graph().parse(repo_root / "tests/export/dcat.ttl")
    conforms, _, text = pyshacl.validate(described, shacl_graph=shapes)
    assert conforms, text
    for subject, predicate in ((DATASET, DCTERMS.title), (DATASET, DCTERMS.description), (DATASET, DCTERMS.license)):
        worse = rdflib.Graph() + described
        worse.remove((subject, predicate, None))
        assert not pyshacl.validate(worse, shacl_graph=shapes)[0], predicate


@pytest.mark.slow
def test_the_same_bytes_every_time(cli: Run, kb: Any, repo_root: Path) -> None:
    for form, text in (("turtle", description.turtle), ("schema-org", description.schema_org)):
        done = cli("export", "description", "--format", form, PYTHONHASHSEED="7")
        assert done.returncode == 0 and done.stdout == text(kb.engine, kb.knowledge.selected.links)


def test_schema_org_uses_its_terms(kb: Any, repo_root: Path) -> None:
    told = json.loads(description.schema_org(kb.engine, kb.knowledge.selected.links))

    def terms(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (key for key in node if not key.startswith("@"))
            yield from ([node["@type"]] if "@type" in node else [])
        for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            yield from terms(value)

    used = set(terms(told))
    assert {"Dataset", "license", "hasPart", "distribution"} <= used
    assert {f"https://schema.org/{term}" for term in used} <= listed("SDO")
    assert len(told["hasPart"]) > 80 and told["version"] == kb.version and told["license"].startswith("https://")


TERMINOLOGIES = "MONDO:\n  title: Mondo Disease Ontology\n  iri: http://purl.obolibrary.org/obo/MONDO_\n"
TABLE = """#mapping_set_id: https://example.org/set
#curie_map: {}
subject_id\tpredicate_id\tobject_id\tobject_label
ggt:A\tskos:exactMatch\tMONDO:1\tx
ggt:B\tskos:exactMatch\tMONDO:2\ty
ggt:C\tskos:broadMatch\tMONDO:3\tz
ggt:D\tskos:exactMatch\tsssom:NoTermFound\t
"""


def test_tables_of_links_are_linksets(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert list(description.linksets(tmp_path / "empty")) == []
    (tmp_path / "terminologies.yaml").write_text(TERMINOLOGIES, encoding="utf-8")
    (tmp_path / "mondo.sssom.tsv").write_text(TABLE, encoding="utf-8")
    graph = rdflib.Graph()
    graph.parse(data=ox.serialize(description.linksets(tmp_path), format=ox.RdfFormat.N_TRIPLES) or b"", format="nt")
    counts = {
        str(graph.value(s, VOID.linkPredicate)): int(str(graph.value(s, VOID.triples)))
        for s in graph.subjects(RDF.type, VOID.Linkset)
    }
    assert counts == {ns.SKOS + "exactMatch": 2, ns.SKOS + "broadMatch": 1}
    assert {str(o) for o in graph.objects(None, VOID.uriSpace)} == {"http://purl.obolibrary.org/obo/MONDO_"}


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("subject_id\tobject_id\n", "no column predicate_id"),
        (TABLE.replace("{}", "{ggt: x}"), "is no term of ours"),
        (TABLE.replace("MONDO", "NOPE"), "no terminology"),
    ],
)
def test_a_broken_table_of_links_is_an_error(tmp_path: Path, table: str, told: str) -> None:
    (tmp_path / "terminologies.yaml").write_text(TERMINOLOGIES, encoding="utf-8")
    (tmp_path / "x.sssom.tsv").write_text(table, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=told):
        list(description.linksets(tmp_path))


# ---------------------------------------------------------------- citation


def test_the_citation_file_is_valid(repo_root: Path) -> None:
    """CITATION.cff against the schema of the Citation File Format 1.2.0, as cffconvert carries it."""
    import jsonschema

    schema = json.loads(
        (wheel("cffconvert==2.0.0") / "cffconvert/schemas/1.2.0/schema.json").read_text(encoding="utf-8")
    )
    text = (repo_root / "CITATION.cff").read_text(encoding="utf-8")
    told = json.loads(json.dumps(yaml.safe_load(text), default=str))
    jsonschema.validate(told, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**told, "date-released": "yesterday"}, schema)


def test_the_citation_file_says_what_the_package_says(repo_root: Path, kb: Any) -> None:
    import tomllib

    told = yaml.safe_load((repo_root / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert told["version"] == project["version"] == kb.version == assets.VERSION
    assert " AND ".join(told["license"]) == project["license"]
    assert told["authors"][0]["name"] == project["authors"][0]["name"]
    assert str(told["date-released"]) in (repo_root / "CHANGELOG.md").read_text(encoding="utf-8")
