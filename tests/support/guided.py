"""Patients made by the criteria: for each branch of each population some for whom it is true, false or unknown.

What else there is of them is drawn at random: every kind of fact that a profile has, contradictions too, though few.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from guidegraph.knowledge.atoms import CLASSES, STOP, TRIAL, Atom
from guidegraph.knowledge.basis import Literal
from guidegraph.knowledge.criteria import Criteria
from guidegraph.knowledge.records import gg
from guidegraph.model import Another, Profile, StopFact, TrialFact
from guidegraph.termreadings import CARE, DISPUTED, Implication, Interval
from tests.support import carefacts, generate

#: What is wanted of a branch: all literals true; one false; one unknown.
TRUE, FALSE, UNKNOWN = "true", "false", "unknown"
WANTED = (TRUE, FALSE, UNKNOWN)
OUTCOMES = (None, gg("Failed"), gg("Succeeded"), gg("NotTolerated"))
LISTS = (*CLASSES, TRIAL, STOP)
_STEP = Decimal("0.5")


@dataclass
class Draft:
    """A profile in the making."""

    present: dict[str, set[str]] = field(default_factory=dict)
    absent: dict[str, set[str]] = field(default_factory=dict)
    values: dict[str, Decimal] = field(default_factory=dict)
    trials: set[TrialFact] = field(default_factory=set)
    no_trials: set[TrialFact] = field(default_factory=set)
    stops: set[StopFact] = field(default_factory=set)
    no_stops: set[StopFact] = field(default_factory=set)
    complete: set[str] = field(default_factory=set)
    more: dict[str, Any] = field(default_factory=dict)

    def add(self, prop: str, cls: str, present: bool = True) -> None:
        """State a class, or deny it."""
        (self.present if present else self.absent).setdefault(prop, set()).add(cls)

    def profile(self, name: str) -> Profile:
        """The profile as it is now."""
        return Profile(
            name,
            "",
            {prop: frozenset(classes) for prop, classes in sorted(self.present.items())},
            {prop: frozenset(classes) for prop, classes in sorted(self.absent.items())},
            dict(sorted(self.values.items())),
            frozenset(self.trials),
            frozenset(self.no_trials),
            frozenset(self.stops),
            frozenset(self.no_stops),
            frozenset(self.complete),
            **self.more,
        )


class Guide:
    """Makes patients for some criteria.

    Args:
        kb: what is known.
        criteria: its criteria.
    """

    def __init__(self, kb: Any, criteria: Criteria) -> None:
        self.kb, self.criteria = kb, criteria
        self.branches = sorted({branch for found in criteria.branches.values() for branch in found})
        self._plausible = {r.iri: (r.low or Decimal(0), r.high or Decimal(1000)) for r in kb.vocabulary.rows}
        self._classes = generate.used_classes(kb)

    def patient(self, seed: int) -> Profile:
        """One patient: the branch and what is wanted of it go round with the seed, the rest is drawn by it.

        In every other round there is no rest: the branch is all that is stated.
        """
        count, name = len(self.branches), f"guided-{seed}"
        branch, truth = self.branches[seed % count], WANTED[seed // count % 3]
        return self.wanted(branch, truth, name) if seed // (3 * count) % 2 == 0 else self._plain(branch, truth, name)

    def _plain(self, branch: Sequence[Literal], truth: str, name: str) -> Profile:
        self._set(draft := Draft(), random.Random(name), branch, truth)
        return draft.profile(name)

    def wanted(self, branch: Sequence[Literal], truth: str, name: str) -> Profile:
        """A patient for whom a branch should be true, false or unknown, if nothing contradicts it."""
        pick, draft = random.Random(name), Draft()
        if truth == TRUE and pick.random() < 0.4:
            # Somebody of whom nothing is open but what is asked: the only ones who can be eligible.
            self._close(draft, pick, {self.criteria.atoms[iri].prop for iri, positive in branch if positive})
        self._set(draft, pick, branch, truth)
        for other in pick.sample(self.branches, pick.choice((0, 0, 1, 2))):
            self._set(draft, pick, other, pick.choice((TRUE, TRUE, FALSE)))
        if self.criteria.alerts and pick.random() < 0.2:
            alert = self._population(pick, self.criteria.alerts)
            self._set(draft, pick, pick.choice(self.criteria.branches[alert]), TRUE)
        if pick.random() < 0.7:
            self._noise(draft, pick)
        self._asked(draft, pick, self._spoken.get(tuple(branch), frozenset()))
        return draft.profile(name)

    # ------------------------------------------------------------ a branch

    def _set(self, draft: Draft, pick: random.Random, branch: Sequence[Literal], truth: str) -> None:
        odd = pick.randrange(len(branch)) if branch and truth != TRUE else -1
        for at, (iri, positive) in enumerate(branch):
            wanted = truth if at == odd else TRUE
            if wanted != UNKNOWN:
                self._literal(draft, pick, self.criteria.atoms[iri], (wanted == TRUE) is positive)

    def _literal(self, draft: Draft, pick: random.Random, atom: Atom, true: bool) -> None:
        if atom.names:
            branches = self.criteria.branches[atom.names]
            for branch in [pick.choice(branches)] if true else branches:
                self._set(draft, pick, branch, TRUE if true else FALSE)
        elif not atom.cls:
            self._number(draft, pick, atom.prop, atom.interval, true)
        elif atom.prop in CLASSES:
            self._class(draft, pick, atom.prop, atom.cls, true)
        elif atom.prop == TRIAL:
            self._trial(draft, pick, atom, true)
        elif atom.prop == STOP:
            self._stop(draft, pick, atom, true)

    def _class(self, draft: Draft, pick: random.Random, prop: str, cls: str, true: bool) -> None:
        if true:
            kinds = self._below(cls)
            rules = [r for r in self.criteria.rules if not r.excluded and r.then == prop and r.other in kinds]
        else:
            rules = [r for r in self.criteria.rules if r.excluded and r.then == prop and r.other in self._above(cls)]
        rules = [rule for rule in rules if rule.kind != DISPUTED]
        if rules and pick.random() < 0.5:
            self._rule(draft, pick, pick.choice(rules))
        elif true:
            draft.add(prop, cls if pick.random() < 0.6 else pick.choice(sorted(kinds)))
        elif pick.random() < 0.35 and (prop, cls) not in self.criteria.asked_only:
            draft.complete.add(prop)
        else:
            draft.add(prop, cls if pick.random() < 0.7 else pick.choice(sorted(self._above(cls))), False)

    def _rule(self, draft: Draft, pick: random.Random, rule: Implication) -> None:
        """Make a rule bring what it brings."""
        if rule.interval is not None:
            self._number(draft, pick, rule.given, rule.interval, True)
        elif rule.cls:
            draft.add(rule.given, rule.cls)
        else:
            draft.values[rule.given] = pick.choice(self.points[rule.given])

    def _number(self, draft: Draft, pick: random.Random, number: str, interval: Interval, true: bool) -> None:
        owners = self.criteria.owners.get(number, ())
        if not true and owners and pick.random() < 0.3:
            draft.add(*pick.choice(owners), False)
            return
        rules = [r for r in self.criteria.rules if r.given == number and r.interval and r.kind != DISPUTED]
        if rules and pick.random() < 0.25:
            # Known by the terms alone: what is read from the number is denied, or is there.
            for rule in pick.sample(rules, pick.randint(1, len(rules))):
                draft.add(rule.then, rule.other, rule.excluded)
            return
        fits = [v for v in self.points[number] if (interval[0] <= (v, 0) < interval[1]) == true]
        if fits:
            draft.values[number] = pick.choice(fits)

    def _trial(self, draft: Draft, pick: random.Random, atom: Atom, true: bool) -> None:
        if true:
            kind = atom.cls if pick.random() < 0.7 else pick.choice(sorted(self._below(atom.cls)))
            outcome, bounded = atom.outcome or pick.choice(OUTCOMES), atom.bounded
            weeks = pick.choice((atom.low, atom.low + _STEP, atom.low + 6)) if bounded else self._weeks(pick)
            draft.trials.add(TrialFact(kind, outcome, weeks))
        elif pick.random() < 0.3 and (TRIAL, atom.cls) not in self.criteria.asked_only:
            draft.complete.add(TRIAL)
        else:
            kind = pick.choice((atom.cls, atom.cls, *sorted(self._above(atom.cls))))
            draft.no_trials.add(TrialFact(kind, pick.choice((None, atom.outcome or None))))

    def _stop(self, draft: Draft, pick: random.Random, atom: Atom, true: bool) -> None:
        if true:
            days = pick.choice((Decimal(0), Decimal(3), atom.high)) if atom.bounded else pick.choice((None, Decimal(9)))
            draft.stops.add(StopFact(pick.choice((atom.cls, *sorted(self._below(atom.cls)))), days))
        elif pick.random() < 0.3:
            draft.complete.add(STOP)
        else:
            days = pick.choice((None, atom.high, atom.high + 1)) if atom.bounded else None
            draft.no_stops.add(StopFact(pick.choice((atom.cls, *sorted(self._above(atom.cls)))), days))

    # ------------------------------------------------------------ the rest of a patient

    def _close(self, draft: Draft, pick: random.Random, spared: Iterable[str]) -> None:
        """Complete lists, numbers, and a "no" to whatever no list denies."""
        draft.complete |= {prop for prop in LISTS if pick.random() < 0.95}
        read = {(r.then, r.other) for r in self.criteria.rules if r.listless and not r.excluded and not r.interval}
        for prop, cls in sorted(self.criteria.asked_only | read):
            if prop in CLASSES and pick.random() < 0.97:
                draft.add(prop, cls, False)
            elif prop == TRIAL:
                draft.no_trials.add(TrialFact(cls))
        for number in sorted(self.points.keys() - set(spared)):
            if number not in self.criteria.owners and pick.random() < 0.9:
                draft.values[number] = pick.choice(self.points[number])

    def _noise(self, draft: Draft, pick: random.Random) -> None:
        few: Callable[[Sequence[str], int], list[str]] = lambda classes, most: pick.sample(  # noqa: E731
            classes, min(len(classes), pick.randint(0, most))
        )
        for prop in CLASSES:
            for cls in few(self._classes[prop], 2):
                draft.add(prop, cls)
            for cls in few(self._classes[prop], 2):
                draft.add(prop, cls, False)
        for number in few(sorted(self.points), 3):
            draft.values.setdefault(number, pick.choice(self.points[number]))
        for cls in few(self._classes[TRIAL], 2):
            draft.trials.add(TrialFact(cls, pick.choice(OUTCOMES), self._weeks(pick)))
        for cls in few(self._classes[TRIAL], 1):
            draft.no_trials.add(TrialFact(cls, pick.choice(OUTCOMES)))
        for cls in few(self._classes[STOP], 1):
            draft.stops.add(StopFact(cls, self._days(pick)))
        # What was never stopped is mostly what a criterion asks for, or a part of what was stopped.
        parts = [r.other for r in self.criteria.rules if r.given == STOP for s in draft.stops if r.cls == s.of]
        asked = sorted({atom.cls for atom in self.criteria.atoms.values() if atom.prop == STOP})
        for cls in few([*parts, *asked, pick.choice(self._classes[STOP])], 1):
            draft.no_stops.add(StopFact(cls, self._days(pick)))
        draft.complete |= {prop for prop in LISTS if pick.random() < 0.1}
        if self._care and pick.random() < 0.5:
            other = carefacts.drawn(pick.randrange(10_000))
            draft.more |= {"care_present": other.care_present, "care_absent": other.care_absent}
            draft.complete |= other.complete

    def _asked(self, draft: Draft, pick: random.Random, spoken: Set[str]) -> None:
        """The problem (mostly one that is spoken of), what was acted on, and entries that are none of our terms."""
        more, problems = draft.more, sorted(self.criteria.problems)
        if pick.random() < 0.5:
            conditions = draft.present.get(CLASSES[0], set()) & self.criteria.problems
            had = sorted(conditions & spoken or conditions or spoken)
            about = pick.choice(had) if had and pick.random() < 0.7 else pick.choice(problems)
            draft.add(CLASSES[0], about)
            more["about"] = frozenset((about,))
            if pick.random() < 0.4:
                more["beside"] = frozenset((pick.choice(problems),))
        if self.criteria.alerts and pick.random() < 0.15:
            alert = pick.choice(self.criteria.alerts)
            more["acted_on"] = frozenset((alert,))
            answers = [s for t in self.criteria.therapies if alert in t.called_by for s in t.recommending]
            if answers:
                self._set(draft, pick, pick.choice(self.criteria.branches[self._population(pick, answers)]), TRUE)
        if pick.random() < 0.1:
            more["not_tolerated"] = frozenset((pick.choice(self._classes[TRIAL]),))
        closed = sorted(draft.complete & set(LISTS))
        if closed and pick.random() < 0.15:
            more["not_understood"] = ((pick.choice(closed), "something"),)
        if closed and pick.random() < 0.25:
            more["others"] = self.others(pick, closed)

    def _population(self, pick: random.Random, statements: Sequence[str]) -> str:
        """The population of one of some statements."""
        return self.criteria.population[pick.choice(statements)]

    def others(self, pick: random.Random, props: Sequence[str]) -> tuple[Another, ...]:
        """Entries of complete lists that are known and none of our terms."""
        return generate.others(self.kb, pick, props)

    @staticmethod
    def _weeks(pick: random.Random) -> Decimal | None:
        return pick.choice((None, Decimal(2), Decimal("3.9"), Decimal(4), Decimal("5.9"), Decimal(6), Decimal(12)))

    @staticmethod
    def _days(pick: random.Random) -> Decimal | None:
        return pick.choice((None, Decimal(3), Decimal(14), Decimal("14.5"), Decimal(30)))

    # ------------------------------------------------------------ what the criteria tell apart

    @cached_property
    def points(self) -> Mapping[str, list[Decimal]]:
        """Values of each number on, beside and between its bounds, as far as they are plausible."""
        found: dict[str, list[Decimal]] = {}
        for number, cuts in self.criteria.numbers.items():
            least, most = self._plausible[number]
            bounds = [bound for bound, _ in cuts if not bound.is_infinite()]
            near = {b + step for b in bounds for step in (-_STEP, Decimal(0), Decimal("0.001"), _STEP, 3 * _STEP)}
            found[number] = sorted(v for v in near | {least, most} if least <= v <= most)
        return found

    @cached_property
    def _spoken(self) -> Mapping[tuple[Literal, ...], Set[str]]:
        """By branch the problems of which the statements speak that have it."""
        found: dict[tuple[Literal, ...], set[str]] = {}
        for statement, conditions in self.criteria.speaks_of.items():
            for branch in self.criteria.branches.get(self.criteria.population.get(statement, ""), ()):
                found.setdefault(branch, set()).update(conditions & self.criteria.problems)
        return found

    @cached_property
    def _care(self) -> bool:
        return any(atom.prop in CARE for atom in self.criteria.atoms.values())

    def _below(self, cls: str) -> frozenset[str]:
        return self.criteria.descendants.get(cls, frozenset((cls,)))

    def _above(self, cls: str) -> frozenset[str]:
        found = self.criteria.ancestors.get(cls, frozenset((cls,)))
        return frozenset(up for up in found if "/vocab/" not in up) | {cls}
