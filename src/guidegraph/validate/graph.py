"""An rdflib graph that answers the look-ups of a SHACL engine from plain dictionaries.

A SHACL engine asks a graph mostly for the objects of a subject and predicate, hundreds of thousands of times for a
graph of 100,000 triples. rdflib's own store answers through several layers of generators that keep contexts apart;
a graph that only grows, and has no contexts, needs neither. The engine itself is used as it is, and a test compares
its reports on this graph with those on an ordinary ``rdflib.Graph``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result
from rdflib.store import Store
from rdflib.term import Node, XSDToPython

from guidegraph.errors import ValidationError
from guidegraph.reading import unreadable
from guidegraph.validate.describe import UNREADABLE, restrictions

RdfTriple = tuple[Node, Node, Node]


class TermTable:
    """Makes each RDF term once, so that equal terms of several graphs are the same object (and compare quickly)."""

    def __init__(self) -> None:
        self._terms: dict[object, Node] = {}

    def copy(self) -> TermTable:
        """A table that starts with the same terms and grows apart."""
        other = TermTable()
        other._terms = dict(self._terms)
        return other

    def term(self, term: object) -> Node:
        """The rdflib term for a pyoxigraph term; literals keep their lexical form as written."""
        made = self._terms.get(term)
        if made is None:
            made = _convert(term)
            self._terms[term] = made
        return made

    def triples(self, quads: Iterable[ox.Quad | ox.Triple]) -> Iterator[RdfTriple]:
        """The triples of some quads or triples, graph names left out."""
        term = self.term
        for quad in quads:
            yield term(quad.subject), term(quad.predicate), term(quad.object)


def _convert(term: object) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if isinstance(term, ox.Literal):
        if term.language is not None:
            return Literal(term.value, lang=term.language)
        datatype = URIRef(("" if _readable(term) else UNREADABLE) + term.datatype.value)
        return Literal(term.value, datatype=datatype, normalize=False)
    raise ValidationError(f"a quoted triple cannot be validated: {term}", mend="Use plain RDF 1.1 triples.")


def _readable(literal: ox.Literal) -> bool:
    """Whether the store and rdflib both read a literal; rdflib would log what it does not read with a traceback."""
    if unreadable(literal):
        return False
    reader = XSDToPython.get(URIRef(literal.datatype.value))
    try:
        return reader is None or reader(literal.value) is not None
    except Exception:  # whatever a reader of a datatype raises on a wrong form
        return False


class IndexedStore(Store):
    """Triples in three dictionaries, for one graph. They can be added, not taken away."""

    context_aware = True
    graph_aware = True

    def __init__(self) -> None:
        super().__init__()
        self.by_subject: dict[Any, dict[Any, list[Any]]] = {}
        self.by_object: dict[Any, dict[Any, dict[Any, None]]] = {}
        self.by_predicate: dict[Any, list[tuple[Any, Any]]] = {}
        self.size = 0
        self.prefixes: dict[str, URIRef] = {}
        self.graph: Graph | None = None

    def add(self, triple: Any, context: Any = None, quoted: bool = False) -> None:
        """Add a triple, once."""
        s, p, o = triple
        holders = self.by_object.setdefault(o, {}).setdefault(p, {})
        if s in holders:
            return
        holders[s] = None
        self.by_subject.setdefault(s, {}).setdefault(p, []).append(o)
        self.by_predicate.setdefault(p, []).append((s, o))
        self.size += 1

    def remove(self, triple: Any, context: Any = None) -> None:
        """Refuse: nothing is taken away from such a store."""
        raise TypeError("an IndexedStore only grows")

    def triples(self, triple_pattern: Any, context: Any = None) -> Iterator[Any]:
        """All triples that match a pattern, in which None stands for any term, each with its graph."""
        for triple in self._match(*triple_pattern):
            yield triple, iter((self.graph,))

    def _match(self, s: Any, p: Any, o: Any) -> Iterator[tuple[Any, Any, Any]]:
        if s is not None:
            objects_of = self.by_subject.get(s, {})
            for predicate in (p,) if p is not None else tuple(objects_of):
                for value in objects_of.get(predicate, ()):
                    if o is None or value == o:
                        yield s, predicate, value
        elif o is not None:
            subjects_of = self.by_object.get(o, {})
            for predicate in (p,) if p is not None else tuple(subjects_of):
                for subject in subjects_of.get(predicate, ()):
                    yield subject, predicate, o
        else:
            for predicate in (p,) if p is not None else tuple(self.by_predicate):
                for subject, value in self.by_predicate.get(predicate, ()):
                    yield subject, predicate, value

    def __len__(self, context: Any = None) -> int:
        return self.size

    def contexts(self, triple: Any = None) -> Iterator[Any]:  # type: ignore[override]
        """The one graph."""
        return iter((self.graph,))

    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        """Keep a prefix for messages."""
        if override or prefix not in self.prefixes:
            self.prefixes[prefix] = namespace

    def prefix(self, namespace: URIRef) -> str | None:
        """The prefix bound to a namespace, if any."""
        return next((p for p, n in self.prefixes.items() if n == namespace), None)

    def namespace(self, prefix: str) -> URIRef | None:
        """The namespace of a prefix, if any."""
        return self.prefixes.get(prefix)

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        """All prefixes with their namespaces."""
        return iter(tuple(self.prefixes.items()))


class IndexedGraph(Graph):
    """A graph over an ``IndexedStore`` whose most frequent look-ups go straight to the dictionaries."""

    def __init__(self, triples: Iterable[RdfTriple] = ()) -> None:
        store = IndexedStore()
        super().__init__(store=store, bind_namespaces="none")
        store.graph = self
        self._by_subject = store.by_subject
        self._by_object = store.by_object
        self._parsed: dict[str, Query] = {}
        for triple in triples:
            store.add(triple)

    def objects(self, subject: Any = None, predicate: Any = None, unique: bool = False) -> Iterator[Any]:  # type: ignore[override]
        """The objects of a subject and predicate."""
        if subject is None or not isinstance(predicate, URIRef):
            return super().objects(subject, predicate, unique)
        objects_of = self._by_subject.get(subject)
        return iter(objects_of.get(predicate, ())) if objects_of else iter(())

    def subjects(self, predicate: Any = None, object: Any = None, unique: bool = False) -> Iterator[Any]:  # type: ignore[override]
        """The subjects of a predicate and object."""
        if object is None or not isinstance(predicate, URIRef):
            return super().subjects(predicate, object, unique)
        subjects_of = self._by_object.get(object)
        return iter(subjects_of.get(predicate, ())) if subjects_of else iter(())

    def value(
        self,
        subject: Any = None,
        predicate: Any = None,
        object: Any = None,
        default: Any = None,
        any: bool = True,
    ) -> Any:
        """One object of a subject and predicate, or the default."""
        if subject is None or object is not None or not any or not isinstance(predicate, URIRef):
            return super().value(subject, predicate, object, default, any)
        return next(self.objects(subject, predicate), default)

    def query(self, query_object: Any, *args: Any, **kwargs: Any) -> Result:
        """The answer to a query. A constraint's text is parsed once, not again for each node that it is asked about."""
        if isinstance(query_object, str):
            if query_object not in self._parsed:
                self._parsed[query_object] = prepareQuery(query_object, initNs=dict(self.namespaces()))
            query_object = self._parsed[query_object]
        return super().query(query_object, *args, **kwargs)

    def items(self, list: Any) -> Iterator[Any]:  # type: ignore[override]
        """The members of an RDF list; a list that runs into itself raises ``ValueError``."""
        seen = set()
        while list is not None and list != RDF.nil:
            if list in seen:
                raise ValueError("an RDF list runs into itself")
            seen.add(list)
            yield from self.objects(list, RDF.first)
            list = next(self.objects(list, RDF.rest), None)


class FileGraph:
    """The graph that is validated, made of some files and what is given beside them, and which file says what."""

    def __init__(
        self,
        terms: TermTable,
        files: Mapping[str, Sequence[ox.Quad | ox.Triple]],
        beside: Iterable[RdfTriple],
        *,
        alone: bool,
    ) -> None:
        self.terms, self.files = terms, files
        self._alone = alone  # what is beside them cannot be at fault
        self.graph = IndexedGraph()
        self._subjects: dict[Node, dict[str, None]] = {}
        self._pairs: dict[tuple[Node, Node], dict[str, None]] = {}
        for file, quads in files.items():
            for triple in terms.triples(quads):
                self.graph.add(triple)
                self._subjects.setdefault(triple[0], {})[file] = None
                self._pairs.setdefault((triple[0], triple[2]), {})[file] = None
        for triple in beside:
            self.graph.add(triple)

    def holders(self, focus: Node, value: Node | None) -> Sequence[str]:
        """The files that a result is about: those that say it of the focus, or use the value with the property."""
        if value is not None and (focus, value) in self._pairs:
            return list(self._pairs[focus, value])[:1]
        using = restrictions(self.graph, focus, value) if value is not None else []
        places = {file: None for r in using for file in self._subjects.get(r, ())}
        if using:
            return list(places)
        known = self._subjects.get(focus) or (self._subjects.get(value) if value is not None else None)
        if known is None and self._alone:
            known = {file: None for (_, o), files in self._pairs.items() if o == focus for file in files}
        return list(known or ())[:1]

    def unreadable(self, term: Node | None) -> Literal | None:
        """The term if it is a literal that cannot be read as it claims."""
        return term if isinstance(term, Literal) and str(term.datatype).startswith(UNREADABLE) else None

    def users(self, predicate: Node) -> Sequence[str]:
        """The files in which something is said with a property."""
        return [file for file, quads in self.files.items() if any(q.predicate.value == str(predicate) for q in quads)]
