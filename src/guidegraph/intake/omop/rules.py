"""What diagnoses, drugs and procedures of an OMOP CDM say of a patient at a day (docs/omop.md has the rules)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from guidegraph.intake.dates import Moment, age, moment
from guidegraph.intake.facts import Source
from guidegraph.intake.omop.observed import Observed
from guidegraph.intake.omop.reader import AGE, STATES, reason, source_of, started
from guidegraph.intake.omop.values import Row
from guidegraph.model import TermRow, TrialFact

_TAKEN, _STOPPED, _TRIALS = ("medications",), ("stopped_medications",), ("trials",)
_LONGEST_SUPPLY = 100_000
_OPEN = "no end is recorded: it counts as going on"
_INFERRED = "its end may have been inferred where the tables were filled, since it has no verbatim_end_date"


@dataclass
class Rules(Observed):
    """Reads the rows of one person into a builder."""

    #: The last day on which a row says that a condition or finding ended, with the row.
    _ended: dict[str, tuple[date, str]] = field(default_factory=dict)
    #: Rows without an end: the source, the day on which it starts, its classes.
    _open: list[tuple[Source, date, list[str]]] = field(default_factory=list)

    def person(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Read all rows of a person, by table."""
        for row in rows["person"]:
            self._sex(row)
            self._age(row)
        for row in rows.get("death", ()):
            self._death(row)
        for row in rows.get("condition_occurrence", ()):
            self._condition(row)
        for opened in self._open:
            self._goes_on(*opened)
        for table in ("drug_exposure", "drug_era"):
            for row in rows.get(table, ()):
                self._drug(row, table)
        for row in rows.get("procedure_occurrence", ()):
            self._procedure(row)
        self.observed(rows)

    def _one(self, kind: str, key: str, value: str = "") -> TermRow | None:
        fitting = (r for r in self.terms.rows if r.key == key and r.key_value == value)
        return next((r for r in fitting if r.kind == kind), None)

    def _sex(self, row: Row) -> None:
        source = Source(row.ref, f"gender_concept_id {row.text('gender_concept_id') or 'empty'}")
        try:
            value = self.known.sex.get(row.concept("gender_concept_id") or 0)
        except ValueError as error:
            self.builder.misunderstood((), source, str(error))
            return
        term = self._one("finding", "sex", value) if value else None
        if term is None:
            self.builder.misunderstood((), source, "it is no sex that we know, so the sex is not stated")
        else:
            self.builder.fact(term.iri, True, source)

    def _age(self, row: Row) -> None:
        parts = [row.text(f"{part}_of_birth") for part in ("year", "month", "day")]
        source = Source(row.ref, f"born {'-'.join(part or '?' for part in parts)}")
        term = self._one("number", AGE)
        if term is None:
            return
        try:
            birth = _birth(row)
            least, most = age(birth, self.builder.as_of)
        except ValueError as error:
            self.builder.misunderstood((), source, str(error))
            return
        if least != most:
            why = f"{least} or {most} years old, since the day of birth is not known: the age is not stated"
            self.builder.ignore(source, why)
        else:
            self.builder.number(term.iri, Decimal(least), source)

    def _death(self, row: Row) -> None:
        source = Source(row.ref, f"died {row.text('death_date') or 'on a day that is not told'}")
        try:
            day = row.day("death_date")
        except ValueError as error:
            self.builder.misunderstood((), source, str(error))
            return
        if day is not None and day > self.builder.as_of:
            self.builder.ignore(source, f"after the day of the profile ({self.builder.as_of})")
            return
        self.builder.ignore(source, "the profile is of a person who has died")
        self.builder.report.choices.append(f"the person has died{f' ({day})' if day else ''}")

    def _condition(self, row: Row) -> None:
        source = Source(row.ref, row.text("condition_source_value") or f"concept {row.text('condition_concept_id')}")
        try:
            text, reading = self.coded(row, "condition_occurrence", "condition")
            source = source_of(row, text, None, reading)
            start, end = row.moment("condition_start_date"), row.day("condition_end_date")
            status = row.concept("condition_status_concept_id")
            first = started(start, end)
        except ValueError as error:
            self.builder.misunderstood(STATES, source, str(error))
            return
        source = source_of(row, text, start, reading)
        if first > self.builder.as_of:
            self.builder.ignore(source, f"it starts on {first}, after the day of the profile ({self.builder.as_of})")
            return
        says = self.known.statuses.get(status) if status else None
        over = bool(end and first < end < self.builder.as_of) or (says is not None and says.says == "ended")
        classes = self.classes(reading, "condition", "finding")
        if not classes:
            self.builder.misunderstood(() if over else STATES, source, reason(reading, "no condition or finding"))
        elif status and says is None:
            named = self.codes.concept(status)
            told = f"the condition status {status}{f' ({named.name})' if named else ''} is not known"
            self.builder.misunderstood(STATES, source, told)
        elif over:
            when = f"it ended on {end}" if end else f"its status is {says.name if says else 'ended'}"
            self.builder.ignore(source, f"{when}: not present now, and not absent either")
            for iri in classes:
                self._ended[iri] = max(self._ended.get(iri, (date.min, "")), (end or first, row.ref))
        elif says is not None and says.says == "uncertain":
            self.builder.doubt(classes, STATES, source, f"its status is {says.name}: not certain")
        elif end is not None and end < self.builder.as_of and not self.one_day:
            why = f"the record is of {first} alone and does not say whether it lasts (--one-day present)"
            self.builder.doubt(classes, STATES, source, why)
        elif end is None:
            self._open.append((source, first, classes))
        else:
            for iri in classes:
                self.builder.fact(iri, True, source)

    def _goes_on(self, source: Source, first: date, classes: list[str]) -> None:
        """A row without an end goes on, unless another row says that the same ended on that day or later."""
        over = [self._ended[iri] for iri in classes if self._ended.get(iri, (date.min, ""))[0] >= first]
        if over:
            self.builder.doubt(classes, STATES, source, f"{max(over)[1]} says that it ended on {max(over)[0]}")
            return
        for iri in classes:
            self.builder.fact(iri, True, source, note=_OPEN)

    def _drug(self, row: Row, table: str) -> None:
        source = Source(row.ref, row.text("drug_source_value") or f"concept {row.text('drug_concept_id')}")
        try:
            text, reading = self.coded(row, table, "drug")
            source = source_of(row, text, None, reading)
            start = row.moment(f"{table}_start_date")
            ends = [d for d in (row.day(f"{table}_end_date"), row.day("verbatim_end_date")) if d]
            days = row.integer("days_supply")
            first = started(start, min(ends, default=None))
        except ValueError as error:
            self.builder.misunderstood((*_TAKEN, *_STOPPED), source, str(error))
            return
        source = source_of(row, text, start, reading)
        if first > self.builder.as_of:
            self.builder.ignore(source, f"it starts on {first}, after the day of the profile ({self.builder.as_of})")
            return
        if not ends and days is not None and days > 0:
            ends = [first + timedelta(days=min(days, _LONGEST_SUPPLY) - 1)]
        classes = self.classes(reading, "intervention")
        over = {end < self.builder.as_of for end in ends} or {False}
        keys = (*(_TAKEN if False in over else ()), *(_STOPPED if True in over else ()))
        if not classes:
            self.builder.misunderstood(keys, source, reason(reading, "no intervention"))
        elif len(over) > 1:
            self.builder.doubt(classes, keys, source, f"its ends differ: {min(ends)} and {max(ends)}")
        elif over == {True}:
            inferred = table == "drug_exposure" and not row.text("verbatim_end_date")
            for iri in classes:
                self.builder.stop(iri, max(ends), source, note=_INFERRED if inferred else "")
        else:
            for iri in classes:
                self.builder.fact(iri, True, source, note="" if ends else _OPEN)

    def _procedure(self, row: Row) -> None:
        source = Source(row.ref, row.text("procedure_source_value") or f"concept {row.text('procedure_concept_id')}")
        try:
            text, reading = self.coded(row, "procedure_occurrence", "procedure")
            source = source_of(row, text, None, reading)
            when = row.moment("procedure_date")
            first = started(when)
        except ValueError as error:
            self.builder.misunderstood(_TRIALS, source, str(error))
            return
        source = source_of(row, text, when, reading)
        if first > self.builder.as_of:
            self.builder.ignore(source, f"it is of {first}, after the day of the profile ({self.builder.as_of})")
            return
        classes = self.classes(reading, "intervention")
        if not classes:
            self.builder.misunderstood(_TRIALS, source, reason(reading, "no intervention"))
        for iri in classes:
            self.builder.trial(TrialFact(iri), source)


def _birth(row: Row) -> Moment:
    """The birth date as far as it is known. birth_datetime is not used: where a part is missing, it is made up."""
    year, month, day = (row.integer(f"{part}_of_birth") for part in ("year", "month", "day"))
    if year is None or not 1 <= year <= 9999:
        raise ValueError("there is no year of birth")
    parts = [f"{year:04}", *([f"{month:02}"] if month is not None else [])]
    parts += [f"{day:02}"] if month is not None and day is not None else []
    try:
        found = moment("-".join(parts))
    except ValueError:
        raise ValueError(f"{'-'.join(parts)} is no date") from None
    whole = row.day("birth_datetime")
    if whole is not None and not found.first.date() <= whole <= found.last.date():
        raise ValueError(f"birth_datetime {whole} is not the day of birth {found.text}")
    return found
