"""What is stated of a crowd and what follows from it, as Polars expressions: the first half of the second executor."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import pairwise
from operator import and_, or_

import polars as pl

from guidegraph.knowledge.atoms import CLASSES, Atom
from guidegraph.knowledge.records import gg
from guidegraph.termreadings import DISPUTED, LISTED, PART, STOPPED, TAKEN, Implication
from tests.support.guided import LISTS
from tests.support.manypatients import EVENTS, PLACES, THOUSAND, Crowd

NO, YES = pl.lit(False), pl.lit(True)
Expr = pl.Expr


def some(found: Iterable[Expr]) -> Expr:
    """Whether one of some holds."""
    held = [expr for expr in found if expr is not NO]
    return reduce(or_, held) if held else NO


def each(found: Iterable[Expr]) -> Expr:
    """Whether all of some hold."""
    held = [expr for expr in found if expr is not YES]
    return reduce(and_, held) if held else YES


class Followed:
    """What is stated of a crowd, and what follows from it.

    Args:
        crowd: says what the columns mean.
        frame: the columns of the patients.

    Attributes:
        contradictory: those whose facts contradict each other.
    """

    def __init__(self, crowd: Crowd, frame: pl.DataFrame) -> None:
        self._criteria, self._crowd, self._frame = crowd.criteria, crowd, frame
        self._names = set(frame.columns)
        self._rules = [rule for rule in self._criteria.rules if rule.kind != DISPUTED]
        self._open: dict[tuple[str, str], Expr] = {}
        self._above, self._below = self._criteria.ancestors, self._criteria.descendants
        self._taken_apart = {}
        for rule in self._rules:
            if rule.given == STOPPED:
                self._taken_apart.setdefault(rule.cls, set()).add(rule.other)
        self._follow()

    def _add(self, columns: Mapping[str, Expr], prefix: str) -> None:
        """Add the columns of a stage."""
        self._frame = self._frame.with_columns(expr.alias(prefix + name) for name, expr in columns.items())
        self._names |= {prefix + name for name in columns}

    # ------------------------------------------------------------ what is stated

    def _said(self, name: str) -> Expr:
        return pl.col(name) if name in self._names else NO

    def _has(self, prop: str, cls: str) -> Expr:
        return self._said(f"present {prop} {cls}")

    def _lacks(self, prop: str, cls: str) -> Expr:
        return self._said(f"absent {prop} {cls}")

    def _held(self, prop: str, cls: str) -> Expr:
        return some(self._has(prop, one) for one in sorted(self._below.get(cls, (cls,))))

    def _denied(self, prop: str, cls: str) -> Expr:
        return some(self._lacks(prop, one) for one in sorted(self._above.get(cls, (cls,))))

    def _complete(self, prop: str) -> Expr:
        return self._said(f"complete  {prop}") & ~self._said(f"not_understood  {prop}")

    def _meets(self, cls: str) -> frozenset[str]:
        return self._criteria.may_meet.get(cls, frozenset((cls,)))

    def _listed(self, prop: str, cls: str) -> Expr:
        """Whether something that is listed may be of a class."""
        if prop in EVENTS:
            return some(self._event_of(EVENTS[prop][0], at, self._meets(cls)) for at in range(PLACES[EVENTS[prop][0]]))
        return some(self._has(prop, one) for one in sorted(self._meets(cls)))

    def _event_of(self, field: str, place: int, classes: Iterable[str]) -> Expr:
        """Whether the event in a place is of one of some classes, or is a stop of what has one of them as a part."""
        wanted = set(classes)
        codes = [
            code
            for code, cls in enumerate(self._crowd.classes)
            if ({cls} if field.startswith("trials") else self._with_parts(cls)) & wanted
        ]
        return pl.col(f"{field} {place} of").is_in(codes) if codes else NO

    def _with_parts(self, cls: str) -> set[str]:
        """A class with the parts of what it is, and theirs."""
        found = {cls}
        while True:
            parts = {p for one in found for up in self._above.get(one, (one,)) for p in self._taken_apart.get(up, ())}
            if parts <= found:
                return found
            found |= parts

    def _perhaps(self, prop: str, cls: str) -> Expr:
        """Whether an entry that is none of our terms may be of a class."""
        held, rest = set[str](), [cls]
        parts = {(r.cls, r.other) for r in self._rules if r.kind == PART and r.given == prop}
        while rest:
            one = rest.pop()
            if one not in held:
                held.add(one)
                rest += [*self._above.get(one, ()), *(part for whole, part in parts if whole == one)]
        others = [y for y in self._crowd.yes if y.field == "others" and y.value.prop == prop]
        return some(pl.col(y.name) for y in others if held.isdisjoint(y.value.denies))

    def _stated(self, number: str) -> Expr:
        return pl.col(number) >= 0

    def _inside(self, number: str, rule: Implication | Atom) -> Expr:
        """Whether the stated number lies in a range, by itself."""
        value, tests = pl.col(number), []
        if isinstance(rule, Atom):
            tests = [value >= scaled(rule.low), value <= scaled(rule.high)]
            tests += [value > scaled(rule.above), value < scaled(rule.below)]
        elif rule.interval is not None:
            (low, open_), (high, closed) = rule.interval
            if not low.is_infinite():
                tests.append(value > scaled(low) if open_ else value >= scaled(low))
            if not high.is_infinite():
                tests.append(value <= scaled(high) if closed else value < scaled(high))
        return each((self._stated(number), *tests))

    # ------------------------------------------------------------ what follows

    def _follow(self) -> None:
        self._settle([rule for rule in self._rules if rule.kind == LISTED], False)
        had = {cls: self._has(CLASSES[0], cls) for cls in self._criteria.problems}
        self._add(had, "had ")
        self._settle(self._rules, False)
        self._leave_open()
        self._settle(self._rules, True)
        self._add({"contradictory": some(self._clashes())}, "")
        self.contradictory = self._frame["contradictory"]

    def _settle(self, rules: Iterable[Implication], closed: bool) -> None:
        rules = [rule for rule in rules if rule.given != STOPPED]
        changed = True
        while changed:
            changed = False
            for rule in rules:
                for name, brought in self._bring(rule, closed):
                    old = self._frame[name] if name in self._names else None
                    new = self._frame.select((self._said(name) | brought).alias(name))[name]
                    if new.any() and (old is None or not new.equals(old)):
                        self._frame = self._frame.with_columns(new)
                        self._names.add(name)
                        changed = True

    def _bring(self, rule: Implication, closed: bool) -> Iterable[tuple[str, Expr]]:
        """The columns that a rule adds to, each with those whom it adds."""
        target = f"{'absent' if rule.excluded else 'present'} {rule.then} {rule.other}"
        if rule.interval is not None:
            left = NO
            if rule.total:
                left = self._narrowed(rule.given) & ~self._stated(rule.given) & self._all_left(rule.given, rule)
            yield target, self._inside(rule.given, rule) | left
            against = self._held(rule.then, rule.other) if rule.excluded else self._not(rule, closed)
            taken = some(self._left(rule.given, point) for point in self._points(rule.given) if holds(rule, point))
            yield f"gone {self._rules.index(rule)}", against & taken & ~self._stated(rule.given) & ~left
        elif not rule.cls:
            yield target, self._stated(rule.given)
        else:
            given = self._held(rule.given, rule.cls)
            yield target, given
            if not rule.excluded:
                lacking = self._not(rule, closed and rule.kind != PART) & ~self._held(rule.given, rule.cls)
                yield f"absent {rule.given} {rule.cls}", lacking & ~self._denied(rule.given, rule.cls)

    def _not(self, rule: Implication, closed: bool) -> Expr:
        """Whether what a rule brings is known to be absent."""
        prop, cls = rule.then, rule.other
        return self._denied(prop, cls) | (self._unlisted(prop, cls) if closed else NO)

    def _unlisted(self, prop: str, cls: str) -> Expr:
        opened = some(expr for (p, one), expr in self._open.items() if p == prop and one in self._meets(cls))
        return self._complete(prop) & ~self._listed(prop, cls) & ~opened & ~self._perhaps(prop, cls)

    def _points(self, number: str) -> list[int]:
        """Values that tell all ranges of a number apart: its bounds, those between, 0 and one above all."""
        bounds = sorted({scaled(bound) for bound, _ in self._criteria.numbers[number] if not bound.is_infinite()})
        return [*dict.fromkeys((0, *bounds, *((a + b) // 2 for a, b in pairwise((0, *bounds))), bounds[-1] + THOUSAND))]

    def _left(self, number: str, point: int) -> Expr:
        """Whether nothing takes a value away from a number that is not stated."""
        rules = [r for r in self._rules if r.given == number and r.interval and holds(r, point)]
        return ~some(self._said(f"gone {self._rules.index(rule)}") for rule in rules)

    def _all_left(self, number: str, inside: Implication | Atom) -> Expr:
        return ~some(self._left(number, point) for point in self._points(number) if not holds(inside, point))

    def _narrowed(self, number: str) -> Expr:
        rules = [rule for rule in self._rules if rule.given == number and rule.interval is not None]
        return some(self._said(f"gone {self._rules.index(rule)}") for rule in rules)

    def _leave_open(self) -> None:
        """What no complete list of a patient denies."""
        some_list = some(self._said(f"complete  {prop}") for prop in (*LISTS, gg("underwent"), gg("wasSupplied")))
        found: dict[tuple[str, str], Expr] = {}
        for rule in self._criteria.rules:
            fact = (rule.then, rule.other)
            if rule.kind == DISPUTED:
                unknown = ~self._held(*fact) & ~self._denied(*fact)
                found[fact] = found.get(fact, NO) | (self._inside(rule.given, rule) & unknown)
            elif rule.listless and not rule.excluded:
                found[fact] = YES
        found |= self._combined()
        self._add({f"{prop} {cls}": expr & some_list for (prop, cls), expr in found.items()}, "open ")
        self._open = {(prop, cls): pl.col(f"open {prop} {cls}") for prop, cls in found}

    def _combined(self) -> dict[tuple[str, str], Expr]:
        """The parts of what may be listed, and each combination of which all parts may be."""
        parts: dict[tuple[str, str], list[str]] = {}
        for rule in self._rules:
            if rule.kind == PART:
                parts.setdefault((rule.given, rule.cls), []).append(rule.other)
        found: dict[tuple[str, str], Expr] = {}

        def listed(prop: str, cls: str) -> Expr:
            place = range(PLACES["stops_present"])
            stated = self._has(prop, cls) if prop == TAKEN else some(self._event_of("stops_present", p, {cls}) for p in place)  # fmt: skip
            return stated | self._said(f"part {prop} {cls}")

        def may(prop: str, cls: str) -> Expr:
            return some(listed(prop, one) for one in sorted(self._meets(cls)))

        changed = True
        while changed:
            changed = False
            for (prop, whole), members in parts.items():
                mask = self._frame.select((may(prop, whole) & ~each(listed(prop, m) for m in members)).alias("new"))
                if mask["new"].any():
                    changed = True
                    self._add({m: self._said(f"part {prop} {m}") | mask["new"] for m in members}, f"part {prop} ")
        for (prop, _), members in parts.items():
            found |= {(prop, member): listed(prop, member) for member in members}
        for (prop, whole), members in parts.items():
            if len(members) > 1:
                every = each((self._complete(prop) & self._perhaps(prop, m)) | may(prop, m) for m in members)
                found[prop, whole] = found.get((prop, whole), NO) | every
        return found

    def _clashes(self) -> Iterable[Expr]:
        for name in self._frame.columns:
            field, _, fact = name.partition(" ")
            prop, _, cls = fact.partition(" ")
            if field == "absent":
                yield self._held(prop, cls) & pl.col(name)
        for field, never in EVENTS.values():
            for place in range(PLACES[field]):
                for other in range(PLACES[never]):
                    yield self._clash(field, place, never, other)
        for number in self._criteria.numbers:
            empty = ~some(self._left(number, point) for point in self._points(number))
            yield empty & ~self._stated(number)

    def _clash(self, field: str, place: int, never: str, other: int) -> Expr:
        """Whether one event is what another place says never was."""
        had, denied = f"{field} {place}", f"{never} {other}"
        found = []
        for code, cls in enumerate(self._crowd.classes):
            # Who stopped a combination stopped each of its parts; who never stopped a part never stopped the whole.
            kinds = {cls} if field.startswith("trials") else self._with_parts(cls)
            codes = [
                at for at, c in enumerate(self._crowd.classes) if any(c in self._above.get(k, (k,)) for k in kinds)
            ]
            found.append((pl.col(f"{had} of") == code) & pl.col(f"{denied} of").is_in(codes))
        same = (pl.col(f"{denied} led") == 0) | (pl.col(f"{denied} led") == pl.col(f"{had} led"))
        if field.startswith("stops"):
            days, within = pl.col(f"{had} number"), pl.col(f"{denied} number")
            same = (within < 0) | ((days >= 0) & (days <= within))
        return some(found) & same


def scaled(number: object) -> int:
    """A bound in the thousandths in which columns hold numbers, exactly."""
    found = number * THOUSAND  # type: ignore[operator]
    assert found == int(found), f"{number} has more than three decimals"
    return int(found)


def holds(range_: Implication | Atom, point: int) -> bool:
    """Whether a value lies in a range."""
    if isinstance(range_, Atom):
        return scaled(range_.low) <= point <= scaled(range_.high) and scaled(range_.above) < point < scaled(
            range_.below
        )
    assert range_.interval is not None
    (low, open_), (high, closed) = range_.interval
    lower = low.is_infinite() or (scaled(low) < point if open_ else scaled(low) <= point)
    return lower and (high.is_infinite() or (point <= scaled(high) if closed else point < scaled(high)))
