"""The cells of a table as facts: each distinct cell is read once, by the reader of profiles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from guidegraph.cohort.bits import Mask
from guidegraph.cohort.columns import COMPLETE, EVENT, FACT, LISTED, NUMBER, PROBLEM, Column
from guidegraph.cohort.facts import Gathered
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary
from guidegraph.profile.parse import parse_value
from guidegraph.profile.strict import from_plain
from guidegraph.termreadings import plain

#: Words of a cell that says whether something is so.
_YES, _NO = ("true", "yes", "1", "present", "1.0"), ("false", "no", "0", "absent", "0.0")
#: What the number of an event counts, by the key of its list.
_COUNTED = {"trials": "weeks", "stopped_medications": "days"}
#: What stands between the entries of a list in one cell.
_BETWEEN = ";"
_EXAMPLES = 3
_PASSED_OVER = "not understood: "


@dataclass
class Unread:
    """Cells that could not be read, or entries that are not understood: how many, and the first rows that have one."""

    column: str
    what: str
    count: int = 0
    examples: list[tuple[int, str]] = field(default_factory=list)

    @property
    def passed_over(self) -> bool:
        """Whether the rows count without it, as entries do that are not understood."""
        return self.what.startswith(_PASSED_OVER)

    def tell(self, rows: npt.NDArray[np.int64], text: str) -> None:
        """Count rows (by number, in order) in which a text stands."""
        self.add(rows.size, [(int(row), text) for row in rows[:_EXAMPLES]])

    def add(self, count: int, examples: Iterable[tuple[int, str]]) -> None:
        """Count more of them, of which these are the first."""
        self.count += count
        self.examples = sorted([*self.examples, *examples])[:_EXAMPLES]


class Told(dict[tuple[str, str], Unread]):
    """What could not be read, by where it stands and why."""

    def __missing__(self, key: tuple[str, str]) -> Unread:
        self[key] = Unread(*key)
        return self[key]

    def in_order(self) -> list[Unread]:
        """All of it, by the first row that has it."""
        return sorted(self.values(), key=lambda entry: (*entry.examples[:1], entry.column, entry.what))


def tell(unread: Told, column: str, what: str, value: object, mask: Mask, first: int) -> None:
    """Count what could not be read, with the first rows that have it.

    Args:
        unread: what is known so far; it is added to.
        column, what, value: where it stands, why it cannot be read, and what it is.
        mask: who has it (shape: patients of a batch).
        first: the number of the first row of the batch.
    """
    unread[column, what].tell(first + np.flatnonzero(mask), str(value)[:60])


def passed_over(profile: Profile) -> list[str]:
    """What of a profile is not understood, each once, whichever lists it may belong in."""
    return [f"{_PASSED_OVER}{text}" for text in dict.fromkeys(text for _, text in profile.not_understood)]


class Cells:
    """Reads the cells of columns, each distinct one once for all batches.

    Args:
        criteria: between which bounds numbers are told apart.
        vocabulary: the terms.
        unread: by column and reason what could not be read; it is added to.
    """

    def __init__(self, criteria: Criteria, vocabulary: Vocabulary, unread: Told) -> None:
        self._criteria, self._vocabulary = criteria, vocabulary
        self._known: dict[tuple[str, str, str, str], Profile | str] = {}
        self.unread = unread

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
            said = self._read(column, value)
            if isinstance(said, str):
                bad |= mask
                tell(self.unread, column.name, said, value, mask, first)
                continue
            gathered.state(said, mask)
            for text in passed_over(said):
                tell(self.unread, column.name, text, value, mask, first)
        return bad

    def _read(self, column: Column, value: Any) -> Profile | str:
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
                self._known[key] = f"{error.what} {error.mend}".strip()
        return self._known[key]

    def _numbers(self, column: Column, cells: pl.Series, gathered: Gathered, first: int) -> Mask:
        """Numbers of a binary type: each is the shortest decimal that it is written by."""
        assert column.row is not None
        values = cells.cast(pl.Float64).to_numpy()
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
                values[off][0],
                off,
                first,
            )
        known &= ~off
        if row.iri in self._criteria.numbers:
            pieces = _pieces(values, self._criteria.numbers[row.iri])
            for at in np.unique(pieces[known]):
                gathered.mark(("values", (row.iri, int(at))), known & (pieces == at))
        return off


def _pieces(values: np.ndarray[Any, Any], cuts: Any) -> np.ndarray[Any, Any]:
    """In which piece of a number each value lies, by position.

    A double stands for the shortest decimal that reads back as it, and these are in the order of the doubles: only a
    value that is the double of a bound is compared with the bound itself.
    """
    found = np.full(values.shape, -1, dtype=np.int64)
    for bound, after in cuts:
        if bound.is_infinite():
            found += 1
            continue
        near = float(bound)
        shortest = Decimal(repr(near))
        reached = shortest > bound or (shortest == bound and not after)
        found += values >= near if reached else values > near
    return found


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
    try:
        return {key: Decimal(text)}
    except InvalidOperation:
        return "no number: write it like 12 or 12.5"


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
        try:
            told[_COUNTED[column.key]] = Decimal(part)
        except InvalidOperation:
            told["outcome"] = part
    return {column.key: {side: [told]}}
