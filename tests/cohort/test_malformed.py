"""Sources that cannot be read, or not wholly: each is told in a sentence with its place, and nothing is written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_table
from guidegraph.errors import UsageError
from tests.conftest import AS_OF

pl = pytest.importorskip("polars")

Make = Callable[[Path], Any]


def text(content: str | bytes) -> Make:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def table(**columns: Any) -> Make:
    return lambda path: pl.DataFrame(columns, strict=False).write_parquet(path)


def cut(path: Path) -> None:
    table(patient=list(range(1000)), age=[50] * 1000)(path)
    path.write_bytes(path.read_bytes()[:-40])


def damaged(path: Path) -> None:
    """Pages of noise between a good head and a good end."""
    table(patient=[f"p{at}" for at in range(5000)], age=[str(at % 90) for at in range(5000)])(path)
    content = path.read_bytes()
    path.write_bytes(content[:50] + b"\xff" * (len(content) // 2) + content[50 + len(content) // 2 :])


def locked(path: Path) -> None:
    text("patient,age\na,1\n")(path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


WIDE = "patient,age\n"
STOPPED, TRIED = "patient,stopped_medications: MAO inhibitor\n", "patient,trials: exercise therapy\n"
#: Sources that are refused: the file, what makes it, and what is said, with its place.
REFUSED: dict[str, tuple[str, Make, str]] = {
    "an empty file": ("t.csv", text(""), "t.csv: the table has no head"),
    "blank lines alone": ("t.csv", text("\n\n"), "no head"),
    "an empty Parquet file": ("t.parquet", text(""), "cannot be used"),
    "a head alone": ("t.csv", text(WIDE), "there is no patient"),
    "no column": ("t.parquet", table(), "no column"),
    "a Parquet file cut short": ("t.parquet", cut, "t.parquet: the table cannot be used"),
    "a Parquet file with noise": ("t.parquet", damaged, "cannot be used"),
    "CSV under the name of Parquet": ("t.parquet", text(WIDE + "a,1\n"), "cannot be used"),
    "Parquet under the name of CSV": ("t.csv", table(patient=["ä" * 9], age=[1]), "UTF-8|NUL|cells"),
    "a folder under the name of CSV": ("t.csv", Path.mkdir, "it is a folder"),
    "a device": ("t.csv", lambda path: path.symlink_to("/dev/zero"), "a device or a pipe"),
    "a pipe": ("t.csv", os.mkfifo, "a device or a pipe"),
    "a link to nothing": ("t.csv", lambda path: path.symlink_to("nothing"), "no such file"),
    "a file that may not be read": ("t.csv", locked, "cannot be used"),
    "an unknown ending": ("t.xlsx", text("x"), "unknown ending '.xlsx'"),
    "CR alone as line end": ("t.csv", text("patient,age\ra,1\rb,2\r"), "row 0: a line ends with CR alone"),
    "CR alone in one row": ("t.csv", text(WIDE + 'a,1\n"b\r",2\nc,3\rd,4\n'), "line 4: a line ends with CR alone"),
    "UTF-16": ("t.csv", text((WIDE + "a,1\n").encode("utf-16")), "UTF-16"),
    "another encoding in a cell": ("t.csv", text(b"patient,age\na,1\nb\xe4,2\n"), "row 2, byte 2 of it: not UTF-8 text"),
    "another encoding in the head": ("t.csv", text(b"patient,\xe4ge\na,1\n"), "not UTF-8 text"),
    "NUL in a cell": ("t.csv", text(WIDE + "a,1\nb,\0\n"), "row 2, column 2: not text: it holds NUL"),
    "a quote that is not closed": ("t.csv", text(WIDE + 'a,1\nb,"2\nc,3\n'), "row 2: a quote is opened and not closed"),
    "a quote within a cell": ("t.csv", text(WIDE + 'a,1"2\nb,2\n'), "cannot be used|quote"),
    "a row too long": ("t.csv", text(WIDE + "a,1\nb,2,3\n"), "row 2: 3 cells, and the head has 2"),
    "a row too short": ("t.csv", text(WIDE + "a,1\nb\nc,3\n"), "row 2: 1 cells, and the head has 2"),
    "a row cut off at the end": ("t.csv", text("patient,age,sex\na,45,male\nb,4"), "row 2: 2 cells, and the head has 3"),
    "a comma for the decimal point": ("t.csv", text(WIDE + "a,12,5\n"), "row 1: 3 cells"),
    "semicolons between cells": ("t.csv", text("patient;age\na;1\n"), "one column alone: 'patient;age'"),
    "a heading twice": ("t.csv", text("patient,age,age\na,1,2\n"), "columns 2 and 3 are both 'age'"),
    "headings that mean the same": ("t.csv", text("patient,Age,age\na,1,2\n"), "'Age' and 'age' both say 'age'"),
    "terms that mean the same": ("t.csv", text("patient,NSAID,medications: NSAID\na,1,1\n"), "both say"),
    "a column without a heading": ("t.csv", text("patient,,age\na,1,2\n"), "column 2 has no heading"),
    "no patient": ("t.csv", text("age\n1\n"), "no column names the patient"),
    "two columns for the patient": ("t.csv", text("patient,id,age\na,b,1\n"), "2 columns name the patient"),
    "10,000 columns": ("t.csv", text(",".join(f"c{at}" for at in range(10_000)) + "\n"), "10000 columns"),
    "a column of lists": ("t.parquet", table(patient=["a"], age=[[1]]), r"column age: it is of type List\(Int64\)"),
    "a column of structs": ("t.parquet", table(patient=["a"], cancer=[{"x": 1}]), "column cancer: it is of type Struct"),
    "a column of bytes": ("t.parquet", table(patient=["a"], cancer=[b"1"]), "column cancer: it is of type Binary"),
    "a column of days": ("t.parquet", table(patient=["a"], age=[date(1970, 1, 1)]), "column age: it is of type Date"),
    "moments with a zone": ("t.parquet", table(patient=["a"], age=[datetime(1970, 1, 1, tzinfo=UTC)]), "time_zone"),
    "patients that are truth values": ("t.parquet", table(patient=[True], age=[1]), "column patient: it is of type Bool"),
    "patients that are lists": ("t.parquet", table(patient=[["a"]], age=[1]), "column patient: it is of type List"),
    "a long table with another column": ("t.csv", text("patient,key,term,unit\na,age,,y\n"), "'unit' means nothing"),
    "a long table without patients": ("t.csv", text("key,term\nage,\n"), "no column 'patient'"),
    "a long table that has a part twice": ("t.csv", text("patient,key,term,Term\na,age,,\n"), "two columns are 'term'"),
    "a long table of lists": ("t.parquet", table(patient=["a"], key=["age"], term=[["x"]]), "column term: it is of type"),
    "a long table without rows": ("t.csv", text("patient,key,term\n"), "there is no patient"),
    "a long table of nobody": ("t.csv", text("patient,key,term,value\n,age,,4\n"), "there is no patient"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_table_that_is_refused(kb: Any, tmp_path: Path, name: str) -> None:
    file, make, why = REFUSED[name]
    make(tmp_path / file)
    with pytest.raises(UsageError, match=why):
        answer_table(kb, tmp_path / file, tmp_path / "o.parquet", as_of=AS_OF)
    assert [path.name for path in tmp_path.iterdir()] == [file]


#: Rows that are left out: the file, what makes it (good first), the column and the reason.
LEFT_OUT: dict[str, tuple[str, Make, str, str]] = {
    "no identifier": ("t.csv", text(WIDE + "good,1\n,2\n"), "patient", "no identifier"),
    "a blank identifier": ("t.csv", text(WIDE + "good,1\n  ,2\n"), "patient", "no identifier"),
    "a null identifier": ("t.parquet", table(patient=["good", None], age=[1, 2]), "patient", "no identifier"),
    "an identifier that is NaN": ("t.parquet", table(patient=[1.0, float("nan")], age=[1, 2]), "patient", "no identifier"),
    "a blank line": ("t.csv", text(WIDE + "good,1\n\n"), "patient", "no identifier"),
    "a negative age": ("t.csv", text(WIDE + "good,1\nbad,-4\n"), "age", "without a sign"),
    "infinity": ("t.csv", text(WIDE + "good,1\nbad,inf\n"), "age", "no number"),
    "NaN in a text": ("t.csv", text(WIDE + "good,1\nbad,NaN\n"), "age", "no number"),
    "a number with its unit": ("t.csv", text(WIDE + "good,1\nbad,45 years\n"), "age", "no number"),
    "a quoted decimal comma": ("t.csv", text(WIDE + 'good,1\nbad,"12,5"\n'), "age", "no number"),
    "marks between thousands": ("t.csv", text(WIDE + "good,1\nbad,1_0\n"), "age", "no number"),
    "a number in other digits": ("t.csv", text(WIDE + "good,1\nbad,\u0664\u0665\n"), "age", "no number"),
    "a power of ten for days": ("t.csv", text(STOPPED + "good,1\nbad,1e1\n"), STOPPED[8:-1], "no number"),
    "days in other digits": ("t.csv", text(STOPPED + "good,1\nbad,\u0661\u0660\n"), STOPPED[8:-1], "no number"),
    "days with their unit": ("t.csv", text(STOPPED + "good,1\nbad,10 days\n"), STOPPED[8:-1], "no number"),
    "days that are none": ("t.csv", text(STOPPED + "good,1\nbad,NaN\n"), STOPPED[8:-1], "no number"),
    "a power of ten for weeks": ("t.csv", text(TRIED + "good,failed; 6\nbad,failed; 1e1\n"), TRIED[8:-1], "no number"),
    "weeks that are none": ("t.csv", text(TRIED + "good,failed\nbad,failed; NaN\n"), TRIED[8:-1], "no number"),
    "a truth value for a number": ("t.parquet", table(patient=["good", "bad"], age=[None, True]), "age", "no number"),
    "a day for a truth value": ("t.csv", text("patient,cancer\ngood,1\nbad,2020-01-01\n"), "cancer", "neither true nor"),
    "a number for a truth value": ("t.parquet", table(patient=["good", "bad"], cancer=[1, 2]), "cancer", "neither true nor"),
    "a decimal of 38 digits out of range": (
        "t.parquet", table(patient=["good", "bad"], age=[Decimal("1.5"), Decimal("9" * 30 + ".00000001")]), "age", ""),
    "a word of another language": ("t.csv", text("patient,cancer\ngood,1\nbad,ja\n"), "cancer", "neither true nor false"),
    "a value of no such list": ("t.csv", text("patient,conditions\ngood,cancer\nbad,cancer; sciatika\n"), "conditions", "sciatica"),
    "a long key that is unknown": ("t.csv", text("patient,key,term\ngood,conditions,cancer\nbad,colour,blue\n"), "colour: blue", "colour"),
    "a long row without a key": ("t.csv", text("patient,key,term\ngood,conditions,cancer\nbad,,cancer\n"), ": cancer", "the row has no key"),
    "two problems": (
        "t.csv", text("patient,key,term,value\nbad,problem,,sciatica\ngood,age,,4\nbad,problem,,low back pain\n"), "problem", "different things at once"),
    "two values of a number": (
        "t.csv", text("patient,key,term,value\nbad,egfr,,20\ngood,age,,4\nbad,egfr,,90\n"), "egfr", "different things at once"),
    "two values of a number on one day": (
        "t.csv", text("patient,key,term,value,date\nbad,eGFR,,20,2020-01-01\ngood,age,,4,\nbad,egfr,,90,2020-01-01T10:00\n"), "eGFR", "at once"),
    "a value of a day and one without": (
        "t.csv", text("patient,key,term,value,date\nbad,egfr,,20,2020-01-01\ngood,age,,4,\nbad,egfr,,90,\n"), "egfr", "at once"),
    "a list that is complete and not": (
        "t.csv", text("patient,key,term,value\nbad,complete,medications,true\ngood,age,,4\nbad,complete,medications,false\n"),
        "complete: medications", "at once"),
    "a day in German": ("t.csv", text("patient,key,term,date\ngood,age,,\nbad,conditions,cancer,31.01.2020\n"), "date", "no day"),
    "a day in American": ("t.csv", text("patient,key,term,date\ngood,age,,\nbad,conditions,cancer,01/31/2020\n"), "date", "no day"),
    "a day that is none": ("t.csv", text("patient,key,term,date\ngood,age,,\nbad,conditions,cancer,2020-02-30\n"), "date", "no day"),
    "more than a day": ("t.csv", text("patient,key,term,date\ngood,age,,\nbad,conditions,cancer,2020-01-311\n"), "date", "no day"),
    "a day as a number": ("t.parquet", table(patient=["good", "bad"], key=["conditions"] * 2, term=["cancer"] * 2, date=[None, 20200131]), "date", "no day"),
    "a number with two values": ("t.csv", text("patient,key,term,value,number\ngood,age,,4,\nbad,age,,4,5\n"), "age", "no number"),
}  # fmt: skip


def good(found: Any) -> bool:
    """Whether the good one alone is answered."""
    return found["patient"].to_list() in (["good"], [1.0])


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_row_that_is_left_out(kb: Any, tmp_path: Path, name: str) -> None:
    file, make, column, why = LEFT_OUT[name]
    make(tmp_path / file)
    report = answer_table(kb, tmp_path / file, tmp_path / "o.parquet", as_of=AS_OF)
    assert good(pl.read_parquet(tmp_path / "o.parquet"))
    (told,) = [unread for unread in report.unread if unread.column == column]
    assert re.search(why, told.what)
    assert told.lost
    assert {row for row, _ in told.examples} <= {1, 2, 3}
    with pytest.raises(UsageError, match=r"row \d, column"):
        answer_table(kb, tmp_path / file, tmp_path / "s.parquet", as_of=AS_OF, strict=True)
    assert not (tmp_path / "s.parquet").exists()


def patients(path: Path) -> None:
    text(WIDE + "a,1\nb,2\n")(path)


#: Places that no answer may go to, beside the table t.csv: what makes them, their name, and what is said.
OUTPUTS: dict[str, tuple[Make, str, str]] = {
    "the table itself": (lambda path: None, "t.parquet", "where the patients are"),
    "a link to the table": (lambda path: path.symlink_to("t.parquet"), "o.parquet", "where the patients are"),
    "another name of the table": (lambda path: path.hardlink_to(path.parent / "t.parquet"), "o.parquet", "names|where"),
    "a missing folder": (lambda path: None, "no/o.parquet", "there is no folder"),
    "a folder": (Path.mkdir, "o.parquet", "it is a folder"),
    "another ending": (lambda path: None, "o.csv", "unknown ending '.csv'"),
    "an empty name": (lambda path: None, "", "unknown ending ''"),
    "a link to a device": (lambda path: path.symlink_to("/dev/null"), "o.parquet", "a device"),
    "a pipe": (os.mkfifo, "o.parquet", "a pipe"),
    "a link in a circle": (lambda path: path.symlink_to(path.name), "o.parquet", "cannot write"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_place_that_no_answer_may_go_to(kb: Any, tmp_path: Path, name: str) -> None:
    make, output, why = OUTPUTS[name]
    table(patient=["a"], age=[1])(tmp_path / "t.parquet")
    before = (tmp_path / "t.parquet").read_bytes()
    make(tmp_path / output)
    names = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(UsageError, match=why):
        answer_table(kb, tmp_path / "t.parquet", tmp_path / output if output else "", as_of=AS_OF)
    assert (tmp_path / "t.parquet").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert Path("/dev/null").is_char_device()


def test_a_link_keeps_leading_to_the_answer(kb: Any, tmp_path: Path) -> None:
    patients(tmp_path / "t.csv")
    (tmp_path / "kept").mkdir()
    (tmp_path / "o.parquet").symlink_to("kept/o.parquet")
    answer_table(kb, tmp_path / "t.csv", tmp_path / "o.parquet", as_of=AS_OF)
    assert (tmp_path / "o.parquet").is_symlink()
    assert pl.read_parquet(tmp_path / "kept/o.parquet").height == 2


@pytest.mark.parametrize("unit", ["day", "ms", "us"])
def test_days_outside_of_the_calendar_are_none(kb: Any, tmp_path: Path, unit: str) -> None:
    """A database writes infinity as the widest number, for which no day has a name."""
    kind, widest = (pl.Date, 2**31 - 1) if unit == "day" else (pl.Datetime(unit), 2**63 - 1)
    days = pl.Series([widest, -widest, 0, None], dtype=pl.Int32 if unit == "day" else pl.Int64).cast(kind)
    rows = {"patient": ["a", "b", "c", "d"], "key": ["age"] * 4, "term": [""] * 4, "value": ["5"] * 4}
    pl.DataFrame({**rows, "date": days}).write_parquet(tmp_path / "t.parquet")
    report = answer_table(kb, tmp_path / "t.parquet", tmp_path / "o.parquet", as_of=AS_OF)
    assert pl.read_parquet(tmp_path / "o.parquet")["patient"].to_list() == ["c", "d"]
    (told,) = report.unread
    assert told.what.startswith("no day") and report.left_out == 2
    assert told.examples == [(1, "no day of the calendar"), (2, "no day of the calendar")]


def test_a_patient_in_several_rows_is_left_out(kb: Any, tmp_path: Path) -> None:
    """Each row knows a part alone: what one does not say would be unknown, though another one says it."""
    text(WIDE + "a,1\nb,2\na ,70\nc,3\na,1\n")(tmp_path / "t.csv")
    table(patient=[1, 2, 1], age=[1, 2, 3])(tmp_path / "t.parquet")
    for file, left, lost in (("t.csv", ["b", "c"], [1, 3, 5]), ("t.parquet", [2], [1, 3])):
        report = answer_table(kb, tmp_path / file, tmp_path / "o.parquet", as_of=AS_OF)
        assert pl.read_parquet(tmp_path / "o.parquet")["patient"].to_list() == left
        (told,) = report.unread
        assert sorted(row for row, _ in told.examples) == lost
        assert (told.count, report.left_out) == (len(lost), len(lost))
        with pytest.raises(UsageError, match=r"row 1, column patient: .*several rows"):
            answer_table(kb, tmp_path / file, tmp_path / "s.parquet", as_of=AS_OF, strict=True)


@pytest.mark.slow
def test_odd_but_clear(kb: Any, tmp_path: Path) -> None:
    """A byte order mark, line ends of another system, cells with line ends, yes and no in other words, spaces."""
    plain = "patient,age,cancer,sciatica\na,70,true,false\nb,8,false,\n"
    odd = b'\xef\xbb\xbfpatient,age,cancer,sciatica\r\n"a",70 ,"TRUE ",No\r\nb, 8,0,\r\n\r\n'.replace(
        b"\r\n\r\n", b"\r\n"
    )
    text(plain)(tmp_path / "p.csv")
    text(odd)(tmp_path / "o.csv")
    exact = {"age": [Decimal("70.0000000000000000000000000000000000"), Decimal(8)], "cancer": ["Yes", "0"]}
    pl.DataFrame(
        {"patient": ["a", "b"], **exact, "sciatica": [False, None]}, schema_overrides={"age": pl.Decimal(38, 34)}
    ).write_parquet(tmp_path / "d.parquet")
    found = []
    for file in ("p.csv", "o.csv", "d.parquet"):
        report = answer_table(kb, tmp_path / file, tmp_path / "out.parquet", as_of=AS_OF, statements=True)
        assert (report.patients, list(report.unread)) == (2, [])
        found.append(pl.read_parquet(tmp_path / "out.parquet"))
    assert found[0].equals(found[1])
    assert found[0].equals(found[2])


def test_a_cell_with_a_line_end_is_one_cell(kb: Any, tmp_path: Path) -> None:
    text('patient,conditions\n"a\n1","sciatica;\ncancer"\nb,\n')(tmp_path / "t.csv")
    report = answer_table(kb, tmp_path / "t.csv", tmp_path / "o.parquet", as_of=AS_OF)
    assert (report.patients, list(report.unread)) == (2, [])
    assert pl.read_parquet(tmp_path / "o.parquet")["patient"].to_list() == ["a\n1", "b"]


def test_one_huge_group_of_rows(kb: Any, tmp_path: Path) -> None:
    """Batches do not follow the groups of a Parquet file."""
    many = pl.DataFrame({"patient": range(300_000), "age": [at % 90 for at in range(300_000)]})
    many.write_parquet(tmp_path / "one.parquet", row_group_size=300_000)
    many.write_parquet(tmp_path / "many.parquet", row_group_size=10_000)
    for file in ("one", "many"):
        answer_table(kb, tmp_path / f"{file}.parquet", tmp_path / f"o-{file}.parquet", as_of=AS_OF, therapies=["NSAID"])
    assert pl.read_parquet(tmp_path / "o-one.parquet").equals(pl.read_parquet(tmp_path / "o-many.parquet"))


@pytest.mark.slow
def test_reasons_without_end_are_told_as_one(kb: Any, tmp_path: Path) -> None:
    count = 1_200
    table(patient=range(count), conditions=[f"ICD10CM:Z{at}" for at in range(count)])(tmp_path / "t.parquet")
    table(patient=range(count), key=["conditions"] * count, term=[f"ICD10CM:Z{at}" for at in range(count)])(
        tmp_path / "l.parquet"
    )
    counts = set()
    for file in ("t.parquet", "l.parquet"):
        report = answer_table(kb, tmp_path / file, tmp_path / "o.parquet", as_of=AS_OF, therapies=["NSAID"])
        assert (report.patients, report.left_out, len(report.unread)) == (count, 0, 1_001)
        counts.add(sum(unread.count for unread in report.unread))
    # Some of the codes are known.
    assert len(counts) == 1
    assert 1_100 < counts.pop() <= count


#: Files for --columns beside a table of a patient and an age: their text and what is said.
COLUMNS: dict[str, tuple[str, str]] = {
    "a column that is not there": ("aeg: age\n", "no column 'aeg'. It has age"),
    "a column twice": ("age: age\nage: egfr\n", "age"),
    "no mapping": ("- age\n", "lines of names and meanings"),
    "a list for a meaning": ("age: [egfr]\n", "is no text"),
    "a meaning that is none": ("age: colour\n", "the heading means nothing known"),
    "two columns of one meaning": ("age: patient\n", "2 columns name the patient"),
    "no patient left": ("patient: ignore\n", "no column names the patient"),
    "no YAML": ("age: [\n", "columns.yaml"),
    "nothing": ("", "columns.yaml: the mapping of columns is empty"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COLUMNS)
def test_a_file_of_columns_that_is_refused(cli: Any, tmp_path: Path, name: str) -> None:
    content, why = COLUMNS[name]
    patients(tmp_path / "t.csv")
    text(content)(tmp_path / "columns.yaml")
    done = cli(
        "cohort",
        str(tmp_path / "t.csv"),
        "-o",
        str(tmp_path / "o.parquet"),
        "--columns",
        str(tmp_path / "columns.yaml"),
    )
    assert done.returncode not in (0, 1), done.stderr
    assert why in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "o.parquet").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("patient,age\na,400\nb,5\n", "1 row left out, which cannot be read"),
        (
            "patient,key,term,value\na,age,,400\na,sex,,male\nb,age,,5\n",
            "1 patient left out, of whom a row cannot be read",
        ),
    ],
    ids=["wide", "long"],
)
def test_what_is_left_out_is_called_by_its_name(cli: Any, tmp_path: Path, content: str, told: str) -> None:
    text(content)(tmp_path / "t.csv")
    done = cli("cohort", str(tmp_path / "t.csv"), "-o", str(tmp_path / "o.parquet"))
    assert done.returncode == 0 and told in done.stderr.splitlines()


def test_a_file_of_columns_of_a_long_table(kb: Any, tmp_path: Path) -> None:
    text("wer,key,term,value,note\na,age,,4,x\n")(tmp_path / "t.csv")
    meanings = {"wer": "patient", "note": "ignore"}
    assert answer_table(kb, tmp_path / "t.csv", tmp_path / "o.parquet", as_of=AS_OF, columns=meanings).patients == 1
    with pytest.raises(UsageError, match="no column 'wre'"):
        answer_table(
            kb, tmp_path / "t.csv", tmp_path / "p.parquet", as_of=AS_OF, columns={**meanings, "wre": "patient"}
        )
