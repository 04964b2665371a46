"""Days and moments of records: whole, partial, with or without a time zone; compared only where they can be."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

_FORM = re.compile(
    r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,12})?)?(Z|[+-]\d{2}:\d{2})?)?)?)?\Z",
    re.ASCII,
)
_LONGEST = 40
#: How far apart two clocks can be that show the same moment, where the zone of one is not known.
FARTHEST = timedelta(hours=26)


@dataclass(frozen=True)
class Moment:
    """A point in time as a record writes it: the first and last moment that it can mean, by the clock of the record.

    ``instant`` is the moment in UTC, where the record gives a time with its zone.
    """

    text: str
    first: datetime
    last: datetime
    instant: datetime | None = None

    @property
    def timed(self) -> bool:
        """Whether it is a time of a day."""
        return self.first == self.last

    @property
    def loose(self) -> bool:
        """Whether its zone is not known."""
        return self.instant is None

    @property
    def day(self) -> date | None:
        """The day, where the record gives one."""
        return self.first.date() if self.first.date() == self.last.date() else None

    def after(self, other: Moment) -> bool | None:
        """Whether this is later than the other; None where that cannot be told (or they are the same moment)."""
        if self.instant is not None and other.instant is not None:
            return None if self.instant == other.instant else self.instant > other.instant
        if self.loose != other.loose and self.timed and other.timed and abs(self.first - other.first) <= FARTHEST:
            return None
        if self.first > other.last:
            return True
        return False if other.first > self.last else None


def moment(text: object) -> Moment:
    """Read a FHIR date, dateTime or instant, or a date or timestamp of a table.

    Raises:
        ValueError: it is none, or no day of the calendar.
    """
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise ValueError(f"{str(text)[:40]!r} is no date")
    return _moment(text)


@lru_cache(8192)
def _moment(text: str) -> Moment:
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"{text!r} is no date")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    first = datetime(year, month, day)
    if match[2] is None:
        last_day = date(year, 12, 31)
    elif match[3] is None:
        last_day = date(year, month, monthrange(year, month)[1])
    else:
        last_day = date(year, month, day)
    last = datetime.combine(last_day, time(23, 59, 59))
    if match[4] is None:
        return Moment(match[0], first, last)
    # A leap second is the last second of its minute here.
    first = datetime(year, month, day, int(match[4]), int(match[5]), min(int(match[6] or 0), 59))
    return Moment(match[0], first, first, _instant(first, match[7]))


def _instant(local: datetime, zone: str | None) -> datetime | None:
    if zone is None:
        return None
    if zone == "Z":
        return local.replace(tzinfo=UTC)
    hours, minutes = int(zone[1:3]), int(zone[4:])
    if hours > 14 or minutes > 59:
        raise ValueError(f"{zone!r} is no time zone")
    shift = timedelta(hours=hours, minutes=minutes)
    try:
        return (local - shift if zone[0] == "+" else local + shift).replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("no day of the calendar") from None


def age(birth: Moment, on: date) -> tuple[int, int]:
    """The least and the greatest age in completed years on a day, which differ where the birth date is partial.

    Raises:
        ValueError: the birth is after the day.
    """
    if birth.first.date() > on:
        raise ValueError(f"born on {birth.text}, after {on}")
    return _years(min(birth.last.date(), on), on), _years(birth.first.date(), on)


def _years(born: date, on: date) -> int:
    # Somebody born on 29 February completes a year on 1 March of a year without that day.
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
