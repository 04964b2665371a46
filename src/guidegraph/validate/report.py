"""The outcome of a validation as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class ValidationResult:
    """One rule that one node breaks.

    ``node`` names the offending node: an IRI or CURIE, or for a node without a name the expression that it stands
    for; ``part_of`` are the named nodes that such a node belongs to or, for a class in a wrong place, the nodes that
    use it there. ``value`` is the offending value and ``path`` the property path that leads to it, where the rule has
    them. ``shape`` is the rule, ``focus`` the IRI of the node (empty for a node without a name).
    """

    file: str
    shape: str
    node: str
    part_of: tuple[str, ...] = ()
    path: str = ""
    value: str = ""
    message: str = ""
    severity: str = "Violation"
    focus: str = ""
    constraint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values for JSON."""
        return {
            "file": self.file,
            "node": self.node,
            "part_of": list(self.part_of),
            "path": self.path,
            "value": self.value,
            "shape": self.shape,
            "severity": self.severity,
            "message": self.message,
        }

    def __str__(self) -> str:
        inside = f" in {', '.join(self.part_of)}" if self.part_of else ""
        value = f" (value {self.value})" if self.value and self.value != self.node else ""
        return f"{self.file}: {self.node}{inside}: {self.message}{value} [{self.shape}]"


@dataclass(frozen=True)
class ValidationReport:
    """The outcome for some files or one graph: whether all conform, and every broken rule, in a fixed order."""

    files: tuple[str, ...]
    results: tuple[ValidationResult, ...]

    @property
    def conforms(self) -> bool:
        """Whether no rule is broken."""
        return not self.results

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values for JSON."""
        return {
            "conforms": self.conforms,
            "files": list(self.files),
            "results": [result.to_dict() for result in self.results],
        }
