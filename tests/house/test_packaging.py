"""Wheel, sdist and editable install answer the same, outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
COMMAND = ["therapies", "example:chronic-failed-care", "--format", "json", "--as-of", "2026-11-24"]


@pytest.fixture(scope="module")
def built(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    pytest.importorskip("build")
    out = tmp_path_factory.mktemp("dist")
    line = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(repo_root)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, check=False)
    if (
        "No module named 'hatchling'" in done.stdout + done.stderr
        or "Missing dependencies" in done.stdout + done.stderr
    ):
        pytest.skip("hatchling is not installed")
    assert done.returncode == 0, done.stderr[-2000:]
    return out


def answer(python: Path, cwd: Path, packages: str = "") -> str:
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if packages:
        env["PYTHONPATH"] = packages
    line = [str(python), "-m", "guidegraph", *COMMAND]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, cwd=cwd, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def installed(source: Path, tmp_path: Path) -> str:
    """Install without dependencies into an empty environment that sees those of this one, and answer."""
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    line = [str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(source)]
    env = {**os.environ, "PYTHONPATH": _libraries()}
    done = subprocess.run(line, capture_output=True, text=True, timeout=300, env=env, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    where = subprocess.run(
        [str(python), "-c", "import guidegraph; print(guidegraph.__file__)"],
        capture_output=True,
        text=True,
        env=env,
        cwd=tmp_path,
        check=True,
    ).stdout
    assert str(home) in where
    return answer(python, tmp_path, _libraries())


def _libraries() -> str:
    """The folder of this environment's libraries; an editable install leaves no guidegraph in it."""
    import pyoxigraph

    return str(Path(pyoxigraph.__file__).parent.parent)


def test_the_wheel_carries_the_knowledge(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    for wanted in (
        "ontology/core.ttl",
        "graph/documents/droracle-sciatica-2025.trig",
        "queries/assess/50-status.rq",
        "shapes/populations.ttl",
    ):
        assert f"guidegraph/_assets/{wanted}" in names
    assert "guidegraph/schema/therapies.schema.json" in names and "guidegraph/py.typed" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_keeps_the_folders_at_the_top(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert {"ontology/core.ttl", "queries/assess/50-status.rq", "tests/conftest.py", "LICENSE", "README.md"} <= names


def test_wheel_sdist_and_checkout_answer_the_same(built: Path, repo_root: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    here = answer(Path(sys.executable), repo_root)
    assert installed(next(built.glob("*.whl")), tmp_path / "one") == here
    assert installed(next(built.glob("*.tar.gz")), tmp_path / "two") == here


def test_two_processes_on_shuffled_files_give_the_same_bytes(repo_root: Path, tmp_path: Path) -> None:
    import random
    import shutil

    import pyoxigraph as ox

    for folder in ("ontology", "graph"):
        shutil.copytree(repo_root / folder, tmp_path / folder)
    pick = random.Random(3)
    for path in [*tmp_path.rglob("*.ttl"), *tmp_path.rglob("*.trig")]:
        form = ox.RdfFormat.TURTLE if path.suffix == ".ttl" else ox.RdfFormat.TRIG
        quads = list(ox.parse(path=str(path), format=form))
        pick.shuffle(quads)
        if path.suffix == ".ttl":
            path.write_bytes(ox.serialize([ox.Triple(q.subject, q.predicate, q.object) for q in quads], format=form))
        else:
            path.write_bytes(ox.serialize(quads, format=form))
    outputs = set()
    for seed, options in (("1", []), ("2", ["--knowledge", str(tmp_path)])):
        for command in (
            COMMAND,
            ["explain", "example:age-only", "ibuprofen", "--format", "json", "--as-of", "2026-11-24"],
        ):
            line = [sys.executable, "-m", "guidegraph", *command, *options]
            env = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "TZ": f"UTC{seed}"}
            done = subprocess.run(line, capture_output=True, timeout=120, env=env, check=True)
            outputs.add((command[0], done.stdout))
    assert len(outputs) == 2
