"""The command that serves the page, the interface for programs and the SPARQL endpoint."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated

import typer

from guidegraph.cli.options import SHIPPED, Opener, file_path, guarded
from guidegraph.errors import UsageError

#: Processes that serve where nobody says how many.
_MOST = 4
_NAME = re.compile(r"[\w.\[\]:-]+", re.ASCII)
_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")


@guarded
def serve(
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="The port; 0: the system chooses.")
    ] = 8000,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="A name by which requests may call this server; repeatable."),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            "--origin", metavar="URL", help="Another server whose pages may read the answers (CORS); repeatable."
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option("--processes", metavar="N", min=1, max=64, help="How many serve; by default one a processor."),
    ] = None,
    queries: Annotated[
        int, typer.Option("--queries", metavar="N", min=1, max=256, help="How many SPARQL queries run at a time.")
    ] = 16,
    report: Annotated[
        list[Path] | None,
        typer.Option(
            "--report",
            metavar="FILE",
            parser=file_path,
            help="A report on a cohort to show (`guidegraph cohort report PATIENTS -o FILE.json`); repeatable.",
        ),
    ] = None,
    opened: Opener = SHIPPED,
) -> None:
    """Serve the page, the interface for programs and the SPARQL endpoint on this machine.

    Example: guidegraph serve --port 8000
    """
    try:
        from guidegraph.web.board import Board
        from guidegraph.web.cohorts import read_reports
        from guidegraph.web.fence import bare
        from guidegraph.web.mother import Mother
        from guidegraph.web.served import Served, Settings
    except ImportError as error:
        raise UsageError(
            f"{error.name} is not installed", mend="Install what serving needs: pip install 'guidegraph[serve]'"
        ) from error
    for one in name or ():
        if not bare(one) or not _NAME.fullmatch(one):
            mend = "Write it alone, such as guide.example: without http://, path or blanks."
            raise UsageError(f"{one[:60]!r} is no name of a server", where="--name", mend=mend)
    for one in origin or ():
        if not _ORIGIN.fullmatch(one):
            # Whatever else would never be what a browser says; "*" would let any page read the answers.
            mend = "Write scheme, name and port alone, such as https://ehr.example; name each."
            raise UsageError(f"{one[:60]!r} is no origin", where="--origin", mend=mend)
    serving = processes or min(os.cpu_count() or 1, _MOST)
    reports = read_reports(report or ())
    settings = Settings(host, port, tuple(name or ()), tuple(origin or ()), serving, queries)
    mother = Mother(Served(opened(), settings, Board(serving), reports))
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"GuideGraph answers at http://{shown}:{mother.port}/ (Ctrl-C ends it)")
    mother.run()
