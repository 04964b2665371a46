"""Commands that run SPARQL."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph import api
from guidegraph.cli.common import standard_input, write
from guidegraph.cli.options import SHIPPED, Opener, file_path, guarded
from guidegraph.errors import QueryError, UsageError
from guidegraph.files import read_text

if TYPE_CHECKING:
    from guidegraph.query.catalogue import Source

#: The query behind the command of that name.
_INTERACTIONS = "interactions"
#: Bytes of a query that are read; the guard allows less.
_LARGEST = 4_000_000


class ResultFormat(StrEnum):
    """Forms of a query's result."""

    table = "table"
    json = "json"
    csv = "csv"
    tsv = "tsv"
    turtle = "turtle"


def _read(source: str) -> Source:
    """The query of that name, of a file, or of standard input."""
    from guidegraph.query import catalogue

    if source == "-":
        text = read_text(standard_input(), _LARGEST, QueryError, where="standard input")
        return catalogue.source_of(text, "standard input")
    path = Path(source)
    if path.suffix in (".rq", ".sparql") or path.is_file():
        return catalogue.source_of(read_text(path, _LARGEST, QueryError, mend="Give a UTF-8 text file."), source)
    return catalogue.source_of(catalogue.find(source, catalogue.RUNNABLE).text, source)


@guarded
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
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", metavar="FILE", parser=file_path, help="Ask this file of yours alone; repeatable."),
    ] = None,
    form: Annotated[ResultFormat, typer.Option("--format", "-f", help="Form of the result.")] = ResultFormat.table,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="How long a query of yours may take.")
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
    if data and (endpoint is not None or opened.extra):
        raise UsageError("--data asks files alone", mend="Leave out --endpoint and --extra.")
    asked = _read(source)
    alone = data if data and not asked.needs else []
    kb = None
    if (endpoint is None and not alone) or asked.params or param:
        kb = api.open_files(data, opened.folder, domains=opened.domains, foreign=True) if data else opened()
    result = api.run_query(
        kb,
        asked.text,
        asked.params,
        param or [],
        data=alone,
        endpoint=endpoint,
        allow_remote=allow_remote,
        seconds=timeout,
    )
    write(FORMS[form.value](result))
    for note in result.notes:
        typer.echo(f"note: {note}", err=True)
    if asked.empty_means and result.kind == "select" and not result.rows:
        typer.echo(f"no rows: {asked.empty_means}", err=True)


@guarded
def queries(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show one query whole.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List the internal steps too.")] = False,
    form: Annotated[ResultFormat, typer.Option("--format", "-f", help="table or json.")] = ResultFormat.table,
) -> None:
    """List the queries that a user runs, with their questions.

    Example: guidegraph queries
    """
    from guidegraph.query import catalogue
    from guidegraph.render import to_json

    if name is not None:
        write(catalogue.find(name, catalogue.folders()).text)
        return
    if form not in (ResultFormat.table, ResultFormat.json):
        raise UsageError(f"the list has no {form.value} form", where="--format", mend="Use table or json.")
    rows = [q for q in catalogue.catalogue(catalogue.folders()) if every or not q.is_step]
    if form is ResultFormat.json:
        listed = [
            {
                "name": q.name,
                "question": q.question,
                "params": [p.name for p in q.params],
                "columns": [c for c, _ in q.columns],
                "digest": q.digest,
            }
            for q in rows
        ]
        write(to_json(listed))
        return
    for q in rows:
        options = "".join(f" --param {p.name}=..." for p in q.params)
        write(f"{q.name}{options}\n    {q.question}")


@guarded
def interactions(
    form: Annotated[ResultFormat, typer.Option("--format", "-f", help="Form of the result.")] = ResultFormat.table,
    opened: Opener = SHIPPED,
) -> None:
    """The pairs of therapies that are contraindicated or warned of together, without a patient.

    Example: guidegraph interactions
    """
    query(_INTERACTIONS, form=form, opened=opened)
