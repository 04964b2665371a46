"""The frame of every page: navigation, templates, and the files that pages load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from guidegraph.web.served import STATIC, Served, served_of
from guidegraph.words import DISCLAIMER


@dataclass(frozen=True)
class Place:
    """An entry of the navigation: its words and its path."""

    label: str
    path: str


#: What stands in the navigation of every page.
NAVIGATION = (
    Place("Patient", "/"),
    Place("Disagreements", "/disagreements"),
    Place("Matrix", "/matrix"),
    Place("Documents", "/documents"),
    Place("Audit", "/audit"),
    Place("SPARQL", "/sparql"),
)
#: Besides, where the server was given reports on cohorts.
COHORTS = Place("Cohorts", "/cohorts")


def routes(served: Served) -> list[BaseRoute]:
    """The files that pages load: style, script."""
    return [Mount("/static", Files(directory=STATIC), name="static")]


class Files(StaticFiles):
    """Files that a browser keeps, and asks about anew each time: a new release is seen at once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """A file, or that it has not changed."""
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    """A page made from a template that extends base.html.

    Args:
        request: what is answered; its path marks the entry of the navigation.
        template: a file of web/templates.
        status: the HTTP status.
        context: what the template is given.
    """
    served, path = served_of(request), request.url.path
    navigation = (*NAVIGATION, COHORTS) if served.reports else NAVIGATION
    text = served.templates.get_template(template).render(
        navigation=navigation,
        here=max((place.path for place in navigation if _within(path, place.path)), key=len, default=""),
        knowledge_version=served.kb.version,
        knowledge_digest=served.kb.digest.rpartition(":")[2][:8],
        disclaimer=DISCLAIMER,
        **context,
    )
    return HTMLResponse(text, status)


def _within(path: str, place: str) -> bool:
    return path == place or (place != "/" and path.startswith(f"{place}/"))
