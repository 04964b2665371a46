"""How far the populations of two statements overlap: the five grades, and what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from guidegraph.knowledge.branch import Branch, Literal
from guidegraph.knowledge.normal import Normalizer, Union
from guidegraph.knowledge.reasoning import satisfiable

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
        found = self._populations(a.population, b.population)
        if found.grade != OVERLAPS:
            return found
        return found if self.related(a.indications, b.indications) else Graded(NOT_EXCLUDED)

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
        found: dict[tuple[Literal, Literal | None], None] = {}
        for left in self.forms.population(a):
            for right in self.forms.population(b):
                pair = self._clash(left.literals(), right.literals())
                found[pair] = None
        return list(found)

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
