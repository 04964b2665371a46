"""Our terms as FHIR code systems, and the CQL of the populations as a Library."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping

from guidegraph import namespaces as ns
from guidegraph.export.cql import LIBRARY, LIBRARY_NAME
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import Json
from guidegraph.export.fhir.source import Source
from guidegraph.knowledge.records import gg
from guidegraph.model import TermRow

_PARENT = {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}
#: The terms of the model that stand in resources beside stances, numbers, outcomes and categories.
_MARKS = ("completeFor", "notUnderstood")

#: Label and classes above of a term, by its IRI.
Terms = Mapping[str, tuple[str, tuple[str, ...]]]


def code_systems(source: Source, rows: Iterable[TermRow]) -> list[Json]:
    """The clinical vocabulary (``ggt:``) and the part of the model (``gg:``) that resources use, as code systems.

    A code is the local name of the term, so that system and code together are its IRI.
    """
    known = list(rows)
    clinical = {row.iri: (row.label, row.parents) for row in known if row.iri.startswith(ns.GGT)}
    model: dict[str, tuple[str, tuple[str, ...]]] = {
        row.iri: (row.label, ()) for row in known if row.iri.startswith(ns.GG)
    }
    records = source.records
    stance = gg("Stance")
    listed = [n for n, props in records.nodes.items() if stance in props.get(ns.RDF + "type", ())]
    model.update({iri: (source.label(iri), ()) for iri in [*listed, *map(gg, _MARKS)]})
    statuses = [n for n, props in records.nodes.items() if ns.GGA + "Status" in props.get(ns.RDF + "type", ())]
    coded = {ns.GGA + records.one(n, "code"): (records.label(n), ()) for n in statuses}
    return [
        _system(source, "term", ns.GGT, "GuideGraphTerms", clinical, "complete"),
        _system(source, "vocab", ns.GG, "GuideGraphModel", model, "fragment"),
        {**_system(source, "therapy-status", ns.GGA, "TherapyStatus", coded, "complete"), "url": fhir.STATUS_SYSTEM},
    ]


def _system(source: Source, name: str, url: str, title: str, terms: Terms, content: str) -> Json:
    concepts, parented = [], False
    for iri, (label, parents) in sorted(terms.items()):
        above = [p.removeprefix(url) for p in parents if p in terms]
        parented |= bool(above)
        concepts.append(
            {
                "code": iri.removeprefix(url),
                "display": fhir.text(label),
                "definition": source.definition(iri),
                "property": [{"code": "parent", "valueCode": code} for code in above],
            }
        )
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": url,
        "version": source.release,
        "name": title,
        "status": "active",
        "caseSensitive": True,
        "hierarchyMeaning": "is-a" if parented else None,
        "content": content,
        "property": [_PARENT] if parented else [],
        "concept": concepts,
    }


def library(release: str, cql: str) -> Json:
    """The CQL of the populations as a Library. It reads FHIR 4.0.1, in R5 too."""
    return {
        "resourceType": "Library",
        "id": LIBRARY_NAME,
        "url": LIBRARY,
        "version": release,
        "name": LIBRARY_NAME,
        "status": "active",
        "type": {"coding": [fhir.coding(fhir.LIBRARY_TYPE, "logic-library", "Logic Library")]},
        "content": [{"contentType": "text/cql", "data": b64encode(cql.encode()).decode()}],
    }
