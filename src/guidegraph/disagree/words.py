"""Normal forms for people: in Manchester syntax, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.knowledge.branch import HIGHEST, LOWEST, Bound, Event, Held, Literal, Range
from guidegraph.knowledge.facts import FactBook, plain
from guidegraph.knowledge.normal import Union
from guidegraph.knowledge.records import Atom, gg

_NUMBER_OF = {"hasTrial": "trialWeeks", "stoppedMedication": "daysSinceStop"}


def _decimal(value: Decimal) -> str:
    text = plain(value)
    return text if "." in text else f"{text}.0"


def _facets(low: Bound, high: Bound) -> str:
    parts = []
    if low > LOWEST:
        parts.append(f"{'>' if low[1] else '>='} {_decimal(low[0])}")
    if high < HIGHEST:
        parts.append(f"{'<=' if high[1] else '<'} {_decimal(high[0])}")
    return f"xsd:decimal[{', '.join(parts)}]" if parts else "xsd:decimal"


def _positive(what: Held | Event | Range) -> str:
    if isinstance(what, Range):
        inner = f"{ns.shorten(what.prop)} some {_facets(what.low, what.high)}"
        return inner if what.valued else f"not ({ns.shorten(what.prop)} some xsd:decimal)"
    if isinstance(what, Held):
        return f"{ns.shorten(what.prop)} some {ns.shorten(what.cls)}" if what.prop else ns.shorten(what.cls)
    parts = [f"{ns.shorten(gg('ofIntervention'))} some {ns.shorten(what.cls)}"]
    if what.outcome:
        parts.append(f"{ns.shorten(gg('hasOutcome'))} value {ns.shorten(what.outcome)}")
    if what.bounded:
        number = gg(_NUMBER_OF[what.prop.rpartition("/")[2]])
        parts.append(f"{ns.shorten(number)} some {_facets(what.low, what.high)}")
    inner = " and ".join(f"({p})" for p in parts) if len(parts) > 1 else parts[0]
    return f"{ns.shorten(what.prop)} some ({inner})"


def manchester(union: Union) -> str:
    """A union of conjunctions in OWL 2 Manchester syntax; owl:Nothing where there is no branch.

    Source: W3C Note "OWL 2 Web Ontology Language Manchester Syntax (Second Edition)", section 2.4.
    """
    if not union:
        return "owl:Nothing"
    branches = []
    for branch in union:
        texts = []
        for what, positive in branch.literals():
            text = f"({_positive(what)})"
            texts.append(text if positive else f"(not {text})")
        branches.append(" and ".join(texts) or "owl:Thing")
    if len(branches) == 1:
        return branches[0]
    return " or ".join(f"({text})" for text in branches)


def _atom(what: Held | Event | Range) -> Atom:
    """The literal as an atom of the index, for the words of the fact book."""
    if isinstance(what, Held):
        return Atom("", what.prop, what.cls)
    zero, top = Decimal(0), Decimal(1000000000)
    low = what.low if what.low > LOWEST else (zero, 0)
    high = what.high if what.high < HIGHEST else (top, 0)
    bounds: dict[str, Any] = {
        "low": zero if low[1] else low[0],
        "above": low[0] if low[1] else Decimal(-1),
        "high": high[0] if high[1] else Decimal(999999999),
        "below": top if high[1] else high[0] if what.high < HIGHEST else Decimal(1000000001),
    }
    if isinstance(what, Range):
        return Atom("", what.prop, **bounds)
    return Atom("", what.prop, what.cls, what.outcome, what.bounded, **bounds)


def literal_words(one: Literal, book: FactBook) -> str:
    """A literal in words."""
    what, positive = one
    if isinstance(what, Range) and not what.valued:
        return f"no {book.label(_atom(Range(what.prop, LOWEST, HIGHEST)))}"
    if isinstance(what, Held) and not what.prop:
        return "a criterion outside the population fragment"
    return ("" if positive else "not: ") + book.label(_atom(what))


def words(union: Union, book: FactBook) -> str:
    """A union of conjunctions in words: conditions first, what is denied last."""
    told = [", ".join(literal_words(one, book) for one in branch.literals()) or "every patient" for branch in union]
    if not told:
        return "nobody"
    return told[0] if len(told) == 1 else "; or ".join(sorted(told))


def joined(names: Sequence[str]) -> str:
    """Names as "a", "a and b" or "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
