"""Readings of terms in CQL: which intervals of a number are left open, and which facts that brings.

Between the bounds of its readings a number has intervals ("cells"). A cell is open unless the value lies elsewhere, or
a term that it brings is denied, or one that it denies is present. A term holds where every open cell brings it. That is
done twice: a reading goes before completeness, so that what it brings counts as listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from guidegraph import namespaces as ns
from guidegraph.export.fhir.cqlfacts import listed, quoted, string
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.basis import Basis
from guidegraph.knowledge.records import gg
from guidegraph.termreadings import DISPUTED, READING, Implication, Interval, cells, pointed

#: The lists of the facts of each property.
LISTS = {gg("hasCondition"): "conditions", gg("hasFinding"): "conditions", gg("takesMedication"): "medications"}


class _Cell(NamedTuple):
    interval: Interval
    brings: tuple[Implication, ...]
    denies: tuple[Implication, ...]


class Readings:
    """The readings, as defines of a library.

    Args:
        rules: the implications that rest on readings.
        basis: what the knowledge says of classes.
    """

    def __init__(self, rules: Sequence[Implication], basis: Basis) -> None:
        self._basis = basis
        self._disputed = [r for r in rules if r.kind == DISPUTED]
        self._rules = [r for r in rules if r.kind == READING and r.interval]
        self._listless = {(r.then, r.other) for r in rules if r.listless and not r.excluded}
        self.numbers = {r.given for r in rules if r.interval}
        self._cells = {number: self._of(number) for number in sorted(self.numbers)}
        self._total = {r.given for r in rules if r.interval and r.total}

    def _of(self, number: str) -> list[_Cell]:
        own = ((r.interval, r, r.excluded) for r in self._rules if r.given == number and r.interval)
        return [_Cell(*cell) for cell in cells(own)]

    def defines(self) -> Iterator[str]:
        """Which cells are open by what is known, then with what is read and the complete lists."""
        yield from self._open("Known")
        for side, excluded in (("present", False), ("absent", True)):
            for kind in sorted(set(LISTS.values())):
                yield self._list(f"Read {side} {kind}", f"Known {side} {kind}", kind, "Known", excluded)
        yield from self._open("Read")

    def lists(self, prop: str, kind: str, side: str, excluded: bool) -> Iterator[str]:
        """The final list of a property's facts, once for all properties that share it."""
        if min(p for p, k in LISTS.items() if k == kind) == prop:
            yield self._list(f"{side} {kind}", f"Read {side.lower()} {kind}", kind, "Read", excluded)

    def _list(self, name: str, before: str, kind: str, stage: str, excluded: bool) -> str:
        terms = sorted({r.other for r in self._rules if r.excluded is excluded and LISTS[r.then] == kind})
        came = [f"(({listed([t])}) X where {self._by_cells(t, stage, excluded)})" for t in terms]
        return f"define {quoted(name)}:\n  " + "\n    union ".join([quoted(before), *came])

    def _by_cells(self, term: str, stage: str, excluded: bool) -> str:
        """Whether for some number every open cell brings, or denies, a term."""
        ways = []
        for number, found in self._cells.items():
            fitting = [any(r.other == term for r in (c.denies if excluded else c.brings)) for c in found]
            if any(fitting):
                closed = " and ".join(f"not {_name(stage, number, i)}" for i, fits in enumerate(fitting) if not fits)
                known = "" if number in self._total else f"{_value(number)} is not null and "
                ways.append(f"({known}{closed or 'true'})")
        return " or ".join(ways)

    def _open(self, stage: str) -> Iterator[str]:
        for number, found in self._cells.items():
            value = _value(number)
            for at, cell in enumerate(found):
                left = [f"not ({self._denied(r, stage)})" for r in cell.brings]
                left += [f"not {_has(f'{stage} present', r.then, self._basis.below(r.other))}" for r in cell.denies]
                valued = f"if {value} is not null then {_within(value, cell.interval)}"
                yield f"define {_name(stage, number, at)}:\n  {valued} else ({' and '.join(left) or 'true'})"

    def _denied(self, rule: Implication, stage: str) -> str:
        absent = _has(f"{stage} absent", rule.then, self._basis.above(rule.other))
        if stage == "Known" or rule.listless:
            return absent
        listed_one = _has(f"{stage} present", rule.then, self._basis.near(rule.other))
        known = f"{complete_list(rule.then)} and not {perhaps(rule.then, self._basis.above(rule.other))}"
        return f"{absent} or ({known} and not {listed_one})"

    def decided(self, prop: str, cls: str) -> list[str]:
        """What must hold for a complete list to deny a class: that it is read from no age, duration, score or other
        list, and that definitions do not differ on it."""
        near = self._basis.near(cls)
        if any(then == prop and other in near for then, other in self._listless):
            return ["false"]
        return [
            f"not ({_value(r.given)} is not null and {_within(_value(r.given), r.interval)}"
            f" and not {_has('Known absent', prop, self._basis.above(r.other))})"
            for r in self._disputed
            if r.then == prop and r.other in near and r.interval
        ]

    def narrowed(self, atom: Atom) -> str:
        """The truth of a range while the number has no value, by its open cells; "" where it has no readings."""
        found = self._cells.get(atom.prop, [])
        if not found:
            return ""
        low, high = atom.interval
        opened = [_name("Read", atom.prop, at) for at in range(len(found))]
        outside = [c.interval[1] <= low or high <= c.interval[0] for c in found]
        within = [low <= c.interval[0] and c.interval[1] <= high for c in found]
        text = "null as Boolean"
        if any(outside):
            text = f"if {_none(opened, outside)} then false else {text}"
        if any(within) and atom.prop in self._total:
            text = f"if {_none(opened, within)} then true else {text}"
        return text


def _none(opened: Iterable[str], fitting: Iterable[bool]) -> str:
    """That no cell is open but those that fit."""
    return " and ".join(f"not {cell}" for cell, fits in zip(opened, fitting, strict=True) if not fits) or "true"


def _name(stage: str, number: str, at: int) -> str:
    return quoted(f"{stage} open {ns.shorten(number)} {at}")


def _value(number: str) -> str:
    return quoted(f"Value {ns.shorten(number)}")


def facts(prop: str, side: str) -> str:
    """The name of the list of a property's facts."""
    return quoted(f"{side} {LISTS[prop]}")


def _has(side: str, prop: str, classes: Iterable[str]) -> str:
    return f"exists (({facts(prop, side)}) C where C in {listed(classes)})"


def perhaps(prop: str, classes: Iterable[str]) -> str:
    """That an entry of a list, known as none of our terms, may be a class that brings all of some classes."""
    denied = f"exists ((E.codes) C where C in {listed(classes)})"
    return f'exists (("Other entries") E where {string(prop)} in E.codes and not {denied})'


def complete_list(prop: str) -> str:
    """That the list of a property is complete and nothing suspends it."""
    return f'({string(prop)} in "Complete lists" and not ({string(prop)} in "Suspended lists"))'


def _within(value: str, interval: Interval) -> str:
    (low, above), (high, included) = interval
    tests = [] if low.is_infinite() else [f"{value} {'>' if above else '>='} {pointed(low)}"]
    tests += [] if high.is_infinite() else [f"{value} {'<=' if included else '<'} {pointed(high)}"]
    return f"({' and '.join(tests) or 'true'})"
