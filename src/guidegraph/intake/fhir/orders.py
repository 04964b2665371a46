"""Draft orders of a patient: what each would give or do, in our terms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.intake.concepts import Concepts, Meaning
from guidegraph.intake.fhir.medication import Medications
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource, identifier
from guidegraph.intake.fhir.table import Table
from guidegraph.intake.report import shown
from guidegraph.profile import Vocabulary

#: Where an order that is none of a drug has what is ordered, by type; R5 has it inside a reference.
_CODES = {"ServiceRequest": ("code",), "DeviceRequest": ("codeCodeableConcept", "code")}
_DRUGS = "MedicationRequest"
#: Statuses by which an order is none, and those of one that is over: whoever drafts such a one may mean another thing.
_NONE = ("entered-in-error", "cancelled", "revoked")
_OVER = ("stopped", "completed", "ended")
#: What stands beside orders, since they refer to it. Whatever else is among drafts may be meant as one.
_BESIDE = frozenset(
    {
        *("Condition", "Coverage", "Device", "Encounter", "EpisodeOfCare", "Group", "Location", "Medication"),
        *("MedicationKnowledge", "Observation", "Organization", "Patient", "Practitioner", "PractitionerRole"),
        *("Provenance", "RelatedPerson", "Specimen", "Substance"),
    }
)
_KINDS = ("intervention",)


@dataclass(frozen=True)
class Order:
    """One draft order.

    Attributes:
        ref: its reference, such as MedicationRequest/1; where it has no id, its place.
        label: what it orders, in the words of the order.
        therapies: the interventions of ours that it gives or does (CURIEs), none where it is not understood.
        why: why it is not understood, or not whole; "" where it is.
        read: what it was read as, where its words do not say so.
        selected: whether it is one of the selected orders, or something by which these cannot be told whole.
    """

    ref: str
    label: str
    therapies: tuple[str, ...] = ()
    why: str = ""
    read: str = ""
    selected: bool = False


def read_orders(
    record: Record,
    medications: Medications,
    concepts: Concepts,
    table: Table,
    vocabulary: Vocabulary,
    selections: Collection[str] = (),
) -> list[Order]:
    """The orders of a record, in its order; what is no order is left out, and so is what its status takes back.

    Args:
        selections: the references of the selected orders; one that names no order here is an order that is not read.
    """
    found: list[Order] = []
    chosen = {reference: _named(record, reference) for reference in selections}
    for ref, data in record.all:
        name = record.type_of(data)
        if name in _BESIDE or data.get("status") in _NONE or data.get("doNotPerform") is True:
            continue
        selected = any(ref in refs for refs in chosen.values())
        try:
            resource = Resource(data, name, ref, record.version, table)
            meanings = _meanings(record, resource, medications, concepts)
        except NotUnderstoodError as why:
            found.append(Order(ref, _words(data) or ref, why=str(why), selected=selected))
            continue
        found.append(replace(_order(ref, _words(data), meanings, vocabulary), selected=selected))
    for ref, versions, why_not in record.undecided:
        if record.type_of(versions[0]) in _BESIDE:
            continue
        selected = any(ref in refs for refs in chosen.values())
        found.append(Order(ref, _words(versions[0]) or ref, why=why_not, selected=selected))
    # What cannot be read may be a selected one, and nobody knows what it does beside the others.
    found += [Order(place, "an entry", why=why_not, selected=True) for place, why_not in record.broken]
    found += [Order(place, "the draft orders", why=why_not, selected=True) for place, why_not, _ in record.partial]
    there = {order.ref for order in found}
    missing = (reference for reference, refs in chosen.items() if not there & refs)
    return [*found, *(Order(one, shown(one, 80), why=_MISSING, selected=True) for one in missing)]


_MISSING = "it is selected, and is no order of the drafts that can be read"


def _named(record: Record, reference: str) -> frozenset[str]:
    """The references of the orders that a selection names: by reference in any form, or by id alone."""
    named = record.known(reference) or record.known(record.normal(reference))
    refs = [*record.all, *((ref, versions[0]) for ref, versions, _ in record.undecided)]
    wanted = (reference, record.normal(reference))
    return frozenset(ref for ref, data in refs if ref in wanted or identifier(data) == reference or data is named)


def _order(ref: str, words: str, meanings: list[Meaning], vocabulary: Vocabulary) -> Order:
    classes = {
        iri
        for meaning in meanings
        for iri in meaning.present
        if (row := vocabulary.by_iri.get(iri)) is not None and row.kind in _KINDS
    }
    label = words or meanings[0].text
    # Of a combination, a part that is not understood leaves the whole unchecked.
    unread = [meaning.why or "it is none of our interventions" for meaning in meanings if not meaning.present]
    if unread or not classes:
        return Order(ref, label, why=unread[0] if unread else "it is none of our interventions")
    names = sorted(vocabulary.label(iri) for iri in classes)
    why = next((meaning.why for meaning in meanings if meaning.disagree), "") or _denied(words, classes, vocabulary)
    read = "" if all(name.casefold() in label.casefold() for name in names) else ", ".join(names)
    return Order(ref, label, tuple(ns.shorten(iri) for iri in sorted(classes)), why, read)


def _denied(words: str, classes: set[str], vocabulary: Vocabulary) -> str:
    """Why the words of an order speak against its codes, "" where they name no other intervention of ours."""
    try:
        named = vocabulary.resolve(words, _KINDS)
    except TermError:
        return ""
    if any(named in vocabulary.ancestors(iri) or iri in vocabulary.ancestors(named) for iri in classes):
        return ""
    return f"its words say {vocabulary.label(named)}, its codes {', '.join(sorted(map(vocabulary.label, classes)))}"


def _meanings(record: Record, resource: Resource, medications: Medications, concepts: Concepts) -> list[Meaning]:
    """What an order names.

    Raises:
        NotUnderstoodError: it is malformed, is for somebody else, or is of a type that is not read.
    """
    if (status := resource.data.get("status")) in _OVER:
        raise NotUnderstoodError(f"its status is {status}, which is no draft")
    if resource.name == _DRUGS:
        resource.check()
        if not record.of_patient(resource):
            raise NotUnderstoodError("it is for another patient")
        return medications.drugs(resource)
    if resource.name not in _CODES:
        raise NotUnderstoodError(f"orders of type {resource.name} are not read")
    if "modifierExtension" in resource.data or resource.data.get("implicitRules") is not None:
        raise NotUnderstoodError("something that is not known changes its meaning")
    subject = resource.data.get("subject")
    if not record.is_patient(subject):
        told = isinstance(subject, Mapping) and isinstance(subject.get("reference"), str)
        raise NotUnderstoodError("it is for another patient" if told else "it does not say whose it is")
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
        each = [one for one in codings if isinstance(one, Mapping)] if isinstance(codings, list) else []
        # A code alone says what it is only with its system, as the meaning of it is shown.
        for text in (concept.get("text"), *(one.get("display") for one in each)):
            if isinstance(text, str) and text.strip():
                return shown(text, 80)
    return ""
