"""What is stated of many patients, as planes: the counterpart of a profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from guidegraph.cohort.bits import Mask, Plane, Sheet, grow, pack
from guidegraph.knowledge.atoms import Event
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Another, CareFact, Profile
from guidegraph.profile import Vocabulary, perhaps

Fact = tuple[str, str]


@dataclass(frozen=True)
class Facts:
    """The stated facts of a batch of patients; a plane that is missing is nobody's.

    ``present`` and ``absent`` are by property and class; ``values`` by number and the piece of it in which the value
    lies; events by kind of event, ``done`` and ``not_done`` what was done or supplied, or not; ``closed`` by the
    property of a list that is complete and has no entry that was not understood; ``complete`` are those with any
    complete list; ``perhaps`` by property and class what an entry may be that is none of our terms, and ``another``
    by property who has one; ``sums`` by number, piece and whether it lies there or not below what the entries of lists
    come to, and ``conflicts`` by words what contradicts that; ``about`` by condition the problem asked about,
    ``chosen`` those who name one, and ``several`` those who have others beside it.
    """

    sheet: Sheet
    present: Mapping[Fact, Plane] = field(default_factory=dict)
    absent: Mapping[Fact, Plane] = field(default_factory=dict)
    values: Mapping[tuple[str, int], Plane] = field(default_factory=dict)
    trials: Mapping[Event, Plane] = field(default_factory=dict)
    no_trials: Mapping[Event, Plane] = field(default_factory=dict)
    stops: Mapping[Event, Plane] = field(default_factory=dict)
    no_stops: Mapping[Event, Plane] = field(default_factory=dict)
    done: Mapping[CareFact, Plane] = field(default_factory=dict)
    not_done: Mapping[CareFact, Plane] = field(default_factory=dict)
    closed: Mapping[str, Plane] = field(default_factory=dict)
    complete: Plane | None = None
    perhaps: Mapping[Fact, Plane] = field(default_factory=dict)
    another: Mapping[str, Plane] = field(default_factory=dict)
    sums: Mapping[tuple[str, int, bool], Plane] = field(default_factory=dict)
    conflicts: Mapping[str, Plane] = field(default_factory=dict)
    about: Mapping[str, Plane] = field(default_factory=dict)
    chosen: Plane | None = None
    several: Plane | None = None
    not_tolerated: Mapping[str, Plane] = field(default_factory=dict)
    acted_on: Mapping[str, Plane] = field(default_factory=dict)


#: What is true of a patient: the name of a field of :class:`Facts` (or "suspended"), and the key in it.
Mark = tuple[str, object]
_ALONE = ("complete", "chosen", "several")


class Gathered:
    """Gathers what is stated of a batch of patients, mark by mark.

    Args:
        patients: how many.
        criteria: says between which bounds numbers are told apart, and what entries that are none of our terms may be.
        vocabulary: the terms.
    """

    def __init__(self, patients: int, criteria: Criteria, vocabulary: Vocabulary) -> None:
        self._patients, self._criteria, self._vocabulary = patients, criteria, vocabulary
        self._masks: dict[Mark, Mask] = {}
        self._planes: dict[Mark, Plane] = {}
        self._may: dict[Another, frozenset[str]] = {}

    def state(self, profile: Profile, who: int | Mask) -> None:
        """Add what a profile states: of the patient at a place, or of all of a mask (shape: patients)."""
        for mark in self.marks(profile):
            self.mark(mark, who)

    def mark_plane(self, mark: Mark, who: Plane) -> None:
        """Add one mark to all of a plane."""
        grow(self._planes, mark, who)

    def mark(self, mark: Mark, who: int | Mask) -> None:
        """Add one mark to the patient at a place, or to all of a mask (shape: patients)."""
        if mark not in self._masks:
            self._masks[mark] = np.zeros(self._patients, dtype=np.bool_)
        if isinstance(who, int):
            self._masks[mark][who] = True
        else:
            self._masks[mark] |= who

    def facts(self) -> Facts:
        """The facts of all."""
        names = (*Facts.__dataclass_fields__, "suspended")
        planes: dict[str, dict[object, Plane]] = {name: {} for name in names if name != "sheet"}
        found = {mark: pack(mask) for mark, mask in self._masks.items()}
        for mark, plane in self._planes.items():
            found[mark] = found[mark] | plane if mark in found else plane
        for (name, key), plane in found.items():
            planes[name][key] = plane
        suspended, closed = planes.pop("suspended"), planes["closed"]
        planes["closed"] = {p: q & ~suspended[p] if p in suspended else q for p, q in closed.items()}
        alone = {name: planes.pop(name).get(True) for name in _ALONE}
        return Facts(Sheet(self._patients), **planes, **alone)  # type: ignore[arg-type]

    def marks(self, profile: Profile) -> Iterable[Mark]:
        """What a profile states, mark by mark."""
        for name, table in (("present", profile.present), ("absent", profile.absent)):
            yield from ((name, (prop, cls)) for prop, classes in table.items() for cls in classes)
        for number, value in profile.values.items():
            if number in self._criteria.numbers:
                yield "values", (number, self._criteria.segment(number, value))
        yield from (("trials", (t.of, t.outcome, t.weeks)) for t in profile.trials_present)
        yield from (("no_trials", (t.of, t.outcome, t.weeks)) for t in profile.trials_absent)
        yield from (("stops", (s.of, None, s.days)) for s in profile.stops_present)
        yield from (("no_stops", (s.of, None, s.days)) for s in profile.stops_absent)
        yield from (("done", event) for event in profile.care_present)
        yield from (("not_done", denial) for denial in profile.care_absent)
        yield from (("closed", prop) for prop in profile.complete)
        yield from (("suspended", prop) for prop, _ in profile.not_understood)
        yield from (("about", cls) for cls in profile.about)
        yield from (("not_tolerated", cls) for cls in profile.not_tolerated)
        yield from (("acted_on", alert) for alert in profile.acted_on)
        for name, holds in (("complete", profile.complete), ("chosen", profile.about), ("several", profile.beside)):
            if holds:
                yield name, True
        for other in profile.others:
            if other not in self._may:
                self._may[other] = perhaps([other], self._criteria.rules, self._vocabulary)
            yield "another", other.prop
            yield from (("perhaps", (other.prop, cls)) for cls in self._may[other])
