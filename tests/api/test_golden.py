"""The shipped graph answers as it did when its golden answers were written."""

from __future__ import annotations

import json
from typing import Any

from tests.support.golden import FILE, golden


def test_answers_disagreements_and_audit_are_as_before(kb: Any) -> None:
    before, now = json.loads(FILE.read_text(encoding="utf-8")), golden(kb)
    for profile, answer in before["answers"].items():
        assert now["answers"][profile]["statuses"] == answer["statuses"], profile
    assert now == before
