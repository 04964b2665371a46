"""The rules of the house, checked by a machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.paths import ROOT

SOURCES = sorted((ROOT / "src/guidegraph").rglob("*.py"))


#: Names of the vocabulary that are plain English words as well, and mean these in the code.
PLAIN = {
    "heat",
    "man",
    "woman",
    "male",
    "female",
    "failure",
    "response",
    "success",
    "successful",
    "responded",
    "failed",
    "succeeded",
    "smt",
    "ct",
    "imaging",
    "icd",  # the classification, not the implant
    "oa",  # the Web Annotation vocabulary, not a disease
}


def test_no_clinical_term_in_the_code(opened: Any) -> None:
    """No label or synonym of the clinical vocabulary occurs in src/, in code, help or messages."""
    rows = [
        row
        for row in opened("osteoarthritis").vocabulary.rows
        if row.iri.startswith("https://w3id.org/guidegraph/term/")
    ]
    names = {name.casefold() for row in rows for name in row.names} - PLAIN
    pattern = re.compile(r"\b(" + "|".join(sorted(map(re.escape, names), key=len, reverse=True)) + r")\b")
    for path in SOURCES:
        found = set(pattern.findall(path.read_text(encoding="utf-8").casefold()))
        assert not found, (path.name, sorted(found))


def test_no_sparql_in_python() -> None:
    pattern = re.compile(r"\b(SELECT|CONSTRUCT|ASK|INSERT|DELETE)\b\s+(DISTINCT\s+)?[?*{]")
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not pattern.search(node.value), (path.name, node.lineno)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_files_are_small_and_functions_documented(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 400
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), (path.name, node.name)


def test_importing_loads_no_heavy_library() -> None:
    line = "import sys, guidegraph; print([m for m in ('pyshacl', 'owlready2', 'rich', 'rdflib', 'SPARQLWrapper', 'pandas', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_nothing_tells_where_the_project_was_made(repo_root: Path) -> None:
    if shutil.which("git") is None or not (repo_root / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(["git", "ls-files"], cwd=repo_root, capture_output=True, text=True, check=True)
    # What others wrote and we ship as it is may say what it likes.
    files = [name for name in listing.stdout.split() if "/static/yasgui/" not in name]
    pattern = re.compile("/" + "work/|/" + "tmp/bash|/" + "root/")
    for name in files:
        content = (repo_root / name).read_bytes()
        if b"\0" not in content:
            assert not pattern.search(content.decode("utf-8", "replace")), name


def test_layers(repo_root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=repo_root,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_is_dead(repo_root: Path) -> None:
    """Every name of src/ is used in src/; the exceptions, each with its reason, are in pyproject.toml."""
    pytest.importorskip("vulture")
    line = [sys.executable, "-m", "vulture"]
    done = subprocess.run(line, cwd=repo_root, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


#: A further module is a decision: look first for the one that it belongs to.
MODULES = 423


def test_the_house_has_no_more_modules() -> None:
    assert len(SOURCES) <= MODULES


def imports(path: Path) -> set[str]:
    """The modules of guidegraph that a module names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return names


def test_no_crumbs() -> None:
    """A module of under 40 lines with one user is part of its user."""
    users: dict[str, list[str]] = {}
    for path in SOURCES:
        for name in imports(path):
            users.setdefault(name, []).append(path.name)
    for path in SOURCES:
        # A package's own file says what the package is; __main__ is run, not imported.
        if path.name in ("__init__.py", "__main__.py") or len(path.read_text(encoding="utf-8").splitlines()) >= 40:
            continue
        name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
        assert len(users.get(name, [])) != 1, f"{name} belongs into {users[name][0]}"


def test_every_command_is_documented(repo_root: Path, cli: Any) -> None:
    text = (repo_root / "docs/commands.md").read_text(encoding="utf-8")
    for name in re.findall(r"^\W*([a-z-]+)\s{2,}", cli("--help").stdout.split("Commands")[-1], re.MULTILINE):
        assert f"guidegraph {name}" in text, name
