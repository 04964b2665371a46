"""The one table of what a sheet may say: its sections, their columns, and what each becomes in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from guidegraph import namespaces as ns

#: Namespaces that only terms need, beside ours.
PREFIXES = {**ns.PREFIXES, "ggr": ns.BASE + "reading/"}
#: What kind of value a cell holds, each with what an author is told of it.
KINDS: dict[str, str] = {
    "id": "a short name",
    "text": "text",
    "label": "text in English",
    "term": "a term by its label",
    "entry": "an entry of a list",
    "kind": "a category of terms",
    "date": "a day, month or year",
    "day": "a day",
    "time": "a day",
    "decimal": "a number with a decimal point",
    "whole": "a whole number",
    "truth": "yes or no",
    "address": "an address (https://...)",
    "document": "the id of a document",
    "statement": "a statement by its id, or a document",
    "place": "a place by its id, or a printed number",
    "section": "a section by its id or label",
    "citation": "a citation by its id",
    "reference": "a reference by its id",
    "population": "a population by its label or id, or in words",
    "definition": "a population in words",
    "publisher": "a publisher by its label",
    "agent": "a name or an ORCID",
    "digest": "64 hexadecimal digits",
    "passage": "the words of a passage",
    "number": "a number of a profile, by its label or key",
    "match": "exact, narrow, broad, close or related",
    "code": "a code with its prefix",
}


class Column(NamedTuple):
    """A column of a section: ``node`` is "" for the row's own node; ``of`` names a list, or the kinds of a term."""

    heading: str
    kind: str
    says: str
    prop: str = ""
    of: tuple[str, ...] = ()
    several: bool = False
    required: bool = False
    inverse: bool = False
    node: str = ""
    default: str = ""

    @property
    def predicate(self) -> str:
        """The IRI of its property, "" if it has none."""
        return ns.expand(self.prop, PREFIXES) or ""

    @property
    def holds(self) -> str:
        """What a cell of it holds, for an author."""
        what = KINDS[self.kind]
        if self.kind == "term":
            what = f"a term by its label ({', '.join(self.of)})"
        return f"{what}; several on lines of their own" if self.several else what


class Section(NamedTuple):
    """A section of a sheet: a worksheet, or a key of a YAML file, with the class of node that a row becomes."""

    name: str
    node: str
    says: str
    columns: tuple[Column, ...]

    @property
    def type(self) -> str:
        """The IRI of the class of node that a row becomes."""
        return ns.expand(self.node, PREFIXES) or self.node

    def column(self, heading: str) -> Column | None:
        """The column of a heading."""
        return next((column for column in self.columns if column.heading == heading), None)

    def of_kind(self, kind: str) -> Column | None:
        """The first column of a kind."""
        return next((column for column in self.columns if column.kind == kind), None)


#: Attached conditions have two words for their kind.
_TWO_WORDS = "attached condition"


def _kinds(text: str) -> tuple[str, ...]:
    """The kinds of terms, or the list, that ``of`` names."""
    found = tuple(text.replace(_TWO_WORDS, "_").split())
    return tuple(_TWO_WORDS if name == "_" else name for name in found)


@cache
def sections() -> dict[str, Section]:
    """The sections by their names, in the order in which they are written."""
    table = yaml.safe_load(Path(__file__).with_name("columns.yaml").read_text(encoding="utf-8"))

    def columns(rows: list[dict[str, Any]]) -> Iterator[Column]:
        for row in rows:
            if "include" in row:
                yield from columns(table["groups"][row["include"]])
            else:
                yield Column(**{**row, "of": _kinds(row.get("of", ""))})

    rows = table["sections"]
    return {r["section"]: Section(r["section"], r["node"], r["says"], tuple(columns(r["columns"]))) for r in rows}
