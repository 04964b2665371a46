"""Reports of validation, checks and verification as plain text."""

from __future__ import annotations

from typing import Any

from guidegraph.words import clean, wrap


def validation_text(report: dict[str, Any]) -> str:
    """The results of a validation, one block each: node, rule, message."""
    lines = []
    for row in report["results"]:
        lines += wrap(f"{row['severity']}: {row['message']}", "    ", "* ")
        for key in ("node", "path", "value", "shape", "file"):
            if row[key] and (key != "node" or row["node"] != row["file"]):
                lines += wrap(f"{key}: {row[key]}", "        ", "    ")
    count = len(report["results"])
    lines.append("conforms" if report["conforms"] else f"does not conform: {count} result{'' if count == 1 else 's'}")
    return "\n".join(lines) + "\n"


def check_text(report: dict[str, Any]) -> str:
    """The findings of a check, errors first, and what was looked at."""
    lines = []
    for row in report["findings"]:
        lines += wrap(f"{row['severity']}: {row['label'] or row['node']} - {row['message']}", "    ", "* ")
        lines += wrap(f"node: {row['node']} ({row['kind']}, {row['rule']})", "        ", "    ")
        if row["mend"]:
            lines += wrap(f"mend: {row['mend']}", "        ", "    ")
    errors = sum(row["severity"] == "error" for row in report["findings"])
    asked = "asked HermiT" if report["reasoner"] else "did not ask HermiT"
    lines.append(
        f"{'passed' if report['passed'] else 'failed'}: {errors} errors, {len(report['findings'])} findings; "
        f"{len(report['files'])} files, {len(report['checks'])} checks, {asked}"
    )
    return "\n".join(lines) + "\n"


def verification_text(report: dict[str, Any]) -> str:
    """What became of each place of a document; places that are the same are only counted."""
    lines = wrap(
        f"{report['document']}: the whole text is {'the same' if report['whole_text_same'] else 'not the same'}"
    )
    if report["note"]:
        lines += wrap(report["note"])
    for row in report["places"]:
        if row["state"] == "same":
            continue
        now = f" -> {row['now'][0]}-{row['now'][1]}" if row["now"] else ""
        item = f", item {row['item']}" if row["item"] else ""
        where = f"{row['heading_path'] or 'head of the page'}{item}"
        lines += wrap(f"{row['state']}: {where} ({row['was'][0]}-{row['was'][1]}{now})", "    ", "* ")
        if row["state"] != "moved" and row["nodes"]:
            lines += wrap(
                f"statements: {', '.join(clean(n).rpartition('/')[2] for n in row['nodes'])}", "        ", "    "
            )
    counts = ", ".join(f"{number} {state}" for state, number in report["counts"].items())
    return "\n".join([*lines, counts]) + "\n"


def location_text(report: dict[str, Any]) -> str:
    """Where a passage stands; of several places each with its context."""
    places = report["places"]
    lines = [f"digest of the document: {report['document_digest']}"]
    if len(places) > 1:
        lines.append(f"The words stand {len(places)} times. Say which one with --occurrence N:")
    for number, place in enumerate(places, start=1):
        if len(places) > 1:
            lines.append(f"{number}.")
        for key in ("number", "heading_path", "item", "start", "end", "digest", "page"):
            if place[key] not in (None, ""):
                lines += wrap(f"{key.replace('_', ' ')}: {place[key]}", "    ", "  ")
        shown = place["passage"] if len(place["passage"]) <= 200 else f"{place['passage'][:200]}..."
        lines += wrap(f"...{place['before']} [{shown}] {place['after']}...", "    ", "  ")
    if report["note"]:
        lines += wrap(report["note"])
    return "\n".join(lines) + "\n"


def _but(report: dict[str, Any]) -> str:
    return "inputs changed" if report["inputs"] else "its file was altered"


def replay_text(report: dict[str, Any]) -> str:
    """Whether a saved answer came out the same, else which inputs changed and which statuses moved."""
    if report["same"]:
        return f"same: the answer for {clean(report['profile'])} as of {report['as_of']}, from the same inputs\n"
    lines = wrap(
        f"the answer for {report['profile']} as of {report['as_of']} is "
        + ("another one" if not report["same_answer"] else "the same, but " + _but(report))
    )
    if report["altered"]:
        lines += wrap("the file was altered after it was saved: its seal does not fit what it says", "    ", "* ")
    if not report["same_answer"] and not report["inputs"] and not report["statuses"] and not report["altered"]:
        lines += wrap("no input changed and no status moved: what is told of a therapy differs", "    ", "* ")
    for row in report["inputs"]:
        lines += wrap(f"{row['input']}: {row['saved'] or 'not there'} -> {row['now'] or 'not there'}", "    ", "* ")
    for row in report["nodes"]:
        lines += wrap(f"{row['how']} in {row['graph']}: {row['label']}", "    ", "* ")
        if row["node"]:
            lines += wrap(row["node"], "    ", "    ")
    lines += wrap(f"{len(report['statuses'])} statuses moved")
    for row in report["statuses"]:
        lines += wrap(f"{row['label']}: {row['saved'] or 'none'} -> {row['now'] or 'none'}", "    ", "* ")
    return "\n".join(lines) + "\n"
