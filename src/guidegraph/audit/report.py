"""An audit as plain data: the published JSON form (schema/audit.schema.json)."""

from __future__ import annotations

from typing import Any

from guidegraph.audit.engine import Audit
from guidegraph.audit.finding import Finding
from guidegraph.audit.kinds import SEVERITIES
from guidegraph.knowledge import describe


def finding(found: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "id": found.id,
        "kind": found.kind,
        "title": found.title,
        "severity": found.severity,
        "node": describe.name(found.node),
        "iri": found.node,
        "label": found.label,
        "document": describe.name(found.document) if found.document else None,
        "locator": found.locator or None,
        "evidence": list(found.evidence),
        "mend": found.mend,
    }


def report(audit: Audit, *, software: str, digest: str) -> dict[str, Any]:
    """The findings and a summary of what was looked at."""
    request = audit.request
    reasons = request.accepted
    return {
        "findings": [finding(f) for f in audit.findings],
        "accepted": [
            {
                **finding(f),
                "reason": reasons[f.id].reason,
                "expires": reasons[f.id].expires.isoformat() if reasons[f.id].expires else None,  # type: ignore[union-attr]
            }
            for f in audit.accepted
        ],
        "summary": {
            "as_of": request.as_of.isoformat(),
            "document": describe.name(request.document) if request.document else None,
            "severity": request.severity,
            "documents": audit.documents,
            "statements": audit.statements,
            "counts": audit.counts(),
            "accepted": len(audit.accepted),
            "baseline": {"stale": list(audit.stale), "lapsed": list(audit.lapsed)},
            "compared_texts": [describe.name(d) for d in request.compared],
            "complete": audit.complete,
            "not_run": [{"kind": kind, "reason": reason} for kind, reason in audit.not_run],
            "kinds": [
                {
                    "kind": kind.name,
                    "severity": kind.query.severity,
                    "title": kind.query.title,
                    "question": kind.query.question,
                    "why": kind.query.why,
                    "mend": kind.query.mend,
                    "empty_means": kind.query.empty_means,
                    "digest": kind.query.digest,
                    "found": sum(f.kind == kind.name for f in audit.findings),
                }
                for kind in audit.kinds
            ],
            "severities": dict(SEVERITIES),
            "graph": digest,
            "software": software,
        },
    }
