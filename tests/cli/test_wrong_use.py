"""Whatever is typed: an exit code of the documented ones, and for wrong use one line (or the usage), never a traceback."""

from __future__ import annotations

import importlib.util
import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import COMMANDS, NEEDED, make_inputs, options, run

STRANGE = [
    "",
    " ",
    ".",
    "..",
    "nowhere/x.ttl",
    "patient.yaml",
    "\udcff",  # a byte that is no UTF-8, as Python reads it from the command line
    "x" * 5000,
    "-1",
    "1e400",
    "a\nb",
    "'; DROP",
    "http://[",
    "example:",
    "é\u202e",
    "%s%n",
]
CODES = {0: "done", 1: "a check found something", 2: "wrong use", 3: "a check could not be run"}


def lines(name: str, values: list[str]) -> list[list[str]]:
    """The command with each of its options, and each of its arguments, replaced by each value."""
    needed = NEEDED.get(name, [])
    valued = [opt for opt, option in options(name).items() if not getattr(option, "is_flag", False)]
    found = [[*needed, opt, value] for opt in valued for value in values]
    return found + [[*needed[:i], value, *needed[i + 1 :]] for i in range(len(needed)) for value in values]


def tried(name: str, arguments: list[str]) -> None:
    result = run(*name.split(), *arguments)
    crash = result.exception if not isinstance(result.exception, SystemExit) else None
    assert crash is None, (name, arguments, crash)
    assert result.exit_code in CODES, (name, arguments)
    if result.exit_code == 2:
        told = result.stderr
        assert told.startswith("Usage:") or (told.startswith("error: ") and told.count("\n") == 1), (
            name,
            arguments,
            told,
        )


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    make_inputs(tmp_path)
    # A server that can be started answers until somebody ends it.
    if importlib.util.find_spec("starlette"):
        monkeypatch.setattr("guidegraph.web.mother.Mother.run", lambda mother: None)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_unknown_options_and_a_few_strange_values(name: str) -> None:
    assert run(*name.split(), "--nonsense").exit_code == 2
    assert run(*name.split(), *NEEDED.get(name, []), *["one", "more"] * 3, "--nonsense").exit_code == 2
    some = lines(name, STRANGE)
    for arguments in random.Random(name).sample(some, min(3, len(some))):
        tried(name, arguments)


@pytest.mark.skipif("GUIDEGRAPH_EVERYTHING" not in os.environ, reason="2,700 commands: set GUIDEGRAPH_EVERYTHING")
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_option_with_every_strange_value(name: str) -> None:
    for arguments in lines(name, STRANGE):
        tried(name, arguments)
