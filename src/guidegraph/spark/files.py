"""Parquet files answered by a cluster into a folder of Parquet files: a task a row group."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from guidegraph import assets
from guidegraph.api import KnowledgeBase
from guidegraph.api.cohort import CohortOptions, no_problem, request
from guidegraph.cohort.asking import Report, Request
from guidegraph.cohort.columns import IGNORED, naming
from guidegraph.cohort.longrows import is_long, long_columns
from guidegraph.cohort.rows import read_columns
from guidegraph.cohort.tables import open_table, repeated
from guidegraph.errors import RowError, UsageError
from guidegraph.spark import parting, tasks
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
        source: a Parquet file with a row a patient or a fact, or a folder of such files, at a path that every machine
            sees.
        output: the folder to make, likewise.
        session: runs the tasks; not one of Spark Connect.
        options: what is asked.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: a file, a heading, an option or, if strict, a row cannot be used, or the cluster fails.
    """
    if options.get("table"):
        raise UsageError("no DuckDB file", where=str(source), mend="Leave out --table.")
    no_problem(options, str(source))
    asked, place = request(kb, options), unfinished(output)
    files = _files(source)
    groups, sent = _groups(files), _kernel(kb, source, files, asked, options)
    if not groups:
        raise UsageError("there is no patient", where=str(source), mend="Give at least one.")
    parts, cuts = groups, None
    if sent.of_facts:
        rows = sum(group.rows for group in groups)
        cuts = parting.cuts(pl.scan_parquet(list(files)), naming(sent.columns), sent.kind, rows, source)
        parts = [Part(number, str(source), 0, 0, 1) for number in range(len(cuts) + 1)]
    job = _job(kb, sent, files, groups, cuts)
    digest = sha256(json.dumps(job).encode()).hexdigest()
    folder = Folder(place, digest)
    if asked.afresh and folder.is_ours():
        folder.drop()
    folder.begin(job)
    rest = [part for part in parts if folder.report(part) is None]
    if rest:
        _run(session, _Rest(rest, groups, cuts), folder, sent, digest)
    reports = [report for part in parts if (report := folder.report(part)) is not None]
    if len(reports) < len(parts):
        what = f"{len(parts) - len(reports)} of {len(parts)} parts were answered but are not here"
        raise UsageError(what, where=str(place), mend="Name a folder that every machine sees at the same path.")
    names = [(group.first, Path(group.path).name) for group in groups if group.start == 0]
    whole = merged(parts, reports, names if len(files) > 1 else ())
    whole.columns = sent.columns
    folder.finish(output.absolute(), manifest(parts, reports, whole, _said(kb, asked)))
    return whole


class _Rest(NamedTuple):
    """What is yet to be answered: parts; and for a long table the row groups that have their rows, and where the
    patients are parted."""

    parts: Sequence[Part]
    groups: Sequence[Part]
    cuts: pl.Series | None


def _run(session: SparkSession, rest: _Rest, folder: Folder, sent: Kernel, digest: str) -> None:
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
        parts, groups = ([tuple(part) for part in some] for some in (rest.parts, rest.groups))
        if rest.cuts is None:
            spread = context.parallelize(parts, len(parts))
            done = spread.flatMap(lambda part: tasks.answer_part(part, place, digest, broadcast, version)).collect()
        else:
            cuts, wanted = context.broadcast(rest.cuts), {part.number: at for at, part in enumerate(rest.parts)}
            sorted_out = context.parallelize(groups, len(groups)).flatMap(
                lambda group: tasks.sort_out(group, broadcast, cuts, wanted, version)
            )
            together = sorted_out.partitionBy(len(parts), lambda at: at).mapPartitionsWithIndex(
                lambda at, some: tasks.answer_part(parts[at], place, digest, broadcast, version, (p for _, p in some))
            )
            done = together.collect()
    faults = sorted(tasks.Fault(*fault) for fault in done)
    for fault in faults:
        if fault.row:
            folder.drop()
            raise RowError(fault.what, where=fault.where, mend=fault.mend)
    for fault in faults:
        raise UsageError(
            f"{len(faults)} of {len(rest.parts)} parts failed, the first since {fault.where}: {fault.what}",
            where=place,
            mend=f"{fault.mend} {again}".strip(),
        )


def _files(source: Path) -> list[Path]:
    """The files of a source, in the order of their names.

    Raises:
        UsageError: there is none.
    """
    source = source.absolute()
    mend = "Name a Parquet file, or a folder of such files."
    if source.is_file():
        if source.suffix.lower() != _SUFFIX:
            raise UsageError(f"unknown ending {source.suffix!r}", where=str(source), mend=mend)
        return [source]
    listed = sorted(source.iterdir()) if source.is_dir() else []
    files = [path for path in listed if path.suffix.lower() == _SUFFIX and not path.name.startswith((".", "_"))]
    if not files:
        raise UsageError("no Parquet file is there", where=str(source), mend=mend)
    return files


def _groups(files: Sequence[Path]) -> list[Part]:
    """The row groups.

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
        facts = long_columns(schema, meanings, where)
        return kernel(kb.knowledge, facts, schema[naming(facts)], asked)
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


def _job(
    kb: KnowledgeBase, sent: Kernel, files: Sequence[Path], groups: Sequence[Part], cuts: pl.Series | None
) -> dict[str, Any]:
    """What a job is: the same job gives the same answers."""
    states = [(path, path.stat()) for path in files]
    return {
        **_said(kb, sent.asked),
        "tables": sent.tables,
        "columns": [(column.name, column.meaning) for column in sent.columns],
        "files": [[str(path), state.st_size, state.st_mtime_ns] for path, state in states],
        "parts": [[group.start, group.rows] for group in groups],
        "cuts": cuts.cast(pl.String).to_list() if cuts is not None else [],
    }
