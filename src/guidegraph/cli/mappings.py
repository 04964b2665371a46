"""Commands about mapping tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli import link
from guidegraph.cli.check import ReportFormat, ReportOption
from guidegraph.cli.common import FAILED, INCOMPLETE, Knowledge, guarded, working, write

app = typer.Typer(
    no_args_is_help=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Mapping tables: their coverage, their check, their conflicts.",
)


@app.callback()
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        guarded(list_mappings)(None, ReportFormat.table)


def list_mappings(knowledge: Knowledge = None, form: ReportOption = ReportFormat.table) -> None:
    """Which of our terms each table maps, by kind and predicate, and how many stand in two tables or more.

    Example: guidegraph mappings list
    """
    import guidegraph as gg
    from guidegraph.knowledge.mappings import coverage
    from guidegraph.render import to_json
    from guidegraph.render.mappings import coverage_text

    found = coverage(gg.open(knowledge).knowledge)
    write(to_json(found) if form is ReportFormat.json else coverage_text(found))


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="SSSOM tables; default those that are shipped.")
    ] = None,
    offline_ok: Annotated[
        bool, typer.Option("--offline-ok", help="Rows whose package is not installed are counted, and are no failure.")
    ] = False,
    knowledge: Knowledge = None,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check each row of the mapping tables against the installed packages: code, label, obsolete, kind, predicate.

    Exit code 1 if a row is wrong, 3 if rows could not be checked since a package is not installed.

    Example: guidegraph mappings check ontology/links/atc.sssom.tsv
    """
    import guidegraph as gg
    from guidegraph.knowledge.mappings import check_mappings
    from guidegraph.render import to_json
    from guidegraph.render.mappings import check_text

    with working("checking mappings"):
        report = check_mappings(gg.open(knowledge).knowledge, files or ())
    told = report.to_dict()
    write(to_json(told) if form is ReportFormat.json else check_text(told))
    if report.errors:
        raise typer.Exit(FAILED)
    if report.unchecked and not offline_ok:
        raise typer.Exit(INCOMPLETE)


app.command("list")(guarded(list_mappings))
app.command("check")(guarded(check))
app.command("conflicts")(guarded(link.conflicts))
