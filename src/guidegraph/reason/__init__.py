"""The reasoner HermiT as an oracle: consistency, satisfiability, entailment and truth values of patients."""

from __future__ import annotations

from guidegraph.reason.questions import (
    Classification,
    Truth,
    atoms,
    classify,
    entails,
    satisfiable,
    truth_table,
    unsatisfiable_populations,
)
from guidegraph.reason.windows import WindowConflict, windows_unsatisfiable

__all__ = [
    "Classification",
    "Truth",
    "WindowConflict",
    "atoms",
    "classify",
    "entails",
    "satisfiable",
    "truth_table",
    "unsatisfiable_populations",
    "windows_unsatisfiable",
]
