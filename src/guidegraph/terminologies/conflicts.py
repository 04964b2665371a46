"""Where mappings contradict themselves, and where another terminology's hierarchy contradicts ours.

Everything here is read off the tables, our class hierarchy and a module; the reasoner's own word is in
``guidegraph.terminologies``. Only exact matches count: a broad or narrow one leaves both orders open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyoxigraph as ox

from guidegraph.namespaces import OWL, RDF, RDFS, shorten
from guidegraph.terminologies.model import Mapping as Row
from guidegraph.terminologies.model import claims
from guidegraph.terminologies.modules import Module

#: The kinds, those first that are mistakes of a mapping table; the others are facts about two hierarchies.
KINDS = {
    "disjoint-classes-one-code": "two of our classes that nothing can belong to together map exactly to one code",
    "two-classes-one-code": "two of our classes map exactly to one code",
    "below-a-disjoint-class": "the other hierarchy puts a code below one that stands for a class disjoint from ours",
    "opposite-order": "the other hierarchy has the order the other way round",
    "only-ours": "our hierarchy has one class below the other; the other hierarchy does not",
    "only-theirs": "the other hierarchy has one code below the other; ours does not",
}
MISTAKES = ("disjoint-classes-one-code", "two-classes-one-code")
#: The kinds in which the other hierarchy has an order that ours lacks.
THEIRS = ("below-a-disjoint-class", "opposite-order", "only-theirs")


@dataclass(frozen=True)
class Conflict:
    """One conflict: its kind, the linked hierarchy ("" for one of the tables alone), and the two sides of each.

    ``classes`` are IRIs of ours and ``codes`` CURIEs, in the same order: the one below first where there is an order.
    """

    kind: str
    source: str
    classes: tuple[str, str]
    codes: tuple[str, str]
    message: str

    def to_dict(self) -> dict[str, Any]:
        """The conflict as plain values."""
        return {
            "kind": self.kind,
            "source": self.source,
            "classes": [shorten(iri) for iri in self.classes],
            "codes": list(self.codes),
            "message": self.message,
        }


class Classes:
    """Our class hierarchy: what is below what, and what is disjoint, as the ontology files say in so many words."""

    def __init__(self, triples: Iterable[ox.Triple | ox.Quad]) -> None:
        self._above: dict[str, set[str]] = {}
        self._disjoint: set[frozenset[str]] = set()
        self._named: set[str] = set()
        self.labels: dict[str, str] = {}
        by_subject: dict[Any, dict[str, list[Any]]] = {}
        for t in triples:
            by_subject.setdefault(t.subject, {}).setdefault(t.predicate.value, []).append(t.object)
        for subject, values in by_subject.items():
            self._note(subject, values, by_subject)
        self._closed: dict[str, frozenset[str]] = {}

    def _note(self, subject: Any, values: Mapping[str, list[Any]], everything: Mapping[Any, Any]) -> None:
        if any(getattr(kind, "value", "") == OWL + "AllDisjointClasses" for kind in values.get(RDF + "type", ())):
            members = _list(values.get(OWL + "members", [None])[0], everything)
            self._disjoint.update(frozenset(pair) for pair in combinations(members, 2))
        if not isinstance(subject, ox.NamedNode):
            return
        if any(getattr(kind, "value", "") == OWL + "Class" for kind in values.get(RDF + "type", ())):
            self._named.add(subject.value)
        for label in values.get(RDFS + "label", ()):
            self.labels.setdefault(subject.value, label.value)
        for parent in values.get(RDFS + "subClassOf", ()):
            if isinstance(parent, ox.NamedNode):
                self._above.setdefault(subject.value, set()).add(parent.value)
        for other in values.get(OWL + "disjointWith", ()):
            if isinstance(other, ox.NamedNode):
                self._disjoint.add(frozenset((subject.value, other.value)))

    def mapped(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that map a class: those of numbers speak of their units and tests, which several may share."""
        return [row for row in claims(rows) if row.subject in self._named]

    def above(self, iri: str) -> frozenset[str]:
        """The class and everything above it."""
        if iri not in self._closed:
            found, waiting = {iri}, [iri]
            while waiting:
                new = self._above.get(waiting.pop(), set()) - found
                found |= new
                waiting.extend(new)
            self._closed[iri] = frozenset(found)
        return self._closed[iri]

    def below(self, one: str, other: str) -> bool:
        """Whether a class is strictly below another."""
        return one != other and other in self.above(one)

    def disjoint(self, one: str, other: str) -> bool:
        """Whether the two classes, or classes above them, are declared disjoint."""
        return any(frozenset((a, b)) in self._disjoint for a in self.above(one) for b in self.above(other))

    def declared_disjoint(self, one: str, other: str) -> bool:
        """Whether the two classes themselves are declared disjoint."""
        return frozenset((one, other)) in self._disjoint

    def label(self, iri: str) -> str:
        """The label of a class of ours, or its CURIE."""
        return self.labels.get(iri) or shorten(iri)


def _list(node: Any, everything: Mapping[Any, Any]) -> list[str]:
    """The named members of an RDF list, which ends where it runs into itself."""
    found: list[str] = []
    seen = set()
    while node in everything and node not in seen:
        seen.add(node)
        first, rest = (everything[node].get(RDF + name, [None])[0] for name in ("first", "rest"))
        if isinstance(first, ox.NamedNode):
            found.append(first.value)
        node = rest
    return found


def table_conflicts(rows: Iterable[Row], classes: Classes) -> list[Conflict]:
    """Pairs of our classes that map exactly to one code, disjoint ones named as such, sorted."""
    exact: dict[str, dict[str, Row]] = {}
    for row in classes.mapped(rows):
        if row.predicate == "exact" and row.curie:
            exact.setdefault(row.curie, {}).setdefault(row.subject, row)
    found = []
    for curie, subjects in exact.items():
        for one, other in combinations(sorted(subjects), 2):
            disjoint = classes.disjoint(one, other)
            what = f"{classes.label(one)} and {classes.label(other)}" + (", which are disjoint," if disjoint else "")
            label = subjects[one].label
            code = f"{curie} ({label})" if label else curie
            tables = " and ".join(sorted({subjects[one].table, subjects[other].table} - {""}))
            where = f" [{tables}]" if tables else ""
            kind = MISTAKES[0] if disjoint else MISTAKES[1]
            message = f"{what} map exactly to {code}{where}"
            found.append(Conflict(kind, "", (one, other), (curie, curie), message))
    return sort(found)


def agreements(found: Iterable[Conflict]) -> dict[tuple[str, str], list[str]]:
    """The orders (lower, higher class) that ours lacks, with the prefixes of the terminologies that have them."""
    table: dict[tuple[str, str], set[str]] = {}
    for conflict in found:
        if conflict.kind in THEIRS:
            table.setdefault(conflict.classes, set()).add(conflict.codes[0].partition(":")[0])
    return {pair: sorted(prefixes) for pair, prefixes in sorted(table.items())}


def sort(found: Iterable[Conflict]) -> list[Conflict]:
    """Conflicts in the order of their kinds, then by source and sides."""
    order = list(KINDS)
    return sorted(found, key=lambda c: (order.index(c.kind), c.source, c.codes, c.classes))


def hierarchy_conflicts(rows: Iterable[Row], classes: Classes, module: Module) -> list[Conflict]:
    """Where a module's order of codes and our order of the classes exactly mapped to them differ, sorted.

    Of a chain only its steps are told: a pair is left out where an exactly mapped class (or code) stands between.
    """
    return sort(_Comparison(rows, classes, module).conflicts())


class _Comparison:
    """The exactly mapped classes of one module, compared with its codes pair by pair."""

    def __init__(self, rows: Iterable[Row], classes: Classes, module: Module) -> None:
        self._classes, self._module = classes, module
        start = module.prefix + ":"
        self._of: dict[str, list[str]] = {}
        self._codes: dict[str, list[str]] = {}
        for row in sorted(set(classes.mapped(rows))):
            code = row.curie.removeprefix(start)
            if row.predicate != "exact" or not row.curie.startswith(start) or code not in module.terms:
                continue
            if row.subject not in self._of.setdefault(code, []):
                self._of[code].append(row.subject)
                self._codes.setdefault(row.subject, []).append(code)

    def conflicts(self) -> list[Conflict]:
        """All conflicts, unsorted."""
        found = []
        for low, subjects in self._of.items():
            for one in subjects:
                found += self._theirs(low, one)
                found += self._ours(low, one)
        return found

    def _theirs(self, low: str, one: str) -> list[Conflict]:
        above = [code for code in self._module.ancestors(low) if code in self._of]
        # What is above another mapped code above is told there.
        nearest = set(above) - {higher for code in above for higher in self._module.ancestors(code) if higher != code}
        found = []
        for high in sorted(nearest or set(above)):
            for other in self._of[high]:
                if one == other or self._classes.below(one, other):
                    continue
                if self._classes.disjoint(one, other):
                    kind = "below-a-disjoint-class"
                else:
                    kind = "opposite-order" if self._classes.below(other, one) else "only-theirs"
                found.append(self._conflict(kind, (low, high), (one, other)))
        return found

    def _ours(self, low: str, one: str) -> list[Conflict]:
        above = {other for other in self._codes if self._classes.below(one, other)}
        nearest = above - {other for other in above if any(self._classes.below(o, other) for o in above)}
        found = []
        for other in sorted(nearest):
            codes = self._codes[other]
            theirs = self._module.ancestors(low)
            if any(code in theirs or code == low for code in codes):
                continue
            if any(low in self._module.ancestors(code) for code in codes):
                continue  # told as the opposite order, from the other side
            found.append(self._conflict("only-ours", (low, codes[0]), (one, other)))
        return found

    def _conflict(self, kind: str, codes: Sequence[str], classes: tuple[str, str]) -> Conflict:
        module = self._module
        low, high = (f"{module.prefix}:{code} ({module.terms[code].label})" for code in codes)
        one, other = (self._classes.label(iri) for iri in classes)
        cited = f"[{module.title}, {module.version}]"
        message = {
            "only-ours": f"{one} is below {other} here, but {low} is not below {high} there {cited}",
            "only-theirs": f"{low} is below {high} there {cited}, but {one} is not below {other} here",
            "opposite-order": f"{low} is below {high} there {cited}, but {other} is below {one} here",
            "below-a-disjoint-class": f"{low} is below {high} there {cited}, but {one} and {other} are disjoint here",
        }[kind]
        curies = (f"{module.prefix}:{codes[0]}", f"{module.prefix}:{codes[1]}")
        return Conflict(kind, module.name, classes, curies, message)
