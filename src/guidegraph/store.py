"""The store: knowledge files into named graphs, and digests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, NothingToCheckError
from guidegraph.reading import FORMATS, load_quads, read_quads, unreadable_values

_ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)
_TYPE = ox.NamedNode(ns.RDF + "type")
#: What is said of a file without a term of ours.
NOT_OURS = "the file says nothing in the vocabulary of GuideGraph"
NOTHING_OF_OURS = f"nothing was checked, since {NOT_OURS}"
RIGHT_FILE = f"Check that it is the right file, and that its prefixes begin with {ns.BASE}."
#: Kinds of file that hold RDF, and folders of the knowledge that others read.
_RDF = {*FORMATS, ".rdf", ".owl", ".n3", ".xml"}
_ELSEWHERE = ("links", "profiles", "domains")
#: What two domains may not both define.
_DEFINED = (ns.OWL + "Class", ns.GG + "Document")
#: What the names of blank nodes begin with.
BLANK = "urn:guidegraph:blank:"
#: Steps within which blank nodes in a circle are told apart.
_ROUNDS = 64
#: Graphs that are derived, and so no part of the knowledge.
DERIVED = (ns.INDEX_GRAPH, ns.AXIOMS_GRAPH, ns.PROFILE_GRAPH, ns.ASSESSMENT_GRAPH, ns.AUDIT_GRAPH)


def is_derived(graph: str) -> bool:
    """Whether a graph is no part of the knowledge: it is derived, or holds links to other terminologies.

    Links have digests of their own, which go with an answer that used them.
    """
    return graph in DERIVED or graph.startswith((ns.MAPPING_GRAPHS, ns.LINKED_GRAPHS))


def _in_graph(quads: list[ox.Quad], graph: ox.NamedNode) -> list[ox.Quad]:
    """The quads with the default graph's ones in ``graph``."""
    default = ox.DefaultGraph()
    return [ox.Quad(q.subject, q.predicate, q.object, graph) if q.graph_name == default else q for q in quads]


def knowledge_files(root: Path, domains: Sequence[Path] | None = None) -> tuple[list[Path], list[Path]]:
    """The files of a knowledge folder: ontology/**/*.ttl (without its links/), and what its domains hold; each sorted.

    Args:
        root: a folder with ontology/ and graph/.
        domains: folders of domains; graph/ alone, without the domains inside it, if None.

    Raises:
        KnowledgeError: a folder is missing or empty, or RDF lies where it is not read.
    """
    for name in ("ontology", "graph"):
        if not (root / name).is_dir():
            raise KnowledgeError(f"no folder {name}/", where=str(root), mend="Name a folder with ontology/ and graph/.")
    ontology, documents = list(_rdf_files(root / "ontology", {"": ".ttl"})), list[Path]()
    for folder in [root / "graph"] if domains is None else domains:
        terms, texts = domain_files(folder)
        ontology += terms
        documents += texts
    if not ontology and not documents:
        raise KnowledgeError(
            "no knowledge files", where=str(root), mend="Put .ttl into ontology/ and .trig into graph/."
        )
    return ontology, documents


def domain_files(folder: Path) -> tuple[list[Path], list[Path]]:
    """The files of a domain's folder: its terms (ontology/**/*.ttl), and its documents and reviews (.trig); sorted.

    Raises:
        KnowledgeError: RDF lies where it is not read.
    """
    found = list(_rdf_files(folder, {"": ".trig", "ontology": ".ttl"}))
    return [path for path in found if path.suffix == ".ttl"], [path for path in found if path.suffix == ".trig"]


def _rdf_files(folder: Path, kinds: Mapping[str, str]) -> Iterator[Path]:
    """The files of a folder that hold RDF, sorted; ``kinds`` are endings by the folder inside it, "" for all others.

    Other texts (a README) may lie beside them, and hidden files are nobody's; RDF in another place or of another kind
    would look as if it counted, so it is refused.
    """
    for path in sorted(folder.rglob("*")):
        inside = path.parts[len(folder.parts) :]
        if any(part.startswith(".") for part in inside) or inside[0] in _ELSEWHERE or path.is_dir():
            continue
        suffix = kinds.get(inside[0], kinds[""])
        if path.suffix == suffix:
            yield path
        elif path.suffix.lower() in _RDF and path.name != "context.jsonld":
            raise KnowledgeError(
                f"a file of this kind is not read in {path.parent.name}/",
                where=str(path),
                mend=f"Write it as {suffix}, or take it away.",
            )


def load_knowledge(
    root: Path,
    *,
    domains: Sequence[Path] | None = None,
    warning: Sequence[Path] = (),
    extra: Sequence[str | Path] = (),
) -> ox.Store:
    """Load ontology/*.ttl into the ontology's graph, and the documents of domains into their named graphs.

    Args:
        root: a folder with ontology/ and graph/.
        domains: folders of domains, whose terms go into the ontology's graph too; graph/ alone if None.
        warning: folders of domains of which only the terms are loaded, and the documents that warn and recommend none.
        extra: further files of the user (see :func:`read_extra`).

    Raises:
        KnowledgeError: a folder is missing, a file cannot be read or parsed, a number or date of a file that is not
            shipped cannot be read, or two domains define one term or document.
    """
    added = read_extra(extra)
    folders = [root / "graph"] if domains is None else domains
    knowledge_files(root, folders)
    shared, store = list(_rdf_files(root / "ontology", {"": ".ttl"})), ox.Store()
    defined: dict[str, list[Path]] = {}
    ours = assets.root().resolve()
    parts = [[*terms, *documents] for terms, documents in map(domain_files, folders)]
    parts += [[*terms, *filter(_warns, documents)] for terms, documents in map(domain_files, warning)]
    for files in (shared, *parts):
        loaded = ox.Store() if len(parts) > 1 or folders[0] != root / "graph" else store
        shipped = {path for path in files if path.resolve().is_relative_to(ours)}
        load_quads(loaded, (path for path in files if path in shipped), _ONTOLOGY, KnowledgeError)
        for path in files:
            if path not in shipped:
                loaded.bulk_extend(_in_graph(readable(read_quads(path, KnowledgeError), path), _ONTOLOGY))
        if loaded is not store:
            for iri in sorted(_defined(loaded)):
                if iri in defined:
                    raise _defined_twice(iri, defined[iri], files)
                defined[iri] = files
            store.bulk_extend(loaded)
    store.bulk_extend(added)
    return store


def _warns(path: Path) -> bool:
    """Whether a file holds a contraindication, and no recommendation."""
    objects = (q.object for q in read_quads(path, KnowledgeError) if q.predicate == _TYPE)
    kinds = {kind.value for kind in objects if isinstance(kind, ox.NamedNode)}
    return ns.GG + "Contraindication" in kinds and ns.GG + "Recommendation" not in kinds


def _defined(store: ox.Store) -> set[str]:
    """The classes and documents that a store defines."""
    quads = (q for kind in _DEFINED for q in store.quads_for_pattern(None, _TYPE, ox.NamedNode(kind)))
    return {q.subject.value for q in quads if isinstance(q.subject, ox.NamedNode)}


def _defined_twice(iri: str, one: Sequence[Path], other: Sequence[Path]) -> KnowledgeError:
    def place(files: Sequence[Path]) -> str:
        named = ((path, q) for path in files for q in read_quads(path, KnowledgeError, strange=False))
        return str(next((path for path, q in named if q.predicate == _TYPE and q.subject == ox.NamedNode(iri)), ""))

    return KnowledgeError(
        f"{ns.shorten(iri)} is defined in {place(one)} as well",
        where=place(other),
        mend="Give one of them another name, or take it out where the other is meant.",
    )


def read_extra(files: Iterable[str | Path]) -> list[ox.Quad]:
    """The quads of files that a user adds to some knowledge; those outside a named graph in the ontology's graph.

    Raises:
        KnowledgeError: a file, or a number or date in it, cannot be read, or nothing in it is ours.
    """
    added = {str(path): readable(read_quads(Path(path), KnowledgeError), Path(path)) for path in files}
    for name in sorted(foreign_files(added)):
        raise KnowledgeError(f"{NOT_OURS}, so that it adds nothing", where=name, mend=RIGHT_FILE)
    return [quad for quads in added.values() for quad in _in_graph(named(quads), _ONTOLOGY)]


def readable(quads: list[ox.Quad], path: Path) -> list[ox.Quad]:
    """The quads, if every number, date and truth value in them can be read.

    Raises:
        KnowledgeError: one cannot, so that whatever rests on it would never be decided.
    """
    for quad, reason in unreadable_values(quads):
        about = f" of {ns.shorten(quad.subject.value)}" if isinstance(quad.subject, ox.NamedNode) else ""
        raise KnowledgeError(
            f"{ns.shorten(quad.predicate.value)}{about}: {reason}",
            where=str(path),
            mend="Correct it; guidegraph validate tells of all such values.",
        )
    return quads


def load_files(
    root: Path, files: Sequence[Path], *, domains: Sequence[Path] | None = None, foreign: bool = False
) -> ox.Store:
    """Load the ontology of a folder, with the terms of domains, and some files of a user instead of the documents.

    What cannot be read in the files is loaded as it stands: nothing that rests on it is ever true, and an audit tells.
    ``foreign`` says that files without triples, or with nothing of ours in them, are right too.

    Raises:
        KnowledgeError: there is no ontology, or a file cannot be read or parsed.
    """
    store = ox.Store()
    load_quads(store, knowledge_files(root, domains)[0], _ONTOLOGY, KnowledgeError)
    read = {str(path): read_quads(path, KnowledgeError, empty=foreign) for path in files}
    for name in () if foreign else sorted(foreign_files(read)):
        raise NothingToCheckError(NOTHING_OF_OURS, where=name, mend=RIGHT_FILE)
    for quads in read.values():
        store.bulk_extend(_in_graph(named(quads), _ONTOLOGY))
    return store


def foreign_files(files: Mapping[str, Sequence[ox.Quad | ox.Triple]]) -> set[str]:
    """The files (by name, with their triples) that hold no term of ours and of which no other file speaks."""

    def joined(name: str) -> bool:
        own = {q.subject for q in files[name] if isinstance(q.subject, ox.NamedNode)}
        others = (quads for other, quads in files.items() if other != name)
        return any(q.subject in own or q.object in own for quads in others for q in quads)

    return {name for name, quads in files.items() if not any(map(_is_ours, quads)) and not joined(name)}


def _is_ours(quad: ox.Quad | ox.Triple) -> bool:
    """Whether a triple speaks in our vocabulary, of a term, population or publisher of ours, or imports ours."""
    subject, predicate, value = (getattr(term, "value", "") for term in (quad.subject, quad.predicate, quad.object))
    below = predicate in (ns.RDFS + "subClassOf", ns.OWL + "imports") and value.startswith(ns.BASE)
    named = subject.startswith((ns.GG, ns.GGT, ns.GGP, ns.GGO, ns.BASE + "ontology"))
    return below or named or predicate.startswith(ns.GG) or value.startswith(ns.GG)


def files_alone(files: Iterable[str | Path]) -> ox.Store:
    """A store of some files of a user and nothing else; one without triples adds none.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
    """
    store = ox.Store()
    for path in files:
        store.bulk_extend(read_quads(Path(path), KnowledgeError, empty=True))
    return store


def named(quads: Sequence[ox.Quad]) -> list[ox.Quad]:
    """The quads with names for those blank nodes that a property or class of the model speaks of.

    A statement, place or population that its author did not name is told like any other. The name comes from what is
    said of the node, so that it is the same wherever the file is read; nodes of which the same is said are one.
    Blank nodes that only build a class expression stay blank.
    """
    spoken: set[ox.BlankNode] = set()
    for quad in quads:
        subject, obj = quad.subject, quad.object
        own = quad.predicate.value.startswith(ns.GG)
        if isinstance(subject, ox.BlankNode) and (own or (quad.predicate == _TYPE and str(obj)[1:].startswith(ns.GG))):
            spoken.add(subject)
        if own and isinstance(obj, ox.BlankNode):
            spoken.add(obj)
    if not spoken:
        return list(quads)
    digests = blank_digests(quads)
    names = {node: ox.NamedNode(BLANK + digests[node][:32]) for node in spoken}

    def renamed(term: Any) -> Any:
        return names.get(term, term) if isinstance(term, ox.BlankNode) else term

    return [ox.Quad(renamed(q.subject), q.predicate, renamed(q.object), q.graph_name) for q in quads]


def blank_digests(quads: Iterable[ox.Quad]) -> dict[ox.BlankNode, str]:
    """For each blank node the SHA-256 (hexadecimal) of all that is said of it, blank nodes inside told by theirs.

    Nodes that lead to no circle are done from the innermost on; those that do are told by what is said of them within
    so many steps.
    """
    said: dict[ox.BlankNode, list[ox.Quad]] = defaultdict(list)
    above: dict[ox.BlankNode, set[ox.BlankNode]] = defaultdict(set)
    waiting: dict[ox.BlankNode, set[ox.BlankNode]] = defaultdict(set)
    for quad in quads:
        inner = quad.object if isinstance(quad.object, ox.BlankNode) else None
        if inner is not None:
            waiting.setdefault(inner, set())
        if isinstance(quad.subject, ox.BlankNode):
            said[quad.subject].append(quad)
            waiting.setdefault(quad.subject, set())
            if inner is not None:
                waiting[quad.subject].add(inner)
                above[inner].add(quad.subject)
    done: dict[ox.BlankNode, str] = {}

    def digest_of_node(node: ox.BlankNode) -> str:
        objects = ((q.predicate, q.object) for q in said[node])
        parts = sorted(f"{p} {done.get(o, '_') if isinstance(o, ox.BlankNode) else o}" for p, o in objects)
        return sha256(";".join(parts).encode()).hexdigest()

    ready = [node for node, inner_nodes in waiting.items() if not inner_nodes]
    while ready:
        node = ready.pop()
        done[node] = digest_of_node(node)
        for higher in above[node]:
            waiting[higher].discard(node)
            if not waiting[higher]:
                ready.append(higher)
    circular = [node for node in waiting if node not in done]
    for _ in circular[:_ROUNDS]:
        done.update({node: digest_of_node(node) for node in circular})
    return done


def knowledge_graphs(store: ox.Store) -> list[ox.NamedNode]:
    """The named graphs of the knowledge, sorted: what is derived and what links to other terminologies left out."""
    graphs = (g for g in store.named_graphs() if isinstance(g, ox.NamedNode) and not is_derived(g.value))
    return sorted(graphs, key=str)


def digest(store: ox.Store) -> str:
    """SHA-256 of the store's canonical N-Quads (RDFC-1.0), without the graphs that are no part of the knowledge.

    Source: W3C Recommendation "RDF Dataset Canonicalization", section 4.
    """
    unnamed = (graph for graph in store.named_graphs() if isinstance(graph, ox.BlankNode))
    graphs: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [
        ox.DefaultGraph(),
        *unnamed,
        *knowledge_graphs(store),
    ]
    lines: list[bytes] = []
    for graph in graphs:
        # Text of N-Quads without a Python object a quad: only the end of a line is no part of a value.
        text = store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=graph) or b""
        end = b" .\n" if isinstance(graph, ox.DefaultGraph) else f" {graph} .\n".encode()
        lines += text.replace(b" .\n", end).splitlines(keepends=True)
    return _digest_of_lines(lines)


def digest_of(quads: Iterable[ox.Quad]) -> str:
    """SHA-256 of the canonical N-Quads (RDFC-1.0) of some quads."""
    return _digest_of_lines({*(ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)})


def canonical(lines: Iterable[bytes]) -> list[bytes]:
    """The canonical form of different lines of N-Quads (RDFC-1.0), sorted."""
    lines = list(lines)
    # Only quads with blank nodes take part in finding canonical names; the others are written as they are.
    blank = [line for line in lines if b"_:" in line]
    dataset = ox.Dataset(ox.parse(b"".join(blank), format=ox.RdfFormat.N_QUADS))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    named = (ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    plain = [line for line in lines if b"_:" not in line]
    return sorted([*plain, *named])


def _digest_of_lines(lines: Iterable[bytes]) -> str:
    return "sha256:" + sha256(b"".join(canonical(lines))).hexdigest()


def descriptions(store: ox.Store, graph: ox.NamedNode) -> dict[str, str]:
    """For each named node of a graph the SHA-256 (hexadecimal) of all that the graph says of it.

    Blank nodes count by what is said of them; those that no named node leads to count together, under "".
    """
    quads = list(store.quads_for_pattern(None, None, None, graph))
    said: dict[object, list[ox.Quad]] = defaultdict(list)
    for quad in quads:
        said[quad.subject].append(quad)
    inner = {q.object for q in quads if isinstance(q.object, ox.BlankNode)}
    digests: Mapping[Any, str] = blank_digests(quads)
    lines: dict[str, list[str]] = defaultdict(list)
    for subject, rows in said.items():
        if isinstance(subject, ox.NamedNode):
            lines[subject.value] += [f"{q.predicate} {digests.get(q.object, q.object)}" for q in rows]
        elif subject not in inner:
            lines[""].append(digests[subject])
    return {node: sha256("\n".join(sorted(texts)).encode()).hexdigest() for node, texts in sorted(lines.items())}
