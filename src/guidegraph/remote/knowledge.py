"""The knowledge of other people's triple stores: fetched into a store or a folder, and pushed there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph import store
from guidegraph.errors import UsageError
from guidegraph.files import check_folder, write_folder
from guidegraph.remote.client import Endpoint, GraphStore, same_machine
from guidegraph.remote.exchange import credentials
from guidegraph.remote.pulling import Graphs, pull
from guidegraph.remote.pushing import ByGraphStore, ByUpdate, Push, Pushed, Report

ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
_INDEX = ox.NamedNode(ns.INDEX_GRAPH)


def fetch(endpoint: str, root: Path) -> ox.Store:
    """The documents of a SPARQL 1.1 endpoint with its ontology, else with that of a folder.

    Raises:
        EndpointError: the endpoint may not be spoken to or cannot be reached, holds no document, hands over fewer
            triples than it counts, or what was pushed to it is not whole.
    """
    graphs = pull(Endpoint(endpoint))
    loaded = ox.Store() if ONTOLOGY in graphs else store.load_files(root, [])
    for graph, triples in graphs.items():
        loaded.bulk_extend(store.named(_own(graph, triples)))
    return loaded


def _own(graph: ox.NamedNode, triples: Iterable[ox.Triple]) -> list[ox.Quad]:
    """The quads of a graph with blank nodes of its own, whatever the endpoint calls them."""
    mine: dict[object, ox.BlankNode] = {}

    def own(term: Any) -> Any:
        return mine.setdefault(term, ox.BlankNode()) if isinstance(term, ox.BlankNode) else term

    return [ox.Quad(own(t.subject), t.predicate, own(t.object), graph) for t in triples]


def pull_into(endpoint: str, folder: Path, root: Path) -> list[str]:
    """Write the knowledge of an endpoint, with the ontology of ``root`` where it has none, into a new folder.

    Raises:
        EndpointError: as :func:`fetch`.
        UsageError: the folder holds something, or cannot be written.
    """
    check_folder(folder)
    found = pull(Endpoint(endpoint))
    if ONTOLOGY not in found:
        loaded = store.load_files(root, [])
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
    loaded: ox.Store,
    endpoint: str,
    *,
    graph_store: str | None = None,
    update: str | None = None,
    documents: Sequence[str] = (),
    index: bool = False,
    prune: bool = False,
    replace: bool = False,
    report: Report = lambda what: None,
) -> Pushed:
    """Push the graphs of a store of knowledge, as :func:`guidegraph.api.opening.push` says.

    ``documents`` are IRIs.
    """
    if graph_store is not None and update is not None:
        raise UsageError("--graph-store and --update exclude each other", mend="Name one of them.")
    if credentials() is not None:
        same_machine([url for url in (endpoint, graph_store, update) if url is not None])
    writer = ByUpdate(Endpoint(update or endpoint)) if graph_store is None else ByGraphStore(GraphStore(graph_store))
    there = Endpoint(endpoint)
    everything = pushable(loaded, index)
    chosen = _chosen(loaded, documents, everything)
    others = [graph for graph in everything if graph not in chosen]
    return Push(there, writer, chosen, others).run(prune=prune, replace=replace, report=report)


def pushable(loaded: ox.Store, index: bool) -> Graphs:
    """The graphs of a store with their triples, the derived ones left out but for the index if asked for."""
    named = sorted([*store.knowledge_graphs(loaded), *([_INDEX] if index else [])], key=str)
    return {graph: [q.triple for q in loaded.quads_for_pattern(None, None, None, graph)] for graph in named}


def _chosen(loaded: ox.Store, documents: Sequence[str], everything: Graphs) -> Graphs:
    if not documents:
        return everything
    kind, names = ox.NamedNode(ns.RDF + "type"), {ONTOLOGY, _INDEX}
    for iri in documents:
        node = ox.NamedNode(iri)
        described = {q.graph_name for q in loaded.quads_for_pattern(node, kind, ox.NamedNode(ns.GG + "Document"))}
        own = [graph for graph in described if graph in everything and graph != ONTOLOGY]
        if not own:
            raise UsageError(f"{ns.shorten(iri)} is in no graph of its own", mend="Give it one in TriG.")
        names.update(own)  # type: ignore[arg-type]
    return {graph: triples for graph, triples in everything.items() if graph in names}
