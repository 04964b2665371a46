"""A part of the matrix: interventions by kind and family, documents by name and year, statements by strength."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from guidegraph.comparisons import Cell, Column, Matrix, MatrixRow
from guidegraph.errors import UsageError

#: The strengths by which statements are chosen, as the cells of a matrix have them.
STRENGTHS = ("strong", "conditional", "none stated")
_FIRST, _LAST = 0, 9999


@dataclass(frozen=True)
class Selection:
    """What of a matrix is wanted; where nothing is chosen, everything.

    Attributes:
        category: the kind of intervention, such as "drug".
        family: the intervention (IRI) at or below which rows stand.
        documents: the documents, by their CURIEs.
        first: the first year of issue; documents without a year are left out where years are chosen.
        last: the last year of issue.
        strength: one of :data:`STRENGTHS`.
        in_effect: whether documents and statements that have ended are left out.
    """

    category: str = ""
    family: str = ""
    documents: Collection[str] = field(default_factory=frozenset)
    first: int | None = None
    last: int | None = None
    strength: str = ""
    in_effect: bool = False

    def of(self, data: Matrix, above: Callable[[MatrixRow], Collection[str]]) -> Matrix:
        """The part of a matrix: rows and columns that say nothing of what is wanted are left out.

        Args:
            data: the whole matrix.
            above: the classes (IRI) above the intervention of a row, and its own.

        Raises:
            UsageError: no row is of that category, or the strength is none of the list.
        """
        categories = sorted({row["category"] for row in data["interventions"]})
        for name, value, known in (("category", self.category, categories), ("strength", self.strength, STRENGTHS)):
            if value and value not in known:
                raise UsageError(f"no {name} {value!r}", where=name, mend=f"Use one of {', '.join(known)}.")
        columns = {column["id"] for column in data["documents"] if self._wants(column)}
        rows: list[MatrixRow] = [
            {**row, "cells": [self._cell(cell) for cell in row["cells"] if cell["document"] in columns]}
            for row in data["interventions"]
            if self.category in ("", row["category"]) and (not self.family or self.family in above(row))
        ]
        return _spoken(data, rows)

    def _wants(self, document: Column) -> bool:
        year = document["issued"][:4]
        dated = (self.first or _FIRST) <= int(year) <= (self.last or _LAST) if year.isdigit() else not self._years
        named = not self.documents or document["id"] in self.documents
        return named and dated and not (self.in_effect and document["ended"])

    @property
    def _years(self) -> bool:
        return self.first is not None or self.last is not None

    def _cell(self, cell: Cell) -> Cell:
        kept = [
            said
            for said in cell["says"]
            if self.strength in ("", said["strength"]) and not (self.in_effect and said["ended"])
        ]
        return {**cell, "says": kept}


def _spoken(data: Matrix, rows: Sequence[MatrixRow]) -> Matrix:
    """The matrix with those of some rows, and the columns, that say something."""
    kept = [row for row in rows if any(cell["says"] for cell in row["cells"])]
    speaking = {cell["document"] for row in kept for cell in row["cells"] if cell["says"]}
    return {
        **data,
        "documents": [column for column in data["documents"] if column["id"] in speaking],
        "interventions": [
            {**row, "cells": [cell for cell in row["cells"] if cell["document"] in speaking]} for row in kept
        ],
    }
