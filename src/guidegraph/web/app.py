"""The application: its routes, each from the module that answers it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from guidegraph.web import health, layout, patient
from guidegraph.web.fence import KnownHost, SafeHeaders
from guidegraph.web.served import Served


def application(served: Served) -> Starlette:
    """The application over an opened knowledge base."""
    routes: list[BaseRoute] = [
        *health.routes(served),
        *layout.routes(served),
        *patient.routes(served),
    ]
    settings = served.settings
    passed = [
        Middleware(SafeHeaders),
        Middleware(KnownHost, names=(settings.host, *settings.hosts)),
    ]
    app = Starlette(routes=routes, middleware=passed)
    app.state.served = served
    return app
