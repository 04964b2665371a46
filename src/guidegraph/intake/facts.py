"""One fact that an entry of a record states, before it is held against the others."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from guidegraph import namespaces as ns
from guidegraph.intake.dates import Moment
from guidegraph.model import CodeReading, StopFact, TrialFact

#: The lists whose completeness ends when an entry of the property is in doubt.
SUSPENDS = {
    # A condition that is in doubt may be held as a finding by us, and the other way round.
    ns.GG + "hasCondition": (ns.GG + "hasCondition", ns.GG + "hasFinding"),
    ns.GG + "hasFinding": (ns.GG + "hasCondition", ns.GG + "hasFinding"),
    ns.GG + "takesMedication": (ns.GG + "takesMedication",),
    ns.GG + "hasTrial": (ns.GG + "hasTrial",),
    ns.GG + "stoppedMedication": (ns.GG + "stoppedMedication",),
}


@dataclass(frozen=True)
class Source:
    """The entry of a record that states something.

    ``ref`` is its reference, ``text`` what it says, code first, ``when`` its time, ``steps`` and ``readings`` how its
    codes were read. ``about`` is what it is about without its value ("" if that is ``text``): what is not understood
    stands in a profile by this, so that a code whose every value is not understood stands there once.
    """

    ref: str
    text: str
    when: Moment | None = None
    steps: tuple[str, ...] = ()
    readings: tuple[CodeReading, ...] = ()
    about: str = ""


@dataclass(frozen=True)
class Fact:
    """A present or absent class, a number, a trial or a stop.

    ``prop`` is the property; ``iri`` the class (for a number, the property); ``value`` the number, trial or stop;
    ``timed`` says that the newest of its kind counts; ``order`` is its place in the record.
    """

    prop: str
    iri: str
    present: bool
    value: Decimal | TrialFact | StopFact | None
    source: Source
    timed: bool = False
    note: str = ""
    order: int = 0

    @property
    def suspends(self) -> tuple[str, ...]:
        """The lists whose completeness ends when the fact is in doubt."""
        return SUSPENDS.get(self.prop, ())

    @property
    def says(self) -> tuple[bool, Decimal | TrialFact | StopFact | None]:
        """What it says of its class, for comparing with others of the same class."""
        return self.present, self.value
