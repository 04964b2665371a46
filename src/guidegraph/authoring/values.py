"""What a cell's text is worth: RDF terms of its column's kind, or a mistake with the mend."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import DATE, ERROR, FORMULA, NUMBER, TOLD, TRUTH, Cell
from guidegraph.authoring.naming import MATCHES, Names, unknown
from guidegraph.errors import TermError
from guidegraph.profile.names import nearest, normal

Value = ox.NamedNode | ox.Literal
_TRUE, _FALSE = ("yes", "true", "y", "1"), ("no", "false", "n", "0")
_DAY = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?\Z")
#: Days as other people write them: day.month.year.
_GERMAN = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\Z")
_SLASHED = re.compile(r"(\d{1,4})[/.](\d{1,2})[/.](\d{1,4})\Z")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)\Z")
_COMMA = re.compile(r"[+-]?\d+,\d+\Z")
_ADDRESS = re.compile(r"https?://[^\s<>\"{}|\\^`]+\Z")
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s?)?(10\.\d{4,}(?:\.\d+)*/\S+)\Z", re.IGNORECASE)
_PMID = re.compile(r"(?:https?://pubmed\.ncbi\.nlm\.nih\.gov/|pmid:\s?)?([1-9]\d*)/?\Z", re.IGNORECASE)
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_CODE = re.compile(r"[A-Za-z][\w.-]*:\S+\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
#: Days are counted from here in workbooks.
_EPOCH = date(1899, 12, 30)
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
    if cell.column.prop == "gg:jurisdiction" and not _COUNTRY.match(text):
        told = (
            f"Write {text.upper()!r}." if _COUNTRY.match(text.upper()) else "Write two letters, such as GB, US or EU."
        )
        raise cell.mistake(f"{text[:40]!r} is no code of a country", told)
    return ox.Literal(text)


def _label(cell: Cell, text: str) -> Value:
    return ox.Literal(text, language="en")


def _truth(cell: Cell, text: str) -> Value:
    word = text.casefold()
    if word not in (*_TRUE, *_FALSE):
        raise cell.mistake(f"{text[:40]!r} is neither yes nor no", "Write yes or no.")
    return ox.Literal("true" if word in _TRUE else "false", datatype=ox.NamedNode(ns.XSD + "boolean"))


def _decimal(cell: Cell, text: str) -> Value:
    if _COMMA.match(text):
        raise cell.mistake(f"{text} has a decimal comma", f"Write {text.replace(',', '.')}.")
    plain = text.replace("\u2212", "-").replace("\u2013", "-")
    if not _DECIMAL.match(plain):
        found = re.match(r"([+-]?\d+(?:\.\d+)?)\s*\D", plain)
        told = (
            f"Write {found[1]} alone; a unit has a column of its own." if found else "Write a number such as 12 or 0.5."
        )
        raise cell.mistake(f"{text[:40]!r} is not a number", told)
    if plain.startswith("."):
        plain = "0" + plain
    return typed(plain.removeprefix("+") if "." in plain else plain.removeprefix("+") + ".0", "decimal")


def _whole(cell: Cell, text: str) -> Value:
    if not re.fullmatch(r"-?\d{1,15}", text):
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
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2})", text):
        return typed(text, "dateTime")
    return typed(f"{_full(cell, text)}T00:00:00Z", "dateTime")


def _parts(cell: Cell, text: str) -> tuple[str, str, str]:
    """Year, month and day ("" where not given) of a date."""
    found = _DAY.match(text)
    if found is None or (cell.raw.type == NUMBER and len(text) != 4):
        raise cell.mistake(f"{text[:40]!r} is not a date as it is written here", _date_mend(cell, text))
    year, month, day = found[1], found[2] or "", found[3] or ""
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise cell.mistake(f"{text} is no day of the calendar", "Write one that is: 2020-11-30.") from None
    return year, month, day


def _date_mend(cell: Cell, text: str) -> str:
    if re.fullmatch(r"\d{5}", text):
        meant = (_EPOCH + timedelta(days=int(text))).isoformat()
        return f"A workbook counts days so; if {meant} is meant, write that."
    found = _GERMAN.match(text) or _SLASHED.match(text)
    if found:
        first, second, third = found.groups()
        if len(first) == 4:
            return f"Write {first}-{second:0>2}-{third:0>2}."
        if len(third) == 4 and (int(first) > 12 or _GERMAN.match(text)):
            return f"Write {third}-{second:0>2}-{first:0>2}."
        if len(third) == 4 and int(second) > 12:
            return f"Write {third}-{first:0>2}-{second:0>2}."
    return "Write 2020, 2020-11 or 2020-11-30: year, month, day."


def _address(cell: Cell, text: str) -> Value:
    for prop, pattern, form in (
        ("gg:doi", _DOI, "https://doi.org/{}"),
        ("gg:pmid", _PMID, "https://pubmed.ncbi.nlm.nih.gov/{}/"),
    ):
        if cell.column.prop == prop:
            found = pattern.match(text)
            if found is None:
                name = prop.removeprefix("gg:").upper()
                raise cell.mistake(
                    f"{text[:60]!r} is no {name}",
                    f"Write for example {form.format('10.1000/182' if 'doi' in prop else '12345678')}.",
                )
            text = form.format(found[1])
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
