"""The resources of one record: whose they are, what they refer to, which version counts, and their release of FHIR."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from guidegraph.errors import ProfileError
from guidegraph.intake.dates import Moment, moment
from guidegraph.intake.fhir.bundle import MEND, Item, Items, emptied, listed
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource, identifier
from guidegraph.intake.fhir.table import VERSIONS, Table
from guidegraph.intake.report import shown

_PLACES = ("subject", "patient")
_WHOLE = "Give the whole list."
#: A reference that surely names one resource: Type/id, with or without the server before it.
_NAMED = re.compile(r"(?:https?://[^?#]+/)?(?P<type>[A-Z][A-Za-z]+)/[A-Za-z0-9\-.]{1,64}\Z")


class Record:
    """The resources of a text, in its order, each in the version that counts on a day.

    ``broken`` are places that cannot be read, ``undecided`` resources of which no version can be chosen, ``partial``
    the reasons why the record is not whole, ``removed`` what was deleted or is an older version; each with the reason.
    ``release`` is an older release of FHIR that the record is written in, "" for one that is read.

    Args:
        values: the JSON values (see :func:`guidegraph.intake.fhir.bundle.parse`).
        as_of: the day of the profile: versions saved after it do not count where there is an earlier one.
        version: R4, R5, or "" to tell it from the content.
        patient: the id or reference of the patient, where the record has several.
        scan: whether modifier extensions can occur at all.
        beside: further resources, each of which counts where the text has none of its name.

    Raises:
        ProfileError: no FHIR, no patient, or several patients and none named.
    """

    def __init__(
        self,
        values: Sequence[Any],
        table: Table,
        as_of: date,
        *,
        where: str,
        version: str = "",
        patient: str = "",
        scan: bool = True,
        beside: Sequence[dict[str, Any]] = (),
    ) -> None:
        self._table, self._where, self._scan, self._as_of = table, where, scan, as_of
        items = Items()
        for number, value in enumerate(values, 1):
            items.add(value, f"{where}:{number}" if len(values) > 1 else where)
        items.beside(beside, where)
        self.broken, self.partial = items.broken, items.partial
        self.assembled = [when for text in items.assembled if (when := _moment(text))]
        self.all: list[tuple[str, dict[str, Any]]] = []
        self.undecided: list[tuple[str, list[dict[str, Any]], str]] = []
        self.removed: list[tuple[str, str]] = []
        self._urls: dict[str, set[str]] = defaultdict(set)
        self._stands_for: dict[int, dict[str, Any] | None] = {}
        self._by_ref: dict[str, dict[str, Any]] = {}
        self._latest(items.all)
        self.choices: list[str] = []
        self.release, self.sign = ("", "") if version else self._older()
        self.version = version or self._detect()
        self._partial_lists()
        self.patient_ref, self.patient = self._whose(patient)

    def _latest(self, items: Sequence[Item]) -> None:
        """Of several versions of one resource the newest of the day, or none: where that is a deletion, or not told."""
        groups: dict[str, list[tuple[str, Item]]] = defaultdict(list)
        for item in items:
            if item.data is None:
                continue
            ref = f"{shown(item.name, 40)}/{identifier(item.data)}" if identifier(item.data) else item.place
            # The same id on two servers is two resources; without a server it is one.
            key = item.url.partition("/_history/")[0] if _on_server(item.url) else ref
            groups[key].append((ref, item))
            self._urls[ref].add(key)
            self._by_ref |= {name: item.data for name in (ref, item.url) if name}
        for item in (deletion for deletion in items if deletion.data is None):
            # A deletion may name no server, or the resource none: it is of whatever bears its name here.
            for key in [item.url] if item.url in groups else sorted(self._urls.get(item.place, {item.place})):
                groups[key].append((item.place, item))
        for ref, keys in self._urls.items():
            if len(keys) > 1:
                self._by_ref.pop(ref, None)
        for versions in groups.values():
            ref, best = versions[0][0], self._one_of([item for _, item in versions])
            for _, item in versions:
                if item.data is not None:
                    self._stands_for[id(item.data)] = best.data if best else None
            if best is None:
                each = [item.data for _, item in versions if item.data is not None]
                why = f"{len(versions)} versions of it: which is the last cannot be told, so none is read"
                self.undecided.append((ref, each, why))
            elif best.data is None:
                self.removed.append((ref, "it was deleted"))
            else:
                self.all.append((ref, best.data))
                if any(item.data != best.data for _, item in versions):
                    self.removed.append((ref, f"{len(versions)} versions of it: the last is read"))

    def _one_of(self, versions: Sequence[Item]) -> Item | None:
        if all(item.data == versions[0].data for item in versions):
            return versions[0]
        times = {id(item): _moment(item.saved) for item in versions}
        by_day = [i for i in versions if (t := times[id(i)]) is None or t.first.date() <= self._as_of]
        versions = by_day or versions
        best = versions[0]
        for other in versions[1:]:
            order = _order(best, other, times[id(best)], times[id(other)])
            if order is None and best.data != other.data:
                return None
            best = other if order else best
        return best

    def _partial_lists(self) -> None:
        for ref, value in self.all:
            name = value["resourceType"]
            if name == "List" and value.get("mode") == "changes":
                self.partial.append((ref, "the List holds changes alone, not the whole", _WHOLE))
            if name in ("List", "Composition"):
                for why in emptied(value):
                    if why not in self._table.no_reason:
                        named = f"it is empty because: {shown(why, 40) or 'not told'}"
                        self.partial.append((ref, named, "Ask for what is missing."))
                missing = [item for item in listed(value) if self._missing(item)]
                if missing:
                    named = f"{len(missing)} of its entries are not in the record, such as {shown(missing[0], 60)}"
                    self.partial.append((ref, named, "Ask for what is missing."))

    def _missing(self, reference: str) -> bool:
        """Whether a reference is to an entry that would be read, or may be, and is not here."""
        if reference.startswith("#") or (self.known(reference) or self.known(self.normal(reference))) is not None:
            return False
        named = _NAMED.match(self.normal(reference))
        return named is None or self._table.aliases.get(named["type"], named["type"]) in self._table.kinds

    def _older(self) -> tuple[str, str]:
        """An older release in which the record is written, and what shows it; "" where anything shows a newer one."""
        signs: dict[str, list[str]] = defaultdict(list)
        for ref, value in self.all:
            name = str(value["resourceType"])
            coded = [value.get(key) for key in ("clinicalStatus", "verificationStatus")]
            if any(isinstance(c, dict) for c in coded) or self._table.only["R5"].get(name, frozenset()).intersection(
                value
            ):
                return "", ""
            for release, kinds in self._table.releases.items():
                own = kinds.get(name, frozenset()).intersection(value)
                signs[release] += [f"{key} in {ref}" for key in sorted(own)]
            if any(isinstance(c, str) for c in coded):
                signs["STU3"].append(f"a status as a bare code in {ref}")
        release = max(signs, key=lambda name: len(signs[name]), default="")
        return (release, signs[release][0]) if release and signs[release] else ("", "")

    def known(self, reference: str) -> dict[str, Any] | None:
        """The resource that a reference names, None where it is not in the record."""
        value = self._by_ref.get(reference)
        return value if value is None else self._stands_for.get(id(value), value)

    def _detect(self) -> str:
        counts: Counter[str] = Counter()
        signs: dict[str, str] = {}
        for ref, value in self.all:
            for version in VERSIONS:
                own = self._table.only[version].get(self.type_of(value), frozenset()).intersection(value)
                if own:
                    counts[version] += 1
                    signs.setdefault(version, f"{min(own)} in {ref}")
        if len(counts) == 1:
            version = next(iter(counts))
            self.choices.append(
                f"The record is read as FHIR {version}, told by {signs[version]}. Say --version if it is another."
            )
            return version
        why = "the content fits both versions" if not counts else "the content mixes R4 and R5"
        self.choices.append(f"The record is read as FHIR R4, since {why}. Say --version R5 if it is R5.")
        return "R4"

    def type_of(self, value: dict[str, Any]) -> str:
        """The type of a resource, under the name that the table has."""
        name = str(value["resourceType"])
        return self._table.aliases.get(name, name)

    def _whose(self, wanted: str) -> tuple[str, Resource | None]:
        patients = [(ref, value) for ref, value in self.all if self.type_of(value) == "Patient"]
        if wanted:
            named = [
                (ref, value)
                for ref, value in patients
                if wanted in (ref, identifier(value)) or self.known(wanted) is value
            ]
            if not named and patients:
                raise ProfileError(f"no Patient {shown(wanted, 60)!r}", where=self._where, mend=_known(patients))
            patients = named
        if len(patients) > 1:
            raise ProfileError(
                f"{len(patients)} patients", where=self._where, mend=f"Name one with --patient. {_known(patients)}"
            )
        if patients:
            ref, value = patients[0]
            return ref, Resource(value, "Patient", ref, self.version, self._table, scan=self._scan)
        subjects = sorted({subject for _, value in self.all if (subject := self._subject(value))})
        if wanted:
            subjects = [s for s in subjects if wanted in (s, s.rpartition("/")[2])]
        if len(subjects) > 1:
            names = ", ".join(shown(s, 60) for s in subjects[:5])
            raise ProfileError(
                f"entries of {len(subjects)} patients", where=self._where, mend=f"Name one with --patient: {names}."
            )
        unsettled = [ref for ref, versions, _ in self.undecided if self.type_of(versions[0]) == "Patient"]
        if not unsettled and not any(self.type_of(value) in self._table.kinds for _, value in self.all):
            raise ProfileError("there is no patient here", where=self._where, mend=MEND)
        self.choices.append(
            f"Which version of {unsettled[0]} is the last cannot be told, so age and sex are unknown. Give that alone."
            if unsettled
            else "There is no Patient here, so age and sex are unknown. Give it with its entries."
        )
        return subjects[0] if subjects else unsettled[0] if len(unsettled) == 1 else "", None

    def _subject(self, value: dict[str, Any]) -> str:
        if self.type_of(value) not in self._table.kinds:
            return ""
        for key in _PLACES:
            reference = value.get(key)
            if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
                subject = self.normal(reference["reference"])
                if subject.startswith("#"):
                    return ""  # a patient within an entry is the patient of no other entry
                # A group, a device or a place is no patient.
                kind = subject.rpartition("/")[0].rpartition("/")[2]
                return "" if kind[:1].isupper() and kind != "Patient" else subject
        return ""

    def normal(self, reference: str) -> str:
        """A reference in its shortest form: Type/id without version, and without a server whose resource is here."""
        path = reference.partition("/_history/")[0]
        if _on_server(path):
            short = "/".join(path.split("/")[-2:])
            # Only a resource that names no server of its own can be meant by a reference to one.
            return short if self._urls.get(short) == {short} else path
        return path

    def of_patient(self, resource: Resource) -> bool:
        """Whether a resource is about the patient of the record.

        Raises:
            NotUnderstoodError: it does not say whose it is.
        """
        reference = resource.part("subject")
        if not isinstance(reference, dict):
            raise NotUnderstoodError("it does not say whose it is (no subject)")
        target = reference.get("reference")
        if not isinstance(target, str):
            raise NotUnderstoodError("it does not say whose it is (its subject has no reference)")
        if self.is_patient(reference):
            return True
        if self.normal(target) in self._linked:
            raise NotUnderstoodError(f"it is of a Patient that is linked to this one ({shown(target, 80)})")
        if not self._of_another(resource, target):
            raise NotUnderstoodError(f"whose it is cannot be told ({shown(target, 80) or 'an empty reference'})")
        return False

    def _of_another(self, resource: Resource, target: str) -> bool:
        """Whether a subject that is not the patient surely is something else."""
        if target.startswith("#"):
            inside = resource.inside(target)
            return inside is not None and inside.get("resourceType") != "Patient"
        if (self.known(target) or self.known(self.normal(target))) is not None:
            return True
        named = _NAMED.match(self.normal(target))
        if named is None:
            return False
        # A Patient without an id of its own may be the one that is meant.
        return named["type"] != "Patient" or self.patient is None or bool(identifier(self.patient.data))

    @cached_property
    def _linked(self) -> frozenset[str]:
        """The references of the Patients that are said to be the same person as the patient of the record."""
        if self.patient is None:
            return frozenset()
        found = {self.normal(reference) for reference in _links(self.patient.data)}
        for ref, value in self.all:
            if self.type_of(value) == "Patient" and any(
                self.is_patient({"reference": reference}) for reference in _links(value)
            ):
                found |= {ref, *self._urls[ref]}
        return frozenset(found)

    def is_patient(self, reference: Any) -> bool:
        """Whether a reference names the patient of the record."""
        target = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(target, str):
            return False
        short = self.normal(target)
        known = self.known(target) or self.known(short)
        return short != "" and short == self.patient_ref if self.patient is None else known is self.patient.data

    def resources(self) -> Iterator[Resource]:
        """The resources of types that are read, in the order of the record."""
        for ref, value in self.all:
            name = self.type_of(value)
            if name in self._table.kinds:
                yield Resource(value, name, ref, self.version, self._table, scan=self._scan)

    def resource(self, ref: str, data: dict[str, Any]) -> Resource | None:
        """A resource that is read, None where it surely is of somebody else."""
        name = self.type_of(data)
        resource = Resource(data, name, ref, self.version, self._table, scan=self._scan)
        try:
            return resource if name in self._table.kinds and self.of_patient(resource) else None
        except NotUnderstoodError:
            return resource

    def elsewhere(self) -> dict[str, dict[str, Any]]:
        """The resources, by reference, of types that are not read and may tell what the patient has."""
        return {
            ref: value
            for ref, value in self.all
            if self.type_of(value) in self._table.elsewhere
            and value.get("status") != "entered-in-error"
            and any(self.is_patient(value.get(key)) for key in _PLACES)
        }

    def others(self) -> Counter[str]:
        """How many further resources there are of each type that is not read."""
        told = self.elsewhere()
        names = [self.type_of(value) for ref, value in self.all if ref not in told]
        read = {*self._table.kinds, "Patient", "Medication", "Substance"}
        return Counter(shown(name, 60) for name in names if name not in read)

    def target(self, resource: Resource, reference: Any, *names: str, within: Resource | None = None) -> Resource:
        """The resource of one of some types that a reference points at, contained or of the record.

        Args:
            within: what contains the resource, if it is contained itself: the one that has what "#" refers to.

        Raises:
            NotUnderstoodError: no reference, or it points at nothing that is there, or at another type.
        """
        name = " or ".join(names)
        resource.check_elements(reference, "Reference")
        named = reference.get("reference")
        if not isinstance(named, str):
            raise NotUnderstoodError(f"it names its {name} without a reference")
        inside = named.startswith("#")
        value = (within or resource).inside(named) if inside else self.known(named) or self.known(self.normal(named))
        if value is None or value.get("resourceType") not in names:
            raise NotUnderstoodError(f"its {name} {shown(named, 80)} is not in the record")
        kind, ref = value["resourceType"], f"{resource.ref} {shown(named, 60)}"
        target = Resource(value, kind, ref, self.version, self._table, scan=self._scan)
        target.check()
        return target


def _links(patient: dict[str, Any]) -> Iterator[str]:
    """The references of a Patient to others that are the same person."""
    links = patient.get("link")
    for link in links if isinstance(links, list) else ():
        other = link.get("other") if isinstance(link, dict) else None
        if isinstance(other, dict) and isinstance(other.get("reference"), str):
            yield other["reference"]


def _on_server(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _moment(text: str) -> Moment | None:
    try:
        return moment(text)
    except ValueError:
        return None


def _order(one: Item, other: Item, when: Moment | None, later: Moment | None) -> bool | None:
    """Whether the other version is the newer one; None where that cannot be told."""
    if one.version.isdigit() and other.version.isdigit() and one.version != other.version:
        return int(other.version) > int(one.version)
    after = later.after(when) if when and later else None
    if after is None and one.rank and other.rank:
        # A history has its newest entry first, but some list the oldest first: that alone undoes no deletion.
        newest, older = sorted((one, other), key=lambda item: item.rank)
        return None if older.data is None and newest.data is not None else newest is other
    return after


def _known(patients: list[tuple[str, dict[str, Any]]]) -> str:
    named = ", ".join(ref for ref, _ in patients[:5])
    return f"There {'is' if len(patients) == 1 else 'are'}: {named}{' ...' if len(patients) > 5 else ''}."
