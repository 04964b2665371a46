"""The command that serves the page, the interface for programs and the SPARQL endpoint."""

from __future__ import annotations

from typing import Annotated

import typer

from guidegraph.cli.options import SHIPPED, Opener, guarded
from guidegraph.errors import UsageError


@guarded
def serve(
    host: Annotated[str, typer.Option("--host", metavar="HOST", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="The port.")] = 8000,
    opened: Opener = SHIPPED,
) -> None:
    """Serve the page, the interface for programs and the SPARQL endpoint on this machine.

    Example: guidegraph serve --port 8000
    """
    try:
        import uvicorn

        from guidegraph.web.app import application
        from guidegraph.web.served import Served, Settings
    except ImportError as error:
        raise UsageError(
            f"{error.name} is not installed", mend="Install what serving needs: pip install 'guidegraph[serve]'"
        ) from error
    served = Served(opened(), Settings(host, port))
    uvicorn.run(application(served), host=host, port=port, log_level="warning")
