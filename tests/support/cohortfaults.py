"""Faults that the compiler of the criteria, or what runs them on planes, could have: each is to be noticed.

A fault of the compiler is one in what it makes (``Criteria``), one of the reader of facts is one in what it reads
(``Profile``), one of the executor is another function in the place of one of its own. ``python -m
tests.support.cohortfaults`` prints how many patients notice each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import guidegraph
from guidegraph.assess.assessing import assess
from guidegraph.cohort import following, statuses, truths
from guidegraph.cohort.bits import Sheet
from guidegraph.errors import ProfileError
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.criteria import Criteria, Therapy, compile_criteria
from guidegraph.model import Profile
from guidegraph.termreadings import DISPUTED, LISTED, PART, READING, STOPPED, Bound, Implication, Interval
from tests.support.cohortproof import DAY
from tests.support.cohorts import Answered
from tests.support.guided import Guide

Answer = tuple[dict[str, str], dict[str, list[str]]] | None
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Fault:
    """One fault: what is made wrong of the criteria, of a profile, and what stands in the place of what."""

    criteria: Callable[[Criteria], Criteria] = lambda one: one
    profile: Callable[[Profile], Profile] = lambda one: one
    instead: tuple[tuple[Any, str, Any], ...] = ()


# ---------------------------------------------------------------- the compiler


def _fields(**changed: Any) -> Fault:
    return Fault(lambda one: replace(one, **changed))


def _rules(keep: Callable[[Implication], bool]) -> Fault:
    return Fault(lambda one: replace(one, rules=tuple(rule for rule in one.rules if keep(rule))))


def _each_rule(**changed: Any) -> Fault:
    return Fault(lambda one: replace(one, rules=tuple(replace(rule, **changed) for rule in one.rules)))


def _therapies(change: Callable[[Therapy], dict[str, Any]]) -> Fault:
    return Fault(lambda one: replace(one, therapies=tuple(replace(t, **change(t)) for t in one.therapies)))


def _branches(change: Callable[[Any], Any], fits: Callable[[Any], bool]) -> Fault:
    """One population changed: the first one that fits."""

    def changed(one: Criteria) -> Criteria:
        used = {p for s, p in one.population.items() if s not in one.inactive}
        name = min(p for p in used if fits(one.branches[p]))
        return replace(one, branches={**one.branches, name: change(one.branches[name])})

    return Fault(changed)


def _itself(pairs: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    return {one: frozenset((one,)) for one in pairs}


def _flat(one: Criteria) -> Criteria:
    return replace(one, ancestors=_itself(one.ancestors), descendants=_itself(one.descendants))


def _swapped_populations(one: Criteria) -> Criteria:
    """Each statement has the population of the next one."""
    names = sorted(one.population)
    return replace(one, population={s: one.population[n] for s, n in zip(names, names[1:] + names[:1], strict=True)})


def _ends(change: Callable[[Bound, Bound], Interval]) -> Fault:
    """Ranges of numbers whose ends are read otherwise."""
    right = Atom.interval

    def wrong(atom: Atom) -> Interval:
        return change(*right.__get__(atom))

    return Fault(instead=((Atom, "interval", property(wrong)),))


def _moved(bound: Bound, by: int) -> Bound:
    return bound if bound[0].is_infinite() else (bound[0] + by, bound[1])


def _turned(bound: Bound) -> Bound:
    return bound if bound[0].is_infinite() else (bound[0], 1 - bound[1])


COMPILER: dict[str, Fault] = {
    "a branch is dropped": _branches(lambda found: found[1:], lambda found: len(found) > 1),
    "a literal is dropped": _branches(lambda found: (found[0][1:], *found[1:]), lambda found: len(found[0]) > 1),
    "a literal loses its not": _branches(
        lambda found: tuple(tuple((iri, True) for iri, _ in branch) for branch in found),
        lambda found: any(not positive for branch in found for _, positive in branch),
    ),
    "branches are joined into one": _branches(
        lambda found: (tuple(dict.fromkeys(literal for branch in found for literal in branch)),),
        lambda found: len(found) > 1,
    ),
    "statements have the next one's population": Fault(_swapped_populations),
    "from a number is over it": _ends(lambda low, high: (_turned(low), high)),
    "up to a number is below it": _ends(lambda low, high: (low, _turned(high))),
    "a lower end is one higher": _ends(lambda low, high: (_moved(low, 1), high)),
    "listed implications are ignored": _rules(lambda rule: rule.kind != LISTED),
    "readings are ignored": _rules(lambda rule: rule.kind != READING),
    "readings of terms are ignored": _rules(lambda rule: rule.kind != READING or not rule.cls),
    "parts are ignored": _rules(lambda rule: rule.kind != PART),
    "parts of stopped drugs are ignored": _rules(lambda rule: rule.given != STOPPED),
    "disputed definitions are ignored": _rules(lambda rule: rule.kind != DISPUTED),
    "exclusions are ignored": _rules(lambda rule: not rule.excluded),
    "lists deny what is read": _each_rule(listless=False),
    "everybody has every number": _each_rule(total=True),
    "no class is below another": Fault(_flat),
    "classes are below what is below them": Fault(
        lambda one: replace(one, ancestors=one.descendants, descendants=one.ancestors)
    ),
    "lists deny what a listed fact may be": Fault(lambda one: replace(one, may_meet=_itself(one.may_meet))),
    "lists deny the signs of alerts": _fields(asked_only=frozenset()),
    "who lacks what a number implies may have it": _fields(owners={}),
    "lists deny what a problem states": _fields(of_problem=_NONE),
    "recommendations count for every problem": _fields(speaks_of={}),
    "no condition is a problem": _fields(problems=_NONE),
    "clocks are ignored": _fields(clocks={}),
    "no branch holds without a clock": Fault(lambda one: replace(one, holding=dict.fromkeys(one.holding, ()))),
    "ended statements count": _fields(inactive=_NONE),
    "alerts are forgotten": _fields(alerts=()),
    "coverage is forgotten": _fields(coverage=()),
    "no recommendation answers an alert": _fields(on_alert={}),
    "no advice is about a class": _fields(advice_on={}),
    "limits are forgotten": _fields(limits={}),
    "other indications are the same": _fields(apart={}),
    "no recommendation carries a rule": _fields(carries={}),
    "coverage counts for what it does not": _therapies(lambda t: {"coverage_counts": not t.coverage_counts}),
    "a recommendation reaches no therapy": _therapies(lambda t: {"recommending": t.recommending[1:]}),
    "advice against reaches no therapy": _therapies(lambda t: {"opposing": ()}),
    "absolute is relative": _therapies(lambda t: {"absolute": (), "cautioned": t.absolute + t.cautioned}),
    "warnings are forgotten": _therapies(lambda t: {"cautioned": ()}),
    "alerts call for nothing": _therapies(lambda t: {"called_by": _NONE}),
    "what was tried is only itself": _therapies(lambda t: {"holds": frozenset((t.iri,))}),
}

# ---------------------------------------------------------------- the reader of facts, and the executor

READER: dict[str, Fault] = {
    "complete lists are ignored": Fault(profile=lambda one: replace(one, complete=_NONE)),
    "what is not understood is ignored": Fault(profile=lambda one: replace(one, not_understood=())),
    "entries that are none of our terms are ignored": Fault(profile=lambda one: replace(one, others=())),
    "the problem is ignored": Fault(profile=lambda one: replace(one, about=_NONE)),
    "other problems are ignored": Fault(profile=lambda one: replace(one, beside=_NONE)),
    "what was acted on is ignored": Fault(profile=lambda one: replace(one, acted_on=_NONE)),
    "what was not tolerated elsewhere is ignored": Fault(profile=lambda one: replace(one, not_tolerated=_NONE)),
    "outcomes are ignored": Fault(
        profile=lambda one: replace(one, trials_present=frozenset(replace(t, outcome=None) for t in one.trials_present))
    ),
    "weeks of trials are ignored": Fault(
        profile=lambda one: replace(one, trials_present=frozenset(replace(t, weeks=None) for t in one.trials_present))
    ),
    "what was never stopped is never mind when": Fault(
        profile=lambda one: replace(one, stops_absent=frozenset(replace(s, days=None) for s in one.stops_absent))
    ),
    "a denied trial is forgotten": Fault(profile=lambda one: replace(one, trials_absent=frozenset())),
}


def _instead(of: Any, name: str, make: Callable[[Any], Any]) -> Fault:
    return Fault(instead=((of, name, make(getattr(of, name))),))


def _no_doubt(right: Any) -> Any:
    """Truths of which what is not true is false."""

    def wrong(self: Any, literals: Any) -> truths.Truth:
        true, _ = right(self, literals)
        return truths.Truth(true, self.sheet.rest(true))

    return wrong


def _every_branch(right: Any) -> Any:
    def wrong(self: Any, branches: Any) -> truths.Truth:
        found = [self._branch(branch) for branch in branches]
        return truths.Truth(self.sheet.every(b.true for b in found), self.sheet.any(b.false for b in found))

    return wrong


def _mixed(right: Any) -> Any:
    def wrong(self: Any, therapy: Therapy) -> Any:
        found = right(self, therapy)
        return {**found, "contested": found["caution"], "caution": found["contested"]}

    return wrong


EXECUTOR: dict[str, Fault] = {
    "unknown is no": _instead(truths.Truths, "_branch", _no_doubt),
    "a population needs every branch": _instead(truths.Truths, "_population", _every_branch),
    "a literal's not is ignored": _instead(
        truths.Truths, "_literal", lambda right: lambda self, literal: right(self, (literal[0], True))
    ),
    "statements that do not count, count": _instead(
        truths.Truths, "counts", lambda right: lambda self, statement: self.sheet.all
    ),
    "nothing is read backwards": _instead(
        following.Following, "_denying", lambda right: lambda self, prop, cls, closed: self._sheet.none
    ),
    "no list is read backwards": _instead(
        following.Following, "_denying", lambda right: lambda self, prop, cls, closed: right(self, prop, cls, False)
    ),
    "contradictions are not looked for": _instead(following.Following, "_check", lambda right: lambda self: None),
    "the last bits are forgotten": _instead(
        Sheet, "rest", lambda right: lambda self, plane: right(self, plane) & ~right(self, plane)
    ),
    "contested is caution": _instead(statuses.Statuses, "of", _mixed),
}
FAULTS = {**COMPILER, **READER, **EXECUTOR}
#: Those that nobody can notice by the shipped knowledge, each with the reason.
IDLE = {"disputed definitions are ignored": "what is disputed is read from a number, which no list denies anyway"}
#: Those that few of the patients notice, since several things must come together.
RARE = (
    "parts of stopped drugs are ignored",
    "no advice is about a class",
    "alerts call for nothing",
    "what was never stopped is never mind when",
    "other indications are the same",
    "what was not tolerated elsewhere is ignored",
    "what was tried is only itself",
)


@contextmanager
def made(fault: Fault) -> Iterator[None]:
    """What the executor is while it has a fault."""
    patches = [patch.object(of, name, wrong) for of, name, wrong in fault.instead]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()


def patients(kb: Any, count: int) -> list[Profile]:
    """Guided patients, far enough apart that they ask for different branches in all three ways."""
    guide = Guide(kb, compile_criteria(kb.knowledge, DAY))
    turn = 3 * len(guide.branches)
    # Further turns of the guide but for each second one: in the others nothing beside a branch is stated.
    rare = [guide.patient(start + at) for start in (4 * turn, 6 * turn, 8 * turn) for at in range(turn)]
    return [*(guide.patient(seed) for seed in range(0, turn, turn // count)), *telling(kb, rare)]


def telling(kb: Any, profiles: Sequence[Profile]) -> list[Profile]:
    """Of some patients the first few that notice each of the rare faults."""
    right = Answered(kb, compile_criteria(kb.knowledge, DAY), profiles)
    found: dict[int, Profile] = {}
    for name in RARE:
        differ = right.unlike(_answered(kb, FAULTS[name], profiles)).nonzero()[0]
        found |= {int(at): profiles[at] for at in differ[:3]}
    return list(found.values())


def _answered(kb: Any, fault: Fault, profiles: Sequence[Profile]) -> Answered:
    with made(fault):
        criteria = fault.criteria(compile_criteria(kb.knowledge, DAY))
        return Answered(kb, criteria, [fault.profile(profile) for profile in profiles])


def answers(kb: Any, profiles: Sequence[Profile]) -> list[Answer]:
    """The truths and statuses of some patients by SPARQL; None for who contradicts themselves."""
    found: list[Answer] = []
    for profile in profiles:
        try:
            one = assess(kb.knowledge, kb.profile(profile), DAY)
        except ProfileError:
            found.append(None)
        else:
            found.append((dict(one.truths), {therapy: [status] for therapy, status in one.statuses.items()}))
    return found


def noticed(kb: Any, fault: Fault, profiles: Sequence[Profile], right: Sequence[Answer]) -> int:
    """How many of some patients come to another answer by planes with a fault."""
    answered = _answered(kb, fault, profiles)
    return sum(map(partial(_differs, answered), range(len(profiles)), right))


def _differs(answered: Answered, at: int, right: Answer) -> bool:
    if answered.contradicted[at] or right is None:
        return bool(answered.contradicted[at]) != (right is None)
    truths_, statuses_ = right
    if any(statuses_[therapy] != found for therapy, found in answered.statuses(at).items()):
        return True
    return any(truths_.get(iri, "unknown") != truth for iri, truth in answered.truths(at).items())


def main() -> None:
    """Print how many patients notice each fault."""
    kb = guidegraph.open()
    profiles = patients(kb, 300)
    right = answers(kb, profiles)
    print(f"without a fault: {noticed(kb, Fault(), profiles, right)} of {len(profiles)}")
    for name, fault in FAULTS.items():
        print(f"{name}: {noticed(kb, fault, profiles, right)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
