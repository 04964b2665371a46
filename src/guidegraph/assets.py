"""Where the knowledge folders are: in the checkout if there is one, else in the installed copy."""

from __future__ import annotations

from pathlib import Path

from guidegraph.errors import KnowledgeError

#: The version of this software, as pyproject.toml has it: to ask the installation takes as long as an assessment.
VERSION = "0.1.0"
FOLDERS = ("ontology", "graph", "queries", "shapes")


def _candidates() -> tuple[Path, ...]:
    here = Path(__file__).resolve().parent
    # An editable install runs from src/guidegraph in the checkout, whose folders stay top-level;
    # a wheel carries the same folders below guidegraph/_assets.
    return (here.parent.parent, here / "_assets")


def root() -> Path:
    """The folder that holds ontology/, graph/, queries/ and shapes/.

    Raises:
        KnowledgeError: the installation carries no knowledge folders.
    """
    for candidate in _candidates():
        if all((candidate / name).is_dir() for name in FOLDERS):
            return candidate
    raise KnowledgeError(
        "the knowledge folders are missing",
        where=str(Path(__file__).resolve().parent),
        mend="Install guidegraph again from its wheel, sdist or checkout.",
    )


def folder(name: str) -> Path:
    """One of the knowledge folders (``ontology``, ``graph``, ``queries`` or ``shapes``)."""
    return root() / name


def files(name: str, *patterns: str) -> list[Path]:
    """All files below a knowledge folder that match a pattern, sorted by their path inside it."""
    base = folder(name)
    found = {path for pattern in patterns for path in base.rglob(pattern) if path.is_file()}
    return sorted(found, key=lambda path: path.as_posix())
