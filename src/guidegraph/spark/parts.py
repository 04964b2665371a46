"""The parts of a job: which rows of which file each answers, and the folder in which they wait until all are there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from guidegraph.cohort.asking import Report
from guidegraph.cohort.cells import Unread, Unreadable, reason
from guidegraph.cohort.outputs import MANIFEST
from guidegraph.cohort.rows import FrameRows
from guidegraph.cohort.run import write
from guidegraph.cohort.sifting import EXAMPLES
from guidegraph.cohort.tables import batches, told
from guidegraph.errors import UsageError
from guidegraph.files import read_text, write_files
from guidegraph.spark.kernel import Kernel

_STATE, _JOB, _JOB_BYTES = "_parts", "job.json", 1_000_000_000


class Part(NamedTuple):
    """Some rows of a file: a row group; or the patients of a long table between two of its cuts, with no rows.

    ``start`` counts the rows of the file before them, ``first`` is the number of the first of them in the whole table.
    """

    number: int
    path: str
    start: int
    rows: int
    first: int

    @property
    def name(self) -> str:
        """The name of the file of its answers."""
        return f"part-{self.number:06}.parquet"

    @property
    def of_patients(self) -> bool:
        """Whether it is of patients, whose rows may be anywhere in the table."""
        return not self.rows


def answered(part: Part, sent: Kernel, place: Path) -> Report:
    """Answer the rows of a part into a file, which is written whole or not at all.

    Raises:
        KnowledgeError: this machine has other tables of codes.
        UsageError: the rows cannot be read or are no longer there, or the file cannot be written.
    """
    path = Path(part.path)
    frames = batches(opened(part, sent), path)
    rows = FrameRows(frames, sent.columns, sent.kind, lambda frame: sent.several, str(path), part.start + 1)
    report = write(sent.question, rows, place)
    if report.patients + report.left_out != part.rows:
        place.unlink()
        raise changed(path)
    return report


def opened(part: Part, sent: Kernel) -> pl.LazyFrame:
    """The rows of a part, in the columns that are read.

    Raises:
        UsageError: the file is not there.
    """
    path = Path(part.path)
    with told(path):
        if not path.is_file():
            raise UsageError("no such file", where=str(path), mend="Every machine must see it at the same path.")
        some = pl.scan_parquet(path).slice(part.start, part.rows)
    return some.select([column.name for column in sent.columns])


def changed(path: Path) -> UsageError:
    """Rows are not those that the job began with."""
    return UsageError("its rows changed while they were answered", where=str(path), mend="Begin anew.")


class Folder:
    """The folder of a job that is not finished: its parts, what became of each, and what the job is.

    Args:
        path: the folder.
        job: the digest of the job.
    """

    def __init__(self, path: Path, job: str) -> None:
        self.path, self._job = path, job

    def place(self, part: Part) -> Path:
        """The file of a part."""
        return self.path / part.name

    def begin(self, job: Mapping[str, Any]) -> None:
        """Make the folder, or take up one that the same job left behind.

        Raises:
            UsageError: it is of another job, or cannot be made.
        """
        with told(self.path):
            (self.path / _STATE).mkdir(parents=True, exist_ok=True)
            holds = [path.name for path in self.path.iterdir() if path.name != _STATE]
        if not self._file(_JOB).exists() and not holds:
            write_files({self._file(_JOB): json.dumps({"digest": self._job, **job}, indent=1)})
        there = self._read(_JOB)
        if there.get("digest") != self._job:
            differs = [key for key, value in job.items() if json.loads(json.dumps(value)) != there.get(key)]
            what = f"it holds parts of another job, with other {' and '.join(differs) or 'contents'}"
            if "as_of" in differs:
                what += f" (as of {there.get('as_of')}, not {job['as_of']})"
            raise UsageError(what, where=str(self.path), mend="Ask the same again to finish it, or remove it.")

    def check(self) -> None:
        """Check on another machine that the folder is that of the job.

        Raises:
            UsageError: it is not there, or of another job.
        """
        if not self._file(_JOB).is_file() or self._read(_JOB).get("digest") != self._job:
            raise UsageError(
                "the folder of the job is not there",
                where=str(self.path),
                mend="Name one that every machine sees at the same path.",
            )

    def keep(self, part: Part, report: Report) -> None:
        """Note what became of a part, once its file is there.

        Raises:
            UsageError: it cannot be written.
        """
        entry = {"bytes": self.place(part).stat().st_size, "report": _written(report)}
        write_files({self._file(f"{part.number:06}.json"): json.dumps(entry)})

    def report(self, part: Part) -> Report | None:
        """What became of a part, None if it is yet to be answered."""
        place, file = self.place(part), self._file(f"{part.number:06}.json")
        if not (file.is_file() and place.is_file()):
            return None
        entry = self._read(file.name)
        if entry["bytes"] != place.stat().st_size:
            return None
        return Report(**{**entry["report"], "unread": [Unread(*row) for row in entry["report"]["unread"]]})

    def finish(self, output: Path, manifest: Mapping[str, Any]) -> None:
        """Give the folder its name: it holds all parts.

        Raises:
            UsageError: it cannot be written.
        """
        write_files({self.path / MANIFEST: json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"})
        with told(output):
            for left in self.path.glob(".*.part"):  # of a task that was killed
                left.unlink(missing_ok=True)
            self.path.replace(output)
            shutil.rmtree(output / _STATE)

    def is_ours(self) -> bool:
        """Whether the folder holds a job, this one or another."""
        return self._file(_JOB).is_file()

    def drop(self) -> None:
        """Remove the folder with all parts."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _file(self, name: str) -> Path:
        return self.path / _STATE / name

    def _read(self, name: str) -> dict[str, Any]:
        mend = "It is no folder of an unfinished job: remove it, or name another output."
        text = read_text(self._file(name), _JOB_BYTES, mend=mend)
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise UsageError("it cannot be read", where=str(self._file(name)), mend=mend)
        return found


def unfinished(output: Path) -> Path:
    """Where the parts of an output wait.

    Raises:
        UsageError: the output is there already, or would be in no folder.
    """
    output = output.absolute()
    if output.is_symlink() or output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise UsageError("it is there already", where=str(output), mend="Name another folder, or remove it.")
    if not output.parent.is_dir():
        raise UsageError("there is no folder above it", where=str(output), mend="Name one in a folder that exists.")
    return output.with_name(f"{output.name}.unfinished")


def merged(parts: Sequence[Part], reports: Iterable[Report], files: Sequence[tuple[int, str]] = ()) -> Report:
    """What became of a table, from what became of its parts in their order.

    Args:
        parts, reports: the parts, and what became of each.
        files: where there are several, the number of the first row of each, and its name.
    """
    whole, unread = Report(), Unreadable()
    for part, report in zip(parts, reports, strict=True):
        whole.patients += report.patients
        whole.left_out += report.left_out
        whole.contradicted += report.contradicted
        for entry in report.unread:
            # A part numbers the rows of its file.
            moved = [(row - part.start - 1 + part.first, text) for row, text in entry.examples]
            same = reason(unread, entry.column, entry.what, entry.lost)
            # Where rows say a fact each, those of the first patients are shown, whatever their numbers.
            shown = moved[: EXAMPLES - len(same.examples)] if part.of_patients else moved
            unread.add(same, entry.count, shown)
        for therapy, counted in report.statuses.items():
            held = whole.statuses.setdefault(therapy, dict.fromkeys(counted, 0))
            for status, count in counted.items():
                held[status] += count
    whole.unread = list(unread.values())
    whole.files = files
    return whole


def manifest(parts: Sequence[Part], reports: Sequence[Report], whole: Report, asked: Mapping[str, Any]) -> Any:
    """What a finished folder says of itself."""
    rows = [
        {
            "part": part.name,
            "of": Path(part.path).name,
            "rows": report.patients + report.left_out,
            "answered": report.patients,
        }
        for part, report in zip(parts, reports, strict=True)
    ]
    told = [
        {
            "column": entry.column,
            "what": entry.what,
            "left_out": entry.lost,
            "count": entry.count,
            "examples": [{"place": whole.place(row), "text": text} for row, text in entry.examples],
        }
        for entry in whole.unread
    ]
    counts = {"patients": whole.patients, "left_out": whole.left_out, "contradicted": whole.contradicted}
    return {**asked, **counts, "unread": told, "statuses": whole.statuses, "parts": rows}


def _written(report: Report) -> dict[str, Any]:
    data = {key: value for key, value in asdict(report).items() if key not in ("columns", "files", "unread")}
    unread = [(u.column, u.what, u.lost, u.count, [list(example) for example in u.examples]) for u in report.unread]
    return {**data, "unread": unread}
