"""The glance in plain words, for a patient: every word of it is data of the glance."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from guidegraph.render.glance import NEVER_CUT
from guidegraph.render.html import page
from guidegraph.render.screen import Part, Row, escaped
from guidegraph.words import WIDTH, clean

if TYPE_CHECKING:
    from guidegraph.derived import Glance, GlanceFamily, GlanceTaken, GlanceVoice
    from guidegraph.forms import Alert

#: How the parts are marked that nobody must pass over, by the code of their words.
LOUD = {"alert": "stop", "signs": "first"} | dict.fromkeys(("band-alert", "band-do-not-give", "not-understood"), "stop")


def plain_text(glance: Glance) -> str:
    """The glance in plain words as text of 80 columns."""
    lines = [_said(glance, "top").upper()]
    for part in plain_parts(glance):
        lines += ["", _said(glance, part.heading)] if part.heading else []
        for row in part.rows:
            first, later = ("- ", "  ") if part.heading else ("", "")
            lines += textwrap.wrap(
                clean(row.text), WIDTH, initial_indent=first, subsequent_indent=later, break_on_hyphens=False
            )
    return "\n".join(lines) + "\n"


def plain_markdown(glance: Glance) -> str:
    """The glance in plain words as Markdown: a heading a part, a line a row."""
    lines = [f"# {escaped(_said(glance, 'top'))}", ""]
    for part in plain_parts(glance):
        lines += [f"**{escaped(_said(glance, part.heading))}**", ""] if part.heading else []
        for row in part.rows:
            lines += [f"- {escaped(row.text)}"] if part.heading else [escaped(row.text), ""]
        lines += [""] if part.heading else []
    return "\n".join(lines)


def plain_html(glance: Glance) -> str:
    """The glance in plain words as a page."""
    told = ""
    for part in plain_parts(glance):
        if not part.heading:
            told += "".join(f"<p>{escape(clean(row.text))}</p>" for row in part.rows)
            continue
        rows = "".join(f"<li>{escape(clean(row.text))}</li>" for row in part.rows)
        kind = f' class="{LOUD[part.heading]}"' if part.heading in LOUD else ""
        told += f"<section{kind}><h2>{escape(_said(glance, part.heading))}</h2><ul>{rows}</ul></section>"
    title = _said(glance, "top")
    return page(title, f'<div class="gg plain"><h1>{escape(title)}</h1>{told}</div>', glance["language"])


def plain_parts(glance: Glance) -> list[Part]:
    """Everything that is told, in the order of the glance for professionals; a part's heading is the code of its words.

    While an alert holds that nobody attended to, only what bears on it, as there.
    """
    emergency = any(row["truth"] == "true" and not row["attended"] for row in glance["alerts"])
    shown = [band for band in glance["bands"] if not emergency or band["band"] in NEVER_CUT]
    bands = {f"band-{b['band']}": [_row(glance, b["band"], f) for f in b["families"]] for b in shown}
    parts = [
        Part("", _top(glance)),
        _part("not-understood", glance["not_understood"]),
        _part("alert", [text for alert in glance["alerts"] for text in _alert(glance, alert)]),
        _part("band-alert", bands.pop("band-alert", [])),
        _part("signs", _signs(glance)),
        _part("flags", glance["flags"]),
        _part("band-do-not-give", bands.pop("band-do-not-give", [])),
        _part(
            "takes-now",
            [
                f"{d['label']}: {'; '.join(_taken(glance, d))}; {_said(glance, 'starting')}."
                for d in glance["taken_now"]
            ],
        ),
        *(_part(code, rows) for code, rows in bands.items()),
    ]
    folded = sum(len(band["families"]) for band in glance["bands"]) - sum(len(band["families"]) for band in shown)
    parts.append(_part("afterwards", [_said(glance, "folded", str(folded))] if folded else []))
    others = [(row["label"], str(row["recommendations"])) for row in glance["other_problems"]]
    parts.append(_part("other-problem", [_said(glance, "other-of", *row) for row in others]))
    asked = [": ".join(filter(None, (q["label"], q["decides"]))) for q in glance["ask_next"]]
    parts.append(_part("ask-next", asked if not emergency else []))
    unknown = [_said(glance, "unknown-term", label) for label in glance["others"]]
    parts.append(_part("unused", [*glance["unused"], *unknown]))
    return [part for part in (*parts, Part("", _end(glance))) if part.rows]


def _said(glance: Glance, code: str, *parts: str) -> str:
    return glance["words"][code].format(*parts)


def _part(code: str, texts: Sequence[str]) -> Part:
    return Part(code, [Row([text[:1].upper() + text[1:]]) for text in texts])


def _top(glance: Glance) -> list[Row]:
    problem = glance["problem"][:1].upper() + glance["problem"][1:]
    left = "; ".join(glance["untranslated"])
    told = [_said(glance, "untranslated", left) if left else "", _said(glance, "about"), glance["banner"] or ""]
    told.append(f"{problem}. {_said(glance, 'as-of', glance['as_of'])}")
    told += [f"{'; '.join(glance['patient'])}." if glance["patient"] else "", *glance["notes"]]
    told.append(f"{_said(glance, 'read', '; '.join(glance['read']))}." if glance["read"] else "")
    return [Row([text[:1].upper() + text[1:]]) for text in told if text]


def _end(glance: Glance) -> list[Row]:
    words, known = glance["words"], glance["knowledge"]
    rest = [_said(glance, "rest", str(row["families"]), words[f"status {row['status']}"]) for row in glance["rest"]]
    made = _said(glance, "knowledge", f"{known['version']}, {known['digest'].partition(':')[2][:8]}")
    return [Row([text]) for text in (*rest, f"{made} {_said(glance, 'closing')}")]


def _alert(glance: Glance, alert: Alert) -> list[str]:
    """An alert that holds: its signs, what to do at once, what is called for."""
    if alert["truth"] != "true":
        return []
    done, calls = alert["attended"], alert["calls_for"]
    attended = f" ({_said(glance, 'attended-' + done.replace(' ', '-'))})" if done else ""
    told = [f"{alert['label']}{attended}: {'; '.join(alert['facts'])}."]
    told += [] if done else [_said(glance, "alert-now")]
    told += [_said(glance, "alert-calls-for", "; ".join(calls))] if calls else []
    return [" ".join(told)]


def _signs(glance: Glance) -> list[str]:
    """Every sign of the other alerts that nobody asked about, and those that are known to be there or absent."""
    signs = [sign for alert in glance["alerts"] if alert["truth"] == "unknown" for sign in alert["signs"]]
    left = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "unknown")
    if not left:
        return []
    absent = dict.fromkeys(sign["label"] for sign in signs if sign["truth"] == "false")
    there = dict.fromkeys(s["label"] for s in signs if s["truth"] == "true" and s["key"] != s["fact"])
    rows = [("signs-present", there), ("signs-asked", left), ("signs-absent", absent)]
    return [_said(glance, "signs-now"), *(_said(glance, code, "; ".join(named)) for code, named in rows if named)]


def _taken(glance: Glance, drug: GlanceTaken) -> list[str]:
    """What speaks against a drug that is taken: facts, then who is against it and who is for it."""
    told = [f"{fact['text']} ({', '.join(fact['by'])})" if fact["by"] else fact["text"] for fact in drug["facts"]]
    sides = (
        ("taken-against", drug["against"], drug["more_against"]),
        ("taken-for", drug["recommended"], drug["more_recommended"]),
    )
    for code, voices, number in sides:
        more = [_said(glance, "more", str(number))] if number else []
        if voices:
            told.append(_said(glance, code, "; ".join([*(_voice(glance["words"], v) for v in voices), *more])))
    return told


def _row(glance: Glance, band: str, family: GlanceFamily) -> str:
    """One family: its name and members, what is said of it, and who says so."""
    words, within = glance["words"], family["within"]
    said = [_said(glance, "also", "; ".join(family["members"]))] if family["members"] else []
    said += [words[f"band-{within}"]] if band == "tests" else []
    said += [_said(glance, "status", words[f"status {family['status']}"])] if band == "tried" else []
    if family["facts"] and within != "avoid":
        facts = "; ".join(f"{f['text']} ({', '.join(f['by'])})" if f["by"] else f["text"] for f in family["facts"])
        said.append(_said(glance, "because" if family["status"] == "contraindicated" else "caution", facts))
    said += family["only_with"] if within in ("recommended", "if-checked", "weak-ground", "avoid") else []
    if family["establish"]:
        more = [_said(glance, "more", str(family["more_facts"]))] if family["more_facts"] else []
        said.append(_said(glance, "check", "; ".join([*family["establish"], *more])))
    if family["against"]:
        other = "; ".join(_voice(words, voice) for voice in family["against"])
        said.append(_said(glance, "against" if within == "disagree" else "but", other))
    said += [*(family["notes"] if within != "disagree" else []), *family["marks"]]
    if family["voices"]:
        more = [_said(glance, "more", str(family["more_voices"]))] if family["more_voices"] else []
        said.append(_said(glance, "says", "; ".join([*(_voice(words, v) for v in family["voices"]), *more])))
    return f"{family['label']}. {' '.join(f'{text[:1].upper()}{text[1:]}.' for text in said)}".strip()


def _voice(words: dict[str, str], voice: GlanceVoice) -> str:
    """A voice by the short name of its document, with what it is and how strongly it says so."""
    told = [words[f"standing {voice['standing']}"]]
    if voice["stance"] in ("for", "against"):
        told += [words[f"strength {voice['strength']}"]] if voice["strength"] != "none stated" else []
    else:
        told.append(words[f"stance {voice['stance']}"])
    told += [words["reviewstate pending"]] if voice["review"] == "pending" else []
    return f"{voice['short']} ({', '.join(told)})"
