"""The forms of a source of an OMOP CDM: each gives the same."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import guidegraph as gg
from tests.intake.omop.helpers import DAY, conditions, crowd
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

FORMS = ("duckdb", "parquet", "csv", "csv.gz")

# forms of a source


@pytest.mark.slow
@pytest.mark.parametrize("upper", [False, True])
def test_every_form_gives_the_same_profiles_and_reports(made: gg.KnowledgeBase, tmp_path: Path, upper: bool) -> None:
    found = []
    for form in FORMS:
        path = crowd().write(form, tmp_path / form, upper=upper, schema='my "cdm"' if upper else "main")
        found.append([(p, profile, r.to_dict()) for p, profile, r in made.profiles_from_omop(path, as_of=DAY)])
    assert [p for p, _, _ in found[0]] == list(range(1, 8))
    assert all(other == found[0] for other in found[1:])


@pytest.mark.slow
def test_many_are_as_one_by_one(made: gg.KnowledgeBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from guidegraph.intake.omop import read as omop

    monkeypatch.setattr(omop, "_GROUP", 3)
    path = crowd().write("csv", tmp_path / "cdm")
    many = list(made.profiles_from_omop(path, as_of=DAY))
    single = [(p, *made.profile_from_omop(path, p, as_of=DAY)) for p in range(1, 8)]
    assert many == single
    some = list(made.profiles_from_omop(path, [5, 2, 5], as_of=DAY))
    assert some == [single[1], single[4]]


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_files_with_other_separators(made: gg.KnowledgeBase, tmp_path: Path, mark: str) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.condition(1, cdm.concept("ICD10CM", "T1", 'a "quoted name'), "20260110")
    path = cdm.write("csv", tmp_path / "cdm")
    with (path / "concept.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    # Files with tabs have no quotation: a mark in a name is a mark.
    rows = [[cell if mark == "\t" else cell.replace('"', "") for cell in row] for row in rows]
    text = "\n".join(mark.join(row) for row in rows) + "\n"
    (path / "concept.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert conditions(made.profile_from_omop(path, 1, as_of=DAY)[0]) == {"Sciatica"}
