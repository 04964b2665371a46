"""Pieces of FHIR that several writers share: systems, codings, extensions, identifiers.

The codes of others for the entries of our lists are read from ontology/lists.ttl. The code systems are named here, with
the place where they were read; docs/fhir-export.md has the table.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, UsageError
from guidegraph.query.catalogue import read_query
from guidegraph.query.run import run
from guidegraph.reading import read_quads

Json = dict[str, Any]

R4, R5 = "R4", "R5"
VERSIONS = (R4, R5)

#: Where our own FHIR artefacts live: canonical addresses of resources, extensions and code systems.
FHIR = ns.BASE + "fhir/"
EXTENSION = FHIR + "StructureDefinition/"
STATUS_SYSTEM = FHIR + "CodeSystem/therapy-status"
PART_SYSTEM = FHIR + "CodeSystem/answer-part"

#: hl7.terminology.r4 7.0.1 (npm), the CodeSystem resources of these addresses.
RECOMMENDATION_STRENGTH = "http://terminology.hl7.org/CodeSystem/recommendation-strength"
EVIDENCE_QUALITY = "http://terminology.hl7.org/CodeSystem/evidence-quality"
PLAN_TYPE = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
LIBRARY_TYPE = "http://terminology.hl7.org/CodeSystem/library-type"
VARIABLE_ROLE = "http://terminology.hl7.org/CodeSystem/variable-role"
STATISTIC_TYPE = "http://terminology.hl7.org/CodeSystem/statistic-type"
#: Clinical Practice Guidelines 2.0.0, hl7.org/fhir/uv/cpg.
DIRECTION = "http://hl7.org/fhir/uv/cpg/CodeSystem/cpg-recommendation-direction-cs"
CONDITION_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
#: hl7.fhir.r5.core 5.0.0 (npm).
CERTAINTY_TYPE = "http://hl7.org/fhir/certainty-type"
CERTAINTY_RATING = "http://hl7.org/fhir/certainty-rating"
COUNTRY = "urn:iso:std:iso:3166"
UCUM = "http://unitsofmeasure.org"

_DATE = re.compile(r"([0-9]{4}(?:-[0-9][0-9](?:-[0-9][0-9])?)?)(?:[TZ+].*)?\Z")
_UNREADABLE = re.compile(r"[^A-Za-z0-9.-]+")
#: FHIR allows 64 characters in an id; nine are kept for the digest that keeps ids apart.
_ID_LENGTH, _DIGEST = 55, 8


def version_of(text: str) -> str:
    """The FHIR version that a text names, R4 or R5 in any case.

    Raises:
        UsageError: another version.
    """
    if text.upper() not in VERSIONS:
        raise UsageError(f"FHIR {text[:20]!r} is not written", where="--fhir-version", mend="Use R4 or R5.")
    return text.upper()


def text(value: Any) -> str | None:
    """A text as FHIR allows it: no control characters, no blank ends; None where nothing is left."""
    told = str(value)
    # Nearly every text is printable, which is known of it in a hundredth of the time that its characters take.
    if not told.isprintable():
        told = "".join(c if c == "\n" or not unicodedata.category(c).startswith("C") else " " for c in told)
    return told.strip() or None


def stated(value: Any) -> str | None:
    """A text that a source states, None for one that it does not."""
    return None if value in ("not stated", "none stated") else text(value)


def partial(value: str | None) -> str | None:
    """A date as FHIR has it (a year, a month or a day) of a date or time; None for anything else."""
    found = _DATE.match(value or "")
    return found[1] if found else None


def number(value: Decimal) -> int | float:
    """A decimal as a JSON number of the same value.

    Raises:
        UsageError: it has more digits than readers of JSON keep.
    """
    if value == value.to_integral_value():
        return int(value)
    found = float(value)
    if Decimal(repr(found)) != value:
        raise UsageError(f"{value} has more digits than a JSON number keeps", mend="Round it in the profile.")
    return found


def bare(value: Any) -> Any:
    """A value without what is empty: FHIR has neither null nor empty lists, objects or texts."""
    if isinstance(value, dict):
        kept = {key: bare(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        return [item for item in map(bare, value) if item not in (None, "", [], {})]
    return value


def to_json(resource: Mapping[str, Any]) -> str:
    """A resource as JSON text, without what is empty."""
    return json.dumps(bare(dict(resource)), indent=2, ensure_ascii=False) + "\n"


def split(iri: str) -> tuple[str, str]:
    """Code system and code of a term: its IRI is the one followed by the other."""
    cut = max(iri.rfind("/"), iri.rfind("#")) + 1
    return iri[:cut], iri[cut:]


def coding(system: str, code: str, display: str = "") -> Json:
    """A code of a code system."""
    return {"system": system, "code": code, "display": text(display)}


def term(iri: str, label: str = "") -> Json:
    """A term of the vocabulary as a CodeableConcept."""
    return {"coding": [coding(*split(iri), label)], "text": text(label)}


def extension(name: str, kind: str, value: Any) -> Json | None:
    """One of our own extensions, such as ``extension("reason", "valueString", "why")``; None for an empty value."""
    return None if value in (None, "", [], {}) else {"url": EXTENSION + name, kind: value}


def parts(name: str, rows: Iterable[tuple[str, str, Any]]) -> Json:
    """One of our own extensions that has parts: (name, kind, value) each, the empty ones left out."""
    inner = [{"url": part, kind: value} for part, kind, value in rows if value not in (None, "", [], {})]
    return {"url": EXTENSION + name, "extension": inner}


def identity(iri: str) -> str:
    """A FHIR id for an IRI: readable, the same each time, and different for different IRIs."""
    local = iri.removeprefix(ns.BASE).removeprefix("statement/").removeprefix("population/")
    digest = sha256(iri.encode()).hexdigest()[:_DIGEST]
    return f"{_UNREADABLE.sub('-', local).strip('-.')[:_ID_LENGTH]}-{digest}"


@cache
def _listed() -> Mapping[tuple[str, str, str], Json]:
    """The codings of HL7 for entries of our lists, by list, entry and code system, as ontology/lists.ttl gives them."""
    store = ox.Store()
    store.extend(read_quads(assets.folder("ontology") / "lists.ttl", KnowledgeError))
    query = read_query(assets.folder("queries") / "export" / "list-codes.rq", "export/list-codes")
    rows = [[term.value for term in row] for row in run(store, query.text).rows]
    return {(ns.shorten(kind), code, system): coding(system, *theirs) for kind, code, system, *theirs in rows}


def listed(kind: str, code: str, system: str) -> Json | None:
    """The coding for an entry of a list, None where the code system has none that means the same.

    Args:
        kind: the list, such as ``gg:Strength``.
        code: the entry's name in answers.
        system: the code system that is wanted.
    """
    return _listed().get((kind, code, system))


def strength(code: str) -> Json | None:
    """The coded strength of a recommendation, None where HL7's code system has no such strength."""
    return listed("gg:Strength", code, RECOMMENDATION_STRENGTH)


def certainty(code: str, system: str = EVIDENCE_QUALITY) -> Json | None:
    """The coded certainty of evidence, None where none is stated."""
    return listed("gg:Certainty", code, system)


def jurisdiction(code: str) -> Json:
    """A country as a CodeableConcept; what ISO 3166-1 does not list as a country (the EU) stays a text."""
    iso = len(code) == 2 and code.isalpha() and code.isupper() and code != "EU"
    return {"coding": [coding(COUNTRY, code)] if iso else [], "text": text(code)}


def address(resource: Mapping[str, Any]) -> str:
    """The full address of a resource of ours."""
    return f"{FHIR}{resource['resourceType']}/{resource['id']}"


def code_system(
    name: str,
    url: str,
    title: str,
    concepts: list[Json],
    content: str = "complete",
    *,
    version: str = "",
    properties: Iterable[Json] = (),
) -> Json:
    """A code system of ours; its concepts form a hierarchy where they have properties."""
    listed = list(properties)
    return {
        "resourceType": "CodeSystem",
        "id": name,
        "url": url,
        "version": version,
        "name": title,
        "status": "active",
        "caseSensitive": True,
        "hierarchyMeaning": "is-a" if listed else None,
        "content": content,
        "property": listed,
        "concept": concepts,
    }


def bundle(name: str, resources: Iterable[tuple[str, Json]]) -> Json:
    """A collection of resources, each with its full address."""
    return {
        "resourceType": "Bundle",
        "id": name,
        "type": "collection",
        "entry": [{"fullUrl": address, "resource": resource} for address, resource in resources],
    }
