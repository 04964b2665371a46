"""The page of disagreements: by controversy with its picture, the pairs below."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph import comparisons as forms
from guidegraph.api import KnowledgeBase
from guidegraph.disagree.finding import VERDICTS
from guidegraph.knowledge import describe, named
from guidegraph.render.picture import HATCHINGS, picture_html
from guidegraph.web.asked import Asked
from guidegraph.web.layout import page
from guidegraph.web.links import page_of
from guidegraph.web.served import Served, served_of

#: What each verdict on a pair means to a reader.
MEANINGS = {
    "real": "opposed about the same patients",
    "horizon": "opposed, for another time or outcome",
    "condition": "opposed only without a condition that one of them attaches",
    "stance": "one took a side, the other looked and took none",
    "grading-only": "the same side, graded differently",
    "silence": "one does not address it",
    "superseded": "one has ended",
    "not-excluded": "opposed only in who has two unrelated conditions",
    "apparent": "opposed, about patients who exclude each other",
}
_SIDES = {"for": "for it", "against": "against it", "declined": "took no side"}


def routes(served: Served) -> list[BaseRoute]:
    """The page."""
    return [Route("/disagreements", _disagreements)]


@lru_cache(maxsize=24)
def reported(
    kb: KnowledgeBase, day: date, intervention: str = "", document: str = "", verdicts: tuple[str, ...] = ()
) -> forms.Disagreements:
    """The disagreements on a day; kept, since nothing of a patient is in them, and never to be changed."""
    return kb.disagreements(as_of=day, intervention=intervention or None, document=document or None, verdicts=verdicts)


def anchors(rows: Sequence[forms.Controversy]) -> list[str]:
    """A name in the page for each controversy."""
    seen: Counter[str] = Counter()
    names = []
    for row in rows:
        name = "c-" + (re.sub(r"[^a-z0-9]+", "-", row["title"].lower()).strip("-") or "untitled")
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def controversies_of(served: Served, statement: str, day: date) -> list[tuple[str, str, str]]:
    """The controversies in which a statement (its id) is a voice: title, side, link."""
    rows = reported(served.kb, day)["controversies"]
    found = []
    for row, anchor in zip(rows, anchors(rows), strict=True):
        sides: list[tuple[str, Sequence[forms.Voice]]] = [
            ("for", row["sides"]["for"]),
            ("against", row["sides"]["against"]),
            ("declined", row["sides"]["declined"]),
        ]
        found += [
            (row["title"], _SIDES[side], f"/disagreements#{anchor}")
            for side, voices in sides
            if any(voice["id"] == statement for voice in voices)
        ]
    return found


def _picture(one: forms.Controversy) -> str:
    voices = (*one["sides"]["for"], *one["sides"]["against"], *one["sides"]["declined"])
    return picture_html(one, {voice["id"]: page_of(voice["id"]) for voice in voices})


def _disagreements(request: Request) -> Response:
    served, asked = served_of(request), Asked(request)
    kb = served.kb
    intervention = asked.read("intervention", lambda text: kb.vocabulary.resolve(text, ("intervention",)))
    document = asked.read("document", kb.document)
    day, verdict = asked.day("as-of"), asked.chosen("verdict", VERDICTS)
    told = reported(kb, day or date.today(), intervention, document, (verdict,) if verdict else ())
    rows = told["controversies"]
    return page(
        request,
        "disagreements.html",
        status=asked.status,
        asked=asked,
        told=told,
        controversies=list(zip(rows, anchors(rows), map(_picture, rows), strict=True)),
        hatchings=HATCHINGS,
        meanings=MEANINGS,
        verdicts=VERDICTS,
        therapies=[row.label for row in kb.vocabulary.rows if row.kind == "intervention"],
        documents=[(describe.name(d), kb.records.label(d)) for d in _speaking(kb)],
    )


def _speaking(kb: KnowledgeBase) -> list[str]:
    """The documents that recommend something, by label."""
    found = {kb.records.one(statement, "statedIn") for statement in named.recommendations(kb.records)}
    return sorted(found, key=lambda iri: (kb.records.label(iri).lower(), iri))
