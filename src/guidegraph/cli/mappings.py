"""Commands about terms and codes: what one means here, and the tables that map them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli import link
from guidegraph.cli.common import FAILED, INCOMPLETE, Format, ReportFormat, view, working, write, write_report
from guidegraph.cli.options import SHIPPED, FormatOption, Opener, ReportOption, guarded

app = typer.Typer(
    no_args_is_help=False,
    invoke_without_command=True,
    rich_markup_mode=None,
    help="Mapping tables: their coverage, their check, their conflicts.",
)


@guarded
def lookup(
    text: Annotated[
        str, typer.Argument(metavar="TERM|CODE", help="A label, synonym, CURIE or IRI, or a code such as ATC:M01AE01.")
    ],
    form: FormatOption = Format.table,
    opened: Opener = SHIPPED,
) -> None:
    """What a term or code means here: definition, mappings, and what is recommended or warned of with it.

    Exit code 1: a code that is not understood.

    Example: guidegraph lookup ATC:M01AE01
    """
    from guidegraph.render import to_json
    from guidegraph.render.lookup import lookup_text

    shown = view(form, {Format.table: lookup_text, Format.json: to_json})
    found = opened().lookup(text)
    write(shown(found))
    reading = found["reading"]
    if reading is not None and not (reading["understood"] or reading["another"]):
        raise typer.Exit(FAILED)


@app.callback()
def _default(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        guarded(list_mappings)()


def list_mappings(opened: Opener = SHIPPED, form: ReportOption = ReportFormat.table) -> None:
    """Which of our terms each table maps, by kind and predicate, and how many stand in two tables or more.

    Example: guidegraph mappings list
    """
    from guidegraph.knowledge.mappings import coverage
    from guidegraph.render.mappings import coverage_text

    write_report(form, coverage(opened().knowledge), coverage_text)


def check(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE...]", help="SSSOM tables; default those that are shipped.")
    ] = None,
    offline_ok: Annotated[
        bool, typer.Option("--offline-ok", help="Rows whose package is not installed are counted, and are no failure.")
    ] = False,
    opened: Opener = SHIPPED,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Check each row of the mapping tables against the installed packages: code, label, obsolete, kind, predicate.

    Exit code 1 if a row is wrong, 3 if rows could not be checked since a package is not installed.

    Example: guidegraph mappings check ontology/links/atc.sssom.tsv
    """
    from guidegraph.knowledge.mappings import check_mappings
    from guidegraph.render.mappings import check_text

    with working("checking mappings"):
        report = check_mappings(opened().knowledge, files or ())
    write_report(form, report.to_dict(), check_text)
    if report.errors:
        raise typer.Exit(FAILED)
    if report.unchecked and not offline_ok:
        raise typer.Exit(INCOMPLETE)


app.command("list")(guarded(list_mappings))
app.command("check")(guarded(check))
app.command("conflicts")(guarded(link.conflicts))
