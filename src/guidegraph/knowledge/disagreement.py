"""The disagreement index: pairs that differ, and the grade of each pair of distinct scopes, once a knowledge base."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from hashlib import sha256

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.knowledge.branch import Held, Logic, Range
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.normal import (
    CONTAINS,
    DISJOINT,
    NOT_EXCLUDED,
    OVERLAPS,
    SAME,
    Graded,
    Grader,
    Normalizer,
    Scope,
)
from guidegraph.knowledge.records import Records, gg
from guidegraph.termreadings import DISPUTED, PART

_PREDICATES = {
    Graded(SAME): ("same", "same"),
    Graded(CONTAINS, "a"): ("inside", "around"),
    Graded(CONTAINS, "b"): ("around", "inside"),
    Graded(OVERLAPS): ("overlaps", "overlaps"),
    Graded(NOT_EXCLUDED): ("notExcluded", "notExcluded"),
    Graded(DISJOINT): ("disjoint", "disjoint"),
}


class DisagreementIndex:
    """Writes the pairs that differ and their grades into the index graph of an engine.

    Opposed pairs are graded at once, since statuses need them; the rest when it is first asked for.

    Attributes:
        scopes: the scope of each recommendation and of each silent document's scope, by IRI.

    Args:
        graded: whether the engine's index has the opposed pairs and their grades already.
    """

    def __init__(self, engine: Engine, records: Records, *, graded: bool = False) -> None:
        self._engine = engine
        self._records = records
        self._lock = threading.Lock()
        self._complete = False
        self.scopes: dict[str, Scope] = {}
        self._nodes: dict[Scope, str] = {}
        self._done: set[tuple[str, str]] = set()
        described = self._describe()
        if graded:
            opposed = engine.select("disagree/05-opposed")
            self._done |= {pair for one, other in opposed for pair in ((one, other), (other, one))}
            return
        self._write(described)
        self._grade(engine.select("disagree/05-opposed"))
        engine.construct("disagree/06-apart")

    @cached_property
    def grader(self) -> Grader:
        """The grader over the knowledge base's populations."""
        return grader(self._engine, self._records)

    def complete(self) -> None:
        """Find all pairs that differ, and silences, and grade them; once."""
        with self._lock:
            if not self._complete:
                self._write((rec, "trials", f'"{self._trials(scope)}"') for rec, scope in self.scopes.items())
                self._engine.construct("disagree/15-editions")
                self._engine.construct("disagree/20-kinds")
                self._engine.construct("disagree/25-silence")
                self._grade(self._engine.select("disagree/30-scopes"))
                self._complete = True

    def _describe(self) -> list[tuple[str, str, str]]:
        """Scope and attached conditions of each recommendation, as one node and one text: what to write of them."""
        said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for rec, prop, value in self._engine.select("disagree/10-conditions"):
            said[rec][prop].append(value)
        rows: list[tuple[str, str, str]] = []
        for rec, props in said.items():
            population = props.get(gg("population"), [""])[0]
            self.scopes[rec] = Scope(population, tuple(sorted(set(props.get(gg("indication"), ())))))
            held = [f"with {c}" for c in props.get(gg("attachedCondition"), ())]
            held += [f"without {c}" for c in props.get(gg("onlyWithout"), ())]
            rows.append((rec, "scope", f"<{self._node(self.scopes[rec])}>"))
            rows.append((rec, "conditions", f'"{" ".join(sorted(held))}"'))
        return rows

    def _trials(self, scope: Scope) -> str:
        """The trials of therapy with an outcome that every branch of a population requires, as one text."""
        branches = self.grader.forms.population(scope.population)
        sets = [{f"{e.cls} {e.outcome}" for e in branch.events if e.outcome} for branch in branches]
        return " ".join(sorted(set.intersection(*sets))) if sets else ""

    def _node(self, scope: Scope) -> str:
        if scope not in self._nodes:
            text = " ".join((scope.population, *scope.indications))
            self._nodes[scope] = f"{ns.IDX}scope/{sha256(text.encode()).hexdigest()}"
        return self._nodes[scope]

    def _grade(self, pairs: Iterable[tuple[str, ...]]) -> None:
        scopes = {node: scope for scope, node in self._nodes.items()}
        rows: list[tuple[str, str, str]] = []
        for one, other in pairs:
            if (one, other) in self._done:
                continue
            self._done |= {(one, other), (other, one)}
            there, back = _PREDICATES[self.grader.grade(scopes[one], scopes[other])]
            rows += ((one, there, f"<{other}>"), (other, back, f"<{one}>"))
        self._write(rows)

    def _write(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Add rows (IRI, local name of a predicate, object as N-Triples) to the index graph."""
        # Text passes into the store without a Python object a triple: there are two for each graded pair.
        text = "".join([f"<{subject}> <{ns.IDX}{predicate}> {value} .\n" for subject, predicate, value in rows])
        self._engine.store.load(
            input=text.encode(), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(ns.INDEX_GRAPH)
        )


def logic(engine: Engine, records: Records) -> Logic:
    """The class hierarchy, what facts and numbers bring or exclude, and the numbers that every patient has."""
    brings: list[tuple[Held, Held]] = []
    excludes: list[tuple[Held, Held]] = []
    numbers: dict[str, tuple[Held, ...]] = {}
    readings: list[tuple[Range, Held, bool]] = []
    disputed: list[tuple[Range, Held]] = []
    for rule in records.implications:
        target = Held(rule.then, rule.other)
        if rule.kind == PART:
            continue  # what is taken together says more
        if rule.kind == DISPUTED:
            disputed += [(Range(rule.given, *rule.interval), target)] if rule.interval else []
        elif rule.interval:
            readings.append((Range(rule.given, *rule.interval), target, rule.excluded))
        elif not rule.cls:
            numbers[rule.given] = (*numbers.get(rule.given, ()), target)
        else:
            (excludes if rule.excluded else brings).append((Held(rule.given, rule.cls), target))
    total = frozenset(row[0] for row in engine.select("answer/totals"))
    known = (records.ancestors, tuple(brings), tuple(excludes), numbers, total, records.taken)
    return Logic(*known, tuple(readings), tuple(disputed))


def grader(engine: Engine, records: Records) -> Grader:
    """A grader over the populations of a knowledge base."""
    return Grader(Normalizer(records.branches, records.atoms, logic(engine, records)))
