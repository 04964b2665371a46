"""What an answer comes to by week, what therapies do together, and the proofs of their statuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guidegraph.api import KnowledgeBase
from guidegraph.derived import Explanation, Plan, Span
from guidegraph.errors import GuideGraphError
from guidegraph.model import Profile
from guidegraph.render.entries import courses

#: The width of a bar in the units of its picture.
_WIDTH = 300.0


@dataclass(frozen=True)
class Bar:
    """A span of a bar: where it begins, how wide it is, its status and weeks."""

    x: float
    width: float
    status: str
    first: float
    last: float


@dataclass(frozen=True)
class Row:
    """A family that changes: its bars, and its status at the week looked at."""

    label: str
    bars: tuple[Bar, ...]
    status: str


@dataclass(frozen=True)
class Weeks:
    """The weeks of an answer: what changes, and what never does, by status; ``fault`` where they cannot be told."""

    first: float
    last: float
    now: float | None
    week: float
    rows: tuple[Row, ...]
    steady: dict[str, list[str]]
    fault: str = ""

    def place(self, week: float) -> float:
        """Where a week stands in the picture."""
        return round(_WIDTH * (week - self.first) / ((self.last - self.first) or 1), 2)


def weeks_of(kb: KnowledgeBase, profile: Profile, asking: dict[str, Any], week: str) -> Weeks:
    """The statuses by week, at one week (the patient's own unless it is said)."""
    try:
        data = kb.timeline(profile, **asking)
    except GuideGraphError as error:
        return Weeks(0, 0, None, 0, (), {}, str(error))
    moving, steady = courses(data)
    first, last = data["steps"][0], data["steps"][-1]
    now = data["now_week"]
    try:
        asked = float(week)
    except ValueError:
        asked = first if now is None else now
    at = min(max(asked, first), last) if asked == asked else first
    shape = Weeks(first, last, now, at, (), {})
    rows = tuple(
        Row(row.label, tuple(_bar(shape, span) for span in row.spans), _status(row.spans, at)) for row in moving
    )
    return Weeks(first, last, now, at, rows, steady)


def _bar(shape: Weeks, span: Span) -> Bar:
    x = shape.place(span["from"])
    return Bar(x, round(shape.place(span["to"]) - x, 2), span["status"], span["from"], span["to"])


def _status(spans: list[Span], week: float) -> str:
    """The status at a week: of the span that begins there, or that it lies in."""
    held = [span["status"] for span in spans if span["from"] <= week]
    return held[-1] if held else spans[0]["status"]


def planned(kb: KnowledgeBase, profile: Profile, therapies: list[str], asking: dict[str, Any]) -> Plan | str:
    """What becomes of therapies that are given together, or why that cannot be told."""
    kept = {key: value for key, value in asking.items() if value is not None}
    try:
        return kb.plan(profile, therapies, **kept)
    except GuideGraphError as error:
        return str(error)


def proofs(
    kb: KnowledgeBase, profile: Profile, therapies: list[str], asking: dict[str, Any]
) -> dict[str, Explanation | str]:
    """The proof of each therapy's status, or why there is none."""
    found: dict[str, Explanation | str] = {}
    for therapy in therapies:
        try:
            found[therapy] = kb.explain(profile, therapy, **asking)
        except GuideGraphError as error:
            found[therapy] = str(error)
    return found
