"""What the reasoner is asked: the state of an ontology, and whether a statement's patients fit its section's window."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyoxigraph as ox

from guidegraph.namespaces import GG, OWL, RDF, RDFS, XSD
from guidegraph.reason.axioms import TYPE, Axioms, Node, Source, subclass
from guidegraph.reason.hermit import check_classes

#: A conjunction: each part is a class or class expression of the ontology, and whether it holds or its complement.
Conjunction = Sequence[tuple[bool, Node]]

_THING = OWL + "Thing"
_ASKED = "urn:guidegraph:asked:"


@dataclass(frozen=True)
class Classification:
    """The state of an ontology: consistent or not, and its unsatisfiable classes and populations, sorted."""

    consistent: bool
    unsatisfiable: tuple[str, ...]
    tested: int


def classify(ontology: Source | Axioms) -> Classification:
    """Whether an ontology is consistent, and which of its named classes nothing can belong to.

    Raises ``KnowledgeError`` when the reasoner cannot be run.
    """
    axioms = ontology if isinstance(ontology, Axioms) else Axioms(ontology)
    lines = axioms.logical()
    classes = [iri for iri in axioms.classes() if not iri.startswith(OWL)]
    verdicts = check_classes(_text(lines), [_THING, *classes])
    unsatisfiable = [iri for iri in classes if not verdicts[iri]]
    if not verdicts[_THING]:
        return Classification(False, (), len(classes))
    return Classification(True, tuple(sorted([*unsatisfiable, *unsatisfiable_populations(axioms)])), len(classes))


def unsatisfiable_populations(ontology: Source | Axioms) -> list[str]:
    """The populations that nobody can belong to, sorted. Raises ``KnowledgeError``."""
    axioms = ontology if isinstance(ontology, Axioms) else Axioms(ontology)
    verdicts = satisfiable(axioms, {iri: [(True, axioms.population(iri))] for iri in axioms.populations()})
    return sorted(iri for iri, can in verdicts.items() if not can)


def satisfiable(ontology: Source | Axioms, conjunctions: Mapping[str, Conjunction]) -> dict[str, bool]:
    """For each named conjunction, whether something can fit all its parts. Raises ``KnowledgeError``."""
    axioms = ontology if isinstance(ontology, Axioms) else Axioms(ontology)
    if not conjunctions:
        return {}
    lines = axioms.logical()
    asked = {}
    for number, (key, parts) in enumerate(conjunctions.items()):
        asked[key] = f"{_ASKED}{number}"
        terms = [axioms.copy(node, lines) if holds else axioms.negated(node, lines) for holds, node in parts]
        lines += subclass(asked[key], terms)
    verdicts = check_classes(_text(lines), list(asked.values()))
    return {key: verdicts[iri] for key, iri in asked.items()}


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- windows of sections

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
