"""Tests and procedures done, and supplies, in CQL: the same windows and values, with null for what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.cqlfacts import listed, string
from guidegraph.knowledge.atoms import Atom
from guidegraph.termreadings import SUPPLIED, UNDERWENT, pointed


def _number(extension: str) -> str:
    url = string(fhir.EXTENSION + extension)
    return f"First((R.extension) N where N.url.value = {url} return (N.value as FHIR.Quantity).value.value)"


def _findings(extension: str) -> str:
    inner = "(N.value as FHIR.Coding).system.value + (N.value as FHIR.Coding).code.value"
    return f"((R.extension) N where N.url.value = {string(fhir.EXTENSION + extension)} return {inner})"


def _events(prop: str, source: str, codes: str, value: str) -> str:
    return f"""\
  {source} R
    where exists ((R.extension) N where N.url.value = {string(fhir.EXTENSION + "event")})
    return Tuple {{
      list: {string(prop)},
      denied: exists ((R.modifierExtension) M where M.url.value = {string(fhir.EXTENSION + "denied")}
        and (M.value as FHIR.boolean).value),
      codes: (({codes}) X return X.system.value + X.code.value),
      shows: {_findings("showed")},
      lacks: {_findings("lacked")},
      fewest: {_number("days-since")},
      largest: {_number("days-since-most")},
      value: {value} }}"""


#: The facts that such atoms read, from the resources that ``guidegraph export patient`` writes for them.
FACTS = f"""\
define "Tests and procedures":
{_events(UNDERWENT, "[Observation]", "R.code.coding", "(R.value as FHIR.Quantity).value.value")}

define "Supplies":
{
    _events(
        SUPPLIED,
        "[MedicationDispense]",
        "(R.medication as FHIR.CodeableConcept).coding",
        "R.daysSupply.value.value",
    )
}

define "Care events":
  "Tests and procedures" union "Supplies"

define "Had care events":
  ("Care events") E where not E.denied

define "Denied care events":
  ("Care events") E where E.denied"""


def _days(atom: Atom) -> list[tuple[str, Decimal]]:
    return list(atom.limits) if atom.bounded else []


def _values(atom: Atom) -> list[tuple[str, Decimal]]:
    return list(atom.value.limits) if atom.valued else []


def words(atom: Atom) -> str:
    """The bounds of such an atom, for the name of its define."""
    parts = [f"days {sign} {bound.normalize():f}" for sign, bound in _days(atom)]
    return " ".join([*parts, *(f"value {sign} {bound.normalize():f}" for sign, bound in _values(atom))])


def held(atom: Atom, bringing: Iterable[str], findings: Iterable[str]) -> str:
    """One event that surely is as wanted: ``bringing`` are the classes at or below the atom's, ``findings`` those at or
    below what it is to have shown."""
    tests = [f"E.list = {string(atom.prop)}", f"exists ((E.codes) C where C in {listed(bringing)})"]
    if atom.showed:
        tests.append(f"exists ((E.shows) S where S in {listed(findings)})")
    ends = {">": "fewest", "<": "largest"}
    tests += [f"E.{ends[sign[0]]} {sign} {pointed(bound)}" for sign, bound in _days(atom)]
    tests += [f"E.value {sign} {pointed(bound)}" for sign, bound in _values(atom)]
    # A range that every number is in asks for a number.
    tests += ["E.largest is not null"] * atom.bounded + ["E.value is not null"] * atom.valued
    return f'exists (("Had care events") E where {" and ".join(tests)})'


def denied(atom: Atom, brought: Iterable[str], findings: Iterable[str]) -> str:
    """A denial that covers it: ``brought`` are the classes at or above the atom's, ``findings`` those at or above what
    it is to have shown."""
    tests = [f"E.list = {string(atom.prop)}", f"exists ((E.codes) C where C in {listed(brought)})"]
    shown = f" or exists ((E.shows) S where S in {listed(findings)})" if atom.showed else ""
    tests.append(f"(not exists (E.shows){shown})")
    within = [f"E.largest >= {pointed(bound)}" for sign, bound in _days(atom) if sign[0] == "<"]
    tests.append(f"({' or '.join(['E.largest is null', *within])})")
    return f'exists (("Denied care events") E where {" and ".join(tests)})'


def perhaps(atom: Atom, near: Iterable[str], findings: Iterable[str]) -> str:
    """An event that may be as wanted: ``near`` are the classes that a fact of the atom's may belong to as well,
    ``findings`` those at or above what it is to have shown."""
    tests = [f"E.list = {string(atom.prop)}", f"exists ((E.codes) C where C in {listed(near)})"]
    outside = {">=": ("largest", "<"), ">": ("largest", "<="), "<=": ("fewest", ">"), "<": ("fewest", ">=")}
    aside = [f"E.{outside[sign][0]} {outside[sign][1]} {pointed(bound)}" for sign, bound in _days(atom)]
    aside += [f"E.value {outside[sign][1]} {pointed(bound)}" for sign, bound in _values(atom)]
    tests += [f"not Coalesce({one}, false)" for one in aside]
    if atom.showed:
        tests.append(f"not exists ((E.lacks) S where S in {listed(findings)})")
    return f'exists (("Had care events") E where {" and ".join(tests)})'
