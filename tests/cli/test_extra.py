"""--extra adds a user's documents to the knowledge, in every command that opens it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from tests.support.commands import COMMANDS, NEEDED, make_inputs, options, run
from tests.support.paths import TESTS

#: Commands that take a folder of knowledge and open no documents, each with the reason.
NO_DOCUMENTS = {
    "domains": "the folders are listed, not opened",
    "profile list": "the examples are listed, not read",
    "link": "hierarchies are linked to classes, which the ontology alone declares",
    "mappings conflicts": "mappings are compared with classes, which the ontology alone declares",
    "pull": "the documents are those of the store; the folder lends its ontology",
    "validate": "its files are the documents that come beside the folder",
}
OPENING = sorted(name for name in COMMANDS if "--knowledge" in options(name))
#: A document of an invented condition with an invented drug.
DOCUMENT = TESTS / "audit/clean.trig"


def test_the_list_of_commands_without_documents_is_no_longer_than_needed() -> None:
    assert set(NO_DOCUMENTS) <= set(OPENING)
    assert len(OPENING) > 25


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_opens_knowledge_adds_to_it(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    assert ("--extra" in options(name)) is (name in OPENING and name not in NO_DOCUMENTS), name
    if "--extra" not in options(name):
        return
    # A file that cannot be read shows that the option reaches the opening of the knowledge.
    monkeypatch.chdir(tmp_path)
    make_inputs(tmp_path)
    (tmp_path / "bad.trig").write_text("this is no TriG", encoding="utf-8")
    needed, told = [] if name == "audit" else NEEDED.get(name, []), "bad.trig"
    if name.startswith("review ") and name != "review list":
        # A review is written beside the knowledge: what is added for once cannot be reviewed, and is told so.
        needed, told = ["bmj-2025", "--by", "Jane Doe"], "--extra"
    result = run(*name.split(), *needed, "--extra", "bad.trig")
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stderr.startswith(f"error: {told}") and result.stderr.count("\n") == 1, result.stderr


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("extra") / "patient.yaml"
    path.write_text("age: 50\nsymptom_weeks: 6\nconditions: [ache]\n", encoding="utf-8")
    return str(path)


#: Commands with what a user's document must bring into their output.
SHOWN = {
    "therapies": (["PATIENT"], "drops"),
    "explain": (["PATIENT", "drops"], "Guideline on ache"),
    "timeline": (["PATIENT"], "drops"),
    "matrix": (["--at-least", "1"], "drops"),
    "lookup": (["drops"], "An invented drug."),
    "profile terms": (["itch"], "https://example.org/term/Itch"),
    "export csv": ([], "Guideline on ache"),
    "export graph": (["--all", "-f", "nquads"], "Guideline on ache"),
    "export fhir": (["https://example.org/statement/drops"], "drops"),
    "export nanopub": (["https://example.org/statement/drops"], "https://example.org/statement/drops"),
    "export patient": (["PATIENT"], "Ache"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_users_document_is_in_the_answer(name: str, patient: str) -> None:
    arguments, shown = SHOWN[name]
    arguments = [patient if a == "PATIENT" else a for a in arguments]
    result = run(*name.split(), *arguments, "--extra", str(DOCUMENT))
    assert result.exit_code == 0, result.output
    assert shown in result.stdout
    alone = run(*name.split(), *arguments)
    assert alone.exit_code == 2 or shown not in alone.stdout


@pytest.mark.slow
def test_it_is_what_open_does(patient: str) -> None:
    result = run("therapies", patient, "--extra", str(DOCUMENT), "--full", "-f", "json", "--as-of", "2026-11-24")
    kb = gg.open(extra=[DOCUMENT])
    assert json.loads(result.stdout) == kb.therapies(patient, as_of=date(2026, 11, 24)).to_dict()


def test_it_adds_to_another_folder(patient: str, small: Path) -> None:
    result = run("therapies", patient, "--knowledge", str(small), "--extra", str(DOCUMENT))
    assert result.exit_code == 0 and "drops" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "FILE", "--extra", "FILE"],
        ["trace", "drops", "--file", "FILE", "--extra", "FILE"],
        ["export", "nanopub", "--all", "-o", "out", "--file", "FILE", "--extra", "FILE"],
        ["query", "red-flags", "--endpoint", "http://127.0.0.1:9/query", "--extra", "FILE"],
    ],
)
def test_where_nothing_can_be_added_to_it_is_refused(arguments: list[str]) -> None:
    result = run(*[str(DOCUMENT) if a == "FILE" else a for a in arguments])
    assert result.exit_code == 2 and "--extra adds to" in result.stderr
