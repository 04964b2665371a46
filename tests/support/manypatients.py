"""A great many patients as columns: those that the criteria make (tests/support/guided.py), mixed and changed at random."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from guidegraph.cohort.facts import Gathered
from guidegraph.knowledge.atoms import STOP, TRIAL
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Another, Profile, StopFact, TrialFact
from guidegraph.termreadings import STOPPED
from tests.support import generate
from tests.support.guided import LISTS, OUTCOMES, Guide

#: Events stand in places: of what, with which outcome, and the weeks or days (thousandths).
PLACES = {"trials_present": 3, "trials_absent": 2, "stops_present": 2, "stops_absent": 2}
THOUSAND = 1000
_POOL = 24
#: How many in 65,536 lose a fact that they have, gain one, or have another's event or number.
_LOSE, _GAIN, _CHANGE = 3000, 60, 6000


@dataclass(frozen=True)
class Yes:
    """A column that says yes or no: the field of a profile, its key (a property, or "") and what is in it."""

    field: str
    key: str
    value: Any

    @property
    def name(self) -> str:
        """What the column is called."""
        return f"{self.field} {self.key} {self.value}"

    def profile(self) -> Profile:
        """A profile that says this and nothing else."""
        if self.field in ("present", "absent"):
            return Profile(**{self.field: {self.key: frozenset((self.value,))}})  # type: ignore[arg-type]
        if self.field == "not_understood":
            return Profile(not_understood=((self.value, "something"),))
        if self.field == "others":
            return Profile(others=(self.value,))
        return Profile(**{self.field: frozenset((self.value,))})  # type: ignore[arg-type]


class Known(Guide):
    """A guide whose entries that are none of our terms are some of few."""

    @cached_property
    def pool(self) -> tuple[Another, ...]:
        """These entries."""
        pick = random.Random("pool")
        found = [one for _ in range(_POOL) for one in generate.others(self.kb, pick, LISTS)]
        return tuple(replace(one, code=f"TOY:{at}") for at, one in enumerate(pick.sample(found, _POOL)))

    def others(self, pick: random.Random, props: Sequence[str]) -> tuple[Another, ...]:
        """Up to two of them."""
        fitting = [one for one in self.pool if one.prop in props]
        return tuple(pick.sample(fitting, min(len(fitting), pick.randint(1, 2))))


class Crowd:
    """Patients as columns.

    Args:
        kb: what is known.
        criteria: its criteria.
        models: how many guided patients the others are made of.

    Attributes:
        yes: the columns of yes and no.
        classes: what events may be of, by the code in their columns.
    """

    def __init__(self, kb: Any, criteria: Criteria, models: int) -> None:
        self._kb, self.criteria = kb, criteria
        guide = Known(kb, criteria)
        profiles = [guide.patient(seed) for seed in range(models)]
        self._models = models
        self._of: dict[Yes, Any] = {}
        self.numbers = sorted(criteria.numbers)
        self.classes: list[str] = sorted({e.of for p in profiles for field in PLACES for e in getattr(p, field)})
        self._codes = {cls: at for at, cls in enumerate(self.classes)}
        self._plain: dict[str, Any] = {number: np.full(models, -1, dtype=np.int64) for number in self.numbers}
        for field, places in PLACES.items():
            for name in (f"{field} {place} {part}" for place in range(places) for part in ("of", "led", "number")):
                self._plain[name] = np.full(models, -1, dtype=np.int64)
        for at, profile in enumerate(profiles):
            self._read(at, profile)
        self.yes = sorted(self._of, key=lambda one: one.name)

    def _read(self, at: int, profile: Profile) -> None:
        for yes in _said(profile):
            self._of.setdefault(yes, np.zeros(self._models, dtype=np.bool_))[at] = True
        for number in profile.values.keys() & self._plain.keys():
            self._plain[number][at] = int(profile.values[number] * THOUSAND)
        for field, places in PLACES.items():
            for place, event in enumerate(sorted(getattr(profile, field), key=repr)[:places]):
                name, number = f"{field} {place}", event.weeks if isinstance(event, TrialFact) else event.days
                self._plain[f"{name} of"][at] = self._codes[event.of]
                self._plain[f"{name} led"][at] = OUTCOMES.index(getattr(event, "outcome", None))
                self._plain[f"{name} number"][at] = -1 if number is None else int(number * THOUSAND)

    def batches(self, patients: int, size: int) -> Iterator[pl.DataFrame]:
        """The patients, so many at a time: numbers and events are -1 where there is none."""
        for seed, start in enumerate(range(0, patients, size)):
            yield self._batch(np.random.default_rng(seed), min(size, patients - start), start)

    def _batch(self, draw: np.random.Generator, count: int, start: int) -> pl.DataFrame:
        like = (np.arange(start, start + count)) % self._models
        found: dict[str, Any] = {}
        for yes in self.yes:
            chance = draw.integers(0, 65_536, count, dtype=np.uint16)
            found[yes.name] = (self._of[yes][like] & (chance >= _LOSE)) | (chance >= 65_536 - _GAIN)
        groups = [[number] for number in self.numbers]
        for field, places in PLACES.items():
            groups += [[f"{field} {place} {part}" for part in ("of", "led", "number")] for place in range(places)]
        for group in groups:
            other = np.where(draw.integers(0, 65_536, count, dtype=np.uint16) < _CHANGE, draw.permutation(like), like)
            found |= {name: self._plain[name][other] for name in group}
        return pl.DataFrame(found)

    def gathered(self, frame: pl.DataFrame) -> Gathered:
        """The facts of a batch for the kernel: by what the columns say, each once."""
        gathered = Gathered(frame.height, self.criteria, self._kb.vocabulary)
        for yes in self.yes:
            mask = frame[yes.name].to_numpy()
            if mask.any():
                gathered.state(yes.profile(), mask)
        for number in self.numbers:
            column = frame[number].to_numpy()
            for value in np.unique(column[column >= 0]):
                gathered.state(Profile(values={number: Decimal(int(value)) / THOUSAND}), column == value)
        for field, places in PLACES.items():
            for place in range(places):
                parts = [frame[f"{field} {place} {part}"].to_numpy() for part in ("of", "led", "number")]
                keys = ((parts[0] + 1) * 10 + parts[1]) * 10_000_000 + parts[2]
                _, firsts = np.unique(np.where(parts[0] >= 0, keys, -1), return_index=True)
                for first in firsts:
                    of, led, number = (int(part[first]) for part in parts)
                    if of >= 0:
                        event = self._event(field, of, led, number)
                        gathered.state(Profile(**{field: frozenset((event,))}), keys == keys[first])  # type: ignore[arg-type]
        return gathered

    def profile(self, frame: pl.DataFrame, row: int) -> Profile:
        """One patient of a batch as a profile, whom others may be asked about."""
        cells, tables = frame.row(row, named=True), defaultdict[str, dict[str, frozenset[str]]](dict)
        sets: dict[str, frozenset[Any]] = {}
        for yes in (one for one in self.yes if cells[one.name]):
            if yes.key:
                table = tables[yes.field]
                table[yes.key] = table.get(yes.key, frozenset()) | {yes.value}
            else:
                sets[yes.field] = sets.get(yes.field, frozenset()) | {yes.value}
        for field, places in PLACES.items():
            told = [[cells[f"{field} {place} {part}"] for part in ("of", "led", "number")] for place in range(places)]
            sets[field] = frozenset(self._event(field, *event) for event in told if event[0] >= 0)
        lists: dict[str, Any] = {
            "not_understood": tuple((prop, "something") for prop in sorted(sets.pop("not_understood", ()))),
            "others": tuple(sorted(sets.pop("others", ()))),
            "values": {n: Decimal(cells[n]) / THOUSAND for n in self.numbers if cells[n] >= 0},
        }
        return Profile(f"row-{row}", **tables, **sets, **lists)

    def _event(self, field: str, of: int, led: int, number: int) -> TrialFact | StopFact:
        exact = None if number < 0 else Decimal(number) / THOUSAND
        if field.startswith("trials"):
            return TrialFact(self.classes[of], OUTCOMES[led], exact)
        return StopFact(self.classes[of], exact)


def _said(profile: Profile) -> Iterator[Yes]:
    for field in ("present", "absent"):
        for prop, classes in getattr(profile, field).items():
            yield from (Yes(field, prop, cls) for cls in classes)
    for field in ("complete", "about", "beside", "not_tolerated", "acted_on", "others"):
        yield from (Yes(field, "", value) for value in getattr(profile, field))
    yield from (Yes("not_understood", "", prop) for prop, _ in profile.not_understood)


#: The lists whose entries are events, by the fields of these.
EVENTS = {TRIAL: ("trials_present", "trials_absent"), STOP: ("stops_present", "stops_absent")}
assert STOP == STOPPED
