"""From an OMOP CDM to profiles: one person, or many as a stream."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from guidegraph.errors import ProfileError, UsageError
from guidegraph.intake.builder import ProfileBuilder, Settings
from guidegraph.intake.concepts import CodeReader
from guidegraph.intake.omop.cdm import Row, conventions
from guidegraph.intake.omop.concepts import Vocabularies
from guidegraph.intake.omop.observed import answers
from guidegraph.intake.omop.rules import Rules
from guidegraph.intake.omop.source import Source
from guidegraph.intake.report import IntakeReport
from guidegraph.model import Profile
from guidegraph.profile import Implication, Vocabulary

FORM = "OMOP CDM 5.4"
#: Persons that are read at a time, which bounds the memory.
_GROUP = 1_000
_LEAST = -(2**63)
_EVENTS = ("condition_occurrence", "drug_exposure", "drug_era", "procedure_occurrence", "measurement", "observation")
_LOOKED_AT = (
    "condition_status_concept_id",
    "unit_concept_id",
    "value_as_concept_id",
    "operator_concept_id",
    "qualifier_concept_id",
)
Found = tuple[int, Profile, IntakeReport]


@dataclass(frozen=True)
class Options:
    """How to read a CDM.

    ``as_of`` is the day of the profile; ``complete`` the keys of lists that are declared complete; ``prefixes`` give
    the CURIE prefix of a table's source values; ``eras`` says to read drug_era too; ``one_day`` that a diagnosis
    recorded for one single day counts as present; ``rates``, ``newest_days`` and ``same_units`` are those of
    :class:`Settings`.
    """

    as_of: date
    complete: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    eras: bool = False
    one_day: bool = False
    rates: Mapping[str, Decimal] | None = None
    newest_days: int | None = None
    same_units: frozenset[tuple[str, str]] = frozenset()


class OmopReader:
    """Reads persons of one opened CDM.

    Args:
        source: the opened CDM.
        terms: our vocabulary.
        implications: what facts bring or exclude.
        codes: reads the codes of other terminologies.
        options: how to read.

    Raises:
        UsageError: a list is declared complete whose table is not there, or an option names no table.
    """

    def __init__(
        self,
        source: Source,
        terms: Vocabulary,
        implications: Sequence[Implication],
        codes: CodeReader,
        options: Options,
    ) -> None:
        self._source = source
        self._terms = terms
        self._rules = implications
        self._options = options
        self._known = conventions()
        self._check()
        self._answers = answers(codes)
        self._vocabularies = Vocabularies(source, codes, terms, options.prefixes)
        wanted = [t for t in ("person", "death", *_EVENTS) if t != "drug_era" or options.eras]
        self._tables = [table for table in wanted if table in source.tables]
        self._missing = [table for table in wanted if table not in source.tables and table != "death"]

    def _check(self) -> None:
        for table in sorted(self._options.prefixes):
            if table not in _EVENTS:
                raise UsageError(
                    f"no table {table[:60]!r} has source codes",
                    where="--source-vocabulary",
                    mend=f"Name one of: {', '.join(_EVENTS)}.",
                )
        for key in sorted(self._options.complete):
            for table in self._known.tables_of(key):
                if table not in self._source.tables:
                    raise UsageError(
                        f"{key} cannot be complete without the table {table}",
                        where="--complete",
                        mend="Give the table, or leave the list out.",
                    )
        if self._options.eras and "drug_era" not in self._source.tables:
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
            for person, found in by_person.items():
                rows[person][table] = _sorted(found)
        self._vocabularies.learn(used, seen)
        for person in persons:
            if "person" not in rows[person]:
                raise self._nobody(person)
            profile, report = self._profile(person, rows.pop(person))
            yield person, profile, report

    def _profile(self, person: int, rows: Mapping[str, Sequence[Row]]) -> tuple[Profile, IntakeReport]:
        options = self._options
        report = IntakeReport(FORM, options.as_of.isoformat())
        settings = Settings(options.as_of, options.complete, options.rates, options.newest_days, options.same_units)
        none = frozenset(self._answers.none.values())
        builder = ProfileBuilder(self._terms, report, settings, implications=self._rules, own_lists=none)
        reader = Rules(builder, self._vocabularies, self._terms, self._known, self._answers, options.one_day)
        reader.person(rows)
        profile = builder.build(str(person))
        report.choices += self._told()
        return profile, report

    def _told(self) -> list[str]:
        options = self._options
        told = [
            f"There is no table {table}, so nothing is known from it. Give it if there is one."
            for table in self._missing
        ]
        told += [
            f"Source values of {table} are read as {prefix}, as you said."
            for table, prefix in sorted(options.prefixes.items())
        ]
        told += [f"The list {key} is complete by your word." for key in sorted(options.complete)]
        return told + (["Drug eras are read too."] if options.eras else [])


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
