"""The commands of guidegraph."""

from __future__ import annotations

from typing import Annotated

import typer

from guidegraph.cli import (
    audit,
    check,
    disagree,
    export,
    intake,
    link,
    mappings,
    patient,
    query,
    stores,
)
from guidegraph.cli.common import guarded

app = typer.Typer(
    name="guidegraph",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="A knowledge graph of clinical guideline recommendations: which therapies are eligible for a patient, "
    "which are not and why, and what to find out next. Decision support for professionals, not advice.",
)


def _version(value: bool) -> None:
    if value:
        from guidegraph.api import software

        typer.echo(software())
        raise typer.Exit()


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


for command in (
    patient.therapies,
    patient.explain,
    patient.ask,
    patient.plan,
    patient.timeline,
    patient.replay,
):
    app.command()(guarded(command))
app.command()(guarded(disagree.disagreements))
app.command()(guarded(disagree.compare))
app.command()(guarded(disagree.matrix))
app.command()(guarded(disagree.changes))
app.command()(guarded(query.query))
app.command()(guarded(query.queries))
app.command()(guarded(query.interactions))
app.command()(guarded(mappings.lookup))
app.command()(guarded(check.validate))
app.command("check")(guarded(check.check))
app.command("verify-document")(guarded(check.verify_document))
app.command("audit")(guarded(audit.audit))
app.command("trace")(guarded(audit.trace))
app.command("link")(guarded(link.link))
app.add_typer(mappings.app, name="mappings")
app.command("push")(guarded(stores.push))
app.command("pull")(guarded(stores.pull))
app.add_typer(export.app, name="export")
app.add_typer(export.nanopubs, name="nanopub")
app.add_typer(intake.app, name="profile")


def main() -> None:
    """Run the command line."""
    app()
