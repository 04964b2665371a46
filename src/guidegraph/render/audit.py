"""An audit as text and Markdown."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from guidegraph.words import clean, rule, wrap

#: Words for the verdicts on claims, gravest first, with a mark for text.
VERDICT_MARKS = {
    "contradicted": "[x]",
    "population shifted": "[>]",
    "outdated": "[o]",
    "qualified": "[~]",
    "corroborated": "[+]",
    "not addressed": "[ ]",
}


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def counted(data: dict[str, Any]) -> str:
    """How many findings of each severity, in words."""
    counts = data["summary"]["counts"]
    told = ", ".join(_plural(counts[name], name) for name in counts)
    accepted = data["summary"]["accepted"]
    return told + (f"; {accepted} accepted in the baseline" if accepted else "")


def unrun(data: dict[str, Any]) -> list[str]:
    """The checks that could not be run, one sentence each."""
    return [f"could not run {row['kind']}: {row['reason']}" for row in data["summary"]["not_run"]]


def baseline_notes(data: dict[str, Any]) -> list[str]:
    """What is to be said of the baseline: entries that nothing fits any more, and acceptances that have ended."""
    rows = data["summary"]["baseline"]
    notes = [f"accepted, but found no more: {', '.join(rows['stale'])}"] if rows["stale"] else []
    return notes + ([f"acceptance has ended: {', '.join(rows['lapsed'])}"] if rows["lapsed"] else [])


def audit_text(data: dict[str, Any]) -> str:
    """The findings, gravest first and by kind, each with its evidence; then what was looked at."""
    lines: list[str] = []
    for kind, group in groupby(data["findings"], key=lambda row: (row["severity"], row["kind"])):
        rows = list(group)
        lines += rule(clean(f"{kind[0]}: {rows[0]['title']} ({len(rows)})"))
        lines += wrap(f"mend: {rows[0]['mend']}", "  ", "  ")
        for row in rows:
            where = f" - {row['document']}" if row["document"] and row["document"] != row["node"] else ""
            lines += wrap(f"{row['label']}{where}", "    ", "* ")
            if row["locator"]:
                lines += wrap(row["locator"], "      ", "    ")
            shown = row["evidence"][:6]
            for told in shown:
                lines += wrap(told, "        ", "      - ")
            if len(row["evidence"]) > len(shown):
                lines.append(f"      - and {len(row['evidence']) - len(shown)} more (--format json has all)")
            lines.append(f"    {clean(row['id'])}")
    if data["corroboration"]:
        lines += _corroboration_text(data["corroboration"])
    summary = data["summary"]
    lines.append("")
    for note in (*unrun(data), *baseline_notes(data)):
        lines += wrap(note)
    lines += wrap(
        f"{counted(data)} in {_plural(summary['documents'], 'document')} with "
        f"{_plural(summary['statements'], 'statement')}, as of {summary['as_of']}, "
        f"by {len(summary['kinds'])} kinds of check"
    )
    return "\n".join(lines) + "\n"


def _corroboration_text(data: dict[str, Any]) -> list[str]:
    lines = rule("What primaries in the graph say of each claim")
    for row in data["items"]:
        lines += wrap(f"{row['claim']}: {row['verdict']}", "    ", f"{VERDICT_MARKS[row['verdict']]} ")
        lines += wrap(row["why"], "    ", "    ")
    told = ", ".join(f"{count} {verdict}" for verdict, count in data["counts"].items())
    return [*lines, *wrap(told)]


def _cell(text: Any) -> str:
    return clean(text).replace("|", "\\|").replace("\n", " ")


def audit_markdown(data: dict[str, Any]) -> str:
    """The findings as Markdown: a table of kinds, then each kind with its findings."""
    summary = data["summary"]
    lines = [f"# Audit as of {summary['as_of']}", ""]
    if summary["document"]:
        lines += [f"Document: `{_cell(summary['document'])}`", ""]
    lines += [f"{counted(data)}; {summary['documents']} documents, {summary['statements']} statements.", ""]
    lines += [f"- {_cell(note)}" for note in (*unrun(data), *baseline_notes(data))]
    lines += ["", "| kind | severity | found |", "| --- | --- | --- |"]
    lines += [f"| {k['kind']} | {k['severity']} | {k['found']} |" for k in summary["kinds"]]
    if data["corroboration"]:
        lines += ["", *corroboration_markdown(data["corroboration"])]
    for kind, group in groupby(data["findings"], key=lambda row: row["kind"]):
        rows = list(group)
        lines += ["", f"## {rows[0]['title']}", "", f"`{kind}`, {rows[0]['severity']}. {rows[0]['mend']}", ""]
        for row in rows:
            lines.append(f"- **{_cell(row['label'])}** ({_cell(row['document'] or row['node'])}) `{row['id']}`")
            lines += [f"  - {_cell(told)}" for told in row["evidence"]]
    return "\n".join(lines) + "\n"


def corroboration_markdown(data: dict[str, Any]) -> list[str]:
    """The claims of a document as a table: claim, citation, verdict, why."""
    told = ", ".join(f"{count} {verdict}" for verdict, count in data["counts"].items())
    lines = ["## What primaries in the graph say of each claim", "", f"{told}.", ""]
    lines += ["| claim | cited | verdict | why |", "| --- | --- | --- | --- |"]
    for row in data["items"]:
        lines.append(f"| {_cell(row['claim'])} | {citations(row)} | {row['verdict']} | {_cell(row['why'])} |")
    return lines


def citations(row: dict[str, Any]) -> str:
    """The numbers that a claim cites; one that the list lacks is marked."""
    numbers = sorted(row["citations"], key=lambda c: (c["number"] is None, c["number"]))
    return ", ".join(f"{c['number']}{'' if c['listed'] else ' (not listed)'}" for c in numbers)
