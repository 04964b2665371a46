"""Cells of a sheet as they are read: text, what the workbook holds it for, and where it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from guidegraph.authoring.columns import Column, Section
from guidegraph.errors import UsageError

#: What a workbook may hold a cell for; everything else is text.
TEXT, NUMBER, DATE, TRUTH, ERROR, FORMULA = "text", "number", "date", "truth", "error", "formula"
#: The most rows of a worksheet that hold something.
MOST_ROWS = 20_000
#: The most columns of a worksheet that are looked at.
MOST_COLUMNS = 256


class Raw(NamedTuple):
    """What a cell holds: its text, and what the workbook holds it for. A list of YAML is ``apart``: a value a line."""

    text: str
    type: str = TEXT
    line: int = 0
    apart: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        return self.type != FORMULA and not self.text.strip()


@dataclass
class Grid:
    """A worksheet as it is read: rows of cells with the number of each row, and what is wrong with it as a whole."""

    name: str
    rows: list[tuple[int, list[Raw]]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    lines: bool = False  #: whether its places are lines of a file, not cells of a worksheet
    file: str = ""  #: where it stands, for messages
    #: The path of each cell by row and heading ("": of the row), where a place is a path in a resource.
    paths: dict[int, dict[str, str]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether no cell holds anything."""
        return not self.rows

    def add(self, number: int, cells: Sequence[Raw]) -> None:
        """Take in a row, unless nothing stands in it.

        Raises:
            UsageError: there are too many.
        """
        held = list(cells[:MOST_COLUMNS])
        while held and held[-1].empty:
            held.pop()
        if held:
            if len(self.rows) >= MOST_ROWS:
                raise UsageError(
                    f"more than {MOST_ROWS} rows", where=f"{self.file}, {self.name}", mend="Split it by document."
                )
            self.rows.append((number, held))


def letters(column: int) -> str:
    """The letters of a column, from 0: A, B, ... AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


#: What is said of a fault that is told at another place; nobody hears it.
TOLD = "told already"
#: What a cell of yes or no says, in small letters.
YES, NO = ("yes", "true", "y", "1"), ("no", "false", "n", "0")


class CellError(UsageError):
    """Something wrong in a sheet, at its cell, with the mend."""


@dataclass(frozen=True)
class Cell:
    """A value of a row, below its heading."""

    grid: Grid
    row: int
    index: int
    column: Column
    raw: Raw

    @property
    def where(self) -> str:
        """Workbook, worksheet and address, with the heading."""
        return place(self.grid, self.row, self.index, self.column.heading, self.raw.line)

    def mistake(self, what: str, mend: str) -> CellError:
        """An error at this cell."""
        return CellError(what, where=self.where, mend=mend)

    def values(self) -> Iterator[str]:
        """The values of the cell without white space around them: each on its line, or of names between ' ; '."""
        text = clean(self.raw.text)
        if not self.column.several:
            parts = [text]
        elif self.raw.apart or "\n" in text or self.column.kind in ("text", "label"):
            parts = text.split("\n")
        else:
            parts = re.split(r"\s+;\s+|;\s*$", text)
        return (part.strip() for part in parts if part.strip())


def clean(text: str) -> str:
    """Text in one form of Unicode, ends of lines as line feeds, no white space around lines, no zero-width marks."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.replace("\ufeff", "").replace("\u200b", "").replace("\u2028", "\n")
    return "\n".join(line.strip() for line in text.split("\n")).strip("\n")


def place(grid: Grid, row: int, index: int = -1, heading: str = "", line: int = 0) -> str:
    """Where something stands: ``guideline.xlsx, recommendations!D5 (intervention)``."""
    if grid.paths:
        paths = grid.paths.get(row, {})
        told = f"{grid.name}, {heading}" if heading else grid.name
        return f"{grid.file}, {paths.get(heading) or paths.get('', '')} ({told})"
    if grid.lines:
        where = f"{grid.file}:{line or row}"
        told = f"{grid.name}, {heading}" if heading else grid.name
        return f"{where} ({told})"
    address = f"{letters(index)}{row}" if index >= 0 else f"{row}"
    return f"{grid.file}, {grid.name}!{address}" + (f" ({heading})" if heading else "")


@dataclass
class Row:
    """A row of a section: its cells by heading."""

    section: Section
    grid: Grid
    number: int
    cells: dict[str, Cell]
    headings: dict[str, int]
    line: int = 0

    def cell(self, heading: str) -> Cell:
        """The cell below a heading, an empty one where none is there."""
        held = self.cells.get(heading)
        if held is not None:
            return held
        column = self.section.column(heading)
        if column is None:
            raise KeyError(heading)
        index = self.headings.get(heading, -1)
        return Cell(self.grid, self.number, index, column, Raw("", line=self.line))

    def text(self, heading: str) -> str:
        """The text below a heading, "" where nothing stands there."""
        held = self.cells.get(heading)
        return clean(held.raw.text) if held else ""

    def mistake(self, heading: str, what: str, mend: str) -> CellError:
        """An error at the cell below a heading."""
        return self.cell(heading).mistake(what, mend)

    def missing(self, column: Column) -> CellError:
        """The error that a required cell is empty; of a column that is not there at all it is told once, elsewhere."""
        there = column.heading in self.headings or self.grid.lines
        what = "nothing is written here, and something must be" if there else TOLD
        return self.mistake(column.heading, what, column.says)


@dataclass
class Sheet:
    """A whole sheet: the rows of each section, and what was wrong in reading it."""

    file: str
    rows: dict[str, list[Row]] = field(default_factory=dict)
    mistakes: list[CellError] = field(default_factory=list)
    grids: list[Grid] = field(default_factory=list)

    def of(self, section: str) -> list[Row]:
        """The rows of a section."""
        return self.rows.get(section, [])
