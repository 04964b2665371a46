"""Exporting statements as nanopublications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.api.replay import Replaying
from guidegraph.errors import UsageError
from guidegraph.export import nanopub
from guidegraph.export.closure import Closure
from guidegraph.knowledge.records import gg


class Exporting(Replaying):
    """A knowledge base that writes its statements down in the forms of others."""

    def recommendations(self) -> list[str]:
        """The IRIs of all recommendations, sorted."""
        wanted = gg("Recommendation")
        return sorted(s for s, p in self.records.nodes.items() if wanted in p.get(ns.RDF + "type", ()))

    def statement(self, text: str) -> str:
        """The IRI of a statement, named as :meth:`trace` names it.

        Raises:
            UsageError: nothing or more than one thing fits, or it is no statement.
        """
        iri = self._named(text)
        if not self.records.nodes.get(iri, {}).get(gg("statedIn")):
            raise UsageError(f"{text[:60]!r} is no statement", mend="Name one by its IRI or its id.")
        return iri

    def nanopubs(
        self,
        statements: list[str],
        *,
        previous: Mapping[str, nanopub.Nanopub] | None = None,
        key: nanopub.Key | None = None,
    ) -> Iterator[nanopub.Nanopub]:
        """Nanopublications of statements, one after another.

        Args:
            statements: IRIs of statements.
            previous: an earlier export (see :func:`guidegraph.export.nanopubcheck.earlier`); what is unchanged since is
                not written anew, and what has changed supersedes the earlier one.
            key: signs them; unsigned if None.

        Raises:
            UsageError: a statement is in no named graph, the key is no key, or what signs is not installed.
        """
        known = previous or {}
        closure = Closure(self.store)
        for iri in statements:
            node = ox.NamedNode(iri)
            graph = closure.graph_of(node)
            if graph is None:
                raise UsageError(f"{iri} is in no named graph", mend="Write it into the graph of its document.")
            parts = closure.parts(node, graph)
            creator = self.records.one(graph.value, "encodedBy") or self.records.one(iri, "encodedBy")
            days = self.records.nodes.get(graph.value, {}).get(ns.DCTERMS + "created", ("",))
            old = known.get(iri)
            new = nanopub.make(node, graph, parts, creator=creator, created=days[0])
            if old is not None and nanopub.content(old.quads, old.uri) == nanopub.content(new.quads, new.uri):
                continue
            if old is not None or key is not None:
                new = nanopub.make(
                    node,
                    graph,
                    parts,
                    creator=creator,
                    created=days[0],
                    supersedes=old.uri if old is not None else "",
                    key=key,
                )
            yield new

    def vanished(self, previous: Mapping[str, nanopub.Nanopub]) -> list[nanopub.Nanopub]:
        """Those of an earlier export whose statement is no longer in the knowledge, sorted by statement."""
        nodes = self.records.nodes
        return [previous[iri] for iri in sorted(previous) if not nodes.get(iri, {}).get(gg("statedIn"))]
