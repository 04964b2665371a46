"""Small CDMs, each after a public report of a fault in another tool, with what is right (the day is 2024-06-01)."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from tests.intake.omop.helpers import EGFR, conditions, denied
from tests.support.paths import TESTS

pytestmark = pytest.mark.usefixtures("duck")

CASES = TESTS / "intake/omop/cases"
DAY = date(2024, 6, 1)


@pytest.mark.parametrize(
    ("name", "present", "takes", "values"),
    [
        ("bom", set(), {"Ibuprofen"}, {}),
        ("c-1900", {"HeartFailure"}, set(), {}),
        ("c-datetime", {"HeartFailure"}, set(), {}),
        ("c-future", {"HeartFailure"}, set(), {}),
        ("c-usdate", set(), set(), {}),
        ("c-zero", set(), set(), {}),
        ("d-deprecated", set(), set(), {}),
        ("d-endbefore", set(), set(), {}),
        ("d-negative-end", set(), set(), {}),
        ("d-verbatim", set(), set(), {}),
        ("m-newer-bound", set(), set(), {}),
        ("m-newer-nounit", set(), set(), {EGFR: 12}),
        ("m-newer-text", set(), set(), {}),
        ("o-possible", set(), set(), {}),
        ("o-unknowncode", set(), set(), {}),
    ],
)
def test_the_facts_of_each_case(kb: Any, name: str, present: set[str], takes: set[str], values: dict[str, Any]) -> None:
    profile, report = kb.profile_from_omop(CASES / name, 1, as_of=DAY)
    assert conditions(profile) == present and not denied(profile) and not profile.stops_present
    assert profile.present.get(ns.GG + "takesMedication", frozenset()) == {ns.GGT + drug for drug in takes}
    assert {prop: value for prop, value in profile.values.items() if prop != ns.GG + "ageYears"} == values
    assert all(entry.why for entry in report.entries if entry.state != "used")
    assert all(entry.mend.endswith(".") for entry in report.of("not understood"))


def parts(tmp_path: Path, name: str, ending: str = "") -> Path:
    """A case whose every table is a folder of parts, one row each."""
    root = tmp_path / "cdm"
    for file in (CASES / name).glob("*.csv"):
        head, *rows = file.read_text(encoding="utf-8-sig").splitlines()
        folder = root / f"{file.stem}{ending}"
        folder.mkdir(parents=True)
        for number, row in enumerate(rows or [""]):
            (folder / f"part-{number}.csv").write_text(f"{head}\n{row}\n", encoding="utf-8")
        (folder / "_SUCCESS").touch()
    return root


@pytest.mark.parametrize("ending", ["", ".csv"])
def test_a_table_may_be_a_folder_of_parts(kb: Any, tmp_path: Path, ending: str) -> None:
    for name in ("o-possible", "m-newer-nounit", "c-zero"):
        whole = kb.profile_from_omop(CASES / name, 1, as_of=DAY)
        split = kb.profile_from_omop(parts(tmp_path / name, name, ending), 1, as_of=DAY)
        assert split[0] == whole[0] and split[1].to_dict() == whole[1].to_dict()


def test_a_folder_that_is_no_table_is_told(kb: Any, tmp_path: Path) -> None:
    root = parts(tmp_path, "c-zero")
    shutil.copy(root / "person/part-0.csv", root / "concept/part-9.csv")
    with pytest.raises(ProfileError, match="columns"):
        kb.profile_from_omop(root, 1, as_of=DAY)
    (root / "concept/part-9.csv").rename(root / "concept/notes.txt")
    with pytest.raises(ProfileError, match="no part of a table"):
        kb.profile_from_omop(root, 1, as_of=DAY)
    for file in (root / "concept").iterdir():
        file.unlink()
    with pytest.raises(ProfileError, match="no part of a table"):
        kb.profile_from_omop(root, 1, as_of=DAY)
