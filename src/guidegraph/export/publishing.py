"""Statements exported as nanopublications, and what was exported earlier read back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import DocumentError, UsageError
from guidegraph.export.closure import PUBLICATION, Closure
from guidegraph.export.nanopub import NPX, Key, Nanopub, content, make
from guidegraph.export.nanopubcheck import verdict
from guidegraph.knowledge.encodings import second_readers
from guidegraph.knowledge.opened import Knowledge
from guidegraph.reading import read_quads


def nanopubs(
    knowledge: Knowledge,
    statements: Sequence[str],
    *,
    previous: Mapping[str, Nanopub] | None = None,
    key: Key | None = None,
) -> Iterator[Nanopub]:
    """Nanopublications of statements, one after another.

    Args:
        knowledge: what holds them.
        statements: IRIs of statements.
        previous: an earlier export (see :func:`earlier`); what is unchanged since is not written anew, and what has
            changed supersedes the earlier one.
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
        # Who approved the encoding stands with whom the statement itself names as its second reader.
        read = (
            ox.Triple(node, ox.NamedNode(ns.GG + "checkedBy"), ox.NamedNode(r)) for r in second_readers(records, iri)
        )
        parts += [(PUBLICATION, one) for one in read if (PUBLICATION, one) not in parts]
        creator = records.one(graph.value, "encodedBy") or records.one(iri, "encodedBy")
        days = records.nodes.get(graph.value, {}).get(ns.DCTERMS + "created", ("",))
        old = known.get(iri)
        new = make(node, graph, parts, creator=creator, created=days[0])
        if old is not None and content(old.quads, old.uri) == content(new.quads, new.uri):
            continue
        if old is not None or key is not None:
            new = make(
                node,
                graph,
                parts,
                creator=creator,
                created=days[0],
                supersedes=old.uri if old is not None else "",
                key=key,
            )
        yield new


def vanished(knowledge: Knowledge, previous: Mapping[str, Nanopub]) -> list[Nanopub]:
    """Those of an earlier export whose statement is in the knowledge no longer, sorted by statement."""
    nodes = knowledge.records.nodes
    return [previous[iri] for iri in sorted(previous) if not nodes.get(iri, {}).get(ns.GG + "statedIn")]


def read(path: Path) -> Nanopub:
    """Read a nanopublication of ours from a TriG or N-Quads file, and verify it.

    Raises:
        DocumentError: the file cannot be read, holds no nanopublication or several, was altered, has no trusty URI, or
            is about no statement.
        UsageError: it is signed, and what verifies signatures is not installed.
    """
    quads = read_quads(path, DocumentError)
    found = verdict(quads)
    if not found.valid:
        raise DocumentError("; ".join(found.faults), where=str(path), mend="Restore the file as it was written.")
    if not found.trusty:
        raise DocumentError("it has no trusty URI", where=str(path), mend="Only our own exports are read back.")
    about = [
        q.object for q in quads if q.predicate.value == ns.DCTERMS + "subject" and str(q.subject) == f"<{found.uri}>"
    ]
    if not about:
        raise DocumentError("it is about no statement", where=str(path), mend="Only our own exports are read back.")
    return Nanopub(found.uri, getattr(about[0], "value", ""), tuple(sorted(quads, key=str)))


def earlier(folder: Path) -> Mapping[str, Nanopub]:
    """The newest nanopublication of each statement in a folder: one that no other there supersedes or retracts.

    Raises:
        DocumentError: a file of the folder cannot be read or was altered, or two stand for one statement.
        UsageError: it is signed, and what verifies signatures is not installed.
    """
    nanopubs = [read(path) for path in sorted(folder.glob("*.trig"))]
    ends = (NPX + "supersedes", NPX + "retracts")
    gone = {getattr(q.object, "value", "") for one in nanopubs for q in one.quads if q.predicate.value in ends}
    newest: dict[str, Nanopub] = {}
    for one in nanopubs:
        if one.uri in gone or one.retracts:
            continue
        if one.statement in newest:
            raise DocumentError(
                f"two nanopublications of {one.statement}", where=str(folder), mend="Keep the newer one, or supersede."
            )
        newest[one.statement] = one
    return newest
