"""--extra adds a user's documents to the knowledge, in every command that opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from click.testing import CliRunner

import guidegraph as gg
from guidegraph.cli.app import app

#: Commands that take a folder of knowledge and open no documents, each with the reason.
NO_DOCUMENTS = {
    "link": "hierarchies are linked to classes, which the ontology alone declares",
    "mappings conflicts": "mappings are compared with classes, which the ontology alone declares",
    "pull": "the documents are those of the store; the folder lends its ontology",
    "validate": "its files are the documents that come beside the folder",
}
#: What a command needs beside its options, so that it comes as far as opening the knowledge.
NEEDED = {
    "therapies": ["example:age-only"],
    "explain": ["example:age-only", "ibuprofen"],
    "ask": ["example:age-only"],
    "timeline": ["example:age-only"],
    "replay": ["answer.ttl"],
    "compare": ["bmj-2025", "nice-ng59"],
    "changes": ["--from", "2024-12-31"],
    "query": ["red-flags"],
    "lookup": ["ibuprofen"],
    "check": ["--no-reasoner"],
    "verify-document": ["article.txt"],
    "trace": ["ibuprofen"],
    "push": ["http://127.0.0.1:9/query"],
    "export nanopub": ["bmj-2025/BMJ-R1"],
    "export fhir": ["bmj-2025/BMJ-R1"],
    "export cql": ["--all"],
    "export patient": ["example:age-only"],
    "profile from-fhir": ["patient.json"],
    "profile from-omop": ["cdm", "--person", "1"],
}
DOCUMENT = """
@prefix gg: <https://w3id.org/guidegraph/> .
"""


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command of a group, with its name as one writes it."""
    if isinstance(command, click.Group):
        for part, below in sorted(command.commands.items()):
            yield from leaves(below, f"{name} {part}".strip())
    else:
        yield name, command


COMMANDS = dict(leaves(typer.main.get_command(app)))
OPENING = sorted(name for name, c in COMMANDS.items() if any("--knowledge" in p.opts for p in c.params))


def test_the_list_of_commands_without_documents_is_no_longer_than_needed() -> None:
    assert set(NO_DOCUMENTS) <= set(OPENING)
    assert len(OPENING) > 20


@pytest.mark.parametrize("name", OPENING)
def test_every_command_that_opens_knowledge_adds_to_it(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    command = COMMANDS[name]
    extra = any("--extra" in p.opts for p in command.params)
    assert extra is (name not in NO_DOCUMENTS), name
    if not extra:
        return
    # A file that cannot be read shows that the option reaches the opening of the knowledge.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "patient.json").write_text('{"resourceType": "Patient", "id": "x"}', encoding="utf-8")
    bad = tmp_path / "bad.trig"
    bad.write_text("this is no TriG", encoding="utf-8")
    result = CliRunner().invoke(command, [*NEEDED.get(name, []), "--extra", str(bad)])
    assert result.exit_code == 2, (result.output, result.exception)
    assert "bad.trig" in result.stderr and result.stderr.count("\n") == 1, result.stderr
