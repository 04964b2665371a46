"""The reasoner HermiT: consistency, satisfiability, and windows that cannot be met."""

from __future__ import annotations

from guidegraph.reason.questions import (
    Classification,
    WindowConflict,
    classify,
    satisfiable,
    unsatisfiable_populations,
    windows_unsatisfiable,
)

__all__ = [
    "Classification",
    "WindowConflict",
    "classify",
    "satisfiable",
    "unsatisfiable_populations",
    "windows_unsatisfiable",
]
