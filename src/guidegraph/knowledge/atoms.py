"""The atoms of the criteria index as plain values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.model import CareFact


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
    days = not atom.bounded or (event.days is not None and all(_within(atom, end) for end in event.days))
    return days and (not atom.valued or (event.value is not None and _within(atom.value, event.value)))


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


def _within(atom: Atom, number: Decimal) -> bool:
    return atom.low <= number <= atom.high and atom.above < number < atom.below


def _outside(atom: Atom, first: Decimal, last: Decimal) -> bool:
    """Whether an interval lies on one side of a range."""
    return last < atom.low or last <= atom.above or first > atom.high or first >= atom.below
