"""One conjunction of a population in normal form: what the patient has, lacks, and within which numbers.

Bounds of numbers are those of guidegraph.termreadings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from guidegraph.knowledge.basis import brought
from guidegraph.termreadings import HIGHEST, LOWEST, Bound, cells


class Held(NamedTuple):
    """A class that the patient has, or lacks, by one property."""

    prop: str
    cls: str


class Event(NamedTuple):
    """A trial of therapy, a stopped drug, a test or procedure done, or a supply: its class, outcome ("" for any) and
    its number's interval where bounded.

    Of what was done or supplied that number is the days since; ``showed`` is what it is to have shown ("": whatever),
    and ``least`` to ``most`` hold the value that came of it, where it is ``valued``.
    """

    prop: str
    cls: str
    outcome: str
    bounded: bool
    low: Bound
    high: Bound
    showed: str = ""
    valued: bool = False
    least: Bound = LOWEST
    most: Bound = HIGHEST

    @property
    def intervals(self) -> tuple[tuple[Bound, Bound] | None, tuple[Bound, Bound] | None]:
        """The intervals of its two numbers, None for one that it does not bound, and need not have."""
        return (self.low, self.high) if self.bounded else None, (self.least, self.most) if self.valued else None


class Range(NamedTuple):
    """An interval of one number of the patient; ``valued`` False says that the patient has no such number."""

    prop: str
    low: Bound
    high: Bound
    valued: bool = True


Literal = tuple[Held | Event | Range, bool]


class Cell(NamedTuple):
    """An interval of a number between two bounds of its readings (or that there is no number), and what it brings."""

    range: Range
    brings: frozenset[Held]
    denies: frozenset[Held]


@dataclass(frozen=True)
class Logic:
    """What the ontology says about literals.

    ``above`` maps a class to itself and the classes above it; ``taken`` to what is taken, or was stopped, with it (the
    same, the parts, and what is above these) where there are parts; ``brings`` and ``excludes`` map a held class to
    those that it brings or rules out; ``numbers`` maps a number to the held classes that any value of it brings;
    ``total`` holds the numbers that every patient has; ``readings`` are ranges, each with a class that it brings, or
    (True) excludes; ``disputed`` are ranges in which the definitions of a class differ.
    """

    above: Mapping[str, frozenset[str]]
    brings: tuple[tuple[Held, Held], ...] = ()
    excludes: tuple[tuple[Held, Held], ...] = ()
    numbers: Mapping[str, tuple[Held, ...]] = field(default_factory=dict)
    total: frozenset[str] = frozenset()
    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    readings: tuple[tuple[Range, Held, bool], ...] = ()
    disputed: tuple[tuple[Range, Held], ...] = ()
    _near: dict[Held, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    _cells: dict[str, tuple[Cell, ...]] = field(default_factory=dict, compare=False, repr=False)
    _joined: dict[str, frozenset[str]] = field(default_factory=dict, compare=False, repr=False)
    _marks: dict[Held, tuple[tuple[int, bool], ...]] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def undisputed(self) -> Logic:
        """The same for patients on whom no definition of a class that is spoken of differs: nobody is in between."""
        nobody = [(known, term, out) for known, term in self.disputed for out in (False, True)]
        rest = (self.above, self.brings, self.excludes, self.numbers, self.total, self.taken)
        return Logic(*rest, (*self.readings, *nobody))

    def marks(self, held: Held) -> tuple[tuple[int, bool], ...]:
        """The exclusions (by number) in which a held class takes part, and whether on the second side of them."""
        if held not in self._marks:
            self._marks[held] = tuple(
                (number, bool(side))
                for number, rule in enumerate(self.excludes)
                for side, one in enumerate(rule)
                if self.covers(one, held)
            )
        return self._marks[held]

    def near(self, held: Held) -> frozenset[str]:
        """The numbers of whose readings one speaks of a class above, at or below a held one, or one it excludes."""
        if held not in self._near:
            numbers = {known.prop for known, term, _ in self.readings if self._related(term, held)}
            self._near[held] = frozenset().union(*(self.joined(number) for number in numbers))
        return self._near[held]

    def _related(self, one: Held, other: Held) -> bool:
        return self.covers(one, other) or self.covers(other, one) or bool(self.marks(one) and self.marks(other))

    def joined(self, number: str) -> frozenset[str]:
        """A number with those that readings of the same or related terms join to it; empty where it has no reading."""
        if number not in self._joined:
            found, rest = set[str](), [number] if any(r.prop == number for r, _, _ in self.readings) else []
            while rest:
                one = rest.pop()
                found.add(one)
                terms = [term for known, term, _ in self.readings if known.prop == one]
                rest += [
                    known.prop
                    for known, term, _ in self.readings
                    if known.prop not in found and any(self._related(term, other) for other in terms)
                ]
            self._joined[number] = frozenset(found)
        return self._joined[number]

    def cells(self, number: str) -> tuple[Cell, ...]:
        """The intervals between all bounds of a number's readings; who need not have it may have none."""
        if number not in self._cells:
            own = (((known.low, known.high), term, out) for known, term, out in self.readings if known.prop == number)
            found = [Cell(Range(number, *cell), frozenset(has), frozenset(lacks)) for cell, has, lacks in cells(own)]
            if number not in self.total:
                found.append(Cell(Range(number, LOWEST, HIGHEST, False), frozenset(), frozenset()))
            self._cells[number] = tuple(found)
        return self._cells[number]

    def _upward(self, prop: str, cls: str) -> frozenset[str]:
        return brought(prop, cls, self.above, self.taken)

    def covers(self, higher: Held, lower: Held) -> bool:
        """Whether whoever has ``lower`` has ``higher``."""
        return higher.prop == lower.prop and higher.cls in self._upward(lower.prop, lower.cls)

    def _kind(self, lower: Event, higher: Event) -> bool:
        same = higher.prop == lower.prop and higher.outcome in ("", lower.outcome)
        if higher.showed and higher.showed not in self.above.get(lower.showed, (lower.showed,)):
            return False
        return same and higher.cls in self._upward(lower.prop, lower.cls)

    def possible(self, event: Event, denied: Iterable[Event]) -> bool:
        """Whether an event can be as wanted although others are denied: what is left of its numbers is not empty."""
        return _left(event.intervals, [other.intervals for other in denied if self._kind(event, other)])


_Intervals = tuple[tuple[Bound, Bound] | None, ...]


def _left(wanted: _Intervals, denied: Sequence[_Intervals]) -> bool:
    """Whether something is left of a product of intervals without others; a number that is not bounded may be missing,
    so that only a denial that does not bound it either takes it away."""
    if not denied:
        return True
    if not wanted:
        return False
    if wanted[0] is None:
        return _left(wanted[1:], [other[1:] for other in denied if other[0] is None])
    low, high = wanted[0]
    ends = {end for other in denied if other[0] for end in other[0] if low < end < high}
    for first, last in pairwise(sorted({low, high, *ends})):
        covering = [other[1:] for other in denied if other[0] is None or (other[0][0] <= first and last <= other[0][1])]
        if _left(wanted[1:], covering):
            return True
    return False


@dataclass(frozen=True)
class Branch:
    """A conjunction of literals; ``ranges`` has at most one interval a number."""

    has: frozenset[Held] = frozenset()
    lacks: frozenset[Held] = frozenset()
    ranges: tuple[Range, ...] = ()
    events: frozenset[Event] = frozenset()
    no_events: frozenset[Event] = frozenset()

    def add(self, literal: Literal) -> Branch | None:
        """The branch with one more literal, or None where the intervals of a number do not meet."""
        what, positive = literal
        if isinstance(what, Held):
            return replace(self, has=self.has | {what}) if positive else replace(self, lacks=self.lacks | {what})
        if isinstance(what, Event):
            if positive:
                return replace(self, events=self.events | {what})
            return replace(self, no_events=self.no_events | {what})
        return self._narrow(what)

    def _narrow(self, wanted: Range) -> Branch | None:
        for at, known in enumerate(self.ranges):
            if known.prop == wanted.prop:
                if known.valued != wanted.valued:
                    return None
                low, high = max(known.low, wanted.low), min(known.high, wanted.high)
                if low >= high:
                    return None
                met = Range(known.prop, low, high, known.valued)
                return self._bounded((*self.ranges[:at], met, *self.ranges[at + 1 :]))
        if wanted.low >= wanted.high:
            return None
        return self._bounded(tuple(sorted((*self.ranges, wanted))))

    def _bounded(self, ranges: tuple[Range, ...]) -> Branch:
        # Not dataclasses.replace, which takes five times as long and is most of what this costs.
        return Branch(self.has, self.lacks, ranges, self.events, self.no_events)

    def joined(self, other: Branch) -> Branch | None:
        """Both conjunctions at once, or None where the intervals of a number do not meet."""
        both: Branch | None = Branch(
            self.has | other.has,
            self.lacks | other.lacks,
            self.ranges,
            self.events | other.events,
            self.no_events | other.no_events,
        )
        for wanted in other.ranges:
            both = both._narrow(wanted) if both else None
        return both

    def literals(self) -> list[Literal]:
        """All literals, in a fixed order."""
        literals: list[Literal] = [(h, True) for h in sorted(self.has)]
        literals += [(e, True) for e in sorted(self.events)]
        literals += [(r, True) for r in self.ranges]
        literals += [(h, False) for h in sorted(self.lacks)]
        return literals + [(e, False) for e in sorted(self.no_events)]


def closed(branch: Branch, logic: Logic) -> frozenset[Held]:
    """What the patient has, with what that and the numbers bring."""
    if not logic.brings and not any(known.prop in logic.numbers for known in branch.ranges):
        return branch.has
    held = set(branch.has)
    for known in branch.ranges:
        if known.valued:
            held.update(logic.numbers.get(known.prop, ()))
    grown = True
    while grown:
        new = {then for given, then in logic.brings if any(logic.covers(given, h) for h in held)} - held
        grown = bool(new)
        held |= new
    return frozenset(held)


def satisfiable(branch: Branch, logic: Logic) -> bool:
    """Whether some patient fits the conjunction.

    Complete for the fragment: where readings speak of what is held or denied, one of the intervals of their numbers
    must fit; what is held is closed under the implications between held classes, and the only other ways to fail are a
    denied class above a held one, two held classes that exclude each other, an empty interval (never built), and an
    event of which the denied events leave nothing.
    """
    numbers = sorted(_read(branch, logic))
    return _in_cells(branch, logic, numbers) if numbers else _satisfiable(branch, logic)


def _read(branch: Branch, logic: Logic, ranges: bool = False) -> set[str]:
    """The numbers whose readings bear on a branch; with ``ranges`` also those that it merely bounds."""
    if not logic.readings:
        return set()
    numbers = {n for held in (*closed(branch, logic), *branch.lacks) for n in logic.near(held)}
    for known in branch.ranges:
        together = logic.joined(known.prop)
        if ranges or len(together) > 1:
            numbers |= together
    return numbers


def _in_cells(branch: Branch, logic: Logic, numbers: list[str]) -> bool:
    """Whether the conjunction can hold in some interval between the bounds of readings of each of some numbers."""
    if not numbers:
        return _satisfiable(branch, logic)
    for cell in logic.cells(numbers[0]):
        one = branch._narrow(cell.range)
        if one is not None:
            one = replace(one, has=one.has | cell.brings, lacks=one.lacks | cell.denies)
            if _in_cells(one, logic, numbers[1:]):
                return True
    return False


def _satisfiable(branch: Branch, logic: Logic) -> bool:
    held = closed(branch, logic)
    if branch.lacks and any(logic.covers(no, yes) for no in branch.lacks for yes in held):
        return False
    if len(held) > 1 and logic.excludes:
        marks = [mark for one in held for mark in logic.marks(one)]
        if any((rule, not side) in marks for rule, side in marks):
            return False
    if not branch.no_events:
        return True
    return all(logic.possible(event, branch.no_events) for event in branch.events)


def negations(literal: Literal, logic: Logic) -> list[Literal]:
    """The literals of which one holds exactly when ``literal`` does not."""
    what, positive = literal
    if not isinstance(what, Range):
        return [(what, not positive)]
    if not what.valued:
        return [(Range(what.prop, LOWEST, HIGHEST), True)]
    denied: list[Literal] = []
    if what.low > LOWEST:
        denied.append((Range(what.prop, LOWEST, what.low), True))
    if what.high < HIGHEST:
        denied.append((Range(what.prop, what.high, HIGHEST), True))
    if what.prop not in logic.total:
        denied.append((Range(what.prop, LOWEST, HIGHEST, False), True))
    return denied


def compatible(one: Branch, other: Branch, logic: Logic) -> bool:
    """Whether some patient fits both of two branches that somebody fits each."""
    for known in one.ranges:
        for wanted in other.ranges:
            if known.prop == wanted.prop and (
                known.valued != wanted.valued or max(known.low, wanted.low) >= min(known.high, wanted.high)
            ):
                return False
    if _apart(one, other, logic):
        both = one.joined(other)
        return both is not None and satisfiable(both, logic)
    for left, right in ((one, other), (other, one)):
        if left.lacks and any(logic.covers(no, yes) for no in left.lacks for yes in right.has):
            return False
    return True


def _apart(one: Branch, other: Branch, logic: Logic) -> bool:
    """Whether more than denied classes and ranges can keep two branches apart."""
    if logic.brings or ((one.events or other.events) and (one.no_events or other.no_events)):
        return True
    if logic.readings and _read(one, logic, True) & _read(other, logic, True):
        return True
    if any(r.prop in logic.numbers for branch in (one, other) for r in branch.ranges):
        return True
    return any(logic.marks(h) for h in one.has) and any(logic.marks(h) for h in other.has)


def entails(branch: Branch, literal: Literal, logic: Logic) -> bool:
    """Whether whoever fits a branch (that somebody fits) fits a literal: none of its negations can be added."""
    what, positive = literal
    if isinstance(what, Event):
        if positive:
            denied = (*branch.no_events, what)
            return not all(logic.possible(event, denied) for event in branch.events)
        return not logic.possible(what, branch.no_events)
    if isinstance(what, Held):
        if logic.readings and logic.near(what):
            pass
        elif positive:
            return any(logic.covers(what, held) for held in closed(branch, logic))
        elif not logic.brings and not logic.marks(what):
            return any(logic.covers(no, what) for no in branch.lacks)
    elif what.valued and what.prop not in logic.numbers and not logic.joined(what.prop):
        return any(
            r.prop == what.prop and r.valued and what.low <= r.low and r.high <= what.high for r in branch.ranges
        )
    left = (branch.add(denied) for denied in negations(literal, logic))
    return not any(b is not None and satisfiable(b, logic) for b in left)
