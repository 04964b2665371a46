"""Sheets watched: what is wrong is told after each saving, by a loop that a test drives without a clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph import assets
from guidegraph.api import open_knowledge
from guidegraph.authoring.importing import broken_rules, made_of
from guidegraph.authoring.watching import Watched, changes_of, sheets_in, watch
from guidegraph.cli.app import app
from guidegraph.domains import available
from guidegraph.errors import UsageError

GOOD = """document:
  - id: kettle-2026
    label: House rules of the kettle
    short label: House rules
    kind: guideline
    verification: verified
    verified at: https://example.org/kettle
    encoder: Jane Doe
    encoded on: 2026-11-27
    issued: 2026
    publisher: House
publishers:
  - {label: House, definition: Who wrote the rules., source: "https://example.org/house"}
"""


def test_the_loop_tells_of_what_changed_alone(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    (tmp_path / "cells").mkdir()
    checked: list[str] = []
    said: list[str] = []

    def check(sheet: Path) -> list[tuple[list[str], bool]]:
        checked.append(sheet.name)
        return [([f"{sheet.name}, line 1: wrong"] if checked.count(sheet.name) == 1 else [], True)]

    changes: list[set[Path]] = [
        {one},
        {tmp_path / "one.yaml~", tmp_path / ".one.yaml.swp"},
        {tmp_path / "cells" / "terms.csv"},
    ]
    watch([one, other, tmp_path / "cells"], iter(changes), check, said.append)
    assert checked == ["one.yaml", "other.yaml", "cells", "one.yaml", "cells"]
    assert said[:2] == ["one.yaml, line 1: wrong", f"{one}: 1 mistake"]
    assert said[-2:] == [f"{one}: no mistakes", f"{tmp_path / 'cells'}: no mistakes"]


@pytest.mark.parametrize("polling", [False, True])
def test_a_saving_is_seen(tmp_path: Path, polling: bool) -> None:
    sheet = tmp_path / "one.yaml"
    sheet.write_text("document: []\n")
    stop, seen = threading.Event(), threading.Event()
    found: list[set[Path]] = []

    def run() -> None:
        changes: Iterator[set[Path]] = changes_of([sheet], stop, polling=polling)
        begun.set()
        for paths in changes:
            found.append(paths)
            seen.set()
            stop.set()

    begun = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(20)
    # By a new file in the place of the old one, as many programs save.
    (tmp_path / "new").write_text("document: [1]\n")
    (tmp_path / "new").replace(sheet)
    assert seen.wait(20)
    thread.join(20)
    assert not thread.is_alive() and found == [{sheet}]


def test_what_is_saved_while_the_first_check_runs_is_checked_again(tmp_path: Path) -> None:
    sheet = tmp_path / "one.yaml"
    sheet.write_text("document: []\n")
    stop = threading.Event()
    changes = changes_of([sheet], stop, polling=True)
    checked: list[Path] = []

    def check(path: Path) -> list[tuple[list[str], bool]]:
        checked.append(path)
        if len(checked) == 1:
            sheet.write_text("document: [12]\n")
        else:
            stop.set()
        return [([], True)]

    watch([sheet], changes, check, lambda line: None)
    assert len(checked) == 2


def test_the_mistakes_of_a_sheet_are_told_at_their_cells(tmp_path: Path, kb: Any) -> None:
    sheet = tmp_path / "kettle.yaml"
    sheet.write_text(GOOD)
    assert Watched(sheet, kb.knowledge).mistakes() == []
    sheet.write_text(GOOD.replace("verified\n", "verifyed\n", 1))
    (mistake,) = Watched(sheet, kb.knowledge).mistakes()
    assert "kettle.yaml" in mistake and "verification)" in mistake and "verified" in mistake
    sheet.write_text("document: [")
    assert len(Watched(sheet, kb.knowledge).mistakes()) == 1
    assert list(tmp_path.iterdir()) == [sheet]


def test_the_sheets_of_a_domain_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file or folder"):
        sheets_in(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="no sheet lies there"):
        sheets_in(tmp_path)
    folder = tmp_path / "sheets"
    (folder / "cells").mkdir(parents=True)
    for name in ("b.xlsx", "~$b.xlsx", ".hidden.yaml", "a.yaml", "notes.txt", "cells/document.csv"):
        (folder / name).write_text("")
    assert [path.name for path in sheets_in(tmp_path)] == ["a.yaml", "b.xlsx", "cells"]
    assert sheets_in(folder / "cells") == [folder / "cells"]


def test_the_command_checks_sheets_and_ends_quietly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = tmp_path / "kettle.yaml"
    sheet.write_text(GOOD)
    done = CliRunner().invoke(app, ["check", str(sheet)])
    assert (done.exit_code, done.stdout) == (0, f"{sheet}: no mistakes\n")

    def pressed(*_: Any, **__: Any) -> Iterator[set[Path]]:
        sheet.write_text(GOOD.replace("kind: guideline", "kind: guidline"))
        yield {sheet}
        raise KeyboardInterrupt

    monkeypatch.setattr("guidegraph.authoring.watching.changes_of", pressed)
    done = CliRunner().invoke(app, ["check", str(sheet), "--watch"])
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == f"{sheet}: no mistakes" and lines[-1] == f"{sheet}: 1 mistake" and "guideline" in lines[1]
    done = CliRunner().invoke(app, ["check", str(sheet)])
    assert done.exit_code == 1


def doubled() -> str:
    """The sheet with a second document beside the first."""
    document, publishers = GOOD.split("publishers:\n")
    other = document.partition("\n")[2].replace("kettle", "teapot").replace("House rules", "Pot rules")
    return f"{document}{other}publishers:\n{publishers}"


def test_what_did_not_change_is_not_asked_before_the_first_words(
    tmp_path: Path, kb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str] | None] = []

    def ask(made: Any, only: Any = None) -> Any:
        asked.append(None if only is None else sorted(only))
        return broken_rules(made, only)

    monkeypatch.setattr("guidegraph.authoring.watching.broken_rules", ask)
    sheet = tmp_path / "two.yaml"
    watched = Watched(sheet, kb.knowledge)

    def saved(text: str) -> list[tuple[list[str], bool]]:
        asked.clear()
        sheet.write_text(text)
        return list(watched.looks())

    text = doubled()
    # At first there is nothing that is known to be right: the cells, then all shapes.
    assert saved(text) == [([], False), ([], True)] and asked == [None]
    # A remark changes no row, so nothing is asked.
    assert saved(f"# a remark\n{text}") == [([], True)] and asked == []
    # One document changed: it alone is asked first, and what the shapes say of it is told.
    wrong = text.replace("issued: 2026", "issued: 2026\n    kind of date: publication", 1)
    (first, more), (whole, end) = saved(wrong)
    assert asked == [["kettle-2026"], None] and not more and end
    assert first == whole and "date" in first[0]
    # A mistake of a cell is told without any shape.
    ((cells, end),) = saved(text.replace("kind: guideline", "kind: guidline", 1))
    assert asked == [] and end and "guidline" in cells[0]
    # Of publishers and terms all may speak.
    assert len(saved(text.replace("Who wrote the rules.", "Who wrote all rules."))) == 2 and asked == [None]


def test_what_is_known_later_is_told_once(tmp_path: Path) -> None:
    said: list[str] = []
    sheet = tmp_path / "one.yaml"
    watch([sheet], [], lambda _: [(["a"], False), (["a", "b"], True)], said.append)
    assert said == ["a", f"{sheet}: 1 mistake so far", "b", f"{sheet}: 2 mistakes"]


@pytest.mark.slow
def test_a_document_alone_breaks_no_shape_that_it_does_not_break_with_all(tmp_path: Path) -> None:
    """So the first words are never taken back."""
    folder = next(d.folder for d in available(assets.root()).values() if (d.folder / "sheets").is_dir())
    knowledge = open_knowledge(domains=[folder]).knowledge
    made = made_of(folder / "sheets", knowledge, folder=folder)
    assert len(made.documents) > 50
    for document in made.documents[::4]:
        assert broken_rules(made, {document.id}) == []
