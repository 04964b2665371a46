"""Pulling knowledge: the graphs of an endpoint that describe documents, each whole or not at all.

A graph there, the manifest, lists what was pushed with digest and size. An entry without a digest says that its graph
is on its way. Entries are added before a graph is touched and completed after it was read back, so a push that ends in
the middle is seen by the next one, and by everybody who pulls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import EndpointError
from guidegraph.remote.client import Endpoint
from guidegraph.remote.terms import filled, text_of
from guidegraph.store import digest_of, is_derived

GRAPH = ox.NamedNode(ns.MANIFEST_GRAPH)
_NODES = ns.BASE + "manifest/"
ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
#: Graphs that are no knowledge, whatever an endpoint says.
_NEVER = {GRAPH, ox.NamedNode(ns.PARTIAL_GRAPH)}
Graphs = dict[ox.NamedNode, list[ox.Triple]]


@dataclass(frozen=True)
class Entry:
    """A pushed graph: the RDFC-1.0 digest of its triples and how many it has; an empty digest while on its way."""

    digest: str = ""
    triples: int = 0


def entry_of(triples: Iterable[ox.Triple]) -> Entry:
    """Digest and size of a graph's triples."""
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in triples]
    return Entry(digest_of(quads), len(quads))


def read_manifest(endpoint: Endpoint) -> dict[ox.NamedNode, Entry]:
    """The entries of an endpoint's manifest; none where nothing was pushed.

    Raises:
        EndpointError: the endpoint cannot be asked, or the manifest cannot be understood.
    """
    entries: dict[ox.NamedNode, Entry] = {}
    for graph, digest, triples in endpoint.select(text_of("endpoint/manifest.rq"))[1]:
        if not isinstance(graph, ox.NamedNode) or graph in entries or (triples and not triples.value.isdigit()):
            raise EndpointError(
                f"its manifest is not understood at {graph}",
                where=endpoint.address.shown,
                mend=f"Remove the graph {ns.MANIFEST_GRAPH} there and push again.",
            )
        entries[graph] = Entry(digest.value, int(triples.value)) if digest else Entry()
    return entries


def listing(graphs: Mapping[ox.NamedNode, Entry]) -> list[ox.Triple]:
    """The triples that list some graphs."""
    return [triple for graph in sorted(graphs, key=str) for triple in _entry(graph, graphs[graph])]


def _entry(graph: ox.NamedNode, entry: Entry) -> list[ox.Triple]:
    node = ox.NamedNode(_NODES + sha256(graph.value.encode()).hexdigest()[:32])
    triples = [ox.Triple(node, ox.NamedNode(_NODES + "graph"), graph)]
    if entry.digest:
        size = ox.Literal(str(entry.triples), datatype=ox.NamedNode(ns.XSD + "integer"))
        triples += [
            ox.Triple(node, ox.NamedNode(_NODES + "digest"), ox.Literal(entry.digest)),
            ox.Triple(node, ox.NamedNode(_NODES + "triples"), size),
        ]
    return triples


def pull(endpoint: Endpoint) -> Graphs:
    """The named graphs of an endpoint that describe documents, and its ontology graph where it has one.

    Where nothing is in named graphs, its default graph. Only these questions are asked: nothing is sent but the texts
    of ``queries/endpoint`` with the names of graphs in them.

    Raises:
        EndpointError: the endpoint cannot be asked, holds no document, hands over fewer triples than it counts, a push
            to it is not finished, or a pushed graph is no longer what was pushed.
    """
    listed = read_manifest(endpoint)
    _finished(endpoint, listed)
    described = endpoint.select(text_of("endpoint/graphs.rq"))[1]
    names = {graph for graph, _ in described if isinstance(graph, ox.NamedNode)} | set(listed) | {ONTOLOGY}
    names = {graph for graph in names - _NEVER if not is_derived(graph.value)}
    counted = counts(endpoint, sorted(names, key=str))
    for graph in listed:
        if graph in names and graph not in counted:
            _changed(endpoint, graph, "is gone")
    if not any(graph in counted for graph, _ in described):
        return _flat(endpoint, counted)
    return {graph: _checked(endpoint, graph, counted[graph], listed.get(graph)) for graph in sorted(counted, key=str)}


def counts(endpoint: Endpoint, graphs: Sequence[ox.NamedNode]) -> dict[ox.NamedNode, int]:
    """How many triples each of some graphs has; a graph that is not there is left out."""
    if not graphs:
        return {}
    rows = endpoint.select(filled(text_of("endpoint/counts.rq"), {"graphs": graphs}))[1]
    return {graph: int(count.value) for graph, count in rows if int(count.value)}


def graph_of(endpoint: Endpoint, graph: ox.NamedNode, count: int, *, known: bool = False) -> list[ox.Triple]:
    """The triples of one graph of an endpoint.

    Where it cuts its answer off, they are asked for predicate by predicate.

    Args:
        endpoint: where the graph is.
        graph: its name.
        count: how many triples it has.
        known: whether the caller has the graph's digest. A blank node has the same label in several answers of most
            stores, but need not have, so without a digest a graph with blank nodes is taken in one piece or not at all.

    Raises:
        EndpointError: it hands over fewer or more than it counts.
    """
    triples = endpoint.triples(filled(text_of("endpoint/graph.rq"), {"graph": graph}))
    if len(triples) < count and (known or not any(map(_blank, triples))):
        triples = _paged(endpoint, graph, len(triples) - 1) or triples
        if not known and any(map(_blank, triples)):
            triples = []
    return _whole(endpoint, triples, count, graph)


def _blank(triple: ox.Triple) -> bool:
    return isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)


def _paged(endpoint: Endpoint, graph: ox.NamedNode, size: int) -> list[ox.Triple]:
    """The triples of a graph, at most ``size`` an answer; none where one predicate has more."""
    sizes = endpoint.select(filled(text_of("endpoint/predicates.rq"), {"graph": graph}))[1]
    pages: list[list[ox.NamedNode]] = []
    room = 0
    for predicate, triples in sizes:
        if (needed := int(triples.value)) > size:
            return []
        if needed > room:
            pages.append([])
            room = size
        pages[-1].append(predicate)
        room -= needed
    text = text_of("endpoint/page.rq")
    return endpoint.triples(*(filled(text, {"graph": graph, "predicates": page}) for page in pages))


def _finished(endpoint: Endpoint, listed: dict[ox.NamedNode, Entry]) -> None:
    waiting = sorted(graph.value for graph, entry in listed.items() if not entry.digest)
    if waiting:
        raise EndpointError(
            f"a push to it has not ended: {len(waiting)} graphs are on their way, such as {ns.shorten(waiting[0])}",
            where=endpoint.address.shown,
            mend="Run guidegraph push again.",
        )


def _checked(endpoint: Endpoint, graph: ox.NamedNode, count: int, entry: Entry | None) -> list[ox.Triple]:
    triples = graph_of(endpoint, graph, count, known=entry is not None)
    if entry is not None and entry_of(triples).digest != entry.digest:
        _changed(endpoint, graph, "was changed there")
    return triples


def _changed(endpoint: Endpoint, graph: ox.NamedNode, what: str) -> None:
    raise EndpointError(
        f"the graph {ns.shorten(graph.value)} {what} after it was pushed",
        where=endpoint.address.shown,
        mend=f"Push it again, or remove the graph {ns.MANIFEST_GRAPH} there to take the store as it is.",
    )


def _flat(endpoint: Endpoint, counted: dict[ox.NamedNode, int]) -> Graphs:
    total = int(endpoint.select(text_of("endpoint/size.rq"))[1][0][0].value)
    if not total:
        raise EndpointError(
            "it holds no document",
            where=endpoint.address.shown,
            mend="Push some there, or load graphs in the vocabulary of the model.",
        )
    triples = endpoint.triples(text_of("endpoint/everything.rq"))
    graphs = {ox.NamedNode(ns.GGG + "endpoint"): _whole(endpoint, triples, total, "its default graph")}
    if ONTOLOGY in counted:
        graphs[ONTOLOGY] = graph_of(endpoint, ONTOLOGY, counted[ONTOLOGY])
    return graphs


def _whole(endpoint: Endpoint, triples: list[ox.Triple], count: int, graph: object) -> list[ox.Triple]:
    if len(triples) != count:
        raise EndpointError(
            f"it handed over {len(triples)} of the {count} triples of {graph}",
            where=endpoint.address.shown,
            mend="Raise its limit on the size of results (ResultSetMaxRows in virtuoso.ini).",
        )
    return triples
