"""The answers to batches that are done, kept until all are: a run that is cut short goes on where it was."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from os import getpid
from pathlib import Path
from typing import Any

import polars as pl

from guidegraph.knowledge.opened import Knowledge, software

#: What follows the name of the output in that of the folder with its parts.
_ENDING = ".parts"
#: A file of patients below so many bytes is answered anew rather than kept in parts.
SMALL = 64_000_000

State = dict[str, Any]


class Parts:
    """The parts of one output.

    Each is the answer to one batch with the state of the run after it. A part counts once both are whole, and only for
    the same patients, knowledge and request.

    Args:
        output: the file that is to be written; the parts are beside it.
        key: names what the answer depends on.
    """

    def __init__(self, output: Path, key: str) -> None:
        self._output = output
        # The name of a file may be no UTF-8.
        digest = sha256(key.encode(errors="surrogatepass")).hexdigest()
        self._folder = output.parent / f".{output.name}.{digest[:24]}{_ENDING}"

    @property
    def whole(self) -> Path:
        """Where the whole is written until it is whole."""
        self._folder.mkdir(exist_ok=True)
        return self._folder / f"whole-{getpid()}"

    def take(self, number: int) -> tuple[pl.DataFrame, State] | None:
        """A part and the state after it, None if there is none that is whole."""
        try:
            state: State = json.loads(self._state(number).read_bytes())
            # A rename may have outlived what was renamed, where the machine itself went down.
            if _crc(self._answer(number)) != state.pop("crc"):
                return None
            return pl.read_ipc(self._answer(number), memory_map=False), state
        except (OSError, ValueError, LookupError, pl.exceptions.PolarsError):
            return None

    def keep(self, number: int, answer: pl.DataFrame, state: State) -> None:
        """Keep a part: what counts is there whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        self._folder.mkdir(exist_ok=True)
        part = self._answer(number).with_suffix(f".{getpid()}")
        answer.write_ipc(part, compression="lz4")
        crc = _crc(part)
        part.replace(self._answer(number))
        part = self._state(number).with_suffix(f".{getpid()}")
        part.write_text(json.dumps({**state, "crc": crc}), encoding="utf-8")
        part.replace(self._state(number))

    def leave(self) -> None:
        """Leave the parts for a later run; nothing is left where there are none."""
        with suppress(OSError):
            self._folder.rmdir()

    def drop(self) -> None:
        """Remove the parts of this output, older ones of other requests too."""
        start, end = f".{self._output.name}.", _ENDING
        with suppress(OSError):
            for folder in self._output.parent.iterdir():
                if folder.name.startswith(start) and folder.name.endswith(end):
                    shutil.rmtree(folder, ignore_errors=True)

    def _answer(self, number: int) -> Path:
        return self._folder / f"{number:08}.arrow"

    def _state(self, number: int) -> Path:
        return self._folder / f"{number:08}.json"


def key(knowledge: Knowledge, patients: Path, asked: Iterable[str]) -> str:
    """What an answer depends on, as one text: the knowledge, the software, what is asked, and where the patients are.

    A file is known by its size and the times at which it and its entry last changed: a writer changes these.

    Raises:
        OSError: a file cannot be looked at.
    """
    made = [software(), pl.__version__, knowledge.digest, *(one["digest"] for one in knowledge.query_digests())]
    links = knowledge.links
    folders = (*links.folders, links.lexicon_folder, links.modules_folder)
    seen = [stamp for path in (patients, *folders) for stamp in _stamps(path)]
    return "\n".join((*made, *asked, *seen))


def is_small(patients: Path) -> bool:
    """Whether patients are one file that is quickly answered anew."""
    return patients.is_file() and patients.stat().st_size < SMALL


def _crc(path: Path) -> int:
    found = 0
    with path.open("rb") as file:
        while some := file.read(1 << 20):
            found = zlib.crc32(some, found)
    return found


def _stamps(path: Path) -> list[str]:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] if path.is_file() else []
    found = []
    for file in files:
        status = file.stat()
        found.append(f"{file} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}")
    return found
