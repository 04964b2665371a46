"""A folder of FHIR resources: replaced whole, and never somebody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fhircheck import validate
from tests.support.fhirnames import Run


@pytest.mark.slow
def test_a_folder_is_replaced_whole_and_never_somebody_elses(cli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "fhir"
    line = ("export", "fhir", "--all", "-o", str(folder), "--as-of", "2026-11-24")
    assert cli(*line, PYTHONHASHSEED="1").returncode == 0
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert cli(*line, PYTHONHASHSEED="2").returncode == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first and len(first) > 300
    assert cli("export", "fhir", "BMJ-R1", "-o", str(folder)).returncode == 0
    assert len(list(folder.iterdir())) == 3 and not [p for p in tmp_path.iterdir() if p != folder]
    (folder / "notes.txt").write_text("mine")
    refused = cli(*line)
    assert refused.returncode == 2 and "notes.txt" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert len(list(folder.iterdir())) == 4
    for wrong in (
        ("export", "fhir"),
        ("export", "fhir", "--all"),
        ("export", "fhir", "no-such-thing"),
        ("export", "fhir", "BMJ-R1", "-o", str(folder / "notes.txt")),
    ):
        done = cli(*wrong)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, wrong
    validate(json.loads(cli("export", "fhir", "BMJ-R1").stdout), "R4")
