"""Populations as CQL over FHIR 4.0.1: one define for each atom and population, three-valued as the engine is.

A second opinion: an independent CQL engine must come to the same values, with null for unknown. ``and``, ``or`` and
``not`` of CQL are strong Kleene logic (CQL 1.5, section "Logical Operators" of appendix B). The patient's facts are
read from the resources that ``guidegraph export patient`` writes; docs/fhir-export.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.fhir import cqlcare
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.cqlfacts import FACTS, comment, listed, quoted, string, value_define
from guidegraph.export.fhir.cqlreadings import LISTS, Readings, complete_list, facts, perhaps
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.records import Records, gg
from guidegraph.profile import Implication
from guidegraph.termreadings import CARE, LISTED, PART, READING, STOPPED, TAKEN, Interval, plain, pointed

LIBRARY_NAME = "GuideGraphPopulations"
LIBRARY = f"{fhir.FHIR}Library/{LIBRARY_NAME}"

_OPEN = (Decimal(0), Decimal(-1), Decimal(999999999), Decimal(1000000000))
_TRIAL, _STOP = gg("hasTrial"), gg("stoppedMedication")
#: What the library cannot tell: the bundle of a patient holds the numbers of one problem.
_ONE_CLOCK = (
    "By the numbers of the one problem that the bundle holds. Of a patient with several problems it may be about "
    "another one: false by these numbers is not known to be false."
)
_EVENTS = {_TRIAL: "trials", _STOP: "stops"}


def define_name(population: str) -> str:
    """The name of the define of a population: its CURIE, or its IRI."""
    return ns.shorten(population)


class Populations:
    """Writes populations as one CQL library.

    Args:
        records: what the knowledge base says.
        release: its version, which becomes the version of the library.
        implications: the facts that bring or exclude other facts, which the library applies as well.
    """

    def __init__(self, records: Records, release: str, implications: Iterable[Implication] = ()) -> None:
        self._records = records
        self._release = release
        kept = [r for r in implications if r.then in LISTS and (not r.cls or r.given in LISTS) and r.kind != PART]
        self._rules = self._closed([r for r in kept if r.interval is None])
        self._readings = Readings([r for r in kept if r.kind != LISTED], self._over, self._under, self._may_meet)
        self._parts: dict[str, set[str]] = {}
        for rule in implications:
            if rule.kind == PART:
                self._parts.setdefault(rule.cls, set()).add(rule.other)

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        below: dict[str, set[str]] = {}
        for cls, above in self._records.ancestors.items():
            for higher in above:
                below.setdefault(higher, set()).add(cls)
        return below

    @cached_property
    def _clocked(self) -> frozenset[str]:
        """The populations of what counts whatever the problem and sets what belongs to one."""
        rows = self._records.criteria
        return frozenset(self._records.population(node) for node in rows if ns.IDX + "clocked" in rows[node])

    def library(self, populations: Sequence[str]) -> str:
        """The library of some populations and everything that they use, in a fixed order."""
        ordered = self._ordered(sorted(populations))
        atoms = sorted({a for p in ordered for branch in self._records.branches[p] for a, _ in branch})
        sums = sorted({self._atom(a).prop for a in atoms} & self._records.derived.keys())
        if sums:
            named = ", ".join(self._records.derived[one] for one in sums)
            raise UsageError(
                f"{named}: worked out from the entries of a list, which the CQL library does not do",
                where="cql",
                mend="Name populations without it.",
            )
        owners = sorted({o for a in atoms for o in self._owners(self._atom(a))}, key=lambda o: (o.prop, o.cls))
        used = {a.prop for a in map(self._atom, atoms) if a.prop and not a.cls}
        numbers = sorted(used | self._readings.numbers | {rule.given for rule in self._rules if not rule.cls})
        defines: dict[str, str] = {}
        for atom in [*owners, *map(self._atom, atoms)]:
            if not atom.names:
                defines.setdefault(self._name(atom), self._define(atom))
        parts = [
            f"library {LIBRARY_NAME} version {string(self._release)}",
            "using FHIR version '4.0.1'",
            "context Patient",
            FACTS,
            *([cqlcare.FACTS] if any(self._atom(a).prop in CARE for a in atoms) else []),
            *map(value_define, numbers),
            *self._lists(),
            *(text for _, text in sorted(defines.items())),
            *map(self._population, ordered),
        ]
        return "\n\n".join(parts) + "\n"

    def _closed(self, rules: list[Implication]) -> list[Implication]:
        """The rules, and those that follow when a fact that one brings lets another bring its own."""
        found = list(rules)
        for first in found:
            for second in rules:
                meet = not first.excluded and second.cls and second.given == first.then
                if meet and second.cls in self._over(first.other):
                    both = replace(second, given=first.given, cls=first.cls)
                    found += [both] if both not in found else []
        return found

    def _lists(self) -> Iterator[str]:
        """The present and the absent facts of each kind: what is stated, and what that brings or excludes."""
        for side, excluded in (("Present", False), ("Absent", True)):
            for kind in sorted(set(LISTS.values())):
                rules = [r for r in self._rules if r.excluded is excluded and LISTS[r.then] == kind]
                implied = [f"(({listed([r.other])}) X where {self._given(r)})" for r in rules]
                if excluded:
                    implied += [self._lacking(r) for r in self._rules if r.kind == READING and not r.excluded and r.cls]
                yield _union(f"Known {side.lower()} {kind}", f"Stated {side.lower()} {kind}", implied)
        yield from self._readings.defines()
        for side, excluded in (("Present", False), ("Absent", True)):
            for prop, kind in LISTS.items():
                yield from self._readings.lists(prop, kind, side, excluded)

    def _given(self, rule: Implication) -> str:
        if not rule.cls:
            return f"{quoted(f'Value {ns.shorten(rule.given)}')} is not null"
        stated = f'"Stated present {LISTS[rule.given]}"'
        return f"exists (({stated}) C where C in {listed(self._under(rule.cls))})"

    def _lacking(self, rule: Implication) -> str:
        """Who lacks what a fact brings lacks the fact."""
        stated = f'"Stated absent {LISTS[rule.then]}"'
        return f"(({listed([rule.cls])}) X where exists (({stated}) C where C in {listed(self._over(rule.other))}))"

    def _atom(self, iri: str) -> Atom:
        return self._records.atoms.get(iri) or Atom(iri, "")

    def _ordered(self, populations: Sequence[str]) -> list[str]:
        """Populations with those that they name, each after what it names."""
        found: list[str] = []
        seen: set[str] = set()

        def add(population: str) -> None:
            if population in seen:
                return
            seen.add(population)
            named = {self._atom(a).names for b in self._records.branches.get(population, ()) for a, _ in b}
            for name in sorted(named - {""}):
                add(name)
            if population in self._records.branches:
                found.append(population)

        for population in populations:
            add(population)
        return found

    def _population(self, population: str) -> str:
        branches = [self._branch(branch) for branch in self._records.branches[population]]
        union = "\n  or ".join(sorted(branches))
        head = comment(self._records.label(population))
        if population in self._clocked:
            head += f"\n{comment(_ONE_CLOCK)}"
        return f"{head}\ndefine {quoted(define_name(population))}:\n  {union}"

    def _branch(self, branch: tuple[tuple[str, bool], ...]) -> str:
        literals = sorted(("" if positive else "not ") + quoted(self._name(self._atom(a))) for a, positive in branch)
        return f"({' and '.join(literals)})"

    def _name(self, atom: Atom) -> str:
        """The name of the define of an atom: what it says, so that equal names mean equal atoms."""
        if atom.names:
            return define_name(atom.names)
        if not atom.prop:
            return "outside the fragment"
        words = [ns.shorten(iri) for iri in (atom.prop, atom.cls, atom.outcome, atom.showed) if iri]
        if atom.prop in CARE:
            return " ".join(filter(None, (*words, cqlcare.words(atom))))
        return " ".join([*words, *([_bounds(atom)] if atom.bounded else [])])

    def _define(self, atom: Atom) -> str:
        if not atom.prop:
            body = "null as Boolean"
        elif not atom.cls:
            body = self._number(atom)
        elif atom.prop in CARE:
            body = self._care(atom)
        elif atom.prop in _EVENTS:
            body = self._event(atom)
        else:
            body = self._class(atom)
        return f"define {quoted(self._name(atom))}:\n  {body}"

    def _class(self, atom: Atom) -> str:
        """True for a present class at or below it, false for an absent one at or above it or a complete list."""
        held = facts(atom.prop, "Present")
        present = f"exists (({held}) C where C in {listed(self._bringing(atom))})"
        absent = f"exists (({facts(atom.prop, 'Absent')}) C where C in {listed(self._brought(atom))})"
        silent = self._readings.decided(atom.prop, atom.cls)
        silent += self._unnamed(atom, lambda classes: f"exists (({held}) C where C in {listed(classes)})")
        return _three(present, absent + self._silence(atom, silent))

    def _unnamed(self, atom: Atom, named: Callable[[set[str]], str]) -> list[str]:
        """That a list names nothing that may be of the class, nor what may contain that, nor every part of
        a combination that does."""
        near = self._may_meet(atom.cls)
        if atom.prop not in (TAKEN, STOPPED):
            return [f"not {named(near)}"]
        wholes = [sorted(p) for whole, p in sorted(self._parts.items()) if whole in near and len(p) > 1]
        all_parts = (" and ".join(self._maybe(atom.prop, part, named) for part in parts) for parts in wholes)
        return [f"not {named(self._naming(near))}", *(f"not ({each})" for each in all_parts)]

    def _maybe(self, prop: str, part: str, named: Callable[[set[str]], str]) -> str:
        """That a list names a part, or has an entry that may be it."""
        brought = self._brought(Atom("", prop, part))
        return f"({named(self._naming(self._may_meet(part)))} or {perhaps(prop, brought)})"

    def _naming(self, classes: set[str]) -> set[str]:
        """The entries of a list by which one of some classes may be taken: these, and what may contain one."""
        found: set[str] = set()
        grown = set(classes)
        while grown - found:
            found |= grown
            wholes = {whole for whole, parts in self._parts.items() if parts & found}
            grown = found | {higher for whole in wholes for higher in self._over(whole)}
        return found

    def _bringing(self, atom: Atom) -> set[str]:
        """The classes whose presence is that of the atom's class: those below it, and what contains one of them."""
        if atom.prop not in (TAKEN, STOPPED):
            return self._under(atom.cls)
        return self._under(atom.cls) | {c for c, held in self._records.taken.items() if atom.cls in held}

    def _brought(self, atom: Atom) -> set[str]:
        """The classes that come with the atom's class, so that it is absent where one of them is."""
        by_parts = self._records.taken.get(atom.cls) if atom.prop in (TAKEN, STOPPED) else None
        return {atom.cls, *by_parts} if by_parts else self._over(atom.cls)

    def _event(self, atom: Atom) -> str:
        """True for one event with class, outcome and number; false for a denied event that covers it or a full list."""
        kind = _EVENTS[atom.prop]
        held = [_in("E.codes", self._bringing(atom))]
        denied = [_in("E.codes", self._brought(atom))]
        if atom.outcome:
            held.append(f"E.outcome = {string(atom.outcome)}")
            denied.append(f"(E.outcome is null or E.outcome = {string(atom.outcome)})")
        else:
            denied.append("E.outcome is null")
        if atom.bounded:
            held.append(_within("E.number", atom))
        if atom.prop == _STOP:
            within = [f"E.number >= {pointed(bound)}" for bound in (atom.high, atom.below)]
            denied.append(f"(E.number is null or {' or '.join(within)})")
        unnamed = self._unnamed(atom, lambda classes: f'exists (("Had {kind}") E where {_in("E.codes", classes)})')
        return _three(
            f'exists (("Had {kind}") E where {" and ".join(held)})',
            f'exists (("Denied {kind}") E where {" and ".join(denied)})' + self._silence(atom, unnamed),
        )

    def _care(self, atom: Atom) -> str:
        """True for one test, procedure or supply that surely is as wanted, false for a denial or a full list."""
        near, above = self._may_meet(atom.cls), self._over(atom.showed)
        silence = self._silence(atom, [f"not {cqlcare.perhaps(atom, near, above)}"])
        return _three(
            cqlcare.held(atom, self._under(atom.cls), self._under(atom.showed)),
            cqlcare.denied(atom, self._over(atom.cls), above) + silence,
        )

    def _silence(self, atom: Atom, silent: Sequence[str]) -> str:
        """That a complete list without the class denies it, "" for what is absent only when somebody says so."""
        if (atom.prop, atom.cls) in self._records.asked_only:
            return ""
        spared = f"not {perhaps(atom.prop, self._brought(atom))}"
        return f" or ({' and '.join([complete_list(atom.prop), spared, *silent])})"

    def _number(self, atom: Atom) -> str:
        """Whether the value is in the range; false without a value where the patient cannot have one."""
        value = quoted(f"Value {ns.shorten(atom.prop)}")
        without = " or ".join(f"{quoted(self._name(owner))} is false" for owner in self._owners(atom))
        missing = self._readings.narrowed(atom, *_interval(atom)) or "null as Boolean"
        missing = f"if {without} then false else {missing}" if without else missing
        return f"if {value} is null then ({missing})\n  else {_within(value, atom)}"

    def _owners(self, atom: Atom) -> list[Atom]:
        """What a patient must have to have the number at all."""
        if atom.cls or not atom.prop:
            return []
        return [Atom("", prop, cls) for prop, cls in self._records.implied.get(atom.prop, ())]

    def _under(self, cls: str) -> set[str]:
        return {cls, *self._below.get(cls, ())}

    def _over(self, cls: str) -> set[str]:
        return {cls, *self._records.ancestors.get(cls, ())}

    def _may_meet(self, cls: str) -> set[str]:
        return {cls, *self._records.may_meet.get(cls, ())}


def _union(name: str, first: str, others: Iterable[str]) -> str:
    return f"define {quoted(name)}:\n  " + "\n    union ".join([quoted(first), *others])


def _three(true: str, false: str) -> str:
    return f"if {true} then true\n  else if {false} then false\n  else null as Boolean"


def _in(codes: str, iris: Iterable[str]) -> str:
    return f"exists (({codes}) C where C in {listed(iris)})"


def _interval(atom: Atom) -> Interval:
    """The range of a number's atom; one that nothing bounds has the ends that the index writes."""
    return max((atom.low, 0), (atom.above, 1)), min((atom.high, 1), (atom.below, 0))


def _limits(atom: Atom) -> Iterator[tuple[str, Decimal]]:
    rows = ((">=", atom.low), (">", atom.above), ("<=", atom.high), ("<", atom.below))
    for (sign, bound), unbounded in zip(rows, _OPEN, strict=True):
        if bound != unbounded:
            yield sign, bound


def _bounds(atom: Atom) -> str:
    return " ".join(f"{sign} {plain(bound)}" for sign, bound in _limits(atom)) or "any number"


def _within(value: str, atom: Atom) -> str:
    tests = [f"{value} {sign} {pointed(bound)}" for sign, bound in _limits(atom)]
    return f"({' and '.join(tests)})" if tests else f"{value} is not null"
