"""Values with UCUM units, converted exactly into the one unit of a number of a profile.

The grammar is that of the Unified Code for Units of Measure (https://ucum.org/ucum), as far as the units of
ontology/links/units.yaml need it: prefixes, products, ratios, integer powers and factors, parentheses, annotations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from guidegraph import assets
from guidegraph.errors import UnitError
from guidegraph.intake.report import shown

#: Digits behind the point of a number of a profile.
_PLACES = Decimal("0.000000001")
_TOKEN = re.compile(r"([./()])|\{([^{}]*)\}|(10[*^]|[A-Za-z%_]+)([+-]?\d{1,2})?|(\d{1,9})")
_LONGEST = 60
_MEND = "Give the value in {}, or say with --same-unit UNIT=OURS that it is."
_DEEPEST = 5
_LARGEST_POWER = 30
_LARGEST = 10**15


@dataclass(frozen=True)
class Converted:
    """A value in the unit of a property; ``note`` tells how, where it is more than a plain UCUM conversion."""

    value: Decimal
    note: str = ""


@dataclass
class _Product:
    """A unit as a factor times powers of base units and of annotations."""

    factor: Fraction = Fraction(1)
    powers: Counter[str] = field(default_factory=Counter)
    annotations: Counter[str] = field(default_factory=Counter)

    def times(self, other: _Product, exponent: int) -> None:
        self.factor *= other.factor**exponent
        for mine, theirs in ((self.powers, other.powers), (self.annotations, other.annotations)):
            for name, power in theirs.items():
                mine[name] += power * exponent
                if not mine[name]:
                    del mine[name]


class Units:
    """The units of ontology/links/units.yaml, or of a table of the same form."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._base = frozenset(table["base"])
        self._units = {name: (Fraction(str(number)), unit) for name, (number, unit) in table["units"].items()}
        self._metric = frozenset(table["metric"])
        self._prefixes = {name: Fraction(10) ** power for name, power in table["prefixes"].items()}
        self._spelt = {spelling: name for name, known in table["annotations"].items() for spelling in known}
        self._unity = frozenset(table["unity"])
        self._conventions = {
            (row["from"], row["to"]): Fraction(row["times"], row["by"]) for row in table["conventions"]
        }
        self._spellings: dict[str, str] = {
            _bare(text): unit for unit, texts in table.get("spellings", {}).items() for text in texts
        }
        self._said: frozenset[tuple[str, str]] = frozenset()
        self._known: dict[str, _Product] = {}

    def treating(self, same: Iterable[tuple[str, str]]) -> Units:
        """These units, with pairs (unit, target) taken for one and the same because the user says so."""
        more = copy(self)
        more._conventions = {**self._conventions, **{pair: Fraction(1) for pair in same}}
        more._said = self._said | frozenset(same)
        return more

    def convert(self, value: Decimal, unit: str, target: str, *, coded: bool = True) -> Converted:
        """The value, given in ``unit``, in the unit ``target`` (both UCUM codes, case sensitive).

        A unit that is not ``coded`` in UCUM, and one that is no UCUM code, is read by the spellings of the table; the
        former else as if it were coded. The arithmetic is exact; a result without end is rounded half to even at nine
        digits behind the point, which can move no value across a bound with fewer digits.

        Raises:
            UnitError: an unknown unit, another dimension, another annotation (a rate per 1.73 m2 is not one of the
                whole body), or a number beyond all measure.
        """
        if not value.is_finite() or abs(value.adjusted()) > _LARGEST_POWER:
            raise UnitError(f"{str(value)[:40]} is no measured value", mend="Give a plain number.")
        written, unit = unit, self._code_of(unit, target, coded)
        exact, note = Fraction(value) * self._factor(unit, target), ""
        if abs(exact) > _LARGEST:
            raise UnitError(f"{str(value)[:40]} {unit} is no measured value", mend="Give a plain number.")
        if (unit, target) in self._said:
            note = f"{unit} taken for {target}, as you said"
        elif (unit, target) in self._conventions:
            note = f"{value:f} {unit} read as {_told(exact)} {target}, as guidelines count"
        elif unit != target:
            note = f"{value:f} {unit} is {_told(exact)} {target}"
        if written != unit:
            note = "; ".join(filter(None, (f"the unit {written!r} read as {unit}", note)))
        return Converted(decimal_of(exact), note)

    def _code_of(self, unit: str, target: str, coded: bool) -> str:
        """The UCUM code of a unit as a record writes it; itself where the user says what it is."""
        if (unit, target) in self._said or not isinstance(unit, str) or len(unit) > _LONGEST:
            return unit
        spelt = self._spellings.get(_bare(unit), unit)
        if coded and spelt != unit:
            try:
                self._product(unit)
            except UnitError:
                return spelt
            return unit
        return spelt

    def _factor(self, unit: str, target: str) -> Fraction:
        if unit == target:
            return Fraction(1)
        if (unit, target) in self._conventions:
            return self._conventions[unit, target]
        if unit == "1" and target in self._unity:
            return Fraction(1)
        one, other = self._product(unit), self._product(target)
        if one.powers != other.powers:
            raise UnitError(f"the unit {unit} measures something else than {target}", mend=_MEND.format(target))
        if one.annotations != other.annotations or (other.annotations and not other.powers and one.factor != 1):
            raise UnitError(
                f"the unit {unit} is not {target}: what stands in braces differs, and nothing converts it",
                mend=_MEND.format(target),
            )
        return one.factor / other.factor

    def _product(self, unit: str) -> _Product:
        if unit not in self._known:
            if not isinstance(unit, str) or not unit or len(unit) > _LONGEST:
                raise UnitError("no unit, or a unit too long to be one", mend="Give a UCUM code.")
            self._known[unit] = _Parser(self, unit).whole()
        return self._known[unit]

    def atom(self, name: str) -> _Product | None:
        """The unit of a name, with or without a prefix, None if there is none."""
        if name in self._base:
            return _Product(powers=Counter({name: 1}))
        if name in self._units:
            number, unit = self._units[name]
            product = _Product(number)
            product.times(self._product(unit), 1)
            return product
        for size in (1, 2):
            if name[:size] in self._prefixes and name[size:] in self._metric:
                product = _Product(self._prefixes[name[:size]])
                product.times(self.atom(name[size:]) or _Product(), 1)
                return product
        return None

    def annotation(self, text: str) -> str:
        """The one spelling of an annotation."""
        return str(self._spelt.get(text, text))


class _Parser:
    """Reads one unit; equal precedence of product and ratio, left to right, as UCUM says."""

    def __init__(self, units: Units, text: str) -> None:
        self._units, self._text, self._at = units, text, 0

    def whole(self) -> _Product:
        product = self._term(0)
        if self._at != len(self._text):
            raise self._unknown()
        return product

    def _unknown(self) -> UnitError:
        what = f"the unit {shown(self._text, 40)!r} is not understood"
        return UnitError(what, mend="Give a UCUM code, or say with --same-unit UNIT=OURS which unit it is.")

    def _term(self, depth: int) -> _Product:
        if depth > _DEEPEST:
            raise self._unknown()
        product, exponent, wanted = _Product(), 1, True
        if self._text[self._at :].startswith("/"):
            exponent, self._at = -1, self._at + 1
        while self._at < len(self._text):
            match = _TOKEN.match(self._text, self._at)
            if match is None:
                raise self._unknown()
            mark = match[1]
            if mark == ")":
                break
            if mark in (".", "/"):
                if wanted:
                    raise self._unknown()
                exponent, wanted, self._at = (1 if mark == "." else -1), True, match.end()
                continue
            if match[2] is None and not wanted:
                raise self._unknown()
            self._at = match.end()
            product.times(self._component(match, depth), exponent)
            wanted = False
        if wanted:
            raise self._unknown()
        return product

    def _component(self, match: re.Match[str], depth: int) -> _Product:
        if match[1] == "(":
            inner = self._term(depth + 1)
            if not self._text[self._at :].startswith(")"):
                raise self._unknown()
            self._at += 1
            return inner
        if match[2] is not None:
            return _Product(annotations=Counter({self._units.annotation(match[2]): 1}))
        if match[5] is not None:
            if int(match[5]) == 0:
                raise self._unknown()
            return _Product(Fraction(int(match[5])))
        atom = self._units.atom(match[3])
        exponent = int(match[4] or 1)
        if atom is None or abs(exponent) > _LARGEST_POWER:
            raise self._unknown()
        product = _Product()
        product.times(atom, exponent)
        return product


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


def decimal_of(value: Fraction) -> Decimal:
    """The fraction as a decimal, rounded half to even at nine digits behind the point."""
    return Decimal(round(value * 10**9)).scaleb(-9).quantize(_PLACES).normalize() + 0


def _told(value: Fraction) -> str:
    return f"{decimal_of(value):f}"


@cache
def units() -> Units:
    """The shipped units.

    Raises:
        KnowledgeError: the table is not there.
    """
    import yaml

    path = assets.folder("ontology") / "links" / "units.yaml"
    return Units(yaml.safe_load(path.read_text(encoding="utf-8")))
