"""Populations in simplest form: what all share once, products as factors; in Manchester syntax and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from guidegraph.knowledge.branch import Literal
from guidegraph.knowledge.manchester import Syntax
from guidegraph.knowledge.normal import Union
from guidegraph.knowledge.phrases import Phrases, joined

Conjunction = frozenset[Literal]


class Factor(NamedTuple):
    """Alternatives, of which one must hold: conjunctions of literals, each in a fixed order."""

    choices: tuple[tuple[Literal, ...], ...]


class Simplest(NamedTuple):
    """Literals that all branches share, and factors; ``nobody`` where there is no branch."""

    shared: tuple[Literal, ...]
    factors: tuple[Factor, ...] = ()
    nobody: bool = False


def simplest(union: Union) -> Simplest:
    """A union of conjunctions as shared literals and independent factors.

    The union must be without branches inside one another, as :meth:`guidegraph.knowledge.normal.Normalizer.meet`
    gives it. Six branches that are three alternatives times two become two factors.
    """
    order = {one: at for branch in union for at, one in enumerate(branch.literals())}
    branches = {frozenset(branch.literals()) for branch in union}
    if not branches:
        return Simplest((), nobody=True)
    shared = frozenset.intersection(*branches)

    def sorted_(literals: Iterable[Literal]) -> tuple[Literal, ...]:
        return tuple(sorted(literals, key=lambda one: (order[one], repr(one))))

    rest = {branch - shared for branch in branches}
    factors = [
        Factor(tuple(sorted((sorted_(choice) for choice in choices), key=repr)))
        for choices in (_factors(rest) if len(rest) > 1 else ())
    ]
    return Simplest(sorted_(shared), tuple(sorted(factors, key=repr)))


def _factors(branches: set[Conjunction]) -> list[set[Conjunction]]:
    """The branches as a product of sets of alternatives; one factor where they are none.

    Literals that do not occur freely of each other belong to one factor.
    """
    literals = sorted(frozenset.union(*branches), key=repr)
    group = {one: frozenset((one,)) for one in literals}
    for one, other in combinations(literals, 2):
        met = {(one in branch, other in branch) for branch in branches}
        free = len(met) == len({a for a, _ in met}) * len({b for _, b in met})
        if not free and group[one] is not group[other]:
            joined = group[one] | group[other]
            group.update(dict.fromkeys(joined, joined))
    parts = [{branch & held for branch in branches} for held in dict.fromkeys(group.values())]
    size = 1
    for part in parts:
        size *= len(part)
    return parts if size == len(branches) else [branches]


def manchester(form: Simplest) -> str:
    """A population in simplest form in OWL 2 Manchester syntax; owl:Nothing where there is no branch."""
    if form.nobody:
        return "owl:Nothing"
    syntax = Syntax()
    parts = syntax.literals(form.shared)
    for factor in form.factors:
        choices = [" and ".join(syntax.literals(choice)) for choice in factor.choices]
        parts.append(
            f"({' or '.join(f'({c})' if len(f) > 1 else c for c, f in zip(choices, factor.choices, strict=True))})"
        )
    return " and ".join(parts) or "owl:Thing"


class Whom(NamedTuple):
    """A population as parts of a sentence: who they are, what they have, what they must not have."""

    person: str
    held: tuple[str, ...]
    lacked: tuple[str, ...]

    def __len__(self) -> int:
        return bool(self.person) + len(self.held) + len(self.lacked)

    def text(self, most: int | None = None) -> str:
        """In words, with at most ``most`` criteria besides the person, and a count of those left out."""
        if most is None:
            most = len(self.held) + len(self.lacked)
        held, lacked = self.held[:most], self.lacked[: max(0, most - len(self.held))]
        left = len(self.held) + len(self.lacked) - len(held) - len(lacked)
        told = self.person or "patients"
        if left:
            further = f"{left} further criteri{'on' if left == 1 else 'a'}"
            return told + f" with {joined([*held, further])}" + (f", without {joined(lacked, 'or')}" if lacked else "")
        told += f" with {joined(held)}" if held else ""
        return told + (f"{',' if held else ''} without {joined(lacked, 'or')}" if lacked else "")


def whom(form: Simplest, phrases: Phrases) -> Whom:
    """A population in simplest form as parts of a sentence."""
    person, held, lacked = "", list[str](), list[str]()
    for what, positive in form.shared:
        if phrases.is_person((what, positive)) and not person:
            person = phrases.positive(what)
        else:
            (held if positive else lacked).append(phrases.positive(what))
    for factor in form.factors:
        choices = [joined([phrases.literal(one) for one in choice]) for choice in factor.choices]
        held.append(_either(choices))
    return Whom(person, tuple(held), tuple(lacked))


def _either(choices: Sequence[str]) -> str:
    """Alternatives, of which the listener must hear where each ends."""
    plainly = not any(f" {word} " in f" {text} " for text in choices for word in ("and", "or"))
    return joined(choices, "or") if plainly else f"either {', or '.join(choices)}"


def words(form: Simplest, phrases: Phrases) -> str:
    """A population in simplest form in words, nothing left out."""
    return "nobody" if form.nobody else whom(form, phrases).text()
