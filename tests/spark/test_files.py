"""A whole job over files, its tasks run in this process: which parts are answered, taken up again, or refused."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guidegraph.api.cohort import answer_table
from guidegraph.errors import RowError, UsageError
from tests.cohort.test_long import dated
from tests.conftest import AS_OF
from tests.support.optional import needs

pl = pytest.importorskip("polars")

from guidegraph.spark import parting, tasks  # noqa: E402
from tests.support.patients import wide  # noqa: E402


class Spread:
    """What is spread over partitions, and worked on in this process."""

    def __init__(self, parts: Sequence[Iterable[Any]]) -> None:
        self._parts = [list(part) for part in parts]

    def flatMap(self, work: Callable[[Any], Iterable[Any]]) -> Spread:
        return Spread([[found for one in part for found in work(one)] for part in self._parts])

    def partitionBy(self, count: int, which: Callable[[Any], int]) -> Spread:
        pairs = [pair for part in self._parts for pair in part]
        return Spread([[pair for pair in pairs if which(pair[0]) % count == at] for at in range(count)])

    def mapPartitionsWithIndex(self, work: Callable[[int, Iterable[Any]], Iterable[Any]]) -> Spread:
        return Spread([work(at, iter(part)) for at, part in enumerate(self._parts)])

    def collect(self) -> list[Any]:
        return [one for part in self._parts for one in part]


class Context:
    """A SparkContext as far as a job needs one."""

    def broadcast(self, what: Any) -> Any:
        return SimpleNamespace(value=pickle.loads(pickle.dumps(what)))

    def parallelize(self, rows: Sequence[Any], count: int) -> Spread:
        assert len(rows) == count
        return Spread([[row] for row in rows])


def answer(kb: Any, source: Path, output: Path, **options: Any) -> Any:
    """Answer files by tasks in this process."""
    for library in ("pyspark", "pyarrow"):
        needs(find_spec(library), f"{library} is not installed")
    from guidegraph.spark.files import answer_files

    session: Any = SimpleNamespace(sparkContext=Context())
    return answer_files(kb, source, output, session, {"as_of": AS_OF, **options})


@pytest.fixture(autouse=True)
def _own_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process has its threads already; what starts other processes later is told nothing of them."""
    monkeypatch.setattr(tasks, "_settle_threads", lambda: None)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By form two files of a table with several row groups, and beside them the whole of it in one."""
    made = tmp_path_factory.mktemp("tables")
    given = {"wide": wide(260, 4, bad=0.05), "long": pl.DataFrame(dated(5, 120)[0], infer_schema_length=None)}
    for form, rows in given.items():
        (made / form).mkdir()
        half = rows.height // 2
        rows.head(half).write_parquet(made / form / "a.parquet", row_group_size=half // 2)
        rows.tail(-half).write_parquet(made / form / "b.parquet", row_group_size=half)
        rows.write_parquet(made / f"{form}.parquet")
    return made


@pytest.mark.parametrize("form", ["wide", "long"])
def test_a_job_is_taken_up_where_it_stopped(
    kb: Any, tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(parting, "ROWS", 400)
    alone = answer_table(kb, tables / f"{form}.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    answered, full = tasks.answer_part, tasks.Fault(1, "the disk is full", "far", "Make room.")
    with monkeypatch.context() as patch:
        patch.setattr(tasks, "answer_part", lambda row, *rest: [full] if row[0] == 1 else answered(row, *rest))
        with pytest.raises(UsageError, match=r"1 of 3 parts failed, the first since far: the disk is full"):
            answer(kb, tables / form, tmp_path / "out")
    left = tmp_path / "out.unfinished"
    before = {path.name: path.stat().st_mtime_ns for path in left.glob("*.parquet")}
    assert len(before) == 2
    monkeypatch.setattr(parting, "ROWS", 100)
    with pytest.raises(UsageError, match="other cuts" if form == "long" else "other statements"):
        answer(kb, tables / form, tmp_path / "out", statements=form == "wide")
    monkeypatch.setattr(parting, "ROWS", 400)
    report = answer(kb, tables / form, tmp_path / "out")
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    assert (before.items() <= after.items(), len(after)) == (True, 3)
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(pl.read_parquet(tmp_path / "o.parquet"))
    assert replace(report, columns=(), files=()) == replace(alone, columns=(), files=())
    assert [name for _, name in report.files] == ["a.parquet", "b.parquet"]
    assert report.left_out > 5


def test_an_unfinished_job_is_begun_afresh(kb: Any, tables: Path, tmp_path: Path) -> None:
    left = tmp_path / "out.unfinished"
    (left / "_parts").mkdir(parents=True)
    (left / "_parts/job.json").write_text('{"digest": "another"}', encoding="utf-8")
    (left / "part-000099.parquet").touch()
    with pytest.raises(UsageError, match="parts of another job"):
        answer(kb, tables / "wide", tmp_path / "out")
    answer(kb, tables / "wide", tmp_path / "out", afresh=True)
    assert len(list((tmp_path / "out").glob("*.parquet"))) == 3
    # What is no job of ours stays.
    (tmp_path / "x.unfinished").mkdir()
    (tmp_path / "x.unfinished/letter.txt").touch()
    with pytest.raises(UsageError, match="cannot be read"):
        answer(kb, tables / "wide", tmp_path / "x", afresh=True)
    assert (tmp_path / "x.unfinished/letter.txt").exists()


@pytest.mark.parametrize(
    ("form", "where"), [("wide", r"a\.parquet, row \d+, column sex"), ("long", r"long, row \d+, ")]
)
def test_the_first_row_that_cannot_be_read_stops_all(
    kb: Any, tables: Path, tmp_path: Path, form: str, where: str
) -> None:
    with pytest.raises(RowError, match=where):
        answer(kb, tables / form, tmp_path / "out", strict=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "why"), [({"table": "t"}, "no DuckDB file"), ({"problem": "sciatica"}, "--problem is of records")]
)
def test_what_files_are_not_asked(kb: Any, tables: Path, tmp_path: Path, options: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        answer(kb, tables / "wide", tmp_path / "out", **options)
    assert list(tmp_path.iterdir()) == []
