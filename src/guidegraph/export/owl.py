"""An RDF graph as the axioms of one OWL 2 ontology, every triple accounted for.

Source: W3C Recommendation "OWL 2 Web Ontology Language Mapping to RDF Graphs (Second Edition)", section 3. An axiom is
a nested tuple that begins with the name of its OWL/XML element; a name is ``("Class", iri)`` and so on, a literal
``("Literal", text, language, datatype)``. A triple that is no part of an axiom is an error, never left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.export import owlterms as terms
from guidegraph.export.rdf import canonical

Axiom = tuple[Any, ...]
_TYPE = ns.RDF + "type"
_NIL = ns.RDF + "nil"


def axioms(triples: Iterable[ox.Triple]) -> list[Axiom]:
    """The axioms of a graph, in one total order: declarations first, then by kind and content.

    Properties that are used on individuals and declared nowhere become annotation properties, and are declared so.

    Raises:
        KnowledgeError: a triple that says nothing in the OWL that is written here, or one that is cut off.
    """
    given = set(triples)
    try:
        found = _Reading(given).axioms()
        if not any(_unnamed(axiom) for axiom in found):
            return found
    except RecursionError:
        raise KnowledgeError(
            "a class expression is nested too deeply, or in a circle", where="owl:Class", mend="Name a part of it."
        ) from None
    # Individuals without a name get names that depend on the content alone.
    return _Reading(quad.triple for quad in canonical(ox.Quad(*triple) for triple in given)).axioms()


def _unnamed(axiom: Axiom) -> bool:
    return axiom[0] == "AnonymousIndividual" or any(_unnamed(part) for part in axiom if isinstance(part, tuple))


def _value(term: Any) -> str:
    return str(term.value)


class _Reading:
    """Reads one graph: takes its triples one by one until none is left."""

    def __init__(self, triples: Iterable[ox.Triple]) -> None:
        self._left = set(triples)
        self._said: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        for triple in sorted(self._left, key=str):
            self._said[triple.subject][triple.predicate.value].append(triple.object)
        self._kinds: dict[str, set[str]] = defaultdict(set)
        self._found: set[Axiom] = set()

    def axioms(self) -> list[Axiom]:
        """All axioms, once every triple is taken."""
        self._declarations()
        for triple in sorted(self._left, key=str):
            if triple.predicate.value in terms.AXIOMS or triple.predicate.value == _TYPE:
                self._axiom(triple)
        for triple in sorted(self._left, key=str):
            if not self._structural(triple):
                self._assertion(triple)
        if self._left:
            rest = min(self._left, key=str)
            raise self._fault(rest.subject, f"{ns.shorten(rest.predicate.value)} belongs to no axiom")
        return sorted(self._found, key=_order)

    def _take(self, subject: Any, predicate: str, value: Any) -> None:
        self._left.discard(ox.Triple(subject, ox.NamedNode(predicate), value))

    def _fault(self, node: Any, what: str) -> KnowledgeError:
        where = ns.shorten(node.value) if isinstance(node, ox.NamedNode) else f"an unnamed node ({self._hint(node)})"
        return KnowledgeError(what, where=where, mend="Write it in the OWL that docs/findable.md lists.")

    def _hint(self, node: Any) -> str:
        return ", ".join(ns.shorten(p) for p in sorted(self._said[node]))[:120] or "empty"

    def _declarations(self) -> None:
        for kind, name in terms.ENTITIES.items():
            for triple in [t for t in self._left if t.predicate.value == _TYPE and _value(t.object) == kind]:
                if isinstance(triple.subject, ox.NamedNode):
                    self._kinds[triple.subject.value].add(name)
                    self._found.add(("Declaration", (name, triple.subject.value)))
                    self._left.discard(triple)

    # ---- axioms

    def _axiom(self, triple: ox.Triple) -> None:
        if triple not in self._left:
            return
        subject, prop, value = triple.subject, triple.predicate.value, triple.object
        if prop == _TYPE:
            self._typed(triple)
            return
        if prop in terms.CLASS_AXIOMS:
            found = (terms.CLASS_AXIOMS[prop], self.expression(subject), self.expression(value))
        elif prop in terms.INDIVIDUAL_AXIOMS:
            found = (terms.INDIVIDUAL_AXIOMS[prop], self._individual(subject), self._individual(value))
        else:
            found = self._property_axiom(subject, prop, value)
        self._left.discard(triple)
        self._found.add(found)

    def _property_axiom(self, subject: Any, prop: str, value: Any) -> Axiom:
        kind = self._property_kind(subject)
        name = terms.PROPERTY_AXIOMS[prop].get(kind)
        if name is None:
            raise self._fault(subject, f"{ns.shorten(prop)} of {kind or 'an undeclared property'}")
        if not name.endswith(("Domain", "Range")):
            return (name, (kind, _value(subject)), (self._property_kind(value) or kind, _value(value)))
        if kind == "AnnotationProperty":
            return (name, (kind, _value(subject)), ("IRI", _value(value)))
        ranged = name == "DataPropertyRange"
        return (name, (kind, _value(subject)), self._data_range(value) if ranged else self.expression(value))

    def _property_kind(self, node: Any) -> str:
        kinds = self._kinds.get(_value(node), set()) if isinstance(node, ox.NamedNode) else set()
        return next((k for k in ("ObjectProperty", "DataProperty", "AnnotationProperty") if k in kinds), "")

    def _typed(self, triple: ox.Triple) -> None:
        subject, value = triple.subject, triple.object
        kind = _value(value) if isinstance(value, ox.NamedNode) else ""
        if kind in terms.CHARACTERISTICS:
            prop = self._property_kind(subject)
            name = terms.CHARACTERISTICS[kind].get(prop)
            if name is None:
                raise self._fault(subject, f"{ns.shorten(kind)} of {prop or 'an undeclared property'}")
            self._found.add((name, (prop, _value(subject))))
        elif kind in terms.GROUPS:
            name, member, lists = terms.GROUPS[kind]
            read: Callable[[Any], Axiom] = self.expression if member == "Class" else self._individual
            given = next((p for p in lists if p in self._said[subject]), "")
            if not given:
                raise self._fault(subject, f"{ns.shorten(kind)} without members")
            members = [read(item) for item in self._items(subject, given)]
            if len(members) < 2:
                raise self._fault(subject, f"{ns.shorten(kind)} with fewer than two members")
            self._found.add((name, *sorted(members, key=_order)))
        elif kind in terms.STRUCTURAL:
            return
        else:
            self._found.add(("ClassAssertion", self.expression(value), self._individual(subject)))
        self._left.discard(triple)

    def _structural(self, triple: ox.Triple) -> bool:
        """Whether a blank node's triple is read with the expression that it is a part of."""
        return triple.predicate.value in terms.PARTS

    def _assertion(self, triple: ox.Triple) -> None:
        if triple not in self._left:
            return
        subject, prop, value = triple.subject, triple.predicate.value, triple.object
        kind = self._property_kind(triple.predicate)
        if kind == "ObjectProperty":
            found: Axiom = (
                "ObjectPropertyAssertion", (kind, prop), self._individual(subject), self._individual(value),
            )  # fmt: skip
        elif kind == "DataProperty":
            found = ("DataPropertyAssertion", (kind, prop), self._individual(subject), self._literal(value))
        else:
            if prop.startswith((ns.OWL, ns.RDF)) and prop not in terms.BUILT_IN_ANNOTATIONS:
                return
            if prop not in terms.BUILT_IN_ANNOTATIONS:
                self._found.add(("Declaration", ("AnnotationProperty", prop)))
            about = ("IRI", subject.value) if isinstance(subject, ox.NamedNode) else self._individual(subject)
            found = ("AnnotationAssertion", ("AnnotationProperty", prop), about, self._annotation_value(value))
        self._found.add(found)
        self._left.discard(triple)

    # ---- expressions

    def expression(self, node: Any) -> Axiom:
        """A class name or class expression."""
        if isinstance(node, ox.NamedNode):
            return ("Class", node.value)
        said = self._said.get(node, {})
        prop = next((p for p in (*terms.CONNECTIVES, *terms.RESTRICTIONS) if p in said), None)
        if prop is None or not isinstance(node, ox.BlankNode):
            raise self._fault(node, "no class expression that is written here")
        for kind in said.get(_TYPE, ()):
            self._take(node, _TYPE, kind)
        return self._restriction(node, prop) if prop in terms.RESTRICTIONS else self._connective(node, prop)

    def _connective(self, node: Any, prop: str) -> Axiom:
        name = terms.CONNECTIVES[prop]
        if name == "ObjectComplementOf":
            return (name, self.expression(self._one(node, prop)))
        read: Callable[[Any], Axiom] = self._individual if name == "ObjectOneOf" else self.expression
        members = [read(item) for item in self._items(node, prop)]
        if not members:
            raise self._fault(node, f"{ns.shorten(prop)} of nothing")
        return members[0] if len(members) == 1 and read == self.expression else (name, *members)

    def _restriction(self, node: Any, prop: str) -> Axiom:
        on = self._one(node, ns.OWL + "onProperty")
        kind = self._property_kind(on)
        if kind not in ("ObjectProperty", "DataProperty"):
            raise self._fault(on, "the property of a restriction is declared neither object nor data property")
        value = self._one(node, prop)
        name = f"{kind.removesuffix('Property')}{terms.RESTRICTIONS[prop]}"
        if terms.RESTRICTIONS[prop] == "HasValue":
            filler = self._individual(value) if kind == "ObjectProperty" else self._literal(value)
        else:
            filler = self.expression(value) if kind == "ObjectProperty" else self._data_range(value)
        return (name, (kind, _value(on)), filler)

    def _data_range(self, node: Any) -> Axiom:
        if isinstance(node, ox.NamedNode):
            return ("Datatype", node.value)
        for kind in self._said[node].get(_TYPE, ()):
            self._take(node, _TYPE, kind)
        on = self._one(node, ns.OWL + "onDatatype")
        facets = []
        for item in self._items(node, ns.OWL + "withRestrictions"):
            for facet in sorted(self._said[item]):
                facets += [("FacetRestriction", facet, self._literal(self._one(item, facet)))]
        return ("DatatypeRestriction", ("Datatype", _value(on)), *facets)

    def _one(self, node: Any, prop: str) -> Any:
        values = self._said[node].get(prop, [])
        if len(values) != 1:
            raise self._fault(node, f"{ns.shorten(prop)} has {len(values)} values, not one")
        self._take(node, prop, values[0])
        return values[0]

    def _items(self, node: Any, prop: str) -> list[Any]:
        found, cell = [], self._one(node, prop)
        seen: set[Any] = set()
        while _value(cell) != _NIL:
            if cell in seen:
                raise self._fault(node, "a list that runs in a circle")
            seen.add(cell)
            for kind in self._said[cell].get(_TYPE, ()):
                self._take(cell, _TYPE, kind)
            found.append(self._one(cell, ns.RDF + "first"))
            cell = self._one(cell, ns.RDF + "rest")
        return found

    # ---- individuals and values

    def _individual(self, node: Any) -> Axiom:
        if isinstance(node, ox.NamedNode):
            return ("NamedIndividual", node.value)
        if isinstance(node, ox.BlankNode):
            return ("AnonymousIndividual", node.value)
        raise self._fault(ox.NamedNode(_TYPE), f"{str(node)[:40]} stands where an individual must")

    def _literal(self, node: Any) -> Axiom:
        if not isinstance(node, ox.Literal):
            raise self._fault(node, "an IRI or unnamed node stands where a literal must")
        return ("Literal", node.value, node.language or "", "" if node.language else node.datatype.value)

    def _annotation_value(self, node: Any) -> Axiom:
        if isinstance(node, ox.NamedNode):
            return ("IRI", node.value)
        return self._literal(node) if isinstance(node, ox.Literal) else self._individual(node)


def _order(axiom: Axiom) -> tuple[int, str]:
    """Declarations before the rest; then by content."""
    return (0 if axiom[0] == "Declaration" else 1, repr(axiom))
