"""Days of the calendar as they are written everywhere here: 2026-01-31, and in no other way."""

from __future__ import annotations

import re
from datetime import date

_FORM = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)


def written_day(text: str) -> date:
    """The day that a text is.

    Raises:
        ValueError: it is none. Further forms that Python reads (20260131, 2026-W05-6) are none: who writes one may
            mean another thing.
    """
    if not _FORM.match(text):
        raise ValueError(f"{text[:40]!r} is no day")
    return date.fromisoformat(text)
