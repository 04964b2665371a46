"""Packages of the npm registry that tests fetch once into a cache folder; nothing of them is committed."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.optional import needs


def package(name: str, version: str) -> Path:
    """The folder of an unpacked package, fetched if it is not there yet; the test skips where it cannot be."""
    named = os.environ.get("GUIDEGRAPH_TEST_CACHE")
    cache = Path(named) if named else Path(tempfile.gettempdir()) / f"guidegraph-tests-{os.getuid()}"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"npm-{name.replace('/', '-').lstrip('@')}-{version}"
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(f"{name}@{version}", cache, folder)
    return folder / "package"


def _fetch(wanted: str, cache: Path, folder: Path) -> None:
    npm = shutil.which("npm")
    needs(npm, "npm is not installed")
    with tempfile.TemporaryDirectory(dir=cache) as work:
        done = subprocess.run(
            [str(npm), "pack", "--silent", wanted], cwd=work, capture_output=True, text=True, check=False, timeout=300
        )
        packed = sorted(Path(work).glob("*.tgz"))
        needs(done.returncode == 0 and packed, f"{wanted} cannot be fetched: {done.stderr.strip()[-200:]}")
        part = Path(work) / "unpacked"
        with tarfile.open(packed[0]) as archive:
            archive.extractall(part, filter="data")
        part.rename(folder)
