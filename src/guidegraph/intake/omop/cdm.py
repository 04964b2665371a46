"""The OMOP CDM: the tables, columns and conventions that are read (ontology/links/omop.yaml), and the values of a row.

What is no whole number, number or day is an error, never a guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any

from guidegraph import assets
from guidegraph.intake.dates import Moment, moment

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{0,30})?([eE][+-]?\d{1,2})?\Z", re.ASCII)
_BASIC = re.compile(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_HOURS = re.compile(r"([+-]\d{2})\Z", re.ASCII)
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Column:
    """A column that is read: its name, its kind (integer, number, date, text) and whether the CDM requires it."""

    name: str
    kind: str
    required: bool


@dataclass(frozen=True)
class Status:
    """What a condition status says of the diagnosis (stated, uncertain, ended), and its name."""

    says: str
    name: str


@dataclass(frozen=True)
class Conventions:
    """What is read of a CDM: columns by table, tables that must be there, and what certain concepts say."""

    tables: Mapping[str, tuple[Column, ...]]
    needed: tuple[str, ...]
    sex: Mapping[int, str]
    statuses: Mapping[int, Status]
    equal: int
    about_condition: int
    units: str
    stating: frozenset[str]
    supply: tuple[int, int]
    lists: Mapping[str, tuple[str, ...]]
    allergies: frozenset[int]

    def tables_of(self, key: str) -> tuple[str, ...]:
        """The tables that a list of a profile is filled from."""
        return self.lists.get(key, ())


@cache
def conventions() -> Conventions:
    """The shipped conventions.

    Raises:
        KnowledgeError: the installation carries no knowledge folders.
    """
    import yaml

    path = assets.folder("ontology") / "links" / "omop.yaml"
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    tables = {name: tuple(_column(n, kind) for n, kind in columns.items()) for name, columns in table["tables"].items()}
    return Conventions(
        MappingProxyType(tables),
        tuple(table["needed"]),
        MappingProxyType({int(concept): sex for concept, sex in table["sex"].items()}),
        MappingProxyType({int(c): Status(s["says"], s["name"]) for c, s in table["condition_status"].items()}),
        int(table["equal"]),
        int(table["about-condition"]),
        table["units"],
        frozenset(table["stating"]),
        (int(table["days_supply"]["least"]), int(table["days_supply"]["most"])),
        MappingProxyType({key: tuple(tables) for key, tables in table["lists"].items()}),
        frozenset(int(concept) for concept in table["allergies"]),
    )


def _column(name: str, kind: str) -> Column:
    return Column(name, kind.removesuffix("!"), kind.endswith("!"))


@dataclass(frozen=True)
class Row:
    """One row of a CDM table; every value is text or None, but ids that the source keeps as numbers."""

    table: str
    values: Mapping[str, Any]

    @property
    def ref(self) -> str:
        """The row for people: its table and its key."""
        return f"{self.table} {self.values.get('id', self.values['person_id'])}"

    def text(self, column: str) -> str:
        """The text of a column, "" where it has none."""
        value = self.values.get(column)
        return "" if value is None else str(value).strip()

    def integer(self, column: str) -> int | None:
        """The whole number of a column, None where it has none.

        Raises:
            ValueError: it is no whole number.
        """
        number = self.number(column)
        if number is None:
            return None
        if number != number.to_integral_value() or abs(number) > _LARGEST_ID:
            raise ValueError(f"{column} {self.text(column)[:40]!r} is no whole number")
        return int(number)

    def concept(self, column: str) -> int | None:
        """The concept id of a column, None where it has none or 0, which says that there is none.

        Raises:
            ValueError: it is no whole number.
        """
        value = self.values.get(column)
        if value is None or isinstance(value, int):
            return value or None
        return self.integer(column) or None

    def number(self, column: str) -> Decimal | None:
        """The number of a column, None where it has none.

        Raises:
            ValueError: it is no number.
        """
        text = self.text(column)
        if not text:
            return None
        if not _NUMBER.match(text):
            raise ValueError(f"{column} {text[:40]!r} is no number")
        return Decimal(text).normalize() + 0

    def moment(self, column: str) -> Moment | None:
        """The day or moment of a column, None where it has none.

        Raises:
            ValueError: it is no whole day of the calendar.
        """
        text = self.text(column)
        if not text:
            return None
        try:
            point = _moment(text)
        except ValueError:
            raise ValueError(f"{column} {self.text(column)[:40]!r} is no date") from None
        if point.day is None:
            raise ValueError(f"{column} {text!r} is no whole date")
        return point

    def day(self, column: str) -> date | None:
        """The day of a column, None where it has none.

        Raises:
            ValueError: it is no whole day of the calendar.
        """
        point = self.moment(column)
        return point.day if point else None


@lru_cache(maxsize=50_000)
def _moment(text: str) -> Moment:
    """A day or moment as databases write it: also without hyphens, and with a time zone of hours alone."""
    long = len(text) > len("2026-01-31 00")
    return moment(_HOURS.sub(r"\1:00", text) if long else _BASIC.sub(r"\1-\2-\3", text))
