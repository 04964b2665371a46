"""Commands that speak to other people's triple stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from guidegraph import api
from guidegraph.cli.common import ReportFormat, terminal, working, write
from guidegraph.cli.options import SHIPPED, Knowledge, Opener, ReportOption, folder_path, guarded

if TYPE_CHECKING:
    from guidegraph.remote.pushing import Pushed


URL = Annotated[str, typer.Argument(metavar="URL", help="Where the store is asked by SPARQL (docs/endpoints.md).")]


@guarded
def push(
    url: URL,
    graph_store: Annotated[
        str | None,
        typer.Option(
            "--graph-store", metavar="URL", help="Write by the SPARQL 1.1 Graph Store Protocol at this address."
        ),
    ] = None,
    update: Annotated[
        str | None,
        typer.Option("--update", metavar="URL", help="Write by SPARQL Update at this address; default the first one."),
    ] = None,
    documents: Annotated[
        list[str] | None,
        typer.Option("--documents", "-d", metavar="DOC", help="Only this document and the ontology; repeatable."),
    ] = None,
    index: Annotated[
        bool, typer.Option("--index", help="Also push the derived index, which some queries need.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove pushed graphs that are no longer in the knowledge.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also replace graphs of names outside ours that were not pushed.")
    ] = False,
    opened: Opener = SHIPPED,
    form: ReportOption = ReportFormat.table,
) -> None:
    """Push the knowledge to a triple store, graph by graph; a second push sends only what differs.

    Example: guidegraph push http://localhost:7878/query --update http://localhost:7878/update
    """
    kb = opened()
    # The derived index is a graph of the store too.
    total = sum(1 for _ in kb.store.named_graphs()) - (not index)
    with _progress("pushing", total) as report:
        done = api.push(
            kb,
            url,
            graph_store=graph_store,
            update=update,
            documents=documents or (),
            index=index,
            prune=prune,
            replace=replace,
            report=report,
        )
    write(_report(done, form))


def _report(done: Pushed, form: ReportFormat) -> str:
    from guidegraph.namespaces import shorten
    from guidegraph.render import to_json

    parts = {"sent": done.sent, "unchanged": done.same, "removed": done.removed, "not in the knowledge": done.spare}
    if form is ReportFormat.json:
        return to_json({name.replace(" ", "_"): [shorten(g) for g in graphs] for name, graphs in parts.items()})
    lines = [f"{len(graphs)} graphs {name}" for name, graphs in parts.items() if graphs or name == "sent"]
    if done.spare:
        lines.append("Add --prune to remove what is not in the knowledge.")
    return "\n".join(lines)


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, nothing in a pipe; gives what is called with the name of each graph that is done."""
    if not terminal():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda name: bar.advance(task)


@guarded
def pull(
    url: URL,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", parser=folder_path, help="A new folder for the knowledge."),
    ],
    knowledge: Knowledge = None,
) -> None:
    """Pull the knowledge of a triple store into a folder for --knowledge: every graph whole, or nothing at all.

    The store's own ontology graph comes with it; where it has none, the one of --knowledge, or the shipped one.

    Example: guidegraph pull http://localhost:7878/query -o pulled
    """
    with working("pulling"):
        graphs = api.pull_into(url, output, knowledge)
    typer.echo(f"{len(graphs)} graphs written to {output}", err=True)
