"""Auditing a knowledge base: findings on its provenance, and what primaries say of a document's claims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypedDict

from guidegraph import namespaces as ns
from guidegraph.audit.baseline import Accepted, read_baseline, write_baseline
from guidegraph.audit.corroborate import Corroboration
from guidegraph.audit.engine import Audit, Auditor, Request
from guidegraph.audit.kinds import SEVERITIES, Finding
from guidegraph.errors import DocumentError, UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.named import find_document
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.validate import passages as verify
from guidegraph.validate.texts import read_document


@dataclass(frozen=True)
class AuditReport:
    """An audit in its published form, and as it was found.

    Attributes:
        audit: the audit itself.
        data: the published JSON form (schema/audit.schema.json).
    """

    audit: Audit
    data: Mapping[str, Any]

    def baseline(self) -> str:
        """A baseline to start from, as YAML: every finding with an empty reason."""
        return write_baseline(self.audit.findings)

    def fails(self, severity: str) -> bool:
        """Whether a finding is of that severity or graver.

        Raises:
            UsageError: the severity is unknown.
        """
        levels = list(SEVERITIES)
        least = levels.index(_severity(severity))
        return any(levels.index(f.severity) <= least for f in self.audit.findings)


def _severity(text: str) -> str:
    if text not in SEVERITIES:
        raise UsageError(f"unknown severity {text!r}", where="--severity", mend=f"Use {', '.join(SEVERITIES)}.")
    return text


class AuditOptions(TypedDict, total=False):
    """What to audit.

    ``document``: only findings on this document and what it states; its claims are then also held against the primaries
    in the graph (``corroboration`` in the data). ``severity``: only findings of this severity or graver: error,
    warning, note. ``as_of``: the day at which things must be in effect; today if None. ``maximum_age``: years after
    which a document is older than the reader accepts; no limit if None. ``baseline``: a file of accepted findings, each
    with a reason. ``texts``: texts of documents, to be compared with the digests of their places. ``kinds``: query
    files of the kinds of finding; the shipped ones if None.
    """

    document: str | None
    severity: str
    as_of: date | None
    maximum_age: int | None
    baseline: str | Path | None
    texts: Sequence[str | Path]
    kinds: Sequence[Path] | None


def audit(
    knowledge: Knowledge,
    auditor: Auditor,
    document: str | None = None,
    severity: str = "note",
    as_of: date | None = None,
    maximum_age: int | None = None,
    baseline: str | Path | None = None,
    texts: Sequence[str | Path] = (),
    kinds: Sequence[Path] | None = None,
) -> AuditReport:
    """What is wrong with the provenance of the statements, each finding with its evidence and how to mend it.

    Args: see :class:`AuditOptions`; ``auditor`` is the auditor of the knowledge.

    Raises:
        UsageError: an argument cannot be understood, or the baseline cannot be used.
        DocumentError: a text cannot be read or belongs to no document.
        KnowledgeError: there is nothing to audit, or a kind's file cannot be used.
    """
    if maximum_age is not None and maximum_age < 0:
        raise UsageError(f"{maximum_age} years is no age", where="--older-than", mend="Give 0 or more.")
    knowledge.load_links()
    states, compared = _compared(knowledge, texts)
    accepted: Mapping[str, Accepted] = read_baseline(Path(baseline)) if baseline is not None else {}
    request = Request(
        as_of=as_of or date.today(),
        document=find_document(knowledge.records, document) if document is not None else "",
        severity=_severity(severity),
        maximum_age=maximum_age,
        accepted=accepted,
        states=tuple(states),
        compared=tuple(compared),
        files=tuple(kinds) if kinds is not None else None,
    )
    result = auditor.run(request)
    data = _published(result, software=software(), digest=knowledge.digest)
    data["summary"]["queries"] = knowledge.query_digests(("index", "disagree", "answer", "audit"))
    data["corroboration"] = (
        Corroboration(knowledge.records, result.relations).report(request.document) if request.document else None
    )
    return AuditReport(result, data)


def _compared(knowledge: Knowledge, texts: Sequence[str | Path]) -> tuple[list[tuple[str, str]], list[str]]:
    """What became of the passages of the documents whose texts are given."""
    states: list[tuple[str, str]] = []
    compared: list[str] = []
    for text in texts:
        verification = verify_document(knowledge, text)
        compared.append(ns.expand(verification.document) or verification.document)
        if not verification.whole and verification.ok:
            note = verification.note or "the text differs from the encoded one outside every encoded passage"
            states.append((compared[-1], note))
        for row in verification.verdicts:
            if row.state != verify.SAME:
                place = f", now at characters {row.start}-{row.end}" if row.start is not None else ""
                # One insertion moves all that follows, so what has only moved is one finding on the document.
                moved = row.state == verify.MOVED
                which = f"the passage at characters {row.place.start}-{row.place.end}" if moved else "the passage"
                node = compared[-1] if moved else row.place.id
                states.append((node, f"{which} has {_STATES[row.state]}{place}"))
    return states, compared


def verify_document(knowledge: Knowledge, path: str | Path, document: str | None = None) -> verify.Verification:
    """Check a document's text against the digests of its places.

    Args:
        knowledge: what knows the digests.
        path: the document, or its text: plain text, Markdown, HTML or PDF.
        document: CURIE or IRI of the document; the one whose passages fit best if None.

    Raises:
        DocumentError: the file cannot be read, or the document is unknown or was encoded without its text.
    """
    known = verify.places(knowledge.engine.select("answer/places"))
    text = read_document(Path(path)).text
    iri = verify.choose(text, known) if document is None else ns.expand(document) or document
    if iri not in known:
        names = ", ".join(describe.name(d) for d in sorted(known)) or "none"
        raise DocumentError(f"no places of document {document!r} are known", mend=f"Known are: {names}.")
    digest, places = known[iri]
    return verify.verify(describe.name(iri), text, digest, places)


_STATES = {verify.MOVED: "moved", verify.CHANGED: "changed", verify.GONE: "vanished"}


def _finding(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "id": finding.id,
        "kind": finding.kind,
        "title": finding.title,
        "severity": finding.severity,
        "node": describe.name(finding.node),
        "iri": finding.node,
        "label": finding.label,
        "document": describe.name(finding.document) if finding.document else None,
        "locator": finding.locator or None,
        "evidence": list(finding.evidence),
        "mend": finding.mend,
    }


def _published(audit: Audit, *, software: str, digest: str) -> dict[str, Any]:
    """The findings and a summary of what was looked at."""
    request = audit.request
    reasons = request.accepted
    return {
        "findings": [_finding(f) for f in audit.findings],
        "accepted": [
            {
                **_finding(f),
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
