"""Everything that a statement is made of: its own triples, population, readings, place, citations, document, graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns

ASSERTION, PROVENANCE, PUBLICATION = "assertion", "provenance", "pubinfo"
#: What a statement says of where it comes from; the rest of its own triples is what it asserts.
_SOURCES = {
    "statedIn", "locator", "section", "cites", "reports", "primaryStatement", "restsOn", "namesWithoutListing",
    "verification", "verifiedAt", "restates", "supersededBy",
}  # fmt: skip
_ENCODING = {"encodedBy", "checkedBy"}
#: Nodes that a statement takes along, by the property that leads to them.
_FOLLOWED = {
    "population": ASSERTION, "figure": ASSERTION, "locator": PROVENANCE, "section": PROVENANCE, "cites": PROVENANCE,
    "statedIn": PROVENANCE, "pointsAt": PROVENANCE,
}  # fmt: skip
#: Nodes that point at what they belong to.
_POINTING = {"ofStatement": PROVENANCE, "ofCitation": PROVENANCE, "encodes": PUBLICATION}

Part = tuple[str, ox.Triple]


def _gg(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GG + name)


_TYPE = ox.NamedNode(ns.RDF + "type")


class Closure:
    """Collects what statements are made of from one store."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def graph_of(self, statement: ox.NamedNode) -> ox.NamedNode | None:
        """The named graph that says what a statement is, or None for one in no named graph or none at all."""
        found = sorted(
            q.graph_name.value
            for q in self._store.quads_for_pattern(statement, _TYPE, None, None)
            if isinstance(q.graph_name, ox.NamedNode)
        )
        return ox.NamedNode(found[0]) if found else None

    def parts(self, statement: ox.NamedNode, graph: ox.NamedNode) -> list[Part]:
        """The triples of a statement and of what hangs on it in its graph, each with the part that it belongs to.

        Classes, lists and other documents are not taken along: they are named by their IRIs.
        """
        found: dict[ox.Triple, str] = {}
        seen: set[Any] = set()
        left: list[tuple[Any, str]] = [(statement, ASSERTION)]
        while left:
            node, part = left.pop(0)
            if node in seen:
                continue
            seen.add(node)
            for quad in self._store.quads_for_pattern(node, None, None, graph):
                name = quad.predicate.value.removeprefix(ns.GG)
                own = _part(name, part) if node == statement else part
                found.setdefault(ox.Triple(quad.subject, quad.predicate, quad.object), own)
                if isinstance(quad.object, ox.BlankNode):
                    left.append((quad.object, own))
                elif name in _FOLLOWED:
                    left.append((quad.object, _FOLLOWED[name] if node == statement else part))
                elif self._is_population(quad.object, graph):
                    left.append((quad.object, part))
            left += list(self._pointing(node, graph))
        return [(part, triple) for triple, part in found.items()]

    def _pointing(self, node: Any, graph: ox.NamedNode) -> Iterator[tuple[Any, str]]:
        if not isinstance(node, ox.NamedNode):
            return
        for name, part in _POINTING.items():
            for quad in self._store.quads_for_pattern(None, _gg(name), node, graph):
                yield quad.subject, part

    def _is_population(self, node: Any, graph: ox.NamedNode) -> bool:
        """Whether a node is a population of the graph, as one that another population names is."""
        if not isinstance(node, ox.NamedNode):
            return False
        return ox.Quad(node, _TYPE, _gg("Population"), graph) in self._store


def _part(name: str, part: str) -> str:
    return PROVENANCE if name in _SOURCES else PUBLICATION if name in _ENCODING else part
