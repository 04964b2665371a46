"""Recommendations as a table: CSV for spreadsheets, with CSVW metadata that say what each column is.

Sources: RFC 4180 (CSV); W3C Recommendation "Metadata Vocabulary for Tabular Data" (CSVW); the cells that a spreadsheet
takes for formulas are those of OWASP's page "CSV Injection".
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.disagree.words import manchester, simplest, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.effect import InEffect
from guidegraph.knowledge.encodings import second_readers
from guidegraph.knowledge.normal import Normalizer
from guidegraph.knowledge.phrases import Phrases
from guidegraph.knowledge.records import Records, gg

#: Between the identifiers of a cell; no IRI holds it.
SEPARATOR = "|"
#: A spreadsheet takes a cell that begins with one of these for a formula (full-width forms included).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_APOSTROPHE = "'"


@dataclass(frozen=True)
class _Row:
    """One recommendation with what its cells are read from."""

    iri: str
    told: Mapping[str, Any]
    interval: InEffect
    day: date
    population_words: str
    population_owl: str
    records: Records

    def ids(self, name: str, node: str = "") -> list[str]:
        """The identifiers that a property names."""
        return [describe.name(v) for v in self.records.all(node or self.iri, name)]

    def labels(self, name: str) -> str:
        """The labels of what a property names."""
        return "; ".join(self.records.label(v) for v in self.records.all(self.iri, name))

    def own(self, name: str) -> str:
        """A property of the recommendation, else of its document."""
        document = self.records.one(self.iri, "statedIn")
        return self.records.one(self.iri, name) or self.records.one(document, name)


@dataclass(frozen=True)
class Column:
    """One column: name, what it says, how it is read, its datatype, and whether a cell holds several identifiers."""

    name: str
    what: str
    read: Callable[[_Row], object]
    datatype: str = "string"
    several: bool = False


def _document(key: str) -> Callable[[_Row], object]:
    return lambda row: row.told["document"][key]


def _told(key: str) -> Callable[[_Row], object]:
    return lambda row: row.told[key]


def _how(key: str) -> Callable[[_Row], object]:
    return lambda row: row.told["how"][key]


COLUMNS = (
    Column("id", "the recommendation", lambda r: r.told["id"]),
    Column("label", "what it says, in brief", _told("label")),
    Column("document", "the document that states it", _document("id")),
    Column("document_label", "the document's name", _document("label")),
    Column("issued", "when it was issued, as precise as stated, or not stated", _document("issued")),
    Column("document_kind", "what sort of document it is", _document("kind")),
    Column("jurisdiction", "the countries for which the document speaks", _document("jurisdiction"), several=True),
    Column("intervention", "the intervention's class", _told("intervention")),
    Column("intervention_label", "the intervention's name", lambda r: r.labels("intervention")),
    Column("stance", "for, against, insufficient evidence or no recommendation", _told("stance")),
    Column("implied", "whether the stance is implied by a statement of benefit", _told("implied"), "boolean"),
    Column("strength_wording", "the source's own words of strength", _told("strength_wording")),
    Column("strength", "our reading of the strength in GRADE's terms", _told("strength")),
    Column("certainty", "the certainty of the evidence as the source states it", _told("certainty")),
    Column("line", "line of therapy, where the source states one", lambda r: r.told["line"] or "", "integer"),
    Column("population", "the population's class", lambda r: describe.name(r.records.population(r.iri))),
    Column("population_words", "for which patients, in words", lambda r: r.population_words),
    Column("population_owl", "for which patients, in OWL 2 Manchester syntax", lambda r: r.population_owl),
    Column("population_wording", "the source's own words for the patients", _told("population_wording")),
    Column("indication", "the conditions treated or investigated", lambda r: r.ids("indication"), several=True),
    Column("indication_label", "their names", lambda r: r.labels("indication")),
    Column("outcome", "the outcomes it is about, where stated", lambda r: r.labels("outcome")),
    Column("horizon", "the time over which they are meant, where stated", lambda r: r.labels("horizon")),
    Column("dose", "dose", _how("dose")),
    Column("route", "route", _how("route")),
    Column("duration", "duration of the therapy", _how("duration")),
    Column("urgency", "how soon", _how("urgency")),
    Column("co_prescription", "what is prescribed together", _how("co_prescription")),
    Column("monitoring", "monitoring", _how("monitoring")),
    Column("attached", "what it holds only with or only without", lambda r: "; ".join(r.told["attached"])),
    Column(
        "in_effect",
        "whether it was in effect on the day asked for",
        lambda r: r.interval.issued(r.day) and not r.interval.ended(r.day),
        "boolean",
    ),
    Column("begins", "the first day that it counts", lambda r: r.interval.begins, "date"),
    Column("ends", "the first day that it no longer counts", lambda r: r.interval.ends, "date"),
    Column("imprecise", "what is not sure of that, where a date is known in part", lambda r: r.interval.doubt(r.day)),
    Column("locator", "where in the document it stands", _told("locator")),
    Column("reports", "the documents whose recommendation it only reports", lambda r: r.ids("reports"), several=True),
    Column("secondary_only", "whether no primary source of it is on file", _told("secondary_only"), "boolean"),
    Column("rests_on", "the evidence it rests on", lambda r: r.ids("restsOn"), several=True),
    Column("verification", "how its content was verified", lambda r: r.records.code(r.own("verification"))),
    Column("address", "the document's DOI, PubMed identifier or publisher's page", lambda r: _address(r), several=True),
    Column("verified_at", "pages at which it was read", lambda r: _pages(r), several=True),
    Column("copies", "those of them that are copies on others' sites", lambda r: _copies(r), several=True),
    Column("encoded_by", "who wrote it down as data", lambda r: r.ids("encodedBy"), several=True),
    Column("checked_by", "who read the encoding a second time", lambda r: _readers(r), several=True),
)


def _readers(row: _Row) -> list[str]:
    return [describe.name(reader) for reader in second_readers(row.records, row.iri)]


def _address(row: _Row) -> list[str]:
    return describe.addresses(row.records, row.records.one(row.iri, "statedIn"))


def _copies(row: _Row) -> list[str]:
    marked = row.records.all(row.records.one(row.iri, "statedIn"), "copyAt")
    return [page for page in _pages(row) if page in marked]


def _pages(row: _Row) -> list[str]:
    own = row.records.all(row.iri, "verifiedAt")
    return list(own or row.records.all(row.records.one(row.iri, "statedIn"), "verifiedAt"))


def table(records: Records, phrases: Phrases, forms: Normalizer, as_of: date) -> list[dict[str, object]]:
    """One row a recommendation, by document and identifier.

    Args:
        records, phrases: of the knowledge base.
        forms: the normal forms of its populations.
        as_of: the day at which it is asked what is in effect.
    """
    kind = gg("Recommendation")
    found = sorted(s for s, p in records.nodes.items() if kind in p.get(ns.RDF + "type", ()))
    rows = []
    for iri in found:
        population = records.population(iri)
        union = forms.population(population) if population else None
        row = _Row(
            iri,
            describe.recommendation(records, iri, ""),
            records.intervals.get(iri, InEffect()),
            as_of,
            words(simplest(union), phrases) if union is not None else "every patient",
            manchester(simplest(union)) if union is not None else ns.shorten(gg("Patient")),
            records,
        )
        rows.append({column.name: column.read(row) for column in COLUMNS})
    return sorted(rows, key=lambda r: (str(r["document"]), str(r["id"])))


def to_csv(rows: Iterable[dict[str, object]]) -> str:
    """The rows as CSV (RFC 4180), no cell of which a spreadsheet takes for a formula.

    A cell that would begin as a formula, or with an apostrophe, gets an apostrophe before it: whoever reads the file
    with a program takes one leading apostrophe off.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(column.name for column in COLUMNS)
    for row in rows:
        writer.writerow(safe(_text(row[column.name])) for column in COLUMNS)
    return out.getvalue()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return SEPARATOR.join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula, blanks at its beginning not counted."""
    first = text.lstrip(" \u00a0\ufeff")
    return _APOSTROPHE + text if first.startswith((*_FORMULA, _APOSTROPHE)) else text


def metadata(name: str, as_of: date, licence: str) -> str:
    """CSVW metadata of a CSV file of recommendations.

    Args:
        name: the file's name, beside which the metadata lie.
        as_of: the day at which it was asked what is in effect.
        licence: the IRI of the licence of the knowledge, "" where none is stated.
    """
    columns = []
    for column in COLUMNS:
        entry: dict[str, object] = {
            "name": column.name,
            "titles": column.name,
            "dc:description": column.what,
            "datatype": column.datatype,
            "required": column.name == "id",
        }
        if column.several:
            entry["separator"] = SEPARATOR
        columns.append(entry)
    told: dict[str, object] = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": name,
        "dc:title": "Recommendations of clinical documents, as GuideGraph encodes them",
        "dc:description": f"In effect or not as of {as_of.isoformat()}. Not stated stays so. "
        "A leading apostrophe keeps a spreadsheet from reading a cell as a formula, and is no part of the text.",
        **({"dc:license": {"@id": licence}} if licence else {}),
        "dialect": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "encoding": "utf-8", "header": True},
        "tableSchema": {"columns": columns, "primaryKey": "id"},
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
