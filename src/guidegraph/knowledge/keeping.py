"""What opening shipped knowledge works out, kept on disk as Python keeps compiled modules: used while nothing changed.

A file holds the store with its index, the digest of the knowledge and the rows that every answer asks for. Its name is
the SHA-256 of all that it rests on: each file of the knowledge, each query, the modules that work it out. A file that
is damaged is as good as none, and a folder that cannot be written as none. It holds knowledge, nothing of a patient.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox

from guidegraph import assets
from guidegraph.domains import Selection
from guidegraph.errors import GuideGraphError, KnowledgeError
from guidegraph.files import read_bytes, user_home, write_files
from guidegraph.knowledge.engine import Rows, steps
from guidegraph.reading import MAXIMUM_BYTES
from guidegraph.store import domain_files, knowledge_files

#: What index and digest rest on in this package: guidegraph.knowledge.disagreement, guidegraph.store and all that they
#: import (held by tests/api/test_keeping.py), beside this module.
MADE_BY = (
    "agents.py",
    "assets.py",
    "errors.py",
    "files.py",
    "knowledge/atoms.py",
    "knowledge/basis.py",
    "knowledge/branch.py",
    "knowledge/disagreement.py",
    "knowledge/effect.py",
    "knowledge/engine.py",
    "knowledge/keeping.py",
    "knowledge/normal.py",
    "knowledge/records.py",
    "model.py",
    "namespaces.py",
    "reading.py",
    "reviews/__init__.py",
    "reviews/coverage.py",
    "reviews/judged.py",
    "sayings.py",
    "store.py",
    "termreadings.py",
)
#: The queries that index and grades are made by, and those whose rows are kept.
_FOLDERS = ("index", "disagree", "answer")
#: Queries with many rows that opening or an answer asks for. Rows with a node without a name, which has another name in
#: each store, are not kept.
ROWS = (
    "answer/classes",
    "answer/edges",
    "answer/hierarchy",
    "answer/intervals",
    "answer/problems",
    "answer/records",
    "disagree/05-opposed",
    "disagree/10-conditions",
    "index/implications",
    "index/readings",
    "index/terms",
)
#: Files of more are not read (bytes), and how many are left there: domains alone and together, of some versions.
_LARGEST, _MOST = 256 * 1024 * 1024, 12
_SUFFIX = ".kept"
_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True)
class Kept:
    """What an earlier opening worked out: the store with its index, the digest, and rows by the name of their query."""

    store: ox.Store
    digest: str
    rows: Mapping[str, Rows]


class _Lines(Mapping[str, Rows]):
    """Rows by the name of their query, each read when it is asked for."""

    def __init__(self, lines: Mapping[str, bytes]) -> None:
        self._lines = lines

    def __getitem__(self, name: str) -> Rows:
        return [tuple(row) for row in json.loads(self._lines[name])]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def folder() -> Path | None:
    """Where such files are: $GUIDEGRAPH_CACHE, else guidegraph/ in $XDG_CACHE_HOME, else in ~/.cache. None if the first
    is empty: nothing is kept."""
    named = os.environ.get("GUIDEGRAPH_CACHE")
    if named is not None:
        return Path(named) if named else None
    return Path(os.environ.get("XDG_CACHE_HOME") or user_home() / ".cache") / "guidegraph"


def place(selected: Selection, *, warned: bool = True) -> Path | None:
    """The file of a selection of shipped knowledge, whether or not it is there; None for other knowledge, which may
    change between two commands, and where nothing is kept.

    Args:
        selected: the knowledge folder and its domains.
        warned: whether the warnings of other domains are loaded with them.

    Raises:
        KnowledgeError: a folder is missing, or a file cannot be read.
    """
    home, ours = folder(), assets.root()
    warning = [domain.folder for domain in selected.warning if warned]
    if home is None or any(not path.is_relative_to(ours) for path in (selected.base, *selected.folders, *warning)):
        return None
    parts = [knowledge_files(selected.base, selected.folders), *map(domain_files, warning)]
    lines = [f"{path.relative_to(ours)} {_digest(path)}" for part in parts for files in part for path in files]
    lines += [f"warns {folder.relative_to(ours)}" for folder in warning]
    lines += [f"{step.name} {step.digest}" for name in _FOLDERS for step in steps(name)]
    lines += [f"{name} {_digest(_PACKAGE / name)}" for name in MADE_BY]
    return home / f"{sha256(chr(10).join(lines).encode()).hexdigest()}{_SUFFIX}"


def _digest(path: Path) -> str:
    return sha256(read_bytes(path, MAXIMUM_BYTES, KnowledgeError)).hexdigest()


def read(path: Path) -> Kept | None:
    """What a file keeps; None if there is none, or not a whole one."""
    try:
        head, text = read_bytes(path, _LARGEST).split(b"\n", 1)
        if head != sha256(text).hexdigest().encode():
            return None
        digest, *lines, graphs = text.split(b"\n", len(ROWS) + 1)
        store = ox.Store()
        store.bulk_load(input=graphs, format=ox.RdfFormat.TRIG, lenient=True)
    except (GuideGraphError, ValueError, SyntaxError, OSError):
        return None
    with suppress(OSError):
        os.utime(path)
    return Kept(store, digest.decode(), _Lines(dict(zip(ROWS, lines, strict=True))))


def write(path: Path, store: ox.Store, digest: str, rows: Mapping[str, Rows]) -> None:
    """Keep what was worked out, if the folder can be written, and let go of what has not been used for longest."""
    lines = [json.dumps(rows[name], ensure_ascii=False, separators=(",", ":")).encode() for name in ROWS]
    graphs = store.dump(format=ox.RdfFormat.TRIG) or b""
    text = b"\n".join([digest.encode(), *lines, graphs])
    with suppress(GuideGraphError, OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_files({path: sha256(text).hexdigest().encode() + b"\n" + text})
        for old in sorted(path.parent.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime)[:-_MOST]:
            old.unlink(missing_ok=True)
