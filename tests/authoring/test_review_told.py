"""Where the review of an encoding stands is told wherever its statement is, and nothing is said of others."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from guidegraph import api, render
from guidegraph.authoring.reviewing import review, reviews
from guidegraph.export.csvform import table, to_csv
from guidegraph.render.reviews import reviews_text
from guidegraph.render.trace import trace_text
from guidegraph.tables import unfold
from guidegraph.web.documents import _checks
from tests.support.audithelp import CLEAN
from tests.support.paths import ROOT, words
from tests.support.statuses import SCHEMAS

DAY = date(2026, 11, 24)
DROPS = "https://example.org/statement/drops"
PATIENT = {"conditions": ["ache"], "symptom_weeks": 5}
TOLD = "encoding approved by Berta on 2024-06-02"


def opened(folder: Path) -> api.KnowledgeBase:
    return api.open_knowledge(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import shutil

    root = tmp_path_factory.mktemp("told") / "knowledge"
    shutil.copytree(words(), root)
    (root / "graph/documents").mkdir()
    text = CLEAN.replace(" ; gg:checkedBy ex:berta", "")
    (root / "graph/documents/clean.trig").write_text(text, encoding="utf-8")
    yield root


@pytest.fixture(scope="module")
def before(folder: Path) -> api.KnowledgeBase:
    return opened(folder)


@pytest.fixture(scope="module")
def after(folder: Path, before: api.KnowledgeBase) -> api.KnowledgeBase:
    for state in ("submitted", "under review", "approved"):
        review(opened(folder).knowledge, DROPS, state, by="Berta", at=date(2024, 6, 2))
    return opened(folder)


def valid(name: str, data: Any) -> Any:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema).validate(data)
    return data


def drops(kb: api.KnowledgeBase) -> Any:
    return valid("therapies", kb.therapies(PATIENT, as_of=DAY).to_dict())


def test_an_answer_tells_it_and_nothing_of_what_nobody_submitted(
    before: api.KnowledgeBase, after: api.KnowledgeBase
) -> None:
    told = {v["id"].rpartition("/")[2]: v for t in drops(after)["therapies"] for v in (*t["for"], *t["against"])}
    assert told["drops"]["encoding_review"]["text"] == TOLD
    assert [name for name, voice in told.items() if "encoding_review" in voice] == ["drops"]
    assert "encoding_review" not in json.dumps(drops(before))
    text = render.therapies_text(drops(after))
    assert " ".join(text.split()).count(TOLD) == 1 and "1 approved" in text
    assert "encoding" not in render.therapies_text(drops(before)).lower()
    assert TOLD in render.therapies_html(drops(after))
    data = valid("unfolded", unfold(valid("data", after.therapies(PATIENT, as_of=DAY).data())))
    assert [name for name, row in data["statements"].items() if "encoding_review" in row] == [DROPS]


def test_only_what_is_approved_counts(before: api.KnowledgeBase, after: api.KnowledgeBase) -> None:
    def status(kb: api.KnowledgeBase) -> str:
        return kb.therapies(PATIENT, as_of=DAY, only="approved").statuses["https://example.org/term/Drops"]

    assert status(before) == "not-indicated" and status(after) != "not-indicated"


def test_an_explanation_a_trace_and_the_matrix_tell_it(before: api.KnowledgeBase, after: api.KnowledgeBase) -> None:
    proof = valid("explain", after.explain(PATIENT, "drops", as_of=DAY))
    assert " ".join(render.explain_text(proof).split()).count(TOLD) >= 1
    chain = trace_text(dict(valid("trace", dict(after.trace(DROPS).data))))
    assert TOLD in " ".join(chain.split()) and "review of the encoding: 1 approved" in chain
    assert "encoding" not in trace_text(dict(before.trace(DROPS).data)).lower()
    shown = render.matrix_text(valid("matrix", after.matrix(as_of=DAY, at_least=1)))
    assert "++*" in shown and "* encoding approved" in shown
    assert "*" not in render.matrix_text(before.matrix(as_of=DAY, at_least=1)).replace("\n* ", "\n")


def test_tables_and_audits_count_the_reviewer_as_second_reader(after: api.KnowledgeBase) -> None:
    forms = after.disagreement.grader.forms
    rows = csv.DictReader(io.StringIO(to_csv(table(after.records, after.knowledge.phrases, forms, DAY))))
    readers = {row["id"].rpartition("/")[2]: row["checked_by"] for row in rows}
    assert readers["drops"] == "agent/berta" and readers["salve"] == ""
    (published,) = after.nanopubs([DROPS])
    assert "agent/berta" in published.trig()


def test_the_page_of_its_document_tells_it(after: api.KnowledgeBase) -> None:
    lines = _checks(after, "https://example.org/document/guideline", [])
    assert "Nobody but its encoder read it against the source." in lines


def test_the_list_is_as_published(after: api.KnowledgeBase) -> None:
    data = valid("reviews", reviews(after.knowledge, as_of=DAY))
    text = reviews_text(data)
    assert "Approved (1)" in text and "4 of 5 statements were never submitted" in text
    assert (ROOT / "docs/review.md").is_file()
