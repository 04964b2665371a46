"""Whom the voices of a controversy speak of, along the number that separates them best: what its picture draws.

A voice speaks of a value where some patient with it fits its population, readings of terms included: "chronic" reaches
from the weeks that its definitions begin with. Where only some definitions of a term let it, the span is not sure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise, product

from guidegraph.knowledge import describe
from guidegraph.knowledge.branch import Branch, Logic, Range, satisfiable
from guidegraph.knowledge.normal import Union
from guidegraph.readforms import Met, Picture, PictureRow, Span
from guidegraph.termreadings import HIGHEST, LOWEST, Bound

#: Of an axis without an upper end, how far it goes beyond the last bound, as a share of that.
_BEYOND = 0.4
#: A cell of an axis: from one bound to the next, and whether somebody in it is meant: for sure, perhaps (definitions
#: of a term differ there), or not.
_SURE, _PERHAPS, _NOT = 2, 1, 0
Cells = Sequence[tuple[Bound, Bound]]


def picture(
    whom: dict[str, Union],
    opposed: Iterable[tuple[str, str]],
    logic: Logic,
    clock: Callable[[str], bool],
    named: Callable[[str], str],
    said: Callable[[Union], str],
) -> Picture | None:
    """The picture of some voices, or None where no number separates those that are opposed.

    Args:
        whom: the population of each statement, in the order in which they are drawn.
        opposed: the pairs of them that are at odds.
        logic: what the ontology says about literals.
        clock: whether a number is one of time, which is drawn before any other that separates.
        named: the name of a number.
        said: a population in words.
    """
    pairs = list(opposed)
    numbers = {r.prop for union in whom.values() for r in _bounded(union)}
    # A term such as "chronic" may be all that a controversy says of time.
    numbers |= {number for union in whom.values() for b in union for h in b.has for number in logic.near(h)}
    best = _best(sorted(n for n in numbers if clock(n)), whom, pairs, logic)
    best = best or _best(sorted(n for n in numbers if not clock(n)), whom, pairs, logic)
    if best is None:
        return None
    rows: list[PictureRow] = [
        {"voice": describe.name(s), "spans": best.spans(best.rows[s]), "besides": said(_without(union, best.number))}
        for s, union in whom.items()
    ]
    return {
        "number": describe.name(best.number),
        "label": named(best.number),
        "high": best.high,
        "ticks": best.ticks,
        "rows": rows,
        "meet": best.met(),
    }


def _best(
    numbers: Iterable[str], whom: dict[str, Union], pairs: Sequence[tuple[str, str]], logic: Logic
) -> _Axis | None:
    """The axis along which opposed voices are apart most, or None where none of some numbers separates them."""
    axes = [axis for number in numbers if (axis := _Axis(number, whom, pairs, logic)).separates]
    return max(axes, key=lambda axis: (axis.separates, axis.number), default=None)


def _bounded(union: Union) -> Iterable[Range]:
    return (r for branch in union for r in branch.ranges if r.valued and (r.low > LOWEST or r.high < HIGHEST))


def _without(union: Union, number: str) -> Union:
    """A population without what it says of a number."""
    left = (replace(b, ranges=tuple(r for r in b.ranges if r.prop != number)) for b in union)
    return tuple(dict.fromkeys(left))


class _Axis:
    """One number with the cells between all bounds that bear on some populations.

    Attributes:
        rows: for each statement what each cell is to it; meet: what each is to each opposed pair together.
        separates: the part of the axis, 0 to 1, in which only one of an opposed pair speaks, on average over them.
    """

    def __init__(self, number: str, whom: dict[str, Union], pairs: Sequence[tuple[str, str]], logic: Logic) -> None:
        self.number = number
        self._logic = logic
        own = {end for u in whom.values() for r in _bounded(u) if r.prop == number for end in (r.low, r.high)}
        read = {end for r, _, _ in logic.readings if r.prop == number for end in (r.low, r.high)}
        ends = sorted({LOWEST, HIGHEST, *own, *read})
        cells = list(pairwise(ends))
        rows = {s: [self._meant(union, cell) for cell in cells] for s, union in whom.items()}
        met = [[self._met(whom[a], whom[b], cell) for cell in cells] for a, b in pairs]
        # A reading's bound that changes nothing here is none of the picture's.
        moves = [at for at in range(1, len(cells)) if any(r[at] != r[at - 1] for r in (*rows.values(), *met))]
        starts = [0, *moves]
        self._cells: Cells = [(cells[a][0], cells[b - 1][1]) for a, b in zip(starts, [*moves, len(cells)], strict=True)]
        self.rows = {s: [row[at] for at in starts] for s, row in rows.items()}
        self.meet = [[row[at] for row in met] for at in starts]
        self.ticks = sorted({float(low[0]) for low, _ in self._cells[1:]})
        self.high = round(self.ticks[-1] * (1 + _BEYOND), 1) if self.ticks else 0.0
        self.separates = self._apart(pairs)

    def _meant(self, union: Union, cell: tuple[Bound, Bound]) -> int:
        wanted = Range(self.number, *cell), True
        inside = [b for b in (branch.add(wanted) for branch in union) if b is not None]
        return self._grade(inside)

    def _met(self, one: Union, other: Union, cell: tuple[Bound, Bound]) -> int:
        wanted = Range(self.number, *cell), True
        both = (a.joined(b) for a, b in product(one, other))
        return self._grade([b for b in (branch.add(wanted) for branch in both if branch) if b is not None])

    def _grade(self, branches: Sequence[Branch]) -> int:
        if any(satisfiable(b, self._logic.undisputed) for b in branches):
            return _SURE
        return _PERHAPS if any(satisfiable(b, self._logic) for b in branches) else _NOT

    def _width(self, at: int) -> float:
        low, high = self._cells[at]
        first = max(float(low[0]), 0.0)
        return max(min(float(high[0]), self.high) - first, 0.0)

    def _apart(self, pairs: Sequence[tuple[str, str]]) -> float:
        if not self.high or not pairs:
            return 0.0
        alone = sum(
            self._width(at)
            for a, b in pairs
            for at in range(len(self._cells))
            if bool(self.rows[a][at]) != bool(self.rows[b][at])
        )
        return alone / self.high / len(pairs)

    def met(self) -> list[Met]:
        """The cells in which opposed voices meet, those side by side in which as many do as one."""
        told: list[Met] = []
        counted = [(max(grades, default=_NOT), sum(map(bool, grades))) for grades in self.meet]
        for (grade, pairs), group in groupby(zip(counted, self._cells, strict=True), key=lambda pair: pair[0]):
            cells = [cell for _, cell in group]
            if grade:
                told.append({**_span(cells, grade), "pairs": pairs})
        return told

    def spans(self, grades: Sequence[int]) -> list[Span]:
        """The cells that are meant, those side by side as one; an end is None where there is none."""
        told: list[Span] = []
        for grade, group in groupby(zip(grades, self._cells, strict=True), key=lambda pair: pair[0]):
            cells = [cell for _, cell in group]
            if grade:
                told.append(_span(cells, grade))
        return told


def _span(cells: Cells, grade: int) -> Span:
    low, high = cells[0][0], cells[-1][1]
    return {
        "low": None if low == LOWEST else float(low[0]),
        "high": None if high == HIGHEST else float(high[0]),
        "sure": grade == _SURE,
    }
