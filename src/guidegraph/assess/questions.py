"""What to find out next: unknown facts, ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from guidegraph.assess.assessment import ABSOLUTE, FOR, TRUE, Assessment
from guidegraph.forms import OpenFact, Question
from guidegraph.knowledge.facts import Fact
from guidegraph.knowledge.records import Atom
from guidegraph.model import STATUSES
from guidegraph.termreadings import plain

UNFILED = "contraindications not on file"


class Open(NamedTuple):
    """An unknown atom that could still change a therapy's status, through a statement in a role."""

    role: str
    statement: str
    atom: str


@dataclass
class _Question:
    fact: Fact
    therapies: set[str] = field(default_factory=set)
    alert: bool = False
    absolute: bool = False


def _by_role(assessment: Assessment, therapy: str, matters: str) -> Iterable[tuple[str, str]]:
    """The statements of the roles that matter, each with the letter of its role."""
    if "c" in matters:
        yield from (("c", s) for s in assessment.statements(therapy, ABSOLUTE))
    if "f" in matters:
        yield from (("f", s) for s in assessment.statements(therapy, FOR))
    if "g" in matters:
        yield from (("g", s) for s in assessment.opposing(therapy))
    if "r" in matters:
        yield from (("r", s) for s in assessment.cautions(therapy))


def open_facts(assessment: Assessment, therapy: str) -> list[Open]:
    """The unknown facts that could still change a therapy's status, in a fixed order."""
    matters = STATUSES[assessment.statuses[therapy]].open
    return [
        Open(role, statement, atom)
        for role, statement in _by_role(assessment, therapy, matters)
        for atom in assessment.open_atoms(statement)
    ]


def every_open_fact(assessment: Assessment) -> dict[str, list[Open]]:
    """The open facts of each therapy."""
    return {therapy: open_facts(assessment, therapy) for therapy in sorted(assessment.statuses)}


def asked(assessment: Assessment, iri: str) -> Fact | None:
    """What an unknown atom is asked through: its number while a reading takes it from one that is not stated.

    None where the number is stated and definitions differ on it: nobody could tell.
    """
    atom = assessment.atom(iri)
    if (atom.prop, atom.cls) in assessment.settled.disputed:
        return None
    number = assessment.book.asked_through(atom, assessment.profile.values) if atom.cls else ""
    return assessment.book.number(number) if number else assessment.book.fact(atom)


def differing(assessment: Assessment, atom: Atom) -> str:
    """That definitions of a term differ at the patient's number, in words."""
    rule = assessment.settled.disputed[atom.prop, atom.cls]
    number = assessment.book.short(rule.given)
    value = plain(assessment.profile.values[rule.given])
    return f"{assessment.book.label(atom)}: sources differ at {number} {value} ({rule.why})"


def questions(assessment: Assessment, unknown: Mapping[str, Iterable[Open]]) -> list[Question]:
    """The unknown facts: alerts first, then by how many therapies each could still change, absolute ones before others.

    What is a matter of consent or procedure is shown with the therapy and not asked here.

    Args:
        unknown: the open facts of each therapy.
    """
    table: dict[str, _Question] = {}
    records = assessment.records

    def entry(fact: Fact) -> _Question:
        known = table.get(fact.fact)
        if known is None:
            known = table[fact.fact] = _Question(fact)
        return known

    for therapy, rows in unknown.items():
        for role, statement, atom in rows:
            if records.one(statement, "consentOrProcedure") == "true":
                continue
            fact = asked(assessment, atom)
            if fact is None:
                continue
            question = entry(fact)
            question.therapies.add(therapy)
            question.absolute |= role == "c"
    for alert in records.alerts:
        for atom in assessment.open_atoms(alert):
            if (fact := asked(assessment, atom)) is not None:
                entry(fact).alert = True
    ranked = sorted(
        table.values(), key=lambda q: (not q.alert, -len(q.therapies), not q.absolute, q.fact.label, q.fact.fact)
    )
    return [
        {
            "fact": q.fact.fact,
            "label": q.fact.label,
            "key": q.fact.key,
            "therapies": len(q.therapies),
            "alert": q.alert,
            "absolute": q.absolute,
        }
        for q in ranked
    ]


def to_establish(assessment: Assessment, therapy: str, unknown: Iterable[Open]) -> list[OpenFact]:
    """The facts to establish for a therapy, each with two of the statements that it matters to."""
    why: dict[str, set[str]] = defaultdict(set)
    facts: dict[str, str | None] = {}
    for _, statement, atom in unknown:
        fact = asked(assessment, atom)
        label = fact.label if fact else differing(assessment, assessment.atom(atom))
        facts.setdefault(label, fact.fact if fact else None)
        why[label].add(assessment.records.label(statement))
    rows: list[OpenFact] = [
        {"fact": facts[label], "label": label, "why": sorted(why[label])[:2]} for label in sorted(why)
    ]
    recommended = assessment.statements(therapy, FOR)
    if therapy in assessment.unfiled and any(assessment.truth(s) == TRUE for s in recommended):
        rows.insert(0, {"fact": None, "label": UNFILED, "why": []})
    return rows
