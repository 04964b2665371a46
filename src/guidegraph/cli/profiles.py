"""Commands about patient profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidegraph import api, assets
from guidegraph.cli.common import Knowledge, guarded, write
from guidegraph.errors import UsageError
from guidegraph.profile import template

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Patient profiles: a template, the examples.")


@app.command("new")
@guarded
def new(
    output: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write it; standard output if left out.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    knowledge: Knowledge = None,
) -> None:
    """A commented template of a profile.

    Example: guidegraph profile new patient.yaml
    """
    if output is not None and output.exists() and not force:
        raise UsageError("the file exists", where=str(output), mend="Name another file, or add --force.")
    write(template(api.open_knowledge(knowledge).vocabulary), output)


@app.command("list")
@guarded
def examples() -> None:
    """The names of the example profiles that ship.

    Example: guidegraph profile list
    """
    for path in assets.files("graph", "profiles/*.yaml"):
        first = next((line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("label:")), "")
        typer.echo(f"example:{path.stem:26} {first.removeprefix('label:').strip()}")
