"""Small graphs of documents over the shipped ontology."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg


@pytest.fixture(scope="module")
def bare(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the ontology and no documents."""
    root = tmp_path_factory.mktemp("bare")
    shutil.copytree(repo_root / "ontology", root / "ontology")
    (root / "graph").mkdir()
    return root


@pytest.fixture
def world(bare: Path, tmp_path: Path) -> Callable[..., Any]:
    def build(*documents: str) -> Any:
        paths = []
        for number, text in enumerate(documents):
            path = tmp_path / f"{number}.trig"
            path.write_text(text)
            paths.append(path)
        return gg.api.open_knowledge(bare, extra=paths)

    return build
