"""Many patients at once: a table of them answered as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from guidegraph.assess.assessing import check_jurisdiction, counted_voices, unreached
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.profile.entrance import PERSONS

if TYPE_CHECKING:
    from guidegraph.api.base import KnowledgeBase
    from guidegraph.cohort.run import Report, Request
    from guidegraph.model import Profile

#: How the files of records end.
_BUNDLES = (".json", ".ndjson")


class CohortOptions(TypedDict, total=False):
    """What is asked of a cohort.

    ``as_of``, ``jurisdiction``, ``standing`` and ``only`` as for one patient
    (:class:`guidegraph.assess.assessing.Asking`). ``columns``: what columns mean whose headings do not say it, by
    heading. ``therapies``: only these, by any of their names. ``statements``: also the truth of every statement.
    ``long``: a row a patient and therapy. ``strict``: stop at the first row that cannot be read.
    """

    as_of: date | None
    jurisdiction: str | None
    standing: str | None
    only: str | None
    columns: Mapping[str, str]
    therapies: Sequence[str]
    statements: bool
    long: bool
    strict: bool


def answer_table(
    kb: KnowledgeBase,
    source: str | Path,
    output: str | Path,
    progress: Callable[[int], None] = lambda rows: None,
    **options: Unpack[CohortOptions],
) -> Report:
    """Answer for every patient of a table, into a Parquet file that is written whole or not at all.

    The statuses are those of :meth:`KnowledgeBase.therapies` for the same facts (docs/cohort.md).

    Args:
        kb: what is known.
        source: a table with a row a patient, or a row a fact (.parquet, .csv, .tsv).
        output: the file to write (.parquet).
        progress: is told the rows that are done.
        options: what is asked.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: the table, a heading, an option or, if strict, a row cannot be used, or the output cannot be made.
    """
    from guidegraph.cohort.longrows import LongRows, is_long
    from guidegraph.cohort.rows import Rows, TableRows
    from guidegraph.cohort.run import run
    from guidegraph.cohort.tables import open_table

    asked, meanings = request(kb, options), options.get("columns", {})
    heads = [meanings.get(name, name) for name in open_table(Path(source)).collect_schema().names()]
    rows: Rows
    if is_long(heads):
        rows = LongRows(Path(source), asked.as_of, meanings)
    else:
        rows = TableRows(Path(source), kb.vocabulary, meanings)
    return run(kb.knowledge, rows, Path(output), asked, progress)


def answer_records(
    kb: KnowledgeBase,
    source: str | Path,
    output: str | Path,
    progress: Callable[[int], None] = lambda rows: None,
    **options: Unpack[CohortOptions],
) -> Report:
    """Answer for every patient of some records, as :func:`answer_table` does for a table.

    Each is read as one record is (docs/fhir.md, docs/omop.md), as of the day that is asked about.

    Args:
        kb: what is known.
        source: a folder with a FHIR Bundle a patient (.json, .ndjson), or an OMOP CDM (its tables, or .duckdb).
        output: the file to write (.parquet).
        progress: is told how many patients are done.
        options: what is asked; ``columns`` are a table's.

    Raises:
        TermError, UsageError: as :func:`answer_table`; or the folder holds neither.
    """
    from guidegraph.cohort.rows import ProfileRows
    from guidegraph.cohort.run import run

    asked = request(kb, options)
    rows = ProfileRows(_profiles(kb, Path(source), asked.as_of), str(source))
    return run(kb.knowledge, rows, Path(output), asked, progress)


def _profiles(kb: KnowledgeBase, source: Path, day: date) -> Iterator[tuple[str, Profile | str]]:
    """Who each patient of some records is, with the profile or why it could not be read."""
    if is_cdm(source):
        for person, profile, _ in kb.profiles_from_omop(source, as_of=day):
            yield str(person), profile
        return
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in _BUNDLES) if source.is_dir() else []
    if not files:
        raise UsageError(
            "no records are there",
            where=str(source),
            mend="Name a folder with a FHIR Bundle a patient, or an OMOP CDM.",
        )
    for path in files:
        try:
            profile = kb.profile_from_fhir(path, as_of=day, where=path.name).profile
        except GuideGraphError as error:
            yield path.stem, f"{error.what} {error.mend}".strip()
            continue
        yield profile.id, profile


def is_cdm(source: Path) -> bool:
    """Whether a path is an OMOP CDM: a DuckDB file, or a folder with the table of persons."""
    return source.suffix.lower() == ".duckdb" or (
        source.is_dir() and any(PERSONS.match(path.name) for path in source.iterdir())
    )


def request(kb: KnowledgeBase, options: CohortOptions) -> Request:
    """What options ask of a cohort.

    Raises:
        TermError, UsageError: as :func:`answer_table`.
    """
    from guidegraph.cohort.run import Request

    check_jurisdiction(kb.knowledge, options.get("jurisdiction"))
    wanted = frozenset(kb.vocabulary.resolve(text, ("intervention",)) for text in options.get("therapies", ()))
    silent = sorted(iri for iri in wanted if iri not in kb.records.edges)
    if silent:
        raise unreached(kb.records.label(silent[0]))
    return Request(
        options.get("as_of") or date.today(),
        options.get("jurisdiction"),
        counted_voices(options.get("standing"), options.get("only")),
        wanted,
        options.get("statements", False),
        options.get("long", False),
        options.get("strict", False),
    )
