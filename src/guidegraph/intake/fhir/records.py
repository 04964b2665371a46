"""FHIR records of patients read as profiles of some knowledge."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from guidegraph.errors import ProfileError
from guidegraph.intake.builder import Settings
from guidegraph.intake.concepts import Concepts
from guidegraph.intake.fhir.read import Reading, read_fhir
from guidegraph.intake.fhir.source import from_values, parse
from guidegraph.intake.units import units
from guidegraph.knowledge.opened import Knowledge

FhirSource = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
_LARGEST_BYTES = 400_000_000


class FhirOptions(TypedDict, total=False):
    """How to read a record (see :meth:`FhirReader.profile`)."""

    version: str
    patient: str
    complete: Collection[str]
    match_text: bool
    same_units: Collection[tuple[str, str]]
    newest_days: int | None


class FhirReader:
    """Reads FHIR records with the terms and mappings of some knowledge."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge

    @cached_property
    def _concepts(self) -> dict[bool, Concepts]:
        vocabulary, codes = self.knowledge.vocabulary, self.knowledge.links.codes
        return {text: Concepts(vocabulary, codes, match_text=text) for text in (False, True)}

    def profile(
        self,
        source: FhirSource,
        *,
        as_of: date | None = None,
        version: str = "",
        patient: str = "",
        complete: Collection[str] = (),
        match_text: bool = False,
        same_units: Collection[tuple[str, str]] = (),
        newest_days: int | None = None,
        where: str = "the record",
    ) -> Reading:
        """Read FHIR resources of one patient as a profile, with a report of every entry.

        Nothing absent is inferred from missing entries.

        Args:
            source: JSON text (a resource, a Bundle, NDJSON), the path of a file with it, or plain mappings.
            as_of: the day of the profile; today if None.
            version: R4 or R5; told from the content, else R4, if "".
            patient: the id of the patient, where the record has several.
            complete: lists that the record names completely, such as conditions.
            match_text: read a text without codes where it is exactly one of our names.
            same_units: pairs (unit, unit of ours) that are taken for the same.
            newest_days: ignore observations that are older; None for no limit.
            where: names the record in messages.

        Raises:
            ProfileError: no FHIR, or entries of several patients and none is named.
            UsageError: an unknown version or list.
        """
        knowledge = self.knowledge
        settings = Settings(as_of or date.today(), frozenset(complete), knowledge.records.rates, newest_days)
        text = read_record(source, where) if isinstance(source, Path) else source
        values = parse(text, where) if isinstance(text, str) else from_values(text, where)
        return read_fhir(
            values,
            knowledge.vocabulary,
            self._concepts[match_text],
            settings,
            where=where,
            version=version,
            patient=patient,
            implications=knowledge.implications,
            units=units().treating(same_units) if same_units else None,
            # An escaped letter can hide the name from this look at the text.
            scan=not isinstance(text, str) or "modifierExtension" in text or "\\u" in text,
        )


def read_record(path: Path, where: str) -> str:
    """The text of a file with a record.

    Raises:
        ProfileError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise ProfileError("too large", where=where, mend=f"At most {_LARGEST_BYTES} bytes are read.")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProfileError("not UTF-8 text", where=where, mend="FHIR JSON is UTF-8.") from None
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror}", where=where, mend="Give a file, or -.") from None
