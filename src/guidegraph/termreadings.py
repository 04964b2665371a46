"""Readings and parts: which numbers and facts about a patient bring or exclude others.

A reading is a published definition by which a number, or another fact, stands for a term (docs/readings.md). The class
axioms are derived here from all readings of a term: present where its definitions agree, absent outside all of them if
every one is two-way, unknown between. Everybody uses what is derived: profiles, the overlap of populations, CQL, and
the reasoner, for which the same is written as OWL.

A number's bound is a pair that orders like the half-open ends of an interval: a lower bound (v, 0) includes v and
(v, 1) excludes it; an upper bound (v, 0) excludes v and (v, 1) includes it. An interval is empty unless its lower
bound is smaller than its upper one, and the complement of an interval has the same bounds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from typing import Any, TypeVar

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from guidegraph.sayings import Saying, as_written

T = TypeVar("T")
Bound = tuple[Decimal, int]
Interval = tuple[Bound, Bound]
LOWEST: Bound = (Decimal("-Infinity"), 1)
HIGHEST: Bound = (Decimal("Infinity"), 0)
EVERYTHING: Interval = (LOWEST, HIGHEST)
#: The step from a bound to a number beside it: less than anybody measures.
_LEAST_STEP = Decimal("0.000001")
STOPPED = ns.GG + "stoppedMedication"
#: The lists of what was done or supplied, each time with the days since.
UNDERWENT, SUPPLIED = ns.GG + "underwent", ns.GG + "wasSupplied"
CARE = (UNDERWENT, SUPPLIED)
TAKEN = ns.GG + "takesMedication"

#: What an implication rests on: the ontology's list, a reading, that definitions differ on an interval, a combination.
LISTED, READING, DISPUTED, PART = "listed", "reading", "disputed", "part"


def plain(number: Decimal) -> str:
    """A decimal without exponent or trailing zeros."""
    return format(number.normalize(), "f")


def short(number: Decimal, rounding: str = ROUND_DOWN) -> str:
    """A decimal with as few places as read well: one, or more where one would make it look like a whole number.

    A duration that is counted from a date has nine places, and 12.95 must not read as 13, where a threshold may be.
    """
    for places in range(1, 4):
        rounded = number.quantize(Decimal(1).scaleb(-places), rounding)
        if rounded != rounded.to_integral_value():
            return plain(rounded)
    return plain(number)


def pointed(number: Decimal) -> str:
    """A decimal with a point, as Turtle writes it."""
    text = plain(number)
    return text if "." in text else f"{text}.0"


def at(value: Decimal) -> Interval:
    """The interval of one number."""
    return ((value, 0), (value, 1))


def beside(interval: Interval) -> list[Decimal]:
    """The numbers next to an interval: just below it and just above it, as far as there are such."""
    (low, above), (high, included) = interval
    lower = [] if low.is_infinite() or (low, above) <= (0, 0) else [low if above else low - _LEAST_STEP]
    return lower + ([] if high.is_infinite() else [high + _LEAST_STEP if included else high])


def minus(intervals: Iterable[Interval], gone: Interval) -> tuple[Interval, ...]:
    """What of some intervals lies outside another."""
    left: list[Interval] = []
    for low, high in intervals:
        parts = ((low, min(high, gone[0])), (max(low, gone[1]), high))
        left += [part for part in parts if part[0] < part[1]]
    return tuple(left)


def inside(intervals: Iterable[Interval], outer: Interval) -> bool:
    """Whether all of some intervals lie in another."""
    return all(outer[0] <= low and high <= outer[1] for low, high in intervals)


def united(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The union of some intervals, in order and apart from each other."""
    joined: list[Interval] = []
    for low, high in sorted(intervals):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return tuple(joined)


def cells(said: Iterable[tuple[Interval, T, bool]]) -> Iterator[tuple[Interval, tuple[T, ...], tuple[T, ...]]]:
    """The intervals between all bounds of what is said of a number, each with what it brings and what it excludes.

    Args:
        said: intervals, each with what holds inside it, and whether that is excluded.
    """
    known = list(said)
    ends = {LOWEST, HIGHEST, *(end for interval, _, _ in known for end in interval)}
    for cell in pairwise(sorted(ends)):
        found = [(what, out) for interval, what, out in known if inside((cell,), interval)]
        yield cell, tuple(what for what, out in found if not out), tuple(what for what, out in found if out)


def interval_text(interval: Interval, said: Saying = as_written) -> str:
    """An interval in words, such as "at least 4 and below 12"."""
    (low, above), (high, included) = interval
    least, most = ("over", "over {}") if above else ("least", "at least {}"), ("most", "at most {}")
    parts = [] if low.is_infinite() else [said(*least, plain(low))]
    parts += [] if high.is_infinite() else [said(*(most if included else ("below", "below {}")), plain(high))]
    return said("both", "{} and {}", *parts) if len(parts) == 2 else next(iter(parts), said("any", "any number"))


@dataclass(frozen=True)
class Implication:
    """A fact that brings or excludes another: ``given`` and ``cls`` ("" for a number), with ``interval`` for a range.

    ``kind`` is what it rests on, ``why`` the definitions of a reading in words. ``listless`` says that no complete list
    denies ``other``, which is read from an age, a duration, a score or a fact of another list; ``total`` that everybody
    has the number; ``ruled_out`` that the definition itself rules ``other`` out, inside its range. One of kind
    ``DISPUTED`` brings nothing: in its interval definitions of ``other`` differ.
    """

    given: str
    cls: str
    then: str
    other: str
    excluded: bool
    interval: Interval | None = None
    kind: str = LISTED
    why: str = ""
    listless: bool = False
    total: bool = True
    ruled_out: bool = False


@dataclass(frozen=True, order=True)
class TermReading:
    """One definition: the property and class that it brings (or rules out), and the number's range or the term for it.

    ``source`` is who published it, ``place`` where it stands there; ``ours`` says that the step to the term is ours.
    """

    iri: str
    then: str
    term: str
    excluded: bool
    given: str
    cls: str
    interval: Interval
    two_way: bool
    source: str
    place: str
    ours: bool
    widest: bool
    listless: bool
    total: bool

    @property
    def text(self) -> str:
        """The definition with its source, such as "below 30, KDIGO 2012"."""
        return self.told(as_written)

    def told(self, said: Saying) -> str:
        """The same in the words of a reader."""
        text = self.source if self.cls else f"{interval_text(self.interval, said)}, {self.source}"
        return said("ours", "{} (our reading)", text) if self.ours else text


def implication_rows(rows: Iterable[tuple[str, ...]]) -> list[Implication]:
    """The rows (given, class, then, other, excluded) of queries/index/implications.rq as Implications.

    An exclusion holds both ways: who has the one lacks the other.
    """
    listed = [Implication(given, cls, then, other, flag == "true") for given, cls, then, other, flag in rows]
    return _both_ways(listed)


def _both_ways(rules: list[Implication]) -> list[Implication]:
    reverse = [replace(r, given=r.then, cls=r.other, then=r.given, other=r.cls) for r in rules if r.excluded and r.cls]
    return list(dict.fromkeys([*rules, *reverse]))


def reading_rows(rows: Iterable[tuple[str, ...]]) -> list[TermReading]:
    """The rows of queries/index/readings.rq as readings, sorted.

    Raises:
        KnowledgeError: a reading that is no definition, with what is wrong with it.
    """
    readings: dict[str, TermReading] = {}
    for iri, then, term, excluded, given, cls, low, above, high, below, *rest in rows:
        bounds = [*((v, 0) for v in (low,) if v), *((v, 1) for v in (above,) if v)]
        ends = [*((v, 1) for v in (high,) if v), *((v, 0) for v in (below,) if v)]
        try:
            start = max([LOWEST, *((Decimal(v), e) for v, e in bounds)])
            end = min([HIGHEST, *((Decimal(v), e) for v, e in ends)])
        except ArithmeticError:
            raise _fault(iri, "a bound is no number", "Write it like 30.0.") from None
        if not then or not given or bool(cls) == bool(bounds or ends):
            raise _fault(
                iri,
                "it does not say which term of ours it brings or rules out, and on which range of which number or term",
                "Give it gg:brings or gg:rulesOut, and gg:ofNumber with a bound or gg:ofTerm.",
            )
        if start >= end:
            raise _fault(iri, "its range is empty", "Correct the bounds.")
        if iri in readings:
            raise _fault(iri, "it says two things", "Write one gg:TermReading for each definition.")
        two_way, source, place, ours, widest, listless, total = rest
        readings[iri] = TermReading(
            iri, then, term, excluded == "true", given, cls, (start, end), two_way == "true", source, place,
            ours == "true", widest == "true", listless == "true", bool(cls) or total == "true",
        )  # fmt: skip
    return sorted(readings.values())


def _fault(iri: str, what: str, mend: str) -> KnowledgeError:
    return KnowledgeError(f"a reading of a term cannot be used: {what}", where=ns.shorten(iri), mend=mend)


def reading_implications(readings: Iterable[TermReading]) -> list[Implication]:
    """What all readings together bring and exclude."""
    return _both_ways(_rules(readings, as_written))


def reasons_said(readings: Sequence[TermReading], said: Saying) -> dict[str, str]:
    """What implications of readings say of their definitions, in the words of a reader, by what they say in ours."""
    pairs = zip(_rules(readings, as_written), _rules(readings, said), strict=True)
    return {ours.why: theirs.why for ours, theirs in pairs}


def _rules(readings: Iterable[TermReading], said: Saying) -> list[Implication]:
    groups: dict[tuple[str, str, str, bool], list[TermReading]] = defaultdict(list)
    terms: dict[tuple[str, str], list[TermReading]] = defaultdict(list)
    for one in readings:
        terms[one.then, one.term].append(one)
        groups[one.then, one.term, "" if one.cls else one.given, one.excluded].append(one)
    rules: list[Implication] = []
    for (then, term, number, _), group in sorted(groups.items()):
        alone = len(terms[then, term]) == 1
        rules += _of_number(group, said) if number else _of_terms(group, alone, said)
    return rules


def _of_terms(group: list[TermReading], alone: bool, said: Saying) -> Iterator[Implication]:
    for one in group:
        # A list that is silent on the term says nothing of a fact that belongs into another list.
        other = one.given != one.then
        listless = other and not one.excluded
        yield Implication(one.given, one.cls, one.then, one.term, one.excluded, None, READING, one.told(said), listless)
        if one.two_way and alone and not one.excluded:
            # Outside the antecedent the term is absent: who has the term has the antecedent.
            yield Implication(one.then, one.term, one.given, one.cls, False, None, READING, one.told(said), other)


def _of_number(group: list[TermReading], said: Saying) -> Iterator[Implication]:
    first, why = group[0], "; ".join(one.told(said) for one in group)
    # What is only ruled out is not read from the number: a list denies it as it does any other term.
    listless = first.listless and not first.excluded
    out = first.excluded
    rule = Implication(
        first.given, "", first.then, first.term, out, EVERYTHING, READING, why, listless, first.total, out
    )
    ranges = [one.interval for one in group]
    whole = united(ranges)
    if first.excluded or first.widest:
        agreed: tuple[Interval, ...] = whole
    else:
        low, high = max(low for low, _ in ranges), min(high for _, high in ranges)
        agreed = ((low, high),) if low < high else ()
    for interval in agreed:
        # The widest definition is the one to name; a narrower one would read as if the number lay in it.
        widest = "; ".join(one.told(said) for one in group if one.interval == interval)
        others = [one.told(said) for one in group if one.interval != interval]
        told = said("widest", "{}, the widest definition (also {})", widest, "; ".join(others)) if others else widest
        yield replace(rule, interval=interval, why=told if first.widest and widest else why)
    if first.excluded:
        return
    outside: tuple[Interval, ...] = (EVERYTHING,)
    for one in whole:
        outside = minus(outside, one)
    if all(one.two_way for one in group):
        yield from (replace(rule, interval=one, excluded=True) for one in outside)
    between = whole
    for one in agreed:
        between = minus(between, one)
    yield from (replace(rule, interval=one, kind=DISPUTED) for one in between)


def part_implications(rows: Iterable[tuple[str, ...]]) -> list[Implication]:
    """What taking, or having stopped, a combination brings, from the rows (whole, part) of queries/index/parts.rq."""
    pairs = sorted({(whole, part) for whole, part in rows})
    return [Implication(p, whole, p, part, False, None, PART) for whole, part in pairs for p in (TAKEN, STOPPED)]


# ---------------------------------------------------------------- the same as OWL

_GRAPH = ox.NamedNode(ns.AXIOMS_GRAPH)
_FACETS = (("minInclusive", "minExclusive"), ("maxExclusive", "maxInclusive"))


def axioms(store: ox.Store) -> list[ox.Quad]:
    """The class axioms of all readings and parts of some knowledge, as quads of the derived graph of axioms.

    Raises:
        KnowledgeError: a reading is no definition.
    """

    def rows(name: str) -> list[tuple[str, ...]]:
        text = (assets.folder("queries") / "index" / f"{name}.rq").read_text(encoding="utf-8")
        result: Any = store.query(text, use_default_graph_as_union=True)
        return [tuple("" if value is None else value.value for value in row) for row in result]

    rules = [*reading_implications(reading_rows(rows("readings"))), *part_implications(rows("parts"))]
    writer = _Axioms()
    for rule in rules:
        if rule.kind != DISPUTED:
            writer.write(rule)
    return writer.quads


class _Axioms:
    """Writes implications as subclass axioms."""

    def __init__(self) -> None:
        self.quads: list[ox.Quad] = []
        self._count = 0

    def _node(self, kind: str, said: Sequence[tuple[str, Any]] = ()) -> ox.BlankNode:
        self._count += 1
        node = ox.BlankNode(f"ggaxiom{self._count}")
        for predicate, value in (((ns.RDF + "type", ox.NamedNode(kind)),) if kind else ()) + tuple(said):
            self.quads.append(ox.Quad(node, ox.NamedNode(predicate), value, _GRAPH))
        return node

    def _some(self, prop: str, filler: Any) -> ox.BlankNode:
        said = ((ns.OWL + "onProperty", ox.NamedNode(prop)), (ns.OWL + "someValuesFrom", filler))
        return self._node(ns.OWL + "Restriction", said)

    def _list(self, items: Sequence[Any]) -> Any:
        rest: Any = ox.NamedNode(ns.RDF + "nil")
        for item in reversed(items):
            rest = self._node("", ((ns.RDF + "first", item), (ns.RDF + "rest", rest)))
        return rest

    def _range(self, interval: Interval) -> ox.BlankNode:
        decimal = ox.NamedNode(ns.XSD + "decimal")
        facets = [
            self._node("", ((ns.XSD + names[kind], ox.Literal(pointed(value), datatype=decimal)),))
            for (value, kind), names in zip(interval, _FACETS, strict=True)
            if not value.is_infinite()
        ]
        said = ((ns.OWL + "onDatatype", decimal), (ns.OWL + "withRestrictions", self._list(facets)))
        return self._node(ns.RDFS + "Datatype", said)

    def write(self, rule: Implication) -> None:
        """Add the axiom of one implication."""
        filler: Any = self._range(rule.interval) if rule.interval else ox.NamedNode(rule.cls)
        if rule.given == STOPPED:
            of = ns.GG + "ofIntervention"
            stop = self._list([ox.NamedNode(ns.GG + "DrugStop"), self._some(of, filler)])
            given = self._node(ns.OWL + "Class", ((ns.OWL + "intersectionOf", stop),))
            then = self._some(of, ox.NamedNode(rule.other))
        else:
            given, then = self._some(rule.given, filler), self._some(rule.then, ox.NamedNode(rule.other))
        if rule.excluded:
            then = self._node(ns.OWL + "Class", ((ns.OWL + "complementOf", then),))
        self.quads.append(ox.Quad(given, ox.NamedNode(ns.RDFS + "subClassOf"), then, _GRAPH))
