"""Reading persons of an OMOP CDM as profiles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from guidegraph.api.core import Core
from guidegraph.assess.timeline import advancing
from guidegraph.errors import UsageError
from guidegraph.model import Profile

if TYPE_CHECKING:
    from guidegraph.intake.omop.read import Options
    from guidegraph.intake.report import IntakeReport

_OURS = ("gg", "ggt")


class FromOmop(Core):
    """A knowledge base that reads persons of an OMOP CDM."""

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

        Raises:
            UsageError: duckdb is not installed, the source is not there, or an argument makes no sense.
            ProfileError: it is no CDM that can be read, or has no such person.
        """
        from guidegraph.intake.omop.read import OmopReader
        from guidegraph.intake.omop.source import Source

        options = self._omop_options(as_of, complete, source_vocabulary, drug_eras, one_day_present, newest_days)
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
    ) -> Iterator[tuple[int, Profile, IntakeReport]]:
        """The profiles of many persons (all if None), in the order of their ids, each with its report.

        Rows are read for a thousand persons at a time, so that memory stays bounded whatever the size of the CDM.

        Args and errors: as :meth:`profile_from_omop`.
        """
        from guidegraph.intake.omop.read import OmopReader
        from guidegraph.intake.omop.source import Source

        options = self._omop_options(as_of, complete, source_vocabulary, drug_eras, one_day_present, newest_days)
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
