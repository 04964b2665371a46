"""A second SHACL engine, written by others in another language, gives the same verdicts as the first."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph import assets
from guidegraph.domains import first
from guidegraph.errors import ValidationError
from guidegraph.reading import read_quads
from guidegraph.store import domain_files
from guidegraph.validate import validate_graph
from guidegraph.validate.engine import context, ontology_files, shape_files

try:
    import shacl
except ImportError:  # the development extra brings it
    if os.environ.get("CI") == "true":
        raise
    pytest.skip("the second SHACL engine (shacl) is not installed", allow_module_level=True)

pytestmark = pytest.mark.slow
Verdict = tuple[str, str]
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
EXAMPLES = sorted((assets.folder("shapes") / "examples").rglob("*.ttl"))
DOCUMENTS = domain_files(first().folder)[1] + assets.files("ontology", "*.ttl")


def n_triples(triples: Sequence[ox.Quad | ox.Triple]) -> str:
    """Quads or triples as N-Triples."""
    return "".join(f"{t.subject} {t.predicate} {t.object} .\n" for t in triples)


@pytest.fixture(scope="module")
def second() -> object:
    """The shapes, compiled by the second engine."""
    return shacl.Shapes.from_text(n_triples([q for path in shape_files() for q in read_quads(path)]), "ntriples")


@pytest.fixture(scope="module")
def hierarchy() -> list[ox.Quad]:
    """What of the ontology is given with the data: the class hierarchy, and how properties are declared."""
    return context([quad for path in ontology_files() for quad in read_quads(path)])


def first_verdicts(triples: Sequence[ox.Quad | ox.Triple]) -> list[Verdict]:
    """Focus (where it has a name) and shape of every result of the first engine.

    Not the constraint within the shape: on a value of the wrong datatype the engines agree that the shape is broken,
    and differ in whether its bounds are broken too.
    """
    results = validate_graph(triples, shapes=shape_files()).results  # without what is looked at besides the shapes
    return sorted((r.focus, r.shape) for r in results)


def second_verdicts(engine: object, triples: Sequence[ox.Quad | ox.Triple]) -> list[Verdict]:
    """The same of the second engine."""
    report = engine.validate_text(n_triples(triples), "ntriples")  # type: ignore[attr-defined]
    rows = []
    for result in report.results:
        focus = result.focus_node
        rows.append((focus[1:-1] if focus.startswith("<") else "", result.root_shape[1:-1]))
    return sorted(rows)


def distinct(verdicts: list[Verdict]) -> set[Verdict]:
    """Verdicts once each: our report drops a repeated row, and nodes without a name look alike."""
    return set(verdicts)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_same_verdicts_on_examples(path: Path, second: object, hierarchy: list[ox.Quad]) -> None:
    quads = read_quads(path)
    verdicts = first_verdicts(quads)
    assert distinct(verdicts) == distinct(second_verdicts(second, [*quads, *hierarchy]))
    assert bool(verdicts) == (path.stem == "fail")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_same_verdicts_on_shipped_files(path: Path, second: object, hierarchy: list[ox.Quad]) -> None:
    quads = read_quads(path)
    assert distinct(first_verdicts(quads)) == distinct(second_verdicts(second, [*quads, *hierarchy]))


def with_faults(quads: Sequence[ox.Quad], pick: random.Random, faults: int) -> list[ox.Triple]:
    """The triples of some quads with some of them taken away, or given another object or predicate."""
    triples = [ox.Triple(q.subject, q.predicate, q.object) for q in quads]
    objects = [t.object for t in triples]
    literals = [
        ox.Literal("nonsense"),
        ox.Literal("-3.5", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")),
        ox.Literal("7", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
        ox.Literal("2024-12-31", datatype=ox.NamedNode("http://www.w3.org/2001/XMLSchema#date")),
    ]
    for _ in range(faults):
        at = pick.randrange(len(triples))
        triple = triples[at]
        kind = pick.randrange(4)
        if kind == 0:
            triples.pop(at)
        elif kind == 1:
            triples[at] = ox.Triple(triple.subject, triple.predicate, pick.choice(literals))
        elif kind == 2:
            triples[at] = ox.Triple(triple.subject, triple.predicate, pick.choice(objects))
        elif triple.predicate != RDF_TYPE:
            triples.append(ox.Triple(triple.subject, pick.choice(triples).predicate, triple.object))
    return triples


PASSING = [path for path in EXAMPLES if path.stem == "pass"]


@pytest.mark.parametrize("path", PASSING, ids=lambda path: path.parent.name)
def test_same_verdicts_on_seeded_faults(path: Path, second: object, hierarchy: list[ox.Quad]) -> None:
    quads = read_quads(path)
    pick = random.Random(path.parent.name)
    found = 0
    for _ in range(10):
        triples = with_faults(quads, pick, 3)
        try:
            verdicts = first_verdicts(triples)
        except ValidationError as fault:
            # What the first engine cannot ask shapes about (a list without an end, blank nodes to be compared) is told.
            assert fault.what.startswith("the shapes cannot be used")
            continue
        assert distinct(verdicts) == distinct(second_verdicts(second, [*triples, *hierarchy])), n_triples(triples)
        found += bool(verdicts)
    assert found >= 4, "many faults are noticed"
