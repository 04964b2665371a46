"""What follows from the facts of many patients: :mod:`guidegraph.profile.settling`, rule by rule, on planes.

The rules are applied in the order in which they are for one patient, until none changes anything for anybody, so that
each patient comes to what they would come to alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from guidegraph.cohort.bits import Plane, grow
from guidegraph.cohort.facts import Fact, Facts
from guidegraph.cohort.sums import without
from guidegraph.knowledge.atoms import STOP, TRIAL, Event
from guidegraph.knowledge.criteria import Criteria
from guidegraph.profile import Implication, Vocabulary
from guidegraph.profile.settling import denies
from guidegraph.termreadings import DISPUTED, LISTED, PART, STOPPED, TAKEN

_NOTHING = Decimal(0)
#: What contradicts itself where a table states a number toward which nothing counts.
_UNCOUNTED = "a number is stated, and no entry of the complete list counts toward it"


class Following:
    """The facts of a batch with everything that follows from them.

    Attributes:
        present, absent: by property and class, what is stated or was brought.
        stops, no_stops: stopped drugs, with those of which they are parts.
        problems: by condition those who have it as stated, before readings.
        spans: by number, the pieces that are left of it, for who does not state it.
        narrowed: by number those of whom something narrows it.
        summed: by number those of whom entries of a list say the least that it can be.
        left_open: by property and class what no complete list denies.
        contradicted: those whose facts contradict each other.
    """

    def __init__(self, criteria: Criteria, facts: Facts) -> None:
        self._criteria, self._facts, self._sheet = criteria, facts, facts.sheet
        none = self._sheet.none
        self.present: dict[Fact, Plane] = {}
        self.absent: dict[Fact, Plane] = {}
        self._held: dict[Fact, Plane] = {}
        self._denied: dict[Fact, Plane] = {}
        self.stops: dict[Event, Plane] = dict(facts.stops)
        self.no_stops: dict[Event, Plane] = dict(facts.no_stops)
        self.spans: dict[str, list[Plane]] = {}
        self.narrowed: dict[str, Plane] = {}
        self.summed: dict[str, Plane] = {}
        self.left_open: dict[Fact, Plane] = {}
        self._values = dict(facts.values)
        self._conflicts = dict(facts.conflicts)
        self.contradicted = none
        for (prop, cls), plane in facts.present.items():
            self._add(prop, cls, plane)
        for (prop, cls), plane in facts.absent.items():
            self._deny(prop, cls, plane)
        rules = [rule for rule in criteria.rules if rule.kind != DISPUTED]
        self._fixpoint([rule for rule in rules if rule.kind == LISTED], closed=False)
        self.problems = {cls: p for (prop, cls), p in self.present.items() if cls in criteria.problems}
        self._add_up()
        self._fixpoint(rules, closed=False)
        self._leave_open()
        if facts.closed:
            self._fixpoint(rules, closed=True)
        self._check()

    # ------------------------------------------------------------ what is known

    def held(self, prop: str, cls: str) -> Plane:
        """Those with the class, or one below it."""
        return self._held.get((prop, cls), self._sheet.none)

    def denied(self, prop: str, cls: str) -> Plane:
        """Those without the class, or one above it."""
        return self._denied.get((prop, cls), self._sheet.none)

    def closed(self, prop: str) -> Plane:
        """Those whose list is complete and was understood."""
        return self._facts.closed.get(prop, self._sheet.none)

    def perhaps(self, prop: str, cls: str) -> Plane:
        """Those of whom an entry of a complete list may be the class, though it is none of our terms."""
        return self._facts.perhaps.get((prop, cls), self._sheet.none)

    def stated(self, number: str) -> Plane:
        """Those who state a number."""
        pieces = range(len(self._criteria.numbers[number]))
        return self._sheet.any(self.value(number, at) for at in pieces)

    def value(self, number: str, at: int) -> Plane:
        """Those whose number lies in a piece of it."""
        return self._values.get((number, at), self._sheet.none)

    def listed(self, prop: str, cls: str) -> Plane:
        """Those of whom something listed may be the class."""
        meets = self._criteria.may_meet.get(cls, frozenset((cls,)))
        return self._sheet.any(self._listed(prop, one) for one in meets)

    def _listed(self, prop: str, cls: str) -> Plane:
        if prop in (STOP, TRIAL):
            events = self.stops if prop == STOP else self._facts.trials
            return self._sheet.any(plane for (of, *_), plane in events.items() if of == cls)
        return self.present.get((prop, cls), self._sheet.none)

    def open(self, prop: str, cls: str) -> Plane:
        """Those of whom a complete list leaves something open that may be the class."""
        meets = self._criteria.may_meet.get(cls, frozenset((cls,)))
        return self._sheet.any(plane for (p, one), plane in self.left_open.items() if p == prop and one in meets)

    # ------------------------------------------------------------ what entries come to

    def _add_up(self) -> None:
        """Give the numbers that are worked out from lists their values, or the least that they can be."""
        facts, criteria = self._facts, self._criteria
        told = self._sheet.any(facts.conflicts.values())
        for number, nothing in without(criteria, facts, facts.present):
            other = self.stated(number) & ~self.value(number, criteria.segment(number, _NOTHING))
            grow(self._conflicts, _UNCOUNTED, nothing & other & ~told)
        for number, nothing in without(criteria, facts, self.present):
            at = criteria.segment(number, _NOTHING)
            grow(self._values, (number, at), nothing & ~self.stated(number))
        for (number, least, exact), plane in facts.sums.items():
            open_ = plane & ~self.stated(number)
            if exact:
                grow(self._values, (number, least), open_)
                continue
            pieces = self.spans.setdefault(number, [self._sheet.all] * len(criteria.numbers[number]))
            pieces[:least] = [piece & ~open_ for piece in pieces[:least]]
            for table in (self.narrowed, self.summed):
                grow(table, number, open_)

    # ------------------------------------------------------------ what is brought

    def _add(self, prop: str, cls: str, plane: Plane) -> bool:
        """Whether anybody has the class who had it not stated or brought before."""
        known = self.present.get((prop, cls), self._sheet.none)
        if not (plane & ~known).any():
            return False
        self.present[prop, cls] = known | plane
        for up in self._criteria.ancestors.get(cls, (cls,)):
            self._held[prop, up] = self.held(prop, up) | plane
        return True

    def _deny(self, prop: str, cls: str, plane: Plane) -> bool:
        known = self.absent.get((prop, cls), self._sheet.none)
        if not (plane & ~known).any():
            return False
        self.absent[prop, cls] = known | plane
        for down in self._criteria.descendants.get(cls, (cls,)):
            self._denied[prop, down] = self.denied(prop, down) | plane
        return True

    def _bring(self, rule: Implication, plane: Plane) -> bool:
        return (self._deny if rule.excluded else self._add)(rule.then, rule.other, plane)

    def _fixpoint(self, rules: Iterable[Implication], *, closed: bool) -> None:
        rules = list(rules)
        changed = True
        while changed:
            changed = False
            for rule in rules:
                changed |= self._stop(rule) if rule.given == STOPPED else self._apply(rule, closed)

    def _apply(self, rule: Implication, closed: bool) -> bool:
        if rule.interval is not None:
            return self._read(rule, closed)
        if not rule.cls:
            return self._bring(rule, self.stated(rule.given))
        given = self.held(rule.given, rule.cls)
        changed = self._bring(rule, given)
        if rule.excluded:
            return changed
        denied = self._denying(rule.then, rule.other, closed and rule.kind != PART)
        lacking = denied & ~given & ~self.denied(rule.given, rule.cls)
        return self._deny(rule.given, rule.cls, lacking) or changed

    def _read(self, rule: Implication, closed: bool) -> bool:
        """A reading of a number: what it brings where the number lies inside, and what it leaves of one not stated."""
        number, interval = rule.given, rule.interval
        assert interval is not None
        inside = self._criteria.segments(number, interval)
        stated, count = self.stated(number), len(self._criteria.numbers[number])
        lies = self._sheet.any(self.value(number, at) for at in inside)
        pieces = self.spans.setdefault(number, [self._sheet.all] * count)
        narrowed = self.narrowed.get(number, self._sheet.none)
        left = self._sheet.none
        if rule.total:
            left = narrowed & ~stated & ~self._sheet.any(p for at, p in enumerate(pieces) if at not in inside)
        changed = self._bring(rule, lies | left)
        denied = self.held(rule.then, rule.other) if rule.excluded else self._denying(rule.then, rule.other, closed)
        gone = denied & ~stated & ~left
        taken = gone & self._sheet.any(pieces[at] for at in inside)
        if not taken.any():
            return changed
        for at in inside:
            pieces[at] = pieces[at] & ~gone
        self.narrowed[number] = narrowed | taken
        self.contradicted = self.contradicted | (taken & ~self._sheet.any(pieces))
        return True

    def _denying(self, prop: str, cls: str, closed: bool) -> Plane:
        """Those of whom a class is known to be absent, by a complete list too if asked."""
        denied = self.denied(prop, cls)
        listing = self.closed(prop)
        if not closed or listing is self._sheet.none:
            return denied
        spared = self.perhaps(prop, cls) | self.listed(prop, cls) | self.open(prop, cls)
        return denied | (listing & ~spared)

    def _stop(self, rule: Implication) -> bool:
        changed = False
        above = self._criteria.ancestors
        for events, bearing, brought in ((self.stops, rule.cls, rule.other), (self.no_stops, rule.other, rule.cls)):
            for (of, outcome, days), plane in list(events.items()):
                # Who stopped the whole, or a kind of it, stopped the part; who never stopped the part never stopped it.
                fits = bearing in above.get(of, (of,)) if events is self.stops else of in above.get(bearing, (bearing,))
                known = events.get((brought, outcome, days), self._sheet.none)
                if fits and (plane & ~known).any():
                    events[brought, outcome, days] = known | plane
                    changed = True
        return changed

    # ------------------------------------------------------------ what no complete list denies

    def _leave_open(self) -> None:
        complete = self._facts.complete
        if complete is None:
            return
        found: dict[Fact, Plane] = {}
        for rule in self._criteria.rules:
            if rule.kind == DISPUTED:
                assert rule.interval is not None
                pieces = self._criteria.segments(rule.given, rule.interval)
                lies = self._sheet.any(self.value(rule.given, at) for at in pieces)
                known = self.held(rule.then, rule.other) | self.denied(rule.then, rule.other)
                grow(found, (rule.then, rule.other), lies & ~known)
            elif rule.listless and not rule.excluded:
                grow(found, (rule.then, rule.other), self._sheet.all)
        for fact, plane in self._combinations():
            grow(found, fact, plane)
        self.left_open = {fact: plane & complete for fact, plane in found.items() if (plane & complete).any()}

    def _combinations(self) -> Iterator[tuple[Fact, Plane]]:
        """The parts of what a listed combination may be, and the combinations of which every part is listed."""
        parts: dict[Fact, list[str]] = {}
        for rule in self._criteria.rules:
            if rule.kind == PART:
                parts.setdefault((rule.given, rule.cls), []).append(rule.other)
        listed = {fact: plane for fact, plane in self.present.items() if fact[0] == TAKEN}
        for (of, *_), plane in self.stops.items():
            grow(listed, (STOPPED, of), plane)
        grown = True
        while grown:
            grown = False
            for (prop, whole), members in parts.items():
                lacking = self._sheet.rest(self._sheet.every(listed.get((prop, m), self._sheet.none) for m in members))
                new = lacking & self._meeting(listed, prop, whole)
                if new.any():
                    grown = True
                    for member in members:
                        grow(listed, (prop, member), new)
        for (prop, whole), members in parts.items():
            yield from (((prop, member), listed.get((prop, member), self._sheet.none)) for member in members)
            if len(members) > 1:
                each = (self.closed(prop) & self.perhaps(prop, m) | self._meeting(listed, prop, m) for m in members)
                yield (prop, whole), self._sheet.every(each)

    def _meeting(self, listed: Mapping[Fact, Plane], prop: str, cls: str) -> Plane:
        meets = self._criteria.may_meet.get(cls, frozenset((cls,)))
        return self._sheet.any(listed.get((prop, one), self._sheet.none) for one in meets)

    # ------------------------------------------------------------ what cannot be

    def _check(self) -> None:
        """Mark those of whom something is both present and absent (:func:`guidegraph.profile.settling.check`)."""
        above = self._criteria.ancestors
        clashes = [self.held(prop, cls) & plane for (prop, cls), plane in self.absent.items()]
        for (of, outcome, _), had in self._facts.trials.items():
            for (denied, other, _), never in self._facts.no_trials.items():
                if denied in above.get(of, (of,)) and other in (None, outcome):
                    clashes.append(had & never)
        for (of, _, days), had in self.stops.items():
            for (denied, _, within), never in self.no_stops.items():
                known = within is None or (days is not None and days <= within)
                if known and denied in above.get(of, (of,)):
                    clashes.append(had & never)
        for denial, never in self._facts.not_done.items():
            for event, done in self._facts.done.items():
                if denies(denial, event, lambda cls: above.get(cls, frozenset((cls,)))):
                    clashes.append(done & never)
        for event, done in self._facts.done.items():
            if any(lacking in above.get(seen, (seen,)) for seen in event.shows for lacking in event.lacks):
                clashes.append(done)
        clashes += [self._twice(number) for number in self._criteria.numbers]
        self.contradicted = self._sheet.any((self.contradicted, *clashes, *self._conflicts.values()))

    def _twice(self, number: str) -> Plane:
        """Those who state two values of a number that criteria tell apart."""
        pieces = range(len(self._criteria.numbers[number]))
        return self._sheet.counted(self.value(number, at) for at in pieces)[1]

    def contradictions(self, vocabulary: Vocabulary) -> Iterator[tuple[str, Plane]]:
        """What contradicts itself, in words, each with those of whom it does."""
        for number in self._criteria.numbers:
            twice = self._twice(number)
            if twice.any():
                yield f"{vocabulary.short(number)} has two values", twice
        for (prop, cls), plane in sorted(self.absent.items(), key=lambda row: row[0]):
            clash = self.held(prop, cls) & plane
            if clash.any():
                yield f"{vocabulary.label(cls)} is present and absent", clash
        for number, pieces in sorted(self.spans.items()):
            empty = self.narrowed.get(number, self._sheet.none) & ~self._sheet.any(pieces)
            if empty.any():
                yield f"no {vocabulary.short(number)} is left", empty
        yield from sorted(self._conflicts.items(), key=lambda row: row[0])
