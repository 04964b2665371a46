"""Borrowed vocabularies are used as they are: loaded beside the knowledge, they contradict nothing in it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from tests.support import npm
from tests.support.axioms import headless

TYPE = ns.RDF + "type"
PROPERTIES = tuple(ns.OWL + kind for kind in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty"))
#: What a vocabulary says of a term that binds those who use it.
BINDING = {TYPE, ns.OWL + "disjointWith"} | {
    ns.RDFS + name for name in ("domain", "range", "subClassOf", "subPropertyOf")
}
BORROWED = (ns.PROV, ns.SKOS)


@pytest.fixture(scope="module")
def published() -> list[ox.Triple]:
    """What PROV-O and SKOS say of their own terms, as the npm packages of @vocabulary hold them."""
    found = []
    for name in ("prov", "skos"):
        text = (npm.package(f"@vocabulary/{name}", "1.0.6") / f"{name}.nq").read_bytes()
        found += [q.triple for q in ox.parse(text, format=ox.RdfFormat.N_QUADS)]
    # PROV-O calls two of its object properties annotation properties as well, to describe itself.
    objects = {t.subject for t in found if t.object == ox.NamedNode(PROPERTIES[0])}
    return [
        t
        for t in found
        if t.predicate.value in BINDING
        and isinstance(t.object, ox.NamedNode)
        and str(t.subject.value).startswith(BORROWED)
        and not (t.subject in objects and t.object.value == PROPERTIES[2])
    ]


def kinds(triples: list[ox.Triple]) -> dict[str, set[str]]:
    """Which kinds of property a name is declared as."""
    found = defaultdict(set)
    for t in triples:
        if t.predicate.value == TYPE and t.object.value in PROPERTIES:
            found[t.subject.value].add(t.object.value)
    return found


def violations(triples: list[ox.Triple]) -> list[str]:
    """Properties of two kinds, values of the wrong kind, and nodes outside a domain or range or in two disjoint classes.

    Plain Python over the triples, since the checkers of OWL's profiles look at declarations alone.
    """
    declared = kinds(triples)
    told = [f"{name} is {len(found)} kinds of property" for name, found in sorted(declared.items()) if len(found) > 1]
    above, bounds, types, apart = (defaultdict[str, set[str]](set) for _ in range(4))
    for t in triples:
        if not (isinstance(t.subject, ox.NamedNode) and isinstance(t.object, ox.NamedNode)):
            continue
        s, p, o = t.subject.value, t.predicate.value, t.object.value
        if p in (ns.RDFS + "subClassOf", ns.RDFS + "subPropertyOf"):
            above[s].add(o)
        elif p in (ns.RDFS + "domain", ns.RDFS + "range"):
            bounds[s + p].add(o)
        elif p == ns.OWL + "disjointWith":
            apart[s].add(o)
            apart[o].add(s)
        elif p == TYPE:
            types[s].add(o)

    def upward(name: str) -> set[str]:
        found, waiting = {name}, [name]
        while waiting:
            waiting += (more := above[waiting.pop()] - found)
            found |= more
        return found

    def classes(node: str) -> set[str]:
        return set(itertools.chain.from_iterable(upward(kind) for kind in types[node]))

    for t in triples:
        s, p = t.subject.value, t.predicate.value
        if not p.startswith(BORROWED):
            continue
        if p not in declared:
            told.append(f"{p} is declared nowhere")
        elif PROPERTIES[0] in declared[p]:
            for prop in upward(p):
                told += [f"{s} in {p} is no {c}" for c in bounds[prop + ns.RDFS + "domain"] - classes(s)]
                told += [
                    f"{t.object} of {p} is no {c}" for c in bounds[prop + ns.RDFS + "range"] - classes(t.object.value)
                ]
        elif PROPERTIES[1] in declared[p]:
            told += [f"{s} in {p} is no {c}" for c in bounds[p + ns.RDFS + "domain"] - classes(s)]
            data = bounds[p + ns.RDFS + "range"]
            if not isinstance(t.object, ox.Literal) or (data and t.object.datatype.value not in data):
                told.append(f"{t.object} of {p} is no value of its range")
    for node in types:
        own = classes(node)
        told += [f"{node} is both {one} and {two}" for one in own for two in apart[one] & own if one < two]
    return sorted(set(told))


def test_nothing_here_contradicts_the_vocabularies_that_are_borrowed(
    whole: list[ox.Triple], published: list[ox.Triple]
) -> None:
    assert len(published) > 200
    assert violations([*headless(whole), *published]) == []


def test_what_is_said_of_a_borrowed_term_is_what_its_vocabulary_says(
    repo_root: Path, published: list[ox.Triple]
) -> None:
    text = (repo_root / "ontology/borrowed.ttl").read_bytes()
    ours = [
        q.triple
        for q in ox.parse(text, format=ox.RdfFormat.TURTLE)
        if q.predicate.value in BINDING and str(q.subject.value).startswith(BORROWED)
    ]
    assert len(ours) > 30
    assert [t for t in ours if t not in set(published)] == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("prov:wasAttributedTo a owl:AnnotationProperty .", "2 kinds of property"),
        ("e:i prov:wasAttributedTo gg:guideGraphEditors .", "is no http://www.w3.org/ns/prov#Entity"),
        ("e:i a prov:Entity ; prov:wasAttributedTo e:i .", "is no http://www.w3.org/ns/prov#Agent"),
        ("e:i a prov:Entity ; prov:generatedAtTime '2026' .", "is no value of its range"),
        ("e:i skos:broader e:j .", "is no http://www.w3.org/2004/02/skos/core#Concept"),
        ("e:i a skos:Concept , skos:ConceptScheme .", "is both"),
        ("e:i skos:broadr e:j .", "is declared nowhere"),
    ],
)
def test_each_wrong_use_is_found(whole: list[ox.Triple], published: list[ox.Triple], more: str, told: str) -> None:
    prefixes = (
        "".join(f"@prefix {p}: <{iri}> . " for p, iri in ns.PREFIXES.items()) + "@prefix e: <https://example.org/> . "
    )
    wrong = [q.triple for q in ox.parse(prefixes + more, format=ox.RdfFormat.TURTLE)]
    found = violations([*headless(whole), *published, *wrong])
    assert any(told in line for line in found), found
