"""The command that gives language models the questions as tools."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from guidegraph.cli.options import SHIPPED, Opener, guarded
from guidegraph.errors import UsageError


class Transport(StrEnum):
    """How a client speaks to the server."""

    stdio = "stdio"
    http = "http"


@guarded
def mcp(
    transport: Annotated[
        Transport,
        typer.Option("--transport", help="stdio: the client starts this command; http: it asks at /mcp."),
    ] = Transport.stdio,
    host: Annotated[
        str | None, typer.Option("--host", metavar="HOST", help="Where to listen, with http; default 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", min=1, max=65535, help="The port, with http; default 8001.")
    ] = None,
    opened: Opener = SHIPPED,
) -> None:
    """Give language models the questions as tools, over the Model Context Protocol.

    Example: guidegraph mcp
    """
    try:
        from guidegraph.mcp.tools import Tools
    except ImportError as error:
        raise UsageError(
            f"{error.name} is not installed", mend="Install what it needs: pip install 'guidegraph[mcp]'"
        ) from error
    if transport is Transport.stdio:
        if host is not None or port is not None:
            raise UsageError("--host and --port are for http", mend="Add --transport http, or leave them out.")
        Tools(opened()).run("stdio")
        return
    from guidegraph.web.ports import listening

    named, at = host or "127.0.0.1", port or 8001
    sockets = listening(named, at)
    tools = Tools(opened())
    shown = f"[{named}]" if ":" in named else named
    typer.echo(f"GuideGraph's tools are at http://{shown}:{at}/mcp (Ctrl-C ends it)", err=True)
    tools.serve(named, sockets)
