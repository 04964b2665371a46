"""What can be said of branches: whether somebody fits one, whether two can hold together, what one entails."""

from __future__ import annotations

from guidegraph.knowledge.branch import HIGHEST, LOWEST, Branch, Event, Held, Literal, Logic, Range


def closed(branch: Branch, logic: Logic) -> frozenset[Held]:
    """What the patient has, with what that and the numbers bring."""
    if not logic.brings and not any(known.prop in logic.numbers for known in branch.ranges):
        return branch.has
    found = set(branch.has)
    for known in branch.ranges:
        if known.valued:
            found.update(logic.numbers.get(known.prop, ()))
    grown = True
    while grown:
        new = {then for given, then in logic.brings if any(logic.covers(given, h) for h in found)} - found
        grown = bool(new)
        found |= new
    return frozenset(found)


def satisfiable(branch: Branch, logic: Logic) -> bool:
    """Whether some patient fits the conjunction.

    Complete for the fragment: what is held is closed under the implications between held classes, and the only other
    ways to fail are a denied class above a held one, two held classes that exclude each other, an empty interval (never
    built), and an event of which the denied events leave nothing.
    """
    held = closed(branch, logic)
    if branch.lacks and any(logic.covers(no, yes) for no in branch.lacks for yes in held):
        return False
    if len(held) > 1 and logic.excludes:
        marks = [mark for one in held for mark in logic.marks(one)]
        if any((rule, not side) in marks for rule, side in marks):
            return False
    if not branch.no_events:
        return True
    return all(logic.possible(event, branch.no_events) for event in branch.events)


def negations(literal: Literal, logic: Logic) -> list[Literal]:
    """The literals of which one holds exactly when ``literal`` does not."""
    what, positive = literal
    if not isinstance(what, Range):
        return [(what, not positive)]
    if not what.valued:
        return [(Range(what.prop, LOWEST, HIGHEST), True)]
    found: list[Literal] = []
    if what.low > LOWEST:
        found.append((Range(what.prop, LOWEST, what.low), True))
    if what.high < HIGHEST:
        found.append((Range(what.prop, what.high, HIGHEST), True))
    if what.prop not in logic.total:
        found.append((Range(what.prop, LOWEST, HIGHEST, False), True))
    return found


def compatible(one: Branch, other: Branch, logic: Logic) -> bool:
    """Whether some patient fits both of two branches that somebody fits each."""
    for known in one.ranges:
        for wanted in other.ranges:
            if known.prop == wanted.prop and (
                known.valued != wanted.valued or max(known.low, wanted.low) >= min(known.high, wanted.high)
            ):
                return False
    if _apart(one, other, logic):
        both = one.joined(other)
        return both is not None and satisfiable(both, logic)
    for left, right in ((one, other), (other, one)):
        if left.lacks and any(logic.covers(no, yes) for no in left.lacks for yes in right.has):
            return False
    return True


def _apart(one: Branch, other: Branch, logic: Logic) -> bool:
    """Whether more than denied classes and ranges can keep two branches apart."""
    if logic.brings or ((one.events or other.events) and (one.no_events or other.no_events)):
        return True
    if any(r.prop in logic.numbers for branch in (one, other) for r in branch.ranges):
        return True
    return any(logic.marks(h) for h in one.has) and any(logic.marks(h) for h in other.has)


def entails(branch: Branch, literal: Literal, logic: Logic) -> bool:
    """Whether whoever fits a branch (that somebody fits) fits a literal: none of its negations can be added."""
    what, positive = literal
    if isinstance(what, Event):
        if positive:
            denied = (*branch.no_events, what)
            return not all(logic.possible(event, denied) for event in branch.events)
        return not logic.possible(what, branch.no_events)
    if isinstance(what, Held):
        if positive:
            return any(logic.covers(what, held) for held in closed(branch, logic))
        if not logic.brings and not logic.marks(what):
            return any(logic.covers(no, what) for no in branch.lacks)
    elif what.valued and what.prop not in logic.numbers:
        return any(
            r.prop == what.prop and r.valued and what.low <= r.low and r.high <= what.high for r in branch.ranges
        )
    left = (branch.add(denied) for denied in negations(literal, logic))
    return not any(b is not None and satisfiable(b, logic) for b in left)
