"""The list of documents, and the page of each: its statements in order, and for a secondary one what primaries say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph import namespaces as ns
from guidegraph.api import KnowledgeBase
from guidegraph.knowledge import describe, named
from guidegraph.knowledge.encodings import encodings
from guidegraph.knowledge.records import NOT_STATED
from guidegraph.render.audithtml import RELATIONS
from guidegraph.web.asked import Asked
from guidegraph.web.audits import audited
from guidegraph.web.layout import page
from guidegraph.web.links import PAGE, alternates, missing
from guidegraph.web.nodes import Value, in_effect, labelled, mentions_of, said_of
from guidegraph.web.served import Served, served_of

#: Classes of what a document states, those that a reader looks for first.
_STATING = (
    ("Recommendation", "recommendation"),
    ("Alert", "alert"),
    ("FlagToWeigh", "flag to weigh"),
    ("Contraindication", "contraindication or warning"),
    ("Comparison", "comparison"),
    ("EvidenceItem", "evidence"),
    ("DiagnosticAccuracy", "accuracy of a test"),
    ("Advice", "advice"),
    ("Background", "background"),
)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Listed:
    """A document in the list; ``stated`` counts what it states by kind."""

    id: str
    label: str
    short: str
    kind: str
    issued: str
    publisher: str
    jurisdiction: str
    verification: str
    ended: bool
    stated: int
    recommended: int


@dataclass(frozen=True)
class Stated:
    """A statement on the page of its document."""

    id: str
    label: str
    kind: str
    stance: str
    grade: str
    strength: str
    certainty: str
    whom: str
    place: str
    section: str
    effect: str
    ended: bool
    verification: str
    encoding: str


def routes(served: Served) -> list[BaseRoute]:
    """The list, and the page of each document."""
    return [Route("/documents", _documents), Route(PAGE + "document/{name}", _document)]


def statements_of(kb: KnowledgeBase) -> dict[str, list[tuple[str, str]]]:
    """For each document what it states, each with its kind."""
    kinds = {ns.GG + name: word for name, word in _STATING}
    found: dict[str, list[tuple[str, str]]] = {}
    for node, props in kb.records.nodes.items():
        kind = next((kinds[t] for t in props.get(ns.RDF + "type", ()) if t in kinds), "")
        for document in kb.records.all(node, "statedIn") if kind else ():
            found.setdefault(document, []).append((node, kind))
    return found


def _documents(request: Request) -> Response:
    kb, asked, day = served_of(request).kb, Asked(request), date.today()
    stated = statements_of(kb)
    rows = [_listed(kb, iri, stated.get(iri, ()), day) for iri in named.documents(kb.records)]
    kinds = sorted({row.kind for row in rows})
    kind, words = asked.chosen("kind", kinds), asked.text("q").lower()
    order = asked.chosen("sort", ("name", "issued", "statements"))
    if kind:
        rows = [row for row in rows if row.kind == kind]
    if words:
        rows = [row for row in rows if words in f"{row.label} {row.short} {row.publisher} {row.id}".lower()]
    if asked.ticked("in-effect"):
        rows = [row for row in rows if not row.ended]
    if asked.ticked("recommends"):
        rows = [row for row in rows if row.recommended]
    rows.sort(key=lambda row: (row.label.lower(), row.id))
    if order == "issued":
        rows.sort(key=lambda row: row.issued if row.issued[:4].isdigit() else "", reverse=True)
    elif order != "name":
        rows.sort(key=lambda row: (-row.recommended, -row.stated))
    return page(request, "documents.html", status=asked.status, asked=asked, rows=rows, kinds=kinds)


def _listed(kb: KnowledgeBase, iri: str, stated: Sequence[tuple[str, str]], day: date) -> Listed:
    row, interval = describe.document(kb.records, iri), kb.records.intervals.get(iri)
    publishers = kb.records.nodes.get(iri, {}).get(ns.DCTERMS + "publisher", ())
    return Listed(
        row["id"],
        row["label"],
        describe.short_name(kb.records, iri),
        row["kind"],
        row["issued"],
        ", ".join(map(kb.records.label, publishers)) or NOT_STATED,
        ", ".join(row["jurisdiction"]),
        row["verification"],
        interval is not None and interval.ended(day),
        len(stated),
        sum(kind == "recommendation" for _, kind in stated),
    )


def _document(request: Request) -> Response:
    kb, name = served_of(request).kb, request.path_params["name"]
    iri, records, day = ns.GGD + name, kb.records, date.today()
    said = said_of(kb, iri)
    if iri not in named.documents(records) or not said:
        return missing(request, f"No document here is called {name}.")
    told = sorted((_stated(kb, node, kind, day) for node, kind in statements_of(kb).get(iri, ())), key=_in_order(kb))
    sections = [(section, list(rows)) for section, rows in groupby(told, key=lambda row: row.section)]
    secondary = records.one(records.one(iri, "documentKind"), "isPrimary") != "true"
    # Only what tells of others is held against them: of a primary nothing would be said.
    audit = audited(kb, day, iri) if told and secondary else None
    held = audit["corroboration"] if audit else None
    return page(
        request,
        "document.html",
        iri=iri,
        document=describe.document(records, iri),
        title=records.nodes[iri].get(ns.DCTERMS + "title", ("",))[0],
        publisher=labelled(kb, records.nodes[iri].get(ns.DCTERMS + "publisher", ())),
        addresses=describe.addresses(records, iri),
        sought=records.all(iri, "addressSought"),
        effect=in_effect(kb, iri),
        ended=(interval := records.intervals.get(iri)) is not None and interval.ended(day),
        supersedes=_superseded(kb, iri),
        superseded_by=labelled(kb, records.all(iri, "supersededBy")),
        checks=_checks(kb, iri, told),
        status_wording=records.one(iri, "statusWording"),
        review=records.one(iri, "reviewStatus"),
        contested=records.all(iri, "contestedBy"),
        sections=sections,
        counts=Counter(row.kind for row in told),
        held=held,
        relations=RELATIONS,
        said=said,
        mentions=[row for row in mentions_of(kb, iri) if row.property != ns.GG + "statedIn"],
        data=alternates(iri),
    )


def _stated(kb: KnowledgeBase, node: str, kind: str, day: date) -> Stated:
    records = kb.records
    population, interval = records.population(node), records.intervals.get(node)
    section = describe.section(records, node)
    window = f", {section['window']}" if section and section["window"] else ""
    grade = records.readings.get(node, "")
    return Stated(
        describe.name(node),
        records.label(node),
        kind,
        records.code(records.one(node, "stance"), ""),
        records.code(grade, ""),
        records.one(node, "strengthWording") or (records.code(grade, "") if grade else ""),
        records.one(node, "certaintyWording") or records.code(records.one(node, "certainty"), ""),
        records.label(population) if population else "",
        describe.locator(records, node),
        f"{section['label']}{window}" if section else "",
        in_effect(kb, node) if records.own_issue(node) or (interval and interval.ends) else "",
        interval is not None and interval.ended(day),
        records.code(records.one(node, "verification"), ""),
        encodings(records).text(node),
    )


def _in_order(kb: KnowledgeBase) -> Any:
    """The order of a document: by where the passage begins; what has no place by its number."""
    ranks = {word: at for at, (_, word) in enumerate(_STATING)}

    def key(row: Stated) -> tuple[Any, ...]:
        node = ns.BASE + row.id
        start = kb.records.one(kb.records.one(node, "locator"), "startOffset")
        placed = int(start) if start.isdigit() else None
        number = kb.records.one(kb.records.one(node, "locator"), "numberInDocument")
        return (placed is None, placed or 0, not number, _numbered(number), ranks[row.kind], _numbered(row.id))

    return key


def _numbered(text: str) -> list[tuple[bool, int, str]]:
    """A text in whose order 1.2.9 stands before 1.2.10."""
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in _DIGITS.split(text)]


def _superseded(kb: KnowledgeBase, iri: str) -> list[Value]:
    """What a document took the place of: earlier documents, and statements of them."""
    return [value for row in mentions_of(kb, iri) if row.property == ns.GG + "supersededBy" for value in row.values]


def _checks(kb: KnowledgeBase, iri: str, told: Sequence[Stated]) -> list[str]:
    """How a document and its encoding were verified, in sentences."""
    records = kb.records
    lines = [f"The document was read: {records.code(records.one(iri, 'verification'))}."]
    counted = Counter(row.verification for row in told if row.verification)
    if counted:
        lines.append(f"Its statements: {', '.join(f'{n} {word}' for word, n in sorted(counted.items()))}.")
    if records.one(iri, "documentDigest"):
        lines.append("Its text is held by a digest, so that a change of a passage is noticed.")
    graph = ns.GGG + iri.removeprefix(ns.GGD)
    encoders = {
        *records.all(graph, "encodedBy"),
        *(e for row in told for e in records.all(ns.BASE + row.id, "encodedBy")),
    }
    if encoders:
        lines.append(f"Encoded by {', '.join(sorted(map(records.label, encoders)))}.")
    reviews = encodings(records)
    if reviews.text(iri):
        lines.append(f"Review of the whole: {reviews.text(iri)}.")
    by_state = Counter(r["state"] for row in told if (r := reviews.by_node.get(ns.BASE + row.id)))
    if by_state:
        counted_ = ", ".join(f"{n} {state}" for state, n in sorted(by_state.items()))
        lines.append(f"The encoding of its statements, one by one: {counted_}.")
    checkers = {*records.all(graph, "checkedBy"), *records.all(iri, "checkedBy")}
    if checkers:
        lines.append(f"Read against the source by {', '.join(sorted(map(records.label, checkers)))}.")
    elif iri not in reviews.by_node or reviews.by_node[iri]["state"] != "approved":
        lines.append("Nobody but its encoder read it against the source.")
    return lines
