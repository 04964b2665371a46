"""Numbers with units in a population: brought into the one unit of their property, exactly, or refused."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.numerals import rewritten
from guidegraph.authoring.vocabulary import PopulationVocabulary
from guidegraph.authoring.words import TIMES
from guidegraph.errors import PopulationError, ProfileError
from guidegraph.profile.parse import check_range
from guidegraph.reading import unreadable
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

#: Weeks of a unit of time, as docs/model.md has them: 3 months are 13 weeks, 12 months 52, and 7 days one.
_WEEKS = {"d": Fraction(1, 7), "wk": Fraction(1), "mo": Fraction(13, 3), "a": Fraction(52)}
_NAMES = {"d": "days", "wk": "weeks", "mo": "months", "a": "years"}
_DECIMAL = ox.NamedNode(ns.XSD + "decimal")
_PLAIN = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?")
#: No trial or stop is longer ago (in its own unit); the other numbers say themselves what is plausible.
_LONGEST = {"wk": Decimal(10_000), "d": Decimal(100_000)}


class Amount(NamedTuple):
    """A number as it is written, with its unit ("" where none is) and its column."""

    digits: str
    unit: str
    column: int


class Limit(NamedTuple):
    """One end of a range: the sign of the comparison and what stands behind it."""

    sign: str
    amount: Amount
    column: int


def _loose(unit: str) -> str:
    return re.sub(r"[\s{}_.\u00b2\u22c5*^]", "", unit.replace("\u00b2", "2")).casefold()


def number(amount: Amount, prop: str, vocabulary: PopulationVocabulary) -> Decimal:
    """The number in the unit of its property.

    Raises:
        PopulationError: no plain number, not plausible, or a unit that is not that of the property.
    """
    label, own = vocabulary.label(prop), vocabulary.properties[prop].unit
    where = amount.column
    if not _PLAIN.fullmatch(amount.digits):
        _, mend = rewritten(amount.digits) or ("", "Write digits with at most one point, such as 12 or 12.5.")
        raise PopulationError(f"{amount.digits!r} is not a plain number", mend=mend, column=where)
    value = Decimal(amount.digits)
    if amount.unit and _loose(amount.unit) != _loose(own):
        value = _converted(value, amount, own, label)
    if unreadable(ox.Literal(str(value), datatype=_DECIMAL)):
        raise PopulationError(f"{amount.digits} has too many digits", mend="Round it.", column=where)
    row = vocabulary.terms.by_iri.get(prop)
    low, high = (row.low, row.high) if row else (Decimal(0), _LONGEST.get(own))
    try:
        check_range(value, label, low, high, _NAMES.get(own, "" if own.startswith("{") else own))
    except ProfileError as error:
        raise PopulationError(error.what, mend=error.mend, column=where) from None
    return value


def _converted(value: Decimal, amount: Amount, own: str, label: str) -> Decimal:
    unit, where = TIMES.get(amount.unit.casefold(), ""), amount.column
    if own not in _WEEKS or not unit:
        shown = _NAMES.get(own) or ("no unit" if own.startswith("{") else own) or "no unit"
        known = f"Write it in {shown}." if shown != "no unit" else "Write the number alone."
        raise PopulationError(f"{amount.unit!r} is no unit of {label}", mend=known, column=where)
    exact = Fraction(value) * _WEEKS[unit] / _WEEKS[own]
    if unit in ("mo", "a") and own == "a":
        exact = Fraction(value) / (12 if unit == "mo" else 1)
    scaled = exact * 10**9
    if scaled.denominator != 1:
        what = f"no exact number of {_NAMES[own]} is {amount.digits} {amount.unit}"
        mend = f"3 months are 13 weeks, 12 months 52, 7 days one: write the {_NAMES[own]} that are meant."
        raise PopulationError(what, mend=mend, column=where)
    return Decimal(scaled.numerator) / 10**9


def bounds(limits: list[Limit], prop: str, vocabulary: PopulationVocabulary) -> tuple[Bound, Bound]:
    """The ends of a range of a property.

    Raises:
        PopulationError: two ends of one side, or nothing lies between them.
    """
    low, high = LOWEST, HIGHEST
    own = vocabulary.properties[prop].unit
    bare = [limit.amount for limit in limits if not limit.amount.unit]
    if bare and any(limit.amount.unit and _loose(limit.amount.unit) != _loose(own) for limit in limits):
        mend = "Write the unit behind each number."
        raise PopulationError(f"the unit of {bare[0].digits} is not said", mend=mend, column=bare[0].column)
    for limit in limits:
        value = number(limit.amount, prop, vocabulary)
        for side in {"=": "both", ">": "low", ">=": "low", "<": "high", "<=": "high"}[limit.sign].split():
            if side in ("low", "both"):
                if low != LOWEST:
                    raise _twice("lower", limit)
                low = (value, int(limit.sign == ">"))
            if side in ("high", "both"):
                if high != HIGHEST:
                    raise _twice("upper", limit)
                high = (value, int(limit.sign != "<"))
    if not low < high:
        first, last = limits[0].amount.digits, limits[-1].amount.digits
        what = f"no number lies in this range of {vocabulary.label(prop)} ({limits[0].sign} {first}"
        what += f" and {limits[-1].sign} {last})" if len(limits) > 1 else ")"
        raise PopulationError(what, mend="Correct its ends, the smaller one first.", column=limits[0].column)
    return low, high


def _twice(side: str, limit: Limit) -> PopulationError:
    mend = "Keep one of them, or write the second range apart."
    return PopulationError(f"the range has two {side} ends", mend=mend, column=limit.column)
