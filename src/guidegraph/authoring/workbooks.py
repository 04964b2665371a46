"""Workbooks written: XLSX by openpyxl and ODS by odfpy, with lists and comments; the same rows, the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from guidegraph.authoring.celltexts import LONGEST
from guidegraph.authoring.columns import Column, Section, sections
from guidegraph.authoring.declaring import Declarations
from guidegraph.authoring.naming import INDIVIDUALS, Names
from guidegraph.authoring.spreadsheets import INSTALL
from guidegraph.authoring.taking import Table
from guidegraph.authoring.writing import cell_text
from guidegraph.errors import UsageError
from guidegraph.knowledge.opened import Knowledge

#: The day that stands in what is written, in place of that of writing.
_DAY = datetime(2000, 1, 1)
_ZIP_DAY = (1980, 1, 1, 0, 0, 0)
_STAMPS = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")
#: Widths of columns by kind of value, in characters.
_WIDTHS = {
    "text": 32,
    "label": 36,
    "term": 28,
    "population": 34,
    "definition": 60,
    "address": 30,
    "id": 18,
    "digest": 18,
}
_NARROW, _HEAD, _REQUIRED = 14, "DDE7F0", "B9D3EA"
#: Rows below the last one that the lists to choose from hold for.
_MORE_ROWS = 500
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
#: Kinds of cells whose value is one of a list.
_LISTED = ("entry", "term", "truth", "kind", "match", "publisher", "number")

ABOUT = (
    "A guideline as a sheet of GuideGraph",
    "Each worksheet is a section; each row below the headings is one entry. Its comment tells what goes there.",
    "Dark headings are required. Columns that nobody filled in yet are folded away: [+] above the headings shows them.",
    "Columns and worksheets that you do not need may be taken away.",
    "Name terms, entries of lists and populations by label. Several values stand on lines of their own in a cell.",
    "Numbers have a decimal point: 0.5. Days are 2020-11-30, or 2020-11, or 2020. Cells hold values, no formulas.",
    "Read it in with:  guidegraph import THIS-FILE -o FOLDER",
)  # fmt: skip


def lists_of(knowledge: Knowledge) -> dict[tuple[str, ...], list[str]]:
    """What a cell may be chosen from, by kind of value and what it is of: the labels, sorted."""
    names = Names(knowledge, Declarations())
    found: dict[tuple[str, ...], list[str]] = {}
    for section in sections().values():
        for column in section.columns:
            key = (column.kind, *column.of)
            if column.kind in _LISTED and key not in found:
                found[key] = _choices(column, names)
    return {key: labels for key, labels in found.items() if labels}


def _choices(column: Column, names: Names) -> list[str]:
    if column.kind == "truth":
        return ["yes", "no"]
    if column.kind == "match":
        return ["exact", "narrow", "broad", "close", "related"]
    if column.kind == "entry":
        from guidegraph import namespaces as ns

        return list(names.entries(ns.expand(column.of[0]) or "").values())
    if column.kind == "publisher":
        from guidegraph import namespaces as ns

        return list(names.entries(ns.PROV + "Organization").values())
    if column.kind == "number":
        return [row.label for row in names.vocabulary.of_kind("number")]
    if column.kind == "term":
        classes = [row.label for row in names.vocabulary.of_kind(*column.of)]
        others = [
            label for kind in column.of if kind in INDIVIDUALS for label in names.entries(INDIVIDUALS[kind]).values()
        ]
        return sorted({*classes, *others}, key=str.casefold)
    return []


def _shown(section: Section, table: Table, every: bool = False) -> bool:
    return every or bool(table.get(section.name)) or section.name in ("document", "recommendations", "populations")


def _checked(text: str) -> str:
    found = _ILLEGAL.search(text)
    if found:
        raise UsageError(
            f"a text holds U+{ord(found[0]):04X}, which no workbook can", mend="Write it as YAML, or take it out."
        )
    if len(text) > LONGEST:
        # openpyxl cuts it off without a word.
        what = f"a text has {len(text)} characters, and a cell of a workbook holds {LONGEST}"
        raise UsageError(what, mend="Write it as YAML, or shorten it.")
    return text


def _packed(content: bytes) -> bytes:
    """A workbook with fixed days inside, so that the same rows give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
        for info in given.infolist():
            data = given.read(info)
            if info.filename == "docProps/core.xml":
                data = _STAMPS.sub(rb"\g<1>" + _DAY.strftime("%Y-%m-%dT00:00:00Z").encode() + rb"\g<2>", data)
            entry = zipfile.ZipInfo(info.filename, _ZIP_DAY)
            entry.compress_type = zipfile.ZIP_STORED if info.filename == "mimetype" else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            written.writestr(entry, data)
    return out.getvalue()


# ---------------------------------------------------------------- XLSX


def xlsx_bytes(table: Table, lists: Mapping[tuple[str, ...], Sequence[str]], *, every: bool = False) -> bytes:
    """A sheet as an XLSX workbook.

    Args:
        table: the rows of each section.
        lists: what cells may be chosen from (:func:`lists_of`).
        every: whether there is a worksheet for sections without rows too.

    Raises:
        UsageError: openpyxl is not installed, or a text cannot stand in a workbook.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        raise UsageError("openpyxl is not installed, which writes .xlsx", mend=INSTALL) from None
    book = Workbook()
    about: Any = book.active
    about.title = "about"
    about.column_dimensions["A"].width = 120
    for line in ABOUT:
        about.append([line])
    _styled(about["A1"], bold=True, size=14)
    for section in sections().values():
        about.append([f"{section.name}: {section.says}"])
    ranges = _lists_sheet(book, lists)
    for section in sections().values():
        if _shown(section, table, every):
            _xlsx_section(book.create_sheet(section.name), section, table.get(section.name, []), ranges)
    book.move_sheet("lists", len(book.sheetnames))
    book.properties.creator = "GuideGraph"
    book.properties.created = book.properties.modified = _DAY
    out = io.BytesIO()
    book.save(out)
    return _packed(out.getvalue())


def _styled(cell: Any, *, bold: bool = False, size: int = 11, fill: str = "") -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    cell.font = Font(bold=bold, size=size)
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    if fill:
        cell.fill = PatternFill("solid", start_color=fill)


def _lists_sheet(book: Any, lists: Mapping[tuple[str, ...], Sequence[str]]) -> dict[tuple[str, ...], str]:
    """A hidden worksheet with a column for each list, and where each stands."""
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet("lists")
    sheet.sheet_state = "hidden"
    ranges = {}
    for index, (key, labels) in enumerate(sorted(lists.items()), 1):
        sheet.cell(1, index, " ".join(key))
        for row, label in enumerate(labels, 2):
            _text_cell(sheet.cell(row, index), label)
        letter = get_column_letter(index)
        ranges[key] = f"lists!${letter}$2:${letter}${len(labels) + 1}"
    return ranges


def _text_cell(cell: Any, text: str) -> None:
    """Text as text, also where it begins with = or looks like a number."""
    if text:
        cell.value = _checked(text)
        cell.data_type = "s"
    cell.number_format = "@"


def _xlsx_section(
    sheet: Any, section: Section, rows: Sequence[Mapping[str, Sequence[str]]], ranges: Mapping[tuple[str, ...], str]
) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    last = len(rows) + 1 + _MORE_ROWS
    for index, column in enumerate(section.columns, 1):
        head = sheet.cell(1, index, column.heading)
        _styled(head, bold=True, fill=_REQUIRED if column.required else _HEAD)
        comment = Comment(f"{column.says}\n({column.holds})", "GuideGraph")
        comment.width, comment.height = 320, 110
        head.comment = comment
        letter = get_column_letter(index)
        sheet.column_dimensions[letter].width = _WIDTHS.get(column.kind, _NARROW)
        where = ranges.get((column.kind, *column.of))
        if where is not None and not column.several:
            choice = DataValidation("list", formula1=where, allow_blank=True, showErrorMessage=column.kind != "term")
            choice.errorStyle = "warning"
            choice.errorTitle, choice.error = column.heading, "It is none of the list."
            choice.showInputMessage = True
            choice.promptTitle, choice.prompt = column.heading[:32], column.says[:250]
            choice.add(f"{letter}2:{letter}{last}")
            sheet.add_data_validation(choice)
    for number, row in enumerate(rows, 2):
        for index, column in enumerate(section.columns, 1):
            cell = sheet.cell(number, index)
            _text_cell(cell, cell_text(row.get(column.heading, ())))
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for first, last_one in _unused(section, rows):
        sheet.column_dimensions.group(get_column_letter(first), get_column_letter(last_one), hidden=True)
    sheet.freeze_panes = "B2" if len(section.columns) < 3 else "D2"


def _unused(section: Section, rows: Sequence[Mapping[str, Sequence[str]]]) -> list[tuple[int, int]]:
    """Runs of columns (from 1) that need not be filled in, and in which nothing stands."""
    held = {heading for row in rows for heading, texts in row.items() if texts}
    runs: list[tuple[int, int]] = []
    for index, column in enumerate(section.columns, 1):
        if column.required or column.heading in held or column.kind == "id":
            continue
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


# ---------------------------------------------------------------- ODS


def ods_bytes(table: Table) -> bytes:
    """A sheet as an OpenDocument workbook: the rows, with headings and their comments.

    Raises:
        UsageError: odfpy is not installed, or a text cannot stand in a workbook.
    """
    try:
        from odf.opendocument import OpenDocumentSpreadsheet
    except ImportError:
        raise UsageError("odfpy is not installed, which writes .ods", mend=INSTALL) from None
    from odf.table import Table as OdsTable
    from odf.table import TableRow

    book = OpenDocumentSpreadsheet()
    about = OdsTable(name="about")
    for line in ABOUT:
        row = TableRow()
        row.addElement(_ods_cell(line))
        about.addElement(row)
    book.spreadsheet.addElement(about)
    for section in sections().values():
        if not _shown(section, table):
            continue
        sheet = OdsTable(name=section.name)
        head = TableRow()
        for column in section.columns:
            head.addElement(_ods_cell(column.heading, f"{column.says} ({column.holds})"))
        sheet.addElement(head)
        for texts in table.get(section.name, []):
            row = TableRow()
            for cell in _cells(section.columns, texts):
                row.addElement(_ods_cell(cell))
            sheet.addElement(row)
        book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.write(out)
    return _packed(out.getvalue())


def _cells(columns: Iterable[Column], row: Mapping[str, Sequence[str]]) -> list[str]:
    return [cell_text(row.get(column.heading, ())) for column in columns]


def _ods_cell(text: str, comment: str = "") -> Any:
    from odf.office import Annotation
    from odf.table import TableCell
    from odf.text import P

    cell = TableCell(valuetype="string") if text else TableCell()
    if comment:
        note = Annotation()
        note.addElement(P(text=comment))
        cell.addElement(note)
    for line in _checked(text).split("\n") if text else ():
        cell.addElement(P(text=line))
    return cell
