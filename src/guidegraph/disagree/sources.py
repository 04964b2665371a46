"""What documents say of each intervention, what the sides of a disagreement rest on, and how documents relate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from guidegraph.knowledge import describe
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import NOT_STATED, Records

if TYPE_CHECKING:
    from guidegraph.comparisons import Shared, Support
    from guidegraph.readforms import Named, Newer

_BACK = {"supersedes": "superseded by", "cites": "cited by", "reports": "reported by"}
#: Relations by which two documents speak with one voice.
_ONE_VOICE = ("same issuer", "reports")


def corrected_covered_area(sets: Iterable[Collection[str]]) -> float | None:
    """The corrected covered area (CCA) of some bodies of evidence, from 0 (nothing shared) to 1 (all shared).

    CCA = (N - r) / (r * (c - 1)), with N the number of inclusions over all bodies, r the number of distinct studies
    and c the number of bodies. Source: https://juno-evidence-alliance.github.io/junoR/articles/CCA.html. None where
    fewer than two bodies have a study.
    """
    bodies = [set(body) for body in sets]
    if len(bodies) < 2 or not all(bodies):
        return None
    r, c, n = len(set().union(*bodies)), len(bodies), sum(map(len, bodies))
    return (n - r) / (r * c - r)


class Sources:
    """Evidence, relations and voices of a knowledge base, each read once."""

    def __init__(self, engine: Engine, records: Records) -> None:
        self._engine = engine
        self._records = records

    @cached_property
    def evidence(self) -> Mapping[str, frozenset[str]]:
        """For each recommendation the studies it rests on, or reviews whose studies are not recorded."""
        return self._sets("disagree/evidence")

    @cached_property
    def newer(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """For each recommendation the (document, date) of evidence that it could not have seen."""
        newer: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for rec, document, issued, _ in self._engine.select("disagree/newer-evidence"):
            newer[rec].append((document, issued))
        return {rec: tuple(rows) for rec, rows in newer.items()}

    @cached_property
    def on(self) -> Mapping[str, frozenset[str]]:
        """For each recommendation the documents of evidence on its intervention and condition, whenever issued."""
        return self._sets("disagree/evidence-on")

    def _sets(self, query: str) -> Mapping[str, frozenset[str]]:
        """What a query of two columns has in the second, by the first."""
        found: dict[str, set[str]] = defaultdict(set)
        for one, other in self._engine.select(query):
            found[one].add(other)
        return {one: frozenset(others) for one, others in found.items()}

    @cached_property
    def windows_apart(self) -> frozenset[tuple[str, str]]:
        """Pairs of horizons whose windows do not meet."""
        return frozenset((one, other) for one, other in self._engine.select("disagree/horizons-apart"))

    @cached_property
    def _relations(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        relations: dict[tuple[str, str], list[str]] = defaultdict(list)
        for one, relation, other in self._engine.select("disagree/relations"):
            relations[one, other].append(relation)
        return {pair: tuple(rows) for pair, rows in relations.items()}

    @cached_property
    def _voices(self) -> Mapping[str, str]:
        """The voice of each document: documents of one issuer, and what only reports another, share one."""
        parent: dict[str, str] = {}

        def root(document: str) -> str:
            while parent.get(document, document) != document:
                document = parent[document]
            return document

        for (one, other), relations in sorted(self._relations.items()):
            if any(relation in _ONE_VOICE for relation in relations):
                first, second = sorted((root(one), root(other)))
                parent[second] = first
        return {document: root(document) for document in [*parent, *parent.values()]}

    def document(self, node: str) -> str:
        """The document of a recommendation, or of a silent document's scope."""
        return self._records.one(node, "statedIn") or self._records.one(node, "inDocument")

    def relation(self, a: str, b: str) -> list[str]:
        """How the documents of two statements relate, as sentences about a and b."""
        one, other = self.document(a), self.document(b)
        if one == other:
            return ["same document"]
        age = self._newer(self._records.issued_of(a), self._records.issued_of(b))
        return [*([age] if age else []), *self._related(one, other)]

    def between(self, one: str, other: str) -> list[str]:
        """How two documents relate, the first as a and the second as b."""
        age = self._newer(self._records.issued(one), self._records.issued(other))
        return [*([age] if age else []), *self._related(one, other)]

    def _related(self, one: str, other: str) -> list[str]:
        told = [_directed(r, True) for r in self._relations.get((one, other), ())]
        told += [_directed(r, False) for r in self._relations.get((other, one), ()) if r in _BACK]
        return list(dict.fromkeys(told))

    @staticmethod
    def _newer(first: str, second: str) -> str:
        if NOT_STATED in (first, second) or first[:4] == second[:4]:
            return ""
        years = int(first[:4]) - int(second[:4])
        side = "a" if years > 0 else "b"
        return f"{side} newer by {abs(years)} year{'s' if abs(years) > 1 else ''}"

    def shared(self, a: Collection[str], b: Collection[str]) -> Shared:
        """Studies that the statements of both sides rest on, and their corrected covered area.

        The area is None where a side's studies are not recorded.
        """
        one, other = ({s for rec in side for s in self.evidence.get(rec, ())} for side in (a, b))
        cca = corrected_covered_area((one, other))
        return {"studies": [self._study(s) for s in sorted(one & other)], "cca": None if cca is None else round(cca, 4)}

    def _study(self, iri: str) -> Named:
        return {"id": describe.name(iri), "label": self._records.label(iri)}

    def support(self, statements: Collection[str]) -> Support:
        """How many independent voices and studies stand behind some statements."""
        documents = {self.document(s) for s in statements}
        voices = {self._voices.get(d, d) for d in documents}
        studies = sorted({s for rec in statements for s in self.evidence.get(rec, ())})
        return {
            "documents": [describe.name(d) for d in sorted(documents)],
            "voices": len(voices),
            "studies": [self._study(s) for s in studies],
        }

    def later(self, evidence: str, rec: str) -> bool:
        """Whether evidence was issued after a recommendation's search ended, or after its issue where that is not
        stated; compared at the precision that both have (as in queries/disagree/newer-evidence)."""
        reported = [self._records.issued(d) for d in self._records.all(rec, "reports")]
        # What only reports a recommendation speaks for one that could see no more than its own document.
        seen = max(reported, default="") or self._records.one(self.document(rec), "searchEnded")
        seen = seen or self._records.issued_of(rec)
        issued = self._records.issued(evidence)
        length = min(len(seen), len(issued))
        return NOT_STATED not in (seen, issued) and issued[:length] > seen[:length]

    def unseen(self, rec: str) -> list[Newer]:
        """Evidence that a recommendation could not have seen, oldest first."""
        rows = sorted(self.newer.get(rec, ()), key=lambda row: (row[1], row[0]))
        return [{**self._study(document), "issued": issued} for document, issued in rows]


def _directed(relation: str, forward: bool) -> str:
    if relation not in _BACK:
        return relation
    return f"a {relation} b" if forward else f"b {relation} a"


class Addressed(NamedTuple):
    """One recommendation; ``begins`` and ``ends`` are days as text, "" where there is none."""

    document: str
    rec: str
    intervention: str
    stance: str
    strength: str
    begins: str
    ends: str

    def issued(self, day: date) -> bool:
        """Whether it is issued at a day."""
        return self.begins <= day.isoformat()

    def ended(self, day: date) -> bool:
        """Whether it is no longer in effect at a day."""
        return bool(self.ends) and self.ends <= day.isoformat()


def addressed(engine: Engine) -> list[Addressed]:
    """All recommendations, in a fixed order."""
    return [Addressed(*row) for row in engine.select("disagree/addressed")]


def in_effect(rows: Iterable[Addressed], day: date) -> list[Addressed]:
    """Those issued and not ended at a day."""
    return [row for row in rows if row.issued(day) and not row.ended(day)]
