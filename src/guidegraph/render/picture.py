"""The picture of a controversy: whom each voice speaks of along one number, and where opposed voices meet.

A part of a page without styles of its own: places are percentages, so that it fits any width, and colours and hatching
come from classes, so that it follows light and dark. Every bar is told in words too, and direction by its hatching.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from guidegraph.comparisons import Controversy, Voice
from guidegraph.readforms import Met, Picture, Span
from guidegraph.words import attached_inside, clean

_HEIGHT = 22
#: How strongly the ground is shaded at least where opposed voices meet, of what it is where most do.
_FAINT = 0.15
#: Of the axis, in percent: values closer than this to each other are written apart.
_APART = 6.5
_SIDES = (("for", "for"), ("against", "against"), ("declined", "takes no side"))
#: The hatchings of the bars, once a page.
HATCHINGS = (
    '<svg class="hatchings" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="hatch-for" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect class="bar-for" width="8" height="8"/><path class="stripe" d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6"/></pattern>'
    '<pattern id="hatch-against" width="8" height="8" patternUnits="userSpaceOnUse">'
    '<rect class="bar-against" width="8" height="8"/>'
    '<path class="stripe" d="M-2 -2L10 10M6 -2L10 2M-2 6L2 10"/></pattern>'
    '<pattern id="hatch-declined" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect class="bar-declined" width="6" height="6"/><circle class="dot" cx="3" cy="3" r="1"/></pattern></defs></svg>'
)


@dataclass(frozen=True)
class _Row:
    """A row of the picture: a document with what it says on some interventions of the same patients."""

    side: str
    name: str
    said: str
    labels: tuple[str, ...]
    spans: tuple[tuple[float | None, float | None, bool], ...]
    besides: str
    statement: str


def _e(text: str) -> str:
    return escape(clean(text), quote=True)


def number_words(value: float) -> str:
    """A number as a reader writes it: 13, 0.5."""
    return f"{value:g}"


def span_words(span: Span) -> str:
    """An interval in words: "under 13", "from 13", "4 to 6, by some definitions"."""
    low, high = span["low"], span["high"]
    if low is None and high is None:
        told = "any"
    elif low is None:
        told = f"under {number_words(high or 0)}"
    else:
        told = f"from {number_words(low)}" if high is None else f"{number_words(low)} to {number_words(high)}"
    return told if span["sure"] else f"{told} by some definitions"


def _said(voice: Voice) -> str:
    """How strongly a voice speaks, for which time and under which condition, as marks behind its name."""
    marks = [voice["strength"]] if voice["strength"] != "none stated" else []
    marks += [voice["standing"]] if voice["standing"] != "guideline" else []
    return ", ".join([*marks, *voice["horizon"], *map(attached_inside, voice["attached"])])


def _rows(one: Controversy, drawn: Picture) -> list[_Row]:
    """The rows by side; what one document says of several interventions about the same patients is one."""
    told = {row["voice"]: row for row in drawn["rows"]}
    rows: dict[tuple[object, ...], _Row] = {}
    sides: list[tuple[str, Sequence[Voice]]] = [
        ("for", one["sides"]["for"]),
        ("against", one["sides"]["against"]),
        ("declined", one["sides"]["declined"]),
    ]
    for side, voices in sides:
        for voice in voices:
            row = told[voice["id"]]
            spans = tuple((s["low"], s["high"], s["sure"]) for s in row["spans"])
            key = (side, voice["name"], _said(voice), spans, row["besides"])
            known = rows.get(key)
            labels = tuple(dict.fromkeys((*(known.labels if known else ()), voice["label"])))
            rows[key] = _Row(side, voice["name"], _said(voice), labels, spans, row["besides"], voice["id"])
    return list(rows.values())


def _bar(x: float, width: float, kind: str, sure: bool = True) -> str:
    perhaps = "" if sure else " perhaps"
    return f'<rect class="{kind}{perhaps}" x="{x:.2f}%" y="3" width="{width:.2f}%" height="{_HEIGHT - 6}"/>'


def _place(low: float | None, high: float | None, end: float) -> tuple[float, float]:
    """Where an interval lies along the axis, in percent: its beginning and its width."""
    first = 0.0 if low is None else min(low / end, 1.0) * 100
    return first, (100.0 if high is None else min(high / end, 1.0) * 100) - first


def _shade(met: Met, most: int, end: float) -> str:
    """The ground where opposed voices meet, the stronger the more pairs of them do."""
    x, width = _place(met["low"], met["high"], end)
    opacity = f"{_FAINT + (1 - _FAINT) * met['pairs'] / most:.2f}"
    return f'<rect class="meet" x="{x:.2f}%" y="0" width="{width:.2f}%" height="{_HEIGHT}" fill-opacity="{opacity}"/>'


def _met_words(drawn: Picture) -> str:
    """Where opposed voices meet, in words, with how many pairs of them where that changes."""
    if len(drawn["meet"]) == 1:
        return span_words(drawn["meet"][0])
    told = (f"{span_words(m)}: {m['pairs']} {'pair' if m['pairs'] == 1 else 'pairs'}" for m in drawn["meet"])
    return "; ".join(told) or "nowhere"


def _line(row: _Row, drawn: Picture) -> str:
    end = drawn["high"]
    most = max((span["pairs"] for span in drawn["meet"]), default=1)
    shaded = "".join(_shade(span, most, end) for span in drawn["meet"])
    ticks = "".join(
        f'<line class="tick" x1="{t / end * 100:.2f}%" x2="{t / end * 100:.2f}%" y1="0" y2="{_HEIGHT}"/>'
        for t in drawn["ticks"]
    )
    bars = "".join(_bar(*_place(low, high, end), f"drawn {row.side}", sure) for low, high, sure in row.spans)
    return (
        f'<svg width="100%" height="{_HEIGHT}" aria-hidden="true" focusable="false">'
        f'<rect class="ground" width="100%" height="{_HEIGHT}"/>{shaded}{ticks}{bars}</svg>'
    )


def _axis(drawn: Picture) -> str:
    """The values at which something changes; two that lie close together are written away from each other."""
    places = [(tick / drawn["high"] * 100, number_words(tick)) for tick in drawn["ticks"]]
    near = [after[0] - before[0] < _APART for before, after in pairwise(places)]
    marks = []
    for at, (place, words) in enumerate(places):
        close_after, close_before = at < len(near) and near[at], at > 0 and near[at - 1]
        if close_after and close_before:
            continue
        anchor = "end" if close_after else "start" if close_before else "middle"
        marks.append(f'<text x="{place:.2f}%" y="13" text-anchor="{anchor}">{words}</text>')
    return f'<svg class="axis" width="100%" height="16" aria-hidden="true" focusable="false">{"".join(marks)}</svg>'


def picture_html(one: Controversy, addresses: dict[str, str] | None = None) -> str:
    """The picture of a controversy as a figure, empty where no number separates its sides.

    Args:
        one: the controversy.
        addresses: for the ids of statements where a reader finds them.
    """
    drawn, links = one["picture"], addresses or {}
    if drawn is None:
        return ""
    told = []
    for side, words in _SIDES:
        rows = [row for row in _rows(one, drawn) if row.side == side]
        lines = []
        for row in rows:
            spoken = ", ".join(span_words({"low": low, "high": high, "sure": sure}) for low, high, sure in row.spans)
            link = links.get(row.statement)
            name = f'<a href="{_e(link)}">{_e(row.name)}</a>' if link else _e(row.name)
            said = f' <span class="soft">{_e(row.said)}</span>' if row.said else ""
            about = f'<span class="soft">{_e(", ".join(row.labels))}</span>'
            lines.append(
                f'<li><div class="who">{name}{said}<br>{about}</div><div class="where">{_line(row, drawn)}</div>'
                f'<div class="whom"><b>{_e(spoken or "nobody")}</b>: {_e(row.besides)}</div></li>'
            )
        if lines:
            told.append(f'<p class="side {side}">{words}</p><ul>{"".join(lines)}</ul>')
    number = drawn["label"][:1].upper() + drawn["label"][1:]
    return (
        f'<figure class="picture"><figcaption>{_e(number)}: where each speaks; '
        f'<span class="swatch">shaded</span> where opposed sources meet ({_e(_met_words(drawn))})</figcaption>'
        f'<div class="axis-row">{_axis(drawn)}</div>{"".join(told)}</figure>'
    )
