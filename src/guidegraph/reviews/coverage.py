"""What an approval covers: the nodes that a statement or document stands on, and digests of what is said of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.store import knowledge_graphs

#: Where the graphs of reviews begin.
REVIEW_GRAPHS = ns.GGG + "reviews/"

_TYPE = ox.NamedNode(ns.RDF + "type")
_STATED_IN, _ENCODES, _OF_STATEMENT, _OF_CITATION = (
    ox.NamedNode(ns.GG + name) for name in ("statedIn", "encodes", "ofStatement", "ofCitation")
)
_DOCUMENT, _POPULATION = ns.GG + "Document", ns.GG + "Population"
#: Kinds of node that a statement names without standing on them.
_APART = {_DOCUMENT, ns.GG + "KnowledgeGraph", ns.GG + "Scope"}
#: Who has read an encoding a second time is no part of what was read.
_NOT_COVERED = {ns.GG + "checkedBy"}
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Coverage:
    """What approvals cover in one store, without the reviews themselves and what is derived."""

    def __init__(self, store: ox.Store) -> None:
        self.store = store
        self._graphs = [g for g in knowledge_graphs(store) if not g.value.startswith(REVIEW_GRAPHS)]

    def document(self, subject: str) -> str:
        """The document of a statement, or the document itself; "" where the knowledge has neither."""
        node = ox.NamedNode(subject)
        if _DOCUMENT in self.all(node, _TYPE):
            return subject
        stated = sorted(self.all(node, _STATED_IN))
        return stated[0] if len(stated) == 1 else ""

    def statements(self, document: str) -> list[str]:
        """The statements of a document, sorted."""
        rows = self.store.quads_for_pattern(None, _STATED_IN, ox.NamedNode(document), None)
        return sorted({s.value for q in rows if isinstance(s := q.subject, ox.NamedNode)})

    def all(self, node: Any, prop: ox.NamedNode) -> set[str]:
        """The IRIs that a node has by a property."""
        rows = self.store.quads_for_pattern(node, prop, None, None)
        return {term.value for q in rows if isinstance(term := q.object, ox.NamedNode)}

    def one(self, node: Any, prop: ox.NamedNode) -> str:
        """The first value of a property of a node, "" where it has none."""
        terms: list[Any] = [q.object for q in self.store.quads_for_pattern(node, prop, None, None)]
        return min((term.value for term in terms), default="")

    def subjects(self, prop: ox.NamedNode, value: ox.NamedNode) -> set[Any]:
        """What has a value by a property."""
        return {q.subject for q in self.store.quads_for_pattern(None, prop, value, None)}

    def covered(self, subject: str) -> dict[str, str]:
        """For each node that an approval of a subject covers the SHA-256 of what is said of it now.

        A document's approval covers all of its graph, and the populations that it names; a statement's the statement,
        its readings, place, section and figures, and the definition of its population.
        """
        document = self.document(subject)
        homes = {q.graph_name for q in self.store.quads_for_pattern(ox.NamedNode(subject), None, None, None)}
        homes = {g for g in homes if g in self._graphs}
        wanted: list[Any] = [ox.NamedNode(subject)]
        if subject == document:
            homes = self.subjects(_ENCODES, wanted[0])
            for graph in homes:
                wanted += {
                    q.subject for q in self.store.quads_for_pattern(None, None, None, graph) if _named(q.subject)
                }
        digests: dict[str, str] = {}
        while wanted:
            node = wanted.pop()
            if node.value in digests:
                continue
            text, named = self._said(node, frozenset())
            digests[node.value] = sha256(text.encode()).hexdigest()
            wanted += [other for other in named if self._stands_on(other, homes)]
            wanted += [r for r in self.subjects(_OF_STATEMENT, node) | self.subjects(_OF_CITATION, node) if _named(r)]
        return digests

    def _stands_on(self, node: ox.NamedNode, homes: Collection[Any]) -> bool:
        """Whether what names a node stands on it: a population wherever it is, else what its own graph describes."""
        types = self.all(node, _TYPE)
        if _POPULATION in types:
            return True
        if not types.isdisjoint(_APART) or self.all(node, _STATED_IN):
            return False
        return any(next(self.store.quads_for_pattern(node, None, None, g), None) is not None for g in homes)

    def _said(self, node: Any, above: frozenset[Any]) -> tuple[str, set[ox.NamedNode]]:
        """What the knowledge says of a node, blank nodes by what is said of them, and the nodes that it names."""
        rows, named = set[str](), set[ox.NamedNode]()
        for graph in self._graphs:
            for quad in self.store.quads_for_pattern(node, None, None, graph):
                if quad.predicate.value in _NOT_COVERED:
                    continue
                inner = quad.object
                if isinstance(inner, ox.BlankNode):
                    told, more = ("_", set()) if inner in above else self._said(inner, above | {node})
                    rows.add(f"{quad.predicate} [{told}]")
                    named |= more
                else:
                    rows.add(f"{quad.predicate} {inner}")
                    if isinstance(inner, ox.NamedNode):
                        named.add(inner)
        return ";".join(sorted(rows)), named

    def told(self, node: str) -> str:
        """A node in words: its kind, and its label or name."""
        named = ox.NamedNode(node)
        kinds = sorted(t for t in self.all(named, _TYPE) if t.startswith(ns.GG))
        kind = _WORDS.sub(" ", kinds[0].rpartition("/")[2]).lower() if kinds else "node"
        label = self.one(named, ox.NamedNode(ns.RDFS + "label"))
        return f"{kind} {label!r}" if label else f"{kind} {ns.shorten(node).removeprefix(ns.BASE)}"

    def changes(self, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
        """What differs between two coverages, in words."""
        for node in sorted(was.keys() | now.keys()):
            if was.get(node) != now.get(node):
                how = "changed" if node in was and node in now else "added" if node in now else "gone"
                yield f"{self.told(node)}: {how}"


def _named(term: Any) -> bool:
    return isinstance(term, ox.NamedNode)
