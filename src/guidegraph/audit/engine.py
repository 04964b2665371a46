"""Runs an audit: every kind of finding over one knowledge base, the rows gathered into findings."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph.audit.baseline import Accepted
from guidegraph.audit.facts import Facts
from guidegraph.audit.kinds import SEVERITIES, Finding, Kind, finding_id, kinds
from guidegraph.audit.nodes import Nodes
from guidegraph.errors import NothingToCheckError, QueryError
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine
from guidegraph.query.run import run


@dataclass(frozen=True)
class Request:
    """What is audited: as of which day, how old a document may be, which document and severities are told."""

    as_of: date
    document: str = ""
    severity: str = "note"
    maximum_age: int | None = None
    accepted: Mapping[str, Accepted] = field(default_factory=dict)
    #: (place, what became of its passage): from comparing documents with their texts.
    states: tuple[tuple[str, str], ...] = ()
    #: Documents whose texts were compared.
    compared: tuple[str, ...] = ()
    #: The kinds' files; the shipped ones if None.
    files: tuple[Path, ...] | None = None


@dataclass(frozen=True)
class Audit:
    """The result of an audit.

    ``accepted`` are findings of the baseline; ``stale`` are ids of the baseline that nothing fits any more, ``lapsed``
    those whose acceptance has ended; ``not_run`` names kinds that could not be run, with the reason.
    """

    request: Request
    kinds: tuple[Kind, ...]
    findings: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    stale: tuple[str, ...]
    lapsed: tuple[str, ...]
    not_run: tuple[tuple[str, str], ...]
    documents: int
    statements: int
    #: (claim, relation, statement of a primary), from which corroboration is told.
    relations: tuple[tuple[str, str, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every kind could be run."""
        return not self.not_run

    def counts(self) -> dict[str, int]:
        """How many findings of each severity there are."""
        return {name: sum(f.severity == name for f in self.findings) for name in SEVERITIES}


_NODES = (ox.NamedNode, ox.BlankNode)


class Auditor:
    """Audits one knowledge base; one audit at a time uses the audit's graph, behind a lock."""

    def __init__(self, engine: Engine, index: DisagreementIndex) -> None:
        self._engine = engine
        self._index = index
        self._lock = threading.Lock()
        self.nodes = Nodes(engine.store)

    def run(self, request: Request) -> Audit:
        """Run every kind.

        Raises:
            KnowledgeError: a kind's file cannot be used.
            NothingToCheckError: the knowledge holds no statement at all.
        """
        chosen = kinds(request.files)
        documents, statements = self._size()
        if not statements:
            raise NothingToCheckError(
                "nothing was checked, since no statement is in the graph",
                mend="Give TriG or Turtle files in the vocabulary of docs/model.md.",
            )
        findings: list[Finding] = []
        not_run: list[tuple[str, str]] = []
        with self._lock:
            facts = Facts(self._engine, self._index)
            with facts.prepared(request.as_of, request.maximum_age, request.states) as failed:
                for kind in chosen:
                    reason = _missing(kind, failed)
                    if reason:
                        not_run.append((kind.name, reason))
                        continue
                    try:
                        findings += self._findings(kind)
                    except (QueryError, ValueError, OSError, RuntimeError) as error:
                        not_run.append((kind.name, " ".join(str(error).split())[:200]))
                relations = [(a, b, c) for a, b, c in self._engine.select("audit/50-relations")]
        result = self._audit(request, chosen, findings, not_run, documents, statements)
        return replace(result, relations=tuple(relations))

    def _size(self) -> tuple[int, int]:
        rows = self._engine.select("audit/00-size")
        return int(rows[0][0]), int(rows[0][1])

    def _findings(self, kind: Kind) -> list[Finding]:
        result = run(self._engine.store, kind.query.text)
        names = set(result.columns)
        if not {"node", "evidence"} <= names:
            raise QueryError("it does not select ?node and ?evidence", mend="docs/audit.md shows the header.")
        groups: dict[tuple[Any, str], list[tuple[Any, str]]] = defaultdict(list)
        for terms in result.rows:
            row = dict(zip(result.columns, terms, strict=True))
            node, evidence = row["node"], row["evidence"]
            if node is None:
                continue
            key = row["key"].value if "key" in names and row["key"] is not None else ""
            detail = row["detail"].value if "detail" in names and row["detail"] is not None else ""
            if isinstance(node, ox.Literal):
                # A text where a node belongs is a fault of what points there.
                key, told = f"{key}{node.value}", f"the text {node.value[:60]!r} stands where a node belongs"
                node, evidence = (evidence, ox.Literal(told)) if isinstance(evidence, _NODES) else (node, evidence)
            groups[node, key].append((evidence, detail))
        return [self._finding(kind, node, key, rows) for (node, key), rows in groups.items()]

    def _words(self, evidence: Any, detail: str) -> str:
        words = self.nodes.label(evidence) if isinstance(evidence, _NODES) else ""
        words = words or (evidence.value if evidence is not None else "")
        return f"{words}: {detail}" if words and detail else words or detail

    def _finding(self, kind: Kind, node: Any, key: str, shown: Sequence[tuple[Any, str]]) -> Finding:
        iri = self.nodes.name(node)
        words = [self._words(evidence, detail) for evidence, detail in shown]
        own = self.nodes.document(node)
        # What stands in no document, such as a population, belongs to those whose statements show it.
        documents = {own} if own else {self.nodes.document(evidence) for evidence, _ in shown} - {""}
        return Finding(
            id=finding_id(kind.name, iri, key),
            kind=kind.name,
            title=kind.query.title,
            severity=kind.query.severity,
            node=iri,
            key=key,
            label=self.nodes.label(node),
            document=own or (min(documents) if len(documents) == 1 else ""),
            documents=tuple(sorted(documents)),
            locator=self.nodes.locator(node),
            evidence=tuple(sorted(dict.fromkeys(words))),
            mend=kind.query.mend,
        )

    def _audit(
        self,
        request: Request,
        chosen: Sequence[Kind],
        findings: Sequence[Finding],
        not_run: Sequence[tuple[str, str]],
        documents: int,
        statements: int,
    ) -> Audit:
        levels = list(SEVERITIES)
        least = levels.index(request.severity)
        asked = [
            f
            for f in sorted(findings, key=Finding.sort_key)
            if levels.index(f.severity) <= least and (not request.document or request.document in f.documents)
        ]
        lapsed = {a.id for a in request.accepted.values() if a.expires is not None and a.expires <= request.as_of}
        held = {f.id for f in asked if f.id in request.accepted and f.id not in lapsed}
        known = {f.id for f in findings}
        return Audit(
            request,
            tuple(chosen),
            tuple(f for f in asked if f.id not in held),
            tuple(f for f in asked if f.id in held),
            tuple(sorted(set(request.accepted) - known)),
            tuple(sorted(lapsed & known)),
            tuple(not_run),
            documents,
            statements,
        )


def _missing(kind: Kind, failed: Mapping[str, str]) -> str:
    """Why a kind cannot be run: the first of its steps that failed."""
    return next((f"{step} failed: {failed[step]}" for step in kind.steps if step in failed), "")
