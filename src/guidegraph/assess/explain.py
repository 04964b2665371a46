"""The proof of a therapy's status: every statement with its literals, their values and the facts behind them."""

from __future__ import annotations

from typing import Any

from guidegraph.assess.answer import therapy_entry
from guidegraph.assess.assessment import (
    ABSOLUTE,
    AGAINST,
    CAUTIONED,
    FALSE,
    FOR,
    INACTIVE,
    TRUE,
    UNKNOWN,
    Assessment,
)
from guidegraph.knowledge import describe

_ROLES = ((FOR, "for"), (AGAINST, "against"), (ABSOLUTE, "contraindication"), (CAUTIONED, "warning"))
_ORDER = {TRUE: 0, UNKNOWN: 1, FALSE: 2, INACTIVE: 3}


def _literal(found: Assessment, iri: str, positive: bool) -> dict[str, Any]:
    atom = found.atom(iri)
    own = found.truth(iri)
    nested = [_branch(found, b) for b in found.records.branches.get(atom.names, ())] if atom.names else []
    row: dict[str, Any] = {
        "text": found.book.label(atom, positive),
        "negated": not positive,
        "truth": found.literal_truth(iri, positive),
        "fact": found.book.deciding(found.profile, atom, own),
    }
    return {**row, "branches": nested} if nested else row


def _branch(found: Assessment, branch: tuple[tuple[str, bool], ...]) -> dict[str, Any]:
    literals = [_literal(found, atom, positive) for atom, positive in branch]
    ordered = sorted(literals, key=lambda row: (row["negated"], row["text"]))
    return {"truth": found.branch_truth(branch), "literals": ordered}


def _proof(found: Assessment, statement: str, role: str) -> dict[str, Any]:
    records = found.records
    document = records.one(statement, "statedIn")
    branches = [_branch(found, b) for b in records.branches.get(records.population(statement), ())]
    return {
        "role": role,
        "id": describe.name(statement),
        "label": records.label(statement),
        "truth": found.truth(statement),
        "document": describe.document(records, document),
        "reports": [describe.document(records, d) for d in records.all(statement, "reports")],
        "locator": describe.locator(records, statement),
        "branches": sorted(branches, key=lambda row: (_ORDER[row["truth"]], str(row["literals"]))),
    }


def proof(found: Assessment, therapy: str) -> list[dict[str, Any]]:
    """Every statement that bears on the therapy, the true ones first within each role."""
    limits, apart = found.limits.get(therapy, frozenset()), found.apart.get(therapy, frozenset())
    rows: list[tuple[str, str]] = []
    for role, shown in _ROLES:
        rows += [
            ("limit" if s in limits else "both apply" if s in apart else shown, s)
            for s in found.statements(therapy, role)
        ]
    called = found.records.edges.get(therapy, {}).get("callsFor", ())
    rows += [("alert", a) for a in found.records.alerts if a not in called and found.truth(a) != INACTIVE]
    rows += [("coverage", r) for r in sorted(found.coverage.get(therapy, ()))]
    proofs = [(i, _proof(found, s, role)) for i, (role, s) in enumerate(rows)]
    roles = {
        "for": 0,
        "against": 1,
        "limit": 2,
        "both apply": 2,
        "contraindication": 3,
        "warning": 4,
        "alert": 5,
        "coverage": 6,
    }
    proofs.sort(key=lambda pair: (roles[pair[1]["role"]], _ORDER[pair[1]["truth"]], pair[1]["label"], pair[1]["id"]))
    return [row for _, row in proofs]


def explanation(found: Assessment, therapy: str, change: dict[str, Any]) -> dict[str, Any]:
    """The explanation of one therapy's status in the published JSON form (schema/explain.schema.json)."""
    return {
        "as_of": found.as_of.isoformat(),
        "profile": {"id": found.profile.id, "label": found.profile.label},
        "therapy": therapy_entry(found, therapy),
        "proof": proof(found, therapy),
        "change": change,
    }
