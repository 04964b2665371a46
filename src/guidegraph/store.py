"""The store: knowledge files into named graphs, digests, and remote endpoints."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import EndpointError, KnowledgeError

_ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".nq": ox.RdfFormat.N_QUADS,
    ".nt": ox.RdfFormat.N_TRIPLES,
}
_PLACE = re.compile(r"(?:at line |line |at )(\d+)(?:,? column |:)(\d+)")
_TIMEOUT = 60


def read_quads(path: Path, graph: ox.NamedNode | None = None) -> list[ox.Quad]:
    """The quads of a Turtle, TriG, N-Triples or N-Quads file; default-graph triples go into ``graph`` if given.

    Raises:
        KnowledgeError: unknown ending, unreadable, a syntax error (with its place), or no triple at all.
    """
    form = _FORMATS.get(path.suffix.lower())
    if form is None:
        raise KnowledgeError(
            f"unknown ending {path.suffix!r}",
            where=str(path),
            mend=f"Knowledge files end in one of: {', '.join(_FORMATS)}.",
        )
    try:
        content = path.read_bytes()
        quads = list(ox.parse(input=content, format=form, rename_blank_nodes=True))
    except OSError as error:
        raise KnowledgeError(f"cannot be read: {error.strerror}", where=str(path), mend="Check the path.") from None
    except (SyntaxError, ValueError) as error:
        raise KnowledgeError(
            f"syntax error: {_message(error)}", where=_where(path, error), mend="Mend the file there."
        ) from None
    if not quads:
        raise KnowledgeError("the file holds no triple", where=str(path), mend="Fill it or take it away.")
    if graph is None:
        return quads
    default = ox.DefaultGraph()
    return [ox.Quad(q.subject, q.predicate, q.object, graph) if q.graph_name == default else q for q in quads]


def _message(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def _where(path: Path, error: Exception) -> str:
    line, column = getattr(error, "lineno", None), getattr(error, "offset", None)
    if line is None:
        found = _PLACE.search(str(error))
        line, column = (found[1], found[2]) if found else (None, None)
    return f"{path}:{line}:{column}" if line is not None else str(path)


def load_knowledge(root: Path, *, extra: Sequence[str | Path] = ()) -> ox.Store:
    """Load ontology/*.ttl into the ontology's graph and graph/documents/*.trig into their named graphs.

    Args:
        root: a folder with ontology/ and graph/.
        extra: further files of the user; triples outside a named graph go into the ontology's graph.

    Raises:
        KnowledgeError: a folder is missing, or a file cannot be read or parsed.
    """
    for name in ("ontology", "graph"):
        if not (root / name).is_dir():
            raise KnowledgeError(f"no folder {name}/", where=str(root), mend="Name a folder with ontology/ and graph/.")
    files = [*sorted((root / "ontology").rglob("*.ttl")), *sorted((root / "graph").rglob("*.trig"))]
    if not files:
        raise KnowledgeError(
            "no knowledge files", where=str(root), mend="Put .ttl into ontology/ and .trig into graph/."
        )
    store = ox.Store()
    for path in [*files, *map(Path, extra)]:
        store.bulk_extend(read_quads(path, _ONTOLOGY))
    return store


def digest(store: ox.Store, *, leave_out: Collection[str] = ()) -> str:
    """SHA-256 of the store's canonical N-Quads (RDFC-1.0), without some graphs.

    Source: W3C Recommendation "RDF Dataset Canonicalization", section 4.
    """
    hidden = {ox.NamedNode(name) for name in leave_out}
    return digest_of(quad for quad in store if quad.graph_name not in hidden)


def digest_of(quads: Iterable[ox.Quad]) -> str:
    """SHA-256 of the canonical N-Quads (RDFC-1.0) of some quads."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = sorted(f"{quad} .\n" for quad in dataset)
    return "sha256:" + sha256("".join(lines).encode()).hexdigest()


def remote(endpoint: str, query: str, accept: str) -> bytes:
    """Send a query to a SPARQL 1.1 endpoint and return the answer's bytes in the media type ``accept``.

    Raises:
        EndpointError: the address is no http(s) address, or the endpoint cannot be reached or answers with an error.
    """
    if not re.match(r"https?://[^\s]+\Z", endpoint):
        raise EndpointError("not an http(s) address", where=endpoint[:100], mend="Write it as http://host/sparql.")
    from SPARQLWrapper import POST, SPARQLWrapper
    from SPARQLWrapper.SPARQLExceptions import SPARQLWrapperException

    client = SPARQLWrapper(endpoint)
    client.setTimeout(_TIMEOUT)
    client.setMethod(POST)
    client.setQuery(query)
    client.setOnlyConneg(True)
    client.addCustomHttpHeader("Accept", accept)
    try:
        return bytes(client.query().response.read())
    except (SPARQLWrapperException, OSError, ValueError) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise EndpointError(
            f"the endpoint did not answer: {told}", where=endpoint, mend="Check its address and log."
        ) from None
