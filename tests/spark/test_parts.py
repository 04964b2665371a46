"""What goes to the machines of a cluster and what comes back, in this process: no Spark is needed."""

from __future__ import annotations

import pickle
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph import assets
from guidegraph.api.cohort import answer_table, request
from guidegraph.api.cohortreport import cohort_report
from guidegraph.cli.app import app
from guidegraph.errors import KnowledgeError, UsageError
from guidegraph.spark.sessions import session, told
from tests.conftest import AS_OF
from tests.support.optional import needs

pl = pytest.importorskip("polars")

from guidegraph.cohort.outputs import Written  # noqa: E402
from guidegraph.cohort.rows import read_columns  # noqa: E402
from guidegraph.cohort.tables import open_table, repeated  # noqa: E402
from guidegraph.spark.kernel import kernel  # noqa: E402
from guidegraph.spark.parts import Folder, Part, answered, manifest, merged, unfinished  # noqa: E402
from tests.support.patients import wide  # noqa: E402


def sent(kb: Any, table: Path, **options: Any) -> Any:
    """The kernel for a table, as another machine gets it."""
    rows = open_table(table)
    schema = rows.collect_schema()
    columns = read_columns(schema, kb.vocabulary, {}, "")
    asked, several = request(kb, {"as_of": AS_OF, **options}), repeated(rows, "patient", schema["patient"], table)
    return pickle.loads(pickle.dumps(kernel(kb.knowledge, columns, schema["patient"], asked, several)))


ASKED: list[dict[str, Any]] = [
    {"statements": True},
    {"facts": True, "blocking": True},
    {"blocking": True, "long": True, "therapies": ["NSAID", "exercise therapy"]},
]


@pytest.mark.slow
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: " ".join(asked))
def test_parts_joined_are_the_table(kb: Any, tmp_path: Path, asked: dict[str, Any]) -> None:
    table = tmp_path / "t.parquet"
    named = pl.when(patient="p777").then(pl.lit(" p7")).otherwise("patient").alias("patient")
    wide(900, 5, bad=0.02).with_columns(named).write_parquet(table)
    whole = answer_table(kb, table, tmp_path / "o.parquet", as_of=AS_OF, **asked)
    parts = [Part(0, str(table), 0, 400, 1), Part(1, str(table), 400, 499, 401), Part(2, str(table), 899, 1, 900)]
    folder = Folder(unfinished(tmp_path / "out"), "job")
    folder.begin({"as_of": "2026-01-01"})
    there = Folder(folder.path, "job")
    there.check()
    arrived = sent(kb, table, **asked)
    for part in parts:
        assert folder.report(part) is None
        there.keep(part, answered(part, arrived, there.place(part)))
    reports = [folder.report(part) for part in parts]
    one = merged(parts, reports)  # type: ignore[arg-type]
    assert replace(one, columns=whole.columns) == whole
    assert whole.left_out > 10
    assert any("not understood" in entry.what for entry in whole.unread)
    assert [(8, "p7"), (778, " p7")] in [entry.examples for entry in whole.unread]
    (folder.path / ".part-000001.parquet.0a.part").touch()
    folder.finish(tmp_path / "out", manifest(parts, reports, one, {}))  # type: ignore[arg-type]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["_SUCCESS", *(part.name for part in parts)]
    assert pl.read_parquet(tmp_path / "out/*.parquet").equals(pl.read_parquet(tmp_path / "o.parquet"))
    with pytest.raises(UsageError, match="there already"):
        unfinished(tmp_path / "out")
    assert Written(tmp_path / "out").made == Written(tmp_path / "o.parquet").made


@pytest.mark.slow
def test_a_folder_of_parts_is_reported_on_as_the_file_is(kb: Any, tmp_path: Path) -> None:
    table = tmp_path / "t.parquet"
    wide(700, 5).write_parquet(table)
    answer_table(kb, table, tmp_path / "o.parquet", as_of=AS_OF)
    parts = [Part(0, str(table), 0, 400, 1), Part(1, str(table), 400, 300, 401)]
    folder, arrived = Folder(unfinished(tmp_path / "out"), "job"), sent(kb, table)
    folder.begin({})
    reports = [answered(part, arrived, folder.place(part)) for part in parts]
    with pytest.raises(UsageError, match="not all parts"):
        cohort_report(kb, folder.path)
    folder.finish(tmp_path / "out", manifest(parts, reports, merged(parts, reports), {}))
    assert without_source(cohort_report(kb, tmp_path / "out")) == without_source(
        cohort_report(kb, tmp_path / "o.parquet")
    )
    (tmp_path / "out/part-000001.parquet").unlink()
    with pytest.raises(UsageError, match="not those that _SUCCESS tells of"):
        cohort_report(kb, tmp_path / "out")


def without_source(form: Any) -> Any:
    """A report without the name of what it is of."""
    return {key: value for key, value in form.items() if key != "source"}


def test_rows_of_several_files_are_told_by_their_file(kb: Any, tmp_path: Path) -> None:
    parts = []
    for at, name in enumerate(("a.parquet", "b.parquet")):
        pl.DataFrame({"patient": [1, 2], "sex": ["x", "male"]}).write_parquet(tmp_path / name)
        parts.append(Part(at, str(tmp_path / name), 0, 2, 1 + 2 * at))
    arrived = sent(kb, tmp_path / "a.parquet")
    reports = [answered(part, arrived, tmp_path / part.name) for part in parts]
    whole = merged(parts, reports, [(1, "a.parquet"), (3, "b.parquet")])
    ((count, examples),) = [(entry.count, entry.examples) for entry in whole.unread]
    assert (count, examples) == (2, [(1, "x"), (3, "x")])
    assert [whole.place(row) for row, _ in examples] == ["row 1 of a.parquet", "row 1 of b.parquet"]


def test_a_folder_of_another_job_is_not_taken_up(tmp_path: Path) -> None:
    Folder(tmp_path / "o", "one").begin({"as_of": "2026-01-01", "long": False})
    Folder(tmp_path / "o", "one").begin({"as_of": "2026-01-01", "long": False})
    with pytest.raises(UsageError, match=r"other as_of \(as of 2026-01-01, not 2026-01-02\)"):
        Folder(tmp_path / "o", "two").begin({"as_of": "2026-01-02", "long": False})
    with pytest.raises(UsageError, match="not there"):
        Folder(tmp_path / "o", "two").check()
    with pytest.raises(UsageError, match="not there"):
        Folder(tmp_path / "elsewhere", "one").check()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").touch()
    with pytest.raises(UsageError, match="cannot be read"):
        Folder(tmp_path / "mine", "one").begin({})
    assert (tmp_path / "mine/letter.txt").exists()


def test_a_part_that_is_cut_short_is_answered_anew(kb: Any, tmp_path: Path) -> None:
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    part, folder = Part(0, str(tmp_path / "t.parquet"), 0, 3, 1), Folder(tmp_path / "o", "job")
    folder.begin({})
    folder.keep(part, answered(part, sent(kb, tmp_path / "t.parquet"), folder.place(part)))
    assert folder.report(part)
    folder.place(part).write_bytes(folder.place(part).read_bytes()[:-1])
    assert folder.report(part) is None


def test_a_file_that_changed_meanwhile_is_refused(kb: Any, tmp_path: Path) -> None:
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    arrived = sent(kb, tmp_path / "t.parquet")
    with pytest.raises(UsageError, match="changed"):
        answered(Part(0, str(tmp_path / "t.parquet"), 0, 4, 1), arrived, tmp_path / "o.parquet")
    with pytest.raises(UsageError, match="same path"):
        answered(Part(0, str(tmp_path / "u.parquet"), 0, 3, 1), arrived, tmp_path / "o.parquet")
    assert not (tmp_path / "o.parquet").exists()


def test_other_tables_of_codes_are_refused(kb: Any, tmp_path: Path) -> None:
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    arrived = sent(kb, tmp_path / "t.parquet")
    assert arrived.vocabulary.reading("ICD10CM:M54.16") == kb.vocabulary.reading("ICD10CM:M54.16") is not None
    with pytest.raises(KnowledgeError, match="tables of codes"):
        _ = replace(arrived, tables="sha256:0").vocabulary


def test_shipped_folders_are_found_where_this_machine_has_them(kb: Any, tmp_path: Path) -> None:
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    arrived = sent(kb, tmp_path / "t.parquet")
    far = tmp_path / "far"
    domains = tuple(replace(d, folder=far / d.folder.relative_to(assets.root())) for d in kb.knowledge.selected.domains)
    moved = replace(arrived, shipped=far, naming=arrived.naming.of(replace(arrived.naming.selected, domains=domains)))
    assert moved.vocabulary.reading("Voltaren") == kb.vocabulary.reading("Voltaren") is not None


def test_batches_of_arrow_are_answered_row_by_row(kb: Any, tmp_path: Path) -> None:
    needs(_has("pyarrow"), "pyarrow is not installed")
    from guidegraph.spark.arrows import SEVERAL
    from guidegraph.spark.arrows import answered as answered_batches

    given = wide(500, 8, bad=0.03)
    given = given.with_columns(pl.when(patient="p300").then(pl.lit("p3")).otherwise("patient").alias("patient"))
    given.write_parquet(tmp_path / "t.parquet")
    lists: Any = {"facts": True, "blocking": True}
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF, **lists)
    several = (pl.col("patient") == "p3").alias(SEVERAL)
    batches = given.with_columns(pl.when(several).then(True).alias(SEVERAL)).to_arrow().to_batches(max_chunksize=120)
    found = pl.concat(
        [pl.DataFrame(b) for b in answered_batches(sent(kb, tmp_path / "t.parquet", **lists), iter(batches), "here")]
    )
    assert found["patient"].equals(given["patient"])
    read = found.filter(pl.col("left_out").is_null())
    embedded = pl.read_parquet(tmp_path / "o.parquet").with_columns(pl.exclude("patient", *lists).cast(pl.String))
    assert read.drop("left_out", "not_understood").equals(embedded)
    assert len(found) - len(read) == report.left_out > 5
    out = found.filter(pl.col("left_out").is_not_null())
    assert set(out["left_out"].str.head(21)) == {"sex: 'cannot be read'", "patient: 'p3': the pa"}
    assert out["ggt:NSAID"].null_count() == len(out)
    passed = {e.column: e.count for e in report.unread if "not understood" in e.what}
    told_of = found.filter(
        pl.concat_str("left_out", "not_understood", ignore_nulls=True).str.contains("not understood")
    )
    assert len(told_of) == passed["conditions"] > 50


def _has(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def test_spark_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pyspark.sql"):  # the second by itself, where another test has imported it
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "guidegraph.spark.files", raising=False)
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    line = ["cohort", str(tmp_path / "t.parquet"), "-o", str(tmp_path / "o"), "--engine", "spark"]
    done = CliRunner().invoke(app, line)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "is not installed. Install what it needs: pip install 'guidegraph[spark]'" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize("option", [["--master", "local[1]"], ["--conf", "a=b"], ["--engine", "spark", "--conf", "a"]])
def test_options_of_spark_that_make_no_sense(tmp_path: Path, option: list[str]) -> None:
    wide(3, 1).write_parquet(tmp_path / "t.parquet")
    done = CliRunner().invoke(app, ["cohort", str(tmp_path / "t.parquet"), "-o", str(tmp_path / "o.parquet"), *option])
    assert done.exit_code == 2, done.output
    assert "--conf" in done.stderr
    assert not (tmp_path / "o.parquet").exists()


MASTERS = {
    "nobody listens": ("spark://127.0.0.1:{free}", "cannot be reached"),
    "no port": ("spark://nowhere", "no HOST:PORT"),
    "Spark Connect": ("sc://127.0.0.1:15002", "takes no files"),
}


@pytest.mark.parametrize("name", MASTERS)
def test_a_cluster_that_cannot_be_used(name: str) -> None:
    needs(_has("pyspark"), "pyspark is not installed")
    master, why = MASTERS[name]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = master.format(free=taken.getsockname()[1])
        with pytest.raises(UsageError, match=why), session(address, {}):
            pass


def test_what_a_job_failed_of_is_told_in_a_sentence() -> None:
    texts = {
        "An error occurred\nModuleNotFoundError: No module named 'polars'\n\tat x": "polars is not installed on the mach",
        "x\nguidegraph.errors.KnowledgeError: host: other tables.\n\tat y": "it failed: host: other tables",
        "An error occurred while calling x.\n: org.SparkException: Could not parse URL: 'x'": "it failed: Could not parse",
        "An error.\n: org.SparkException: Job aborted.\nValueError: 3\n\tat z": "it failed: ValueError: 3",
        "Java gateway process exited.": "it failed: Java gateway process exited",
    }
    for text, why in texts.items():
        with pytest.raises(UsageError, match=why), told("it failed", "Mend it."):
            raise RuntimeError(text)
