"""A long table parted by patients for a cluster, in this process: no Spark is needed."""

from __future__ import annotations

import itertools
import pickle
from dataclasses import replace
from importlib.util import find_spec
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_table, request
from guidegraph.errors import RowError, UsageError
from tests.cohort.test_long import dated
from tests.conftest import AS_OF
from tests.support.optional import needs

pl = pytest.importorskip("polars")

from guidegraph.cohort.columns import naming  # noqa: E402
from guidegraph.cohort.longrows import long_columns  # noqa: E402
from guidegraph.spark import parting  # noqa: E402
from guidegraph.spark.kernel import kernel  # noqa: E402
from guidegraph.spark.parts import Folder, Part, merged  # noqa: E402

GROUP = 400
SAID = ("patient", "key", "term", "value", "date")
#: Rows of patients before, among and after the others, and what is wrong with rows, some of it twice.
WRONG = [
    *((name, "conditions", "ICD10CM:X99.99", None, None) for name in ("p003", "p099", "p003", " p003", "zz")),
    ("p050", "conditions", "sciatika", None, "2020-01-01"), ("p050", "conditions", "sciatika", "true", None),
    ("p010", "conditions", "sciatika", None, None), ("p101", "age", None, "x", None), ("p102", "age", "", "40", "soon"),
    *((name, "age", None, "40", None) for name in (None, " ", "aa")),
]  # fmt: skip
ASKED: list[dict[str, Any]] = [
    {"statements": True},
    {"facts": True, "blocking": True},
    {"blocking": True, "long": True, "therapies": ["NSAID", "exercise therapy"]},
]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long table whose patients are everywhere, in the file "all.parquet" and in two files "a", "b"."""
    made = tmp_path_factory.mktemp("long")
    wrong = [dict(zip(SAID, row, strict=True)) for row in WRONG]
    # Rows that say nothing wrong are more than those that do: spread over all groups and files.
    rows = pl.DataFrame([*dated(3, 160)[0], *wrong], infer_schema_length=None).sample(fraction=1, shuffle=True, seed=5)
    rows.write_parquet(made / "all.parquet", row_group_size=GROUP)
    half = rows.height // 2
    rows.head(half).write_parquet(made / "a", row_group_size=GROUP)
    rows.tail(-half).write_parquet(made / "b", row_group_size=GROUP)
    return made


def groups(table: Path) -> list[Part]:
    """The row groups of the two files."""
    found: list[Part] = []
    for name in ("a", "b"):
        rows = pl.scan_parquet(table / name).select(pl.len()).collect().item()
        before = sum(part.rows for part in found)
        for start in range(0, rows, GROUP):
            one = Part(len(found), str(table / name), start, min(GROUP, rows - start), before + start + 1)
            found.append(one)
    return found


def sent(kb: Any, table: Path, **options: Any) -> Any:
    """The kernel, as another machine gets it."""
    columns = long_columns(pl.scan_parquet(table / "all.parquet").collect_schema(), {}, "")
    asked = request(kb, {"as_of": AS_OF, **options})
    return pickle.loads(pickle.dumps(kernel(kb.knowledge, columns, pl.String(), asked)))


@pytest.mark.slow
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(asked))
def test_parts_of_a_long_table_are_the_table(
    kb: Any, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any]
) -> None:
    whole = answer_table(kb, table / "all.parquet", tmp_path / "o.parquet", as_of=AS_OF, **asked)
    monkeypatch.setattr(parting, "ROWS", 300)
    monkeypatch.setattr(parting, "READ", 130)
    arrived, files = sent(kb, table, **asked), pl.scan_parquet([table / "a", table / "b"])
    all_groups = groups(table)
    rows = sum(group.rows for group in all_groups)
    cuts = parting.cuts(files, "patient", pl.String(), rows, table)
    assert len(cuts) >= 3
    parts = [Part(number, str(table), 0, 0, 1) for number in range(len(cuts) + 1)]
    pieces: dict[int, list[parting.Piece]] = {}
    for group in all_groups:
        for at, piece in parting.sorted_out(group, arrived, cuts, {part.number: part.number for part in parts}):
            pieces.setdefault(at, []).append(piece)
    folder = Folder(tmp_path / "out", "job")
    folder.begin({})
    for part in parts:
        # A cluster brings them in any order.
        folder.keep(part, parting.answered(part, reversed(pieces[part.number]), arrived, folder.place(part)))
    reports: Any = [folder.report(part) for part in parts]
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(pl.read_parquet(tmp_path / "o.parquet"))
    one = merged(parts, reports)
    in_order = attrgetter("column", "what")
    assert sorted(one.unread, key=in_order) == sorted(whole.unread, key=in_order)
    assert replace(one, columns=(), unread=()) == replace(whole, columns=(), unread=())
    assert one.left_out > 10
    assert {entry.what.partition(":")[0] for entry in one.unread} >= {"the row names no patient", "no day"}


def test_only_what_is_missing_is_sorted_out(kb: Any, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parting, "ROWS", 300)
    cuts = parting.cuts(pl.scan_parquet(table / "all.parquet"), "patient", pl.String(), 1300, table)
    found = list(parting.sorted_out(groups(table)[0], sent(kb, table), cuts, {1: 7}))
    assert [at for at, _ in found] == [7]


def test_parts_have_about_as_many_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Patients are weighed by their rows; those who are looked at stand for all."""
    monkeypatch.setattr(parting, "ROWS", 1000)
    monkeypatch.setattr(parting, "_LOOKED", 2500)
    names = [at for at in range(1, 200) for _ in range(at)]
    table = pl.LazyFrame({"who": [*names, None]})
    cuts = parting.cuts(table, "who", pl.Int64(), len(names), tmp_path)
    bounds = [0, *cuts, 200]
    sizes = [sum(range(low, high)) for low, high in itertools.pairwise(bounds)]
    assert len(sizes) > 10
    assert max(sizes) < 4000
    # Where a hash picks nobody, all are looked at; where nobody is named, there is no patient.
    monkeypatch.setattr(parting, "_LOOKED", 0.001)
    assert parting.cuts(table.head(1), "who", pl.Int64(), 1, tmp_path).is_empty()
    with pytest.raises(UsageError, match="no patient"):
        parting.cuts(table.tail(1), "who", pl.Int64(), 1, tmp_path)


def test_a_long_table_that_changed_meanwhile_is_refused(kb: Any, table: Path, tmp_path: Path) -> None:
    arrived, none = sent(kb, table), pl.Series("patient", [], dtype=pl.String)
    group = groups(table)[-1]
    with pytest.raises(UsageError, match="changed"):
        list(parting.sorted_out(group._replace(rows=group.rows + 1), arrived, none, {0: 0}))
    with pytest.raises(UsageError, match="same path"):
        list(parting.sorted_out(group._replace(path=str(tmp_path / "gone")), arrived, none, {0: 0}))
    with pytest.raises(UsageError, match="changed"):
        parting.answered(Part(0, str(table), 0, 0, 1), [], arrived, tmp_path / "o.parquet")
    assert naming(arrived.columns) == "patient"
    assert arrived.of_facts


def test_rows_of_a_frame_are_answered_patient_by_patient(
    kb: Any, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs(find_spec("pyarrow"), "pyarrow is not installed")
    from guidegraph.spark import arrows

    report = answer_table(kb, table / "all.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    monkeypatch.setattr(arrows, "READ", 150)
    # As Spark brings them: those of a patient together, whatever else their order.
    batches = pl.read_parquet(table / "all.parquet").sort("patient").to_arrow().to_batches(max_chunksize=70)
    found = pl.concat([pl.DataFrame(b) for b in arrows.answered(sent(kb, table), iter(batches), "here")])
    read = found.filter(pl.col("left_out").is_null())
    embedded = pl.read_parquet(tmp_path / "o.parquet").with_columns(pl.exclude("patient").cast(pl.String))
    assert read.drop("left_out", "not_understood").equals(embedded)
    out = found.filter(pl.col("left_out").is_not_null())
    nameless = out.filter(pl.col("patient").str.strip_chars().fill_null("") == "")
    assert set(nameless["left_out"]) == {"patient: '': the patient has no identifier"}
    assert (nameless.height, out.height) == (2, report.left_out + 2)
    told = dict(out.select("patient", "left_out").iter_rows())
    assert "age: 'x': no number" in told["p101"]
    assert "date: 'soon': no day" in told["p102"]
    assert told["p050"].count("sciatika") > told["p050"].count("; ") > 0
    passed = dict(found.filter(pl.col("not_understood").is_not_null()).select("patient", "not_understood").iter_rows())
    assert "X99.99" in passed[" p003"] and "X99.99" in passed["zz"]
    asked = sent(kb, table, strict=True)
    with pytest.raises(RowError, match=r"here, a row a patient, row \d+, column"):
        list(arrows.answered(asked, iter(batches), "here"))
    nobody = pl.DataFrame([(None, "age", None, "4", None)], schema=batches[0].schema.names, orient="row")
    nobody = nobody.cast(pl.String).to_arrow().cast(batches[0].schema).to_batches()
    with pytest.raises(RowError, match="no identifier"):
        list(arrows.answered(asked, iter(nobody), "here"))
