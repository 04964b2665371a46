"""What to find out next: unknown facts, ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from guidegraph.assess.assessment import ABSOLUTE, FOR, TRUE, UNKNOWN, Assessment
from guidegraph.knowledge.facts import Fact

#: For each status the roles whose unknown statements could still change it, from the order of the rows in the
#: table of statuses: c absolute contraindications, f for, g against, r cautions.
_MATTERS = {
    "contraindicated": "",
    "contested": "c",
    "advised-against": "cf",
    "caution": "cg",
    "provisional": "cgr",
    "eligible": "",
    "undetermined": "cfg",
    "not-indicated": "c",
}


@dataclass
class _Question:
    fact: Fact
    therapies: set[str] = field(default_factory=set)
    alert: bool = False
    absolute: bool = False


def _by_role(found: Assessment, therapy: str) -> Iterable[tuple[str, str]]:
    yield from (("c", s) for s in found.statements(therapy, ABSOLUTE))
    yield from (("f", s) for s in found.statements(therapy, FOR))
    yield from (("g", s) for s in found.opposing(therapy))
    yield from (("r", s) for s in found.cautions(therapy))


def open_facts(found: Assessment, therapy: str) -> list[tuple[str, str, str]]:
    """The unknown facts that could still change a therapy's status: (role, statement, atom), in a fixed order."""
    matters = _MATTERS[found.statuses.get(therapy, "not-indicated")]
    return [
        (role, statement, atom)
        for role, statement in _by_role(found, therapy)
        if role in matters
        for atom in found.open_atoms(statement)
    ]


def _consent(found: Assessment, statement: str) -> bool:
    return found.records.one(statement, "consentOrProcedure") == "true"


def questions(found: Assessment) -> list[dict[str, Any]]:
    """The unknown facts: alerts first, then by how many therapies each could still change, absolute ones before others.

    What is a matter of consent or procedure is shown with the therapy and not asked here.
    """
    table: dict[str, _Question] = {}

    def entry(atom: str) -> _Question:
        fact = found.book.fact(found.atom(atom))
        return table.setdefault(fact.fact, _Question(fact))

    for therapy in sorted(found.statuses):
        for role, statement, atom in open_facts(found, therapy):
            if _consent(found, statement):
                continue
            question = entry(atom)
            question.therapies.add(therapy)
            question.absolute |= role == "c"
    for alert in found.records.alerts:
        for atom in found.open_atoms(alert):
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
        }
        for q in ranked
    ]


def to_confirm(found: Assessment, therapy: str) -> list[str]:
    """The facts to establish for a therapy, in words, with what makes each matter."""
    why: dict[str, set[str]] = defaultdict(set)
    for _, statement, atom in open_facts(found, therapy):
        why[found.book.fact(found.atom(atom)).label].add(found.records.label(statement))
    texts = [f"{label} ({'; '.join(sorted(reasons)[:2])})" for label, reasons in sorted(why.items())]
    if therapy in found.unfiled and any(found.truth(s) == TRUE for s in found.statements(therapy, FOR)):
        texts.insert(0, "contraindications not on file")
    return texts


def undecided(found: Assessment, statements: Iterable[str]) -> list[str]:
    """The statements of a list whose truth for the patient is unknown."""
    return [s for s in statements if found.truth(s) == UNKNOWN]
