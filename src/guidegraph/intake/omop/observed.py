"""What the readers of CDM rows share, and what measurements and observations say: numbers and coded answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from guidegraph import namespaces as ns
from guidegraph.intake.builder import AGE, MEASURED, STATES, ProfileBuilder
from guidegraph.intake.concepts import STATING, CodeReader
from guidegraph.intake.dates import Moment
from guidegraph.intake.fhir.clinical import SET_OFF
from guidegraph.intake.fhir.table import table as paths
from guidegraph.intake.omop.cdm import Conventions, Row
from guidegraph.intake.omop.concepts import Coded, Vocabularies
from guidegraph.intake.report import OTHER_REASON, Source, shown
from guidegraph.model import CodeReading
from guidegraph.profile import Vocabulary
from guidegraph.termreadings import UNDERWENT

MAP = "Map the code, or write the fact into the profile."
_NUMBER = "Write the number into the profile."
#: How a text of a record begins that states a bound: a sign of less or more, in ASCII or not.
_BOUND = re.compile(r"=?[<>≤≥≦≧⩽⩾＜＞]")
#: A result as the source has it that is words, or two numbers (a range, a ratio): a number beside it is a part of it.
_MORE = re.compile(r"(?![-+.,]?\s*\d)\S|[-+]?\d[\d.,]*\s*(?:[-–—~/:…]|\.\.)\s*\d")


@dataclass(frozen=True)
class Answers:
    """What coded answers say (yes, no, doubt), and the questions whose answers name a state, by CURIE.

    ``none`` are codes that say that there is none of something, ``past`` classes whose meaning takes in the past,
    ``sexes`` questions for a sex, ``stating`` the answers that state something by themselves: the class, and the word.
    """

    words: Mapping[str, str]
    questions: Mapping[str, tuple[str, Mapping[str, str]]]
    none: Mapping[str, str]
    past: frozenset[str]
    sexes: frozenset[str]
    stating: Mapping[str, tuple[str, str]]


def answers(codes: CodeReader) -> Answers:
    """The answers and questions of ontology/links/fhir-paths.yaml, which stand in records of every kind."""

    def curies(words: Mapping[tuple[str, str], str]) -> dict[str, str]:
        return {
            f"{prefix}:{code}": word for (system, code), word in words.items() if (prefix := codes.prefix_of(system))
        }

    known = paths()
    questions = {
        f"{prefix}:{code}": (about, curies(words))
        for (system, code), (about, words) in known.questions.items()
        if (prefix := codes.prefix_of(system))
    }
    sexes = frozenset(curies(dict.fromkeys(known.sexes.observations, "")))
    stating = {curie: (about, word) for about, words in questions.values() for curie, word in words.items()}
    return Answers(curies(known.answers), questions, curies(known.none), known.past, sexes, stating)


@dataclass
class Observed:
    """Reads the measurements and observations of one person into a builder.

    ``one_day`` says that a diagnosis of one single day counts as present.
    """

    builder: ProfileBuilder
    codes: Vocabularies
    terms: Vocabulary
    known: Conventions
    answers: Answers
    one_day: bool = False
    #: What the rows of diagnoses are of, by key.
    diagnoses: dict[str, frozenset[str]] = field(default_factory=dict)

    def coded(self, row: Row, table: str, stem: str) -> tuple[str, CodeReading]:
        """The text of a row's code, and what it says.

        Raises:
            ValueError: a concept id is no whole number.
        """
        value = row.text(f"{stem}_source_value")
        concept, source = row.concept(f"{stem}_concept_id"), row.concept(f"{stem}_source_concept_id")
        text, reading = self.codes.read(Coded(table, concept, source, value))
        stated = () if reading.understood else self.stated(row, stem, "yes")
        return text, replace(reading, present=tuple(stated), steps=(STATING,)) if stated else reading

    def own(self, row: Row, stem: str) -> list[str]:
        """The CURIEs of a row's own concepts.

        Raises:
            ValueError: a concept id is no whole number.
        """
        concepts = (row.concept(f"{stem}_source_concept_id"), row.concept(f"{stem}_concept_id"))
        return [curie for curie in map(self.codes.curie, concepts) if curie]

    def stated(self, row: Row, stem: str, *words: str) -> list[str]:
        """The classes of those of a row's own concepts that answer a question with one of some words.

        Raises:
            ValueError: a concept id is no whole number.
        """
        said = [self.answers.stating.get(curie, ("", "")) for curie in self.own(row, stem)]
        return self.builder.of_kind({about for about, word in said if word in words}, "condition", "finding")

    def none(self, row: Row, stem: str, source: Source, keys: Sequence[str]) -> bool:
        """Whether a row says that there is none of something (of a list, a class, a part of a list), and is read.

        Raises:
            ValueError: a concept id is no whole number.
        """
        of = next((self.answers.none[curie] for curie in self.own(row, stem) if curie in self.answers.none), "")
        if of:
            self.builder.none_known(of, source, keys)
        return bool(of)

    def classes(self, reading: CodeReading, *kinds: str, present: bool = True) -> list[str]:
        """The classes of some kinds that whoever has the code has, or whoever lacks it lacks; no more than tell it."""
        fitting = self.builder.of_kind(reading.present if present else reading.absent, *kinds)
        return self.terms.telling(fitting, present)

    def observed(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Read the measurements and observations of a person."""
        for table in ("measurement", "observation"):
            for row in rows.get(table, ()):
                self._row(row, table)

    def _row(self, row: Row, table: str) -> None:
        source = Source(row.ref, row.text(f"{table}_source_value") or f"concept {row.text(f'{table}_concept_id')}")
        # What is measured is no diagnosis, so that it leaves no list of them incomplete.
        keys = MEASURED if table == "measurement" or row.text("value_as_number") else STATES
        reading, when = CodeReading(""), None
        try:
            text, reading = self.coded(row, table, table)
            when = _when(row, table)
            source = replace(source_of(row, text, when, reading), timed=True, reasons=self._conditions(row))
            started(when)
            measured, own = self.classes(reading, "number"), self.own(row, table)
            if any(self.builder.row(prop).key == AGE for prop in measured):
                self.builder.ignore(source, "the age is read from the birth date alone")
            elif any(curie in self.answers.sexes for curie in own):
                self._stated_sex(row, source)
            elif self.none(row, table, source, keys):
                return
            elif drugs := self._set_off(row, table):
                self._allergy(row, drugs, source)
            elif measured:
                self._number(row, measured, source)
            elif self.builder.events.asks(UNDERWENT) and (tests := self.classes(reading, "intervention")):
                value = row.number("value_as_number")
                self.builder.events.done(tests, source, value=None if row.concept("operator_concept_id") else value)
            else:
                self._answered(row, source, reading, own, keys)
        except ValueError as error:
            about = self.builder.of_kind({*reading.present, *reading.absent}, "condition", "finding", "number")
            self.builder.misunderstood(keys, replace(source, timed=True), str(error), about=about)

    def _set_off(self, row: Row, table: str) -> list[str]:
        """The drugs of ours that an observation says somebody is allergic to; none of one that is qualified.

        Raises:
            ValueError: a concept id is no whole number.
        """
        kinds = (row.concept(f"{table}_concept_id"), row.concept(f"{table}_source_concept_id"))
        if self.known.allergies.isdisjoint(kinds) or table != "observation":
            return []
        if row.concept("qualifier_concept_id") or row.text("qualifier_source_value"):
            return []
        reading = self.codes.meaning(row.concept("value_as_concept_id"))
        return self.classes(reading, "intervention") or self.codes.named(reading)

    def _allergy(self, row: Row, drugs: Sequence[str], source: Source) -> None:
        """An allergy that its value names: those of ours that the drug sets off, and that it was not tolerated."""
        reading = self.codes.meaning(row.concept("value_as_concept_id"))
        source = replace(source, text=f"{source.text} = {reading.name}", readings=())
        source = replace(source, steps=(*reading.steps, SET_OFF))
        if against := self.codes.words_against(row.text("observation_source_value")):
            why = f"its words take back what its code says: {against}"
            self.builder.misunderstood(STATES, source, why, MAP)
            return
        self.builder.harms.tell(drugs, source, shown(f"allergy: {reading.label}", 80))
        above = ns.expand(paths().kinds["AllergyIntolerance"].row["within"]) or ""
        if not reading.understood:
            why = f"{reason(reading, '')}; what it is called is read as far as it warns"
            self.builder.misunderstood(STATES, source, why, MAP, about=(above,))
            return
        for cls in sorted(self.codes.allergens.set_off(drugs)) or [above]:
            self.builder.fact(cls, True, source)

    def _conditions(self, row: Row) -> frozenset[str]:
        """The conditions of the diagnosis that a row is about, where it names one.

        Raises:
            ValueError: a concept id is no whole number.
        """
        if row.concept("event_field_concept_id") != self.known.about_condition:
            return frozenset()
        return self.diagnoses.get(row.text("event_id")) or frozenset({OTHER_REASON})

    def _stated_sex(self, row: Row, source: Source) -> None:
        answer = self.codes.curie(row.concept("value_as_concept_id")).partition(":")[2]
        said = answer or row.text("value_as_string") or row.text("value_source_value")
        word = paths().sexes.codes.get(said)
        source = replace(source, text=f"{source.text} = {said or 'nothing'}")
        if word == "" or not said:
            self.builder.ignore(source, "it says that the sex is not known")
        else:
            self.builder.sex(word or "", source, "stated by an observation")

    def _number(self, row: Row, measured: Sequence[str], source: Source) -> None:
        value, operator = row.number("value_as_number"), row.concept("operator_concept_id")
        unit = self.codes.curie(row.concept("unit_concept_id"))
        result = row.text("value_as_string") or row.text("value_source_value") or row.text("value_as_concept_id")
        sources = [row.text(column).strip() for column in ("value_as_string", "value_source_value")]
        why = ""
        if value is None:
            if not result and not operator:
                self.builder.ignore(source, "it has no result")
                return
            why = f"its result {result[:40]!r} is no number" if result else "its result is no number"
        elif operator and operator != self.known.equal:
            named = self.codes.concept(operator)
            sign = named.name if named else f"operator {operator}"
            why = f"its value is a bound ({sign} {value:f}), not a number"
        elif bound := next(filter(_BOUND.match, sources), ""):
            # Where the tables were filled, the sign may have been dropped from the number alone.
            why = f"its value is a bound in the source ({bound[:40]}), not a number"
        elif more := next(filter(_MORE.match, sources), ""):
            why = f"its result in the source is no single number ({shown(more, 40)})"
        elif len(measured) > 1:
            why = "its code is of more than one number"
        if why or value is None:
            self.builder.events.done((), source, about=measured)
            self.builder.misunderstood(MEASURED, source, why, _NUMBER, about=measured)
            return
        prefix, _, code = unit.partition(":")
        coded = prefix == self.known.units
        text = code if coded else row.text("unit_source_value")
        target = self.terms.by_iri[measured[0]].unit
        if not text and target[:1] != "{":
            why = f"it has no unit (wanted: {target})"
            self.builder.misunderstood(MEASURED, source, why, "Give the unit.", about=measured)
            return
        self.builder.measured(measured[0], value, text or "1", source, coded=coded or not text)

    def _answered(
        self, row: Row, source: Source, reading: CodeReading, own: Sequence[str], keys: Sequence[str]
    ) -> None:
        coded, qualifier = row.concept("value_as_concept_id"), row.concept("qualifier_concept_id")
        present = self.classes(reading, "condition", "finding")
        absent = self.classes(reading, "condition", "finding", present=False)
        said = next(filter(None, map(row.text, ("value_as_number", "value_as_string", "value_source_value"))), "")
        answer = self.codes.curie(coded)
        word = self.answers.words.get(answer, "")
        if word == "no" and source.reasons and not self.builder.of_problem(absent):
            why = "it is negative of one condition, which says nothing of others"
            self.builder.doubt({*present, *absent}, keys, source, why)
            return
        question = next((self.answers.questions[curie] for curie in own if curie in self.answers.questions), None)
        steps = source.steps
        if question is not None and (answer in question[1] or not (present or absent)):
            word = question[1].get(answer, word)
            present = absent = self.builder.of_kind({question[0]}, "condition", "finding")
            steps = (f"{answer} answers a question with {word} [fhir-paths.yaml]",)
        elif word == "no":
            steps = reading.absent_steps or steps
        elif not row.text("value_as_concept_id") and not said and reading.curie.partition(":")[0] in self.known.stating:
            word = "yes"
        source = replace(source, steps=steps)
        if not present and not absent:
            # What its own code says by itself, as an answer, it may say here.
            about = self.stated(row, row.table, "no", "doubt")
            why = reason(reading, "no number, condition or finding")
            self.builder.misunderstood(keys, source, why, MAP, about=about)
            return
        why = ""
        words = "" if qualifier else row.text("qualifier_source_value")
        if qualifier or words:
            word, why = "", f"it is qualified ({self._named(qualifier) if qualifier else shown(words, 40)})"
        elif word == "yes" and (against := self.codes.words_against(row.text(f"{row.table}_source_value"))):
            word, why = "", f"its words take back what its code says: {against}"
        elif word:
            why = f"{'having' if word == 'yes' else 'lacking'} it says nothing in our terms"
        elif coded:
            why = f"its answer is not understood ({self._named(coded)})"
        elif said:
            why = f"its answer {said[:40]!r} is no coded yes or no"
        else:
            why = "its answer has no concept (0)" if row.text("value_as_concept_id") else "it has no answer"
        note = "" if word == "yes" and present else why
        self.builder.answered(word, present, absent, source, keys, note)

    def _named(self, concept: int) -> str:
        named = self.codes.concept(concept)
        return named.text if named else f"concept {concept}"


def source_of(row: Row, text: str, when: Moment | None, reading: CodeReading) -> Source:
    """A row as the source of facts; a code of another terminology (one with an IRI) goes with them."""
    return Source(row.ref, text, when, reading.steps, (reading,) if reading.iri else ())


def started(start: Moment | None, end: date | None = None) -> date:
    """The day on which something starts.

    Raises:
        ValueError: there is none, or it ends before it starts.
    """
    if start is None or start.day is None:
        raise ValueError("it has no start date")
    if end is not None and end < start.day:
        raise ValueError(f"it ends on {end}, before it starts on {start.day}")
    return start.day


def reason(reading: CodeReading, wanted: str) -> str:
    """Why a code says nothing of what is wanted."""
    return f"its code means {wanted}" if reading.understood else "; ".join(reading.steps) or "no mapping is known"


def _when(row: Row, table: str) -> Moment | None:
    """The moment of a row: its time where that is on the row's day, else its day."""
    day, exact = row.moment(f"{table}_date"), None
    try:
        exact = row.moment(f"{table}_datetime")
    except ValueError:
        return day
    return exact if exact and day and exact.day == day.day else day
