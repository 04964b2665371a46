"""The report on a record that was read as a profile, as text."""

from __future__ import annotations

from typing import Any

from guidegraph.words import rule, wrap

_HEADS = {
    "not understood": "Not understood: stays unknown, and suspends the completeness of its list",
    "ignored": "Ignored, with the reason",
    "used": "Used",
}


def intake_text(report: dict[str, Any]) -> str:
    """What was not understood first, then what was ignored and what was used."""
    counts = report["counts"]
    lines = wrap(
        f"{report['form']}, patient {report['patient']}, as of {report['as_of']}: {counts['used']} facts used, "
        f"{counts['ignored']} entries ignored, {counts['not_understood']} not understood"
    )
    for choice in report["choices"]:
        lines += wrap(choice, "    ", "note: ")
    for state, head in _HEADS.items():
        entries = [entry for entry in report["entries"] if entry["state"] == state]
        if not entries:
            continue
        lines += rule(f"{head} ({len(entries)})")
        for entry in entries:
            effect = f" -> {entry['effect']}" if entry["effect"] else ""
            lines += wrap(f"{entry['source']}: {entry['text']}{effect}", "    ", "* ")
            if entry["why"]:
                lines += wrap(_sentences(entry["why"], entry["mend"]), "      ", "    ")
            if state == "used":
                for step in entry["steps"]:
                    lines += wrap(step, "      ", "    - ")
    return "\n".join(lines) + "\n"


def _sentences(why: str, mend: str) -> str:
    """What is wrong with an entry and how to mend it, as two sentences; a note alone stays a note."""
    if not mend:
        return why
    # The sign of a unit and the name of a column stay as they are: ML is not mL.
    first = why.split(" ", 1)[0]
    why = why[0].upper() + why[1:] if first.isalpha() and first.islower() else why
    return f"{why.rstrip('.')}. {mend}"
