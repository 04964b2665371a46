"""Days as other people write them, and how they are written here."""

from __future__ import annotations

import re
from datetime import date, timedelta

#: Days are counted from here in workbooks.
_EPOCH = date(1899, 12, 30)
_FORMS = "Write 2020, 2020-11 or 2020-11-30: year, month, day."
#: Days as other people write them: day.month.year, or with other marks between.
_GERMAN = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\Z")
_MARKED = re.compile(r"(\d{1,4})[/.\-\u2013](\d{1,2})[/.\-\u2013](\d{1,4})\Z")
_MONTH = re.compile(r"(\d{4})[/.\-\u2013](\d{1,2})\Z|(\d{1,2})[/.\-\u2013](\d{4})\Z|(\d{4})(\d{2})(\d{2})?\Z")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = re.compile(r"(?:(\d{1,2})\.?\s+)?([A-Za-z]{3,9})\.?,?\s+(?:(\d{1,2}),?\s+)?(\d{4})\Z")


def date_mend(text: str) -> str:
    """How a text that is no date as it is written here may be meant, as a sentence."""
    if re.fullmatch(r"\d{5}", text):
        meant = (_EPOCH + timedelta(days=int(text))).isoformat()
        return f"A workbook counts days so; if {meant} is meant, write that."
    meant = _meant(text)
    return f"Write {meant}." if meant else _FORMS


def _meant(text: str) -> str:
    """The date that a text surely means, "" if there is none or more than one."""
    found = _GERMAN.match(text) or _MARKED.match(text)
    if found:
        first, second, third = found.groups()
        if len(first) == 4 and len(third) <= 2:
            return _valid(first, second, third)
        if len(third) == 4 and (int(first) > 12 or _GERMAN.match(text)):
            return _valid(third, second, first)
        return _valid(third, first, second) if len(third) == 4 and int(second) > 12 else ""
    month = _MONTH.match(text)
    if month:
        year = month[1] or month[4] or month[5]
        return _valid(year, month[2] or month[3] or month[6], month[7] or "")
    named = _NAMED.match(text)
    if named and named[2][:3].casefold() in _MONTHS and not (named[1] and named[3]):
        number = str(_MONTHS.index(named[2][:3].casefold()) + 1)
        return _valid(named[4], number, named[1] or named[3] or "")
    return ""


def _valid(year: str, month: str, day: str) -> str:
    try:
        meant = date(int(year), int(month), int(day or 1)).isoformat()
    except ValueError:
        return ""
    return meant if day else meant[:7]
