"""Tables of patients read in batches, and answers written as tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from guidegraph.errors import UsageError

#: Patients of one batch: enough that a step on a plane costs more than its call, few enough for little memory.
BATCH = 65_536
#: Columns of a table at most; more are no table of patients.
_COLUMNS = 5_000
_FORMS = (".parquet", ".csv", ".tsv")


def open_table(path: Path) -> pl.LazyFrame:
    """A table by its ending; nothing is read but its head.

    Raises:
        UsageError: it cannot be read, has another ending, no column, no row, or too many columns.
    """
    if path.suffix.lower() not in _FORMS:
        raise UsageError(f"unknown ending {path.suffix!r}", where=str(path), mend=f"Use one of {', '.join(_FORMS)}.")
    with told(path):
        if not path.is_file():
            raise UsageError("no such file", where=str(path), mend="Name a table of patients.")
        if path.suffix.lower() == ".parquet":
            table = pl.scan_parquet(path)
        else:
            # Every cell is read as text: what a number or a truth value is, the meaning of its column says.
            separator = "\t" if path.suffix.lower() == ".tsv" else ","
            table = pl.scan_csv(path, infer_schema=False, separator=separator)
        count = len(table.collect_schema())
    if not count:
        raise UsageError("the table has no column", where=str(path), mend="Name a table with a row a patient.")
    if count > _COLUMNS:
        raise UsageError(f"the table has {count} columns", where=str(path), mend=f"Give at most {_COLUMNS}.")
    return table


def batches(table: pl.LazyFrame, path: Path, rows: int = BATCH) -> Iterator[pl.DataFrame]:
    """The rows of a table, so many at a time, in their order.

    Raises:
        UsageError: it cannot be read further.
    """
    with told(path):
        yield from table.collect_batches(chunk_size=rows, maintain_order=True)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell in a sentence why a table cannot be read or written."""
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise UsageError(
            f"the table cannot be used: {first[:300]}", where=str(path), mend="Mend it, or name another."
        ) from None
