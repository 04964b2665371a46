"""What the cells of a row must be to each other: days in order, bounds around their number, one of two, not both."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from guidegraph.authoring.cells import NO, CellError, Row

#: Days of which the first is not after the second, by headings.
_IN_ORDER = (
    ("issued", "superseded on"),
    ("issued", "withdrawn on"),
    ("issued", "lapses on"),
    ("issued", "encoded on"),
    ("search ended", "issued"),
)
#: Numbers of which the first is not above the second (or, where ``strict``, is below it).
_ASCENDING = (
    ("lower bound", "estimate", False),
    ("estimate", "upper bound", False),
    ("lower bound", "upper bound", False),
    ("from weeks", "to weeks", True),
    ("start", "end", True),
    ("at least", "at most", False),
    ("at least", "less than", True),
    ("more than", "at most", True),
    ("more than", "less than", True),
    ("least", "most", True),
)
#: Headings of which a row has just one, and those of which it has at most one.
_ONE_OF = {
    "document": (("issued", "no date stated"),),
    "contraindications": (("population", "every patient"),),
    "readings": (("term", "rules out"), ("number", "of term")),
}
_NOT_BOTH = (("at least", "more than"), ("at most", "less than"))
#: Days on which somebody did something.
_DONE = ("encoded on", "mapped on", "read on", "strength read on", "class read on")
#: Marks that move answers where no statement does (queries/check/mark-without-reason).
_MARKS = ("only when named", "taken as a whole", "one problem", "widest")
#: Columns whose numbers are proportions.
_PROPORTIONS = ("sensitivity", "specificity", "confidence")
#: No document counts more lines of therapy.
_LAST_LINE = 20
#: Columns whose whole numbers are counted from 1.
_FROM_ONE = ("line", "item", "number")
_DAY = re.compile(r"[0-9]{4}(?:-[0-9]{2}){0,2}\Z")
_KEY = re.compile(r"[a-z][a-z0-9_]*\Z")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?\Z")


def row_faults(row: Row) -> Iterator[CellError]:
    """What is wrong between the cells of a row. Cells that cannot be read are left to who reads them."""
    yield from _orders(row)
    for one, other in _ONE_OF.get(row.section.name, ()):
        held = [h for h in (one, other) if _yes(row, h)]
        if len(held) == 2:
            yield row.mistake(other, f"both {one!r} and {other!r} are given", "Keep one of both.")
        elif not held:
            yield row.mistake(one, f"neither {one!r} nor {other!r} is given", f"Give one: {row.cell(one).column.says}")
    for one, other in _NOT_BOTH:
        if row.section.column(one) and row.text(one) and row.text(other):
            yield row.mistake(other, f"both {one!r} and {other!r} are given", "Keep one of both.")
    yield from _done(row)
    if row.section.name == "places":
        yield from _place(row)
    if row.section.name == "readings" and _yes(row, "ours") and not row.text("because"):
        yield row.mistake("because", "the step is ours, and has no reason", row.cell("because").column.says)
    if row.section.name == "numbers":
        yield from _keyed(row)
    if row.section.name == "terms" and not row.text("remark"):
        for mark in filter(row.text, _MARKS):
            yield row.mistake(mark, "the mark has no reason", "Say under 'remark' why the term is marked so.")


def _yes(row: Row, heading: str) -> bool:
    return bool(row.text(heading)) and row.text(heading).casefold() not in NO


def before(late: str, early: str) -> bool:
    """Whether a day, month or year is before another, as far as both are told; False where one is no date."""
    return bool(_DAY.match(early) and _DAY.match(late)) and early[: len(late)] > late[: len(early)]


def _keyed(row: Row) -> Iterator[CellError]:
    if row.text("key") and not _KEY.match(row.text("key")):
        yield row.mistake("key", f"{row.text('key')[:40]!r} is no key", "Write small letters, digits and _.")
    if row.text("phrase") and row.text("phrase").count("{range}") != 1:
        yield row.mistake("phrase", "the phrase has no one {range}", "Write {range} where the range is told.")


def _done(row: Row) -> Iterator[CellError]:
    # East of here it is tomorrow already.
    latest = (date.today() + timedelta(days=1)).isoformat()
    for heading in _DONE:
        text = row.text(heading) if row.section.column(heading) else ""
        if _DAY.match(text[:10]) and text[:10] > latest:
            yield row.mistake(heading, f"{text} is still to come", "Write the day on which it was done.")


def _orders(row: Row) -> Iterator[CellError]:
    has = row.section.column
    for first, second in _IN_ORDER:
        if has(first) and has(second):
            early, late = row.text(first), row.text(second)
            if before(late, early):
                what = f"{second} {late} is before {first} {early}"
                yield row.mistake(second, what, "Correct the one that is wrong.")
    told: set[str] = set()
    for first, second, strict in _ASCENDING:
        if has(first) and has(second) and second not in told:
            low, high = _number(row, first), _number(row, second)
            # The horizon of an outcome that is measured once is a point; only what runs has a beginning and an end.
            strict = strict and (first != "from weeks" or row.section.name != "terms")
            if low is not None and high is not None and (low > high or (strict and low == high)):
                what = f"{second} {high} is {'not above' if strict else 'below'} {first} {low}"
                told.add(second)
                yield row.mistake(second, what, "Correct the one that is wrong.")
    for heading in _PROPORTIONS:
        value = _number(row, heading) if has(heading) else None
        if value is not None and not 0 <= value <= 1:
            mend = f"Write {value / 100} if {value} per cent is meant." if 1 < value <= 100 else "Write 0 to 1."
            yield row.mistake(heading, f"{value} is no proportion from 0 to 1", mend)
    for heading in _FROM_ONE:
        column = has(heading)
        value = _number(row, heading) if column is not None and column.kind == "whole" else None
        if value is not None and value < 1:
            yield row.mistake(heading, f"{value} is not counted from 1", "Write 1, 2, ...")
        elif value is not None and heading == "line" and value > _LAST_LINE:
            yield row.mistake(heading, f"{value} is no line of therapy", "Write 1, 2, ...")
    for heading in ("start", "from weeks"):
        value = _number(row, heading) if has(heading) else None
        if value is not None and value < 0:
            yield row.mistake(heading, f"{value} is below 0", "Write 0 or more.")


def _number(row: Row, heading: str) -> Decimal | None:
    text = row.text(heading)
    return Decimal(text) if _NUMBER.match(text) else None


def _place(row: Row) -> Iterator[CellError]:
    if not any(row.text(heading) for heading in ("number", "heading path", "start")):
        told = "Give the number that the document prints, the heading path, or start, end and digest."
        yield row.mistake("number", "the row says no place", told)
    if bool(row.text("start")) != bool(row.text("end")):
        yield row.mistake("end" if row.text("start") else "start", "a passage has a start and an end", "Give both.")
    if row.text("start") and not (row.text("digest") or row.text("passage")):
        told = "Give the digest that guidegraph locate prints, or the words under 'passage'."
        yield row.mistake("digest", "a passage with a start has the digest of its words", told)
