"""How a fact came to be known, in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from guidegraph import namespaces as ns
from guidegraph.sayings import Saying, as_written
from guidegraph.termreadings import PART, Implication, plain

if TYPE_CHECKING:
    from guidegraph.profile.terms import Vocabulary

#: A fact over a class: its property, the class, and whether it is present.
Fact = tuple[str, str, bool]


@dataclass(frozen=True)
class Cause:
    """How a fact came to be known: the rule, and the value or the facts that it went on.

    ``backwards`` says that the rule narrowed a number, since what it brings is known not to be so.
    """

    rule: Implication
    value: Decimal | None = None
    facts: tuple[Fact, ...] = ()
    backwards: bool = False


def key_of(vocabulary: Vocabulary, prop: str) -> str:
    """The profile key of a property, its CURIE where it has none."""
    row = vocabulary.by_iri.get(prop)
    return row.key if row and row.key else ns.shorten(prop)


def cause_text(
    cause: Cause,
    vocabulary: Vocabulary,
    said: Saying = as_written,
    label: Callable[[str], str] | None = None,
    why: Callable[[str], str] = str,
) -> str:
    """How a fact came to be known, such as "eGFR 25; below 30, KDIGO 2012" or "part of" and the combination.

    Args:
        cause: what it followed from.
        vocabulary: names of terms and numbers.
        said: the words around them.
        label: what terms and numbers are called; by default as the vocabulary does.
        why: the words for what definitions say.
    """
    rule, called = cause.rule, label or vocabulary.label
    if rule.kind == PART:
        _, cls, held = cause.facts[0]
        return (
            said("part-of", "part of {}", called(cls)) if held else said("no-part", "without its part {}", called(cls))
        )
    facts = [(called(cls), held) for _, cls, held in dict.fromkeys(cause.facts)]
    went_on = "; ".join(name if held else said("absent", "no {}", name) for name, held in facts)
    if cause.value is not None:
        number = label(rule.given) if label else vocabulary.short(rule.given)
        went_on = said("value", "{} {}", number, plain(cause.value))
    outside = rule.interval is not None and (rule.excluded and not rule.ruled_out) is not cause.backwards
    told = why(rule.why)
    if outside:
        told = "; ".join(said("outside", "not {}", one) for one in told.split("; "))
    if not went_on:
        key = key_of(vocabulary, rule.then)
        went_on = said("complete-list", "the complete list of {}", said(f"list-{key}", key))
    return "; ".join(text for text in (went_on, told) if text)
