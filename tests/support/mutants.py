"""Mistakes that can be made in a file of the knowledge, each by an operator."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import first
from guidegraph.reading import read_quads
from guidegraph.store import domain_files

Quads = list[ox.Quad]


def gg(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GG + name)


LABEL, TYPE, SUB = (ox.NamedNode(i) for i in (ns.RDFS + "label", ns.RDF + "type", ns.RDFS + "subClassOf"))
ISSUED, PUBLISHER = ox.NamedNode(ns.DCTERMS + "issued"), ox.NamedNode(ns.DCTERMS + "publisher")
SOME, NOT = ox.NamedNode(ns.OWL + "someValuesFrom"), ox.NamedNode(ns.OWL + "complementOf")
FACETS = {n: ox.NamedNode(ns.XSD + n) for n in ("minInclusive", "minExclusive", "maxInclusive", "maxExclusive")}


@cache
def files() -> dict[Path, tuple[ox.Quad, ...]]:
    """Every file of the shipped knowledge with its quads; the ontology's in its graph."""
    found = {}
    graph = ox.NamedNode(ns.ONTOLOGY_GRAPH)
    for path in [*assets.files("ontology", "*.ttl"), *domain_files(first().folder)[1]]:
        quads = read_quads(path, strange=False)
        inside = [ox.Quad(q.subject, q.predicate, q.object, graph) for q in quads]
        found[path] = tuple(inside if path.suffix == ".ttl" else quads)
    return found


@dataclass(frozen=True)
class Place:
    """Where an operator may strike: a quad of a file."""

    path: Path
    quad: ox.Quad


Mutate = Callable[[Place, random.Random], "tuple[Quads, Quads] | None"]
OPERATORS: dict[str, tuple[Callable[[ox.Quad], bool], Mutate]] = {}


def operator(name: str, where: Callable[[ox.Quad], bool]) -> Callable[[Mutate], Mutate]:
    def register(mutate: Mutate) -> Mutate:
        OPERATORS[name] = (where, mutate)
        return mutate

    return register


def of(*predicates: ox.NamedNode) -> Callable[[ox.Quad], bool]:
    return lambda quad: quad.predicate in predicates


def put(quad: ox.Quad, value: Any) -> tuple[Quads, Quads]:
    """The quad with another object: what goes and what comes."""
    return [quad], [ox.Quad(quad.subject, quad.predicate, value, quad.graph_name)]


def drop(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return [place.quad], []


def other(place: Place, pick: random.Random, predicate: ox.NamedNode) -> ox.Term | None:
    """Another value that the predicate has somewhere, of the same document if there is one."""
    near = sorted({str(q.object): q.object for q in files()[place.path] if q.predicate == predicate}.items())
    far = sorted(
        {str(q.object): q.object for quads in files().values() for q in quads if q.predicate == predicate}.items()
    )
    for pool in (near, far):
        values = [v for _, v in pool if v != place.quad.object]
        if values:
            return pick.choice(values)
    return None


def swap(name: str) -> Mutate:
    def mutate(place: Place, pick: random.Random) -> tuple[Quads, Quads] | None:
        value = other(place, pick, gg(name))
        return put(place.quad, value) if value is not None else None

    return mutate


def literal(place: Place, change: Callable[[str], str]) -> tuple[Quads, Quads]:
    value = place.quad.object
    assert isinstance(value, ox.Literal)
    text = change(value.value)
    new = ox.Literal(text, language=value.language) if value.language else ox.Literal(text, datatype=value.datatype)
    return put(place.quad, new)


@operator("stance flipped", of(gg("stance")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return put(place.quad, gg("Against" if place.quad.object == gg("For") else "For"))


@operator("threshold moved", of(*FACETS.values()))
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(float(t) + pick.choice((-1, 1, 2, 10)) if float(t) > 1 else float(t) + 1))


@operator("bound included or excluded", of(*FACETS.values()))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    name = place.quad.predicate.value.removeprefix(ns.XSD)
    new = name.replace("Inclusive", "?").replace("Exclusive", "Inclusive").replace("?", "Exclusive")
    return [place.quad], [ox.Quad(place.quad.subject, FACETS[new], place.quad.object, place.quad.graph_name)]


@operator("negation lost", of(NOT))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads] | None:
    """The complement becomes the class itself, as if the word not had been overlooked."""
    node, value = place.quad.subject, place.quad.object
    quads = files()[place.path]
    if isinstance(value, ox.NamedNode):
        return None
    gone = [q for q in quads if q.subject == node]
    moved = [ox.Quad(node, q.predicate, q.object, q.graph_name) for q in quads if q.subject == value]
    return [*gone, *[q for q in quads if q.subject == value]], moved


@operator(
    "criterion swapped",
    lambda q: q.predicate == SOME and isinstance(q.object, ox.NamedNode) and ns.GGT in q.object.value,
)
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads]:
    values = sorted(
        {
            q.object.value
            for quads in files().values()
            for q in quads
            if q.predicate == SOME and isinstance(q.object, ox.NamedNode) and ns.GGT in q.object.value
        }
    )
    return put(place.quad, ox.NamedNode(pick.choice([v for v in values if v != place.quad.object.value])))  # type: ignore[union-attr]


for _name, _predicate in {
    "intervention swapped": "intervention",
    "population swapped": "population",
    "indication swapped": "indication",
    "strength changed": "strength",
    "certainty changed": "certainty",
    "source swapped": "statedIn",
    "citation leads elsewhere": "pointsAt",
    "reference to another document": "refersTo",
    "primary swapped": "primaryStatement",
    "evidence direction changed": "benefitOrHarm",
    "contraindication degree changed": "kind",
    "country changed": "jurisdiction",
    "kind of document changed": "documentKind",
    "condition swapped": "attachedCondition",
}.items():
    operator(_name, of(gg(_predicate)))(swap(_predicate))

for _name, _predicate in {
    "citation dropped": "cites",
    "primary dropped": "primaryStatement",
    "attached condition dropped": "attachedCondition",
    "exception dropped": "onlyWithout",
    "place dropped": "locator",
    "verification dropped": "verification",
    "encoder dropped": "encodedBy",
    "end of validity dropped": "supersededBy",
    "withdrawal dropped": "withdrawnOn",
    "alert loses what it calls for": "callsFor",
}.items():
    operator(_name, of(gg(_predicate)))(drop)


@operator("date of issue shifted", of(ISSUED))
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(int(t[:4]) + pick.choice((-9, -3, 3, 9))) + t[4:])


@operator("lapse shifted", of(gg("lapsesOn")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(int(t[:4]) + 10) + t[4:])


@operator("publisher changed", of(PUBLISHER))
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads] | None:
    value = other(place, pick, PUBLISHER)
    return put(place.quad, value) if value is not None else None


@operator("digest altered", of(gg("passageDigest")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: ("0" if t[0] != "0" else "1") + t[1:])


@operator("place shifted", of(gg("startOffset"), gg("endOffset")))
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(int(t) + pick.choice((1, 2, 7))))


@operator("accuracy altered", of(gg("sensitivity"), gg("specificity")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: f"{1 - float(t):.2f}")


@operator(
    "class moved",
    lambda q: (
        q.predicate == SUB
        and isinstance(q.subject, ox.NamedNode)
        and ns.GGT in q.subject.value
        and isinstance(q.object, ox.NamedNode)
    ),
)
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads] | None:
    value = other(place, pick, SUB)
    return put(place.quad, value) if isinstance(value, ox.NamedNode) and value != place.quad.subject else None


@operator(
    "class cut off",
    lambda q: (
        q.predicate == SUB
        and isinstance(q.subject, ox.NamedNode)
        and ns.GGT in q.subject.value
        and isinstance(q.object, ox.NamedNode)
        and ns.GGT in q.object.value
    ),
)
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return [place.quad], []


@operator(
    "statement removed",
    lambda q: q.predicate == TYPE and q.object in (gg("Contraindication"), gg("Recommendation"), gg("Alert")),
)
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return [q for q in files()[place.path] if place.quad.subject in (q.subject, q.object)], []


@operator(
    "statement doubled", lambda q: q.predicate == TYPE and q.object in (gg("Contraindication"), gg("Recommendation"))
)
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    node = place.quad.subject
    assert isinstance(node, ox.NamedNode)
    twin = ox.NamedNode(node.value + "-twin")
    return [], [ox.Quad(twin, q.predicate, q.object, q.graph_name) for q in files()[place.path] if q.subject == node]


@operator("chain cut", of(gg("primaryStatement"), gg("restsOn"), gg("refersTo"), gg("reports")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return put(place.quad, ox.NamedNode(str(getattr(place.quad.object, "value", "")) + "-gone"))


@operator("citation renumbered", lambda q: q.predicate == gg("number"))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(int(t) + 1))


@operator("line of therapy changed", of(gg("line")))
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    return literal(place, lambda t: str(int(t) % 3 + 1))


@operator("label lost", lambda q: q.predicate == LABEL and isinstance(q.subject, ox.NamedNode))
def _(place: Place, pick: random.Random) -> tuple[Quads, Quads]:
    return drop(place, pick)


@operator(
    "word misspelt in the vocabulary",
    lambda q: q.predicate.value.startswith(ns.GG) and not isinstance(q.object, ox.BlankNode),
)
def _(place: Place, _: random.Random) -> tuple[Quads, Quads]:
    quad = place.quad
    return [quad], [ox.Quad(quad.subject, ox.NamedNode(quad.predicate.value + "s"), quad.object, quad.graph_name)]
