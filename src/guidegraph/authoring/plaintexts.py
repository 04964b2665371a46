"""Sheets of plain text read: a folder of CSV files, or one YAML file."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

from guidegraph.authoring.cells import Grid, Raw
from guidegraph.authoring.columns import sections
from guidegraph.errors import ProfileError, UsageError
from guidegraph.files import read_text
from guidegraph.profile.names import normal

_MAXIMUM = 16 * 1024 * 1024
#: What may separate the values of a line.
_SEPARATORS = ",;\t"
#: The first line of some programs, which names it.
_NAMED_SEPARATOR = re.compile(r"\ufeff?\"?sep=(.)\"?\Z", re.IGNORECASE)
#: Endings of files that hold tables and are not read beside .csv; a text without one, such as README.md, is nobody's.
_OTHERS = (".txt", ".tsv", ".tab", ".xlsx", ".xls", ".ods", ".numbers", ".json", ".yaml", ".yml", "")


def read_csv_folder(folder: Path) -> list[Grid]:
    """The files of a folder whose names end in .csv, a section each; files of other kinds are nobody's.

    Raises:
        UsageError: a file cannot be read, is in another encoding than UTF-8, or is no CSV.
    """
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".csv" and not p.name.startswith("."))
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in _OTHERS and normal(path.stem) in map(normal, sections()):
            what = f"{path.name} is named as a section, and is no file that ends in .csv"
            raise UsageError(what, where=str(path), mend="Save it as CSV in UTF-8, or take it out of the folder.")
    return [_csv(folder, path) for path in paths]


def _csv(folder: Path, path: Path) -> Grid:
    text = read_text(path, _MAXIMUM, UsageError, mend="Save it as CSV in UTF-8.")
    grid = Grid(path.stem, file=folder.name or str(folder))
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise UsageError("the file is empty", where=str(path), mend="Write its headings and rows, or take it away.")
    named = _NAMED_SEPARATOR.match(lines[0])
    header = lines[1] if named and len(lines) > 1 else lines[0]
    separator = max(_SEPARATORS, key=lambda one: (header.count(one), -_SEPARATORS.index(one)))
    separator = named[1] if named else separator
    csv.field_size_limit(_MAXIMUM)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, row in enumerate(reader, 1):
            if named and not grid.rows and "".join(row) in (named[0], named[0].replace(separator, "")):
                continue
            grid.add(number, [Raw(value) for value in row])
    except csv.Error as error:
        where = f"{path}:{reader.line_num}"
        raise UsageError(f"not CSV: {error}", where=where, mend="Close its quotes there.") from None
    return grid


def read_yaml_sheet(path: Path) -> list[Grid]:
    """The keys of a YAML file, a section each: lists of rows, or one row; a row is a mapping of headings to values.

    Raises:
        UsageError: it cannot be read, or is no YAML of that form.
    """
    from guidegraph.profile import strict

    text = read_text(path, _MAXIMUM, UsageError, mend="Save it in UTF-8.")
    try:
        value = strict.read_yaml(text, path.name, strict.SHEET)
        if not isinstance(value, strict.Mapping):
            raise ProfileError("not a mapping of sections", where=value.where, mend="Begin with a line 'document:'.")
        return [_section(path, key.text, rows) for key, rows in value.items]
    except ProfileError as error:
        raise UsageError(error.what, where=error.where, mend=error.mend) from None


def _section(path: Path, name: str, value: Any) -> Grid:
    from guidegraph.profile import strict

    grid = Grid(name, lines=True, file=path.name)
    if isinstance(value, strict.Scalar) and not value.quoted and value.text in ("", "~", "null"):
        return grid
    rows = value.items if isinstance(value, strict.Sequence) else (value,)
    headings: dict[str, int] = {}
    first: dict[str, int] = {}
    filled: list[tuple[int, dict[int, Any]]] = []
    for row in rows:
        if not isinstance(row, strict.Mapping):
            raise ProfileError(
                "a row is a mapping of headings to values", where=row.where, mend="Write heading: value."
            )
        for key, held in row.items:
            first.setdefault(key.text, _line(held))
        filled.append((_line(row), {headings.setdefault(k.text, len(headings)): v for k, v in row.items}))
    grid.add(0, [Raw(name, line=first[name]) for name in headings])
    for line, cells in filled:
        grid.add(
            line, [_raws(cells[index]) if index in cells else Raw("", line=line) for index in range(len(headings))]
        )
    return grid


def _line(value: Any) -> int:
    return int(value.where.rsplit(":", 2)[1])


def _raws(value: Any) -> Raw:
    from guidegraph.profile import strict

    line = _line(value)
    if isinstance(value, strict.Sequence):
        texts = []
        for item in value.items:
            if not isinstance(item, strict.Scalar):
                raise ProfileError("a value is text, or a list of texts", where=item.where, mend="Write texts.")
            texts.append(item.text)
        return Raw("\n".join(texts), line=line, apart=True)
    if not isinstance(value, strict.Scalar):
        raise ProfileError("a value is text, or a list of texts", where=value.where, mend="Write text.")
    if not value.quoted and value.text in ("~", "null"):
        return Raw("", line=line)
    return Raw(value.text, line=line)
