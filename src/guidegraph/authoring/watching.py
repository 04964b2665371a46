"""Sheets watched: after each saving, what is wrong in them, by cell.

The loop takes its changes from whoever tells them: watchfiles where it is installed, else a look at the files now and
then. It knows no clock, so that a test drives it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from guidegraph.authoring.importing import Made, broken_rules, made_of
from guidegraph.errors import GuideGraphError, SheetError, UsageError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.words import plural

#: By document what its rows hold: section, and each cell by heading.
_Rows = dict[str, list[tuple[str, tuple[tuple[str, str], ...]]]]
_States = dict[Path, tuple[int, int]]
#: Where the sheets of a domain folder lie.
SHEETS = "sheets"
_FILES = (".xlsx", ".ods", ".yaml", ".yml")
#: Files that programs lay beside the one that is open.
_BESIDE = ("~$", ".", "#")
#: Seconds between two looks where nobody tells of changes.
_PATIENCE = 0.3
#: Seconds without a change after which a saving is over.
_QUIET = 0.1
#: Milliseconds within which changes are told together, and in which they are looked for.
_LONGEST, _STEP = 200, 50


def sheets_in(place: Path) -> list[Path]:
    """The sheets of a place: the file itself, a folder of CSV files, or those in the folder sheets/ of a domain folder.

    Raises:
        UsageError: there is no such place, or no sheet in it.
    """
    if place.is_file() or (place.is_dir() and any(place.glob("*.csv"))):
        return [place]
    folder = place / SHEETS if (place / SHEETS).is_dir() else place
    if not folder.is_dir():
        raise UsageError("there is no such file or folder", where=str(place), mend="Name a sheet, or a domain folder.")
    found = [path for path in sorted(folder.iterdir()) if not path.name.startswith(_BESIDE) and _is_sheet(path)]
    if not found:
        mend = f"Put a workbook (.xlsx, .ods), a .yaml file or a folder of .csv files into {SHEETS}/."
        raise UsageError("no sheet lies there", where=str(folder), mend=mend)
    return found


def _is_sheet(path: Path) -> bool:
    return path.suffix.lower() in _FILES if path.is_file() else any(path.glob("*.csv"))


@dataclass
class Watched:
    """A sheet that is looked at again and again; what did not change since nothing was wrong is not asked first.

    Args:
        sheet: a workbook, a folder of CSV files or a YAML file.
        knowledge: what its cells may name besides its own rows.
        folder: the domain folder that it is for.
        encoder: who wrote it down where no cell says so.
    """

    sheet: Path
    knowledge: Knowledge
    folder: Path | None = None
    encoder: str = ""
    _clean: _Rows = field(default_factory=dict)

    def mistakes(self) -> list[str]:
        """What is wrong, each mistake at its cell; nothing is written."""
        *_, (found, _) = self.looks()
        return found

    def looks(self) -> Iterator[tuple[list[str], bool]]:
        """What is wrong, and whether that is all: where the shapes take long, first what is known without all of them.

        That is the cells, and of several documents the shapes of those that changed since nothing was wrong.
        """
        try:
            made = made_of(self.sheet, self.knowledge, encoder=self.encoder, folder=self.folder)
            rows = _rows(made)
            changed = {name for name in rows.keys() | self._clean.keys() if rows.get(name) != self._clean.get(name)}
            if self._clean and not changed:
                yield [], True
                return
            if len(made.documents) > 1:
                # Rows of no document are terms, which all may use.
                apart = "" in changed or len(changed) == len(rows)
                yield ([] if apart else list(map(str, broken_rules(made, changed)))), False
            found = list(map(str, broken_rules(made)))
        except SheetError as error:
            found = [str(mistake) for mistake in error.mistakes]
        except GuideGraphError as error:
            found = [str(error)]
        else:
            self._clean = self._clean if found else rows
        yield found, True


def _rows(made: Made) -> _Rows:
    """What the cells say of each document, and ("") of none."""
    found: _Rows = {}
    for section, rows in made.declared.by_section.items():
        for one in rows:
            cells = tuple((heading, cell.raw.text) for heading, cell in one.row.cells.items())
            found.setdefault(one.id if section == "document" else one.document, []).append((section, cells))
    return found


def told(sheet: Path | str, mistakes: list[str]) -> Iterator[str]:
    """The lines that tell what a sheet comes to."""
    yield from mistakes
    yield f"{sheet}: {_count(mistakes)}"


def _count(mistakes: list[str]) -> str:
    return plural(len(mistakes), "mistake") if mistakes else "no mistakes"


def report_text(report: dict[str, Any]) -> str:
    """What some sheets come to."""
    return "".join(f"{line}\n" for row in report["sheets"] for line in told(row["sheet"], row["mistakes"]))


def watch(
    sheets: Iterable[Path],
    changes: Iterable[set[Path]],
    check: Callable[[Path], Iterable[tuple[list[str], bool]]],
    tell: Callable[[str], None],
) -> None:
    """Tell of each sheet what is wrong, first of all and then of those that change; ends with the changes.

    Args:
        sheets: what is watched.
        changes: the paths that changed, one set a saving.
        check: what is wrong in a sheet, and whether that is all, as often as more is known.
        tell: takes each line.
    """
    watched = list(sheets)
    for sheet in watched:
        _tell(sheet, check(sheet), tell)
    for paths in changes:
        for sheet in watched:
            if any(_belongs(path, sheet) for path in paths):
                _tell(sheet, check(sheet), tell)


def _tell(sheet: Path, looks: Iterable[tuple[list[str], bool]], tell: Callable[[str], None]) -> None:
    said: list[str] = []
    for mistakes, whole in looks:
        for line in mistakes:
            if line not in said:
                tell(line)
                said.append(line)
        tell(f"{sheet}: {_count(mistakes)}{'' if whole else ' so far'}")


def _belongs(path: Path, sheet: Path) -> bool:
    """Whether a change is one of a sheet: the file, or a file of its folder that no program laid beside it."""
    where, of = path.resolve(), sheet.resolve()
    return where == of or (where.parent == of and not path.name.startswith(_BESIDE))


def changes_of(sheets: Iterable[Path], stop: threading.Event, *, polling: bool = False) -> Iterator[set[Path]]:
    """The changes of some sheets from now on as they happen, until ``stop`` is set or Ctrl-C is pressed.

    Args:
        sheets: files, or folders of files.
        stop: ends it.
        polling: whether to look at the files now and then, which also serves where watchfiles is not installed.
    """
    watched = list(sheets)
    # What is saved while the first check runs counts as well.
    return _changes(watched, _states(watched), stop, polling)


def _changes(sheets: list[Path], seen: _States, stop: threading.Event, polling: bool) -> Iterator[set[Path]]:
    for _ in _looks(sheets, stop, polling):
        _settled(sheets, stop)
        now = _states(sheets)
        if changed := {path for path, _ in now.items() ^ seen.items()}:
            yield changed
        seen = now


def _looks(sheets: list[Path], stop: threading.Event, polling: bool) -> Iterator[None]:
    """One at once, and one whenever something may have changed."""
    yield None
    if not polling:
        try:
            from watchfiles import watch as watch_files
        except ImportError:
            polling = True
    while polling and not stop.wait(_PATIENCE):
        yield None
    if not polling:
        # A program that saves may put a new file in the place of the old one, so their folders are watched.
        folders = sorted({path if path.is_dir() else path.resolve().parent for path in sheets})
        looks = partial(watch_files, *folders, stop_event=stop, recursive=False, raise_interrupt=False)
        for _ in looks(debounce=_LONGEST, step=_STEP, rust_timeout=500):
            yield None


def _settled(sheets: list[Path], stop: threading.Event) -> None:
    """Wait until nothing of the sheets changes, since a workbook that is half written reads as a broken one."""
    before = None
    while (now := _states(sheets)) != before and not stop.wait(_QUIET):
        before = now


def _states(sheets: list[Path]) -> _States:
    files = [file for sheet in sheets for file in (sheet.glob("*.csv") if sheet.is_dir() else [sheet])]
    found = {}
    for path in files:
        try:
            status = path.stat()
        except OSError:
            continue  # it is just being replaced
        found[path] = (status.st_mtime_ns, status.st_size)
    return found
