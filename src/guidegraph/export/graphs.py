"""Parts of the knowledge as RDF: which quads, and in which form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.turtle import canonical, trig
from guidegraph.store import is_derived, knowledge_graphs

_ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)


def ontology(store: ox.Store) -> list[ox.Quad]:
    """The quads of the ontology."""
    return list(store.quads_for_pattern(None, None, None, _ONTOLOGY))


def document(store: ox.Store, iri: str) -> list[ox.Quad]:
    """The quads of the named graphs that encode a document.

    Raises:
        UsageError: no named graph encodes it.
    """
    encodes = ox.NamedNode(ns.GG + "encodes")
    graphs: set[Any] = {q.subject for q in store.quads_for_pattern(None, encodes, ox.NamedNode(iri), None)}
    found = [q for graph in graphs for q in store.quads_for_pattern(None, None, None, graph)]
    if not found:
        raise UsageError(
            f"no named graph encodes {ns.shorten(iri)}", where="--document", mend="guidegraph query documents."
        )
    return found


def everything(store: ox.Store) -> list[ox.Quad]:
    """The quads of all named graphs of the knowledge, without the derived ones."""
    return [q for graph in knowledge_graphs(store) for q in store.quads_for_pattern(None, None, None, graph)]


def populations(store: ox.Store) -> set[ox.Triple]:
    """What the documents' graphs say of their populations, with the class expressions."""
    found: set[ox.Triple] = set()
    kind, population = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.GG + "Population")
    left = [(q.subject, q.graph_name) for q in store.quads_for_pattern(None, kind, population, None)]
    seen: set[Any] = set()
    while left:
        node, graph = left.pop()
        if (node, graph) in seen or (isinstance(graph, ox.NamedNode) and is_derived(graph.value)):
            continue
        seen.add((node, graph))
        for quad in store.quads_for_pattern(node, None, None, graph):
            found.add(quad.triple)
            if isinstance(quad.object, ox.BlankNode):
                left.append((quad.object, graph))
    return found


def turtle(quads: Iterable[ox.Quad]) -> str:
    """The triples of one graph in Turtle, the same bytes for the same graph.

    Raises:
        UsageError: the quads lie in more than one graph.
    """
    given = list(quads)
    if len({q.graph_name for q in given}) > 1:
        raise UsageError("Turtle holds one graph, and these are more", where="--format", mend="Use trig.")
    return trig(ox.Quad(q.subject, q.predicate, q.object) for q in given)


def nquads(quads: Iterable[ox.Quad]) -> str:
    """Quads as canonical N-Quads (RDFC-1.0)."""
    return "".join(f"{quad} .\n" for quad in canonical(quads))
