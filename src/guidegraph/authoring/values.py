"""What a cell's text is worth: RDF terms of its column's kind, or a mistake with the mend."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import DATE, ERROR, FORMULA, NO, NUMBER, TOLD, TRUTH, YES, Cell
from guidegraph.authoring.datetexts import date_mend
from guidegraph.authoring.identifiers import COUNTRIES, MEANT_COUNTRIES, identifier
from guidegraph.authoring.naming import MATCHES, Names, unknown
from guidegraph.authoring.numerals import rewritten
from guidegraph.errors import ProfileError, TermError
from guidegraph.model import TermRow
from guidegraph.profile.names import nearest, normal
from guidegraph.profile.parse import check_range

Value = ox.NamedNode | ox.Literal
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)\Z")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+\Z")
_CODE = re.compile(r"[A-Za-z][\w.-]*:\S+\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
#: No document is older, and a workbook that holds an empty day shows one of its first year.
_FIRST_YEAR, _FIRST_OF_WORKBOOKS = 1800, 1901
#: Kinds that a workbook's own types may stand for; text is right everywhere.
_DATES, _NUMBERS = ("date", "day", "time"), ("decimal", "whole")


def typed(text: str, datatype: str) -> ox.Literal:
    """A literal of a datatype of XML Schema."""
    return ox.Literal(text, datatype=ox.NamedNode(ns.XSD + datatype))


def values(cell: Cell, names: Names, document: str) -> list[Value]:
    """The RDF terms that a cell is worth, in the order of its values.

    Args:
        cell: one that is not empty.
        names: what it may name.
        document: the id of the document that its row belongs to.

    Raises:
        CellError: it is worth nothing of its column's kind.
    """
    type_fits(cell)
    texts = list(cell.values())
    if not cell.column.several and len(texts) == 1 and "\n" in texts[0]:
        raise cell.mistake("more than one line, and this column takes one value", "Keep one, or write another row.")
    found: list[Value] = []
    for text in texts:
        try:
            value = _one(cell, text, names, document)
        except TermError as error:
            raise cell.mistake(error.what, error.mend) from None
        if value in found:
            raise cell.mistake(f"{text[:60]!r} is there twice", "Keep one.")
        found.append(value)
    return found


def type_fits(cell: Cell) -> None:
    """See that the workbook holds the cell for what its column takes, so that nothing was changed as it was typed."""
    kind, held, text = cell.column.kind, cell.raw.type, cell.raw.text
    if held in (FORMULA, ERROR):
        raise cell.mistake(TOLD, "")  # by who reads the row
    if held == DATE and kind not in _DATES:
        told = "Format the cell as text, and write it again as it is meant."
        raise cell.mistake(f"the workbook made a date of it ({text})", told)
    if held == TRUTH and kind != "truth":
        raise cell.mistake("the workbook made yes or no of it", "Format the cell as text, and write it again.")
    if held == NUMBER and kind not in (*_NUMBERS, *_DATES) and "." in text:
        told = "Format the cell as text, and write it again, such as 1.10: a number loses its last zeros."
        raise cell.mistake(f"the workbook made a number of it ({text})", told)


def _one(cell: Cell, text: str, names: Names, document: str) -> Value:
    column = cell.column
    kind = column.kind
    if kind in _READERS:
        return _READERS[kind](cell, text)
    if kind == "entry":
        cls = ns.expand(column.of[0]) or ""
        return ox.NamedNode(names.entry(cls, text))
    resolve: dict[str, Callable[[], str]] = {
        "term": lambda: names.term(text, column.of),
        "number": lambda: names.number(text),
        "document": lambda: names.document(text),
        "statement": lambda: names.statement(document, text),
        "section": lambda: names.own("sections", document, text, "label"),
        "citation": lambda: names.own("citations", document, text),
        "reference": lambda: names.own("references", document, text, "number"),
        "publisher": lambda: names.publisher(text),
        "agent": lambda: names.agent(text),
    }
    return ox.NamedNode(resolve[kind]())


# ---------------------------------------------------------------- values without names


def _text(cell: Cell, text: str) -> Value:
    if cell.column.prop == "gg:jurisdiction" and text not in COUNTRIES:
        meant = MEANT_COUNTRIES.get(text.upper(), text.upper())
        told = f"Write {meant!r}." if meant in COUNTRIES else "Write two letters, such as GB, US or EU."
        raise cell.mistake(f"{text[:40]!r} is no code of a country", told)
    return ox.Literal(text)


def _label(cell: Cell, text: str) -> Value:
    return ox.Literal(text, language="en")


def _truth(cell: Cell, text: str) -> Value:
    word = text.casefold()
    if word not in (*YES, *NO):
        raise cell.mistake(f"{text[:40]!r} is neither yes nor no", "Write yes or no.")
    return ox.Literal("true" if word in YES else "false", datatype=ox.NamedNode(ns.XSD + "boolean"))


def _decimal(cell: Cell, text: str) -> Value:
    plain = text.replace("\u2212", "-").replace("\u2013", "-")
    if not _DECIMAL.match(plain):
        otherwise = rewritten(text)
        if otherwise is not None:
            raise cell.mistake(*otherwise)
        found = re.match(r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*\D", plain)
        told = (
            f"Write {found[1]} alone; a unit has a column of its own." if found else "Write a number such as 12 or 0.5."
        )
        raise cell.mistake(f"{text[:40]!r} is not a number", told)
    if plain.startswith("."):
        plain = "0" + plain
    return typed(plain.removeprefix("+") if "." in plain else plain.removeprefix("+") + ".0", "decimal")


def plausible(text: str, row: TermRow) -> tuple[str, str] | None:
    """What is wrong with a number of a patient, and the mend; None if it is plausible, or no number.

    Args:
        text: the number, in the unit of its row.
        row: the number of a profile that it is one of.
    """
    if not _DECIMAL.match(text):
        return None
    try:
        check_range(Decimal(text), row.label, row.low, row.high)
    except ProfileError as error:
        return error.what, error.mend
    return None


def _whole(cell: Cell, text: str) -> Value:
    if not re.fullmatch(r"-?[0-9]{1,15}", text):
        otherwise = rewritten(text)
        if otherwise is not None and re.match(r"Write -?\d+[.,](?!\d)", otherwise[1]):
            raise cell.mistake(*otherwise)
        try:
            near = Decimal(text.replace(",", "."))
            told = f"Write {int(near)}." if near == int(near) else "Write a whole number, such as 1."
        except (InvalidOperation, ValueError, OverflowError):
            told = "Write a whole number, such as 1."
        raise cell.mistake(f"{text[:40]!r} is not a whole number", told)
    return typed(str(int(text)), "integer")


def _date(cell: Cell, text: str) -> Value:
    year, month, day = _parts(cell, text)
    if day:
        return typed(f"{year}-{month}-{day}", "date")
    return typed(f"{year}-{month}", "gYearMonth") if month else typed(year, "gYear")


def _full(cell: Cell, text: str) -> str:
    year, month, day = _parts(cell, text)
    if not day:
        raise cell.mistake(f"{text!r} is no whole day", "Write year, month and day: 2026-11-27.")
    return f"{year}-{month}-{day}"


def _day(cell: Cell, text: str) -> Value:
    return typed(_full(cell, text), "date")


def _time(cell: Cell, text: str) -> Value:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:[0-9]{2})", text):
        return typed(text, "dateTime")
    return typed(f"{_full(cell, text)}T00:00:00Z", "dateTime")


def _parts(cell: Cell, text: str) -> tuple[str, str, str]:
    """Year, month and day ("" where not given) of a date."""
    found = _DAY.match(text)
    if found is None or (cell.raw.type == NUMBER and len(text) != 4):
        raise cell.mistake(f"{text[:40]!r} is not a date as it is written here", date_mend(text))
    year, month, day = found[1], found[2] or "", found[3] or ""
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise cell.mistake(f"{text} is no day of the calendar", "Write one that is: 2020-11-30.") from None
    if int(year) < _FIRST_YEAR or (cell.raw.type == DATE and int(year) < _FIRST_OF_WORKBOOKS):
        raise cell.mistake(f"{text} is too long ago to be meant", "Write the day that is meant.")
    return year, month, day


def _address(cell: Cell, text: str) -> Value:
    identified = identifier(cell.column.prop, text)
    if identified is not None:
        text, mend = identified
        if mend:
            raise cell.mistake(f"{text[:60]!r} is no {cell.column.heading.upper()}", mend)
    if not _ADDRESS.match(text) or not _is_iri(text):
        told = (
            f"Write https://{text}."
            if re.match(r"www\.\S+\.\S+\Z", text)
            else "Write it whole, beginning with https://, without spaces."
        )
        raise cell.mistake(f"{text[:60]!r} is not an address", told)
    return ox.NamedNode(text)


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def _digest(cell: Cell, text: str) -> Value:
    if not _DIGEST.match(text):
        raise cell.mistake("not a digest: 64 digits 0 to 9 and a to f", "Copy what guidegraph locate prints.")
    return ox.Literal(text)


def _match(cell: Cell, text: str) -> Value:
    name = normal(text).removesuffix(" match").removesuffix("match").removeprefix("skos:")
    if name not in MATCHES:
        near = nearest(name, {known: [known] for known in MATCHES})
        raise unknown(f"{text[:40]!r} is no kind of match", near, MATCHES)
    return ox.Literal(MATCHES[name])


def _code(cell: Cell, text: str) -> Value:
    if not _CODE.match(text):
        raise cell.mistake(
            f"{text[:40]!r} is no code with a prefix", "Write it with its terminology, such as MESH:D012345."
        )
    return ox.Literal(text)


_READERS: dict[str, Callable[[Cell, str], Value]] = {
    "text": _text,
    "label": _label,
    "truth": _truth,
    "decimal": _decimal,
    "whole": _whole,
    "date": _date,
    "day": _day,
    "time": _time,
    "address": _address,
    "digest": _digest,
    "match": _match,
    "code": _code,
}
