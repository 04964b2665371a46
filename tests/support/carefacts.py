"""Populations and patients over tests, procedures and supplies: drawn at random, and read by plain Python."""

from __future__ import annotations

import random
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError
from guidegraph.knowledge.atoms import Atom
from guidegraph.model import CareFact, Profile
from guidegraph.termreadings import CARE, SUPPLIED, UNDERWENT

#: Classes above, below and beside each other; two that share a subclass (a routine MRI is an MRI and routine imaging).
CLASSES = {
    UNDERWENT: ("DiagnosticImaging", "MRI", "RoutineImaging", "RoutineMRI", "CT", "GaitAssessment"),
    SUPPLIED: ("NSAID", "Ibuprofen", "Opioid", "Tramadol"),
}
FINDINGS = ("MotorDeficit", "ProgressiveParesis", "MaleSex")
DAYS = (Decimal(0), Decimal(10), Decimal(30), Decimal(90))
#: No bound is 0: the reasoner knows numbers below it, which no record has.
BOUNDS = (Decimal(1), Decimal(10), Decimal(30), Decimal(90))
VALUES = (Decimal(5), Decimal(30), Decimal("30.5"))
PREFIXES = "".join(f"@prefix {p}: <{iri}> .\n" for p, iri in ns.PREFIXES.items())


def some(prop: str, filler: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty gg:{prop} ; owl:someValuesFrom {filler} ]"


def between(pick: random.Random, prop: str, bounds: tuple[Decimal, ...]) -> str:
    low, high = sorted(pick.sample(bounds, 2))
    sides = pick.choice((("low",), ("high",), ("high",), ("low", "high")))
    facets = [f"[ xsd:{pick.choice(('minInclusive', 'minExclusive'))} {low:.1f} ]"] if "low" in sides else []
    facets += [f"[ xsd:{pick.choice(('maxInclusive', 'maxExclusive'))} {high:.1f} ]"] if "high" in sides else []
    return some(prop, f"[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( {' '.join(facets)} ) ]")


def atom(pick: random.Random) -> str:
    """An atom in Turtle: what was done, or supplied, with each other part now and then."""
    prop = pick.choice((UNDERWENT, UNDERWENT, SUPPLIED))
    parts = [some("ofIntervention", f"ggt:{pick.choice(CLASSES[prop])}")]
    if prop == UNDERWENT and pick.random() < 0.4:
        parts.append(some("showed", f"ggt:{pick.choice(FINDINGS)}"))
    if pick.random() < 0.7:
        parts.append(between(pick, "daysSince", BOUNDS))
    if pick.random() < 0.3:
        parts.append(between(pick, "resultValue" if prop == UNDERWENT else "daysOfSupply", VALUES))
    event = parts[0] if len(parts) == 1 else f"[ a owl:Class ; owl:intersectionOf ( {' '.join(parts)} ) ]"
    return some(prop.removeprefix(ns.GG), event)


def population(name: str, pick: random.Random, least: int = 1, most: int = 1) -> str:
    """A population of literals over such atoms, one of them or (a third) a union of two conjunctions."""

    def literal() -> str:
        one = atom(pick)
        return f"[ a owl:Class ; owl:complementOf {one} ]" if most > 1 and pick.random() < 0.4 else one

    branches = []
    for _ in range(2 if most > 1 and pick.random() < 0.34 else 1):
        literals = [literal() for _ in range(pick.randint(least, most))]
        branches.append(
            literals[0] if len(literals) == 1 else f"[ a owl:Class ; owl:intersectionOf ( {' '.join(literals)} ) ]"
        )
    whole = branches[0] if len(branches) == 1 else f"[ a owl:Class ; owl:unionOf ( {' '.join(branches)} ) ]"
    return f'ggp:{name} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {whole} .\n'


def drawn(seed: int) -> Profile:
    """A patient with some tests and supplies, some denied, and now and then a complete list. It may contradict itself."""
    pick = random.Random(f"care {seed}")

    def days() -> tuple[Decimal, Decimal] | None:
        kind = pick.randrange(4)
        first, last = sorted(pick.choice(DAYS) + pick.choice((0, 1, 5)) for _ in range(2))
        return None if kind == 0 else (first, last) if kind == 1 else (first, first)

    def one(present: bool) -> CareFact:
        prop = pick.choice((UNDERWENT, UNDERWENT, SUPPLIED))
        of = ns.GGT + pick.choice(CLASSES[prop])
        found = [ns.GGT + name for name in pick.sample(FINDINGS, pick.randint(0, 2))] if prop == UNDERWENT else []
        shows, lacks = found[:1], found[1:] if present else []
        if present and pick.random() < 0.5:
            shows, lacks = lacks, shows
        value = pick.choice((None, *VALUES, Decimal(6))) if present else None
        within = days()
        since = within if present or within is None else (Decimal(0), within[1])
        return CareFact(prop, of, since, tuple(shows), tuple(lacks), value)

    return Profile(
        f"care-{seed}",
        care_present=frozenset(one(True) for _ in range(pick.randint(0, 3))),
        care_absent=frozenset(one(False) for _ in range(pick.randint(0, 2))),
        complete=frozenset(prop for prop in CARE if pick.random() < 0.4),
    )


def plainly(kb: Any, profile: Profile, wanted: Atom) -> str:
    """The truth of an atom, read from the facts by the words of docs/populations.md and nothing else."""
    above: Mapping[str, frozenset[str]] = kb.records.ancestors

    def surely(number: Decimal | None, low: Decimal, over: Decimal, high: Decimal, under: Decimal) -> bool | None:
        return None if number is None else low <= number <= high and over < number < under

    def day(event: CareFact) -> bool | None:
        """Whether the event lies in the window, None where that cannot be told."""
        if not wanted.bounded:
            return True
        if event.days is None:
            return None
        window = (wanted.low, wanted.above, wanted.high, wanted.below)
        ends = {surely(end, *window) for end in event.days}
        if len(ends) == 1 and ends == {False}:
            # Both ends outside: on one side of the window, or the window lies between them.
            first, last = event.days
            aside = last < wanted.low or last <= wanted.above or first > wanted.high or first >= wanted.below
            return False if aside else None
        return ends.pop() if len(ends) == 1 else None

    def came(event: CareFact) -> bool | None:
        bounds = (wanted.least, wanted.over, wanted.most, wanted.under)
        return surely(event.value, *bounds) if wanted.valued else True

    def saw(event: CareFact) -> bool | None:
        if not wanted.showed or any(wanted.showed in above[cls] for cls in event.shows):
            return True
        return False if any(cls in above[wanted.showed] for cls in event.lacks) else None

    mine = [event for event in profile.care_present if event.prop == wanted.prop]
    parts = {event: (day(event), came(event), saw(event)) for event in mine}
    if any(wanted.cls in above[event.of] and all(part is True for part in parts[event]) for event in mine):
        return "true"
    for denial in (one for one in profile.care_absent if one.prop == wanted.prop):
        covers = not denial.shows or (wanted.showed and denial.shows[0] in above[wanted.showed])
        within = denial.days is None or wanted.high <= denial.days[1] or wanted.below <= denial.days[1]
        if denial.of in above[wanted.cls] and covers and within:
            return "false"
    perhaps = [event for event in mine if kb.records.related(event.of, wanted.cls) and False not in parts[event]]
    return "false" if wanted.prop in profile.complete and not perhaps else "unknown"


def opened(root: Path, folder: Path, text: str) -> Any:
    """The shipped knowledge with some Turtle."""
    path = folder / "care.ttl"
    path.write_text(PREFIXES + text, encoding="utf-8")
    return gg.api.open_knowledge(root, extra=[path])


def many() -> str:
    """Eighty populations of one atom each, and forty of several literals."""
    pick = random.Random(15)
    text = "".join(population(f"One{number}", pick) for number in range(80))
    return text + "".join(population(f"Several{number}", pick, 1, 3) for number in range(40))


def patients(kb: Any, first: int, last: int) -> dict[str, Profile]:
    """The patients of some seeds that do not contradict themselves."""
    found = {}
    for seed in range(first, last):
        try:
            found[f"care-{seed}"] = kb.profile(drawn(seed))
        except ProfileError:
            continue
    return found
