"""Numbers that are worked out from the entries of a list, for many patients (:mod:`guidegraph.profile.deriving`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guidegraph.cohort.bits import Plane
from guidegraph.cohort.facts import Fact, Facts, Mark
from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary
from guidegraph.profile.deriving import derived
from guidegraph.profile.entrance import with_listed
from guidegraph.termreadings import SUPPLIED

_CONTRADICTS = "the profile contradicts itself: "


def added_up(profile: Profile, criteria: Criteria, vocabulary: Vocabulary) -> Iterator[Mark]:
    """What the entries of a whole profile come to, as marks: a number or its least, or what contradicts it."""
    if not criteria.sums:
        return
    try:
        derived(profile, criteria.rules, vocabulary)
        found = derived(_read(profile, criteria, vocabulary), criteria.rules, vocabulary)
    except ProfileError as error:
        yield "conflicts", error.what.removeprefix(_CONTRADICTS)
        return
    for number, one in found.items():
        if number not in profile.values and (one.exact or one.value):
            yield "sums", (number, criteria.segment(number, one.value), one.exact)


def _read(profile: Profile, criteria: Criteria, vocabulary: Vocabulary) -> Profile:
    """The profile as one patient is read."""
    try:
        return with_listed(profile, criteria.rules, vocabulary)
    except ProfileError:
        # Planes find and tell it.
        return profile


def without(criteria: Criteria, facts: Facts, present: Mapping[Fact, Plane]) -> Iterator[tuple[str, Plane]]:
    """By number those of whom a complete list has no entry that counts toward it, so that it is 0.

    ``present`` are the classes that are known to be present.
    """
    sheet = facts.sheet
    for number, one in criteria.sums.items():
        if one.over == SUPPLIED:
            entries = [plane for event, plane in facts.done.items() if one.counts(event)]
        else:
            entries = [plane for (prop, cls), plane in present.items() if prop == one.over and cls in one.counting]
        listing = facts.closed.get(one.over, sheet.none)
        yield number, listing & ~sheet.any((*entries, facts.another.get(one.over, sheet.none)))
