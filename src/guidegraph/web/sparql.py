"""The SPARQL endpoint: the query operation of the SPARQL 1.1 Protocol, and the description of the service.

Sources: W3C Recommendations "SPARQL 1.1 Protocol" (section 2.1) and "SPARQL 1.1 Service Description".
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from email.message import Message
from urllib.parse import parse_qsl

import pyoxigraph as ox
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.errors import BusyError, DeadlineError, GuideGraphError, QueryError, UsageError
from guidegraph.query import guard
from guidegraph.query.protocol import Asked, Written
from guidegraph.web.negotiate import GRAPHS, HTML, ROWS, Form, accepted, answered, refused
from guidegraph.web.served import Served, served_of

#: Where the page has its editor.
EDITOR = "/sparql/editor"
_DIRECT, _FORM = "application/sparql-query", "application/x-www-form-urlencoded"
_PARAMETERS = {"query", "default-graph-uri", "named-graph-uri"}
_UPDATES = {"update", "using-graph-uri", "using-named-graph-uri"}
_MOST_GRAPHS = 1000


class _RefusedError(UsageError):
    """A request that is none of the protocol; ``status`` is that of HTTP."""

    def __init__(self, status: int, what: str, mend: str) -> None:
        super().__init__(what, mend=mend)
        self.status = status


def routes(served: Served) -> list[BaseRoute]:
    """The routes of the endpoint, with and without a slash at their end."""
    methods = ["GET", "POST"]
    return [
        Route("/sparql", sparql, methods=methods),
        Route("/sparql/", sparql, methods=methods),
        Route("/.well-known/void", void),
    ]


async def sparql(request: Request) -> Response:
    """Answer a query, or describe the service where there is none."""
    try:
        pairs = await _pairs(request)
        if not any(name == "query" for name, _ in pairs):
            return await _described(request, pairs)
        rows, graph = accepted(request, ROWS), accepted(request, GRAPHS)
        if rows is None and graph is None:
            return refused((*ROWS, *GRAPHS))
        asked = _asked(request, pairs, rows, graph)
        guard.bounded(asked.text)
        written = await _answer(request, asked)
        if not written.media:
            return refused(GRAPHS if written.content == b"graph" else ROWS)
        form = next(form for form in (*ROWS, *GRAPHS) if form.media == written.media)
        return answered(form, written.content)
    except BusyError as error:
        return _told(error, 429, {"Retry-After": "1"})
    except DeadlineError:
        seconds = served_of(request).asking.seconds
        return _told(QueryError(f"the query did not end within {seconds:g} seconds", mend="Ask for less."), 504)
    except GuideGraphError as error:
        if error.mend == guard.TRUST:  # an option of the command line, which nobody has here
            error = QueryError(error.what, where=error.where, mend="Ask what is here alone.")
        return _told(error, getattr(error, "status", 400))


async def _answer(request: Request, asked: Asked) -> Written:
    """What a query gives; it is given up when nobody waits for it any more."""
    answering = asyncio.ensure_future(served_of(request).asking.answer(asked))
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not answering.done():
            answering.cancel()
            raise BusyError("nobody waits for the answer")
        return answering.result()
    finally:
        leaving.cancel()
        answering.cancel()


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _pairs(request: Request) -> list[tuple[str, str]]:
    """The parameters of a request, those of its body too."""
    pairs = _decoded(request.scope["query_string"], "the address")
    if request.method in ("GET", "HEAD"):
        return pairs
    media = Message()
    media["content-type"] = request.headers.get("content-type", "")
    kind = media.get_content_type() if "content-type" in request.headers else ""
    if kind not in (_DIRECT, _FORM):
        raise _RefusedError(415, "the body is no query", f"Send a query as {_DIRECT}, or a form as {_FORM}.")
    if (media.get_content_charset() or "utf-8") != "utf-8":
        raise _RefusedError(415, "the body is not in UTF-8", "Send it in UTF-8.")
    body = await request.body()
    if kind == _FORM:
        return [*pairs, *_decoded(body, "the body")]
    try:
        return [*pairs, ("query", body.decode())]
    except UnicodeDecodeError:
        raise _RefusedError(400, "the body is not in UTF-8", "Send it in UTF-8.") from None


def _decoded(text: bytes, where: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_GRAPHS)
    except ValueError:
        raise _RefusedError(
            400, f"the parameters of {where} cannot be read", "Encode them by percent signs, in UTF-8."
        ) from None


def _asked(request: Request, pairs: Sequence[tuple[str, str]], rows: Form | None, graph: Form | None) -> Asked:
    _known(pairs)
    texts = [value for name, value in pairs if name == "query"]
    if len(texts) != 1:
        raise _RefusedError(400, f"there are {len(texts)} queries", "Ask one at a time.")
    return Asked(
        texts[0],
        str(request.url.replace(query="", fragment="")),
        rows.media if rows else "",
        graph.media if graph else "",
        [value for name, value in pairs if name == "default-graph-uri"],
        [value for name, value in pairs if name == "named-graph-uri"],
    )


def _known(pairs: Sequence[tuple[str, str]]) -> None:
    if any(name in _UPDATES for name, _ in pairs):
        raise _RefusedError(403, "nothing can be changed here", "Ask by SELECT, ASK, CONSTRUCT or DESCRIBE.")


def _told(error: GuideGraphError, status: int, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{error}\n", status_code=status, headers=headers)


async def _described(request: Request, pairs: Sequence[tuple[str, str]]) -> Response:
    """The service, to who asks no query: as a graph, or the editor for people."""
    _known(pairs)
    if request.method == "POST" or any(name in _PARAMETERS for name, _ in pairs):
        raise _RefusedError(400, "there is no query", "Send one as the parameter query.")
    form = accepted(request, (*GRAPHS, HTML))
    if form is None:
        return refused((*GRAPHS, HTML))
    if form is HTML:
        return RedirectResponse(EDITOR, status_code=303, headers={"Vary": "Accept"})
    return await run_in_threadpool(lambda: _graph(form, service(request)))


async def void(request: Request) -> Response:
    """The knowledge described as a dataset, where such descriptions are looked for."""
    form = accepted(request, GRAPHS)
    if form is None:
        return refused(GRAPHS)
    from guidegraph.export import description

    kb = served_of(request).kb
    return await run_in_threadpool(lambda: _graph(form, description.triples(kb.engine, kb.knowledge.selected.links)))


def _graph(form: Form, triples: Sequence[ox.Triple]) -> Response:
    written = ox.serialize(triples, format=ox.RdfFormat.from_media_type(form.media), prefixes=_PREFIXES)
    return answered(form, written or b"")


_SD = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS = "http://www.w3.org/ns/formats/"
_PREFIXES = {**ns.PREFIXES, "sd": _SD, "formats": _FORMATS, "void": "http://rdfs.org/ns/void#"}
_RESULTS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "JSON-LD",
    "N-Triples",
    "RDF_XML",
    "TriG",
    "N-Quads",
)


def service(request: Request) -> list[ox.Triple]:
    """What the service is: where, in which language and forms it answers, and over which graphs."""
    rdf_type, void_triples = ox.NamedNode(ns.RDF + "type"), ox.NamedNode("http://rdfs.org/ns/void#triples")
    here = ox.NamedNode(str(request.url.replace(path="/sparql", query="", fragment="")))
    dataset, graph = ox.BlankNode("dataset"), ox.BlankNode("default")
    store = served_of(request).kb.store

    def sd(name: str) -> ox.NamedNode:
        return ox.NamedNode(_SD + name)

    triples = [
        ox.Triple(here, rdf_type, sd("Service")),
        ox.Triple(here, sd("endpoint"), here),
        ox.Triple(here, sd("supportedLanguage"), sd("SPARQL11Query")),
        ox.Triple(here, sd("feature"), sd("UnionDefaultGraph")),
        *(ox.Triple(here, sd("resultFormat"), ox.NamedNode(_FORMATS + name)) for name in _RESULTS),
        ox.Triple(here, sd("defaultDataset"), dataset),
        ox.Triple(dataset, rdf_type, sd("Dataset")),
        ox.Triple(dataset, sd("defaultGraph"), graph),
        ox.Triple(graph, rdf_type, sd("Graph")),
    ]
    for number, name in enumerate(sorted(str(g.value) for g in store.named_graphs() if isinstance(g, ox.NamedNode))):
        named, inner = ox.BlankNode(f"named{number}"), ox.BlankNode(f"graph{number}")
        count = sum(1 for _ in store.quads_for_pattern(None, None, None, ox.NamedNode(name)))
        triples += [
            ox.Triple(dataset, sd("namedGraph"), named),
            ox.Triple(named, rdf_type, sd("NamedGraph")),
            ox.Triple(named, sd("name"), ox.NamedNode(name)),
            ox.Triple(named, sd("graph"), inner),
            ox.Triple(inner, rdf_type, sd("Graph")),
            ox.Triple(inner, void_triples, ox.Literal(count)),
        ]
    return triples
