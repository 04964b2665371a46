"""Packages of the npm registry that tests fetch once into a cache folder; nothing of them is committed."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests.support.optional import cache, needs


def package(name: str, version: str) -> Path:
    """The folder of an unpacked package, fetched if it is not there yet; the test skips where it cannot be."""
    folder = cache() / f"npm-{name.replace('/', '-').lstrip('@')}-{version}"
    with (cache() / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(f"{name}@{version}", folder)
    return folder / "package"


def _fetch(wanted: str, folder: Path) -> None:
    npm = shutil.which("npm")
    needs(npm, "npm is not installed")
    with tempfile.TemporaryDirectory(dir=cache()) as work:
        done = subprocess.run(
            [str(npm), "pack", "--silent", wanted], cwd=work, capture_output=True, text=True, check=False, timeout=300
        )
        packed = sorted(Path(work).glob("*.tgz"))
        needs(done.returncode == 0 and packed, f"{wanted} cannot be fetched: {done.stderr.strip()[-200:]}")
        part = Path(work) / "unpacked"
        with tarfile.open(packed[0]) as archive:
            archive.extractall(part, filter="data")
        part.rename(folder)


#: A CQL compiler and engine, with the model information of FHIR 4.0.1.
CQL = ("@cqframework/cql@5.3.0", "cql-execution@3.3.2", "cql-exec-fhir@2.2.0")


def modules(name: str, *packages: str) -> Path:
    """A node_modules folder with packages (``name@version``) and what they need, fetched whole or not at all.

    Args:
        name: a name for this set of packages in the cache.
        packages: what to install; without node, npm or network the test skips with the reason, in CI it fails.
    """
    for tool in ("node", "npm"):
        needs(shutil.which(tool), f"{tool} is not installed")
    folder = cache() / f"npm-{name}"
    done, asked = folder / "node_modules" / ".done", "\n".join(packages)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (done.is_file() and done.read_text() == asked):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "package.json").write_text('{"private": true}')
            line = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *packages]
            ran = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
            needs(ran.returncode == 0, f"npm could not fetch {', '.join(packages)}: {ran.stderr[-300:]}")
            done.write_text(asked)
    return folder / "node_modules"
