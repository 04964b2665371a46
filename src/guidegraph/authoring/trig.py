"""Nodes written as TriG or Turtle in the style of the shipped documents: the same nodes, the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.columns import PREFIXES
from guidegraph.authoring.making import MadeDocument, Node

#: Prefixes that every document has, in their order; the others where they are used.
_ALWAYS = ("gg", "ggt", "ggp", "ggd", "ggg", "s", "owl", "rdfs", "xsd", "dcterms", "prov")
_ORDER = (
    "gg",
    "ggt",
    "ggp",
    "ggd",
    "ggo",
    "ggg",
    "ggr",
    "s",
    "oa",
    "owl",
    "rdfs",
    "xsd",
    "skos",
    "dcterms",
    "prov",
    "oboInOwl",
)
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
#: What is said on the first line of a node.
_FIRST = (ns.RDF + "type", ns.RDFS + "label")
#: Sections in the order in which their nodes are written.
_SECTIONS = (
    "sections", "terms used", "scopes", "recommendations", "comparisons", "contraindications", "alerts", "flags",
    "advice", "background", "evidence", "accuracy", "figures", "references", "citations", "citation readings",
    "silent passages", "places", "populations",
)  # fmt: skip
_LISTS = {ns.OWL + name for name in ("intersectionOf", "unionOf", "withRestrictions", "oneOf")}

Said = dict[ox.NamedNode | ox.BlankNode, dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]]


class _Turtle:
    """Writes the terms and nodes of one file, and keeps which prefixes it used."""

    def __init__(self, document: str = "") -> None:
        self._prefixes = {**PREFIXES, **({"s": f"{ns.BASE}statement/{document}/"} if document else {})}
        self._by_length = sorted(self._prefixes.items(), key=lambda item: -len(item[1]))
        self.used: set[str] = set()

    def iri(self, iri: str) -> str:
        """An IRI under its prefix, or whole."""
        for prefix, namespace in self._by_length:
            local = iri[len(namespace) :]
            if iri.startswith(namespace) and _LOCAL.match(local):
                self.used.add(prefix)
                return f"{prefix}:{local}"
        return f"<{iri}>"

    def _literal(self, value: ox.Literal) -> str:
        text, kind = value.value, value.datatype.value.removeprefix(ns.XSD)
        bare = {"decimal": _DECIMAL, "integer": _INTEGER, "boolean": re.compile(r"true\Z|false\Z")}.get(kind)
        if bare and bare.match(text):
            return text
        quoted = f'"{text.translate(_ESCAPES)}"'
        if value.language:
            return f"{quoted}@{value.language}"
        return quoted if kind == "string" else f"{quoted}^^{self.iri(value.datatype.value)}"

    def term(self, term: ox.NamedNode | ox.BlankNode | ox.Literal, said: Said, depth: int) -> str:
        """A value; a node without a name is written out where it stands."""
        if isinstance(term, ox.NamedNode):
            return self.iri(term.value)
        if isinstance(term, ox.Literal):
            return self._literal(term)
        parts = [self._property(p, values, said, depth) for p, values in said[term].items()]
        return f"[ {' ; '.join(parts)} ]"

    def _property(
        self, predicate: str, values: Sequence[ox.NamedNode | ox.BlankNode | ox.Literal], said: Said, depth: int
    ) -> str:
        name = "a" if predicate == ns.RDF + "type" else self.iri(predicate)
        if predicate in _LISTS and isinstance(values[0], ox.BlankNode):
            return f"{name} ( {self._members(values[0], said, depth)} )"
        return f"{name} {' , '.join(self.term(v, said, depth + 1) for v in values)}"

    def _members(self, node: ox.NamedNode | ox.BlankNode | ox.Literal, said: Said, depth: int) -> str:
        members = []
        while isinstance(node, ox.BlankNode):
            members.append(self.term(said[node][ns.RDF + "first"][0], said, depth + 1))
            node = said[node][ns.RDF + "rest"][0]
        # Atoms of a population stand on lines of their own.
        longest = sum(map(len, members)) > 60 and len(members) > 1
        return ("\n" + "    " * (depth + 2)).join(members) if longest else " ".join(members)

    def node(self, subject: ox.NamedNode | ox.BlankNode, said: Said) -> str:
        """All that is said of a node: its class and label on the first line, then a property a line."""
        name = self.iri(subject.value) if isinstance(subject, ox.NamedNode) else "[]"
        held = said[subject]
        first = [self._property(p, held[p], said, 1) for p in _FIRST if p in held]
        rest = [self._property(p, values, said, 1) for p, values in held.items() if p not in _FIRST]
        lines = [" ; ".join(first)] if first else []
        body = " ;\n    ".join([*lines, *rest])
        return f"{name} {body} ."

    def head(self, always: Iterable[str]) -> str:
        """The declarations of the prefixes."""
        wanted = {*always, *self.used}
        return "".join(f"@prefix {p}: <{self._prefixes[p]}> .\n" for p in _ORDER if p in wanted)


def _said(triples: Iterable[ox.Triple]) -> Said:
    said: Said = {}
    for triple in triples:
        values = said.setdefault(triple.subject, {}).setdefault(triple.predicate.value, [])  # type: ignore[arg-type]
        if triple.object not in values:
            values.append(triple.object)  # type: ignore[arg-type]
    return said


def document_triples(made: MadeDocument, people: Mapping[str, str]) -> list[ox.Triple]:
    """What the graph of a document says, in the order in which it is written."""
    return [triple for node in _ordered(made, people) for triple in node.triples]


def document_trig(made: MadeDocument, people: Mapping[str, str]) -> str:
    """The file of a document: its named graph, with its description inside.

    Args:
        made: the nodes of the document.
        people: names of people that no ontology declares, by IRI.
    """
    turtle = _Turtle(made.id)
    nodes = list(_ordered(made, people))
    said = _said(triple for node in nodes for triple in node.triples)
    order = dict.fromkeys(node.iri for node in nodes)
    body = "\n\n".join(turtle.node(ox.NamedNode(iri), said) for iri in order)
    name = turtle.iri(made.graph.iri)
    return f"{turtle.head(_ALWAYS)}\n{name} {{\n\n{body}\n\n}}\n"


def terms_turtle(nodes: Sequence[Node], axioms: Sequence[ox.Triple], head: str = "") -> str:
    """The file of the terms of a domain: its nodes, then axioms that no node with a name leads."""
    turtle = _Turtle()
    said = _said(triple for node in nodes for triple in node.triples)
    parts = [turtle.node(ox.NamedNode(iri), said) for iri in dict.fromkeys(node.iri for node in nodes)]
    loose = _said(axioms)
    inner = {value for held in loose.values() for values in held.values() for value in values}
    # What two rows say of each other is said once.
    parts += sorted({turtle.node(subject, loose) for subject in loose if subject not in inner})
    return turtle.head(("gg", "ggt", "owl", "rdfs", "skos")) + "\n" + head + "\n\n".join(parts) + "\n"


def _ordered(made: MadeDocument, people: Mapping[str, str]) -> Iterator[Node]:
    """The nodes in order: each place before what first stands there, each reading and population behind it."""
    by_iri = {node.iri: node for nodes in made.sections.values() for node in nodes}
    done: set[str] = set()

    def led(node: Node, predicate: str, section: str) -> Iterator[Node]:
        for triple in node.triples:
            value = getattr(triple.object, "value", "")
            if triple.predicate.value == predicate and value in by_iri and value not in done:
                found = by_iri[value]
                yield from written(found) if found in made.sections.get(section, ()) else ()

    def written(node: Node) -> Iterator[Node]:
        if node.iri in done:
            return
        done.add(node.iri)
        yield from led(node, ns.GG + "locator", "places")
        yield node
        beside = made.beside.get(node.iri, [])
        yield from beside
        for one in (node, *beside):
            yield from led(one, ns.GG + "figure", "figures")
        yield from led(node, ns.GG + "population", "populations")

    yield made.graph
    yield made.node
    for iri, label in sorted(people.items()):
        person = Node(iri)
        person.say(ns.RDF + "type", ox.NamedNode(ns.PROV + "Person"))
        person.say(ns.RDFS + "label", ox.Literal(label, language="en"))
        yield person
    for section in _SECTIONS:
        for node in made.sections.get(section, ()):
            yield from written(node)
