"""Persons of an OMOP CDM read as profiles of some knowledge."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TypedDict, Unpack

from guidegraph.errors import UsageError
from guidegraph.intake.omop.read import OmopReader, Options
from guidegraph.intake.omop.source import Source
from guidegraph.intake.report import IntakeReport
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import Profile

_OURS = ("gg", "ggt")


class OmopOptions(TypedDict, total=False):
    """How to read a CDM.

    ``as_of`` is the day of the profile, today if None; ``complete`` the keys of the lists (``conditions``) that the
    tables hold completely; ``source_vocabulary``, by table, the CURIE prefix of its source values; ``drug_eras`` says
    to read drug_era too; ``one_day_present`` that a diagnosis recorded for one day alone counts as present, which else
    stays unknown; ``newest_days`` ignores measurements and observations that are older, None for no limit.
    """

    as_of: date | None
    complete: Collection[str]
    source_vocabulary: Mapping[str, str] | None
    drug_eras: bool
    one_day_present: bool
    newest_days: int | None


def read_person(
    knowledge: Knowledge, source: str | Path, person: int, **options: Unpack[OmopOptions]
) -> tuple[Profile, IntakeReport]:
    """The profile of one person of a CDM 5.4 (by person_id), and the report on every row of theirs.

    ``source`` is a DuckDB file, or a folder of Parquet or CSV files, one a table.

    Raises:
        UsageError: duckdb is not installed, the source is not there, or an option makes no sense.
        ProfileError: it is no CDM that can be read, or has no such person.
    """
    settings = _options(knowledge, **options)
    with Source(source) as opened:
        return _reader(knowledge, opened, settings).person(person)


def read_persons(
    knowledge: Knowledge, source: str | Path, persons: Iterable[int] | None, **options: Unpack[OmopOptions]
) -> Iterator[tuple[int, Profile, IntakeReport]]:
    """The profiles of many persons (all if None), in the order of their ids, each with its report.

    Rows are read for a thousand persons at a time, so that memory stays bounded whatever the size of the CDM.

    Raises:
        UsageError, ProfileError: as :func:`read_person`.
    """
    settings = _options(knowledge, **options)
    with Source(source, many=True) as opened:
        yield from _reader(knowledge, opened, settings).persons(persons)


def _reader(knowledge: Knowledge, opened: Source, options: Options) -> OmopReader:
    return OmopReader(opened, knowledge.vocabulary, knowledge.implications, knowledge.links.codes, options)


def _options(
    knowledge: Knowledge,
    as_of: date | None = None,
    complete: Collection[str] = (),
    source_vocabulary: Mapping[str, str] | None = None,
    drug_eras: bool = False,
    one_day_present: bool = False,
    newest_days: int | None = None,
) -> Options:
    prefixes = {table: _prefix(knowledge, prefix) for table, prefix in (source_vocabulary or {}).items()}
    rates = knowledge.records.rates
    day = as_of or date.today()
    return Options(day, frozenset(complete), prefixes, drug_eras, one_day_present, rates, newest_days)


def _prefix(knowledge: Knowledge, text: str) -> str:
    """A CURIE prefix as the registry writes it, or one of our own terms."""
    if text in _OURS:
        return text
    curie = knowledge.links.codes.curie(f"{text}:0")
    if curie is None:
        known = ", ".join([*sorted(knowledge.links.codes.terminologies), *_OURS])
        raise UsageError(
            f"{text[:40]!r} is no terminology that is mapped", where="--source-vocabulary", mend=f"Use: {known}."
        )
    return curie.partition(":")[0]
