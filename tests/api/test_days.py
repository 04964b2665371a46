"""A day is written as 2026-01-31, wherever one is asked for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.arguments import Argument
from guidegraph.audit.baseline import read_baseline
from guidegraph.cli.options import day
from guidegraph.days import written_day
from guidegraph.errors import GuideGraphError, QueryError, UsageError
from guidegraph.model import Parameter
from guidegraph.query.run import term

#: What Python's own reader takes for days, and others that are none.
NONE = [
    "20260131",
    "2026-W05-6",
    "2026W056",
    "2026-1-31",
    "2026-02-30",
    " 2026-01-31",
    "2026-01-31T00:00",
    "",
    "２026-01-31",
]


@pytest.mark.parametrize("text", NONE)
def test_other_forms_are_no_days(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        written_day(text)
    with pytest.raises(UsageError, match="not a date"):
        day(text)
    with pytest.raises(UsageError, match="must be a day"):
        Argument("as_of", "day", "A day.").check(text)
    with pytest.raises(QueryError, match="is no date"):
        term(Parameter("asOf", "date", "the day"), text)
    file = tmp_path / "baseline.yaml"
    file.write_text(f"accepted:\n- {{id: x, reason: known, expires: '{text}'}}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no day"):
        read_baseline(file)


def test_a_day_is_read() -> None:
    assert written_day("2026-01-31") == day("2026-01-31") == date(2026, 1, 31)


def test_what_an_error_says_can_be_written() -> None:
    """As the name of a file that is not UTF-8, of which Python makes half characters."""
    told = GuideGraphError("no file", where="bad\udcff.ttl", mend="Name \ud800 anew.")
    assert str(told).encode() == rb"bad\udcff.ttl: no file. Name \ud800 anew."
    assert str(GuideGraphError("Größe", where="ä")) == "ä: Größe"


def test_json_escapes_half_characters() -> None:
    web: Any = pytest.importorskip("guidegraph.web.problems")
    assert web.answer({"a": "\ud800é"}).body == '{"a":"\\ud800é"}'.encode()
