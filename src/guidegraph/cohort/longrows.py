"""Patients from a long table: a row a fact, with who it is of, the key of a profile, the term and what is so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from guidegraph.cohort.cells import Cells, Told, tell
from guidegraph.cohort.columns import IDENTIFIER, PATIENTS, PROBLEM, Column, Columns
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.rows import Batch
from guidegraph.cohort.tables import BATCH, open_table, told
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.profile import Vocabulary

#: Patients whose rows are looked for in one reading of the table.
_RANGE = 8 * BATCH
KEY, TERM, VALUE, NUMBER, DAY = "key", "term", "value", "number", "date"
_PARTS = (KEY, TERM, VALUE, NUMBER, DAY)
_AT, _NTH, _ROW = "__patient", "__nth", "__row"


def is_long(names: Sequence[str]) -> bool:
    """Whether the head of a table is that of a long one."""
    return {KEY, TERM} <= {name.strip().casefold() for name in names}


class LongRows:
    """The patients of a long table, sorted by who they are.

    Args:
        path: the table (.parquet, .csv, .tsv) with the columns patient, key and term, and where wanted value (nothing:
            true), number (the weeks of a trial, the days since a drug was stopped) and date.
        day: facts of later days are passed over and counted; of several of one thing the newest counts.
        meanings: what columns mean whose headings do not say it.

    Raises:
        UsageError: the table cannot be read, or a column of it means nothing here.
    """

    def __init__(self, path: Path, day: date, meanings: Mapping[str, str]) -> None:
        self._path, self._day, self.where = path, day, str(path)
        table = open_table(path)
        parts: dict[str, str] = {}
        for name in table.collect_schema().names():
            part = _part(meanings.get(name, name))
            if part is None:
                known = ", ".join((IDENTIFIER, *_PARTS))
                raise UsageError(
                    f"the column {name!r} means nothing in a long table", where=self.where,
                    mend=f"It has {known}; ignore others by --columns.",
                )  # fmt: skip
            if part and parts.setdefault(part, name) != name:
                raise UsageError(f"two columns are {part!r}", where=self.where, mend="Ignore one by --columns.")
        missing = [part for part in (IDENTIFIER, KEY, TERM) if part not in parts]
        if missing:
            raise UsageError(f"no column {missing[0]!r}", where=self.where, mend="Name it so, or say so by --columns.")
        self._parts = parts
        self._table = table.select(
            pl.col(parts[IDENTIFIER]),
            *(
                (pl.col(parts[part]) if part in parts else pl.lit(None)).cast(pl.String).str.strip_chars().alias(part)
                for part in _PARTS
            ),
        ).with_row_index(_ROW, 1)
        name = parts[IDENTIFIER]
        self.identifier: tuple[str, pl.DataType] = (name, table.collect_schema()[name])
        self.columns: Sequence[Column] = ()
        self.unread = Told()

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The patients in the order of their identifiers.

        Raises:
            UsageError: the table cannot be read further.
        """
        name, _ = self.identifier
        cells, columns = Cells(criteria, vocabulary, self.unread), Columns(vocabulary)
        with told(self._path):
            everybody = self._table.select(pl.col(name).drop_nulls().unique().sort()).collect()[name]
            self._nameless()
        for start in range(0, len(everybody), _RANGE):
            some = everybody.slice(start, _RANGE)
            within = pl.col(name).is_between(pl.lit(some[0]), pl.lit(some[-1]))
            with told(self._path):
                rows = self._table.filter(within).collect()
            numbered = pl.DataFrame({name: some, _AT: np.arange(len(some), dtype=np.int64)})
            rows = self._newest(rows.join(numbered, on=name, how="left", maintain_order="left")).sort(_AT, _ROW)
            at = rows[_AT].to_numpy()
            for first in range(0, len(some), BATCH):
                low, high = np.searchsorted(at, (first, first + BATCH))
                part = rows.slice(int(low), int(high - low)).with_columns(pl.col(_AT) - first)
                yield self._batch(some.slice(first, BATCH), part, cells, columns, criteria, vocabulary)

    def _nameless(self) -> None:
        name, _ = self.identifier
        lost = self._table.filter(pl.col(name).is_null()).select(_ROW).collect()[_ROW]
        for row in lost.head(1):
            tell(self.unread, name, "the row names no patient", "", np.ones(len(lost), dtype=np.bool_), row)

    def _newest(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that count: of days until the one that is asked about, of several of one thing the newest."""
        if DAY not in self._parts:
            return rows
        days = rows.with_columns(pl.col(DAY).str.head(10).str.to_date("%Y-%m-%d", strict=False).alias("__day"))
        wrong = days.filter(pl.col("__day").is_null() & (pl.col(DAY).fill_null("") != ""))
        self._passed_over(wrong, DAY, "no day: write it as 2026-01-31; the row is passed over")
        days = days.join(wrong.select(_ROW), on=_ROW, how="anti", maintain_order="left")
        later = days.filter(pl.col("__day") > self._day)
        self._passed_over(later, DAY, f"after {self._day}: the row is passed over")
        days = days.filter((pl.col("__day") <= self._day) | pl.col("__day").is_null())
        # Trials and stops are events of their own; anything else that is said twice was said anew.
        event = pl.col(KEY).str.to_lowercase().str.replace_all(" ", "_").is_in(_EVENTS)
        newest = (pl.col("__day").fill_null(date.min) == pl.col("__day").fill_null(date.min).max()).over(
            [_AT, KEY, TERM]
        )
        return days.filter(event | newest).drop("__day")

    def _passed_over(self, rows: pl.DataFrame, column: str, why: str) -> None:
        for row in rows.head(3).iter_rows(named=True):
            tell(self.unread, column, why, row[column], np.ones(1, dtype=np.bool_), row[_ROW])
        if len(rows) > 3:
            self.unread[column, why].count += len(rows) - 3

    def _batch(
        self,
        some: pl.Series,
        rows: pl.DataFrame,
        cells: Cells,
        columns: Columns,
        criteria: Criteria,
        vocabulary: Vocabulary,
    ) -> Batch:
        gathered = Gathered(len(some), criteria, vocabulary)
        bad = np.zeros(len(some), dtype=np.bool_)
        said = pl.coalesce(pl.when(pl.col(VALUE) != "").then(pl.col(VALUE)), pl.lit("true"))
        counted = pl.when(pl.col(NUMBER).fill_null("") != "").then(pl.concat_str(said, pl.lit("; "), NUMBER))
        # Several rows of one thing and patient are looked at one after the other.
        rows = rows.with_columns(
            pl.coalesce(counted, said).alias(VALUE),
            pl.int_range(pl.len()).over([_AT, KEY, TERM]).alias(_NTH),
            pl.col(KEY).fill_null(""),
            pl.col(TERM).fill_null(""),
        )
        groups = rows.partition_by([KEY, TERM, _NTH], as_dict=True, maintain_order=False)
        for (key, term, _), group in sorted(groups.items(), key=lambda item: tuple(map(str, item[0]))):
            try:
                column = self._column(columns, key, term)
            except GuideGraphError as error:
                at = group[_AT].to_numpy()
                bad[at] = True
                for row in group.head(1).iter_rows(named=True):
                    mask = np.ones(len(at), dtype=np.bool_)
                    tell(self.unread, f"{key}: {term}", f"{error.what} {error.mend}".strip(), term, mask, row[_ROW])
                continue
            values = np.full(len(some), None, dtype=object)
            values[group[_AT].to_numpy()] = group[VALUE].to_list()
            bad |= cells.state(column, pl.Series(column.name, values.tolist(), dtype=pl.String), gathered, 1)
        return Batch(some, gathered, bad, 1)

    def _column(self, columns: Columns, key: str, term: str) -> Column:
        if key.casefold() == PROBLEM and term:
            raise UsageError("a problem stands as the value", mend=f"Write {term!r} under {VALUE}, and no term.")
        return columns.entry(key, term, "")


_EVENTS = ("trials", "stopped_medications")


def _part(meaning: str) -> str | None:
    """What a column of a long table is: one of its parts, "" for what is ignored, None for anything else."""
    text = " ".join(meaning.replace("_", " ").split()).casefold()
    if text in PATIENTS:
        return IDENTIFIER
    return "" if text == "ignore" else text if text in _PARTS else None
