"""The first page: a patient, and the answer at a glance."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph.render.glance import closing, parts_of
from guidegraph.web.layout import page
from guidegraph.web.served import Served

#: What the page answers before anything is asked.
FIRST = "acute-uncomplicated"


def routes(served: Served) -> list[BaseRoute]:
    """The page of a patient."""

    def patient(request: Request) -> Response:
        glance = served.kb.therapies(f"example:{request.query_params.get('example', FIRST)}").glance()
        return page(request, "patient.html", parts=parts_of(glance), closing=closing(glance), private=True)

    return [Route("/", patient)]
