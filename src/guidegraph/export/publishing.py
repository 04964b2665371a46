"""Exporting statements as nanopublications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export import nanopub
from guidegraph.export.closure import Closure
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg


def nanopubs(
    knowledge: Knowledge,
    statements: Sequence[str],
    *,
    previous: Mapping[str, nanopub.Nanopub] | None = None,
    key: nanopub.Key | None = None,
) -> Iterator[nanopub.Nanopub]:
    """Nanopublications of statements, one after another.

    Args:
        knowledge: what holds them.
        statements: IRIs of statements.
        previous: an earlier export (see :func:`guidegraph.export.nanopubcheck.earlier`); what is unchanged since is
            not written anew, and what has changed supersedes the earlier one.
        key: signs them; unsigned if None.

    Raises:
        UsageError: a statement is in no named graph, the key is no key, or what signs is not installed.
    """
    known = previous or {}
    records, closure = knowledge.records, Closure(knowledge.store)
    for iri in statements:
        node = ox.NamedNode(iri)
        graph = closure.graph_of(node)
        if graph is None:
            raise UsageError(f"{iri} is in no named graph", mend="Write it into the graph of its document.")
        parts = closure.parts(node, graph)
        creator = records.one(graph.value, "encodedBy") or records.one(iri, "encodedBy")
        days = records.nodes.get(graph.value, {}).get(ns.DCTERMS + "created", ("",))
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


def vanished(knowledge: Knowledge, previous: Mapping[str, nanopub.Nanopub]) -> list[nanopub.Nanopub]:
    """Those of an earlier export whose statement is no longer in the knowledge, sorted by statement."""
    nodes = knowledge.records.nodes
    return [previous[iri] for iri in sorted(previous) if not nodes.get(iri, {}).get(gg("statedIn"))]
