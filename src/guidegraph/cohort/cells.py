"""The cells of a table as facts: each distinct cell is read once, by the reader of profiles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import repeat
from typing import Any

import numpy as np
import polars as pl

from guidegraph.cohort.arrowbits import truths
from guidegraph.cohort.bits import Mask, Plane, pack, unpack
from guidegraph.cohort.columns import COMPLETE, EVENT, FACT, LISTED, NUMBER, PROBLEM, Column
from guidegraph.cohort.facts import Gathered, Mark
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary
from guidegraph.profile.parse import parse_value
from guidegraph.profile.strict import from_plain
from guidegraph.termreadings import Bound, plain

#: Words of a cell that says whether something is so.
_YES, _NO = ("true", "yes", "1", "present", "1.0"), ("false", "no", "0", "absent", "0.0")
#: What the number of an event counts, by the key of its list.
_COUNTED = {"trials": "weeks", "stopped_medications": "days"}
#: What stands between the entries of a list in one cell.
_BETWEEN = ";"
#: A number as a cell has it; what is beyond is said with its reason by the reader of profiles.
_PLAIN = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass
class Unread:
    """Cells that could not be read, or entries that are not understood: how many, and examples with their rows."""

    column: str
    what: str
    #: Whether the row is left out for it.
    lost: bool = True
    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)


class Unreadable(dict[tuple[str, str], Unread]):
    """What could not be read, by where it stands and why.

    Attributes:
        reasons: how many reasons are told one by one.
        rows: of how many rows, the first, each has the examples; of all of them if None.
    """

    reasons: int = 1_000
    rows: int | None = 3

    def add(self, entry: Unread, count: int, examples: Iterable[tuple[int, str]]) -> None:
        """Count more rows with a reason; of these examples are the first."""
        entry.count += count
        entry.examples += examples
        if self.rows is not None:
            entry.examples = sorted(entry.examples)[: self.rows]


def tell(
    unread: Unreadable,
    column: str,
    what: str,
    value: object,
    mask: Mask,
    first: int,
    lost: bool = True,
) -> None:
    """Count what could not be read, with the first rows that have it.

    Args:
        unread: what is known so far; it is added to.
        column, what, value: where it stands, why it cannot be read, and what it is; what each has, if an array.
        mask: who has it (shape: patients of a batch).
        first: the number of the first row of the batch.
        lost: whether their rows are left out for it.
    """
    rows = np.flatnonzero(mask)
    texts = value[rows[: unread.rows]] if isinstance(value, np.ndarray) else repeat(value)
    examples = [(first + int(row), str(text)[:60]) for row, text in zip(rows[: unread.rows], texts, strict=False)]
    unread.add(reason(unread, column, what, lost), rows.size, examples)


def reason(unread: Unreadable, column: str, what: str, lost: bool) -> Unread:
    """Where a reason is counted: each by itself, until there are so many that nobody reads them."""
    if (column, what) not in unread and len(unread) >= unread.reasons:
        column, what = "others", f"more than {unread.reasons:,} reasons: the rest is told as one"
        lost = lost or ((column, what) in unread and unread[column, what].lost)
        unread.setdefault((column, what), Unread(column, what)).lost = lost
    return unread.setdefault((column, what), Unread(column, what, lost))


def strangers(profile: Profile) -> list[str]:
    """The entries of a profile that are not understood, each once, whatever lists it could stand in."""
    return list(dict.fromkeys(text for _, text in profile.not_understood))


class Cells:
    """Reads the cells of columns, each distinct one once for all batches.

    Args:
        criteria: between which bounds numbers are told apart.
        vocabulary: the terms.
        unread: by column and reason what could not be read; it is added to.
    """

    def __init__(self, criteria: Criteria, vocabulary: Vocabulary, unread: Unreadable) -> None:
        self._criteria, self._vocabulary = criteria, vocabulary
        self._known: dict[tuple[str, str, str, str], Profile | str] = {}
        self._marks: dict[tuple[str, bool], tuple[Mark, ...]] = {}
        self.unread = unread

    def truths(self, columns: Sequence[Column], frame: pl.DataFrame, gathered: Gathered, first: int) -> Mask:
        """Add what columns of truth values say, as :meth:`state` does cell by cell; who has a cell that cannot be read.

        Args:
            columns: what they mean, in their order.
            frame: the columns, each of truth values (Boolean).
            gathered, first: see :meth:`state`.
        """
        bad = np.zeros(frame.height, dtype=np.bool_)
        for column, planes in zip(columns, truths(frame), strict=True):
            for value, plane in zip((True, False), planes, strict=True):
                if not plane.any():
                    continue
                said = self.read(column, value)
                if isinstance(said, str) or said.not_understood:
                    bad |= self._say(column, value, unpack(plane, frame.height), gathered, first)
                    continue
                # What one value of a column states is asked for once for all batches.
                if (column.name, value) not in self._marks:
                    self._marks[column.name, value] = tuple(gathered.marks(said))
                for mark in self._marks[column.name, value]:
                    gathered.mark_plane(mark, plane)
        return bad

    def state(self, column: Column, cells: pl.Series, gathered: Gathered, first: int) -> Mask:
        """Add what the cells of a column say; who has one that cannot be read (shape: patients).

        Args:
            column: what it means.
            cells: a cell a patient; a null or NaN says nothing.
            gathered: what they are added to.
            first: the number of the first row, for messages.
        """
        bad = np.zeros(len(cells), dtype=np.bool_)
        if cells.dtype == pl.Null:
            return bad
        if column.kind == NUMBER and cells.dtype.is_numeric() and not cells.dtype.is_decimal():
            return self._numbers(column, cells, gathered, first)
        for value, mask in _distinct(cells):
            bad |= self._say(column, value, mask, gathered, first)
        return bad

    def _say(self, column: Column, value: Any, mask: Mask, gathered: Gathered, first: int) -> Mask:
        """Add what one value says to those who have it; these, if it cannot be read."""
        said = self.read(column, value)
        if isinstance(said, str):
            tell(self.unread, column.name, said, value, mask, first)
            return mask
        gathered.state(said, mask)
        for text in strangers(said):
            tell(self.unread, column.name, f"not understood: {text}", value, mask, first, lost=False)
        return np.zeros_like(mask)

    def read(self, column: Column, value: Any) -> Profile | str:
        """What a cell says, or why it cannot be read."""
        key = (column.kind, column.key, column.term, f"{type(value).__name__} {value}")
        if key not in self._known:
            try:
                said = _entry(column, value)
                if isinstance(said, str):
                    self._known[key] = said
                else:
                    self._known[key] = parse_value(from_plain(said, column.name), self._vocabulary)
            except GuideGraphError as error:
                self._known[key] = error.told
        return self._known[key]

    def _numbers(self, column: Column, cells: pl.Series, gathered: Gathered, first: int) -> Mask:
        """Numbers of a binary type: each is the shortest decimal that it is written by."""
        assert column.row is not None
        # A number of half the width has decimals of its own: it is compared as it is.
        single = cells.dtype.is_float() and cells.dtype != pl.Float64
        values = cells.cast(pl.Float32 if single else pl.Float64).to_numpy()
        known = ~np.isnan(values)
        row = column.row
        low, high = (float(end) if end is not None else None for end in (row.low, row.high))
        off: Mask = known & ~np.isfinite(values)
        off |= known & (values < low) if low is not None else off
        off |= known & (values > high) if high is not None else off
        if off.any():
            ends = f"between {plain(row.low or Decimal(0))} and {plain(row.high)}" if row.high is not None else "finite"
            tell(
                self.unread,
                column.name,
                f"not plausible: it must be {ends} {row.unit}".rstrip(),
                values,
                off,
                first,
            )
        known &= ~off
        if row.iri in self._criteria.numbers:
            for at, plane in enumerate(_pieces(values, known, self._criteria.numbers[row.iri])):
                if plane.any():
                    gathered.mark_plane(("values", (row.iri, at)), plane)
        return off


def _pieces(values: np.ndarray[Any, Any], known: Mask, cuts: Sequence[Bound]) -> Iterator[Plane]:
    """For each piece of a number, the lowest first, those of the known whose value lies in it.

    A binary number stands for the shortest decimal that reads back as it, and these are in the order of the numbers:
    only a value that is the binary number of a bound is compared with the bound itself.
    """
    left = pack(known)
    for bound, after in cuts[1:]:
        near = values.dtype.type(float(bound))
        shortest = Decimal(str(near))
        reached = shortest > bound or (shortest == bound and not after)
        beyond = pack(values >= near if reached else values > near) & left
        yield left & ~beyond
        left = beyond
    yield left


def _distinct(cells: pl.Series) -> Iterator[tuple[Any, Mask]]:
    """Each distinct value with those who have it; nulls and NaN are no value."""
    if cells.dtype.is_float():
        cells = cells.fill_nan(None)
    for value in cells.drop_nulls().unique().sort().to_list():
        yield value, (cells == value).fill_null(False).to_numpy()


def _entry(column: Column, value: Any) -> Mapping[str, Any] | str:
    """What a cell says as keys of a profile, or why it cannot be read. A blank text says nothing."""
    if isinstance(value, str) and not value.strip():
        return {}
    key, text = column.key, str(value).strip()
    truth = _truth(text)
    if column.kind == NUMBER:
        return _number(key, text)
    if column.kind == FACT:
        return _yes_or_no(truth) or {key: {"present" if truth else "absent": [column.term]}}
    if column.kind == COMPLETE:
        return _yes_or_no(truth) or {key: {"complete": bool(truth)}}
    if column.kind == EVENT:
        return _event(column, text)
    if column.kind == PROBLEM:
        return {"problems": [{"of": text}]}
    if column.kind == LISTED:
        return {key: [entry.strip() for entry in text.split(_BETWEEN) if entry.strip()]}
    return {key: text if truth is None else truth}


def _truth(text: str) -> bool | None:
    """What a word of a cell says, None for any other text."""
    return True if text.casefold() in _YES else False if text.casefold() in _NO else None


def _yes_or_no(truth: bool | None) -> str:
    return "" if truth is not None else "neither true nor false: write true or false, and nothing for unknown"


def _number(key: str, text: str) -> Mapping[str, Any] | str:
    # Python takes other digits, marks between them and powers of ten for a number as well.
    if not _PLAIN.fullmatch(text):
        return "no number: write it like 12 or 12.5, without a sign"
    # A decimal type writes every place that it has.
    return {key: Decimal(text.rstrip("0").rstrip(".") if "." in text else text)}


def _numeric(text: str) -> bool:
    """Whether a text is a number in a spelling that is not read."""
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _event(column: Column, text: str) -> Mapping[str, Any] | str:
    """A trial by its outcome and its weeks ("failed; 6"), a stopped drug by its days; true: it was, false: never."""
    told: dict[str, Any] = {"of": column.term}
    side = "present"
    for part in filter(None, map(str.strip, text.split(_BETWEEN))):
        truth = _truth(part)
        # A lone 1 is a number of weeks or days here.
        if truth is not None and part.isalpha():
            side = "present" if truth else "absent"
            continue
        counted = _number(_COUNTED[column.key], part)
        if not isinstance(counted, str):
            told |= counted
        elif column.key == "trials" and not _numeric(part):
            told["outcome"] = part
        else:
            return counted
    return {column.key: {side: [told]}}
