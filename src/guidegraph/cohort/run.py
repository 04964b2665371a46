"""A cohort: the statuses of every therapy for a table of patients, batch by batch."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from guidegraph.cohort.bits import Mask, Plane, unpack
from guidegraph.cohort.cells import Unread
from guidegraph.cohort.columns import Column
from guidegraph.cohort.rows import Batch, Rows
from guidegraph.cohort.statuses import Statuses
from guidegraph.cohort.tables import told
from guidegraph.errors import RowError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.criteria import Criteria, Therapy, compile_criteria
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import STATUSES
from guidegraph.profile import Vocabulary

_STATUS = pl.Enum(list(STATUSES))
_TRUTH = pl.Enum(["true", "false", "unknown", "inactive"])
#: The name of the column that tells what of a patient contradicts itself.
CONTRADICTION = "contradiction"
_LISTED = 3


@dataclass(frozen=True)
class Request:
    """What is asked of a cohort.

    Attributes:
        as_of: the day at which statements must be in effect.
        jurisdiction: count only the labels of this country; all if None.
        voices: which recommendations alone count (:class:`guidegraph.knowledge.engine.Request`).
        therapies: only these (IRIs); all if empty.
        statements: whether the truth of every statement is told beside the statuses.
        long: whether each row is a patient and a therapy.
        strict: whether a row that cannot be read stops everything.
    """

    as_of: date
    jurisdiction: str | None = None
    voices: frozenset[str] = frozenset()
    therapies: frozenset[str] = frozenset()
    statements: bool = False
    long: bool = False
    strict: bool = False


@dataclass
class Report:
    """What became of a table.

    Attributes:
        patients: rows that were answered.
        left_out: rows that could not be read.
        contradicted: patients of these whose facts contradict each other, who have no status.
        columns: what each column was read as.
        unread: cells and entries that were not understood, with examples.
        statuses: by therapy how many patients have each status.
        files: where rows come from several files, each with the number of its first row, in order.
    """

    patients: int = 0
    left_out: int = 0
    contradicted: int = 0
    columns: Sequence[Column] = ()
    unread: Sequence[Unread] = ()
    statuses: dict[str, dict[str, int]] = field(default_factory=dict)
    files: Sequence[tuple[int, str]] = ()

    def place(self, row: int) -> str:
        """What a row is called: by its number, and its file where there are several."""
        at = bisect_right([first for first, _ in self.files], row) - 1
        return f"row {row - self.files[at][0] + 1:,} of {self.files[at][1]}" if self.files else f"row {row:,}"


def run(
    knowledge: Knowledge, rows: Rows, output: Path, asked: Request, progress: Callable[[int], None] = lambda rows: None
) -> Report:
    """Answer for many patients into a Parquet file, whole or not at all.

    Args:
        knowledge: what is known.
        rows: the patients.
        output: the file to write; one that exists is replaced once everything is answered.
        asked: what is asked.
        progress: is told how many patients are done.

    Raises:
        UsageError: a row, if strict, cannot be read, there is none, or the output cannot be written.
    """
    if output.suffix.lower() != ".parquet":
        raise UsageError(f"unknown ending {output.suffix!r}", where=str(output), mend="End it in .parquet.")
    return write(compiled(knowledge, asked), knowledge.vocabulary, rows, output, asked, progress)


def compiled(knowledge: Knowledge, asked: Request) -> Criteria:
    """The criteria that a request asks about.

    Raises:
        KnowledgeError, UsageError: they cannot be answered for many patients.
    """
    knowledge.one_clock()
    return compile_criteria(knowledge, asked.as_of, asked.jurisdiction, asked.voices)


def write(
    criteria: Criteria,
    vocabulary: Vocabulary,
    rows: Rows,
    output: Path,
    asked: Request,
    progress: Callable[[int], None] = lambda rows: None,
) -> Report:
    """Answer for many patients by compiled criteria, as :func:`run` does.

    Raises:
        UsageError: as :func:`run`.
    """
    work = Work(criteria, vocabulary, rows, asked)
    with told(output):
        if output.is_dir() or not output.parent.is_dir():
            raise UsageError("cannot be written there", where=str(output), mend="Name a file in a folder that exists.")
        place = output.with_name(f".{output.name}.{os.urandom(6).hex()}.part")
        place.touch(exist_ok=False)  # a temporary file's own mode would let nobody else read the answer
        try:
            lazy = register_io_source(lambda columns, where, rows, size: work.frames(progress), schema=work.schema)
            lazy.sink_parquet(place, maintain_order=True)
            if work.fault is not None:
                raise work.fault
            place.replace(output)
        except BaseException as error:
            place.unlink(missing_ok=True)
            if work.fault is not None and work.fault is not error:
                raise work.fault from None
            raise
    return work.report


class Work:
    """One run over some patients.

    Args:
        criteria: what decides.
        vocabulary: the terms.
        rows: the patients.
        asked: what is asked.

    Attributes:
        report: what became of those that are done.
    """

    def __init__(self, criteria: Criteria, vocabulary: Vocabulary, rows: Rows, asked: Request) -> None:
        self._rows, self._asked, self._criteria, self._vocabulary = rows, asked, criteria, vocabulary
        self._therapies = [t for t in self._criteria.therapies if not asked.therapies or t.iri in asked.therapies]
        self._statements = sorted(self._criteria.population) if asked.statements else []
        self.report = Report(columns=rows.columns)
        self.fault: Exception | None = None
        self._done = 0

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the answer."""
        name, kind = self._rows.identifier
        head: dict[str, pl.DataType] = {name: kind, CONTRADICTION: pl.String()}
        if self._asked.long:
            return {**head, "therapy": pl.Enum([describe.name(t.iri) for t in self._therapies]), "status": _STATUS}
        truths = {describe.name(s): _TRUTH for s in self._statements}
        return {**head, **{describe.name(t.iri): _STATUS for t in self._therapies}, **truths}

    def frames(self, progress: Callable[[int], None]) -> Iterator[pl.DataFrame]:
        """The answer, batch by batch."""
        try:
            for batch in self._rows.batches(self._criteria, self._vocabulary):
                answer = self.answer(batch)
                if batch.bad.any():
                    answer = answer.filter(pl.Series(~batch.bad))
                if self._asked.long:
                    answer = self._lengthened(answer)
                self._done += len(batch.identifiers)
                progress(self._done)
                yield answer
        except Exception as error:
            # What is raised in the engine that writes comes out as another error: it is kept and raised after it.
            self.fault = error
            raise
        if not self._done:
            self.fault = UsageError("there is no patient", where=self._rows.where, mend="Give at least one.")
        self.report.unread = self._rows.unread.in_order()

    def answer(self, batch: Batch) -> pl.DataFrame:
        """A row for each of some patients, without a status for who contradicts themselves or cannot be read.

        Raises:
            UsageError: one cannot be read, if strict.
        """
        patients, bad = len(batch.identifiers), batch.bad
        if bad.any() and self._asked.strict:
            raise self._refused(batch)
        statuses = Statuses(self._criteria, batch.gathered.facts())
        contradicted = unpack(statuses.truths.following.contradicted, patients) & ~bad
        self.report.left_out += int(bad.sum())
        self.report.contradicted += int(contradicted.sum())
        self.report.patients += patients - int(bad.sum())
        missing = contradicted | bad
        found = [batch.identifiers, self._told(statuses, contradicted)]
        found += [self._statuses(statuses, therapy, missing) for therapy in self._therapies]
        found += [self._truths(statuses, statement, missing) for statement in self._statements]
        return pl.DataFrame(found)

    def _refused(self, batch: Batch) -> RowError:
        first = batch.first + int(np.flatnonzero(batch.bad)[0])
        stopping = [unread for unread in self._rows.unread.in_order() if not unread.passed_over]
        told = [(row, text, u) for u in stopping for row, text in u.examples]
        # In a long table some faults are told by their own row, not by the patient's.
        row, text, unread = next((one for one in told if one[0] == first), told[0])
        where = f"{self._rows.where}, row {row}, column {unread.column}"
        return RowError(f"{text!r}: {unread.what}", where=where, mend="Correct it, or leave out --strict.")

    def _statuses(self, statuses: Statuses, therapy: Therapy, missing: Mask) -> pl.Series:
        """The status of one therapy for each patient; null for some."""
        name = describe.name(therapy.iri)
        codes = np.zeros(missing.size, dtype=np.uint8)
        counted = self.report.statuses.setdefault(name, dict.fromkeys(STATUSES, 0))
        for number, (status, plane) in enumerate(_ordered(statuses.of(therapy))):
            if plane.any():
                mask = unpack(plane, missing.size)
                counted[status] += int((mask & ~missing).sum())
                codes += mask.view(np.uint8) * np.uint8(number)
        return _enum(name, codes, _STATUS, missing)

    def _truths(self, statuses: Statuses, statement: str, missing: Mask) -> pl.Series:
        true, false = (unpack(plane, missing.size) for plane in statuses.truths.of(statement))
        counts = unpack(statuses.truths.counts(statement), missing.size)
        codes = np.where(~counts, 3, np.where(true, 0, np.where(false, 1, 2))).astype(np.uint8)
        return _enum(describe.name(statement), codes, _TRUTH, missing)

    def _told(self, statuses: Statuses, contradicted: Mask) -> pl.Series:
        """What of each patient contradicts itself, in words; null where nothing does."""
        rows: list[str | None] = [None] * contradicted.size
        if contradicted.any():
            named: dict[int, list[str]] = {}
            for label, plane in statuses.truths.following.contradictions(self._vocabulary):
                for row in np.flatnonzero(unpack(plane, contradicted.size) & contradicted):
                    named.setdefault(int(row), []).append(label)
            for row in np.flatnonzero(contradicted):
                told = named.get(int(row), ["its facts exclude each other"])
                rows[int(row)] = "; ".join(told[:_LISTED])
        return pl.Series(CONTRADICTION, rows, dtype=pl.String)

    def _lengthened(self, answer: pl.DataFrame) -> pl.DataFrame:
        """A row a patient and therapy, in the order of the patients."""
        head = [self._rows.identifier[0], CONTRADICTION]
        names = [describe.name(t.iri) for t in self._therapies]
        rows = answer.with_row_index("row").unpivot(
            names, index=["row", *head], variable_name="therapy", value_name="status"
        )
        ordered = rows.sort("row", maintain_order=True).drop("row")
        return ordered.with_columns(pl.col("therapy").cast(pl.Enum(names)))


def _ordered(found: Mapping[str, Plane]) -> Iterator[tuple[str, Plane]]:
    return ((status, found[status]) for status in STATUSES)


def _enum(name: str, codes: np.ndarray[tuple[int], np.dtype[np.uint8]], kind: pl.Enum, missing: Mask) -> pl.Series:
    series = pl.Series(name, codes).cat.to(kind)
    return series.set(pl.Series(missing), None) if missing.any() else series
