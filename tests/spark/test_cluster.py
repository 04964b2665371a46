"""A cluster of real processes on this machine: the same rows as embedded, whatever dies."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guidegraph import assets
from guidegraph.api.cohort import answer_table
from guidegraph.errors import RowError, UsageError
from guidegraph.spark import session, statuses
from tests.cohort.test_long import dated
from tests.conftest import AS_OF
from tests.support.optional import needs

pl = pytest.importorskip("polars")

from guidegraph.spark import parting  # noqa: E402
from tests.support.patients import wide  # noqa: E402

pytestmark = pytest.mark.slow
ROWS, GROUP = 100_000, 9_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session on two executors of one core each, which are processes of their own."""
    for library in ("pyspark", "pyarrow"):
        needs(find_spec(library), f"{library} is not installed")
    needs(os.environ.get("JAVA_HOME") or shutil.which("java"), "there is no Java")
    work = tmp_path_factory.mktemp("spark")
    environment = {
        "SPARK_WORKER_DIR": str(work), "SPARK_LOCAL_DIRS": str(work), "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), *_folders()])),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        conf = {"spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2"}
        with session("local-cluster[2,1,1024]", conf) as opened:
            yield opened


def _folders() -> list[str]:
    """Where this process has its libraries: a worker is told, since it need not be of the same environment."""
    return [path for path in sys.path if path and Path(path).is_dir()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of patients, some of whom cannot be read."""
    made = tmp_path_factory.mktemp("patients")
    table = wide(ROWS, 11, bad=0.001)
    # One patient stands in both files.
    table = table.with_columns(pl.when(patient="p95000").then(pl.lit(" p5")).otherwise("patient").alias("patient"))
    table.head(70_000).write_parquet(made / "a.parquet", row_group_size=GROUP)
    table.tail(-70_000).write_parquet(made / "b.parquet", row_group_size=GROUP)
    table.write_parquet(made / "all.of.them")
    return made


@pytest.fixture(scope="module")
def embedded(kb: Any, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The same patients answered by this process: the rows and the report."""
    place = tmp_path_factory.mktemp("embedded")
    (place / "t.parquet").symlink_to(folder / "all.of.them")
    report = answer_table(kb, place / "t.parquet", place / "o.parquet", as_of=AS_OF)
    return pl.read_parquet(place / "o.parquet"), report


def answer(kb: Any, source: Path, output: Path, cluster: Any, **options: Any) -> Any:
    """Answer files by the cluster."""
    from guidegraph.spark.files import answer_files

    return answer_files(kb, source, output, cluster, {"as_of": AS_OF, **options})


def interfering(monkeypatch: pytest.MonkeyPatch, first: Callable[[tuple[Any, ...], str], Any]) -> None:
    """Let a function run on the machine of the cluster before each part; if it gives something, in its place."""
    from guidegraph.spark import files, tasks

    def interfered(row: tuple[Any, ...], folder: str, *rest: Any) -> Any:
        from guidegraph.spark.tasks import answer_part

        return first(row, folder) or answer_part(row, folder, *rest)

    monkeypatch.setattr(
        files, "tasks", SimpleNamespace(answer_part=interfered, sort_out=tasks.sort_out, Fault=tasks.Fault)
    )


def killer(died: Path, part: int) -> Callable[[tuple[Any, ...], str], None]:
    """Kills the executor that is at a part, once."""

    def kill_once(row: tuple[Any, ...], place: str) -> None:
        if row[0] == part and not died.exists():
            # This process was forked by a daemon of Python, which the executor had started.
            executor = int(Path(f"/proc/{os.getppid()}/stat").read_text().rpartition(")")[2].split()[1])
            died.write_text(Path(f"/proc/{executor}/cmdline").read_text())
            Path(place, f".part-{part:06}.parquet.0.part").write_bytes(b"PAR1")
            os.kill(executor, signal.SIGKILL)
            os._exit(1)

    return kill_once


def test_an_executor_that_is_killed_in_mid_job_takes_nothing_with_it(
    kb: Any, folder: Path, embedded: Any, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = tmp_path / "died"
    interfering(monkeypatch, killer(died, 6))
    report = answer(kb, folder, tmp_path / "out", cluster)
    assert "CoarseGrainedExecutorBackend" in died.read_text()
    rows, alone = embedded
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(rows)
    assert replace(report, columns=alone.columns, files=()) == alone
    assert alone.left_out > 50
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["_SUCCESS", *(f"part-{at:06}.parquet" for at in range(12))]
    assert not list(tmp_path.glob("*.unfinished"))


def test_what_is_missing_after_a_failure_is_done_by_the_same_call(
    kb: Any, folder: Path, embedded: Any, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(row: tuple[Any, ...], place: str) -> Any:
        return [(row[0], "the disk is full", "far", "Make room.", False)] if row[0] in (2, 5) else None

    with monkeypatch.context() as patch:
        interfering(patch, fail)
        with pytest.raises(UsageError, match="2 of 12 parts failed, the first since far: the disk is full"):
            answer(kb, folder, tmp_path / "out", cluster)
    assert not (tmp_path / "out").exists()
    left = tmp_path / "out.unfinished"
    before = {path.name: path.stat().st_mtime_ns for path in left.glob("*.parquet")}
    assert len(before) == 10
    with pytest.raises(UsageError, match="other statements"):
        answer(kb, folder, tmp_path / "out", cluster, statements=True)
    answer(kb, folder, tmp_path / "out", cluster)
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}
    assert len(after) == 12
    assert before.items() <= after.items()
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(embedded[0])
    with pytest.raises(UsageError, match="there already"):
        answer(kb, folder, tmp_path / "out", cluster)


def test_wrong_input_is_told_and_leaves_nothing(
    kb: Any, folder: Path, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(assets, "VERSION", "0.0.9")  # here; the machines of the cluster have theirs
        with pytest.raises(UsageError, match=r"12 of 12 parts failed, .* 0\.0\.9 began the job"):
            answer(kb, folder, tmp_path / "version", cluster)
    shutil.rmtree(tmp_path / "version.unfinished")
    with pytest.raises(RowError, match=r"a\.parquet, row 6, column patient: 'p5': .* several rows"):
        answer(kb, folder, tmp_path / "strict", cluster, strict=True)
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(UsageError, match="no Parquet file"):
        answer(kb, other, tmp_path / "o", cluster)
    pl.DataFrame({"patient": [1], "age": [2]}).write_parquet(other / "a.parquet")
    pl.DataFrame({"patient": [1]}).write_parquet(other / "b.parquet")
    with pytest.raises(UsageError, match=r"b\.parquet: no column 'age', which a\.parquet has"):
        answer(kb, other, tmp_path / "o", cluster)
    pl.DataFrame({"patient": [1], "age": ["2"]}).write_parquet(other / "b.parquet")
    with pytest.raises(UsageError, match=r"the column 'age' is String, and Int64 in a\.parquet"):
        answer(kb, other, tmp_path / "o", cluster)
    (other / "b.parquet").write_bytes(b"no table")
    with pytest.raises(UsageError, match="cannot be used"):
        answer(kb, other, tmp_path / "o", cluster)
    (other / "b.parquet").unlink()
    pl.DataFrame({"patient": [1], "key": ["age"], "term": [""], "unit": ["year"]}).write_parquet(other / "a.parquet")
    with pytest.raises(UsageError, match="'unit' means nothing in a long table"):
        answer(kb, other, tmp_path / "o", cluster)
    pl.DataFrame({"patient": [" "], "key": ["age"], "term": [""]}).write_parquet(other / "a.parquet")
    with pytest.raises(UsageError, match="no patient"):
        answer(kb, other, tmp_path / "o", cluster)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other"]


def test_a_frame_of_a_session_is_answered_as_the_table_is(
    kb: Any, folder: Path, embedded: Any, cluster: Any, tmp_path: Path
) -> None:
    patients = cluster.read.parquet(f"{folder}/a.parquet", f"{folder}/b.parquet")
    asked: Any = {"as_of": AS_OF, "therapies": ["NSAID", "exercise therapy"]}
    answers = statuses(patients, kb, **asked)
    assert answers.dtypes == [
        (name, "string")
        for name in ("patient", "contradiction", "ggt:ExerciseTherapy", "ggt:NSAID", "left_out", "not_understood")
    ]
    found = pl.DataFrame(answers.toArrow()).sort("patient")
    assert len(found) == ROWS
    read, common = found.filter(pl.col("left_out").is_null()), answers.columns[:4]
    expected = embedded[0].select(common).with_columns(pl.exclude("patient").cast(pl.String))
    assert read.select(common).equals(expected.sort("patient"))
    reasons = {"sex: 'cannot be read'", "patient: 'p5': the pa", "patient: ' p5': the p"}
    assert set(found["left_out"].drop_nulls().str.head(21)) == reasons
    with pytest.raises(Exception, match=r"RowError: partition \d, row \d+, column (sex|patient)"):
        statuses(patients, kb, strict=True, **asked).count()
    with pytest.raises(UsageError, match=r"of type Date"):
        statuses(patients.selectExpr("patient", "current_date() as age"), kb)
    with pytest.raises(UsageError, match="the heading means nothing known"):
        statuses(patients.withColumnRenamed("age", "nothing of ours"), kb)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files of a long table, whose patients have rows in both, of several days, and some that cannot be read."""
    made = tmp_path_factory.mktemp("facts")
    rows = pl.DataFrame(dated(4, 2500)[0], infer_schema_length=None).with_columns(pl.col("date").str.to_date())
    rows.head(12_000).write_parquet(made / "a.parquet", row_group_size=GROUP)
    rows.tail(-12_000).write_parquet(made / "b.parquet", row_group_size=GROUP)
    rows.write_parquet(made / "all.of.them")
    return made


def test_a_long_table_is_answered_whoever_dies(
    kb: Any, facts: Path, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "t.parquet").symlink_to(facts / "all.of.them")
    lists: Any = {"facts": True, "blocking": True}
    alone = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, **lists)
    rows = pl.read_parquet(tmp_path / "o.parquet")
    assert alone.left_out > 100
    monkeypatch.setattr(parting, "ROWS", 4_000)
    interfering(monkeypatch, killer(tmp_path / "died", 1))
    report = answer(kb, facts, tmp_path / "out", cluster, **lists)
    assert "CoarseGrainedExecutorBackend" in (tmp_path / "died").read_text()
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(rows)
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) > 3
    assert replace(report, columns=(), files=()) == replace(alone, columns=(), files=())
    assert {name for _, name in report.files} == {"a.parquet", "b.parquet"}
    answers = statuses(cluster.read.parquet(f"{facts}/a.parquet", f"{facts}/b.parquet"), kb, as_of=AS_OF, **lists)
    assert dict(answers.dtypes)["facts"] == "array<string>"
    found = pl.DataFrame(answers.toArrow()).sort("patient")
    read = found.filter(pl.col("left_out").is_null()).select(rows.columns)
    assert read.equals(rows.with_columns(pl.exclude("patient", *lists).cast(pl.String)))
    assert len(found) - len(read) == alone.left_out
