"""Commands about many patients: a table of them answered as a table, and what its columns mean."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from guidegraph.cli.common import terminal, write
from guidegraph.cli.options import (
    SHIPPED,
    Jurisdiction,
    Only,
    Opener,
    Output,
    Problem,
    Standing,
    day,
    file_path,
    folder_path,
    guarded,
)
from guidegraph.errors import UsageError
from guidegraph.files import read_text

if TYPE_CHECKING:
    from guidegraph.api.cohort import CohortOptions
    from guidegraph.cohort.asking import Report

_MAPPING_BYTES = 1_000_000


class Engine(StrEnum):
    """Where patients are answered."""

    embedded = "embedded"
    spark = "spark"


class _OrAnswer(TyperGroup):
    """Takes what is no command of the group for the table that is to be answered."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the command that was left out."""
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["answer", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_OrAnswer,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Many patients at once: guidegraph cohort PATIENTS -o OUT.parquet answers for a table of them.",
)

PATIENTS = (
    "A table with a row a patient or a fact (.parquet, .csv, .tsv, .duckdb), a folder of FHIR Bundles or of a bulk "
    "export, or an OMOP CDM."
)
Table = Annotated[
    str, typer.Option("--table", metavar="NAME", help="The table or view of a DuckDB file; needed if it has several.")
]

ColumnsFile = Annotated[
    Path | None,
    typer.Option(
        "--columns",
        metavar="FILE",
        parser=file_path,
        help="What columns mean whose headings do not say it, as `guidegraph cohort columns` proposes it.",
    ),
]
Therapies = Annotated[
    list[str] | None, typer.Option("--therapy", metavar="X", help="Only this therapy; may be repeated.")
]


@contextmanager
def needed() -> Iterator[None]:
    """Say what to install where the libraries of columns are missing."""
    # One part of a table is read ahead, not as many as there are cores for: this bounds what memory a run takes.
    os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{error.name} is not installed", mend="Install what cohorts need: pip install 'guidegraph[cohort]'"
        ) from error


def _answers(text: str) -> Path:
    """The file of answers; a cluster makes a folder, which has no ending of its own."""
    return (file_path if text.rstrip("/").endswith(".parquet") else folder_path)(text)


@app.command("answer", hidden=True)
@guarded
def answer(
    patients: Annotated[Path, typer.Argument(metavar="PATIENTS", parser=folder_path, help=PATIENTS)],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", parser=_answers, help="The Parquet file to write; with Spark a folder."
        ),
    ],
    columns: ColumnsFile = None,
    table: Table = "",
    therapy: Therapies = None,
    statements: Annotated[
        bool, typer.Option("--statements", help="Also the truth of every statement for each patient.")
    ] = False,
    facts: Annotated[
        bool, typer.Option("--facts", help="Also what is understood of each patient, with what follows from it.")
    ] = False,
    blocking: Annotated[
        bool, typer.Option("--blocking", help="Also the unknown facts that keep therapies open, with --long of each.")
    ] = False,
    long: Annotated[bool, typer.Option("--long", help="A row a patient and therapy, not a column a therapy.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first row that cannot be read; else it is told and left out.")
    ] = False,
    afresh: Annotated[
        bool, typer.Option("--afresh", help="Start anew, even where an earlier run of the same was cut short.")
    ] = False,
    jurisdiction: Jurisdiction = None,
    standing: Standing = None,
    only: Only = None,
    problem: Problem = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Count what was in effect on this day; default today.")
    ] = None,
    engine: Annotated[
        Engine, typer.Option("--engine", help="embedded: this machine; spark: a cluster (docs/spark.md).")
    ] = Engine.embedded,
    master: Annotated[
        str | None,
        typer.Option("--master", metavar="URL", help="The address of the cluster, such as spark://HOST:7077."),
    ] = None,
    conf: Annotated[
        list[str] | None, typer.Option("--conf", metavar="NAME=VALUE", help="A setting of Spark; may be repeated.")
    ] = None,
    opened: Opener = SHIPPED,
) -> None:
    """Answer for every patient of a table: the status of each therapy, in a Parquet file.

    Example: guidegraph cohort patients.parquet -o statuses.parquet
    """
    if engine is Engine.embedded and (master or conf):
        raise UsageError("--master and --conf are for Spark", mend="Add --engine spark, or leave them out.")
    settings = _settings(conf or ())
    asked: CohortOptions = {
        "as_of": day(as_of),
        "jurisdiction": jurisdiction,
        "standing": standing,
        "only": only,
        "problem": problem,
        "columns": meanings_in(columns),
        "table": table,
        "therapies": therapy or (),
        "statements": statements,
        "facts": facts,
        "blocking": blocking,
        "long": long,
        "strict": strict,
        "afresh": afresh,
    }
    if engine is Engine.spark:
        report = _by_spark(opened, patients, output, master, settings, asked)
    else:
        report = _embedded(opened, patients, output, asked)
    typer.echo(_told(report, output), err=True)


def _embedded(opened: Opener, patients: Path, output: Path, asked: CohortOptions) -> Report:
    kb = opened()
    with needed(), progress_shown(patients) as progress:
        from guidegraph.api.cohort import answer_records, answer_table, is_records

        answered = answer_records if is_records(patients, asked["table"]) else answer_table
        return answered(kb, patients, output, progress, **asked)


def _by_spark(
    opened: Opener, patients: Path, output: Path, master: str | None, conf: Mapping[str, str], asked: CohortOptions
) -> Report:
    from guidegraph.spark import needed, session

    with needed():
        from guidegraph.spark.files import answer_files
    with session(master, conf, terminal()) as spark:
        return answer_files(opened(), patients, output, spark, asked)


def _settings(given: Sequence[str]) -> dict[str, str]:
    """Settings of Spark by name.

    Raises:
        UsageError: one is no NAME=VALUE.
    """
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name.strip() and equals):
            raise UsageError(f"{name!r} is no NAME=VALUE", where="--conf", mend="Write spark.executor.memory=4g.")
    return {name.strip(): value for name, _, value in pairs}


@app.command("columns")
@guarded
def proposed(
    patients: Annotated[Path, typer.Argument(metavar="PATIENTS", parser=folder_path, help=PATIENTS)],
    table: Table = "",
    output: Output = None,
    opened: Opener = SHIPPED,
) -> None:
    """What the columns of a table are read as, as a file for --columns to be corrected.

    Example: guidegraph cohort columns patients.csv -o columns.yaml
    """
    with needed():
        from guidegraph.api.cohort import proposed_columns

        long, rows = proposed_columns(opened(), patients, table)
    write(_yaml(long, rows), output)


def _yaml(long: bool, rows: list[tuple[str, str, str]]) -> str:
    """A mapping of columns, with the reason where one means nothing."""
    import json

    lines = ["# What each column means, in the words of a heading; ignore: nothing."]
    if long:
        lines = ["# A long table, with a row a fact: what each column of it is; ignore: nothing."]
    if all(meaning != "patient" for _, meaning, _ in rows):
        lines.append('# No column names the patient: write "patient" for the one that does.')
    for name, meaning, why in rows:
        lines += [f"# {' '.join(why.split())}"] if why else []
        lines.append(f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(meaning, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def meanings_in(path: Path | None) -> dict[str, str]:
    """The mapping of columns in a file.

    Raises:
        UsageError: it cannot be read, or is no mapping of names to texts.
    """
    if path is None:
        return {}
    from guidegraph.profile.strict import PROFILE, Mapping, Scalar, read_yaml

    mend = 'Write a line NAME: "meaning" for each column, as guidegraph cohort columns proposes.'
    limits = PROFILE._replace(what="mapping of columns", new=mend)
    value = read_yaml(read_text(path, _MAPPING_BYTES), str(path), limits)
    if not isinstance(value, Mapping):
        raise UsageError("a mapping of columns is lines of names and meanings", where=str(path), mend=mend)
    found = {}
    for key, item in value.items:
        if not isinstance(item, Scalar):
            raise UsageError(f"what {key.text!r} means is no text", where=item.where, mend=mend)
        found[key.text] = item.text
    return found


@contextmanager
def progress_shown(patients: Path) -> Iterator[Callable[[int], None]]:
    """The patients that are done and how long the rest takes, on a terminal; nothing in a pipe."""
    if not terminal():
        yield lambda rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from guidegraph.api.cohort import expected

    total = expected(patients)
    shown = TextColumn("{task.completed:,.0f} patients")
    columns = (shown, BarColumn(), TimeRemainingColumn()) if total else (shown,)
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda rows: bar.update(task, completed=rows)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _told(report: Report, output: Path) -> str:
    """What became of the table, in lines."""
    lines = [f"{_counted(report.patients, 'patient')} in {output}"]
    if report.resumed:
        lines.append(f"{report.resumed:,} of them were answered by an earlier run, which was cut short")
    if report.contradicted:
        said = "contradicts itself" if report.contradicted == 1 else "contradict themselves"
        lines.append(f"{report.contradicted:,} {said} (column contradiction), without a status")
    if report.left_out:
        why = "of whom a row cannot be read" if report.unit == "patient" else "which cannot be read"
        lines.append(f"{_counted(report.left_out, report.unit)} left out, {why}")
    for unread in report.unread:
        shown = ", ".join(f"{text!r} in {report.place(row)}" for row, text in unread.examples)
        told = f" ({shown})" if shown else ""
        lines.append(f"column {unread.column}: {unread.count:,} x {unread.what}{told}")
    return "\n".join(lines)
