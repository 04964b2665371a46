"""One resource as a plain mapping, its parts read by path and by type; a wrong type is never read as something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.intake.concepts import Code, Meaning
from guidegraph.intake.dates import Moment, moment
from guidegraph.intake.fhir.bundle import cut_by
from guidegraph.intake.fhir.table import Kind, Path, Status, Table
from guidegraph.intake.report import Source, shown

_UCUM = "http://unitsofmeasure.org"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


class NotUnderstoodError(Exception):
    """A resource that is malformed, or that says something that we must understand and do not; the message says why.

    ``mend`` says how to put it right.
    """

    def __init__(self, why: str, mend: str = "Correct the entry, or write the fact into the profile.") -> None:
        super().__init__(why)
        self.mend = mend


class Resource:
    """A resource of a record: its type, reference, and typed access to its parts."""

    def __init__(
        self, data: dict[str, Any], name: str, ref: str, version: str, table: Table, *, scan: bool = True
    ) -> None:
        self.data, self.name, self.ref, self.scan = data, name, shown(ref, 120), scan
        self._version, self.table = version, table

    @property
    def kind(self) -> Kind:
        """The row of the table for its type."""
        return self.table.kinds[self.name]

    @property
    def above(self) -> frozenset[str]:
        """The class of ours below which all is that it may say, as its row of the table has it; empty for any."""
        above = ns.expand(self.kind.row.get("within", ""))
        return frozenset({above} if above else ())

    def check(self) -> None:
        """Check that every element belongs to the version, and that nothing changes the meaning of the rest.

        Raises:
            NotUnderstoodError: an element that FHIR does not have there, a modifier extension, implicit rules.
        """
        self.check_elements(self.data, self.name)
        if self.scan:
            self._modifiers()
        if cut := next(cut_by(self.data), ""):
            raise NotUnderstoodError(f"parts of it were left out (it is marked {cut})", "Ask for the whole entry.")
        if self.data.get("implicitRules") is not None:
            raise NotUnderstoodError("it follows implicit rules that are not known (implicitRules)")
        for part in self.data.get("component", ()) if isinstance(self.data.get("component"), list) else ():
            self.check_elements(part, "Observation.component")

    def _modifiers(self) -> None:
        left: list[Any] = [{key: value for key, value in self.data.items() if key != "contained"}]
        while left:
            value = left.pop()
            if isinstance(value, list):
                left += value
            elif isinstance(value, dict):
                if "modifierExtension" in value:
                    stated = value["modifierExtension"]
                    first = stated[0] if isinstance(stated, list) and stated else stated
                    url = first.get("url") if isinstance(first, dict) else first
                    raise NotUnderstoodError(
                        f"a modifier extension that is not known changes its meaning ({shown(url, 80)})"
                    )
                left += value.values()

    def check_elements(self, data: Any, name: str) -> None:
        """Check the names of the elements of a resource or data type.

        Raises:
            NotUnderstoodError: not an object, or an element that FHIR does not have there.
        """
        if not isinstance(data, dict):
            raise NotUnderstoodError(f"{name} is not an object")
        known = self.table.elements[self._version, name]
        if not known.issuperset(data):
            wrong = min(key for key in data if key not in known)
            raise NotUnderstoodError(f"{shown(wrong, 40)!r} is no element of {name} in FHIR {self._version}")

    def values(self, paths: Sequence[Path]) -> Iterator[Any]:
        """What stands at each of the paths, where something does.

        Raises:
            NotUnderstoodError: something on the way is not an object.
        """
        for path in paths:
            value: Any = self.data.get(path[0])
            for key in path[1:]:
                if path[0] == "extension" and isinstance(value, list):
                    value = next((part for part in value if isinstance(part, dict) and part.get("url") == key), None)
                    continue
                if value is None:
                    break
                if not isinstance(value, dict):
                    raise NotUnderstoodError(f"{path[0]} is not an object")
                value = value.get(key)
            if value is not None:
                yield value

    def part(self, name: str) -> Any:
        """What stands at the first path of a part that is there, None if nothing does."""
        return next(self.values(self.kind.paths.get(name, ())), None)

    def inside(self, reference: str) -> dict[str, Any] | None:
        """The one contained resource that a reference such as ``#a`` names; None where there is none, or several."""
        parts = self.data.get("contained")
        named = [
            part
            for part in (parts if isinstance(parts, list) else ())
            if isinstance(part, dict) and part.get("id") == reference[1:]
        ]
        return named[0] if len(named) == 1 else None

    def has(self, name: str) -> bool:
        """Whether any path of a part is there."""
        return self.part(name) not in (None, [])

    def moment(self, name: str) -> Moment | None:
        """The time at a part.

        Raises:
            NotUnderstoodError: it is no date of FHIR.
        """
        value = self.part(name)
        if value is None:
            return None
        return self.time(value)

    def in_order(self, begins: Moment | None, ends: Moment | None) -> None:
        """Check that what has both a beginning and an end does not end before it begins.

        Raises:
            NotUnderstoodError: it does.
        """
        if begins is not None and ends is not None and ends.last < begins.first and begins.after(ends):
            raise NotUnderstoodError(f"it ends on {ends.text}, before it begins on {begins.text}", "Correct the dates.")

    def time(self, value: Any) -> Moment:
        """A FHIR date, dateTime or instant.

        Raises:
            NotUnderstoodError: it is none.
        """
        try:
            return moment(value)
        except ValueError as error:
            raise NotUnderstoodError(shown(error)) from None

    @property
    def in_error(self) -> bool:
        """Whether a status says that it was recorded in error, however malformed the rest is."""
        for status in self.kind.statuses.values():
            try:
                value = next(self.values(status.paths), None)
                codes = self._status_codes(value, status) if value is not None else []
            except NotUnderstoodError:
                continue
            if any(status.means.get(code) == "error" for code in codes):
                return True
        return False

    @property
    def saved(self) -> Moment | None:
        """When a server last stored it, None where that is not told."""
        meta = self.data.get("meta")
        stated = meta.get("lastUpdated") if isinstance(meta, dict) else None
        return self.time(stated) if stated is not None else None

    def source(self, meaning: Meaning, when: Moment | None, value: str = "", *, timed: bool = False) -> Source:
        """The resource as the source of facts.

        Raises:
            NotUnderstoodError: one of its times is no date of FHIR.
        """
        text = f"{meaning.text} = {value}" if value else meaning.text
        written = self.moment("recorded")
        saved = self.saved
        return Source(self.ref, text, when, meaning.steps, meaning.readings, meaning.text, written, saved, timed)

    def status(self, name: str) -> tuple[str, str] | None:
        """A status of the resource: its code and what it means; None where it is not given.

        Raises:
            NotUnderstoodError: a wrong type, or a code that the table does not have.
        """
        status: Status = self.kind.statuses[name]
        value = next(self.values(status.paths), None)
        if value is None:
            return None
        for code in self._status_codes(value, status):
            if code in status.means:
                return code, status.means[code]
        raise NotUnderstoodError(f"its {status.paths[0][0]} is not understood: {shown(value, 60)}")

    def _status_codes(self, value: Any, status: Status) -> list[str]:
        if not status.system:
            return [value] if isinstance(value, str) else []
        codes = {code.code for code in self.codings(value) if code.system == status.system}
        return list(codes) if len(codes) == 1 else []

    def codings(self, concept: Any) -> list[Code]:
        """The codes of a CodeableConcept.

        Raises:
            NotUnderstoodError: a wrong type, or an element that FHIR does not have there.
        """
        self.check_elements(concept, "CodeableConcept")
        codes = []
        codings = concept.get("coding")
        if codings is not None and not isinstance(codings, list):
            raise NotUnderstoodError("coding is not a list")
        for coding in codings or ():
            self.check_elements(coding, "Coding")
            parts = [coding.get(key) for key in ("system", "code", "display")]
            if any(part is not None and not isinstance(part, str) for part in parts):
                raise NotUnderstoodError("a coding has a part that is not text")
            system, code, display = (part or "" for part in parts)
            codes.append(Code(self.table.systems.get(system, system), code, shown(display)))
        return codes

    def first_of(self, concept: Any, table: Mapping[tuple[str, str], str]) -> str:
        """What a table says of the codes of a concept, "" where it says nothing or several things."""
        words = {table.get((code.system, code.code), "") for code in self.codings(concept)}
        return words.pop() if len(words) == 1 else ""

    def text_of(self, concept: Any) -> str:
        """The text of a CodeableConcept.

        Raises:
            NotUnderstoodError: it is not text.
        """
        text = concept.get("text")
        if text is not None and not isinstance(text, str):
            raise NotUnderstoodError("the text of a concept is not text")
        return shown(text or "")

    def words_of(self, concept: Any) -> str:
        """A CodeableConcept in words, for the report: its text, else its codes.

        Raises:
            NotUnderstoodError: its text is not text.
        """
        codes = (code.label or code.code or code.system for code in self.codings(concept))
        return self.text_of(concept) or "; ".join(filter(None, codes)) or "no code"

    def boolean(self, name: str) -> bool | None:
        """A boolean element.

        Raises:
            NotUnderstoodError: it is not true or false.
        """
        value = self.data.get(name)
        if value is not None and not isinstance(value, bool):
            raise NotUnderstoodError(f"{name} is neither true nor false")
        return value

    def quantity(self, value: Any) -> tuple[Decimal, str, bool]:
        """The number and unit of a Quantity, and whether the unit is coded in UCUM; a bare number has the code 1.

        Raises:
            NotUnderstoodError: no number, or a comparator (less than).
        """
        self.check_elements(value, "Quantity")
        number = value.get("value")
        if not isinstance(number, Decimal):
            raise NotUnderstoodError("the quantity has no number")
        if value.get("comparator") is not None:
            bound = f"{shown(value['comparator'], 10)} {number:f}"
            raise NotUnderstoodError(
                f"the value is a bound, not a number ({bound})", "Write the number into the profile."
            )
        system, code, unit = (value.get(key) for key in ("system", "code", "unit"))
        if system is None and code is None and unit is None:
            return number, "1", True
        if self.table.systems.get(str(system), system) == _UCUM and isinstance(code, str):
            return number, code, True
        unit = unit if isinstance(unit, str) else code
        if not isinstance(unit, str):
            raise NotUnderstoodError(f"the unit {shown(unit, 40)!r} is no text", "Give a UCUM code.")
        return number, unit, False


def identifier(data: dict[str, Any]) -> str:
    """The id of a resource, "" where it has none that FHIR allows."""
    value = data.get("id")
    return value if isinstance(value, str) and _ID.match(value) else ""
