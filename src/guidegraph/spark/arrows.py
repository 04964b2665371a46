"""Batches of Arrow answered on a machine of a cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

import polars as pl
import pyarrow as pa

from guidegraph.cohort.cells import Unread, Unreadable
from guidegraph.cohort.columns import naming
from guidegraph.cohort.lists import LISTS
from guidegraph.cohort.longrows import READ, ROW, FactRows
from guidegraph.cohort.outputs import BLOCKING, FACTS
from guidegraph.cohort.rows import Batch, FrameRows, Rows
from guidegraph.cohort.run import Work
from guidegraph.cohort.tables import BATCH, named
from guidegraph.spark.kernel import Kernel

#: The column that tells of a row whether its patient stands in others too.
SEVERAL = "several rows"
#: The columns that say why a row has no status, and what of a row was passed over.
LEFT_OUT, NOT_UNDERSTOOD = "left_out", "not_understood"


def answered(sent: Kernel, batches: Iterator[pa.RecordBatch], where: str) -> Iterator[pa.RecordBatch]:
    """The answers for the batches of one partition.

    Raises:
        UsageError: a row cannot be read, if strict.
    """
    kinds: list[pa.DataType] = []
    name, told, first = naming(sent.columns), _EachRow(), 1
    gathered = _gathered(batches, name, kinds, READ if sent.of_facts else BATCH)
    decides = sent.question
    for rows in _patients(sent, gathered, where):
        rows.unread = told
        work = Work(decides, rows)
        for batch in rows.batches(decides.criteria, decides.vocabulary):
            answer = work.answer(batch).select(work.decoded)
            spelt = [head for head in work.coded if head not in (name, FACTS, BLOCKING)]
            answer = answer.with_columns(pl.col(spelt).cast(pl.String), *_texts(told, batch, first))
            told.clear()
            first += len(batch.identifiers)
            kept = [(head, kinds[0] if head == name else _kind(kind)) for head, kind in answer.schema.items()]
            yield from answer.to_arrow().cast(pa.schema(kept)).to_batches()


def _patients(sent: Kernel, frames: Iterator[pl.DataFrame], where: str) -> Iterator[Rows]:
    """The patients of a partition; where its rows are facts, the number of a row is that of its patient."""
    name = naming(sent.columns)
    if not sent.of_facts:
        yield FrameRows(frames, sent.columns, sent.kind, lambda frame: frame.filter(pl.col(SEVERAL))[name], where)
        return
    first, nobody = 1, pl.Series(name, [], dtype=sent.kind)
    for frame in _whole(frames, name):
        is_named = frame.select(named(name, sent.kind).is_not_null()).to_series()
        rows = frame.filter(is_named).with_columns((pl.col(name).rank("dense") + (first - 1)).alias(ROW))
        if rows.height:
            yield FactRows(rows.lazy(), sent.columns, sent.asked.as_of, f"{where}, a row a patient")
            first += rows[name].n_unique()
        if not is_named.all():
            named_by = [column for column in sent.columns if column.name == name]
            yield FrameRows(
                (frame.filter(~is_named).select(name),), named_by, sent.kind, lambda _: nobody, where, first
            )
            first += frame.height - rows.height


def _whole(frames: Iterator[pl.DataFrame], name: str) -> Iterator[pl.DataFrame]:
    """Rows in the order of their patients, with all rows of each patient in one frame."""
    held = None
    for frame in frames:
        rows = frame if held is None else pl.concat([held, frame])
        last = rows[name].eq_missing(pl.Series([rows[name][-1]], dtype=rows[name].dtype))
        held = rows.filter(last)
        if held.height < rows.height:
            yield rows.filter(~last)
    if held is not None:
        yield held


def _gathered(
    batches: Iterator[pa.RecordBatch], name: str, kinds: list[pa.DataType], rows: int
) -> Iterator[pl.DataFrame]:
    """Batches joined to some of so many rows at least; ``kinds`` is told the type of the identifier."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        kinds[:] = [batch.schema.field(name).type]
        held.append(batch)
        if sum(one.num_rows for one in held) >= rows:
            yield cast(pl.DataFrame, pl.from_arrow(pa.Table.from_batches(held)))
            held = []
    if held:
        yield cast(pl.DataFrame, pl.from_arrow(pa.Table.from_batches(held)))


def _kind(kind: pl.DataType) -> pa.DataType:
    """The type of a column of the answer as Spark expects it."""
    return pa.list_(pa.string()) if kind == LISTS else pa.string()


class _EachRow(Unreadable):
    """What could not be read, with every reason and every row of it."""

    reasons, rows = sys.maxsize, None


def _texts(told: Mapping[Any, Unread], batch: Batch, first: int) -> list[pl.Series]:
    """For each row, the first by its number, why it cannot be read, or what of it is not understood."""
    noted: dict[int, list[str]] = {}
    for entry in told.values():
        for row, text in entry.examples:
            noted.setdefault(row - first, []).append(f"{entry.column}: {text!r}: {entry.what}")
    found: tuple[list[str | None], list[str | None]] = [None] * batch.bad.size, [None] * batch.bad.size
    for row, texts in noted.items():
        # Several rows of a patient may say the same.
        found[0 if batch.bad[row] else 1][row] = "; ".join(dict.fromkeys(texts))
    return [
        pl.Series(head, cells, dtype=pl.String) for head, cells in zip((LEFT_OUT, NOT_UNDERSTOOD), found, strict=True)
    ]
