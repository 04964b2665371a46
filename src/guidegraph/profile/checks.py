"""Whether a profile contradicts itself, and what its facts imply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NoReturn

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.model import Profile
from guidegraph.profile.terms import Vocabulary


@dataclass(frozen=True)
class Implication:
    """A listed implication: a fact of ``given`` and ``cls`` ("" for a number) brings or excludes another fact."""

    given: str
    cls: str
    then: str
    other: str
    excluded: bool


def implication_rows(rows: Iterable[tuple[str, ...]]) -> list[Implication]:
    """The rows (given, class, then, other, excluded) of queries/index/implications.rq as Implications.

    An exclusion holds both ways: who has the one lacks the other.
    """
    found = [Implication(given, cls, then, other, flag == "true") for given, cls, then, other, flag in rows]
    reverse = [Implication(r.then, r.other, r.given, r.cls, True) for r in found if r.excluded and r.cls]
    return list(dict.fromkeys([*found, *reverse]))


def _holds(profile: Profile, rule: Implication, vocabulary: Vocabulary) -> bool:
    if not rule.cls:
        return rule.given in profile.values
    return any(rule.cls in vocabulary.ancestors(c) for c in profile.present.get(rule.given, ()))


def apply_implications(profile: Profile, rules: Sequence[Implication], vocabulary: Vocabulary) -> Profile:
    """The profile with everything that its facts imply, checked for contradictions.

    Raises:
        ProfileError: something is both present and absent, said so or implied.
    """
    changed = True
    while changed:
        changed = False
        for rule in rules:
            if not _holds(profile, rule, vocabulary):
                continue
            table = profile.absent if rule.excluded else profile.present
            if rule.other not in table.get(rule.then, frozenset()):
                grown = {**table, rule.then: table.get(rule.then, frozenset()) | {rule.other}}
                profile = replace(profile, absent=grown) if rule.excluded else replace(profile, present=grown)
                changed = True
    check(profile, vocabulary)
    return profile


def check(profile: Profile, vocabulary: Vocabulary) -> None:
    """Check that no fact is both present and absent, directly or through the class hierarchy.

    Raises:
        ProfileError: names both facts.
    """
    for prop, classes in sorted(profile.present.items()):
        for one, other in product(sorted(classes), sorted(profile.absent.get(prop, ()))):
            if other in vocabulary.ancestors(one):
                _clash(vocabulary, _key(vocabulary, prop), one, other)
    for had, denied in product(sorted(profile.trials_present, key=repr), sorted(profile.trials_absent, key=repr)):
        if denied.of in vocabulary.ancestors(had.of) and denied.outcome in (None, had.outcome):
            _clash(vocabulary, "trials", had.of, denied.of)
    for stop, never in product(sorted(profile.stops_present, key=repr), sorted(profile.stops_absent, key=repr)):
        known = never.days is None or (stop.days is not None and stop.days <= never.days)
        if known and never.of in vocabulary.ancestors(stop.of):
            _clash(vocabulary, "stopped_medications", stop.of, never.of)


def _key(vocabulary: Vocabulary, prop: str) -> str:
    row = vocabulary.by_iri.get(prop)
    return row.key if row and row.key else ns.shorten(prop)


def _clash(vocabulary: Vocabulary, key: str, present: str, absent: str) -> NoReturn:
    one, other = vocabulary.label(present), vocabulary.label(absent)
    how = "it is" if present == absent else f"{one!r} is a kind of {other!r}, which is"
    raise ProfileError(
        f"the profile contradicts itself: {one!r} is present, and {how} absent (stated or implied)",
        where=key,
        mend="Take one of the two out.",
    )
