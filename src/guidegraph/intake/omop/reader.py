"""What all readers of CDM rows share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import CodeReader
from guidegraph.intake.dates import Moment
from guidegraph.intake.facts import Source
from guidegraph.intake.fhir.table import table
from guidegraph.intake.omop.cdm import Conventions
from guidegraph.intake.omop.concepts import Coded, Vocabularies
from guidegraph.intake.omop.values import Row
from guidegraph.intake.units import Units
from guidegraph.model import CodeReading
from guidegraph.profile import Vocabulary

#: Lists of a profile that an entry which is not understood leaves incomplete: a diagnosis may be held as a finding.
STATES = ("conditions", "findings")
#: The profile key of the age, which is read from the birth date alone.
AGE = "age"


@dataclass(frozen=True)
class Answers:
    """What coded answers say (yes, no, doubt), and the questions whose answers name a state, by CURIE."""

    words: Mapping[str, str]
    questions: Mapping[str, tuple[str, Mapping[str, str]]]


def answers(codes: CodeReader) -> Answers:
    """The answers and questions of ontology/links/fhir-paths.yaml, which stand in records of every kind."""

    def curies(words: Mapping[tuple[str, str], str]) -> dict[str, str]:
        return {
            f"{prefix}:{code}": word for (system, code), word in words.items() if (prefix := codes.prefix_of(system))
        }

    known = table()
    questions = {
        f"{prefix}:{code}": (about, curies(words))
        for (system, code), (about, words) in known.questions.items()
        if (prefix := codes.prefix_of(system))
    }
    return Answers(curies(known.answers), questions)


@dataclass
class Reader:
    """What reads the rows of one person into a builder.

    ``one_day`` says that a diagnosis of one single day counts as present.
    """

    builder: ProfileBuilder
    codes: Vocabularies
    terms: Vocabulary
    known: Conventions
    units: Units
    answers: Answers
    one_day: bool = False

    def coded(self, row: Row, table: str, stem: str) -> tuple[str, CodeReading]:
        """The text of a row's code, and what it says.

        Raises:
            ValueError: a concept id is no whole number.
        """
        value = row.text(f"{stem}_source_value")
        concept, source = row.concept(f"{stem}_concept_id"), row.concept(f"{stem}_source_concept_id")
        return self.codes.read(Coded(table, concept, source, value))

    def classes(self, reading: CodeReading, *kinds: str, present: bool = True) -> list[str]:
        """The classes of some kinds that whoever has the code has, or whoever lacks it lacks; no more than tell it."""
        found = self.builder.of_kind(reading.present if present else reading.absent, *kinds)
        return self.terms.telling(found, present)


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
