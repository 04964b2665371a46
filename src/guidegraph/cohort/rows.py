"""Where patients come from: the rows of a table, or profiles that were read one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import polars as pl

from guidegraph.cohort.bits import Mask
from guidegraph.cohort.cells import Cells, Told, passed_over, tell
from guidegraph.cohort.columns import IDENTIFIER, IGNORED, Column, Columns, naming
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.tables import batches, open_table
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary

#: Profiles of one batch: each was read by itself, so a batch need not be long.
_PROFILES = 4_096


@dataclass(frozen=True)
class Batch:
    """Some patients: who they are, what is stated of them, and whose row cannot be read (shape: patients).

    ``first`` is the number by which messages call the first of them.
    """

    identifiers: pl.Series
    gathered: Gathered
    bad: Mask
    first: int


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
    unread: Told

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The patients in their order."""


class FrameRows:
    """The rows of a table that comes in frames.

    Args:
        frames: its rows, in their order.
        columns: what its columns mean.
        kind: the type of the column that says who a patient is.
        where: names the table in messages.
        first: the number of the first row.
    """

    def __init__(
        self, frames: Iterable[pl.DataFrame], columns: Sequence[Column], kind: pl.DataType, where: str, first: int = 1
    ) -> None:
        self._frames, self._first = frames, first
        self.where, self.columns = where, columns
        self.identifier: tuple[str, pl.DataType] = (naming(columns), kind)
        self.unread = Told()

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The rows in their order.

        Raises:
            UsageError: the table cannot be read further.
        """
        cells, first, (name, _) = Cells(criteria, vocabulary, self.unread), self._first, self.identifier
        read = [column for column in self.columns if column.kind not in (IDENTIFIER, IGNORED)]
        for frame in self._frames:
            gathered = Gathered(frame.height, criteria, vocabulary)
            bad = frame[name].is_null().to_numpy().copy()
            if bad.any():
                tell(self.unread, name, "the patient has no identifier", "", bad, first)
            for column in read:
                bad |= cells.state(column, frame[column.name], gathered, first)
            yield Batch(frame[name], gathered, bad, first)
            first += frame.height


class TableRows(FrameRows):
    """The rows of a table.

    Args:
        path: the table (.parquet, .csv, .tsv).
        vocabulary: what headings may name.
        meanings: what columns mean whose headings do not say it.

    Raises:
        UsageError: the table or a heading cannot be read.
    """

    def __init__(self, path: Path, vocabulary: Vocabulary, meanings: Mapping[str, str]) -> None:
        table = open_table(path)
        schema = table.collect_schema()
        columns = Columns(vocabulary).read(schema.names(), meanings, str(path))
        super().__init__(batches(table, path), columns, schema[naming(columns)], str(path))


class ProfileRows:
    """Profiles that were read one by one, or why they could not be.

    Args:
        profiles: for each patient who it is, and the profile or the reason.
        where: names the source in messages.
    """

    def __init__(self, profiles: Iterable[tuple[str, Profile | str]], where: str) -> None:
        self._profiles, self.where = iter(profiles), where
        self.identifier: tuple[str, pl.DataType] = ("patient", pl.String())
        self.columns: Sequence[Column] = ()
        self.unread = Told()

    def batches(self, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Batch]:
        """The profiles in their order."""
        first = 1
        while some := list(islice(self._profiles, _PROFILES)):
            gathered = Gathered(len(some), criteria, vocabulary)
            bad = np.zeros(len(some), dtype=np.bool_)
            for at, (name, profile) in enumerate(some):
                if isinstance(profile, str):
                    bad[at] = True
                    self._tell(profile, name, at, len(some), first)
                    continue
                gathered.state(profile, at)
                for text in passed_over(profile):
                    self._tell(text, name, at, len(some), first)
            yield Batch(pl.Series("patient", [name for name, _ in some], dtype=pl.String), gathered, bad, first)
            first += len(some)

    def _tell(self, what: str, name: str, at: int, patients: int, first: int) -> None:
        mask = np.zeros(patients, dtype=np.bool_)
        mask[at] = True
        tell(self.unread, "patient", what, name, mask, first)
