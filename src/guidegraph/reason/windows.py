"""Statements whose own population cannot be met within the time window of the section that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

import pyoxigraph as ox

from guidegraph.namespaces import GG, OWL, RDF, RDFS, XSD
from guidegraph.reason.axioms import TYPE, Axioms, Source
from guidegraph.reason.questions import satisfiable

#: An end of a window, or nothing; what is neither is told by the shapes.
_NUMBER = re.compile(r"(?:[+-]?[0-9]+(?:\.[0-9]*)?)?", re.ASCII)
_STATEMENTS = (ox.NamedNode(GG + "Recommendation"), ox.NamedNode(GG + "Comparison"))


@dataclass(frozen=True, order=True)
class WindowConflict:
    """A statement that nobody can fit within its section's window: an inconsistency of its source.

    ``from_weeks`` is included, ``to_weeks`` excluded; None means open.
    """

    statement: str
    label: str
    section: str
    section_label: str
    population: str
    population_label: str
    document: str
    from_weeks: Decimal | None
    to_weeks: Decimal | None


def windows_unsatisfiable(knowledge: Source) -> list[WindowConflict]:
    """The recommendations and comparisons that contradict their section's window, sorted by statement.

    ``knowledge`` holds the ontology and the documents. A population that nobody can belong to at all is left out: it
    is reported as such. Raises ``KnowledgeError`` when the reasoner cannot be run.
    """
    given = Axioms(knowledge)
    found = _windows(given)
    extra: list[ox.Triple] = []
    windows = {conflict: _range(number, conflict, extra) for number, conflict in enumerate(found)}
    axioms = Axioms([*given.triples, *extra])
    alone = {c.population: axioms.population(c.population) for c in found}
    possible = satisfiable(axioms, {iri: [(True, node)] for iri, node in alone.items()})
    together = {
        str(number): [(True, alone[conflict.population]), (True, window)]
        for number, (conflict, window) in enumerate(windows.items())
        if possible[conflict.population]
    }
    verdicts = satisfiable(axioms, together)
    return sorted(conflict for number, conflict in enumerate(found) if verdicts.get(str(number)) is False)


def _first(axioms: Axioms, node: object, predicate: str) -> str:
    """The first value of a property as text, or nothing."""
    return min((str(getattr(value, "value", value)) for value in axioms.values(node, predicate)), default="")


def _windows(axioms: Axioms) -> list[WindowConflict]:
    """Every statement with a population and a section with a window, as a conflict that is yet to be proved."""
    found = set()
    statements = {t.subject for t in axioms.triples if t.predicate == TYPE and t.object in _STATEMENTS}
    defined = set(axioms.populations())
    for statement in statements:
        for section in axioms.values(statement, GG + "section"):
            start, end = (_first(axioms, section, GG + name) for name in ("fromWeeks", "toWeeks"))
            population = _first(axioms, statement, GG + "population")
            if not (start or end) or population not in defined or not all(map(_NUMBER.fullmatch, (start, end))):
                continue
            found.add(
                WindowConflict(
                    statement=_iri(statement),
                    label=_first(axioms, statement, RDFS + "label"),
                    section=_iri(section),
                    section_label=_first(axioms, section, RDFS + "label"),
                    population=population,
                    population_label=_first(axioms, ox.NamedNode(population), RDFS + "label"),
                    document=_first(axioms, statement, GG + "statedIn"),
                    from_weeks=Decimal(start) if start else None,
                    to_weeks=Decimal(end) if end else None,
                )
            )
    return sorted(found, key=lambda conflict: (conflict.statement, conflict.section))


def _iri(node: object) -> str:
    return str(getattr(node, "value", node))


def _range(number: int, window: WindowConflict, out: list[ox.Triple]) -> ox.BlankNode:
    """The restriction "the weeks of symptoms are within the window", its triples added to ``out``."""
    restriction, datatype, *cells = (ox.BlankNode(f"window{number}x{part}") for part in range(6))

    def add(subject: ox.BlankNode, predicate: str, value: ox.NamedNode | ox.BlankNode | ox.Literal) -> None:
        out.append(ox.Triple(subject, ox.NamedNode(predicate), value))

    add(restriction, RDF + "type", ox.NamedNode(OWL + "Restriction"))
    add(restriction, OWL + "onProperty", ox.NamedNode(GG + "symptomWeeks"))
    add(restriction, OWL + "someValuesFrom", datatype)
    add(datatype, RDF + "type", ox.NamedNode(RDFS + "Datatype"))
    add(datatype, OWL + "onDatatype", ox.NamedNode(XSD + "decimal"))
    rest: ox.NamedNode | ox.BlankNode = ox.NamedNode(RDF + "nil")
    bounds = ((XSD + "minInclusive", window.from_weeks), (XSD + "maxExclusive", window.to_weeks))
    for at, (facet, bound) in enumerate(bounds):
        if bound is None:
            continue
        cell, holder = cells[2 * at], cells[2 * at + 1]
        add(holder, facet, ox.Literal(str(bound), datatype=ox.NamedNode(XSD + "decimal")))
        add(cell, RDF + "first", holder)
        add(cell, RDF + "rest", rest)
        rest = cell
    add(datatype, OWL + "withRestrictions", rest)
    return restriction
