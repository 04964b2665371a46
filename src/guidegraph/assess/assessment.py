"""The result of one assessment: truth values and statuses, with the records that they are about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

from guidegraph import namespaces as ns
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.engine import Request, Session
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.records import Records
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import Settled

TRUE, FALSE, UNKNOWN, INACTIVE = "true", "false", "unknown", "inactive"
#: True before unknown before false, wherever statements are listed.
TRUTH_ORDER = {TRUE: 0, UNKNOWN: 1, FALSE: 2}
#: Why a recommendation does not count that queries/assess/30-problem.rq finds.
ANOTHER_PROBLEM = "another problem"
#: Roles of statements towards a therapy, as the index names them.
FOR, AGAINST, OTHER, ABSOLUTE, CAUTIONED, NOTED = "for", "against", "other", "absolute", "cautioned", "noted"
#: The role of a recommendation for a class towards what is only when named.
GENERALLY = "generally"
#: Why a statement does not count that has ended, that is of another country, and those that the reader left out.
NO_LONGER, ANOTHER_COUNTRY = "no longer in effect", "another jurisdiction"
LEFT_OUT = frozenset(("no guideline voice", "its encoding is not approved"))

T = TypeVar("T")

#: What the steps of an assessment say of therapies (queries/assess).
_EDGES = ("limit", "inGeneral", "apart", "coverage", "coverageMark", "calledFor", "spared", "notTolerated")


@dataclass(frozen=True)
class Assessment:
    """What one assessment came to.

    ``profile`` is the patient as stated, ``settled`` with everything that follows from it.
    ``truths`` maps atoms, populations, statements and rules (IRI) to "true", "false" or "inactive"; what is not
    in it is unknown. ``statuses`` maps each therapy to its status; each of these maps a therapy to some others, as the
    query of that step says: ``limits`` and ``apart`` to statements against it that are not counted so, ``in_general``
    to those limits that speak of a class of what a true alert calls for, ``coverage`` and ``coverage_marks`` to the
    coverage rules that are an R or only a mark, ``called`` to the true alerts on which it is called for, ``spared`` to
    the alerts that do not burden it, ``not_tolerated`` to what was tried and not tolerated.
    ``unclear`` holds the statements that are unknown since nobody knows whether the numbers of the problem asked about
    are those that they mean; ``unfiled`` holds the therapies without contraindications on file; ``because`` says why
    an inactive statement does not count; ``linked`` maps the therapies that are codes of other terminologies (IRI) to
    how each was read. One in the words of another reader or language has their ``sentences`` by code, and is filed
    under the labels of ``filing``, the same assessment in English for professionals.
    """

    records: Records
    book: FactBook
    profile: Profile
    settled: Settled
    asked: Request
    truths: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    in_general: Mapping[str, frozenset[str]] = field(default_factory=dict)
    apart: Mapping[str, frozenset[str]] = field(default_factory=dict)
    coverage: Mapping[str, frozenset[str]] = field(default_factory=dict)
    coverage_marks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    called: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spared: Mapping[str, frozenset[str]] = field(default_factory=dict)
    not_tolerated: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unclear: frozenset[str] = frozenset()
    unfiled: frozenset[str] = frozenset()
    because: Mapping[str, str] = field(default_factory=dict)
    linked: Mapping[str, CodeReading] = field(default_factory=dict)
    sentences: Mapping[str, str] = field(default_factory=dict)
    filing: Assessment | None = None
    _made: dict[tuple[Any, ...], Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def as_of(self) -> date:
        """The day at which statements are in effect."""
        return self.asked.as_of

    @property
    def jurisdiction(self) -> str | None:
        """The only country whose labels count, None for all."""
        return self.asked.jurisdiction

    @property
    def filed(self) -> Assessment:
        """The same in the words by which everything is put in order, whatever words its reader is told."""
        return self.filing or self

    def said(self, code: str, sentence: str, *parts: str) -> str:
        """A sentence with its parts filled in: the one that other words have at a code, else the one given."""
        return self.sentences.get(code, sentence).format(*parts)

    def once(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What is made of this assessment under a key, made when it is first asked for."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    def truth(self, iri: str) -> str:
        """The truth value of an atom, population, statement or rule."""
        return self.truths.get(iri, UNKNOWN)

    @cached_property
    def true(self) -> frozenset[str]:
        """The atoms, populations, statements and rules that are true."""
        return frozenset(iri for iri, truth in self.truths.items() if truth == TRUE)

    def held(self, statements: Iterable[str]) -> list[str]:
        """Those of some statements that are true."""
        true = self.true
        return [statement for statement in statements if statement in true]

    def name(self, therapy: str) -> str:
        """The identifier of a therapy in answers."""
        return self.linked[therapy].curie if therapy in self.linked else describe.name(therapy)

    def atom(self, iri: str) -> Atom:
        """The atom of that IRI; one outside the population fragment has neither property nor class."""
        return self.records.atoms.get(iri) or Atom(iri, "")

    def statements(self, therapy: str, role: str) -> tuple[str, ...]:
        """The statements that reach a therapy in a role and count in this assessment."""
        key = ("statements", therapy, role)
        if key not in self._made:
            edges, gone = self.records.edges.get(therapy, {}).get(role, ()), self.inactive
            self._made[key] = edges if gone.isdisjoint(edges) else tuple(s for s in edges if s not in gone)
        counting: tuple[str, ...] = self._made[key]
        return counting

    @cached_property
    def attended(self) -> frozenset[str]:
        """The alerts that somebody has examined the patient for or acted on: they put nothing else behind them."""
        return self.profile.examined | self.profile.acted_on

    def urgent(self, therapy: str) -> frozenset[str]:
        """The true alerts, attended to by nobody yet, on which a source calls for the therapy."""
        called = self.called.get(therapy)
        return called - self.attended if called else frozenset()

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """The recommendations that do not count since they speak of another problem."""
        return frozenset(iri for iri, why in self.because.items() if why == ANOTHER_PROBLEM)

    @cached_property
    def ended(self) -> frozenset[str]:
        """The statements that do not count since they are no longer in effect."""
        return frozenset(iri for iri, why in self.because.items() if why == NO_LONGER)

    @cached_property
    def inactive(self) -> frozenset[str]:
        """The statements that do not count."""
        return frozenset(iri for iri, truth in self.truths.items() if truth == INACTIVE)

    def cautions(self, therapy: str) -> tuple[str, ...]:
        """What of statements and rules is an R of the therapy: relative contraindications, warnings, alerts, coverage.

        Beside them stand what was not tolerated (``not_tolerated``) and advice for another indication (``apart``).
        """
        return (*self.statements(therapy, CAUTIONED), *self.burdens(therapy), *sorted(self.coverage.get(therapy, ())))

    def burdens(self, therapy: str) -> tuple[str, ...]:
        """The alerts that are an R of the therapy where they are true, and an unknown one where they are unknown."""
        spared = self.spared.get(therapy)
        return tuple(alert for alert in self._counting if alert not in spared) if spared else self._counting

    @cached_property
    def _counting(self) -> tuple[str, ...]:
        return tuple(alert for alert in self.records.alerts if self.truth(alert) != INACTIVE)

    def opposing(self, therapy: str) -> tuple[str, ...]:
        """The statements against a therapy that are no mere limit and speak of the same indication."""
        aside = self.limits.get(therapy, frozenset()) | self.apart.get(therapy, frozenset())
        stated = self.statements(therapy, AGAINST)
        return tuple(s for s in stated if s not in aside) if aside else stated

    def branch_truth(self, branch: tuple[tuple[str, bool], ...]) -> str:
        """Kleene's minimum over the literals of a branch."""
        values = {self.literal_truth(atom, positive) for atom, positive in branch}
        return FALSE if FALSE in values else UNKNOWN if UNKNOWN in values else TRUE

    def held_by(self, statement: str) -> tuple[tuple[str, bool], ...]:
        """The first branch of a statement's population that is true; none where there is no such branch."""
        branches = self.records.branches.get(self.records.criterion(statement), ())
        return next((branch for branch in branches if self.branch_truth(branch) == TRUE), ())

    def literal_truth(self, atom: str, positive: bool) -> str:
        """The truth value of an atom or of its negation."""
        value = self.truth(atom)
        return value if positive or value == UNKNOWN else (FALSE if value == TRUE else TRUE)

    def words(self, iri: str, positive: bool) -> str:
        """A literal in words, with what is stated of a class, or the reading or combination that its truth came by."""
        return self.once(("words", iri, positive), lambda: self._words(iri, positive))

    def _words(self, iri: str, positive: bool) -> str:
        atom = self.atom(iri)
        label = self.book.label(atom, positive)
        came = ""
        if self.settled.causes or self.settled.narrowed:
            came = self.book.came_by(self.settled, atom, self.truth(iri))
        if not came and positive and self.truth(iri) == TRUE:
            came = self.book.stated_of(self.profile, atom)
        return f"{label}: {came}" if came else label

    def open_atoms(self, statement: str) -> tuple[str, ...]:
        """The atoms that can still decide an unknown statement, through named populations, sorted.

        The unknown ones, and those of which nobody knows whether they are about the problem asked about."""
        if self.truth(statement) != UNKNOWN:
            return ()
        key = ("open", statement)
        if key not in self._made:
            population, clock = self.records.criterion(statement), self.clock(statement)
            self._made[key] = tuple(sorted(self._open(population, frozenset(), clock)))
        atoms: tuple[str, ...] = self._made[key]
        return atoms

    def clock(self, statement: str) -> frozenset[str]:
        """The atoms of a statement that is unclear which may be about another problem than the one asked about."""
        if statement not in self.unclear:
            return frozenset()
        rows = self.records.criteria
        return frozenset(a for branch in rows[statement][ns.IDX + "clocked"] for a in rows[branch][ns.IDX + "clock"])

    def _open(self, population: str, seen: frozenset[str], clock: frozenset[str]) -> set[str]:
        if population in seen:
            return set()
        atoms: set[str] = set()
        for branch in self.records.branches.get(population, ()):
            if self.branch_truth(tuple(literal for literal in branch if literal[0] not in clock)) == FALSE:
                continue
            for iri, _ in branch:
                if self.truth(iri) != UNKNOWN and iri not in clock:
                    continue
                names = self.atom(iri).names
                atoms |= self._open(names, seen | {population}, frozenset()) if names and iri not in clock else {iri}
        return atoms


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    grouped: dict[str, set[str]] = defaultdict(set)
    for subject, value in pairs:
        grouped[subject].add(value)
    return {subject: frozenset(values) for subject, values in grouped.items()}


def read_assessment(
    session: Session,
    records: Records,
    book: FactBook,
    profile: Profile,
    settled: Settled,
    asked: Request,
    linked: Mapping[str, CodeReading],
) -> Assessment:
    """Read the assessment graph of a running session into an :class:`Assessment`."""
    start = len(ns.GGA)
    found = {name: _grouped(session.pairs(name)) for name in _EDGES}
    because: dict[str, str] = {}
    for statement, why in session.pairs("inactiveBecause"):
        # What has ended has, whatever problem it speaks of.
        if because.setdefault(statement, why) != why:
            because[statement] = min(why, because[statement], key=lambda one: (one == ANOTHER_PROBLEM, one))
    return Assessment(
        records,
        book,
        profile,
        settled,
        asked,
        {subject: truth[start:] for subject, truth in session.pairs("truth")},
        {therapy: status[start:] for therapy, status in session.pairs("status")},
        limits=found["limit"],
        in_general=found["inGeneral"],
        apart=found["apart"],
        coverage=found["coverage"],
        coverage_marks=found["coverageMark"],
        called=found["calledFor"],
        spared=found["spared"],
        not_tolerated=found["notTolerated"],
        unclear=frozenset(statement for statement, _ in session.pairs("clock")),
        unfiled=frozenset(therapy for therapy, _ in session.pairs("noContraindicationsOnFile")),
        because=because,
        linked=linked,
    )
