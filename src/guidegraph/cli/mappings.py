"""Commands about mapping tables."""

from __future__ import annotations

import typer

from guidegraph.cli import link
from guidegraph.cli.common import guarded

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Mapping tables: their conflicts.")
app.command("conflicts")(guarded(link.conflicts))
