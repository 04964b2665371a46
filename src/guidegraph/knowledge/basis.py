"""What criteria rest on, whoever the patient is and whatever the day: classes, what brings what, atoms and branches.

Read from the index once. A cohort compiles it further for a day (:mod:`guidegraph.knowledge.criteria`), the CQL export
writes it down, and the overlap of populations asks it of literals (:mod:`guidegraph.knowledge.branch`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from guidegraph import namespaces as ns
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.records import Records
from guidegraph.termreadings import PART, STOPPED, TAKEN, Implication

Literal = tuple[str, bool]
Pairs = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Basis:
    """What the knowledge says of classes, numbers and populations.

    ``ancestors`` and ``descendants`` map a class to itself and those above or below it, ``may_meet`` to those that a
    fact of it may belong to as well, and ``taken`` to what is taken with it, where it has parts. ``branches`` are those
    of each population, ``population`` that of each statement; ``clocked`` are the statements that belong to one problem
    by their numbers. ``asked_only`` is what no complete list denies; ``owners`` maps a number to what everybody has
    (property, class) who has it, and ``derived`` one that is worked out from the entries of a list to its label.
    """

    ancestors: Pairs
    descendants: Pairs
    may_meet: Pairs
    taken: Pairs
    rules: tuple[Implication, ...]
    atoms: Mapping[str, Atom]
    branches: Mapping[str, tuple[tuple[Literal, ...], ...]]
    population: Mapping[str, str]
    clocked: frozenset[str]
    asked_only: frozenset[tuple[str, str]]
    owners: Mapping[str, tuple[tuple[str, str], ...]]
    derived: Mapping[str, str]

    def above(self, cls: str) -> frozenset[str]:
        """A class and those above it."""
        return self.ancestors.get(cls) or frozenset((cls,))

    def below(self, cls: str) -> frozenset[str]:
        """A class and those below it."""
        return self.descendants.get(cls) or frozenset((cls,))

    def near(self, cls: str) -> frozenset[str]:
        """The classes that a fact of a class may belong to as well."""
        return self.may_meet.get(cls) or frozenset((cls,))

    def bringing(self, prop: str, cls: str) -> frozenset[str]:
        """The classes whose presence is that of a class: those below it, and what contains one of them."""
        if prop not in (TAKEN, STOPPED):
            return self.below(cls)
        return self.below(cls).union(whole for whole, held in self.taken.items() if cls in held)

    def brought(self, prop: str, cls: str) -> frozenset[str]:
        """The classes that come with a class, so that it is absent where one of them is."""
        return brought(prop, cls, self.ancestors, self.taken)

    @cached_property
    def parts(self) -> Pairs:
        """The parts of each combination."""
        table: dict[str, set[str]] = defaultdict(set)
        for rule in self.rules:
            if rule.kind == PART:
                table[rule.cls].add(rule.other)
        return {whole: frozenset(members) for whole, members in table.items()}

    def containing(self, classes: Iterable[str]) -> set[str]:
        """The entries of a list by which one of some classes may be taken: these, and what may contain one."""
        found: set[str] = set()
        grown = set(classes)
        while grown - found:
            found |= grown
            wholes = {whole for whole, members in self.parts.items() if members & found}
            grown = found.union(*map(self.above, wholes))
        return found

    def atom(self, iri: str) -> Atom:
        """An atom; one that the index does not describe is outside the fragment."""
        return self.atoms.get(iri) or Atom(iri, "")

    def owners_of(self, atom: Atom) -> list[Atom]:
        """What a patient must have to have the number of an atom at all."""
        return [Atom("", prop, cls) for prop, cls in self.owners.get(atom.prop, ())] if not atom.cls else []

    def worked_out(self, atoms: Iterable[Atom]) -> str:
        """The numbers of some atoms that are worked out from the entries of a list, in words; "" if there is none."""
        return ", ".join(self.derived[number] for number in sorted({atom.prop for atom in atoms} & self.derived.keys()))

    def ordered(self, populations: Iterable[str]) -> list[str]:
        """Populations with those that they name, each once and after what it names."""
        found: list[str] = []
        seen: set[str] = set()

        def add(population: str) -> None:
            if population in seen:
                return
            seen.add(population)
            named = {self.atom(iri).names for branch in self.branches.get(population, ()) for iri, _ in branch}
            for name in sorted(named - {""}):
                add(name)
            if population in self.branches:
                found.append(population)

        for population in populations:
            add(population)
        return found


def compile_basis(records: Records) -> Basis:
    """What criteria rest on, as the index of some records has it."""
    rows = records.criteria
    population = {node: said[ns.IDX + "population"][0] for node, said in rows.items() if ns.IDX + "population" in said}
    return Basis(
        records.ancestors,
        records.descendants,
        records.may_meet,
        records.taken,
        tuple(records.implications),
        records.atoms,
        records.branches,
        dict(sorted(population.items())),
        frozenset(node for node, said in rows.items() if ns.IDX + "clocked" in said),
        records.asked_only,
        records.implied,
        records.derived,
    )


def brought(prop: str, cls: str, ancestors: Pairs, taken: Pairs) -> frozenset[str]:
    """The classes that come with a class: those above it, and of what is taken its parts and those above them."""
    by_parts = taken.get(cls) if prop in (TAKEN, STOPPED) else None
    return by_parts or ancestors.get(cls) or frozenset((cls,))


def chained(rules: Iterable[Implication], basis: Basis) -> list[Implication]:
    """Some rules, and those that follow when a fact that one brings lets another bring its own."""
    given = list(rules)
    found = list(given)
    for first in found:
        for second in given:
            meet = not first.excluded and second.cls and second.given == first.then
            if meet and second.cls in basis.above(first.other):
                both = replace(second, given=first.given, cls=first.cls)
                found += [both] if both not in found else []
    return found
