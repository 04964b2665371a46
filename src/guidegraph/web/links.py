"""Where on this server a node of ours is shown, and in which forms its data are."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute

from guidegraph import namespaces as ns
from guidegraph.web.layout import page
from guidegraph.web.negotiate import HTML, JSON_LD, N_TRIPLES, RDF_XML, TRIG, TURTLE, Form, accepted
from guidegraph.web.served import Served

#: Where pages and data of nodes lie: the path of the node's IRI follows.
PAGE, DATA = "/page/", "/data/"
#: The forms of the data, the one of no preference first.
FORMS: tuple[Form, ...] = (TURTLE, JSON_LD, N_TRIPLES, RDF_XML, TRIG)
#: What an IRI never holds (RFC 3987), so that a path with it is nobody's.
_NEVER = re.compile(r"[\x00-\x20<>\"{}|^`\\]")


def is_iri(text: str) -> bool:
    """Whether a text has no character that an IRI never holds."""
    return not _NEVER.search(text)


def iri_of(identifier: str) -> str:
    """The IRI of an identifier as answers print it: a CURIE, an IRI, or the part behind our base."""
    expanded = ns.expand(identifier)
    return expanded or (identifier if "://" in identifier else ns.BASE + identifier)


def path_of(identifier: str) -> str | None:
    """The part of a node's IRI behind our base, or None for a node of somebody else."""
    iri = iri_of(identifier)
    return iri[len(ns.BASE) :] if iri.startswith(ns.BASE) else None


def page_of(identifier: str) -> str:
    """Where people read of a node: its page here, or for somebody else's node its own address."""
    path = path_of(identifier)
    return iri_of(identifier) if path is None else PAGE + quote(path)


def data_of(identifier: str, form: Form) -> str:
    """Where programs read of a node of ours, in a form."""
    return f"{DATA}{quote(path_of(identifier) or '')}.{form.ending}"


def alternates(identifier: str) -> list[tuple[str, str, str]]:
    """The data of a node as its page links to them: name of the form, media type, address."""
    names = {TURTLE: "Turtle", JSON_LD: "JSON-LD", N_TRIPLES: "N-Triples", RDF_XML: "RDF/XML", TRIG: "TriG"}
    return [(names[form], form.media, data_of(identifier, form)) for form in FORMS]


def routes(served: Served) -> list[BaseRoute]:
    """No route: gives templates the filter ``page``, which turns an identifier into where people read of it."""
    served.templates.filters["page"] = page_of
    return []


def missing(request: Request, told: str, heading: str = "Not here", status: int = 404) -> Response:
    """That something cannot be shown, as a page for those who accept one: why, and where to search."""
    if accepted(request, (HTML,)) is None:
        return PlainTextResponse(f"{told}\n", status, {"Vary": "Accept"})
    answer = page(request, "missing.html", status=status, told=told, heading=heading)
    answer.headers["Vary"] = "Accept"
    return answer
