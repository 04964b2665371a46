"""The status of every therapy for many patients: steps 32 to 50 of an assessment, on planes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from guidegraph.cohort.bits import Plane
from guidegraph.cohort.facts import Facts
from guidegraph.cohort.truths import Truths
from guidegraph.knowledge.criteria import Criteria, Therapy
from guidegraph.knowledge.records import gg
from guidegraph.model import STATUSES

_NOT_TOLERATED = gg("NotTolerated")
#: The letters of roles (:meth:`Statuses.roles`).
ROLES = ("c", "f", "g", "r")
#: What decides a status, by its letter: roles of statements with the truth, + true or ?
#: unknown, that they have, as the table of statuses in :meth:`Statuses.of` says; in its order, the first that holds.
DECIDING = {"C": "c+", "X": "g+ f+", "A": "g+", "!": "f+ r+", "P": "f+ c? g? r?", "E": "f+", "u": "f?", "n": ""}


class Statuses:
    """Statuses of a batch of patients.

    Attributes:
        truths: what they rest on.
        sheet: makes their planes.
    """

    def __init__(self, criteria: Criteria, facts: Facts) -> None:
        self._criteria, self.facts, self.sheet = criteria, facts, facts.sheet
        self.truths = Truths(criteria, facts)
        self._joined: dict[tuple[str, tuple[str, ...]], Plane] = {}

    def _true(self, statements: tuple[str, ...]) -> Plane:
        """Those for whom one of some statements is true; therapies of a family share theirs."""
        return self._once("true", statements)

    def _unknown(self, statements: tuple[str, ...]) -> Plane:
        return self._once("unknown", statements)

    def _once(self, what: str, statements: tuple[str, ...]) -> Plane:
        key = (what, statements)
        if key not in self._joined:
            find = self._one_true if what == "true" else self.truths.unknown
            self._joined[key] = self.sheet.any(map(find, statements))
        return self._joined[key]

    def _one_true(self, statement: str) -> Plane:
        return self.truths.of(statement).true

    @cached_property
    def called(self) -> dict[tuple[str, str], Plane]:
        """By therapy and alert those of whom a source calls for the therapy on the true alert (assess/32-called)."""
        found: dict[tuple[str, str], Plane] = {}
        for therapy in self._criteria.therapies:
            for alert in self._criteria.alerts:
                true = self._one_true(alert)
                if alert in therapy.called_by:
                    found[therapy.iri, alert] = true
                else:
                    found[therapy.iri, alert] = self.sheet.both(true, self._true(self._answering(therapy, alert)))
        return found

    def _answering(self, therapy: Therapy, alert: str) -> tuple[str, ...]:
        """The recommendations of a therapy that speak of an alert."""
        return tuple(s for s in therapy.recommending if alert in self._criteria.on_alert.get(s, ()))

    @cached_property
    def _urgent(self) -> dict[str, Plane]:
        """By therapy those of whom a true alert calls for it."""
        return {
            therapy.iri: self.sheet.any(self.called[therapy.iri, alert] for alert in self._criteria.alerts)
            for therapy in self._criteria.therapies
        }

    def _burdens(self, therapy: Therapy) -> Iterator[tuple[str, Plane]]:
        """Each alert with those whom it burdens where it holds for them (assess/33-spared)."""
        for alert in self._criteria.alerts:
            spared = self._urgent[therapy.iri]
            if alert in therapy.called_by:
                spared = self.sheet.all
            elif answering := self._answering(therapy, alert):
                counting = self.sheet.any(map(self.truths.counts, answering))
                spared = self.sheet.any((spared, self.sheet.less(counting, self._one_true(alert))))
            yield alert, self.sheet.rest(spared)

    def _general(self, therapy: Therapy, against: str) -> Plane:
        """Those of whom advice against a class does not hold up what a true alert calls for (assess/40-limits)."""
        classes = self._criteria.advice_on.get(against, frozenset()) & therapy.above
        if not classes or therapy.iri in classes:
            return self.sheet.none
        named = self.sheet.any(self._urgent.get(cls, self.sheet.none) for cls in classes)
        alerts = self._criteria.against_on_alert.get(against, ())
        spoken = self.sheet.any(self.called.get((therapy.iri, alert), self.sheet.none) for alert in alerts)
        urgent = self.sheet.both(self._urgent[therapy.iri], self._true(therapy.recommending))
        urgent = self.sheet.both(urgent, self.truths.counts(against))
        return self.sheet.less(self.sheet.less(urgent, named), spoken)

    def _every_true(self, therapy: Therapy, among: Iterable[str]) -> Plane:
        """Those for whom some recommendation of a therapy is true, and every one that is, is among some."""
        among = frozenset(among)
        inside = tuple(s for s in therapy.recommending if s in among)
        outside = tuple(s for s in therapy.recommending if s not in among)
        return self.sheet.less(self._true(inside), self._true(outside)) if inside else self.sheet.none

    def _aside(self, therapy: Therapy, against: str) -> tuple[Plane, Plane]:
        """Those of whom a statement against a therapy is not counted so, and those of these of whom it is apart."""
        general = self._general(therapy, against)
        limit = self._every_true(therapy, self._criteria.limits.get(against, ()))
        apart = self._every_true(therapy, self._criteria.apart.get(against, ()))
        apart = self.sheet.less(self.sheet.both(apart, self._one_true(against)), general)
        return self.sheet.any((general, limit, apart)), apart

    def _resting(self, therapy: Therapy) -> Iterator[tuple[str, Plane]]:
        """Each rule of coverage with those of whom every true recommendation hangs on it (assess/41-coverage)."""
        for rule in self._criteria.coverage if therapy.coverage_counts else ():
            carrying = (s for s in therapy.recommending if rule in self._criteria.carries.get(s, ()))
            false = self.truths.of(rule).false
            rests = self.sheet.less(self._every_true(therapy, carrying), false)
            yield rule, self.sheet.less(rests, self._urgent[therapy.iri])

    def _untolerated(self, therapy: Therapy) -> Plane:
        """Those who did not tolerate a therapy, a kind of it or a combination with it (assess/43-tolerated)."""
        tried = (p for (of, led, _), p in self.facts.trials.items() if led == _NOT_TOLERATED and of in therapy.holds)
        told = (plane for of, plane in self.facts.not_tolerated.items() if of in therapy.holds)
        return self.sheet.any((*tried, *told))

    def roles(self, therapy: Therapy) -> Iterator[tuple[str, str, Plane]]:
        """What bears on a therapy: the letter of its role, the statement or rule, and those for whom it has that role.

        Roles are c (absolute contraindications), f (for), g (against), r (cautions, alerts, coverage), as the
        statuses name those that may still change them (:class:`guidegraph.model.Status`). A statement may have two.
        """
        everybody = self.sheet.all
        yield from (("c", statement, everybody) for statement in therapy.absolute)
        yield from (("f", statement, everybody) for statement in therapy.recommending)
        aside = {s: self._aside(therapy, s) for s in therapy.opposing}
        yield from (("g", s, self.sheet.rest(held)) for s, (held, _) in aside.items())
        yield from (("r", statement, everybody) for statement in therapy.cautioned)
        # What is true for another indication is a caution.
        yield from (("r", s, apart) for s, (_, apart) in aside.items() if apart is not self.sheet.none)
        yield from (("r", rule, plane) for found in (self._burdens, self._resting) for rule, plane in found(therapy))

    def of(self, therapy: Therapy) -> dict[str, Plane]:
        """Those who have each status of a therapy (assess/50-status); each patient has one."""
        aside = {against: self._aside(therapy, against) for against in therapy.opposing}
        opposed = self.sheet.any(self.sheet.less(self._one_true(s), aside[s][0]) for s in therapy.opposing)
        maybe_opposed = self.sheet.any(self.sheet.less(self.truths.unknown(s), aside[s][0]) for s in therapy.opposing)
        apart = self.sheet.any(aside[s][1] for s in therapy.opposing)
        recommended, forbidden = self._true(therapy.recommending), self._true(therapy.absolute)
        burdens, resting = list(self._burdens(therapy)), list(self._resting(therapy))
        alarm = self.sheet.any(self.sheet.both(self._one_true(alert), plane) for alert, plane in burdens)
        maybe_alarm = self.sheet.any(self.sheet.both(self.truths.unknown(alert), plane) for alert, plane in burdens)
        uncovered = self.sheet.any(self.sheet.both(plane, self._one_true(rule)) for rule, plane in resting)
        maybe_uncovered = self.sheet.any(self.sheet.less(plane, self._one_true(rule)) for rule, plane in resting)
        careful = self.sheet.any((self._true(therapy.cautioned), alarm, uncovered, apart, self._untolerated(therapy)))
        doubt = (
            maybe_alarm, maybe_uncovered, maybe_opposed,
            self._unknown(therapy.absolute), self._unknown(therapy.cautioned),
        )  # fmt: skip
        # The table of statuses in the order in which queries/assess/50-status decides, each by its letter.
        rows = {
            "C": forbidden,
            "X": self.sheet.both(opposed, recommended),
            "A": opposed,
            "!": self.sheet.both(recommended, careful),
            "P": self.sheet.both(recommended, self.sheet.any(doubt)),
            "E": recommended,
            "u": self._unknown(therapy.recommending),
            "n": self.sheet.all,
        }
        codes = {status.letter: code for code, status in STATUSES.items()}
        rest, found = self.sheet.all, {}
        for letter, holds in rows.items():
            found[codes[letter]] = self.sheet.both(rest, holds)
            rest = self.sheet.less(rest, holds)
        return found
