"""Wide tables of random patients, large ones too: what is stated, what is unknown, and cells that cannot be read."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

_FACTS = (
    "conditions: sciatica", "conditions: low back pain", "conditions: cancer", "conditions: pregnancy",
    "medications: NSAID", "medications: ibuprofen", "findings: saddle anesthesia",
)  # fmt: skip
_NUMBERS: dict[str, list[float]] = {
    "age": [5, 15, 16, 17, 45, 64, 65, 80],
    "symptom_weeks": [1, 5.9, 6, 11, 12, 12.5, 13, 30],
    "egfr": [10, 29.9, 30, 60, 90],
}
_WORDS: dict[str, list[str]] = {
    "trials: exercise therapy": ["failed", "succeeded", "not tolerated", "true", "false"],
    "sex": ["male", "female"],
    "conditions": ["chronic kidney disease", "atrial fibrillation; sciatica", "ICD10CM:M54.16", "ICD10CM:X99.99"],
    "medications": ["Voltaren"],
}


def wide(count: int, seed: int, bad: float = 0.0) -> pl.DataFrame:
    """So many patients; of ``bad`` of them (a share) a cell cannot be read."""
    pick = np.random.default_rng(seed)

    def some(values: list[Any], kind: Any) -> pl.Series:
        drawn = pick.integers(-1, len(values), count)
        return pl.Series([None if at < 0 else values[at] for at in drawn], dtype=kind)

    columns: dict[str, Any] = {"patient": pl.Series([f"p{at}" for at in range(count)])}
    columns |= {name: some([True, False], pl.Boolean) for name in _FACTS}
    columns |= {name: some(values, pl.Float64) for name, values in _NUMBERS.items()}
    columns |= {name: some(values, pl.String) for name, values in _WORDS.items()}
    columns["complete: medications"] = some([True], pl.Boolean)
    table = pl.DataFrame(columns)
    wrong = pl.Series(pick.random(count) < bad)
    sex = pl.when(wrong).then(pl.lit("cannot be read")).otherwise(pl.col("sex"))
    return table.with_columns(sex.alias("sex"))
