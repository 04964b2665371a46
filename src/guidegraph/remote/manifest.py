"""What was pushed to a store: a graph there that lists each pushed graph with its digest and size.

An entry without a digest says that its graph is on its way. Entries are added before a graph is touched and completed
after it was read back, so a push that ends in the middle is seen by the next one, and by everybody who pulls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import EndpointError
from guidegraph.remote.client import Endpoint
from guidegraph.remote.holes import text_of
from guidegraph.store import digest_of

GRAPH = ox.NamedNode(ns.MANIFEST_GRAPH)
_NODES = ns.BASE + "manifest/"


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
    found: dict[ox.NamedNode, Entry] = {}
    for graph, digest, triples in endpoint.select(text_of("endpoint/manifest.rq"))[1]:
        if not isinstance(graph, ox.NamedNode) or graph in found or (triples and not triples.value.isdigit()):
            raise EndpointError(
                f"its manifest is not understood at {graph}",
                where=endpoint.address.shown,
                mend=f"Remove the graph {ns.MANIFEST_GRAPH} there and push again.",
            )
        found[graph] = Entry(digest.value, int(triples.value)) if digest else Entry()
    return found


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
