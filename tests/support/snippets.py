"""The examples of README.md, CONTRIBUTING.md and docs/**/*.md, run as a reader would run them.

Each page has a folder of its own, in which its blocks run in their order. The language of a block says what becomes of it:

- ``console``: each line ``$ COMMAND`` is run, and what it prints is what stands below it. A line ``...`` stands for any lines.
  A command that fails is followed by ``$ echo $?``.
- ``sh``: each command is run and must not fail. What needs a server, a network or an installation is not run, but the
  command and its options must exist (`needs_others`).
- ``python``: run, all of a page in one namespace. ``pycon``: run, and what it prints is compared.
- ``sparql``: asked; it has rows, and names nothing that the data do not have.
- ``yaml``: a profile. ``json``, ``turtle``, ``trig``, ``xml``: can be read.
- A block with ``title="NAME"`` is written to that file first.
- A block without a language directly behind a block that is run is what that prints.

``<!-- not run: REASON -->`` before a block leaves it out. ``python -m tests.support.snippets [PAGE...]`` writes anew what differs,
after a change that is meant: read the difference, it is what readers are told.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import time_machine
from markdown_it import MarkdownIt

from tests.support.commands import COMMANDS, options
from tests.support.forked import command, shipped
from tests.support.paths import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: The day on which the examples are run, whatever day it is: ages and durations count up to it.
DAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
#: Commands that need a server or do not end; the others need one with these options.
_SERVERS = ("serve", "mcp", "push", "pull", "link")
_ELSEWHERE = ("--endpoint", "--sign")
_TITLE = re.compile(r'title="([^"]+)"')
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_WIDE = 400  #: characters of a line that no page shows
_FILLED = 14  #: lines of an output that is written anew before it is cut


@dataclass(frozen=True)
class Block:
    """One block of code of a page."""

    line: int
    language: str
    text: str
    title: str = ""
    #: Why it is not run.
    left_out: str = ""
    #: Whether the block before it stands directly above.
    follows: bool = False

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        return f"line {self.line}"


def blocks(text: str) -> list[Block]:
    """The blocks of code of a page."""
    found: list[Block] = []
    comment, end = "", -1
    for token in MarkdownIt("commonmark").parse(text):
        if token.type in ("fence", "code_block") and token.map:
            info = token.info.strip()
            title = _TITLE.search(info)
            between = text.splitlines()[end : token.map[0]] if end >= 0 else ["?"]
            left_out = _NOT_RUN.search(comment)
            found.append(
                Block(
                    token.map[0] + (2 if token.type == "fence" else 1),
                    info.split()[0] if info else "",
                    token.content,
                    title[1] if title else "",
                    left_out[1] if left_out else "",
                    not any(line.strip() for line in between),
                )
            )
            end = token.map[1]
        comment = token.content if token.type == "html_block" else ""
    return found


def lines_of(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a ``console`` block, each with what it prints."""
    asked: str | None = None
    printed: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            if asked is not None:
                yield asked, "\n".join(printed)
            asked, printed = line[2:], []
            while asked.endswith("\\"):
                asked += "\n" + next(lines)
        else:
            assert asked is not None, f"{line!r} stands before a command"
            printed.append(line)
    if asked is not None:
        yield asked, "\n".join(printed)


def needs_others(words: list[str]) -> bool:
    """Whether a command is not run here: no command of ours, or one that needs a server."""
    if words[0] != "guidegraph":
        return words[0] != "curl"
    return words[1] in _SERVERS or any(word in _ELSEWHERE for word in words)


def exists(words: list[str]) -> bool:
    """Whether a command of ours and its options exist; true of any other program."""
    if words[0] != "guidegraph":
        return True
    name = next((name for name in (" ".join(words[1:3]), words[1]) if name in COMMANDS), "")
    asked = {word.partition("=")[0] for word in words if word.startswith("--")}
    return bool(name) and asked <= {*options(name), "--help"}


def words_of(line: str) -> list[str]:
    """A command as the shell parts it, ours by its name whatever folder it lies in."""
    words = shlex.split(line, comments=True)
    if words and words[0].endswith("bin/guidegraph"):
        words[0] = "guidegraph"
    return words


def shell(line: str, folder: Path, last: int = 0) -> tuple[int, str]:
    """Run a command as a shell would: pipes, ``&&`` and ``> FILE``. Its exit code, and what it prints."""
    if line == "echo $?":
        return 0, f"{last}\n"
    printed = ""
    for part in re.split(r"\s+&&\s+", re.sub(r"\\\n\s*", "", line)):
        text: str | None = None
        errors = ""
        for stage in re.split(r"\s+\|\s+", part):
            stage, _, into = (piece.strip() for piece in re.sub(r"\s+#.*", "", stage).partition(" > "))
            words = words_of(stage)
            words = [path for word in words for path in _expanded(word, folder)]
            if words[0] == "guidegraph":
                done = command(*words[1:], stdin=text, cwd=folder)
            elif words[0] == "curl":
                done = subprocess.CompletedProcess(words, 0, curl(words[1:]), "")
            else:
                words[0] = sys.executable if words[0] == "python" else words[0]
                done = subprocess.run(
                    words, input=text, capture_output=True, text=True, cwd=folder, check=False, timeout=60
                )
            text, errors, code = done.stdout, errors + done.stderr, done.returncode
            if into:
                (folder / into).write_text(text, encoding="utf-8")
                text = ""
        printed += (text or "") + errors
        if code:
            break
    return code, printed


@cache
def _client() -> Any:
    """A client of the pages and interfaces over the shipped knowledge."""
    from starlette.testclient import TestClient

    from guidegraph.web.app import application
    from guidegraph.web.served import Served

    return TestClient(application(Served(shipped())), base_url="http://localhost:8000")


def curl(words: list[str]) -> str:
    """What ``guidegraph serve`` answers to a request, as ``curl`` writes it."""
    asked = ArgumentParser()
    asked.add_argument("-s", action="store_true")
    asked.add_argument("-L", action="store_true")
    asked.add_argument("-H", action="append", default=[])
    asked.add_argument("-d")
    asked.add_argument("address")
    said = asked.parse_args(words)
    heads = dict(head.split(": ", 1) for head in said.H)
    path = said.address.removeprefix("http://").removeprefix("localhost:8000")
    answer = _client().request(
        "POST" if said.d else "GET", path, headers=heads, content=said.d, follow_redirects=said.L
    )
    assert answer.status_code < 400, answer.text
    return str(answer.text)


def _expanded(word: str, folder: Path) -> list[str]:
    """The files that a word with a star means, or the word itself."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.glob(word)) if "*" in word else []
    return found or [word]


_DIGEST = re.compile(r"(Knowledge \S+,\s)[0-9a-f]{8}\b")


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in _DIGEST.sub(r"\1########", text).strip("\n").splitlines()]


def same(told: str, printed: str) -> bool:
    """Whether what a page tells is what was printed; a line ``...`` stands for any lines.

    The digest of the knowledge, which each change of it changes, is not compared.
    """
    pattern = "".join(r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in _lines(told))
    return bool(re.fullmatch(pattern, "".join(line + "\n" for line in _lines(printed))))


def written(text: str, folder: Path) -> str:
    """A page with what differs in its ``console`` blocks written anew."""
    lines = text.splitlines()
    changed: list[tuple[Block, str]] = []
    for block in blocks(text):
        if block.title:
            put(block, folder)
        if block.language == "console" and not block.left_out:
            last, parts = 0, []
            for asked, told in lines_of(block.text):
                last, printed = shell(asked, folder, last)
                parts.append((asked, told if same(told, printed) else _cut(printed)))
            changed.append((block, "\n".join(f"$ {asked}\n{told}".rstrip() for asked, told in parts)))
        elif block.language == "sh" and not block.left_out:
            for line in block.text.splitlines():
                if (words := words_of(line)) and not needs_others(words):
                    shell(line, folder)
    for block, new in reversed(changed):
        old = block.text.splitlines()
        if list(lines_of(block.text)) != list(lines_of(new)):
            lines[block.line - 1 : block.line - 1 + len(old)] = new.splitlines()
    return "\n".join(lines) + "\n"


def _cut(printed: str) -> str:
    rows = [line.rstrip() for line in printed.strip("\n").splitlines()]
    if any(len(row) > _WIDE for row in rows):
        return "..."
    return "\n".join(rows if len(rows) <= _FILLED else [*rows[: _FILLED - 4], "..."])


def put(block: Block, folder: Path) -> None:
    """Write a block with a title to its file."""
    path = folder / block.title
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")


#: Files that a page names and a reader has of their own, by what stands in for them.
_RECORD = ROOT / "tests/intake/fhir/records/chronic-failed-care.json"
_PATIENT = ROOT / "graph/profiles/chronic-failed-care.yaml"
_STATEMENTS = ROOT / "tests/audit/clean.trig"
_BUNDLES = ROOT / "tests/intake/fhir/records"
_CDM = ROOT / "tests/intake/omop/cases/c-datetime"
FILES: dict[str, dict[str, Path]] = {
    "README.md": {
        "bundle.json": _RECORD,
        "patients.csv": ROOT / "tests/support/patients.csv",
        "mine.rq": ROOT / "queries/examples/red-flags.rq",
        "mine.ttl": ROOT / "shapes/examples/statements/pass.ttl",
    },
    "docs/answers.md": {"patient.yaml": _PATIENT},
    "docs/audit.md": {"mine.trig": _STATEMENTS},
    "docs/cohort.md": {"bundles": _BUNDLES, "cdm": _CDM},
    "docs/fhir.md": {"bundle.json": _RECORD},
    "docs/omop.md": {"cdm": _CDM},
    "docs/queries.md": {
        "mine.rq": ROOT / "queries/examples/red-flags.rq",
        "a.ttl": ROOT / "shapes/examples/statements/pass.ttl",
        "b.trig": _STATEMENTS,
    },
}


@contextmanager
def on_the_day() -> Iterator[None]:
    """Put the clock of this process, and of those that are forked from it, to the day of the examples."""
    with time_machine.travel(DAY):
        yield


def prepare(page: Path, folder: Path) -> None:
    """Put the files into a page's folder that its reader has."""
    for name, source in FILES.get(page.relative_to(ROOT).as_posix(), {}).items():
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)


if __name__ == "__main__":
    named = {Path(name).resolve() for name in sys.argv[1:]}
    for path in PAGES:
        if not named or path in named:
            with tempfile.TemporaryDirectory() as place, on_the_day():
                prepare(path, Path(place))
                path.write_text(written(path.read_text(encoding="utf-8"), Path(place)), encoding="utf-8")
