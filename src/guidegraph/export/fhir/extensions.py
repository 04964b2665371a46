"""Our own FHIR extensions, each as the StructureDefinition that defines it.

Source: StructureDefinition and Extension of hl7.fhir.r5.core 5.0.0 (npm); R4 has the same elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import R4, Json

_BASE = "http://hl7.org/fhir/StructureDefinition/Extension"
_FHIR_VERSION = {R4: "4.0.1", fhir.R5: "5.0.0"}
#: The action of an answer, which R5 names anew.
_ANSWER = "answer"
_PLAN, _ACTIVITY, _CITED, _ASKED = "PlanDefinition.action", "ActivityDefinition", "RelatedArtifact", "DataRequirement"


@dataclass(frozen=True)
class Extension:
    """One extension: ``value`` is the type of its value, or "" for one with ``parts`` (name, type).

    ``modifies`` says why it must not be ignored, "" where it may be.
    """

    name: str
    told: str
    places: tuple[str, ...]
    value: str = "string"
    parts: tuple[tuple[str, str], ...] = ()
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
        tuple((name, "string") for name in ("dose", "route", "duration", "co-prescription", "monitoring")),
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
        yield {"id": head, "path": slot, "sliceName": name, "min": 0, "max": "1"}
        yield {"id": f"{head}.url", "path": f"{slot}.url", "fixedUri": name}
        yield {"id": f"{head}.value[x]", "path": f"{slot}.value[x]", "min": 1, "type": [{"code": kind}]}
    yield _element(".url", fixedUri=url)
    yield _element(".value[x]", max="0") if one.parts else _element(".value[x]", min=1, type=[{"code": one.value}])
