"""The resources of one record: whose they are, what they refer to, and the version of FHIR that they are written in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from guidegraph.errors import ProfileError
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource, identifier
from guidegraph.intake.fhir.table import VERSIONS, Table
from guidegraph.intake.report import shown

_DEEPEST = 5
_MEND = "Give a FHIR resource, a Bundle or NDJSON of one patient."
_PLACES = ("subject", "patient")


class Record:
    """The resources of a text, in its order.

    Args:
        values: the JSON values (see :func:`guidegraph.intake.fhir.source.parse`).
        version: R4, R5, or "" to tell it from the content.
        patient: the id or reference of the patient, where the record has several.
        scan: whether modifier extensions can occur at all.

    Raises:
        ProfileError: no FHIR, or several patients and none named.
    """

    def __init__(
        self,
        values: Sequence[Any],
        table: Table,
        *,
        where: str,
        version: str = "",
        patient: str = "",
        scan: bool = True,
    ) -> None:
        self._table, self._where, self._scan = table, where, scan
        self.all: list[tuple[str, dict[str, Any]]] = []
        self._keys: list[str] = []
        self._urls: dict[str, set[str]] = defaultdict(set)
        self._stands_for: dict[int, dict[str, Any] | None] = {}
        self.broken: list[tuple[str, str]] = []
        self._by_ref: dict[str, dict[str, Any]] = {}
        for number, value in enumerate(values, 1):
            self._add(value, f"{where}:{number}" if len(values) > 1 else where, "", 0)
        self._latest()
        self.choices: list[str] = []
        self.version = version or self._detect()
        self.patient_ref, self.patient = self._whose(patient)

    def _add(self, value: Any, place: str, url: str, depth: int) -> None:
        name = value.get("resourceType") if isinstance(value, dict) else None
        if not isinstance(name, str):
            if depth:
                self.broken.append((place, "no FHIR resource: it has no resourceType"))
                return
            raise ProfileError("no FHIR: there is no resourceType", where=place, mend=_MEND)
        if name == "Bundle":
            self._bundle(value, place, depth)
            return
        ref = f"{shown(name, 40)}/{identifier(value)}" if identifier(value) else place
        # The same id on two servers is two resources; without a server it is one.
        key = url if _on_server(url) else ref
        self.all.append((ref, value))
        self._keys.append(key)
        self._urls[ref].add(key)
        for name in (ref, url):
            if name:
                self._by_ref[name] = value

    def _bundle(self, bundle: dict[str, Any], place: str, depth: int) -> None:
        entries = bundle.get("entry") or []
        if not isinstance(entries, list) or depth >= _DEEPEST:
            why = "Bundles within Bundles are nested too deeply" if depth >= _DEEPEST else "Bundle.entry is not a list"
            if not depth:
                raise ProfileError(why, where=place, mend=_MEND)
            self.broken.append((place, why))
            return
        if bundle.get("implicitRules") is not None:
            raise ProfileError("the Bundle follows implicit rules that are not known", where=place, mend=_MEND)
        for number, entry in enumerate(entries):
            at = f"{place}/entry[{number}]"
            if not isinstance(entry, dict) or "modifierExtension" in entry:
                self.broken.append((at, "no entry of a Bundle, or one with a modifier extension"))
                continue
            resource, url = entry.get("resource"), entry.get("fullUrl")
            if resource is not None:
                self._add(resource, at, url if isinstance(url, str) else "", depth + 1)

    def _latest(self) -> None:
        """Of several versions of one resource, the last updated; where that cannot be told, none."""
        for ref, keys in self._urls.items():
            if len(keys) > 1:
                self._by_ref.pop(ref, None)
        places: dict[str, list[int]] = defaultdict(list)
        for index, key in enumerate(self._keys):
            places[key].append(index)
        kept: list[tuple[str, dict[str, Any]]] = []
        for indexes in places.values():
            if len(indexes) == 1:
                kept.append(self.all[indexes[0]])
            else:
                kept += self._one_of(self.all[indexes[0]][0], [self.all[i][1] for i in indexes])
        self.all = kept

    def _one_of(self, ref: str, versions: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        times = [_updated(value) for value in versions]
        best = max(range(len(versions)), key=lambda i: times[i])
        same = all(value == versions[0] for value in versions)
        told = same or (all(times) and times.count(times[best]) == 1)
        if not same:
            what = "the last updated is read" if told else "which is the last cannot be told, so none is read"
            self.broken.append((ref, f"{len(versions)} versions of it: {what}"))
        for value in versions:
            self._stands_for[id(value)] = versions[best] if told else None
        return [(ref, versions[best])] if told else []

    def known(self, reference: str) -> dict[str, Any] | None:
        """The resource that a reference names, None where it is not in the record."""
        value = self._by_ref.get(reference)
        return value if value is None else self._stands_for.get(id(value), value)

    def _detect(self) -> str:
        found: Counter[str] = Counter()
        signs: dict[str, str] = {}
        for ref, value in self.all:
            for version in VERSIONS:
                own = self._table.only[version].get(self.type_of(value), frozenset()).intersection(value)
                if own:
                    found[version] += 1
                    signs.setdefault(version, f"{min(own)} in {ref}")
        if len(found) == 1:
            version = next(iter(found))
            self.choices.append(f"read as FHIR {version}, told by {signs[version]}")
            return version
        why = "the content fits both versions" if not found else "the content mixes R4 and R5"
        self.choices.append(f"read as FHIR R4: {why}; --version says otherwise")
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
            told = ", ".join(shown(s, 60) for s in subjects[:5])
            raise ProfileError(
                f"entries of {len(subjects)} patients", where=self._where, mend=f"Name one with --patient: {told}."
            )
        return (subjects[0] if subjects else ""), None

    def _subject(self, value: dict[str, Any]) -> str:
        if self.type_of(value) not in self._table.kinds:
            return ""
        for key in _PLACES:
            reference = value.get(key)
            if isinstance(reference, dict) and isinstance(reference.get("reference"), str):
                return self.normal(reference["reference"])
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
        short = self.normal(target)
        known = self.known(target) or self.known(short)
        if self.patient is None:
            return short == self.patient_ref
        if known is None and ("?" in target or target.startswith("urn:")):
            raise NotUnderstoodError(f"whose it is cannot be told ({shown(target, 80)})")
        return known is self.patient.data

    def resources(self) -> Iterator[Resource]:
        """The resources of types that are read, in the order of the record."""
        for ref, value in self.all:
            name = self.type_of(value)
            if name in self._table.kinds:
                yield Resource(value, name, ref, self.version, self._table, scan=self._scan)

    def others(self) -> Counter[str]:
        """How many resources there are of each type that is not read."""
        names = [self.type_of(value) for _, value in self.all]
        read = {*self._table.kinds, "Patient", "Medication"}
        return Counter(shown(name, 60) for name in names if name not in read)

    def target(self, resource: Resource, reference: Any, name: str) -> Resource:
        """The resource of a type that a reference points at, contained or of the record.

        Raises:
            NotUnderstoodError: no reference, or it points at nothing that is there, or at another type.
        """
        resource.check_elements(reference, "Reference")
        told = reference.get("reference")
        if not isinstance(told, str):
            raise NotUnderstoodError(f"it names its {name} without a reference")
        value: Any = None
        if told.startswith("#"):
            inside = resource.data.get("contained")
            for part in inside if isinstance(inside, list) else ():
                if isinstance(part, dict) and part.get("id") == told[1:]:
                    value = part
        else:
            value = self.known(told) or self.known(self.normal(told))
        if not isinstance(value, dict) or value.get("resourceType") != name:
            raise NotUnderstoodError(f"its {name} {shown(told, 80)} is not in the record")
        found = Resource(value, name, f"{resource.ref} {shown(told, 60)}", self.version, self._table, scan=self._scan)
        found.check()
        return found


def _on_server(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def _updated(value: dict[str, Any]) -> str:
    meta = value.get("meta")
    told = meta.get("lastUpdated") if isinstance(meta, dict) else None
    return told if isinstance(told, str) else ""


def _known(patients: list[tuple[str, dict[str, Any]]]) -> str:
    told = ", ".join(ref for ref, _ in patients[:5])
    return f"There {'is' if len(patients) == 1 else 'are'}: {told}{' ...' if len(patients) > 5 else ''}."
