"""Patients from a long table: a row a fact, with who it is of, the key of a profile, the term and what is so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from guidegraph.cohort.cells import Cells, Unreadable, reason
from guidegraph.cohort.columns import IDENTIFIER, PATIENTS, Column, Columns, check_meanings
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.rows import Batch
from guidegraph.cohort.sayings import KEY, SAID, TERM, VALUE, Sayings
from guidegraph.cohort.sifting import DAY, EXAMPLES, NO_DAY, UNDATED, Rows, Sifted, sift
from guidegraph.cohort.tables import BATCH, check_types, named, open_table, told
from guidegraph.errors import UsageError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.profile import Vocabulary

#: Rows that are held at a time, about, half as many where they have days: the table is read once for so many.
_HELD = 8_000_000
_PARTS = (*SAID, DAY)
_AT, _SAYING, _ROW, _TEXT, _WHY = "__patient", "__saying", "__row", "__day", "__why"
_ISO_DAY = r"^\s*\d{4}-\d{2}-\d{2}(?:[T ].*)?$"


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
        where: names it in messages; the path if "".

    Raises:
        UsageError: the table cannot be read, or a column of it means nothing here.
    """

    def __init__(self, path: Path, day: date, meanings: Mapping[str, str], where: str = "") -> None:
        self._path, self._day, self.where = path, day, where or str(path)
        table = open_table(path)
        check_meanings(table.collect_schema().names(), meanings, self.where)
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
        name, schema = parts[IDENTIFIER], table.collect_schema()
        read = [column for part, column in parts.items() if part != DAY]
        check_types(schema, name, read, self.where)
        self._dated = DAY in parts
        said = [
            (pl.col(parts[part]) if part in parts else pl.lit(None)).cast(pl.String).cast(pl.Categorical).alias(part)
            for part in SAID
        ]
        days = [_days(parts[DAY], schema[parts[DAY]]).alias(DAY)] if self._dated else []
        text = [pl.col(parts[DAY]).cast(pl.String).alias(_TEXT)] if self._dated else []
        self._table = table.select(name, *said, *days)
        self._told = table.select(name, *said, *days, *text).with_row_index(_ROW, 1)
        self.identifier: tuple[str, pl.DataType] = (name, schema[name])
        self.columns: Sequence[Column] = [Column(column, part) for part, column in parts.items() if part]
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
            said = said.sort(*(pl.col(part).cast(pl.String) for part in SAID))
            nobody = everybody.filter(named(name, kind).is_null())
            everybody = everybody.filter(named(name, kind).is_not_null())
            if nobody.height:
                self._nameless(nobody[name])
        if not everybody.height:
            return
        said = said.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(_SAYING))
        cells = Cells(criteria, vocabulary, self.unread)
        sayings = Sayings(said, Columns(vocabulary), cells, Gathered(0, criteria, vocabulary))
        today = (self._day - date(1970, 1, 1)).days
        batches = -(-everybody.height // BATCH)
        # So many batches of patients at a time as have about the rows that may be held.
        most = _HELD // 2 if self._dated else _HELD
        held = max(1, batches * most // max(1, count.item()))
        for start in range(0, everybody.height, held * BATCH):
            some = everybody.to_series().slice(start, held * BATCH)
            with told(self._path):
                rows = self._rows(some, said)
            for first in range(0, len(some), BATCH):
                mine = some.slice(first, BATCH)
                ours = rows.take(np.flatnonzero((rows.at >= first) & (rows.at < first + BATCH)))
                ours = Rows(ours.at - np.uint32(first), ours.saying, ours.day)
                sifted = sift(ours, sayings, today, len(mine))
                self._tell(sifted, mine, said)
                yield Batch(mine, sifted.gather(Gathered(len(mine), criteria, vocabulary), sayings), sifted.bad)

    def _rows(self, some: pl.Series, said: pl.DataFrame) -> Rows:
        """The rows of some patients who stand in their order."""
        rows = self._joined(self._table, some, said).select(self._keys).collect(engine="streaming")
        # A column that lies in several pieces is copied: it goes before the next one comes.
        day = rows.drop_in_place(DAY).to_numpy() if self._dated else None
        return Rows(rows.drop_in_place(_AT).to_numpy(), rows.drop_in_place(_SAYING).to_numpy(), day)

    @property
    def _keys(self) -> list[str]:
        return [_AT, _SAYING, *([DAY] if self._dated else [])]

    def _joined(self, table: pl.LazyFrame, some: pl.Series, said: pl.DataFrame) -> pl.LazyFrame:
        """The rows of some patients who stand in their order, with the numbers of both."""
        name, _ = self.identifier
        numbered = pl.DataFrame({name: some}).with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(_AT))
        within = table.filter(pl.col(name).is_between(pl.lit(some[0]), pl.lit(some[-1])))
        return within.join(said.lazy(), on=list(SAID), nulls_equal=True).join(numbered.lazy(), on=name)

    def _nameless(self, names: pl.Series) -> None:
        """Tell of rows that name no patient; they may be blank or null."""
        mine = self._told.filter(pl.col(names.name).is_in(names.implode(), nulls_equal=True)).select(_ROW)
        first, count = pl.collect_all((mine.head(EXAMPLES), mine.select(pl.len())), engine="streaming")
        entry = reason(self.unread, names.name, "the row names no patient", lost=True)
        entry.count += count.item()
        entry.examples += [(row, "") for row in first[_ROW]]

    def _tell(self, sifted: Sifted, some: pl.Series, said: pl.DataFrame) -> None:
        """Count what is wrong, with the first rows that have it."""
        wanted, reasons = [], []
        for number, ((column, why), wrong) in enumerate(sifted.wrong.items()):
            entry = reason(self.unread, column, why, wrong.lost)
            reasons.append(entry)
            entry.count += wrong.count
            if len(entry.examples) < EXAMPLES:
                first = {_AT: wrong.rows.at, _SAYING: wrong.rows.saying, DAY: wrong.rows.day}
                wanted.append(
                    pl.DataFrame({name: first[name] for name in self._keys}).with_columns(pl.lit(number).alias(_WHY))
                )
        if not wanted:
            return
        asked = pl.concat(wanted).lazy()
        with told(self._path):
            found = self._joined(self._told, some, said).join(asked, on=self._keys).sort(_ROW).collect()
        for row in found.iter_rows(named=True):
            entry = reasons[row[_WHY]]
            if len(entry.examples) < EXAMPLES:
                text = row[_TEXT] if entry.column == DAY else row[VALUE] or row[TERM]
                entry.examples.append((row[_ROW], str(text or "")[:60]))


def _days(name: str, kind: pl.DataType) -> pl.Expr:
    """A column of days as days since 1970, or what stands for none and for one that cannot be read."""
    column = pl.col(name)
    if kind in (pl.Date, pl.Datetime):
        # Of a moment in a zone the day there.
        return (column.dt.date() if kind == pl.Datetime else column).cast(pl.Int32).fill_null(UNDATED)
    text = column.cast(pl.String).str.strip_chars()
    whole = pl.when(text.str.contains(_ISO_DAY)).then(text.str.head(10)).str.to_date("%Y-%m-%d", strict=False)
    blank = text.fill_null("") == ""
    return pl.when(blank).then(UNDATED).otherwise(whole.cast(pl.Int32).fill_null(NO_DAY)).cast(pl.Int32)


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
