"""Chains from statements to their sources: as text, and as a picture that is readable in grey."""

from __future__ import annotations

import textwrap
from typing import Any

from guidegraph.render import svg
from guidegraph.words import DISCLAIMER, clean, wrap

_BREAK = "BREAK"


def trace_text(data: dict[str, Any]) -> str:
    """The chain as an indented list, each break beside its link."""
    lines: list[str] = []
    _walk(data["trace"], 0, lines)
    count = len(data["breaks"])
    told = "the chain is whole" if data["complete"] else f"{count} break{'' if count == 1 else 's'}"
    reviewed = wrap(f"review of the encoding: {data['reviewed']}") if "reviewed" in data else []
    return "\n".join([*lines, "", told, *reviewed]) + "\n"


def _walk(node: dict[str, Any], depth: int, lines: list[str]) -> None:
    # Deep links are not indented further: what is read must stay readable at 80 columns.
    indent = "  " * min(depth, 12)
    relation = f"{node['relation']}: " if node["relation"] else ""
    lines += wrap(f"{relation}{node['label']} [{node['kind']}]", indent + "    ", f"{indent}* ")
    if node["details"]:
        lines += wrap("; ".join(node["details"]), indent + "    ", indent + "    ")
    for told in node["breaks"]:
        lines += wrap(f"{_BREAK}: {told}", indent + "      ", indent + "    ")
    for child in node["children"]:
        _walk(child, depth + 1, lines)


_WIDE, _GAP_X, _GAP_Y, _LINE, _PAD = 250, 84, 14, 15, 9
_BEND = 18
#: For each kind of link: fill, stroke, and a word above the label.
_LOOK = {
    "statement": ("#e8effa", "#1f4e8c"),
    "evidence": ("#e6f4ea", "#1b6b34"),
    "passage": ("#faf6e8", "#8a6d00"),
    "document": ("#f4f0f8", "#5b3a86"),
    "citation": ("#ffffff", "#666666"),
    "therapy": ("#f2f2f2", "#222222"),
}
_RED = "#a3000f"
#: Characters of a line: of the label, of the details, and of a break, which is bold.
_CHARS, _SMALL, _BOLD = 32, 40, 36


def _lines(text: str, width: int, most: int = 4) -> list[str]:
    """Text in at most some lines, what is left out told by an ellipsis."""
    return textwrap.wrap(clean(text), width, max_lines=most, placeholder=" …")


class _Box:
    """One link laid out: its lines of text, height and place."""

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        self.label = _lines(node["label"], _CHARS)
        self.details = _lines("; ".join(d for d in node["details"] if "://" not in d), _SMALL)
        self.breaks = [line for told in node["breaks"] for line in textwrap.wrap(clean(f"! {told}"), _BOLD)]
        self.children = [_Box(child) for child in node["children"]]
        rows = 1 + len(self.label) + len(self.details) + len(self.breaks)
        self.height = rows * _LINE + 2 * _PAD
        self.x = self.y = 0.0

    def place(self, x: float, y: float) -> float:
        """Put the box and what hangs on it; gives where the next one may begin."""
        self.x = x
        at = y
        for child in self.children:
            at = child.place(x + _WIDE + _GAP_X, at)
        span = max(at - y, self.height + _GAP_Y)
        self.y = y if not self.children else min(self.children[0].y, y + span - self.height - _GAP_Y)
        return y + span

    def all(self) -> list[_Box]:
        """The box and all that hang on it."""
        return [self, *(box for child in self.children for box in child.all())]


def _draw(box: _Box) -> list[str]:
    node, (fill, ink) = box.node, _LOOK[box.node["kind"]]
    dashed = f' stroke-dasharray="6 4" stroke="{_RED}"' if box.breaks else f' stroke="{ink}"'
    parts = [
        "<g>",
        svg.tooltip("; ".join([node["label"], *node["details"], *node["breaks"]])),
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDE}" height="{box.height:g}" rx="6" fill="{fill}" '
        f'stroke-width="1.4"{dashed}/>',
    ]
    y = box.y + _PAD + 11
    parts.append(svg.text(box.x + _PAD, y, clean(node["kind"]).upper(), 9.5, fill=ink, letter_spacing="0.8"))
    for line in box.label:
        y += _LINE
        parts.append(svg.text(box.x + _PAD, y, line, 12.5, fill="#111111", font_weight="bold"))
    for line in box.details:
        y += _LINE
        parts.append(svg.text(box.x + _PAD, y, line, 11, fill="#333333"))
    for line in box.breaks:
        y += _LINE
        parts.append(svg.text(box.x + _PAD, y, line, 11, fill=_RED, font_weight="bold"))
    return [*parts, "</g>"]


def _edges(box: _Box) -> list[str]:
    parts = []
    start = (box.x + _WIDE, box.y + _PAD + 16)
    for child in box.children:
        end = (child.x, child.y + _PAD + 16)
        bend = start[0] + _BEND
        if start[1] == end[1]:
            line = f"M{start[0]:g} {start[1]:g}H{end[0]:g}"
        else:
            line = f"M{start[0]:g} {start[1]:g}H{bend:g}V{end[1]:g}H{end[0]:g}"
        parts.append(f'<path d="{line}" fill="none" stroke="#999999" stroke-width="1.2" marker-end="url(#arrow)"/>')
        if child.node["relation"]:
            words = svg.text(
                end[0] - 6, end[1] - 5, clean(child.node["relation"]), 9.5, fill="#444444", text_anchor="end"
            )
            parts.append(words)
        parts += _edges(child)
    return parts


def trace_svg(data: dict[str, Any]) -> str:
    """The chain as a self-contained picture: links from left to right, those that break dashed and marked with !."""
    root = _Box(data["trace"])
    bottom = root.place(20, 52)
    boxes = root.all()
    width = max(box.x for box in boxes) + _WIDE + 20
    height = max(bottom, max(box.y + box.height for box in boxes)) + 26
    count = len(data["breaks"])
    told = "the chain is whole" if data["complete"] else f"{count} break{'' if count == 1 else 's'}, marked with !"
    title = f"Where it comes from: {clean(data['trace']['label'])}"
    shown = title if len(title) * 8.2 < width - 40 else title[: int((width - 40) / 8.2) - 1] + "…"
    return "\n".join(
        [
            *svg.opening(width, height, title, f"{len(boxes)} links; {told}."),
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0 0L8 4L0 8z" fill="#999999"/></marker></defs>',
            svg.text(20, 26, shown, 15, font_weight="bold", fill="#111111"),
            svg.text(20, 43, told, 11.5, fill=_RED if count else "#1b6b34"),
            *_edges(root),
            *(part for box in boxes for part in _draw(box)),
            svg.text(20, height - 8, DISCLAIMER, 10, fill="#444444"),
            "</svg>",
        ]
    ) + "\n"  # fmt: skip
