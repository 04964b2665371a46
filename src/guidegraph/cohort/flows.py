"""What a change moves: statuses before and after it, patient by patient, and the statements that did it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import product

from guidegraph.cohort.bits import Plane, count, grow
from guidegraph.cohort.looked import Worked
from guidegraph.cohort.statuses import DECIDING
from guidegraph.knowledge.criteria import Criteria, Therapy
from guidegraph.model import STATUSES

#: What a statement is to a therapy that it does not reach, and what a therapy has that nothing reaches.
NOTHING = "none"
TRUTHS = ("true", "unknown", "false", "inactive")

_SIGNS = {"true": "+", "unknown": "?"}

#: A status before and one after; and a role, a statement (IRI) in it, and its truth before and after.
Move = tuple[str, str]
Turn = tuple[str, str, str, str]
Bearing = dict[tuple[str, str], Plane]


@dataclass
class Moves:
    """What becomes of one therapy.

    Attributes:
        moves: by status before and after, where they differ, how many patients.
        turns: by move and turn of a statement, for how many of these the statement turned so, if that decides one of
            the two statuses.
        unexplained: by move how many of whom no such statement turned: it moved by how statements stand to each other.
    """

    moves: dict[Move, int] = field(default_factory=lambda: defaultdict(int))
    turns: dict[Move, dict[Turn, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    unexplained: dict[Move, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def key(self) -> object:
        """The same for therapies that move alike."""
        turns = sorted((move, sorted(found.items())) for move, found in self.turns.items())
        return repr((sorted(self.moves.items()), turns))


class Flow:
    """Adds up, batch by batch, what moves between two ways of answering for the same patients.

    Attributes:
        therapies: by IRI.
        patients: how many are compared.
        moved: how many have another status for some therapy.

    Args:
        before, after: everything that decides statuses, each way.
        wanted: only these therapies (IRIs); all if empty.
    """

    def __init__(self, before: Criteria, after: Criteria, wanted: frozenset[str] = frozenset()) -> None:
        self._reached = [{t.iri: t for t in one.therapies if not wanted or t.iri in wanted} for one in (before, after)]
        self.therapies: dict[str, Moves] = {iri: Moves() for iri in sorted({*self._reached[0], *self._reached[1]})}
        self.patients = self.moved = 0

    def add(self, before: Worked, after: Worked) -> None:
        """Add some patients, answered for both ways; who has no status either way is not compared."""
        self.patients += count(before.counted & after.counted)
        sides = (before, after)
        bearing = [
            {iri: _statements(one, therapy) for iri, therapy in reached.items()}
            for one, reached in zip(sides, self._reached, strict=True)
        ]
        ever = before.sheet.none
        for iri, moves in self.therapies.items():
            left, right = (self._statuses(one, at, iri) for at, one in enumerate(sides))
            for (was, held), (now, later) in product(left.items(), right.items()):
                movers = held & later
                number = count(movers)
                if was == now or not number:
                    continue
                ever = ever | movers
                moves.moves[was, now] += number
                bears = [one.get(iri, {}) for one in bearing]
                turned = self._turned(sides, bears, movers, (was, now), moves.turns[was, now])
                moves.unexplained[was, now] += count(movers & ~turned)
        self.moved += count(ever)

    def _statuses(self, one: Worked, at: int, iri: str) -> dict[str, Plane]:
        if iri not in self._reached[at]:
            return {NOTHING: one.counted}
        return {status: plane for status, plane in one.statuses(iri).items() if plane.any()}

    def _turned(
        self,
        sides: tuple[Worked, Worked],
        bearing: list[Bearing],
        movers: Plane,
        move: Move,
        turns: dict[Turn, int],
    ) -> Plane:
        """Those of some movers of whom a statement turned that decides the move; each turn is added up."""
        explained = sides[0].sheet.none
        for role, statement in sorted({*bearing[0], *bearing[1]}):
            left, right = (
                _truth(one, statement, bears.get((role, statement)), movers)
                for one, bears in zip(sides, bearing, strict=True)
            )
            for (was, held), (now, later) in product(left.items(), right.items()):
                turned = held & later
                number = count(turned) if was != now and _decides(role, was, now, move) else 0
                if number:
                    turns[role, statement, was, now] += number
                    explained = explained | turned
        return explained


def _deciding(status: str) -> tuple[int, list[str]]:
    """Where a status stands in the order of deciding, and what decides it."""
    letters = list(DECIDING)
    if status not in STATUSES:
        return len(letters), []
    letter = STATUSES[status].letter
    return letters.index(letter), DECIDING[letter].split()


def _decides(role: str, was: str, now: str, move: Move) -> bool:
    """Whether a turn of a statement in a role decides a move: the status after rests on it, or, where the one before
    comes first, that one rested on it."""
    (before, held), (after, holds) = map(_deciding, move)
    return role + _SIGNS.get(now, " ") in holds or (before < after and role + _SIGNS.get(was, " ") in held)


def _statements(one: Worked, therapy: Therapy) -> Bearing:
    """The statements that bear on a therapy by role, each with those for whom they do."""
    found: Bearing = {}
    for role, statement, plane in one.worked.roles(therapy):
        grow(found, (role, statement), plane)
    return found


def _truth(one: Worked, statement: str, bearing: Plane | None, movers: Plane) -> dict[str, Plane]:
    """Some movers by the truth that a statement has for them; it has none where it does not bear on the therapy."""
    if bearing is None:
        return {NOTHING: movers}
    truths, here = one.worked.truths, movers & bearing
    true, false = truths.of(statement)
    counts = truths.counts(statement)
    found = dict(
        zip(
            (*TRUTHS, NOTHING),
            (here & true, here & counts & ~true & ~false, here & false, here & ~counts, movers & ~bearing),
            strict=True,
        )
    )
    return {name: plane for name, plane in found.items() if plane.any()}


def order(status: str) -> int:
    """The place of a status in every list; what nothing reaches stands last."""
    return [*STATUSES, NOTHING].index(status)
