"""The command that reads a person of an OMOP CDM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import guidegraph as gg
from tests.intake.omop.helpers import DAY, NO, TAKES, crowd, egfr, term
from tests.intake.omop.synthetic import FEMALE, NONE, Cdm

pytestmark = pytest.mark.usefixtures("duck")

# the command


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return crowd().write("duckdb", tmp_path_factory.mktemp("omop"))


@pytest.mark.slow
def test_the_command(
    cli: Any, root: Path, made: gg.KnowledgeBase, source: Path, repo_root: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    args = ("profile", "from-omop", str(source), "--person", "3", "--as-of", "2026-11-24", "--knowledge", str(root))
    done = cli(*args, "--report", str(report))
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["egfr"] == 23.5
    again = made.profile(yaml.safe_load(done.stdout))
    assert again.present == made.profile(made.profile_from_omop(source, 3, as_of=DAY)[0]).present
    told = json.loads(report.read_text(encoding="utf-8"))
    schema = json.loads((repo_root / "src/guidegraph/schema/intake.schema.json").read_text(encoding="utf-8"))
    import jsonschema

    jsonschema.validate(told, schema)
    assert told["counts"]["not_understood"] == 1
    assert cli(*args, "--format", "json").returncode == 0
    assert cli(*args).stdout == done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_the_command_writes_is_read_back_whole(
    cli: Any, root: Path, made: gg.KnowledgeBase, tmp_path: Path, form: str
) -> None:
    cdm = Cdm()
    cdm.person(1, sex=FEMALE)
    drug = cdm.concept("RxNorm", "7777", "a drug\nthat no table names")
    cdm.add("concept_ancestor", ancestor_concept_id=cdm.concept("ATC", "X1"), descendant_concept_id=drug, min_levels_of_separation=1)  # fmt: skip
    cdm.drug(1, drug, "2026-11-01", "2026-11-30")
    cdm.drug(1, cdm.concept("ATC", "X2"), "2026-11-01", "2026-11-14")
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-11-01")
    cdm.condition(1, NONE, "2026-11-01", condition_source_value="- [x]: {y}\u2028# z")
    cdm.observation(1, cdm.concept("SNOMED", "1002"), "2026-10-01", cdm.concept(*NO))
    egfr(cdm, "2026-10-01", 33.3)
    source, target = cdm.write("parquet", tmp_path / "cdm"), tmp_path / f"patient.{form}"
    done = cli("profile", "from-omop", str(source), "--person", "1", "--as-of", "2026-11-24", "--knowledge", str(root), "-f", form, "-o", str(target))  # fmt: skip
    assert done.returncode == 0, done.stderr
    stated, again = made.profile(made.profile_from_omop(source, 1, as_of=DAY)[0]), made.profile(target)
    for part in ("present", "absent", "values", "stops_present", "not_understood"):
        assert getattr(again, part) == getattr(stated, part), part
    assert again.present[TAKES] == {term("Ibuprofen")}


@pytest.mark.parametrize(
    "more",
    [
        ("--person", "99"),
        ("--person", "1", "--complete", "made-up"),
        ("--person", "1", "--source-vocabulary", "nonsense"),
        ("--person", "1", "--source-vocabulary", "person=ATC"),
        ("--person", "1", "--as-of", "yesterday"),
        ("--person", "1", "--report", "/no/such/folder/report.txt"),
    ],
)
def test_wrong_use_of_the_command(cli: Any, root: Path, source: Path, more: tuple[str, ...]) -> None:
    done = cli("profile", "from-omop", str(source), "--knowledge", str(root), *more)
    assert done.returncode == 2
    assert not done.stdout
    assert done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
