"""Commands that run SPARQL."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from guidegraph import api
from guidegraph.cli.common import SHIPPED, Opener, write
from guidegraph.errors import QueryError, UsageError
from guidegraph.files import read_text
from guidegraph.model import Parameter

#: Bytes of a query that are read; the guard allows less.
_LARGEST = 4_000_000


class ResultFormat(StrEnum):
    """Forms of a query's result."""

    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    turtle = "turtle"


def _read(source: str) -> tuple[str, tuple[Parameter, ...] | None, str]:
    """The text of a query, its declared parameters and what no row means: by name, from a file, or standard input."""
    from guidegraph.query import catalogue

    if source == "-":
        text = read_text(sys.stdin.buffer, _LARGEST, QueryError, where="standard input")
        return text, catalogue.declared(text, "standard input"), ""
    path = Path(source)
    if path.suffix in (".rq", ".sparql") or path.is_file():
        text = read_text(path, _LARGEST, QueryError, mend="Give a UTF-8 text file.")
        return text, catalogue.declared(text, source), ""
    found = catalogue.find(source, catalogue.RUNNABLE)
    return found.text, found.params, found.empty_means


def query(
    source: Annotated[
        str,
        typer.Argument(metavar="NAME|FILE|-", help="A query of guidegraph queries, a file, or - for standard input."),
    ],
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="k=v", help="A parameter; terms by label, CURIE or IRI.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="URL", help="Ask this SPARQL 1.1 endpoint instead.")
    ] = None,
    form: Annotated[ResultFormat, typer.Option("--format", "-f", help="Form of the result.")] = ResultFormat.table,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="How long a query of yours may take.")
    ] = 60.0,
    allow_remote: Annotated[bool, typer.Option("--allow-remote", help="Let the query reach other machines.")] = False,
    opened: Opener = SHIPPED,
) -> None:
    """Run one SPARQL query over the knowledge.

    Example: guidegraph query red-flags
    """
    from guidegraph.render.results import FORMS

    if endpoint is not None and opened.extra:
        raise UsageError("--extra adds to knowledge here, and --endpoint asks there", mend="Leave one of them out.")
    text, params, empty = _read(source)
    kb = opened() if endpoint is None or params or param else None
    result = api.run_query(kb, text, params, param or [], endpoint=endpoint, allow_remote=allow_remote, seconds=timeout)
    write(FORMS[form.value](result))
    if empty and result.kind == "select" and not result.rows:
        typer.echo(f"no rows: {empty}", err=True)


def queries(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show one query whole.")] = None,
    form: Annotated[ResultFormat, typer.Option("--format", "-f", help="table or json.")] = ResultFormat.table,
) -> None:
    """List the queries that ship, with their questions.

    Example: guidegraph queries
    """
    from guidegraph.query import catalogue
    from guidegraph.render import to_json

    if name is not None:
        write(catalogue.find(name, catalogue.RUNNABLE).text)
        return
    rows = catalogue.catalogue()
    if form is ResultFormat.json:
        write(
            to_json(
                [
                    {
                        "name": q.id.removeprefix("examples/"),
                        "question": q.question,
                        "params": [p.name for p in q.params],
                        "columns": [c for c, _ in q.columns],
                        "digest": q.digest,
                    }
                    for q in rows
                ]
            )
        )
        return
    if form is not ResultFormat.table:
        raise UsageError(f"the list has no {form.value} form", where="--format", mend="Use table or json.")
    for q in rows:
        told = "".join(f" --param {p.name}=..." for p in q.params)
        write(f"{q.id.removeprefix('examples/')}{told}\n    {q.question}")
