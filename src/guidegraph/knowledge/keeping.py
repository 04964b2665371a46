"""Which file keeps what opening shipped knowledge works out, as Python keeps compiled modules.

Its name is the SHA-256 of all that it rests on: each file of the knowledge, each query, the modules that work it out. A
file that is damaged is as good as none, and a folder that cannot be written as none. It holds knowledge, nothing of a
patient.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from guidegraph import assets
from guidegraph.domains import Selection
from guidegraph.errors import KnowledgeError
from guidegraph.files import read_bytes, user_home
from guidegraph.knowledge.engine import steps
from guidegraph.knowledge.kept import SUFFIX
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
    "knowledge/kept.py",
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
#: What opening, an answer and a cohort ask of the whole store (held by tests/api/test_keeping.py).
ROWS = (
    "answer/classes",
    "answer/criteria",
    "answer/definitions",
    "answer/edges",
    "answer/expressions",
    "answer/hierarchy",
    "answer/intervals",
    "answer/lay",
    "answer/may-meet",
    "answer/phrases",
    "answer/places",
    "answer/plans",
    "answer/problems",
    "answer/rates",
    "answer/records",
    "answer/tests",
    "answer/totals",
    "answer/unlisted",
    "answer/unread",
    "answer/version",
    "answer/words",
    "disagree/05-opposed",
    "disagree/10-conditions",
    "disagree/contested",
    "index/derivations",
    "index/implications",
    "index/parts",
    "index/readings",
    "index/terms",
)
_PACKAGE = Path(__file__).parent.parent


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
    return home / f"{sha256(chr(10).join(lines).encode()).hexdigest()}{SUFFIX}"


def _digest(path: Path) -> str:
    return sha256(read_bytes(path, MAXIMUM_BYTES, KnowledgeError)).hexdigest()
