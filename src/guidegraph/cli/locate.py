"""The command that finds a passage in a document."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.common import FAILED, write
from guidegraph.cli.options import guarded
from guidegraph.errors import UsageError


class LocationFormat(StrEnum):
    """Forms of a place."""

    table = "table"
    json = "json"
    csv = "csv"


@guarded
def locate(
    document: Annotated[
        Path, typer.Argument(metavar="DOCUMENT", help="The document: plain text, Markdown, HTML or PDF.")
    ],
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS...", help="Words of the passage, between quotation marks; several passages."),
    ],
    occurrence: Annotated[
        int | None, typer.Option("--occurrence", metavar="N", help="Which one, where the words stand several times.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The whole line or entry of a list that the words stand in.")
    ] = False,
    text: Annotated[
        Path | None,
        typer.Option("--text", metavar="FILE", help="Write the text that the offsets count in to this file."),
    ] = None,
    form: Annotated[LocationFormat, typer.Option("--format", "-f", help="Form of the place.")] = LocationFormat.table,
) -> None:
    """Find the words of a passage: heading path, item, offsets and digest, as a row of the section places.

    White space, hyphens at ends of lines, quotation marks and capitals are no difference. Exit code 1 where the words
    stand several times and none is chosen.

    Several passages come out one below the other, in the order given; as CSV a row each.

    Example: guidegraph locate guideline.pdf "should be offered to adults"
    """
    from guidegraph.authoring.locating import locate as find
    from guidegraph.authoring.locating import places_csv
    from guidegraph.render import to_json
    from guidegraph.render.reports import location_text
    from guidegraph.validate.texts import read_document

    if occurrence is not None and len(words) > 1:
        raise UsageError("--occurrence is of one passage", mend="Ask for that passage alone.")
    found = [find(document, one, occurrence=occurrence, whole=whole) for one in words]
    if text is not None:
        write(read_document(document).text, text)
    if form is LocationFormat.csv:
        write(places_csv(*found))
    elif form is LocationFormat.json:
        rows = [one.to_dict() for one in found]
        write(to_json(rows[0] if len(rows) == 1 else rows))
    else:
        write("\n".join(location_text(one.to_dict()) for one in found))
    if any(len(one.places) > 1 for one in found):
        raise typer.Exit(FAILED)
