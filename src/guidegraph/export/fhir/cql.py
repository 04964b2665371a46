"""Populations as CQL over FHIR 4.0.1: one define for each atom and population, three-valued as the engine is.

A second opinion: an independent CQL engine must come to the same values, with null for unknown. ``and``, ``or`` and
``not`` of CQL are strong Kleene logic (CQL 1.5, section "Logical Operators" of appendix B). The patient's facts are
read from the resources that ``guidegraph export patient`` writes; docs/fhir-export.md describes them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.fhir import cqlcare
from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.cqlfacts import FACTS, comment, listed, quoted, string, value_define
from guidegraph.export.fhir.cqlreadings import LISTS, Readings, complete_list, facts, perhaps
from guidegraph.knowledge.atoms import STOP, TRIAL, Atom
from guidegraph.knowledge.basis import Basis, Literal, chained
from guidegraph.profile import Implication
from guidegraph.termreadings import CARE, LISTED, PART, READING, STOPPED, TAKEN, plain, pointed

LIBRARY_NAME = "GuideGraphPopulations"
LIBRARY = f"{fhir.FHIR}Library/{LIBRARY_NAME}"

#: What the library cannot tell: the bundle of a patient holds the numbers of one problem.
_ONE_CLOCK = (
    "By the numbers of the one problem that the bundle holds. Of a patient with several problems it may be about "
    "another one: false by these numbers is not known to be false."
)
_EVENTS = {TRIAL: "trials", STOP: "stops"}


def define_name(population: str) -> str:
    """The name of the define of a population: its CURIE, or its IRI."""
    return ns.shorten(population)


class Populations:
    """Writes populations as one CQL library.

    Args:
        basis: what the knowledge says of classes, numbers and populations.
        label: gives the label of a population.
        release: the version of the knowledge, which becomes that of the library.
    """

    def __init__(self, basis: Basis, label: Callable[[str], str], release: str) -> None:
        self._basis = basis
        self._label = label
        self._release = release
        rules = [r for r in basis.rules if r.then in LISTS and (not r.cls or r.given in LISTS) and r.kind != PART]
        self._rules = chained((r for r in rules if r.interval is None), basis)
        self._readings = Readings([r for r in rules if r.kind != LISTED], basis)
        #: The populations of what counts whatever the problem and sets what belongs to one.
        self._clocked = {basis.population.get(statement) for statement in basis.clocked}

    def library(self, populations: Sequence[str]) -> str:
        """The library of some populations and everything that they use, in a fixed order."""
        basis, ordered = self._basis, self._basis.ordered(sorted(populations))
        iris = sorted({iri for p in ordered for branch in basis.branches[p] for iri, _ in branch})
        atoms = [basis.atom(iri) for iri in iris]
        if named := basis.worked_out(atoms):
            raise UsageError(
                f"{named}: worked out from the entries of a list, which the CQL library does not do",
                where="cql",
                mend="Name populations without it.",
            )
        owners = sorted({owner for atom in atoms for owner in basis.owners_of(atom)}, key=lambda o: (o.prop, o.cls))
        used = {atom.prop for atom in atoms if atom.prop and not atom.cls}
        numbers = sorted(used | self._readings.numbers | {rule.given for rule in self._rules if not rule.cls})
        defines: dict[str, str] = {}
        for atom in (*owners, *atoms):
            if not atom.names:
                defines.setdefault(self._name(atom), self._define(atom))
        parts = [
            f"library {LIBRARY_NAME} version {string(self._release)}",
            "using FHIR version '4.0.1'",
            "context Patient",
            FACTS,
            *([cqlcare.FACTS] if any(atom.prop in CARE for atom in atoms) else []),
            *map(value_define, numbers),
            *self._lists(),
            *(text for _, text in sorted(defines.items())),
            *map(self._population, ordered),
        ]
        return "\n\n".join(parts) + "\n"

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
        return f"exists (({stated}) C where C in {listed(self._basis.below(rule.cls))})"

    def _lacking(self, rule: Implication) -> str:
        """Who lacks what a fact brings lacks the fact."""
        stated = f'"Stated absent {LISTS[rule.then]}"'
        denying = listed(self._basis.above(rule.other))
        return f"(({listed([rule.cls])}) X where exists (({stated}) C where C in {denying}))"

    def _population(self, population: str) -> str:
        branches = [self._branch(branch) for branch in self._basis.branches[population]]
        union = "\n  or ".join(sorted(branches))
        head = comment(self._label(population))
        if population in self._clocked:
            head += f"\n{comment(_ONE_CLOCK)}"
        return f"{head}\ndefine {quoted(define_name(population))}:\n  {union}"

    def _branch(self, branch: Iterable[Literal]) -> str:
        atoms = ((self._basis.atom(iri), positive) for iri, positive in branch)
        literals = sorted(("" if positive else "not ") + quoted(self._name(atom)) for atom, positive in atoms)
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
        basis, held = self._basis, facts(atom.prop, "Present")
        present = f"exists (({held}) C where C in {listed(basis.bringing(atom.prop, atom.cls))})"
        absent = f"exists (({facts(atom.prop, 'Absent')}) C where C in {listed(basis.brought(atom.prop, atom.cls))})"
        silent = self._readings.decided(atom.prop, atom.cls)
        silent += self._unnamed(atom, lambda classes: f"exists (({held}) C where C in {listed(classes)})")
        return _three(present, absent + self._silence(atom, silent))

    def _unnamed(self, atom: Atom, named: Callable[[Iterable[str]], str]) -> list[str]:
        """That a list names nothing that may be of the class, nor what may contain that, nor every part of
        a combination that does."""
        near = self._basis.near(atom.cls)
        if atom.prop not in (TAKEN, STOPPED):
            return [f"not {named(near)}"]
        wholes = [sorted(p) for whole, p in sorted(self._basis.parts.items()) if whole in near and len(p) > 1]
        all_parts = (" and ".join(self._maybe(atom.prop, part, named) for part in parts) for parts in wholes)
        return [f"not {named(self._basis.containing(near))}", *(f"not ({each})" for each in all_parts)]

    def _maybe(self, prop: str, part: str, named: Callable[[Iterable[str]], str]) -> str:
        """That a list names a part, or has an entry that may be it."""
        containing = self._basis.containing(self._basis.near(part))
        return f"({named(containing)} or {perhaps(prop, self._basis.brought(prop, part))})"

    def _event(self, atom: Atom) -> str:
        """True for one event with class, outcome and number; false for a denied event that covers it or a full list."""
        kind = _EVENTS[atom.prop]
        held = [_in("E.codes", self._basis.bringing(atom.prop, atom.cls))]
        denied = [_in("E.codes", self._basis.brought(atom.prop, atom.cls))]
        if atom.outcome:
            held.append(f"E.outcome = {string(atom.outcome)}")
            denied.append(f"(E.outcome is null or E.outcome = {string(atom.outcome)})")
        else:
            denied.append("E.outcome is null")
        if atom.bounded:
            held.append(_within("E.number", atom))
        if atom.prop == STOP:
            within = [f"E.number >= {pointed(bound)}" for bound in (atom.high, atom.below)]
            denied.append(f"(E.number is null or {' or '.join(within)})")
        unnamed = self._unnamed(atom, lambda classes: f'exists (("Had {kind}") E where {_in("E.codes", classes)})')
        return _three(
            f'exists (("Had {kind}") E where {" and ".join(held)})',
            f'exists (("Denied {kind}") E where {" and ".join(denied)})' + self._silence(atom, unnamed),
        )

    def _care(self, atom: Atom) -> str:
        """True for one test, procedure or supply that surely is as wanted, false for a denial or a full list."""
        basis, near, above = self._basis, self._basis.near(atom.cls), self._basis.above(atom.showed)
        silence = self._silence(atom, [f"not {cqlcare.perhaps(atom, near, above)}"])
        return _three(
            cqlcare.held(atom, basis.below(atom.cls), basis.below(atom.showed)),
            cqlcare.denied(atom, basis.above(atom.cls), above) + silence,
        )

    def _silence(self, atom: Atom, silent: Sequence[str]) -> str:
        """That a complete list without the class denies it, "" for what is absent only when somebody says so."""
        if (atom.prop, atom.cls) in self._basis.asked_only:
            return ""
        spared = f"not {perhaps(atom.prop, self._basis.brought(atom.prop, atom.cls))}"
        return f" or ({' and '.join([complete_list(atom.prop), spared, *silent])})"

    def _number(self, atom: Atom) -> str:
        """Whether the value is in the range; false without a value where the patient cannot have one."""
        value = quoted(f"Value {ns.shorten(atom.prop)}")
        without = " or ".join(f"{quoted(self._name(owner))} is false" for owner in self._basis.owners_of(atom))
        missing = self._readings.narrowed(atom) or "null as Boolean"
        missing = f"if {without} then false else {missing}" if without else missing
        return f"if {value} is null then ({missing})\n  else {_within(value, atom)}"


def _union(name: str, first: str, others: Iterable[str]) -> str:
    return f"define {quoted(name)}:\n  " + "\n    union ".join([quoted(first), *others])


def _three(true: str, false: str) -> str:
    return f"if {true} then true\n  else if {false} then false\n  else null as Boolean"


def _in(codes: str, iris: Iterable[str]) -> str:
    return f"exists (({codes}) C where C in {listed(iris)})"


def _bounds(atom: Atom) -> str:
    return " ".join(f"{sign} {plain(bound)}" for sign, bound in atom.limits) or "any number"


def _within(value: str, atom: Atom) -> str:
    tests = [f"{value} {sign} {pointed(bound)}" for sign, bound in atom.limits]
    return f"({' and '.join(tests)})" if tests else f"{value} is not null"
