"""Workbooks read: XLSX by openpyxl and ODS by odfpy, every value as text with what the workbook holds it for."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from guidegraph.authoring.cells import (
    DATE,
    ERROR,
    FORMULA,
    MOST_COLUMNS,
    NUMBER,
    TEXT,
    TRUTH,
    Grid,
    Raw,
)
from guidegraph.authoring.celltexts import is_error
from guidegraph.errors import UsageError
from guidegraph.files import read_bytes

#: A larger workbook is refused, packed and unpacked (bytes).
_MAXIMUM, _UNPACKED = 32 * 1024 * 1024, 256 * 1024 * 1024
_MEND = "Open it in a spreadsheet program and save it again as .xlsx, .ods or .csv."
#: How a workbook begins that is protected by a password, or of the old binary kind.
_OLE = b"\xd0\xcf\x11\xe0"
_MERGED = re.compile(rb'<mergeCell [^>]*ref="([A-Z0-9:]+)"')
_NUMBER = re.compile(r"-?[0-9]+\.0\Z")
INSTALL = "Install it: pip install 'guidegraph[authoring]'."


def _unreadable(path: Path, why: str) -> NoReturn:
    raise UsageError(f"the workbook cannot be read: {why}", where=str(path), mend=_MEND)


def _packed(path: Path) -> bytes:
    """The content of a workbook, which is a zip file of bounded size."""
    content = read_bytes(path, _MAXIMUM, UsageError, mend="Name a workbook.")
    if content.startswith(_OLE):
        raise UsageError(
            "the workbook is protected by a password, or of the old kind (.xls)",
            where=str(path),
            mend="Save it without a password as .xlsx.",
        )
    if not content:
        _unreadable(path, "it is empty")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(info.file_size for info in archive.infolist())
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise UsageError(
                    "the workbook is protected by a password", where=str(path), mend="Save it without a password."
                )
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        _unreadable(path, "it is no workbook, or broken")
    if size > _UNPACKED:
        raise UsageError(f"the workbook unpacks to more than {_UNPACKED} bytes", where=str(path), mend="Split it.")
    _whole(path, content)
    _named_right(path, content)
    return content


def _named_right(path: Path, content: bytes) -> None:
    """See that a workbook is of the kind that its name says."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
    kinds = {".xlsx": "xl/workbook.xml", ".ods": "content.xml"}
    for ending, part in kinds.items():
        if part in names and ending != path.suffix.lower() and kinds[path.suffix.lower()] not in names:
            raise UsageError(
                f"the workbook is one of kind {ending}", where=str(path), mend=f"Name it {path.stem}{ending}."
            )


def _whole(path: Path, content: bytes) -> None:
    """See that every part is well-formed, without entities, which could expand without end.

    odfpy prints what it cannot parse and goes on with the rest, so that half a sheet would pass for all of it.
    """
    from xml.parsers import expat

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            if not info.filename.endswith((".xml", ".rels")):
                continue
            parser = expat.ParserCreate(namespace_separator=" ")
            parser.StartDoctypeDeclHandler = _refuse_doctype
            try:
                parser.Parse(archive.read(info), True)
            except (
                expat.ExpatError,
                zipfile.BadZipFile,
                zlib.error,
                ValueError,
                OSError,
                EOFError,
                NotImplementedError,
            ):
                _unreadable(path, f"its part {info.filename[:60]} is broken")


def _refuse_doctype(*declared: object) -> NoReturn:
    raise ValueError("a document type")


def _guarded(path: Path, read: Callable[[], list[Grid]]) -> list[Grid]:
    """What a reader gives; whatever it raises on a broken workbook is told as that."""
    try:
        with warnings.catch_warnings():
            # What a library thinks of styles and ranges is nothing to the author.
            warnings.simplefilter("ignore")
            return read()
    except UsageError:
        raise
    except ImportError as error:
        raise UsageError(f"{error.name} is not installed, which reads workbooks", mend=INSTALL) from None
    except Exception as error:  # a library raises what it likes on a file that is not what it seems
        _unreadable(path, f"{type(error).__name__}" if not str(error) else str(error).splitlines()[0][:120])


def number_text(value: float | Decimal | int) -> str:
    """A number as people write it: 12, 0.5, never 12.0 or 1e-05."""
    text = f"{Decimal(repr(value) if isinstance(value, float) else value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day_text(value: date) -> str:
    if isinstance(value, datetime):
        whole = value.time() == time(0)
        return value.date().isoformat() if whole else value.isoformat(timespec="seconds")
    return value.isoformat()


# ---------------------------------------------------------------- XLSX


def read_xlsx(path: Path) -> list[Grid]:
    """The worksheets of an XLSX workbook.

    Raises:
        UsageError: it is no workbook, broken, protected by a password, or too large.
    """
    content = _packed(path)
    return _guarded(path, lambda: _xlsx(path, content))


def _xlsx(path: Path, content: bytes) -> list[Grid]:
    from openpyxl import load_workbook

    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
    merged = _merged(content)
    grids = []
    for sheet in book.worksheets:
        grid = Grid(sheet.title, file=path.name, merged=merged.get(sheet._worksheet_path.lstrip("/"), []))
        # What a program wrote as the size of a worksheet may be all of it.
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(), 1):
            if any(cell.value is not None for cell in row):
                grid.add(number, [_xlsx_cell(cell) for cell in row[:MOST_COLUMNS]])
        grids.append(grid)
    if any(raw.type == FORMULA for grid in grids for _, row in grid.rows for raw in row):
        _with_values(content, grids)
    return grids


def _xlsx_cell(cell: Any) -> Raw:
    value, kind = cell.value, cell.data_type
    if value is None:
        return Raw("")
    if kind == "f":
        return Raw("", FORMULA)
    if kind == "e":
        return Raw(str(value), ERROR)
    if isinstance(value, bool):
        return Raw("yes" if value else "no", TRUTH)
    if isinstance(value, date):
        return Raw(_day_text(value), DATE)
    if isinstance(value, time | timedelta):
        return Raw(str(value), DATE)
    if isinstance(value, int | float):
        return Raw(number_text(value), NUMBER)
    return Raw(str(value))


def _with_values(content: bytes, grids: list[Grid]) -> None:
    """Put the values that the workbook keeps for its formulas beside them, for messages."""
    from openpyxl import load_workbook

    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    for grid, sheet in zip(grids, book.worksheets, strict=True):
        wanted = {number: row for number, row in grid.rows if any(raw.type == FORMULA for raw in row)}
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(), 1):
            if number in wanted:
                row = wanted[number]
                for index, cell in enumerate(cells[: len(row)]):
                    if row[index].type == FORMULA and cell.value is not None:
                        row[index] = Raw(_xlsx_cell(cell).text, FORMULA)


def _merged(content: bytes) -> dict[str, list[str]]:
    """The merged ranges of each worksheet, by its path in the file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.startswith("xl/worksheets/")]
        return {name: [ref.decode() for ref in _MERGED.findall(archive.read(name))] for name in names}


# ---------------------------------------------------------------- ODS


def read_ods(path: Path) -> list[Grid]:
    """The worksheets of an OpenDocument workbook.

    Raises:
        UsageError: as :func:`read_xlsx`.
    """
    content = _packed(path)
    return _guarded(path, lambda: _ods(path, content))


def _ods(path: Path, content: bytes) -> list[Grid]:
    from odf.opendocument import load
    from odf.table import Table

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if b"manifest:encryption-data" in archive.read("META-INF/manifest.xml"):
            raise UsageError(
                "the workbook is protected by a password", where=str(path), mend="Save it without a password."
            )
    grids = []
    for table in load(io.BytesIO(content)).spreadsheet.getElementsByType(Table):
        grid = Grid(str(table.getAttribute("name")), file=path.name)
        number = 1
        for row in _children(table, ("table-row",), ("table-rows", "table-header-rows", "table-row-group")):
            cells = _ods_row(row, grid, number)
            repeated = int(row.getAttribute("numberrowsrepeated") or 1)
            # Rows that are alike and hold something are meant so; empty ones are the rest of the sheet.
            for _ in range(repeated if any(not raw.empty for raw in cells) else 0):
                grid.add(number, cells)
                number += 1
            if all(raw.empty for raw in cells):
                number += repeated
        grids.append(grid)
    return grids


def _children(node: Any, wanted: tuple[str, ...], inside: tuple[str, ...]) -> Iterator[Any]:
    for child in node.childNodes:
        name = child.qname[1] if getattr(child, "qname", None) else ""
        if name in wanted:
            yield child
        elif name in inside:
            yield from _children(child, wanted, inside)


def _ods_row(row: Any, grid: Grid, number: int) -> list[Raw]:
    from guidegraph.authoring.cells import letters

    cells: list[Raw] = []
    for cell in _children(row, ("table-cell", "covered-table-cell"), ()):
        repeated = min(int(cell.getAttribute("numbercolumnsrepeated") or 1), MOST_COLUMNS)
        across = int(cell.getAttribute("numbercolumnsspanned") or 1) if cell.qname[1] == "table-cell" else 1
        down = int(cell.getAttribute("numberrowsspanned") or 1) if cell.qname[1] == "table-cell" else 1
        if across > 1 or down > 1:
            start = len(cells)
            grid.merged.append(f"{letters(start)}{number}:{letters(start + across - 1)}{number + down - 1}")
        cells += [_ods_cell(cell)] * repeated
        if len(cells) >= MOST_COLUMNS:
            break
    return cells


def _ods_cell(cell: Any) -> Raw:
    kind, text = cell.getAttribute("valuetype"), _ods_text(cell)
    if cell.getAttribute("formula"):
        return Raw(text, FORMULA)
    if kind in ("float", "percentage", "currency"):
        return Raw(number_text(Decimal(cell.getAttribute("value"))), NUMBER)
    if kind == "date":
        value = str(cell.getAttribute("datevalue"))
        return Raw(value.removesuffix("T00:00:00"), DATE)
    if kind == "time":
        return Raw(text, DATE)
    if kind == "boolean":
        return Raw("yes" if cell.getAttribute("booleanvalue") == "true" else "no", TRUTH)
    return Raw(text, ERROR if is_error(text) else TEXT)


def _ods_text(cell: Any) -> str:
    """The paragraphs of a cell, each on a line; its comments are no part of it."""
    from odf import teletype

    lines = [teletype.extractText(child) for child in cell.childNodes if child.qname[1] == "p"]
    return "\n".join(lines)
