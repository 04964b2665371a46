"""Text tables looked at before they are read: every row must have a cell a column, and nothing be in the way."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from guidegraph.errors import UsageError
from guidegraph.files import UTF16_32

_MEND = "Mend the row, or write the table anew."
_QUOTED = '"[^"]*"'
#: Bytes of a line in which the end of the head is looked for.
_LONGEST = 2**20
_ENDS = "Save it with lines that end with LF or CRLF."


def headings(path: Path, separator: str) -> list[str]:
    """The headings of a text table, as they are written.

    Raises:
        UsageError: it is empty or in another encoding, or a heading is missing or there twice.
    """
    with path.open("rb") as file:
        begin = file.read(4)
    if begin.startswith(UTF16_32):
        raise UsageError("not UTF-8 text but UTF-16 or UTF-32", where=str(path), mend="Save it in UTF-8.")
    with path.open("rb") as file:
        first = file.readline(_LONGEST)
    if b"\r" in re.sub(_QUOTED.encode(), b"", first.removesuffix(b"\n").removesuffix(b"\r")):
        raise UsageError("a line ends with CR alone", where=f"{path}, row 0", mend=_ENDS)
    found = next(_rows(path, separator), (1, []))[1]
    names = [name.strip() for name in found]
    if not any(names):
        raise UsageError("the table has no head", where=str(path), mend="Begin it with a row of headings.")
    if "" in names:
        what = f"column {names.index('') + 1} has no heading"
        raise UsageError(what, where=f"{path}, row 0", mend="Give every column one.")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        at = [str(place) for place, other in enumerate(names, 1) if other == name]
        raise UsageError(f"columns {' and '.join(at)} are both {name!r}", where=str(path), mend="Rename one of them.")
    if len(names) == 1 and separator not in names[0] and any(mark in names[0] for mark in ";\t|"):
        what = f"one column alone: {names[0][:60]!r}"
        raise UsageError(what, where=str(path), mend=f"Put {separator!r} between cells, as its ending says.")
    return found


def check(path: Path, separator: str, columns: int) -> None:
    """Check that every row of a text table has a cell for each column.

    Args:
        path: the table.
        separator: what stands between cells.
        columns: how many it has.

    Raises:
        UsageError: a row has too few or too many cells, a quote that is not closed, NUL, a line end that is CR alone,
            or bytes that are no UTF-8; the message has the number of the first (the row below the head is 1).
    """
    line = pl.col("line")
    # Lines are looked at in columns; only where one is out of the way is the table read cell by cell.
    bare = pl.when(line.str.contains('"', literal=True)).then(line.str.replace_all(_QUOTED, "")).otherwise(line)
    off = (bare.str.count_matches(separator, literal=True) != columns - 1) & (line != "")
    odd = line.str.contains("\0", literal=True) | (bare.str.contains('"', literal=True))
    cut = bare.str.strip_suffix("\r").str.contains("\r", literal=True)
    try:
        lines = pl.scan_lines(path, name="line").select((off | odd).any(), cut=cut.arg_max(), cuts=cut.any())
        found, first, cuts = lines.collect(engine="streaming").row(0)
        if cuts:
            # Those who read text by lines end one there, and the reader of columns does not.
            raise UsageError("a line ends with CR alone", where=f"{path}, line {first + 1}", mend=_ENDS)
        if not found:
            return
    except pl.exceptions.PolarsError:
        pass  # it is told below, with its row
    for row, cells in _rows(path, separator):
        if cells and len(cells) != columns:
            what = f"{len(cells)} cells, and the head has {columns}"
            raise UsageError(what, where=f"{path}, row {row}", mend=_MEND)
        if (at := next((at for at, cell in enumerate(cells, 1) if "\0" in cell), 0)) > 0:
            raise UsageError("not text: it holds NUL", where=f"{path}, row {row}, column {at}", mend=_MEND)


def _rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a text table with their numbers, 0 that of the head.

    Raises:
        UsageError: a row cannot be read.
    """
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, cells in enumerate(csv.reader(file, delimiter=separator, strict=True)):
                yield number, cells
    except csv.Error as error:
        long = "limit" in str(error) or "unexpected end" in str(error)
        what = "a quote is opened and not closed" if long else str(error)
        raise UsageError(what, where=f"{path}, row {number + 1}", mend=_MEND) from None
    except UnicodeDecodeError:
        raise UsageError("not UTF-8 text", where=f"{path}, {_undecoded(path)}", mend="Save it in UTF-8.") from None


def _undecoded(path: Path) -> str:
    """The first line that is no UTF-8, counted as rows are, where none holds a line end in a cell."""
    with path.open("rb") as file:
        for number, line in enumerate(file):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f"row {number}, byte {error.start + 1} of it"
    return "the last row"
