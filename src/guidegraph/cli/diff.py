"""The command that compares two versions of what is recommended."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.common import Format, view, working, write
from guidegraph.cli.options import SHIPPED, AsOf, FormatOption, Opener, day, folder_path, guarded
from guidegraph.errors import UsageError

_VERSION = "A file, a folder of knowledge or of a domain, or a document (bmj-2025), with @DATE as it was on that day."


@guarded
def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_VERSION)],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The later version.")],
    profiles: Annotated[
        Path | None,
        typer.Option(
            "--profiles", metavar="FOLDER", parser=folder_path, help="Ask these patients in place of the examples."
        ),
    ] = None,
    patients: Annotated[bool, typer.Option("--patients/--no-patients", help="Tell whose statuses move.")] = True,
    form: FormatOption = Format.table,
    as_of: AsOf = None,
    opened: Opener = SHIPPED,
) -> None:
    """Compare two versions: what was added, ended, turned or moved, and whose statuses that moves.

    Example: guidegraph diff dk-2018 dk-2025
    """
    from guidegraph import render
    from guidegraph.api.versions import diff as compared

    if profiles is not None and not patients:
        raise UsageError("--profiles names patients, and --no-patients asks none", mend="Leave out one of the two.")
    shown = view(
        form,
        {Format.table: render.diff_text, Format.json: render.to_json, Format.markdown: render.diff_markdown},
    )
    when = day(as_of)
    with working("comparing two versions"):
        found = compared(
            old,
            new,
            opened,
            root=opened.folder,
            domains=opened.domains,
            as_of=when,
            patients=patients,
            profiles=profiles,
        )
    write(shown(found))
