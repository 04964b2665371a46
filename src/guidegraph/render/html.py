"""Answers as HTML: a notebook view and self-contained pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from guidegraph.derived import Explanation, Glance, Timeline
from guidegraph.forms import Answer, Source, Therapy
from guidegraph.model import STATUSES
from guidegraph.render.entries import Section, said, sections, to_establish
from guidegraph.render.glance import closing, parts_of
from guidegraph.render.svg import timeline_svg
from guidegraph.render.text import explain_text
from guidegraph.words import (
    DISCLAIMER,
    address_words,
    alert_words,
    bearing_words,
    beside,
    clean,
    other_words,
    partly_dated,
    problem_words,
    question_words,
    read_words,
    unused_words,
)

_STYLE = """
.gg{font:14px/1.45 system-ui,Helvetica,Arial,sans-serif;max-width:72rem}
.gg table{border-collapse:collapse;width:100%;margin:.3rem 0 1rem}
.gg th,.gg td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #8884}
.gg caption{text-align:left;font-weight:600;padding:.4rem 0}
.gg .alert{border-left:6px solid #b00020;padding:.4rem .8rem;margin:.4rem 0;background:#b0002018}
.gg .ask{border-left:6px solid #8a6d00;padding:.3rem .8rem;margin:.3rem 0;background:#8a6d0014}
.gg .mark{font-family:ui-monospace,monospace;font-weight:700;white-space:nowrap}
.gg small{opacity:.8}
.gg .glance section{display:grid;grid-template-columns:10rem 1fr;gap:0 1rem;border-top:1px solid #8884;padding:.35rem 0}
.gg .glance h4{margin:0;font-size:.8rem;letter-spacing:.04em;text-transform:uppercase}
.gg .glance ul{list-style:none;margin:0;padding:0}.gg .glance li{padding:.1rem 0}
.gg .glance span{opacity:.75;border:1px solid #8886;border-radius:.3rem;padding:0 .35rem;font-size:.85em;white-space:nowrap}
.gg .glance .stop{border-left:6px solid #b00020;background:#b0002018;padding-left:.6rem}
.gg .glance .first{border-left:6px solid #8a6d00;background:#8a6d0014;padding-left:.6rem}
.gg details{margin:1rem 0}.gg summary{cursor:pointer}
.gg pre{white-space:pre-wrap}
.gg{overflow-wrap:anywhere}
.gg svg{max-width:100%;height:auto}
@media(max-width:44rem){body{margin:.8rem}.gg .glance section{display:block}.gg .glance span{white-space:normal}.gg ul,.gg ol{padding-left:1.2rem}
.gg .rows,.gg .rows :is(caption,tbody,tr,th,td){display:block}.gg .rows thead{display:none}
.gg .rows tr{border-bottom:1px solid #8884;padding:.4rem 0}.gg .rows :is(th,td){border:0;padding:.1rem 0}
.gg .rows td[data-is]:not(:empty)::before{content:attr(data-is) ": ";font-weight:600}}
"""
#: Parts of a glance that must not be passed over.
_LOUD = {"ALERT": "stop", "ACT AT ONCE": "stop", "DO NOT GIVE": "stop", "RULE OUT FIRST": "first", "TAKES NOW": "first"}


def _e(text: Any) -> str:
    return escape(clean(text), quote=True)


def _alerts(answer: Answer) -> str:
    parts = []
    for row in answer["alerts"]:
        if (told := alert_words(row)) is None:
            continue
        kind, (word, label, facts) = "alert" if row["truth"] == "true" else "ask", told
        parts.append(f'<p class="{kind}" role="note"><strong>{word}: {_e(label)}</strong><br>{_e(facts)}</p>')
    return "".join(parts)


def _codes(answer: Answer) -> str:
    """The problem, what was not understood, and how codes were read."""
    missed = "".join(f"<p>{_e(text)}</p>" for text in problem_words(answer["problem"]))
    missed += "".join(
        f'<p class="ask" role="note"><strong>Not understood:</strong> {_e(text)}</p>'
        for text in answer["not_understood"]
    )
    missed += "".join(
        f'<p class="ask" role="note"><strong>Date not read:</strong> {_e(row["text"])}</p>' for row in answer["unread"]
    )
    missed += "".join(f'<p class="ask" role="note">{_e(text)}</p>' for text in partly_dated(answer["imprecise"]))
    read = "".join(f"<li>{_e(read_words(row))}</li>" for row in answer["readings"])
    terms = "".join(f"<li>{_e(term['text'])}</li>" for term in answer["by_reading"])
    lists = (("Codes read", read), ("Read from numbers and facts", terms))
    return missed + "".join(
        f"<details><summary>{name}</summary><ul>{rows}</ul></details>" for name, rows in lists if rows
    )


def _said(entry: Therapy) -> str:
    lines = []
    for row in said(entry):
        word = f"<strong>{_e(row.word[:1].upper() + row.word[1:])}:</strong> " if row.word else ""
        further = "".join(f"<br><small>{_e(text)}</small>" for text in (row.place, row.how) if text)
        lines.append(f"{word}{_e(row.text)}{further}")
    return "<br>".join(lines)


def _section(section: Section) -> str:
    if section.folded:
        named = ", ".join(_e(entry["label"]) for entry in section.entries)
        return f"<p><strong>After the emergency: {_e(section.heading)}</strong> {named}</p>"
    rows = "".join(
        f'<tr><td class="mark">{_e(STATUSES[e["status"]].mark)}</td><th scope="row">{_e(e["label"])}<br><small>'
        f"{_e(e['category'])}{', line ' + str(e['line']) if e['line'] else ''}</small></th><td>{_said(e)}</td>"
        f"{_open(e)}</tr>"
        for e in section.entries
    )
    return (
        f'<table class="rows"><caption>{_e(section.heading)}</caption><thead><tr><th></th><th scope="col">Therapy</th>'
        f'<th scope="col">Who says so, and what holds</th><th scope="col">To establish</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _open(entry: Therapy) -> str:
    facts = to_establish(entry)
    return f'<td data-is="To establish"><small>{_e(facts)}</small></td>' if facts else "<td></td>"


def _beside(answer: Answer) -> str:
    """Flags to weigh, what is taken now, and what was left out."""
    rows = "".join(f"<li><strong>{_e(word)}:</strong> {_e(text)}</li>" for word, text in beside(answer))
    return f"<ul>{rows}</ul>" if rows else ""


def _glance(glance: Glance) -> str:
    """What one acts on, a heading a band, who says so beside each row."""
    head, *bands = parts_of(glance)
    told = "".join(f"<p>{_e(row.text)}</p>" for row in head.rows)
    for part in bands:
        rows = "".join(
            f"<li>{_e(row.text)}{f' <span>{_e(row.voices)}</span>' if row.voices else ''}</li>" for row in part.rows
        )
        kind = _LOUD.get(part.heading, "")
        told += f"<section{f' class={kind}' if kind else ''}><h4>{_e(part.heading.capitalize())}</h4><ul>{rows}</ul></section>"
    return f'<div class="glance">{told}<p><small>{_e(closing(glance))}</small></p></div>'


def _sources(rows: Sequence[Source]) -> str:
    """The documents that the answer names, each once, with links to where people find them."""
    told = ""
    for row in rows:
        links = ", ".join(f'<a href="{_e(link)}">{_e(link)}</a>' for link in row["addresses"])
        told += f"<li>{_e(row['label'])}: {links or _e(address_words(row))}</li>"
    return f"<h4>Sources</h4><ul>{told}</ul>" if told else ""


def notebook_html(answer: Answer, glance: Glance | None = None) -> str:
    """The answer as an HTML fragment for a notebook; the whole folded below its glance where that is given."""
    name = answer["profile"]["label"] or answer["profile"]["id"]
    tables = "".join(_section(section) for section in sections(answer))
    banner = f'<p class="alert" role="note"><strong>{_e(answer["banner"])}</strong></p>' if answer["banner"] else ""
    asked = "".join(
        f"<li>{_e(question_words(q))} <small>({_e(bearing_words(q))})</small></li>" for q in answer["questions"][:8]
    )
    others = "".join(f"<li>{_e(text)}</li>" for text in other_words(answer["other_problems"]))
    others = f"<h4>Other problems</h4><ul>{others}</ul>" if others else ""
    left = answer["unused"]
    said = f"<p>Not used by any statement here: {_e(unused_words(left))}.</p>" if left else ""
    cited = _sources(answer["sources"])
    before, after = ("", "")
    if glance is not None:
        before = f"{_glance(glance)}<details><summary>Every therapy, with every voice, reason and open fact</summary>"
        after = "</details>"
    return (
        f'<div class="gg"><style>{_STYLE}</style>{banner}<h3>Therapies: {_e(name)} <small>as of {_e(answer["as_of"])}</small></h3>'
        f"{before}{_codes(answer)}{_alerts(answer)}{_beside(answer)}{tables}{others}<h4>Ask next</h4><ol>{asked}</ol>{said}{cited}{after}<p><small>Knowledge {_e(answer['knowledge']['version'])}, "
        f"{_e(answer['knowledge']['digest'])}. {DISCLAIMER}</small></p></div>"
    )


def page(title: str, body: str, language: str = "en") -> str:
    """A self-contained HTML page in light and dark."""
    return (
        f'<!doctype html>\n<html lang="{_e(language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{_e(title)}</title><style>:root{{color-scheme:light dark}}body{{margin:1.5rem}}{_STYLE}</style></head>"
        f"<body>{body}</body></html>\n"
    )


def therapies_html(answer: Answer, glance: Glance | None = None) -> str:
    """The answer as a page; the whole folded below its glance where that is given."""
    return page(f"Therapies: {answer['profile']['label'] or answer['profile']['id']}", notebook_html(answer, glance))


def explain_html(explanation: Explanation) -> str:
    """The explanation as a page."""
    entry = explanation["therapy"]
    body = f'<div class="gg"><h1>{_e(entry["label"])}: {_e(entry["status"])}</h1><pre>{_e_lines(explain_text(explanation))}</pre></div>'
    return page(entry["label"], body)


def _e_lines(text: str) -> str:
    return "\n".join(_e(line) for line in text.splitlines())


def timeline_html(timeline: Timeline) -> str:
    """The timeline as a page around its picture."""
    told = "".join(f"<p>{_e(text)}</p>" for text in problem_words(timeline["problem"]))
    unsure = "".join(f"<p>{_e(text)}</p>" for text in partly_dated(timeline["imprecise"]))
    picture = f"{told}{timeline_svg(timeline)}{unsure}"
    return page("Timeline", f'<div class="gg">{picture}<p><small>{DISCLAIMER}</small></p></div>')
