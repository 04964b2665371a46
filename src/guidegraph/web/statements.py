"""The page of a statement: what it says of whom, where it stands, in which controversies, and what speaks of it."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.knowledge import describe
from guidegraph.knowledge.encodings import encoding_review
from guidegraph.knowledge.records import NOT_STATED, gg
from guidegraph.web.disagreements import controversies_of
from guidegraph.web.layout import page
from guidegraph.web.links import PAGE, alternates, missing
from guidegraph.web.nodes import Said, Value, in_effect, labelled, mentions_of, said_of, whom
from guidegraph.web.served import Served, served_of
from guidegraph.words import attached_words

#: What of a statement is told first, by property, in this order; the rest is in the table of all that is said of it.
_FIRST = (
    ("intervention", "On"),
    ("comparator", "Compared with"),
    ("indication", "For"),
    ("outcome", "Outcome"),
    ("horizon", "Time"),
    ("reason", "Because"),
    ("effect", "Effect"),
    ("dose", "Dose"),
    ("route", "Route"),
    ("duration", "Duration"),
    ("coPrescription", "Together with"),
    ("monitoring", "Monitoring"),
    ("urgency", "Urgency"),
    ("calls", "Calls for"),
    ("note", "Note"),
)


def routes(served: Served) -> list[BaseRoute]:
    """The pages of statements."""
    return [Route(PAGE + "statement/{name:path}", _statement)]


def _statement(request: Request) -> Response:
    kb, path = served_of(request).kb, request.url.path.removeprefix(PAGE)
    iri, records = ns.BASE + path, kb.records
    said = said_of(kb, iri)
    document = records.one(iri, "statedIn")
    if not said:
        return missing(request, f"Nothing here is called {path}.")
    population = records.population(iri)
    return page(
        request,
        "statement.html",
        iri=iri,
        id=describe.name(iri),
        label=records.label(iri),
        kind=_kind(kb, iri),
        stance=records.code(records.one(iri, "stance"), ""),
        strength=_graded(kb, iri, records.readings.get(iri, ""), "strengthWording"),
        grade=records.code(records.readings.get(iri, ""), ""),
        certainty=_graded(kb, iri, records.one(iri, "certainty"), "certaintyWording"),
        first=_first(kb, iri, said),
        whom=whom(kb, population) if population or gg("stance") in records.nodes.get(iri, {}) else None,
        whom_wording=records.one(iri, "populationWording"),
        attached=list(map(attached_words, describe.attached(records, iri))),
        document=labelled(kb, [document])[0] if document else None,
        locator=describe.locator(records, iri),
        section=describe.section(records, iri),
        effect=in_effect(kb, iri) or (in_effect(kb, document) if document else ""),
        ended=_ended(kb, iri, document),
        encoding=(encoding_review(records, iri) or {"text": ""})["text"],
        verification=records.code(records.one(iri, "verification"), ""),
        controversies=controversies_of(served_of(request), describe.name(iri), date.today()),
        mentions=mentions_of(kb, iri),
        said=said,
        data=alternates(iri),
    )


def _kind(kb: KnowledgeBase, iri: str) -> str:
    """What sort of statement it is, by the label of its class."""
    types = kb.records.nodes.get(iri, {}).get(ns.RDF + "type", ())
    named = [row.values[0].text for t in types for row in said_of(kb, t) if row.property == ns.RDFS + "label"]
    return named[0] if named else ""


def _graded(kb: KnowledgeBase, iri: str, grade: str, wording: str) -> str:
    """A grade as read, with the source's own words for it; "" where neither is there."""
    read, own = kb.records.code(grade, ""), kb.records.one(iri, wording)
    if read == NOT_STATED and own:
        return f'"{own}"'
    return f'{read} ("{own}")' if read and own else read or (f'"{own}"' if own else "")


def _first(kb: KnowledgeBase, iri: str, said: list[Said]) -> list[tuple[str, list[Value]]]:
    known = {row.property: row.values for row in said}
    return [(word, known[gg(name)]) for name, word in _FIRST if gg(name) in known]


def _ended(kb: KnowledgeBase, iri: str, document: str) -> bool:
    intervals = (kb.records.intervals.get(node) for node in (iri, document))
    return any(one.ended(date.today()) for one in intervals if one is not None)
