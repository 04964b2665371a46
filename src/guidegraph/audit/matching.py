"""Which statement of a later version is the heir of which of an earlier one: by id, else by what they speak of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from functools import cached_property

from guidegraph import namespaces as ns
from guidegraph.disagree.words import simplest, whom, words
from guidegraph.knowledge import describe
from guidegraph.knowledge.branch import Branch, Literal, Range
from guidegraph.knowledge.normal import DISJOINT, OVERLAPS, SAME, Union
from guidegraph.knowledge.opened import Knowledge
from guidegraph.knowledge.phrases import range_words
from guidegraph.knowledge.records import NOT_STATED, Records

#: How alike two statements must be to be one that was changed, and what each likeness weighs.
_LEAST, _KIN = 4.0, 0.6
#: What two interventions of which one is the other, or above it, score.
_NEAR = 2
_ACTS = ns.GG + "Recommendation"
_GRADES = {SAME: 3.0, "narrower": 2.0, "wider": 2.0, OVERLAPS: 1.5, DISJOINT: 0.0}


#: Whom all recommendations of an earlier and a later document mean, by number: a range each, None where it has none.
Meant = Mapping[str, tuple[Literal | None, Literal | None]]


@dataclass(frozen=True)
class Version:
    """One of two versions: statements of some knowledge, at a day.

    ``alone`` is the knowledge that holds nothing but this version, by which patients are answered.
    """

    name: str
    knowledge: Knowledge
    alone: Knowledge
    statements: tuple[str, ...]
    day: date
    documents: tuple[str, ...] = ()

    @cached_property
    def records(self) -> Records:
        """The records that describe its statements."""
        return self.knowledge.records

    def population(self, statement: str) -> Union:
        """Whom a statement means, in normal form; everybody where it names no population."""
        return self.knowledge.disagreement.grader.forms.population(self.records.population(statement))

    def whom(self, union: Union, most: int | None = None) -> str:
        """A population in words, cut after ``most`` criteria."""
        form = simplest(union)
        return words(form, self.knowledge.phrases) if most is None else whom(form, self.knowledge.phrases).text(most)

    def kind(self, statement: str) -> str:
        """The class of a statement."""
        types = self.records.nodes.get(statement, {}).get(ns.RDF + "type", ())
        return next((t for t in types if t.startswith(ns.GG)), "")


def compare_populations(new: Version, was: Union, now: Union) -> str:
    """How the patients of two populations relate: same, narrower, wider (now), overlaps or disjoint.

    By the algebra of the later version, whose hierarchy and readings hold for both.
    """
    forms = new.knowledge.disagreement.grader.forms
    if was == now:
        return SAME
    inside, around = forms.inside(now, was), forms.inside(was, now)
    if inside and around:
        return SAME
    if inside or around:
        return "narrower" if inside else "wider"
    return OVERLAPS if forms.meets(was, now) else DISJOINT


def _people(version: Version) -> dict[str, Literal]:
    """Whom all recommendations of a version mean, by number: the loosest range, of a number that each bounds."""
    phrases = version.knowledge.phrases
    branches = [b for s in version.statements if version.kind(s) == _ACTS for b in version.population(s)]
    found: list[dict[str, Literal]] = []
    for branch in branches:
        ranged = (one for one in branch.literals() if one[1] and phrases.is_person(one))
        found.append({what.prop: (what, side) for what, side in ranged if isinstance(what, Range)})
    alike = set[str]().union(*found).intersection(*found) if len(found) > 1 else set()
    return {prop: min((row[prop] for row in found), key=_looseness) for prop in sorted(alike)}


def _looseness(literal: Literal) -> tuple[object, ...]:
    what, _ = literal
    assert isinstance(what, Range)
    return (what.low, tuple(-part for part in what.high))


def without(union: Union, literals: Collection[Literal]) -> Union:
    """A population without some of its literals."""
    found: list[Branch] = []
    for branch in union if literals else ():
        left: Branch | None = Branch()
        for one in branch.literals():
            left = left.add(one) if left is not None and one not in literals else left
        found.append(left if left is not None else branch)
    return tuple(found) if literals else union


def _opposed(old: Version, new: Version, was: str, now: str) -> bool:
    """Whether one is for and the other against the same or a kind of it, for some patients of both."""
    sides = {codes(v.records, s)["stance"] for v, s in ((old, was), (new, now))}
    forms = new.knowledge.disagreement.grader.forms
    alike = sides == {"for", "against"} and on_the_same(old, new, was, now)
    return alike and forms.meets(old.population(was), new.population(now))


def turned(old: Version, new: Version, ended: list[str], added: list[str]) -> list[tuple[str, str]]:
    """Pairs of a statement without heir, or that is none, and one that takes the other side; they are no longer left.

    What was recommended may be advised against now as one of a class, whose statement is the heir of another.
    """

    def nearest(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        opposed = [pair for pair in pairs if _opposed(old, new, *pair)]
        return sorted(opposed, key=lambda pair: (-_alike(old, new, *pair), pair))[:1]

    found = [pair for was in ended for pair in nearest((was, now) for now in new.statements)]
    heirs = {now for _, now in found}
    found += [pair for now in added if now not in heirs for pair in nearest((was, now) for was in old.statements)]
    ended[:] = [one for one in ended if one not in {was for was, _ in found}]
    added[:] = [one for one in added if one not in {now for _, now in found}]
    return found


def meant_alike(old: Version, new: Version) -> Meant:
    """Whom all recommendations of two documents mean, by number, where that differs; nothing of more documents."""
    if len(old.documents) != 1 or len(new.documents) != 1 or old.documents == new.documents:
        return {}
    was, now = _people(old), _people(new)
    return {p: (was.get(p), now.get(p)) for p in sorted(was.keys() | now.keys()) if was.get(p) != now.get(p)}


def meant_words(rows: tuple[Literal | None, Literal | None]) -> tuple[str, str]:
    """Two ranges in words, "" for one that is not stated."""
    was, now = (range_words(one[0].low, one[0].high) if one and isinstance(one[0], Range) else "" for one in rows)
    return was, now


def matched(old: Version, new: Version) -> tuple[list[tuple[str, str]], list[str], list[str]]:
    """Pairs of one statement in two versions; those that ended; those that were added.

    The same id is the same statement. Else two of one kind on the same or a nearer or wider intervention, the most
    alike first: patients, place, side, outcome, words.
    """
    shared = set(old.statements) & set(new.statements)
    pairs = [(one, one) for one in sorted(shared) if old.kind(one) == new.kind(one)]
    taken = {one for one, _ in pairs}
    ended, added = ([s for s in v.statements if s not in taken] for v in (old, new))
    scored = [(_alike(old, new, a, b), a, b) for a in ended for b in added]
    for score, a, b in sorted(scored, key=lambda row: (-row[0], row[1], row[2])):
        if score >= _LEAST and a in ended and b in added:
            pairs.append((a, b))
            ended.remove(a)
            added.remove(b)
    return sorted(pairs, key=lambda pair: pair[1]), ended, added


def _alike(old: Version, new: Version, a: str, b: str) -> float:
    """How alike two statements are; 0 where they cannot be one that was changed."""
    if old.kind(a) != new.kind(b):
        return 0.0
    labels = SequenceMatcher(None, old.records.label(a).lower(), new.records.label(b).lower()).ratio()
    on = _interventions(old, new, a, b)
    if on is None and labels < _KIN:
        return 0.0
    if on == 0 or (on == 1 and labels < _KIN):
        return 0.0
    grade = compare_populations(new, old.population(a), new.population(b))
    score = (3.0 if on is None else on) + _GRADES[grade] + 2 * labels
    score += old.records.one(a, "stance") == new.records.one(b, "stance")
    score += _place(old.records, a) == _place(new.records, b) != ""
    score += _times(old.records, a, new.records, b)
    for prop in ("outcome", "comparator", "attachedCondition"):
        one, other = old.records.all(a, prop), new.records.all(b, prop)
        score += (one == other and bool(one)) - (bool(one) and bool(other) and one != other)
    return score


def on_the_same(one: Version, other: Version, statement: str, its: str) -> bool:
    """Whether a statement of one version is on the intervention of one of the other, or one above or below it."""
    return one.kind(statement) == other.kind(its) and (_interventions(one, other, statement, its) or 0) >= _NEAR


def _interventions(old: Version, new: Version, a: str, b: str) -> int | None:
    """4 for the same intervention, 2 where one is above the other, 1 where they share members; None without any."""
    one, other = old.records.all(a, "intervention"), new.records.all(b, "intervention")
    if not one and not other:
        return None
    if set(one) & set(other):
        return 4
    above = new.records.ancestors
    if any(y in above.get(x, ()) or x in above.get(y, ()) for x in one for y in other):
        return 2
    return int(any(new.records.related(x, y) for x in one for y in other))


def _times(old: Records, a: str, new: Records, b: str) -> int:
    """1 where two statements speak of times that meet, -1 where they do not, 0 where one names none."""

    def window(records: Records, statement: str) -> tuple[float, float] | None:
        horizon = records.one(statement, "horizon")
        ends = (records.one(horizon, "fromWeeks"), records.one(horizon, "toWeeks"))
        return (float(ends[0] or 0), float(ends[1] or "inf")) if any(ends) else None

    one, other = window(old, a), window(new, b)
    if one is None or other is None:
        return 0
    return 1 if max(one[0], other[0]) < min(one[1], other[1]) else -1


def _place(records: Records, statement: str) -> str:
    place = records.one(statement, "locator")
    return records.one(place, "numberInDocument") or records.one(place, "headingPath")


def name_of(version: Version, statement: str) -> str:
    """A statement's label, with the document where the version has several."""
    label = version.records.label(statement)
    document = version.records.one(statement, "statedIn")
    several = len(version.documents) > 1 and document
    return f"{label} ({describe.short_name(version.records, document)})" if several else label


def stated(records: Records, statement: str, prop: str) -> str:
    """The values of a property in words, "" where it has none."""
    values = records.all(statement, prop)
    return "; ".join(records.label(v) if v in records.nodes or v in records.classes else v for v in values)


def codes(records: Records, statement: str) -> dict[str, str]:
    """Side, strength and certainty of a statement by the names that answers use, "" where it has none."""
    one = records.one
    return {
        "stance": records.code(one(statement, "stance"), ""),
        "strength": records.code(records.readings.get(statement, ""), ""),
        "certainty": records.code(one(statement, "certainty"), "").replace(NOT_STATED, ""),
        "kind": records.code(one(statement, "kind"), ""),
    }


def in_effect(version: Knowledge, statements: Sequence[str], day: date) -> list[str]:
    """The statements that are in effect at a day."""
    known = version.records.intervals
    return [s for s in statements if s not in known or (known[s].issued(day) and not known[s].ended(day))]
