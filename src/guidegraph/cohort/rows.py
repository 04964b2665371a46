"""Where patients come from: the rows of a table, or profiles that were read one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import polars as pl

from guidegraph.cohort.bits import Mask
from guidegraph.cohort.cells import Cells, Unreadable, strangers, tell
from guidegraph.cohort.columns import IDENTIFIER, IGNORED, Column, Columns, naming
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.sums import added_up
from guidegraph.cohort.tables import BATCH, bare, batches, check_types, named, open_table, repeated
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary

#: Who a patient is, and their profile or why it cannot be read.
Read = tuple[str, Profile | str]
#: Profiles of one batch: each was read by itself, so a batch need not be long.
_PROFILES = 4_096
_TWICE = "the patient stands in several records, of which the first is answered: give one that holds all"
_SEVERAL = "the patient stands in several rows: give each one row, or a long table"


@dataclass(frozen=True)
class Batch:
    """Some patients: who they are, what is stated of them, and whose row cannot be read (shape: patients)."""

    identifiers: pl.Series
    gathered: Gathered
    bad: Mask


class Rows(Protocol):
    """Patients, batch by batch.

    Attributes:
        where: names the source in messages.
        identifier: the name and type of the column that says who a patient is.
        columns: what the columns are read as; none where there are none.
        unread: what could not be read, by where it stands and why.
    """

    where: str
    identifier: tuple[str, pl.DataType]
    columns: Sequence[Column]
    unread: Unreadable

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The patients in their order."""


@runtime_checkable
class Passing(Protocol):
    """Rows that can start later than at the first patient, without reading those before."""

    def pass_over(self, patients: int, names: Sequence[str]) -> None:
        """Start after so many patients; to be said before any is read.

        Args:
            names: of those, where each was read by itself.
        """


class FrameRows:
    """The rows of a table that comes in frames.

    Args:
        frames: its rows, in their order.
        columns: what its columns mean.
        kind: the type of the column that says who a patient is.
        several: of a frame's patients those who stand in several rows of the whole table; more may be named.
        where: names the table in messages.
        first: the number of the first row.
    """

    def __init__(
        self,
        frames: Iterable[pl.DataFrame],
        columns: Sequence[Column],
        kind: pl.DataType,
        several: Callable[[pl.DataFrame], pl.Series],
        where: str,
        first: int = 1,
    ) -> None:
        self._given, self._several, self._first = frames, several, first
        self.where, self.columns = where, columns
        self.identifier: tuple[str, pl.DataType] = (naming(columns), kind)
        self.unread = Unreadable()

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The rows in their order.

        Raises:
            UsageError: the table cannot be read further.
        """
        cells, first, (name, _) = Cells(criteria, vocabulary, self.unread), self._first, self.identifier
        read = [column for column in self.columns if column.kind not in (IDENTIFIER, IGNORED)]
        for frame in self._frames():
            gathered = Gathered(frame.height, criteria, vocabulary)
            bad = self._unnamed(frame, first)
            schema = frame.schema
            quick = [column for column in read if schema[column.name] == pl.Boolean]
            others = [column for column in read if schema[column.name] != pl.Boolean]
            if quick:
                bad |= cells.truths(quick, frame.select(column.name for column in quick), gathered, first)
            for column in others:
                bad |= cells.state(column, frame[column.name], gathered, first)
            batch = Batch(frame[name], gathered, bad)
            first += frame.height
            # Nothing of a batch is held while it is answered, nor while the next one is read.
            del frame, gathered, bad
            yield batch
            del batch

    def _frames(self) -> Iterator[pl.DataFrame]:
        """The table frame by frame."""
        yield from self._given

    def _unnamed(self, frame: pl.DataFrame, first: int) -> Mask:
        """Who has no name, or stands in several rows, of which each knows a part of the facts alone."""
        name, kind = self.identifier
        who = frame.select(named(name, kind).alias(name))[name]
        bad = who.is_null().to_numpy(writable=True)
        if bad.any():
            tell(self.unread, name, "the patient has no identifier", "", bad, first)
        several = self._several(frame)
        if len(several):
            twice = bare(who).is_in(bare(several).implode())
            for one in who.filter(twice).unique(maintain_order=True):
                mask = (who == one).fill_null(False).to_numpy()
                tell(self.unread, name, _SEVERAL, one, mask, first)
                bad |= mask
        return bad


class TableRows(FrameRows):
    """The rows of a table.

    Args:
        path: the table (.parquet, .csv, .tsv).
        vocabulary: what headings may name.
        meanings: what columns mean whose headings do not say it.
        where: names it in messages; the path if "".

    Raises:
        UsageError: the table or a heading cannot be read, or a column is of a type that no cell has.
    """

    def __init__(self, path: Path, vocabulary: Vocabulary, meanings: Mapping[str, str], where: str = "") -> None:
        self._path, self._table = path, open_table(path)
        schema = self._table.collect_schema()
        columns = read_columns(schema, vocabulary, meanings, where or str(path))
        super().__init__((), columns, schema[naming(columns)], lambda frame: self._repeated, where or str(path))
        self._passed = 0

    @cached_property
    def _repeated(self) -> pl.Series:
        return repeated(self._table, *self.identifier, self._path)

    def pass_over(self, patients: int, names: Sequence[str]) -> None:
        """Start after so many rows."""
        self._passed, self._first = patients, 1 + patients

    def _frames(self) -> Iterator[pl.DataFrame]:
        """The table batch by batch, from where it is to start."""
        at, short = self._passed, False
        if self._path.suffix.lower() != ".parquet":
            yield from batches(self._table.slice(at) if at else self._table, self._path)
            return
        # A reading a batch: pages of the file that were read stay mapped for as long as one lasts.
        while not short:
            start = at
            for frame in batches(self._table.slice(start, BATCH), self._path):
                at += frame.height
                yield frame
            short = at - start < BATCH


def read_columns(schema: pl.Schema, vocabulary: Vocabulary, meanings: Mapping[str, str], where: str) -> list[Column]:
    """What the columns of a table with a row a patient mean.

    Args:
        schema: its headings with their types.
        vocabulary: what headings may name.
        meanings: what columns mean whose headings do not say it.
        where: names it in messages.

    Raises:
        UsageError: a heading cannot be read, or a column is of a type that no cell has.
    """
    columns = Columns(vocabulary).read(schema.names(), meanings, where)
    read = (column.name for column in columns if column.kind != IGNORED)
    check_types(schema, naming(columns), read, where)
    return columns


class ProfileRows:
    """Profiles that were read one by one, or why they could not be.

    Args:
        profiles: for each patient who it is, and the profile or the reason; or what reads these, which is not called
            for patients who are passed over.
        where: names the source in messages.
        unread: what could not be read; more is added to it while the profiles are read.
    """

    def __init__(
        self,
        profiles: Iterable[Read | Callable[[], Read]],
        where: str,
        unread: Unreadable,
    ) -> None:
        self._profiles, self.where, self._first = iter(profiles), where, 1
        self._seen: set[str] = set()
        self.identifier: tuple[str, pl.DataType] = ("patient", pl.String())
        self.columns: Sequence[Column] = ()
        self.unread = unread

    def pass_over(self, patients: int, names: Sequence[str]) -> None:
        """Start after so many profiles, of these patients."""
        self._seen.update(names)
        self._first += sum(1 for _ in islice(self._profiles, patients))

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The profiles in their order."""
        first, seen = self._first, self._seen
        while some := [one() if callable(one) else one for one in islice(self._profiles, _PROFILES)]:
            gathered = Gathered(len(some), criteria, vocabulary)
            bad = np.zeros(len(some), dtype=np.bool_)
            for at, (name, profile) in enumerate(some):
                said = _TWICE if name in seen else profile
                seen.add(name)
                if isinstance(said, str):
                    bad[at] = True
                    self._tell(said, name, at, len(some), first)
                    continue
                profile = said
                gathered.state(profile, at)
                for mark in added_up(profile, criteria, vocabulary):
                    gathered.mark(mark, at)
                for text in strangers(profile):
                    self._tell(f"not understood: {text}", name, at, len(some), first, lost=False)
            yield Batch(pl.Series("patient", [name for name, _ in some], dtype=pl.String), gathered, bad)
            first += len(some)

    def _tell(self, what: str, name: str, at: int, patients: int, first: int, lost: bool = True) -> None:
        mask = np.zeros(patients, dtype=np.bool_)
        mask[at] = True
        tell(self.unread, "patient", what, name, mask, first, lost)
