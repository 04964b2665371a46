"""Pages of terms, populations, publishers and every other node of ours; statements and documents have their own."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.knowledge import describe
from guidegraph.web.layout import page
from guidegraph.web.links import PAGE, alternates, iri_of, missing, page_of
from guidegraph.web.nodes import mentions_of, said_of, whom
from guidegraph.web.served import Served, served_of

#: What terms of each kind are called together.
_KINDS = {"condition": "Conditions", "finding": "Findings", "intervention": "Therapies and tests", "number": "Numbers"}


def routes(served: Served) -> list[BaseRoute]:
    """The pages of nodes; those of documents and statements must stand before these."""
    return [
        Route(PAGE + "ontology", _ontology),
        Route(PAGE + "ontology/{part:path}", _ontology),
        Route(PAGE + "graph/ontology", _ontology),
        Route(PAGE + "{name}", lambda request: RedirectResponse("/documents", 303)),
        Route(PAGE + "{path:path}", _node),
    ]


def _ontology(request: Request) -> Response:
    """All terms by kind, each with its page."""
    rows = sorted(served_of(request).kb.vocabulary.rows, key=lambda row: (row.kind, row.label.lower(), row.iri))
    kinds = [
        (_KINDS.get(kind, kind.capitalize()), [(row.label, page_of(row.iri)) for row in held])
        for kind, held in groupby(rows, key=lambda row: row.kind)
    ]
    return page(request, "ontology.html", kinds=kinds, data=alternates("ontology"))


def _node(request: Request) -> Response:
    kb, path = served_of(request).kb, request.path_params["path"]
    iri = ns.BASE + path
    said = said_of(kb, iri)
    if not said:
        return missing(request, f"Nothing here is called {path}.")
    term = term_of(kb, iri)
    label = next((row.values[0].text for row in said if row.property == ns.RDFS + "label"), describe.name(iri))
    population = iri if iri in kb.records.branches else ""
    return page(
        request,
        "node.html",
        iri=iri,
        label=label,
        definition=next((row.values[0].text for row in said if row.property == ns.SKOS + "definition"), ""),
        term=term,
        further=_further(kb, term) if term else [],
        roles=_roles(term) if term else [],
        whom=whom(kb, population) if population else None,
        said=said,
        mentions=mentions_of(kb, iri),
        data=alternates(iri),
    )


def term_of(kb: KnowledgeBase, iri: str) -> dict[str, Any] | None:
    """A clinical term as look-ups tell it, None for any other node."""
    if iri not in kb.vocabulary.by_iri:
        return None
    found: list[dict[str, Any]] = kb.lookup(iri)["terms"]
    return found[0] if found else None


def _further(kb: KnowledgeBase, term: dict[str, Any]) -> list[tuple[str, str]]:
    """The classes above those directly above a term, by label, each with its page."""
    near = {term["iri"], *(iri_of(row["id"]) for row in term["above"])}
    above = set(kb.vocabulary.ancestors(term["iri"])) - near
    return sorted((kb.vocabulary.label(iri), page_of(iri)) for iri in above if iri in kb.vocabulary.by_iri)


def _roles(term: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The statements about a term by what they are to it, in the order of look-ups."""
    return [(role, list(rows)) for role, rows in groupby(term["statements"], key=lambda row: row["role"])]
