"""The command that finds a passage in a document."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.common import FAILED, write
from guidegraph.cli.options import guarded


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
    words: Annotated[str, typer.Argument(metavar="WORDS", help="Words of the passage, between quotation marks.")],
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

    Example: guidegraph locate guideline.pdf "should be offered to adults"
    """
    from guidegraph.authoring.locating import locate as find
    from guidegraph.authoring.locating import places_csv
    from guidegraph.render import to_json
    from guidegraph.render.reports import location_text
    from guidegraph.validate.texts import read_document

    found = find(document, words, occurrence=occurrence, whole=whole)
    if text is not None:
        write(read_document(document).text, text)
    if form is LocationFormat.csv:
        write(places_csv(found))
    else:
        write(to_json(found.to_dict()) if form is LocationFormat.json else location_text(found.to_dict()))
    if len(found.places) > 1:
        raise typer.Exit(FAILED)
