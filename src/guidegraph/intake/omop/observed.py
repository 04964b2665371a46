"""What measurements and observations of an OMOP CDM say: numbers in any unit, and answers coded yes or no."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from guidegraph.errors import UnitError
from guidegraph.intake.dates import Moment
from guidegraph.intake.facts import Source
from guidegraph.intake.omop.reader import AGE, STATES, Reader, reason, source_of, started
from guidegraph.intake.omop.values import Row
from guidegraph.model import CodeReading


@dataclass
class _Number:
    """A row that gives a number: the number with its unit, or why it cannot be read."""

    source: Source
    value: Decimal = Decimal(0)
    unit: str = ""
    why: str = ""


@dataclass
class Observed(Reader):
    """Reads measurements and observations."""

    def observed(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Read the measurements and observations of a person."""
        numbers: dict[str, list[_Number]] = defaultdict(list)
        for table in ("measurement", "observation"):
            for row in rows.get(table, ()):
                self._row(row, table, numbers)
        for prop, found in sorted(numbers.items()):
            self._newest(prop, found)

    def _row(self, row: Row, table: str, numbers: dict[str, list[_Number]]) -> None:
        source = Source(row.ref, row.text(f"{table}_source_value") or f"concept {row.text(f'{table}_concept_id')}")
        try:
            text, reading = self.coded(row, table, table)
            source = source_of(row, text, None, reading)
            when = _when(row, table)
            first = started(when)
        except ValueError as error:
            self.builder.misunderstood(STATES, source, str(error))
            return
        source = source_of(row, text, when, reading)
        if first > self.builder.as_of:
            self.builder.ignore(source, f"it is of {first}, after the day of the profile ({self.builder.as_of})")
            return
        measured = self.classes(reading, "number")
        if any(self.builder.row(prop).key == AGE for prop in measured):
            self.builder.ignore(source, "the age is read from the birth date alone")
        elif measured:
            found = self._number(row, source)
            if found is None:
                self.builder.ignore(source, "it has no result")
                return
            for prop in measured:
                numbers[prop].append(replace(found))
        else:
            self._answered(row, table, source, reading)

    def _number(self, row: Row, source: Source) -> _Number | None:
        """The number of a row, None where it has no result at all."""
        try:
            value, operator = row.number("value_as_number"), row.concept("operator_concept_id")
            unit = self.codes.curie(row.concept("unit_concept_id"))
            coded = row.concept("value_as_concept_id")
        except ValueError as error:
            return _Number(source, why=str(error))
        if value is None:
            told = row.text("value_as_string") or row.text("value_source_value")
            if not told and not coded and not operator:
                return None
            return _Number(source, why=f"its result {told[:40]!r} is no number" if told else "its result is no number")
        if operator and operator != self.known.equal:
            named = self.codes.concept(operator)
            sign = named.name if named else f"operator {operator}"
            return _Number(source, why=f"its value is a bound ({sign} {value:f}), not a number")
        prefix, _, code = unit.partition(":")
        return _Number(source, value, code if prefix == self.known.units else row.text("unit_source_value") or "1")

    def _newest(self, prop: str, found: Sequence[_Number]) -> None:
        """Hand over the numbers of a property; a newer one that cannot be read leaves the older ones unsaid."""
        target = self.terms.by_iri[prop].unit
        for one in found:
            if not one.why:
                try:
                    self.units.convert(one.value, one.unit, target)
                except UnitError as error:
                    one.why = error.what if one.unit != "1" else f"it has no unit (wanted: {target})"
        dark = [one for one in found if one.why]
        for one in found:
            newer = next((d.source for d in dark if d is not one and _later(d.source, one.source)), None)
            if one.why:
                self.builder.misunderstood((), one.source, one.why)
            elif newer is not None:
                self.builder.ignore(one.source, f"{newer.ref} is newer, and could not be read: the value is not known")
            else:
                self.builder.measured(prop, one.value, one.unit, one.source)

    def _answered(self, row: Row, table: str, source: Source, reading: CodeReading) -> None:
        try:
            coded, qualifier = row.concept("value_as_concept_id"), row.concept("qualifier_concept_id")
            asked = [row.concept(f"{table}_source_concept_id"), row.concept(f"{table}_concept_id")]
        except ValueError as error:
            self.builder.misunderstood(STATES, source, str(error))
            return
        present = self.classes(reading, "condition", "finding")
        absent = self.classes(reading, "condition", "finding", present=False)
        told = next(filter(None, map(row.text, ("value_as_number", "value_as_string", "value_source_value"))), "")
        answer = self.codes.curie(coded)
        word = self.answers.words.get(answer, "")
        question = next((self.answers.questions[c] for c in map(self.codes.curie, asked) if c in self._questions), None)
        if question is not None and answer in question[1]:
            word = question[1][answer]
            present = absent = self.builder.of_kind({question[0]}, "condition", "finding")
            source = replace(source, steps=(f"{answer} answers a question with {word} [fhir-paths.yaml]",))
        elif not coded and not told and reading.curie.partition(":")[0] in self.known.stating:
            word = "yes"
        if not present and not absent and question is None:
            keys: Collection[str] = () if row.text("value_as_number") else STATES
            self.builder.misunderstood(keys, source, reason(reading, "no number, condition or finding"))
        elif qualifier:
            self.builder.misunderstood(STATES, source, f"it is qualified ({self._named(qualifier)})")
        elif word == "doubt":
            self.builder.doubt(present, STATES, source, "the answer leaves it open")
        elif not word:
            why = f"its answer is not understood ({self._named(coded)})" if coded else "it has no answer"
            if told and not coded:
                why = f"its answer {told[:40]!r} is no coded yes or no"
            self.builder.misunderstood(STATES, source, why)
        else:
            steps = source.steps if word == "yes" or question else reading.absent_steps or source.steps
            self._state(word == "yes", present if word == "yes" else absent, replace(source, steps=steps))

    @property
    def _questions(self) -> Collection[str]:
        return self.answers.questions.keys()

    def _named(self, concept: int) -> str:
        found = self.codes.concept(concept)
        return found.text if found else f"concept {concept}"

    def _state(self, yes: bool, classes: Sequence[str], source: Source) -> None:
        if not classes:
            told = "having" if yes else "lacking"
            self.builder.misunderstood(STATES, source, f"{told} it says nothing in our terms")
        for iri in classes:
            self.builder.fact(iri, yes, source, timed=True)


def _when(row: Row, table: str) -> Moment | None:
    """The moment of a row: its time where that is on the row's day, else its day."""
    day, exact = row.moment(f"{table}_date"), None
    try:
        exact = row.moment(f"{table}_datetime")
    except ValueError:
        return day
    return exact if exact and day and exact.day == day.day else day


def _later(one: Source, other: Source) -> bool:
    """Whether the one source is not known to be older than the other."""
    return not (one.when and other.when and other.when.after(one.when) is True)
