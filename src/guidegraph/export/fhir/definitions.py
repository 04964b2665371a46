"""What our resources rest on, as FHIR: our terms as code systems, our extensions, the CQL of the populations.

Source: StructureDefinition and Extension of hl7.fhir.r5.core 5.0.0 (npm); R4 has the same elements.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.cql import LIBRARY, LIBRARY_NAME
from guidegraph.export.fhir.parts import R4, Json
from guidegraph.export.fhir.source import Source
from guidegraph.knowledge.records import gg
from guidegraph.model import TermRow

_PARENT = {"code": "parent", "uri": "http://hl7.org/fhir/concept-properties#parent", "type": "code"}
#: The terms of the model that stand in resources beside stances, numbers, outcomes and categories.
_MARKS = ("completeFor", "notUnderstood", "understoodAsAnother", "examinedAlert", "actedOnAlert")

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
    return fhir.code_system(
        name, url, title, concepts, content, version=source.release, properties=[_PARENT] if parented else []
    )


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


_BASE = "http://hl7.org/fhir/StructureDefinition/Extension"
_FHIR_VERSION = {R4: "4.0.1", fhir.R5: "5.0.0"}
#: The action of an answer, which R5 names anew.
_ANSWER = "answer"
_PLAN, _ACTIVITY, _CITED, _ASKED = "PlanDefinition.action", "ActivityDefinition", "RelatedArtifact", "DataRequirement"


@dataclass(frozen=True)
class Extension:
    """One extension: ``value`` is the type of its value, or "" for one with ``parts`` (name, type).

    ``several`` names the parts that may be there more than once.

    ``modifies`` says why it must not be ignored, "" where it may be.
    """

    name: str
    told: str
    places: tuple[str, ...]
    value: str = "string"
    parts: tuple[tuple[str, str], ...] = ()
    several: tuple[str, ...] = ()
    modifies: str = ""


EXTENSIONS = (
    Extension(
        "therapy-status",
        "What the documents together come to for a therapy and a patient.",
        (_ANSWER,),
        "CodeableConcept",
        modifies="A therapy that is contraindicated or advised against is no proposal.",
    ),
    Extension(
        "counts-as", "A class of ours that a code of another terminology is below.", (_ANSWER,), "CodeableConcept"
    ),
    Extension("reason", "Why the therapy has its status.", (_ANSWER,)),
    Extension("to-establish", "A fact to establish before the therapy.", (_ANSWER,)),
    Extension("category", "The category of the therapy.", (_ANSWER,)),
    Extension("line", "The line of therapy.", (_ANSWER, _PLAN), "positiveInt"),
    Extension("truth", "Whether an alert holds for the patient: true, false, unknown.", (_ANSWER,), "code"),
    Extension("locator", "The place in the document.", (_CITED,)),
    Extension(
        "statement",
        "A statement of the cited document: its role towards the therapy, and its truth for the patient.",
        (_CITED,),
        "",
        (
            ("id", "uri"),
            ("role", "string"),
            ("truth", "code"),
            ("locator", "string"),
            ("stance", "code"),
            ("strength", "CodeableConcept"),
            ("certainty", "CodeableConcept"),
            ("secondary-only", "boolean"),
        ),
    ),
    Extension(
        "question",
        "A fact to find out, and how much depends on it.",
        (_ASKED,),
        "",
        (
            ("label", "string"),
            ("fact", "string"),
            ("key", "string"),
            ("therapies", "unsignedInt"),
            ("families", "unsignedInt"),
            ("decides", "string"),
            ("alert", "boolean"),
            ("absolute", "boolean"),
        ),
    ),
    Extension("stance", "The side that the recommendation takes.", (_PLAN,), "CodeableConcept"),
    Extension(
        "not-for",
        "The source does not recommend the action: it advises against it, could not tell, or declined to recommend.",
        (_PLAN,),
        "CodeableConcept",
        modifies="An action that is advised against or left open is no proposal.",
    ),
    Extension(
        "attached-condition",
        "What the recommendation holds only with, or only without.",
        (_PLAN, _ACTIVITY),
        modifies="Without its condition the recommendation does not hold.",
    ),
    Extension("strength-reading", "The strength in GRADE terms, as the encoders read the source's words.", (_PLAN,)),
    Extension("implied", "The stance is implied by the source, not said.", (_PLAN,), "boolean"),
    Extension("window", "The time window of the section that the recommendation stands in.", (_PLAN,)),
    Extension("horizon", "The horizon that the recommendation is about.", (_PLAN,)),
    Extension("secondary-only", "No primary source of the recommendation is at hand.", (_PLAN,), "boolean"),
    Extension(
        "how",
        "How the intervention is given, in the source's words.",
        (_PLAN,),
        "",
        tuple((name, "string") for name in ("dose", "route", "duration", "urgency", "co-prescription", "monitoring")),
    ),
    Extension(
        "added-to",
        "The intervention to which the recommendation adds this one, where it is recommended only so.",
        (_PLAN,),
        "CodeableConcept",
        modifies="Without the other intervention the recommendation does not hold.",
    ),
    Extension(
        "column",
        "What a column of our sheets says and no element of the resource; one without a value is empty.",
        ("PlanDefinition", "Evidence", "Evidence.statistic", "Basic"),
        "",
        (("heading", "string"), ("value", "string")),
        ("value",),
    ),
    Extension(
        "trial-weeks", "How long the trial of therapy lasted, or has lasted, in weeks.", ("Procedure",), "Quantity"
    ),
    Extension("days-since-stop", "Days since the last dose.", ("MedicationStatement",), "Quantity"),
    Extension(
        "denied",
        "The patient did not stop this drug (within that many days, if a number is given).",
        ("MedicationStatement",),
        "boolean",
        modifies="It denies what the resource says.",
    ),
)


def structure_definitions(version: str, release: str) -> Iterator[Json]:
    """The definitions of our extensions in a version of FHIR."""
    for one in EXTENSIONS:
        url = fhir.EXTENSION + one.name
        yield {
            "resourceType": "StructureDefinition",
            "id": one.name,
            "url": url,
            "version": release,
            "name": "".join(word.capitalize() for word in one.name.split("-")),
            "status": "active",
            "description": one.told,
            "fhirVersion": _FHIR_VERSION[version],
            "kind": "complex-type",
            "abstract": False,
            "context": [{"type": "element", "expression": _place(place, version)} for place in one.places],
            "type": "Extension",
            "baseDefinition": _BASE,
            "derivation": "constraint",
            "differential": {"element": list(_elements(one, url))},
        }


def _place(place: str, version: str) -> str:
    return ("RequestGroup" if version == R4 else "RequestOrchestration") + ".action" if place == _ANSWER else place


def _element(path: str, **rules: object) -> Json:
    return {"id": f"Extension{path}", "path": f"Extension{path}", **rules}


def _elements(one: Extension, url: str) -> Iterator[Json]:
    modifier = {"isModifier": True, "isModifierReason": one.modifies} if one.modifies else {}
    yield _element("", short=one.told, definition=one.told, **modifier)
    if not one.parts:
        yield _element(".extension", max="0")
    for name, kind in one.parts:
        head, slot = f"Extension.extension:{name}", "Extension.extension"
        yield {"id": head, "path": slot, "sliceName": name, "min": 0, "max": "*" if name in one.several else "1"}
        yield {"id": f"{head}.url", "path": f"{slot}.url", "fixedUri": name}
        yield {"id": f"{head}.value[x]", "path": f"{slot}.value[x]", "min": 1, "type": [{"code": kind}]}
    yield _element(".url", fixedUri=url)
    yield _element(".value[x]", max="0") if one.parts else _element(".value[x]", min=1, type=[{"code": one.value}])
