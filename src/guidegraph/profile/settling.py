"""What a profile comes to: everything that follows from its facts, settled before it is assessed.

The profile as stated stays as it is. Readings hold both ways: a number brings terms, and what is known of a term
narrows a number that is not stated, to some intervals (its span). A reading goes before completeness, so that a term
that came by one counts as listed; what a complete list then denies is read backwards too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import NoReturn

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.model import Another, CareFact, Profile
from guidegraph.profile.causes import Cause, Fact, cause_text, key_of
from guidegraph.profile.deriving import derived
from guidegraph.profile.terms import KINDS, Vocabulary
from guidegraph.termreadings import (
    DISPUTED,
    EVERYTHING,
    HIGHEST,
    LISTED,
    PART,
    READING,
    STOPPED,
    TAKEN,
    Implication,
    Interval,
    at,
    inside,
    minus,
)


@dataclass(frozen=True)
class Settled:
    """A profile with everything that follows from it.

    ``spans`` holds, for each number that is not stated and that something narrows, the intervals that are left;
    ``causes`` how each derived fact came, ``narrowed`` the facts and readings that narrowed each number; ``disputed``
    the terms (property, class) on which definitions differ for this patient; ``left_open`` the terms that no complete
    list of this patient denies, nor what shares a subclass with one; ``perhaps`` the terms, each by itself, that an
    entry may be which is none of our terms, so that the complete list that it stands in does not deny them. ``derived``
    says how each number was worked out from the entries of a list, where it is not stated.
    """

    profile: Profile
    spans: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    causes: Mapping[Fact, Cause] = field(default_factory=dict)
    narrowed: Mapping[str, tuple[Cause, ...]] = field(default_factory=dict)
    disputed: Mapping[tuple[str, str], Implication] = field(default_factory=dict)
    left_open: frozenset[tuple[str, str]] = frozenset()
    perhaps: frozenset[tuple[str, str]] = frozenset()
    total: frozenset[str] = frozenset()
    derived: Mapping[str, str] = field(default_factory=dict)


def settle(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Settled:
    """Everything that follows from a profile.

    Raises:
        ProfileError: something is both present and absent, said so or implied; the message names both.
    """
    work = _Settling(profile, rules, vocabulary)
    settled = work.run()
    check(settled, vocabulary)
    return settled


def yielding(
    profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary, advancing: Iterable[str]
) -> Profile:
    """The profile without the stated terms that the readings of its advancing numbers contradict.

    At another week a term that was stated today gives way to what is read from the number of that week.
    """
    values = {prop: profile.values[prop] for prop in advancing if prop in profile.values}
    if not values:
        return profile
    read = _Settling(Profile(values=values), [r for r in rules if r.kind == READING], vocabulary).run().profile
    above = vocabulary.ancestors
    present = {
        prop: frozenset(c for c in classes if not above(c) & read.absent.get(prop, frozenset()))
        for prop, classes in profile.present.items()
    }
    absent = {
        prop: frozenset(c for c in classes if not any(c in above(held) for held in read.present.get(prop, ())))
        for prop, classes in profile.absent.items()
    }
    return replace(profile, present=present, absent=absent)


class _Settling:
    def __init__(self, profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> None:
        self._sums = derived(profile, rules, vocabulary) if vocabulary.derivations else {}
        open_sums = {number: one for number, one in self._sums.items() if number not in profile.values}
        exact = {number: one.value for number, one in open_sums.items() if one.exact}
        profile = replace(profile, values={**profile.values, **exact}) if exact else profile
        self._profile, self._terms = profile, vocabulary
        self._rules = [r for r in rules if r.kind != DISPUTED]
        self._disputes = [r for r in rules if r.kind == DISPUTED]
        self._present = {prop: set(classes) for prop, classes in profile.present.items()}
        self._absent = {prop: set(classes) for prop, classes in profile.absent.items()}
        self._above = {
            prop: {up for cls in classes for up in vocabulary.ancestors(cls)} for prop, classes in self._present.items()
        }
        self._had, self._never = set(profile.stops_present), set(profile.stops_absent)
        self._spans: dict[str, tuple[Interval, ...]] = {
            number: (((one.value, 0), HIGHEST),) for number, one in open_sums.items() if one.value and not one.exact
        }
        self._derived = {n: one.text for n, one in open_sums.items() if n in self._spans or one.exact}
        self._causes: dict[Fact, Cause] = {}
        self._narrowed: dict[str, tuple[Cause, ...]] = {}
        self._left_open: set[tuple[str, str]] = set()
        suspended = {prop for prop, _ in profile.not_understood}
        self._closed = {prop for prop in profile.complete if prop not in suspended}
        self._perhaps = {
            prop: perhaps([other for other in profile.others if other.prop == prop], self._rules, vocabulary)
            for prop in sorted({other.prop for other in profile.others} & self._closed)
        }

    def run(self) -> Settled:
        self._fixpoint(False)
        disputed = {
            (r.then, r.other): r
            for r in self._disputes
            if (value := self._profile.values.get(r.given)) is not None
            and inside((at(value),), r.interval or EVERYTHING)
            and not self._known(r.then, r.other)
        }
        if self._profile.complete:
            self._left_open = {(r.then, r.other) for r in self._rules if r.listless and not r.excluded}
            self._left_open |= {*disputed, *self._combinations()}
        if self._closed:
            self._fixpoint(True)
        return Settled(
            replace(
                self._profile,
                present={prop: frozenset(classes) for prop, classes in sorted(self._present.items())},
                absent={prop: frozenset(classes) for prop, classes in sorted(self._absent.items())},
                stops_present=frozenset(self._had),
                stops_absent=frozenset(self._never),
            ),
            self._spans,
            self._causes,
            self._narrowed,
            disputed,
            frozenset(self._left_open),
            frozenset((prop, cls) for prop, classes in self._perhaps.items() for cls in classes),
            frozenset(r.given for r in self._rules if r.interval and r.total) | self._derived.keys(),
            self._derived,
        )

    def _fixpoint(self, closed: bool) -> None:
        changed = True
        while changed:
            changed = False
            for rule in self._rules:
                changed |= self._stop(rule) if rule.given == STOPPED else self._apply(rule, closed)

    def _apply(self, rule: Implication, closed: bool) -> bool:
        if rule.interval is not None:
            value = self._profile.values.get(rule.given)
            known = (at(value),) if value is not None else self._spans.get(rule.given)
            # What is left of a number says that it lies there only of who has it at all.
            if known is not None and (value is not None or rule.total) and inside(known, rule.interval):
                facts = tuple(f for c in self._narrowed.get(rule.given, ()) for f in c.facts)
                return self._bring(rule, Cause(rule, value, () if value is not None else facts))
            return value is None and self._narrow(rule, known or (EVERYTHING,), closed)
        if not rule.cls:
            held = self._profile.values.get(rule.given)
            return held is not None and self._bring(rule, Cause(rule, held))
        given = self._holding(rule.given, rule.cls)
        if given:
            return self._bring(rule, Cause(rule, None, ((rule.given, given, True),)))
        # An exclusion is listed both ways; who lacks what a fact brings lacks the fact.
        if not rule.excluded and rule.cls not in self._absent.get(rule.given, ()):
            # A list that does not name the part names no combination with it either.
            denied = self._denying(rule.then, rule.other, closed and rule.kind != PART)
            if denied is not None and not self._known(rule.given, rule.cls):
                self._absent.setdefault(rule.given, set()).add(rule.cls)
                self._causes[rule.given, rule.cls, False] = Cause(rule, None, denied)
                return True
        return False

    def _bring(self, rule: Implication, cause: Cause) -> bool:
        table = self._absent if rule.excluded else self._present
        if rule.other in table.get(rule.then, ()):
            return False
        table.setdefault(rule.then, set()).add(rule.other)
        if not rule.excluded:
            self._above.setdefault(rule.then, set()).update(self._terms.ancestors(rule.other))
        self._causes[rule.then, rule.other, not rule.excluded] = cause
        return True

    def _narrow(self, rule: Implication, known: tuple[Interval, ...], closed: bool) -> bool:
        """Take the range of a reading away from a number where what it brings is known not to be so."""
        facts: tuple[Fact, ...] | None
        if rule.excluded:
            held = self._holding(rule.then, rule.other)
            facts = ((rule.then, held, True),) if held else None
        else:
            facts = self._denying(rule.then, rule.other, closed)
        if facts is None or rule.interval is None:
            return False
        left = minus(known, rule.interval)
        if left == known:
            return False
        causes = (*self._narrowed.get(rule.given, ()), Cause(rule, None, facts, True))
        if not left:
            _no_number(self._terms, rule.given, causes)
        self._spans[rule.given], self._narrowed[rule.given] = left, causes
        return True

    def _holding(self, prop: str, cls: str) -> str:
        """A present class at or below a class, "" if there is none."""
        if cls not in self._above.get(prop, ()):
            return ""
        return min(held for held in self._present[prop] if cls in self._terms.ancestors(held))

    def _denying(self, prop: str, cls: str, closed: bool) -> tuple[Fact, ...] | None:
        """The facts that deny a class: an absent one at or above it, () for a complete list; None if nothing does."""
        absent = self._absent.get(prop)
        if absent and not absent.isdisjoint(self._terms.ancestors(cls)):
            return ((prop, min(absent & self._terms.ancestors(cls)), False),)
        if not closed or prop not in self._closed or cls in self._perhaps.get(prop, ()):
            return None
        listed = (*self._present.get(prop, ()), *(c for p, c in self._left_open if p == prop))
        return None if any(self._terms.may_meet(cls, one) for one in listed) else ()

    def _known(self, prop: str, cls: str) -> bool:
        return bool(self._holding(prop, cls)) or self._denying(prop, cls, False) is not None

    def _stop(self, rule: Implication) -> bool:
        if not self._had and not self._never:
            return False
        above = self._terms.ancestors
        had = {replace(s, of=rule.other) for s in self._had if rule.cls in above(s.of)} - self._had
        never = {replace(s, of=rule.cls) for s in self._never if s.of in above(rule.other)} - self._never
        self._had |= had
        self._never |= never
        for fact in [(rule.other, True)] * bool(had) + [(rule.cls, False)] * bool(never):
            self._causes[STOPPED, *fact] = Cause(rule, None, ((STOPPED, rule.cls if fact[1] else rule.other, fact[1]),))
        return bool(had or never)

    def _combinations(self) -> Iterator[tuple[str, str]]:
        """What a list leaves open by its combinations: a part of whatever a listed drug may be, and a combination of
        which the list names every part."""
        listed = {TAKEN: self._present.get(TAKEN, set()), STOPPED: {s.of for s in self._had}}
        parts: dict[tuple[str, str], list[str]] = {}
        for rule in self._rules:
            if rule.kind == PART and (listed[rule.given] or rule.given in self._perhaps):
                parts.setdefault((rule.given, rule.cls), []).append(rule.other)
        grown = True
        while grown:
            grown = False
            for (prop, whole), members in parts.items():
                new = not all(member in listed[prop] for member in members)
                if new and any(self._terms.may_meet(whole, one) for one in listed[prop]):
                    listed[prop] = listed[prop].union(members)
                    grown = True
        for (prop, whole), members in parts.items():
            yield from ((prop, part) for part in members if part in listed[prop])
            unknown = self._perhaps.get(prop, frozenset())
            # Of one part alone nobody knows whether it was taken as the whole, such as a drug and its injection.
            if len(members) > 1 and all(
                part in unknown or any(self._terms.may_meet(part, one) for one in listed[prop]) for part in members
            ):
                yield prop, whole


def perhaps(others: Sequence[Another], rules: Iterable[Implication], vocabulary: Vocabulary) -> frozenset[str]:
    """The classes that some entries of one list may be, which are known and none of our terms.

    Of a class that an entry is not it is no kind either, nor a combination that has a kind of it as a part.
    """
    if not others:
        return frozenset()
    prop = others[0].prop
    kind = KINDS.get(prop, "intervention")
    wholes = [(rule.cls, rule.other) for rule in rules if rule.kind == PART and rule.given == prop]
    found: set[str] = set()
    for other in others:
        denied = set(other.denies)
        grown = True
        while grown:
            contained = {whole for whole, part in wholes if not denied.isdisjoint(vocabulary.ancestors(part))}
            grown = not contained <= denied
            denied |= contained
        found |= {row.iri for row in vocabulary.of_kind(kind) if denied.isdisjoint(vocabulary.ancestors(row.iri))}
    return frozenset(found)


def check(settled: Settled, vocabulary: Vocabulary) -> None:
    """Check that no fact is both present and absent, directly or through the class hierarchy.

    Raises:
        ProfileError: names both facts, and the reading that one came by.
    """
    profile = settled.profile
    for prop, classes in sorted(profile.present.items()):
        for one, other in product(sorted(classes), sorted(profile.absent.get(prop, ()))):
            if other in vocabulary.ancestors(one):
                _clash(settled, vocabulary, prop, one, other)
    for had, denied in product(sorted(profile.trials_present, key=repr), sorted(profile.trials_absent, key=repr)):
        if denied.of in vocabulary.ancestors(had.of) and denied.outcome in (None, had.outcome):
            _clash(settled, vocabulary, ns.GG + "hasTrial", had.of, denied.of)
    for stop, never in product(sorted(profile.stops_present, key=repr), sorted(profile.stops_absent, key=repr)):
        known = never.days is None or (stop.days is not None and stop.days <= never.days)
        if known and never.of in vocabulary.ancestors(stop.of):
            _clash(settled, vocabulary, STOPPED, stop.of, never.of)
    for done, not_done in product(sorted(profile.care_present, key=repr), sorted(profile.care_absent, key=repr)):
        if denies(not_done, done, vocabulary.ancestors):
            _clash(settled, vocabulary, done.prop, done.of, not_done.of)
    for event in sorted(profile.care_present, key=repr):
        for one, other in product(event.shows, event.lacks):
            if other in vocabulary.ancestors(one):
                _clash(settled, vocabulary, event.prop, one, other)


def denies(denial: CareFact, event: CareFact, above: Callable[[str], Collection[str]]) -> bool:
    """Whether a denial of tests, procedures or supplies says that an event did not take place.

    ``above`` gives a class with those above it.
    """
    if denial.prop != event.prop or denial.of not in above(event.of):
        return False
    if denial.shows and not any(denial.shows[0] in above(one) for one in event.shows):
        return False
    return denial.days is None or (event.days is not None and event.days[1] <= denial.days[1])


def _clash(settled: Settled, vocabulary: Vocabulary, prop: str, present: str, absent: str) -> NoReturn:
    one, other = vocabulary.label(present), vocabulary.label(absent)
    how = "it is" if present == absent else f"{one!r} is a kind of {other!r}, which is"
    came = [(f, settled.causes.get((prop, *f))) for f in ((present, True), (absent, False))]
    told = [
        f"{vocabulary.label(cls)!r} is {'present' if held else 'absent'} by {cause_text(cause, vocabulary)}"
        for (cls, held), cause in came
        if cause is not None and cause.rule.kind != LISTED
    ]
    why = "; ".join(told) or "stated or implied"
    raise ProfileError(
        f"the profile contradicts itself: {one!r} is present, and {how} absent ({why})",
        where=key_of(vocabulary, prop),
        mend="Take one of the two out.",
    )


def _no_number(vocabulary: Vocabulary, prop: str, causes: Iterable[Cause]) -> NoReturn:
    told = "; ".join(dict.fromkeys(cause_text(cause, vocabulary) for cause in causes))
    raise ProfileError(
        f"the profile contradicts itself: no {vocabulary.short(prop)} is left by what it states ({told})",
        where=key_of(vocabulary, prop),
        mend="Take one of these facts out.",
    )
