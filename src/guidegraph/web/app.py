"""The application: its routes, each from the module that answers it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from guidegraph.web import (
    audits,
    disagreements,
    documents,
    editor,
    health,
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
from guidegraph.web.served import Served


def application(served: Served) -> Starlette:
    """The application over an opened knowledge base."""
    routes: list[BaseRoute] = [
        *health.routes(served),
        *sparql.routes(served),
        *interface.routes(served),
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
