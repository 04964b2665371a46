"""Parquet files answered by a cluster into a folder of Parquet files: a task a row group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from guidegraph import assets
from guidegraph.api import KnowledgeBase
from guidegraph.api.cohort import CohortOptions, request
from guidegraph.cohort.asking import Report, Request
from guidegraph.cohort.columns import IGNORED, naming
from guidegraph.cohort.longrows import is_long
from guidegraph.cohort.rows import read_columns
from guidegraph.cohort.tables import open_table, repeated
from guidegraph.errors import RowError, UsageError
from guidegraph.spark import tasks
from guidegraph.spark.kernel import Kernel, kernel
from guidegraph.spark.parts import Folder, Part, manifest, merged, unfinished
from guidegraph.spark.sessions import told

_SUFFIX = ".parquet"


def answer_files(
    kb: KnowledgeBase, source: Path, output: Path, session: SparkSession, options: CohortOptions
) -> Report:
    """Answer for every patient of Parquet files by a cluster, into a folder of Parquet files.

    Until all parts are there they are in a folder beside the output that ends in ``.unfinished``; the same call takes
    it up again and answers what is missing. The rows, in the order of the names of the parts, are those that
    :func:`guidegraph.api.cohort.answer_table` gives.

    Args:
        kb: what is known.
        source: a Parquet file with a row a patient, or a folder of such files, at a path that every machine sees.
        output: the folder to make, likewise.
        session: runs the tasks; not one of Spark Connect.
        options: what is asked.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: a file, a heading, an option or, if strict, a row cannot be used, or the cluster fails.
    """
    if options.get("table"):
        raise UsageError("no DuckDB file", where=str(source), mend="Leave out --table.")
    asked, place = request(kb, options), unfinished(output)
    files = _files(source)
    parts, sent = _parts(files), _kernel(kb, source, files, asked, options)
    if not parts:
        raise UsageError("there is no patient", where=str(source), mend="Give at least one.")
    job = _job(kb, sent, files, parts)
    digest = sha256(json.dumps(job).encode()).hexdigest()
    folder = Folder(place, digest)
    if asked.afresh and folder.is_ours():
        folder.drop()
    folder.begin(job)
    rest = [part for part in parts if folder.report(part) is None]
    if rest:
        _run(session, rest, folder, sent, digest)
    reports = [report for part in parts if (report := folder.report(part)) is not None]
    if len(reports) < len(parts):
        what = f"{len(parts) - len(reports)} of {len(parts)} parts were answered but are not here"
        raise UsageError(what, where=str(place), mend="Name a folder that every machine sees at the same path.")
    whole = merged(parts, reports, len(files) > 1)
    whole.columns = sent.columns
    folder.finish(output.absolute(), manifest(parts, reports, whole, _said(kb, asked)))
    return whole


def _run(session: SparkSession, rest: Sequence[Part], folder: Folder, sent: Kernel, digest: str) -> None:
    """Have parts answered.

    Raises:
        UsageError: some were not.
    """
    place, version = str(folder.path), assets.VERSION
    again = f"What is done stays in {place}: the same call does the rest."
    with told("the job failed", again):
        context = session.sparkContext
        broadcast = context.broadcast(sent)
        # Plain tuples: to read a Part there would load Polars before its threads are settled.
        spread = context.parallelize([tuple(part) for part in rest], len(rest))
        done = spread.flatMap(lambda part: tasks.answer_part(part, place, digest, broadcast, version)).collect()
    faults = sorted(tasks.Fault(*fault) for fault in done)
    for fault in faults:
        if fault.row:
            folder.drop()
            raise RowError(fault.what, where=fault.where, mend=fault.mend)
    for fault in faults:
        raise UsageError(
            f"{len(faults)} of {len(rest)} parts failed, the first since {fault.where}: {fault.what}",
            where=place,
            mend=f"{fault.mend} {again}".strip(),
        )


def _files(source: Path) -> list[Path]:
    """The files of a source, in the order of their names.

    Raises:
        UsageError: there is none.
    """
    source = source.absolute()
    mend = "Name a Parquet file with a row a patient, or a folder of such files."
    if source.is_file():
        if source.suffix.lower() != _SUFFIX:
            raise UsageError(f"unknown ending {source.suffix!r}", where=str(source), mend=mend)
        return [source]
    listed = sorted(source.iterdir()) if source.is_dir() else []
    files = [path for path in listed if path.suffix.lower() == _SUFFIX and not path.name.startswith((".", "_"))]
    if not files:
        raise UsageError("no Parquet file is there", where=str(source), mend=mend)
    return files


def _parts(files: Sequence[Path]) -> list[Part]:
    """A part a row group.

    Raises:
        UsageError: a file cannot be read.
    """
    parts: list[Part] = []
    first = 1
    for path in files:
        try:
            with pq.ParquetFile(path) as file:
                groups = [file.metadata.row_group(at).num_rows for at in range(file.metadata.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            why = str(error).partition("\n")[0][:300]
            raise UsageError(f"the table cannot be used: {why}", where=str(path), mend="Mend it.") from None
        start = 0
        for rows in groups:
            if rows:
                parts.append(Part(len(parts), str(path), start, rows, first + start))
            start += rows
        first += start
    return parts


def _kernel(kb: KnowledgeBase, source: Path, files: Sequence[Path], asked: Request, options: CohortOptions) -> Kernel:
    """What the machines need; every file has the same columns.

    Raises:
        UsageError: one has not, or a heading cannot be used.
    """
    schema, where = open_table(files[0]).collect_schema(), str(files[0])
    for path in files[1:]:
        found = open_table(path).collect_schema()
        for name in (*schema, *found):
            if name not in found or name not in schema:
                lacks, has = (path, files[0]) if name in schema else (files[0], path)
                what = f"no column {name!r}, which {has.name} has"
                raise UsageError(what, where=str(lacks), mend="Give every file the same columns.")
            if schema[name] != found[name]:
                what = f"the column {name!r} is {found[name]}, and {schema[name]} in {files[0].name}"
                raise UsageError(what, where=str(path), mend="Give every file the same columns.")
    meanings = options.get("columns", {})
    if is_long([meanings.get(name, name) for name in schema.names()]):
        mend = "Pivot it to a row a patient, or leave out --engine spark (docs/spark.md)."
        raise UsageError("a row a fact is not answered by Spark", where=where, mend=mend)
    columns = read_columns(schema, kb.vocabulary, meanings, where)
    read, name = [column for column in columns if column.kind != IGNORED], naming(columns)
    # Who stands in two files or row groups is seen by none of the tasks.
    several = repeated(pl.scan_parquet(list(files)), name, schema[name], source)
    return kernel(kb.knowledge, read, schema[name], asked, several)


def _said(kb: KnowledgeBase, asked: Request) -> dict[str, Any]:
    """What a job asks, as JSON has it."""
    return {
        "guidegraph": assets.VERSION,
        "knowledge": kb.knowledge.digest,
        "as_of": asked.as_of.isoformat(),
        "jurisdiction": asked.jurisdiction,
        "voices": sorted(asked.voices),
        "therapies": sorted(asked.therapies),
        "statements": asked.statements,
        "long": asked.long,
        "facts": asked.facts,
        "blocking": asked.blocking,
        "strict": asked.strict,
    }


def _job(kb: KnowledgeBase, sent: Kernel, files: Sequence[Path], parts: Sequence[Part]) -> dict[str, Any]:
    """What a job is: the same job gives the same answers."""
    states = [(path, path.stat()) for path in files]
    return {
        **_said(kb, sent.asked),
        "tables": sent.tables,
        "columns": [(column.name, column.meaning) for column in sent.columns],
        "files": [[str(path), state.st_size, state.st_mtime_ns] for path, state in states],
        "parts": [[part.start, part.rows] for part in parts],
    }
