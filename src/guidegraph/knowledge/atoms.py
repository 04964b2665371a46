"""The atoms of the criteria index as plain values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.model import CareFact
from guidegraph.termreadings import HIGHEST, LOWEST, STOPPED, TAKEN, Interval

#: The properties whose values are classes, and those whose values are trials of therapy and stopped drugs.
CLASSES = (ns.GG + "hasCondition", ns.GG + "hasFinding", TAKEN)
TRIAL, STOP = ns.GG + "hasTrial", STOPPED
#: What the index writes for a bound that is not there (queries/index/21-numbers), by the sign of the bound.
_UNBOUNDED = {">=": Decimal(0), ">": Decimal(-1), "<=": Decimal(999999999), "<": Decimal(1000000000)}


@dataclass(frozen=True)
class Atom:
    """One atom of the criteria index; ``low`` to ``below`` are the bounds of its number, in the property's unit.

    Of a test, procedure or supply the number is the days since; ``showed`` is what it is to have shown, and where it is
    ``valued``, ``least`` to ``under`` bound the value that came of it, or the days that a supply lasts.
    """

    iri: str
    prop: str
    cls: str = ""
    outcome: str = ""
    bounded: bool = False
    low: Decimal = Decimal(0)
    above: Decimal = Decimal(-1)
    high: Decimal = Decimal(999999999)
    below: Decimal = Decimal(1000000000)
    names: str = ""
    showed: str = ""
    valued: bool = False
    least: Decimal = Decimal(0)
    over: Decimal = Decimal(-1)
    most: Decimal = Decimal(999999999)
    under: Decimal = Decimal(1000000000)

    @property
    def value(self) -> Atom:
        """The bounds of the value that came of it as those of an atom."""
        return Atom(self.iri, self.prop, "", "", self.valued, self.least, self.over, self.most, self.under)

    @property
    def limits(self) -> Iterator[tuple[str, Decimal]]:
        """The signs and numbers of the bounds that its number has: from, over, up to, under."""
        for (sign, unbounded), bound in zip(
            _UNBOUNDED.items(), (self.low, self.above, self.high, self.below), strict=True
        ):
            if bound != unbounded:
                yield sign, bound

    @property
    def interval(self) -> Interval:
        """The range of its number; an end that the index writes as open is open."""
        low, high = max((self.low, 0), (self.above, 1)), min((self.high, 1), (self.below, 0))
        return LOWEST if low <= (_UNBOUNDED[">="], 0) else low, HIGHEST if high[0] >= _UNBOUNDED["<="] else high


@dataclass(frozen=True)
class AskedEvents:
    """What criteria ask about tests and procedures done, and about supplies.

    ``spoken`` holds the classes that they name, by the property of their list; ``tests`` the tests that measure a
    number or look for a finding, by that.
    """

    spoken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_atom(iri: str, rows: Mapping[str, tuple[str, ...]]) -> Atom:
    """The atom of its rows in the index.

    Raises:
        KnowledgeError: a bound is no number.
    """

    def text(name: str) -> str:
        return rows.get(ns.IDX + name, ("",))[0]

    numbers: dict[str, Any] = {
        field: _number(text(name), iri)
        for field, name in (
            ("low", "lowIncluded"),
            ("above", "lowExcluded"),
            ("high", "highIncluded"),
            ("below", "highExcluded"),
            ("least", "leastIncluded"),
            ("over", "leastExcluded"),
            ("most", "mostIncluded"),
            ("under", "mostExcluded"),
        )
        if text(name)
    }
    outcome, showed = text("outcome"), text("showed")
    return Atom(
        iri,
        text("property"),
        text("class"),
        "" if outcome == ns.IDX + "anyOutcome" else outcome,
        text("bounded") == "true" or (not text("class") and bool(numbers)),
        names=text("names"),
        showed="" if showed == ns.IDX + "anyFinding" else showed,
        valued=text("valued") == "true",
        **numbers,
    )


def _number(text: str, atom: str) -> Decimal:
    try:
        return Decimal(text)
    except ArithmeticError:
        raise KnowledgeError(
            f"a bound of a population is no number: {text[:60]!r}", where=atom, mend="Write it like 6.0."
        ) from None


Above = Callable[[str], Collection[str]]


def fits(atom: Atom, event: CareFact, above: Above) -> bool:
    """Whether a test, procedure or supply surely is as an atom asks (queries/assess/14-care).

    ``above`` gives a class with those above it.
    """
    if event.prop != atom.prop or atom.cls not in above(event.of):
        return False
    if atom.showed and not any(atom.showed in above(cls) for cls in event.shows):
        return False
    days = not atom.bounded or (event.days is not None and all(within(atom, end) for end in event.days))
    return days and (not atom.valued or (event.value is not None and within(atom.value, event.value)))


def may_fit(atom: Atom, event: CareFact, above: Above, near: Collection[str]) -> bool:
    """Whether an event may be as an atom asks, for all that is known; ``near`` are the classes that what is of the
    atom's may be as well."""
    if event.prop != atom.prop or event.of not in near:
        return False
    if atom.showed and any(cls in above(atom.showed) for cls in event.lacks):
        return False
    days = not (atom.bounded and event.days) or not _outside(atom, *event.days)
    return days and not (atom.valued and event.value is not None and _outside(atom.value, event.value, event.value))


def covers(atom: Atom, denial: CareFact, above: Above) -> bool:
    """Whether a denial of events leaves none as an atom asks."""
    if denial.prop != atom.prop or denial.of not in above(atom.cls):
        return False
    if denial.shows and not (atom.showed and denial.shows[0] in above(atom.showed)):
        return False
    return denial.days is None or atom.high <= denial.days[1] or atom.below <= denial.days[1]


#: A trial or a stopped drug: its class, its outcome (None for any or none) and its number (None where not stated).
Event = tuple[str, str | None, Decimal | None]


def happened(atom: Atom, event: Event, above: Above) -> bool:
    """Whether a trial or a stopped drug is as an atom asks (queries/assess/13-events)."""
    of, outcome, number = event
    if atom.cls not in above(of) or (atom.outcome and atom.outcome != outcome):
        return False
    return not atom.bounded or (number is not None and within(atom, number))


def rules_out(atom: Atom, denial: Event, above: Above) -> bool:
    """Whether a denial of trials or of stopped drugs leaves none as an atom asks."""
    of, outcome, number = denial
    if of not in above(atom.cls) or (outcome and atom.outcome != outcome):
        return False
    return atom.prop == TRIAL or number is None or atom.high <= number or atom.below <= number


def within(atom: Atom, number: Decimal) -> bool:
    """Whether a number lies in the range of an atom."""
    return atom.low <= number <= atom.high and atom.above < number < atom.below


def _outside(atom: Atom, first: Decimal, last: Decimal) -> bool:
    """Whether an interval lies on one side of a range."""
    return last < atom.low or last <= atom.above or first > atom.high or first >= atom.below
