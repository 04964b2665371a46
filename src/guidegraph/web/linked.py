"""Linked data: every IRI of ours, under the path that it has behind https://w3id.org/guidegraph/.

A node's address answers 303 with where its page or its data lie, by what the request accepts (W3C Note "Cool URIs for
the Semantic Web", section 4.2). Pages are made by the modules that show their kind; data are what the knowledge says of
the node, of a document its named graph, of the ontology the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

import pyoxigraph as ox
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.errors import GuideGraphError
from guidegraph.export import rdf
from guidegraph.store import is_derived
from guidegraph.web.links import DATA, FORMS, PAGE, data_of, is_iri, missing
from guidegraph.web.negotiate import HTML, JSON_LD, RDF_XML, TRIG, TURTLE, Form, accepted, answered, refused
from guidegraph.web.served import Served, served_of

#: The first part of the paths of our nodes.
KINDS = (
    "term",
    "vocab",
    "population",
    "document",
    "statement",
    "publisher",
    "reading",
    "assessment",
    "ontology",
    "graph",
)
_BY_ENDING = {form.ending: form for form in FORMS}
_QUERY = Form("query", "application/sparql-query", "rq", ("text/plain",))


def routes(served: Served) -> list[BaseRoute]:
    """The addresses of all nodes, and of their data."""
    nodes = [Route(f"/{kind}/{{name:path}}", _node) for kind in KINDS]
    whole = [Route(f"/{name}", _node) for name in ("ontology", "dataset", "catalog")]
    return [
        *whole,
        *nodes,
        Route("/context", _context),
        Route("/query/{name}", _query),
        Route(DATA + "{path:path}", _data),
    ]


def _node(request: Request) -> Response:
    """303 to the page or the data of a node, 404 where it is none, 406 where no form of it is accepted."""
    path = request.url.path.removeprefix("/").rstrip("/")
    kb = served_of(request).kb
    form = accepted(request, (HTML, *FORMS))
    if form is None:
        return refused((HTML, *FORMS))
    if not known(kb, path):
        return missing(request, f"Nothing here is called {path}.")
    target = PAGE + quote(path) if form is HTML else data_of(ns.BASE + path, form)
    return RedirectResponse(target, 303, {"Vary": "Accept"})


def known(kb: KnowledgeBase, path: str) -> bool:
    """Whether the knowledge says something of the node with a path behind our base."""
    iri, kind = ns.BASE + path, path.partition("/")[0]
    if not is_iri(iri):
        return False
    if kind in ("dataset", "catalog"):
        return path == kind
    if kind == "ontology" or path == "graph/ontology":
        return bool(_parts(kb, path))
    if kind == "graph":
        return not is_derived(iri) and any(kb.store.quads_for_pattern(None, None, None, ox.NamedNode(iri)))
    said = kb.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)
    return any(isinstance(q.graph_name, ox.NamedNode) and not is_derived(q.graph_name.value) for q in said)


def quads_of(kb: KnowledgeBase, path: str) -> list[ox.Quad]:
    """The data of the node with a path behind our base; empty where nothing is said of it."""
    iri = ns.BASE + path
    kind = path.partition("/")[0]
    if not is_iri(iri):
        return []
    if kind in ("ontology", "dataset", "catalog") or path == "graph/ontology":
        return _whole(kb, path)
    if kind == "graph":
        return [] if is_derived(iri) else list(kb.store.quads_for_pattern(None, None, None, ox.NamedNode(iri)))
    if kind == "document":
        try:
            return rdf.document(kb.store, iri)
        except GuideGraphError:
            # One that is only pointed at has no graph of its own.
            return rdf.described(kb.store, iri)
    return rdf.described(kb.store, iri)


def _whole(kb: KnowledgeBase, path: str) -> list[ox.Quad]:
    """The ontology for any of its parts, or for the version that is served; or the dataset's description."""
    if path in ("dataset", "catalog"):
        from guidegraph.export.description import triples

        said = triples(kb.engine, kb.knowledge.selected.links)
        return [ox.Quad(t.subject, t.predicate, t.object) for t in said]
    return rdf.ontology(kb.store) if _parts(kb, path) else []


def _parts(kb: KnowledgeBase, path: str) -> bool:
    """Whether a path is that of the ontology's graph, of a part of the ontology, or of the version of one."""
    iri, version = ox.NamedNode(ns.BASE + path), ox.NamedNode(ns.OWL + "versionIRI")
    told = (kb.store.quads_for_pattern(iri, None, None), kb.store.quads_for_pattern(None, version, iri))
    return path == "graph/ontology" or any(map(any, told))


def _data(request: Request) -> Response:
    """The data of a node in the form that the ending of the path names."""
    path, _, ending = request.path_params["path"].rpartition(".")
    kb, form = served_of(request).kb, _BY_ENDING.get(ending)
    quads = quads_of(kb, path) if form and path.partition("/")[0] in (*KINDS, "dataset", "catalog") else []
    if form is None or not quads:
        return missing(request, f"There are no data of {path or ending} here.")
    return answered(form, written(quads, form))


def written(quads: Iterable[ox.Quad], form: Form) -> str:
    """Quads in a form; all but TriG hold triples alone."""
    if form is TRIG:
        return rdf.trig(quads)
    triples = [ox.Quad(q.subject, q.predicate, q.object) for q in quads]
    if form is TURTLE:
        return rdf.turtle(triples)
    if form is JSON_LD:
        from guidegraph.export.jsonld import json_ld

        return json_ld(triples)
    if form is RDF_XML:
        plain = [ox.Triple(q.subject, q.predicate, q.object) for q in rdf.canonical(triples)]
        return (ox.serialize(plain, format=ox.RdfFormat.RDF_XML, prefixes=ns.PREFIXES) or b"").decode()
    return rdf.nquads(triples)


def _context(request: Request) -> Response:
    return answered(JSON_LD, (assets.folder("ontology") / "context.jsonld").read_text(encoding="utf-8"))


def _query(request: Request) -> Response:
    """The text of a query of ours, by its name or, where two folders have it, by folder and name."""
    from guidegraph.errors import QueryError
    from guidegraph.query.catalogue import find, folders

    try:
        return answered(_QUERY, find(request.path_params["name"], folders()).text)
    except QueryError as error:
        return missing(request, str(error))
