"""A cohort's report as a page: self-contained, without script, in light and dark, wide and narrow, and on paper."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from guidegraph.model import POSITIVE, STATUSES
from guidegraph.render.cohort import (
    Table,
    cell_words,
    counted,
    head_words,
    move_words,
    moved_name,
    notes,
    otherwise_words,
    recommended,
    status_words,
    steady_lines,
    tables,
    title_words,
    turn_words,
)
from guidegraph.render.cohortpicture import HATCHINGS, bar_svg, flow_svg, swatch
from guidegraph.words import DISCLAIMER, clean

if TYPE_CHECKING:
    from guidegraph.cohort.forms import MovedTherapy, ReportForm, TherapyRow

#: What a page of its own needs besides.
_PAGE = """
:root{color-scheme:light dark}
body{font:15px/1.5 system-ui,Helvetica,Arial,sans-serif;margin:2rem auto;max-width:74rem;padding:0 1.2rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:2.2rem 0 .3rem}p{margin:.3rem 0}
@media(max-width:48rem){body{margin:.8rem auto;padding:0 .8rem}}
@media print{:root{font-size:11px}body{margin:0;max-width:none;font-size:1rem}}
"""
_STYLE = """
:root{--rule:#8886}figure.flow{margin:0}section h2{margin-top:1.8rem}.wide{overflow-x:auto}
.lead{max-width:60rem;opacity:.85}small,.soft{opacity:.75;font-size:.85em}
.notes{list-style:none;margin:.8rem 0;padding:0}.notes li{border-left:4px solid #8a6d00;background:#8a6d0014;padding:.2rem .8rem;margin:.25rem 0}
.hatchings{position:absolute}
svg.bar{display:block;border-radius:3px}svg .status{stroke:#8888;stroke-width:.6}
svg .letter{font:600 11px system-ui,Helvetica,Arial,sans-serif}svg.swatch{vertical-align:-4px}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;margin:.6rem 0;padding:0}
.bars{list-style:none;margin:.6rem 0;padding:0}
.bars li{display:grid;grid-template-columns:minmax(14rem,22rem) 10rem 1fr;gap:0 1rem;align-items:center;padding:.25rem 0;border-top:1px solid var(--rule)}
.bars .head{font-size:.82rem;font-weight:600;border:0;border-bottom:2px solid currentColor}.bars .head+li{border:0}
.bars .number{text-align:right;font-variant-numeric:tabular-nums}
table{border-collapse:collapse;width:100%;margin:.6rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid var(--rule);overflow-wrap:break-word}
thead th{font-size:.82rem;vertical-align:bottom;border-bottom:2px solid currentColor}tbody th{font-weight:500}
td.count{white-space:nowrap}.count{text-align:right;font-variant-numeric:tabular-nums}
details{margin:.6rem 0}summary{cursor:pointer}
svg.flow{display:block;width:100%;max-width:46rem;margin:.8rem 0}svg.flow text{font:13px system-ui,Helvetica,Arial,sans-serif;fill:currentColor}
svg.flow text.soft{font-size:11px}.ribbon{fill-opacity:.55;stroke:#8888;stroke-width:.5}.ribbon.idle{fill:#888;fill-opacity:.12}
.move{border-top:1px solid var(--rule);padding:.5rem 0}.move h3{font-size:1rem;margin:0}
.move ul{margin:.1rem 0;padding-left:1.2rem}
@media screen and (prefers-color-scheme:dark){svg .idle.status{fill-opacity:.12}svg .idle.letter{fill:#bbb}}
@media screen and (max-width:48rem){.bars li{grid-template-columns:1fr auto}.bars .head span:last-child{display:none}.bars svg{grid-column:1/-1;margin-top:.2rem}
table.rows,table.rows :is(tbody,tr,th,td){display:block}table.rows thead{display:none}
table.rows tr{border-bottom:1px solid var(--rule);padding:.4rem 0}table.rows :is(th,td){border:0;padding:.05rem 0;text-align:left;white-space:normal}
table.rows th{font-weight:600}table.rows td::before{content:attr(data-is) ": ";opacity:.75}
svg.flow text{font-size:18px}svg.flow text.soft{font-size:15px}}
@media print{details::details-content{content-visibility:visible;display:block}details>*{display:block}details>table{display:table}.bars li,.move ul,tr,.notes li,.lead,figure{break-inside:avoid}
h2,h3,.lead,.legend,.bars .head,summary,.move p{break-after:avoid}.wide{overflow:visible;font-size:.85em}th,td{padding:.15rem .3rem}.bars li{grid-template-columns:15rem 9rem 1fr}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
"""
#: Rows of a table that are shown; the others are folded.
_SHOWN = 20


def _e(text: Any) -> str:
    return escape(clean(text), quote=True)


def cohort_html(data: ReportForm) -> str:
    """The report as a page."""
    title = title_words(data)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{_e(title)}</title><style>{_PAGE}{_STYLE}</style></head><body>{cohort_body(data)}</body></html>\n"
    )


def cohort_body(data: ReportForm) -> str:
    """What stands in the page."""
    told = "".join(f"<li>{_e(note)}</li>" for note in notes(data))
    parts = [HATCHINGS, f"<h1>{_e(title_words(data))}</h1>", f'<p class="lead">{_e(head_words(data))}</p>']
    parts.append(f'<ul class="notes">{told}</ul>' if told else "")
    for table in tables(data):
        parts.append(f'<section id="{_e(table.name)}"><h2>{_e(table.title)}</h2><p class="lead">{_e(table.lead)}</p>')
        if table.name == "therapies":
            parts.append(_therapies(data, table))
        elif table.name == "moves":
            parts.append(_moves(data))
        else:
            parts.append(_table(table))
        parts.append("</section>")
    parts.append(f"<p><small>{_e(data['software'])}. {_e(DISCLAIMER)}</small></p>")
    return "".join(parts)


def cohort_style() -> str:
    """The style of what stands in the page."""
    return _STYLE


# ---------------------------------------------------------------- therapies


def _therapies(data: ReportForm, table: Table) -> str:
    legend = "".join(f"<li>{swatch(code)} {_e(status_words(code))}</li>" for code in STATUSES)
    head = "<li class=head><span>Therapy</span><span class=number>Recommended to</span><span>All patients</span></li>"
    signs = data["facts"] is not None
    bars = "".join(_bar(row, data["patients"]["answered"], signs) for row in data["therapies"])
    steady = "".join(f"<p>{_e(text)}</p>" for text in steady_lines(data))
    folded = f"<details><summary>Therapies with one status for everybody</summary>{steady}</details>" if steady else ""
    numbers = f'<details><summary>The numbers</summary><div class="wide" role="region" aria-label="The numbers" tabindex="0">{_plain(table)}</div></details>'
    return f'<ul class="legend">{legend}</ul><ul class="bars">{head}{bars}</ul>{folded}{numbers}'


def _bar(row: TherapyRow, patients: int | None, signs: bool) -> str:
    members = ", ".join(one["label"] for one in row["members"])
    alike = f"<br><small>and {_e(members)}</small>" if members else ""
    masked = any(row["statuses"][code] is None for code in POSITIVE)
    number = recommended(row)
    told = f"{number:,}{_share(number, patients)}" if number or not masked else counted(None)
    if signs and row["signs_only"] != 0:
        told += f"\0{counted(row['signs_only'])} on signs alone"
    return (
        f"<li><span>{_e(row['label'])}{alike}</span>"
        f'<span class="number">{_lines(told)}</span>{bar_svg(row["label"], row["statuses"])}</li>'
    )


def _share(number: int, patients: int | None) -> str:
    """A part of all patients in percent, in brackets."""
    if not number or not patients:
        return ""
    percent = 100 * number / patients
    return f" ({percent:.0f} %)" if percent >= 1 else " (under 1 %)"


def _lines(told: str) -> str:
    """A number, with what is told below it smaller."""
    first, *rest = told.split("\0")
    return _e(first) + "".join(f"<br><small>{_e(text)}</small>" for text in rest)


# ---------------------------------------------------------------- tables


def _table(table: Table) -> str:
    if not table.rows:
        return "<p>None.</p>"
    first, rest = table.rows[:_SHOWN], table.rows[_SHOWN:]
    shown = _plain(Table(table.name, table.title, table.lead, table.heads, first))
    if not rest:
        return shown
    more = _plain(Table(table.name, table.title, table.lead, table.heads, rest))
    return f"{shown}<details><summary>{len(rest)} more</summary>{more}</details>"


def _plain(table: Table) -> str:
    numeric = [all(not isinstance(row[at], str) for row in table.rows) for at in range(len(table.heads))]
    heads = "".join(
        f'<th scope="col"{" class=count" if counts else ""}>{_e(head.capitalize())}</th>'
        for head, counts in zip(table.heads, numeric, strict=True)
    )
    rows = ""
    for row in table.rows:
        first, *others = row
        cells = "".join(
            f'<td data-is="{_e(head.capitalize())}"{" class=count" if counts else ""}>{_e(cell_words(cell))}</td>'
            for cell, head, counts in zip(others, table.heads[1:], numeric[1:], strict=True)
        )
        rows += f'<tr><th scope="row">{_e(cell_words(first))}</th>{cells}</tr>'
    return f'<table class="rows"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


# ---------------------------------------------------------------- what a change moves


def _moves(data: ReportForm) -> str:
    flow = data["flow"]
    assert flow is not None
    if not flow["therapies"]:
        return "<p>Nothing moves.</p>"
    hidden = sum(row["hidden"] for row in flow["between"])
    left = f" {hidden} masked moves of a therapy are left out." if hidden else ""
    caption = f"Patients by status before (left) and after (right), added up over the therapies that move.{left}"
    rows = [_moved(row) for row in flow["therapies"]]
    first, rest = "".join(rows[:_SHOWN]), "".join(rows[_SHOWN:])
    more = f"<details><summary>{len(rows) - _SHOWN} more</summary>{rest}</details>" if rest else ""
    return (
        f"<figure class=flow>{flow_svg(flow['between'])}<figcaption><small>{_e(caption)}</small></figcaption></figure>"
        f"{first}{more}"
    )


def _moved(row: MovedTherapy) -> str:
    moves = ""
    for move in row["moves"]:
        by = [*map(turn_words, move["by"]), otherwise_words(move)]
        told = "".join(f"<li><small>{_e(text)}</small></li>" for text in by if text)
        moves += f"<p><b>{_e(counted(move['patients']))}</b> {_e(move_words(move))}</p><ul>{told}</ul>"
    return f'<div class="move"><h3>{_e(moved_name(row))}</h3>{moves}</div>'
