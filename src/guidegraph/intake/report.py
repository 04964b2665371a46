"""Entries of a record: what each states, where it stands to the day, and what became of it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from guidegraph.intake.dates import Moment
from guidegraph.knowledge.atoms import AskedEvents
from guidegraph.model import CodeReading, StopFact, TrialFact

USED, IGNORED, NOT_UNDERSTOOD = "used", "ignored", "not understood"
#: Characters of an entry's codes and reasons in a report.
_TEXT = 500
#: Characters of a record that a report shows of one text.
LONGEST = 200


def shown(text: object, longest: int = LONGEST) -> str:
    """Text of a record for a report: one line, no control characters or lone surrogates, cut where it is long."""
    plain = text if isinstance(text, str) else str(text)
    # Records repeat their texts; long ones are not kept.
    return _clean(plain, longest) if len(plain) <= LONGEST else _cut(plain, longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest and text.isprintable() and "  " not in text:
        return text
    clean = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text[: 4 * longest])
    clean = " ".join(clean.split())
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."


_clean = lru_cache(8192)(_cut)


@dataclass(frozen=True)
class Source:
    """The entry of a record that states something.

    ``ref`` is its reference, ``text`` what it says, code first, ``when`` its time, ``steps`` and ``readings`` how its
    codes were read. ``about`` is what it is about without its value ("" if that is ``text``): what is not understood
    stands in a profile by this, so that a code whose every value is not understood stands there once. ``written`` is
    when it was recorded, ordered, asserted or issued, ``saved`` when a server last stored it; ``timed`` says that it is
    an observation, of which the newest counts. ``reasons`` are the conditions that it is about or was done for (IRIs;
    :data:`OTHER_REASON` for what is none of ours), none where it names none.
    """

    ref: str
    text: str
    when: Moment | None = None
    steps: tuple[str, ...] = ()
    readings: tuple[CodeReading, ...] = ()
    about: str = ""
    written: Moment | None = None
    saved: Moment | None = None
    timed: bool = False
    reasons: frozenset[str] = frozenset()

    @property
    def time(self) -> Moment | None:
        """Of what time its word is: of an observation its own, of an entry of a list when that was written."""
        return self.when if self.timed else self.written or self.when

    def later(self, other: Source) -> bool:
        """Whether its word is known to be of a later time than another."""
        return self.time is not None and other.time is not None and self.time.after(other.time) is True


@dataclass(frozen=True)
class Settings:
    """What the reader of a record chose.

    ``complete``: keys of the profile (``conditions``) whose lists are declared complete; ``rates``: weeks in which a
    number that advances with time grows by one, by property; ``newest_days``: measurements and observations older than
    this are ignored, None for no limit; ``same_units``: pairs of a unit and a unit of ours that are taken for the same;
    ``problems``: the conditions that recommendations speak of; ``events``: what criteria ask about tests, procedures
    and supplies.
    """

    as_of: date
    complete: frozenset[str] = frozenset()
    rates: Mapping[str, Decimal] | None = None
    newest_days: int | None = None
    same_units: frozenset[tuple[str, str]] = frozenset()
    problems: frozenset[str] = frozenset()
    events: AskedEvents = field(default_factory=AskedEvents)

    def place(self, source: Source) -> tuple[str, str]:
        """Where an entry stands to the day: ignored (after it), not understood (that cannot be told), or ""."""
        day, written, when = self.as_of, source.written, source.when
        for moment, verb in ((written, "it was written on"), (when, "it is of")):
            if moment is not None and moment.first.date() > day:
                return IGNORED, f"{verb} {moment.text}, after the day of the profile ({day})"
        if written is None or written.last.date() > day:
            for moment in (written, when):
                if moment is not None and moment.last.date() > day:
                    return NOT_UNDERSTOOD, f"whether that was so by {day} cannot be told ({moment.text})"
            if written is None and source.saved is not None and source.saved.last.date() > day:
                return (
                    NOT_UNDERSTOOD,
                    f"whether it said so by {day} cannot be told: it was saved on {source.saved.text}",
                )
        newest = self.newest_days
        if source.timed and newest is not None and when is not None and (day - when.last.date()).days > newest:
            return IGNORED, f"it is of {when.text}, more than {newest} days before {day}"
        return "", ""


#: A reason that is no condition of ours.
OTHER_REASON = "urn:reason:other"


@dataclass(frozen=True)
class Fact:
    """A present or absent class, a number, a trial or a stop that an entry states, before it is held against others.

    ``prop`` is the property; ``iri`` the class (for a number, the property); ``value`` the number, trial or stop;
    ``order`` is its place in the record. ``began`` is when a condition began, where its entry says so.
    """

    prop: str
    iri: str
    present: bool
    value: Decimal | TrialFact | StopFact | None
    source: Source
    note: str = ""
    order: int = 0
    began: Moment | None = None


@dataclass(frozen=True)
class Unread:
    """An entry whose word on the classes and numbers ``about`` cannot be read, or leaves them open.

    ``lists`` are the properties whose completeness it suspends, ``state``, ``why`` and ``mend`` what the report says.
    ``over``: it says that something is over, which leaves open only what older entries say.
    """

    about: frozenset[str]
    lists: frozenset[str]
    source: Source
    state: str
    why: str
    mend: str
    order: int
    over: bool = False


@dataclass(frozen=True)
class Entry:
    """One entry of a record.

    ``state`` is used, ignored or not understood; ``source`` the entry's reference (such as Condition/c1, or a table
    and its key); ``text`` what the entry says, code first; ``effect`` the fact that came of it ("" if none); ``why``
    the reason; ``mend`` how to put it right; ``steps`` how its code was read, each with its source.
    """

    state: str
    source: str
    text: str
    effect: str = ""
    why: str = ""
    steps: tuple[str, ...] = ()
    mend: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The entry in the published JSON form."""
        return {**vars(self), "steps": list(self.steps)}


@dataclass
class IntakeReport:
    """The report on one record.

    ``form`` names the form that it was read as (such as FHIR R4), ``as_of`` the day of the profile, ``choices`` what
    was chosen for the reader's attention (a version detected, a flag given).
    """

    form: str
    as_of: str
    patient: str = ""
    choices: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def of(self, state: str) -> list[Entry]:
        """The entries of one state, in the order of the record."""
        return [entry for entry in self.entries if entry.state == state]

    def counts(self) -> dict[str, int]:
        """How many entries there are of each state."""
        numbers = Counter(entry.state for entry in self.entries)
        return {state.replace(" ", "_"): numbers[state] for state in (USED, IGNORED, NOT_UNDERSTOOD)}

    def to_dict(self) -> dict[str, Any]:
        """The report in the published JSON form (schema/intake.schema.json)."""
        entries = [entry.to_dict() for entry in self.entries]
        return {**vars(self), "choices": [*self.choices], "counts": self.counts(), "entries": entries}


class Ledger:
    """Writes the entries of a report in the order of the record, whatever the order in which they are settled."""

    def __init__(self, report: IntakeReport) -> None:
        self._report = report
        self._entries: list[tuple[int, Entry]] = []
        self._count = 0

    def next(self) -> int:
        """The next place in the record."""
        self._count += 1
        return self._count

    def told(self, source: Source, state: str, effect: str, why: str, mend: str = "", *, order: int) -> None:
        """What became of an entry, told at a place."""
        self.tell(Entry(state, source.ref, source.text, effect, why, source.steps, mend), order)

    def tell(self, entry: Entry, order: int | None = None) -> None:
        """An entry, at its place or the next one; long texts are cut."""
        steps = tuple([shown(step, _TEXT) for step in entry.steps])
        text, why = shown(entry.text, _TEXT), shown(entry.why, _TEXT)
        entry = replace(entry, source=shown(entry.source), text=text, why=why, steps=steps)
        self._entries.append((self.next() if order is None else order, entry))

    def close(self) -> None:
        """Give the report its entries."""
        self._report.entries = [entry for _, entry in sorted(self._entries, key=lambda pair: pair[0])]
