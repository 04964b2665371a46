"""What contraindicates a therapy for one patient, or warns of it, as rows of an answer."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from guidegraph.assess.assessment import ABSOLUTE, ANOTHER_COUNTRY, CAUTIONED, FOR, NOTED, TRUE, Assessment
from guidegraph.assess.voices import described, ordered, through
from guidegraph.knowledge import describe

if TYPE_CHECKING:
    from guidegraph.forms import Contraindication


def contraindications(assessment: Assessment, therapy: str) -> list[Contraindication]:
    """What contraindicates a therapy or warns of it: statements, rules of coverage, then notes."""
    records, truth = assessment.records, assessment.truth
    own = [s for role in (ABSOLUTE, CAUTIONED) for s in assessment.statements(therapy, role)]
    rows = [_contraindication(assessment, therapy, s, truth(s)) for s in ordered(assessment, own)]
    for rule in sorted(assessment.coverage.get(therapy, ())):
        carrying = assessment.held(assessment.statements(therapy, FOR))
        documents = sorted({records.one(s, "statedIn") for s in carrying})
        rows.append(describe.coverage(records, rule, documents, truth(rule)))
    notes = ordered(assessment, assessment.statements(therapy, NOTED))
    return rows + [_contraindication(assessment, therapy, s, TRUE) for s in notes]


def _contraindication(assessment: Assessment, therapy: str, statement: str, truth: str) -> Contraindication:
    key = ("contraindication", statement, truth)
    row: Contraindication = assessment.once(key, lambda: _warning(assessment, statement, truth))
    part = through(assessment, therapy, statement)
    return {**row, "through": part} if part else row


def _warning(assessment: Assessment, statement: str, truth: str) -> Contraindication:
    row: Contraindication = described(assessment, describe.contraindication, statement, truth)
    row["through"] = None
    row["because"] = "" if row["note"] or truth != TRUE else holding(assessment, statement)
    return row


def stated_elsewhere(assessment: Assessment, therapy: str) -> list[Contraindication]:
    """The contraindications and warnings of other countries that would be true."""
    abroad = assessment.once(("abroad",), lambda: _abroad(assessment))
    if not abroad:
        return []
    edges = assessment.records.edges.get(therapy, {})
    found = [s for role in (ABSOLUTE, CAUTIONED) for s in edges.get(role, ()) if s in abroad]
    held = (s for s in ordered(assessment, found) if assessment.truth(assessment.records.criterion(s)) == TRUE)
    return [_contraindication(assessment, therapy, s, TRUE) for s in held]


def _abroad(assessment: Assessment) -> frozenset[str]:
    """What does not count since it is of another country."""
    return frozenset(s for s, why in assessment.because.items() if why == ANOTHER_COUNTRY)


def holding(assessment: Assessment, statement: str) -> str:
    """The facts of the patient by which a statement's population holds, in words."""
    return "; ".join(assessment.words(a, positive) for a, positive in assessment.held_by(statement))


def stated_as(assessment: Assessment, cls: str, told: Collection[str] = ()) -> str:
    """As what narrower things a term was stated, in brackets: a reader looks for the words that were written.

    None of ``told`` is said again.

    Names are those of lexicon and terminologies, so that a glance in plain words has none.
    """
    if assessment.filing is not None:
        return ""
    readings = [
        r for r in assessment.profile.readings if cls in r.not_tolerated or (cls in r.present and cls not in r.absent)
    ]
    names = dict.fromkeys(r.label for r in readings if r.label and r.label not in told)
    return f" ({', '.join(names)})" if names else ""


def harms(assessment: Assessment, therapy: str) -> list[str]:
    """What of a therapy was not tolerated (itself, a class of it, a part), sorted, each with the words that say so."""
    bad = assessment.not_tolerated.get(therapy, ())
    return sorted(assessment.records.label(one) + stated_as(assessment, one) for one in bad)
