"""The proof of a therapy's status: every statement with its literals, their values and the facts behind them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from guidegraph.assess.assessment import (
    ABSOLUTE,
    AGAINST,
    CAUTIONED,
    FOR,
    INACTIVE,
    OTHER,
    TRUE,
    TRUTH_ORDER,
    UNKNOWN,
    Assessment,
)
from guidegraph.assess.course import every_trial
from guidegraph.assess.entry import Behind, Entry
from guidegraph.assess.problem import problem
from guidegraph.assess.questions import open_statements
from guidegraph.derived import Branch, Change, Explanation, Literal, Proof
from guidegraph.forms import MadeFrom, Therapy
from guidegraph.knowledge import describe
from guidegraph.knowledge.encodings import encoding_review
from guidegraph.model import plain_copy

_ROLES = (
    (FOR, "for"),
    (AGAINST, "against"),
    (ABSOLUTE, "contraindication"),
    (CAUTIONED, "warning"),
    (OTHER, "other stance"),
)
_ORDER = {**TRUTH_ORDER, INACTIVE: 3}


def _literal(assessment: Assessment, iri: str, positive: bool, clock: frozenset[str] = frozenset()) -> Literal:
    atom = assessment.atom(iri)
    if iri in clock:
        fact = "belongs to a problem, and need not be about the one asked about"
        return {
            "text": assessment.book.label(atom, positive),
            "negated": not positive,
            "truth": UNKNOWN,
            "fact": fact,
        }
    own = assessment.truth(iri)
    nested = [_branch(assessment, b) for b in assessment.records.branches.get(atom.names, ())] if atom.names else []
    row: Literal = {
        "text": assessment.book.label(atom, positive),
        "negated": not positive,
        "truth": assessment.literal_truth(iri, positive),
        "fact": assessment.book.deciding(assessment.settled, atom, own),
    }
    if nested:
        row["branches"] = nested
    return row


def _branch(
    assessment: Assessment, branch: tuple[tuple[str, bool], ...], clock: frozenset[str] = frozenset()
) -> Branch:
    literals = [_literal(assessment, atom, positive, clock) for atom, positive in branch]
    ordered = sorted(literals, key=lambda row: (row["negated"], row["text"]))
    decided = assessment.branch_truth(tuple(literal for literal in branch if literal[0] not in clock))
    truth = UNKNOWN if decided == TRUE and not clock.isdisjoint(atom for atom, _ in branch) else decided
    return {"truth": truth, "literals": ordered}


def _proof(assessment: Assessment, statement: str, role: str) -> Proof:
    records = assessment.records
    document = records.one(statement, "statedIn")
    branches = [
        _branch(assessment, b, assessment.clock(statement))
        for b in records.branches.get(records.criterion(statement), ())
    ]
    row: Proof = {
        "role": role,
        "id": describe.name(statement),
        "label": records.label(statement),
        "truth": assessment.truth(statement),
        "document": describe.document(records, document, records.issued_of(statement)),
        "reports": [describe.document(records, d) for d in records.all(statement, "reports")],
        "locator": describe.locator(records, statement),
        "branches": sorted(branches, key=lambda row: (_ORDER[row["truth"]], str(row["literals"]))),
    }
    if review := encoding_review(records, statement):
        row["encoding_review"] = review
    return row


def proof(assessment: Assessment, therapy: str) -> list[tuple[str, Proof]]:
    """Every statement (IRI) that bears on the therapy with its proof, the true ones first within each role."""
    limits, apart = assessment.limits.get(therapy, frozenset()), assessment.apart.get(therapy, frozenset())
    rows: list[tuple[str, str]] = []
    for role, shown in _ROLES:
        rows += [
            ("limit" if s in limits else "both apply" if s in apart else shown, s)
            for s in assessment.statements(therapy, role)
        ]
    rows += [("alert", a) for a in assessment.burdens(therapy)]
    rows += [("coverage", r) for r in sorted(assessment.coverage.get(therapy, ()))]
    proofs = [(s, _proof(assessment, s, role)) for role, s in rows]
    roles = {
        "for": 0,
        "against": 1,
        "limit": 2,
        "both apply": 2,
        "other stance": 3,
        "contraindication": 4,
        "warning": 5,
        "alert": 6,
        "coverage": 7,
    }
    proofs.sort(key=lambda pair: (roles[pair[1]["role"]], _ORDER[pair[1]["truth"]], pair[1]["label"], pair[1]["id"]))
    return proofs


def explanation(
    assessment: Assessment,
    therapy: str,
    change: Change,
    behind: Behind,
    made_from: MadeFrom,
    boundary: Iterable[str] = (),
) -> Explanation:
    """The explanation of one therapy's status in the published JSON form (schema/explain.schema.json).

    Args:
        change: the smallest change that would make it eligible.
        behind: finds the disagreements behind its status.
        made_from: what reproduces it.
        boundary: the terms on which definitions differ, where it is positive only there.
    """
    proofs = proof(assessment, therapy)
    tried = every_trial(assessment).get(therapy, ())
    entry = Entry(assessment, therapy, open_statements(assessment, therapy), behind, boundary, tried)
    told: Explanation = {
        "as_of": assessment.as_of.isoformat(),
        "profile": {"id": assessment.profile.id, "label": assessment.profile.label},
        "problem": problem(assessment),
        "therapy": cast("Therapy", plain_copy(dict(entry))),
        "proof": [row for _, row in proofs],
        "change": change,
        "unread": describe.unread(assessment.records),
        "imprecise": describe.imprecise(assessment.records, assessment.as_of, [statement for statement, _ in proofs]),
        "sources": [],
        "made_from": made_from,
    }
    told["sources"] = describe.sources(assessment.records, told)
    return told
