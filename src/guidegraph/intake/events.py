"""Tests, procedures and supplies of a record, kept where some criterion of the knowledge asks for such an event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from guidegraph.intake.report import IGNORED, USED, Ledger, Settings, Source
from guidegraph.model import CareFact, DoseFact
from guidegraph.profile import Vocabulary
from guidegraph.termreadings import CARE, SUPPLIED, TAKEN, UNDERWENT


class Events:
    """Collects what was done and supplied into ``kept``, and tells it.

    What no criterion can be about is left out, so that a profile does not grow by every laboratory value of a record.

    Args:
        settings: the day of the profile, and what criteria ask.
        terms: our vocabulary.
        ledger: the report.
        doubt: leaves lists open for an entry (classes, keys of lists, entry, why).
    """

    def __init__(
        self,
        settings: Settings,
        terms: Vocabulary,
        ledger: Ledger,
        doubt: Callable[[Collection[str], Collection[str], Source, str], None],
    ) -> None:
        self._settings, self._terms, self._ledger, self._doubt = settings, terms, ledger, doubt
        self.kept: list[CareFact] = []
        self._doses: dict[str, list[list[DoseFact]]] = {}

    def asks(self, prop: str, of: str = "") -> bool:
        """Whether some criterion asks for events of a list (``gg:underwent``, ``gg:wasSupplied``), and about what may
        be of a class, if one is given."""
        spoken = self._settings.events.spoken.get(prop, frozenset())
        return any(self._terms.may_meet(of, one) for one in spoken) if of else bool(spoken)

    def counts(self, prop: str, key: str) -> bool:
        """Whether a list, by its property and key, is one that criteria ask for or that is declared complete: other
        lists than those of events are."""
        return prop not in CARE or self.asks(prop) or key in self._settings.complete

    def left_open(self, source: Source, keys: Collection[str]) -> frozenset[str]:
        """The lists that an entry leaves open which is not read: of a test or procedure, what it was or showed."""
        test = source.timed or "trials" in keys
        return frozenset({UNDERWENT} if test and self.asks(UNDERWENT) else ())

    def _tests(self, about: Iterable[str]) -> set[str]:
        """The tests that measure some of the numbers, or look for some of the findings or what is above them."""
        above = {up for iri in about for up in (iri, *self._terms.ancestors(iri))}
        return {test for iri in above for test in self._settings.events.tests.get(iri, ())}

    def done(
        self,
        classes: Collection[str],
        source: Source,
        *,
        about: Collection[str] = (),
        shows: Collection[str] = (),
        lacks: Collection[str] = (),
        value: Decimal | None = None,
    ) -> None:
        """A test or procedure that was done, of each class, and of each that measures or looks for one of ``about``.

        ``shows`` and ``lacks`` are what it showed and did not, ``value`` the number that came of it.
        """
        if self.asks(UNDERWENT):
            findings = [
                tuple(sorted(c for c in of if (row := self._terms.by_iri.get(c)) and row.kind == "finding"))
                for of in (shows, lacks)
            ]
            for of in sorted({*classes, *self._tests(about)}):
                self._add(CareFact(UNDERWENT, of, None, findings[0], findings[1], value), source, "done")

    def supplied(self, classes: Collection[str], days: Decimal | None, source: Source, *, note: str = "") -> None:
        """A drug that was handed over, of each class, with the days that it lasts."""
        for of in sorted(set(classes)):
            self._add(CareFact(SUPPLIED, of, None, value=days), source, "supplies", note)

    @property
    def dose_unit(self) -> str:
        """The unit (UCUM) in which a derived number sums doses, "" where none does."""
        return next((one.unit for one in self._terms.derivations if one.over == TAKEN), "")

    def dosed(self, of: str, doses: Sequence[tuple[Decimal, Decimal]], source: Source, why: str = "") -> None:
        """How much of a drug that is taken an entry states: amounts each time with how often a day; none: ``why``."""
        self._doses.setdefault(of, []).append([DoseFact(of, amount, self.dose_unit, often) for amount, often in doses])
        told = " and ".join(f"{amount:f} {self.dose_unit} x {often:f} a day" for amount, often in doses)
        named = self._terms.label(of)
        state, effect = (USED, f"dose: {named}, {told}") if doses else (IGNORED, f"unknown: dose of {named}")
        self._ledger.told(source, state, effect, why, order=self._ledger.next())

    def doses(self, taken: Collection[str]) -> frozenset[DoseFact]:
        """The doses of drugs that are taken, where one entry alone tells: of two nobody knows whether they are one."""
        single = (said[0] for of, said in self._doses.items() if of in taken and len(said) == 1)
        return frozenset(dose for said in single if len(set(said)) == len(said) for dose in said)

    def _add(self, fact: CareFact, source: Source, key: str, note: str = "") -> None:
        if not self.asks(fact.prop, fact.of):
            return
        state, why = self._settings.place(source)
        if state:
            if state != IGNORED:
                self._doubt((), (key,), source, why)
            return
        days = None
        if source.when is not None:
            ends = (source.when.last.date(), source.when.first.date())
            fewest, most = (Decimal(max(0, (self._settings.as_of - end).days)) for end in ends)
            days = fewest, most
        fact = replace(fact, days=days)
        self.kept.append(fact)
        self._ledger.told(source, USED, words(fact, self._terms), note, order=self._ledger.next())


def words(fact: CareFact, vocabulary: Vocabulary) -> str:
    """An event in words, for the report."""
    named, ago = vocabulary.label(fact.of), ""
    if fact.days:
        ago = f", {' to '.join(dict.fromkeys(f'{end:f}' for end in fact.days))} days ago"
    if fact.prop == SUPPLIED:
        return f"supplied: {named}{f' for {fact.value:f} days' if fact.value is not None else ''}{ago}"
    came = "".join(f", showed {vocabulary.label(cls)}" for cls in fact.shows)
    came += "".join(f", did not show {vocabulary.label(cls)}" for cls in fact.lacks)
    return f"done: {named}{ago}{came}{f', value {fact.value:f}' if fact.value is not None else ''}"
