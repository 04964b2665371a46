"""What would explain a disagreement, and what is only a question since one side alone states it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from guidegraph.disagree.sources import Sources
from guidegraph.knowledge import describe
from guidegraph.knowledge.phrases import joined
from guidegraph.knowledge.records import NOT_STATED, Records

NOTHING = "nothing recorded explains it"
#: What the verdict itself has found to differ.
_BY_VERDICT = {
    "apparent": "population",
    "not-excluded": "population",
    "condition": "condition",
    "superseded": "one is no longer in effect",
}
_ASKED = (("outcome", "outcome"), ("horizon", "horizon"), ("certainty", "certainty"), ("line", "line of therapy"))


class Evidence(NamedTuple):
    """Evidence that one side lacks: it could not have seen it, or left it out; ``held_by`` is who rests on it."""

    side: str
    how: str
    documents: frozenset[str]
    held_by: str = ""


class Explanations:
    """Explanations from what the records hold of two statements."""

    def __init__(self, records: Records, sources: Sources) -> None:
        self._records = records
        self._sources = sources

    def of(self, a: str, b: str, kind: str, verdict: str) -> list[str]:
        """The differences that explain it: what the verdict found, else only evidence can.

        Args: ``a`` and ``b`` are the two statements, or the scope of a silent document.
        """
        if verdict == "horizon":
            return [self.otherwise(a, b, "a", "b")]
        if kind == "sequence" and verdict == "condition":
            return ["line or required trial"]
        if verdict in _BY_VERDICT:
            return [_BY_VERDICT[verdict]]
        names = {a: "a", b: "b"}
        told = [self.words(row, names[row.side], names.get(row.held_by, "")) for row in self.evidence(a, b)]
        return told or [NOTHING]

    def otherwise(self, a: str, b: str, one: str, other: str) -> str:
        """Of which other horizon, or outcome, two statements speak, which are named ``one`` and ``other``."""
        prop = "horizon" if self._apart(a, b) else "outcome"
        first, second = (joined([self._term(t) for t in self._records.all(s, prop)]) for s in (a, b))
        return f"{prop}: {one} speaks of {first}, {other} of {second}"

    def _term(self, iri: str) -> str:
        """A horizon or outcome, with the window that words of time are read as."""
        label = self._records.label(iri)
        read = describe.window(self._records, iri) if self._records.one(iri, "windowRead") == "true" else None
        return f"{label} (read as {read})" if read else label

    def _apart(self, a: str, b: str) -> bool:
        """Whether two statements state windows that do not meet, or else differ by their outcomes."""
        records = self._records
        one, other = (records.all(s, "horizon") for s in (a, b))
        return bool(one and other) and all((h, k) in self._sources.windows_apart for h in one for k in other)

    def evidence(self, a: str, b: str) -> list[Evidence]:
        """What one of two sides could not have seen though the other could, or does not rest on though it could."""
        sources = self._sources
        rests = {side: sources.evidence.get(side, frozenset()) for side in (a, b)}
        found = []
        for side, other in ((a, b), (b, a)):
            newer = {document for document, _ in sources.newer.get(side, ())}
            seen_by_other = {document for document, _ in sources.newer.get(other, ())}
            used = {study for study in rests[other] - rests[side] if study in newer or sources.later(study, side)}
            if used:
                found.append(Evidence(side, "unseen", frozenset(used), other))
            elif unseen := (newer - seen_by_other) & sources.on.get(other, frozenset()):
                found.append(Evidence(side, "unseen", frozenset(unseen)))
            if all(rests.values()) and (left := rests[other] - rests[side] - used):
                found.append(Evidence(side, "left out", frozenset(left), other))
        return found

    def words(self, row: Evidence, side: str, other: str) -> str:
        """What evidence explains, with the names of the side without it and of the one that rests on it."""
        shown = self._dated(row.documents)
        if row.how == "left out":
            return f"evidence that {side} does not rest on: {shown}"
        held = f"{other} rests on and " if row.held_by else ""
        return f"evidence that {held}{side} could not have seen: {shown}"

    def _dated(self, documents: Collection[str]) -> str:
        """Documents, each with its year."""
        years = {d: self._records.issued(d)[:4] for d in documents}
        named = {d: f" ({year})" if year.isdigit() else " (date not stated)" for d, year in years.items()}
        return "; ".join(self._records.label(d) + named[d] for d in sorted(documents, key=self._records.label))

    def questions(self, a: str, b: str) -> list[str]:
        """What one side alone states: it may bound what that side says, but does not explain anything."""
        records = self._records
        told = []
        for prop, word in _ASKED:
            one, other = ({v for v in records.all(s, prop) if records.code(v, "") != NOT_STATED} for s in (a, b))
            if bool(one) != bool(other):
                shown = ", ".join(sorted(records.label(v) if ":" in v else v for v in one or other))
                told.append(f"{'a' if one else 'b'} alone states its {word}: {shown}")
        for name, side, against in (("a", a, b), ("b", b, a)):
            alone = [c for c in describe.attached(records, side) if c not in describe.attached(records, against)]
            if alone:
                told.append(f"{name} alone attaches: {'; '.join(alone)}")
        return told
