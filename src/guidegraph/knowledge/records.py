"""What the knowledge base says, read once: statements, documents, therapies and criteria as plain values."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.knowledge.atoms import AskedEvents, Atom, read_atom
from guidegraph.knowledge.effect import InEffect, partly_dated, read_intervals
from guidegraph.knowledge.engine import Engine
from guidegraph.termreadings import CARE, Implication, part_implications, reading_implications

Properties = Mapping[str, tuple[str, ...]]
NOT_STATED = "not stated"


def gg(name: str) -> str:
    """The IRI of a term of the model."""
    return ns.GG + name


def _grouped(rows: Iterable[tuple[str, ...]]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Rows (subject, property, value) by subject and property, the values sorted, each once."""
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for subject, prop, value in rows:
        try:
            props = table[subject]
        except KeyError:
            props = table[subject] = {}
        # Nearly every property has one value.
        props[prop] = tuple(sorted({*props[prop], value})) if prop in props else (value,)
    return table


class Records:
    """The static side of answers: everything here is independent of the patient."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        #: What is told of statements and documents, by (what was made, identity), filled and read by the answers.
        self.described: dict[tuple[str, ...], Any] = {}
        self._labels: dict[str, str] = {}
        #: What else is found once for these records, by the class of it.
        self.kept: dict[Any, Any] = {}

    @cached_property
    def nodes(self) -> Mapping[str, Properties]:
        """Properties of statements, readings, places, sections, documents and list entries, by IRI."""
        return _grouped(self._engine.select("answer/records"))

    @cached_property
    def classes(self) -> Mapping[str, tuple[str, str]]:
        """Label and category of each clinical class (category "" where it has none)."""
        labels: dict[str, tuple[str, str]] = {}
        for iri, label, category in sorted(self._engine.select("answer/classes")):
            known = labels.get(iri)
            labels[iri] = (known[0] if known else label, (known[1] if known else "") or category)
        return labels

    @cached_property
    def edges(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """For each therapy, the statements (or members) by role."""
        table = {t: dict(roles) for t, roles in _grouped(self._engine.select("answer/edges")).items()}
        return {
            therapy: {role[len(ns.IDX) :]: statements for role, statements in roles.items()}
            for therapy, roles in table.items()
        }

    @cached_property
    def criteria(self) -> Mapping[str, Properties]:
        """The rows of the criteria index by subject."""
        return _grouped(self._engine.select("answer/criteria"))

    @cached_property
    def ancestors(self) -> Mapping[str, frozenset[str]]:
        """For each clinical class, itself and the classes above it."""
        above: dict[str, set[str]] = defaultdict(set)
        for cls, higher in self._engine.select("answer/hierarchy"):
            above[cls].add(higher)
        return {cls: frozenset(higher_ones) for cls, higher_ones in above.items()}

    @cached_property
    def may_meet(self) -> Mapping[str, frozenset[str]]:
        """For each clinical class, those that a fact of it may belong to as well."""
        table: dict[str, set[str]] = defaultdict(set)
        for cls, other in self._engine.select("answer/may-meet"):
            table[cls].add(other)
        return {cls: frozenset(others) for cls, others in table.items()}

    @cached_property
    def descendants(self) -> Mapping[str, frozenset[str]]:
        """For each clinical class, itself and the classes below it."""
        below: dict[str, set[str]] = defaultdict(set)
        for cls, above in self.ancestors.items():
            for higher in above:
                below[higher].add(cls)
        return {cls: frozenset(lower_ones) for cls, lower_ones in below.items()}

    @cached_property
    def spoken(self) -> Mapping[str, frozenset[str]]:
        """The classes that statements speak of, by property ("" for a number): in populations and as indications."""
        table: dict[str, set[str]] = defaultdict(set)
        for branches in self.branches.values():
            for atom in {self.atoms[iri] for branch in branches for iri, _ in branch if iri in self.atoms}:
                table[atom.prop].add(atom.cls)
        for props in self.nodes.values():
            table[gg("hasCondition")].update(props.get(gg("indication"), ()))
        return {prop: frozenset(classes) for prop, classes in table.items()}

    @cached_property
    def events(self) -> AskedEvents:
        """What criteria ask about tests and procedures done, and about supplies; nothing where none does."""
        spoken = {prop: self.spoken[prop] for prop in CARE if prop in self.spoken}
        tests: dict[str, set[str]] = defaultdict(set)
        for test, about in self._engine.select("answer/tests") if spoken else ():
            tests[about].add(test)
        return AskedEvents(spoken, {about: tuple(sorted(named)) for about, named in tests.items()})

    @cached_property
    def implications(self) -> list[Implication]:
        """The facts that bring or exclude other facts: as the ontology lists them, by readings and by parts."""
        parts = part_implications((whole, part) for whole, part in self._engine.select("index/parts"))
        # What no list denies otherwise, none denies that a number would then be read from.
        silent, read = self.asked_only, reading_implications(self._engine.term_readings)
        listless = (replace(r, listless=True) if (r.then, r.other) in silent else r for r in read)
        return [*self._engine.listed_implications, *listless, *parts]

    @cached_property
    def derived(self) -> Mapping[str, str]:
        """The numbers that are worked out from the entries of a list, each with its label."""
        return {row[1]: row[-1] for row in self._engine.select("index/derivations")}

    @cached_property
    def taken(self) -> Mapping[str, frozenset[str]]:
        """For each class with parts at or above it, what is taken with it: the same, its parts, and what is above."""
        parts: dict[str, set[str]] = defaultdict(set)
        for whole, part in self._engine.select("index/parts"):
            parts[whole].add(part)
        table: dict[str, frozenset[str]] = {}
        for cls in self.ancestors:
            held, rest = set[str](), [cls]
            while rest:
                one = rest.pop()
                if one not in held:
                    held.add(one)
                    rest += [*self.ancestors.get(one, ()), *parts.get(one, ())]
            if held != self.ancestors[cls]:
                table[cls] = frozenset(held)
        return table

    def with_leaves(self, leaves: Mapping[str, tuple[str, Sequence[str]]]) -> Records:
        """These records with further interventions, each with its label and the classes that it is below."""
        if not leaves:
            return self
        edges, classes, above = dict(self.edges), dict(self.classes), dict(self.ancestors)
        for iri, (label, parents) in leaves.items():
            roles: dict[str, set[str]] = defaultdict(set)
            for role, statements in (
                (r, f) for p in parents for r, f in self.edges.get(p, {}).items() if r != "member"
            ):
                vague = {s for s in statements if role == "for" and self.all(s, "membersNotNamed")}
                roles[role].update(set(statements) - vague)
                roles["generally"].update(vague)
            edges[iri] = {role: tuple(sorted(statements)) for role, statements in roles.items() if statements}
            classes[iri] = (label, next((c for p in parents if (c := self.classes.get(p, ("", ""))[1])), ""))
            above[iri] = frozenset({iri}.union(*(self.ancestors.get(p, frozenset((p,))) for p in parents)))
        more = copy.copy(self)
        more.__dict__.pop("descendants", None)
        more.__dict__.update(edges=edges, classes=classes, ancestors=above, _labels={}, kept={})
        return more

    def related(self, one: str, other: str) -> bool:
        """Whether two classes are the same, one below the other, or have a class below both."""
        below = self.descendants
        return bool(below.get(one, frozenset((one,))) & below.get(other, frozenset((other,))))

    @cached_property
    def atoms(self) -> Mapping[str, Atom]:
        """The atoms of all populations by IRI."""
        return {iri: read_atom(iri, rows) for iri, rows in self.criteria.items() if "/index/atom/" in iri}

    @cached_property
    def branches(self) -> Mapping[str, tuple[tuple[tuple[str, bool], ...], ...]]:
        """For each population its branches: sorted (atom, positive) literals; the branches sorted too."""
        table: dict[str, list[tuple[tuple[str, bool], ...]]] = defaultdict(list)
        for rows in self.criteria.values():
            for population in rows.get(ns.IDX + "branchOf", ()):
                literals = [(a, True) for a in rows.get(ns.IDX + "positive", ())]
                literals += [(a, False) for a in rows.get(ns.IDX + "negative", ())]
                table[population].append(tuple(sorted(literals)))
        return {population: tuple(sorted(branches)) for population, branches in table.items()}

    @cached_property
    def implied(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """For each number that only some patients have, the (property, class) that it implies."""
        table: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for number, rows in self.criteria.items():
            for implied in rows.get(ns.IDX + "implies", ()):
                owner = self.criteria[implied]
                table[number] += [(p, c) for p in owner[ns.IDX + "property"] for c in owner[ns.IDX + "class"]]
        return {number: tuple(sorted(pairs)) for number, pairs in table.items()}

    @cached_property
    def asked_only(self) -> frozenset[tuple[str, str]]:
        """The (property, class) of what no complete list denies: signs of alerts, collectives, and what meets them."""
        marked = [rows for rows in self.criteria.values() if ns.IDX + "askedOnly" in rows]
        return frozenset((p, c) for rows in marked for p in rows[ns.IDX + "property"] for c in rows[ns.IDX + "class"])

    @cached_property
    def unlisted(self) -> frozenset[str]:
        """The drugs that an answer lists only where somebody names them."""
        return frozenset(row[0] for row in self._engine.select("answer/unlisted"))

    @cached_property
    def readings(self) -> Mapping[str, str]:
        """The GRADE strength (IRI) that our reading gives each statement."""
        pairs = ((p.get(gg("ofStatement"), ()), p.get(gg("strength"), ())) for p in self.nodes.values())
        return {of: strength[0] for ofs, strength in pairs if strength for of in ofs}

    @cached_property
    def class_readings(self) -> Mapping[str, tuple[str, ...]]:
        """The drugs (labels) from whose statement each statement on a class was read."""
        drugs_of: dict[str, set[str]] = defaultdict(set)
        for props in self.nodes.values():
            for of in props.get(gg("ofStatement"), ()):
                drugs_of[of].update(self.label(drug) for drug in props.get(gg("readFromDrug"), ()))
        return {of: tuple(sorted(drugs)) for of, drugs in drugs_of.items() if drugs}

    @cached_property
    def alerts(self) -> tuple[str, ...]:
        """The alerts of all documents, sorted."""
        wanted = gg("Alert")
        return tuple(sorted(s for s, p in self.nodes.items() if wanted in p.get(ns.RDF + "type", ())))

    @cached_property
    def indications(self) -> Mapping[str, tuple[str, ...]]:
        """The conditions that bound the problems a recommendation counts for; one without counts for every problem."""
        prop = ns.IDX + "indication"
        return {subject: rows[prop] for subject, rows in self._problems.items() if prop in rows}

    @cached_property
    def spoken_of(self) -> frozenset[str]:
        """The indications of all recommendations."""
        return frozenset(cls for indications in self.indications.values() for cls in indications)

    @cached_property
    def considered(self) -> Mapping[str, frozenset[str]]:
        """The interventions that the scopes of each document say were considered."""
        rows: dict[str, set[str]] = defaultdict(set)
        for node in self.nodes:
            if document := self.one(node, "inDocument"):
                rows[document].update(self.all(node, "considers"))
        return {document: frozenset(classes) for document, classes in rows.items()}

    @cached_property
    def _problems(self) -> Mapping[str, Properties]:
        return _grouped(self._engine.select("answer/problems"))

    @cached_property
    def plans(self) -> Mapping[str, Properties]:
        """The parts of combinations, the categories of interventions, and what meets an attached condition."""
        return _grouped(self._engine.select("answer/plans"))

    def shown_apart(self, cls: str) -> bool:
        """Whether an intervention is of a category that a glance shows in a band of its own."""
        return not self._apart.isdisjoint(self.ancestors.get(cls, (cls,)))

    @cached_property
    def _apart(self) -> frozenset[str]:
        return frozenset(cls for cls, rows in self.plans.items() if rows.get(gg("shownApart")) == ("true",))

    @cached_property
    def problems(self) -> frozenset[str]:
        """The conditions and other classes that recommendations speak of: one problem with an indication."""
        spoken = self.spoken_of
        over = spoken.union(*(self.ancestors.get(cls, ()) for cls in spoken))
        names = self._one_problem & over
        near = {c for c, above in self.ancestors.items() if not (above.isdisjoint(spoken) and above.isdisjoint(names))}
        return over | near

    def same_problem(self, one: str, other: str) -> bool:
        """Whether two conditions are one problem: the same, one above the other, or both below a class whose members
        are names of one problem."""
        above, over = (self.ancestors.get(cls, frozenset((cls,))) for cls in (one, other))
        return one in over or other in above or not self._one_problem.isdisjoint(above & over)

    @cached_property
    def _one_problem(self) -> frozenset[str]:
        """The classes whose members are names of one problem."""
        return frozenset(cls for cls, rows in self._problems.items() if rows.get(gg("oneProblem")) == ("true",))

    @cached_property
    def collectives(self) -> frozenset[str]:
        """The classes of care that are taken as a whole."""
        return frozenset(cls for cls, rows in self.criteria.items() if ns.IDX + "collective" in rows)

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """The flags to weigh of all documents, sorted."""
        wanted = gg("FlagToWeigh")
        return tuple(sorted(s for s, p in self.nodes.items() if wanted in p.get(ns.RDF + "type", ())))

    @cached_property
    def guideline_recommendations(self) -> tuple[tuple[str, str], ...]:
        """Every recommendation that is a guideline's own, with its document, sorted."""
        wanted = gg("GuidelineStanding")
        found = (s for s, rows in self.criteria.items() if wanted in rows.get(ns.IDX + "standing", ()))
        return tuple(sorted((s, self.one(s, "statedIn")) for s in found))

    @cached_property
    def rates(self) -> Mapping[str, Decimal]:
        """Weeks that pass while each advancing number of a patient grows by one, by property."""
        return {row[0]: Decimal(row[1]) for row in self._engine.select("answer/rates")}

    @cached_property
    def unread(self) -> Sequence[tuple[str, ...]]:
        """(node, property, value) for each date that cannot be read and each document superseded in a circle."""
        return self._engine.select("answer/unread")

    @cached_property
    def intervals(self) -> Mapping[str, InEffect]:
        """When each document and statement is in effect, by IRI; what has no date is not in it."""
        return read_intervals(self._engine.select("answer/intervals"))

    @cached_property
    def partly_dated(self) -> Sequence[tuple[str, InEffect]]:
        """The documents and statements whose dates are known in part, and differ from their document's."""
        return partly_dated(self.intervals)

    def one(self, node: str, name: str, default: str = "") -> str:
        """The first value of a property of the model."""
        values = self.nodes.get(node, {}).get(ns.GG + name)
        return values[0] if values else default

    def all(self, node: str, name: str) -> tuple[str, ...]:
        """All values of a property of the model, sorted."""
        return self.nodes.get(node, {}).get(gg(name), ())

    def label(self, iri: str) -> str:
        """The label of a node or class, or its CURIE."""
        if iri not in self._labels:  # an answer asks 5,000 times
            labels = self.nodes.get(iri, {}).get(ns.RDFS + "label", (ns.shorten(iri),))
            self._labels[iri] = self.classes.get(iri, labels)[0]
        return self._labels[iri]

    def code(self, iri: str, default: str = NOT_STATED) -> str:
        """The name of a list entry in answers."""
        return self.one(iri, "code", default) if iri else default

    def rank(self, iri: str) -> int:
        """The rank of a list entry, 0 where it has none."""
        return int(self.one(iri, "rank", "0"))

    def standing(self, statement: str) -> str:
        """The standing (IRI) of a recommendation, as queries/index/49-standing.rq finds it."""
        return self.criteria.get(statement, {}).get(ns.IDX + "standing", ("",))[0]

    def weight(self, statement: str) -> tuple[int, int]:
        """The ranks of a recommendation's standing and strength."""
        key = ("weight", statement)
        if key not in self.described:
            self.described[key] = self.rank(self.standing(statement)), self.rank(self.readings.get(statement, ""))
        weight: tuple[int, int] = self.described[key]
        return weight

    def population(self, statement: str) -> str:
        """The population of a statement, or "" for one that holds for every patient."""
        return self.one(statement, "population")

    def criterion(self, statement: str) -> str:
        """The population on which the truth of a statement rests: its own, or that of the statement that it reports."""
        found = self.criteria.get(statement, {}).get(ns.IDX + "population", ())
        return found[0] if found else self.population(statement)

    def issued(self, document: str) -> str:
        """The date of issue as the source states it, or "not stated"."""
        return self.nodes.get(document, {}).get(ns.DCTERMS + "issued", (NOT_STATED,))[0]

    def own_issue(self, statement: str) -> str | None:
        """The date that a statement has of its own, where an update brought it; else None."""
        own = self.nodes.get(statement, {}).get(ns.DCTERMS + "issued", ())
        return own[0] if own else None

    def issued_of(self, statement: str) -> str:
        """The date of a statement: its own, else its document's."""
        document = self.one(statement, "statedIn") or self.one(statement, "inDocument")
        return self.own_issue(statement) or self.issued(document)
