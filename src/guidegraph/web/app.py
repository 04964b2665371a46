"""The application: its routes, each from the module that answers it."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from guidegraph.web import layout, patient
from guidegraph.web.served import Served


def application(served: Served) -> Starlette:
    """The application over an opened knowledge base."""
    routes: list[BaseRoute] = []
    routes += layout.routes(served)
    routes += patient.routes(served)
    app = Starlette(routes=routes)
    app.state.served = served
    return app
