"""Rows of a long table sifted: which count on a day, and which patients cannot be answered for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from guidegraph.cohort.bits import Mask, pack
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.sayings import NONE, Sayings, Told

#: The column of the day of a row, and the days of a row that has none, or one that cannot be read: before any other.
DAY = "date"
UNDATED, NO_DAY = -(2**31), -(2**31) + 1
#: Rows of one reason that are shown.
EXAMPLES = 3
#: Effects that are gathered at a time, each for all patients of a batch.
_EFFECTS = 512
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

    def first(self, shown: int | None) -> Rows:
        """The rows that are shown, so many (all if None): those of the first patients."""
        keys = (self.saying, self.at) if self.day is None else (self.day, self.saying, self.at)
        return self.take(np.lexsort(keys)[:shown])


@dataclass
class Wrong:
    """Rows with one thing wrong: whether their patients are left out for it, how many, and of each saying the first."""

    lost: bool
    count: int = 0
    found: list[Rows] = field(default_factory=list)

    def first(self, shown: int | None) -> Rows:
        """The rows that are shown (:meth:`Rows.first`), whatever they say."""
        at, saying = (np.concatenate([getattr(rows, name) for rows in self.found]) for name in ("at", "saying"))
        days = [rows.day for rows in self.found if rows.day is not None]
        return Rows(at, saying, np.concatenate(days) if days else None).first(shown)


@dataclass
class Sifted:
    """The rows that count.

    Attributes:
        bad: the patients who cannot be answered for (shape: patients).
        wrong: by column and reason what cannot be read, or does not count.
        rows: those that count.
        shown: how many rows of a reason are shown, all if None.
    """

    bad: Mask
    rows: Rows
    shown: int | None = EXAMPLES
    wrong: dict[tuple[str, str], Wrong] = field(default_factory=dict)

    def gather(self, gathered: Gathered, sayings: Sayings) -> Gathered:
        """Add what they say."""
        effects = sayings.effect[self.rows.saying]
        for low in range(0, len(sayings.effects), _EFFECTS):
            some = sayings.effects[low : low + _EFFECTS]
            mine = np.flatnonzero((effects >= low) & (effects < low + len(some)))
            held = np.zeros((len(some), self.bad.size), dtype=np.bool_)
            held[effects[mine] - low, self.rows.at[mine]] = True
            for marks, who in zip(some, held, strict=True):
                plane = pack(who)
                for mark in marks if plane.any() else ():
                    gathered.mark_plane(mark, plane)
        return gathered

    def note(self, told: Told, rows: Rows, lost: bool) -> None:
        """Say what is wrong with some rows; where ``lost``, their patients are left out."""
        if rows.at.size:
            wrong = self.wrong.setdefault((told.column, told.why), Wrong(lost))
            wrong.found.append(rows.first(self.shown))
            wrong.count += rows.at.size
            self.bad[rows.at] |= lost


def sift(rows: Rows, sayings: Sayings, today: int, patients: int, shown: int | None = EXAMPLES) -> Sifted:
    """The rows of some patients that count on a day.

    Rows of later days do not. Of the rows of one subject those of the newest day do, and those without a day, which
    may be as new. A patient with a row that cannot be read, or of whom two different things are said at once, is bad.

    Args:
        rows: all their rows.
        sayings: what the distinct rows say.
        today: the day, as days since 1970.
        patients: how many they are.
        shown: how many rows of a reason are shown, all if None.
    """
    sifted = Sifted(np.zeros(patients, dtype=np.bool_), rows, shown=shown)
    if rows.day is not None:
        unread, later = rows.day == NO_DAY, rows.day > today
        sifted.note(Told(DAY, "no day: write it as 2026-01-31"), rows.take(unread), True)
        day = np.datetime64(today, "D")
        sifted.note(Told(DAY, f"after {day}: the row is passed over"), rows.take(later), False)
        rows = _of(rows, ~(unread | later))
    rows = _in_order(rows, sayings)
    if rows.day is not None:
        rows = _of(rows, _newest(rows, sayings))
    sifted.rows = rows
    _note_each(sifted, sayings.faults, lost=True)
    _note_each(sifted, sayings.unknown, lost=False)
    for saying, mine in _each(rows.take(_at_once(rows, sayings))):
        sifted.note(Told(sayings.labels[saying], "different things at once: date them, or leave one"), mine, True)
    return sifted


def _of(rows: Rows, mask: Mask) -> Rows:
    """Those of a mask; nothing is copied where these are all."""
    return rows if mask.all() else rows.take(mask)


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


def _in_order(rows: Rows, sayings: Sayings) -> Rows:
    """Rows by patient and by what they are about."""
    days, low = 0, 0
    if rows.day is not None:
        dated = rows.day[rows.day != UNDATED]
        if dated.size:
            low = int(dated.min())
            days = int(dated.max()) - low + 1
    bits, places = days.bit_length(), sayings.subject.size.bit_length()
    # Numbers are sorted several times as fast as positions are by them: a row is one number, and read from it again.
    number = (rows.at.astype(np.uint64) << np.uint64(places)) | sayings.place[rows.saying]
    if bits and rows.day is not None:
        number = (number << np.uint64(bits)) | np.where(rows.day == UNDATED, 0, rows.day - low + 1).astype(np.uint64)
    number.sort()
    day = None
    if rows.day is not None:
        code = (number & np.uint64((1 << bits) - 1)).astype(np.int32)
        day = np.where(code == 0, np.int32(UNDATED), code + np.int32(low - 1))
        number >>= np.uint64(bits)
    saying = sayings.placed[number & np.uint64((1 << places) - 1)]
    return Rows((number >> np.uint64(places)).astype(np.uint32), saying, day)


def _groups(rows: Rows, sayings: Sayings) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where the rows of each subject of each patient start, and how many they are; the rows are in order."""
    subject = sayings.subject[rows.saying]
    begins = np.ones(rows.at.size, dtype=np.bool_)
    begins[1:] = (subject[1:] != subject[:-1]) | (rows.at[1:] != rows.at[:-1])
    starts = np.flatnonzero(begins)
    return starts, np.diff(starts, append=begins.size)


def _newest(rows: Rows, sayings: Sayings) -> Mask:
    """Which rows are of the newest day of their subject, or have no subject or no day; the rows are in order."""
    assert rows.day is not None
    starts, counts = _groups(rows, sayings)
    newest = np.maximum.reduceat(rows.day, starts) if starts.size else rows.day
    kept: Mask = (rows.day == np.repeat(newest, counts)) | (rows.day == UNDATED)
    kept |= sayings.subject[rows.saying] == NONE
    return kept


def _at_once(rows: Rows, sayings: Sayings) -> Mask:
    """Which rows say of a subject, that is one thing at a time, something else than another row; they are in order."""
    found = np.zeros(rows.at.size, dtype=np.bool_)
    alone = np.flatnonzero((sayings.alone & (sayings.effect != NONE))[rows.saying])
    if not alone.size:
        return found
    some = rows.take(alone)
    starts, counts = _groups(some, sayings)
    content = sayings.content[some.saying]
    other = content != np.repeat(content[starts], counts)
    found[alone] = np.repeat(np.logical_or.reduceat(other, starts), counts)
    return found
