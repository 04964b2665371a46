"""Tracing a statement to its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.api.auditing import Auditing
from guidegraph.api.core import software
from guidegraph.audit.trace import Node, Tracer
from guidegraph.audit.tracereport import prov_turtle, report
from guidegraph.errors import TermError, UsageError
from guidegraph.knowledge import describe
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


class Tracing(Auditing):
    """A knowledge base that is asked where its statements come from."""

    def trace(self, text: str) -> Trace:
        """The chain from a statement to its passage, document, citations, primary and evidence, with every break.

        Args:
            text: a statement or document (IRI, CURIE, or its id as answers print it, or the last part of one that only
                it has), or a therapy (label, synonym, CURIE, IRI), which gives the chains of all that name it.

        Raises:
            UsageError: nothing or more than one thing fits.
        """
        tracer, iri = Tracer(self.records), self._named(text)
        types = self.records.nodes.get(iri, {}).get(ns.RDF + "type", ())
        if not types or iri in self.records.classes:
            root = tracer.therapy(iri)
        elif gg("Document") in types:
            root = tracer.document(iri)
        else:
            root = tracer.statement(iri)
        return Trace(root, report(root, software=software(), digest=self.digest), self.records)

    def _named(self, text: str) -> str:
        wanted = text.strip()
        stated = {
            iri
            for iri, props in self.records.nodes.items()
            if props.get(gg("statedIn")) or gg("Document") in props.get(ns.RDF + "type", ())
        }
        for candidate in (wanted, ns.expand(wanted), ns.BASE + wanted, f"{ns.BASE}statement/{wanted}", ns.GGD + wanted):
            if candidate in stated:
                return str(candidate)
        try:
            return self.vocabulary.resolve(wanted, ("intervention",))
        except TermError as error:
            return self._by_ending(wanted, stated, error)

    @staticmethod
    def _by_ending(wanted: str, stated: set[str], error: TermError) -> str:
        ending = sorted(iri for iri in stated if iri.endswith("/" + wanted)) if wanted else []
        if len(ending) == 1:
            return ending[0]
        if ending:
            told = ", ".join(map(describe.name, ending[:6]))
            raise UsageError(f"{wanted!r} names more than one statement", mend=f"Write one of: {told}.")
        names = {describe.name(iri).rpartition("/")[2]: describe.name(iri) for iri in stated}
        near = [names[n] for n in get_close_matches(wanted, names, n=3, cutoff=0.6)]
        mend = f"Nearest: {', '.join(near)}." if near else error.mend
        raise UsageError(f"no statement, document or therapy is named {wanted[:60]!r}", mend=mend) from None
