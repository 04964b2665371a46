"""The application: its routes, each from the module that answers it, and those for whoever watches over the server."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph.web import (
    audits,
    cdshooks,
    cohorts,
    disagreements,
    documents,
    editor,
    interface,
    layout,
    linked,
    links,
    matrix,
    patient,
    provenance,
    search,
    sparql,
    statements,
    terms,
)
from guidegraph.web.fence import KnownHost, SafeHeaders
from guidegraph.web.limits import Bounded
from guidegraph.web.served import Served, served_of


def application(served: Served) -> Starlette:
    """The application over an opened knowledge base."""
    routes: list[BaseRoute] = [
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/metrics", metrics),
        *sparql.routes(served),
        *interface.routes(served),
        *cdshooks.routes(served),
        *layout.routes(served),
        *patient.routes(served),
        *links.routes(served),
        *linked.routes(served),
        *disagreements.routes(served),
        *matrix.routes(served),
        *documents.routes(served),
        *statements.routes(served),
        *provenance.routes(served),
        *audits.routes(served),
        *cohorts.routes(served),
        *editor.routes(served),
        *search.routes(served),
        *terms.routes(served),
    ]
    settings = served.settings
    passed = [
        Middleware(SafeHeaders),
        Middleware(KnownHost, names=(settings.host, *settings.hosts), board=served.board),
        Middleware(Bounded, board=served.board),
    ]
    if settings.origins:
        passed.append(
            Middleware(
                CORSMiddleware, allow_origins=settings.origins, allow_methods=["GET", "POST"], allow_headers=["*"]
            )
        )
    app = Starlette(routes=routes, middleware=passed)
    app.state.served = served
    return app


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
