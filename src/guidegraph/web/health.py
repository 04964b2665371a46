"""Whether the server lives and can answer, and what it has answered so far; nothing of any patient."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph.web.served import Served, served_of


def routes(served: Served) -> list[BaseRoute]:
    """The routes for whoever watches over the server."""
    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


async def live(request: Request) -> Response:
    """Whether the process answers at all."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Whether the knowledge is open, and the server is not about to stop."""
    served = served_of(request)
    if served.board.stopping:
        return JSONResponse({"status": "stopping"}, status_code=503, headers={"Retry-After": "1"})
    return JSONResponse({"status": "ready", "version": served.kb.version, "knowledge": served.kb.digest})


async def metrics(request: Request) -> Response:
    """What was answered so far, in the text format of Prometheus."""
    return PlainTextResponse(served_of(request).board.text(), media_type="text/plain; version=0.0.4")
