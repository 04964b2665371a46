"""Holds the facts of a record against each other: the newest counts, and a contradiction makes both sides unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import combinations

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.intake.dates import Moment
from guidegraph.intake.facts import Fact
from guidegraph.intake.report import IGNORED, NOT_UNDERSTOOD
from guidegraph.model import CodeReading, Profile, StopFact, TrialFact
from guidegraph.profile import Implication, Vocabulary, apply_implications

Dropped = tuple[Fact, str, str]
_MEDICATION = ns.GG + "takesMedication"


def settle(
    facts: Sequence[Fact], vocabulary: Vocabulary, rules: Sequence[Implication]
) -> tuple[list[Fact], list[Dropped]]:
    """The facts that hold together, in the order of the record, and the others with state and reason."""
    dropped: list[Dropped] = []
    kept = _newest(facts, dropped)
    kept = _stops(kept, dropped, vocabulary)
    kept = _contradictions(kept, dropped, vocabulary, rules)
    return sorted(kept, key=lambda f: f.order), dropped


def _later(one: Fact, other: Fact) -> bool:
    mine, theirs = one.source.when, other.source.when
    return mine is not None and theirs is not None and mine.after(theirs) is True


def _newest(facts: Sequence[Fact], dropped: list[Dropped]) -> list[Fact]:
    """Of the observations of one class, the newest; two that differ and neither of which is newer leave it unknown."""
    kept = [fact for fact in facts if not fact.timed]
    groups: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.timed:
            groups[fact.prop, fact.iri].append(fact)
    for group in groups.values():
        last = _last(group)
        newest = {id(fact) for fact in last}
        dropped += [(fact, IGNORED, f"{last[0].source.ref} is newer") for fact in group if id(fact) not in newest]
        if len({fact.says for fact in last}) == 1:
            kept.append(last[0])
            dropped += [(fact, IGNORED, f"{last[0].source.ref} says the same") for fact in last[1:]]
        else:
            refs = ", ".join(fact.source.ref for fact in last[:5])
            dropped += [(f, NOT_UNDERSTOOD, f"entries differ, and none is the newest: {refs}") for f in last]
    return kept


def _last(group: list[Fact]) -> list[Fact]:
    """The facts of a group that no other is later than, in one pass, since a record can hold thousands."""
    moments = [fact.source.when for fact in group if fact.source.when is not None]
    instants = [m.instant for m in moments if m.instant is not None]
    instant = max(instants, default=None)
    first = max((m.first for m in moments), default=None)
    loose = max((m.first for m in moments if m.instant is None), default=None)

    def superseded(when: Moment | None) -> bool:
        if when is None:
            return False
        if when.instant is None:
            return first is not None and first > when.last
        return (instant is not None and instant > when.instant) or (loose is not None and loose > when.last)

    return [fact for fact in group if not superseded(fact.source.when)]


def _stops(facts: list[Fact], dropped: list[Dropped], vocabulary: Vocabulary) -> list[Fact]:
    """Of the stops of one drug the most recent, and none of a drug that is taken now."""
    taken = {f.iri for f in facts if f.prop == _MEDICATION and f.present}
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
        elif any(fact.iri in vocabulary.ancestors(cls) for cls in taken):
            dropped.append((fact, IGNORED, "another entry says that it is taken now"))
        elif last[fact.iri] is not fact:
            dropped.append((fact, IGNORED, f"{last[fact.iri].source.ref} ended later, or says the same"))
        else:
            kept.append(fact)
    return kept


def _days(fact: Fact) -> Decimal:
    days = fact.value.days if isinstance(fact.value, StopFact) else None
    return days if days is not None else Decimal("Infinity")


def _contradictions(
    facts: list[Fact], dropped: list[Dropped], vocabulary: Vocabulary, rules: Sequence[Implication]
) -> list[Fact]:
    if _consistent(facts, vocabulary, rules):
        return facts
    # Records repeat facts: what says the same is compared once.
    groups: dict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[fact.prop, fact.iri, fact.says, fact.timed].append(fact)
    against: dict[int, Fact] = {}
    said = {key: _said(ones[0], vocabulary, rules) for key, ones in groups.items()}
    for (key, ones), (other_key, others) in combinations(groups.items(), 2):
        one, other = ones[0], others[0]
        (has, lacks), (has_too, lacks_too) = said[key], said[other_key]
        if not (has & lacks_too or has_too & lacks):
            continue
        # Of two observations the newer counts; of anything else neither, since unknown is never no.
        if not (one.timed and other.timed and _later(one, other)):
            against.update({id(fact): other for fact in ones if id(fact) not in against})
        if not (one.timed and other.timed and _later(other, one)):
            against.update({id(fact): one for fact in others if id(fact) not in against})
    for fact in facts:
        if id(fact) in against:
            other = against[id(fact)]
            newer = fact.timed and other.timed and _later(other, fact)
            told = f"{other.source.ref} contradicts it ({words(other, vocabulary)})"
            state, end = (IGNORED, "and is newer") if newer else (NOT_UNDERSTOOD, "so neither is taken")
            dropped.append((fact, state, f"{told}, {end}"))
    return [fact for fact in facts if id(fact) not in against]


def _said(
    fact: Fact, vocabulary: Vocabulary, rules: Sequence[Implication]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """What a fact alone brings and excludes, as pairs of property and class; each rule has one fact to go on."""
    alone = apply_implications(profile([fact]), rules, vocabulary)
    has = {(prop, up) for prop, classes in alone.present.items() for cls in classes for up in vocabulary.ancestors(cls)}
    return has, {(prop, cls) for prop, classes in alone.absent.items() for cls in classes}


def _consistent(facts: Sequence[Fact], vocabulary: Vocabulary, rules: Sequence[Implication]) -> bool:
    try:
        apply_implications(profile(facts), rules, vocabulary)
    except ProfileError:
        return False
    return True


def profile(
    facts: Iterable[Fact],
    patient: str = "patient",
    label: str = "",
    complete: frozenset[str] = frozenset(),
    not_understood: tuple[tuple[str, str], ...] = (),
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
        not_understood=not_understood,
        readings=tuple(sorted(readings, key=lambda reading: reading.curie)),
    )


def about(fact: Fact, vocabulary: Vocabulary) -> str:
    """What a fact is about, in words."""
    return vocabulary.label(fact.iri)


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
    if fact.prop == _MEDICATION:
        return f"{'takes' if fact.present else 'does not take'}: {named}"
    return f"{'present' if fact.present else 'absent'}: {named}"
