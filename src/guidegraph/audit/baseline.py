"""The baseline: findings that somebody has accepted, each with the reason and a day on which that ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from guidegraph.audit.kinds import Finding
from guidegraph.days import written_day
from guidegraph.errors import UsageError
from guidegraph.files import read_text

MAXIMUM_BYTES = 4 * 2**20
_KEYS = {"id", "reason", "expires", "node", "severity"}
_SHOWN = """# Findings that are accepted. Give each a reason and, if you can, a day on which to look again;
# delete what you do not accept. An entry without a reason is refused.
"""


@dataclass(frozen=True)
class Accepted:
    """One accepted finding; ``expires`` is the first day on which it counts again, or None."""

    id: str
    reason: str
    expires: date | None


def read_baseline(path: Path) -> dict[str, Accepted]:
    """The accepted findings of a YAML or JSON file, by id.

    Raises:
        UsageError: it cannot be read, or an entry has no id or reason, a wrong date, an unknown key, or is there twice.
    """
    # Only an audit with a baseline needs YAML.
    import yaml

    where = str(path)
    text = read_text(path, MAXIMUM_BYTES, UsageError, mend="Check the path.")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        reason = " ".join(str(error).split())[:160]
        raise UsageError(f"not well-formed: {reason}", where=where, mend="Write YAML or JSON.") from None
    rows = data.get("accepted") if isinstance(data, dict) else None
    if not isinstance(rows, list):
        raise UsageError(
            "no list 'accepted'", where=where, mend="guidegraph audit --format baseline writes a file to start from."
        )
    accepted: dict[str, Accepted] = {}
    for number, row in enumerate(rows, 1):
        entry = _entry(row, f"{where}, entry {number}")
        if entry.id in accepted:
            raise UsageError(f"{entry.id} is accepted twice", where=where, mend="Delete one of the two.")
        accepted[entry.id] = entry
    return accepted


def _entry(row: Any, where: str) -> Accepted:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise UsageError("an entry without an id", where=where, mend="Give the id that the audit prints.")
    if set(row) - _KEYS:
        wrong = ", ".join(sorted(map(str, set(row) - _KEYS)))
        raise UsageError(f"unknown key {wrong}", where=where, mend=f"Keys are: {', '.join(sorted(_KEYS))}.")
    reason = row.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{row['id']} has no reason", where=where, mend="Say why the finding is accepted.")
    return Accepted(row["id"], reason.strip(), _day(row.get("expires"), where))


def _day(value: Any, where: str) -> date | None:
    if value is None or type(value) is date:
        return value
    try:
        return written_day(str(value))
    except ValueError:
        raise UsageError(f"{value!r} is no day", where=where, mend="Write expires: 2027-01-31.") from None


def write_baseline(findings: Iterable[Finding]) -> str:
    """A baseline to start from: every finding with an empty reason, as YAML."""
    import yaml

    rows = [{"id": f.id, "node": f.node, "severity": f.severity, "reason": "", "expires": None} for f in findings]
    text: str = yaml.safe_dump({"accepted": rows}, sort_keys=False, allow_unicode=True, width=200)
    return _SHOWN + text
