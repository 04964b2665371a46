"""Patients as classes: what a profile says of one person, as class expressions that any such person fits.

A reasoner compares classes much faster than it realises individuals, and nothing is lost: a profile is a tree of facts
about one person, so that "the person is in population Q" and "the class of such persons is below Q" are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox

from guidegraph.errors import KnowledgeError
from guidegraph.namespaces import GG, OWL
from guidegraph.reason.axioms import CLASS, TYPE, Axioms, Node

PATIENT = ox.NamedNode(GG + "Patient")
_ON = ox.NamedNode(OWL + "onProperty")
_SOME = ox.NamedNode(OWL + "someValuesFrom")
_VALUE = ox.NamedNode(OWL + "hasValue")
_RESTRICTION = ox.NamedNode(OWL + "Restriction")
_AND = ox.NamedNode(OWL + "intersectionOf")
_FIRST = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#first")
_REST = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest")
_NIL = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#nil")
_DEEPEST = 10


class Profiles:
    """Turns the triples of profiles into class expressions over the properties that the ontology declares."""

    def __init__(self, ontology: Axioms) -> None:
        self._ontology = ontology
        self._objects = ontology.properties("ObjectProperty")
        self._data = ontology.properties("DatatypeProperty")
        self._individuals = {
            t.subject
            for t in ontology.triples
            if t.predicate == TYPE and t.object == ox.NamedNode(OWL + "NamedIndividual")
        }

    def expressions(self, name: str, triples: Sequence[ox.Triple], out: list[str]) -> list[object]:
        """The terms of class expressions that say all of a profile, their triples added to ``out``.

        Raises:
            KnowledgeError: the triples are not about exactly one ``gg:Patient``.
        """
        about: dict[object, list[ox.Triple]] = {}
        for triple in triples:
            about.setdefault(triple.subject, []).append(triple)
        patients = [t.subject for t in triples if t.predicate == TYPE and t.object == PATIENT]
        if len(set(patients)) != 1:
            raise KnowledgeError(
                f"a profile is about exactly one gg:Patient, this one about {len(set(patients))}",
                where=name,
                mend="Keep one.",
            )
        # Class expressions of the profile (absent facts) are copied by the same rules as those of the ontology.
        local = Axioms(triples)
        local.fresh = self._ontology.fresh  # type: ignore[method-assign]
        return self._facts(patients[0], about, local, out, 0)

    def _facts(
        self, node: object, about: dict[object, list[ox.Triple]], local: Axioms, out: list[str], depth: int
    ) -> list[object]:
        if depth > _DEEPEST:
            raise KnowledgeError("the facts of a profile run into themselves", where=str(node), mend="Write a tree.")
        found: list[object] = []
        for triple in about.get(node, ()):
            predicate, value = triple.predicate, triple.object
            if predicate == TYPE:
                found.append(local.copy(value, out))
            elif self._is_value(predicate, value):
                found.append(self._restriction(predicate, _VALUE, value, out))
            elif predicate.value in self._objects:
                inner = self._facts(value, about, local, out, depth + 1)
                found.append(self._restriction(predicate, _SOME, self._together(inner, out), out))
        return found

    def _is_value(self, predicate: ox.NamedNode, value: object) -> bool:
        """Whether a fact gives a number, or an individual that the ontology names (an outcome)."""
        if predicate.value in self._data:
            return isinstance(value, ox.Literal)
        return predicate.value in self._objects and value in self._individuals

    def _restriction(self, on: ox.NamedNode, how: ox.NamedNode, filler: object, out: list[str]) -> Node:
        node = self._ontology.fresh()
        out.append(f"{node} {TYPE} {_RESTRICTION} .")
        out.append(f"{node} {_ON} {on} .")
        out.append(f"{node} {how} {filler} .")
        return node

    def _together(self, terms: Sequence[object], out: list[str]) -> object:
        """One class expression for several that hold at once."""
        if not terms:
            return ox.NamedNode(OWL + "Thing")
        if len(terms) == 1:
            return terms[0]
        whole = self._ontology.fresh()
        out.append(f"{whole} {TYPE} {CLASS} .")
        rest: object = _NIL
        for term in reversed(terms):
            cell = self._ontology.fresh()
            out.append(f"{cell} {_FIRST} {term} .")
            out.append(f"{cell} {_REST} {rest} .")
            rest = cell
        out.append(f"{whole} {_AND} {rest} .")
        return whole
