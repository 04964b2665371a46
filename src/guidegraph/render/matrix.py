"""The matrix of interventions by documents: a picture for a paper, a page, a table of marks.

Stance is told by the direction of a triangle, strength by its filling, a statement that has ended by a stroke through
it: nothing by colour alone.
"""

from __future__ import annotations

from html import escape
from itertools import groupby

from guidegraph.comparisons import Cell, Matrix, Said
from guidegraph.render import svg
from guidegraph.words import DISCLAIMER, clean, partly_dated, rule, wrap

_LEFT, _COLUMN, _ROW, _TOP, _MARK = 350, 46, 24, 150, 6.5
_INK = {"for": "#1f5fa8", "against": "#b5460f"}
_GREY = "#555555"
#: Marks of the text form: stance and strength.
_LETTERS = {
    ("for", "strong"): "++",
    ("for", ""): "+",
    ("against", "strong"): "--",
    ("against", ""): "-",
    ("insufficient-evidence", ""): "?",
    ("no-recommendation", ""): "0",
}


#: Marks what somebody approved the encoding of.
_APPROVED = "*"


def _letters(row: Said) -> str:
    strength = row["strength"] if (row["stance"], row["strength"]) in _LETTERS else ""
    mark = _LETTERS.get((row["stance"], strength), "?")
    mark += _APPROVED if _approved(row) else ""
    return f"({mark})" if row["ended"] else mark


def _approved(row: Said) -> bool:
    return "encoding_review" in row and row["encoding_review"]["state"] == "approved"


def _marks(cell: Cell) -> list[Said]:
    """What a cell shows: each stance, strength and standing once."""
    seen: dict[tuple[str, str, bool, bool], Said] = {}
    for row in cell["says"]:
        seen.setdefault((row["stance"], row["strength"], row["ended"], _approved(row)), row)
    return list(seen.values())


def matrix_text(data: Matrix) -> str:
    """The matrix as a list: one line a cell that says something, since a table of so many columns does not fit."""
    names = {d["id"]: clean(d["short"]) for d in data["documents"]}
    lines = wrap(f"Matrix - as of {data['as_of']} - interventions that at least {data['at_least']} documents address")
    lines += [line for text in partly_dated(data["imprecise"]) for line in wrap(text)]
    for category, group in groupby(data["interventions"], key=lambda row: row["category"]):
        lines += rule(category)
        for row in group:
            told = [f"{names[c['document']]} {' '.join(map(_letters, _marks(c)))}" for c in row["cells"] if c["says"]]
            silent = [names[c["document"]] for c in row["cells"] if c["missing"] == "does not address"]
            text = f"{row['label']}: {', '.join(told)}" + (f"; does not address: {', '.join(silent)}" if silent else "")
            lines += wrap(text, "    ", "* ")
    if not data["interventions"]:
        lines += ["", "Nothing with these choices."]
    legend = (
        "++ strong for, + for, - against, -- strong against, ? insufficient evidence, 0 no recommendation, () ended"
    )
    said = (row for each in data["interventions"] for cell in each["cells"] for row in cell["says"])
    legend += f", {_APPROVED} encoding approved" if any(map(_approved, said)) else ""
    return "\n".join([*lines, "", *wrap(legend), *wrap(DISCLAIMER)]) + "\n"


def _mark(x: float, y: float, stance: str, strength: str, ended: bool) -> str:
    """One mark around a point."""
    ink, m = _INK.get(stance, _GREY), _MARK
    fill = ink if strength == "strong" else "#ffffff"
    width = "1" if strength == "strong" else "1.4"
    if stance in _INK:
        tip, base = (y - m, y + m * 0.8) if stance == "for" else (y + m, y - m * 0.8)
        points = f"{x:g},{tip:g} {x - m:g},{base:g} {x + m:g},{base:g}"
        shape = f'<polygon points="{points}" fill="{fill}" stroke="{ink}" stroke-width="{width}"/>'
        if strength == "conditional":
            middle = y + m * (0.25 if stance == "for" else -0.25)
            shape += f'<circle cx="{x:g}" cy="{middle:g}" r="1.9" fill="{ink}"/>'
    else:
        sign = "?" if stance == "insufficient-evidence" else "0"
        shape = f'<circle cx="{x:g}" cy="{y:g}" r="{m:g}" fill="#ffffff" stroke="{ink}" stroke-width="1.2"/>'
        shape += svg.text(x, y + 4, sign, 11, fill=ink, text_anchor="middle", font_weight="bold")
    if ended:
        shape += svg.line(x - m - 2, y + m + 1, x + m + 2, y - m - 1, "#000000", 1.3)
    return shape


def _cell(x: float, y: float, cell: Cell, label: str, document: str) -> list[str]:
    if not cell["says"]:
        if cell["missing"] == "does not address":
            return [svg.line(x - 5, y, x + 5, y, "#888888", 1.2)]
        return []
    marks = _marks(cell)[:3]
    told = "; ".join(
        f"{r['stance']}, {r['strength']}{', ended' if r['ended'] else ''}: {r['population']}"
        + (f"; {r['encoding_review']['text']}" if "encoding_review" in r else "")
        for r in cell["says"]
    )
    parts = ["<g>", svg.tooltip(f"{document} on {label}: {told}")]
    start = x - (len(marks) - 1) * 7.5
    for at, row in enumerate(marks):
        parts.append(_mark(start + at * 15, y, row["stance"], row["strength"], row["ended"]))
    return [*parts, "</g>"]


_LEGEND = (
    ("for", "strong", False, "strong for"),
    ("for", "conditional", False, "conditional for"),
    ("for", "none stated", False, "for, no strength stated"),
    ("against", "strong", False, "strong against"),
    ("against", "conditional", False, "conditional against"),
    ("against", "none stated", False, "against, no strength stated"),
    ("insufficient-evidence", "", False, "insufficient evidence"),
    ("no-recommendation", "", False, "no recommendation"),
    ("for", "none stated", True, "struck through: superseded, withdrawn or lapsed"),
)


def _legend(y: float, width: float) -> tuple[list[str], float]:
    parts, x = [], 16.0
    for stance, strength, ended, label in _LEGEND:
        wide = 30 + 6.6 * len(label)
        if x + wide > width - 10:
            x, y = 16.0, y + 22
        parts += [_mark(x + 8, y, stance, strength, ended), svg.text(x + 20, y + 4, label, 12, fill="#222222")]
        x += wide
    y += 24
    line = svg.line(18, y, 28, y, "#888888", 1.2)
    told = "does not address, its scope being stated; an empty cell: nothing found, its scope not stated"
    return [*parts, line, svg.text(36, y + 4, told, 12, fill="#222222")], y + 20


def matrix_svg(data: Matrix) -> str:
    """The matrix as a picture."""
    documents = data["documents"]
    width = _LEFT + _COLUMN * len(documents) + 90
    body: list[str] = []
    y = float(_TOP)
    for category, group in groupby(data["interventions"], key=lambda row: row["category"]):
        y += 22
        body.append(svg.text(12, y, category, 13, font_weight="bold", fill="#222222"))
        y += 8
        for row in group:
            middle = y + _ROW / 2
            body.append(svg.line(12, y + _ROW, _LEFT + _COLUMN * len(documents), y + _ROW, "#e2e2e2"))
            label = row["label"] if len(row["label"]) <= 56 else row["label"][:55] + "~"
            body.append(svg.text(22, middle + 4, label, 12, fill="#111111"))
            for at, cell in enumerate(row["cells"]):
                x = _LEFT + at * _COLUMN + _COLUMN / 2
                body += _cell(x, middle, cell, row["label"], documents[at]["label"])
            y += _ROW
    heads = []
    for at, document in enumerate(documents):
        x = _LEFT + at * _COLUMN + _COLUMN / 2
        style = {"fill": "#777777", "text_decoration": "line-through"} if document["ended"] else {"fill": "#111111"}
        name = svg.text(x, _TOP + 4, document["short"], 12, transform=f"rotate(-52 {x:g} {_TOP + 4})", **style)
        heads.append(f"<g>{svg.tooltip(document['label'])}{name}</g>")
        heads.append(svg.line(x, _TOP + 12, x, y, "#f0f0f0"))
    legend, bottom = _legend(y + 30, width)
    title = f"Recommendations by intervention and document, as of {data['as_of']}"
    return "\n".join(
        [
            *svg.opening(width, bottom, title),
            svg.text(12, 24, title, 15, font_weight="bold", fill="#111111"),
            *heads,
            *body,
            *legend,
            "</svg>",
        ]
    ) + "\n"  # fmt: skip


def matrix_html(data: Matrix) -> str:
    """A self-contained page: the picture, and below it the same as a table that a screen reader reads."""
    head = "".join(f'<th scope="col">{escape(clean(d["short"]))}</th>' for d in data["documents"])
    rows = []
    for row in data["interventions"]:
        cells = "".join(
            f"<td>{escape('; '.join(_said(r) for r in c['says']) or c['missing'] or '')}</td>" for c in row["cells"]
        )
        rows.append(f'<tr><th scope="row">{escape(clean(row["label"]))}</th>{cells}</tr>')
    unsure = "".join(f"<p>{escape(text)}</p>" for text in partly_dated(data["imprecise"]))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Matrix of recommendations</title>'
        '<meta name="viewport" content="width=device-width">'
        "<style>body{font:14px/1.4 Helvetica,Arial,sans-serif;margin:1rem}table{border-collapse:collapse}"
        "th,td{border:1px solid #ccc;padding:.25rem .5rem;text-align:left;vertical-align:top;font-size:12px}"
        "div{overflow-x:auto}</style></head><body>"
        f"<div>{matrix_svg(data)}</div><h2>The same as a table</h2><div><table><tr><th>intervention</th>{head}</tr>"
        f"{''.join(rows)}</table></div>{unsure}<p>{escape(DISCLAIMER)}</p></body></html>\n"
    )


def _said(row: Said) -> str:
    ended = ", ended" if row["ended"] else ""
    return clean(f"{row['stance']} ({row['strength']}{ended}): {row['population']}")
