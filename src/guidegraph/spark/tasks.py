"""What runs on the machines of a cluster. Polars is loaded here only within a task, once its threads are settled."""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from guidegraph import assets
from guidegraph.errors import GuideGraphError, RowError, UsageError

if TYPE_CHECKING:
    from guidegraph.spark.kernel import Kernel
    from guidegraph.spark.parting import Piece


class Fault(NamedTuple):
    """Why a part was not answered; ``row`` if it is a row that cannot be read."""

    part: int
    what: str
    where: str
    mend: str
    row: bool = False


def answer_part(
    row: tuple[Any, ...], folder: str, job: str, sent: Any, version: str, pieces: Iterator[Piece] | None = None
) -> list[Fault]:
    """Answer one part into its file, which is written whole or not at all; why it was not, if so.

    Args:
        row: a :class:`guidegraph.spark.parts.Part`: which rows of which file, or which patients.
        folder: where the file goes.
        job: the digest of the job that the folder is of.
        sent: the kernel, broadcast.
        version: that of the software where the job began.
        pieces: all rows of the part, where these are not those of a file.
    """
    _settle_threads()
    try:
        _check(version)
        from guidegraph.spark import parting, parts

        part, work = parts.Part(*row), parts.Folder(Path(folder), job)
        work.check()
        if pieces is None:
            report = parts.answered(part, sent.value, work.place(part))
        else:
            report = parting.answered(part, pieces, sent.value, work.place(part))
        work.keep(part, report)
    except GuideGraphError as error:
        cell = isinstance(error, RowError)
        host = socket.gethostname()
        where = error.where if cell or error.where == host else f"{host}: {error.where}".rstrip(": ")
        return [Fault(row[0], error.what, where, error.mend, cell)]
    return []


def sort_out(row: tuple[Any, ...], sent: Any, cuts: Any, wanted: Mapping[int, int], version: str) -> Iterator[Any]:
    """The rows of a row group by the part that answers for their patient
    (:func:`guidegraph.spark.parting.sorted_out`); ``sent`` and ``cuts`` are broadcast.

    Raises:
        UsageError: they cannot be read, or this machine has another version of the software.
    """
    _settle_threads()
    _check(version)
    from guidegraph.spark.parting import sorted_out
    from guidegraph.spark.parts import Part

    yield from sorted_out(Part(*row), sent.value, cuts.value, wanted)


def frames(sent: bytes, version: str, batches: Iterator[Any]) -> Iterator[Any]:
    """The answers for the Arrow batches of one partition of a DataFrame.

    Raises:
        UsageError: a row cannot be read, if strict, or this machine has another version of the software.
    """
    from pyspark import TaskContext

    _settle_threads()
    _check(version)
    from guidegraph.spark.arrows import answered

    running = TaskContext.get()
    yield from answered(_opened(sent), batches, f"partition {running.partitionId() if running else 0}")


def _check(version: str) -> None:
    if version != assets.VERSION:
        what = f"guidegraph {assets.VERSION} is here, and {version} began the job"
        raise UsageError(what, where=socket.gethostname(), mend="Use the same on every machine.")


def _settle_threads() -> None:
    """Let Polars use as many threads as the task has cores: other tasks of the machine have theirs."""
    from pyspark import TaskContext

    running = TaskContext.get()
    os.environ.setdefault("POLARS_MAX_THREADS", str(running.cpus() if running else 1))


@lru_cache(maxsize=2)
def _opened(sent: bytes) -> Kernel:
    """A kernel, opened once in a process that works on many partitions."""
    opened: Kernel = pickle.loads(sent)
    return opened
