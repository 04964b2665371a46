"""An independent CQL engine, for the tests that compare with it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import npm

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def run_cql(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any]], dict[str, Any]]:
    """Compile a library and run it over bundles: the values of each define, by bundle."""
    modules = npm.modules("cql", *npm.CQL)
    folder = tmp_path_factory.mktemp("cql")

    def run(library: str, bundles: dict[str, Any]) -> dict[str, Any]:
        (folder / "library.cql").write_text(library, encoding="utf-8")
        (folder / "bundles.json").write_text(json.dumps(bundles), encoding="utf-8")
        files = (folder / "library.cql", folder / "bundles.json", HERE / "cql" / "system-modelinfo.xml")
        line = ["node", str(HERE / "cql" / "run.mjs"), str(modules), *map(str, files)]
        done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        answer: dict[str, Any] = json.loads(done.stdout)
        assert answer["errors"] == []
        return dict(answer["results"])

    return run
