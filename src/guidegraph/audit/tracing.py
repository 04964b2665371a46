"""Tracing a statement to its sources: the chain as plain data and as PROV-O triples."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.audit.trace import CITATION, DOCUMENT, EVIDENCE, PASSAGE, STATEMENT, THERAPY, Node, Tracer
from guidegraph.knowledge.encodings import encoding_review, encodings
from guidegraph.knowledge.named import find_node
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.knowledge.records import Records, gg

_DAY = re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]\Z")


@dataclass(frozen=True)
class Trace:
    """A chain from a statement, document or therapy to its sources.

    Attributes:
        root: the first link, with all that hang on it.
        data: the published JSON form (schema/trace.schema.json).
    """

    root: Node
    data: Mapping[str, Any]
    _records: Records

    def turtle(self) -> str:
        """The chain as PROV-O in Turtle."""
        return prov_turtle(self._records, self.root)


def trace(knowledge: Knowledge, text: str) -> Trace:
    """The chain from a statement to its passage, document, citations, primary and evidence, with every break.

    Args:
        knowledge: what holds it.
        text: a statement or document (IRI, CURIE, or its id as answers print it, or the last part of one that only
            it has), or a therapy (label, synonym, CURIE, IRI), which gives the chains of all that name it.

    Raises:
        UsageError: nothing or more than one thing fits.
    """
    records = knowledge.records
    tracer, iri = Tracer(records), find_node(records, knowledge.vocabulary, text)
    types = records.nodes.get(iri, {}).get(ns.RDF + "type", ())
    if not types or iri in records.classes:
        root = tracer.therapy(iri)
    elif gg("Document") in types:
        root = tracer.document(iri)
    else:
        root = tracer.statement(iri)
    data = _published(root, software=software(), digest=knowledge.digest)
    counted = _reviewed(records, root)
    return Trace(root, data | ({"reviewed": counted} if counted else {}), records)


def _reviewed(records: Records, root: Node) -> str:
    """How many statements of a chain were reviewed, by state, in words; "" where the knowledge holds no review."""
    if not encodings(records).by_node:
        return ""
    stated = {node.iri for node in root.walk() if node.kind in (STATEMENT, EVIDENCE)}
    rows = [review["state"] for iri in stated if (review := encoding_review(records, iri))]
    told = ", ".join(f"{number} {state}" for state, number in sorted(Counter(rows).items()))
    return ", ".join(filter(None, (told, f"{len(stated) - len(rows)} never submitted")))


def _published(root: Node, *, software: str, digest: str) -> dict[str, Any]:
    """A chain as plain data (schema/trace.schema.json): the tree, and every break with the link it is at."""
    breaks = [{"id": n.to_dict()["id"], "label": n.label, "what": told} for n in root.walk() for told in n.breaks]
    return {
        "trace": root.to_dict(),
        "breaks": breaks,
        "complete": not breaks,
        "graph": digest,
        "software": software,
    }


class Prov:
    """Writes chains as PROV-O.

    A statement is an entity that an encoding generated; it is derived from its passage, which is quoted from the
    document. What it tells of is its primary source; what it cites or rests on, it was derived from. A link that
    leads back is a break and no derivation, since nothing can be generated before itself. Source: W3C PROV-O and
    PROV-CONSTRAINTS.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._done: set[ox.Triple] = set()

    def triples(self, root: Node) -> list[ox.Triple]:
        """The triples of a chain, sorted."""
        for node in root.walk():
            self._node(node)
            for child in node.children:
                self._edge(node, child)
        return self._without_circles(sorted(self._done, key=str))

    @staticmethod
    def _without_circles(triples: list[ox.Triple]) -> list[ox.Triple]:
        """The triples without derivations that would close a circle over several branches of a chain."""
        sources: dict[str, set[str]] = defaultdict(set)

        def reaches(start: str, goal: str) -> bool:
            seen, left = {start}, [start]
            while left:
                fresh = sources[left.pop()] - seen
                seen |= fresh
                left += fresh
            return goal in seen

        kept = []
        for triple in triples:
            one, other = getattr(triple.subject, "value", ""), getattr(triple.object, "value", "")
            if triple.predicate.value in _DERIVATIONS:
                if reaches(other, one):
                    continue
                sources[one].add(other)
            kept.append(triple)
        return kept

    def _add(self, subject: str, predicate: str, value: ox.NamedNode | ox.Literal) -> None:
        self._done.add(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value))

    def _node(self, node: Node) -> None:
        if node.kind == THERAPY or node.missing:
            return
        self._add(node.iri, ns.RDF + "type", _prov("Entity"))
        self._add(node.iri, ns.RDFS + "label", ox.Literal(node.label, language="en"))
        for told in node.breaks:
            self._add(node.iri, ns.GG + "note", ox.Literal(f"break: {told}", language="en"))
        if node.kind in (STATEMENT, EVIDENCE):
            self._encoding(node.iri)
        if node.kind == DOCUMENT:
            self._issued(node.iri)

    def _encoding(self, statement: str) -> None:
        """Who wrote a statement down as data, as an activity of its own."""
        records = self._records
        encoders = records.all(statement, "encodedBy")
        if not encoders:
            return
        activity = f"{statement}#encoding"
        self._add(activity, ns.RDF + "type", _prov("Activity"))
        self._add(statement, ns.PROV + "wasGeneratedBy", ox.NamedNode(activity))
        document = records.one(statement, "statedIn")
        if document:
            self._add(activity, ns.PROV + "used", ox.NamedNode(document))
        for encoder in encoders:
            self._agent(encoder, records.label(encoder))
            self._add(activity, ns.PROV + "wasAssociatedWith", ox.NamedNode(encoder))

    def _issued(self, document: str) -> None:
        props = self._records.nodes.get(document, {})
        for publisher in props.get(ns.DCTERMS + "publisher", ()):
            # A name where an agent belongs is a defect that the shapes tell; the chain is written all the same.
            agent = publisher if "://" in publisher else ns.GGO + quote(publisher, safe="")
            self._agent(agent, self._records.label(publisher))
            self._add(document, ns.PROV + "wasAttributedTo", ox.NamedNode(agent))
        for issued in props.get(ns.DCTERMS + "issued", ()):
            if _DAY.match(issued):
                time = ox.Literal(f"{issued}T00:00:00Z", datatype=ox.NamedNode(ns.XSD + "dateTime"))
                self._add(document, ns.PROV + "generatedAtTime", time)

    def _agent(self, iri: str, label: str) -> None:
        self._add(iri, ns.RDF + "type", _prov("Agent"))
        self._add(iri, ns.RDFS + "label", ox.Literal(label))

    def _edge(self, node: Node, child: Node) -> None:
        if child.missing:
            self._add(node.iri, ns.GG + "note", ox.Literal(f"break: {child.breaks[0]}", language="en"))
            return
        if node.kind == THERAPY or child.circular:
            return
        predicate = _EDGES.get(child.relation)
        if predicate is None:
            return
        if child.relation == "states" or child.relation == "found":
            self._add(child.iri, predicate, ox.NamedNode(node.iri))
        elif node.kind == CITATION:
            # A citation is a mark, not a source: what it refers to is what its statement was derived from.
            self._add(node.iri, gg("refersTo"), ox.NamedNode(child.iri))
        else:
            self._add(node.iri, predicate, ox.NamedNode(child.iri))
            if child.kind == CITATION:
                for target in child.children:
                    self._add(node.iri, ns.PROV + "wasDerivedFrom", ox.NamedNode(target.iri))
        if child.kind == PASSAGE:
            document = self._records.one(node.iri, "statedIn")
            if document:
                self._add(child.iri, ns.PROV + "wasQuotedFrom", ox.NamedNode(document))


def _prov(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.PROV + name)


_DERIVED = ns.PROV + "wasDerivedFrom"
_DERIVATIONS = (_DERIVED, ns.PROV + "hadPrimarySource", ns.PROV + "wasQuotedFrom")
_EDGES = {
    "read at": _DERIVED,
    "stated in": ns.PROV + "hadPrimarySource",
    "tells of": ns.PROV + "hadPrimarySource",
    "cites": gg("cites"),
    "refers to": gg("refersTo"),
    "reports": _DERIVED,
    "rests on": _DERIVED,
    "found": _DERIVED,
    "states": _DERIVED,
}


def prov_turtle(records: Records, root: Node) -> str:
    """A chain as PROV-O in Turtle, the same bytes for the same chain."""
    from rdflib import Graph

    graph = Graph()
    for prefix, iri in _prefixes().items():
        graph.bind(prefix, iri)
    text = ox.serialize(Prov(records).triples(root), format=ox.RdfFormat.N_TRIPLES) or b""
    graph.parse(data=text, format="nt")
    return str(graph.serialize(format="longturtle"))


def _prefixes() -> dict[str, str]:
    return {name: ns.PREFIXES[name] for name in ("gg", "ggd", "ggo", "prov", "rdfs", "xsd")}
