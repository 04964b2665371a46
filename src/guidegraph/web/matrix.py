"""The page of the matrix: interventions by documents, with filters, an order, and what changed since another day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from guidegraph.api import KnowledgeBase
from guidegraph.comparisons import Column, MatrixRow, PublishedMatrix, Said
from guidegraph.disagree.selection import STRENGTHS, Selection
from guidegraph.knowledge import describe
from guidegraph.knowledge.named import find_document
from guidegraph.web.asked import Asked
from guidegraph.web.layout import page
from guidegraph.web.links import iri_of
from guidegraph.web.served import Served, served_of

#: How many documents must speak of an intervention for it to have a row, where nobody says.
_AT_LEAST = 2
_ORDERS = ("name", "sources")
#: What became of a statement since another day.
NEW, ENDED = "new", "ended since"


@dataclass(frozen=True)
class Mark:
    """One statement in a cell; ``changed`` says what became of it since the other day, "" for nothing."""

    said: Said
    changed: str


@dataclass(frozen=True)
class Row:
    """A row: an intervention with the marks of each document, or what the document's silence says."""

    row: MatrixRow
    cells: list[tuple[Column, list[Mark], str]]
    sources: int


def routes(served: Served) -> list[BaseRoute]:
    """The page."""
    return [Route("/matrix", _matrix)]


@lru_cache(maxsize=24)
def drawn(kb: KnowledgeBase, day: date, at_least: int) -> PublishedMatrix:
    """The matrix of a day; kept, since nothing of a patient is in it, and never to be changed."""
    return kb.matrix(as_of=day, at_least=at_least)


def _matrix(request: Request) -> Response:
    kb, asked = served_of(request).kb, Asked(request)
    day, since = asked.day("as-of") or date.today(), asked.day("since")
    least = asked.chosen("at-least", ("1", "2", "3", "4", "5"))
    data = drawn(kb, day, int(least) if least else _AT_LEAST)
    families = _families(kb, data["interventions"])
    family = asked.read("family", lambda text: kb.vocabulary.resolve(text, ("intervention",)))
    categories = sorted({row["category"] for row in data["interventions"]})
    category, strength = asked.chosen("category", categories), asked.chosen("strength", STRENGTHS)
    wanted = asked.several("document", lambda text: describe.name(find_document(kb.records, text)))
    first, last = asked.year("from"), asked.year("to")
    if first is not None and last is not None and first > last:
        asked.wrong["from"] = f"No year is both from {first} on and up to {last}."
        first = last = None
    selection = Selection(category, family, wanted, first, last, strength, asked.ticked("in-effect"))
    part = selection.of(data, lambda row: kb.vocabulary.ancestors(iri_of(row["id"])))
    columns = part["documents"]
    before = _statements(drawn(kb, since, 1)) if since else None
    rows = [_row(row, columns, before) for row in part["interventions"]]
    order = asked.chosen("sort", [*_ORDERS, *(d["id"] for d in data["documents"])])
    return page(
        request,
        "matrix.html",
        status=asked.status,
        asked=asked,
        data=data,
        columns=columns,
        groups=_ordered(rows, order),
        changes=_changes(columns, rows),
        since=since,
        families=families,
        categories=categories,
        strengths=STRENGTHS,
        wanted=wanted,
        order=order,
        sorted_by=lambda name: "?" + str(request.url.include_query_params(sort=name).query),
    )


def _families(kb: KnowledgeBase, rows: Sequence[MatrixRow]) -> list[tuple[str, str, str]]:
    """The classes with at least two rows of one category at or below them: id, label with the number, category."""
    held: dict[str, list[MatrixRow]] = {}
    for row in rows:
        for above in kb.vocabulary.ancestors(iri_of(row["id"])):
            held.setdefault(above, []).append(row)
    found = [
        (below[0]["category"], kb.vocabulary.label(iri), iri, len(below))
        for iri, below in held.items()
        if len(below) > 1 and len({row["category"] for row in below}) == 1
    ]
    return [(describe.name(iri), f"{label} ({count})", category) for category, label, iri, count in sorted(found)]


def _statements(data: PublishedMatrix) -> dict[str, bool]:
    """Each statement of a matrix, and whether it had ended."""
    return {
        said["id"]: said["ended"] for row in data["interventions"] for cell in row["cells"] for said in cell["says"]
    }


def _row(row: MatrixRow, columns: Sequence[Column], before: dict[str, bool] | None) -> Row:
    cells = {cell["document"]: cell for cell in row["cells"]}
    shown = [
        (
            column,
            [Mark(s, _changed(s, before)) for s in cells[column["id"]]["says"]],
            cells[column["id"]]["missing"] or "",
        )
        for column in columns
    ]
    return Row(row, shown, sum(bool(marks) for _, marks, _ in shown))


def _changed(said: Said, before: dict[str, bool] | None) -> str:
    if before is None:
        return ""
    if said["id"] not in before:
        return NEW
    return ENDED if said["ended"] and not before[said["id"]] else ""


def _changes(columns: Sequence[Column], rows: Sequence[Row]) -> list[tuple[Column, str, list[tuple[Row, Mark]]]]:
    """What changed since the other day: for each document what is new, and what has ended."""
    found: dict[tuple[str, str], list[tuple[Row, Mark]]] = {}
    for row in rows:
        for column, marks, _ in row.cells:
            for mark in marks:
                found.setdefault((column["id"], mark.changed), []).append((row, mark))
    return [(c, word, found[c["id"], word]) for c in columns for word in (NEW, ENDED) if (c["id"], word) in found]


def _ordered(rows: list[Row], order: str) -> list[tuple[str, list[Row]]]:
    """The rows under their headings: by category, or in another order under none."""
    if not order:
        return [(category, list(group)) for category, group in groupby(rows, key=lambda row: row.row["category"])]
    rows = sorted(rows, key=lambda row: (row.row["label"].lower(), row.row["id"]))
    if order == "sources":
        rows.sort(key=lambda row: -row.sources)
    elif order != "name":
        rows.sort(key=lambda row: _rank(marks for column, marks, _ in row.cells if column["id"] == order))
    return [("", rows)]


def _rank(cells: Iterable[Sequence[Mark]]) -> int:
    """Where a row stands when a document's column is sorted: for, against, without a side, silent."""
    stances = Counter(mark.said["stance"] for marks in cells for mark in marks)
    known = [at for at, stance in enumerate(("for", "against")) if stances[stance]]
    return min(known, default=2 if stances else 3)
