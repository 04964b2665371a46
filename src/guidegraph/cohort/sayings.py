"""What the distinct rows of a long table say: each is read once, by the reader of profiles."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
import polars as pl

from guidegraph.cohort.cells import Cells, strangers
from guidegraph.cohort.columns import EVENT, FACT, LISTED, NUMBER, PROBLEM, Column, Columns
from guidegraph.cohort.facts import Gathered, Mark
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.model import Profile

KEY, TERM, VALUE, AMOUNT = "key", "term", "value", "number"
#: What a row says, without whom it is of and when.
SAID = (KEY, TERM, VALUE, AMOUNT)
#: No subject: rows of it add to each other, such as trials. No effect: the row cannot be read.
NONE = -1
#: What a fact of a therapy that was not tolerated is about.
_BAD = "not_tolerated"


@dataclass(frozen=True)
class Told:
    """What is wrong with a row: the column that names it in messages, and why."""

    column: str
    why: str


class Sayings:
    """The distinct rows of a long table by their number, as arrays (shape: distinct rows).

    Attributes:
        labels: how messages name the thing that a row is about.
        subject: what a row is about, of which the newest counts; NONE where all count.
        content: a number for what it says of its subject.
        alone: whether a subject takes one content at a time.
        effect: which of ``effects`` it has; NONE if it cannot be read.
        effects: the marks of rows that say the same.
        faults: why a row cannot be read, by its number.
        unknown: entries of a row that are not understood, by its number.
        place: where it stands among all, of which those of one subject stand together.
        placed: which stands at each place.

    Args:
        rows: the distinct rows, with the columns of SAID.
        columns: reads keys and terms.
        cells: reads values.
        gathered: says which marks a profile has.
    """

    def __init__(self, rows: pl.DataFrame, columns: Columns, cells: Cells, gathered: Gathered) -> None:
        self._columns, self._cells, self._gathered = columns, cells, gathered
        count = rows.height
        self.subject, self.content, self.effect = (np.full(count, NONE, dtype=np.int32) for _ in range(3))
        self.alone = np.zeros(count, dtype=np.bool_)
        self.labels: list[str] = []
        self.effects: list[tuple[Mark, ...]] = []
        self.faults: dict[int, list[Told]] = {}
        self.unknown: dict[int, list[Told]] = {}
        self._numbers: dict[Hashable, int] = {}
        self._read: dict[tuple[str, str], Column | str] = {}
        for at, row in enumerate(rows.select(SAID).iter_rows()):
            key, term, value, amount = ((text or "").strip() for text in row)
            self._add(at, key, term, value, amount)
        self.placed = np.argsort(self.subject, kind="stable").astype(np.uint32)
        self.place = np.empty(count, dtype=np.uint64)
        self.place[self.placed] = np.arange(count, dtype=np.uint64)

    def _add(self, at: int, key: str, term: str, value: str, amount: str) -> None:
        label = f"{key}: {term}" if term else key
        self.labels.append(label)
        column = self._column(key, term)
        if isinstance(column, str):
            self.faults[at] = [Told(label, column)]
            return
        subject = self._subject(column)
        if subject is not None:
            self.subject[at] = self._number("subject", subject)
            self.alone[at] = column.kind != FACT
        stated = [value] if column.kind == NUMBER else [value or "true"]
        text = "; ".join(filter(None, (*stated, amount)))
        said = self._cells.read(column, text)
        if isinstance(said, str):
            self.faults[at] = [Told(label, said)]
            return
        marks = tuple(self._gathered.marks(said))
        if (effect := self._number("effect", marks)) == len(self.effects):
            self.effects.append(marks)
        self.effect[at] = effect
        self.content[at] = self._number("content", (marks, tuple(said.values.items())))
        unknown = [Told(label, f"not understood: {what}") for what in strangers(said)]
        if unknown:
            self.unknown[at] = unknown

    def _number(self, kind: str, what: Hashable) -> int:
        """The number of something among those of its kind, from 0."""
        count = self._numbers.setdefault(kind, 0)
        number = self._numbers.setdefault((kind, what), count)
        self._numbers[kind] += number == count
        return number

    def _column(self, key: str, term: str) -> Column | str:
        if (key, term) not in self._read:
            try:
                if not key:
                    raise UsageError("the row has no key", mend="Say of which key of a profile it is.")
                if key.casefold() == PROBLEM and term:
                    raise UsageError(
                        "a problem stands as the value", mend=f"Write {term!r} under {VALUE}, and no term."
                    )
                self._read[key, term] = self._columns.entry(key, term, "")
            except GuideGraphError as error:
                self._read[key, term] = error.told
        return self._read[key, term]

    def _subject(self, column: Column) -> Hashable:
        """What a row is about, whatever name it has here; None for events and entries of lists, which add up."""
        if column.kind in (EVENT, LISTED):
            return None
        if column.kind != FACT:
            return column.kind, column.key
        said = self._cells.read(column, "true")
        facts = _classes(said) if isinstance(said, Profile) else frozenset()
        return column.kind, column.key, facts or column.term


def _classes(profile: Profile) -> frozenset[tuple[str, str]]:
    sides = (profile.present, profile.absent, {_BAD: profile.not_tolerated})
    return frozenset((prop, cls) for side in sides for prop, classes in side.items() for cls in classes)
