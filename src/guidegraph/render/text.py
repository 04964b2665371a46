"""Answers as plain text at 80 columns, the same on a terminal and in a pipe."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from guidegraph.model import STATUSES
from guidegraph.render.entries import (
    Section,
    beyond_reasons,
    courses,
    reviewed_words,
    said,
    sections,
    to_establish,
)
from guidegraph.words import (
    DISCLAIMER,
    alert_words,
    bearing_words,
    beside,
    clean,
    other_words,
    partly_dated,
    problem_words,
    question_words,
    read_words,
    rule,
    source,
    sources_lines,
    unused_words,
    wrap,
)

if TYPE_CHECKING:
    from guidegraph.derived import Branch, Explanation, Timeline
    from guidegraph.forms import Alert, Answer, Asked, Problem, Question, Therapy
    from guidegraph.readforms import Imprecise, Unread

_SHOWN = 6
_PAIRS = 1


def alerts(rows: Iterable[Alert]) -> list[str]:
    """Alerts that hold, then alerts to ask about; one known to be absent that nobody attended to is not shown."""
    lines: list[str] = []
    for row in rows:
        if (said := alert_words(row)) is None:
            continue
        word, label, told = said
        lines += wrap(f"{word.upper()}: {label} - {told}", "           ", "!! " if row["truth"] == "true" else "?? ")
        if row["truth"] == "true" and row["calls_for"]:
            lines += wrap(f"calls for: {', '.join(row['calls_for'])}", "           ")
    return lines


def _unread(rows: Iterable[Unread]) -> list[str]:
    return [line for row in rows for line in wrap(f"DATE NOT READ: {row['text']}", "  ")]


def _problem(problem: Problem) -> list[str]:
    return [line for text in problem_words(problem) for line in wrap(text, "  ")]


def _partly_dated(rows: Sequence[Imprecise]) -> list[str]:
    return [line for text in partly_dated(rows) for line in wrap(text, "  ")]


def _head(answer: Asked, title: str) -> list[str]:
    profile = answer["profile"]
    lines = wrap(answer["banner"], "   ", "!! ") if answer["banner"] else []
    lines += wrap(f"{title} - {profile['label'] or profile['id']} - as of {answer['as_of']}")
    lines += _problem(answer["problem"])
    if answer["jurisdiction"]:
        lines.append(f"labels of jurisdiction {clean(answer['jurisdiction'])} only")
    for text in answer["not_understood"]:
        lines += wrap(f"NOT UNDERSTOOD: {text}", "  ")
    lines += _unread(answer["unread"]) + _partly_dated(answer["imprecise"])
    for row in answer["readings"]:
        lines += wrap(f"read: {read_words(row)}", "  ")
    for term in answer["by_reading"]:
        lines += wrap(f"read: {term['text']}", "  ")
    shown = alerts(answer["alerts"])
    shown += [line for word, text in beside(answer) for line in wrap(f"{word}: {text}", "     ", "   ")]
    return lines + (["", *shown] if shown else [])


def _entry(entry: Therapy) -> list[str]:
    line = f", line {entry['line']}" if entry["line"] else ""
    coded = f" [{entry['coded']['code']}]" if entry["coded"] else ""
    mark = STATUSES[entry["status"]].mark
    lines = wrap(f"{entry['label']}{coded} ({entry['category']}{line})", "      ", f"  {mark} ")
    for row in said(entry):
        lines += wrap(f"{row.word}: {row.text}" if row.word else row.text, "        ", "      ")
        lines += wrap(f"how: {row.how}", "          ", "        ") if row.how else []
    for pair in entry["disagreements"][:_PAIRS]:
        lines += wrap(f"disagreement ({pair['verdict']}): {pair['text']}", "        ", "      ")
    if len(entry["disagreements"]) > _PAIRS:
        lines.append(f"      ... {len(entry['disagreements']) - _PAIRS} more: guidegraph disagreements --profile")
    establish = to_establish(entry)
    return lines + (wrap(establish, "        ", "      ") if establish else [])


def _section(section: Section) -> list[str]:
    if not section.folded:
        return rule(section.heading) + [line for entry in section.entries for line in _entry(entry)]
    named = ", ".join(entry["label"] for entry in section.entries)
    return wrap(f"{section.heading}: {named}", "      ", "  ")


def _footer(answer: Asked) -> list[str]:
    lines = [""]
    if answer["unused"]:
        lines += [*wrap(f"Not used by any statement here: {unused_words(answer['unused'])}", "  ", ""), ""]
    lines += wrap(f"profile {answer['profile']['digest']}")
    lines += wrap(f"knowledge {answer['knowledge']['version']} {answer['knowledge']['digest']}")
    return [*lines, answer["software"], *wrap(DISCLAIMER)]


def therapies_text(answer: Answer, *, ended: bool = False) -> str:
    """The answer: alerts first, then the therapies by status with who says so, then what to ask.

    What is not in effect is counted, and listed where ``ended`` says so.
    """
    lines = _head(answer, "Therapies")
    shown = sections(answer)
    lines += [line for section in shown if not section.folded for line in _section(section)]
    folded = [line for section in shown if section.folded for line in _section(section)]
    lines += [*rule("After the emergency"), *folded] if folded else []
    if answer["other_problems"]:
        lines += rule("Other problems: recommendations that are not counted here")
        lines += [line for text in other_words(answer["other_problems"]) for line in wrap(text, "      ", "  ")]
    if answer["not_in_effect"]:
        lines += rule(f"Not in effect at this date ({len(answer['not_in_effect'])})")
        lines += [] if ended else ["  They change no status: guidegraph therapies --ended lists them."]
        for rec in answer["not_in_effect"] if ended else ():
            lines += wrap(f"{rec['label']} - {rec['because']} ({source(rec['document'])})", "      ", "  ")
    lines += rule("Ask next")
    lines += _questions(answer["questions"][:_SHOWN])
    if len(answer["questions"]) > _SHOWN:
        lines.append(f"  ... {len(answer['questions']) - _SHOWN} more: guidegraph ask")
    lines += sources_lines(answer["sources"])
    reviewed = reviewed_words(answer)
    lines += ["", *wrap(reviewed)] if reviewed else []
    return "\n".join(lines + _footer(answer)) + "\n"


def _questions(rows: list[Question]) -> list[str]:
    lines = []
    for number, row in enumerate(rows, 1):
        answer = f"; answer in {row['key']}: {row['fact']}" if row["key"] else ""
        lines += wrap(f"{question_words(row)} [{bearing_words(row)}{answer}]", "      ", f"  {number:2}. ")
        if row["trials"]:
            lines += wrap(f"do these amount to it: {'; '.join(row['trials'])}?", "        ", "      ")
    return lines or ["  nothing: no unknown fact could change a status"]


def questions_text(answer: Asked) -> str:
    """The questions, ranked."""
    lines = [*_head(answer, "Ask next"), "", *_questions(answer["questions"])]
    return "\n".join(lines + _footer(answer)) + "\n"


_SIGN = {"true": "yes", "false": "no", "unknown": "not known"}


def _literals(branches: list[Branch], indent: str) -> list[str]:
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


def explain_text(explanation: Explanation) -> str:
    """The proof of one therapy's status and the smallest change."""
    entry = explanation["therapy"]
    lines = wrap(f"{entry['label']}: {STATUSES[entry['status']].heading} - as of {explanation['as_of']}")
    lines += _problem(explanation["problem"])
    lines += _unread(explanation["unread"]) + _partly_dated(explanation["imprecise"])
    lines += [line for reason in entry["reasons"] for line in wrap(reason, "    ", "  ")]
    beyond = (f"{row.word}: {row.text}" if row.word else row.text for row in beyond_reasons(entry))
    lines += [line for text in beyond for line in wrap(text, "    ", "  ")]
    for member in entry["members"]:
        lines += wrap(f"{member['label']}: {member['status']}", "      ", "  member ")
    if entry["disagreements"]:
        lines += rule(f"Disagreements behind it ({len(entry['disagreements'])})")
        for pair in entry["disagreements"]:
            lines += wrap(f"{pair['verdict']} ({pair['overlap']}): {pair['text']}", "    ", "* ")
    lines += rule("Proof")
    for row in explanation["proof"]:
        lines += wrap(f"{row['role']}: {row['label']} - {_SIGN[row['truth']]}", "    ", "* ")
        reviewed = f"; {row['encoding_review']['text']}" if "encoding_review" in row else ""
        lines += wrap(f"{source(row['document'], row['reports'])}; {row['locator']}{reviewed}", "    ")
        lines += _literals(row["branches"], "    ")
    lines += rule("What would make it eligible")
    change = explanation["change"]
    if not change["possible"]:
        lines += wrap(f"nothing that can still change: {change['why_not']}", "  ")
    elif not change["facts"]:
        lines += wrap(change["text"], "  ")
    for fact in change["facts"]:
        lines += wrap(f"{fact['label']}: {fact['value']}", "    ", "  - ")
    lines += sources_lines(explanation["sources"])
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def _week(value: float) -> str:
    return f"{value:.4g}"


def timeline_text(timeline: Timeline) -> str:
    """Statuses by week as a table of letters, families that change first, and those that keep one; with the legend."""
    steps = timeline["steps"]
    name = timeline["profile"]["label"] or timeline["profile"]["id"]
    lines = wrap(f"Timeline - {name} - weeks of symptoms - as of {timeline['as_of']}")
    lines += _problem(timeline["problem"])
    lines += _partly_dated(timeline["imprecise"])
    heads = [f"{_week(a)}-{_week(b)}" for a, b in itertools.pairwise(steps)]
    widths = [max(len(h), 2) for h in heads]
    lines += ["", " " * 40 + " ".join(h.rjust(w) for h, w in zip(heads, widths, strict=True))]
    moving, steady = courses(timeline)
    for course in moving:
        letters = []
        for start, width in zip(steps, widths, strict=False):
            span = next(s for s in course.spans if s["from"] <= start < s["to"])
            letters.append(STATUSES[span["status"]].letter.rjust(width))
        label = clean(course.label)
        lines.append((label if len(label) <= 39 else label[:38] + "~").ljust(40) + " ".join(letters))
    for status, labels in steady.items():
        lines += ["", *wrap(f"all along {status.replace('-', ' ')}: {', '.join(labels)}", "    ", "  ")]
    for row in timeline["rows"]:
        for span in row["spans"]:
            if span.get("boundary"):
                weeks = f"weeks {_week(span['from'])} to {_week(span['to'])}"
                lines += wrap(
                    f"boundary: {row['label']} is {span['status']} in {weeks} only since definitions differ", "  ", ""
                )
    legend = ", ".join(f"{status.letter} {status.code}" for status in STATUSES.values())
    return "\n".join([*lines, "", *wrap(legend), *wrap(DISCLAIMER)]) + "\n"
