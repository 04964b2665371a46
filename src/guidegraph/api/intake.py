"""Records of patients read as profiles."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guidegraph.api.core import Core
from guidegraph.assess.shift import advancing
from guidegraph.errors import ProfileError, UsageError
from guidegraph.model import Profile

if TYPE_CHECKING:
    from guidegraph.api.batch import RecordAnswer
    from guidegraph.intake import Concepts
    from guidegraph.intake.fhir import Reading
    from guidegraph.intake.omop.read import Options
    from guidegraph.intake.report import IntakeReport

FhirSource = str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]]
_OURS = ("gg", "ggt")
_LARGEST_BYTES = 400_000_000


class Intake(Core):
    """A knowledge base that reads records of patients."""

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

        settings = Settings(
            as_of or date.today(), frozenset(complete), advancing(self.records), newest_days, frozenset(same_units)
        )
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
            # An escaped letter can hide the name from this look at the text.
            scan=not isinstance(text, str) or "modifierExtension" in text or "\\u" in text,
        )

    def fhir_statuses(self, sources: Sequence[FhirSource], **options: Any) -> Iterator[RecordAnswer]:
        """The status of every therapy for each of many records (see :func:`guidegraph.api.batch.fhir_statuses`)."""
        from guidegraph.api.batch import fhir_statuses

        return fhir_statuses(self, sources, **options)

    def profile_from_omop(
        self,
        source: str | Path,
        person: int,
        *,
        as_of: date | None = None,
        complete: Collection[str] = (),
        source_vocabulary: Mapping[str, str] | None = None,
        drug_eras: bool = False,
        one_day_present: bool = False,
        newest_days: int | None = None,
        same_units: Collection[tuple[str, str]] = (),
    ) -> tuple[Profile, IntakeReport]:
        """The profile of one person of a CDM 5.4, and the report on every row of theirs.

        Args:
            source: a DuckDB file, or a folder of Parquet or CSV files, one a table.
            person: the person_id.
            as_of: the day of the profile; today if None.
            complete: keys of the lists (``conditions``) that the tables hold completely.
            source_vocabulary: by table, the CURIE prefix of its source values.
            drug_eras: also read drug_era.
            one_day_present: a diagnosis recorded for one day alone counts as present; else it stays unknown.
            newest_days: ignore measurements and observations that are older; None for no limit.
            same_units: pairs (unit, unit of ours) that are taken for the same.

        Raises:
            UsageError: duckdb is not installed, the source is not there, or an argument makes no sense.
            ProfileError: it is no CDM that can be read, or has no such person.
        """
        from guidegraph.intake.omop.read import OmopReader
        from guidegraph.intake.omop.source import Source

        options = self._omop_options(
            as_of, complete, source_vocabulary, drug_eras, one_day_present, newest_days, same_units
        )
        with Source(source) as opened:
            reader = OmopReader(opened, self.vocabulary, self.implications, self.links.codes, options)
            return reader.person(person)

    def profiles_from_omop(
        self,
        source: str | Path,
        persons: Iterable[int] | None = None,
        *,
        as_of: date | None = None,
        complete: Collection[str] = (),
        source_vocabulary: Mapping[str, str] | None = None,
        drug_eras: bool = False,
        one_day_present: bool = False,
        newest_days: int | None = None,
        same_units: Collection[tuple[str, str]] = (),
    ) -> Iterator[tuple[int, Profile, IntakeReport]]:
        """The profiles of many persons (all if None), in the order of their ids, each with its report.

        Rows are read for a thousand persons at a time, so that memory stays bounded whatever the size of the CDM.

        Args and errors: as :meth:`profile_from_omop`.
        """
        from guidegraph.intake.omop.read import OmopReader
        from guidegraph.intake.omop.source import Source

        options = self._omop_options(
            as_of, complete, source_vocabulary, drug_eras, one_day_present, newest_days, same_units
        )
        with Source(source, many=True) as opened:
            reader = OmopReader(opened, self.vocabulary, self.implications, self.links.codes, options)
            yield from reader.persons(persons)

    def _omop_options(
        self,
        as_of: date | None,
        complete: Collection[str],
        source_vocabulary: Mapping[str, str] | None,
        drug_eras: bool,
        one_day_present: bool,
        newest_days: int | None,
        same_units: Collection[tuple[str, str]],
    ) -> Options:
        from guidegraph.intake.omop.read import Options

        prefixes = {table: self._prefix(prefix) for table, prefix in (source_vocabulary or {}).items()}
        return Options(
            as_of or date.today(),
            frozenset(complete),
            prefixes,
            drug_eras,
            one_day_present,
            advancing(self.records),
            newest_days,
            frozenset(same_units),
        )

    def _prefix(self, text: str) -> str:
        """A CURIE prefix as the registry writes it, or one of our own terms."""
        if text in _OURS:
            return text
        curie = self.links.codes.curie(f"{text}:0")
        if curie is None:
            known = ", ".join([*sorted(self.links.codes.terminologies), *_OURS])
            raise UsageError(
                f"{text[:40]!r} is no terminology that is mapped", where="--source-vocabulary", mend=f"Use: {known}."
            )
        return curie.partition(":")[0]


def read_record(path: Path | None, where: str) -> str:
    """The text of a file with a record, or of standard input (None).

    Raises:
        ProfileError: it cannot be read, is too large, or is not UTF-8 (nor UTF-16 or UTF-32).
    """
    from guidegraph.intake.fhir import decoded

    try:
        with nullcontext(sys.stdin.buffer) if path is None else path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"cannot be read: {error.strerror}", where=where, mend="Give a file, or -.") from None
    if len(content) > _LARGEST_BYTES:
        raise ProfileError("too large", where=where, mend=f"At most {_LARGEST_BYTES} bytes are read.")
    return decoded(content, where)
