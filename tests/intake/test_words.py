"""What the report of a record says, as sentences."""

from __future__ import annotations

import pytest

from guidegraph.render.intake import intake_text


@pytest.mark.parametrize(
    ("why", "begins"),
    [
        ("it is refuted", "It is refuted. Ask."),
        ("mL/min is no unit", "mL/min is no unit. Ask."),
        ("condition_start_date is no date", "condition_start_date is no date. Ask."),
    ],
)
def test_a_unit_or_column_keeps_its_spelling_at_the_beginning_of_a_sentence(why: str, begins: str) -> None:
    entry = {
        "state": "not understood",
        "source": "x",
        "text": "y",
        "effect": "",
        "why": why,
        "mend": "Ask.",
        "steps": [],
    }
    counts = {"used": 0, "ignored": 0, "not_understood": 1}
    report = {
        "form": "FHIR R4",
        "patient": "p",
        "as_of": "2024-06-01",
        "counts": counts,
        "choices": [],
        "entries": [entry],
    }
    assert begins in intake_text(report)
