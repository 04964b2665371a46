"""HermiT as the oracle of both engines: entailment, how populations relate, and the truth values of patients.

Patients are classes: what a profile says of one person, as class expressions that any such person fits. A reasoner
compares classes much faster than it realises individuals, and nothing is lost: a profile is a tree of facts about one
person, so that "the person is in population Q" and "the class of such persons is below Q" are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import pyoxigraph as ox

from guidegraph.errors import KnowledgeError
from guidegraph.namespaces import GG, OWL
from guidegraph.reason.axioms import CLASS, TYPE, Axioms, Node, Source, subclass
from guidegraph.reason.hermit import CLASSES_A_RUN, check_classes
from guidegraph.reason.questions import satisfiable

Truth = Literal["true", "false", "unknown"]
_ASKED = "urn:guidegraph:asked:"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def entails(ontology: Source | Axioms, pairs: Mapping[str, tuple[Node, Node]]) -> dict[str, bool]:
    """For each named pair (below, above), whether what fits the first fits the second. Raises ``KnowledgeError``."""
    verdicts = satisfiable(ontology, {key: [(True, below), (False, above)] for key, (below, above) in pairs.items()})
    return {key: not can for key, can in verdicts.items()}


def populations_together(
    ontology: Source | Axioms, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[bool, bool, bool]]:
    """How each pair (a, b) of populations relates: can meet, a lies inside b, b lies inside a.

    Each population and its complement is written once and named by every pair, so that thousands of pairs end in
    seconds. Raises ``KnowledgeError``.
    """
    axioms = ontology if isinstance(ontology, Axioms) else Axioms(ontology)
    wanted = list(pairs)
    number = {iri: at for at, iri in enumerate(sorted({iri for pair in wanted for iri in pair}))}
    lines = axioms.logical()
    for iri, at in number.items():
        node = axioms.population(iri)
        lines += subclass(f"{_ASKED}q{at}", [axioms.copy(node, lines)])
        lines += subclass(f"{_ASKED}n{at}", [axioms.negated(node, lines)])
    verdicts: dict[str, bool] = {}
    together = 2 * CLASSES_A_RUN // 3  # two runs at a time, which load no more than what they are asked
    for start in range(0, len(wanted), together):
        classes, asked = [], []
        for a, b in wanted[start : start + together]:
            for one, other in (("q", "q"), ("q", "n"), ("n", "q")):
                name = f"{_ASKED}{one}{number[a]}{other}{number[b]}"
                parts = [ox.NamedNode(f"{_ASKED}{one}{number[a]}"), ox.NamedNode(f"{_ASKED}{other}{number[b]}")]
                asked += subclass(name, parts)
                classes.append(name)
        verdicts.update(check_classes(_text([*lines, *asked]), classes))
    found = {}
    for a, b in wanted:
        meet, only_a, only_b = (
            verdicts[f"{_ASKED}{one}{number[a]}{other}{number[b]}"]
            for one, other in (("q", "q"), ("q", "n"), ("n", "q"))
        )
        found[a, b] = (meet, not only_a, not only_b)
    return found


def truth_table(
    ontology: Source, patients: Mapping[str, Sequence[ox.Triple]], populations: Sequence[str]
) -> dict[tuple[str, str], Truth]:
    """The truth value of each population (IRI) for each patient.

    Args:
        ontology: N-Triples of all ontology files and populations, or their triples.
        patients: for each patient the triples of the profile; a complete list is given as absent facts.
        populations: IRIs of populations.

    Raises:
        KnowledgeError: a population is not defined, a profile contradicts the ontology, or the reasoner fails.
    """
    axioms = Axioms(ontology)
    return _truths(axioms, patients, {iri: axioms.population(iri) for iri in populations})


def atoms(
    ontology: Source, patients: Mapping[str, Sequence[ox.Triple]], nodes: Mapping[str, Node]
) -> dict[tuple[str, str], Truth]:
    """As ``truth_table``, for any class expressions: names with their nodes in the ontology's triples.

    Blank nodes of N-Triples text keep their labels, so that a caller can name an expression in text of its own.
    """
    return _truths(Axioms(ontology), patients, nodes)


def _truths(
    axioms: Axioms, patients: Mapping[str, Sequence[ox.Triple]], nodes: Mapping[str, Node]
) -> dict[tuple[str, str], Truth]:
    keys = list(nodes)
    lines = axioms.logical()
    for number, key in enumerate(keys):
        lines += subclass(f"{_ASKED}q{number}", [axioms.copy(nodes[key], lines)])
        lines += subclass(f"{_ASKED}n{number}", [axioms.negated(nodes[key], lines)])
    together = max(1, 2 * CLASSES_A_RUN // (2 * len(keys) + 1))  # two runs at a time
    names = list(patients)
    table: dict[tuple[str, str], Truth] = {}
    for start in range(0, len(names), together):
        chosen = names[start : start + together]
        table.update(_some_truths(axioms, lines, {name: patients[name] for name in chosen}, keys))
    return table


def _some_truths(
    axioms: Axioms, base: Sequence[str], patients: Mapping[str, Sequence[ox.Triple]], keys: Sequence[str]
) -> dict[tuple[str, str], Truth]:
    profiles = Profiles(axioms)
    lines = list(base)
    classes: list[str] = []
    for number, (name, triples) in enumerate(patients.items()):
        person = f"{_ASKED}p{number}"
        lines += subclass(person, profiles.expressions(name, triples, lines))
        classes.append(person)
        for at in range(len(keys)):
            for kind in "qn":
                pair = f"{person}{kind}{at}"
                lines += subclass(pair, [ox.NamedNode(person), ox.NamedNode(f"{_ASKED}{kind}{at}")])
                classes.append(pair)
    verdicts = check_classes(_text(lines), classes)
    table: dict[tuple[str, str], Truth] = {}
    for number, name in enumerate(patients):
        person = f"{_ASKED}p{number}"
        if not verdicts[person]:
            raise KnowledgeError("a profile contradicts the ontology", where=name, mend="Take one of its facts away.")
        for at, key in enumerate(keys):
            table[name, key] = _truth(verdicts[f"{person}q{at}"], verdicts[f"{person}n{at}"])
    return table


def _truth(can: bool, can_not: bool) -> Truth:
    if can and can_not:
        return "unknown"
    return "true" if can else "false"


# ---------------------------------------------------------------- patients as classes

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
