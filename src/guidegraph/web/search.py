"""The search over all: terms with their synonyms, codes of other terminologies, documents, statements, the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import gg
from guidegraph.web.asked import Asked
from guidegraph.web.documents import statements_of
from guidegraph.web.editor import examples
from guidegraph.web.layout import page
from guidegraph.web.links import page_of
from guidegraph.web.served import Served, served_of

#: Groups in which results are told, in this order.
TERMS, DOCUMENTS, STATEMENTS, OTHERS, QUERIES = "Terms", "Documents", "Statements", "Others", "Queries"
#: Results of a group that are told before the rest is asked for.
_SHOWN = 12
#: How well a text fits: it is the name, begins with what is sought, has each word at the beginning of one, or inside.
_WHOLE, _BEGINS, _WORDS, _INSIDE = range(4)


@dataclass(frozen=True)
class Entry:
    """Something that can be found: its group, name, what is told beside it, where it leads, and all it is found by."""

    group: str
    label: str
    beside: str
    link: str
    names: tuple[str, ...]


def routes(served: Served) -> list[BaseRoute]:
    """The page."""
    return [Route("/search", _search)]


@lru_cache(maxsize=2)
def entries(kb: KnowledgeBase) -> tuple[Entry, ...]:
    """All that can be found, in the order in which equally good results are told."""
    found = [*_terms(kb), *_documents(kb), *_statements(kb), *_others(kb), *_queries()]
    return tuple(sorted(found, key=lambda entry: (entry.label.lower(), entry.link)))


def _terms(kb: KnowledgeBase) -> Iterator[Entry]:
    for row in kb.vocabulary.rows:
        names = tuple(
            dict.fromkeys((row.label, *row.names, *(name for _, name in row.inexact), describe.name(row.iri)))
        )
        other = [name for name in row.names if name != row.label]
        yield Entry(TERMS, row.label, ", ".join([row.kind, *other[:3]]), page_of(row.iri), names)


def _documents(kb: KnowledgeBase) -> Iterator[Entry]:
    records = kb.records
    for iri, props in records.nodes.items():
        if gg("Document") in props.get(ns.RDF + "type", ()):
            title = props.get(ns.DCTERMS + "title", ())
            publisher = tuple(map(records.label, props.get(ns.DCTERMS + "publisher", ())))
            names = (records.label(iri), describe.short_name(records, iri), *title, *publisher, describe.name(iri))
            addresses = tuple(describe.addresses(records, iri))
            row = describe.document(records, iri)
            yield Entry(DOCUMENTS, names[0], f"{row['kind']}, {row['issued']}", page_of(iri), (*names, *addresses))


def _statements(kb: KnowledgeBase) -> Iterator[Entry]:
    records = kb.records
    for document, rows in statements_of(kb).items():
        for iri, kind in rows:
            about = tuple(
                records.label(i) for i in (*records.all(iri, "intervention"), *records.all(iri, "indication"))
            )
            names = (records.label(iri), describe.name(iri), records.one(iri, "populationWording"), *about)
            beside = f"{kind}, {describe.short_name(records, document, iri)}"
            yield Entry(STATEMENTS, names[0], beside, page_of(iri), names)


def _others(kb: KnowledgeBase) -> Iterator[Entry]:
    """Publishers, populations, sections: what has a name of its own and is none of the above."""
    apart = {gg(n): word for n, word in (("Population", "population"), ("Section", "section"), ("Outcome", "outcome"))}
    apart[ns.PROV + "Organization"] = "publisher"
    for iri, props in kb.records.nodes.items():
        word = next((apart[t] for t in props.get(ns.RDF + "type", ()) if t in apart), "")
        label = kb.records.label(iri)
        if word and iri.startswith(ns.BASE):
            yield Entry(OTHERS, label, word, page_of(iri), (label, describe.name(iri)))


def _queries() -> Iterator[Entry]:
    for query in examples():
        link = f"/sparql/editor?example={query.id}"
        yield Entry(QUERIES, query.title, query.question, link, (query.title, query.question, query.id))


def fit(entry: Entry, sought: str) -> int | None:
    """How well an entry fits what is sought (small letters), None where it does not."""
    words = sought.split()
    names = [name.lower() for name in entry.names]
    if sought in names:
        return _WHOLE
    if any(name.startswith(sought) for name in names):
        return _BEGINS
    text = " ".join(names)
    spaced = " " + "".join(c if c.isalnum() else " " for c in text)
    if all(f" {word}" in spaced for word in words):
        return _WORDS
    return _INSIDE if all(word in text for word in words) else None


def found(kb: KnowledgeBase, sought: str) -> dict[str, list[Entry]]:
    """The results by group, the best first."""
    low = " ".join(sought.lower().split())
    graded = [(grade, entry) for entry in entries(kb) if low and (grade := fit(entry, low)) is not None]
    graded.sort(key=lambda pair: pair[0])
    groups = (TERMS, DOCUMENTS, STATEMENTS, OTHERS, QUERIES)
    return {g: rows for g in groups if (rows := [entry for _, entry in graded if entry.group == g])}


def _search(request: Request) -> Response:
    kb, asked = served_of(request).kb, Asked(request)
    sought, group = asked.text("q"), asked.chosen("in", (TERMS, DOCUMENTS, STATEMENTS, OTHERS, QUERIES))
    results = found(kb, sought)
    code, nearest = _code(kb, sought) if sought else (None, "")
    return page(
        request,
        "search.html",
        asked=asked,
        sought=sought,
        results={g: rows if g == group else rows[:_SHOWN] for g, rows in results.items() if group in ("", g)},
        counts={g: len(rows) for g, rows in results.items()},
        code=code,
        nearest="" if results else nearest,
    )


def _code(kb: KnowledgeBase, sought: str) -> tuple[dict[str, Any] | None, str]:
    """What is sought read as a code or a name of another terminology, and what is told where nothing has the name."""
    try:
        return kb.lookup(sought)["reading"], ""
    except GuideGraphError as error:
        return None, str(error)
