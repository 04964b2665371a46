"""Collects what entries of a record say of one patient into a profile; contradictions become unknown, and are told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from guidegraph import namespaces as ns
from guidegraph.errors import UnitError, UsageError
from guidegraph.intake import settle
from guidegraph.intake.dates import Moment, age
from guidegraph.intake.events import Events
from guidegraph.intake.harms import Harms
from guidegraph.intake.problems import attributed, split
from guidegraph.intake.report import (
    IGNORED,
    NOT_UNDERSTOOD,
    USED,
    Entry,
    Fact,
    IntakeReport,
    Ledger,
    Settings,
    Source,
    Unread,
    shown,
)
from guidegraph.intake.units import Units, units
from guidegraph.model import Another, CodeReading, Profile, StopFact, TermRow, TrialFact
from guidegraph.profile import Implication, Vocabulary
from guidegraph.profile.coded import others

#: Lists of a profile that an entry on a state leaves incomplete: a diagnosis may be held as a finding by us.
STATES = ("conditions", "findings")
#: Lists that a measurement which is not understood leaves incomplete: what is measured is never a diagnosis.
MEASURED = ("findings",)
#: The profile key of the age, which is read from the birth date alone.
AGE = "age"
_ASK = "Find out, and write it into the profile."
_CORRECT = "Correct the entry, or write the fact into the profile."
_WHOSE = "Write it into the problem that it belongs to, in the profile."
_LARGEST = Decimal(999_999_999)
_DAYS_A_WEEK = 7


class ProfileBuilder:
    """Collects facts entry by entry; :meth:`build` settles them and completes the report.

    Every method that takes a :class:`Source` reports it. ``keys`` are keys of the profile (``conditions``): entries
    that are not understood suspend the completeness of these lists. An entry of a day after that of the profile, or
    written after it, never counts; one of which that cannot be told leaves what it says unknown. ``own_lists`` are
    classes of conditions that records keep in lists of their own (allergies), ``past`` those whose meaning takes in the
    past: a statement that the list of conditions is empty denies neither.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        report: IntakeReport,
        settings: Settings,
        *,
        implications: Sequence[Implication] = (),
        own_lists: frozenset[str] = frozenset(),
        past: frozenset[str] = frozenset(),
    ) -> None:
        self._terms = vocabulary
        self.report = report
        self._settings = settings
        self._rules = tuple(implications)
        self._own_lists, self._past = own_lists, past
        self._units: Units = units().treating(settings.same_units) if settings.same_units else units()
        self._facts: list[Fact] = []
        self._unread: list[Unread] = []
        self._suspended: list[tuple[str, str]] = []
        self._others: dict[Another, CodeReading] = {}
        self._sexes: list[tuple[str, Source, str, int]] = []
        self._empty: list[tuple[str, Source, int]] = []
        self._outside: dict[int, Source] = {}
        self._categories = {row.key: row.iri for row in vocabulary.rows if row.kind == "category" and row.key}
        self._ledger = Ledger(report)
        self.events = Events(settings, vocabulary, self._ledger, self.doubt)
        self.harms = Harms(vocabulary, self._ledger, self._counts)
        unknown = sorted(settings.complete - set(self._categories))
        if unknown:
            raise UsageError(
                f"no list of a profile is called {unknown[0]!r}",
                where="--complete",
                mend=f"Use one of: {', '.join(sorted(self._categories))}.",
            )

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

    def asked_about(self, classes: Collection[str]) -> bool:
        """Whether recommendations speak of some of the classes, so that they may be problems."""
        return not self._settings.problems.isdisjoint(classes)

    def of_problem(self, classes: Collection[str]) -> bool:
        """Whether some of the classes and numbers belong to a problem, not to the patient."""
        return any(self._terms.by_iri[iri].problem_key for iri in classes)

    # -------------------------------------------------------------- facts

    def fact(self, iri: str, present: bool, source: Source, *, note: str = "", began: Moment | None = None) -> None:
        """The patient has, or lacks, a condition, finding or current medication; ``note`` goes into the report,
        ``began`` is when a condition began."""
        lasts, drug = settle.longest(iri, self._rules, self._terms), self._terms.by_iri[iri].kind == "intervention"
        if not self._counts({iri}, source, ("medications",) if drug else ()):
            return
        if lasts is not None and source.when is None and not present:
            why = "it has no date, and what it denies comes and goes"
            self.doubt([iri], (), source, why, "Give the day, or write the present state into the profile.")
        elif lasts is not None and source.when and (self.as_of - source.when.last.date()).days > lasts * _DAYS_A_WEEK:
            self.ignore(source, f"it is of {source.when.text}: such a state lasts at most {lasts:f} weeks")
        else:
            prop = settle.OF_KIND[self._terms.by_iri[iri].kind]
            self._facts.append(Fact(prop, iri, present, None, source, note, self._ledger.next(), began))

    def answered(
        self,
        word: str,
        present: Sequence[str],
        absent: Sequence[str],
        source: Source,
        keys: Collection[str],
        why: str,
        *,
        performed: bool = False,
    ) -> None:
        """An observation that answers yes, no or doubt ("" is no answer, for the reason ``why``) on some classes;
        ``performed``: a test was done, though its answer is not understood."""
        classes = present if word == "yes" else absent if word == "no" else ()
        if word or performed:
            shows, lacks = present if word == "yes" else (), absent if word == "no" else ()
            self.events.done((), source, about={*present, *absent}, shows=shows, lacks=lacks)
        if word == "doubt":
            self.doubt({*present, *absent}, keys, source, "the answer leaves it open", _ASK)
        elif not classes:
            self.misunderstood(keys, source, why, about={*present, *absent})
        for iri in classes:
            self.fact(iri, word == "yes", source, note=why if word == "yes" else "")

    def measured(self, prop: str, value: Decimal, unit: str, source: Source, *, coded: bool = True) -> None:
        """A number of the patient; the newest counts, and what grows with time is brought to now.

        ``coded``: whether the unit is a UCUM code, not a text of the record.
        """
        row = self._terms.by_iri[prop]
        if not self._counts({prop}, source):
            return
        try:
            converted = self._units.convert(value, unit, row.unit, coded=coded)
        except UnitError as error:
            self.misunderstood(MEASURED, source, error.what, error.mend, about={prop})
            return
        number, notes = converted.value, [converted.note] if converted.note else []
        self.events.done((), source, about=(prop,), value=number)
        rate = (self._settings.rates or {}).get(prop)
        if rate is not None:
            day = source.when.day if source.when else None
            if day is None:
                why = "it grows with time, and the record does not say the day"
                self.misunderstood(MEASURED, source, why, "Give the whole day of the entry.", about={prop})
                return
            if day != self.as_of:
                weeks = Decimal((self.as_of - day).days) / _DAYS_A_WEEK
                number = (number + weeks / rate).quantize(Decimal("0.000000001")).normalize() + 0
                notes.append(f"{(self.as_of - day).days} days have passed since")
        self.number(prop, number, source, note="; ".join(notes))

    def number(
        self, prop: str, value: Decimal, source: Source, *, note: str = "", keys: Collection[str] = MEASURED
    ) -> None:
        """A number of the patient in the unit of its property, checked against its plausible range."""
        row = self._terms.by_iri[prop]
        low, high = row.low if row.low is not None else Decimal(0), row.high if row.high is not None else _LARGEST
        if not low <= value <= high:
            why = f"{value:f} {row.unit} is not plausible for {row.label}"
            self.misunderstood(keys, source, why, f"Give {low:f} to {high:f} {row.unit}.", about={prop})
            return
        self._facts.append(Fact(prop, prop, True, value, replace(source, timed=True), note, self._ledger.next()))

    def born(self, moment: Moment, source: Source) -> None:
        """The birth date: the age, where it is certain."""
        row = next((row for row in self._terms.of_kind("number") if row.key == AGE), None)
        if row is None:
            return
        try:
            least, most = age(moment, self.as_of)
        except ValueError as error:
            self.misunderstood((), source, str(error), "Correct the birth date.", about={row.iri})
            return
        if least == most:
            self.number(row.iri, Decimal(least), source, keys=())
        else:
            why = f"the birth date is partial: the age is {least} or {most}"
            self.misunderstood((), source, why, "Give the whole date, or write the age into the profile.")

    def sex(self, value: str, source: Source, note: str = "") -> None:
        """A sex that the record states, by the value of the profile key ("" for neither); unknown where two differ."""
        if self._counts((), source):
            self._sexes.append((value, source, note, self._ledger.next()))

    def trial(self, fact: TrialFact, source: Source, *, note: str = "") -> None:
        """A trial of therapy that the patient has had, or is in; the source has the conditions that it was for."""
        if self._counts({fact.of}, source, keys=("trials",)):
            self._facts.append(Fact(ns.GG + "hasTrial", fact.of, True, fact, source, note, self._ledger.next()))

    def severity(self, word: str, condition: str, source: Source, said: str) -> None:
        """How severe a condition that recommendations speak of is, by the value of a problem's key ("": not read)."""
        whose = replace(source, reasons=frozenset((condition,)))
        for row in self._terms.rows if condition in self._settings.problems else ():
            if word in (row.problem_value, *row.problem_denials) and word:
                self.fact(row.iri, word == row.problem_value, whose, note=f"{self._terms.label(condition)} is {word}")
            elif row.problem_value and not word:
                self.misunderstood((), whose, f"its severity is not understood ({said})", about=(row.iri,))

    def stop(self, of: str, day: date, source: Source, *, note: str = "") -> None:
        """A drug that was stopped on a day that is not after that of the profile, of which the word then is."""
        if self._counts({of}, source, keys=("stopped_medications",)):
            stop, source = StopFact(of, Decimal((self.as_of - day).days)), replace(source, written=None)
            self._facts.append(Fact(ns.GG + "stoppedMedication", of, True, stop, source, note, self._ledger.next()))

    def none_known(self, of: str, source: Source, keys: Collection[str]) -> None:
        """A statement of none: of a list (its key), a class, a "part" of a list; or that "nothing" is known."""
        if of == "nothing":
            self.misunderstood(keys, source, "it says that nothing is known of this list")
        elif of == "part":
            self.ignore(source, "none of a part (some kinds, or the present) is known, which says nothing of the rest")
        elif of not in self._categories:
            self.fact(of, False, source, note="none is known")
        elif self._counts((), source, keys=(of,)):
            self._empty.append((of, source, self._ledger.next()))

    def other(
        self, readings: Sequence[CodeReading], keys: Collection[str], source: Source, why: str, mend: str = _CORRECT
    ) -> None:
        """An entry on none of our terms: each of its codes is known as another thing in all lists ``keys``, or else the
        entry is not understood."""
        lists = {self._categories[key] for key in keys}
        if not lists or not readings or not all(lists <= set(reading.another) for reading in readings):
            self.misunderstood(keys, source, why, mend)
        elif self._counts((), source, keys):
            self._others |= {one: r for prop in sorted(lists) for r in readings for one in others(r, prop)}
            named = "; ".join(shown(reading.name) for reading in readings)
            self._ledger.told(source, USED, f"known, and none of our terms: {named}", "", order=self._ledger.next())

    # -------------------------------------------------------------- what is no fact

    def doubt(
        self, classes: Collection[str], keys: Collection[str], source: Source, why: str, mend: str = _ASK
    ) -> None:
        """Something that may be so: it stays unknown, and no complete list denies it."""
        self._leave(classes, keys, source, IGNORED, why, mend)

    def misunderstood(
        self, keys: Collection[str], source: Source, why: str, mend: str = _CORRECT, *, about: Collection[str] = ()
    ) -> None:
        """An entry that is not understood: ``about`` stays unknown, and the lists ``keys`` are no longer complete."""
        self._leave(about, keys, source, NOT_UNDERSTOOD, why, mend)

    def over(self, classes: Collection[str], source: Source, why: str, ended: Moment | None) -> None:
        """Something that is over, since ``ended`` if that is told: older entries no longer tell that it is there."""
        if self._counts((), source):
            source, order = replace(source, when=ended, written=None), self._ledger.next()
            self._unread.append(Unread(frozenset(classes), frozenset(), source, IGNORED, why, "", order, over=True))

    def ignore(self, source: Source, why: str) -> None:
        """An entry that says nothing of the patient's present state."""
        self._ledger.tell(Entry(IGNORED, source.ref, source.text, "", why, source.steps))

    def incomplete(self, source: Source, why: str, mend: str) -> None:
        """The record is not whole: no list of it is complete."""
        keys = tuple(k for k, iri in self._categories.items() if self.events.counts(iri, k))
        self.misunderstood(keys, source, why, mend)

    def _leave(
        self, about: Collection[str], keys: Collection[str], source: Source, state: str, why: str, mend: str
    ) -> None:
        if self._settings.place(source)[0] == IGNORED:
            self._counts((), source)
            return
        lists = {self._categories[key] for key in keys}
        for iri in about:
            lists |= self._lists_of(iri)
        lists |= self.events.left_open(source, keys)
        self._unread.append(Unread(frozenset(about), frozenset(lists), source, state, why, mend, self._ledger.next()))

    def _lists_of(self, iri: str) -> set[str]:
        """The lists that what is unknown of a state or number leaves incomplete, since it may bring their classes."""
        row = self._terms.by_iri.get(iri)
        if row is None or row.kind not in ("condition", "finding", "number") or row.key == AGE or row.problem_value:
            return set()
        return {self._categories[key] for key in (MEASURED if row.kind == "number" else STATES)}

    def _counts(self, about: Collection[str], source: Source, keys: Collection[str] = ()) -> bool:
        """Whether an entry is of the day of the profile or before, and new enough; told, once a source, if not."""
        state, why = self._settings.place(source)
        if not state:
            return True
        if state == NOT_UNDERSTOOD:
            self.doubt(about, keys, source, why, "Give the whole date, or ask for a later day.")
        elif id(source) not in self._outside:
            self._outside[id(source)] = source
            self.ignore(source, why)
        return False

    # -------------------------------------------------------------- the profile

    def build(self, patient: str, label: str = "") -> Profile:
        """The profile of everything collected; the report then has every entry, in the order of the record."""
        told = self._ledger.told
        facts, unread = settle.sexes(self._sexes, self._terms, frozenset({self._categories[MEASURED[0]]}))
        self._facts, self._unread = [*self._facts, *facts], [*self._unread, *unread]
        self._facts, self._unread = attributed(self._facts, self._unread, self._settings.problems, self._terms)
        settled = settle.Settlement(self._facts, self._unread, self._terms, self._rules)
        for entry in self._unread:
            newer = settled.superseded.get(entry.order)
            if newer is not None:
                why = f"{newer.source.ref} is newer; {entry.why}"
                told(entry.source, IGNORED, "", why, order=entry.order)
                continue
            text = shown(entry.source.about or entry.source.text)
            self._suspended += [(prop, text) for prop in entry.lists]
            named = ", ".join(self._terms.label(iri) for iri in sorted(() if entry.over else entry.about))
            effect = f"unknown: {named}" if named else ""
            told(entry.source, entry.state, effect, entry.why, entry.mend, order=entry.order)
        for fact, state, why in settled.dropped:
            doubtful = state == NOT_UNDERSTOOD or fact.order in settled.shadowed
            if doubtful:
                text = shown(fact.source.about or fact.source.text)
                lists = self._lists_of(fact.iri) | ({fact.prop} & set(self._categories.values()))
                self._suspended += [(prop, text) for prop in sorted(lists)]
            effect = f"unknown: {self._terms.label(fact.iri)}" if doubtful else ""
            told(fact.source, state, effect, why, _ASK if state == NOT_UNDERSTOOD else "", order=fact.order)
        complete = {self._categories[key] for key in self._settings.complete}
        kept = [*settled.kept, *self._none_of_a_list(settled.kept, complete)]
        found = split(kept, self._settings.problems, self._terms, self.as_of)
        unknown = {fact.order for fact, _ in found.unknown}
        for fact, why in found.unknown:
            self._suspended += [(fact.prop, shown(fact.source.text))] if isinstance(fact.value, TrialFact) else []
            told(fact.source, NOT_UNDERSTOOD, "", why, _WHOSE, order=fact.order)
        for fact in settled.kept:
            if fact.order in unknown:
                continue
            day = f"of {fact.source.when.text}" if fact.source.timed and fact.source.when else ""
            note = "; ".join(filter(None, (day, found.notes.get(fact.order, ""), fact.note)))
            told(fact.source, USED, settle.words(fact, self._terms), note, order=fact.order)
        self._ledger.close()
        self.report.patient = patient
        profile = settle.profile(found.facts, patient, label, frozenset(complete), set(self._suspended))
        read = {reading for fact in kept for reading in fact.source.readings}
        read |= set(self._others.values())
        doses = self.events.doses(profile.present.get(settle.MEDICATION, ()))
        profile = replace(profile, care_present=frozenset(self.events.kept), doses=doses)
        profile = replace(profile, readings=tuple(sorted(read)), others=tuple(sorted(self._others)))
        return self.harms.joined(found.together(profile, self._terms))

    def _none_of_a_list(self, kept: Sequence[Fact], complete: set[str]) -> Iterable[Fact]:
        """What statements that a list is empty say, where nothing else of the record contradicts them.

        A list of drugs is then complete. Of conditions those are denied that such a statement is about: not those which
        have a list of their own, nor states that come and go, nor what may be past.
        """
        told, suspended = self._ledger.told, {prop for prop, _ in self._suspended}
        denied: list[Fact] = []
        for key, source, order in self._empty:
            prop = self._categories[key]
            stated = next((f for f in kept if f.prop == prop and f.present and not f.source.timed), None)
            if stated is not None:
                other = settle.words(stated, self._terms)
                why = f"{stated.source.ref} says otherwise ({other}), so the list is not complete"
                self._suspended.append((prop, shown(source.text)))
                told(source, NOT_UNDERSTOOD, "", why, _ASK, order=order)
            elif prop in suspended:
                told(source, IGNORED, "", "other entries of this list are not understood or in doubt", order=order)
            elif prop == settle.OF_KIND["condition"]:
                spared = (
                    {f.iri for f in kept} | {iri for entry in self._unread for iri in entry.about} | self._own_lists
                )
                facts = settle.none_of(source, spared, self._past, self._rules, self._terms)
                denied += facts
                told(source, USED, f"absent: {len(facts)} conditions and their kinds", "none is known", order=order)
            else:
                complete.add(prop)
                told(source, USED, f"none: {key}", "the list is complete", order=order)
        return {fact.iri: fact for fact in denied}.values()
