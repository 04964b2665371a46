"""Holds the facts of a record against each other: the newest word counts, and a contradiction makes both unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import TypeVar

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.intake.dates import FARTHEST, Moment
from guidegraph.intake.report import IGNORED, NOT_UNDERSTOOD, Fact, Source, Unread
from guidegraph.model import CodeReading, Profile, StopFact, TrialFact
from guidegraph.profile import Implication, Vocabulary, apply_implications, settle

#: Entries of a list that are not understood and that a profile names, so that the reader of profiles takes it.
_MOST = 1_000
#: A fact that is not taken, with its state in the report and the reason.
Dropped = tuple[Fact, str, str]
MEDICATION = ns.GG + "takesMedication"
#: The profile key of the sex.
_SEX = "sex"
#: The property that states a class of each kind.
OF_KIND = {"condition": ns.GG + "hasCondition", "finding": ns.GG + "hasFinding", "intervention": MEDICATION}
_Item = TypeVar("_Item", Fact, Unread)
_Said = tuple[set[tuple[str, str]], set[tuple[str, str]]]


class Settlement:
    """The facts that hold together (``kept``, in the order of the record), and the others with state and reason.

    ``superseded`` gives, by its place in the record, the newer fact that makes an unread entry matter no more;
    ``shadowed`` are the places of the facts that an unread entry puts in doubt.

    Args:
        facts: what the entries state.
        unread: entries whose word cannot be read, or leaves something open.
        vocabulary: our terms.
        rules: facts that bring or exclude others.
    """

    def __init__(
        self,
        facts: Sequence[Fact],
        unread: Sequence[Unread],
        vocabulary: Vocabulary,
        rules: Sequence[Implication],
    ) -> None:
        self._terms, self._rules = vocabulary, rules
        self._known: dict[tuple[str, str, bool, Decimal | None], _Said] = {}
        self.dropped: list[Dropped] = []
        self.superseded: dict[int, Fact] = {}
        self.shadowed: set[int] = set()
        self._supersede(facts, unread)
        kept = self._not_overshadowed(facts, [u for u in unread if u.order not in self.superseded])
        kept = self._newest(kept)
        kept = self._stops(kept)
        self.kept = sorted(self._contradictions(kept), key=lambda fact: fact.order)

    def _supersede(self, facts: Sequence[Fact], unread: Sequence[Unread]) -> None:
        last: dict[tuple[str, frozenset[str]], list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.source.timed:
                last[fact.iri, fact.source.reasons].append(fact)
        newest = {key: _last(group) for key, group in last.items()}
        for entry in unread:
            if entry.source.timed and entry.about:
                newer = [
                    next((f for f in newest.get((iri, entry.source.reasons), ()) if f.source.later(entry.source)), None)
                    for iri in entry.about
                ]
                if all(newer):
                    self.superseded[entry.order] = min((f for f in newer if f), key=lambda fact: fact.order)

    def _not_overshadowed(self, facts: Sequence[Fact], unread: Sequence[Unread]) -> list[Fact]:
        """The facts that no entry, not known to be older, puts in doubt: an older one never stands in for it."""
        by_class: dict[str, list[Unread]] = defaultdict(list)
        for entry in unread:
            for iri in entry.about:
                by_class[iri].append(entry)
        shadow: dict[int, Unread] = {}
        groups: dict[tuple[str, str, bool, bool, frozenset[str]], list[Fact]] = defaultdict(list)
        for fact in facts:
            groups[fact.prop, fact.iri, fact.present, fact.source.timed, fact.source.reasons].append(fact)
        for iri, entries in sorted(by_class.items()):
            for group in groups.values():
                bearing = [entry for entry in entries if _of_one(entry.source, group[0].source)]
                if bearing and self._bears(iri, group[0]):
                    latest = {entry.source.time: entry for entry in reversed(_last(bearing))}
                    for fact in group:
                        cast = next((e for e in latest.values() if not fact.source.later(e.source)), None)
                        if cast is not None:
                            shadow.setdefault(id(fact), cast)
        for fact in facts:
            if (cast := shadow.get(id(fact))) is not None:
                newer = "is newer" if cast.source.later(fact.source) else "is not known to be older"
                says = "cannot be read" if cast.state == NOT_UNDERSTOOD else "leaves it open"
                self.dropped.append((fact, IGNORED, f"{cast.source.ref} {newer} and {says}: it is not known"))
                self.shadowed.add(fact.order)
        return [fact for fact in facts if id(fact) not in shadow]

    def _bears(self, iri: str, fact: Fact) -> bool:
        """Whether an entry on a class or number that is not read could contradict a fact, whatever it says."""
        if isinstance(fact.value, TrialFact):
            return False
        if isinstance(fact.value, StopFact):
            return iri in self._terms.ancestors(fact.iri) or fact.iri in self._terms.ancestors(iri)
        if not fact.source.timed and fact.present:
            return False  # it holds at present, whatever was asked once
        if fact.iri == iri:
            return True
        # A number that was measured stands, whatever an unread entry may say of a term that is read from it.
        has, lacks = self._said(fact.prop, fact.iri, fact.present)
        if any(r.interval and r.given == iri and (r.then, r.other) in has | lacks for r in self._rules):
            return True
        row = self._terms.by_iri[iri]
        prop = OF_KIND.get(row.kind, iri)
        could_have, _ = self._said(prop, iri, True)
        if could_have & lacks:
            return True
        if not fact.source.timed or row.kind not in OF_KIND:
            return False
        _, could_lack = self._said(prop, iri, False)
        return bool(could_lack & has or self._said(prop, iri, True)[1] & has)

    def _newest(self, facts: Sequence[Fact]) -> list[Fact]:
        """Of observations of one class, the newest; two that differ and neither of which is newer leave it unknown.

        Those of each problem by themselves; one of nobody knows which hides what is not known to be newer of each.
        """
        kept = [fact for fact in facts if not fact.source.timed]
        groups: dict[tuple[str, str, frozenset[str]], list[Fact]] = defaultdict(list)
        for fact in facts:
            if fact.source.timed:
                groups[fact.prop, fact.iri, fact.source.reasons].append(fact)
        for (prop, iri, reasons), group in groups.items():
            last = _last(group)
            unowned = groups.get((prop, iri, frozenset()), ()) if reasons else ()
            hiding = next((one for one in unowned if not last[0].source.later(one.source)), None)
            if hiding is not None:
                why = f"{hiding.source.ref} is not known to be older, and may be of the same problem"
                self.dropped += [(fact, NOT_UNDERSTOOD, why) for fact in group]
                continue
            newest = {id(fact) for fact in last}
            newer = f"{last[0].source.ref} is newer"
            self.dropped += [(fact, IGNORED, newer) for fact in group if id(fact) not in newest]
            if len({(fact.present, fact.value) for fact in last}) == 1:
                kept.append(last[0])
                self.dropped += [(fact, IGNORED, f"{last[0].source.ref} says the same") for fact in last[1:]]
            else:
                refs = ", ".join(fact.source.ref for fact in last[:5])
                self.dropped += [(f, NOT_UNDERSTOOD, f"entries differ, and none is the newest: {refs}") for f in last]
        return kept

    def _stops(self, facts: Sequence[Fact]) -> list[Fact]:
        """Of the stops of one drug the most recent, and none of a drug that is taken now."""
        taken = {f.iri for f in facts if f.prop == MEDICATION and f.present}
        last: dict[str, Fact] = {}
        for fact in facts:
            if isinstance(fact.value, StopFact):
                best = last.get(fact.iri)
                if best is None or _days(fact) < _days(best):
                    last[fact.iri] = fact
        kept = []
        for fact in facts:
            if not isinstance(fact.value, StopFact):
                kept.append(fact)
            elif any(fact.iri in self._terms.ancestors(cls) for cls in taken):
                self.dropped.append((fact, IGNORED, "another entry says that it is taken now"))
            elif last[fact.iri] is not fact:
                self.dropped.append((fact, IGNORED, f"{last[fact.iri].source.ref} ended later, or says the same"))
            else:
                kept.append(fact)
        return kept

    def _contradictions(self, facts: list[Fact]) -> list[Fact]:
        if self._consistent(facts):
            return facts
        # Records repeat facts: what says the same is compared once.
        groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
        for fact in facts:
            groups[fact.prop, fact.iri, fact.present, fact.value, fact.source.timed, fact.source.reasons].append(fact)
        against: dict[int, Fact] = {}
        for ones, others in combinations(groups.values(), 2):
            one, other = ones[0], others[0]
            if not _of_one(one.source, other.source):
                continue
            (has, lacks), (has_too, lacks_too) = self._said_by(one), self._said_by(other)
            if not (has & lacks_too or has_too & lacks):
                continue
            # Of two observations the newer counts; of anything else neither, since unknown is never no.
            if not _newer(one, other):
                against.update({id(fact): other for fact in ones if id(fact) not in against})
            if not _newer(other, one):
                against.update({id(fact): one for fact in others if id(fact) not in against})
        for fact in facts:
            if id(fact) in against:
                other = against[id(fact)]
                what = f"{other.source.ref} contradicts it ({words(other, self._terms)})"
                state, end = (
                    (IGNORED, "and is newer") if _newer(other, fact) else (NOT_UNDERSTOOD, "so neither is taken")
                )
                self.dropped.append((fact, state, f"{what}, {end}"))
        return [fact for fact in facts if id(fact) not in against]

    def _said_by(self, fact: Fact) -> _Said:
        if isinstance(fact.value, TrialFact | StopFact):
            return set(), set()
        return self._said(fact.prop, fact.iri, fact.present, fact.value)

    def _said(self, prop: str, iri: str, present: bool, value: Decimal | None = None) -> _Said:
        """What a fact alone brings and excludes, as pairs of property and class; each rule has one fact to go on."""
        key = (prop, iri, present, value)
        if key not in self._known:
            fact = Fact(prop, iri, present, value, Source("", ""))
            # Of a number that could not be read no more is known than that there is one.
            rules = self._rules if value is not None else [r for r in self._rules if r.interval is None]
            stated = profile([fact]) if value is not None or prop != iri else Profile(values={prop: Decimal(0)})
            alone = settle(stated, rules, self._terms).profile
            has = {
                (p, up) for p, classes in alone.present.items() for cls in classes for up in self._terms.ancestors(cls)
            }
            self._known[key] = has, {(p, cls) for p, classes in alone.absent.items() for cls in classes}
        return self._known[key]

    def _consistent(self, facts: Sequence[Fact]) -> bool:
        try:
            apply_implications(profile(facts), self._rules, self._terms)
        except ProfileError:
            return False
        return True


def _of_one(one: Source, other: Source) -> bool:
    """Whether what two entries say may be of one problem."""
    return not one.reasons or not other.reasons or bool(one.reasons & other.reasons)


def _newer(one: Fact, other: Fact) -> bool:
    return one.source.timed and other.source.timed and one.source.later(other.source)


def _days(fact: Fact) -> Decimal:
    days = fact.value.days if isinstance(fact.value, StopFact) else None
    return days if days is not None else Decimal("Infinity")


def _last(group: Sequence[_Item]) -> list[_Item]:
    """Those of a group that no other is later than, in one pass, since a record can hold thousands."""
    moments = [when for item in group if (when := item.source.time) is not None]
    instant = max((m.instant for m in moments if m.instant is not None), default=None)
    days, times, zoned = (
        max((m.first for m in moments if kind == (m.timed, m.loose)), default=datetime.min)
        for kind in ((False, True), (True, True), (True, False))
    )

    def superseded(when: Moment | None) -> bool:
        if when is None:
            return False
        if when.instant is not None:
            late = instant is not None and instant > when.instant
            return late or days > when.last or times - when.last > FARTHEST
        return max(days, times) > when.last or zoned - when.last > (FARTHEST if when.timed else timedelta())

    return [item for item in group if not superseded(item.source.time)]


def profile(
    facts: Iterable[Fact],
    patient: str = "patient",
    label: str = "",
    complete: frozenset[str] = frozenset(),
    not_understood: Collection[tuple[str, str]] = (),
) -> Profile:
    """The facts as a profile."""
    present: dict[str, set[str]] = defaultdict(set)
    absent: dict[str, set[str]] = defaultdict(set)
    values: dict[str, Decimal] = {}
    trials, stops = set(), set()
    readings: set[CodeReading] = set()
    for fact in facts:
        readings.update(fact.source.readings)
        if isinstance(fact.value, TrialFact):
            trials.add(fact.value)
        elif isinstance(fact.value, StopFact):
            stops.add(fact.value)
        elif fact.value is not None:
            values[fact.prop] = fact.value
        else:
            (present if fact.present else absent)[fact.prop].add(fact.iri)
    return Profile(
        patient,
        label,
        {p: frozenset(c) for p, c in sorted(present.items())},
        {p: frozenset(c) for p, c in sorted(absent.items())},
        dict(sorted(values.items())),
        trials_present=frozenset(trials),
        stops_present=frozenset(stops),
        complete=complete,
        not_understood=_not_too_many(not_understood),
        readings=tuple(sorted(readings, key=lambda reading: reading.curie)),
    )


def _not_too_many(suspended: Collection[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What is not understood, sorted; of a list with thousands the first, and how many there are more."""
    kept: list[tuple[str, str]] = []
    for prop in sorted({prop for prop, _ in suspended}):
        texts = sorted(text for one, text in suspended if one == prop)
        kept += [(prop, text) for text in texts[:_MOST]]
        if len(texts) > _MOST:
            kept.append((prop, f"{len(texts) - _MOST} more entries"))
    return tuple(sorted(kept))


def longest(iri: str, rules: Sequence[Implication], vocabulary: Vocabulary) -> Decimal | None:
    """The weeks that a state can last which has a running number (weeks of it), None where it has none."""
    for rule in rules:
        row = vocabulary.by_iri.get(rule.given)
        if rule.cls or rule.excluded or row is None or row.high is None or row.unit != "wk":
            continue
        if rule.other in vocabulary.ancestors(iri):
            return row.high
    return None


def none_of(
    source: Source, spared: Collection[str], past: Collection[str], rules: Sequence[Implication], vocabulary: Vocabulary
) -> list[Fact]:
    """What a statement that there are no conditions denies.

    Not what is ``spared``, nor states that come and go, nor classes whose meaning takes in the ``past``.
    """
    rows = vocabulary.of_kind("condition")
    kept = {iri for iri in spared if iri in vocabulary.by_iri}
    kept |= {row.iri for row in rows if longest(row.iri, rules, vocabulary) is not None}
    # What shares a kind with a class that is spared is not denied either, since that would deny the kind.
    above = [vocabulary.ancestors(row.iri) for row in rows]
    shared = {up for ups in above if kept & set(ups) for up in ups}
    shared = shared.union(*map(vocabulary.ancestors, past))
    wanted = [row.iri for row in rows if row.iri not in shared]
    return [Fact(OF_KIND["condition"], iri, False, None, source) for iri in vocabulary.telling(wanted, False)]


def sexes(
    stated: Sequence[tuple[str, Source, str, int]], vocabulary: Vocabulary, lists: frozenset[str]
) -> tuple[list[Fact], list[Unread]]:
    """The sex of statements (value, source, note, place) that agree on one of ours; else each as an entry unread, which
    leaves ``lists`` incomplete."""
    values = {value for value, *_ in stated}
    iri = next((r.iri for r in vocabulary.of_kind("finding") if r.key == _SEX and values == {r.key_value}), None)
    if iri is not None:
        return [Fact(OF_KIND["finding"], iri, True, None, source, note, order) for _, source, note, order in stated], []
    unread = []
    for value, source, _, order in stated:
        others = [f"{s.ref} says {s.text}" for v, s, *_ in stated if v != value]
        why = f"{others[0]}, so the sex is unknown" if others else "it is no sex that recommendations speak of"
        mend = "Write the sex that counts for treatment into the profile."
        unread.append(Unread(frozenset(), lists, source, NOT_UNDERSTOOD, why, mend, order))
    return [], unread


def words(fact: Fact, vocabulary: Vocabulary) -> str:
    """A fact in words."""
    named = vocabulary.label(fact.iri)
    if isinstance(fact.value, TrialFact):
        led = f", {vocabulary.label(fact.value.outcome)}" if fact.value.outcome else ""
        weeks = f", {fact.value.weeks:f} weeks" if fact.value.weeks is not None else ""
        return f"tried: {named}{weeks}{led}"
    if isinstance(fact.value, StopFact):
        return f"stopped: {named}, {fact.value.days:f} days ago" if fact.value.days is not None else f"stopped: {named}"
    if fact.value is not None:
        row = vocabulary.by_iri.get(fact.prop)
        return f"{named}: {fact.value:f}{' ' + row.unit if row and row.unit else ''}"
    if fact.prop == MEDICATION:
        return f"{'takes' if fact.present else 'does not take'}: {named}"
    return f"{'present' if fact.present else 'absent'}: {named}"
