"""Validation of files and graphs: reading, limits, reports, and the graph that pySHACL is given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
from rdflib import SH, Dataset, Graph, URIRef

from guidegraph import assets
from guidegraph.domains import available, first
from guidegraph.errors import ValidationError
from guidegraph.reading import read_quads
from guidegraph.store import domain_files
from guidegraph.validate import engine, validate_files, validate_graph
from guidegraph.validate.graph import IndexedGraph, TermTable

GOOD = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix : <urn:x:> .
:d a gg:Document ; rdfs:label "Doc"@en ; gg:documentKind gg:Guideline ; gg:verification gg:NotVerified ;
    dcterms:issued "2020"^^xsd:gYear .
"""
BAD = GOOD.replace("gg:Guideline", "gg:Blog")
SHAPES = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix : <urn:x:> .
:has-name a sh:NodeShape ; sh:targetClass :Person ;
    sh:property [ sh:path :name ; sh:minCount 1 ; sh:message "No name." ] .
"""


def write(path: Path, text: str) -> Path:
    """Write a file and return its path."""
    path.write_text(text, encoding="utf-8")
    return path


def test_good_file_conforms(tmp_path: Path) -> None:
    report = validate_files([write(tmp_path / "good.ttl", GOOD)])
    assert report.conforms and report.results == ()
    assert report.to_dict() == {"conforms": True, "files": [str(tmp_path / "good.ttl")], "results": []}


def test_bad_file_names_node_rule_and_mend(tmp_path: Path) -> None:
    path = write(tmp_path / "bad.ttl", BAD)
    report = validate_files([path])
    assert not report.conforms
    (result,) = report.results
    assert (result.file, result.node, result.focus) == (str(path), "<urn:x:d>", "urn:x:d")
    assert result.value == "gg:Blog" and result.path == "gg:documentKind" and result.severity == "Violation"
    assert result.shape == "https://w3id.org/guidegraph/shape/document-kind"
    assert "Give it one gg:documentKind" in result.message
    assert json.loads(json.dumps(report.to_dict()))["results"][0]["node"] == "<urn:x:d>"


@pytest.mark.parametrize(
    ("suffix", "wrap"),
    [(".ttl", "{}"), (".trig", "{}"), (".nt", "nt"), (".nq", "nq"), (".jsonld", "json-ld")],
)
def test_every_format_is_read_and_judged_alike(tmp_path: Path, suffix: str, wrap: str) -> None:
    text = BAD
    if suffix == ".trig":
        head, _, body = BAD.rpartition(" .\n:d")
        text = f"{head} .\n:g {{ :d{body} }}"
    elif wrap != "{}":
        dataset = Dataset()
        dataset.graph(URIRef("urn:x:g") if suffix == ".nq" else None).parse(data=BAD, format="turtle")
        graph = Graph().parse(data=BAD, format="turtle")
        text = dataset.serialize(format="nquads") if suffix == ".nq" else graph.serialize(format=wrap)
    report = validate_files([write(tmp_path / f"bad{suffix}", text)])
    assert [result.value for result in report.results] == ["gg:Blog"]


def test_a_fault_is_told_of_its_file(tmp_path: Path) -> None:
    first, second = write(tmp_path / "a.ttl", GOOD), write(tmp_path / "b.ttl", GOOD + ":r a gg:Recommendation .")
    files = {result.file for result in validate_files([first, second]).results}
    assert files == {str(second)}


def test_no_files_and_empty_graph_are_errors() -> None:
    with pytest.raises(ValidationError, match="no file"):
        validate_files([])
    with pytest.raises(ValidationError, match="no triples"):
        validate_graph([], name="mine")


def test_imports_are_not_followed(tmp_path: Path) -> None:
    text = GOOD + "<urn:x:o> <http://www.w3.org/2002/07/owl#imports> <http://127.0.0.1:9/never> ."
    assert validate_files([write(tmp_path / "imports.ttl", text)]).conforms


def test_ill_typed_literal_is_a_result_and_logs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    report = validate_files([write(tmp_path / "date.ttl", GOOD.replace('"2020"^^xsd:gYear', '"2020-13-45"^^xsd:date'))])
    assert [result.shape.rpartition("/")[2] for result in report.results] == ["value-readable"]
    assert caplog.text == ""


def test_validate_graph_takes_rdflib_and_pyoxigraph() -> None:
    quads = list(ox.parse(BAD, format=ox.RdfFormat.TURTLE))
    from_ox = validate_graph(quads, name="mine")
    from_rdflib = validate_graph(Graph().parse(data=BAD, format="turtle"), name="mine")
    assert from_ox == from_rdflib and from_ox.results[0].file == "mine"


@pytest.mark.slow
def test_report_does_not_depend_on_order_or_blank_node_labels(tmp_path: Path) -> None:
    path = assets.folder("shapes") / "examples" / "populations" / "fail.ttl"
    quads = read_quads(path)
    assert validate_graph(quads) == validate_graph(list(reversed(read_quads(path))))
    assert "_:" not in json.dumps(validate_graph(quads).to_dict())


def test_nodes_without_name_are_told_by_what_they_say() -> None:
    path = assets.folder("shapes") / "examples" / "populations" / "fail.ttl"
    told = {result.part_of: result for result in validate_files([path]).results}
    negated = told[("<https://example.org/NegatedNumber>",)]
    assert negated.node == "not (gg:ageYears some xsd:decimal[>= 18.0])"
    wrong = told[("<https://example.org/FindingAsCondition>",)]
    assert wrong.node == "gg:hasCondition" and wrong.value == "<https://example.org/Sign>"


def test_user_shapes_and_their_faults(tmp_path: Path) -> None:
    data = write(tmp_path / "data.ttl", "@prefix : <urn:x:> . :p a :Person .")
    report = validate_files([data], shapes=[write(tmp_path / "shapes.ttl", SHAPES)])
    assert [(r.shape, r.path, r.message) for r in report.results] == [("urn:x:has-name", "<urn:x:name>", "No name.")]
    broken = write(tmp_path / "broken.ttl", SHAPES.replace("sh:minCount 1", 'sh:minCount "one"'))
    with pytest.raises(ValidationError, match="shapes cannot be used"):
        validate_files([data], shapes=[broken])
    with pytest.raises(ValidationError, match="cannot be read"):
        validate_files([data], shapes=[tmp_path / "none.ttl"])


def test_changed_shapes_are_read_again(tmp_path: Path) -> None:
    import os

    data = write(tmp_path / "data.ttl", "@prefix : <urn:x:> . :p a :Person .")
    shapes = write(tmp_path / "shapes.ttl", SHAPES)
    assert not validate_files([data], shapes=[shapes]).conforms
    write(shapes, SHAPES.replace("sh:minCount 1", "sh:minCount 0"))
    os.utime(shapes, ns=(1, 1))
    assert validate_files([data], shapes=[shapes]).conforms


SPARQL = """
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix : <urn:x:> .
:even a sh:NodeShape ; sh:targetClass :Person ; sh:sparql [ sh:message "Too young." ;
    sh:select "SELECT $this WHERE { $this <urn:x:age> ?age . FILTER(?age < 18) }" ] .
"""


def people(count: int) -> str:
    """Turtle of some people, every third of age."""
    rows = (f":p{n} a :Person ; :age {18 if n % 3 == 0 else 9} ." for n in range(count))
    return "@prefix : <urn:x:> .\n" + "\n".join(rows)


def test_the_text_of_a_constraint_is_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rdflib.plugins.sparql import processor

    data, shapes = write(tmp_path / "p.ttl", people(30)), write(tmp_path / "s.ttl", SPARQL)
    parsed: list[str] = []
    parse = processor.parseQuery
    monkeypatch.setattr(processor, "parseQuery", lambda text: parsed.append(text) or parse(text))
    # What a sealed process parses is not seen here.
    monkeypatch.setattr("guidegraph.validate.shacl.sealed", lambda work, limits: work())
    assert len(validate_files([data], shapes=[shapes]).results) == 20
    assert len(parsed) == 1


@pytest.mark.slow
def test_validations_in_threads_do_not_meet(tmp_path: Path) -> None:
    """Nothing of the libraries is changed while one runs: each thread gets its own report, and all is as before."""
    import logging
    from concurrent.futures import ThreadPoolExecutor

    from rdflib.plugins.sparql.processor import SPARQLProcessor

    logger = logging.getLogger("rdflib.term")
    before = (SPARQLProcessor.query, logger.level, list(logger.filters), logger.disabled)
    jobs = []
    for number in range(8):
        data = write(
            tmp_path / f"p{number}.ttl",
            people(10 + number) + '\n:x :when "2024-13-45"^^<http://www.w3.org/2001/XMLSchema#date> .',
        )
        shapes = write(tmp_path / f"s{number}.ttl", SPARQL.replace("Too young.", f"Too young {number}."))
        jobs.append((data, shapes))
    during: list[object] = []

    def job(files: tuple[Path, Path]) -> list[tuple[str, str]]:
        report = validate_files([files[0]], shapes=[files[1]])
        during.append((SPARQLProcessor.query, logger.level, list(logger.filters), logger.disabled))
        return [(r.node, r.message) for r in report.results]

    alone = [job(files) for files in jobs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(job, jobs * 3)) == alone * 3
    assert {len(rows) for rows in alone} == {7, 8, 9, 10, 11, 12} and all(state == before for state in during)


@pytest.mark.parametrize(
    "word", ["SERVICE <http://127.0.0.1:9/> { ?s ?p ?o }", "?s ?p ?o } FROM <http://127.0.0.1:9/> {"]
)
def test_shapes_that_reach_out_are_refused(tmp_path: Path, word: str) -> None:
    data = write(tmp_path / "p.ttl", people(1))
    shapes = write(tmp_path / "s.ttl", SPARQL.replace("$this <urn:x:age> ?age .", word))
    with pytest.raises(ValidationError, match=r"reaches out|cannot be read"):
        validate_files([data], shapes=[shapes])


EXAMPLES = sorted((assets.folder("shapes") / "examples").glob("*/*.ttl"))


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_indexed_graph_gives_the_reports_of_an_ordinary_graph(path: Path) -> None:
    """The engine's reports are the same on our graph as on rdflib's own."""
    quads = read_quads(path) + engine.context(quad for file in engine.ontology_files() for quad in read_quads(file))
    rules = [quad for path in engine.shape_files() for quad in read_quads(path)]
    terms = TermTable()

    def verdicts(data: Graph, shapes: Graph) -> set[tuple[str, str, str]]:
        _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inplace=True, inference="none")
        parts = (SH.focusNode, SH.sourceShape, SH.sourceConstraintComponent)
        return {tuple(str(report.value(r, part)) for part in parts) for r in report.objects(None, SH.result)}  # type: ignore[misc]

    plain_data, plain_shapes = Graph(), Graph()
    for graph, source in ((plain_data, quads), (plain_shapes, rules)):
        for triple in terms.triples(source):
            graph.add(triple)
    indexed = verdicts(IndexedGraph(terms.triples(quads)), IndexedGraph(terms.triples(rules)))
    assert indexed == verdicts(plain_data, plain_shapes)
    assert bool(indexed) == (path.stem == "fail")


def test_indexed_graph_answers_like_an_ordinary_graph() -> None:
    triples = list(
        TermTable().triples(ox.parse(people(5) + " :p0 :knows :p1 , ( :p2 :p3 ) .", format=ox.RdfFormat.TURTLE))
    )
    plain, indexed = Graph(), IndexedGraph(triples + triples)
    for triple in triples:
        plain.add(triple)
    assert len(indexed) == len(plain) == len(triples)
    nodes = sorted(set(plain.all_nodes()), key=str)[:6]
    for s in (None, *nodes):
        for p in (None, *sorted(set(plain.predicates()), key=str)):
            assert set(indexed.objects(s, p)) == set(plain.objects(s, p))
            assert set(indexed.subjects(p, s)) == set(plain.subjects(p, s))
            for o in (None, *nodes):
                assert set(indexed.triples((s, p, o))) == set(plain.triples((s, p, o)))
                assert ((s, p, o) in indexed) == ((s, p, o) in plain)
    with pytest.raises(TypeError):
        indexed.remove(triples[0])


def test_importing_the_package_loads_no_engine() -> None:
    engines = "{'pyshacl', 'rdflib', 'owlready2'}"
    code = f"import sys, guidegraph, guidegraph.validate; print(sorted({engines} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_shipped_files_conform() -> None:
    """All at once: engine and shapes are read for one validation, and each result names its file."""
    files = [*domain_files(first().folder)[1], *assets.files("ontology", "*.ttl")]
    assert len(files) > 150
    assert [str(result) for result in validate_files(files).results] == []
    others = {name: domain for name, domain in available(assets.root()).items() if domain != first()}
    assert others and len(others) == len(available(assets.root())) - 1
    for name, domain in others.items():
        terms, documents = domain_files(domain.folder)
        ontology = [*assets.files("ontology", "*.ttl"), *terms]
        assert [str(result) for result in validate_files([*terms, *documents], ontology=ontology).results] == [], name
