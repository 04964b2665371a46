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
from guidegraph.cohort.outputs import BLOCKING, FACTS
from guidegraph.cohort.rows import Batch, FrameRows
from guidegraph.cohort.run import Work
from guidegraph.cohort.tables import BATCH
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
    gathered = _gathered(batches, name, kinds)
    rows = FrameRows(gathered, sent.columns, sent.kind, lambda frame: frame.filter(pl.col(SEVERAL))[name], where)
    rows.unread = told
    decides = sent.question
    work = Work(decides, rows)
    for batch in rows.batches(decides.criteria, decides.vocabulary):
        answer = work.answer(batch).select(work.decoded)
        spelt = [head for head in work.coded if head not in (name, FACTS, BLOCKING)]
        answer = answer.with_columns(pl.col(spelt).cast(pl.String), *_texts(told, batch, first))
        told.clear()
        first += len(batch.identifiers)
        schema = pa.schema([(head, kinds[0] if head == name else _kind(kind)) for head, kind in answer.schema.items()])
        yield from answer.to_arrow().cast(schema).to_batches()


def _gathered(batches: Iterator[pa.RecordBatch], name: str, kinds: list[pa.DataType]) -> Iterator[pl.DataFrame]:
    """Batches joined to some that are worth a step on planes; ``kinds`` is told the type of the identifier."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        kinds[:] = [batch.schema.field(name).type]
        held.append(batch)
        if sum(one.num_rows for one in held) >= BATCH:
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
        found[0 if batch.bad[row] else 1][row] = "; ".join(texts)
    return [
        pl.Series(head, cells, dtype=pl.String) for head, cells in zip((LEFT_OUT, NOT_UNDERSTOOD), found, strict=True)
    ]
