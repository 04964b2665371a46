"""Records of many patients: each is answered as it is alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guidegraph.api.cohort import answer_records
from guidegraph.errors import GuideGraphError, UsageError
from tests.conftest import AS_OF
from tests.intake.omop.helpers import crowd
from tests.support.fhirhelp import FOLDER, PATIENT, condition, statement

pl = pytest.importorskip("polars")


def bundle(name: str, *entries: dict[str, Any]) -> str:
    resources = [{**PATIENT, "id": name}, *({**one, "subject": {"reference": f"Patient/{name}"}} for one in entries)]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


def test_a_folder_of_bundles(kb: Any, tmp_path: Path) -> None:
    folder = tmp_path / "records"
    folder.mkdir()
    (folder / "a.json").write_text(bundle("a", condition("Sciatica"), statement()))
    (folder / "b.json").write_text(bundle("b", condition("Sciatica", verified="refuted"), condition("Cancer")))
    (folder / "c.json").write_text("{}")
    real = sorted(FOLDER.glob("*.json"))[:6]
    for path in real:
        (folder / f"real-{path.name}").write_bytes(path.read_bytes())
    report = answer_records(kb, folder, tmp_path / "o.parquet", as_of=AS_OF)
    answers = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    assert {"a", "b"} <= set(answers)
    left_out = 0
    for path in sorted(folder.iterdir()):
        try:
            found = kb.profile_from_fhir(path, as_of=AS_OF, where=path.name).profile
            one = kb.assess(kb.profile(found), AS_OF)
        except GuideGraphError:
            left_out += 1
            continue
        row = answers[found.id]
        shared = {one.name(t): s for t, s in one.statuses.items() if one.name(t) in row}
        assert {name: row[name] for name in shared} == shared
        assert len(shared) > 100
    assert report.left_out == left_out >= 1
    assert any(unread.column == "patient" for unread in report.unread)


@pytest.mark.parametrize("form", ["duckdb", "parquet"])
def test_an_omop_cdm(duck: None, made: Any, tmp_path: Path, form: str) -> None:
    source = crowd().write(form, tmp_path / "cdm")
    report = answer_records(made, source, tmp_path / "o.parquet", as_of=AS_OF)
    answers = {row["patient"]: row for row in pl.read_parquet(tmp_path / "o.parquet").to_dicts()}
    persons = list(made.profiles_from_omop(source, as_of=AS_OF))
    assert report.patients == len(persons) == len(answers)
    for person, profile, _ in persons:
        one = made.assess(made.profile(profile), AS_OF)
        row = answers[str(person)]
        for therapy, status in one.statuses.items():
            assert row.get(one.name(therapy), status) == status


def test_a_folder_without_records(kb: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no records"):
        answer_records(kb, tmp_path / "empty", tmp_path / "o.parquet")
    assert not (tmp_path / "o.parquet").exists()
