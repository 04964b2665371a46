"""What each document says of each intervention at a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from guidegraph.knowledge.engine import Engine


class Addressed(NamedTuple):
    """One recommendation; ``begins`` and ``ends`` are days as text, "" where there is none."""

    document: str
    rec: str
    intervention: str
    stance: str
    strength: str
    begins: str
    ends: str

    def issued(self, day: date) -> bool:
        """Whether it is issued at a day."""
        return self.begins <= day.isoformat()

    def ended(self, day: date) -> bool:
        """Whether it is no longer in effect at a day."""
        return bool(self.ends) and self.ends <= day.isoformat()


def addressed(engine: Engine) -> list[Addressed]:
    """All recommendations, in a fixed order."""
    return [Addressed(*row) for row in engine.select("disagree/addressed")]


def in_effect(rows: Iterable[Addressed], day: date) -> list[Addressed]:
    """Those issued and not ended at a day."""
    return [row for row in rows if row.issued(day) and not row.ended(day)]
