"""An audit as a page that reads like a careful reviewer's table: claim, citation, verdict, why, sources."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import Any

from guidegraph.render.audit import VERDICT_MARKS, baseline_notes, citations, counted, unrun
from guidegraph.words import DISCLAIMER, clean, year

_STYLE = """
:root{color-scheme:light dark;--line:#8885;--soft:#8882}
body{font:15px/1.5 Georgia,'Times New Roman',serif;margin:2rem auto;max-width:78rem;padding:0 1.2rem}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:2rem 0 .4rem}
p.sub{margin:.1rem 0 1rem;opacity:.85}
p small{font:.82rem/1.4 system-ui,Helvetica,Arial,sans-serif}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}
thead th{font:600 .8rem/1.3 system-ui,Helvetica,Arial,sans-serif;letter-spacing:.02em;border-bottom:2px solid currentColor}
td small,th small{font:.82rem/1.4 system-ui,Helvetica,Arial,sans-serif;opacity:.85}
.claim{width:22%;font-weight:400}.cited{width:7%}.verdict{width:12%}.why{width:25%}
.mark{font:700 .78rem/1.3 system-ui,Helvetica,Arial,sans-serif;white-space:nowrap;padding:.1rem .45rem;border:1.5px solid currentColor;border-radius:.8rem;display:inline-block}
.contradicted,.error{color:#a3000f}.contested,.shifted,.warning{color:#7a4a00}.outdated{color:#7a4a00}.qualified{color:#3d4f8a}.corroborated{color:#1b6b34}.addressed,.note{color:#555}
@media (prefers-color-scheme:dark){.contradicted,.error{color:#ff9c9c}.contested,.shifted,.warning,.outdated{color:#ffcf7d}.qualified{color:#b5c5ff}.corroborated{color:#93e0a8}.addressed,.note{color:#bbb}}
.tally{display:flex;flex-wrap:wrap;gap:.5rem;margin:.6rem 0 1rem;padding:0;list-style:none}
.tally li{border:1px solid var(--line);border-radius:.4rem;padding:.25rem .7rem;font:.88rem/1.4 system-ui,Helvetica,Arial,sans-serif}
.tally b{font-size:1.05rem}
ul.src{margin:0;padding-left:1.1rem}
body{overflow-wrap:anywhere}
@media(max-width:44rem){body{margin:.8rem auto}thead{display:none}tbody,tr,th,td{display:block}.claim,.cited,.verdict,.why{width:auto}
tr{border-bottom:1px solid var(--line);padding:.4rem 0}th,td{border:0;padding:.15rem 0}}
details{margin:.3rem 0}summary{cursor:pointer}
.kind{border-left:4px solid currentColor;padding:.1rem 0 .1rem .9rem;margin:1.1rem 0}
.error-kind{border-color:#c0303f}.warning-kind{border-color:#b07a1e}.note-kind{border-color:#999}
.kind h3{font-size:1rem;margin:.1rem 0}
code{font-size:.8rem;opacity:.75}
@media print{details{display:block}body{margin:0}}
"""
#: How a statement of a primary stands to a claim, in words.
RELATIONS = {
    "contradictedBy": "against it",
    "shiftedFrom": "other patients",
    "elsewhere": "otherwise, for other patients",
    "outdatedBy": "ended",
    "qualifiedBy": "with a qualification",
    "supportedBy": "for it",
}
_SHOWN = 5


def _e(text: Any) -> str:
    return escape(clean(text), quote=True)


def audit_html(data: dict[str, Any]) -> str:
    """The audit as a self-contained page in light and dark."""
    summary, held = data["summary"], data["corroboration"]
    title = f"Audit: {held['document']['label']}" if held else "Audit of the knowledge graph"
    parts = [f"<h1>{_e(title)}</h1>", f'<p class="sub">{_lead(data)}</p>']
    notes = [*unrun(data), *baseline_notes(data)]
    parts += [f'<p role="note" class="error"><strong>{_e(note)}</strong></p>' for note in notes]
    if held:
        parts.append(_corroboration(held))
    parts.append(_findings(data))
    parts.append(f"<p><small>{_e(summary['software'])}; graph {_e(summary['graph'])}. {_e(DISCLAIMER)}</small></p>")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{_e(title)}</title><style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _lead(data: dict[str, Any]) -> str:
    summary, held = data["summary"], data["corroboration"]
    told = f"As of {_e(summary['as_of'])}: {_e(counted(data))}."
    if held:
        document = held["document"]
        told = f"{_e(document['kind'].capitalize())}, {_e(year(document))}. " + told
    return told


def _verdict(word: str) -> str:
    return f'<span class="mark {word.split()[-1]}">{_e(VERDICT_MARKS[word][1:2])} {_e(word)}</span>'


def _corroboration(held: dict[str, Any]) -> str:
    tally = "".join(f"<li><b>{count}</b> {_e(word)}</li>" for word, count in held["counts"].items())
    rows = "".join(_claim(row) for row in held["items"])
    return (
        f'<h2>What primaries in the graph say of each claim</h2><ul class="tally">{tally}</ul>{_legend(held["items"])}'
        '<table><thead><tr><th scope="col">Claim</th><th scope="col">Cited</th><th scope="col">Verdict</th>'
        f'<th scope="col">Why</th><th scope="col">Sources</th></tr></thead><tbody>{rows}</tbody></table>'
    )


def _legend(rows: list[dict[str, Any]]) -> str:
    """Which document each cited number leads to, as the list is printed."""
    known = {c["number"]: c for row in rows for c in row["citations"] if c["number"] is not None}
    told = [
        f"<b>{number}</b> {_e(c['label'] or ('no described document' if c['listed'] else 'not in the list'))}"
        for number, c in sorted(known.items())
    ]
    return f"<p><small>Cited, as the list is printed: {'; '.join(told)}.</small></p>" if told else ""


def _claim(row: dict[str, Any]) -> str:
    said = f"{row['stance']}: " if row["stance"] else ""
    who = f"<br><small>{_e(row['population'])}</small>" if row["population"] else ""
    again = "<br><small>said again</small>" if row["restates"] else ""
    reports = "".join(f"<br><small>reports {_e(d['label'])}</small>" for d in row["reports"])
    return (
        f'<tr><th scope="row" class="claim">{_e(said)}{_e(row["claim"])}{who}{again}</th>'
        f'<td class="cited">{_e(citations(row)) or "&ndash;"}{reports}</td><td class="verdict">{_verdict(row["verdict"])}</td>'
        f'<td class="why">{_e(row["why"])}</td><td>{_sources(row["sources"])}</td></tr>'
    )


def _said(pair: dict[str, Any]) -> str:
    """What one statement of a primary says, on whom and under which condition."""
    said = pair["stance"] or (f"{pair['finding']}: {pair['label']}" if pair["finding"] else pair["label"])
    who = f": {pair['population']}" if pair["population"] else ""
    attached = f"; {'; '.join(pair['attached'])}" if pair["attached"] else ""
    return f"{said}{who}{attached}"


def _source(pairs: list[dict[str, Any]]) -> str:
    """What one document says in one relation to the claim."""
    first = pairs[0]
    own = ", the one reported" if any(pair["reported"] for pair in pairs) else ""
    said = "<br>".join(_e(told) for told in dict.fromkeys(map(_said, pairs)))
    return f"<li><small><b>{_e(first['document']['label'])}</b> ({RELATIONS[first['relation']]}{own})<br>{said}</small></li>"


def _sources(pairs: list[dict[str, Any]]) -> str:
    if not pairs:
        return "&ndash;"
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for pair in pairs:
        groups.setdefault((pair["relation"], pair["document"]["id"]), []).append(pair)
    rows = [_source(group) for group in groups.values()]
    first, rest = "".join(rows[:_SHOWN]), "".join(rows[_SHOWN:])
    more = f'<details><summary><small>{len(rows) - _SHOWN} more</small></summary><ul class="src">{rest}</ul></details>'
    return f'<ul class="src">{first}</ul>{more if rest else ""}'


def _findings(data: dict[str, Any]) -> str:
    if not data["findings"]:
        return "<h2>Findings</h2><p>None.</p>"
    severities = data["summary"]["severities"]
    parts = ["<h2>Findings</h2>"]
    for severity, group in groupby(data["findings"], key=lambda row: row["severity"]):
        rows = list(group)
        parts.append(
            f'<p><span class="mark {severity}">{severity}</span> <small>{_e(severities[severity])}</small></p>'
        )
        for _, same in groupby(rows, key=lambda row: row["kind"]):
            parts.append(_kind(list(same)))
    return "".join(parts)


def _kind(rows: list[dict[str, Any]]) -> str:
    cells = "".join(_finding(row) for row in rows)
    first = rows[0]
    return (
        f'<section class="kind {first["severity"]}-kind"><h3>{_e(first["title"])} ({len(rows)})</h3>'
        f"<p><small>To mend: {_e(first['mend'])}</small></p><table><tbody>{cells}</tbody></table></section>"
    )


def _finding(row: dict[str, Any]) -> str:
    shown = "".join(f"<li><small>{_e(told)}</small></li>" for told in row["evidence"][:_SHOWN])
    rest = "".join(f"<li><small>{_e(told)}</small></li>" for told in row["evidence"][_SHOWN:])
    more = (
        f'<details><summary><small>{len(row["evidence"]) - _SHOWN} more</small></summary><ul class="src">{rest}</ul></details>'
        if rest
        else ""
    )
    where = "<br>".join(f"<small>{_e(t)}</small>" for t in (row["locator"], row["document"]) if t and t != row["node"])
    return (
        f'<tr><th scope="row" class="claim">{_e(row["label"])}<br>{where}</th><td><ul class="src">{shown}</ul>{more}</td>'
        f"<td><code>{_e(row['id'])}</code></td></tr>"
    )
