"""What diagnoses, drugs and procedures of an OMOP CDM say of a patient at a day (docs/omop.md has the rules)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from guidegraph.intake.builder import STATES
from guidegraph.intake.dates import Moment, moment
from guidegraph.intake.omop.cdm import Row
from guidegraph.intake.omop.observed import MAP, Observed, reason, source_of, started
from guidegraph.intake.report import Source, shown
from guidegraph.model import CodeReading, TrialFact

_TAKEN, _STOPPED, _TRIALS = ("medications",), ("stopped_medications",), ("trials",)
_CONDITIONS = ("conditions",)
_DEVICE = "devices are not read: it may be one that the patient has"
_OPEN = "no end is recorded: it counts as going on"
_STARTS = (
    "How long a problem has lasted is read from condition_start_date, where no visit shows that this is the day of a "
    "record. Hold it against what the patient says."
)
_INFERRED = "its end may have been inferred where the tables were filled, since it has no verbatim_end_date"


@dataclass
class Rules(Observed):
    """Reads the rows of one person into a builder."""

    #: The last day on which a row says that a condition or finding ended, with the row.
    _ended: dict[str, tuple[date, str]] = field(default_factory=dict)
    #: Rows without an end: the source, the day on which it starts, its classes, why that is no onset.
    _open: list[tuple[Source, date, list[str], str]] = field(default_factory=list)

    #: The visits of the person, by key: the first and the last day.
    _visits: dict[str, tuple[date, date]] = field(default_factory=dict)

    def person(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Read all rows of a person, by table."""
        for row in rows.get("visit_occurrence", ()):
            self._visit(row)
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
        for row in rows.get("device_exposure", ()):
            self._device(row)
        self.observed(rows)

    def _visit(self, row: Row) -> None:
        try:
            first, last = row.day("visit_start_date"), row.day("visit_end_date")
        except ValueError as error:
            self.builder.misunderstood((), Source(row.ref, "a visit"), str(error))
            return
        if first is not None:
            self._visits[row.text("id")] = first, max(first, last or first)

    def _device(self, row: Row) -> None:
        """A device is not read, and may be one that the patient has: no list of conditions is complete beside it."""
        source = Source(row.ref, row.text("device_source_value") or f"concept {row.text('device_concept_id')}")
        try:
            source = replace(source, when=row.moment("device_exposure_start_date"))
        except ValueError as error:
            self.builder.misunderstood(_CONDITIONS, source, str(error))
            return
        self.builder.misunderstood(_CONDITIONS, source, _DEVICE, "Write what it is into the profile.")

    def _recorded(self, row: Row, first: date, end: date | None) -> str:
        """Why the start of a diagnosis is a day on which it was recorded, not on which it began; "" if it may be."""
        during = self._visits.get(row.text("visit_occurrence_id"))
        if during is None and any(first == start for start, _ in self._visits.values()):
            during = first, first
        if during is not None and during[0] <= first <= during[1]:
            return f"its start, {first}, is the day of a visit: when it began is not told"
        return f"it is recorded for {first} alone: when it began is not told" if end == first else ""

    def _sex(self, row: Row) -> None:
        source = Source(row.ref, f"gender_concept_id {row.text('gender_concept_id') or 'empty'}")
        try:
            value = self.known.sex.get(row.concept("gender_concept_id") or 0)
        except ValueError as error:
            self.builder.misunderstood((), source, str(error))
            return
        if value is None:
            why = "it is no sex that we know, so the sex is not stated"
            self.builder.misunderstood((), source, why, "Write the sex into the profile.")
        else:
            self.builder.sex(value, replace(source, text=value))

    def _age(self, row: Row) -> None:
        parts = [row.text(f"{part}_of_birth") for part in ("year", "month", "day")]
        source = Source(row.ref, f"born {'-'.join(part or '?' for part in parts)}")
        try:
            self.builder.born(_birth(row), source)
        except ValueError as error:
            self.builder.misunderstood((), source, str(error), "Correct the parts of the birth date.")

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
        self.builder.report.choices.append(
            f"The person has died{f' ({day})' if day else ''}. The profile is of the time before."
        )

    def _event(
        self, row: Row, table: str, stem: str, ends: Sequence[str], keys: Sequence[str], start: str
    ) -> tuple[Source, CodeReading, date, list[date]] | None:
        """The source, code, first day and ends of a row of the day or before; None for another, which is told."""
        source = Source(row.ref, row.text(f"{stem}_source_value") or f"concept {row.text(f'{stem}_concept_id')}")
        reading = CodeReading("")
        try:
            text, reading = self.coded(row, table, stem)
            source = source_of(row, text, None, reading)
            when = row.moment(start)
            source = replace(source, when=when)
            over = [day for column in ends if (day := row.day(column)) is not None]
            first = started(when, min(over, default=None))
        except ValueError as error:
            about = self.builder.of_kind({*reading.present, *reading.absent}, "condition", "finding", "intervention")
            self.builder.misunderstood(keys, source, str(error), about=about)
            return None
        if first > self.builder.as_of:
            self.builder.ignore(source, f"it is of {first}, after the day of the profile ({self.builder.as_of})")
            return None
        return source, reading, first, over

    def _condition(self, row: Row) -> None:
        event = self._event(
            row, "condition_occurrence", "condition", ["condition_end_date"], STATES, "condition_start_date"
        )
        if event is None:
            return
        source, reading, first, ends = event
        end = ends[0] if ends else None
        try:
            status = row.concept("condition_status_concept_id")
            none = self.none(row, "condition", source, STATES)
            denied = self.stated(row, "condition", "no", "doubt")
        except ValueError as error:
            self.builder.misunderstood(STATES, source, str(error))
            return
        says = self.known.statuses.get(status) if status else None
        words = "" if status else row.text("condition_status_source_value")
        ended = says is not None and says.says == "ended"
        over = bool(end and first < end < self.builder.as_of) or ended
        classes = self.classes(reading, "condition", "finding")
        self.diagnoses[row.text("id")] = frozenset(self.classes(reading, "condition"))
        recorded = self._recorded(row, first, end)
        if none:
            return
        if denied:
            why = "its code answers a question with no, or leaves it open"
            self.builder.doubt({*denied, *classes}, STATES, source, why)
        elif not classes:
            sure = not over and not words and (status is None or (says is not None and says.says != "uncertain"))
            why = reason(reading, "no condition or finding")
            self.builder.other([reading] if sure else [], () if over else STATES, source, why, MAP)
        elif said := self.codes.words_against(row.text("condition_source_value")):
            self.builder.doubt(classes, STATES, source, f"its words take back what its code says: {said}")
        elif status and says is None:
            named = self.codes.concept(status)
            why = f"the condition status {status}{f' ({named.name})' if named else ''} is not known"
            self.builder.misunderstood(STATES, source, why, about=classes)
        elif ended and end is not None and end > self.builder.as_of:
            why = f"its status is {says.name if says else 'ended'}, on {end}: when it was so is not told"
            self.builder.doubt(classes, STATES, source, why)
        elif over:
            when = f"it ended on {end}" if end else f"its status is {says.name if says else 'ended'}"
            why = f"{when}: not present now, and not absent either"
            self.builder.over(classes, source, why, moment(str(end or first)))
            for iri in classes:
                self._ended[iri] = max(self._ended.get(iri, (date.min, "")), (end or first, row.ref))
        elif says is not None and says.says == "uncertain":
            self.builder.doubt(classes, STATES, source, f"its status is {says.name}: not certain")
        elif words:
            self.builder.doubt(classes, STATES, source, f"its status is a text, which is not read ({shown(words, 40)})")
        elif end is not None and end < self.builder.as_of and not self.one_day:
            why = f"the record is of {first} alone and does not say whether it lasts (--one-day present)"
            self.builder.doubt(classes, STATES, source, why)
        elif end is None and (reason_of_end := row.text("stop_reason")):
            why = f"it ended ({shown(reason_of_end, 40)}) on a day that is not given"
            self.builder.doubt(classes, STATES, source, why)
        elif end is None:
            self._open.append((source, first, classes, recorded))
        else:
            self._present(source, classes, recorded)

    def _present(self, source: Source, classes: Sequence[str], recorded: str, note: str = "") -> None:
        """A state that is present: since its start, where that is not known to be a day on which it was recorded."""
        if not recorded and self.builder.asked_about(classes) and _STARTS not in self.builder.report.choices:
            self.builder.report.choices.append(_STARTS)
        said = recorded if self.builder.asked_about(classes) else ""
        for iri in classes:
            note = "; ".join(filter(None, (note, said)))
            self.builder.fact(iri, True, source, note=note, began=None if recorded else source.when)

    def _goes_on(self, source: Source, first: date, classes: list[str], recorded: str) -> None:
        """A row without an end goes on, unless another row says that the same ended on that day or later."""
        over = [self._ended[iri] for iri in classes if self._ended.get(iri, (date.min, ""))[0] >= first]
        if over:
            self.builder.doubt(classes, STATES, source, f"{max(over)[1]} says that it ended on {max(over)[0]}")
            return
        self._present(source, classes, recorded, _OPEN)

    def _drug(self, row: Row, table: str) -> None:
        both, columns = (*_TAKEN, *_STOPPED), [f"{table}_end_date", "verbatim_end_date"]
        event = self._event(row, table, "drug", columns, both, f"{table}_start_date")
        if event is None:
            return
        source, reading, first, ends = event
        classes = self.classes(reading, "intervention")
        least, most = self.known.supply
        try:
            days, refills = row.integer("days_supply"), row.integer("refills") or 0
            none = self.none(row, "drug", source, _TAKEN)
            if days and not least <= days <= most:
                raise ValueError(f"{days} days are no supply")
            if not 0 <= refills <= most:
                raise ValueError(f"{refills} are no refills")
        except ValueError as error:
            self.builder.misunderstood(both, source, str(error), "Correct days_supply.", about=classes)
            return
        if none:
            return
        if not ends and (stopped_for := row.text("stop_reason")):
            why = f"it was stopped ({stopped_for[:40]}) on a day that is not given"
            self.builder.doubt(classes, both, source, why)
            return
        if not ends and days:
            # Whether a refill was fetched is not told: it may have ended with any of them.
            ends = [first + timedelta(days=days * times - 1) for times in (1, min(1 + refills, most // days))]
        if days and classes:
            self.builder.events.supplied(classes, Decimal(days), source)
        over = {end < self.builder.as_of for end in ends} or {False}
        keys = (*(_TAKEN if False in over else ()), *(_STOPPED if True in over else ()))
        if not classes:
            self.builder.other([reading], keys, source, reason(reading, "no intervention"), MAP)
        elif len(over) > 1:
            self.builder.doubt(classes, keys, source, f"its ends differ: {min(ends)} and {max(ends)}")
        elif over == {True}:
            inferred = table == "drug_exposure" and not row.text("verbatim_end_date")
            stopped = replace(source, when=moment(str(max(ends))))
            for iri in classes:
                self.builder.stop(iri, max(ends), stopped, note=_INFERRED if inferred else "")
        else:
            for iri in classes:
                self.builder.fact(iri, True, source, note="" if ends else f"of {first}; {_OPEN}")

    def _procedure(self, row: Row) -> None:
        event = self._event(row, "procedure_occurrence", "procedure", [], _TRIALS, "procedure_date")
        if event is None:
            return
        source, reading, _, _ = event
        classes = self.classes(reading, "intervention")
        if not classes:
            self.builder.misunderstood(_TRIALS, source, reason(reading, "no intervention"), MAP)
        for iri in classes:
            self.builder.trial(TrialFact(iri), source)
        self.builder.events.done(classes, source)


def _birth(row: Row) -> Moment:
    """The birth date as far as it is known. birth_datetime is not used: where a part is missing, it is made up."""
    year, month, day = (row.integer(f"{part}_of_birth") for part in ("year", "month", "day"))
    if year is None or not 1 <= year <= 9999:
        raise ValueError("there is no year of birth")
    parts = [f"{year:04}", *([f"{month:02}"] if month is not None else [])]
    parts += [f"{day:02}"] if month is not None and day is not None else []
    try:
        birth = moment("-".join(parts))
    except ValueError:
        raise ValueError(f"{'-'.join(parts)} is no date") from None
    whole = row.day("birth_datetime")
    if whole is not None and not birth.first.date() <= whole <= birth.last.date():
        raise ValueError(f"birth_datetime {whole} is not the day of birth {birth.text}")
    return birth
