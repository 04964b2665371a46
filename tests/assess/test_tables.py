"""Tables of an answer's data: what is written is read back, and what cannot be read is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.errors import UsageError
from guidegraph.tables import VERSION, TableWriter, records
from guidegraph.words import to_lines
from tests.conftest import AS_OF

ROWS: list[dict[str, Any]] = [
    {"id": "a", "status": "open", "many": [2, 0], "count": 0},
    {"id": "b"},
    {"status": "shut", "extra": {"x": None}, "mark": "m"},
    {"id": "c", "status": "open", "flag": True, "mark": "m", "also": ["one"]},
    {"id": "d", "also": ["one"], "flag": False},
]


def written() -> Any:
    table = TableWriter(("id", "status", "count", "flag"), ("status", "flag", "mark", "also", "never"), {"many": "a"})
    for row in ROWS:
        table.add(row)
    return json.loads(json.dumps(table.told()))


def test_rows_are_read_back() -> None:
    table = written()
    assert records(table) == ROWS
    assert table["rows"][1] == ["b"]
    assert table["words"] == {
        "status": [None, "open", "shut"],
        "flag": [None, True, False],
        "mark": [None, "m"],
        "also": [None, ["one"]],
    }


def data(**parts: Any) -> Any:
    documents = {"columns": ["id"], "words": {}, "refers": {}, "rows": [["house"]]}
    return {"version": VERSION, "documents": documents, **parts}


def stated(*rows: Any) -> Any:
    return {"columns": ["id", "document", "on"], "words": {}, "refers": {"document": "documents"}, "rows": [*rows]}


def test_identifiers_stand_for_places_and_whole_ones_stay() -> None:
    table = {**stated(["one", 0, [1]], ["other/two", 0], ["gg:Rule", "", [0, 2, "kept"]]), "refers": {"on": "said"}}
    table["refers"]["document"] = "documents"
    told: Any = gg.unfold(data(said=table, many=[1]))
    assert told["said"] == {
        "house/one": {"document": "house", "on": ["other/two"]},
        "other/two": {"document": "house"},
        "gg:Rule": {"on": ["house/one", "gg:Rule", "kept"]},
    }
    assert told["many"] == [1] and told["documents"] == {"house": {}}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ([], "no version"),
        ({}, "no version"),
        ({"version": "3.0"}, "version 3.0"),
        (data(said=stated(["one", 1])), "a place in it has nothing"),
        (data(said=stated(["one", -1])), "a place in it has nothing"),
        (data(said=stated(["one", "house"])), "not whole"),
        (data(said={"rows": [["one"]]}), "not whole"),
        (data(said={**stated(["one"]), "words": {"id": [None]}}), "not whole"),
        (data(said={**stated([7]), "words": {"id": [None]}}), "a place in it has nothing"),
        (data(said={**stated(["x", 0, [-1]]), "refers": {"on": "said"}}), "a place in it has nothing"),
    ],
)
def test_what_cannot_be_read_is_told(given: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        gg.unfold(given)


def test_an_answer_keeps_what_is_unfolded(kb: gg.KnowledgeBase) -> None:
    written = kb.therapies("example:age-only", as_of=AS_OF).data()
    before = json.dumps(written)
    told = gg.unfold(written)
    assert json.dumps(written) == before
    assert len(told["questions"]) == len(written["questions"]["rows"]) > 10
    assert told["questions"][0]["fact"] and "questions" in written


@pytest.mark.parametrize("odd", ["plain", "a,NaN,b", ",NaN,", ["x", ",NaN,"], {"NaN": ",NaN,"}, [], "\u0000\n"])
def test_each_row_has_its_line_whatever_it_says(odd: Any) -> None:
    told = {"list": [1, odd, [2]], "one": [odd], "none": [], "table": data(said=stated(["a"], [odd], ["b"]))["said"]}
    text = to_lines(told)
    assert json.loads(text) == told
    assert text.count("\n") == text.count("\n,") + len(text.splitlines())
    assert len(text.splitlines()) == 2 + (3 + 2) + (1 + 2) + 1 + (2 + 3 + 3 + 2)
