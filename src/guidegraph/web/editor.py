"""The page on which people ask in SPARQL: an editor (YASGUI), or a plain form where there is no script."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.query.catalogue import Query, catalogue
from guidegraph.web.asked import Asked
from guidegraph.web.fence import POLICY
from guidegraph.web.layout import page
from guidegraph.web.served import Served
from guidegraph.web.sparql import EDITOR

#: The one style that the editor makes by itself, for the handles of its columns (column-resizer, within yasgui.min.js).
_GRIPS = "'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk='"
#: What stands in the editor before anything is chosen.
_FIRST = "examples/documents"
#: Characters of a query that a link may hold.
_LONGEST = 20_000


def routes(served: Served) -> list[BaseRoute]:
    """The page."""
    return [Route(EDITOR, _editor)]


def examples() -> list[Query]:
    """The queries of ours that run as they are: without parameters, over what an endpoint has."""
    return [query for query in catalogue(("examples",)) if not query.params]


def shown(query: Query) -> str:
    """A query as people begin with it: its question in place of the header."""
    lines = [line for line in query.text.splitlines() if not line.startswith("#+")]
    return "\n".join([f"# {query.question}", *lines]) + "\n"


def _editor(request: Request) -> Response:
    asked, known = Asked(request), {query.id: query for query in examples()}
    chosen = known.get(asked.text("example") or _FIRST)
    given = request.query_params.get("query", "")[:_LONGEST]
    answer = page(
        request,
        "editor.html",
        text=given or shown(chosen or known[_FIRST]),
        prefixes=ns.PREFIXES,
        chosen="" if given else (chosen or known[_FIRST]).id,
        examples=[(query.id, query.title, query.question, shown(query)) for query in known.values()],
    )
    answer.headers["Content-Security-Policy"] = POLICY.replace("style-src 'self'", f"style-src 'self' {_GRIPS}")
    return answer
