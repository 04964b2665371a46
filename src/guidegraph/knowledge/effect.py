"""When documents and statements are in effect: intervals of days, and where a day lies inside a date known in part."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

#: The day of what ends on a day that cannot be read.
_UNREAD = "0001-01-01"
#: English whatever the place that the software runs at.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class InEffect:
    """When a document or statement is in effect; days as ISO text, "" where there is none.

    Attributes:
        document: the document that a statement or scope is of, "" for a document.
        begins: the first day that it counts.
        ends: the first day that it no longer counts.
        begins_last: the last day on which it may have begun, where its date is known in part.
        ends_first, ends_last: the first and last day on which it may have ended, where that date is known in part.
    """

    document: str = ""
    begins: str = ""
    begins_last: str = ""
    ends: str = ""
    ends_first: str = ""
    ends_last: str = ""

    def issued(self, day: date) -> bool:
        """Whether it is issued at a day."""
        return self.begins <= day.isoformat()

    def ended(self, day: date) -> bool:
        """Whether it is no longer in effect at a day."""
        return bool(self.ends) and self.ends <= day.isoformat()

    @property
    def beginning(self) -> str:
        """Its first day in words: a day, or some day of a month or year."""
        return _some_day(self.begins, self.begins_last or self.begins)

    @property
    def ending(self) -> str:
        """The day on which it ends in words, "" where it does not."""
        return _some_day(self.ends_first or self.ends, self.ends_last or self.ends)

    def doubt(self, day: date) -> str:
        """What is not sure of it at a day, because the day lies inside a date known in part; "" where all is."""
        asked, told = day.isoformat(), []
        if self.begins_last and self.begins <= asked <= self.begins_last:
            told.append(f"in effect from {self.beginning}")
        if self.ends_first and self.ends_first <= asked <= self.ends_last and self.ends != _UNREAD:
            told.append(f"{'ended on' if self.ended(day) else 'in effect until'} {self.ending}")
        return ", ".join(told)


def _some_day(first: str, last: str) -> str:
    """A day, or some day of a month, of a year or between two days."""
    if not first or first == last:
        return first
    year, month = int(first[:4]), int(first[5:7])
    if (first[4:], last[4:]) == ("-01-01", "-12-31") and first[:4] == last[:4]:
        return f"some day in {year}"
    whole = f"{first[:7]}-{calendar.monthrange(year, month)[1]:02}"
    if first.endswith("-01") and last == whole:
        return f"some day in {_MONTHS[month - 1]} {year}"
    return f"some day from {first} to {last}"


def read_intervals(rows: Iterable[tuple[str, ...]]) -> Mapping[str, InEffect]:
    """The intervals of documents and statements by IRI, from the rows of queries/answer/intervals.rq."""
    return {
        node: InEffect(document, begins, begins_last, ends, ends_first, ends_last)
        for node, document, begins, begins_last, ends, ends_first, ends_last in rows
    }


def partly_dated(intervals: Mapping[str, InEffect]) -> list[tuple[str, InEffect]]:
    """The documents with a date known in part, and the statements that have another such date than their document."""

    def parts(interval: InEffect) -> tuple[str, ...]:
        return (interval.begins_last, interval.ends_first, interval.ends_last)

    return [
        (node, interval)
        for node, interval in sorted(intervals.items())
        if any(parts(interval)) and parts(interval) != parts(intervals.get(interval.document, InEffect()))
    ]
