"""Tracing a statement to its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.audit.trace import Node, Tracer
from guidegraph.audit.tracereport import prov_turtle, report
from guidegraph.knowledge.named import find_node
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.knowledge.records import Records, gg


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
    return Trace(root, report(root, software=software(), digest=knowledge.digest), records)
