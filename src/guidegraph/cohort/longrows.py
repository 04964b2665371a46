"""Patients from a long table: a row a fact, with who it is of, the key of a profile, the term and what is so."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from guidegraph.cohort.buckets import Buckets
from guidegraph.cohort.cells import Cells, Unread, Unreadable, reason
from guidegraph.cohort.columns import IDENTIFIER, PATIENTS, Column, Columns, check_meanings
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.rows import Batch
from guidegraph.cohort.sayings import KEY, SAID, TERM, VALUE, Sayings
from guidegraph.cohort.sifting import DAY, EXAMPLES, NO_DAY, UNDATED, Rows, Sifted, sift
from guidegraph.cohort.tables import BATCH, check_types, named, open_table, told
from guidegraph.errors import UsageError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.profile import Vocabulary

#: Rows that are held at a time, about.
_HELD = 4_000_000
#: Rows that are read at a time.
READ = 500_000
_PARTS = (*SAID, DAY)
_AT, _SAYING, _TEXT, _WHY = "__patient", "__saying", "__day", "__why"
#: The column with the number of a row.
ROW = "__row"
#: The first and last day of the calendar as days since 1970, and what a day is in the units of moments.
_FIRST, _LAST = ((day - date(1970, 1, 1)).days for day in (date.min, date.max))
_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_WIDEST = 2**63 - 1
_ISO_DAY = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ].*)?$"


def is_long(names: Sequence[str]) -> bool:
    """Whether the head of a table is that of a long one."""
    return {KEY, TERM} <= {name.strip().casefold() for name in names}


def long_columns(schema: pl.Schema, meanings: Mapping[str, str], where: str) -> list[Column]:
    """What the columns of a long table are, those that are ignored left out.

    Args:
        schema: its headings with their types: patient, key and term, and where wanted value (nothing: true), number
            (the weeks of a trial, the days since a drug was stopped) and date.
        meanings: what columns mean whose headings do not say it.
        where: names it in messages.

    Raises:
        UsageError: a column means nothing here, one is missing, or is of a type that no cell has.
    """
    check_meanings(schema.names(), meanings, where)
    parts: dict[str, str] = {}
    for name in schema.names():
        part = _part(meanings.get(name, name))
        if part is None:
            known = ", ".join((IDENTIFIER, *_PARTS))
            raise UsageError(
                f"the column {name!r} means nothing in a long table", where=where,
                mend=f"It has {known}; ignore others by --columns.",
            )  # fmt: skip
        if part and parts.setdefault(part, name) != name:
            raise UsageError(f"two columns are {part!r}", where=where, mend="Ignore one by --columns.")
    missing = [part for part in (IDENTIFIER, KEY, TERM) if part not in parts]
    if missing:
        raise UsageError(f"no column {missing[0]!r}", where=where, mend="Name it so, or say so by --columns.")
    check_types(schema, parts[IDENTIFIER], [column for part, column in parts.items() if part != DAY], where)
    return [Column(column, part) for part, column in parts.items()]


class FactRows:
    """The patients of rows that say a fact each, sorted by who they are.

    Args:
        table: all rows of these patients; in the column ROW their numbers, else they are counted.
        columns: what its columns are (:func:`long_columns`).
        day: facts of later days are passed over and counted; of several of one thing the newest counts.
        where: names it in messages.
        path: the same where it cannot be read; ``where`` if None.
    """

    def __init__(
        self, table: pl.LazyFrame, columns: Sequence[Column], day: date, where: str, path: Path | None = None
    ) -> None:
        self._path, self._day, self.where = path or Path(where), day, where
        parts, schema = {column.kind: column.name for column in columns}, table.collect_schema()
        name = parts[IDENTIFIER]
        self._dated = DAY in parts
        said = [(pl.col(parts[part]) if part in parts else pl.lit(None)).cast(pl.String).alias(part) for part in SAID]
        days = [_days(parts[DAY], schema[parts[DAY]]).alias(DAY)] if self._dated else []
        text = [_day_text(parts[DAY], schema[parts[DAY]]).alias(_TEXT)] if self._dated else []
        self._table = table.select(name, *said, *days)
        told = table.select(name, *said, *days, *text, *([ROW] if ROW in schema else []))
        self._told = told if ROW in schema else told.with_row_index(ROW, 1)
        self.identifier: tuple[str, pl.DataType] = (name, schema[name])
        self.columns = columns
        self.unread = Unreadable()

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The patients in the order of their identifiers.

        Raises:
            UsageError: the table cannot be read further.
        """
        name, kind = self.identifier
        with told(self._path):
            asked = (
                self._table.select(pl.col(name).unique().sort()),
                self._table.select(SAID).unique(),
                self._table.select(pl.len()),
            )
            everybody, said, count = pl.collect_all(asked, engine="streaming")
            said = said.sort(*SAID)
            is_named = named(name, kind).is_not_null()
            nobody, everybody = everybody.filter(~is_named), everybody.filter(is_named)
            if nobody.height:
                self._nameless(nobody[name])
        if not everybody.height:
            return
        cells = Cells(criteria, vocabulary, self.unread)
        sayings = Sayings(said, Columns(vocabulary), cells, Gathered(0, criteria, vocabulary))
        today = (self._day - date(1970, 1, 1)).days
        numbers = _Numbers(said)
        patients = everybody.to_series()
        batches = -(-everybody.height // BATCH)
        # So many batches of patients to a bucket as have about the rows that may be held.
        each = min(batches, max(1, batches * _HELD // max(1, count.item()))) * BATCH
        with Buckets(len(patients), each) as buckets:
            with told(self._path):
                self._put_by(buckets, patients, numbers)
            for start in range(0, len(patients), each):
                rows = buckets.bucket(start // each, self._dated)
                some = patients.slice(start, each)
                for first in range(0, len(some), BATCH):
                    mine = some.slice(first, BATCH)
                    ours = rows.take(np.flatnonzero((rows.at >= first) & (rows.at < first + BATCH)))
                    ours = Rows(ours.at - np.uint32(first), ours.saying, ours.day)
                    sifted = sift(ours, sayings, today, len(mine), self.unread.rows)
                    self._tell(sifted, mine, numbers)
                    yield Batch(mine, sifted.gather(Gathered(len(mine), criteria, vocabulary), sayings), sifted.bad)

    def _put_by(self, buckets: Buckets, patients: pl.Series, numbers: _Numbers) -> None:
        """Put by the rows of all patients, who stand in their order."""
        name, kind = self.identifier
        rows = self._table.filter(named(name, kind).is_not_null())
        # What is looked up in the stream itself, or joined with it, is held there as a whole.
        for frame in rows.select(name, numbers.hash, *self._dates).collect_batches(chunk_size=READ):
            at = places(frame[name], patients)
            day = frame[DAY].to_numpy() if self._dated else None
            buckets.add(Rows(at, numbers.of(frame).to_numpy(), day))

    @property
    def _dates(self) -> list[str]:
        return [DAY] if self._dated else []

    def _nameless(self, names: pl.Series) -> None:
        """Tell of rows that name no patient; they may be blank or null."""
        mine = self._told.filter(pl.col(names.name).is_in(names.implode(), nulls_equal=True)).select(ROW)
        first, count = pl.collect_all((mine.head(EXAMPLES), mine.select(pl.len())), engine="streaming")
        entry = reason(self.unread, names.name, "the row names no patient", lost=True)
        entry.count += count.item()
        entry.examples += [(row, "") for row in first[ROW]]

    def _tell(self, sifted: Sifted, some: pl.Series, numbers: _Numbers) -> None:
        """Count what is wrong, with the first rows that have it."""
        (name, _), wanted, reasons = self.identifier, [], []
        for number, ((column, why), wrong) in enumerate(sifted.wrong.items()):
            entry = reason(self.unread, column, why, wrong.lost)
            reasons.append(entry)
            entry.count += wrong.count
            if self._shown(entry):
                rows = wrong.first(self.unread.rows)
                first = [some[rows.at].alias(name), numbers.hashes[rows.saying].alias(_SAYING)]
                days = [pl.Series(DAY, rows.day)] if self._dated else []
                wanted.append(pl.DataFrame([*first, *days]).with_columns(pl.lit(number).alias(_WHY)))
        if not wanted:
            return
        asked = pl.concat(wanted).unique(maintain_order=True)
        with told(self._path):
            mine = self._told.filter(pl.col(name).is_in(asked[name].unique().implode())).with_columns(numbers.hash)
            found = mine.join(asked.lazy(), on=[name, _SAYING, *self._dates]).sort(ROW).collect()
        for row in found.iter_rows(named=True):
            entry = reasons[row[_WHY]]
            if self._shown(entry):
                text = row[_TEXT] if entry.column == DAY else row[VALUE] or row[TERM]
                entry.examples.append((row[ROW], str(text or "")[:60]))
        for entry in reasons:
            entry.examples.sort()

    def _shown(self, entry: Unread) -> bool:
        """Whether one more row of a reason is shown."""
        return self.unread.rows is None or len(entry.examples) < self.unread.rows


class LongRows(FactRows):
    """The patients of a long table, sorted by who they are.

    Args:
        path: the table (.parquet, .csv, .tsv).
        day: as :class:`FactRows` has it.
        meanings: what columns mean whose headings do not say it.
        where: names it in messages; the path if "".

    Raises:
        UsageError: the table cannot be read, or a column of it means nothing here.
    """

    def __init__(self, path: Path, day: date, meanings: Mapping[str, str], where: str = "") -> None:
        table = open_table(path)
        columns = long_columns(table.collect_schema(), meanings, where or str(path))
        super().__init__(table, columns, day, where or str(path), path)


def places(
    names: pl.Series, patients: pl.Series, side: Literal["any", "left", "right"] = "any"
) -> npt.NDArray[np.uint32]:
    """Where each of some names stands among patients, who stand in their order; 0 for no name.

    Args:
        names: the names.
        patients: the patients.
        side: before or after the patient of the same name.
    """
    # Rows of one patient mostly stand together, and are looked up once.
    starts = np.flatnonzero((names != names.shift()).fill_null(True).to_numpy())
    heads = names.gather(starts)
    known = heads.unique().sort()
    found = pl.DataFrame([known, patients.search_sorted(known, side).alias(_AT)])
    each = heads.to_frame().join(found, on=names.name, how="left", maintain_order="left")[_AT].cast(pl.UInt32)
    return np.repeat(each.fill_null(0).to_numpy(), np.diff(starts, append=len(names)))


class _Numbers:
    """The number of a row among the distinct ones, found by a hash of what it says.

    Attributes:
        hash: that of a row, as a column.
        hashes: those of the distinct rows.

    Args:
        said: the distinct rows, with the columns of SAID.
    """

    def __init__(self, said: pl.DataFrame) -> None:
        for seed in itertools.count():
            self.hash = pl.sum_horizontal(pl.col(part).hash(seed, at) for at, part in enumerate(SAID)).alias(_SAYING)
            self.hashes = said.select(self.hash).to_series()
            # No other rows are looked for than these, so hashes that differ among them are enough.
            if self.hashes.n_unique() == said.height:
                break
        self._places = pl.Series(range(said.height), dtype=pl.UInt32)

    def of(self, frame: pl.DataFrame) -> pl.Series:
        """The numbers of rows whose hash is known."""
        return frame[_SAYING].replace_strict(self.hashes, self._places, return_dtype=pl.UInt32)


def _days(name: str, kind: pl.DataType) -> pl.Expr:
    """A column of days as days since 1970, or what stands for none and for one that cannot be read."""
    column = pl.col(name)
    if kind in (pl.Date, pl.Datetime):
        known = _of_calendar(column, kind)
        # Of a moment in a zone the day there.
        days = (known.dt.date() if kind == pl.Datetime else known).cast(pl.Int32)
        return pl.when(column.is_null()).then(UNDATED).otherwise(days.fill_null(NO_DAY)).cast(pl.Int32)
    text = column.cast(pl.String).str.strip_chars()
    whole = pl.when(text.str.contains(_ISO_DAY)).then(text.str.head(10)).str.to_date("%Y-%m-%d", strict=False)
    blank = text.fill_null("") == ""
    return pl.when(blank).then(UNDATED).otherwise(whole.cast(pl.Int32).fill_null(NO_DAY)).cast(pl.Int32)


def _day_text(name: str, kind: pl.DataType) -> pl.Expr:
    """A column of days as text."""
    column = pl.col(name)
    if kind not in (pl.Date, pl.Datetime):
        return column.cast(pl.String)
    known = _of_calendar(column, kind).cast(pl.String)
    return pl.when(column.is_null()).then(None).otherwise(known.fill_null("no day of the calendar"))


def _of_calendar(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """The days or moments of a column from the year 1 to 9999; of others, as infinity, Polars makes no text."""
    each = _A_DAY.get(getattr(kind, "time_unit", None) or "", 1)
    first, last = max(-_WIDEST, _FIRST * each), min(_WIDEST, (_LAST + 1) * each - 1)
    return pl.when(column.to_physical().is_between(first, last)).then(column).otherwise(None)


def _part(meaning: str) -> str | None:
    """What a column of a long table is: one of its parts, "" for what is ignored, None for anything else."""
    text = " ".join(meaning.replace("_", " ").split()).casefold()
    if text in PATIENTS:
        return IDENTIFIER
    return "" if text == "ignore" else text if text in _PARTS else None


def propose(names: Sequence[str]) -> list[tuple[str, str, str]]:
    """For each heading of a long table what it is, and where that is nothing "ignore" and why."""
    rows: list[tuple[str, str, str]] = []
    for name in names:
        part = _part(name)
        taken = part in [meaning for _, meaning, _ in rows]
        why = f"another column is {part!r} already" if taken else "it means nothing in a long table"
        rows.append((name, part, "") if part and not taken else (name, "ignore", why if part != "" else ""))
    return rows
