"""Reads a FHIR record as a profile, with a report on every resource."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from guidegraph.errors import UsageError
from guidegraph.intake.builder import ProfileBuilder, Settings
from guidegraph.intake.concepts import Concepts
from guidegraph.intake.dates import age
from guidegraph.intake.facts import Source
from guidegraph.intake.fhir.clinical import Clinical
from guidegraph.intake.fhir.medication import Medications
from guidegraph.intake.fhir.observation import AGE, Observations
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource, identifier
from guidegraph.intake.fhir.table import VERSIONS, table
from guidegraph.intake.report import IntakeReport, shown
from guidegraph.intake.units import Units
from guidegraph.model import Profile
from guidegraph.profile import Implication, Vocabulary

_SEX = "sex"
#: Codes of FHIR's administrative gender (http://hl7.org/fhir/administrative-gender) that tell no sex.
_NO_SEX = ("other", "unknown")


@dataclass(frozen=True)
class Reading:
    """A record read: the profile, and what became of every entry."""

    profile: Profile
    report: IntakeReport


def read_fhir(
    values: Sequence[Any],
    vocabulary: Vocabulary,
    concepts: Concepts,
    settings: Settings,
    *,
    where: str = "the record",
    version: str = "",
    patient: str = "",
    implications: Sequence[Implication] = (),
    units: Units | None = None,
    scan: bool = True,
) -> Reading:
    """Read FHIR resources (see :func:`guidegraph.intake.fhir.source.parse`) as the profile of one patient.

    Args:
        values: JSON values: a Bundle, or resources.
        vocabulary, concepts: our terms, and what reads codes.
        settings: the day of the profile, complete lists, and how numbers grow with time.
        where: names the record in messages.
        version: R4 or R5; told from the content, else R4, if "".
        patient: the id or reference of the patient, where the record has several.
        implications: facts that bring or exclude others.
        units: another table of units, or one with what the user takes for the same.
        scan: whether modifier extensions can occur at all (False is only safe where the text has none).

    Raises:
        ProfileError: the record is no FHIR, or has several patients and none is named.
        UsageError: a version or list that there is not.
    """
    if version not in ("", *VERSIONS):
        raise UsageError(f"no FHIR version {version!r}", where="--version", mend=f"Use {' or '.join(VERSIONS)}.")
    paths = table()
    record = Record(values, paths, where=where, version=version, patient=patient, scan=scan)
    report = IntakeReport(f"FHIR {record.version}", str(settings.as_of), choices=list(record.choices))
    builder = ProfileBuilder(vocabulary, report, settings, implications=implications, table=units)
    clinical = Clinical(builder, concepts, paths)
    readers = {
        "Condition": clinical.state,
        "AllergyIntolerance": clinical.state,
        "Procedure": clinical.procedure,
        "Observation": Observations(builder, concepts, paths).read,
    }
    medications = Medications(builder, concepts, record)
    every = tuple(sorted({key for kind in paths.kinds.values() for key in kind.lists}))
    for place, why in record.broken:
        builder.misunderstood(every, Source(shown(place, 120), "an entry"), why)
    if record.patient is not None:
        _guard(builder, record.patient, lambda res: _patient(builder, vocabulary, report, res), ())

    def read(res: Resource) -> None:
        if record.of_patient(res):
            readers.get(res.name, medications.read)(res)
        else:
            builder.ignore(Source(res.ref, _text(res)), "it is about another patient, a group or a thing")

    for res in record.resources():
        _guard(builder, res, read, res.kind.lists)
    for name, number in sorted(record.others().items()):
        builder.ignore(Source(name, f"{number} of type {name}"), "this type is no part of a profile")
    name = identifier(record.patient.data) if record.patient else record.patient_ref.rpartition("/")[2]
    return Reading(builder.build(shown(name, 64) or "patient"), report)


def _guard(builder: ProfileBuilder, res: Resource, read: Callable[[Resource], None], lists: Sequence[str]) -> None:
    try:
        res.check()
        read(res)
    except NotUnderstoodError as why:
        text = _text(res)
        builder.misunderstood(lists, Source(res.ref, text), str(why))


def _text(res: Resource) -> str:
    """The code of a resource that is not understood, as far as it can be shown."""
    for key in ("code", "medicationCodeableConcept"):
        concept = res.data.get(key)
        codings = concept.get("coding") if isinstance(concept, dict) else None
        if isinstance(codings, list) and codings and isinstance(codings[0], dict):
            parts = [codings[0].get(part) for part in ("code", "display")]
            return shown(" ".join(part for part in parts if isinstance(part, str)), 80) or res.name
    return res.name


def _patient(builder: ProfileBuilder, vocabulary: Vocabulary, report: IntakeReport, res: Resource) -> None:
    """Age and sex; what else a Patient says is told."""
    if res.boolean("active") is False:
        report.choices.append("the Patient is marked as not active: the record may have been replaced")
    if res.data.get("link"):
        report.choices.append("the Patient is linked to others: the record may be incomplete or replaced")
    deceased = res.boolean("deceasedBoolean") or res.data.get("deceasedDateTime") is not None
    if deceased:
        report.choices.append("the patient is recorded as deceased")
    _sex(builder, vocabulary, res)
    born = res.data.get("birthDate")
    if born is None:
        return
    moment = res.time(born)
    source = Source(f"{res.ref}.birthDate", moment.text)
    try:
        least, most = age(moment, builder.as_of)
    except ValueError as error:
        builder.misunderstood((), source, str(error))
        return
    row = next(row for row in vocabulary.of_kind("number") if row.key == AGE)
    if least == most:
        builder.number(row.iri, Decimal(least), source)
    else:
        builder.misunderstood((), source, f"the birth date is partial: the age is {least} or {most}")


def _sex(builder: ProfileBuilder, vocabulary: Vocabulary, res: Resource) -> None:
    gender = res.data.get("gender")
    if gender is None:
        return
    source = Source(f"{res.ref}.gender", shown(gender, 20))
    if gender in _NO_SEX:
        builder.ignore(source, "it tells no sex that recommendations speak of")
        return
    rows = [r for r in vocabulary.of_kind("finding") if r.key == _SEX and r.key_value == gender]
    if not isinstance(gender, str) or not rows:
        builder.misunderstood((), source, "it is no administrative gender of FHIR")
        return
    builder.fact(rows[0].iri, True, source, note="the administrative gender")
