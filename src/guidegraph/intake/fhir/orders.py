"""Draft orders of a patient: what each would give or do, in our terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.concepts import Concepts, Meaning
from guidegraph.intake.fhir.medication import Medications
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.fhir.table import Table
from guidegraph.intake.report import shown
from guidegraph.profile import Vocabulary

#: Where an order that is none of a drug has what is ordered, by type; R5 has it inside a reference.
_CODES = {"ServiceRequest": ("code",), "DeviceRequest": ("codeCodeableConcept", "code")}
_DRUGS = "MedicationRequest"
#: Statuses by which an order is none.
_NONE = ("entered-in-error", "cancelled", "revoked", "stopped", "completed", "ended")


@dataclass(frozen=True)
class Order:
    """One draft order.

    Attributes:
        ref: its reference, such as MedicationRequest/1; where it has no id, its place.
        label: what it orders, in the words of the order.
        therapies: the interventions of ours that it gives or does (CURIEs), none where it is not understood.
        why: why it is not understood, "" where it is.
    """

    ref: str
    label: str
    therapies: tuple[str, ...] = ()
    why: str = ""


def read_orders(
    record: Record, medications: Medications, concepts: Concepts, table: Table, vocabulary: Vocabulary
) -> list[Order]:
    """The orders of a record, in its order; what is no order is left out, and so is what its status ends."""
    found: list[Order] = []
    for ref, data in record.all:
        name = record.type_of(data)
        if not name.endswith(("Request", "Order")) or data.get("status") in _NONE or data.get("doNotPerform") is True:
            continue
        try:
            resource = Resource(data, name, ref, record.version, table)
            meanings = _meanings(record, resource, medications, concepts)
        except NotUnderstoodError as why:
            found.append(Order(ref, _words(data) or ref, why=str(why)))
            continue
        found.append(_order(ref, _words(data), meanings, vocabulary))
    for ref, versions, why_not in record.undecided:
        found.append(Order(ref, _words(versions[0]) or ref, why=why_not))
    for place, why_not in record.broken:
        found.append(Order(place, "an entry", why=why_not))
    return found


def _order(ref: str, words: str, meanings: list[Meaning], vocabulary: Vocabulary) -> Order:
    classes = {
        iri
        for meaning in meanings
        for iri in meaning.present
        if (row := vocabulary.by_iri.get(iri)) is not None and row.kind == "intervention"
    }
    label = words or meanings[0].text
    # Of a combination, a part that is not understood leaves the whole unchecked.
    unread = [meaning.why or "it is none of our interventions" for meaning in meanings if not meaning.present]
    if unread or not classes:
        return Order(ref, label, why=unread[0] if unread else "it is none of our interventions")
    return Order(ref, label, tuple(ns.shorten(iri) for iri in sorted(classes)))


def _meanings(record: Record, resource: Resource, medications: Medications, concepts: Concepts) -> list[Meaning]:
    """What an order names.

    Raises:
        NotUnderstoodError: it is malformed, is for somebody else, or is of a type that is not read.
    """
    if resource.name == _DRUGS:
        resource.check()
        if not record.of_patient(resource):
            raise NotUnderstoodError("it is for another patient")
        return medications.drugs(resource)
    if resource.name not in _CODES:
        raise NotUnderstoodError(f"orders of type {resource.name} are not read")
    if "modifierExtension" in resource.data or resource.data.get("implicitRules") is not None:
        raise NotUnderstoodError("something that is not known changes its meaning")
    if not record.is_patient(resource.data.get("subject")):
        raise NotUnderstoodError("it is for another patient")
    for key in _CODES[resource.name]:
        concept = _concept(resource.data.get(key))
        if concept is not None:
            return [concepts.read(resource.codings(concept), resource.text_of(concept))]
    raise NotUnderstoodError("it does not say what is ordered")


def _concept(value: Any) -> Any:
    """A CodeableConcept, in R5 as the concept of a CodeableReference."""
    return value["concept"] if isinstance(value, Mapping) and "concept" in value else value


def _words(data: Mapping[str, Any]) -> str:
    """What an order orders in its own words, "" where it has none."""
    for key in ("medicationCodeableConcept", "medication", "code", "codeCodeableConcept"):
        concept = _concept(data.get(key))
        if not isinstance(concept, Mapping):
            continue
        codings = concept.get("coding")
        first = codings[0] if isinstance(codings, list) and codings and isinstance(codings[0], Mapping) else {}
        for text in (concept.get("text"), first.get("display"), first.get("code")):
            if isinstance(text, str) and text.strip():
                return shown(text, 80)
    return ""
