"""From records in other forms (FHIR, tables of a data model) to profiles, with a report of every entry."""

from __future__ import annotations

from guidegraph.intake.builder import ProfileBuilder
from guidegraph.intake.concepts import Code, CodeReader, Concepts, Meaning
from guidegraph.intake.report import Entry, IntakeReport
from guidegraph.intake.units import Converted, Units

__all__ = [
    "Code",
    "CodeReader",
    "Concepts",
    "Converted",
    "Entry",
    "IntakeReport",
    "Meaning",
    "ProfileBuilder",
    "Units",
]
