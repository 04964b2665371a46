"""Populations as unions of conjunctions of literals, and how two of them meet.

The algorithm, in words: a population is expanded to a union of branches (named populations replaced by what they
name, a negated number by the ranges around it), branches that nobody fits dropped. Two populations meet where a branch
of one and a branch of the other can hold together. One lies inside another where no branch of it can hold together
with one negated literal of every branch of the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from guidegraph.errors import KnowledgeError
from guidegraph.knowledge.atoms import STOP, TRIAL, Atom
from guidegraph.knowledge.branch import (
    Branch,
    Event,
    Held,
    Literal,
    Logic,
    Range,
    compatible,
    entails,
    negations,
    satisfiable,
)
from guidegraph.termreadings import CARE

Union = tuple[Branch, ...]
Raw = Mapping[str, Sequence[Sequence[tuple[str, bool]]]]
#: A population with more branches than this is refused: it could not be told to a reader either.
MAX_BRANCHES = 4096


def literal(atom: Atom) -> Held | Event | Range:
    """An atom of the criteria index as a literal; one outside the fragment stands for itself."""
    if not atom.prop:
        return Held("", atom.iri)
    if not atom.cls:
        return Range(atom.prop, *atom.interval)
    if atom.prop in (TRIAL, STOP):
        return Event(atom.prop, atom.cls, atom.outcome, atom.bounded, *atom.interval)
    if atom.prop in CARE:
        days, came = atom.interval, atom.value.interval
        return Event(atom.prop, atom.cls, "", atom.bounded, *days, atom.showed, atom.valued, *came)
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
        branches: list[Branch] = []
        for raw in self._raw.get(iri, ()):
            partial: Union = (Branch(),)
            for atom, positive in raw:
                # Only the whole is asked whether somebody fits it.
                joined = (a.joined(b) for a in partial for b in self._alternatives(atom, positive))
                partial = tuple(b for b in joined if b is not None)
                if len(partial) > MAX_BRANCHES:
                    raise KnowledgeError("a population has too many branches", where=iri, mend="Split it.")
            branches += partial
        return self._distinct(branches)

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
        outside: Union = (Branch(),)
        for branch in union:
            choices = [n for one in branch.literals() for n in negations(one, self.logic)]
            single = tuple(b for b in (Branch().add(choice) for choice in choices) if b is not None)
            outside = self._distinct(list(self.conjoin(outside, single)))
        return outside

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


SAME, CONTAINS, OVERLAPS = "same", "contains", "overlaps"
NOT_EXCLUDED, DISJOINT = "not excluded", "disjoint"


class Scope(NamedTuple):
    """Whom a statement speaks of: its population's IRI and its indications, sorted."""

    population: str
    indications: tuple[str, ...]


class Graded(NamedTuple):
    """A grade; ``inner`` is "a", "b" or "" and says which side lies inside the other."""

    grade: str
    inner: str = ""


class Grader:
    """Grades pairs of scopes, each pair of normal forms once."""

    def __init__(self, forms: Normalizer) -> None:
        self.forms = forms
        self._known: dict[tuple[str, str], Graded] = {}

    def grade(self, a: Scope, b: Scope) -> Graded:
        """The grade of two scopes: disjoint, same, contains, overlaps or not excluded, the first that holds.

        Disjoint: nobody fits both populations. Same and contains: by entailment. Overlaps: an indication of one is the
        same as, above or below an indication of the other. Not excluded: the rest.

        Raises:
            KnowledgeError: see :class:`guidegraph.knowledge.normal.Normalizer`.
        """
        graded = self._populations(a.population, b.population)
        if graded.grade != OVERLAPS:
            return graded
        return graded if self.related(a.indications, b.indications) else Graded(NOT_EXCLUDED)

    def _populations(self, one: str, other: str) -> Graded:
        key = (one, other)
        if key not in self._known:
            self._known[key] = self._entailed(self.forms.population(one), self.forms.population(other))
        return self._known[key]

    def _entailed(self, one: Union, other: Union) -> Graded:
        if one == other and one:
            return Graded(SAME)
        if not self.forms.meets(one, other):
            return Graded(DISJOINT)
        inside, around = self.forms.inside(one, other), self.forms.inside(other, one)
        if inside and around:
            return Graded(SAME)
        if inside or around:
            return Graded(CONTAINS, "a" if inside else "b")
        return Graded(OVERLAPS)

    def related(self, a: Iterable[str], b: Iterable[str]) -> bool:
        """Whether an indication of one is the same as, above or below an indication of the other."""
        above = self.forms.logic.above
        wanted = list(b)
        return any(y in above.get(x, (x,)) or x in above.get(y, (y,)) for x in a for y in wanted)

    def clashes(self, a: str, b: str) -> list[tuple[Literal, Literal | None]]:
        """For two disjoint populations, the literals that exclude each other, one pair for each pair of branches.

        The second of a pair is None where a literal is excluded by the other side's literals together.
        """
        pairs: dict[tuple[Literal, Literal | None], None] = {}
        for left in self.forms.population(a):
            for right in self.forms.population(b):
                pair = self._clash(left.literals(), right.literals())
                pairs[pair] = None
        return list(pairs)

    def _clash(self, left: list[Literal], right: list[Literal]) -> tuple[Literal, Literal | None]:
        def fits(literals: list[Literal]) -> bool:
            branch: Branch | None = Branch()
            for one in literals:
                branch = branch.add(one) if branch else None
            return branch is not None and satisfiable(branch, self.forms.logic)

        for one in left:
            for other in right:
                if not fits([one, other]):
                    return one, other
        for one in left:
            if not fits([one, *right]):
                return one, None
        return left[0], None
