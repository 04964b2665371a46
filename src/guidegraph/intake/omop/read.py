"""From an OMOP CDM to profiles: one person, or many as a stream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TypedDict, Unpack

from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import CodeReader
from guidegraph.intake.omop.cdm import Row, conventions
from guidegraph.intake.omop.concepts import Vocabularies
from guidegraph.intake.omop.observed import answers
from guidegraph.intake.omop.rules import Rules
from guidegraph.intake.omop.source import Source
from guidegraph.intake.report import IntakeReport, Settings
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import Profile
from guidegraph.profile import Implication, Vocabulary

_OURS = ("gg", "ggt")
FORM = "OMOP CDM 5.4"
#: Persons that are read at a time, which bounds the memory.
_GROUP = 1_000
_LEAST = -(2**63)
_EVENTS = ("condition_occurrence", "drug_exposure", "drug_era", "procedure_occurrence", "measurement", "observation")
#: Tables without which nothing of the patient is missing.
_BESIDE = ("death", "visit_occurrence", "device_exposure")
_LOOKED_AT = (
    "condition_status_concept_id",
    "unit_concept_id",
    "value_as_concept_id",
    "operator_concept_id",
    "qualifier_concept_id",
)
Found = tuple[int, Profile, IntakeReport]


class OmopOptions(TypedDict, total=False):
    """How to read a CDM.

    ``as_of`` is the day of the profile, today if None; ``complete`` the keys of the lists (``conditions``) that the
    tables hold completely; ``source_vocabulary``, by table, the CURIE prefix of its source values; ``drug_eras`` says
    to read drug_era too; ``one_day_present`` that a diagnosis recorded for one day alone counts as present, which else
    stays unknown; ``newest_days`` ignores measurements and observations that are older, None for no limit;
    ``same_units`` are pairs (unit, unit of ours) that are taken for the same.
    """

    as_of: date | None
    complete: Collection[str]
    source_vocabulary: Mapping[str, str] | None
    drug_eras: bool
    one_day_present: bool
    newest_days: int | None
    same_units: Collection[tuple[str, str]]


class OmopReader:
    """Reads persons of one opened CDM.

    Args:
        source: the opened CDM.
        terms: our vocabulary.
        implications: what facts bring or exclude.
        codes: reads the codes of other terminologies.
        settings: the day, complete lists, and what else was chosen.
        prefixes: the CURIE prefix of a table's source values.
        lexicon: the folder of everyday names, whose table tells what sets off each allergy.
        eras: whether to read drug_era too.
        one_day: whether a diagnosis recorded for one single day counts as present.

    Raises:
        UsageError: a list is declared complete whose table is not there, or an option names no table.
    """

    def __init__(
        self,
        source: Source,
        terms: Vocabulary,
        implications: Sequence[Implication],
        codes: CodeReader,
        settings: Settings,
        prefixes: Mapping[str, str],
        *,
        lexicon: Path | None = None,
        eras: bool = False,
        one_day: bool = False,
    ) -> None:
        self._source = source
        self._terms = terms
        self._rules = implications
        self._settings, self._prefixes, self._eras, self._one_day = settings, prefixes, eras, one_day
        self._known = conventions()
        self._check()
        self._answers = answers(codes)
        self._vocabularies = Vocabularies(source, codes, terms, prefixes, lexicon)
        wanted = [t for t in ("person", *_BESIDE, *_EVENTS) if t != "drug_era" or eras]
        self._tables = [table for table in wanted if table in source.tables]
        self._missing = [table for table in wanted if table not in source.tables and table not in _BESIDE]

    def _check(self) -> None:
        for table in sorted(self._prefixes):
            if table not in _EVENTS:
                raise UsageError(
                    f"no table {table[:60]!r} has source codes",
                    where="--source-vocabulary",
                    mend=f"Name one of: {', '.join(_EVENTS)}.",
                )
        for key in sorted(self._settings.complete):
            for table in self._known.tables_of(key):
                if table not in self._source.tables:
                    raise UsageError(
                        f"{key} cannot be complete without the table {table}",
                        where="--complete",
                        mend="Give the table, or leave the list out.",
                    )
        if self._eras and "drug_era" not in self._source.tables:
            raise UsageError("there is no table drug_era", where="--drug-eras", mend="Leave the option out.")

    def person(self, person: int) -> tuple[Profile, IntakeReport]:
        """The profile of one person, with the report on every row.

        Raises:
            ProfileError: there is no such person.
        """
        return next((profile, report) for _, profile, report in self.persons([person]))

    def persons(self, persons: Iterable[int] | None = None) -> Iterator[Found]:
        """The profiles of many persons, in the order of their ids; all if None.

        Raises:
            ProfileError: one of them is not there.
        """
        for group in self._all() if persons is None else self._wanted(persons):
            yield from self._group(group)

    def _wanted(self, persons: Iterable[int]) -> Iterator[Sequence[int]]:
        wanted = sorted(set(persons))
        for person in (wanted[:1], wanted[-1:]) if wanted else ():
            if not _LEAST <= person[0] < -_LEAST:
                raise self._nobody(person[0])
        for start in range(0, len(wanted), _GROUP):
            yield wanted[start : start + _GROUP]

    def _nobody(self, person: int) -> ProfileError:
        return ProfileError(
            f"there is no person {str(person)[:40]}",
            where=self._source.name,
            mend="Name a person_id of the table person.",
        )

    def _all(self) -> Iterator[Sequence[int]]:
        after = _LEAST
        while group := [row["person"] for row in self._source.rows("persons", after=after, many=_GROUP)]:
            yield group
            after = group[-1]

    def _group(self, persons: Sequence[int]) -> Iterator[Found]:
        rows: dict[int, dict[str, list[Row]]] = {person: {} for person in persons}
        used: set[int | None] = set()
        seen: set[int | None] = set()
        for table in self._tables:
            by_person: dict[int, list[Row]] = defaultdict(list)
            for values in self._source.rows(table, persons=persons, first=persons[0], last=persons[-1]):
                row = Row(table, values)
                by_person[values["person_id"]].append(row)
                if table in _EVENTS:
                    used.update(_concepts(row, _own(table)))
                    seen.update(_concepts(row, _LOOKED_AT))
            for person, events in by_person.items():
                rows[person][table] = _sorted(events)
        self._vocabularies.learn(used, seen)
        for person in persons:
            if "person" not in rows[person]:
                raise self._nobody(person)
            profile, report = self._profile(person, rows.pop(person))
            yield person, profile, report

    def _profile(self, person: int, rows: Mapping[str, Sequence[Row]]) -> tuple[Profile, IntakeReport]:
        report = IntakeReport(FORM, self._settings.as_of.isoformat())
        none, past = frozenset(self._answers.none.values()), self._answers.past
        rules = self._rules
        builder = ProfileBuilder(self._terms, report, self._settings, implications=rules, own_lists=none, past=past)
        reader = Rules(builder, self._vocabularies, self._terms, self._known, self._answers, self._one_day)
        reader.person(rows)
        profile = builder.build(str(person))
        report.choices += [*self._choices]
        return profile, report

    @cached_property
    def _choices(self) -> list[str]:
        said = [f"There is no table {t}, so nothing is known from it. Give it if there is one." for t in self._missing]
        said += [f"Source values of {t} are read as {p}, as you said." for t, p in sorted(self._prefixes.items())]
        said += [f"The list {key} is complete by your word." for key in sorted(self._settings.complete)]
        return said + (["Drug eras are read too."] if self._eras else [])


def read_person(
    knowledge: Knowledge, source: str | Path, person: int, **options: Unpack[OmopOptions]
) -> tuple[Profile, IntakeReport]:
    """The profile of one person of a CDM 5.4 (by person_id), and the report on every row of theirs.

    ``source`` is a DuckDB file, or a folder of Parquet or CSV files (or folders of their parts), one a table.

    Raises:
        UsageError: duckdb is not installed, the source is not there, or an option makes no sense.
        ProfileError: it is no CDM that can be read, or has no such person.
    """
    with Source(source) as opened:
        return _reader(knowledge, opened, **options).person(person)


def read_persons(
    knowledge: Knowledge, source: str | Path, persons: Iterable[int] | None, **options: Unpack[OmopOptions]
) -> Iterator[tuple[int, Profile, IntakeReport]]:
    """The profiles of many persons (all if None), in the order of their ids, each with its report.

    Rows are read for a thousand persons at a time, so that memory stays bounded whatever the size of the CDM.

    Raises:
        UsageError, ProfileError: as :func:`read_person`.
    """
    with Source(source, many=True) as opened:
        yield from _reader(knowledge, opened, **options).persons(persons)


def _reader(knowledge: Knowledge, opened: Source, **options: Unpack[OmopOptions]) -> OmopReader:
    named = options.get("source_vocabulary") or {}
    settings = Settings(
        options.get("as_of") or date.today(),
        frozenset(options.get("complete", ())),
        knowledge.records.rates,
        options.get("newest_days"),
        frozenset(options.get("same_units", ())),
        knowledge.problems,
        knowledge.records.events,
    )
    return OmopReader(
        opened,
        knowledge.vocabulary,
        knowledge.implications,
        knowledge.links.codes,
        settings,
        {table: _prefix(knowledge, prefix) for table, prefix in named.items()},
        lexicon=knowledge.links.lexicon_folder,
        eras=options.get("drug_eras", False),
        one_day=options.get("one_day_present", False),
    )


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


def _own(table: str) -> tuple[str, str]:
    """The columns of a table's own concepts."""
    stem = table if table in ("measurement", "observation") else table.partition("_")[0]
    return f"{stem}_concept_id", f"{stem}_source_concept_id"


def _concepts(row: Row, columns: Iterable[str]) -> Iterator[int | None]:
    for column in columns:
        try:
            yield row.concept(column)
        except ValueError:
            continue  # it is told where the row is read


def _sorted(rows: Sequence[Row]) -> list[Row]:
    """A person's rows of a table, by key; where keys repeat, in an order that is the same in every form of a source."""
    if len({row.text("id") for row in rows}) == len(rows):
        return sorted(rows, key=_key)
    return sorted(rows, key=lambda row: (*_key(row), *(row.text(column) for column in row.values)))


def _key(row: Row) -> tuple[int, str]:
    key = row.text("id")
    return len(key), key
