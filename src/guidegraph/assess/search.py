"""Search for the smallest set of facts that makes given literals true and given populations false."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from guidegraph.assess.assessment import FALSE, TRUE, UNKNOWN, Assessment
from guidegraph.knowledge.atoms import Atom, within
from guidegraph.knowledge.records import gg
from guidegraph.termreadings import EVERYTHING, STOPPED, TAKEN, at, inside

Literal = tuple[str, bool]
#: One supposed fact: an atom is true or false, or a number has a value.
Fact = tuple[str, bool | Decimal]

_LIMIT = 20_000
_HALF = Decimal("0.5")


@dataclass(frozen=True)
class Goal:
    """Literals of which at least one must hold."""

    literals: tuple[Literal, ...]


class Search:
    """A depth-first search with unit propagation over the facts that may still be supposed.

    A supposed atom brings every atom that it entails: those of the classes above it when true, those of the
    classes below it when false. Only unknown atoms may be supposed, and trials that have not been had yet.
    """

    def __init__(self, assessment: Assessment) -> None:
        self.assessment = assessment
        self._best: tuple[Fact, ...] | None = None
        self._goals: tuple[Goal, ...] = ()
        self._seen = 0
        # What one supposed fact makes of one atom is asked many thousand times, whatever else is supposed.
        self._by_fact: dict[Fact, dict[str, str | None]] = {}
        self._owners = cache(self._owners_of)
        self._near = cache(self._values_near)

    def solve(self, goals: Sequence[Goal]) -> tuple[Fact, ...] | None:
        """The smallest set of facts under which every goal holds, or None if there is none."""
        self._best, self._seen, self._goals = None, 0, tuple(goals)
        self._step(self._goals, ())
        return self._best

    def _needed(self, facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
        """The facts without those that a later, broader one made needless."""
        for fact in facts:
            less = tuple(other for other in facts if other != fact)
            if all(any(self.truth(a, p, less) == TRUE for a, p in goal.literals) for goal in self._goals):
                facts = less
        return facts

    def _step(self, goals: tuple[Goal, ...], facts: tuple[Fact, ...]) -> None:
        self._seen += 1
        if self._seen > _LIMIT or (self._best is not None and len(facts) >= len(self._best)):
            return
        open_goals: list[tuple[Goal, list[Fact]]] = []
        for goal in goals:
            if any(self.truth(atom, positive, facts) == TRUE for atom, positive in goal.literals):
                continue
            options = [fact for literal in goal.literals for fact in self._options(literal, facts)]
            if not options:
                return
            open_goals.append((goal, options))
        if not open_goals:
            self._best = self._needed(facts)
            return
        goal, options = min(open_goals, key=lambda pair: len(pair[1]))
        rest = tuple(g for g, _ in open_goals)
        for option in dict.fromkeys(options):
            self._step(rest, (*facts, option))

    def _options(self, literal: Literal, facts: tuple[Fact, ...]) -> Iterable[Fact]:
        iri, positive = literal
        atom = self.assessment.atom(iri)
        value = self.truth(iri, positive, facts)
        # A trial not had yet can still be had; every other decided fact stays.
        future = atom.prop == gg("hasTrial") and positive and value == FALSE and not any(f[0] == iri for f in facts)
        if (value != UNKNOWN and not future) or not atom.prop:
            return
        if atom.cls:
            yield from self._class_options(atom, positive, facts)
        elif not any(f[0] == atom.prop for f in facts):
            if not positive:
                owners = self._owners(iri)
                yield from ((owner, False) for owner in owners if self.truth(owner, True, facts) == UNKNOWN)
            yield from ((atom.prop, number) for number in self._numbers(atom, positive))

    def _class_options(self, atom: Atom, positive: bool, facts: tuple[Fact, ...]) -> Iterable[Fact]:
        """The class itself, or the values of the number that it is read from while that is not stated."""
        assessment = self.assessment
        known = {*assessment.profile.values, *(subject for subject, value in facts if isinstance(value, Decimal))}
        if (atom.prop, atom.cls) in assessment.settled.disputed:
            return
        number = assessment.book.asked_through(atom, known, assessment.settled.profile.present)
        ranges = [span for of, span in assessment.book.deciding_ranges(atom, positive) if of == number]
        if not number or not ranges:
            yield (atom.iri, positive)
            return
        values = self._near(number)
        yield from ((number, v) for v in values if any(inside((at(v),), span) for span in ranges))

    def _values_near(self, number: str) -> list[Decimal]:
        """Values on either side of every bound of a number that what is known of it leaves."""
        same = [a for a in self.assessment.records.atoms.values() if a.prop == number and not a.cls]
        bounds = {b for a in same for b in (a.low, a.above, a.high, a.below) if 0 <= b < Decimal(999999999)}
        tried = {b + step for b in bounds for step in (-_HALF, Decimal(0), _HALF)}
        left = self.assessment.settled.spans.get(number, (EVERYTHING,))
        return sorted(v for v in tried if v >= 0 and any(inside((at(v),), span) for span in left))

    def _owners_of(self, number: str) -> list[str]:
        """The atoms without which a patient cannot have the number of an atom."""
        atom = self.assessment.atom(number)
        return sorted(iri for iri, other in self.assessment.records.atoms.items() if self._lacks(atom, other))

    def _numbers(self, atom: Atom, positive: bool) -> list[Decimal]:
        """Values on either side of every bound of the number, since other atoms bound it too."""
        return [value for value in self._near(atom.prop) if within(atom, value) is positive]

    def truth(self, iri: str, positive: bool, facts: tuple[Fact, ...]) -> str:
        """The truth value of a literal under supposed facts."""
        atom = self.assessment.atom(iri)
        value = self._supposed(atom, facts) or self.assessment.truth(iri)
        if positive or value not in (TRUE, FALSE):
            return value
        return FALSE if value == TRUE else TRUE

    def _supposed(self, atom: Atom, facts: tuple[Fact, ...]) -> str | None:
        if atom.names:
            return self._named(atom, facts)
        for fact in facts:
            known = self._by_fact.setdefault(fact, {})
            if atom.iri not in known:
                known[atom.iri] = self._by(fact, atom)
            if known[atom.iri]:
                return known[atom.iri]
        return None

    def _by(self, fact: Fact, atom: Atom) -> str | None:
        """The truth that one supposed fact gives an atom, None where it leaves it open."""
        subject, value = fact
        if isinstance(value, Decimal):
            if subject == atom.prop and not atom.cls:
                return TRUE if within(atom, value) else FALSE
            return self._read(atom, subject, value) or None
        other = self.assessment.atom(subject)
        if value:
            return TRUE if self._entails(other, atom) else None
        return FALSE if self._entails(atom, other) or self._lacks(atom, other) else None

    def _read(self, atom: Atom, number: str, value: Decimal) -> str:
        """The truth that a class has by the readings of a number, "" where they leave it open."""
        for truth, positive in ((TRUE, True), (FALSE, False)):
            ranges = self.assessment.book.deciding_ranges(atom, positive) if atom.cls else ()
            if any(of == number and inside((at(value),), span) for of, span in ranges):
                return truth
        return ""

    def _named(self, atom: Atom, facts: tuple[Fact, ...]) -> str:
        branches = self.assessment.records.branches.get(atom.names, ())
        values = []
        for branch in branches:
            literals = {self.truth(a, p, facts) for a, p in branch}
            values.append(FALSE if FALSE in literals else UNKNOWN if UNKNOWN in literals else TRUE)
        return TRUE if TRUE in values else UNKNOWN if UNKNOWN in values else FALSE

    def _entails(self, one: Atom, other: Atom) -> bool:
        """Whether a patient for whom ``one`` is true must have ``other`` true."""
        if one.prop != other.prop or not one.cls or not other.cls:
            return False
        records = self.assessment.records
        above = records.ancestors.get(one.cls, frozenset((one.cls,)))
        if one.prop in (TAKEN, STOPPED):
            above = records.taken.get(one.cls, above)
        if other.cls not in above:
            return False
        same = not other.outcome or other.outcome == one.outcome
        if other.showed and other.showed not in records.ancestors.get(one.showed, (one.showed,)):
            return False
        pairs = [(other, one)] + ([(other.value, one.value)] if other.valued or one.valued else [])
        return same and all(
            not wide.bounded or (tight.bounded and within(wide, _inside(tight)) and _covers(wide, tight))
            for wide, tight in pairs
        )

    def _lacks(self, number: Atom, owner: Atom) -> bool:
        """Whether a number cannot be had without the owner, such as weeks of a condition that is absent."""
        if number.cls or not number.prop:
            return False
        rows = self.assessment.records.implied.get(number.prop, ())
        above = self.assessment.records.ancestors
        return any(p == owner.prop and owner.cls in above.get(c, frozenset((c,))) for p, c in rows)


def _inside(atom: Atom) -> Decimal:
    """A number inside an atom's range."""
    low = max(atom.low, atom.above + (_HALF if atom.above >= 0 else 0))
    return low if within(atom, low) else min(atom.high, atom.below - _HALF)


def _covers(outer: Atom, inner: Atom) -> bool:
    return (
        outer.low <= max(inner.low, inner.above)
        and outer.above <= max(inner.low, inner.above)
        and outer.high >= min(inner.high, inner.below)
        and outer.below >= min(inner.high, inner.below)
    )
