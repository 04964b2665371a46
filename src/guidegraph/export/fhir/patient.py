"""A profile as a FHIR R4 bundle in our own code systems: the facts that the CQL of the populations reads.

The bundle holds what the profile states and nothing else: no name, no dates, no sex beyond a stated finding.
docs/fhir-export.md describes each resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import Json
from guidegraph.knowledge.records import gg
from guidegraph.model import CareFact, DoseFact, Profile, StopFact, TrialFact
from guidegraph.profile import Vocabulary
from guidegraph.termreadings import SUPPLIED

_SUBJECT = "Patient/patient"
_MEDICATION = gg("takesMedication")


def patient_bundle(profile: Profile, vocabulary: Vocabulary, as_of: date | None = None) -> Json:
    """A profile as a Bundle of R4, in a fixed order with ids that depend on the facts alone.

    Args:
        profile: the patient.
        vocabulary: labels and units of terms.
        as_of: the day on which the facts hold. Given, it dates the numbers, what is refuted, the begin of running
            trials and the end of stopped drugs where a whole number of days leads there; without it nothing has a date.

    Raises:
        UsageError: a number has more digits than JSON keeps.
    """
    key = {"system": ns.BASE + "profile", "value": fhir.text(profile.id)}
    patient = {"resourceType": "Patient", "id": "patient", "identifier": [key]}
    resources = [patient, *_identified(_facts(profile, vocabulary, as_of))]
    name = str(uuid5(NAMESPACE_URL, ns.BASE + "profile/" + fhir.to_json({"entry": resources})))
    return fhir.bundle(name, ((fhir.address(r), r) for r in resources))


def _identified(resources: Iterable[Json]) -> Iterator[Json]:
    """The resources with ids made from what they say; equal facts are one."""
    seen: set[str] = set()
    for resource in resources:
        plain = fhir.bare(resource)
        name = sha256(fhir.to_json(plain).encode()).hexdigest()[:32]
        if name not in seen:
            seen.add(name)
            yield {"resourceType": plain.pop("resourceType"), "id": name, **plain}


def _facts(profile: Profile, vocabulary: Vocabulary, day: date | None) -> Iterator[Json]:
    for held, table in ((True, profile.present), (False, profile.absent)):
        for prop, classes in sorted(table.items()):
            for cls in sorted(classes):
                label = vocabulary.label(cls)
                if prop != _MEDICATION:
                    yield _condition(cls, label, held, day)
                    continue
                doses = [dose for dose in sorted(profile.doses) if held and dose.of == cls]
                yield _medication(cls, label, held) | ({"dosage": [_dosage(dose) for dose in doses]} if doses else {})
    for prop, value in sorted(profile.values.items()):
        row = vocabulary.by_iri.get(prop)
        yield _number(prop, vocabulary.label(prop), value, row.unit if row else "", day)
    for had, trials in ((True, profile.trials_present), (False, profile.trials_absent)):
        yield from (_trial(trial, vocabulary, had, day) for trial in sorted(trials, key=repr))
    for had, stops in ((True, profile.stops_present), (False, profile.stops_absent)):
        yield from (_stop(stop, vocabulary, had, day) for stop in sorted(stops, key=repr))
    for had, events in ((True, profile.care_present), (False, profile.care_absent)):
        yield from (_care(event, vocabulary, had, day) for event in sorted(events, key=repr))
    for prop in sorted(profile.complete):
        yield _flag("completeFor", prop, vocabulary.label(prop))
    for name, alerts in (("examinedAlert", profile.examined), ("actedOnAlert", profile.acted_on)):
        yield from (_flag(name, alert, vocabulary.label(alert)) for alert in sorted(alerts))
    for prop, text in sorted(profile.not_understood):
        yield _flag("notUnderstood", prop, text)
    for other in sorted(profile.others):
        yield _flag("understoodAsAnother", other.prop, other.name, other.denies)


def _subject() -> Json:
    return {"reference": _SUBJECT}


def _condition(cls: str, label: str, held: bool, day: date | None) -> Json:
    """A condition or finding: confirmed and active, or refuted, with the day, since some states come and go."""
    certain = ("confirmed", "Confirmed") if held else ("refuted", "Refuted")
    active = {"coding": [fhir.coding(fhir.CONDITION_CLINICAL, "active", "Active")]} if held else None
    return {
        "resourceType": "Condition",
        "clinicalStatus": active,
        "verificationStatus": {"coding": [fhir.coding(fhir.CONDITION_VERIFICATION, *certain)]},
        "code": fhir.term(cls, label),
        "subject": _subject(),
        "recordedDate": day.isoformat() if day and not held else None,
    }


def _medication(cls: str, label: str, held: bool) -> Json:
    return {
        "resourceType": "MedicationStatement",
        "status": "active" if held else "not-taken",
        "medicationCodeableConcept": fhir.term(cls, label),
        "subject": _subject(),
    }


def _dosage(dose: DoseFact) -> Json:
    """A dose with how often a day it is taken, which is a number of times in a number of days."""
    often = Fraction(dose.per_day)
    repeat = {"frequency": often.numerator, "period": often.denominator, "periodUnit": "d"}
    return {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": _quantity(dose.amount, dose.unit)}]}


def _quantity(value: Decimal, unit: str) -> Json:
    return {"value": fhir.number(value), "unit": unit, "system": fhir.UCUM if unit else None, "code": unit}


def _number(prop: str, label: str, value: Decimal, unit: str, day: date | None) -> Json:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": fhir.term(prop, label),
        "subject": _subject(),
        "effectiveDateTime": day.isoformat() if day else None,
        "valueQuantity": _quantity(value, unit),
    }


def _extension(name: str, value: Decimal | None, unit: str) -> list[Any]:
    return [] if value is None else [fhir.extension(name, "valueQuantity", _quantity(value, unit))]


def _before(day: date | None, length: Decimal | None, days: int) -> str | None:
    """The day that lies so long before another, None where one is not known or no whole number of days."""
    if day is None or length is None or length * days != (length * days).to_integral_value():
        return None
    past = int(length * days)
    return (day - timedelta(past)).isoformat() if past < day.toordinal() else None


def _trial(trial: TrialFact, vocabulary: Vocabulary, had: bool, day: date | None) -> Json:
    """A trial of therapy as a Procedure: ended with its outcome, still running without one, or never had."""
    return {
        "resourceType": "Procedure",
        "extension": _extension("trial-weeks", trial.weeks, "wk"),
        "status": ("completed" if trial.outcome else "in-progress") if had else "not-done",
        "code": fhir.term(trial.of, vocabulary.label(trial.of)),
        "subject": _subject(),
        "performedPeriod": {"start": _before(day, trial.weeks, 7)} if had and not trial.outcome else None,
        "outcome": fhir.term(trial.outcome, vocabulary.label(trial.outcome)) if trial.outcome else None,
    }


def _stop(stop: StopFact, vocabulary: Vocabulary, had: bool, day: date | None) -> Json:
    """A stopped drug; one that was not stopped (within that many days) says so in a modifier extension."""
    return {
        "resourceType": "MedicationStatement",
        "extension": _extension("days-since-stop", stop.days, "d"),
        "modifierExtension": [] if had else [fhir.extension("denied", "valueBoolean", True)],
        "status": "stopped",
        "medicationCodeableConcept": fhir.term(stop.of, vocabulary.label(stop.of)),
        "subject": _subject(),
        "effectivePeriod": {"end": _before(day, stop.days, 1)} if had else None,
    }


def _care(event: CareFact, vocabulary: Vocabulary, had: bool, day: date | None) -> Json:
    """A test or procedure done, or a supply; one that was not (within that many days) says so as a stop does.

    A day known in part is the period of days that it may have been.
    """
    days = event.days or (None, None)
    marks = [fhir.extension("event", "valueCode", "supplied" if event.prop == SUPPLIED else "done")]
    marks += [*_extension("days-since", days[0], "d"), *_extension("days-since-most", days[1], "d")]
    for name, classes in (("showed", event.shows), ("lacked", event.lacks)):
        codings = (fhir.coding(*fhir.split(cls), vocabulary.label(cls)) for cls in classes)
        marks += [fhir.extension(name, "valueCoding", one) for one in codings]
    denial = [] if had else [fhir.extension("denied", "valueBoolean", True)]
    what, first, last = fhir.term(event.of, vocabulary.label(event.of)), *(_before(day, end, 1) for end in days[::-1])
    if event.prop == SUPPLIED:
        return {
            "resourceType": "MedicationDispense",
            "extension": marks,
            "modifierExtension": denial,
            "status": "completed",
            "medicationCodeableConcept": what,
            "subject": _subject(),
            "daysSupply": _quantity(event.value, "d") if event.value is not None else None,
            "whenHandedOver": first if had and first == last else None,
        }
    return {
        "resourceType": "Observation",
        "extension": marks,
        "modifierExtension": denial,
        "status": "final",
        "code": what,
        "subject": _subject(),
        "effectiveDateTime": first if had and first == last else None,
        "effectivePeriod": {"start": first, "end": last} if had and first and first != last else None,
        "valueQuantity": {"value": fhir.number(event.value)} if event.value is not None else None,
    }


def _flag(name: str, prop: str, text: str, denied: Sequence[str] = ()) -> Json:
    """That a list is complete, an entry not understood, or known and none of some classes, or an alert attended to."""
    concept = {"coding": [fhir.coding(*fhir.split(iri)) for iri in (prop, *denied)], "text": fhir.text(text)}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": fhir.term(gg(name)),
        "subject": _subject(),
        "valueCodeableConcept": concept,
    }
