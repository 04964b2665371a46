"""The documents of the knowledge, and what one of them states, in the order in which it states it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TypedDict

from guidegraph import namespaces as ns
from guidegraph.forms import Document, MadeFrom
from guidegraph.knowledge import describe, named
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.records import NOT_STATED, Records
from guidegraph.readforms import Named

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class ListedDocument(Document):
    """A document as lists show it: its IRI and short name, where people read it, and how much it states.

    ``addresses`` are its DOI and PubMed identifier, else its publisher's page; ``sought`` says where in vain.
    """

    iri: str
    short: str
    superseded_by: list[Named]
    addresses: list[str]
    sought: list[str]
    statements: int


class Stated(Named):
    """One statement of a document, "not stated" or empty where it says nothing of a thing.

    ``kind`` is its class in words, such as recommendation; ``about`` are the interventions that it speaks of.
    """

    iri: str
    kind: str
    about: list[Named]
    stance: str
    strength: str
    strength_wording: str
    certainty: str
    population: str
    population_wording: str
    locator: str
    reports: list[Document]


class PublishedDocuments(TypedDict):
    """Every document, by label (schema/documents.schema.json)."""

    documents: list[ListedDocument]
    made_from: MadeFrom


class PublishedDocument(TypedDict):
    """One document with what it states, by place (schema/document.schema.json)."""

    document: ListedDocument
    statements: list[Stated]
    made_from: MadeFrom


def documents(knowledge: Knowledge) -> PublishedDocuments:
    """Every document of the knowledge, sorted by label."""
    records = knowledge.records
    stated = Counter(records.one(node, "statedIn") for node in records.nodes)
    rows = [_listed(records, iri, stated[iri]) for iri in named.documents(records)]
    rows.sort(key=lambda row: (row["label"], row["id"]))
    return {"documents": rows, "made_from": knowledge.made_from()}


def document(knowledge: Knowledge, text: str) -> PublishedDocument:
    """One document, named as :func:`guidegraph.knowledge.named.find_document` has it, with what it states.

    Raises:
        UsageError: nothing or more than one document fits.
    """
    records = knowledge.records
    iri = named.find_document(records, text)
    nodes = [node for node in records.nodes if iri in records.all(node, "statedIn")]
    rows = [_stated(records, node) for node in sorted(nodes, key=lambda node: _place(records, node))]
    return {"document": _listed(records, iri, len(rows)), "statements": rows, "made_from": knowledge.made_from()}


def _place(records: Records, node: str) -> tuple[float, str, str]:
    """Where a statement stands: by its first character, those without a place last, then by name."""
    start = records.one(records.one(node, "locator"), "startOffset")
    return (float(start) if start else float("inf"), records.label(node), node)


def _listed(records: Records, iri: str, statements: int) -> ListedDocument:
    return {
        **describe.document(records, iri),
        "iri": iri,
        "short": describe.short_name(records, iri),
        "superseded_by": [_named(records, later) for later in records.all(iri, "supersededBy")],
        "addresses": describe.addresses(records, iri),
        "sought": list(records.all(iri, "addressSought")),
        "statements": statements,
    }


def _stated(records: Records, node: str) -> Stated:
    kind = next(iter(records.nodes[node].get(ns.RDF + "type", ())), "")
    population = records.population(node)
    everybody = "every patient" if records.one(node, "everyPatient") == "true" else NOT_STATED
    return {
        **_named(records, node),
        "iri": node,
        "kind": _WORDS.sub(" ", ns.shorten(kind).partition(":")[2]).lower(),
        "about": [_named(records, iri) for iri in records.all(node, "intervention")],
        "stance": records.code(records.one(node, "stance")),
        "strength": records.code(records.readings.get(node, "")),
        "strength_wording": records.one(node, "strengthWording", NOT_STATED),
        "certainty": records.code(records.one(node, "certainty")),
        "population": records.label(population) if population else everybody,
        "population_wording": records.one(node, "populationWording", NOT_STATED),
        "locator": describe.locator(records, node),
        "reports": [describe.document(records, other) for other in records.all(node, "reports")],
    }


def _named(records: Records, iri: str) -> Named:
    return {"id": describe.name(iri), "label": records.label(iri)}
