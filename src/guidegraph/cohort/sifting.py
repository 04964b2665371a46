"""Rows of a long table sifted: which count on a day, and which patients cannot be answered for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from guidegraph.cohort.bits import Mask
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.sayings import NONE, Sayings, Told

#: The column of the day of a row, and the days of a row that has none, or one that cannot be read: before any other.
DAY = "date"
UNDATED, NO_DAY = -(2**31), -(2**31) + 1
#: Rows of one reason that are shown.
EXAMPLES = 3
Whole = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Rows:
    """Rows of some patients, in any order (shape: rows).

    ``at`` is whose each is by position, ``saying`` which of the distinct rows it is, ``day`` its day as days since 1970
    (or UNDATED, NO_DAY), None where the table has no days.
    """

    at: npt.NDArray[np.uint32]
    saying: npt.NDArray[np.uint32]
    day: Whole | None

    def take(self, chosen: npt.NDArray[Any]) -> Rows:
        """Some of them, by a mask or by position."""
        return Rows(self.at[chosen], self.saying[chosen], None if self.day is None else self.day[chosen])

    def first(self) -> Rows:
        """The rows that are shown: of the first patients."""
        keys = (self.saying, self.at) if self.day is None else (self.day, self.saying, self.at)
        return self.take(np.lexsort(keys)[:EXAMPLES])


@dataclass
class Wrong:
    """Rows with one thing wrong: whether their patients are left out for it, how many, and the first of them."""

    lost: bool
    count: int
    rows: Rows


@dataclass
class Sifted:
    """The rows that count.

    Attributes:
        bad: the patients who cannot be answered for (shape: patients).
        wrong: by column and reason what cannot be read, or does not count.
        rows: those that count.
    """

    bad: Mask
    rows: Rows
    wrong: dict[tuple[str, str], Wrong] = field(default_factory=dict)

    def gather(self, gathered: Gathered, sayings: Sayings) -> Gathered:
        """Add what they say."""
        effects = sayings.effect[self.rows.saying]
        order = np.argsort(effects.astype(np.uint16) if len(sayings.effects) < 65_535 else effects, kind="stable")
        at, effects = self.rows.at[order], effects[order]
        cuts = np.flatnonzero(np.diff(effects, prepend=NONE - 1, append=NONE - 1))
        for low, high in pairwise(cuts):
            if (effect := int(effects[low])) == NONE:
                continue
            mask = np.zeros(self.bad.size, dtype=np.bool_)
            mask[at[low:high]] = True
            for mark in sayings.effects[effect]:
                gathered.mark(mark, mask)
        return gathered

    def note(self, told: Told, rows: Rows, lost: bool) -> None:
        """Say what is wrong with some rows; where ``lost``, their patients are left out."""
        if rows.at.size:
            key, first = (told.column, told.why), rows.first()
            wrong = self.wrong.setdefault(key, Wrong(lost, 0, first))
            wrong.count += rows.at.size
            self.bad[rows.at] |= lost


def sift(rows: Rows, sayings: Sayings, today: int, patients: int) -> Sifted:
    """The rows of some patients that count on a day.

    Rows of later days do not. Of the rows of one subject those of the newest day do, and those without a day, which
    may be as new. A patient with a row that cannot be read, or of whom two different things are said at once, is bad.

    Args:
        rows: all their rows.
        sayings: what the distinct rows say.
        today: the day, as days since 1970.
        patients: how many they are.
    """
    sifted = Sifted(np.zeros(patients, dtype=np.bool_), rows)
    if rows.day is not None:
        unread, later = rows.day == NO_DAY, rows.day > today
        sifted.note(Told(DAY, "no day: write it as 2026-01-31"), rows.take(unread), True)
        day = np.datetime64(today, "D")
        sifted.note(Told(DAY, f"after {day}: the row is passed over"), rows.take(later), False)
        rows = rows.take(~(unread | later))
        rows = rows.take(_newest(rows, sayings))
    sifted.rows = rows
    _note_each(sifted, sayings.faults, lost=True)
    _note_each(sifted, sayings.unknown, lost=False)
    for saying, mine in _each(rows.take(_at_once(rows, sayings))):
        sifted.note(Told(sayings.labels[saying], "different things at once: date them, or leave one"), mine, True)
    return sifted


def _note_each(sifted: Sifted, told: Mapping[int, Sequence[Told]], lost: bool) -> None:
    if told:
        numbers = np.fromiter(told, dtype=np.uint32)
        for saying, mine in _each(sifted.rows.take(np.isin(sifted.rows.saying, numbers))):
            for one in told[saying]:
                sifted.note(one, mine, lost)


def _each(rows: Rows) -> Iterator[tuple[int, Rows]]:
    """The rows of each saying."""
    order = np.argsort(rows.saying, kind="stable")
    cuts = np.flatnonzero(np.diff(rows.saying[order], prepend=NONE, append=NONE))
    for low, high in pairwise(cuts):
        yield int(rows.saying[order[low]]), rows.take(order[low:high])


def _keys(rows: Rows, sayings: Sayings) -> npt.NDArray[np.int64]:
    """Of whom and what each row is, as one number."""
    return rows.at.astype(np.int64) * (sayings.subjects + 1) + sayings.subject[rows.saying]


def _newest(rows: Rows, sayings: Sayings) -> Mask:
    """Which rows are of the newest day of their subject, or have no subject or no day."""
    assert rows.day is not None
    kept: Mask = (sayings.subject[rows.saying] == NONE) | (rows.day == UNDATED)
    rest = np.flatnonzero(~kept)
    if not rest.size:
        return kept
    dated = rows.take(rest)
    assert dated.day is not None
    keys, first = _keys(dated, sayings), int(dated.day.min())
    span = int(dated.day.max()) - first + 1
    order = np.argsort(keys * span + (dated.day - first))
    keys, days = keys[order], dated.day[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    ends = np.append(starts[1:], keys.size)
    kept[rest[order]] = np.repeat(days[ends - 1], ends - starts) == days
    return kept


def _at_once(rows: Rows, sayings: Sayings) -> Mask:
    """Which rows say of a subject, that is one thing at a time, something else than another row does."""
    found = np.zeros(rows.at.size, dtype=np.bool_)
    alone = np.flatnonzero(sayings.alone[rows.saying] & (sayings.effect[rows.saying] != NONE))
    if not alone.size:
        return found
    some = rows.take(alone)
    keys, contents = _keys(some, sayings), int(sayings.content.max()) + 1
    distinct = np.unique(keys * contents + sayings.content[some.saying]) // contents
    twice = distinct[1:][distinct[1:] == distinct[:-1]]
    found[alone] = np.isin(keys, twice)
    return found
