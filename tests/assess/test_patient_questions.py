"""Competency questions about a patient as a practice writes one: everything understood, and why each therapy stands so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import AS_OF
from tests.support.paths import TESTS

CASES = sorted((TESTS / "questions").glob("*/patient.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_competency_question_about_a_patient(kb: Any, case: Path) -> None:
    wanted = yaml.safe_load(case.read_text(encoding="utf-8"))
    answer = kb.therapies(wanted["profile"], as_of=AS_OF).to_dict()
    assert not answer["not_understood"]
    assert sorted(other["label"] for other in answer["others"]) == sorted(wanted["others"])
    told = {entry["label"]: entry for entry in answer["therapies"]}

    def holds(row: dict[str, str]) -> bool:
        entry = told[row["therapy"]]
        return entry["status"] == row["status"] and any(row["reason"] in reason for reason in entry["reasons"])

    assert [row for row in wanted["rows"] if not holds(row)] == []
    assert [row for row in wanted["not"] if holds(row)] == []
