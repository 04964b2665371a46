"""Tests of definitions: each says more than the names of its term and of what is above it."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph import assets
from guidegraph.namespaces import ONTOLOGY_GRAPH
from guidegraph.reading import read_quads
from guidegraph.validate.definitions import restatements

HEAD = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
gg:Drug rdfs:label "drug"@en ; skos:definition "What is swallowed or injected as medicine."@en .
ggt:Blocker a rdfs:Class ; rdfs:subClassOf gg:Drug ; rdfs:label "angiotensin receptor blocker"@en ; skos:altLabel "sartan"@en ;
    skos:definition "A drug of ATC group C09C."@en .
"""


def found(turtle: str, tmp_path: Path) -> list[str]:
    """The terms of an ontology that are defined by their name."""
    path = tmp_path / "terms.ttl"
    path.write_text(HEAD + turtle)
    store = ox.Store()
    graph = ox.NamedNode(ONTOLOGY_GRAPH)
    store.extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in read_quads(path))
    return [defect.node for defect in restatements(store, assets.folder("ontology"))]


def term(definition: str, label: str = "losartan") -> str:
    return f'ggt:X rdfs:subClassOf ggt:Blocker ; rdfs:label "{label}"@en ; skos:definition "{definition}"@en .'


@pytest.mark.parametrize(
    "definition",
    [
        "Losartan.",
        "The drug losartan.",
        "The sartan losartan.",  # a synonym of the class above
        "A drug by which receptors of angiotensin are blocked.",  # the same words in other forms
        "Losartan, given to a patient.",  # words that say nothing
    ],
)
def test_a_definition_that_only_repeats_names_is_found(definition: str, tmp_path: Path) -> None:
    """Whatever the form of its words, and whether the names are its own or of what is above it."""
    assert found(term(definition), tmp_path) == ["https://w3id.org/guidegraph/term/X"]


@pytest.mark.parametrize(
    ("definition", "label"),
    [
        ("A sartan whose active substance is losartan: ATC C09CA01.", "losartan"),
        ("A drug that lowers blood pressure.", "losartan"),
        ("Losartan in a hospital.", "losartan"),
    ],
)
def test_a_definition_with_a_difference_passes(definition: str, label: str, tmp_path: Path) -> None:
    """One word that no name has is a difference."""
    assert found(term(definition, label), tmp_path) == []


def test_an_individual_is_held_against_its_class(tmp_path: Path) -> None:
    """A member of a closed list must say more than which list it is of."""
    turtle = """gg:Certainty rdfs:label "certainty of evidence"@en ; skos:definition "How sure it is, in four steps."@en .
    gg:High a gg:Certainty ; rdfs:label "high"@en ; skos:definition "High certainty of the evidence."@en ."""
    assert found(turtle, tmp_path) == ["https://w3id.org/guidegraph/vocab/High"]


def test_no_shipped_definition_restates_its_name() -> None:
    """And each shipped term that names a drug by its substance says whence that is known."""
    store = ox.Store()
    graph = ox.NamedNode(ONTOLOGY_GRAPH)
    for path in assets.files("ontology", "*.ttl"):
        store.extend(ox.Quad(q.subject, q.predicate, q.object, graph) for q in read_quads(path))
    assert [defect.message for defect in restatements(store, assets.folder("ontology"))] == []
