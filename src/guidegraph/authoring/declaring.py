"""What the rows of a sheet are: the document and the IRI of each, from its id or else from its label, once each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import TOLD, CellError, Row, Sheet
from guidegraph.profile.names import nearest, normal

#: Sections whose rows belong to no document, with the namespace of their ids.
APART = {
    "publishers": ns.GGO,
    "terms": ns.GGT,
    "bridges": "",
    "numbers": ns.GG,
    "readings": ns.BASE + "reading/",
    "mappings": "",
}
#: Where an id comes from when its cell is empty: what it begins with, and the columns that name the row.
_FROM = {
    "places": ("loc-", ("number", "heading path", "start")),
    "sections": ("sec-", ("label",)),
    "references": ("ref-", ("number",)),
    "terms used": ("use-", ("wording",)),
}
_PREFIXES = {"populations": "ggp:", "terms": "ggt:", "numbers": "gg:"}
_IN_CAPITALS = ("publishers", "terms")
_DOCUMENT = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z")
_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?\Z")
_LONGEST = 64


def slug(text: str) -> str:
    """A text as an id: small letters, digits and hyphens, cut behind a word."""
    words = re.findall(r"[a-z0-9]+", normal(text))
    return _cut(words, "-")


def capitals(text: str) -> str:
    """A text as an id in capitals: UpperCamelCase, letters that are capitals stay so."""
    words = re.findall(r"[A-Za-z0-9]+", "".join(c for c in _plain(text)))
    return _cut([word[:1].upper() + word[1:] for word in words], "")


def _plain(text: str) -> str:
    import unicodedata

    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _cut(words: list[str], between: str) -> str:
    held: list[str] = []
    for word in words:
        if held and len(between.join([*held, word])) > _LONGEST:
            break
        held.append(word)
    return between.join(held)[:_LONGEST]


@dataclass
class Declared:
    """A row with its document (its id, "" if it belongs to none) and its IRI."""

    row: Row
    document: str
    iri: str
    id: str


@dataclass
class Declarations:
    """The rows of a sheet by what they are."""

    documents: dict[str, Declared] = field(default_factory=dict)
    by_section: dict[str, list[Declared]] = field(default_factory=dict)
    by_iri: dict[str, Declared] = field(default_factory=dict)
    mistakes: list[CellError] = field(default_factory=list)
    documentless: bool = False

    def of(self, section: str, document: str) -> Iterator[Declared]:
        """The rows of a section that belong to a document."""
        return (one for one in self.by_section.get(section, ()) if one.document == document)


def declarations(sheet: Sheet) -> Declarations:
    """The document and the IRI of each row; what has none, or one that is taken, is in ``mistakes``."""
    found = Declarations()
    for row in sheet.of("document"):
        _document(found, row)
    for section, rows in sheet.rows.items():
        if section == "document":
            continue
        counts: dict[str, int] = {}
        for row in rows:
            try:
                _take(found, _declared(found, section, row, counts))
            except CellError as mistake:
                if mistake.what != TOLD:
                    found.mistakes.append(mistake)
    return found


def _document(found: Declarations, row: Row) -> None:
    name = row.text("id")
    if not name:
        return  # told as a cell that is required
    if not _DOCUMENT.match(name):
        told = f"Write {slug(name)!r}." if slug(name) else "Write letters and digits."
        what = "an id of a document has small letters, digits and hyphens alone"
        found.mistakes.append(row.mistake("id", f"{what}, not {name[:40]!r}", told))
        return
    one = Declared(row, name, ns.GGD + name, name)
    if name in found.documents:
        first = found.documents[name].row.cell("id").where
        found.mistakes.append(row.mistake("id", f"the id {name!r} is there twice (first at {first})", "Keep one."))
        return
    found.documents[name] = one
    _take(found, one)


def _take(found: Declarations, one: Declared) -> None:
    first = found.by_iri.get(one.iri) if one.iri else None
    if first is not None:
        made = "" if one.row.text("id") else ", made from what the row says,"
        heading = "id" if one.row.section.column("id") else one.row.section.columns[0].heading
        what = f"the id {one.id!r}{made} is there twice (first at {first.row.cell('id').where})"
        raise one.row.mistake(heading, what, "Give each row an id of its own.")
    if one.iri:
        found.by_iri[one.iri] = one
    found.by_section.setdefault(one.row.section.name, []).append(one)


def _declared(found: Declarations, section: str, row: Row, counts: dict[str, int]) -> Declared:
    if section in APART:
        base = APART[section]
        name = _name(row, "", section) if base else ""
        return Declared(row, "", base + name if base else "", name)
    document = document_of(found, row)
    if section == "populations":
        name = _name(row, document, section)
        return Declared(row, document, ns.GGP + name, name)
    if section == "figures" and not row.text("id"):
        of = row.text("evidence").removeprefix("s:")
        if not _ID.match(of):
            told = "Write the id of a row of evidence or accuracy."
            raise row.mistake("evidence", f"{of[:40]!r} is no id" if of else "nothing is written here", told)
        counts[f"{document}/{of}"] = counts.get(f"{document}/{of}", 0) + 1
        name = f"{of}-figure-{counts[f'{document}/{of}']}"
    else:
        name = _name(row, document, section)
    return Declared(row, document, f"{ns.BASE}statement/{document}/{name}", name)


def document_of(found: Declarations, row: Row) -> str:
    """The id of the document that a row belongs to.

    Raises:
        CellError: it names none of the sheet, or none where there are several.
    """
    heading = "document"
    text = row.text(heading).removeprefix("ggd:")
    if not text:
        if len(found.documents) == 1:
            return next(iter(found.documents))
        if not found.documents:
            raise _without_document(found, row)
        known = ", ".join(list(found.documents)[:8])
        raise row.mistake(heading, "the sheet has several documents, and none is named", f"Write one of: {known}.")
    if text in found.documents:
        return text
    near = nearest(text, {normal(name): [name] for name in found.documents})
    told = f"Nearest: {', '.join(near)}." if near else f"Known are: {', '.join(found.documents) or 'none'}."
    raise row.mistake(heading, f"no row of the section 'document' has the id {text[:40]!r}", told)


def _without_document(found: Declarations, row: Row) -> CellError:
    """What is wrong where the sheet has no document: told of its first row, since it is one fault."""
    first = not found.documentless and not found.mistakes
    found.documentless = True
    told = "Add a section 'document' with a row for it."
    return row.mistake("document", "the sheet has no document that it could belong to" if first else TOLD, told)


def _name(row: Row, document: str, section: str) -> str:
    given = row.text("id")
    if given:
        name = given.removeprefix(_PREFIXES.get(section, "s:"))
        if not _ID.match(name):
            told = f"Write {slug(name)!r}." if slug(name) else "Write letters and digits."
            raise row.mistake("id", f"an id has letters, digits, '.', '_' and '-' alone, not {name[:40]!r}", told)
        return name
    column = row.section.column("id")
    if column is not None and column.default:
        return column.default
    start, headings = _FROM.get(section, ("", ("label",)))
    text = next((row.text(heading) for heading in headings if row.section.column(heading) and row.text(heading)), "")
    if section == "populations":
        made = capitals(document) + capitals(text)
    elif section in _IN_CAPITALS:
        made = capitals(text)
    elif section == "numbers":
        made = capitals(text)[:1].lower() + capitals(text)[1:]
    else:
        made = start + (text.replace(" ", "") if section == "places" and _ID.match(text) else slug(text))
    if made in ("", start) or not _ID.match(made):
        told = f"Write an id: {column.says}" if column is not None else "Write an id."
        raise row.mistake("id", "the row has no id, and nothing that one could be made from", told)
    return made
