"""Commands about patient profiles."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidegraph import assets
from guidegraph.cli.common import SHIPPED, Opener, file_path, guarded, write
from guidegraph.errors import UsageError
from guidegraph.namespaces import shorten
from guidegraph.profile import template

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Patient profiles: a template, the examples.")


@app.command("new")
@guarded
def new(
    output: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", parser=file_path, help="Where to write it; standard output if left out."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
    opened: Opener = SHIPPED,
) -> None:
    """A commented template of a profile.

    Example: guidegraph profile new patient.yaml
    """
    if output is not None and output.exists() and not force:
        raise UsageError("the file exists", where=str(output), mend="Name another file, or add --force.")
    write(template(opened().vocabulary), output)


@app.command("list")
@guarded
def examples() -> None:
    """The names of the example profiles that ship.

    Example: guidegraph profile list
    """
    for path in assets.files("graph", "profiles/*.yaml"):
        first = next((line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("label:")), "")
        typer.echo(f"example:{path.stem:26} {first.removeprefix('label:').strip()}")


@app.command("terms")
@guarded
def terms(
    text: Annotated[str, typer.Argument(metavar="[TEXT]", help="Only terms with this text in a name.")] = "",
    opened: Opener = SHIPPED,
) -> None:
    """The terms that a profile may name, with their synonyms.

    Example: guidegraph profile terms pain
    """
    wanted = text.casefold()
    rows = [
        row
        for row in opened().vocabulary.of_kind("condition", "finding", "intervention", "outcome")
        if any(wanted in name.casefold() for name in row.names)
    ]
    if not rows:
        raise UsageError(f"no term has {text[:60]!r} in its names", mend="Try a part of the word.")
    lines = [
        f"{row.label} ({row.kind}, {shorten(row.iri)})" + "".join(f"\n    {n}" for n in row.names[1:]) for row in rows
    ]
    write("\n".join(lines))
