"""The notebooks run, and give the outputs that are kept in them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.notebook import NOTEBOOKS, executed
from tests.support.optional import needs


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_outputs_are_those_that_are_kept(path: Path) -> None:
    needs(find_spec("nbclient") and find_spec("ipykernel"), "nbclient and ipykernel come with guidegraph[docs]")
    import nbformat

    kept = nbformat.read(path, as_version=4)
    for told, new in zip(kept.cells, executed(path).cells, strict=True):
        assert told.get("outputs") == new.get("outputs"), told.source
