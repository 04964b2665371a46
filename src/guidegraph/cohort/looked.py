"""What a report looks at: the statuses and truths of some patients, whether worked out now or read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from guidegraph.cohort.bits import Plane, Sheet, grow, pack
from guidegraph.cohort.rows import Batch
from guidegraph.cohort.statuses import DECIDING, ROLES, Statuses
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import STATUSES


class Looked(Protocol):
    """Some patients.

    Attributes:
        sheet: makes planes for them.
        counted: those who have statuses; who contradicts themselves, or could not be read, has none.
    """

    @property
    def sheet(self) -> Sheet: ...

    @property
    def counted(self) -> Plane: ...

    def statuses(self, therapy: str) -> Mapping[str, Plane]:
        """Those who have each status of a therapy (IRI)."""

    def true(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) is true."""

    def possible(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) counts and is not false."""

    def resting(self, therapy: str) -> Mapping[str, Plane] | None:
        """By true statement those whose status of a therapy (IRI) rests on it; None if nobody can tell."""


class Worked:
    """A batch of patients, answered now.

    Attributes:
        worked: the statuses with the truths that they rest on; of nobody restricted.
        readable: those whose row could be read.
        contradicted: those of these whose facts contradict each other.

    Args:
        criteria: everything that decides statuses.
        batch: the patients.
    """

    def __init__(self, criteria: Criteria, batch: Batch) -> None:
        self.worked = Statuses(criteria, batch.gathered.facts())
        self.sheet = self.worked.sheet
        self.readable = self.sheet.rest(pack(batch.bad))
        self.contradicted = self.worked.truths.following.contradicted & self.readable
        self.counted: Plane = self.readable & ~self.contradicted
        self._therapies = {therapy.iri: therapy for therapy in criteria.therapies}
        self._known: dict[str, dict[str, Plane]] = {}

    def statuses(self, therapy: str) -> Mapping[str, Plane]:
        """Those who have each status of a therapy (IRI)."""
        if therapy not in self._known:
            found = self.worked.of(self._therapies[therapy])
            self._known[therapy] = {status: plane & self.counted for status, plane in found.items()}
        return self._known[therapy]

    def true(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) is true."""
        return self.worked.truths.of(statement).true & self.counted

    def possible(self, statement: str) -> Plane:
        """Those for whom a statement (IRI) counts and is not false."""
        truths = self.worked.truths
        return truths.counts(statement) & ~truths.of(statement).false & self.counted

    def resting(self, therapy: str) -> Mapping[str, Plane]:
        """By true statement those whose status of a therapy (IRI) rests on it."""
        statuses, found = self.statuses(therapy), dict[str, Plane]()
        decided = {
            role: self.sheet.any(statuses[code] for code, one in STATUSES.items() if f"{role}+" in DECIDING[one.letter])
            for role in ROLES
        }
        for role, statement, bearing in self.worked.roles(self._therapies[therapy]):
            grow(found, statement, decided[role] & bearing & self.true(statement))
        return found
