"""Names, labels, documents and places of nodes, looked up one by one: an audit tells few of many."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.knowledge import describe
from guidegraph.store import BLANK, blank_digests

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
        name = self.name(node)
        if isinstance(node, ox.BlankNode) or name.startswith(BLANK):
            kind = self.one(node, _TYPE)
            what = self.label(kind) if isinstance(kind, ox.NamedNode) else "node"
            return f"{what} without a name ({name[len(BLANK) :][:8]})"
        return describe.name(name)

    def name(self, node: Any) -> str:
        """The IRI of a node; of a blank one, a name that is the same wherever the graph is the same."""
        if isinstance(node, ox.NamedNode):
            return node.value
        return self._blank.get(node, "") if isinstance(node, ox.BlankNode) else str(getattr(node, "value", ""))

    @cached_property
    def _blank(self) -> dict[ox.BlankNode, str]:
        """Names of the blank nodes, made of what is said of them."""
        told = blank_digests(self._store.quads_for_pattern(None, None, None, None))
        return {node: f"{BLANK}{digest[:32]}" for node, digest in told.items()}

    def document(self, node: Any) -> str:
        """The IRI of the document that a node is, stands in or describes, or ""."""
        if not isinstance(node, ox.NamedNode | ox.BlankNode):
            return ""
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
        parts = [self._text(place, "headingPath"), self._text(place, "numberInDocument")]
        item, start, end = (self._text(place, name) for name in ("item", "startOffset", "endOffset"))
        parts += [f"item {item}" if item else "", f"characters {start}-{end}" if start and end else ""]
        return ", ".join(part for part in parts if part)

    def _text(self, node: Any, name: str) -> str:
        found = self.one(node, _gg(name))
        return str(found.value) if found is not None else ""
