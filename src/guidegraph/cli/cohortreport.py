"""The command that reports on a cohort, beside those of :mod:`guidegraph.cli.cohort`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidegraph.cli.cohort import PATIENTS, ColumnsFile, Table, Therapies, app, meanings_in, needed, progress_shown
from guidegraph.cli.common import write
from guidegraph.cli.options import (
    SHIPPED,
    AsOf,
    Jurisdiction,
    Only,
    Opener,
    Output,
    Problem,
    Standing,
    day,
    folder_path,
    guarded,
)
from guidegraph.errors import UsageError
from guidegraph.files import write_files

if TYPE_CHECKING:
    from guidegraph.api.cohortreport import Change
    from guidegraph.cohort.forms import ReportForm

__all__ = ["app", "report"]


@app.command("report")
@guarded
def report(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            parser=folder_path,
            help=f"{PATIENTS} Or the answers that `guidegraph cohort` wrote for them.",
        ),
    ],
    output: Output = None,
    tables: Annotated[
        Path | None,
        typer.Option(
            "--tables", metavar="FOLDER", parser=folder_path, help="Write each table as CSV into this folder, too."
        ),
    ] = None,
    show_small: Annotated[
        bool, typer.Option("--show-small", help="Tell counts as they are, those of 1 to 4 as well.")
    ] = False,
    versus: Annotated[
        str | None,
        typer.Option("--versus", metavar="DATE", help="Also what moves from --as-of (default today) to this day."),
    ] = None,
    versus_knowledge: Annotated[
        Path | None,
        typer.Option(
            "--versus-knowledge",
            metavar="FOLDER",
            parser=folder_path,
            help="Also what moves from the knowledge that is asked to the one in this folder.",
        ),
    ] = None,
    therapy: Therapies = None,
    columns: ColumnsFile = None,
    table: Table = "",
    jurisdiction: Jurisdiction = None,
    standing: Standing = None,
    only: Only = None,
    problem: Problem = None,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Report on a cohort: who is recommended what, what should be recorded, whom controversies and changes concern.

    The form follows the ending of the output: .html, .md or .json; standard output is Markdown.

    Example: guidegraph cohort report patients.parquet -o report.html
    """
    shown, when, then = _form(output), day(as_of), day(versus, "--versus")
    if tables is not None and not tables.is_dir():
        raise UsageError("there is no such folder", where=str(tables), mend="Make it, or name another.")
    meanings = meanings_in(columns)
    kb = opened()
    with needed(), progress_shown(source) as progress:
        from guidegraph.api.cohortreport import Change, cohort_report

        change: Change | None = None
        if then is not None or versus_knowledge is not None:
            other = Opener(versus_knowledge, opened.domains, opened.extra)() if versus_knowledge is not None else None
            change = Change(other, then)
        data = cohort_report(
            kb,
            source,
            progress,
            change=change,
            show_small=show_small,
            as_of=when,
            jurisdiction=jurisdiction,
            standing=standing,
            only=only,
            problem=problem,
            columns=meanings,
            table=table,
            therapies=therapy or (),
        )
    _write(data, shown, source, output, tables)


def _form(output: Path | None) -> Callable[[Any], str]:
    """The form that a file's ending asks for.

    Raises:
        UsageError: there is none of that ending.
    """
    from guidegraph import render

    forms = {".html": render.cohort_html, ".md": render.cohort_markdown, ".json": render.to_json}
    if output is None:
        return render.cohort_markdown
    if output.suffix.lower() not in forms:
        mend = f"End it in {', '.join(forms)}; --tables writes CSV."
        raise UsageError(f"unknown ending {output.suffix!r}", where=str(output), mend=mend)
    return forms[output.suffix.lower()]


def _write(
    data: ReportForm, shown: Callable[[Any], str], source: Path, output: Path | None, tables: Path | None
) -> None:
    """Write the report and its tables, all of them or none.

    Raises:
        UsageError: one of them would replace the source, or cannot be written.
    """
    from guidegraph.files import kept
    from guidegraph.render import cohort_csv

    files: dict[Path, str | bytes] = {}
    if tables is not None:
        files = {tables / name: text for name, text in cohort_csv(data).items()}
    if output is not None:
        files[output] = shown(data)
    for path in files:
        kept(source, path)
    if files:
        write_files(files)
        typer.echo(f"wrote {', '.join(str(path) for path in files)}", err=True)
    if output is None:
        write(shown(data))
