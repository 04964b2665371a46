"""A long table parted by patients: its rows go, by Spark's own shuffle, to the part that answers for their patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import polars as pl

from guidegraph.cohort.asking import Report
from guidegraph.cohort.columns import naming
from guidegraph.cohort.longrows import READ, ROW, FactRows, places
from guidegraph.cohort.run import write
from guidegraph.cohort.tables import batches, named, told
from guidegraph.errors import UsageError
from guidegraph.spark.kernel import Kernel
from guidegraph.spark.parts import Part, changed, opened

#: Rows of a part, about: so many are held by the task that answers it.
ROWS = 2_000_000
#: Rows, about, whose patients are looked at to say where the patients are parted.
_LOOKED = 10_000_000
_BUCKET = "__part"
#: Some rows of a part: the number of the first, and the rows as Arrow's stream.
Piece = tuple[int, bytes]


def cuts(table: pl.LazyFrame, name: str, kind: pl.DataType, rows: int, source: Path) -> pl.Series:
    """Where the patients are parted in their order, so that parts have about as many rows: the first of each part but
    the first.

    Args:
        table: the rows.
        name, kind: the column that says who a patient is, and its type.
        rows: how many there are.
        source: names the table in messages.

    Raises:
        UsageError: no row names a patient, or the table cannot be read.
    """
    who, number = named(name, kind).alias(name), -(-rows // ROWS)
    for share in (-(-rows // _LOOKED), 1):
        # The same table is parted alike, whoever looks: who is looked at is chosen by a hash, not drawn.
        some = table.select(who).filter(pl.col(name).is_not_null() & (pl.col(name).hash() % share == 0))
        with told(source):
            looked = some.group_by(name).len().sort(name).collect(engine="streaming")
        if looked.height:
            before = looked["len"].cum_sum() - looked["len"]
            part = before * number // looked["len"].sum()
            return looked[name].filter((part != part.shift()).fill_null(False))
    raise UsageError("there is no patient", where=str(source), mend="Give at least one.")


def sorted_out(group: Part, sent: Kernel, cuts: pl.Series, wanted: Mapping[int, int]) -> Iterator[tuple[int, Piece]]:
    """The rows of a row group by the part that answers for their patient.

    Args:
        group: the row group.
        sent: what the columns are.
        cuts: where the patients are parted (:func:`cuts`).
        wanted: the number under which a part goes; others are not answered.

    Raises:
        UsageError: the rows cannot be read, or are no longer there.
    """
    name, first, path = naming(sent.columns), group.first, Path(group.path)
    for frame in batches(opened(group, sent), path, READ):
        rows = frame.with_row_index(ROW, first)
        who = rows.select(named(name, sent.kind).alias(name))[name]
        part = pl.Series(_BUCKET, places(who, cuts, side="right"))
        first += rows.height
        for (number,), some in rows.with_columns(part).partition_by(_BUCKET, as_dict=True, include_key=False).items():
            if number in wanted:
                written = BytesIO()
                some.write_ipc_stream(written, compression="lz4")
                yield wanted[number], (some[ROW][0], written.getvalue())
    if first != group.first + group.rows:
        raise changed(path)


def answered(part: Part, pieces: Iterable[Piece], sent: Kernel, place: Path) -> Report:
    """Answer for the patients of a part into a file, which is written whole or not at all.

    Args:
        part: whose path is the table.
        pieces: all rows of the patients, in any order.
        sent: the kernel.
        place: the file.

    Raises:
        KnowledgeError: this machine has other tables of codes.
        UsageError: there are no rows any more, or the file cannot be written.
    """
    frames = [pl.read_ipc_stream(BytesIO(written)) for _, written in sorted(pieces)]
    if not frames:
        raise changed(Path(part.path))
    rows = FactRows(pl.concat(frames).lazy(), sent.columns, sent.asked.as_of, part.path)
    return write(sent.question, rows, place)
