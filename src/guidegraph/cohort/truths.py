"""The truth of atoms, populations and statements for many patients: steps 10 to 31 of an assessment, on planes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from guidegraph.cohort.bits import Plane, grow
from guidegraph.cohort.facts import Facts
from guidegraph.cohort.following import Following
from guidegraph.knowledge.atoms import CLASSES, STOP, TRIAL, Atom, covers, fits, happened, may_fit, rules_out
from guidegraph.knowledge.basis import Literal
from guidegraph.knowledge.criteria import Clock, Criteria
from guidegraph.termreadings import CARE


class Truth(NamedTuple):
    """Those for whom something is known to be true, and those for whom it is known to be false."""

    true: Plane
    false: Plane


class Truths:
    """The truth of everything that the criteria speak of; what is neither true nor false is unknown.

    Attributes:
        sheet: makes planes for these patients.
        atoms, populations, statements: by IRI. A statement that does not count is neither.
        inactive: by recommendation those for whom it does not count, since they have another problem.
    """

    def __init__(self, criteria: Criteria, facts: Facts) -> None:
        self._criteria, self._facts, self.sheet = criteria, facts, facts.sheet
        self.following = Following(criteria, facts)
        self.atoms = {iri: self._atom(atom) for iri, atom in criteria.atoms.items() if not atom.names}
        self.populations: dict[str, Truth] = {}
        self._unknown = Truth(self.sheet.none, self.sheet.none)
        self._branches: dict[tuple[Literal, ...], Truth] = {}
        self._unknowns: dict[str, Plane] = {}
        self._settle_populations()
        self.inactive = self._other_problem()
        self.statements = {s: self._statement(s) for s in criteria.population}

    def counts(self, statement: str) -> Plane:
        """Those for whom a statement counts."""
        if statement in self._criteria.inactive:
            return self.sheet.none
        return self.sheet.rest(self.inactive.get(statement, self.sheet.none))

    def of(self, statement: str) -> Truth:
        """The truth of a statement or rule."""
        return self.statements.get(statement, self._unknown)

    def unknown(self, statement: str) -> Plane:
        """Those for whom a statement counts, and is neither true nor false."""
        if statement not in self._unknowns:
            true, false = self.of(statement)
            self._unknowns[statement] = self.sheet.less(self.sheet.less(self.counts(statement), true), false)
        return self._unknowns[statement]

    # ------------------------------------------------------------ atoms

    def _atom(self, atom: Atom) -> Truth:
        if not atom.prop:
            return Truth(self.sheet.none, self.sheet.none)
        if not atom.cls:
            return self._number(atom)
        if atom.prop in CARE:
            return self._care(atom)
        if atom.prop in CLASSES:
            found = Truth(self.following.held(atom.prop, atom.cls), self.following.denied(atom.prop, atom.cls))
        else:
            found = self._event(atom)
        return Truth(found.true, self.sheet.any((found.false, self._unlisted(atom))))

    def _unlisted(self, atom: Atom) -> Plane:
        """Those whose complete list denies a class (queries/assess/11-complete)."""
        follows, listing = self.following, self.following.closed(atom.prop)
        if listing is self.sheet.none or (atom.prop, atom.cls) in self._criteria.asked_only:
            return self.sheet.none
        spared = self.sheet.any(
            (
                follows.listed(atom.prop, atom.cls),
                follows.open(atom.prop, atom.cls),
                follows.perhaps(atom.prop, atom.cls),
            )
        )
        if atom.cls in self._criteria.of_problem and self._facts.chosen is not None:
            spared = spared | self._facts.chosen
        return listing & ~spared

    def _number(self, atom: Atom) -> Truth:
        """A range of a number: by its value, by what is left of it, or since who has none is in no range."""
        follows, number = self.following, atom.prop
        pieces = range(len(self._criteria.numbers[number]))
        inside = self._criteria.segments(number, atom.interval)
        true = self.sheet.any(follows.value(number, at) for at in inside)
        false = self.sheet.any(follows.value(number, at) for at in pieces if at not in inside)
        narrowed = follows.narrowed.get(number)
        if narrowed is not None:
            left, open_ = follows.spans[number], narrowed & ~follows.stated(number)
            false = false | (open_ & ~self.sheet.any(left[at] for at in inside))
            # Who need not have the number may have none; what entries come to, everybody has.
            having = follows.summed.get(number, self.sheet.none)
            if any(rule.given == number and rule.interval and rule.total for rule in self._criteria.rules):
                having = self.sheet.all
            true = true | (open_ & having & ~self.sheet.any(left[at] for at in pieces if at not in inside))
        return Truth(
            true,
            self.sheet.any((false, *(self._ownerless(*owner) for owner in self._criteria.owners.get(number, ())))),
        )

    def _ownerless(self, prop: str, cls: str) -> Plane:
        """Those who are known not to have what everybody with a number has (queries/assess/12-owners)."""
        follows, denied = self.following, self.following.denied(prop, cls)
        if (prop, cls) in self._criteria.asked_only:
            return denied
        return denied | (follows.closed(prop) & ~follows.listed(prop, cls) & ~follows.perhaps(prop, cls))

    def _event(self, atom: Atom) -> Truth:
        """A trial or a stopped drug (queries/assess/13-events)."""
        if atom.prop not in (TRIAL, STOP):
            return Truth(self.sheet.none, self.sheet.none)
        had = self._facts.trials if atom.prop == TRIAL else self.following.stops
        never = self._facts.no_trials if atom.prop == TRIAL else self.following.no_stops
        return Truth(
            self.sheet.any(plane for event, plane in had.items() if happened(atom, event, self._above)),
            self.sheet.any(plane for event, plane in never.items() if rules_out(atom, event, self._above)),
        )

    def _care(self, atom: Atom) -> Truth:
        """A test, procedure or supply (queries/assess/14-care)."""
        sheet, done = self.sheet, self._facts.done
        true = sheet.any(plane for event, plane in done.items() if fits(atom, event, self._above))
        false = sheet.any(plane for denial, plane in self._facts.not_done.items() if covers(atom, denial, self._above))
        if (atom.prop, atom.cls) in self._criteria.asked_only:
            return Truth(true, false)
        near = {atom.cls, *self._criteria.may_meet.get(atom.cls, ())}
        may = sheet.any(plane for event, plane in done.items() if may_fit(atom, event, self._above, near))
        listing = self.following.closed(atom.prop)
        return Truth(true, false | (listing & ~may & ~self.following.perhaps(atom.prop, atom.cls)))

    def _above(self, cls: str) -> frozenset[str]:
        return self._criteria.ancestors.get(cls, frozenset((cls,)))

    # ------------------------------------------------------------ populations

    def _settle_populations(self) -> None:
        """Repeat until nothing new is decided, since a population may be a literal of another."""
        named = {iri: atom.names for iri, atom in self._criteria.atoms.items() if atom.names}
        for iri in named:
            self.atoms[iri] = self._unknown
        self.populations = {p: self._population(branches) for p, branches in self._criteria.branches.items()}
        resting = {
            population: branches
            for population, branches in self._criteria.branches.items()
            if any(iri in named for branch in branches for iri, _ in branch)
        }
        while True:
            for iri, population in named.items():
                self.atoms[iri] = self.populations.get(population, self._unknown)
            before = {population: self.populations.get(population) for population in named.values()}
            self._branches.clear()
            self.populations |= {p: self._population(branches) for p, branches in resting.items()}
            if all(_same(before[p], self.populations.get(p)) for p in before):
                return

    def _population(self, branches: Iterable[tuple[Literal, ...]]) -> Truth:
        found = []
        for branch in branches:
            # Populations share branches: each is looked at once.
            if branch not in self._branches:
                self._branches[branch] = self._branch(branch)
            found.append(self._branches[branch])
        return Truth(self.sheet.any(b.true for b in found), self.sheet.every(b.false for b in found))

    def _branch(self, literals: Iterable[Literal]) -> Truth:
        found = [self._literal(literal) for literal in literals]
        return Truth(self.sheet.every(one.true for one in found), self.sheet.any(one.false for one in found))

    def _literal(self, literal: Literal) -> Truth:
        iri, positive = literal
        true, false = self.atoms.get(iri, self._unknown)
        return Truth(true, false) if positive else Truth(false, true)

    # ------------------------------------------------------------ statements

    def _statement(self, statement: str) -> Truth:
        true, false = self.populations.get(self._criteria.population[statement], self._unknown)
        unclear = self.unclear(statement)
        acted = self._facts.acted_on.get(statement) if statement in self._criteria.alerts else None
        counts = self.counts(statement)
        sheet = self.sheet
        true, false = sheet.less(true, unclear), sheet.less(false, unclear)
        if acted is not None:
            true, false = sheet.any((true, acted)), sheet.less(false, acted)
        return Truth(sheet.both(true, counts), sheet.both(false, counts))

    def _other_problem(self) -> dict[str, Plane]:
        """By recommendation those who have a problem, and none of which it speaks (queries/assess/30-problem)."""
        chosen = self._facts.chosen if self._facts.chosen is not None else self.sheet.none
        asked = {cls: plane & ~chosen for cls, plane in self.following.problems.items()}
        for cls, plane in self._facts.about.items():
            grow(asked, cls, plane)
        self._asked = asked
        some = self.sheet.any(asked.values())
        return {
            statement: self.sheet.less(some, self.sheet.any(asked.get(cls, self.sheet.none) for cls in conditions))
            for statement, conditions in self._criteria.speaks_of.items()
        }

    def unclear(self, statement: str) -> Plane:
        """Those of whom nobody knows whether the numbers of the problem asked about are meant (assess/21-clocks)."""
        clocks, chosen = self._criteria.clocks.get(statement), self._facts.chosen
        if not clocks or chosen is None:
            return self.sheet.none
        several = self._facts.several if self._facts.several is not None else self.sheet.none
        unclear = []
        for clock in clocks:
            meant, elsewhere = self._meant(clock), self.sheet.all if clock.requires else several
            ruled_out = self._branch(literal for literal in clock.literals if literal[0] not in clock.counted).false
            unclear.append(chosen & elsewhere & ~meant & ~ruled_out)
        held = []
        for clock in self._criteria.holding[statement]:
            theirs = self.sheet.none
            if clock.counted and clock.requires:
                theirs = self.sheet.rest(self._meant(clock))
            held.append(self._branch(clock.literals).true & ~theirs)
        return self.sheet.less(self.sheet.any(unclear), self.sheet.any(held))

    def _meant(self, clock: Clock) -> Plane:
        """Those whose problem is what a branch requires, or a name of it."""
        return self.sheet.any(
            plane
            for cls, plane in self._asked.items()
            if any(self._one_problem(cls, other) for other in clock.requires)
        )

    def _one_problem(self, problem: str, required: str) -> bool:
        above = self._criteria.ancestors
        return (
            required in above.get(problem, (problem,))
            or problem in above.get(required, (required,))
            or problem in self._criteria.same_problem.get(required, ())
        )


def _same(one: Truth | None, other: Truth | None) -> bool:
    if one is None or other is None:
        return one is other
    return bool((one.true == other.true).all() and (one.false == other.false).all())
