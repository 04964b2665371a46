"""A plan as text and Markdown: what becomes of therapies that are given together."""

from __future__ import annotations

from collections.abc import Iterable

from guidegraph.derived import Bearing, Plan, Planned
from guidegraph.render.markdown import cell
from guidegraph.words import DISCLAIMER, holding_words, problem_words, rule, wrap

_NOTHING = "no contraindication or warning on file speaks of these together, which does not say that there is none"


def _status(code: str | None) -> str:
    return code or "no statement here reaches it"


def _bearing(row: Bearing, word: str) -> str:
    new = " with the plan" if row["new"] and word != "IF" else ""
    by = f"; with {', '.join(row['by'])}" if row["by"] else ""
    facts = f"; to establish: {'; '.join(row['facts'])}" if row["facts"] else ""
    return f"{word}{new}: {row['label']}{holding_words(row['because'])} [{row['source']}]{by}{facts}"


def _said(entry: Planned) -> list[str]:
    """What bears on one therapy of the plan, in sentences."""
    said = [_bearing(row, row["kind"].upper()) for row in entry["held"]]
    said += [f"NOT TOLERATED: {text}" for text in entry["not_tolerated"]]
    said += [_bearing(row, f"IF ({row['kind']})") for row in entry["open"]]
    said += [f"limited by: {text}" for text in entry["limits"]]
    for row in entry["conditions"]:
        met = f"met by {', '.join(row['met_by'])}" if row["met_by"] else "the plan does not say"
        said.append(f"{row['condition']}: {met} [{row['statement']}]")
    return said


def _title(entry: Planned) -> str:
    before, after = _status(entry["before"]), _status(entry["after"])
    moved = before if before == after else f"{before}, with the plan {after}"
    return f"{entry['label']}{' (taken now)' if entry['taken'] else ''}: {moved}"


def _together(plan: Plan) -> list[str]:
    """What is told of the plan as a whole."""
    said = [
        f"doubled: {row['a']} and {row['b']} (both {row['of']})" for row in plan["doubled"] if row["how"] == "class"
    ]
    said += [f"twice: {row['a']} and {row['b']} (part: {row['of']})" for row in plan["doubled"] if row["how"] == "part"]
    if not any(row["new"] or row["by"] for entry in plan["therapies"] for row in (*entry["held"], *entry["open"])):
        said.append(_NOTHING)
    return said


def _changes(plan: Plan) -> Iterable[str]:
    return (f"{row['label']}: {row['before']}, with the plan {row['after']}" for row in plan["changes"])


def plan_text(plan: Plan) -> str:
    """The plan as plain text."""
    lines = wrap(f"Plan - {plan['profile']['label'] or plan['profile']['id']} - as of {plan['as_of']}")
    for text in (*problem_words(plan["problem"]), *_together(plan)):
        lines += wrap(text, "    ", "  ")
    for entry in plan["therapies"]:
        lines += ["", *wrap(_title(entry), "  ")]
        for text in _said(entry):
            lines += wrap(text, "      ", "    ")
    if plan["changes"]:
        lines += rule(f"What else the plan changes ({len(plan['changes'])})")
        for text in _changes(plan):
            lines += wrap(text, "    ", "  ")
    return "\n".join([*lines, "", *wrap(DISCLAIMER)]) + "\n"


def plan_markdown(plan: Plan) -> str:
    """The plan as a Markdown page."""
    parts = [f"# Plan: {cell(plan['profile']['label'] or plan['profile']['id'])}", f"As of {plan['as_of']}."]
    told = [f"- {cell(text)}" for text in (*problem_words(plan["problem"]), *_together(plan))]
    parts += ["\n".join(told)] if told else []
    for entry in plan["therapies"]:
        parts.append("\n".join([f"## {cell(_title(entry))}", "", *(f"- {cell(text)}" for text in _said(entry))]))
    if plan["changes"]:
        parts.append("\n".join(["## What else the plan changes", "", *(f"- {cell(t)}" for t in _changes(plan))]))
    return "\n\n".join([*parts, DISCLAIMER]) + "\n"
