"""Answers as Markdown."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from guidegraph.derived import Explanation, Timeline
from guidegraph.forms import Answer, Asked, Question, Source
from guidegraph.render.entries import courses, said, sections, to_establish
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
    source,
    unused_words,
)


def cell(text: Any) -> str:
    """Text that cannot break out of a table cell or start markup."""
    safe = clean(text).replace("\\", "\\\\")
    for mark in "|<>`*_[]":
        safe = safe.replace(mark, f"\\{mark}" if mark not in "<>" else {"<": "&lt;", ">": "&gt;"}[mark])
    return safe


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(lines + ["| " + " | ".join(cell(c) for c in row) + " |" for row in rows])


def _alerts(answer: Asked) -> list[str]:
    lines = []
    for row in answer["alerts"]:
        if (said := alert_words(row)) is not None:
            word, label, told = said
            lines.append(f"> **{word}: {cell(label)}** ({cell(told)})\n>")
    return lines


def _codes(answer: Asked) -> list[str]:
    """The problem, what was not understood, and how codes were read."""
    lines = [f"- {cell(text)}" for text in problem_words(answer["problem"])]
    lines += [f"- **Not understood:** {cell(text)}" for text in answer["not_understood"]]
    lines += [f"- **Date not read:** {cell(row['text'])}" for row in answer["unread"]]
    lines += [f"- {cell(text)}" for text in partly_dated(answer["imprecise"])]
    lines += [f"- Read: {cell(read_words(row))}" for row in answer["readings"]]
    lines += [f"- Read: {cell(term['text'])}" for term in answer["by_reading"]]
    return ["\n".join(lines)] if lines else []


def _banner(answer: Asked) -> list[str]:
    return [f"> **{cell(answer['banner'])}**"] if answer["banner"] else []


def _beside(answer: Asked) -> list[str]:
    """Flags to weigh, what is taken now, and what was left out."""
    lines = [f"- **{word}:** {cell(text)}" for word, text in beside(answer)]
    return ["\n".join(lines)] if lines else []


def therapies_markdown(answer: Answer, *, ended: bool = False) -> str:
    """The answer as a Markdown page: alerts, one table a status, questions; with ``ended`` what is not in effect."""
    profile = answer["profile"]
    head = [f"# Therapies: {cell(profile['label'] or profile['id'])}", f"As of {answer['as_of']}."]
    parts = [*_banner(answer), *head, *_codes(answer), *_alerts(answer), *_beside(answer)]
    for section in sections(answer):
        if section.folded:
            named = ", ".join(cell(entry["label"]) for entry in section.entries)
            parts += [f"After the emergency: **{cell(section.heading)}** {named}"]
            continue
        rows = [
            [
                entry["label"],
                entry["category"],
                entry["line"] or "",
                "; ".join(f"{row.word}: {row.text}" if row.word else row.text for row in said(entry)),
                to_establish(entry),
            ]
            for entry in section.entries
        ]
        head = ["therapy", "category", "line", "who says so, and what holds", "to establish"]
        parts += [f"## {cell(section.heading)}", table(head, rows)]
    if answer["other_problems"]:
        parts += ["## Other problems", "\n".join(f"- {cell(text)}" for text in other_words(answer["other_problems"]))]
    if answer["not_in_effect"]:
        rows = [[rec["label"], rec["because"], source(rec["document"])] for rec in answer["not_in_effect"]]
        parts.append(f"## Not in effect at this date ({len(rows)})")
        parts += [table(["recommendation", "why", "source"], rows)] if ended else []
    parts += ["## Ask next", _question_table(answer["questions"])]
    if answer["unused"]:
        parts.append(f"Not used by any statement here: {cell(unused_words(answer['unused']))}.")
    parts += sources_section(answer["sources"])
    return "\n\n".join([*parts, DISCLAIMER]) + "\n"


def sources_section(rows: Sequence[Source]) -> list[str]:
    """The documents that an answer names, each once, with their addresses."""
    # An IRI has no angle brackets and no blanks, so it stands in a link as it is.
    links = [", ".join(f"<{address}>" for address in row["addresses"]) or cell(address_words(row)) for row in rows]
    listed = "\n".join(f"- {cell(row['label'])}: {link}" for row, link in zip(rows, links, strict=True))
    return [f"## Sources ({len(rows)})", listed] if rows else []


def _question_table(rows: list[Question]) -> str:
    return table(
        ["question", "could change", "key", "fact"],
        [
            [
                "; ".join([question_words(r), *(f"does this amount to it: {made}?" for made in r["trials"])]),
                bearing_words(r),
                r["key"],
                r["fact"],
            ]
            for r in rows
        ],
    )


def questions_markdown(answer: Asked) -> str:
    """The questions as a Markdown page."""
    head = f"# Ask next: {cell(answer['profile']['label'] or answer['profile']['id'])}"
    return (
        "\n\n".join([head, *_codes(answer), *_alerts(answer), _question_table(answer["questions"]), DISCLAIMER]) + "\n"
    )


def explain_markdown(explanation: Explanation) -> str:
    """The explanation as a Markdown page with the proof as preformatted text."""
    entry = explanation["therapy"]
    fence = "~~~~"
    return f"# {cell(entry['label'])}: {entry['status']}\n\n{fence}\n{explain_text(explanation)}{fence}\n"


def timeline_markdown(timeline: Timeline) -> str:
    """The timeline as a Markdown table."""
    steps = timeline["steps"]
    heads = ["therapy", *(f"week {a:g} to {b:g}" for a, b in itertools.pairwise(steps))]
    moving, steady = courses(timeline)
    rows = [
        [c.label, *(next(s["status"] for s in c.spans if s["from"] <= start < s["to"]) for start in steps[:-1])]
        for c in moving
    ]
    kept = [f"- **all along {cell(status)}:** {cell(', '.join(labels))}" for status, labels in steady.items()]
    notes = map(cell, (*problem_words(timeline["problem"]), *partly_dated(timeline["imprecise"])))
    told = [*notes, *([table(heads, rows)] if rows else []), *(["\n".join(kept)] if kept else []), DISCLAIMER]
    return "\n\n".join([f"# Timeline as of {timeline['as_of']}", *told]) + "\n"
