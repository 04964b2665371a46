"""A sheet read: worksheets matched to sections, headings to columns, rows with their cells, each fault at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from guidegraph.authoring.cells import ERROR, FORMULA, TEXT, Cell, CellError, Grid, Raw, Row, Sheet, clean, place
from guidegraph.authoring.celltexts import formula_fault, text_fault
from guidegraph.authoring.columns import Column, Section, sections
from guidegraph.authoring.plaintexts import read_csv_folder, read_yaml_sheet
from guidegraph.authoring.spreadsheets import read_ods, read_xlsx
from guidegraph.errors import UsageError
from guidegraph.profile.names import nearest, normal

#: Worksheets that explain or list; nothing is read from them.
ASIDE = ("about", "lists")
_READERS = {".xlsx": read_xlsx, ".ods": read_ods, ".yaml": read_yaml_sheet, ".yml": read_yaml_sheet}
_KNOWN = "A sheet is a workbook (.xlsx, .ods), a folder of .csv files, or one .yaml file."
#: How far down a row of headings is looked for.
_TITLE_ROWS = 10
_RANGE = re.compile(r"([A-Z]+)([0-9]+)(?::([A-Z]+)([0-9]+))?\Z")


def read_sheet(path: Path) -> Sheet:
    """A sheet with all its rows; what is wrong in it is in its ``mistakes``.

    Args:
        path: a workbook, a folder of CSV files, or a YAML file.

    Raises:
        UsageError: it cannot be read at all.
    """
    if path.is_dir():
        grids = read_csv_folder(path)
    elif path.suffix.lower() in _READERS:
        grids = _READERS[path.suffix.lower()](path)
    elif not path.exists():
        raise UsageError("there is no such file or folder", where=str(path), mend=_KNOWN)
    else:
        one = " Name the folder that holds this file." if path.suffix.lower() == ".csv" else ""
        raise UsageError(f"a file of kind {path.suffix!r} is not read as a sheet", where=str(path), mend=_KNOWN + one)
    return sheet_of(path.name or str(path), grids)


def sheet_of(file: str, grids: list[Grid]) -> Sheet:
    """A sheet of worksheets that were read, or made."""
    return _Reader(Sheet(file, grids=grids)).sheet()


class _Reader:
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._sections = {normal(name): section for name, section in sections().items()}

    def sheet(self) -> Sheet:
        seen: dict[str, Grid] = {}
        for grid in self._sheet.grids:
            if grid.empty or normal(grid.name) in ASIDE:
                continue
            section = self._sections.get(normal(grid.name))
            if section is None:
                self._unknown_section(grid)
            elif section.name in seen:
                self._wrong(grid, grid.rows[0][0], f"the section {section.name!r} is there twice", "Keep one.")
            else:
                seen[section.name] = grid
                self._read(section, grid)
        if not seen and not self._sheet.mistakes:
            names = ", ".join(sections())
            raise UsageError(
                "the sheet holds nothing", where=self._sheet.file, mend=f"Fill in a section, of these: {names}."
            )
        return self._sheet

    def _wrong(self, grid: Grid, row: int, what: str, mend: str, index: int = -1) -> None:
        line = next((cells[0].line for number, cells in grid.rows if number == row and cells), 0)
        self._sheet.mistakes.append(CellError(what, where=place(grid, row, index, "", line), mend=mend))

    def _unknown_section(self, grid: Grid) -> None:
        near = nearest(grid.name, {name: [section.name] for name, section in self._sections.items()})
        told = f"Nearest: {', '.join(near)}." if near else f"Known are: {', '.join(sections())}."
        thing = "section" if grid.lines else "worksheet"
        where = f"{grid.file}, {grid.name}"
        self._sheet.mistakes.append(CellError(f"no {thing} is called {grid.name!r}", where=where, mend=told))

    def _read(self, section: Section, grid: Grid) -> None:
        at, header = grid.rows[0]
        headings = self._headings(section, grid, at, header)
        if headings is None:
            return
        used = max(headings.values(), default=0)
        merged = False
        for found in filter(None, map(_RANGE.match, grid.merged)):
            left = _index(found[1])
            if left <= used or int(found[2]) == at:
                merged = True
                told = "Unmerge them, and write each value into its own cell."
                self._wrong(grid, int(found[2]), f"the cells {found[0]} are merged", told, left)
        rows = []
        for number, raws in grid.rows[1:]:
            row = self._row(section, grid, number, raws, headings, header)
            if row.cells:
                rows.append(row)
        self._sheet.rows[section.name] = rows
        missing = [c for c in section.columns if c.required and c.heading not in headings]
        if rows and not merged and not grid.lines:
            for column in missing:
                what = f"the column {column.heading!r} is missing"
                self._wrong(grid, at, what, f"Add it: {column.says}", len(headings))

    def _headings(self, section: Section, grid: Grid, at: int, header: list[Raw]) -> dict[str, int] | None:
        """The place of each heading; None where the first row is none of headings."""
        known = {normal(column.heading): column for column in section.columns}
        found: dict[str, int] = {}
        unknown: list[tuple[int, str]] = []
        for index, raw in enumerate(header):
            text = clean(raw.text).rstrip("*").strip()
            if not text:
                continue
            column = known.get(normal(text))
            if column is None:
                unknown.append((index, text))
            elif column.heading in found:
                self._wrong(grid, at, f"the column {column.heading!r} is there twice", "Keep one.", index)
            else:
                found[column.heading] = index
        if not found:
            below = _row_of_headings(known, grid)
            names = ", ".join(column.heading for column in section.columns)
            told = f"They stand in row {below}: take away the rows above it." if below else f"Headings are: {names}."
            self._wrong(grid, at, "the first row holds no heading that is known", told, 0)
            return None
        for index, text in unknown:
            if grid.lines:
                users = [c for _, cells in grid.rows[1:] for c in cells[index : index + 1] if not c.empty]
                where = place(grid, at, index, "", users[0].line if users else 0)
            else:
                where = place(grid, at, index)
            near = nearest(text, {name: [column.heading] for name, column in known.items()})
            told = f"Nearest: {', '.join(near)}." if near else f"Columns are: {', '.join(list(known)[:12])} ..."
            what = f"the section {section.name!r} has no column {text[:60]!r}"
            self._sheet.mistakes.append(CellError(what, where=where, mend=told))
        return found

    def _row(
        self, section: Section, grid: Grid, number: int, raws: list[Raw], headings: dict[str, int], header: list[Raw]
    ) -> Row:
        line = next((raw.line for raw in raws if raw.line), 0)
        row = Row(section, grid, number, {}, headings, line)
        for heading, index in headings.items():
            raw = raws[index] if index < len(raws) else Raw("")
            column = section.column(heading)
            if raw.empty or column is None:
                continue
            row.cells[heading] = Cell(grid, number, index, column, raw)
        named = set(headings.values())
        for index, raw in enumerate(raws):
            if not raw.empty and index not in named and (index >= len(header) or header[index].empty):
                what = f"{raw.text.strip()[:40]!r} stands below no heading"
                self._wrong(grid, number, what, "Write a heading above it, or take it away.", index)
        return row


def _row_of_headings(known: Mapping[str, Column], grid: Grid) -> int:
    """The number of a row near the top that holds headings, 0 if there is none: what is above it is a title."""
    for number, raws in grid.rows[1:_TITLE_ROWS]:
        if sum(normal(clean(raw.text).rstrip("*")) in known for raw in raws) > 1:
            return number
    return 0


def faults_of_cells(rows: Iterable[Row]) -> Iterable[CellError]:
    """What no column takes: formulas, errors of the workbook, and texts that nobody meant."""
    for row in rows:
        for cell in row.cells.values():
            value = clean(cell.raw.text)
            if cell.raw.type == FORMULA:
                yield cell.mistake(*formula_fault(value))
            elif cell.raw.type == ERROR:
                yield cell.mistake(f"the workbook shows an error here, {value[:20]}", "Write the value that is meant.")
            elif cell.raw.type == TEXT and (fault := text_fault(cell.raw.text)) is not None:
                yield cell.mistake(*fault)


def _index(name: str) -> int:
    index = 0
    for letter in name:
        index = index * 26 + ord(letter) - 64
    return index - 1
