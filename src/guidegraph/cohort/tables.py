"""Tables of patients read in batches, and answers written as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from guidegraph.cohort import csvtext
from guidegraph.errors import UsageError

#: Patients of one batch: enough that a step on a plane costs more than its call, few enough for little memory.
BATCH = 131_072
#: Columns of a table at most; more are no table of patients.
_COLUMNS = 5_000
#: Names of patients that are held at a time to find those who stand in several rows.
_AT_ONCE = 2_000_000
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_FORMS = (".parquet", *_SEPARATORS)


def headings(path: Path) -> list[str]:
    """The headings of a table; no more is read.

    Raises:
        UsageError: as :func:`open_table`, but for what is wrong further below.
    """
    ending = path.suffix.lower()
    if ending not in _FORMS:
        raise UsageError(f"unknown ending {path.suffix!r}", where=str(path), mend=f"Use one of {', '.join(_FORMS)}.")
    with told(path):
        if path.is_dir():
            raise UsageError("it is a folder", where=str(path), mend="Name a table of patients.")
        if path.exists() and not path.is_file():
            raise UsageError("it is a device or a pipe", where=str(path), mend="Name a file.")
        if not path.is_file():
            raise UsageError("no such file", where=str(path), mend="Name a table of patients.")
        if ending == ".parquet":
            names = pl.scan_parquet(path).collect_schema().names()
        else:
            names = csvtext.headings(path, _SEPARATORS[ending])
    if not names:
        raise UsageError("the table has no column", where=str(path), mend="Name a table with a row a patient.")
    if len(names) > _COLUMNS:
        raise UsageError(f"the table has {len(names)} columns", where=str(path), mend=f"Give at most {_COLUMNS}.")
    return names


def open_table(path: Path) -> pl.LazyFrame:
    """A table by its ending. Of a Parquet file nothing is read but its head; the rows of a text are looked at.

    Raises:
        UsageError: it cannot be read, has another ending, no column or too many, a heading twice, or a row of a text
            has another number of cells than the head.
    """
    names = headings(path)
    with told(path):
        if path.suffix.lower() == ".parquet":
            return pl.scan_parquet(path)
        separator = _SEPARATORS[path.suffix.lower()]
        csvtext.check(path, separator, len(names))
        # Every cell is read as text: what a number or a truth value is, the meaning of its column says.
        return pl.scan_csv(path, infer_schema=False, separator=separator)


def check_types(schema: Mapping[str, pl.DataType], identifier: str, names: Iterable[str], where: str) -> None:
    """Check that columns have a type that a cell can have.

    Args:
        schema: the types of the table.
        identifier: the column that says who a patient is.
        names: the columns that are read.
        where: names the table, for messages.

    Raises:
        UsageError: the identifier is neither text nor a number, or another column holds lists, days, bytes ...
    """
    for name in names:
        kind = schema[name]
        fine = kind.is_numeric() or kind in (pl.String, pl.Categorical, pl.Enum, pl.Null)
        if not (fine or (kind == pl.Boolean and name != identifier)):
            what = f"it is of type {kind}"
            mend = (
                "Give text or numbers." if name == identifier else "Give truth values, numbers or text, or ignore it."
            )
            raise UsageError(what, where=f"{where}, column {name}", mend=mend)


def named(column: str, kind: pl.DataType) -> pl.Expr:
    """A column that says who a patient is, null where it says nobody."""
    who = pl.col(column)
    if kind.is_float():
        return who.fill_nan(None)
    return pl.when(who.str.strip_chars() != "").then(who) if kind == pl.String else who


def bare(who: pl.Series) -> pl.Series:
    """Names without the spaces around them, which do not count."""
    return who.str.strip_chars() if who.dtype == pl.String else who


def repeated(table: pl.LazyFrame, column: str, kind: pl.DataType, path: Path) -> pl.Series:
    """Those who stand in several rows of a table; spaces around a name do not count.

    Raises:
        UsageError: it cannot be read.
    """
    who = named(column, kind).alias(column)
    who = (who.str.strip_chars() if kind == pl.String else who).drop_nulls()
    with told(path):
        if (kind.is_numeric() or kind == pl.String) and _rises(table.select(who)):
            return pl.Series(column, [], dtype=kind)
        patients = int(table.select(pl.len()).collect(engine="streaming").item())
        shares = -(-patients // _AT_ONCE)
        found = [_twice(table.select(who.filter(who.hash() % shares == at)), column) for at in range(shares)]
    return pl.concat(found).sort() if found else pl.Series(column, [], dtype=kind)


def _rises(names: pl.LazyFrame) -> bool:
    """Whether each name is above the one before it, so that none can be there twice; little is held."""
    last = None
    for frame in names.collect_batches(maintain_order=True):
        some = frame.to_series()
        if not len(some):
            continue
        if (last is not None and not some[0] > last) or not (some[1:] > some[:-1]).all():
            return False
        last = some[-1]
    return True


def _twice(names: pl.LazyFrame, column: str) -> pl.Series:
    """Those of some names that are there twice."""
    # Eight bytes a name are held; the few whose number is there twice are then looked at themselves.
    number = pl.col(column).hash()
    numbers = names.select(number).collect(engine="streaming").to_series().to_numpy(writable=True)
    numbers.sort()
    twice = numbers[1:][numbers[1:] == numbers[:-1]]
    maybe = names.filter(number.is_in(pl.Series(twice).unique().implode()))
    return maybe.group_by(column).len().filter(pl.col("len") > 1).collect(engine="streaming")[column]


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
        str(path).encode()
    except UnicodeEncodeError:
        # The library of tables takes no other name.
        raise UsageError("its name is not UTF-8", where=str(path), mend="Name it otherwise.") from None
    try:
        yield
    except (pl.exceptions.PolarsError, OSError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise UsageError(
            f"the table cannot be used: {first[:300]}", where=str(path), mend="Mend it, or name another."
        ) from None
