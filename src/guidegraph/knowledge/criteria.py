"""The intermediate form of the criteria: atoms, branches, statements and roles, compiled from the index once.

What the SPARQL steps of an assessment (queries/assess) ask of the index for one patient is written here as plain sets
and tables, for who asks it of many patients at once. Nothing of a patient is in it; the day, the country and the voices
that count are those of one request.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.basis import Basis, Literal, Pairs
from guidegraph.knowledge.engine import Request
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import gg
from guidegraph.model import CareFact, Profile
from guidegraph.profile import Implication
from guidegraph.profile.deriving import factor
from guidegraph.termreadings import HIGHEST, LOWEST, Bound, Interval, at

_INDEX = ox.NamedNode(ns.INDEX_GRAPH)


@dataclass(frozen=True)
class Therapy:
    """A therapy: the statements that reach it by role, the alerts that call for it, and what coverage is to it."""

    iri: str
    recommending: tuple[str, ...]
    opposing: tuple[str, ...]
    absolute: tuple[str, ...]
    cautioned: tuple[str, ...]
    called_by: frozenset[str]
    coverage_counts: bool
    above: frozenset[str]
    holds: frozenset[str]


@dataclass(frozen=True)
class Clock:
    """A branch of a statement that may speak of another problem's numbers: its literals, which of them these are, and
    the conditions that the branch requires."""

    literals: tuple[Literal, ...]
    counted: frozenset[str]
    requires: frozenset[str]


@dataclass(frozen=True)
class Sum:
    """A number that is worked out from the entries of a list: the property of that, the classes whose entries may
    count toward it, and of how many days back (None: whenever)."""

    over: str
    counting: frozenset[str]
    within: Decimal | None

    def counts(self, event: CareFact) -> bool:
        """Whether a supply may count toward it."""
        past = self.within is not None and event.days is not None and event.days[0] > self.within
        return event.prop == self.over and event.of in self.counting and not past


@dataclass(frozen=True)
class Criteria(Basis):
    """Everything that decides statuses, for one day, country and set of voices.

    ``inactive`` are the statements that do not count whoever the patient is; ``speaks_of`` maps each recommendation to
    the conditions of which it speaks, each with what is one problem with it; ``numbers`` maps a number to the bounds
    between which nothing tells two values of it apart, and ``sums`` one that is worked out from a list to what counts.
    """

    numbers: Mapping[str, tuple[Bound, ...]]
    sums: Mapping[str, Sum]
    of_problem: frozenset[str]
    problems: frozenset[str]
    same_problem: Pairs
    speaks_of: Pairs
    clocks: Mapping[str, tuple[Clock, ...]]
    holding: Mapping[str, tuple[Clock, ...]]
    inactive: frozenset[str]
    alerts: tuple[str, ...]
    coverage: tuple[str, ...]
    on_alert: Pairs
    against_on_alert: Pairs
    advice_on: Pairs
    limits: Pairs
    apart: Pairs
    carries: Pairs
    therapies: tuple[Therapy, ...]

    def segments(self, number: str, interval: Interval) -> frozenset[int]:
        """The pieces of a number, by position, that lie inside an interval."""
        cuts = self.numbers[number]
        ends = (*cuts[1:], HIGHEST)
        return frozenset(
            at
            for at, (low, high) in enumerate(zip(cuts, ends, strict=True))
            if interval[0] <= low and high <= interval[1]
        )

    def segment(self, number: str, value: Decimal) -> int:
        """The piece of a number in which a value lies, by position."""
        cuts = self.numbers[number]
        return max(at for at, low in enumerate(cuts) if low <= (value, 0))


def compile_criteria(
    knowledge: Knowledge, day: date, jurisdiction: str | None = None, voices: frozenset[str] = frozenset()
) -> Criteria:
    """The criteria of some knowledge for a day, a country and the voices that count.

    Args:
        knowledge: what is known.
        day: at which statements must be in effect.
        jurisdiction: count only the labels of this country; all if None.
        voices: see :class:`guidegraph.knowledge.engine.Request`.

    Raises:
        KnowledgeError: a number cannot be worked out as the knowledge says.
    """
    basis, sums = knowledge.basis, _sums(knowledge)
    index = _Index(knowledge.engine.index)
    kinds = index.pairs("kind")
    same = index.pairs("sameProblem")
    speaks = index.pairs("indication")
    branches = {name: index.pairs(name) for name in ("positive", "negative", "clock", "requires", "branchOf")}
    clocked = {s: found for s, found in index.pairs("clocked").items() if s in basis.population}
    shared: dict[str, Any] = {field.name: getattr(basis, field.name) for field in fields(basis)}
    return Criteria(
        **shared,
        numbers=_cuts(basis.atoms.values(), basis.rules, sums),
        sums=sums,
        of_problem=frozenset(index.pairs("ofProblem")),
        problems=knowledge.problems,
        same_problem=same,
        speaks_of={s: frozenset(c for one in found for c in same.get(one, ())) for s, found in speaks.items()},
        clocks={s: tuple(_clock(branches, one) for one in sorted(found)) for s, found in clocked.items()},
        holding={s: tuple(_holding(branches, basis.population[s])) for s in clocked},
        inactive=_inactive(knowledge, day, jurisdiction, voices),
        alerts=tuple(sorted(s for s, k in kinds.items() if gg("Alert") in k)),
        coverage=tuple(sorted(s for s, k in kinds.items() if gg("CoverageRule") in k)),
        on_alert=index.pairs("onAlert"),
        against_on_alert=index.pairs("againstOnAlert"),
        advice_on=index.pairs("adviceOn"),
        limits=index.pairs("limits"),
        apart=index.pairs("apart"),
        carries=index.pairs("carries"),
        therapies=tuple(_therapies(index)),
    )


class _Index:
    """The index graph of a store, read by predicate."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def pairs(self, name: str) -> dict[str, frozenset[str]]:
        """Subjects with the values of a property of the index."""
        return self._grouped(ox.NamedNode(ns.IDX + name))

    def typed(self, name: str) -> frozenset[str]:
        """The nodes of a type of the index."""
        found = self._store.quads_for_pattern(None, ox.NamedNode(ns.RDF + "type"), ox.NamedNode(ns.IDX + name), _INDEX)
        return frozenset(_name(quad.subject) for quad in found)

    def _grouped(self, predicate: ox.NamedNode) -> dict[str, frozenset[str]]:
        table: dict[str, set[str]] = defaultdict(set)
        for quad in self._store.quads_for_pattern(None, predicate, None, _INDEX):
            table[_name(quad.subject)].add(_name(quad.object))
        return {subject: frozenset(values) for subject, values in sorted(table.items())}


def _name(node: object) -> str:
    """An IRI or a text as itself, a blank node by its label."""
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else str(node)


def _cuts(atoms: Iterable[Atom], rules: Iterable[Implication], sums: Iterable[str]) -> dict[str, tuple[Bound, ...]]:
    """The bounds of each number at which an atom or a rule begins or ends, the lowest first."""
    cuts: dict[str, set[Bound]] = defaultdict(lambda: {LOWEST})
    ranges = [(atom.prop, atom.interval) for atom in atoms if atom.prop and not atom.cls]
    ranges += [(rule.given, rule.interval) for rule in rules if rule.interval is not None]
    for number, (low, high) in ranges:
        cuts[number] |= {low, high} - {HIGHEST}
    for rule in rules:
        if not rule.cls and rule.interval is None:
            cuts[rule.given].add(LOWEST)
    for number in sums:
        # What nothing counts toward is 0.
        cuts[number] |= set(at(Decimal(0)))
    return {number: tuple(sorted(found)) for number, found in sorted(cuts.items())}


def _sums(knowledge: Knowledge) -> dict[str, Sum]:
    """The numbers that are worked out from the entries of a list."""
    vocabulary, wholes = knowledge.vocabulary, knowledge.basis.parts
    drugs = [row.iri for row in vocabulary.of_kind("intervention")] if vocabulary.derivations else []
    return {
        one.number: Sum(
            one.over, frozenset(cls for cls in drugs if factor(cls, one, wholes, vocabulary) != 0), one.within
        )
        for one in vocabulary.derivations
    }


def _inactive(knowledge: Knowledge, day: date, jurisdiction: str | None, voices: frozenset[str]) -> frozenset[str]:
    """The statements that do not count whoever the patient is: the steps find them for one without facts."""
    nobody = knowledge.settle(Profile())
    with knowledge.session(nobody, Request(day, jurisdiction, frozenset(), voices), {}) as session:
        return frozenset(subject for subject, truth in session.pairs("truth") if truth == ns.GGA + "inactive")


def _literals(index: Mapping[str, dict[str, frozenset[str]]], branch: str) -> tuple[Literal, ...]:
    positive = ((atom, True) for atom in sorted(index["positive"].get(branch, ())))
    negative = ((atom, False) for atom in sorted(index["negative"].get(branch, ())))
    return (*positive, *negative)


def _holding(tables: Mapping[str, dict[str, frozenset[str]]], population: str) -> Iterator[Clock]:
    """All branches of a population, each with what of it hangs on a problem."""
    for branch, of in tables["branchOf"].items():
        if population in of:
            yield _clock(tables, branch)


def _clock(tables: Mapping[str, dict[str, frozenset[str]]], branch: str) -> Clock:
    none: frozenset[str] = frozenset()
    return Clock(_literals(tables, branch), tables["clock"].get(branch, none), tables["requires"].get(branch, none))


def _therapies(index: _Index) -> Iterator[Therapy]:
    roles = {name: index.pairs(name) for name in ("for", "against", "absolute", "cautioned", "calledBy", "below")}
    contains, counts = index.pairs("contains"), index.pairs("coverageIsCaution")
    none: frozenset[str] = frozenset()
    for iri in sorted(index.typed("Therapy")):
        said = {name: tuple(sorted(table.get(iri, none))) for name, table in roles.items()}
        yield Therapy(
            iri,
            said["for"],
            said["against"],
            said["absolute"],
            said["cautioned"],
            roles["calledBy"].get(iri, none),
            "true" in counts.get(iri, none),
            roles["below"].get(iri, frozenset((iri,))),
            _held(iri, roles["below"], contains),
        )


def _held(iri: str, below: Mapping[str, frozenset[str]], contains: Mapping[str, Collection[str]]) -> frozenset[str]:
    """The classes above an intervention, its parts, and those above these."""
    found, rest = set[str](), [iri]
    while rest:
        for up in below.get(rest.pop(), ()):
            if up not in found:
                found.add(up)
                rest += contains.get(up, ())
    return frozenset(found)
