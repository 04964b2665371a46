"""`guidegraph new`: a folder that answers at once and passes its own checks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from guidegraph.api import open_knowledge
from guidegraph.authoring.importing import import_sheet
from guidegraph.authoring.watching import Watched
from guidegraph.cli.app import app
from guidegraph.knowledge.opened import Knowledge
from tests.authoring.sheets import knowledge
from tests.support.paths import ROOT

__all__ = ["knowledge"]

STARTER = ROOT / "src/guidegraph/authoring/starter"
#: A number of a folder's own, as docs/authoring.md has it.
NUMBER = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

gg:attacksAYear a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:label "attacks a year"@en ;
    rdfs:domain gg:Patient ; rdfs:range xsd:decimal ; gg:profileKey "attacks_a_year" ; gg:ucumUnit "/a" ;
    gg:minimumPlausible 0.0 ; gg:maximumPlausible 365.0 ;
    gg:rangePhrase "{range} attacks a year" ; gg:layLabel "attacks a year"@en ;
    skos:definition "Attacks of the condition in the last twelve months."@en .
"""


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, list(words))
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "knee-care"
    code, output = run("new", str(folder), "--title", "Our guidelines", "--encoder", "Jane Doe")
    assert code == 0, output
    return folder


@pytest.mark.slow
def test_it_answers_at_once(made: Path) -> None:
    code, output = run("therapies", str(made / "profiles/example.yaml"), "--domain", str(made))
    assert code == 0
    for line in ("RECOMMENDED    example training", "example tablets", "AVOID          example operation"):
        assert line in output


@pytest.mark.slow
def test_it_passes_the_checks_of_its_own_workflow(made: Path) -> None:
    steps = yaml.safe_load((made / ".github/workflows/check.yml").read_text(encoding="utf-8"))["jobs"]["check"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert "guidegraph check --domain ." in runs
    assert "guidegraph audit --domain . --severity warning" in runs
    code, output = run("check", "--domain", str(made), "--no-reasoner")
    assert code == 0, output
    # Without the first domain nobody speaks of some shared terms: that is no finding on the folder.
    assert "0 errors, 0 findings" in output
    code, output = run("audit", "--domain", str(made), "--severity", "warning")
    assert (code, "0 errors, 0 warnings" in output) == (0, True), output


@pytest.mark.slow
def test_its_workbook_gives_its_files(made: Path, knowledge: Knowledge) -> None:
    files = import_sheet(made / "sheets/guideline.xlsx", knowledge, encoder="Jane Doe", folder=made).files
    assert set(files) == {"documents/example-2026.trig", "ontology/terms.ttl"}
    for name, text in files.items():
        assert (made / name).read_text(encoding="utf-8") == text, name
    # It names its encoder itself, so that a check of it finds nothing.
    assert Watched(made / "sheets/guideline.xlsx", knowledge, made).mistakes() == []


@pytest.mark.slow
def test_a_number_of_the_folder_is_one_in_its_sheets(made: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(made, folder)
    sheet = tmp_path / "sheet.yaml"
    text = _text(STARTER / "sheet.yaml")
    assert "'duration of symptoms (weeks)' some [>= 6]" in text
    sheet.write_text(
        text.replace("'duration of symptoms (weeks)' some [>= 6]", "attacks a year >= 6"), encoding="utf-8"
    )
    words = ("import", str(sheet), "-o", str(folder), "--encoder", "Jane Doe")
    code, output = run(*words)
    assert (code, "'attacks a year' is no known number" in output) == (1, True), output
    (folder / "ontology/numbers.ttl").write_text(NUMBER, encoding="utf-8")
    code, output = run(*words)
    assert code == 0, output
    shutil.copy(sheet, folder / "sheets")
    code, output = run("check", str(folder / "sheets" / sheet.name), "--encoder", "Jane Doe")
    assert (code, "no mistakes" in output) == (0, True), output
    code, output = run("check", "--domain", str(folder), "--no-reasoner")
    assert (code, "0 errors, 0 findings" in output) == (0, True), output


@pytest.mark.slow
def test_an_example_that_outlived_its_terms_is_told_with_its_folder(made: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    shutil.copytree(made, later)
    example = later / "profiles/example.yaml"
    example.write_text("conditions: [a state that nobody knows]\n", encoding="utf-8")
    code, output = run("diff", str(made), str(later))
    assert (code, "later/profiles/example.yaml:1:" in output, "--profiles" in output) == (2, True, True), output


def test_numbers_and_names_that_are_not_exact_are_found_among_the_terms() -> None:
    assert run("profile", "terms", "egfr") == (0, "estimated glomerular filtration rate (number, key egfr)\n")
    code, output = run("profile", "terms", "numbness")
    assert (code, "'numbness' is no exact name" in output) == (0, True), output


def test_it_is_a_domain_with_its_own_name(made: Path) -> None:
    kb = open_knowledge(domains=[str(made)])
    [domain] = kb.knowledge.selected.domains
    assert (domain.name, domain.label) == ("knee-care", "Our guidelines")
    assert "agent/jane-doe" in (made / "documents/example-2026.trig").read_text(encoding="utf-8")
    assert all("made up" in text for text in (_text(made / "README.md"), _text(made / "documents/example-2026.trig")))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    code, output = run("new", str(tmp_path / "mine"))
    assert code == 2
    assert "holds something else already, such as 'notes.txt'" in output
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    (tmp_path / "empty").mkdir()
    assert run("new", str(tmp_path / "empty"))[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--title", 'My "own" guidelines'], "marks that files cannot hold"),
        (["--title", "a\nb"], "marks that files cannot hold"),
        (["--encoder", "0000-0002-1825-0098"], "does not fit"),
    ],
)
def test_what_no_file_can_hold_is_told(words: list[str], told: str, tmp_path: Path) -> None:
    code, output = run("new", str(tmp_path / "mine"), *words)
    assert code in (1, 2)
    assert told in output
    assert not (tmp_path / "mine").exists()
