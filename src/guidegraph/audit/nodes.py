"""Names, labels, documents and places of nodes, looked up one by one: an audit tells few of many."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.knowledge import describe

_LABEL = ox.NamedNode(ns.RDFS + "label")
_DOCUMENT = ox.NamedNode(ns.GG + "Document")
_TYPE = ox.NamedNode(ns.RDF + "type")


def _gg(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GG + name)


class Nodes:
    """Looks nodes of one store up."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def one(self, node: Any, predicate: ox.NamedNode) -> Any:
        """The first value of a property in order of its text, or None."""
        if not isinstance(node, ox.NamedNode | ox.BlankNode):
            return None
        values = (q.object for q in self._store.quads_for_pattern(node, predicate, None, None))
        return min(values, key=str, default=None)

    def label(self, node: Any) -> str:
        """The label of a node, else its CURIE or the end of its IRI; of an entry of a list, its number."""
        found = self.one(node, _LABEL)
        if found is not None:
            return str(found.value)
        number = self.one(node, _gg("number"))
        if number is not None:
            target = self.one(node, _gg("refersTo"))
            return f"reference {number.value}" + (f" ({self.label(target)})" if target is not None else "")
        return describe.name(self.name(node))

    def name(self, node: Any) -> str:
        """The IRI of a node; of a blank one, a name that is the same wherever the graph is the same."""
        if isinstance(node, ox.NamedNode):
            return node.value
        return self._blank.get(node, "") if isinstance(node, ox.BlankNode) else str(getattr(node, "value", ""))

    @cached_property
    def _blank(self) -> dict[ox.BlankNode, str]:
        """Names of the blank nodes: the SHA-256 of their own triples, blank nodes inside them told by theirs."""
        known: dict[ox.BlankNode, str] = {}

        def told(term: Any, depth: int) -> str:
            if not isinstance(term, ox.BlankNode):
                return str(term)
            if depth > 8:
                return "_"
            parts = sorted(
                f"{q.predicate} {told(q.object, depth + 1)}"
                for q in self._store.quads_for_pattern(term, None, None, None)
            )
            return "[" + ";".join(parts) + "]"

        for quad in self._store.quads_for_pattern(None, _TYPE, None, None):
            if isinstance(quad.subject, ox.BlankNode) and quad.subject not in known:
                digest = sha256(told(quad.subject, 0).encode()).hexdigest()[:16]
                known[quad.subject] = f"urn:guidegraph:blank:{digest}"
        return known

    def document(self, node: Any) -> str:
        """The IRI of the document that a node is, stands in or describes, or ""."""
        if self._is_document(node):
            return self.name(node)
        for name in ("statedIn", "inDocument", "encodes"):
            found = self.one(node, _gg(name))
            if isinstance(found, ox.NamedNode):
                return found.value
        return ""

    def _is_document(self, node: Any) -> bool:
        return next(self._store.quads_for_pattern(node, _TYPE, _DOCUMENT, None), None) is not None

    def locator(self, node: Any) -> str:
        """Where in its document a node stands, in words, or ""."""
        place = self.one(node, _gg("locator"))
        place = node if place is None else place
        parts = [self._text(place, "headingPath")]
        item, start, end = (self._text(place, name) for name in ("item", "startOffset", "endOffset"))
        parts += [f"item {item}" if item else "", f"characters {start}-{end}" if start and end else ""]
        return ", ".join(part for part in parts if part)

    def _text(self, node: Any, name: str) -> str:
        found = self.one(node, _gg(name))
        return str(found.value) if found is not None else ""
