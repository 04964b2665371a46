"""A synthetic cohort for reports: a table of invented patients of a back pain service, with facts that hang together.

    python benchmarks/patients.py 100000 patients.parquet

Shares are guesses that look like such a service's, not findings, and nothing in GuideGraph rests on them. What a record
would often lack is often missing here: signs that nobody asked about, a renal function that nobody measured, lists of
medications that nobody went through. The same number gives the same patients.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import polars as pl

_SEED = 20261128
#: Signs of an emergency: how often they are there, and how often anybody asked.
_SIGNS = {
    "saddle anesthesia": (0.004, 0.6),
    "urinary retention": (0.006, 0.55),
    "urinary incontinence": (0.02, 0.5),
    "bilateral motor weakness": (0.004, 0.5),
    "progressive neurological deficit": (0.01, 0.6),
}
#: Conditions: how often at 30 and at 80 years, and how often the record says whether they are there.
_CONDITIONS = {
    "conditions: cancer": (0.005, 0.12, 0.8),
    "conditions: congestive heart failure": (0.001, 0.1, 0.7),
    "conditions: atrial fibrillation": (0.002, 0.14, 0.7),
    "conditions: active peptic ulcer": (0.01, 0.04, 0.4),
    "conditions: epilepsy": (0.008, 0.01, 0.7),
    "conditions: respiratory disease": (0.06, 0.14, 0.7),
    "conditions: renal impairment": (0.005, 0.2, 0.3),
}
#: Drugs: how often at 30 and at 80 years.
_DRUGS = {
    "ibuprofen": (0.25, 0.1), "paracetamol": (0.3, 0.4), "tramadol": (0.03, 0.06), "warfarin": (0.002, 0.06),
    "apixaban": (0.003, 0.12), "sertraline": (0.06, 0.05), "duloxetine": (0.02, 0.02), "gabapentin": (0.03, 0.05),
    "aspirin": (0.01, 0.2), "lithium": (0.002, 0.002), "diazepam": (0.01, 0.03), "furosemide": (0.002, 0.1),
    "methotrexate": (0.003, 0.01),
}  # fmt: skip
_TRIALS = {
    "trials: exercise therapy": 0.35,
    "trials: NSAID": 0.45,
    "trials: conservative care": 0.4,
}


def patients(count: int) -> pl.DataFrame:
    """A row a patient."""
    draw = np.random.default_rng(_SEED)
    age = np.clip(draw.normal(52, 17, count), 16, 97).round().astype(np.int64)
    old = np.clip((age - 30) / 50, 0, 1)
    female = draw.random(count) < 0.54
    weeks = np.clip(np.exp(draw.normal(2.1, 1.2, count)), 0.2, 300).round(1)
    table: dict[str, pl.Series] = {
        "patient": pl.Series([f"s{at:07d}" for at in range(count)]),
        "age": pl.Series(age),
        "sex": _where(draw.random(count) < 0.98, np.where(female, "female", "male")),
        "symptom_weeks": _where(draw.random(count) < 0.85, weeks),
    }
    leg = draw.random(count) < 0.3
    table["conditions: low back pain"] = _where(draw.random(count) < 0.95, ~leg | (draw.random(count) < 0.8))
    table["conditions: sciatica"] = _where(leg | (draw.random(count) < 0.6), leg)
    disc = leg & (draw.random(count) < 0.4)
    table["conditions: lumbar disc herniation with radiculopathy"] = _where(disc | (draw.random(count) < 0.15), disc)
    fertile = female & (age < 50)
    pregnant = fertile & (draw.random(count) < 0.02)
    table["conditions: pregnancy"] = _where((~female) | (age > 55) | (draw.random(count) < 0.4), pregnant)
    for name, (young, aged, asked) in _CONDITIONS.items():
        held = draw.random(count) < young + (aged - young) * old
        table[name] = _where(held | (draw.random(count) < asked), held)
    for name, (share, asked) in _SIGNS.items():
        held = draw.random(count) < share
        table[f"findings: {name}"] = _where(held | (draw.random(count) < asked), held)
    measured = draw.random(count) < 0.25 + 0.5 * old
    table["egfr"] = _where(measured, np.clip(draw.normal(100 - 40 * old, 15, count), 5, 130).round())
    table["pain_score"] = _where(draw.random(count) < 0.7, np.clip(draw.normal(5.5, 2, count), 0, 10).round())
    taken = {name: draw.random(count) < young + (aged - young) * old for name, (young, aged) in _DRUGS.items()}
    names = np.array(list(taken))
    rows = np.array(list(taken.values())).T
    table["medications"] = pl.Series(["; ".join(names[row]) or None for row in rows], dtype=pl.String)
    table["complete: medications"] = _where(draw.random(count) < 0.7, np.ones(count, dtype=np.bool_))
    later = np.clip(weeks / 12, 0.1, 1)
    for name, share in _TRIALS.items():
        had = draw.random(count) < share * later
        outcome = np.where(had, np.where(draw.random(count) < 0.55, "failed", "succeeded"), "false")
        table[name] = _where(had | (draw.random(count) < 0.3), outcome)
    return pl.DataFrame(table)


def _where(known: np.ndarray, values: np.ndarray) -> pl.Series:
    """A column that says nothing where nothing is known."""
    return pl.Series(values).set(pl.Series(~known), None)


def main() -> None:
    """Write so many patients to a file."""
    count, path = int(sys.argv[1]), Path(sys.argv[2])
    patients(count).write_parquet(path)


if __name__ == "__main__":
    main()
