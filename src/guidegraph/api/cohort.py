"""Many patients at once: a table of them answered as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

from guidegraph.assess.assessing import check_jurisdiction, counted_voices, unreached
from guidegraph.errors import GuideGraphError, UsageError
from guidegraph.files import destination, kept
from guidegraph.profile.entrance import PERSONS
from guidegraph.profile.problems import of_problem

if TYPE_CHECKING:
    from guidegraph.api.base import KnowledgeBase
    from guidegraph.cohort.asking import Report, Request
    from guidegraph.cohort.cells import Unreadable
    from guidegraph.cohort.rows import Read, Rows
    from guidegraph.model import Profile

#: How the files of records end.
_BUNDLES = (".json", ".ndjson", ".ndjson.gz")
#: How the files of tables end: a folder of such a name holds no records.
_TABLES = (".parquet", ".csv", ".tsv")


class CohortOptions(TypedDict, total=False):
    """What is asked of a cohort.

    ``as_of``, ``jurisdiction``, ``standing``, ``only`` and, of records, ``problem`` as for one patient
    (:class:`guidegraph.assess.assessing.Asking`). ``columns``: what columns mean whose headings do not say it, by
    heading. ``table``: which table or view of a DuckDB file. ``therapies``: only these, by any of their names.
    ``statements``: also the truth of every statement. ``facts``: also what is understood. ``blocking``: which unknown
    facts keep therapies open. ``long``: a row a patient and therapy. ``strict``: stop at the first row that cannot
    be read. ``afresh``: start anew, even where an earlier run of the same was cut short.
    """

    as_of: date | None
    jurisdiction: str | None
    standing: str | None
    only: str | None
    problem: str | None
    columns: Mapping[str, str]
    table: str
    therapies: Sequence[str]
    statements: bool
    facts: bool
    blocking: bool
    long: bool
    strict: bool
    afresh: bool


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
        source: a table with a row a patient, or a row a fact (.parquet, .csv, .tsv), or a DuckDB file with one.
        output: the file to write (.parquet); not the source.
        progress: is told the rows that are done.
        options: what is asked.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: the table, a heading, an option or, if strict, a row cannot be used, or the output cannot be made.
    """
    from guidegraph.cohort.run import run

    place, asked = _place(Path(source), Path(output)), request(kb, options)
    with _table_rows(kb, Path(source), asked.as_of, options) as rows:
        return run(kb.knowledge, rows, place, asked, progress)


def patient_rows(kb: KnowledgeBase, source: Path, day: date, options: CohortOptions) -> AbstractContextManager[Rows]:
    """The patients of a table or of records.

    Args:
        kb: what is known.
        source: see :func:`answer_table` and :func:`answer_records`.
        day: the day that is asked about.
        options: ``columns`` and ``table`` of a table.

    Raises:
        UsageError: it is none of these, or cannot be read.
    """
    if is_records(source, options.get("table", "")):
        return nullcontext(_records(kb, source, day, options))
    return _table_rows(kb, source, day, options)


@contextmanager
def _table_rows(kb: KnowledgeBase, source: Path, day: date, options: CohortOptions) -> Iterator[Rows]:
    no_problem(options, str(source))
    from guidegraph.cohort.longrows import LongRows, is_long
    from guidegraph.cohort.rows import TableRows
    from guidegraph.cohort.tables import headings

    meanings, table = options.get("columns", {}), options.get("table", "")
    where = f"{source}, table {table}" if table else str(source)
    with _table(source, table) as path:
        if is_long([meanings.get(name, name) for name in headings(path)]):
            yield LongRows(path, day, meanings, where)
        else:
            yield TableRows(path, kb.vocabulary, meanings, where)


def no_problem(options: CohortOptions, where: str) -> None:
    """See that no problem is chosen of a table, which says itself what is asked about.

    Raises:
        UsageError: one is.
    """
    if options.get("problem"):
        raise UsageError("--problem is of records", where=where, mend="Name it in a column of the table: problem.")


def _records(kb: KnowledgeBase, source: Path, day: date, options: CohortOptions) -> Rows:
    from guidegraph.cohort.cells import Unreadable
    from guidegraph.cohort.rows import ProfileRows

    if options.get("columns") or options.get("table"):
        raise UsageError("records have no columns and no table", where=str(source), mend="Leave out what names them.")
    unread = Unreadable()
    chosen = options.get("problem") or None
    return ProfileRows(_profiles(kb, source, day, unread, chosen), str(source), unread)


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
        source: a folder with a FHIR Bundle a patient (.json, .ndjson) or the files of a bulk export (.ndjson,
            .ndjson.gz), one such file, or an OMOP CDM (its tables, or .duckdb).
        output: the file to write (.parquet); not in the source.
        progress: is told how many patients are done.
        options: what is asked; ``columns`` and ``table`` are a table's.

    Raises:
        TermError, UsageError: as :func:`answer_table`; or the folder holds neither.
    """
    from guidegraph.cohort.run import run

    place, asked = _place(Path(source), Path(output)), request(kb, options)
    return run(kb.knowledge, _records(kb, Path(source), asked.as_of, options), place, asked, progress)


def proposed_columns(kb: KnowledgeBase, source: str | Path, table: str = "") -> tuple[bool, list[tuple[str, str, str]]]:
    """What the columns of a table are read as.

    Args:
        kb: what is known.
        source, table: as :func:`answer_table` takes them.

    Returns:
        Whether it is a long table; and for each heading what it means, "ignore" for nothing, and then why.

    Raises:
        UsageError: the table cannot be read, or there are records, whose facts have no columns.
    """
    from guidegraph.cohort.columns import Columns
    from guidegraph.cohort.longrows import is_long, propose
    from guidegraph.cohort.tables import headings

    if is_records(Path(source), table):
        raise UsageError("records have no columns", where=str(source), mend="Their facts are read by their codes.")
    with _table(Path(source), table) as path:
        names = headings(path)
    long = is_long(names)
    return long, propose(names) if long else Columns(kb.vocabulary).propose(names)


def is_records(source: Path, table: str = "") -> bool:
    """Whether a path holds records (for :func:`answer_records`), not a table (for :func:`answer_table`).

    Raises:
        UsageError: it is a DuckDB file that cannot be opened, or duckdb is not installed.
    """
    from guidegraph.intake.omop.source import is_database

    if is_database(source):
        from guidegraph.intake.omop.tables import is_cdm

        return not table and is_cdm(source)
    if table:
        raise UsageError("no DuckDB file", where=str(source), mend="Leave out --table.")
    return (source.is_dir() and source.suffix not in _TABLES) or source.name.lower().endswith(_BUNDLES)


def _table(source: Path, table: str) -> AbstractContextManager[Path]:
    """The file with a table, which of a DuckDB file is a copy."""
    from guidegraph.intake.omop.source import is_database

    if is_database(source):
        from guidegraph.intake.omop.tables import copied

        return copied(source, table)
    return nullcontext(source)


def _place(source: Path, output: Path) -> Path:
    """Where the answer is written, which must be nowhere that is read from.

    Raises:
        UsageError: it cannot be written there, or it is the source, or in the folder of the records.
    """
    if output.suffix.lower() != ".parquet":
        raise UsageError(f"unknown ending {output.suffix!r}", where=str(output), mend="End it in .parquet.")
    from guidegraph.cohort.tables import told

    kept(source, output)
    with told(output):
        return destination(output)


def _profiles(
    kb: KnowledgeBase, source: Path, day: date, unread: Unreadable, problem: str | None
) -> Iterator[Read | Callable[[], Read]]:
    """Who each patient of some records is, with the profile or why it could not be read; or what reads these.

    One that names several problems, of which none is chosen, cannot be: what belongs to each is no fact of the others.
    """
    from guidegraph.cohort.cells import Unread
    from guidegraph.intake.fhir.bulk import Export, is_export
    from guidegraph.intake.omop.source import is_database

    if is_database(source) or (source.is_dir() and any(map(_of_persons, source.iterdir()))):
        for person, profile, _ in kb.profiles_from_omop(source, as_of=day):
            yield _of_one(kb, str(person), profile, problem)
        return
    there = [source] if source.is_file() else sorted(source.iterdir()) if source.is_dir() else []
    files = [path for path in there if path.name.lower().endswith(_BUNDLES)]
    if not files:
        raise UsageError(
            "no records are there",
            where=str(source),
            mend="Name a folder with a FHIR Bundle a patient, or an OMOP CDM.",
        )
    others = [path.name for path in there if path not in files and not path.name.startswith((".", "_"))]
    if others:
        what = f"not read, since it ends in none of {', '.join(_BUNDLES)}: {others[0]!r}"
        unread["a file", what] = Unread("a file", what, False, len(others), [])
    exported = [path for path in files if is_export(path)]
    for path in (path for path in files if path not in exported):
        yield partial(_profile, kb, path, day, path.name, path.stem, problem)
    if exported:
        with Export(exported) as export:
            for place, why, lost, count, examples in export.strays():
                unread[place, why] = Unread(place, why, lost, count, examples)
            for name, text in export.records():
                yield partial(_profile, kb, text, day, name, name, problem)


def _profile(kb: KnowledgeBase, source: str | Path, day: date, where: str, name: str, problem: str | None) -> Read:
    try:
        reading = kb.profile_from_fhir(source, as_of=day, where=where)
    except GuideGraphError as error:
        return name, error.told
    # Who has no id goes by the name of the record: all of them would be one patient else.
    return _of_one(kb, reading.patient or name, reading.profile, problem)


def _of_one(kb: KnowledgeBase, name: str, profile: Profile, problem: str | None) -> Read:
    """A patient with the profile of the problem that is asked about, or why there is none."""
    try:
        return name, of_problem(profile, problem, kb.vocabulary)
    except UsageError as error:
        return name, error.what if problem else f"{error.what}, and a row has one: choose it by --problem"


def _of_persons(path: Path) -> bool:
    return PERSONS.match(path.name) is not None


def expected(source: Path) -> int | None:
    """How many patients a table has, where its head says so; None where only reading it would tell."""
    if source.suffix.lower() != ".parquet" or not source.is_file():
        return None
    import polars as pl

    from guidegraph.cohort.longrows import is_long
    from guidegraph.cohort.tables import open_table, told

    table = open_table(source)
    if is_long(table.collect_schema().names()):
        return None
    with told(source):
        return int(table.select(pl.len()).collect().item())


def request(kb: KnowledgeBase, options: CohortOptions) -> Request:
    """What is asked, with the therapies by their IRIs.

    Raises:
        TermError: a therapy is unknown or ambiguous.
        UsageError: an option cannot be understood, or no statement reaches a therapy.
    """
    from guidegraph.cohort.asking import Request

    beside = [f"--{name}" for name in ("statements", "facts") if options.get(name)]
    if options.get("long") and beside:
        raise UsageError(f"--long has a row a therapy, {beside[0]} columns a patient", mend="Ask for one of them.")
    check_jurisdiction(kb.knowledge, options.get("jurisdiction"))
    wanted = frozenset(kb.vocabulary.resolve(text, ("intervention",)) for text in options.get("therapies", ()))
    silent = sorted(iri for iri in wanted if iri not in kb.records.edges)
    if silent:
        raise unreached(kb.records.label(silent[0]))
    problem = options.get("problem")
    return Request(
        options.get("as_of") or date.today(),
        options.get("jurisdiction"),
        counted_voices(options.get("standing"), options.get("only")),
        wanted,
        options.get("statements", False),
        options.get("long", False),
        options.get("facts", False),
        options.get("blocking", False),
        options.get("strict", False),
        options.get("afresh", False),
        kb.vocabulary.resolve(problem, ("condition",), where="--problem") if problem else "",
    )
