"""Other people's triple stores: opening what they hold, taking it home, and pushing knowledge there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.api.knowledge import KnowledgeBase
from guidegraph.errors import UsageError
from guidegraph.files import check_folder, write_folder

if TYPE_CHECKING:
    from guidegraph.remote.pulling import Graphs
    from guidegraph.remote.pushing import Pushed, Told

ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
_INDEX = ox.NamedNode(ns.INDEX_GRAPH)


def open_endpoint(endpoint: str, root: str | Path | None = None) -> KnowledgeBase:
    """Fetch the documents of a SPARQL 1.1 endpoint and open them with its ontology, else with one at hand.

    Whatever is asked of the knowledge base afterwards is answered on this machine.

    Args:
        endpoint: its address.
        root: a folder with ontology/ for an endpoint that has none; the shipped one if None.

    Raises:
        EndpointError: the endpoint may not be spoken to or cannot be reached, holds no document, hands over fewer
            triples than it counts, or what was pushed to it is not whole.
    """
    found = _pull(endpoint)
    loaded = ox.Store() if ONTOLOGY in found else store.load_files(_folder(root), [])
    for graph, triples in found.items():
        loaded.bulk_extend(store.named(_own(graph, triples)))
    return KnowledgeBase(loaded, None if root is None else _folder(root))


def _own(graph: ox.NamedNode, triples: Iterable[ox.Triple]) -> list[ox.Quad]:
    """The quads of a graph with blank nodes of its own, whatever the endpoint calls them."""
    mine: dict[object, ox.BlankNode] = {}

    def own(term: Any) -> Any:
        return mine.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

    return [ox.Quad(own(t.subject), t.predicate, own(t.object), graph) for t in triples]


def _pull(endpoint: str) -> Graphs:
    # What speaks to the network is loaded only by who asks for it.
    from guidegraph.remote.client import Endpoint
    from guidegraph.remote.pulling import pull

    return pull(Endpoint(endpoint))


def _folder(root: str | Path | None) -> Path:
    return Path(root) if root is not None else assets.root()


def pull_into(endpoint: str, folder: Path, root: str | Path | None = None) -> list[str]:
    """Write the knowledge of an endpoint into a new folder that ``--knowledge`` takes; the names of its graphs.

    Args:
        endpoint: its address.
        folder: a folder that does not exist yet, or is empty.
        root: a folder with ontology/ for an endpoint that has none; the shipped one if None.

    Raises:
        EndpointError: as :func:`open_endpoint`.
        UsageError: the folder holds something, or cannot be written.
    """
    check_folder(folder)
    found = _pull(endpoint)
    if ONTOLOGY not in found:
        loaded = store.load_files(_folder(root), [])
        found[ONTOLOGY] = [ox.Triple(q.subject, q.predicate, q.object) for q in loaded]
    write_folder(folder, _files(found))
    return sorted(graph.value for graph in found)


def _files(graphs: Graphs) -> dict[str, bytes]:
    """The files of a knowledge folder by their names: the ontology's, and one a document."""
    files: dict[str, bytes] = {}
    for graph in sorted(graphs, key=str):
        quads = ox.Dataset(
            ox.Quad(t.subject, t.predicate, t.object, ox.DefaultGraph() if graph == ONTOLOGY else graph)
            for t in graphs[graph]
        )
        quads.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        form, name = ox.RdfFormat.TRIG, f"graph/documents/{_name(graph.value, files)}.trig"
        if graph == ONTOLOGY:
            form, name = ox.RdfFormat.TURTLE, "ontology/ontology.ttl"
        ordered = sorted(quads, key=str)
        items = [ox.Triple(q.subject, q.predicate, q.object) for q in ordered] if graph == ONTOLOGY else ordered
        files[name] = ox.serialize(items, format=form, prefixes=ns.PREFIXES) or b""
    return files


def _name(graph: str, taken: dict[str, bytes]) -> str:
    """A name for a graph's file: the end of its IRI where that is plain and free, else made from a digest."""
    short = graph.removeprefix(ns.GGG)
    plain = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}", short)
    free = f"graph/documents/{short}.trig".casefold() not in {name.casefold() for name in taken}
    return short if plain and free else sha256(graph.encode()).hexdigest()[:24]


def push(
    kb: KnowledgeBase,
    endpoint: str,
    *,
    graph_store: str | None = None,
    update: str | None = None,
    documents: Sequence[str] = (),
    index: bool = False,
    prune: bool = False,
    replace: bool = False,
    told: Told = lambda what: None,
) -> Pushed:
    """Push the graphs of a knowledge base to a triple store; a second push sends only what differs.

    Args:
        kb: the knowledge.
        endpoint: where the store is asked by SPARQL.
        graph_store: where it is written by the Graph Store Protocol.
        update: where it is written by SPARQL Update; ``endpoint`` if neither is named.
        documents: only these documents, and the ontology; all if none is named.
        index: also push the derived index, for queries that need it.
        prune: remove pushed graphs that are no longer in the knowledge.
        replace: also replace graphs outside our names that were not pushed.
        told: called with the name of each graph when it is done.

    Raises:
        EndpointError: see :meth:`guidegraph.remote.pushing.Push.run`.
        UsageError: two ways to write are named, or a document is unknown or in no graph of its own.
    """
    from guidegraph.remote.client import Endpoint, GraphStore, same_machine
    from guidegraph.remote.exchange import credentials
    from guidegraph.remote.pushing import ByGraphStore, ByUpdate, Push

    if graph_store is not None and update is not None:
        raise UsageError("--graph-store and --update exclude each other", mend="Name one of them.")
    if credentials() is not None:
        same_machine([url for url in (endpoint, graph_store, update) if url is not None])
    writer = ByUpdate(Endpoint(update or endpoint)) if graph_store is None else ByGraphStore(GraphStore(graph_store))
    there = Endpoint(endpoint)
    everything = _graphs(kb, index)
    chosen = _chosen(kb, documents, everything)
    others = [graph for graph in everything if graph not in chosen]
    return Push(there, writer, chosen, others).run(prune=prune, replace=replace, told=told)


def _graphs(kb: KnowledgeBase, index: bool) -> Graphs:
    """The graphs of a knowledge base with their triples, the derived ones left out but for the index if asked for."""
    if index:
        kb.disagreement.complete()
    named = sorted([*store.knowledge_graphs(kb.store), *([_INDEX] if index else [])], key=str)
    return {
        graph: [
            ox.Triple(q.subject, q.predicate, q.object) for q in kb.store.quads_for_pattern(None, None, None, graph)
        ]
        for graph in named
    }


def _chosen(kb: KnowledgeBase, documents: Sequence[str], everything: Graphs) -> Graphs:
    if not documents:
        return everything
    kind, found = ox.NamedNode(ns.RDF + "type"), {ONTOLOGY, _INDEX}
    for text in documents:
        node = ox.NamedNode(kb.document(text))
        described = {q.graph_name for q in kb.store.quads_for_pattern(node, kind, ox.NamedNode(ns.GG + "Document"))}
        own = [graph for graph in described if graph in everything and graph != ONTOLOGY]
        if not own:
            raise UsageError(f"the document {text[:60]!r} is in no graph of its own", mend="Give it one in TriG.")
        found.update(own)  # type: ignore[arg-type]
    return {graph: triples for graph, triples in everything.items() if graph in found}
