"""Every FHIR record and OMOP case of this house, in one run: each patient is answered as they are alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_records
from guidegraph.errors import GuideGraphError, ProfileError
from guidegraph.knowledge import describe
from guidegraph.model import Profile
from guidegraph.profile.problems import of_problem
from tests.conftest import AS_OF
from tests.intake.omop.helpers import crowd
from tests.support.paths import FHIR, TESTS

pl = pytest.importorskip("polars")
pytestmark = pytest.mark.slow
CASES = date(2024, 6, 1)
FOLDERS = {FHIR: AS_OF, TESTS / "intake/fhir/cases": CASES}


def alike(kb: Any, profile: Profile, row: dict[str, Any], day: date) -> int:
    """Compare the row of a patient with the answer of one; how many statuses and truths that were."""
    try:
        one = kb.assess(kb.profile(profile), day)
    except ProfileError:
        assert row["contradiction"], profile
        return 1
    told = {one.name(therapy): status for therapy, status in one.statuses.items() if one.name(therapy) in row}
    told |= {name: one.truth(iri) for iri in kb.records.criteria if (name := describe.name(iri)) in row.keys() - told}
    head = {"patient": profile.id, "contradiction": None}
    assert row == {**told, **head}
    return len(told)


def apart(folder: Path, place: Path) -> Path:
    """The records of a folder, each of a patient of its own: a second record of one would be left out."""
    place.mkdir()
    for path in folder.iterdir():
        text = path.read_bytes().decode("utf-8", "surrogateescape")
        text = re.sub(r'("id":\s*"|"Patient/)p"', rf'\g<1>{path.stem}"', text)
        (place / path.name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return place


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_fhir_record(kb: Any, tmp_path: Path, folder: Path) -> None:
    day, folder = FOLDERS[folder], apart(folder, tmp_path / "records")

    def read() -> Iterator[Profile | None]:
        for path in sorted(folder.iterdir()):
            try:
                profile = kb.profile_from_fhir(path, as_of=day, where=path.name).profile
                yield of_problem(profile, None, kb.vocabulary)
            except GuideGraphError:
                yield None

    report = answer_records(kb, folder, tmp_path / "o.parquet", as_of=day, statements=True)
    profiles = [profile for profile in read() if profile is not None]
    rows = pl.read_parquet(tmp_path / "o.parquet").to_dicts()
    assert len(rows) == len(profiles) == report.patients > 10
    assert report.left_out == len(list(folder.iterdir())) - len(profiles)
    compared = [alike(kb, profile, row, day) for profile, row in zip(profiles, rows, strict=True)]
    assert sum(compared) > 400 * len(rows)


@pytest.mark.parametrize("folder", sorted((TESTS / "intake/omop/cases").iterdir()), ids=lambda path: path.name)
def test_every_omop_case(duck: None, kb: Any, tmp_path: Path, folder: Path) -> None:
    assert compared(kb, shutil.copytree(folder, tmp_path / "cdm"), tmp_path, CASES) > 400


@pytest.mark.parametrize("form", ["duckdb", "parquet", "csv"])
def test_a_crowd_of_omop(duck: None, made: Any, tmp_path: Path, form: str) -> None:
    assert compared(made, crowd(40).write(form, tmp_path / "cdm"), tmp_path, AS_OF) > 40 * 400


def compared(kb: Any, source: Path, folder: Path, day: date) -> int:
    """Compare each person of a CDM; how many statuses and truths that were."""
    answer_records(kb, source, folder / "o.parquet", as_of=day, statements=True)
    rows = {row["patient"]: row for row in pl.read_parquet(folder / "o.parquet").to_dicts()}
    persons = {str(person): profile for person, profile, _ in kb.profiles_from_omop(source, as_of=day)}
    assert persons.keys() == rows.keys()
    found = (alike(kb, one, {**rows[person], "patient": one.id}, day) for person, one in persons.items())
    return sum(found)
