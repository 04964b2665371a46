"""Answers as plain text at 80 columns, the same on a terminal and in a pipe."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from guidegraph.render.words import DISCLAIMER, STATUSES, clean, how, read_words, rule, source, strength, warning, wrap

_SHOWN = 6
_PAIRS = 1


def alerts(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Alerts that hold, then alerts to ask about; one known to be absent is not shown."""
    lines: list[str] = []
    for row in rows:
        if row["truth"] == "false":
            continue
        word = "ALERT" if row["truth"] == "true" else "ASK ABOUT"
        said = "; ".join(r.split(": ", 1)[-1] for r in row["reasons"])
        lines += wrap(f"{word}: {row['label']} - {said}", "           ", "!! " if row["truth"] == "true" else "?? ")
        if row["truth"] == "true" and row.get("calls_for"):
            lines += wrap(f"calls for: {', '.join(row['calls_for'])}", "           ")
    return lines


def _head(answer: dict[str, Any], title: str) -> list[str]:
    profile = answer["profile"]
    lines = wrap(f"{title} - {profile.get('label') or profile['id']} - as of {answer['as_of']}")
    if answer.get("jurisdiction"):
        lines.append(f"labels of jurisdiction {clean(answer['jurisdiction'])} only")
    for text in answer.get("not_understood", []):
        lines += wrap(f"NOT UNDERSTOOD: {text}", "  ")
    for row in answer.get("readings", []):
        lines += wrap(f"read: {read_words(row)}", "  ")
    found = alerts(answer.get("alerts", []))
    return lines + (["", *found] if found else [])


def _rec(word: str, rec: dict[str, Any]) -> list[str]:
    lines = wrap(f"{word}: {source(rec['document'], rec['reports'])}; {strength(rec)}", "        ", "      ")
    told = how(rec)
    return lines + (wrap(f"how: {told}", "          ", "        ") if told else [])


def _entry(entry: dict[str, Any]) -> list[str]:
    line = f", line {entry['line']}" if entry["line"] else ""
    coded = f" [{entry['coded']['code']}]" if entry.get("coded") else ""
    lines = wrap(f"{entry['label']}{coded} ({entry['category']}{line})", "      ", f"  {STATUSES[entry['status']][2]} ")
    lines += [t for r in entry["reasons"] if r.startswith("counts as ") for t in wrap(r, "        ", "      ")]
    if entry["status"] in ("not-indicated", "undetermined"):
        lines += _short_reasons(entry)
    else:
        for word, key in (
            ("for", "for"),
            ("against", "against"),
            ("limit", "limits"),
            ("both apply, against", "both_apply"),
        ):
            for rec in entry[key]:
                if rec["truth"] == "true":
                    lines += _rec(word, rec)
    for row in entry.get("disagreements", [])[:_PAIRS]:
        lines += wrap(f"disagreement ({row['verdict']}): {row['text']}", "        ", "      ")
    if len(entry.get("disagreements", [])) > _PAIRS:
        lines.append(f"      ... {len(entry['disagreements']) - _PAIRS} more: guidegraph disagreements --profile")
    for row in entry["contraindications"]:
        if row["truth"] == "true":
            word = "note" if row["note"] else row["kind"].upper()
            lines += wrap(f"{word}: {warning(row)}", "        ", "      ")
    lines += [
        text
        for r in entry["reasons"]
        if r.startswith(("alert:", "contraindications not"))
        for text in wrap(r, "        ", "      ")
    ]
    lines += _confirm(entry)
    return lines


def _short_reasons(entry: dict[str, Any]) -> list[str]:
    told = [r for r in entry["reasons"] if not r.startswith(("alert:", "contraindications not", "counts as "))]
    return [line for reason in told[:2] for line in wrap(reason, "        ", "      ")]


def _confirm(entry: dict[str, Any]) -> list[str]:
    facts = [c for c in entry["confirm"] if c != "contraindications not on file"]
    if not facts or entry["status"] not in ("provisional", "undetermined"):
        return []
    names = [c.split(" (")[0] for c in facts]
    more = f" and {len(names) - _SHOWN} more (guidegraph explain shows all)" if len(names) > _SHOWN else ""
    return wrap(f"establish: {'; '.join(names[:_SHOWN])}{more}", "        ", "      ")


def _footer(answer: dict[str, Any]) -> list[str]:
    lines = [""]
    lines += wrap(f"profile {answer['profile'].get('digest', '')}")
    if "knowledge" in answer:
        lines += wrap(f"knowledge {answer['knowledge']['version']} {answer['knowledge']['digest']}")
    if "software" in answer:
        lines.append(answer["software"])
    return lines + wrap(DISCLAIMER)


def therapies_text(answer: dict[str, Any]) -> str:
    """The answer: alerts first, then the therapies by status with who says so, then what to ask."""
    lines = _head(answer, "Therapies")
    for status, (heading, _, _) in STATUSES.items():
        entries = [e for e in answer["therapies"] if e["status"] == status]
        if not entries:
            continue
        lines += rule(f"{heading} ({len(entries)})")
        for entry in entries:
            lines += _entry(entry)
    if answer["not_in_effect"]:
        lines += rule("Not in effect at this date")
        for rec in answer["not_in_effect"]:
            lines += wrap(f"{rec['label']} - {rec['because']} ({source(rec['document'])})", "      ", "  ")
    lines += rule("Ask next")
    lines += _questions(answer["questions"][:_SHOWN])
    if len(answer["questions"]) > _SHOWN:
        lines.append(f"  ... {len(answer['questions']) - _SHOWN} more: guidegraph ask")
    return "\n".join(lines + _footer(answer)) + "\n"


def _questions(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for number, row in enumerate(rows, 1):
        mark = "alert" if row["alert"] else "absolute" if row["absolute"] else ""
        told = f"{row['therapies']} therapies" + (f", {mark}" if mark else "")
        lines += wrap(f"{row['label']} [{told}; answer in {row['key']}: {row['fact']}]", "      ", f"  {number:2}. ")
    return lines or ["  nothing: no unknown fact could change a status"]


def questions_text(answer: dict[str, Any]) -> str:
    """The questions, ranked."""
    lines = [*_head(answer, "Ask next"), "", *_questions(answer["questions"])]
    return "\n".join(lines + _footer(answer)) + "\n"


_SIGN = {"true": "yes", "false": "no", "unknown": "not known"}


def _literals(branches: list[dict[str, Any]], indent: str) -> list[str]:
    lines: list[str] = []
    for number, branch in enumerate(branches):
        if len(branches) > 1:
            lines.append(f"{indent}{'either' if number == 0 else 'or'} ({_SIGN[branch['truth']]}):")
        inner = indent + ("  " if len(branches) > 1 else "")
        for literal in branch["literals"]:
            fact = f" <- {literal['fact']}" if literal["fact"] else ""
            lines += wrap(f"{literal['text']}: {_SIGN[literal['truth']]}{fact}", inner + "    ", inner + "- ")
            lines += _literals(literal.get("branches", []), inner + "    ")
    return lines


def explain_text(data: dict[str, Any]) -> str:
    """The proof of one therapy's status and the smallest change."""
    entry = data["therapy"]
    lines = wrap(f"{entry['label']}: {STATUSES[entry['status']][0]} - as of {data['as_of']}")
    lines += [line for reason in entry["reasons"] for line in wrap(reason, "    ", "  ")]
    for member in entry["members"]:
        lines += wrap(f"{member['label']}: {member['status']}", "      ", "  member ")
    if entry.get("disagreements"):
        lines += rule(f"Disagreements behind it ({len(entry['disagreements'])})")
        for row in entry["disagreements"]:
            lines += wrap(f"{row['verdict']} ({row['overlap']}): {row['text']}", "    ", "* ")
    lines += rule("Proof")
    for row in data["proof"]:
        lines += wrap(f"{row['role']}: {row['label']} - {_SIGN[row['truth']]}", "    ", "* ")
        lines += wrap(f"{source(row['document'], row['reports'])}; {row['locator']}", "    ")
        lines += _literals(row["branches"], "    ")
    lines += rule("What would make it eligible")
    change = data["change"]
    if not change["possible"]:
        lines += wrap(f"nothing that can still change: {change['why_not']}", "  ")
    elif not change["facts"]:
        lines += wrap(change["text"], "  ")
    for fact in change["facts"]:
        lines += wrap(f"{fact['label']}: {fact['value']}", "    ", "  - ")
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def _week(value: float) -> str:
    return f"{value:.4g}"


def timeline_text(data: dict[str, Any]) -> str:
    """Statuses by week as a table of letters, with the legend."""
    steps = data["steps"]
    lines = wrap(
        f"Timeline - {data['profile']['label'] or data['profile']['id']} - weeks of symptoms - as of {data['as_of']}"
    )
    heads = [f"{_week(a)}-{_week(b)}" for a, b in itertools.pairwise(steps)]
    widths = [max(len(h), 2) for h in heads]
    lines += ["", " " * 40 + " ".join(h.rjust(w) for h, w in zip(heads, widths, strict=True))]
    for row in data["rows"]:
        letters = []
        for start, width in zip(steps, widths, strict=False):
            span = next(s for s in row["spans"] if s["from"] <= start < s["to"])
            letters.append(STATUSES[span["status"]][1].rjust(width))
        label = clean(row["label"])
        lines.append((label if len(label) <= 39 else label[:38] + "~").ljust(40) + " ".join(letters))
    legend = ", ".join(f"{letter} {status}" for status, (_, letter, _) in STATUSES.items())
    return "\n".join([*lines, "", *wrap(legend), *wrap(DISCLAIMER)]) + "\n"
