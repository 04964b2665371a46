"""The definition of a population in OWL, as docs/model.md has it, and as a value.

Each restriction, list and range is a node without a name, as in the shipped documents; members stand in the order of
the value, so that what was read is written back the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import PopulationError
from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.knowledge.manchester import NUMBER_OF, VALUE_OF
from guidegraph.knowledge.records import gg
from guidegraph.profile.rdf import decimal_literal
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

Conjunction = tuple[Literal, ...]
Node = ox.NamedNode | ox.BlankNode

_TYPE = ox.NamedNode(ns.RDF + "type")
_FIRST, _REST, _NIL = (ox.NamedNode(ns.RDF + name) for name in ("first", "rest", "nil"))
_DECIMAL = ox.NamedNode(ns.XSD + "decimal")
_PATIENT = ox.NamedNode(gg("Patient"))
#: Facets of a range: which end it is, and what the bound's second part is (:mod:`guidegraph.termreadings`).
_FACETS = {"minInclusive": (0, 0), "minExclusive": (0, 1), "maxInclusive": (1, 1), "maxExclusive": (1, 0)}
_FACET = {end: name for name, end in _FACETS.items()}
_MEND = "Write it as docs/populations.md shows."


def _owl(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.OWL + name)


@dataclass(frozen=True)
class Expression:
    """Who is of a population: one of the branches holds, each a conjunction of literals, in their order.

    A literal is what is held (:class:`guidegraph.knowledge.branch.Held`; a named population has no property), an event
    or a range of a number, and whether it is affirmed. There is at least one branch, and each has a literal.
    """

    branches: tuple[Conjunction, ...]

    def literals(self) -> Iterator[Literal]:
        """All literals, branch by branch."""
        return (one for branch in self.branches for one in branch)


def event(prop: str, cls: str, outcome: str, showed: str, ranges: Mapping[str, tuple[Bound, Bound]]) -> Event:
    """An event with the ranges of its numbers, by their properties.

    Raises:
        PopulationError: a number is none of such an event.
    """
    time, value = NUMBER_OF[prop], VALUE_OF.get(prop, "")
    for other in ranges.keys() - {time, value}:
        raise PopulationError(f"{ns.shorten(other)} is not said of {ns.shorten(prop)}", mend=_MEND)
    low, high = ranges.get(time, (LOWEST, HIGHEST))
    return Event(
        prop, cls, outcome, time in ranges, low, high, showed, value in ranges, *ranges.get(value, (LOWEST, HIGHEST))
    )


# ---------------------------------------------------------------- into OWL


class _Writer:
    def __init__(self, blank: Callable[[], ox.BlankNode]) -> None:
        self._blank = blank
        self.triples: list[ox.Triple] = []

    def _say(self, subject: Node, predicate: ox.NamedNode, value: Node | ox.Literal) -> None:
        self.triples.append(ox.Triple(subject, predicate, value))

    def _new(self, kind: str) -> ox.BlankNode:
        node = self._blank()
        self._say(node, _TYPE, ox.NamedNode(kind))
        return node

    def _list(self, members: Sequence[Node]) -> Node:
        if not members:
            return _NIL
        cells = [self._blank() for _ in members]
        ends: list[Node] = [*cells[1:], _NIL]
        for cell, member, rest in zip(cells, members, ends, strict=True):
            self._say(cell, _FIRST, member)
            self._say(cell, _REST, rest)
        return cells[0]

    def _class(self, constructor: str, value: Node) -> ox.BlankNode:
        node = self._new(ns.OWL + "Class")
        self._say(node, _owl(constructor), value)
        return node

    def _restriction(self, prop: str, filler: Node, how: str = "someValuesFrom") -> ox.BlankNode:
        node = self._new(ns.OWL + "Restriction")
        self._say(node, _owl("onProperty"), ox.NamedNode(prop))
        self._say(node, _owl(how), filler)
        return node

    def _range(self, low: Bound, high: Bound) -> ox.BlankNode:
        node = self._new(ns.RDFS + "Datatype")
        facets: list[Node] = []
        for side, bound, open_end in ((0, low, LOWEST), (1, high, HIGHEST)):
            if bound != open_end:
                facet = self._blank()
                self._say(facet, ox.NamedNode(ns.XSD + _FACET[side, bound[1]]), decimal_literal(bound[0]))
                facets.append(facet)
        self._say(node, _owl("onDatatype"), _DECIMAL)
        self._say(node, _owl("withRestrictions"), self._list(facets))
        return node

    def _atom(self, what: Held | Event | Range) -> Node:
        if isinstance(what, Held):
            cls = ox.NamedNode(what.cls)
            return self._restriction(what.prop, cls) if what.prop else cls
        if isinstance(what, Range):
            return self._restriction(what.prop, self._range(what.low, what.high))
        parts: list[Node] = [self._restriction(gg("ofIntervention"), ox.NamedNode(what.cls))]
        if what.outcome:
            parts.append(self._restriction(gg("hasOutcome"), ox.NamedNode(what.outcome), "hasValue"))
        if what.showed:
            parts.append(self._restriction(gg("showed"), ox.NamedNode(what.showed)))
        if what.valued:
            parts.append(self._restriction(VALUE_OF[what.prop], self._range(what.least, what.most)))
        if what.bounded:
            parts.append(self._restriction(NUMBER_OF[what.prop], self._range(what.low, what.high)))
        filler = parts[0] if len(parts) == 1 else self._class("intersectionOf", self._list(parts))
        return self._restriction(what.prop, filler)

    def _literal(self, literal: Literal) -> Node:
        what, positive = literal
        return self._atom(what) if positive else self._class("complementOf", self._atom(what))

    def _conjunction(self, literals: Conjunction) -> Node:
        members = [self._literal(one) for one in literals]
        return members[0] if len(members) == 1 else self._class("intersectionOf", self._list(members))

    def definition(self, expression: Expression) -> Node:
        if len(expression.branches) == 1:
            members = [self._literal(one) for one in expression.branches[0]]
        else:
            members = [self._class("unionOf", self._list([self._conjunction(b) for b in expression.branches]))]
        return self._class("intersectionOf", self._list([_PATIENT, *members]))


def definition_triples(
    expression: Expression, population: ox.NamedNode, blank: Callable[[], ox.BlankNode] = ox.BlankNode
) -> list[ox.Triple]:
    """The triples of the definition of a population, ``owl:equivalentClass`` with all below it.

    Args:
        expression: who is of it.
        population: its IRI.
        blank: gives a new node without a name.
    """
    writer = _Writer(blank)
    node = writer.definition(expression)
    return [ox.Triple(population, _owl("equivalentClass"), node), *writer.triples]


# ---------------------------------------------------------------- from OWL


class _Reader:
    def __init__(self, quads: Iterable[ox.Quad]) -> None:
        self._said: dict[object, dict[str, list[object]]] = {}
        for quad in quads:
            self._said.setdefault(quad.subject, {}).setdefault(quad.predicate.value, []).append(quad.object)

    def _one(self, node: object, iri: str) -> object | None:
        values = self._said.get(node, {}).get(iri, [])
        if len(values) > 1:
            raise PopulationError(f"{ns.shorten(iri)} is said twice of one node", mend=_MEND)
        return values[0] if values else None

    def _must(self, node: object, iri: str) -> object:
        value = self._one(node, iri)
        if value is None:
            raise PopulationError(f"a construct without {ns.shorten(iri)}", mend=_MEND)
        return value

    def _members(self, node: object) -> list[object]:
        members: list[object] = []
        while node != _NIL:
            members.append(self._must(node, ns.RDF + "first"))
            node = self._must(node, ns.RDF + "rest")
            if len(members) > 10_000:
                raise PopulationError("a list without an end", mend=_MEND)
        return members

    def _range(self, node: object) -> tuple[Bound, Bound]:
        ends = [LOWEST, HIGHEST]
        for facet in self._members(self._must(node, ns.OWL + "withRestrictions")):
            for name, (side, second) in _FACETS.items():
                value = self._one(facet, ns.XSD + name)
                if isinstance(value, ox.Literal):
                    ends[side] = (Decimal(value.value), second)
        return ends[0], ends[1]

    def _event(self, prop: str, filler: object) -> Event:
        inner = self._one(filler, ns.OWL + "intersectionOf")
        cls = outcome = showed = ""
        ranges: dict[str, tuple[Bound, Bound]] = {}
        for part in self._members(inner) if inner is not None else [filler]:
            on = self._iri(self._must(part, ns.OWL + "onProperty"))
            if on == gg("ofIntervention"):
                cls = self._iri(self._must(part, ns.OWL + "someValuesFrom"))
            elif on == gg("hasOutcome"):
                outcome = self._iri(self._must(part, ns.OWL + "hasValue"))
            elif on == gg("showed"):
                showed = self._iri(self._must(part, ns.OWL + "someValuesFrom"))
            else:
                ranges[on] = self._range(self._must(part, ns.OWL + "someValuesFrom"))
        return event(prop, cls, outcome, showed, ranges)

    def _iri(self, node: object) -> str:
        if not isinstance(node, ox.NamedNode):
            raise PopulationError("a construct in place of a name", mend=_MEND)
        return node.value

    def _atom(self, node: object) -> Held | Event | Range:
        if isinstance(node, ox.NamedNode):
            return Held("", node.value)
        prop = self._iri(self._must(node, ns.OWL + "onProperty"))
        filler = self._must(node, ns.OWL + "someValuesFrom")
        if prop in NUMBER_OF:
            return self._event(prop, filler)
        if isinstance(filler, ox.NamedNode):
            return Held(prop, filler.value)
        return Range(prop, *self._range(filler))

    def _literal(self, node: object) -> Literal:
        denied = self._one(node, ns.OWL + "complementOf")
        return (self._atom(node), True) if denied is None else (self._atom(denied), False)

    def _conjunction(self, node: object) -> Conjunction:
        inner = self._one(node, ns.OWL + "intersectionOf")
        members = [node] if inner is None else self._members(inner)
        return tuple(self._literal(one) for one in members)

    def expression(self, population: ox.NamedNode) -> Expression:
        node = self._must(population, ns.OWL + "equivalentClass")
        inner = self._one(node, ns.OWL + "intersectionOf")
        members = [one for one in ([node] if inner is None else self._members(inner)) if one != _PATIENT]
        union = self._one(members[0], ns.OWL + "unionOf") if len(members) == 1 else None
        if union is not None:
            return Expression(tuple(self._conjunction(one) for one in self._members(union)))
        return Expression((tuple(self._literal(one) for one in members),))


def expressions(quads: Iterable[ox.Quad], populations: Iterable[ox.NamedNode]) -> dict[str, Expression]:
    """The definitions of populations as values, by IRI.

    Raises:
        PopulationError: a definition is outside the fragment of docs/populations.md.
    """
    reader = _Reader(quads)
    found: dict[str, Expression] = {}
    for population in populations:
        try:
            found[population.value] = reader.expression(population)
        except PopulationError as error:
            raise PopulationError(error.what, where=ns.shorten(population.value), mend=error.mend) from None
    return found
