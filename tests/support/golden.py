"""Golden answers: what the shipped graph answers for each example patient, and what its audit finds.

``python -m tests.support.golden`` writes them anew, after a change of the knowledge that is meant; tests/api/test_golden.py compares.
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from guidegraph import api, assets
from guidegraph.assess.saved import answer_digest
from guidegraph.disagree.engine import selected
from guidegraph.disagree.words import words
from guidegraph.knowledge import describe
from guidegraph.knowledge.named import documents as all_documents
from guidegraph.query import catalogue
from guidegraph.render.trace import trace_text

AS_OF = date(2026, 11, 24)
FILE = Path(__file__).parent / "golden.json"


def digest(text: str) -> str:
    """A short digest of a text."""
    return sha256(text.encode()).hexdigest()[:16]


def rows(kb: api.KnowledgeBase, query: catalogue.Query) -> list[str]:
    """The rows of a shipped question, as text."""
    found = api.run_query(kb, query.text, query.params, [])
    return [" | ".join("" if t is None else str(t.value) for t in row) for row in found.rows]


def golden(kb: api.KnowledgeBase) -> dict[str, Any]:
    """Status of every therapy for every example patient with the digest of the whole answer, the disagreements, the audit."""
    answers = {}
    for path in assets.files("graph", "profiles/*.yaml"):
        answer = kb.therapies(path, as_of=AS_OF)
        answers[path.stem] = {"digest": answer_digest(answer.to_dict()), "statuses": answer.statuses}
    claims = kb.audit(document="ggd:droracle-sciatica-2025", as_of=AS_OF).data["corroboration"]
    documents = [{"id": describe.name(d)} for d in all_documents(kb.records)]
    findings = selected(kb.disagree.findings(AS_OF), (), True)
    return {
        "answers": answers,
        "disagreements": sorted(" ".join(f) for f in findings),
        "claims": [f"{row['id']} {row['verdict']} {row['why']}" for row in claims["items"]],
        # Where everything comes from, as `trace` tells it: a digest for each document.
        "chains": {d["id"]: digest(trace_text(dict(kb.trace(d["id"]).data))) for d in documents},
        "questions": {q.id: rows(kb, q) for q in catalogue.catalogue(("examples",)) if not q.params},
        "terms": {
            describe.name(r.iri): [r.label, *r.names, *sorted(map(describe.name, r.parents))]
            for r in kb.vocabulary.rows
        },
        # Whom each population is about, in the words that answers and disagreements use.
        "populations": {
            describe.name(p): words(kb.disagreement.grader.forms.population(p), kb.book)
            for p in sorted(kb.records.branches)
        },
        "audit": {f.id: list(f.evidence) for f in kb.audit(as_of=AS_OF).found.findings},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(api.open_knowledge()), indent=1, sort_keys=True) + "\n", encoding="utf-8")
