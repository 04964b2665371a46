"""Collects what entries of a record say of one patient into a profile; contradictions become unknown, and are told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from guidegraph import namespaces as ns
from guidegraph.errors import UnitError, UsageError
from guidegraph.intake import settle
from guidegraph.intake.facts import SUSPENDS, Fact, Source
from guidegraph.intake.report import IGNORED, NOT_UNDERSTOOD, USED, Entry, IntakeReport, shown
from guidegraph.intake.units import Units, units
from guidegraph.model import Profile, StopFact, TermRow, TrialFact
from guidegraph.profile import Implication, Vocabulary

__all__ = ["ProfileBuilder", "Settings", "Source"]

_OF_KIND = {
    "condition": ns.GG + "hasCondition",
    "finding": ns.GG + "hasFinding",
    "intervention": ns.GG + "takesMedication",
}
_LARGEST = Decimal(999_999_999)
_DAYS_A_WEEK = 7
#: Characters of an entry's codes and reasons in a report.
_TEXT = 500
#: Entries of a list that are not understood and that a profile names, so that the reader of profiles takes it.
_MOST = 1_000


@dataclass(frozen=True)
class Settings:
    """What the reader of a record chose.

    ``complete``: keys of the profile (``conditions``) whose lists are declared complete; ``rates``: weeks in which a
    number that advances with time grows by one, by property; ``newest_days``: measurements and observations older than
    this are ignored, None for no limit.
    """

    as_of: date
    complete: frozenset[str] = frozenset()
    rates: Mapping[str, Decimal] | None = None
    newest_days: int | None = None


class ProfileBuilder:
    """Collects facts entry by entry; :meth:`build` settles them and completes the report.

    Every method that takes a :class:`Source` reports it. ``keys`` are keys of the profile (``conditions``): entries
    that are not understood suspend the completeness of these lists.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        report: IntakeReport,
        settings: Settings,
        *,
        implications: Sequence[Implication] = (),
        table: Units | None = None,
    ) -> None:
        self._terms = vocabulary
        self._report = report
        self._settings = settings
        self._rules = tuple(implications)
        self._units = table or units()
        self._facts: list[Fact] = []
        self._entries: list[tuple[int, Entry]] = []
        self._suspended: list[tuple[str, str]] = []
        self._count = 0
        self._categories = {row.key: row.iri for row in vocabulary.rows if row.kind == "category" and row.key}
        unknown = sorted(settings.complete - set(self._categories))
        if unknown:
            raise UsageError(
                f"no list of a profile is called {unknown[0]!r}",
                where="--complete",
                mend=f"Use one of: {', '.join(sorted(self._categories))}.",
            )

    @property
    def report(self) -> IntakeReport:
        """The report, complete after :meth:`build`."""
        return self._report

    @property
    def as_of(self) -> date:
        """The day of the profile."""
        return self._settings.as_of

    def row(self, iri: str) -> TermRow:
        """The row of a term of ours."""
        return self._terms.by_iri[iri]

    def of_kind(self, classes: Collection[str], *kinds: str) -> list[str]:
        """Those of the classes that are of some kinds, sorted."""
        return sorted(c for c in classes if (row := self._terms.by_iri.get(c)) is not None and row.kind in kinds)

    def fact(self, iri: str, present: bool, source: Source, *, timed: bool = False, note: str = "") -> None:
        """The patient has, or lacks, a condition, finding or current medication.

        ``timed``: an observation, of which the newest counts. ``note`` goes into the report.
        """
        if self._in_time(source, timed=timed) and self._lasts(iri, source):
            prop = _OF_KIND[self._terms.by_iri[iri].kind]
            self._facts.append(Fact(prop, iri, present, None, source, timed=timed, note=note, order=self._next()))

    def measured(self, prop: str, value: Decimal, unit: str, source: Source, *, keys: Collection[str] = ()) -> None:
        """A number of the patient in some UCUM unit; the newest counts, and what grows with time is brought to now."""
        row = self._terms.by_iri[prop]
        if not self._in_time(source, timed=True):
            return
        try:
            found = self._units.convert(value, unit, row.unit)
        except UnitError as error:
            self.misunderstood(keys, source, error.what)
            return
        number, notes = found.value, [found.note] if found.note else []
        rate = (self._settings.rates or {}).get(prop)
        if rate is not None:
            day = source.when.day if source.when else None
            if day is None:
                self.misunderstood(keys, source, "it grows with time, and the record does not say the day")
                return
            if day != self.as_of:
                weeks = Decimal((self.as_of - day).days) / _DAYS_A_WEEK
                number = (number + weeks / rate).quantize(Decimal("0.000000001")).normalize() + 0
                notes.append(f"{(self.as_of - day).days} days have passed since")
        self.number(prop, number, source, note="; ".join(notes), keys=keys)

    def number(self, prop: str, value: Decimal, source: Source, *, note: str = "", keys: Collection[str] = ()) -> None:
        """A number of the patient in the unit of its property, checked against its plausible range."""
        row = self._terms.by_iri[prop]
        low, high = row.low if row.low is not None else Decimal(0), row.high if row.high is not None else _LARGEST
        if not low <= value <= high:
            self.misunderstood(keys, source, f"{value:f} {row.unit} is not plausible for {row.label}")
            return
        self._facts.append(Fact(prop, prop, True, value, source, timed=True, note=note, order=self._next()))

    def trial(self, fact: TrialFact, source: Source, *, note: str = "") -> None:
        """A trial of therapy that the patient has had, or is in."""
        if self._in_time(source):
            self._facts.append(Fact(ns.GG + "hasTrial", fact.of, True, fact, source, note=note, order=self._next()))

    def stop(self, of: str, day: date, source: Source, *, note: str = "") -> None:
        """A drug that the patient stopped on a day that is not after the day of the profile."""
        days = Decimal((self.as_of - day).days)
        prop = ns.GG + "stoppedMedication"
        self._facts.append(Fact(prop, of, True, StopFact(of, days), source, note=note, order=self._next()))

    def doubt(self, classes: Collection[str], keys: Collection[str], source: Source, why: str) -> None:
        """Something that may be so: it stays unknown, and no complete list denies it."""
        named = ", ".join(self._terms.label(iri) for iri in sorted(classes))
        effect = f"unknown: {named}" if named else ""
        self._suspend(keys, source)
        self._tell(Entry(IGNORED, source.ref, source.text, effect, why, source.steps))

    def ignore(self, source: Source, why: str) -> None:
        """An entry that says nothing of the patient's present state."""
        self._tell(Entry(IGNORED, source.ref, source.text, "", why, source.steps))

    def misunderstood(self, keys: Collection[str], source: Source, why: str) -> None:
        """An entry that is not understood; it suspends the completeness of the lists ``keys``."""
        self._suspend(keys, source)
        self._tell(Entry(NOT_UNDERSTOOD, source.ref, source.text, "", why, source.steps))

    def build(self, patient: str, label: str = "") -> Profile:
        """The profile of everything collected; the report then has every entry, in the order of the record."""
        kept, dropped = settle.settle(self._facts, self._terms, self._rules)
        for fact, state, why in dropped:
            doubtful = state == NOT_UNDERSTOOD
            if doubtful:
                self._suspended += [(prop, shown(fact.source.about or fact.source.text)) for prop in fact.suspends]
            effect = f"unknown: {settle.about(fact, self._terms)}" if doubtful else ""
            self._tell(Entry(state, fact.source.ref, fact.source.text, effect, why, fact.source.steps), fact.order)
        for fact in kept:
            words = settle.words(fact, self._terms)
            day = f"of {fact.source.when.text}" if fact.timed and fact.source.when else ""
            note = "; ".join(filter(None, (day, fact.note)))
            self._tell(Entry(USED, fact.source.ref, fact.source.text, words, note, fact.source.steps), fact.order)
        self._report.entries = [entry for _, entry in sorted(self._entries, key=lambda pair: pair[0])]
        self._report.patient = patient
        complete = frozenset(self._categories[key] for key in self._settings.complete)
        return settle.profile(kept, patient, label, complete, _not_too_many(set(self._suspended)))

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _tell(self, entry: Entry, order: int | None = None) -> None:
        steps = tuple([shown(step, _TEXT) for step in entry.steps])
        text, why = shown(entry.text, _TEXT), shown(entry.why, _TEXT)
        entry = Entry(entry.state, shown(entry.source), text, entry.effect, why, steps)
        self._entries.append((self._next() if order is None else order, entry))

    def _suspend(self, keys: Collection[str], source: Source) -> None:
        text = shown(source.about or source.text)
        for key in keys:
            prop = self._categories[key]
            self._suspended += [(one, text) for one in SUSPENDS.get(prop, (prop,))]

    def _lasts(self, iri: str, source: Source) -> bool:
        """Whether a state that has a running number (weeks of it) can still be what it was; told if not.

        A state cannot last longer than the greatest plausible value of its number, so that what was seen before that
        says nothing of the present, neither yes nor no.
        """
        if source.when is None:
            return True
        for rule in self._rules:
            row = self._terms.by_iri.get(rule.given)
            if rule.cls or rule.excluded or row is None or row.high is None or row.unit != "wk":
                continue
            if rule.other in self._terms.ancestors(iri):
                days = (self.as_of - source.when.last.date()).days
                if days > row.high * _DAYS_A_WEEK:
                    self.ignore(source, f"it is of {source.when.text}: such a state lasts at most {row.high:f} weeks")
                    return False
        return True

    def _in_time(self, source: Source, *, timed: bool = False) -> bool:
        """Whether an entry is of the day of the profile or before, and new enough; told if not."""
        if source.when is None:
            return True
        if source.when.first.date() > self.as_of:
            self.ignore(source, f"it is of {source.when.text}, after the day of the profile ({self.as_of})")
            return False
        newest = self._settings.newest_days
        if timed and newest is not None and (self.as_of - source.when.last.date()).days > newest:
            self.ignore(source, f"it is of {source.when.text}, more than {newest} days before {self.as_of}")
            return False
        return True


def _not_too_many(suspended: set[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """What is not understood, sorted; of a list with thousands the first, and how many there are more."""
    kept: list[tuple[str, str]] = []
    for prop in sorted({prop for prop, _ in suspended}):
        texts = sorted(text for one, text in suspended if one == prop)
        kept += [(prop, text) for text in texts[:_MOST]]
        if len(texts) > _MOST:
            kept.append((prop, f"{len(texts) - _MOST} more entries"))
    return tuple(sorted(kept))
