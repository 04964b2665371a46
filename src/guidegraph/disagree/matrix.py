"""Interventions by documents: who says what on each, at a date."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.disagree.addressed import Addressed, addressed
from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import Records, gg

_NAMED = re.compile(r"^(.{2,28}?\b(?:19|20)\d\d)\b")
#: What a cell without a recommendation says.
NOT_ADDRESSED, SCOPE_NOT_STATED = "does not address", "scope not stated"


def matrix(engine: Engine, records: Records, as_of: date, *, at_least: int = 2) -> dict[str, Any]:
    """The matrix in the published form (schema/matrix.schema.json).

    Args:
        as_of: the day at which statements are issued, and may have ended.
        at_least: leave out interventions that fewer documents address.
    """
    rows = [row for row in addressed(engine) if row.issued(as_of)]
    by: dict[str, dict[str, list[Addressed]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        by[row.intervention][row.document].append(row)
    shown = {i: cells for i, cells in by.items() if len(cells) >= at_least}
    documents = sorted({d for cells in shown.values() for d in cells}, key=lambda d: (records.issued(d), d))
    ended = {d for d in documents if all(r.ended(as_of) for r in rows if r.document == d)}
    scopes = _scopes(records)
    return {
        "as_of": as_of.isoformat(),
        "at_least": at_least,
        "documents": [
            {**describe.document(records, d), "short": _short(records, d), "ended": d in ended} for d in documents
        ],
        "interventions": [
            _intervention(records, i, cells, documents, as_of, scopes) for i, cells in _ordered(records, shown)
        ],
    }


def _short(records: Records, document: str) -> str:
    """A document's name as a column head: up to its year, else its first words with the year."""
    label, issued = records.label(document), records.issued(document)
    named = _NAMED.match(label)
    if named:
        return named[1]
    head = label.partition(":")[0]
    head = head if len(head) <= 20 else head[:19].rstrip() + "~"
    return f"{head} {issued[:4] if issued[:4].isdigit() else 'date not stated'}"


def _ordered(records: Records, shown: dict[str, Any]) -> list[tuple[str, Any]]:
    """By category, then label."""

    def key(item: tuple[str, Any]) -> tuple[str, str, str]:
        label, category = records.classes.get(item[0], (records.label(item[0]), ""))
        return (category, label, item[0])

    return sorted(shown.items(), key=key)


def _scopes(records: Records) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """For each document with scopes, the interventions that they considered and those that they left out."""
    found: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for iri, props in records.nodes.items():
        if gg("Scope") in props.get(ns.RDF + "type", ()):
            considered, left_out = found[records.one(iri, "inDocument")]
            considered |= set(records.all(iri, "considers"))
            left_out |= set(records.all(iri, "leavesOut"))
    return {document: (frozenset(held), frozenset(out)) for document, (held, out) in found.items()}


def _intervention(
    records: Records,
    iri: str,
    cells: dict[str, list[Addressed]],
    documents: list[str],
    as_of: date,
    scopes: dict[str, tuple[frozenset[str], frozenset[str]]],
) -> dict[str, Any]:
    label, category = records.classes.get(iri, (records.label(iri), ""))
    return {
        "id": describe.name(iri),
        "label": label,
        "category": category or "other",
        "cells": [_cell(records, iri, d, cells.get(d, []), as_of, scopes) for d in documents],
    }


def _cell(
    records: Records,
    iri: str,
    document: str,
    rows: list[Addressed],
    as_of: date,
    scopes: dict[str, tuple[frozenset[str], frozenset[str]]],
) -> dict[str, Any]:
    """Every recommendation of a document on an intervention, those in effect first; or what its absence says."""
    said = [
        {
            "id": describe.name(r.rec),
            "stance": r.stance,
            "strength": r.strength or "none stated",
            "ended": r.ended(as_of),
            "population": records.label(records.population(r.rec)),
            "attached": describe.attached(records, r.rec),
        }
        for r in rows
    ]
    said.sort(key=lambda row: (row["ended"], row["stance"], row["id"]))
    missing = "" if said else NOT_ADDRESSED if _outside(records, iri, scopes.get(document)) else SCOPE_NOT_STATED
    return {"document": describe.name(document), "says": said, "missing": missing or None}


def _outside(records: Records, iri: str, scope: tuple[frozenset[str], frozenset[str]] | None) -> bool:
    """Whether a stated scope leaves an intervention out."""
    if scope is None:
        return False
    considered, left_out = scope
    above = records.ancestors
    near = any(c in above.get(iri, (iri,)) or iri in above.get(c, (c,)) for c in considered)
    return (bool(considered) and not near) or any(out in above.get(iri, ()) for out in left_out)
