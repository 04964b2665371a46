"""Which unknown facts keep therapies open, for how many patients.

These are the questions that :mod:`guidegraph.assess.questions` asks of one patient, on planes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from guidegraph.cohort.bits import Plane, count, grow
from guidegraph.cohort.looked import Worked
from guidegraph.cohort.statuses import Statuses
from guidegraph.cohort.truths import Truths
from guidegraph.knowledge import describe
from guidegraph.knowledge.atoms import CLASSES, Atom
from guidegraph.knowledge.basis import Literal
from guidegraph.knowledge.criteria import Criteria, Therapy
from guidegraph.knowledge.facts import Fact, FactBook
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import STATUSES, WAITING
from guidegraph.termreadings import DISPUTED

#: Roles of statements by the letters under which statuses name them, the gravest first.
ROLES = "cfgr"
#: By role the statuses that an unknown statement of it keeps open, as far as facts to establish decide them: whether
#: anything recommends the therapy, or, where it is recommended, whether anything speaks against it. That an
#: unknown fact could make contraindicated what nobody recommends blocks nobody.
_ASKED = {code: "f" if "f" in STATUSES[code].open else STATUSES[code].open for code in WAITING}
_WAITING = {role: [code for code, asked in _ASKED.items() if role in asked] for role in ROLES}


@dataclass
class Blocked:
    """What hangs on one unknown fact.

    Attributes:
        fact: what is unknown.
        alert: whether it is if any sign of an alert is there.
        patients: for how many it keeps at least one therapy open.
        alone: for how many of these it alone does so of some therapy: with it known, nothing else is open there.
        pairs: how many therapies it keeps open, added up over patients.
        therapies: by therapy (IRI) for how many patients.
        provisional: for how many it holds up a therapy that is recommended to them.
        absolute: for how many of these an absolute contraindication hangs on it.
    """

    fact: Fact
    alert: bool = False
    patients: int = 0
    alone: int = 0
    pairs: int = 0
    therapies: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    provisional: int = 0
    absolute: int = 0


class Blocking:
    """Adds up, batch by batch, which unknown facts keep therapies open.

    Attributes:
        facts: by the identifier of a fact.
        patients: how many have any therapy that an unknown fact keeps open.
        signs_only: by therapy (IRI) for how many nothing but unknown signs of alerts holds it up.

    Args:
        knowledge: what is known.
        criteria: everything that decides statuses.
    """

    def __init__(self, knowledge: Knowledge, criteria: Criteria) -> None:
        self._book, self._criteria = knowledge.book, criteria
        self._alerts = frozenset(map(describe.name, criteria.alerts))
        self.facts: dict[str, Blocked] = {}
        self.signs_only: dict[str, int] = defaultdict(int)
        self.patients = 0

    def add(self, worked: Worked, therapies: frozenset[str]) -> None:
        """Add some patients, looking at these therapies (IRIs)."""
        sheet, waiting = worked.sheet, Waiting(self._book, self._criteria, worked)
        ever: dict[str, Plane] = {}
        alone: dict[str, Plane] = {}
        roles: dict[tuple[str, str], Plane] = {}
        recommended = [code for code, asked in _ASKED.items() if "f" not in asked]
        for therapy in self._criteria.therapies:
            if therapy.iri not in therapies:
                continue
            held, found = waiting.on(therapy, roles), worked.statuses(therapy.iri)
            once, twice = sheet.counted(held.values())
            apart = sheet.any(plane for fact, plane in held.items() if fact not in self._alerts)
            self.signs_only[therapy.iri] += count(sheet.any(found[code] for code in recommended) & once & ~apart)
            for fact, plane in held.items():
                if number := count(plane):
                    one = self.facts.setdefault(fact, Blocked(waiting.named[fact], fact in self._alerts))
                    one.therapies[therapy.iri] += number
                    one.pairs += number
                    grow(ever, fact, plane)
                    grow(alone, fact, plane & once & ~twice)
        for fact, plane in ever.items():
            self.facts[fact].patients += count(plane)
            self.facts[fact].alone += count(alone[fact])
            against = (roles.get((fact, role), sheet.none) for role in ROLES if role != "f")
            self.facts[fact].provisional += count(sheet.any(against))
            self.facts[fact].absolute += count(roles.get((fact, "c"), sheet.none))
        self.patients += count(sheet.any(ever.values()))


class Waiting:
    """The unknown facts that keep the therapies of some patients open.

    Attributes:
        named: the facts by identifier, as far as a therapy was asked about.

    Args:
        book: the words for facts.
        criteria: everything that decides statuses.
        worked: the patients.
    """

    def __init__(self, book: FactBook, criteria: Criteria, worked: Worked) -> None:
        self._worked = worked
        self._opened = _Opened(book, criteria, worked.worked)
        self.named: Mapping[str, Fact] = self._opened.named

    def on(self, therapy: Therapy, roles: dict[tuple[str, str], Plane] | None = None) -> Mapping[str, Plane]:
        """By fact those whom it keeps a therapy open for; added to ``roles`` by fact and role."""
        sheet, held = self._worked.sheet, dict[str, Plane]()
        found = self._worked.statuses(therapy.iri)
        waiting = {role: sheet.any(found[code] for code in codes) for role, codes in _WAITING.items()}
        for role, statement, bearing in self._worked.worked.roles(therapy):
            concerned = waiting[role] & bearing
            if not concerned.any():
                continue
            for fact, plane in self._opened.facts(statement).items():
                blocked = plane & concerned
                grow(held, fact, blocked)
                if roles is not None:
                    grow(roles, (fact, role), blocked)
        return held


class _Opened:
    """The unknown facts on which the statements of a batch hang.

    Attributes:
        named: the facts by identifier.
    """

    def __init__(self, book: FactBook, criteria: Criteria, statuses: Statuses) -> None:
        self._records, self._book, self._criteria = book.records, book, criteria
        self._truths: Truths = statuses.truths
        self._sheet = statuses.truths.sheet
        self._facts: dict[str, dict[str, Plane]] = {}
        self._asked: dict[str, list[tuple[str, Plane]]] = {}
        self.named: dict[str, Fact] = {}

    def facts(self, statement: str) -> Mapping[str, Plane]:
        """By fact those for whom a statement hangs on it; what is of consent or procedure is nobody's question."""
        if statement not in self._facts:
            found: dict[str, Plane] = {}
            if self._records.one(statement, "consentOrProcedure") != "true":
                for iri, plane in self._open(statement).items():
                    for fact, asked in self._asks(iri):
                        grow(found, fact, plane & asked)
            self._facts[statement] = {fact: plane for fact, plane in found.items() if plane.any()}
        return self._facts[statement]

    # ------------------------------------------------------------ which atoms are open

    def _open(self, statement: str) -> dict[str, Plane]:
        """The unknown atoms that may decide a statement, each with those of whom it may."""
        unknown = self._truths.unknown(statement)
        if not unknown.any():
            return {}
        population = self._criteria.population.get(statement, "")
        clock = frozenset(atom for one in self._criteria.clocks.get(statement, ()) for atom in one.counted)
        unclear = self._truths.unclear(statement) if clock else self._sheet.none
        found: dict[str, Plane] = {}
        self._within(population, unknown & ~unclear, frozenset(), frozenset(), found)
        # Numbers that may be those of another problem decide nothing, and nobody is asked for them.
        if unclear.any():
            self._within(population, unknown & unclear, clock, frozenset(), found)
        return found

    def _within(
        self, population: str, whom: Plane, left_out: frozenset[str], seen: frozenset[str], found: dict[str, Plane]
    ) -> None:
        if population in seen or not whom.any():
            return
        for branch in self._criteria.branches.get(population, ()):
            literals = [literal for literal in branch if literal[0] not in left_out]
            alive = whom & ~self._sheet.any(map(self._against, literals))
            for iri, _ in literals:
                truth = self._truths.atoms.get(iri)
                unknown = alive & ~truth.true & ~truth.false if truth is not None else alive
                if not unknown.any():
                    continue
                names = self._records.atoms[iri].names if iri in self._records.atoms else ""
                if names:
                    self._within(names, unknown, frozenset(), seen | {population}, found)
                else:
                    grow(found, iri, unknown)

    def _against(self, literal: Literal) -> Plane:
        """Those for whom a literal is false."""
        truth = self._truths.atoms.get(literal[0])
        if truth is None:
            return self._sheet.none
        return truth.false if literal[1] else truth.true

    # ------------------------------------------------------------ what is asked for an atom

    def _asks(self, iri: str) -> list[tuple[str, Plane]]:
        """The facts through which an unknown atom is asked for, each with those of whom it is.

        The signs of an alert that is unknown are one question, before all else.
        """
        if iri not in self._asked:
            atom = self._records.atoms.get(iri) or Atom(iri, "")
            rest, rows = self._sheet.all, []
            alarming = self._sheet.none
            for alert in self._alarming.get(fact := self._book.fact(atom).fact, ()):
                unknown = self._truths.unknown(alert) & ~self._apart(alert, fact)
                rows.append((self._name(self._alert(alert)), unknown))
                alarming = alarming | unknown
            rest = rest & ~alarming
            rows += [(self._name(fact), plane & rest) for fact, plane in self._through(atom)]
            self._asked[iri] = rows
        return self._asked[iri]

    def _name(self, fact: Fact) -> str:
        self.named[fact.fact] = fact
        return fact.fact

    def _alert(self, alert: str) -> Fact:
        label = self._records.label(alert)
        return Fact(describe.name(alert), label, "", label)

    @cached_property
    def _alarming(self) -> Mapping[str, tuple[str, ...]]:
        """By fact the alerts of which it is a sign."""
        found: dict[str, list[str]] = defaultdict(list)
        for alert in self._criteria.alerts:
            signs = (self._book.fact(atom).fact for atom in self._signs(self._criteria.population.get(alert, "")))
            for fact in dict.fromkeys(signs):
                found[fact].append(alert)
        return {fact: tuple(alerts) for fact, alerts in found.items()}

    def _apart(self, alert: str, fact: str) -> Plane:
        """Those of whom a sign may be of another problem, and who are not asked for it while no other sign is there."""
        clock = {atom for one in self._criteria.clocks.get(alert, ()) for atom in one.counted}
        signs = list(self._signs(self._criteria.population.get(alert, "")))
        if not clock or any(self._book.fact(s).fact == fact and s.iri not in clock for s in signs):
            return self._sheet.none
        there = self._sheet.any(self._truths.atoms[s.iri].true for s in signs if s.iri not in clock)
        return self._truths.unclear(alert) & ~there

    def _signs(self, population: str) -> Iterator[Atom]:
        left, seen = [population], set[str]()
        while left:
            seen.add(one := left.pop())
            for iri, _ in (literal for branch in self._criteria.branches.get(one, ()) for literal in branch):
                atom = self._records.atoms.get(iri) or Atom(iri, "")
                if not atom.names:
                    yield atom
                elif atom.names not in seen:
                    left.append(atom.names)

    def _through(self, atom: Atom) -> Iterator[tuple[Fact, Plane]]:
        """As :func:`guidegraph.assess.questions.asked` for one patient: a number for what is read from it, and for a
        number what a patient must have to have it."""
        if not atom.cls:
            rest = self._sheet.all
            for fact, plane in self._owners(atom.prop):
                yield fact, plane
                rest = rest & ~plane
            yield self._book.fact(atom), rest
            return
        rest = self._sheet.rest(self._disputed(atom))
        through = self._book.through(atom) if atom.prop in CLASSES else ()
        stated = self._sheet.any(map(self._truths.following.stated, through))
        for number in through:
            having = self._having(number) & rest & ~stated
            yield self._book.number(number), having
            rest = rest & ~having
        yield self._book.fact(atom), rest

    def _owners(self, number: str) -> Iterator[tuple[Fact, Plane]]:
        """What must be had for a number, each with those of whom it is the first that is not known."""
        rest = self._sheet.all
        for prop, cls in self._criteria.owners.get(number, ()):
            held = self._truths.following.held(prop, cls)
            yield self._book.fact(Atom(f"{prop} {cls}", prop, cls)), rest & ~held
            rest = rest & held

    def _having(self, number: str) -> Plane:
        """Those who are known to have a number at all."""
        if self._book.everybodys(number):
            return self._sheet.all
        owners = self._criteria.owners.get(number)
        if owners is None:
            return self._sheet.none
        return self._sheet.every(self._truths.following.held(*owner) for owner in owners)

    def _disputed(self, atom: Atom) -> Plane:
        """Those at whose number definitions of a term differ: nobody could tell."""
        following, planes = self._truths.following, []
        for rule in self._criteria.rules:
            if rule.kind == DISPUTED and (rule.then, rule.other) == (atom.prop, atom.cls):
                assert rule.interval is not None
                pieces = self._criteria.segments(rule.given, rule.interval)
                known = following.held(rule.then, rule.other) | following.denied(rule.then, rule.other)
                planes += [following.value(rule.given, at) & ~known for at in pieces]
        return self._sheet.any(planes)
