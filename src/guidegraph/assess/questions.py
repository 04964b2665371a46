"""What to find out next: unknown facts, ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from guidegraph.assess.assessment import ABSOLUTE, FOR, UNKNOWN, Assessment
from guidegraph.assess.course import trials_made
from guidegraph.forms import OpenFact, Question
from guidegraph.knowledge.facts import Fact
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES


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
    collective: bool = False


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
    """The unknown facts of a therapy, in a fixed order.

    Those that may contraindicate it, advise against it or call for caution, and those that could still change the
    status.
    """
    matters = "".join(sorted({*"cgr", *STATUSES[assessment.statuses[therapy]].open}))
    return [
        Open(role, statement, atom)
        for role, statement in _by_role(assessment, therapy, matters)
        for atom in assessment.open_atoms(statement)
    ]


def alert_signs_only(assessment: Assessment, therapy: str) -> bool:
    """Whether a therapy is provisional on nothing but unknown signs of alerts."""
    if assessment.statuses[therapy] != "provisional":
        return False
    others = (s for _, s in _by_role(assessment, therapy, "cgr") if s not in assessment.records.alerts)
    return all(assessment.truth(s) != UNKNOWN for s in others)


def every_open_fact(assessment: Assessment) -> dict[str, list[Open]]:
    """The open facts of each therapy."""
    return {therapy: open_facts(assessment, therapy) for therapy in sorted(assessment.statuses)}


def questions(assessment: Assessment, unknown: Mapping[str, Iterable[Open]]) -> list[Question]:
    """The unknown facts: alerts first, then by how many therapies each could still change, absolute ones before others.

    What is a matter of consent or procedure is shown with the therapy and not asked here.

    Args:
        unknown: the open facts of each therapy.
    """
    table: dict[str, _Question] = {}
    records = assessment.records

    def entry(atom: str) -> _Question:
        fact = assessment.book.fact(assessment.atom(atom))
        known = table.get(fact.fact)
        if known is None:
            asked = assessment.atom(atom)
            whole = asked.prop == gg("hasTrial") and asked.cls in records.collectives
            known = table[fact.fact] = _Question(fact, collective=whole)
        return known

    for therapy, rows in unknown.items():
        changing = STATUSES[assessment.statuses[therapy]].open
        for role, statement, atom in rows:
            if role not in changing:
                continue
            if records.one(statement, "consentOrProcedure") == "true":
                continue
            question = entry(atom)
            question.therapies.add(therapy)
            question.absolute |= role == "c"
    for alert in records.alerts:
        for atom in assessment.open_atoms(alert):
            entry(atom).alert = True
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
            "trials": trials_made(assessment) if q.collective else [],
        }
        for q in ranked
    ]


def to_establish(assessment: Assessment, unknown: Iterable[Open]) -> list[OpenFact]:
    """The facts to establish for a therapy, signs of alerts last, each with two of the statements it matters to."""
    why: dict[str, set[str]] = defaultdict(set)
    facts: dict[str, str] = {}
    own: set[str] = set()
    for _, statement, atom in unknown:
        fact = assessment.book.fact(assessment.atom(atom))
        facts.setdefault(fact.label, fact.fact)
        why[fact.label].add(assessment.records.label(statement))
        if statement not in assessment.records.alerts:
            own.add(fact.label)
    return [
        {"fact": facts[label], "label": label, "why": sorted(why[label])[:2], "alert": label not in own}
        for label in sorted(why, key=lambda label: (label not in own, label))
    ]
