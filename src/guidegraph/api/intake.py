"""Records of patients read as profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guidegraph.api.core import Core
from guidegraph.errors import ProfileError

if TYPE_CHECKING:
    from guidegraph.api.batch import RecordAnswer
    from guidegraph.intake import Concepts
    from guidegraph.intake.fhir import Reading

FhirSource = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
_LARGEST_BYTES = 400_000_000


class Intake(Core):
    """A knowledge base that reads records of patients."""

    @cached_property
    def _rates(self) -> dict[str, Decimal]:
        return {prop: Decimal(per) for prop, per in self.records.rates.items()}

    @cached_property
    def _concepts(self) -> dict[bool, Concepts]:
        from guidegraph.intake import Concepts

        return {text: Concepts(self.vocabulary, self.links.codes, match_text=text) for text in (False, True)}

    def profile_from_fhir(
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
        from guidegraph.intake.builder import Settings
        from guidegraph.intake.fhir import from_values, parse, read_fhir
        from guidegraph.intake.units import units

        settings = Settings(as_of or date.today(), frozenset(complete), self._rates, newest_days)
        text = read_record(source, where) if isinstance(source, Path) else source
        values = parse(text, where) if isinstance(text, str) else from_values(text, where)
        return read_fhir(
            values,
            self.vocabulary,
            self._concepts[match_text],
            settings,
            where=where,
            version=version,
            patient=patient,
            implications=self.implications,
            units=units().treating(same_units) if same_units else None,
            # An escaped letter can hide the name from this look at the text.
            scan=not isinstance(text, str) or "modifierExtension" in text or "\\u" in text,
        )

    def fhir_statuses(self, sources: Sequence[FhirSource], **options: Any) -> Iterator[RecordAnswer]:
        """The status of every therapy for each of many records (see :func:`guidegraph.api.batch.fhir_statuses`)."""
        from guidegraph.api.batch import fhir_statuses

        return fhir_statuses(self, sources, **options)


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
