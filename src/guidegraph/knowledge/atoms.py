"""The atoms of the criteria index as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError


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
