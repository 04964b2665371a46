"""One sentence a disagreement, short enough to be read aloud; what does not fit is counted, never dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, cast

from guidegraph.disagree.words import Whom
from guidegraph.knowledge.phrases import joined
from guidegraph.knowledge.records import NOT_STATED
from guidegraph.words import attached_inside

if TYPE_CHECKING:
    from guidegraph.comparisons import Side, Silent

#: Words of a sentence at most.
LONGEST = 40
#: Words of one name at most: a longer one ends in an ellipsis.
_NAME = 9
SILENT = "silent"
_VERBS = {
    "for": "recommends",
    "against": "advises against",
    "insufficient-evidence": "finds the evidence insufficient for",
    "no-recommendation": "makes no recommendation on",
    SILENT: "does not address",
}


_PAST = {
    "for": "recommended",
    "against": "advised against",
    "insufficient-evidence": "found the evidence insufficient for",
    "no-recommendation": "made no recommendation on",
}


def past_of(stance: str) -> str:
    """The verb of a stance that was."""
    return _PAST[stance]


def said_of(stance: str) -> str:
    """The verb of a stance."""
    return _VERBS[stance]


def count(text: str) -> int:
    """The words of a text."""
    return len(text.split())


def clipped(name: str, most: int = _NAME) -> str:
    """A name with at most so many words."""
    parts = name.split()
    return name if len(parts) <= most else f"{' '.join(parts[: most - 1]).rstrip(',')} ..."


def fitting(tries: Iterable[str]) -> str:
    """The first text that is short enough; the last one where none is."""
    text = ""
    for text in tries:
        if count(text) <= LONGEST:
            return text
    return text


def _extras(side: Side, full: bool) -> list[str]:
    told = [side["strength"]] if side["strength"] not in ("none stated", NOT_STATED) else []
    if full:
        told += [f"for {joined(side['outcome'])}"] if side["outcome"] else []
        told += [*side["horizon"], *map(attached_inside, side["attached"])]
    return told


def said(name: str, side: Side | Silent, about: str, full: bool) -> str:
    """Who says what of an intervention, with the strength; ``full`` with outcome, horizon and attached conditions."""
    if side["stance"] == SILENT:
        return f"{clipped(name)} {_VERBS[SILENT]} {clipped(about)}"
    extras = _extras(cast("Side", side), full)
    return f"{clipped(name)} {_VERBS[side['stance']]} {clipped(about)}" + (f" ({', '.join(extras)})" if extras else "")


class Sides:
    """The two sides of a sentence: names of the voices, what they say, and what of."""

    def __init__(self, names: tuple[str, str], sides: tuple[Side, Side | Silent], about: tuple[str, str]) -> None:
        self._names, self._sides, self._about = names, sides, about

    def _both(self, full: bool, between: str) -> str:
        (one, two), (a, b), (first, second) = self._names, self._sides, self._about
        return f"{said(one, a, first, full)}{between}{said(two, b, 'it' if first == second else second, full)}"

    def meeting(self, whom: Whom) -> str:
        """For whom the two differ, and what each says."""
        criteria = len(whom.held) + len(whom.lacked)

        def told(full: bool, most: int) -> str:
            return f"For {whom.text(most)}, {self._both(full, ', while ')}."

        shorter = (told(False, most) for most in range(criteria, -1, -1))
        return fitting(chain([told(True, criteria)], shorter))

    def disjoint(self, clashes: Sequence[str]) -> str:
        """What each says, and what keeps their patients apart."""
        more = f" and {len(clashes) - 1} more" if len(clashes) > 1 else ""
        tries = [
            f"{self._both(full, '; ')}; no patient fits both{why}."
            for full in (True, False)
            for why in (*([f": {'; '.join(clashes)}", f": {clashes[0]}{more}"] if clashes else ()), "")
        ]
        return fitting(tries)

    def unrelated(self, indications: tuple[str, str]) -> str:
        """What each says of which condition."""

        def told(full: bool, named: bool) -> str:
            (one, two), (a, b), (first, second) = self._names, self._sides, self._about
            left, right = (f" for {clipped(text)}" if named else "" for text in indications)
            other = "it" if first == second else second
            end = "both apply only to a patient with both" if named else "they speak of unrelated conditions"
            return f"{said(one, a, first, full)}{left}; {said(two, b, other, full)}{right}; {end}."

        return fitting(told(f, n) for f, n in ((True, True), (False, True), (False, False)))
