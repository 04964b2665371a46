"""The words for atoms, and the facts of a patient that decide them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, reduce

from guidegraph import namespaces as ns
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.records import Records, gg
from guidegraph.model import Another, CareFact, Profile, StopFact, TermRow, TrialFact
from guidegraph.profile import Cause, Settled, Vocabulary, cause_text, perhaps
from guidegraph.sayings import Saying, as_written
from guidegraph.termreadings import CARE, LISTED, READING, STOPPED, SUPPLIED, Implication, Interval, TermReading, plain

_BOUNDS = {
    ">=": ("least", "at least {}"),
    ">": ("over", "over {}"),
    "<=": ("most", "at most {}"),
    "<": ("under", "under {}"),
}


@dataclass(frozen=True)
class Fact:
    """Something that can be asked about a patient.

    ``fact`` is a CURIE for a class, the profile key for a number, and ``key:CURIE...`` for an event;
    ``key`` is the key of a profile that answers it; facts stand in the order of ``filed``, whatever words a reader is
    told.
    """

    fact: str
    label: str
    key: str
    filed: str


def range_text(atom: Atom, unit: str = "", said: Saying = as_written) -> str:
    """The range of an atom in words, such as "at least 6 and under 12 weeks"."""
    told = [said(*_BOUNDS[sign], plain(bound)) for sign, bound in atom.limits]
    text = reduce(partial(said, "both", "{} and {}"), told) if told else said("any", "any number")
    return said(f"in-{unit}", f"{{}} {unit}", text) if unit else text


def _coded(profile: Profile, cls: str, present: bool) -> str:
    """The codes that a class of a fact was read from, with the steps from each, "" for a fact in words."""
    read = [r for r in profile.readings if cls in (r.present if present else r.absent)]
    told = [f"{r.name}: {'; '.join(r.steps if present else r.absent_steps)}" for r in read]
    return f" (read from {' and from '.join(told)})" if told else ""


class FactBook:
    """Names facts for people, from the vocabulary's labels and profile keys."""

    def __init__(
        self,
        records: Records,
        vocabulary: Vocabulary,
        rules: Sequence[Implication] = (),
        readings: Sequence[TermReading] = (),
    ) -> None:
        self._records = records
        self.rules, self.readings = tuple(rules), tuple(readings)
        self.vocabulary = vocabulary
        self._terms = vocabulary.by_iri
        self._facts: dict[str, Fact] = {}
        self._through: dict[str, tuple[str, ...]] = {}
        self._everybodys = {r.given for r in self.readings if r.total and not r.cls}

    def _term(self, iri: str) -> TermRow:
        return self._terms.get(iri) or TermRow(iri, "", self._records.label(iri))

    @property
    def records(self) -> Records:
        """What is known."""
        return self._records

    @property
    def said(self) -> Saying:
        """The words around names."""
        return as_written

    def range(self, atom: Atom, unit: str = "") -> str:
        """The range of an atom in words (see :func:`range_text`)."""
        return range_text(atom, unit, self.said)

    def listed(self, prop: str) -> str:
        """What a list of the profile is called."""
        key = self.key(Atom("", prop))
        return self.said(f"list-{key}", key)

    def key(self, atom: Atom) -> str:
        """The profile key that states the atom's property."""
        term = self._term(atom.prop)
        return term.key or ns.shorten(atom.prop)

    def label(self, atom: Atom, positive: bool = True) -> str:
        """The atom in words, negated if asked."""
        return self._positive(atom) if positive else self.said("not", "not: {}", self._positive(atom))

    def _positive(self, atom: Atom) -> str:
        if not atom.prop and atom.names:
            return self._records.label(atom.names)
        if not atom.prop:
            return "a criterion outside the population fragment"
        if not atom.cls:
            return f"{self.short(atom.prop)}: {self.range(atom)}"
        name = self._records.label(atom.cls)
        if atom.prop == gg("hasTrial"):
            how = self._records.label(atom.outcome) if atom.outcome else self.said("any-outcome", "any outcome")
            weeks = f", {self.range(atom, 'weeks')}" if atom.bounded else ""
            return self.said("trial", "trial of {} ({})", name, how + weeks)
        if atom.prop == gg("stoppedMedication"):
            return self._ago(atom, self.said("stopped", "stopped {}", name))
        if atom.prop in CARE:
            return self._care(atom, name)
        if atom.prop == gg("takesMedication"):
            return self.said("takes", "takes {}", name)
        return name

    def _ago(self, atom: Atom, told: str) -> str:
        return self.said("ago", "{} ({} ago)", told, self.range(atom, "days")) if atom.bounded else told

    def _care(self, atom: Atom, name: str) -> str:
        """A test or procedure done, or a supply, in words."""
        if atom.prop == SUPPLIED:
            told = self.said("supplied", "was supplied with {}", name)
            if atom.valued:
                told = self.said("lasting", "{} for {}", told, self.range(atom.value, "days"))
            return self._ago(atom, told)
        told = self._ago(atom, self.said("done", "{} done", name))
        if atom.showed:
            told = self.said("showing", "{} that showed {}", told, self._records.label(atom.showed))
        return self.said("valued", "{} with a value {}", told, self.range(atom.value)) if atom.valued else told

    def fact(self, atom: Atom) -> Fact:
        """The question that an atom of the index comes to; all ranges of one number are one question."""
        known = self._facts.get(atom.iri)
        if known is None:
            known = self._facts[atom.iri] = self._fact(atom)
        return known

    def _fact(self, atom: Atom) -> Fact:
        key = self.key(atom)
        if not atom.cls:
            label = self._term(atom.prop).label
            return Fact(key, label, key, label)
        curie, label = ns.shorten(atom.cls), self._positive(atom)
        direct = self._term(atom.cls).key
        if atom.prop in (gg("hasTrial"), gg("stoppedMedication"), *CARE):
            tail = [ns.shorten(one) for one in (atom.outcome, atom.showed) if one]
            tail += [range_text(atom)] if atom.bounded else []
            tail += [f"value {range_text(atom.value)}"] if atom.valued else []
            return Fact(":".join([key, curie, *tail]), label, key, label)
        if atom.prop == gg("takesMedication"):
            return Fact(f"{key}:{curie}", label, key, label)
        return Fact(curie, label, direct or key, label)

    def short(self, number: str) -> str:
        """What a number is called in a sentence that gives its value."""
        return self.vocabulary.short(number)

    def names(self, iri: str) -> set[str]:
        """All that a term, number or other node may be called."""
        return {self._records.label(iri), self._term(iri).label, self.short(iri)}

    def why(self, text: str) -> str:
        """What an implication says of its definitions."""
        return text

    def cause(self, cause: Cause) -> str:
        """How a fact came to be known, in words."""
        return cause_text(cause, self.vocabulary)

    def number(self, prop: str) -> Fact:
        """The question that a number comes to."""
        return self.fact(Atom(prop, prop))

    def deciding_ranges(self, atom: Atom, positive: bool) -> Iterator[tuple[str, Interval]]:
        """The numbers, each with a range of it, by whose readings a class is present, or absent."""
        for rule in self.rules:
            if rule.interval is None or rule.kind != READING or rule.then != atom.prop or rule.excluded is positive:
                continue
            if atom.cls in self._above(rule.other) if positive else rule.other in self._above(atom.cls):
                yield rule.given, rule.interval

    def asked_through(self, atom: Atom, values: Iterable[str], present: Mapping[str, frozenset[str]]) -> str:
        """The number by which an unknown class is asked for while it is not stated, "" if it is asked itself.

        That is a number that brings the class, or that denies it by a two-way reading; of several the one that can also
        deny, and none once one of them is stated: who has an eGFR is not asked for a creatinine clearance too. A number
        that only some patients have (a score of a disease) is asked of those who are known to have what it implies.
        """
        through = self.through(atom)
        if set(through) & set(values):
            return ""
        return next((number for number in through if self._has(number, present)), "")

    def through(self, atom: Atom) -> tuple[str, ...]:
        """The numbers by which a class may be asked for, in the order in which they are preferred."""
        if atom.cls not in self._through:
            brought = [n for n, _ in self.deciding_ranges(atom, True)]
            read = {(r.given, r.other) for r in self.rules if r.interval and r.kind == READING and not r.excluded}
            two_way = [r for r in self.rules if r.excluded and r.then == atom.prop and (r.given, r.other) in read]
            denied = [r.given for r in two_way if r.other in self._above(atom.cls)]
            denying = {r.given for r in two_way}
            brought.sort(key=lambda number: (number not in denying, number))
            self._through[atom.cls] = tuple(dict.fromkeys([*brought, *sorted(denied)]))
        return self._through[atom.cls]

    def _has(self, number: str, present: Mapping[str, frozenset[str]]) -> bool:
        """Whether a patient is known to have a number at all."""
        if self.everybodys(number):
            return True
        return number in self._records.implied and self.owner(number, present) is None

    def everybodys(self, number: str) -> bool:
        """Whether every patient has a number."""
        return number in self._everybodys

    def owner(self, number: str, present: Mapping[str, frozenset[str]]) -> Fact | None:
        """What a patient must have to have a number at all and is not known to have; None if nothing."""
        for prop, cls in self._records.implied.get(number, ()):
            if not any(cls in self._above(one) for one in present.get(prop, ())):
                return self.fact(Atom(f"{prop} {cls}", prop, cls))
        return None

    def left_unknown(self, settled: Settled, other: Another) -> Iterator[Atom]:
        """The atoms, by class, that a complete list does not deny since an entry of it may be what they ask for."""
        spared = {cls for prop, cls in settled.perhaps if prop == other.prop}
        if spared:
            mine = perhaps([other], self.rules, self.vocabulary)
            yield from (a for a in self._records.atoms.values() if a.prop == other.prop and a.cls in mine)

    def _spared(self, settled: Settled, atom: Atom) -> str | None:
        """Which entries of a complete list may be what an unknown atom asks for, None where it names nothing such."""
        if (atom.prop, atom.cls) not in settled.perhaps or (atom.prop, atom.cls) in self._records.asked_only:
            return None
        named = [
            other.name for other in settled.profile.others if any(a == atom for a in self.left_unknown(settled, other))
        ]
        return (
            f"{self.key(atom)}: of {', '.join(dict.fromkeys(named))} it is not known whether it is one"
            if named
            else None
        )

    def came_by(self, settled: Settled, atom: Atom, truth: str) -> str:
        """How an atom came to be true or false by a reading or a part, "" for what is stated or unknown."""
        if truth not in ("true", "false") or not atom.prop:
            return ""
        if not atom.cls and atom.prop in settled.derived:
            return settled.derived[atom.prop]
        if not atom.cls:
            causes: Iterable[Cause | None] = settled.narrowed.get(atom.prop, ())
            return "" if atom.prop in settled.profile.values else self._caused(causes)
        held = truth == "true"
        if atom.prop == STOPPED:
            stops = settled.profile.stops_present if held else settled.profile.stops_absent
            known = {stop.of for stop in stops}
        else:
            known = set((settled.profile.present if held else settled.profile.absent).get(atom.prop, ()))
        deciding = [c for c in sorted(known) if (atom.cls in self._above(c) if held else c in self._above(atom.cls))]
        causes = [settled.causes.get((atom.prop, cls, held)) for cls in self._nearest(deciding, held)]
        # What is stated needs no reading to be known.
        return "" if any(cause is None or cause.rule.kind == LISTED for cause in causes) else self._caused(causes)

    def _nearest(self, classes: Sequence[str], held: bool) -> Iterator[str]:
        """Of classes that all lie below (or, if absent, above) one, those with none of the others between."""
        for cls in classes:
            others = (other for other in classes if other != cls)
            if not any(other in self._above(cls) if held else cls in self._above(other) for other in others):
                yield cls

    def _caused(self, causes: Iterable[Cause | None]) -> str:
        return "; ".join(dict.fromkeys(self.cause(cause) for cause in causes if cause))

    def deciding(self, settled: Settled, atom: Atom, truth: str) -> str | None:
        """The fact of the patient that made an atom true or false, in words, or why a complete list left it unknown;
        None for any other unknown atom."""
        came = self.came_by(settled, atom, truth)
        if came:
            return f"{self._positive(atom) if atom.cls else self.key(atom)}: {came}"
        profile = settled.profile
        if truth not in ("true", "false"):
            return self._spared(settled, atom)
        if not atom.prop:
            return "see the population of that name"
        if not atom.cls:
            value = profile.values.get(atom.prop)
            if value is None:
                return "the patient cannot have this number"
            return f"{self.key(atom)} is {plain(value)}"
        if atom.prop in (gg("hasTrial"), gg("stoppedMedication"), *CARE):
            return self._event(profile, atom, truth)
        if truth == "true":
            below = [c for c in sorted(profile.present.get(atom.prop, ())) if atom.cls in self._above(c)]
            told = ", ".join(self._records.label(c) + _coded(profile, c, True) for c in below)
            return f"{self.key(atom)}: {told} present" if below else None
        higher = [c for c in sorted(profile.absent.get(atom.prop, ())) if c in self._above(atom.cls)]
        if higher:
            told = ", ".join(self._records.label(c) + _coded(profile, c, False) for c in higher)
            return f"{self.key(atom)}: {told} absent"
        return f"{self.key(atom)}: the list is complete and does not name it"

    def stated_of(self, profile: Profile, atom: Atom) -> str:
        """What the patient has of a class that is not stated itself, in words; "" for any other atom."""
        had = profile.present.get(atom.prop, frozenset())
        if not atom.cls or atom.cls in had:
            return ""
        return ", ".join(self._records.label(cls) for cls in sorted(had) if atom.cls in self._above(cls))

    def _above(self, cls: str) -> frozenset[str]:
        return self._records.ancestors.get(cls, frozenset((cls,)))

    def _event(self, profile: Profile, atom: Atom, truth: str) -> str:
        trial = atom.prop == gg("hasTrial")
        had: Iterable[TrialFact | StopFact | CareFact] = profile.trials_present if trial else profile.stops_present
        never: Iterable[TrialFact | StopFact | CareFact] = profile.trials_absent if trial else profile.stops_absent
        if atom.prop in CARE:
            had, never = (
                [e for e in each if e.prop == atom.prop] for each in (profile.care_present, profile.care_absent)
            )
        if truth == "true":
            done = [event.of for event in had]
            names = sorted(
                {self._records.label(c) + _coded(profile, c, True) for c in done if atom.cls in self._above(c)}
            )
            return f"{self.key(atom)}: {', '.join(names)} present"
        denied = [event.of for event in never]
        names = sorted(
            {self._records.label(c) + _coded(profile, c, False) for c in denied if c in self._above(atom.cls)}
        )
        if names:
            return f"{self.key(atom)}: {', '.join(names)} absent"
        return f"{self.key(atom)}: the list is complete and does not name it"
