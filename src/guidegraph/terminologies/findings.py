"""What a check of mapping tables goes by, and what it finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from guidegraph.errors import KnowledgeError

RULES = "checks.yaml"


@dataclass(frozen=True)
class Subject:
    """A term of ours as the check needs it: label, kind, whether it is a combination, and the terms above it."""

    label: str
    kind: str
    combination: bool = False
    above: frozenset[str] = frozenset()


@dataclass(frozen=True, order=True)
class Finding:
    """One finding: where it is, which rule it breaks, what is wrong and how to mend it. A warning breaks nothing."""

    table: str
    line: int
    rule: str
    what: str
    mend: str
    warning: bool = False


@dataclass
class Report:
    """What a check found, and what it could not check (by source: the reason, and how many rows)."""

    findings: list[Finding] = field(default_factory=list)
    rows: int = 0
    checked: int = 0
    pages: int = 0
    not_found: int = 0
    denied: int = 0
    unchecked: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many findings are no mere warnings."""
        return sum(not finding.warning for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        names = ("table", "line", "rule", "what", "mend", "warning")
        return {
            "rows": self.rows,
            "checked": self.checked,
            "no_term_found": self.not_found,
            "denied": self.denied,
            "not_recheckable_offline": self.pages,
            "unchecked": {
                name: {"rows": n, "reason": self.reasons[name]} for name, n in sorted(self.unchecked.items())
            },
            "errors": self.errors,
            "findings": [{name: getattr(finding, name) for name in names} for finding in self.findings],
        }


def read_rules(folder: Path) -> dict[str, Any]:
    """What checks.yaml of a links folder says.

    Raises:
        KnowledgeError: the file is missing or no YAML mapping.
    """
    import yaml

    path = folder / RULES
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KnowledgeError(f"cannot be read: {error}", where=str(path), mend="Restore the shipped file.") from None
    if not isinstance(found, dict):
        raise KnowledgeError("no mapping", where=str(path), mend="Restore the shipped file.")
    return found
