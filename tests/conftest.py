"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import guidegraph as gg
from tests.support.forked import command, kept_open
from tests.support.paths import ROOT
from tests.support.stores import oxigraph_server, small, virtuoso  # noqa: F401

pytest_plugins = [
    "tests.support.axioms",
    "tests.support.browser",
    "tests.support.cdsserved",
    "tests.support.coded",
    "tests.support.fhirhelp",
    "tests.support.linkable",
    "tests.intake.omop.fixtures",
    "tests.support.pushed",
    "tests.support.serving",
]

# Hierarchies that the user of this machine has linked are no part of what is tested.
_HOME = tempfile.TemporaryDirectory()
os.environ["GUIDEGRAPH_HOME"] = _HOME.name

# What opening works out is kept for this run, by all its processes; what an earlier run kept is not used.
if "PYTEST_XDIST_WORKER" not in os.environ:
    _KEPT = tempfile.TemporaryDirectory()
    os.environ["GUIDEGRAPH_CACHE"] = _KEPT.name

# Processes start by the dozen here, and where Python may write no compiled files each would compile all modules anew.
if sys.dont_write_bytecode and sys.pycache_prefix is None:
    _COMPILED = tempfile.TemporaryDirectory()
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = _COMPILED.name
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False

# Knowledge is thousands of objects that stay: with the default the collector looks at them a hundred times a minute.
gc.set_threshold(20_000, 20, 50)

# In CI the generated cases are the same on every run; elsewhere each run tries others.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

#: The day at which scenario tests ask, so that they answer the same on every day.
AS_OF = date(2026, 11, 24)


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The checkout that the tests belong to."""
    return ROOT


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder with the original sources, which users do not have."""
    path = ROOT.parent / "shared"
    if not path.is_dir():
        pytest.skip("the original sources are not beside this checkout")
    return path


@pytest.fixture(scope="session")
def kb() -> gg.KnowledgeBase:
    """The shipped knowledge base."""
    opened = gg.open()
    # It stays until the end.
    gc.freeze()
    return opened


@pytest.fixture(scope="session", autouse=True)
def _shipped_once() -> Iterator[None]:
    """Commands in this process and in forks of it open the shipped knowledge once."""
    with kept_open():
        yield


@pytest.fixture(scope="session")
def opened(kb: gg.KnowledgeBase) -> Callable[..., gg.KnowledgeBase]:
    """Opens domains by their names, each choice of them once; the first domain where none is named."""
    kept: dict[tuple[str, ...], gg.KnowledgeBase] = {(): kb}

    def of(*domains: str) -> gg.KnowledgeBase:
        if domains not in kept:
            kept[domains] = gg.open(domains=domains)
        return kept[domains]

    return of


@pytest.fixture(scope="session")
def ask(kb: gg.KnowledgeBase) -> Callable[..., gg.Answer]:
    """Ask the shipped knowledge base as of a fixed day."""

    def therapies(profile: object, **options: object) -> gg.Answer:
        return kb.therapies(profile, **{"as_of": AS_OF, **options})  # type: ignore[arg-type]

    return therapies


@pytest.fixture(scope="session")
def cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line in a process of its own (see tests/support/forked.py)."""
    return command


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let the collector of garbage look at nothing that stays until the end: modules, and thousands of tests."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count the tests that the file named by ``GUIDEGRAPH_ALSO`` lists, one node a line, among the slow ones."""
    if named := os.environ.get("GUIDEGRAPH_ALSO"):
        nodes = set(Path(named).read_text(encoding="utf-8").splitlines())
        # A file that was skipped as a whole is listed by its path.
        names = {item: {item.nodeid, item.nodeid.partition("::")[0]} & nodes for item in items}
        assert nodes == set().union(*names.values()), "a test of that file is not collected"
        for item in (item for item, listed in names.items() if listed):
            item.add_marker("slow")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``-n``, tests of a file stay together until a worker has none left: what they share is made once."""
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log) if config.getoption("dist") == "load" else None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write what was skipped, one node a line, into the file that ``GUIDEGRAPH_SKIPPED`` names."""
    if named := os.environ.get("GUIDEGRAPH_SKIPPED"):
        nodes = {report.nodeid for report in terminalreporter.stats.get("skipped", ())}
        Path(named).write_text("".join(f"{node}\n" for node in sorted(nodes)), encoding="utf-8")
