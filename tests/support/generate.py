"""Random but valid patient profiles over the shipped vocabulary, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyoxigraph as ox

from guidegraph.errors import ProfileError
from guidegraph.model import Another, Profile, StopFact, TrialFact
from guidegraph.profile import settle
from guidegraph.termreadings import TAKEN

GG = "https://w3id.org/guidegraph/vocab/"
SIMPLE = (GG + "hasCondition", GG + "hasFinding", GG + "takesMedication")
EVENTS = (GG + "hasTrial", GG + "stoppedMedication")


def used_classes(kb: Any) -> dict[str, list[str]]:
    """The classes that populations use, by property, with a class above and below some of them."""
    found: dict[str, set[str]] = {p: set() for p in (*SIMPLE, *EVENTS)}
    for atom in kb.records.atoms.values():
        if atom.cls:
            found[atom.prop].add(atom.cls)
    for prop in (TAKEN, EVENTS[1]):
        found[prop] |= {cls for r in kb.implications if r.kind == "part" for cls in (r.cls, r.other)}
    for prop in (*SIMPLE, *EVENTS):
        wanted = set(found[prop])
        for cls, above in kb.records.ancestors.items():
            if wanted & above:
                found[prop].add(cls)
        for cls in wanted:
            found[prop] |= {c for c in kb.records.ancestors[cls] if "/vocab/" not in c}
    return {prop: sorted(classes) for prop, classes in found.items()}


def numbers(kb: Any) -> dict[str, list[Decimal]]:
    """Values at, just below and just above every bound of each number, and some between."""
    found: dict[str, set[Decimal]] = {}
    for atom in kb.records.atoms.values():
        if atom.prop and not atom.cls:
            for bound in (atom.low, atom.above, atom.high, atom.below):
                if 0 < bound < 1000:
                    near = {bound, bound + Decimal("0.5"), bound - Decimal("0.5"), bound + 10}
                    found.setdefault(atom.prop, set()).update(near)
    plausible = {row.iri: (row.low or 0, row.high or 1000) for row in kb.vocabulary.rows if row.kind == "number"}
    return {
        prop: sorted(v for v in values if plausible[prop][0] <= v <= plausible[prop][1])
        for prop, values in found.items()
    }


def profile(kb: Any, seed: int) -> Profile:
    """One random profile that does not contradict itself, implications applied."""
    pick = random.Random(seed)
    while True:
        try:
            return kb.profile(_draw(kb, pick, seed))
        except ProfileError:
            continue


def _draw(kb: Any, pick: random.Random, seed: int) -> Profile:
    classes, values = used_classes(kb), numbers(kb)
    present = {p: frozenset(pick.sample(classes[p], k=pick.randint(0, min(3, len(classes[p]))))) for p in SIMPLE}
    absent = {p: frozenset(pick.sample(classes[p], k=pick.randint(0, min(8, len(classes[p]))))) for p in SIMPLE}
    outcomes = [None, GG + "Failed", GG + "Succeeded", GG + "NotTolerated"]

    def trials(most: int, weeks: bool) -> frozenset[TrialFact]:
        count = pick.randint(0, most)
        return frozenset(
            TrialFact(
                pick.choice(classes[EVENTS[0]]),
                pick.choice(outcomes),
                pick.choice([None, Decimal(5), Decimal(6), Decimal(9)]) if weeks else None,
            )
            for _ in range(count)
        )

    def stops(most: int) -> frozenset[StopFact]:
        days = [None, Decimal(3), Decimal(14), Decimal("14.5"), Decimal(30)]
        return frozenset(
            StopFact(pick.choice(classes[EVENTS[1]]), pick.choice(days)) for _ in range(pick.randint(0, most))
        )

    complete = frozenset(p for p in (*SIMPLE, *EVENTS) if pick.random() < 0.15)
    return Profile(
        f"generated-{seed}",
        "",
        present,
        absent,
        {p: pick.choice(v) for p, v in sorted(values.items()) if pick.random() < 0.5},
        trials(2, True),
        trials(2, False),
        stops(1),
        stops(1),
        complete,
        others=others(kb, random.Random(f"{seed} {sorted(complete)}"), sorted(complete)),
    )


def others(kb: Any, pick: random.Random, props: Sequence[str]) -> tuple[Another, ...]:
    """Entries of some lists that are known and none of our terms, each known not to be some classes of ours."""
    classes, found = used_classes(kb), []
    for prop in props:
        for number in range(pick.randint(0, 2)):
            denies = pick.sample(classes[prop], k=pick.randint(0, len(classes[prop])))
            found.append(Another(prop, f"TOY:{number}", f"thing {number}", tuple(sorted(denies))))
    return tuple(sorted(found))


def asked_only(kb: Any) -> set[tuple[str, str]]:
    """The (property, class) of each sign of an alert, and each collective (with any property, written "")."""
    found: set[tuple[str, str]] = {("", c) for c in kb.records.ancestors if is_collective(kb, c)}
    for alert in kb.records.alerts:
        branches = kb.records.branches[kb.records.population(alert)]
        atoms = [kb.records.atoms[a] for branch in branches for a, positive in branch if positive]
        signs = [a for a in atoms if a.prop == GG + "hasFinding"] or [a for a in atoms if a.prop == GG + "hasCondition"]
        found |= {(a.prop, a.cls) for a in signs}
    return found


def is_collective(kb: Any, cls: str) -> bool:
    """Whether the ontology marks a class as care taken as a whole."""
    marks = kb.store.quads_for_pattern(ox.NamedNode(cls), ox.NamedNode(GG + "collective"), None, None)
    return any(quad.object.value == "true" for quad in marks)


def completed(kb: Any, stated: Profile) -> Profile:
    """The profile with every complete list written out as absent facts, as a reasoner needs it.

    A class that shares no subclass with a listed class, and that no listed fact may be of by a recorded decision, is
    absent (docs/populations.md). Listed is what is stated, what
    came by a reading, and each part of what a listed one may be; what is read from an age, a duration or a
    score, or is disputed, no list denies, nor what shares a subclass with the sign of an alert or with a collective.
    """
    below: dict[str, set[str]] = {}
    for cls, above in kb.records.ancestors.items():
        for higher in above:
            below.setdefault(higher, set()).add(cls)
    parts = {(r.cls, r.other) for r in kb.implications if r.kind == "part"}
    classes = used_classes(kb)
    settled = settle(replace(stated, complete=frozenset()), kb.implications, kb.vocabulary)
    found = settled.profile
    read = {(r.then, r.other) for r in kb.implications if r.listless and not r.excluded} | set(settled.disputed)

    def within(listed: set[str]) -> set[str]:
        known = set[str]()
        while listed - known:
            known |= listed
            possible = {kind for cls in known for kind in kinds.get(cls, {cls})}
            listed = known | {part for whole, part in parts if possible & kinds.get(whole, {whole})}
        return known

    asked = asked_only(kb)

    # A recorded decision is a class without a name below both, one for each kind of the class that it is recorded for.
    kinds = {cls: set(lower) for cls, lower in below.items()}
    for quad in kb.store.quads_for_pattern(None, ox.NamedNode(GG + "overlapsWith"), None, None):
        for kind in below[quad.subject.value]:
            for cls in kb.records.ancestors[kind] | kb.records.ancestors[quad.object.value]:
                kinds[cls].add(f"{kind} and {quad.object.value}")

    def apart(prop: str, cls: str, listed: set[str]) -> bool:
        kept = {c for p, c in asked if p in (prop, "")}
        return all(not (kinds.get(cls, {cls}) & kinds.get(other, {other})) for other in listed) and all(
            not (below.get(cls, {cls}) & below.get(other, {other})) for other in kept
        )

    def perhaps_by_parts(prop: str, listed: set[str]) -> set[str]:
        """The combinations of two or more of which the list names each part, or has an entry that may be it."""
        named = lambda p: spared(prop, p) or any(kinds[p] & kinds[other] for other in listed)  # noqa: E731
        members = {whole: {p for w, p in parts if w == whole} for whole, _ in parts}
        return {whole for whole, each in members.items() if len(each) > 1 and all(map(named, each))}

    def spared(prop: str, cls: str) -> bool:
        """Whether an entry that is known and none of our terms may be of the class."""
        contained = {cls, *kb.records.ancestors.get(cls, ())}
        if prop in (TAKEN, EVENTS[1]):
            for _ in parts:
                contained |= {up for w, p in parts if w in contained for up in (p, *kb.records.ancestors.get(p, ()))}
        return any(other.prop == prop and not contained & set(other.denies) for other in stated.others)

    absent = dict(stated.absent)
    for prop in SIMPLE:
        if prop in stated.complete:
            listed = set(found.present.get(prop, ())) | {cls for p, cls in read if p == prop}
            if prop == TAKEN:
                listed = within(listed) | perhaps_by_parts(prop, listed)
            absent[prop] = absent.get(prop, frozenset()) | {
                c for c in classes[prop] if apart(prop, c, listed) and not spared(prop, c)
            }
    trials, stops = stated.trials_absent, stated.stops_absent
    if EVENTS[0] in stated.complete:
        listed = {t.of for t in stated.trials_present}
        trials |= {TrialFact(c) for c in classes[EVENTS[0]] if apart(EVENTS[0], c, listed) and not spared(EVENTS[0], c)}
    if EVENTS[1] in stated.complete:
        listed = {s.of for s in found.stops_present}
        listed = within(listed) | perhaps_by_parts(EVENTS[1], listed)
        stops |= {StopFact(c) for c in classes[EVENTS[1]] if apart(EVENTS[1], c, listed) and not spared(EVENTS[1], c)}
    return replace(stated, absent=absent, trials_absent=trials, stops_absent=stops, complete=frozenset())
