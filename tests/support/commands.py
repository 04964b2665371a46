"""Every command of the command line, with arguments with which each can be run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from guidegraph.cli.app import app
from tests.support.forked import kept_open

#: What a command needs beside its options, in a folder that :func:`make_inputs` has filled.
NEEDED = {
    "therapies": ["patient.yaml"],
    "explain": ["patient.yaml", "ibuprofen"],
    "ask": ["patient.yaml"],
    "timeline": ["patient.yaml"],
    "plan": ["patient.yaml", "ibuprofen"],
    "replay": ["answer.ttl"],
    "compare": ["bmj-2025", "nice-ng59"],
    "changes": ["--from", "2024-12-31"],
    "query": ["red-flags"],
    "lookup": ["ibuprofen"],
    "validate": ["mine.ttl"],
    "check": ["--no-reasoner"],
    "verify-document": ["article.txt"],
    "locate": ["article.txt", "Nothing."],
    "audit": ["mine.ttl"],
    "trace": ["ibuprofen"],
    "link": ["list"],
    "push": ["http://127.0.0.1:9/query"],
    "pull": ["http://127.0.0.1:9/query", "-o", "pulled"],
    "export nanopub": ["bmj-2025/BMJ-R1"],
    "export fhir": ["bmj-2025/BMJ-R1"],
    "export cql": ["--all"],
    "export patient": ["patient.yaml"],
    "nanopub check": ["mine.ttl"],
    "profile from-fhir": ["patient.json"],
    "profile from-omop": ["cdm", "--person", "1"],
    "diff": ["bmj-2025", "nice-ng59"],
    "import": ["sheet.yaml", "-o", "made"],
    "export sheet": ["bmj-2025", "-o", "written.yaml"],
    "cohort answer": ["patients.csv", "-o", "statuses.parquet"],
    "cohort columns": ["patients.csv"],
    "cohort report": ["patients.csv"],
}


def make_inputs(folder: Path) -> None:
    """Fill a folder with the files that the arguments name."""
    texts = {
        "patient.yaml": "age: 50\n",
        "patient.json": '{"resourceType": "Patient", "id": "x"}',
        "article.txt": "Nothing.",
        "sheet.yaml": "document: []\n",
        "patients.csv": "patient,age\n1,50\n",
        "mine.ttl": "<https://example.org/a> a <https://example.org/B> .",
        "answer.ttl": "<https://example.org/a> a <https://example.org/B> .",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "cdm").mkdir()


def _leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for part, inner in sorted(below.items()):
        yield from _leaves(inner, f"{name} {part}".strip())


#: Each command by its name as one writes it.
COMMANDS: dict[str, Any] = dict(_leaves(typer.main.get_command(app)))


def options(name: str) -> dict[str, Any]:
    """The options of a command, by their long names."""
    return {opt: p for p in COMMANDS[name].params for opt in p.opts if opt.startswith("--") and opt != "--help"}


def run(*arguments: str) -> Any:
    """Run the command line in this process."""
    with kept_open():
        return CliRunner().invoke(app, list(arguments))
