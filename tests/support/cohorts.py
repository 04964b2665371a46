"""Random patients for cohorts: every kind of fact that a profile has, contradictions too, and tables of them."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from guidegraph.assess.assessment import Assessment
from guidegraph.assess.questions import Open, every_open_statement
from guidegraph.cohort.bits import unpack
from guidegraph.cohort.facts import Gathered
from guidegraph.cohort.statuses import Statuses
from guidegraph.cohort.sums import added_up
from guidegraph.knowledge.criteria import Criteria
from guidegraph.model import Profile
from tests.support import generate


def drawn(kb: Any, seed: int) -> Profile:
    """A random patient, who may contradict themselves."""
    pick = random.Random(f"cohort {seed}")
    profile = generate._draw(kb, pick, seed)
    if pick.random() < 0.6:
        about = frozenset(pick.sample(sorted(kb.knowledge.problems), 1))
        conditions = profile.present.get(generate.SIMPLE[0], frozenset()) | about
        profile = replace(profile, about=about, present={**profile.present, generate.SIMPLE[0]: conditions})
        if pick.random() < 0.5:
            profile = replace(profile, beside=frozenset(pick.sample(sorted(kb.knowledge.problems), 1)))
    if pick.random() < 0.2:
        profile = replace(profile, acted_on=frozenset(pick.sample(sorted(kb.records.alerts), 1)))
    if pick.random() < 0.3:
        prop = pick.choice(generate.SIMPLE)
        profile = replace(profile, not_understood=((prop, "something"),), complete=profile.complete | {prop})
    if pick.random() < 0.2:
        tried = pick.sample(generate.used_classes(kb)[generate.EVENTS[0]], 1)
        profile = replace(profile, not_tolerated=frozenset(tried))
    return profile


class Answered:
    """The planes of some patients, read back patient by patient."""

    def __init__(self, kb: Any, criteria: Criteria, profiles: Sequence[Profile]) -> None:
        self._patients = len(profiles)
        gathered = Gathered(len(profiles), criteria, kb.vocabulary)
        for at, profile in enumerate(profiles):
            gathered.state(profile, at)
            for mark in added_up(profile, criteria, kb.vocabulary):
                gathered.mark(mark, at)
        self._statuses = Statuses(criteria, gathered.facts())
        truths = self._statuses.truths
        self.contradicted = self._mask(truths.following.contradicted)
        self._of = {
            therapy.iri: {status: self._mask(plane) for status, plane in self._statuses.of(therapy).items()}
            for therapy in criteria.therapies
        }
        pairs = {**truths.atoms, **truths.populations}
        self._truth: dict[str, Any] = {
            iri: (self._mask(pair.true), self._mask(pair.false)) for iri, pair in pairs.items()
        }
        for statement in criteria.population:
            true, false = truths.of(statement)
            counts = self._mask(truths.counts(statement))
            self._truth[statement] = (self._mask(true), self._mask(false), ~counts)

    def _mask(self, plane: Any) -> np.ndarray[Any, Any]:
        return unpack(plane, self._patients)

    def masks(self, iri: str) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Those for whom an atom, population or statement is true, and those for whom it is false."""
        true, false, *_ = self._truth[iri]
        return true, false

    def unlike(self, other: Answered) -> np.ndarray[Any, Any]:
        """Those who come to something else by other planes."""
        found = self.contradicted ^ other.contradicted
        both = ~self.contradicted & ~other.contradicted
        pairs = [(mask, other._of[iri][status]) for iri, of in self._of.items() for status, mask in of.items()]
        pairs += [pair for iri, masks in self._truth.items() for pair in zip(masks, other._truth[iri], strict=True)]
        for mine, theirs in pairs:
            found |= both & (mine ^ theirs)
        return found

    def statuses(self, patient: int) -> dict[str, list[str]]:
        """Every status of each therapy; there should be one."""
        return {iri: [status for status, mask in of.items() if mask[patient]] for iri, of in self._of.items()}

    def truths(self, patient: int) -> dict[str, str]:
        """The truth of every atom, population and statement."""
        names = ("true", "false", "inactive")
        return {
            iri: next((name for name, mask in zip(names, masks, strict=False) if mask[patient]), "unknown")
            for iri, masks in self._truth.items()
        }


#: By status the roles of unknown statements that keep it open, where facts to establish decide it.
_DECIDED = {"provisional": "cgr", "undetermined": "f"}


def waiting(one: Assessment, therapies: Collection[str]) -> dict[str, list[Open]]:
    """The unknown statements that keep some therapies (IRIs) of one patient open."""
    return {
        therapy: [row for row in found if row.role in _DECIDED.get(one.statuses[therapy], "")]
        for therapy, found in every_open_statement(one).items()
        if therapy in therapies
    }
