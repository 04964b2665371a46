"""The command that looks a term or a code up."""

from __future__ import annotations

from typing import Annotated

import typer

from guidegraph import api
from guidegraph.cli.common import FAILED, Format, FormatOption, Knowledge, view, write


def lookup(
    text: Annotated[
        str, typer.Argument(metavar="TERM|CODE", help="A label, synonym, CURIE or IRI, or a code such as ATC:M01AE01.")
    ],
    form: FormatOption = Format.table,
    knowledge: Knowledge = None,
) -> None:
    """What a term or code means here: definition, mappings, and what is recommended or warned of with it.

    Exit code 1: a code that is not understood.

    Example: guidegraph lookup ATC:M01AE01
    """
    from guidegraph.render import to_json
    from guidegraph.render.lookup import lookup_text

    shown = view(form, {Format.table: lookup_text, Format.json: to_json})
    found = api.open_knowledge(knowledge).lookup(text)
    write(shown(found))
    if found["reading"] is not None and not found["reading"]["understood"]:
        raise typer.Exit(FAILED)
