"""The page of the audit: findings by severity and kind, each with its evidence and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph.api import KnowledgeBase
from guidegraph.audit.kinds import SEVERITIES
from guidegraph.errors import GuideGraphError
from guidegraph.knowledge import describe, named
from guidegraph.web.asked import Asked
from guidegraph.web.layout import page
from guidegraph.web.links import missing
from guidegraph.web.served import Served, served_of


def routes(served: Served) -> list[BaseRoute]:
    """The page."""
    return [Route("/audit", _audit)]


@lru_cache(maxsize=24)
def audited(kb: KnowledgeBase, day: date, document: str = "") -> Mapping[str, Any]:
    """The audit of a day; kept, since nothing of a patient is in it, and never to be changed."""
    return kb.audit(as_of=day, document=document or None).data


def _audit(request: Request) -> Response:
    kb, asked = served_of(request).kb, Asked(request)
    document, day = asked.read("document", kb.document), asked.day("as-of")
    try:
        data = audited(kb, day or date.today(), document)
    except GuideGraphError as error:
        return missing(request, str(error), "Nothing to audit", 422)
    kinds = [row["kind"] for row in data["summary"]["kinds"]]
    severity, kind = asked.chosen("severity", tuple(SEVERITIES)), asked.chosen("kind", kinds)
    findings = [row for row in data["findings"] if severity in ("", row["severity"]) and kind in ("", row["kind"])]
    why = {row["kind"]: row["why"] for row in data["summary"]["kinds"]}
    severities = [
        (name, [(rows[0], why[rows[0]["kind"]], rows) for rows in _by_kind(group)])
        for name, group in groupby(findings, key=lambda row: row["severity"])
    ]
    return page(
        request,
        "audit.html",
        status=asked.status,
        asked=asked,
        summary=data["summary"],
        meanings=SEVERITIES,
        severities=severities,
        shown=len(findings),
        all=len(data["findings"]),
        kinds=[(row["kind"], f"{row['title']} ({row['found']})") for row in data["summary"]["kinds"] if row["found"]],
        quiet=[row for row in data["summary"]["kinds"] if not row["found"]],
        documents=[(describe.name(iri), kb.records.label(iri)) for iri in _by_label(kb)],
    )


def _by_kind(rows: Iterable[Any]) -> list[list[Any]]:
    return [list(group) for _, group in groupby(rows, key=lambda row: row["kind"])]


def _by_label(kb: KnowledgeBase) -> list[str]:
    return sorted(named.documents(kb.records), key=lambda iri: (kb.records.label(iri).lower(), iri))
