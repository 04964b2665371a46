"""Exports in RDF and JSON-LD: each form read back is the same graph, and other tools read it without complaint."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
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
from guidegraph.export import jsonld, rdf
from guidegraph.store import digest_of

Run = Callable[..., CompletedProcess[str]]
FORMS = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS}


def in_default(quads: list[ox.Quad]) -> list[ox.Quad]:
    return [ox.Quad(q.subject, q.predicate, q.object) for q in quads]


# ---------------------------------------------------------------- Turtle, TriG, N-Quads


@pytest.mark.parametrize("form", FORMS)
def test_rdf_forms_read_back_the_same(kb: Any, cli: Run, form: str, tmp_path: Path) -> None:
    done = cli("export", "graph", "--format", form, "--document", "bmj-2025", "-o", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    expected = rdf.document(kb.store, ns.GGD + "bmj-2025")
    if form == "turtle":
        expected = in_default(expected)
    assert expected and digest_of(ox.parse(input=(tmp_path / "out").read_bytes(), format=FORMS[form])) == digest_of(
        expected
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", ["trig", "nquads"])
@pytest.mark.parametrize("part", ["ontology", "everything"])
def test_the_whole_reads_back_the_same(kb: Any, form: str, part: str) -> None:
    quads = getattr(rdf, part)(kb.store)
    text = rdf.trig(quads) if form == "trig" else rdf.nquads(quads)
    assert len(quads) > 2_000 and digest_of(ox.parse(input=text, format=FORMS[form])) == digest_of(quads)


def test_the_default_is_the_ontology_in_turtle(kb: Any, cli: Run) -> None:
    done = cli("export", "graph")
    assert digest_of(ox.parse(input=done.stdout, format=ox.RdfFormat.TURTLE)) == digest_of(
        in_default(rdf.ontology(kb.store))
    )


@pytest.mark.slow
@pytest.mark.parametrize("write", [rdf.trig, rdf.nquads], ids=["trig", "nquads"])
def test_the_order_and_the_blank_names_of_the_store_do_not_show(kb: Any, write: Callable[..., str]) -> None:
    quads = rdf.everything(kb.store)
    first = write(quads)
    renamed = {q.subject: ox.BlankNode() for q in quads if isinstance(q.subject, ox.BlankNode)}
    other = [
        ox.Quad(renamed.get(q.subject, q.subject), q.predicate, renamed.get(q.object, q.object), q.graph_name)
        for q in quads
    ]
    random.Random(7).shuffle(other)
    assert write(other) == first


def test_turtle_is_nested_and_names_no_blank_node(kb: Any) -> None:
    text = rdf.turtle(rdf.ontology(kb.store))
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


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(QUADS)
def test_any_quads_pass_through_trig(quads: list[ox.Quad]) -> None:
    assert digest_of(ox.parse(input=rdf.trig(quads), format=ox.RdfFormat.TRIG)) == digest_of(quads)


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
    text = rdf.trig([*chain, *members])
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


@pytest.mark.parametrize(
    ("part", "by_reference"),
    [
        pytest.param("ontology", False, marks=pytest.mark.slow),
        ("document", False),
        ("document", True),
        pytest.param("all", True, marks=pytest.mark.slow),
    ],
)
def test_json_ld_expands_to_the_same_quads_offline(kb: Any, part: str, by_reference: bool) -> None:
    processor = pytest.importorskip("pyld").jsonld
    picked = {"ontology": rdf.ontology(kb.store), "all": rdf.everything(kb.store)}
    quads = picked.get(part) or rdf.document(kb.store, ns.GGD + "bmj-2025")
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
    told = json.loads(jsonld.json_ld(rdf.document(kb.store, ns.GGD + "acp-2017")))
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
    used = {q.predicate.value for q in rdf.everything(kb.store)} & declared
    named = {value["@id"] for value in terms.values() if isinstance(value, dict)}
    assert {ns.shorten(p) for p in used} <= named


def test_the_loader_fetches_nothing() -> None:
    with pytest.raises(UsageError, match="nothing is fetched"):
        jsonld.loader("https://example.org/context")
