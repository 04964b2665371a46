"""A clean body of knowledge, the faults that it can be given, and its audit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from guidegraph import api
from guidegraph.audit.auditing import AuditReport
from tests.support.paths import AUDIT, words

HERE = AUDIT
CLEAN = (HERE / "clean.trig").read_text(encoding="utf-8")
CASES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "kinds.yaml").read_text(encoding="utf-8"))
DAY = date(2024, 7, 1)
PREFIXES = {
    "s": "https://example.org/statement/",
    "d": "https://example.org/document/",
    "ex": "https://example.org/term/",
}


def changed(case: dict[str, Any]) -> str:
    """clean.trig with the changes of a case, each of which must fit exactly once."""
    text = CLEAN
    for old, new in case["change"].items():
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


def audited(tmp_path: Path, text: str, **options: Any) -> AuditReport:
    """The audit of a body of knowledge, which brings its own terms."""
    path = tmp_path / "body.trig"
    path.write_text(text, encoding="utf-8")
    return api.open_files([path], words()).audit(as_of=options.pop("as_of", DAY), **options)
