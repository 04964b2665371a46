"""One table of statuses: what repeats it says the same, and a status is added in one place."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import assets, model, render
from guidegraph.model import STATUSES
from tests.conftest import AS_OF
from tests.support import statuses
from tests.support.paths import ROOT

SCHEMAS = [p for p in sorted(statuses.SCHEMAS.glob("*.json")) if statuses.enums(json.loads(p.read_text()))]


def test_ontology_and_schemas_are_written_from_the_table() -> None:
    assert statuses.ONTOLOGY.read_text(encoding="utf-8") == statuses.ontology(), "python -m tests.support.statuses"
    assert {p.name.partition(".")[0] for p in SCHEMAS} >= {"therapies", "explain", "timeline"}
    for path in SCHEMAS:
        assert path.read_text(encoding="utf-8") == statuses.schema(path), "python -m tests.support.statuses"


def test_the_query_decides_each_status_and_no_other() -> None:
    text = (assets.folder("queries") / "assess" / "50-status.rq").read_text(encoding="utf-8")
    decision = text[text.index('IF(CONTAINS(?true, "absolute")') :]
    assert set(re.findall(r"gga:([a-z-]+)[,)]", decision)) == set(STATUSES)


def test_the_documentation_has_a_row_for_each() -> None:
    text = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    table = text[text.index("| status |") : text.index("A statement against the therapy")]
    assert {row.split("|")[1].strip() for row in table.splitlines()[2:] if row} == set(STATUSES)


def test_no_other_module_lists_the_statuses() -> None:
    """A list of more than half of them anywhere but in the table is a second table."""
    for path in sorted((ROOT / "src" / "guidegraph").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        named = {code for code in STATUSES if re.search(rf'"{code}"', text)}
        assert len(named) <= len(STATUSES) // 2 or path.name == "model.py", (path, named)


def test_what_tells_them_apart_differs() -> None:
    rows = STATUSES.values()
    for column in ("letter", "mark", "heading", "fill", "definition"):
        assert len({getattr(row, column) for row in rows}) == len(STATUSES), column


def test_a_status_of_the_table_is_shown_by_every_view(kb: Any, ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding one touches the table alone: views, ranking and questions take it from there."""
    added = replace(STATUSES["eligible"], code="watched", heading="Watched closely", letter="W", mark="[w]", open="c")
    monkeypatch.setitem(model.STATUSES, "watched", added)
    assessment = ask("example:acute-uncomplicated").assessment
    one = next(therapy for therapy, status in sorted(assessment.statuses.items()) if status == "eligible")
    changed = replace(assessment, statuses={**assessment.statuses, one: "watched"})
    data = gg.Answer(kb.knowledge, kb.disagree, changed).to_dict()
    assert [t["status"] for t in data["therapies"]].count("watched") == 1
    for view in (render.therapies_text, render.therapies_markdown, render.therapies_html):
        assert "Watched closely" in view(data)
    line = kb.timeline("example:complete-record", as_of=AS_OF)
    line["rows"][0]["spans"][0]["status"] = "watched"
    assert "watched" in render.timeline_text(line)
    assert ">W</text>" in render.timeline_svg(line)
