"""Long tables: a row a fact, whoever comes first."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_table
from guidegraph.errors import UsageError
from tests.cohort.test_tables import rows
from tests.conftest import AS_OF

pl = pytest.importorskip("polars")


#: What rows are about, and what they say of it.
SUBJECTS = (
    ("egfr", "", ("20", "45", "90")),
    ("age", "", ("44", "71")),
    ("conditions", "sciatica", ("true", "false")),
    ("conditions", "active peptic ulcer", ("true", "false")),
    ("findings", "urinary retention", ("true", "false")),
    ("medications", "warfarin", ("true", "false")),
)


def lengthened(given: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """The rows of a wide table as rows of a long one, in any order."""
    found = []
    for row in given:
        # Who has no fact at all has no row in a long table.
        found.append({"patient": row["patient"], "key": "complete", "term": "trials", "value": "false"})
        for name, cell in row.items():
            if name != "patient" and cell is not None:
                key, _, term = name.partition(":")
                said = cell if isinstance(cell, str) else str(cell).lower()
                found.append({"patient": row["patient"], "key": key, "term": term.strip(), "value": said})
    random.Random(seed).shuffle(found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["l.parquet", "l.csv"])
def test_a_long_table_is_answered_as_a_wide_one(
    kb: Any, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = rows(50, 11)
    pl.DataFrame(given, infer_schema_length=None).write_parquet(tmp_path / "w.parquet")
    long = pl.DataFrame(lengthened(given, 3))
    long.write_parquet(tmp_path / name) if name.endswith("parquet") else long.write_csv(tmp_path / name)
    answer_table(kb, tmp_path / "w.parquet", tmp_path / "ow.parquet", as_of=AS_OF)
    wide = pl.read_parquet(tmp_path / "ow.parquet").sort("patient")
    for size in (131_072, 7):
        monkeypatch.setattr("guidegraph.cohort.longrows.BATCH", size)
        monkeypatch.setattr("guidegraph.cohort.longrows._HELD", 30 * size)
        answer_table(kb, tmp_path / name, tmp_path / "ol.parquet", as_of=AS_OF)
        assert pl.read_parquet(tmp_path / "ol.parquet").equals(wide)


def dated(seed: int, patients: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """A long table with days in any order, the wide one that it comes to, and how many are left out."""
    draw = random.Random(seed)
    long, wide, left_out = [], [], 0
    for patient in range(patients):
        row: dict[str, Any] = {"patient": f"p{patient:03}"}
        bad = False
        for key, term, values in SUBJECTS:
            said: dict[str | None, set[str]] = {}
            for _ in range(draw.randrange(4)):
                day = draw.choice((None, "2020-05-01", "2024-02-29", "1999-12-31", "2026-11-24", "2027-01-01"))
                # Of a fact that is and is not on one day a wide table can say nothing: a number has two values.
                value = draw.choice(values) if not term else said.get(day, {draw.choice(values)}).copy().pop()
                said.setdefault(day, set()).add(value)
                long.append({"patient": row["patient"], "key": key, "term": term, "value": value, "date": day})
            newest = max((day for day in said if day and day <= str(AS_OF)), default=None)
            counts = said.get(None, set()) | said.get(newest, set())
            bad |= len(counts) > 1 and not term
            row[f"{key}: {term}" if term else key] = counts.pop() if len(counts) == 1 else "both" if counts else None
        if "both" in row.values() and not bad:
            # What is said without a day and otherwise on one is no row of a wide table: nothing is said of it.
            long = [fact for fact in long if fact["patient"] != row["patient"]]
            continue
        # Who has no row is no patient of a long table.
        if any(fact["patient"] == row["patient"] for fact in long):
            left_out += bad
            wide += [] if bad else [row]
    draw.shuffle(long)
    return long, wide, left_out


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_the_newest_counts_whatever_the_order(
    kb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    long, wide, left_out = dated(seed, 120)
    pl.DataFrame(long, infer_schema_length=None).write_parquet(tmp_path / "l.parquet")
    pl.DataFrame(wide, infer_schema_length=None).write_parquet(tmp_path / "w.parquet")
    answer_table(kb, tmp_path / "w.parquet", tmp_path / "ow.parquet", as_of=AS_OF, statements=True)
    # Many small buckets, most of them in files.
    monkeypatch.setattr("guidegraph.cohort.longrows.BATCH", 7)
    monkeypatch.setattr("guidegraph.cohort.longrows._HELD", 60)
    monkeypatch.setattr("guidegraph.cohort.longrows.READ", 50)
    monkeypatch.setattr("guidegraph.cohort.buckets._MEMORY", 2_000)
    report = answer_table(kb, tmp_path / "l.parquet", tmp_path / "ol.parquet", as_of=AS_OF, statements=True)
    assert report.left_out == left_out > 0
    assert pl.read_parquet(tmp_path / "ol.parquet").equals(pl.read_parquet(tmp_path / "ow.parquet").sort("patient"))


def answered(kb: Any, tmp_path: Path, facts: list[tuple[Any, ...]], heads: tuple[str, ...]) -> tuple[Any, Any]:
    table = pl.DataFrame(facts, schema=list(heads), orient="row")
    table.write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, statements=True)
    return report, pl.read_parquet(tmp_path / "o.parquet")


def test_the_newest_until_the_day_counts(kb: Any, tmp_path: Path) -> None:
    heads = ("patient", "key", "term", "value", "date")
    report, dated = answered(
        kb, tmp_path,
        [
            ("a", "egfr", None, "20", "2020-01-01"), ("a", "egfr", None, "90", "2026-01-01"), ("a", "egfr", None, "10", "2027-01-01"),
            ("a", "conditions", "sciatica", "true", "2019-01-01"), ("a", "conditions", "cancer", "true", "2019-01-01"),
            ("a", "conditions", "cancer", "false", "2021-01-01"),
        ],
        heads,
    )  # fmt: skip
    _, plain = answered(
        kb, tmp_path,
        [("a", "egfr", None, "90"), ("a", "conditions", "sciatica", "true"), ("a", "conditions", "cancer", "false")], heads[:4],
    )  # fmt: skip
    assert dated.equals(plain)
    told = {(u.what.partition(":")[0], u.count, u.examples[0][1]) for u in report.unread}
    assert told == {("after 2026-11-24", 1, "2027-01-01")}


def test_events_have_weeks_and_days(kb: Any, tmp_path: Path) -> None:
    heads = ("patient", "key", "term", "value", "number")
    facts = [
        ("a", "trials", "exercise therapy", "failed", "8"), ("a", "trials", "exercise therapy", "succeeded", "2"),
        ("a", "stopped_medications", "MAO inhibitor", None, "10"), ("a", "conditions", "sciatica", None, None),
        ("b", "conditions", "sciatica", None, None),
    ]  # fmt: skip
    _, found = answered(kb, tmp_path, facts, heads)
    trials = [
        {"of": "exercise therapy", "weeks": 8, "outcome": "failed"},
        {"of": "exercise therapy", "weeks": 2, "outcome": "succeeded"},
    ]
    told = {"conditions": ["sciatica"], "trials": trials, "stopped_medications": [{"of": "MAO inhibitor", "days": 10}]}
    one, row = kb.assess(kb.profile(told), AS_OF), found.row(0, named=True)
    assert {name: row[name] for name in map(one.name, one.statuses)} == {
        one.name(t): s for t, s in one.statuses.items()
    }
    assert found.drop("patient").row(0) != found.drop("patient").row(1)


def test_two_values_of_a_number_are_no_value(kb: Any, tmp_path: Path) -> None:
    """Without days nobody knows which is the newest: neither counts, and no answer rests on them."""
    facts = [
        ("a", "egfr", "20"),
        ("a", "egfr", "90"),
        ("b", "pain_score", "9"),
        ("b", "pain_score", "10"),
        ("c", "pain_score", "9"),
        ("c", "pain_score", "9"),
    ]
    rows = [(patient, key, None, value) for patient, key, value in facts]
    report, found = answered(kb, tmp_path, rows, ("patient", "key", "term", "value"))
    assert (found["patient"].to_list(), report.left_out) == (["c"], 2)
    assert {one.column for one in report.unread} == {"egfr", "pain_score"}


def test_what_a_row_cannot_say(kb: Any, tmp_path: Path) -> None:
    heads = ("patient", "key", "term", "value")
    facts = [
        ("a", "conditions", "sciatika", None),
        ("b", "colour", None, "blue"),
        ("c", "age", None, "x"),
        ("d", "age", None, "40"),
        (None, "age", None, "4"),
    ]
    report, found = answered(kb, tmp_path, facts, heads)
    assert found["patient"].to_list() == ["d"]
    assert report.left_out == 3
    assert {u.column for u in report.unread} == {"conditions: sciatika", "colour", "age", "patient"}


@pytest.mark.parametrize(
    "heads", [("patient", "key", "term", "unit"), ("who", "key", "term"), ("patient", "id", "key", "term")]
)
def test_heads_that_a_long_table_does_not_have(kb: Any, tmp_path: Path, heads: tuple[str, ...]) -> None:
    pl.DataFrame({head: ["x"] for head in heads}).write_parquet(tmp_path / "t.parquet")
    with pytest.raises(UsageError, match="column"):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert not (tmp_path / "o.parquet").exists()
