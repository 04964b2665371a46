"""The shipped knowledge with a table of made-up codes, and a reader of a CDM over it, as fixtures."""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.intake.report import IntakeReport
from guidegraph.model import Profile
from tests.intake.omop.helpers import DAY, Read
from tests.intake.omop.synthetic import FEMALE, Cdm
from tests.support.optional import needs

#: Made-up codes, so that no test depends on a real one.
CODES = """\
Sciatica exact ICD10CM:T1
BleedingPepticUlcer exact ICD10CM:T2
Pregnancy exact ICD10CM:T3
LowBackPain exact ICD10CM:T5
Cancer exact SNOMEDCT:1001
SaddleAnesthesia exact SNOMEDCT:1002
Cancer broad SNOMEDCT:1003
Cancer narrow SNOMEDCT:1004
Ibuprofen exact ATC:X1
MonoamineOxidaseInhibitor exact ATC:X2
Ibuprofen exact RXNORM:9001
EpiduralSteroidInjection exact ICD10PCS:P1
eGFR exact LOINC:0-1
painScore exact LOINC:0-2
pregnancyWeeks exact LOINC:0-3
"""

_SCOPE = {"exact": "subtree", "narrow": "subtree", "broad": "", "close": ""}


@pytest.fixture(scope="session")
def duck() -> None:
    """Skip where there is no DuckDB; each module of tests of OMOP asks for it."""
    needs(find_spec("duckdb"), "duckdb is not installed")


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """A knowledge folder with the shipped knowledge and a table of the made-up codes alone."""
    folder = tmp_path_factory.mktemp("knowledge")
    for name in ("ontology", "graph"):
        shutil.copytree(repo_root / name, folder / name)
    for path in (folder / "ontology/links").glob("*.sssom.tsv"):
        path.unlink()
    lines = ["#mapping_set_id: https://example.org/made-up", '#object_source_version: "1"']
    lines.append("subject_id\tpredicate_id\tobject_id\tobject_label\tobject_scope")
    for line in CODES.splitlines():
        name, predicate, curie = line.split()
        prefix = "gg" if name[0].islower() else "ggt"
        lines.append(f"{prefix}:{name}\tskos:{predicate}Match\t{curie}\tlabel of {curie}\t{_SCOPE[predicate]}")
    (folder / "ontology/links/made-up.sssom.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def made(root: Path) -> gg.KnowledgeBase:
    return gg.open(root)


@pytest.fixture
def read_omop(made: gg.KnowledgeBase, tmp_path: Path) -> Read:
    """Read person 1 of a CDM; a person is added if there is none."""

    def run(cdm: Cdm, *, person: int = 1, form: str = "duckdb", **options: Any) -> tuple[Profile, IntakeReport]:
        if not cdm.rows["person"]:
            cdm.person(1, sex=FEMALE)
        every = "complete" in options  # a complete list needs its tables
        path = cdm.write(form, tmp_path / f"{form}-{len(list(tmp_path.iterdir()))}", every=every)
        return made.profile_from_omop(path, person, **{"as_of": DAY, **options})

    return run
