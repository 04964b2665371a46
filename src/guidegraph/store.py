"""The store: knowledge files into named graphs, and digests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.reading import read_quads

_ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
#: Graphs that are derived, and so no part of the knowledge.
DERIVED = (ns.INDEX_GRAPH, ns.PROFILE_GRAPH, ns.ASSESSMENT_GRAPH, ns.AUDIT_GRAPH)


def _in_graph(quads: list[ox.Quad], graph: ox.NamedNode) -> list[ox.Quad]:
    """The quads with the default graph's ones in ``graph``."""
    default = ox.DefaultGraph()
    return [ox.Quad(q.subject, q.predicate, q.object, graph) if q.graph_name == default else q for q in quads]


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
        store.bulk_extend(_in_graph(read_quads(path, KnowledgeError, strange=path not in files), _ONTOLOGY))
    return store


def load_files(root: Path, files: Sequence[Path]) -> ox.Store:
    """Load ontology/*.ttl of a folder, and some files of a user instead of its documents.

    Raises:
        KnowledgeError: there is no ontology, or a file cannot be read or parsed.
    """
    ontology = sorted((root / "ontology").rglob("*.ttl"))
    if not ontology:
        raise KnowledgeError("no ontology/*.ttl", where=str(root), mend="Name a folder with ontology/.")
    store = ox.Store()
    for path in [*ontology, *files]:
        store.bulk_extend(_in_graph(read_quads(path, KnowledgeError, strange=path not in ontology), _ONTOLOGY))
    return store


def digest(store: ox.Store, *, leave_out: Collection[str] = ()) -> str:
    """SHA-256 of the store's canonical N-Quads (RDFC-1.0), without some graphs.

    Source: W3C Recommendation "RDF Dataset Canonicalization", section 4.
    """
    hidden = {ox.NamedNode(name) for name in leave_out}
    shown = [graph for graph in store.named_graphs() if graph not in hidden]
    quads = (quad for graph in (ox.DefaultGraph(), *shown) for quad in store.quads_for_pattern(None, None, None, graph))
    return digest_of(quads)


def digest_of(quads: Iterable[ox.Quad]) -> str:
    """SHA-256 of the canonical N-Quads (RDFC-1.0) of some quads."""
    # Only quads with blank nodes take part in finding canonical names; the others are written as they are.
    plain: list[ox.Quad] = []
    blank: list[ox.Quad] = []
    for quad in quads:
        unnamed = isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)
        (blank if unnamed or isinstance(quad.graph_name, ox.BlankNode) else plain).append(quad)
    dataset = ox.Dataset(blank)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    texts = (ox.serialize(part, format=ox.RdfFormat.N_QUADS) or b"" for part in (dataset, plain))
    lines = {line for text in texts for line in text.splitlines(keepends=True)}
    return "sha256:" + sha256(b"".join(sorted(lines))).hexdigest()


def descriptions(store: ox.Store, graph: ox.NamedNode) -> dict[str, str]:
    """For each named node of a graph the SHA-256 (hexadecimal) of all that the graph says of it.

    Blank nodes count by what is said of them; those that no named node leads to count together, under "".
    """
    said: dict[object, list[ox.Quad]] = defaultdict(list)
    for quad in store.quads_for_pattern(None, None, None, graph):
        said[quad.subject].append(quad)
    inner = {q.object for quads in said.values() for q in quads if isinstance(q.object, ox.BlankNode)}

    def told(term: object, above: frozenset[object]) -> str:
        if not isinstance(term, ox.BlankNode) or term in above:
            return "_" if isinstance(term, ox.BlankNode) else str(term)
        parts = sorted(f"{q.predicate} {told(q.object, above | {term})}" for q in said[term])
        return f"[{';'.join(parts)}]"

    lines: dict[str, list[str]] = defaultdict(list)
    for subject, quads in said.items():
        if isinstance(subject, ox.NamedNode):
            lines[subject.value] += [f"{q.predicate} {told(q.object, frozenset())}" for q in quads]
        elif subject not in inner:
            lines[""].append(told(subject, frozenset()))
    return {node: sha256("\n".join(sorted(rows)).encode()).hexdigest() for node, rows in sorted(lines.items())}
