"""The page of provenance: the chain from a statement to its sources as a picture with its breaks, and as a list."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph.errors import GuideGraphError
from guidegraph.knowledge import named
from guidegraph.render.trace import trace_svg
from guidegraph.web.asked import Asked
from guidegraph.web.layout import page
from guidegraph.web.links import page_of
from guidegraph.web.negotiate import HTML, TURTLE, accepted, answered
from guidegraph.web.served import Served, served_of

#: Links of a chain that a picture shows; of more the list alone is readable.
_DRAWN = 120


def routes(served: Served) -> list[BaseRoute]:
    """The page, and its picture as a file of its own."""
    return [Route("/provenance", _provenance), Route("/provenance.svg", _picture)]


def _provenance(request: Request) -> Response:
    kb, asked = served_of(request).kb, Asked(request)
    of, chain = asked.text("of"), None
    try:
        chain = kb.trace(of) if of else None
    except GuideGraphError as error:
        asked.wrong["of"] = str(error)
    if chain is not None and accepted(request, (HTML, TURTLE)) is TURTLE:
        return answered(TURTLE, chain.turtle())
    links = list(chain.root.walk()) if chain is not None else []
    return page(
        request,
        "provenance.html",
        status=asked.status,
        asked=asked,
        of=of,
        chain=chain.data if chain is not None else None,
        links=len(links),
        drawn=0 < len(links) <= _DRAWN,
        documents=sorted((kb.records.label(d), page_of(d)) for d in named.documents(kb.records))
        if chain is None
        else [],
    )


def _picture(request: Request) -> Response:
    kb, of = served_of(request).kb, Asked(request).text("of")
    try:
        drawn = trace_svg(dict(kb.trace(of).data))
    except GuideGraphError:
        return RedirectResponse("/provenance", 303)
    return Response(drawn, media_type="image/svg+xml")
