"""Reviews of the encoding as text: what waits first, each with its steps and what may follow."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from guidegraph.words import plural, rule, wrap

if TYPE_CHECKING:
    from guidegraph.authoring.reviewing import PublishedReviews, ReviewRow

_HEADINGS = {
    "submitted": "Waits for somebody to review it",
    "under review": "Under review",
    "lapsed": "Approval lapsed: changed since",
    "rejected": "Rejected",
    "approved": "Approved",
}


def reviews_text(data: PublishedReviews) -> str:
    """Every review by state, what waits first; then what does not count, and how much nobody submitted."""
    lines = wrap(f"Reviews of the encoding - as of {data['as_of']}")
    for state, group in groupby(data["reviews"], key=lambda row: row["state"]):
        rows = list(group)
        lines += rule(f"{_HEADINGS[state]} ({len(rows)})")
        for row in rows:
            lines += review_lines(row)
    if data["faults"]:
        lines += rule(f"Steps that do not count ({len(data['faults'])})")
        for fault in data["faults"]:
            lines += wrap(f"{fault['about'] or 'about nothing'}: {fault['why']} ({fault['step']})", "    ", "* ")
    every = plural(data["statements"], "statement")
    lines += ["", *wrap(f"{data['unreviewed']} of {every} were never submitted, alone or with their document.")]
    return "\n".join(lines) + "\n"


def review_lines(row: ReviewRow) -> list[str]:
    """One review: what it is about, its steps, what changed, and what may follow."""
    lines = wrap(f"{row['label']} [{row['kind']} {row['id']}]", "    ", "* ")
    for step in row["steps"]:
        covers = f", covers {plural(step['covers'], 'node')}" if "covers" in step else ""
        note = f": {step['note']}" if "note" in step else ""
        lines += wrap(f"{step['on']} {step['state']} by {step['by']}{covers}{note}", "      ", "    ")
    lines += [line for told in row["changed"] for line in wrap(f"since then {told}", "      ", "    ")]
    return lines + wrap(f"possible now: {' or '.join(row['next'])}", "      ", "    ")
