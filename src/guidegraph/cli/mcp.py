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
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="PORT", min=1, max=65535, help="The port.")] = 8001,
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
    tools = Tools(opened())
    if transport is Transport.http:
        shown = f"[{host}]" if ":" in host else host
        typer.echo(f"GuideGraph's tools are at http://{shown}:{port}/mcp (Ctrl-C ends it)", err=True)
    tools.serve("stdio" if transport is Transport.stdio else "streamable-http", host, port)
