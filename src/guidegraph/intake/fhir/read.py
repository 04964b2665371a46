"""Reads a FHIR record as a profile, with a report on every resource."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import IO, Any, TypedDict, Unpack

from guidegraph.errors import ProfileError, UsageError
from guidegraph.files import read_bytes
from guidegraph.intake.builder import MEASURED, ProfileBuilder
from guidegraph.intake.concepts import Concepts
from guidegraph.intake.fhir.bundle import from_values, parse
from guidegraph.intake.fhir.clinical import Clinical
from guidegraph.intake.fhir.counted import CountedOrders, counted_orders, shipped
from guidegraph.intake.fhir.medication import STOPPED, TAKEN, Medications
from guidegraph.intake.fhir.observation import Observations
from guidegraph.intake.fhir.orders import Order, read_orders
from guidegraph.intake.fhir.record import Record
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource, identifier
from guidegraph.intake.fhir.table import VERSIONS, Table, table
from guidegraph.intake.report import IntakeReport, Settings, Source, shown
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import Profile
from guidegraph.profile import Implication, Vocabulary
from guidegraph.termreadings import UNDERWENT

#: Codes of FHIR's administrative gender (http://hl7.org/fhir/administrative-gender) that tell no sex.
_NO_SEX = ("other", "unknown")
FhirSource = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
_WRITE = "Write what it tells into the profile."
_LARGEST_BYTES = 400_000_000


class FhirOptions(TypedDict, total=False):
    """How to read a record.

    ``version`` is R4 or R5, told from the content, else R4, if ""; ``patient`` the id of the patient, where the record
    has several; ``complete`` the lists that the record names completely, such as conditions; ``match_text`` reads a
    text without codes where it is exactly one of our names; ``same_units`` are pairs (unit, unit of ours) that are
    taken for the same; ``newest_days`` ignores observations that are older, None for no limit; ``orders`` says which
    orders count as taken, by a file or mapping in the form of ontology/links/orders.yaml, None for that table.
    """

    version: str
    patient: str
    complete: Collection[str]
    match_text: bool
    same_units: Collection[tuple[str, str]]
    newest_days: int | None
    orders: str | Path | Mapping[str, Any] | None


@dataclass(frozen=True)
class Reading:
    """A record read: the profile, what became of every entry, whether all of it could be read at all, and whose it is.

    ``patient`` is the id of the patient, "" where the record has none.
    """

    profile: Profile
    report: IntakeReport
    whole: bool = True
    patient: str = ""


class FhirReader:
    """Reads FHIR records with the terms and mappings of some knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    def orders(
        self,
        source: FhirSource,
        patient: str,
        *,
        as_of: date | None = None,
        where: str = "the orders",
        version: str = "",
        selections: Collection[str] = (),
    ) -> list[Order]:
        """What draft orders for a patient would give or do, in our terms (see :class:`Order`).

        Args:
            source: a Bundle of orders, or orders.
            patient: the id of the patient for whom they must be.
            as_of: the day of the orders; today if None.
            where: names them in messages.
            selections: the references of those that are selected (see :attr:`Order.selected`).

        Raises:
            ProfileError: no FHIR.
        """
        knowledge, day, paths = self.knowledge, as_of or date.today(), table()
        values = parse(source, where) if isinstance(source, str) else from_values(source, where)
        person = {"resourceType": "Patient", "id": patient}
        record = Record(values, paths, day, where=where, version=version, patient=patient, beside=[person])
        # Its report is of no use here: what is not understood is told of each order.
        builder = ProfileBuilder(knowledge.vocabulary, IntakeReport("FHIR", str(day)), Settings(day))
        concepts = self._concepts[False]
        medications = Medications(builder, concepts, record, Clinical(builder, concepts, paths, record))
        return read_orders(record, medications, concepts, paths, knowledge.vocabulary, selections)

    @cached_property
    def _concepts(self) -> dict[bool, Concepts]:
        vocabulary, codes = self.knowledge.vocabulary, self.knowledge.links.codes
        stating = {code: about for code, (about, word) in table().stating.items() if word == "yes"}
        lexicon = self.knowledge.links.lexicon_folder
        return {
            text: Concepts(vocabulary, codes, match_text=text, stating=stating, lexicon=lexicon)
            for text in (False, True)
        }

    def profile(
        self,
        source: FhirSource,
        *,
        as_of: date | None = None,
        where: str = "the record",
        **options: Unpack[FhirOptions],
    ) -> Reading:
        """Read FHIR resources of one patient as a profile, with a report of every entry.

        Nothing absent is inferred from missing entries.

        Args:
            source: JSON text (a resource, a Bundle, an array, NDJSON), the path of a file with it, or plain mappings.
            as_of: the day of the profile; today if None.
            where: names the record in messages.
            options: see :class:`FhirOptions`.

        Raises:
            ProfileError: no FHIR, no patient, or entries of several patients and none is named.
            UsageError: an unknown version or list.
        """
        settings = Settings(
            as_of or date.today(),
            frozenset(options.get("complete", ())),
            self.knowledge.records.rates,
            options.get("newest_days"),
            frozenset(options.get("same_units", ())),
            self.knowledge.problems,
            self.knowledge.records.events,
        )
        text = read_record(source, where) if isinstance(source, Path) else source
        return read_fhir(
            parse(text, where) if isinstance(text, str) else from_values(text, where),
            self.knowledge.vocabulary,
            self._concepts[options.get("match_text", False)],
            settings,
            where=where,
            version=options.get("version", ""),
            patient=options.get("patient", ""),
            implications=self.knowledge.implications,
            orders=counted_orders(options.get("orders")),
            # An escaped letter can hide the name from this look at the text.
            scan=not isinstance(text, str) or "modifierExtension" in text or "\\u" in text,
        )


def read_record(source: Path | IO[Any], where: str) -> str:
    """The text of a file or stream with JSON: UTF-8, or UTF-16 or UTF-32, with or without a byte order mark.

    Raises:
        ProfileError: it cannot be read, is too large, or is in no such encoding.
    """
    mend = "Give a file of FHIR JSON, which is UTF-8, or -."
    content = read_bytes(source, _LARGEST_BYTES, ProfileError, where=where, mend=mend)
    try:
        return content.decode(json.detect_encoding(content))
    except UnicodeDecodeError:
        raise ProfileError("not UTF-8 text", where=where, mend=mend) from None


def read_fhir(
    values: Sequence[Any],
    vocabulary: Vocabulary,
    concepts: Concepts,
    settings: Settings,
    *,
    where: str,
    version: str = "",
    patient: str = "",
    implications: Sequence[Implication] = (),
    scan: bool = True,
    orders: CountedOrders | None = None,
) -> Reading:
    """Read JSON values (a Bundle, or resources) as the profile of one patient; see :meth:`FhirReader.profile`.

    ``scan`` says whether modifier extensions can occur at all (False is only safe where the text has none).
    """
    if version not in ("", *VERSIONS):
        raise UsageError(f"no FHIR version {version!r}", where="--version", mend=f"Use {' or '.join(VERSIONS)}.")
    paths = table(any(settings.events.spoken.values()))
    record = Record(values, paths, settings.as_of, where=where, version=version, patient=patient, scan=scan)
    report = IntakeReport(f"FHIR {record.release or record.version}", str(settings.as_of), choices=list(record.choices))
    own_lists = frozenset(paths.none.values())
    builder = ProfileBuilder(
        vocabulary, report, settings, implications=implications, own_lists=own_lists, past=paths.past
    )
    if orders is not None and orders != shipped():
        report.choices.append("Which orders count as taken is as you said.")
    _Reader(record, builder, concepts, paths, orders).read(where)
    name = identifier(record.patient.data) if record.patient else record.patient_ref.rpartition("/")[2]
    whole = not (record.broken or record.partial or record.release)
    return Reading(builder.build(shown(name, 64) or "patient"), report, whole, shown(name, 64))


class _Reader:
    """Reads the resources of a record into a builder."""

    def __init__(
        self,
        record: Record,
        builder: ProfileBuilder,
        concepts: Concepts,
        paths: Table,
        orders: CountedOrders | None = None,
    ) -> None:
        self._record, self._builder, self._concepts, self._paths = record, builder, concepts, paths
        clinical = Clinical(builder, concepts, paths, record)
        self._observations = Observations(builder, concepts, paths, record, clinical)
        self._medications = Medications(builder, concepts, record, clinical, orders)
        self._kinds: dict[str, Callable[[Resource], None]] = {
            "Condition": clinical.state,
            "AllergyIntolerance": clinical.state,
            "Procedure": clinical.procedure,
            "Observation": self._observations.read,
            "MedicationDispense": self._medications.supply,
        }

    def read(self, where: str) -> None:
        """Read the whole record."""
        record, builder = self._record, self._builder
        for place, why in record.broken:
            builder.incomplete(Source(shown(place, 120), "an entry"), why, "Correct the entry, or leave it out.")
        for place, why, mend in record.partial:
            builder.incomplete(Source(shown(place, 120), "the record is not whole"), why, mend)
        for ref, why in record.removed:
            builder.ignore(Source(shown(ref, 120), "an older version or a deletion"), why)
        if record.patient is not None:
            self._guard(record.patient, self._patient)
        if record.release:
            why = f"it is written in FHIR {record.release} ({record.sign}): nothing but the Patient is read"
            builder.incomplete(Source(where, "the record"), why, "Convert it to R4 or R5.")
            return
        for res in record.resources():
            self._guard(res, self._entry)
        for ref, each, why in record.undecided:
            if record.type_of(each[0]) == "Patient":
                source = Source(shown(ref, 120), "the Patient")
                builder.incomplete(source, f"{why}: age and sex are unknown", "Give the last version alone.")
            for data in each:
                version = record.resource(ref, data)
                if version is not None and not version.in_error:
                    self._unreadable(version, why, "Give the last version alone.")
        for ref, data in record.elsewhere().items():
            name = record.type_of(data)
            why = f"a {name} is not read: it may tell of what the patient has"
            builder.misunderstood(
                self._paths.elsewhere[name], Source(shown(ref, 120), _named(data) or name), why, _WRITE
            )
        for name, number in sorted(record.others().items()):
            source = Source(name, f"{number} of type {name}")
            if builder.events.asks(UNDERWENT) and name in self._paths.events["tests-elsewhere"]:
                why = "this type is not read: it may tell of tests that were done"
                builder.misunderstood(("done",), source, why, _WRITE)
            else:
                builder.ignore(source, "this type is no part of a profile")

    def _guard(self, res: Resource, read: Callable[[Resource], None]) -> None:
        try:
            read(res)
        except NotUnderstoodError as why:
            self._unreadable(res, str(why), why.mend)

    def _entry(self, res: Resource) -> None:
        # What is in error hides nothing, whoever it is of.
        if res.in_error:
            self._builder.ignore(Source(res.ref, _text(res)), "it was recorded in error")
        elif not self._record.of_patient(res):
            self._builder.ignore(Source(res.ref, _text(res)), "it is about another patient, a group or a thing")
        else:
            res.check()
            self._kinds.get(res.name, self._medications.read)(res)

    def _unreadable(self, res: Resource, why: str, mend: str) -> None:
        """Tell that a resource is not understood: what it is about is not known, whatever older ones say."""
        about: set[str] = set()
        when = written = None
        timed = res.name == "Observation"
        lists = res.kind.lists if res.name != "Patient" else ()
        if lists == TAKEN:
            lists = (*TAKEN, *STOPPED)  # it may have been stopped
        try:
            if res.name == "Observation":
                for node in [res.data, *(res.data.get("component") or [])]:
                    codes = res.codings(node["code"])
                    about |= self._observations.about(codes, self._concepts.read(codes))
                if self._builder.of_kind(about, "number"):
                    lists = MEASURED
            elif res.name in self._kinds and res.name != "Procedure":
                about |= res.above
                codes = res.codings(res.data["code"])
                meaning = self._concepts.read(codes)
                about |= set(self._builder.of_kind({*meaning.present, *meaning.absent}, "condition", "finding"))
            elif res.name not in ("Patient", "Procedure"):
                drugs = self._medications.drugs(res)
                about |= {c for drug in drugs for c in self._builder.of_kind(drug.present, "intervention")}
            when = res.moment("when" if timed else "begins")
            written = res.moment("recorded")
        except (NotUnderstoodError, TypeError, KeyError, AttributeError):
            pass  # what can be read of it is told; the rest is not known
        source = Source(res.ref, _text(res), when, written=written, timed=timed)
        self._builder.misunderstood(lists, source, why, mend, about=about)

    def _patient(self, res: Resource) -> None:
        """Age and sex; what else a Patient says is told."""
        res.check()
        choices = self._builder.report.choices
        if res.boolean("active") is False:
            choices.append(
                f"{res.ref} is marked as not active, so the record may be out of date. Ask for the one in use."
            )
        if res.data.get("link"):
            choices.append(f"{res.ref} is linked to others, so the record may not be whole. Give the records of all.")
        died = res.data.get("deceasedDateTime")
        died_by_then = died is not None and res.time(died).first.date() <= self._builder.as_of
        if res.boolean("deceasedBoolean") or died_by_then:
            choices.append(f"{res.ref} is recorded as deceased. The profile is of the time before.")
        self._sex(res)
        if res.data.get("birthDate") is not None:
            born = res.time(res.data["birthDate"])
            self._builder.born(born, Source(f"{res.ref}.birthDate", born.text))

    def _sex(self, res: Resource) -> None:
        gender = res.data.get("gender")
        if gender is not None:
            source = Source(f"{res.ref}.gender", shown(gender, 20))
            known = gender in self._paths.sexes.codes or gender in _NO_SEX if isinstance(gender, str) else False
            if not known:
                self._builder.misunderstood(
                    (), source, "it is no administrative gender of FHIR", "Use one of its codes."
                )
            elif gender == "unknown":
                self._builder.ignore(source, "it tells no sex that recommendations speak of")
            else:
                self._builder.sex("" if gender in _NO_SEX else str(gender), source, "the administrative gender")
        extensions = res.data.get("extension") or []
        for extension in extensions if isinstance(extensions, list) else [extensions]:
            url = extension.get("url") if isinstance(extension, dict) else None
            if isinstance(url, str) and not self._paths.sexes.states(url):  # one that cannot be read may state a sex
                continue
            codes = _coded(extension) if url else []
            name = (url if isinstance(url, str) else "extension").rpartition("/")[2]
            source = Source(f"{res.ref} {shown(name, 60)}", ", ".join(shown(code, 40) for code in codes) or "no code")
            words = {self._paths.sexes.codes.get(code) for code in codes}
            if words == {""}:
                self._builder.ignore(source, "it says that this is not known")
            else:
                self._builder.sex((words.pop() if len(words) == 1 else None) or "", source, "stated by an extension")


def _coded(extension: dict[str, Any]) -> list[str]:
    """The codes that an extension, or its part called value, has."""
    parts = extension.get("extension")
    nested = [p for p in (parts if isinstance(parts, list) else ()) if isinstance(p, dict) and p.get("url") == "value"]
    codes: list[str] = []
    for part in [extension, *nested]:
        for key in ("valueCode", "valueString"):
            codes += [part[key]] if isinstance(part.get(key), str) else []
        coding, concept = part.get("valueCoding"), part.get("valueCodeableConcept")
        codings = concept.get("coding") if isinstance(concept, dict) else [coding]
        for one in codings if isinstance(codings, list) else ():
            codes += [one["code"]] if isinstance(one, dict) and isinstance(one.get("code"), str) else []
    return codes


def _text(res: Resource) -> str:
    """The code of a resource that is not understood, as far as it can be shown."""
    return _named(res.data) or res.name


def _named(data: Mapping[str, Any]) -> str:
    """What the first code of a resource is, as far as it can be shown; "" where nothing can."""
    for key in ("code", "medicationCodeableConcept", "type"):
        concepts = data.get(key)
        concept = concepts[0] if isinstance(concepts, list) and concepts else concepts
        codings = concept.get("coding") if isinstance(concept, dict) else None
        if isinstance(codings, list) and codings and isinstance(codings[0], dict):
            parts = [codings[0].get(part) for part in ("code", "display")]
            return shown(" ".join(part for part in parts if isinstance(part, str)), 80)
        if isinstance(concept, dict) and isinstance(concept.get("text"), str):
            return shown(concept["text"], 80)
    return ""
