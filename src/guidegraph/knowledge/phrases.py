"""Criteria as parts of a sentence: "adults from 16", "symptoms from 13 weeks", never the name of a field."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from guidegraph.knowledge.branch import Event, Held, Literal, Range
from guidegraph.knowledge.engine import Engine
from guidegraph.knowledge.records import Records, gg
from guidegraph.termreadings import HIGHEST, LOWEST, SUPPLIED, UNDERWENT, Bound, plain


class _Said(NamedTuple):
    """How a number's ranges are said; ``days`` of its unit, None where it is none of time."""

    label: str
    phrase: str
    grown: str
    grown_from: Decimal | None
    days: int | None


def joined(names: Sequence[str], word: str = "and") -> str:
    """Names as "a", "a and b" or "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def range_words(low: Bound, high: Bound) -> str:
    """An interval in words: "from 13", "under 6", "from 6 to under 12", "over 16", "up to 12"."""
    first = f"{'over' if low[1] else 'from'} {plain(low[0])}" if low > LOWEST and low > (Decimal(0), 0) else ""
    last = f"{'up to' if high[1] else 'under'} {plain(high[0])}" if high < HIGHEST else ""
    if first and last:
        return f"{first} to {last.removeprefix('up to ')}"
    return first or last or "of any size"


class Phrases:
    """Says literals of one knowledge base."""

    def __init__(self, engine: Engine, records: Records) -> None:
        self._records = records
        self._numbers = {
            prop: _Said(label, said, grown, Decimal(start) if start else None, int(days) if days else None)
            for prop, label, said, grown, start, days in engine.select("answer/phrases")
        }

    def days(self, prop: str) -> int | None:
        """The days of a number's unit, None where it is none of time."""
        said = self._numbers.get(prop)
        return said.days if said else None

    def label(self, prop: str) -> str:
        """The name of a number."""
        return self._said(prop).label

    def is_person(self, literal: Literal) -> bool:
        """Whether a literal is said as the subject of a sentence ("adults from 16")."""
        what, _ = literal
        return isinstance(what, Range) and what.valued and bool(self._said(what.prop).grown)

    def _said(self, prop: str) -> _Said:
        return self._numbers.get(prop) or _Said(self._records.label(prop), "", "", None, None)

    def positive(self, what: Held | Event | Range) -> str:
        """What is held, in words, without whether it is denied."""
        if isinstance(what, Range):
            return self._range(what)
        if isinstance(what, Event):
            return self._event(what)
        if not what.prop:
            return "a criterion outside the population fragment"
        name = self._records.label(what.cls)
        return f"current {name}" if what.prop == gg("takesMedication") else name

    def literal(self, literal: Literal) -> str:
        """A literal in words, "no ..." where it is denied."""
        what, positive = literal
        return self.positive(what) if positive else f"no {self.positive(what)}"

    def _range(self, what: Range) -> str:
        said = self._said(what.prop)
        if not what.valued:
            return f"no {said.label}"
        words = range_words(what.low, what.high)
        grown = said.grown_from is not None and what.low >= (said.grown_from, 0)
        phrase = said.grown if grown else said.phrase
        return phrase.replace("{range}", words) if phrase else f"{said.label} {words}"

    def _event(self, what: Event) -> str:
        name = self._records.label(what.cls)
        words = range_words(what.low, what.high) if what.bounded else ""
        if what.prop == gg("hasTrial"):
            parts = [self._records.label(what.outcome) if what.outcome else "", f"{words} weeks" if words else ""]
            told = ", ".join(part for part in parts if part)
            return f"trial of {name} ({told})" if told else f"trial of {name}"
        ago = f" ({words} days ago)" if words else ""
        value = range_words(what.least, what.most) if what.valued else ""
        if what.prop == SUPPLIED:
            return f"supply of {name}{f' for {value} days' if value else ''}{ago}"
        if what.prop == UNDERWENT:
            came = f" that showed {self._records.label(what.showed)}" if what.showed else ""
            return f"{name} done{ago}{came}{f', with a value {value}' if value else ''}"
        return f"stopped {name}{ago}"
