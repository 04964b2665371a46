"""Words for the nodes of a graph: names for IRIs, and for blank nodes what they say and what they belong to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from rdflib import OWL, RDF, RDFS, SH, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from guidegraph.namespaces import shorten

#: Before the datatype of what cannot be read as it claims: nothing can be compared with such a value.
UNREADABLE = "urn:guidegraph:unreadable:"
_DEEPEST = 8
_MOST_OWNERS = 20
_BOUNDS = {XSD.minInclusive: ">=", XSD.minExclusive: ">", XSD.maxInclusive: "<=", XSD.maxExclusive: "<"}
_PATH_MARKS = {SH.zeroOrMorePath: "*", SH.oneOrMorePath: "+", SH.zeroOrOnePath: "?"}


def name(graph: Graph, node: Node, depth: int = 0) -> str:
    """A node in a reader's words: a CURIE or IRI, a literal, or for a blank node the expression that it stands for."""
    if isinstance(node, URIRef):
        short = shorten(str(node))
        return short if short != str(node) else f"<{node}>"
    if isinstance(node, Literal):
        return _literal(node)
    if depth > _DEEPEST:
        return "..."
    return _expression(graph, node, depth + 1)


def _literal(literal: Literal) -> str:
    text = '"' + str(literal).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if literal.language:
        return f"{text}@{literal.language}"
    if literal.datatype is None or literal.datatype == XSD.string:
        return text
    return f"{text}^^{shorten(str(literal.datatype).removeprefix(UNREADABLE))}"


def _members(graph: Graph, head: Node) -> Iterator[Node]:
    seen: set[Node] = set()
    while head != RDF.nil and head not in seen:
        seen.add(head)
        yield from graph.objects(head, RDF.first)
        rest = graph.value(head, RDF.rest)
        if rest is None:
            return
        head = rest


def _expression(graph: Graph, node: Node, depth: int) -> str:
    for predicate, word in ((OWL.intersectionOf, " and "), (OWL.unionOf, " or ")):
        heads = list(graph.objects(node, predicate))
        if heads:
            return _joined(f"({word.join(name(graph, m, depth) for m in _members(graph, head))})" for head in heads)
    inner = list(graph.objects(node, OWL.complementOf))
    if inner:
        return "not " + _joined(name(graph, term, depth) for term in inner)
    if (node, OWL.onProperty, None) in graph:
        return _restriction(graph, node, depth)
    facets = list(graph.objects(node, OWL.withRestrictions))
    if facets:
        return _range(graph, node, facets)
    if (node, RDF.first, None) in graph:
        return "( " + " ".join(name(graph, member, depth) for member in _members(graph, node)) + " )"
    return _properties(graph, node, depth)


def _joined(texts: Iterable[str]) -> str:
    """Texts in a fixed order: where a node says two things that should be one, the order of triples tells nothing."""
    return ", ".join(sorted(texts))


def _restriction(graph: Graph, node: Node, depth: int) -> str:
    on = _joined(name(graph, p, depth) for p in graph.objects(node, OWL.onProperty))
    said = [
        f"{word} {name(graph, filler, depth)}"
        for predicate, word in ((OWL.someValuesFrom, "some"), (OWL.hasValue, "value"), (OWL.allValuesFrom, "only"))
        for filler in graph.objects(node, predicate)
    ]
    return f"({on} {_joined(said) or '(no filler)'})"


def _range(graph: Graph, node: Node, heads: Iterable[Node]) -> str:
    bounds = [
        f"{_BOUNDS.get(predicate, shorten(str(predicate)))} {value}"  # type: ignore[call-overload]
        for head in heads
        for facet in _members(graph, head)
        for predicate, value in graph.predicate_objects(facet)
    ]
    datatypes = (shorten(str(datatype)) for datatype in graph.objects(node, OWL.onDatatype))
    return f"{_joined(datatypes)}[{_joined(bounds)}]"


def _properties(graph: Graph, node: Node, depth: int) -> str:
    parts = sorted(
        ("a" if p == RDF.type else name(graph, p, depth)) + " " + name(graph, o, depth)
        for p, o in graph.predicate_objects(node)
    )
    return "[ " + " ; ".join(parts) + " ]" if parts else "[]"


def owners(graph: Graph, node: Node) -> list[str]:
    """The named nodes that a blank node is a part of, as CURIEs or IRIs, sorted; nothing for a named node."""
    found: set[str] = set()
    waiting, seen = [node] if isinstance(node, BNode) else [], {node}
    while waiting and len(found) < _MOST_OWNERS:
        current = waiting.pop()
        for subject in graph.subjects(None, current):
            if subject in seen:
                continue
            seen.add(subject)
            if isinstance(subject, BNode):
                waiting.append(subject)
            else:
                found.add(name(graph, subject))
    return sorted(found)


def restrictions(graph: Graph, about: Node, filler: Node) -> list[Node]:
    """The restrictions with a filler on a property, or on any property that has the range ``about``."""
    properties = {about, *graph.subjects(RDFS.range, about)}
    using = graph.subjects(OWL.someValuesFrom, filler)
    return [r for r in using if not properties.isdisjoint(graph.objects(r, OWL.onProperty))]


def users(graph: Graph, about: Node, value: Node) -> list[str]:
    """The named nodes with a restriction on the property ``about`` whose filler is ``value``, sorted."""
    names = (owner for restriction in restrictions(graph, about, value) for owner in owners(graph, restriction))
    return sorted(set(islice(names, _MOST_OWNERS)))


def path_text(graph: Graph, path: Node) -> str:
    """A SHACL property path of a shapes graph in SPARQL's notation."""
    if isinstance(path, URIRef):
        return name(graph, path)
    if (path, RDF.first, None) in graph:
        return "/".join(path_text(graph, step) for step in _members(graph, path))
    inverse = graph.value(path, SH.inversePath)
    if inverse is not None:
        return f"^{path_text(graph, inverse)}"
    alternatives = graph.value(path, SH.alternativePath)
    if alternatives is not None:
        return "(" + "|".join(path_text(graph, step) for step in _members(graph, alternatives)) + ")"
    for predicate, mark in _PATH_MARKS.items():
        inner = graph.value(path, predicate)
        if inner is not None:
            return f"({path_text(graph, inner)}){mark}"
    return "?"


def named_shape(shapes: Graph, shape: Node) -> Node:
    """The nearest shape with a name, at or around a shape."""
    seen = {shape}
    while isinstance(shape, BNode):
        outer = next((s for s in shapes.subjects(None, shape) if s not in seen), None)
        if outer is None:
            return shape
        seen.add(outer)
        shape = outer
    return shape
