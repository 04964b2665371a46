"""Golden answers: what the shipped graph answers for each example patient, and what its audit finds.

``python -m tests.support.golden`` writes them anew, after a change of the knowledge that is meant; tests/api/test_golden.py compares.
"""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from guidegraph import api
from guidegraph.assess.saved import answer_digest
from guidegraph.disagree.engine import selected
from guidegraph.disagree.finding import VERDICTS
from guidegraph.disagree.words import simplest, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.named import documents as all_documents
from guidegraph.query import catalogue
from guidegraph.render.trace import trace_text
from tests.support.paths import ASKED, ASKED_NAMES

AS_OF = date(2026, 11, 24)
FILE = Path(__file__).parent / "golden.json"


def digest(text: str) -> str:
    """A short digest of a text."""
    return sha256(text.encode()).hexdigest()[:16]


def rows(kb: api.KnowledgeBase, query: catalogue.Query) -> list[str]:
    """The rows of a shipped question, as text."""
    found = api.run_query(kb, query.text, query.params, [])
    return [" | ".join("" if t is None else str(t.value) for t in row) for row in found.rows]


def audit(kb: api.KnowledgeBase) -> dict[str, list[str]]:
    """What the audit finds."""
    return {f.id: list(f.evidence) for f in kb.audit(as_of=AS_OF).audit.findings}


def terms(kb: api.KnowledgeBase) -> dict[str, list[Any]]:
    """What each term is called, and what is above it."""
    return {
        describe.name(r.iri): [r.label, *r.names, *sorted(map(describe.name, r.parents))] for r in kb.vocabulary.rows
    }


def populations(kb: api.KnowledgeBase) -> dict[str, Any]:
    """Whom each population is about, in the words that answers and disagreements use."""
    forms = kb.disagreement.grader.forms
    return {
        describe.name(p): words(simplest(forms.population(p)), kb.knowledge.phrases)
        for p in sorted(kb.records.branches)
    }


def disagreements(kb: api.KnowledgeBase) -> list[str]:
    """What is disagreed about."""
    return sorted(" ".join(map(str, f)) for f in selected(kb.disagree.findings(AS_OF), VERDICTS, True))


def claims(kb: api.KnowledgeBase) -> list[str]:
    """What primaries say of each claim of the article."""
    found = kb.audit(document="ggd:droracle-sciatica-2025", as_of=AS_OF).data["corroboration"]
    return [f"{row['id']} {row['verdict']} {row['why']}" for row in found["items"]]


def chains(kb: api.KnowledgeBase) -> dict[str, str]:
    """Where everything comes from, as `trace` tells it: a digest for each document."""
    names = (describe.name(d) for d in all_documents(kb.records))
    return {name: digest(trace_text(dict(kb.trace(name).data))) for name in names}


def questions(kb: api.KnowledgeBase) -> dict[str, list[str]]:
    """The rows of each shipped question."""
    return {q.id: rows(kb, q) for q in catalogue.catalogue(("examples",)) if not q.params}


def answers(kb: api.KnowledgeBase) -> dict[str, Any]:
    """Status of every therapy for every example patient, with the digest of the whole answer."""
    found = {}
    for title, (path, problem) in zip(ASKED_NAMES, ASKED, strict=True):
        answer = kb.therapies(path, as_of=AS_OF, problem=problem)
        found[title] = {"digest": answer_digest(answer.to_dict()), "statuses": answer.statuses}
    return found


#: The parts of what is golden, those that take longest last.
PARTS = {part.__name__: part for part in (terms, audit, populations, disagreements, claims, chains, questions, answers)}


def golden(kb: api.KnowledgeBase) -> dict[str, Any]:
    """All parts of what the shipped graph says."""
    return {name: part(kb) for name, part in PARTS.items()}


if __name__ == "__main__":
    FILE.write_text(json.dumps(golden(api.open_knowledge()), indent=1, sort_keys=True) + "\n", encoding="utf-8")
