"""Tables in a DuckDB file, and what columns are proposed to mean."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_records, answer_table, is_records, proposed_columns
from guidegraph.errors import UsageError
from tests.cohort.test_long import lengthened
from tests.cohort.test_tables import rows
from tests.conftest import AS_OF
from tests.intake.omop.helpers import crowd

pl = pytest.importorskip("polars")
duckdb = pytest.importorskip("duckdb")


def database(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as opened:
        for statement in statements:
            opened.execute(statement)
    return path


def answered(kb: Any, source: Path, table: str = "", **options: Any) -> Any:
    answer_table(kb, source, source.parent / "o.parquet", as_of=AS_OF, table=table, **options)
    return pl.read_parquet(source.parent / "o.parquet")


@pytest.mark.slow
def test_tables_and_views_are_answered_as_files_are(kb: Any, tmp_path: Path) -> None:
    given = rows(40, 5)
    pl.DataFrame(given, infer_schema_length=None).write_parquet(tmp_path / "w.parquet")
    pl.DataFrame(lengthened(given, 2)).write_parquet(tmp_path / "l.parquet")
    source = database(
        tmp_path / "d.duckdb",
        f"CREATE TABLE wide AS FROM read_parquet('{tmp_path / 'w.parquet'}')",
        f"CREATE TABLE long AS FROM read_parquet('{tmp_path / 'l.parquet'}')",
        "CREATE SCHEMA clinic",
        "CREATE VIEW clinic.seen AS SELECT * FROM wide WHERE age IS NOT NULL ORDER BY random()",
    )
    wide = answered(kb, tmp_path / "w.parquet")
    assert answered(kb, source, "wide").equals(wide)
    assert answered(kb, source, "long").equals(wide.sort("patient"))
    seen = {row["patient"] for row in given if row["age"] is not None}
    expected = wide.filter(pl.col("patient").is_in(seen)).sort("patient")
    assert 0 < len(seen) < 40
    for name in ("clinic.seen", "seen"):
        assert answered(kb, source, name).equals(expected)
    with pytest.raises(UsageError, match=r"3 tables\. Name one by --table\. It has clinic\.seen, long, wide"):
        answered(kb, source)
    with pytest.raises(UsageError, match=r"no table 'wid'\. It has"):
        answered(kb, source, "wid")
    (tmp_path / "o.parquet").unlink()
    assert not list(tmp_path.glob(".*"))


def test_numbers_lose_no_digit(kb: Any, tmp_path: Path) -> None:
    source = database(
        tmp_path / "d.duckdb",
        "CREATE TYPE sexes AS ENUM ('male', 'female')",
        "CREATE TABLE t AS SELECT 170141183460469231731687303715884105727::HUGEINT - i AS patient, 'male'::sexes AS sex,"
        " 70::DECIMAL(38, 30) AS age FROM range(2) r(i)",
    )
    found = answered(kb, source)
    assert found["patient"].to_list() == [str(2**127 - 1), str(2**127 - 2)]


DATABASES: dict[str, tuple[tuple[str, ...], str]] = {
    "no table": ((), "it holds no table"),
    "a table without rows": (("CREATE TABLE t (patient INTEGER, age INTEGER)",), "there is no patient"),
    "a table of lists": (("CREATE TABLE t AS SELECT 1 AS patient, [1] AS age",), "column age: it is of type List"),
    "a view that reads a file": (("CREATE VIEW t AS SELECT * FROM read_text('{0}/secret')",), "cannot be read"),
    "a view that fails": (("CREATE VIEW t AS SELECT 1 AS patient, error('no') AS age",), "cannot be read"),
    "two tables of a name": (
        ("CREATE SCHEMA a", "CREATE SCHEMA b", "CREATE TABLE a.t (i INT)", "CREATE TABLE b.t (i INT)"), "It has a.t, b.t"),
}  # fmt: skip


@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is_refused(kb: Any, tmp_path: Path, name: str) -> None:
    statements, why = DATABASES[name]
    (tmp_path / "secret").write_text("secret")
    source = database(tmp_path / "d.duckdb", *(one.format(tmp_path) for one in statements))
    with pytest.raises(UsageError, match=why):
        answered(kb, source, "t" if name.startswith("two") else "")
    assert not (tmp_path / "o.parquet").exists()


def test_a_file_that_is_no_database(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "d.duckdb").write_text("patient,age\n")
    for call in (is_records, lambda path: answered(kb, path)):
        with pytest.raises(UsageError, match="cannot be read"):
            call(tmp_path / "d.duckdb")
    with pytest.raises(UsageError, match="no such file"):
        is_records(tmp_path / "e.duckdb")
    (tmp_path / "t.csv").write_text("patient,age\na,1\n")
    with pytest.raises(UsageError, match="Leave out --table"):
        is_records(tmp_path / "t.csv", "t")


def test_what_duckdb_needs(kb: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = database(tmp_path / "d.duckdb", "CREATE TABLE t AS SELECT 1 AS patient, 50 AS age")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(UsageError, match=r"needs duckdb. Install it: pip install 'guidegraph\[omop\]'"):
        answered(kb, source)


@pytest.mark.slow
def test_a_table_in_a_cdm_can_be_named(duck: None, made: Any, tmp_path: Path) -> None:
    source = crowd().write("duckdb", tmp_path / "cdm")
    assert is_records(source)
    assert not is_records(source, "cohort")
    with pytest.raises(UsageError, match="no table"):
        answer_records(made, source, tmp_path / "o.parquet", as_of=AS_OF, table="cohort")


@pytest.mark.slow
def test_proposed_columns_can_be_given_back(kb: Any, cli: Any, tmp_path: Path) -> None:
    wide = "Person_ID,Age,age,sciatica,krebs,complete: medications\na,70,60,true,x,true\n"
    long = "id,KEY,term,Value,unit\na,age,,70,years\na,conditions,sciatica,,\na,complete,medications,,\n"
    (tmp_path / "w.csv").write_text(wide)
    (tmp_path / "l.csv").write_text(long)
    database(
        tmp_path / "d.duckdb",
        *(f"CREATE TABLE {name} AS FROM read_csv('{tmp_path / name}.csv', all_varchar = true)" for name in "l"),
        "CREATE TABLE w AS SELECT 'a' AS Person_ID, 70 AS Age, true AS sciatica, 'x' AS krebs, true AS \"complete: medications\"",
    )
    found = []
    for file, more in (("w.csv", []), ("l.csv", []), ("d.duckdb", ["--table", "l"]), ("d.duckdb", ["--table", "w"])):
        source, mapping, output = str(tmp_path / file), str(tmp_path / "c.yaml"), str(tmp_path / "o.parquet")
        assert cli("cohort", "columns", source, "-o", mapping, *more).returncode == 0
        proposed = Path(mapping).read_text()
        assert ("# A long table" in proposed) == (file == "l.csv" or "l" in more)
        assert '"ignore"' in proposed
        done = cli("cohort", source, "-o", output, "--columns", mapping, *more, "--as-of", str(AS_OF))
        assert done.returncode == 0, done.stderr
        read = pl.read_parquet(output)
        found.append(read.rename({read.columns[0]: "patient"}))
    assert all(one.equals(found[0]) for one in found)


def test_columns_that_are_none(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("who,age,Age,NSAID,medications: NSAID\na,1,2,1,1\n")
    long, proposed = proposed_columns(kb, tmp_path / "t.csv")
    assert not long
    assert [meaning for _, meaning, _ in proposed][::2] == ["ignore", "ignore", "ignore"]
    assert "'age' says 'age' already" in proposed[2][2]
    (tmp_path / "records").mkdir()
    with pytest.raises(UsageError, match="records have no columns"):
        proposed_columns(kb, tmp_path / "records")
