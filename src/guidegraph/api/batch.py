"""Many records read and answered in one go, on several processors."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Unpack

from guidegraph.assess.assessing import assess
from guidegraph.assess.assessment import Assessment
from guidegraph.errors import GuideGraphError
from guidegraph.intake.fhir.read import FhirOptions, FhirReader, FhirSource
from guidegraph.knowledge import describe
from guidegraph.profile.problems import name, parts

#: Records that a worker takes at a time.
_CHUNK = 8


@dataclass(frozen=True)
class RecordAnswer:
    """The statuses of one record: therapy CURIE to status, how many entries were used, ignored and not understood.

    Of a record with several problems ``problems`` holds the statuses for each, by the name of its condition, and
    ``statuses`` is empty. ``error`` says why a record could not be read; both are then empty.
    """

    patient: str = ""
    statuses: dict[str, str] = field(default_factory=dict)
    problems: dict[str, dict[str, str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    error: str = ""


def fhir_statuses(
    reader: FhirReader,
    sources: Sequence[FhirSource],
    *,
    as_of: date | None = None,
    jurisdiction: str | None = None,
    workers: int = 1,
    **options: Unpack[FhirOptions],
) -> Iterator[RecordAnswer]:
    """Read FHIR records and give the status of every therapy for each, in the order of the records.

    A record that cannot be read becomes an answer with its error, and the others go on.

    Args:
        reader: reads them.
        sources: records, as :meth:`~guidegraph.intake.fhir.read.FhirReader.profile` takes them.
        as_of: the day of the profiles and of the statements in effect; today if None.
        jurisdiction: count only the labels of this country; all if None.
        workers: processes to use, where the system can fork; the knowledge base is not loaded again.
        options: how to read them.
    """
    day, knowledge = as_of or date.today(), reader.knowledge

    def one(number: int) -> RecordAnswer:
        try:
            reading = reader.profile(sources[number], as_of=day, where=f"record {number + 1}", **options)
            profile = knowledge.profile(reading.profile)
            found = {
                name(part.about, knowledge.vocabulary): _statuses(assess(knowledge, part, day, jurisdiction))
                for part in parts(profile)
            }
        except GuideGraphError as error:
            return RecordAnswer(error=str(error))
        one, several = ({}, found) if profile.problems else (next(iter(found.values())), {})
        return RecordAnswer(reading.profile.id, one, several, reading.report.counts())

    if not sources:
        return
    yield one(0)
    rest = range(1, len(sources))
    if workers < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(one, rest)
        return
    with _shared(one), multiprocessing.get_context("fork").Pool(workers, initializer=_calm) as pool:
        yield from pool.imap(_call, rest, chunksize=_CHUNK)


def _statuses(assessment: Assessment) -> dict[str, str]:
    return {describe.name(therapy): status for therapy, status in sorted(assessment.statuses.items())}


def _calm() -> None:
    # Records are read and forgotten; looking for cycles among them after every few hundred objects finds none.
    gc.set_threshold(100_000)


_work: list[Callable[[int], RecordAnswer]] = []


def _call(number: int) -> RecordAnswer:
    return _work[-1](number)


@contextmanager
def _shared(work: Callable[[int], RecordAnswer]) -> Iterator[None]:
    """Give forked workers what they inherit; what is loaded already is kept out of their garbage collection."""
    _work.append(work)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        _work.pop()
