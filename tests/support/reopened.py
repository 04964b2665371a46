"""The knowledge of a folder, opened anew only where a file below it has changed."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import guidegraph as gg


def contents(root: Path) -> str:
    """A digest of the names and bytes of all files below a folder."""
    digest = sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(root)}\0{sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def reopened(root: Path) -> gg.KnowledgeBase:
    """The knowledge of a folder as its files are now, for whoever only reads it.

    Raises:
        GuideGraphError: as ``guidegraph.open`` does.
    """
    return _opened(root, contents(root))


@lru_cache(maxsize=4)
def _opened(root: Path, state: str) -> gg.KnowledgeBase:
    return gg.open(root)
