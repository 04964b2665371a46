"""Packages of npm that tests need: fetched once into a cache folder that parallel workers share."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from tests.optional import needs

#: A CQL compiler and engine, with the model information of FHIR 4.0.1.
CQL = ("@cqframework/cql@5.3.0", "cql-execution@3.3.2", "cql-exec-fhir@2.2.0")
_WAIT = 300


def cache() -> Path:
    """The folder that keeps what tests fetch (GUIDEGRAPH_TEST_CACHE, else below the system's temporary folder)."""
    folder = Path(os.environ.get("GUIDEGRAPH_TEST_CACHE") or Path(tempfile.gettempdir()) / "guidegraph-test-cache")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def modules(name: str, *packages: str) -> Path:
    """A node_modules folder with packages (``name@version``); fetched whole or not at all.

    Args:
        name: a name for this set of packages in the cache.
        packages: what to install; without node, npm or network the test skips with the reason, in CI it fails.
    """
    for tool in ("node", "npm"):
        needs(shutil.which(tool), f"{tool} is not installed")
    folder = cache() / name
    done, lock = folder / "node_modules" / ".done", cache() / f"{name}.lock"
    asked = "\n".join(packages)
    deadline = time.monotonic() + _WAIT
    while not (done.is_file() and done.read_text() == asked):
        try:
            lock.mkdir()
        except FileExistsError:
            # Another worker fetches; a lock that outlives every fetch was left by a run that was killed.
            needs(time.monotonic() < deadline, f"another run holds {lock}")
            if time.time() - lock.stat().st_mtime > _WAIT:
                shutil.rmtree(lock, ignore_errors=True)
            time.sleep(0.5)
            continue
        try:
            if not (done.is_file() and done.read_text() == asked):
                _install(folder, packages)
                done.write_text(asked)
        finally:
            lock.rmdir()
    return folder / "node_modules"


def _install(folder: Path, packages: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"private": true}')
    line = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
    ran = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, timeout=_WAIT)
    needs(ran.returncode == 0, f"npm could not fetch {', '.join(packages)}: {ran.stderr[-300:]}")
