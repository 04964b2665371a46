"""A profile written as RDF, in the form of docs/model.md, and its digest."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.model import DoseFact, Problem, Profile
from guidegraph.profile.settling import Settled
from guidegraph.termreadings import SUPPLIED, TAKEN, pointed

Term = ox.NamedNode | ox.BlankNode | ox.Literal


@cache
def _gg(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GG + name)


@cache
def _owl(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.OWL + name)


_TYPE = ox.NamedNode(ns.RDF + "type")
_FIRST, _REST, _NIL = (ox.NamedNode(ns.RDF + n) for n in ("first", "rest", "nil"))
_DECIMAL = ox.NamedNode(ns.XSD + "decimal")
_PATIENT = ox.NamedNode(ns.PATIENT)
#: What the index writes for an end that is not there (queries/index/21-numbers): every number satisfies it.
_WITHOUT_LOW, _WITHOUT_HIGH = Decimal(0), Decimal(999999999)


def decimal_literal(value: Decimal) -> ox.Literal:
    """An xsd:decimal with a point, as Turtle writes it."""
    return ox.Literal(pointed(value), datatype=_DECIMAL)


class _Writer:
    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []
        #: The node whose facts are written: the patient, then each problem.
        self.about: Any = _PATIENT
        self._count = 0

    def add(self, subject: Any, predicate: ox.NamedNode, value: Any) -> None:
        self.triples.append(ox.Triple(subject, predicate, value))

    def blank(self, *types: ox.NamedNode) -> ox.BlankNode:
        self._count += 1
        node = ox.BlankNode(f"p{self._count}")
        for kind in types:
            self.add(node, _TYPE, kind)
        return node

    def some(self, prop: ox.NamedNode, filler: Any) -> ox.BlankNode:
        node = self.blank(_owl("Restriction"))
        self.add(node, _owl("onProperty"), prop)
        self.add(node, _owl("someValuesFrom"), filler)
        return node

    def deny(self, restriction: ox.BlankNode) -> None:
        node = self.blank(_owl("Class"))
        self.add(node, _owl("complementOf"), restriction)
        self.add(self.about, _TYPE, node)

    def chain(self, items: list[Any]) -> Any:
        head: Any = _NIL
        for item in reversed(items):
            node = self.blank()
            self.add(node, _FIRST, item)
            self.add(node, _REST, head)
            head = node
        return head

    def both(self, parts: list[Any]) -> Any:
        if len(parts) == 1:
            return parts[0]
        node = self.blank(_owl("Class"))
        self.add(node, _owl("intersectionOf"), self.chain(parts))
        return node

    def within(self, prop: ox.NamedNode, days: Decimal, least: Decimal | None = None) -> ox.BlankNode:
        facets = []
        for name, bound in (("minInclusive", least), ("maxInclusive", days)):
            if bound is not None:
                facets.append(self.blank())
                self.add(facets[-1], ox.NamedNode(ns.XSD + name), decimal_literal(bound))
        datatype = self.blank(ox.NamedNode(ns.RDFS + "Datatype"))
        self.add(datatype, _owl("onDatatype"), _DECIMAL)
        self.add(datatype, _owl("withRestrictions"), self.chain(facets))
        return self.some(prop, datatype)

    def event(self, prop: str, kind: str, of: str) -> ox.BlankNode:
        event, drug = self.blank(_gg(kind)), self.blank(ox.NamedNode(of))
        self.add(self.about, _gg(prop), event)
        self.add(event, _gg("ofIntervention"), drug)
        return event


def to_triples(profile: Profile) -> list[ox.Triple]:
    """The profile as triples about the one patient node, in a fixed order with fixed blank node labels."""
    out = _Writer()
    out.add(_PATIENT, _TYPE, _gg("Patient"))
    _write_facts(out, profile)
    for problem in (Problem(profile.about),) if profile.about else profile.problems:
        out.about = out.blank(_gg("Problem"))
        out.add(_PATIENT, _gg("hasProblem"), out.about)
        for cls in sorted(problem.of):
            out.add(out.about, _gg("ofCondition"), out.blank(ox.NamedNode(cls)))
        _write_facts(out, problem)
    for cls in sorted(profile.not_tolerated):
        out.add(_PATIENT, _gg("didNotTolerate"), out.blank(ox.NamedNode(cls)))
    for cls in sorted(profile.beside):
        out.add(_PATIENT, _gg("hasOtherProblem"), out.blank(ox.NamedNode(cls)))
    for name, alerts in (("examinedAlert", profile.examined), ("actedOnAlert", profile.acted_on)):
        for alert in sorted(alerts):
            out.add(_PATIENT, _gg(name), ox.NamedNode(alert))
    for prop, text in sorted(profile.not_understood):
        entry = out.blank()
        out.add(_PATIENT, _gg("notUnderstood"), entry)
        out.add(entry, _gg("completeFor"), ox.NamedNode(prop))
        out.add(entry, ox.NamedNode(ns.RDFS + "label"), ox.Literal(text))
    for other in sorted(profile.others):
        entry = out.blank()
        out.add(_PATIENT, _gg("understoodAsAnother"), entry)
        out.add(entry, _gg("completeFor"), ox.NamedNode(other.prop))
        out.add(entry, _gg("codeText"), ox.Literal(other.code))
        out.add(entry, ox.NamedNode(ns.RDFS + "label"), ox.Literal(other.label))
        for name, classes in (("isNot", other.denies), ("mayBe", other.may)):
            for cls in classes:
                out.add(entry, _gg(name), ox.NamedNode(cls))
    return out.triples


def settled_triples(settled: Settled) -> list[ox.Triple]:
    """What a profile comes to as triples, for the steps of an assessment: its facts, and what no profile states.

    A span is a node with its number and ends; what no complete list denies is a node with its property and class. The
    entries of a list that are none of our terms are one node, with each class that one of them may be.
    """
    out = _Writer()
    out.triples = to_triples(settled.profile)

    def node(number: int, **said: Any) -> None:
        blank = ox.BlankNode(f"s{number}")
        for name, value in said.items():
            out.add(blank, ox.NamedNode(ns.GGA + name), value)

    spans = [(prop, span) for prop, kept in sorted(settled.spans.items()) for span in kept]
    for number, (prop, ((low, above), (high, included))) in enumerate(spans):
        node(
            number,
            spanOf=ox.NamedNode(prop),
            spanLow=decimal_literal(_WITHOUT_LOW if low.is_infinite() else low),
            spanLowOpen=ox.Literal(bool(above) and not low.is_infinite()),
            spanHigh=decimal_literal(_WITHOUT_HIGH if high.is_infinite() else high),
            spanHighOpen=ox.Literal(not included and not high.is_infinite()),
            everybodyHas=ox.Literal(prop in settled.total),
        )
    for number, (prop, cls) in enumerate(sorted(settled.left_open), len(spans)):
        node(number, leavesOpen=ox.NamedNode(prop), openClass=ox.NamedNode(cls))
    for prop in sorted({prop for prop, _ in settled.perhaps}):
        entries = ox.BlankNode(f"e{ns.shorten(prop).partition(':')[2]}")
        out.add(entries, ox.NamedNode(ns.GGA + "entriesOf"), ox.NamedNode(prop))
        for cls in sorted(cls for one, cls in settled.perhaps if one == prop):
            out.add(entries, ox.NamedNode(ns.GGA + "perhaps"), ox.NamedNode(cls))
    return out.triples


def _write_facts(out: _Writer, profile: Profile | Problem) -> None:
    """What a patient or a problem has alike."""
    for prop, classes in sorted(profile.present.items()):
        for cls in sorted(classes):
            all_doses = sorted(profile.doses) if isinstance(profile, Profile) and prop == TAKEN else ()
            doses: list[DoseFact | None] = [one for one in all_doses if one.of == cls]
            for dose in doses or [None]:
                fact = out.blank(ox.NamedNode(cls))
                out.add(out.about, ox.NamedNode(prop), fact)
                if dose is not None:
                    out.add(fact, _gg("doseAmount"), decimal_literal(dose.amount))
                    out.add(fact, _gg("doseUnit"), ox.Literal(dose.unit))
                    out.add(fact, _gg("timesPerDay"), decimal_literal(dose.per_day))
    for prop, classes in sorted(profile.absent.items()):
        for cls in sorted(classes):
            out.deny(out.some(ox.NamedNode(prop), ox.NamedNode(cls)))
    for prop, value in sorted(profile.values.items()):
        out.add(out.about, ox.NamedNode(prop), decimal_literal(value))
    _write_events(out, profile)
    if isinstance(profile, Profile):
        _write_care(out, profile)
    for prop in sorted(profile.complete):
        out.add(out.about, _gg("completeFor"), ox.NamedNode(prop))


def _write_events(out: _Writer, profile: Profile | Problem) -> None:
    for trial in sorted(profile.trials_present, key=repr):
        event = out.event("hasTrial", "Trial", trial.of)
        if trial.outcome:
            out.add(event, _gg("hasOutcome"), ox.NamedNode(trial.outcome))
        if trial.weeks is not None:
            out.add(event, _gg("trialWeeks"), decimal_literal(trial.weeks))
    for trial in sorted(profile.trials_absent, key=repr):
        parts: list[Any] = [out.some(_gg("ofIntervention"), ox.NamedNode(trial.of))]
        if trial.outcome:
            ended = out.blank(_owl("Restriction"))
            out.add(ended, _owl("onProperty"), _gg("hasOutcome"))
            out.add(ended, _owl("hasValue"), ox.NamedNode(trial.outcome))
            parts.append(ended)
        out.deny(out.some(_gg("hasTrial"), out.both(parts)))
    if isinstance(profile, Problem):
        return
    for stop in sorted(profile.stops_present, key=repr):
        event = out.event("stoppedMedication", "DrugStop", stop.of)
        if stop.days is not None:
            out.add(event, _gg("daysSinceStop"), decimal_literal(stop.days))
    for stop in sorted(profile.stops_absent, key=repr):
        parts = [out.some(_gg("ofIntervention"), ox.NamedNode(stop.of))]
        if stop.days is not None:
            parts.append(out.within(_gg("daysSinceStop"), stop.days))
        out.deny(out.some(_gg("stoppedMedication"), out.both(parts)))


def _write_care(out: _Writer, profile: Profile) -> None:
    """What was done or supplied, and what was not."""
    for fact in sorted(profile.care_present, key=repr):
        kind, amount = ("Supply", "daysOfSupply") if fact.prop == SUPPLIED else ("CareEvent", "resultValue")
        event = out.event(fact.prop.removeprefix(ns.GG), kind, fact.of)
        for cls in fact.shows:
            out.add(event, _gg("showed"), out.blank(ox.NamedNode(cls)))
        about, out.about = out.about, event
        for cls in fact.lacks:
            out.deny(out.some(_gg("showed"), ox.NamedNode(cls)))
        out.about = about
        if fact.days and fact.days[0] == fact.days[1]:
            out.add(event, _gg("daysSince"), decimal_literal(fact.days[0]))
        elif fact.days:
            out.add(event, _TYPE, out.within(_gg("daysSince"), fact.days[1], fact.days[0]))
        if fact.value is not None:
            out.add(event, _gg(amount), decimal_literal(fact.value))
    for fact in sorted(profile.care_absent, key=repr):
        parts = [out.some(_gg("ofIntervention"), ox.NamedNode(fact.of))]
        parts += [out.some(_gg("showed"), ox.NamedNode(cls)) for cls in fact.shows]
        if fact.days:
            parts.append(out.within(_gg("daysSince"), fact.days[1]))
        out.deny(out.some(ox.NamedNode(fact.prop), out.both(parts)))


def digest(profile: Profile) -> str:
    """SHA-256 of the profile's meaning: independent of the order of keys and of how terms were written.

    A code that means just a term of ours is that term; one that means less is a thing of its own, which counts.
    """
    lines = [str(triple) for triple in to_triples(profile)]
    lines += [f"{r.curie} {r.present} {r.absent}" for r in profile.readings if not r.exact]
    return "sha256:" + sha256("\n".join(lines).encode()).hexdigest()
