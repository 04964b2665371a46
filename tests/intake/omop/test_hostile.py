"""Sources that are no OMOP CDM: damaged, wrong in part, or out to harm."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import guidegraph as gg
from guidegraph.errors import ProfileError, UsageError
from tests.intake.omop.helpers import DAY, crowd, entry
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

# sources that are none


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1,not-a-date,", "no date"),
        ("1,2026-02-30,", "no date"),
        ("1,2026-13-45,", "no date"),
        ("1,24.11.2026,", "no date"),
        ("1,,", "no start date"),
        ("1.5,2026-01-01,", "no whole number"),
        ("many,2026-01-01,", "no number"),
    ],
)
def test_values_that_are_none_are_told_row_by_row(made: gg.KnowledgeBase, tmp_path: Path, text: str, told: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    path = cdm.write("csv", tmp_path / "cdm")
    head = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_end_date\n"
    (path / "condition_occurrence.csv").write_text(f"{head}1,1,{text}\n", encoding="utf-8")
    profile, report = made.profile_from_omop(path, 1, as_of=DAY)
    state, why = entry(report, "condition_occurrence 1")
    assert state == "not understood" and told in why
    assert profile.not_understood


def test_a_missing_column_or_table_is_named(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    path = cdm.write("csv", tmp_path / "cdm")
    (path / "drug_exposure.csv").write_text("drug_exposure_id,person_id\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="table drug_exposure has no column drug_concept_id"):
        made.profile_from_omop(path, 1)
    (path / "person.csv").unlink()
    with pytest.raises(ProfileError, match="no table person"):
        made.profile_from_omop(path, 1)


def test_a_column_of_another_type_is_named(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.columns["condition_occurrence"]["condition_start_date"] = "INTEGER[]"
    path = cdm.write("duckdb", tmp_path / "cdm")
    with pytest.raises(ProfileError, match="condition_start_date of the table condition_occurrence is of type"):
        made.profile_from_omop(path, 1)


@pytest.mark.parametrize("person", ["1.5", "", "one", "nan"])
def test_rows_of_nobody_are_never_left_out_in_silence(made: gg.KnowledgeBase, tmp_path: Path, person: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.person(2)
    path = cdm.write("csv", tmp_path / "cdm")
    head = "condition_occurrence_id,person_id,condition_concept_id,condition_start_date\n"
    (path / "condition_occurrence.csv").write_text(f"{head}1,{person},0,2026-01-01\n", encoding="utf-8")
    with pytest.raises(ProfileError, match="1 rows of the table condition_occurrence"):
        made.profile_from_omop(path, 1)


def test_a_person_that_is_not_there(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd(2).write("duckdb", tmp_path / "cdm")
    with pytest.raises(ProfileError, match="no person 3"):
        made.profile_from_omop(path, 3)
    for person in (-1, 2**63, -(10**50)):
        with pytest.raises(ProfileError, match=f"no person {str(person)[:40]}"):
            list(made.profiles_from_omop(path, [person, 1]))
    assert list(made.profiles_from_omop(path, [])) == []


def test_what_is_no_source(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "empty.duckdb").touch()
    (tmp_path / "text.duckdb").write_text("no database " * 999, encoding="utf-8")
    (tmp_path / "a.csv").write_text("person_id\n1\n", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    (tmp_path / "a*b").mkdir()
    for name, error in {
        "empty.duckdb": ProfileError,
        "text.duckdb": ProfileError,
        "a.csv": UsageError,
        "folder": ProfileError,
        "a*b": UsageError,
        "nothing.duckdb": UsageError,
    }.items():
        with pytest.raises(error):
            made.profile_from_omop(tmp_path / name, 1)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("person.csv", b""),
        ("person.csv", b"person_id,gender_concept_id,year_of_birth\n1,8507\n"),
        ("person.csv", b"person_id,gender_concept_id,year_of_birth\n1,8507,\xff\xfe\n"),
        ("person.csv", b"person_id,person_id,gender_concept_id,year_of_birth\n1,1,8507,1980\n"),
        ("person.csv.gz", b"no gzip"),
        ("person.parquet", b"PAR1 no parquet PAR1"),
    ],
)
def test_damaged_files(made: gg.KnowledgeBase, tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ProfileError, match=rf"(?i){name}|the folder|no table"):
        made.profile_from_omop(tmp_path, 1)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "seed"), [("csv", 1), ("csv", 2), ("parquet", 3), ("duckdb", 4)])
def test_damage_anywhere_is_an_error_of_ours_or_a_told_row(
    made: gg.KnowledgeBase, tmp_path: Path, form: str, seed: int
) -> None:
    """Bytes changed, cut or put in at random: never another error, and never more than one line."""
    import random

    chance = random.Random(seed)
    source = crowd(2).write(form, tmp_path / "whole")
    files = [path for path in sorted((tmp_path / "whole").iterdir()) if path.stat().st_size]
    faults = 0
    for number in range(15):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "whole", folder)
        path = folder / chance.choice(files).name
        content = bytearray(path.read_bytes())
        at = chance.randrange(len(content))
        content[at : at + chance.choice((0, 1, 99))] = chance.choice(
            (b"\0", b'"', b",", b"\n", b"-", b"\xff", b"9" * 30)
        )
        path.write_bytes(content)
        try:
            made.profile_from_omop(folder / source.name if source.is_file() else folder, 1, as_of=DAY)
        except gg.GuideGraphError as error:
            faults += 1
            assert str(error).isprintable()
    assert faults


def test_a_table_that_is_there_twice(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd(1).write("csv", tmp_path / "cdm")
    (path / "PERSON.CSV.gz").write_bytes(b"")
    with pytest.raises(ProfileError, match="person is there more than once"):
        made.profile_from_omop(path, 1)


def test_a_database_cannot_make_us_read_other_files(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    import duckdb

    secret = tmp_path / "secret.csv"
    secret.write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1980\n", encoding="utf-8")
    with duckdb.connect(str(tmp_path / "cdm.duckdb")) as db:
        db.execute(f"CREATE VIEW person AS SELECT * FROM read_csv('{secret}')")
    with pytest.raises(ProfileError, match="cannot be read"):
        made.profile_from_omop(tmp_path / "cdm.duckdb", 1)


def test_a_file_that_points_outside_the_folder(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("person_id,gender_concept_id,year_of_birth\n1,8507,1980\n", encoding="utf-8")
    (tmp_path / "cdm").mkdir()
    (tmp_path / "cdm/person.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(ProfileError, match="points outside"):
        made.profile_from_omop(tmp_path / "cdm", 1)


def test_the_source_is_not_changed(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = crowd().write("duckdb", tmp_path / "cdm")
    before = path.read_bytes()
    list(made.profiles_from_omop(path, as_of=DAY))
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]
