"""Populations as unions of conjunctions of literals, and how two of them meet.

The algorithm, in words: a population is expanded to a union of branches (named populations replaced by what they
name, a negated number by the ranges around it), branches that nobody fits dropped. Two populations meet where a branch
of one and a branch of the other can hold together. One lies inside another where no branch of it can hold together
with one negated literal of every branch of the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from guidegraph.errors import KnowledgeError
from guidegraph.knowledge.branch import (
    HIGHEST,
    LOWEST,
    Branch,
    Event,
    Held,
    Literal,
    Logic,
    Range,
)
from guidegraph.knowledge.reasoning import compatible, entails, negations, satisfiable
from guidegraph.knowledge.records import Atom

Union = tuple[Branch, ...]
Raw = Mapping[str, Sequence[Sequence[tuple[str, bool]]]]
#: A population with more branches than this is refused: it could not be told to a reader either.
MAX_BRANCHES = 4096
_OPEN = Decimal(999999999)


def _bounds(atom: Atom) -> tuple[tuple[Decimal, int], tuple[Decimal, int]]:
    low = max((atom.low, 0), (atom.above, 1))
    high = min((atom.high, 1), (atom.below, 0))
    # The index writes an open end as a value that every number satisfies (queries/index/21-numbers).
    return (LOWEST if low <= (Decimal(0), 0) else low, HIGHEST if high[0] >= _OPEN else high)


def literal(atom: Atom) -> Held | Event | Range:
    """An atom of the criteria index as a literal; one outside the fragment stands for itself."""
    low, high = _bounds(atom)
    if not atom.prop:
        return Held("", atom.iri)
    if not atom.cls:
        return Range(atom.prop, low, high)
    if atom.prop.endswith(("hasTrial", "stoppedMedication")):
        return Event(atom.prop, atom.cls, atom.outcome, atom.bounded, low, high)
    return Held(atom.prop, atom.cls)


class Normalizer:
    """The normal forms of a knowledge base's populations, each found once.

    Args:
        raw: for each population its branches of (atom, positive).
        atoms: the atoms by IRI.
        logic: what the ontology says about literals.
    """

    def __init__(self, raw: Raw, atoms: Mapping[str, Atom], logic: Logic) -> None:
        self._raw = raw
        self._atoms = atoms
        self.logic = logic
        self._known: dict[str, Union] = {}
        self._open: set[str] = set()

    def population(self, iri: str) -> Union:
        """The satisfiable branches of a population; () for one that nobody fits, one empty branch for everybody ("").

        Raises:
            KnowledgeError: populations name each other in a circle, or have too many branches.
        """
        if not iri:
            return (Branch(),)
        if iri not in self._known:
            if iri in self._open:
                raise KnowledgeError("a population is defined by itself", where=iri, mend="Break the circle.")
            self._open.add(iri)
            self._known[iri] = self._expand(iri)
            self._open.discard(iri)
        return self._known[iri]

    def _expand(self, iri: str) -> Union:
        found: list[Branch] = []
        for raw in self._raw.get(iri, ()):
            partial: Union = (Branch(),)
            for atom, positive in raw:
                # Only the whole is asked whether somebody fits it.
                joined = (a.joined(b) for a in partial for b in self._alternatives(atom, positive))
                partial = tuple(b for b in joined if b is not None)
                if len(partial) > MAX_BRANCHES:
                    raise KnowledgeError("a population has too many branches", where=iri, mend="Split it.")
            found += partial
        return self._distinct(found)

    def _alternatives(self, iri: str, positive: bool) -> Union:
        atom = self._atoms.get(iri) or Atom(iri, "")
        if atom.names:
            inner = self.population(atom.names)
            return inner if positive else self.complement(inner)
        what: Literal = (literal(atom), True)
        wanted = [what] if positive else negations(what, self.logic)
        return tuple(b for b in (Branch().add(one) for one in wanted) if b is not None)

    def _distinct(self, branches: list[Branch]) -> Union:
        """The satisfiable branches, without those that lie inside another."""
        if len(branches) == 1:
            return tuple(b for b in branches if satisfiable(b, self.logic))
        kept: list[Branch] = []
        for branch in sorted({b for b in branches if satisfiable(b, self.logic)}, key=_order):
            if not any(self.inside((branch,), (other,)) for other in kept):
                kept = [b for b in kept if not self.inside((b,), (branch,))]
                kept.append(branch)
        return tuple(kept)

    def conjoin(self, one: Union, other: Union) -> Union:
        """What fits both, without branches that nobody fits."""
        joined = (a.joined(b) for a in one for b in other)
        return tuple(b for b in joined if b is not None and satisfiable(b, self.logic))

    def meet(self, one: Union, other: Union) -> Union:
        """What fits both, in simplest form: no branch inside another, no literal that another one implies."""
        return self._distinct([self._simplest(b) for b in self.conjoin(one, other)])

    def meets(self, one: Union, other: Union) -> bool:
        """Whether some patient fits both."""
        return any(compatible(a, b, self.logic) for a in one for b in other)

    def complement(self, union: Union) -> Union:
        """What does not fit: one negated literal of every branch."""
        found: Union = (Branch(),)
        for branch in union:
            choices = [n for one in branch.literals() for n in negations(one, self.logic)]
            single = tuple(b for b in (Branch().add(choice) for choice in choices) if b is not None)
            found = self._distinct(list(self.conjoin(found, single)))
        return found

    def inside(self, inner: Union, outer: Union) -> bool:
        """Whether whoever fits ``inner`` fits ``outer``."""
        return not any(self._escapes(branch, outer) for branch in inner)

    def _escapes(self, branch: Branch, outer: Union) -> bool:
        """Whether somebody fits the branch and no branch of ``outer``."""
        if not outer:
            return satisfiable(branch, self.logic)
        if len(outer) == 1:
            return not all(entails(branch, one, self.logic) for one in outer[0].literals())
        first, rest = outer[0], outer[1:]
        together = branch.joined(first)
        if together is None or not satisfiable(together, self.logic):
            return self._escapes(branch, rest)
        for one in first.literals():
            for denied in negations(one, self.logic):
                left = branch.add(denied)
                if left is not None and satisfiable(left, self.logic) and self._escapes(left, rest):
                    return True
        return False

    def _simplest(self, branch: Branch) -> Branch:
        """The branch without literals that the others imply."""
        for one in branch.literals():
            less = Branch()
            for kept in branch.literals():
                if kept != one:
                    less = less.add(kept) or less
            if not any(
                (left := less.add(denied)) is not None and satisfiable(left, self.logic)
                for denied in negations(one, self.logic)
            ):
                return self._simplest(less)
        return branch


def _order(branch: Branch) -> tuple[object, ...]:
    return tuple(repr(one) for one in branch.literals())
