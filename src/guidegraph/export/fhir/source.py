"""Where a statement comes from, as FHIR: document, place, dates, status, licence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.export.closure import Closure
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import R4, Json
from guidegraph.knowledge import describe
from guidegraph.knowledge.effect import InEffect
from guidegraph.knowledge.records import NOT_STATED, Records, gg

_ENDS = ("withdrawnOn", "supersededOn", "lapsesOn")


@dataclass(frozen=True)
class Source:
    """What the writers of knowledge share.

    ``day`` is the day at which a statement must be in effect to be active; ``release`` the version of the knowledge.
    """

    store: ox.Store
    records: Records
    day: date
    version: str
    release: str

    def node(self, iri: str) -> dict[str, tuple[str, ...]]:
        """All named or literal values of a node, by the name of the property, from every graph."""
        found: dict[str, set[str]] = {}
        for quad in self.store.quads_for_pattern(ox.NamedNode(iri), None, None, None):
            if not isinstance(quad.object, ox.BlankNode | ox.Triple) and quad.predicate.value.startswith(ns.GG):
                found.setdefault(quad.predicate.value.removeprefix(ns.GG), set()).add(quad.object.value)
        return {name: tuple(sorted(values)) for name, values in found.items()}

    def definition(self, iri: str) -> str | None:
        """The definition of a term, None where it has none."""
        return self._said(iri, ns.SKOS + "definition")

    def label(self, iri: str) -> str:
        """The label of any term of the ontology, or its CURIE."""
        return self._said(iri, ns.RDFS + "label") or ns.shorten(iri)

    def _said(self, iri: str, prop: str) -> str | None:
        quads = self.store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(prop), None, None)
        found = {q.object.value for q in quads if isinstance(q.object, ox.Literal)}
        return fhir.text(min(found)) if found else None


def status(source: Source, statement: str) -> str:
    """The publication status: retired once it ended, draft before it was issued, else active.

    Source: the interval of days that decides whether a statement counts in an answer.
    """
    interval = source.records.intervals.get(statement, InEffect())
    if interval.ended(source.day):
        return "retired"
    return "active" if interval.issued(source.day) else "draft"


def _padded(text: str) -> str:
    return text + {4: "-12-31", 7: "-31"}.get(len(text), "")


def period(records: Records, statement: str) -> Json:
    """From when and until when a statement is in effect, each as precise as its source states it."""
    issued, ends = records.issued_of(statement), []
    for node in (statement, records.one(statement, "statedIn")):
        ends += [day for name in _ENDS for day in records.all(node, name)]
        if not records.all(node, "supersededOn"):
            ends += [records.issued(newer) for newer in records.all(node, "supersededBy")]
    known = sorted((day for day in ends if day != NOT_STATED), key=_padded)
    return {"start": fhir.partial(issued), "end": fhir.partial(known[0]) if known else None}


def cited(source: Source, document: str, kind: str, issued: str = "", place: str = "", label: str = "") -> Json:
    """A document as a RelatedArtifact, with the place in it."""
    records = source.records
    row = describe.document(records, document, issued or None)
    told = [
        records.nodes.get(document, {}).get(ns.DCTERMS + "title", (row["label"],))[0],
        *sorted(records.label(p) for p in records.nodes.get(document, {}).get(ns.DCTERMS + "publisher", ())),
        *([] if row["issued"] == NOT_STATED else [row["issued"]]),
        *describe.addresses(records, document),
        *([] if place in ("", NOT_STATED) else [place]),
    ]
    found: Json = {
        "extension": [fhir.extension("locator", "valueString", fhir.stated(place or NOT_STATED))],
        "type": kind,
        "label": fhir.text(label),
        "display": fhir.text(row["label"]),
        "citation": fhir.text("; ".join(told)),
    }
    if source.version == R4:
        return {**found, "url": document}
    return {**found, "document": {"url": document}, "publicationDate": fhir.partial(row["issued"])}


def artifacts(source: Source, statement: str) -> list[Json]:
    """The document of a statement with its place, what it reports or rests on, and what supersedes it."""
    records = source.records
    document = records.one(statement, "statedIn")
    place = describe.locator(records, statement)
    rows = [cited(source, document, "citation", records.issued_of(statement), place)]
    rows += [cited(source, d, "derived-from", label="reports") for d in records.all(statement, "reports")]
    rests = [d for d in records.all(statement, "restsOn") if gg("Document") in _types(records, d)]
    rows += [cited(source, d, "justification", label="rests on") for d in rests]
    newer = sorted({d for node in (statement, document) for d in records.all(node, "supersededBy")})
    if source.version != R4:
        rows += [
            _rests_on(source, e) for e in records.all(statement, "restsOn") if gg("Document") not in _types(records, e)
        ]
    return rows + [cited(source, d, "successor", label="superseded by") for d in newer]


def _rests_on(source: Source, item: str) -> Json:
    """An evidence item that a statement rests on, which is an Evidence resource of its own."""
    where = f"{fhir.FHIR}Evidence/{fhir.identity(item)}"
    return {"type": "justification", "label": "rests on", "display": source.records.label(item), "resource": where}


def _types(records: Records, node: str) -> tuple[str, ...]:
    return records.nodes.get(node, {}).get(ns.RDF + "type", ())


def header(source: Source, kind: str, statement: str) -> Json:
    """What every definitional resource says of itself: address, version, status, who wrote it down, and its licence."""
    records = source.records
    document = records.one(statement, "statedIn")
    graph = Closure(source.store).graph_of(ox.NamedNode(statement))
    said = records.nodes.get(graph.value, {}) if graph is not None else {}
    encoder = records.one(statement, "encodedBy")
    name = fhir.identity(statement)
    own = records.all(statement, "jurisdiction") or records.all(document, "jurisdiction")
    return {
        "resourceType": kind,
        "id": name,
        "url": f"{fhir.FHIR}{kind}/{name}",
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": statement}],
        "version": source.release,
        "title": fhir.text(records.label(statement)),
        "status": status(source, statement),
        "date": fhir.partial(next(iter(said.get(ns.DCTERMS + "created", ())), None)),
        "publisher": fhir.text(records.label(encoder)) if encoder else None,
        "description": fhir.text("\n".join(records.all(statement, "note"))),
        "jurisdiction": [fhir.jurisdiction(code) for code in own],
        "copyright": next(iter(said.get(ns.DCTERMS + "license", ())), None),
        "effectivePeriod": period(records, statement),
        "relatedArtifact": artifacts(source, statement),
    }


def figures(source: Source, statement: str) -> list[dict[str, Any]]:
    """The figures of an evidence item, each with what the graph says of it."""
    return [{k: v[0] for k, v in source.node(f).items()} for f in source.node(statement).get("figure", ())]
