"""Pictures: the few shapes that all share, and the timeline, whose statuses differ in shade, pattern and letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from guidegraph.derived import Timeline
from guidegraph.model import STATUSES
from guidegraph.render.entries import Course, courses
from guidegraph.words import clean

_LABEL, _ROW, _HEAD, _COLUMN = 350, 22, 74, 84
#: The width of a character of the names, about.
_CHARACTER = 6.4
#: The patterns of statuses, once a page or picture.
PATTERNS = """<defs>
<pattern id="dots" width="8" height="8" patternUnits="userSpaceOnUse"><circle cx="1.5" cy="1.5" r="0.9" fill="#7a5c00" fill-opacity="0.7"/></pattern>
<pattern id="cross" width="8" height="8" patternUnits="userSpaceOnUse"><path d="M0 0L8 8M8 0L0 8" stroke="#ffffff" stroke-opacity="0.35"/></pattern>
<pattern id="lines" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M-1 8L8 -1" stroke="#8c2d04" stroke-opacity="0.6"/></pattern>
</defs>"""


def text(x: float, y: float, words: str, size: float = 12, **style: str) -> str:
    """Words at a point; a style's underscores become hyphens."""
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in style.items())
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{extra}>{escape(clean(words), quote=False)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, ink: str, width: float = 1.0) -> str:
    """A straight line."""
    return f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" stroke="{ink}" stroke-width="{width:g}"/>'


def tooltip(words: str) -> str:
    """Words that a reader of the picture is told on pointing at a shape."""
    return f"<title>{escape(clean(words), quote=False)}</title>"


def opening(width: float, height: float, title: str, description: str = "") -> list[str]:
    """The beginning of a self-contained picture: size, title and description for screen readers, white ground."""
    named = "t d" if description else "t"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="{named}" '
        'font-family="Helvetica, Arial, sans-serif">',
        f'<title id="t">{escape(clean(title), quote=False)}</title>',
    ]
    if description:
        parts.append(f'<desc id="d">{escape(clean(description), quote=False)}</desc>')
    return [*parts, f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>']


def _box(x: float, y: float, width: float, status: str, letter: bool = True) -> list[str]:
    row = STATUSES[status]
    height = _ROW - 4
    shape = f'x="{x + 1:g}" y="{y:g}" width="{width - 2:g}" height="{height}" rx="3"'
    parts = [f'<rect {shape} fill="{row.fill}" stroke="#888888" stroke-width="0.6"/>']
    if row.pattern:
        parts.append(f'<rect {shape} fill="url(#{row.pattern})"/>')
    if letter:
        weight = "bold" if row.bold else "normal"
        parts.append(
            text(x + width / 2, y + 13, row.letter, 11, fill=row.ink, text_anchor="middle", font_weight=weight)
        )
    return parts


def _axis(steps: list[float], bottom: float, now: float | None) -> list[str]:
    parts = [text(_LABEL, 44, "weeks since symptoms began (each column is one span, not to scale)", 11, fill="#444444")]
    for i, step in enumerate(steps):
        x = _LABEL + i * _COLUMN
        parts.append(
            f'<line x1="{x:g}" y1="{_HEAD - 8}" x2="{x:g}" y2="{bottom:g}" stroke="#cccccc" stroke-width="0.7"/>'
        )
        parts.append(text(x, _HEAD - 13, f"{step:.3g}", 12, text_anchor="middle", font_weight="bold"))
    if now is not None and steps[0] <= now <= steps[-1]:
        parts.append(
            f'<line x1="{_LABEL}" y1="{_HEAD - 8}" x2="{_LABEL}" y2="{bottom:g}" stroke="#000000" stroke-width="2"/>'
        )
        parts.append(text(_LABEL - 8, _HEAD - 13, "now", 12, text_anchor="end", font_weight="bold"))
    return parts


def _rows(data: Timeline, moving: Sequence[Course]) -> list[str]:
    steps, parts = data["steps"], []
    for number, course in enumerate(moving):
        y = _HEAD + number * _ROW
        if number % 2 == 0:
            parts.append(
                f'<rect x="0" y="{y - 2}" width="{_LABEL + (len(steps) - 1) * _COLUMN}" height="{_ROW}" fill="#fafafa"/>'
            )
        label = clean(course.label)
        shown = label if len(label) <= 52 else label[:51] + "…"
        parts.append(text(_LABEL - 10, y + 13, shown, 12, text_anchor="end"))
        for span in course.spans:
            first, last = steps.index(span["from"]), steps.index(span["to"])
            x, width = _LABEL + first * _COLUMN, (last - first) * _COLUMN
            shown_on_it = f"{label}: {span['status']}, weeks {span['from']:g} to {span['to']:g}"
            parts += ["<g>", tooltip(shown_on_it), *_box(x, y, width, span["status"]), "</g>"]
    return parts


def _kept(steady: Mapping[str, Sequence[str]], top: float, width: float) -> list[str]:
    """What keeps its status all along: a line a status with as many names as fit, the others counted."""
    parts = [text(16, top, "All along:", 12, font_weight="bold")] if steady else []
    room = int((width - 80) / _CHARACTER)
    for number, (status, labels) in enumerate(steady.items()):
        y = top + 12 + number * _ROW
        named = list(labels)
        while len(", ".join(named)) > room and named:
            named.pop()
        left = len(labels) - len(named)
        told = ", ".join([*named, *([f"+{left}"] if left else [])])
        whole = tooltip(f"{status}: {', '.join(labels)}")
        parts += ["<g>", whole, *_box(16, y, 30, status), text(54, y + 13, told, 12), "</g>"]
    return parts


def _legend(top: float, width: float) -> list[str]:
    parts, per_row = [], max(2, int(width // 190))
    for number, status in enumerate(STATUSES):
        x, y = 16 + (number % per_row) * 190, top + (number // per_row) * 26
        parts += _box(x, y, 30, status)
        parts.append(text(x + 38, y + 13, status.replace("-", " "), 12))
    return parts


def timeline_svg(data: Timeline) -> str:
    """The timeline as a self-contained SVG picture: a row a family that changes, a column a span of weeks, a line a status
    for what keeps it."""
    steps, (moving, steady) = data["steps"], courses(data)
    width = max(_LABEL + (len(steps) - 1) * _COLUMN + 24, 620)
    bottom = _HEAD + len(moving) * _ROW
    kept = bottom + (34 + len(steady) * _ROW if steady else 0)
    per_row = max(2, int(width // 190))
    height = kept + 34 + 26 * -(-len(STATUSES) // per_row) + 26
    name = data["profile"]["label"] or data["profile"]["id"]
    title = f"Statuses of therapies by week: {name}"
    told = f"{len(data['rows'])} therapies over weeks {steps[0]:g} to {steps[-1]:g}, as of {data['as_of']}."
    parts = [
        *opening(width, height, title, f"{told} {len(moving)} families change."),
        PATTERNS,
        text(16, 22, title, 15, font_weight="bold"),
        *_rows(data, moving),
        *_axis(steps, bottom, data["now_week"]),
        *_kept(steady, bottom + 24, width),
        *_legend(kept + 18, width),
        text(
            16,
            height - 10,
            f"As of {data['as_of']}. Facts other than time stay as they are. Decision support, not advice.",
            11,
            fill="#444444",
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
