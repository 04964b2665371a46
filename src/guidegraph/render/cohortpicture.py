"""The pictures of a cohort's report: statuses as stacked bars, and a change as a flow of statuses.

Parts of a page without styles of their own but the colours of statuses; each shape is told in words too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from guidegraph.model import STATUSES
from guidegraph.render.cohort import counted, status_words
from guidegraph.render.svg import PATTERNS, tooltip
from guidegraph.words import clean

if TYPE_CHECKING:
    from guidegraph.cohort.forms import Between

#: What a page with these pictures needs once.
HATCHINGS = f'<svg class="hatchings" width="0" height="0" aria-hidden="true" focusable="false">{PATTERNS}</svg>'
_BAR = 22
#: Of a bar, in percent: what a letter needs, and what a masked count is drawn as.
_LETTER, _MASKED = 3.5, 0.4
#: Of the flow: its width, the height of all bars of a side, the columns of words, a bar, the space between bars, the
#: least height of one, and that of its words.
_WIDTH, _HEIGHT, _WORDS, _COLUMN, _GAP, _LEAST, _WORDS_HIGH = 560, 300, 150, 14, 12, 3.0, 40.0


def _e(text: str) -> str:
    return escape(clean(text), quote=True)


def _fill(status: str) -> str:
    return STATUSES[status].fill if status in STATUSES else "#888888"


def _idle(status: str) -> str:
    """The class of what concerns nobody, or may, behind others."""
    return " idle" if status in STATUSES and STATUSES[status].bands[0] == "left-open" else ""


def _shape(status: str, place: str) -> str:
    """A rectangle in the colour and pattern of a status."""
    drawn = f'<rect class="status{_idle(status)}" {place} fill="{_fill(status)}"/>'
    if status in STATUSES and STATUSES[status].pattern:
        drawn += f'<rect {place} fill="url(#{STATUSES[status].pattern})"/>'
    return drawn


def _letter(status: str, x: str, y: int) -> str:
    """The letter of a status in its ink."""
    row = STATUSES[status]
    place = f'x="{x}" y="{y}" text-anchor="middle" fill="{row.ink}"'
    return f'<text class="letter{_idle(status)}" {place}>{_e(row.letter)}</text>'


def swatch(status: str) -> str:
    """A status with its letter, as the legend has it."""
    letter = _letter(status, "50%", 13)
    place = 'x="0" y="0" width="100%" height="100%"'
    return f'<svg class="swatch" width="26" height="18" aria-hidden="true">{_shape(status, place)}{letter}</svg>'


def bar_svg(label: str, statuses: Mapping[str, int | None]) -> str:
    """How many have each status of a therapy, as a stacked bar over the width that it is given."""
    whole = sum(told for told in statuses.values() if told) or 1
    share = {status: _MASKED if told is None else 100 * told / whole for status, told in statuses.items()}
    # What masked counts are drawn as is taken from the whole.
    scale = 100 / sum(share.values()) if sum(share.values()) > 0 else 1.0
    parts, x = [], 0.0
    for status in STATUSES:
        if not share.get(status):
            continue
        width = share[status] * scale
        place = f'x="{x:.2f}%" y="0" width="{width:.2f}%" height="{_BAR}"'
        letter = _letter(status, f"{x + width / 2:.2f}%", 15) if width >= _LETTER else ""
        words = tooltip(f"{status_words(status)}: {counted(statuses[status])}")
        parts.append(f"<g>{words}{_shape(status, place)}{letter}</g>")
        x += width
    told = ", ".join(f"{status_words(s)} {counted(n)}" for s, n in statuses.items() if n != 0)
    return (
        f'<svg class="bar" width="100%" height="{_BAR}" role="img" aria-label="{_e(f"{label}: {told}")}">'
        f"{''.join(parts)}</svg>"
    )


def flow_svg(rows: Sequence[Between]) -> str:
    """From which status to which patients move, all therapies added up; empty where nothing is told."""
    told = [row for row in rows if row["count"]]
    if not told:
        return ""
    sides = [_columns(told, key) for key in ("was", "now")]
    unit = _HEIGHT / sum(row["count"] for row in told)
    height = max(sum(_step(count * unit) for count in side.values()) for side in sides)
    places = [_placed(side, unit, height) for side in sides]
    left, right = _WORDS, _WIDTH - _WORDS - _COLUMN
    parts = []
    used: list[dict[str, float]] = [{}, {}]
    order = [*STATUSES, "none"]
    for row in sorted(told, key=lambda one: (order.index(one["was"]), order.index(one["now"]))):
        thick = max(row["count"] * unit, 1.0)
        starts = []
        for at, key in enumerate((row["was"], row["now"])):
            starts.append(places[at][key][0] + used[at].get(key, 0.0))
            used[at][key] = used[at].get(key, 0.0) + row["count"] * unit
        words = f"{status_words(row['was'])}, now {status_words(row['now'])}: {counted(row['count'])}"
        parts.append(_ribbon(left + _COLUMN, starts[0], right, starts[1], thick, row["now"], words))
    for at, side in enumerate(sides):
        x = (left, right)[at]
        for status, count in side.items():
            y, high = places[at][status]
            parts.append(_shape(status, f'x="{x}" y="{y:.1f}" width="{_COLUMN}" height="{high:.1f}"'))
            anchor, words_x = (("end", x - 8), ("start", x + _COLUMN + 8))[at]
            middle = y + high / 2
            parts.append(
                f'<text x="{words_x}" y="{middle:.1f}" text-anchor="{anchor}">{_e(status_words(status))}</text>'
            )
            place = f'x="{words_x}" y="{middle + 16:.1f}" text-anchor="{anchor}"'
            parts.append(f'<text class="soft" {place}>{_e(counted(count))}</text>')
    said = "; ".join(f"{status_words(r['was'])} to {status_words(r['now'])} {counted(r['count'])}" for r in told)
    return (
        f'<svg class="flow" viewBox="0 0 {_WIDTH} {height + 12:.0f}" role="img" aria-label="{_e(f"Moves: {said}")}">'
        f"{''.join(parts)}</svg>"
    )


def _columns(rows: Sequence[Between], key: str) -> dict[str, int]:
    """How many patients each status of a side has, in the order of statuses."""
    found: dict[str, int] = {}
    for row in rows:
        status = row["was"] if key == "was" else row["now"]
        found[status] = found.get(status, 0) + row["count"]
    return {status: found[status] for status in (*STATUSES, "none") if status in found}


def _step(high: float) -> float:
    """The height that a bar takes with the space below it; its words need room, too."""
    return max(high + _GAP, _WORDS_HIGH)


def _placed(side: Mapping[str, int], unit: float, height: float) -> dict[str, tuple[float, float]]:
    """Where the bars of a side stand, as top and height, in the middle of what there is."""
    top = (height - sum(_step(count * unit) for count in side.values())) / 2
    found = {}
    for status, count in side.items():
        high, step = max(count * unit, _LEAST), _step(count * unit)
        found[status] = (top + (step - high) / 2, high)
        top += step
    return found


def _ribbon(x1: float, y1: float, x2: float, y2: float, thick: float, status: str, words: str) -> str:
    middle = (x1 + x2) / 2
    path = (
        f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        f"V{y2 + thick:.1f}C{middle:.1f} {y2 + thick:.1f} {middle:.1f} {y1 + thick:.1f} {x1:.1f} {y1 + thick:.1f}Z"
    )
    return f'<path class="ribbon{_idle(status)}" d="{path}" fill="{_fill(status)}">{tooltip(words)}</path>'
