"""Counts over a cohort: patients by status of each therapy, by document and by controversy."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from guidegraph.cohort.bits import Plane, count, grow
from guidegraph.cohort.looked import Looked
from guidegraph.model import STATUSES

#: Statements that are opposed, as pairs of IRIs.
Pairs = Sequence[tuple[str, str]]


class Tally:
    """Counts that are added up batch by batch.

    Attributes:
        patients: how many have statuses.
        statuses: by therapy (IRI) how many have each status.
        ever: by status how many have it for some therapy.
        documents: by document (IRI) how many have a true statement of it.
        decided: by document (IRI) how many have a status that rests on a statement of it; None if nobody can tell.
        stated: by document (IRI) how many statements of it are looked at.
        both, possible: by controversy for how many two statements that are opposed are both true, and for how many
            both may be, for all that is known.

    Args:
        therapies: IRIs.
        documents: by document (IRI) the statements (IRIs) that are in it.
        controversies: by a name the statements of each that are opposed.
    """

    def __init__(
        self, therapies: Sequence[str], documents: Mapping[str, Sequence[str]], controversies: Mapping[str, Pairs]
    ) -> None:
        self.patients = 0
        self.statuses = {therapy: dict.fromkeys(STATUSES, 0) for therapy in therapies}
        self.ever = dict.fromkeys(STATUSES, 0)
        self._statements, self._pairs = documents, controversies
        self.documents = dict.fromkeys(documents, 0)
        self.decided: dict[str, int] | None = dict.fromkeys(documents, 0)
        self.stated = {document: len(statements) for document, statements in documents.items()}
        self.both, self.possible = dict.fromkeys(controversies, 0), dict.fromkeys(controversies, 0)
        self._prints = {therapy: hashlib.blake2b(digest_size=16) for therapy in therapies}

    def add(self, looked: Looked) -> None:
        """Count some patients."""
        sheet = looked.sheet
        self.patients += count(looked.counted)
        ever = dict.fromkeys(STATUSES, sheet.none)
        for therapy, counted in self.statuses.items():
            for status, plane in looked.statuses(therapy).items():
                self._prints[therapy].update(plane.tobytes())
                if number := count(plane):
                    counted[status] += number
                    ever[status] = ever[status] | plane
        for status, plane in ever.items():
            self.ever[status] += count(plane)
        for document, statements in self._statements.items():
            self.documents[document] += count(sheet.any(map(looked.true, statements)))
        self._decide(looked)
        for name, pairs in self._pairs.items():
            self.both[name] += count(sheet.any(looked.true(a) & looked.true(b) for a, b in pairs))
            self.possible[name] += count(sheet.any(looked.possible(a) & looked.possible(b) for a, b in pairs))

    def _decide(self, looked: Looked) -> None:
        found, decided = dict[str, Plane](), self.decided
        if decided is None:
            return
        for therapy in self.statuses:
            resting = looked.resting(therapy)
            if resting is None:
                self.decided = None
                return
            for statement, plane in resting.items():
                grow(found, statement, plane)
        for document, statements in self._statements.items():
            here = looked.sheet.any(found.get(statement, looked.sheet.none) for statement in statements)
            decided[document] += count(here)

    def alike(self) -> list[list[str]]:
        """The therapies, those together that have the same status for every patient."""
        together: dict[bytes, list[str]] = {}
        for therapy, made in self._prints.items():
            together.setdefault(made.digest(), []).append(therapy)
        return list(together.values())
