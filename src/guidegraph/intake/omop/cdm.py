"""The tables, columns and conventions of the OMOP CDM that are read, from ontology/links/omop.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from guidegraph import assets


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
    units: str
    stating: frozenset[str]
    lists: Mapping[str, tuple[str, ...]]

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
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    tables = {name: tuple(_column(n, kind) for n, kind in columns.items()) for name, columns in found["tables"].items()}
    return Conventions(
        MappingProxyType(tables),
        tuple(found["needed"]),
        MappingProxyType({int(concept): sex for concept, sex in found["sex"].items()}),
        MappingProxyType({int(c): Status(s["says"], s["name"]) for c, s in found["condition_status"].items()}),
        int(found["equal"]),
        found["units"],
        frozenset(found["stating"]),
        MappingProxyType({key: tuple(tables) for key, tables in found["lists"].items()}),
    )


def _column(name: str, kind: str) -> Column:
    return Column(name, kind.removesuffix("!"), kind.endswith("!"))
