"""What the reasoner is asked: satisfiability, entailment, truth values of patients, and the state of an ontology."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pyoxigraph as ox

from guidegraph.errors import KnowledgeError
from guidegraph.namespaces import OWL
from guidegraph.reason.axioms import Axioms, Node, Source, subclass
from guidegraph.reason.hermit import CLASSES_A_RUN, check_classes
from guidegraph.reason.patients import Profiles

Truth = Literal["true", "false", "unknown"]
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


def entails(ontology: Source | Axioms, pairs: Mapping[str, tuple[Node, Node]]) -> dict[str, bool]:
    """For each named pair (below, above), whether what fits the first fits the second. Raises ``KnowledgeError``."""
    verdicts = satisfiable(ontology, {key: [(True, below), (False, above)] for key, (below, above) in pairs.items()})
    return {key: not can for key, can in verdicts.items()}


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


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
