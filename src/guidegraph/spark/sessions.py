"""A Spark session, and in sentences why there is none or why it failed."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from guidegraph.errors import GuideGraphError, UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: How long a machine is waited for before it counts as unreachable (seconds).
_PATIENCE = 5
_HOST = re.compile(r"spark://(.+)\Z")
_MISSING = re.compile(r"No module named '([^']+)'")
_CAUSES = (
    re.compile(r"guidegraph\.errors\.\w+: (.+)"),
    re.compile(r"^((?:\w+\.)*\w*(?:Error|Exception): .+)", re.MULTILINE),
    re.compile(r"(?:Error|Exception): (.+)"),
)
_INSTALL = "Install what it needs: pip install 'guidegraph[spark]'"


@contextmanager
def needed() -> Iterator[None]:
    """Say what to install where a library of Spark or of columns is missing.

    Raises:
        UsageError: one is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed", mend=_INSTALL) from error


@contextmanager
def session(master: str | None, conf: Mapping[str, str], bar: bool = False) -> Iterator[SparkSession]:
    """A session that ends with the block.

    Args:
        master: the address of the cluster; that of Spark's own configuration, else all cores of this machine, if None.
        conf: further settings of Spark, by name.
        bar: whether Spark may draw its bar of progress.

    Raises:
        UsageError: a library or Java is missing, the cluster cannot be reached, or a job fails.
    """
    with needed():
        from pyspark.sql import SparkSession
    _reach(master or "")
    builder = SparkSession.builder.appName("guidegraph cohort")
    builder = builder.master(master) if master else builder
    _choose_python(master or "local", conf)
    # Spark logs failures with the stack of its own calls; what matters of them is told in a sentence.
    quiet = {"spark.log.level": "OFF", "spark.ui.showConsoleProgress": str(bar).lower()}
    for name, value in {**quiet, **conf}.items():
        builder = builder.config(name, value)
    with told("Spark did not start", "It needs Java 17 or 21 (JAVA_HOME), and an address that --master can have."):
        opened = builder.getOrCreate()
    try:
        yield opened
    finally:
        opened.stop()


@contextmanager
def told(what: str, mend: str) -> Iterator[None]:
    """Tell in a sentence why Spark failed.

    Raises:
        UsageError: it did.
    """
    try:
        yield
    except GuideGraphError:
        raise
    except Exception as error:
        text = str(error)
        if lost := _MISSING.search(text):
            raise UsageError(
                f"{lost[1]} is not installed on the machines of the cluster",
                mend="Send a packed environment along (docs/spark.md), or install guidegraph[spark] on each.",
            ) from None
        # Ours in its own words, else what Python said, else what Java did.
        found = next((one for pattern in _CAUSES if (one := pattern.search(text))), None)
        why = found[1] if found else next(iter(text.splitlines()), "") or type(error).__name__
        raise UsageError(f"{what}: {why[:300]}", mend=mend) from None


def _choose_python(master: str, conf: Mapping[str, str]) -> None:
    """Let tasks run by the Python that a setting names, on this machine by this one; pySpark asks the environment."""
    if python := conf.get("spark.pyspark.python"):
        os.environ["PYSPARK_PYTHON"] = python
    elif master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)


def _reach(master: str) -> None:
    """Refuse a cluster that nobody answers for; Spark itself would wait for minutes."""
    if master.startswith("sc://"):
        mend = "Use guidegraph.spark.statuses in a session of that server, or the address of the cluster itself."
        raise UsageError("a Spark Connect server takes no files as tasks", where=master, mend=mend)
    found = _HOST.match(master)
    if not found:
        return
    why = ""
    for place in found[1].split(","):
        host, _, port = place.rpartition(":")
        if not (host and port.isdigit()):
            why = f"{place!r} is no HOST:PORT"
            continue
        try:
            socket.create_connection((host, int(port)), timeout=_PATIENCE).close()
            return
        except (OSError, OverflowError) as error:
            why = str(error)
    raise UsageError(f"the master cannot be reached: {why}", where=master, mend="Start it, or correct --master.")
