"""Parts of the knowledge as RDF: which quads, and in which form.

Turtle and TriG are for people and for version control: nested, with prefixes, the same bytes for the same quads. They
are written here because neither library at hand does all three: rdflib rewrites some literals, and pyoxigraph writes
neither nested nodes nor prefixes in a fixed order. Source: W3C Recommendations "RDF 1.1 Turtle" and "RDF 1.1 TriG".
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.store import is_derived, knowledge_graphs

_ONTOLOGY = ox.NamedNode(ns.ONTOLOGY_GRAPH)


def ontology(store: ox.Store) -> list[ox.Quad]:
    """The quads of the ontology."""
    return list(store.quads_for_pattern(None, None, None, _ONTOLOGY))


def axioms(store: ox.Store) -> list[ox.Quad]:
    """The class axioms that are derived from readings and parts: a reasoner needs them beside the ontology."""
    return list(store.quads_for_pattern(None, None, None, ox.NamedNode(ns.AXIOMS_GRAPH)))


def document(store: ox.Store, iri: str) -> list[ox.Quad]:
    """The quads of the named graphs that encode a document.

    Raises:
        UsageError: no named graph encodes it.
    """
    encodes = ox.NamedNode(ns.GG + "encodes")
    graphs: set[Any] = {q.subject for q in store.quads_for_pattern(None, encodes, ox.NamedNode(iri), None)}
    found = [q for graph in graphs for q in store.quads_for_pattern(None, None, None, graph)]
    if not found:
        raise UsageError(
            f"no named graph encodes {ns.shorten(iri)}", where="--document", mend="guidegraph query documents."
        )
    return found


def everything(store: ox.Store) -> list[ox.Quad]:
    """The quads of all named graphs of the knowledge, without the derived ones."""
    return [q for graph in knowledge_graphs(store) for q in store.quads_for_pattern(None, None, None, graph)]


def described(store: ox.Store, iri: str) -> list[ox.Quad]:
    """What the knowledge says of a node, with the nodes without a name that this leads to, and what points at it.

    Empty for a node of which nothing is said.
    """
    asked = ox.NamedNode(iri)
    graphs = set(knowledge_graphs(store))
    found: dict[ox.Quad, None] = {}
    left: list[Any] = [asked]
    while left:
        for quad in store.quads_for_pattern(left.pop(), None, None, None):
            if quad.graph_name in graphs and quad not in found:
                found[quad] = None
                if isinstance(quad.object, ox.BlankNode):
                    left.append(quad.object)
    if found:
        pointing = store.quads_for_pattern(None, None, asked, None)
        found.update((q, None) for q in pointing if q.graph_name in graphs and isinstance(q.subject, ox.NamedNode))
    return list(found)


def populations(store: ox.Store) -> set[ox.Triple]:
    """What the documents' graphs say of their populations, with the class expressions."""
    found: set[ox.Triple] = set()
    kind, population = ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.GG + "Population")
    left = [(q.subject, q.graph_name) for q in store.quads_for_pattern(None, kind, population, None)]
    seen: set[Any] = set()
    while left:
        node, graph = left.pop()
        if (node, graph) in seen or (isinstance(graph, ox.NamedNode) and is_derived(graph.value)):
            continue
        seen.add((node, graph))
        for quad in store.quads_for_pattern(node, None, None, graph):
            found.add(quad.triple)
            if isinstance(quad.object, ox.BlankNode):
                left.append((quad.object, graph))
    return found


def turtle(quads: Iterable[ox.Quad]) -> str:
    """The triples of one graph in Turtle, the same bytes for the same graph.

    Raises:
        UsageError: the quads lie in more than one graph.
    """
    given = list(quads)
    if len({q.graph_name for q in given}) > 1:
        raise UsageError("Turtle holds one graph, and these are more", where="--format", mend="Use trig.")
    return trig(ox.Quad(q.subject, q.predicate, q.object) for q in given)


def nquads(quads: Iterable[ox.Quad]) -> str:
    """Quads as canonical N-Quads (RDFC-1.0)."""
    return "".join(f"{quad} .\n" for quad in canonical(quads))


_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
#: Spellings that Turtle reads back as the same literal without quotes.
_PLAIN = {
    ns.XSD + "integer": re.compile(r"[+-]?[0-9]+\Z"),
    ns.XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+\Z"),
    ns.XSD + "boolean": re.compile(r"(?:true|false)\Z"),
}
_TYPE, _FIRST, _REST, _NIL = (ns.RDF + name for name in ("type", "first", "rest", "nil"))
_PAD = "    "
#: Nodes that lie deeper than this keep a name.
_DEEPEST = 40


def canonical(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """Quads with canonical names of blank nodes (RDFC-1.0), in one total order."""
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    return sorted(dataset, key=str)


def trig(quads: Iterable[ox.Quad], prefixes: Mapping[str, str] = ns.PREFIXES) -> str:
    """Quads in TriG, the default graph first; one that lie in the default graph alone are Turtle."""
    graphs: dict[Any, list[ox.Quad]] = defaultdict(list)
    shared = Counter[Any]()
    for quad in canonical(quads):
        graphs[quad.graph_name].append(quad)
    for members in graphs.values():
        shared.update({t for q in members for t in (q.subject, q.object) if isinstance(t, ox.BlankNode)})
    shared.update(dict.fromkeys(graphs, 2))
    used = {**prefixes, **_statements(graphs)}
    blocks = [f"@prefix {p}: <{iri}> ." for p, iri in sorted(used.items())]
    for name in sorted(graphs, key=lambda g: "" if isinstance(g, ox.DefaultGraph) else str(g)):
        # A node that two graphs speak of keeps its name in both.
        body = _Graph(graphs[name], used, {node for node, times in shared.items() if times > 1}).text()
        blocks.append("\n" + (body if isinstance(name, ox.DefaultGraph) else f"{_term(name, used)} {{\n\n{body}\n\n}}"))
    return "\n".join(blocks) + "\n"


def _statements(graphs: Mapping[Any, list[ox.Quad]]) -> dict[str, str]:
    """A prefix for the statements of a document, where the quads are of one."""
    pattern = re.compile(re.escape(ns.BASE) + r"statement/[^/]+/")
    subjects = (q.subject.value for quads in graphs.values() for q in quads if isinstance(q.subject, ox.NamedNode))
    bases = {m.group() for m in map(pattern.match, subjects) if m}
    return {"s": bases.pop()} if len(bases) == 1 else {}


def _term(term: Any, prefixes: Mapping[str, str]) -> str:
    if isinstance(term, ox.NamedNode):
        best = max(
            (p for p in prefixes if term.value.startswith(prefixes[p])), key=lambda p: len(prefixes[p]), default=""
        )
        local = term.value[len(prefixes[best]) :] if best else ""
        return f"{best}:{local}" if best and _LOCAL.match(local) else str(term)
    if isinstance(term, ox.Literal) and not term.language:
        plain = _PLAIN.get(term.datatype.value)
        if plain and plain.match(term.value):
            return str(term.value)
        if term.datatype.value != ns.XSD + "string":
            quoted = str(ox.Literal(term.value))
            return f"{quoted}^^{_term(term.datatype, prefixes)}"
    return str(term)


class _Graph:
    """Writes one graph: named subjects at the top, blank nodes inside the one statement that mentions them."""

    def __init__(self, quads: Iterable[ox.Quad], prefixes: Mapping[str, str], kept: set[Any]) -> None:
        self._prefixes = prefixes
        self._said: dict[Any, dict[Any, list[Any]]] = defaultdict(lambda: defaultdict(list))
        mentions = Counter[Any]()
        for quad in quads:
            self._said[quad.subject][quad.predicate].append(quad.object)
            mentions[quad.object] += 1
        self._inside = {
            node for node in self._said if isinstance(node, ox.BlankNode) and mentions[node] == 1 and node not in kept
        }
        self._inside -= self._deep()
        unsaid = {n for n in mentions if isinstance(n, ox.BlankNode) and mentions[n] == 1 and n not in self._said}
        self._empty = unsaid - kept
        self._unnamed = {n for n in self._said if isinstance(n, ox.BlankNode) and not mentions[n] and n not in kept}

    def _deep(self) -> set[Any]:
        """Blank nodes that lead back to themselves or lie too deep: they need a name. Cells of a list add no depth."""
        above = {
            value: (subject, prop.value != _REST)
            for subject, props in self._said.items()
            for prop, values in props.items()
            for value in values
            if value in self._inside
        }
        depths: dict[Any, int] = {}
        named: set[Any] = set()
        for start in above:
            path: dict[Any, None] = {}
            node = start
            while node in above and node not in depths and node not in path:
                path[node] = None
                node = above[node][0]
            chain = list(path)
            if node in path:
                circle = chain[chain.index(node) :]
                named.update(circle)
                depths.update(dict.fromkeys(circle, 0))
                chain = chain[: chain.index(node)]
            depth = depths.get(node, 0)
            for below in reversed(chain):
                depth += above[below][1]
                if depth > _DEEPEST:
                    named.add(below)
                    depth = 0
                depths[below] = depth
        return named

    def text(self) -> str:
        """The statements of the graph."""
        subjects = [s for s in self._said if s not in self._inside]
        named = sorted((s for s in subjects if s not in self._unnamed), key=str)
        # Those without a name sort by what is said of them.
        unnamed = sorted(self._node(s, 0) for s in subjects if s in self._unnamed)
        told = [f"{_term(s, self._prefixes)}{self._predicates(s, 1)} ." for s in named]
        return "\n\n".join([*told, *(f"{text} ." for text in unnamed)])

    def _predicates(self, node: Any, depth: int) -> str:
        said = self._said[node]
        parts = []
        for prop in sorted(said, key=lambda p: (p.value != _TYPE, p.value)):
            name = "a" if prop.value == _TYPE else _term(prop, self._prefixes)
            values = sorted(self._value(v, depth) for v in said[prop])
            parts.append(f"{name} " + " , ".join(values))
        pad = "\n" + _PAD * depth
        return (" " if depth == 1 else pad) + f" ;{pad}".join(parts)

    def _value(self, term: Any, depth: int) -> str:
        if term in self._empty:
            return "[]"
        if term not in self._inside:
            return _term(term, self._prefixes)
        items = self._list(term)
        return self._node(term, depth) if items is None else self._items(items, depth)

    def _node(self, node: Any, depth: int) -> str:
        return f"[{self._predicates(node, depth + 1)}\n{_PAD * depth}]"

    def _items(self, items: list[Any], depth: int) -> str:
        pad = "\n" + _PAD * (depth + 1)
        return "(" + "".join(pad + self._value(item, depth + 1) for item in items) + f"\n{_PAD * depth})"

    def _list(self, cell: Any) -> list[Any] | None:
        """The items of a well-formed list whose cells nothing else mentions, or None."""
        items = []
        while cell != ox.NamedNode(_NIL):
            said = {p.value: values for p, values in self._said.get(cell, {}).items()}
            if cell not in self._inside or set(said) != {_FIRST, _REST} or any(len(v) != 1 for v in said.values()):
                return None
            items.append(said[_FIRST][0])
            cell = said[_REST][0]
        return items
