"""A cohort: the statuses of every therapy for a table of patients, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from guidegraph.cohort import lists
from guidegraph.cohort.asking import Question, Report, Request, no_patient, question
from guidegraph.cohort.bits import Mask, Plane, coded, count, pack, unpack, words
from guidegraph.cohort.cells import Unread
from guidegraph.cohort.looked import Worked
from guidegraph.cohort.outputs import BLOCKING, CONTRADICTION, FACTS, STATUS, TRUTH, Made, mark
from guidegraph.cohort.parts import Parts, State, is_small, key
from guidegraph.cohort.rows import Batch, Passing, ProfileRows, Rows
from guidegraph.cohort.statuses import Statuses
from guidegraph.cohort.tables import BATCH, told
from guidegraph.errors import RowError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.model import STATUSES

_LISTED = 3
_COUNTS = ("patients", "left_out", "contradicted")


def run(
    knowledge: Knowledge, rows: Rows, output: Path, asked: Request, progress: Callable[[int], None] = lambda rows: None
) -> Report:
    """Answer for many patients into a Parquet file, whole or not at all.

    Args:
        knowledge: what is known.
        rows: the patients.
        output: the file to write; one that exists is replaced once everything is answered. A long run keeps its parts
            beside it, so that one that is cut short goes on at the last whole part when it is started again.
        asked: what is asked.
        progress: is told how many patients are done.

    Raises:
        UsageError: a row, if strict, cannot be read, there is none, or the output cannot be written.
    """
    return write(question(knowledge, asked), rows, output, progress, lambda: _parts(knowledge, rows, output, asked))


def write(
    decides: Question,
    rows: Rows,
    output: Path,
    progress: Callable[[int], None] = lambda rows: None,
    kept: Callable[[], Parts | None] = lambda: None,
) -> Report:
    """Answer as :func:`run` does, by what was compiled.

    Args:
        decides: what is asked, and what decides.
        rows, output, progress: as :func:`run` has them.
        kept: where the parts of a long run are kept, if anywhere.

    Raises:
        UsageError: as :func:`run`.
    """
    work, asked = Work(decides, rows), decides.asked
    with told(output):
        if output.is_dir() or not output.parent.is_dir():
            raise UsageError("cannot be written there", where=str(output), mend="Name a file in a folder that exists.")
        parts = kept()
        place = parts.whole if parts else _beside(output)
        try:
            lazy = register_io_source(
                lambda columns, where, rows, size: work.frames(progress, parts), schema=work.coded
            )
            lazy.select(*work.decoded).sink_parquet(
                place,
                maintain_order=True,
                row_group_size=None if asked.long else BATCH,
                metadata=lambda _: work.made_from(),
            )
            if work.fault is not None:
                raise work.fault
            place.replace(output)
        except BaseException as error:
            place.unlink(missing_ok=True)
            fault = work.fault or error
            # Who stops a run may go on with it; after a fault there is nothing to go on with.
            if parts:
                (parts.drop if isinstance(fault, Exception) else parts.leave)()
            if fault is not error:
                raise fault from None
            raise
        if parts:
            parts.drop()
    return work.report


def _beside(output: Path) -> Path:
    part = output.with_name(f".{output.name}.{os.urandom(6).hex()}.part")
    # The mode of a temporary file would let nobody else read the answer.
    part.touch(exist_ok=False)
    return part


def _parts(knowledge: Knowledge, rows: Rows, output: Path, asked: Request) -> Parts | None:
    """Where the parts of a long run are kept, None for a short one."""
    source = Path(rows.where)
    if not source.exists() or is_small(source):
        return None
    wanted = asdict(asked) | {"voices": sorted(asked.voices), "therapies": sorted(asked.therapies)}
    columns = [f"{one.name} {one.kind} {one.meaning}" for one in rows.columns]
    parts = Parts(output, key(knowledge, source, [str(BATCH), str(wanted), str(rows.identifier), *columns]))
    if asked.afresh:
        parts.drop()
    return parts


class Work:
    """One run over some patients.

    Attributes:
        report: what became of those that are done.

    Args:
        decides: what is asked, and what decides.
        rows: the patients.
    """

    def __init__(self, decides: Question, rows: Rows) -> None:
        self._rows, self._asked, self._knowledge = rows, decides.asked, decides.knowledge
        self._criteria, self._vocabulary, asked = decides.criteria, decides.vocabulary, decides.asked
        self._book = decides.book
        self._therapies = [t for t in self._criteria.therapies if not asked.therapies or t.iri in asked.therapies]
        self._statements = sorted(self._criteria.population) if asked.statements else []
        self._names = [describe.name(t.iri) for t in self._therapies]
        self.report = Report(columns=rows.columns)
        self.fault: Exception | None = None
        self._done = 0
        self._passed: list[str] = []

    def made_from(self) -> dict[str, str]:
        """What the file says of itself (:mod:`guidegraph.cohort.outputs`), when everybody is answered."""
        asked, report = self._asked, self.report
        return mark(
            Made(
                self._knowledge,
                asked.as_of.isoformat(),
                asked.jurisdiction,
                tuple(sorted(asked.voices)),
                asked.problem,
                report.patients,
                report.left_out,
                report.contradicted,
                software(),
            )
        )

    @property
    def coded(self) -> dict[str, pl.DataType]:
        """The columns of the answer, each status and truth as its number."""
        name, kind = self._rows.identifier
        head: dict[str, pl.DataType] = {name: kind, CONTRADICTION: pl.String()}
        listed = {FACTS: self._asked.facts, BLOCKING: self._asked.blocking}
        more = {name: lists.LISTS for name, asked in listed.items() if asked}
        if self._asked.long:
            return {**head, "therapy": pl.Enum(self._names), "status": pl.UInt8(), **more}
        return {**head, **more, **dict.fromkeys((*self._names, *map(describe.name, self._statements)), pl.UInt8())}

    @property
    def decoded(self) -> Sequence[pl.Expr]:
        """The columns of the answer as they are written."""
        statuses = {"status"} if self._asked.long else set(self._names)
        numbers = {name: kind for name, kind in list(self.coded.items())[2:] if kind == pl.UInt8}
        told = {name: pl.col(name).cat.to(STATUS if name in statuses else TRUTH) for name in numbers}
        return [told.get(name, pl.col(name)) for name in self.coded]

    def frames(self, progress: Callable[[int], None], parts: Parts | None = None) -> Iterator[pl.DataFrame]:
        """The answer, batch by batch; those that were kept are not answered again."""
        # The engine that writes asks now from one thread, now from another, each of which would hold memory of its own.
        with ThreadPoolExecutor(1) as thread:
            answers = self._frames(progress, parts)
            while (answer := thread.submit(next, answers, None).result()) is not None:
                yield answer

    def _frames(self, progress: Callable[[int], None], parts: Parts | None) -> Iterator[pl.DataFrame]:
        try:
            number = 0
            while parts and (taken := parts.take(number)) is not None:
                answer, state = taken
                self._restore(state)
                progress(self._done)
                yield answer
                number += 1
            self.report.resumed = self._done
            last: tuple[int, pl.DataFrame, State] | None = None
            for batch in self._left():
                if parts and last is not None:
                    parts.keep(*last)
                answer = self._written(batch)
                self._done += len(batch.identifiers)
                # The last one need not be kept: with it the whole is done.
                last = (number, answer, self._state(batch)) if parts else None
                number += 1
                progress(self._done)
                # Nothing of a batch is held while the next one is read.
                del batch
                yield answer
                del answer
            if not self._done:
                raise no_patient(self._rows.where, self._rows.unread.values())
        except Exception as error:
            # What is raised in the engine that writes comes out as another error: it is kept and raised after it.
            self.fault = error
            raise
        self.report.unread = list(self._rows.unread.values())

    def _left(self) -> Iterator[Batch]:
        """The batches that are not answered yet."""
        rows, done = self._rows, self._done
        if isinstance(rows, Passing):
            rows.pass_over(done, self._passed)
            yield from rows.batches(self._criteria, self._vocabulary)
            return
        # Others are read from the start, and tell again what they could not read.
        if done:
            rows.unread.clear()
        for batch in rows.batches(self._criteria, self._vocabulary):
            if done <= 0:
                yield batch
            done -= len(batch.identifiers)

    def _state(self, batch: Batch) -> State:
        report = self.report
        return {
            "rows": self._done,
            # Of records the names are known once each is read: who was left out is in no part.
            "names": batch.identifiers.to_list() if isinstance(self._rows, ProfileRows) else [],
            "report": {name: getattr(report, name) for name in _COUNTS},
            "statuses": report.statuses,
            "unread": [asdict(one) for one in self._rows.unread.values()],
        }

    def _restore(self, state: State) -> None:
        self._done = state["rows"]
        self._passed += state["names"]
        for name, value in state["report"].items():
            setattr(self.report, name, value)
        self.report.statuses = state["statuses"]
        self._rows.unread.clear()
        for one in state["unread"]:
            examples = [(row, text) for row, text in one.pop("examples")]
            self._rows.unread[one["column"], one["what"]] = Unread(**one, examples=examples)

    def _written(self, batch: Batch) -> pl.DataFrame:
        """The answer for a batch as it is written, without those who cannot be read."""
        answer, of_therapies = self._wide(batch)
        if not self._asked.long:
            return answer.filter(pl.Series(~batch.bad)) if batch.bad.any() else answer
        rows = self._lengthened(answer, of_therapies)
        return rows.filter(pl.Series(np.repeat(~batch.bad, len(self._names)))) if batch.bad.any() else rows

    def answer(self, batch: Batch) -> pl.DataFrame:
        """A row for each of some patients, without a status for who contradicts themselves or cannot be read.

        Returns:
            the columns of ``coded``, but wide where a long one is asked for.

        Raises:
            UsageError: one cannot be read, if strict.
        """
        return self._wide(batch)[0]

    def _wide(self, batch: Batch) -> tuple[pl.DataFrame, list[pl.Series]]:
        """A row a patient, and where a row a therapy is asked for what each of these has beside its status."""
        patients, bad = len(batch.identifiers), batch.bad
        if self._asked.strict and any(unread.lost for unread in self._rows.unread.values()):
            raise self._refused()
        worked = Worked(self._criteria, batch)
        statuses = worked.worked
        contradicted = unpack(worked.contradicted, patients)
        self.report.left_out += int(bad.sum())
        self.report.contradicted += int(contradicted.sum())
        self.report.patients += patients - int(bad.sum())
        answer = pl.DataFrame([batch.identifiers, self._told(statuses, contradicted)])
        found = self._lists(worked, contradicted)
        if not self._asked.long:
            answer = answer.hstack(found)
        return answer.hstack(self._coded(statuses, contradicted | bad).get_columns()), found

    def _lists(self, worked: Worked, contradicted: Mask) -> list[pl.Series]:
        """The columns of lists that are asked for; of a therapy's own, as long as there are therapies and patients."""
        asked, found, book = self._asked, [], self._book
        if book is not None and asked.facts:
            found.append(lists.facts(book, self._criteria, worked, contradicted))
        if book is not None and asked.blocking:
            shown, each = self._therapies, asked.long
            found.append(lists.blocking(book, self._criteria, worked, shown, contradicted, each))
        return found

    def _refused(self) -> RowError:
        """Of the rows that cannot be read the first that is known."""
        lost = [unread for unread in self._rows.unread.values() if unread.lost]
        row, text, column, what = min((*unread.examples[0], unread.column, unread.what) for unread in lost)
        where = f"{self._rows.where}, row {row}, column {column}"
        return RowError(f"{text!r}: {what}", where=where, mend="Correct it, or leave out --strict.")

    def _coded(self, statuses: Statuses, missing: Mask) -> pl.DataFrame:
        """A column a therapy and statement, each value by its number; null for some."""
        patients, sheet = missing.size, statuses.sheet
        counting = sheet.rest(pack(missing))
        columns, codes = [], np.empty(words(patients) * 64, dtype=np.uint8)
        for name, found in self._found(statuses, counting):
            # Each patient has one value: its number is spelt by a plane a bit.
            coded((sheet.any(p for at, p in enumerate(found) if at >> bit & 1) for bit in range(3)), codes)
            columns.append(pl.Series(name, codes[:patients].copy()))
        answer = pl.DataFrame(columns)
        if missing.any():
            answer = answer.select(pl.when(pl.lit(pl.Series(~missing))).then(pl.all()))
        return answer

    def _found(self, statuses: Statuses, counting: Plane) -> Iterator[tuple[str, Sequence[Plane]]]:
        """By the name of each therapy and statement who has each value of it; the statuses are counted."""
        sheet, truths = statuses.sheet, statuses.truths
        for therapy in self._therapies:
            name, found = describe.name(therapy.iri), statuses.of(therapy)
            counted = self.report.statuses.setdefault(name, dict.fromkeys(STATUSES, 0))
            for status, plane in found.items():
                if plane is not sheet.none:
                    counted[status] += count(plane & counting)
            yield name, [found[status] for status in STATUSES]
        for statement in self._statements:
            true, false = truths.of(statement)
            inactive = sheet.rest(truths.counts(statement))
            unknown = truths.unknown(statement)
            yield describe.name(statement), [true, false, unknown, inactive]

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

    def _lengthened(self, answer: pl.DataFrame, of_therapies: Sequence[pl.Series]) -> pl.DataFrame:
        """A row a patient and therapy, in the order of the patients."""
        head = [self._rows.identifier[0], CONTRADICTION]
        rows = answer.with_row_index("row").unpivot(
            self._names, index=["row", *head], variable_name="therapy", value_name="status"
        )
        rows = rows.with_columns(of_therapies)
        ordered = rows.sort("row", maintain_order=True).drop("row")
        return ordered.with_columns(pl.col("therapy").cast(pl.Enum(self._names)))
