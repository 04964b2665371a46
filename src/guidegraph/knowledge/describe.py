"""Statements, documents and places as plain dictionaries, as the JSON of answers has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import TYPE_CHECKING, Any

from guidegraph import namespaces as ns
from guidegraph.knowledge.encodings import encoding_review, reviewed
from guidegraph.knowledge.records import NOT_STATED, Records, gg
from guidegraph.model import CodeReading

if TYPE_CHECKING:
    from guidegraph.forms import (
        Contraindication,
        Document,
        Evidence,
        How,
        Preference,
        Recommendation,
        Section,
        Source,
    )
    from guidegraph.readforms import Imprecise, Named, Reading, Unread

_NAMED = re.compile(r"^(.{2,28}?\b(?:19|20)\d\d)\b")
#: Characters of a label that serve as a short name.
_SHORT = 20
_PRECISION = {4: "year", 7: "month"}


def name(iri: str) -> str:
    """The identifier of a node in answers: its CURIE where it has one, else the part behind our base."""
    short = ns.shorten(iri)
    return short.removeprefix(ns.BASE) if short == iri else short


def iri_of(name: str) -> str:
    """The IRI of an identifier that :func:`name` gives."""
    return name if "://" in name else ns.expand(name) or ns.BASE + name


def addresses(records: Records, document: str) -> list[str]:
    """What people are shown as a document's address: its DOI and PubMed identifier, else its publisher's page.

    Never a page on another's site where a copy was read: that is provenance.
    """
    found = [address for kind in ("doi", "pmid") for address in records.all(document, kind)]
    return found or list(records.all(document, "publishedAt"))


#: Where a statement of an answer names documents.
_OF_STATEMENT = ("document", "reports", "reported_by")


def sources(records: Records, told: Any) -> list[Source]:
    """The documents that an answer names, each once, with their addresses, sorted by label.

    Args:
        records: the knowledge.
        told: the answer's data, or a part of it.
    """
    named: set[str] = set()
    rest = [told]
    while rest:
        one = rest.pop()
        if isinstance(one, list):
            rest += one if one and isinstance(one[0], (dict, list)) else ()
        elif not isinstance(one, dict):
            continue
        elif "issued_precision" in one:
            named.add(one["id"])
        elif "document" in one:
            # A statement has hundreds of values, and names documents in these alone.
            rest += [one[key] for key in _OF_STATEMENT if one.get(key)]
        else:
            rest += [value for value in one.values() if isinstance(value, (dict, list))]
    iris = sorted(map(iri_of, named), key=lambda iri: (records.label(iri), iri))
    return [
        {
            "id": name(iri),
            "label": records.label(iri),
            "addresses": addresses(records, iri),
            "sought": list(records.all(iri, "addressSought")),
        }
        for iri in iris
    ]


def reading(code: CodeReading, label: Callable[[str], str]) -> Reading:
    """How a code of another terminology was read; ``label`` gives the label of a term of ours."""

    def classes(iris: Iterable[str]) -> list[Named]:
        return [{"id": name(iri), "label": label(iri)} for iri in iris]

    return {
        "code": code.curie,
        "label": code.label,
        "present": classes(code.present),
        "absent": classes(code.absent),
        "not_tolerated": classes(code.not_tolerated),
        "steps": list(code.steps),
    }


def document(records: Records, iri: str, issued: str | None = None) -> Document:
    """A document: id, label, date of issue with its precision, kind, verification state, jurisdictions.

    ``issued`` is the date of a statement that a later update brought.
    """
    issued = issued or records.issued(iri)
    known = issued != NOT_STATED
    return {
        "id": name(iri),
        "label": records.label(iri),
        "issued": issued,
        "issued_precision": _PRECISION.get(len(issued), "day") if known else NOT_STATED,
        "kind": records.code(records.one(iri, "documentKind")),
        "verification": records.code(records.one(iri, "verification")),
        "review": records.code(records.one(iri, "reviewState")),
        "jurisdiction": list(records.all(iri, "jurisdiction")),
    }


def unread(records: Records) -> list[Unread]:
    """The dates that decide what is in effect and cannot be read, each with what follows from it."""
    rows: list[Unread] = []
    for node, prop, value in records.unread:
        label = records.label(node)
        if prop == gg("supersededBy"):
            shown, value = records.label(value), name(value)
            told = f"{label}: superseded by {shown}, on no day that can be told or in a circle; see that document"
        elif prop == ns.DCTERMS + "issued":
            told = f"{label}: issued {value!r}, which is no day; nothing that it recommends counts"
        else:
            told = f"{label}: {ns.shorten(prop)} {value!r}, which is no day; nothing of it counts"
        rows.append({"id": name(node), "label": label, "property": name(prop), "value": value, "text": told})
    return rows


def imprecise(records: Records, day: date, about: Collection[str] | None = None) -> list[Imprecise]:
    """What may not be in effect at a day that lies inside a date of it known only to the year or month.

    ``about`` keeps what concerns these statements: they and their documents.
    """
    asked = (
        None if about is None else {*about, *(records.intervals[s].document for s in about if s in records.intervals)}
    )
    rows: list[Imprecise] = []
    for node, interval in records.partly_dated:
        doubt = interval.doubt(day)
        if doubt and (asked is None or node in asked):
            label = records.label(node)
            rows.append({"id": name(node), "label": label, "text": f"{label}: {doubt}"})
    return sorted(rows, key=lambda row: (row["label"], row["id"]))


def source_words(stated: Document, reports: Iterable[Document] = ()) -> str:
    """A document with its year, and the documents that it reports with theirs."""

    def dated(row: Document) -> str:
        year = row["issued"][:4] if row["issued"] != NOT_STATED else "date not stated"
        return row["label"] if year in row["label"] else f"{row['label']} ({year})"

    told = " and ".join(dated(row) for row in reports)
    return dated(stated) + (f", reporting {told}," if told else "")


def short_name(records: Records, document: str, statement: str = "") -> str:
    """A document's name in sentences and tables: its issuer and year, those of a statement that has a date of its own.

    The document's own short name; else its label up to its year, or its first words with the year.
    """
    key = ("short", document, statement)
    if key not in records.described:
        records.described[key] = _short_name(records, document, statement)
    short: str = records.described[key]
    return short


def _short_name(records: Records, document: str, statement: str) -> str:
    issued = records.issued(document)
    year = issued[:4] if issued[:4].isdigit() else "date not stated"
    name = records.one(document, "shortLabel")
    if not name:
        label = records.label(document)
        named = _NAMED.match(label)
        head = label.partition(":")[0]
        head = head if len(head) <= _SHORT else head[: _SHORT - 1].rstrip() + "~"
        name = named[1] if named else f"{head} {year}"
    own = records.issued_of(statement)[:4] if statement else year
    return name.replace(year, own) if own.isdigit() else name


def locator(records: Records, statement: str) -> str:
    """Where in its document a statement stands, in words, or "not stated"."""
    place = records.one(statement, "locator")
    if not place:
        return NOT_STATED
    item = records.one(place, "item")
    number = records.one(place, "numberInDocument")
    parts = [records.one(place, "headingPath"), number, f"item {item}" if item else ""]
    start, end = records.one(place, "startOffset"), records.one(place, "endOffset")
    parts.append(f"characters {start}-{end}" if start and end else "")
    return ", ".join(part for part in parts if part) or NOT_STATED


def window(records: Records, section: str) -> str | None:
    """The time window of a section's heading in words, or None where it has none."""
    start, end = records.one(section, "fromWeeks"), records.one(section, "toWeeks")
    if not start and not end:
        return None
    if not end:
        return f"from week {float(start):g}"
    return f"weeks {float(start or 0):g} to {float(end):g}"


def section(records: Records, statement: str) -> Section | None:
    """The section a statement stands in, with the window of its heading."""
    iri = records.one(statement, "section")
    return {"label": records.label(iri), "window": window(records, iri)} if iri else None


def attached(records: Records, statement: str) -> list[str]:
    """What a recommendation holds only with, or only without, in words."""
    held = [f"only with: {records.label(c)}" for c in records.all(statement, "attachedCondition")]
    return held + [f"only without: {records.label(c)}" for c in records.all(statement, "onlyWithout")]


def has_primary(records: Records, statement: str) -> bool:
    """Whether a primary source of the statement is in the graph: its own document, or the primary that it reports."""
    if records.one(statement, "primaryStatement"):
        return True
    kind = records.one(records.one(statement, "statedIn"), "documentKind")
    return records.one(kind, "isPrimary") == "true"


def line(records: Records, statement: str) -> int | None:
    """The line of therapy that a statement itself carries."""
    text = records.one(statement, "line")
    return int(text) if text else None


def _how(records: Records, statement: str) -> How:
    def stated(prop: str) -> str:
        return "; ".join(records.all(statement, prop)) or NOT_STATED

    return {
        "dose": stated("dose"),
        "route": stated("route"),
        "duration": stated("duration"),
        "urgency": stated("urgency"),
        "co_prescription": stated("coPrescription"),
        "monitoring": stated("monitoring"),
    }


def recommendation(records: Records, statement: str, truth: str) -> Recommendation:
    """A REC of the answer's JSON."""
    population = records.population(statement)
    row: Recommendation = {
        "id": name(statement),
        "label": records.label(statement),
        "intervention": name(records.one(statement, "intervention")),
        "stance": records.code(records.one(statement, "stance")),
        "strength": records.code(records.readings.get(statement, ""), "none stated"),
        "strength_wording": records.one(statement, "strengthWording", NOT_STATED),
        "certainty": records.code(records.one(statement, "certainty")),
        "truth": truth,
        "implied": records.one(statement, "implied") == "true",
        "population": records.label(population) if population else "every patient",
        "population_wording": records.one(statement, "populationWording", NOT_STATED),
        "how": _how(records, statement),
        "outcome": [records.label(o) for o in records.all(statement, "outcome")],
        "horizon": [records.label(h) for h in records.all(statement, "horizon")],
        "attached": attached(records, statement),
        "document": document(records, records.one(statement, "statedIn"), records.issued_of(statement)),
        "reports": [document(records, d) for d in records.all(statement, "reports")],
        "locator": locator(records, statement),
        "section": section(records, statement),
        "line": line(records, statement),
        "secondary_only": not has_primary(records, statement),
        "standing": records.code(records.standing(statement)),
        "reported_by": [],
        "through": None,
    }
    if review := encoding_review(records, statement):
        row["encoding_review"] = review
    return row


def contraindication(records: Records, statement: str, truth: str) -> Contraindication:
    """A contraindication or warning of the answer's JSON; one row for the first document that states it."""
    drugs = records.class_readings.get(statement)
    iri = records.one(statement, "statedIn")
    own = records.all(statement, "jurisdiction") or records.all(iri, "jurisdiction")
    return {
        "id": name(statement),
        "label": records.label(statement),
        "kind": records.code(records.one(statement, "kind")),
        "truth": truth,
        "reason": records.one(statement, "reason", NOT_STATED),
        "document": document(records, iri, records.issued_of(statement)),
        "jurisdiction": list(own),
        "route": records.one(statement, "route", NOT_STATED),
        "kind_wording": records.one(statement, "kindWording", NOT_STATED),
        "degree_stated": records.one(statement, "degreeStated", "true") == "true",
        "class_reading": f"our class reading; the source speaks of {', '.join(drugs)}" if drugs else None,
        "consent_or_procedure": records.one(statement, "consentOrProcedure") == "true",
        "note": records.one(statement, "everyPatient") == "true",
        "through": None,
        "because": "",
        **reviewed(records, statement),
    }


def coverage(records: Records, rule: str, documents: list[str], truth: str) -> Contraindication:
    """A coverage rule as a warning of the answer's JSON, for the documents that carry it."""
    first = documents[0] if documents else ""
    return {
        "id": name(rule),
        "label": records.label(rule),
        "kind": records.code(gg("Warning")),
        "truth": truth,
        "reason": records.nodes.get(rule, {}).get(ns.SKOS + "definition", (NOT_STATED,))[0],
        "document": document(records, first),
        "jurisdiction": [],
        "route": NOT_STATED,
        "kind_wording": records.label(rule),
        "degree_stated": True,
        "class_reading": None,
        "consent_or_procedure": False,
        "note": False,
        "through": None,
        "because": "",
    }


def evidence(records: Records, statement: str) -> Evidence:
    """An evidence item of the answer's JSON."""
    reported = records.all(statement, "reports")
    return {
        "id": name(statement),
        "label": records.label(statement),
        "benefit_or_harm": records.code(records.one(statement, "benefitOrHarm")),
        "effect": records.one(statement, "effect", NOT_STATED),
        "certainty": records.code(records.one(statement, "certainty")),
        "document": document(records, records.one(statement, "statedIn"), records.issued_of(statement)),
        "reports": [document(records, d) for d in reported],
    }


def comparison(records: Records, statement: str, truth: str) -> Preference:
    """A comparative statement: which intervention over which, by whom."""
    return {
        "id": name(statement),
        "label": records.label(statement),
        "intervention": name(records.one(statement, "intervention")),
        "comparator": name(records.one(statement, "comparator")),
        "truth": truth,
        "document": document(records, records.one(statement, "statedIn"), records.issued_of(statement)),
        "locator": locator(records, statement),
    }
