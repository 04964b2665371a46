"""Every shape has a node that passes and a node that fails it, beside the shapes, and fails as the file says."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph.validate import validate_files
from tests.support.paths import ROOT

SHAPES = ROOT / "shapes"
SUBJECTS = sorted(path.stem for path in SHAPES.glob("*.ttl"))
SHAPE = "https://w3id.org/guidegraph/shape/"
SH = "http://www.w3.org/ns/shacl#"
GG = "https://w3id.org/guidegraph/vocab/"


def rules(subject: str) -> set[str]:
    """The local names of the shapes that a file declares."""
    quads = ox.parse(path=str(SHAPES / f"{subject}.ttl"))
    return {q.subject.value.removeprefix(SHAPE) for q in quads if q.subject.value.startswith(SHAPE)}


def expected(subject: str) -> set[tuple[str, str]]:
    """What a failing example says of itself: pairs of node and shape."""
    text = (SHAPES / "examples" / subject / "fail.ttl").read_text(encoding="utf-8")
    return set(re.findall(r"^#   (\S+) (\S+)$", text, re.MULTILINE))


def reported(path: Path) -> set[tuple[str, str]]:
    """Pairs of node (or what a node without a name is part of) and shape in the report on a file."""
    return {
        (re.sub(r"^<https://example\.org/(.*)>$", r"ex:\1", node), result.shape.removeprefix(SHAPE))
        for result in validate_files([path]).results
        # Whether a step of a review counts is no matter of its shape: tests/reviews.
        if not result.shape.endswith("/review-counts")
        for node in result.part_of or (result.node,)
    }


def test_every_shapes_file_has_examples() -> None:
    folders = sorted(path.name for path in (SHAPES / "examples").iterdir())
    assert folders == SUBJECTS and len(SUBJECTS) >= 10


@pytest.mark.parametrize("subject", SUBJECTS)
def test_passing_example_passes(subject: str) -> None:
    assert reported(SHAPES / "examples" / subject / "pass.ttl") == set()


@pytest.mark.parametrize("subject", SUBJECTS)
def test_failing_example_fails_exactly_as_it_says(subject: str) -> None:
    assert reported(SHAPES / "examples" / subject / "fail.ttl") == expected(subject)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_rule_has_a_failing_node(subject: str) -> None:
    assert rules(subject) - {rule for _, rule in expected(subject)} == set()


def targets(subject: str) -> dict[str, list[tuple[str, str]]]:
    """For each rule, its targets as pairs of kind (``targetClass``...) and IRI."""
    found: dict[str, list[tuple[str, str]]] = {}
    for q in ox.parse(path=str(SHAPES / f"{subject}.ttl")):
        kind = q.predicate.value.removeprefix(SH)
        if kind.startswith("target"):
            found.setdefault(q.subject.value.removeprefix(SHAPE), []).append((kind, q.object.value))
    return found


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_rule_looks_at_a_node_of_the_passing_example(subject: str) -> None:
    """A rule that never applies would pass for nothing."""
    quads = list(ox.parse(path=str(SHAPES / "examples" / subject / "pass.ttl")))
    subjects = {q.predicate.value for q in quads}
    classes = {q.object.value for q in quads if q.predicate.value.endswith("#type")}
    nodes = {term.value for q in quads for term in (q.subject, q.object)}
    if classes & {GG + "Background", GG + "Recommendation", GG + "Contraindication", GG + "Alert", GG + "EvidenceItem"}:
        classes.add(GG + "Statement")
    met = {"targetClass": classes, "targetSubjectsOf": subjects, "targetObjectsOf": subjects, "targetNode": nodes}
    # what only a fault brings into a graph has no good example
    faults = {"construct-outside"}
    for rule, places in targets(subject).items():
        assert rule in faults or any(iri in met[kind] for kind, iri in places), rule
    assert set(targets(subject)) == rules(subject)


def test_messages_name_the_rule_and_the_mend() -> None:
    for subject in SUBJECTS:
        store = ox.Store()
        store.load(path=str(SHAPES / f"{subject}.ttl"), format=ox.RdfFormat.TURTLE)
        for rule in rules(subject):
            quads = store.quads_for_pattern(ox.NamedNode(SHAPE + rule), ox.NamedNode(SH + "message"), None)
            messages = [q.object.value for q in quads]
            assert len(messages) == 1, rule
            assert re.fullmatch(r".+\. .+\.", messages[0]), f"{rule}: one sentence for the rule, one for the mend"


def test_no_shape_asks_sparql() -> None:
    for subject in SUBJECTS:
        for q in ox.parse(path=str(SHAPES / f"{subject}.ttl")):
            assert q.predicate.value != SH + "sparql"


def test_no_shape_names_a_number() -> None:
    """A number that the ontology gains needs no change of a shape."""
    numbers = {
        q.subject.value
        for path in sorted((SHAPES.parent / "ontology").glob("*.ttl"))
        for q in ox.parse(path=str(path))
        if q.predicate.value == GG + "minimumPlausible"
    }
    assert len(numbers) >= 5
    for subject in SUBJECTS:
        named = {term.value for q in ox.parse(path=str(SHAPES / f"{subject}.ttl")) for term in (q.subject, q.object)}
        assert named & numbers <= {GG + "pregnancyWeeks"}, subject
