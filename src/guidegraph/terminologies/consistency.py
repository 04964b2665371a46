"""What HermiT says of the ontology, the mappings and a linked hierarchy together, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import pyoxigraph as ox

from guidegraph.namespaces import OWL, RDF, RDFS
from guidegraph.terminologies.conflicts import Classes
from guidegraph.terminologies.model import Mapping
from guidegraph.terminologies.modules import Module, code_iri

_TYPE, _CLASS = f"<{RDF}type>", f"<{OWL}Class>"
_BELOW, _SAME = f"<{RDFS}subClassOf>", f"<{OWL}equivalentClass>"
_THING = OWL + "Thing"


@dataclass(frozen=True)
class Clash:
    """A class that nothing can belong to once a module is linked, and the steps that lead to that."""

    iri: str
    label: str
    steps: tuple[str, ...]
    narrower: int = 0


@dataclass(frozen=True)
class Consistency:
    """What HermiT says of the ontology, the mappings and a module together.

    ``clashes`` are the classes, ours and theirs, that nothing can belong to, without those below another of them
    (counted in ``narrower``). ``tested`` is how many classes the reasoner tested.
    """

    consistent: bool
    clashes: tuple[Clash, ...]
    tested: int
    seconds: float = field(compare=False, default=0.0)

    @property
    def sound(self) -> bool:
        """Whether nothing contradicts anything."""
        return self.consistent and not self.clashes


def consistency(
    ontology: Iterable[ox.Triple | ox.Quad], rows: Iterable[Mapping], module: Module, base: str
) -> Consistency:
    """Ask HermiT whether ontology, mappings and module hold together, and which classes nothing can belong to.

    An exact match is an equivalence of classes; a broad one says that our class is below the code's, a narrow one the
    converse; a close one says nothing. Combination products are below nothing.

    The reasoner gets the mapped codes and those above them. All other codes are only below these and above nothing that
    is mapped, so that they cannot make a class of ours impossible (each may be empty); and whether one of them is
    possible depends on nothing but which of the first it is below. So of those that are below the same ones, if below
    several, the first stands for all.

    Args:
        ontology: the triples of all ontology files.
        rows: the mapping tables.
        module: the linked hierarchy.
        base: what stands before a code in the IRI of its class.

    Raises:
        KnowledgeError: the reasoner cannot be run.
    """
    from guidegraph.reason.axioms import Axioms
    from guidegraph.reason.hermit import check_classes

    started = perf_counter()
    axioms = Axioms(ontology)
    start = module.prefix + ":"
    mapped = Classes(axioms.triples).mapped(rows)
    used = [row for row in mapped if row.curie.startswith(start) and row.curie.removeprefix(start) in module.terms]
    part = _Part(module, {row.curie.removeprefix(start) for row in used})
    edges = _edges(module, used, part, base)
    theirs = [code_iri(base, code) for code in sorted({*part.kept, *part.stand_ins})]
    lines = [*axioms.logical(), *(f"<{iri}> {_TYPE} {_CLASS} ." for iri in theirs)]
    lines += [f"<{low}> {_SAME if same else _BELOW} <{high}> ." for low, high, same, _ in edges]
    ours = [iri for iri in axioms.classes() if not iri.startswith(OWL)]
    verdicts = check_classes("\n".join(lines) + "\n", [_THING, *ours, *theirs])
    consistent = verdicts[_THING]
    # Without the module nothing is unsatisfiable (guidegraph check sees to that), so what is now came with it.
    dead = [iri for iri in [*ours, *theirs] if consistent and not verdicts[iri]]
    also = {code_iri(base, code): len(group) - 1 for code, (_, group) in part.stand_ins.items()}
    clashes = _Explanation(axioms.triples, edges, module, base).clashes(dead, also)
    return Consistency(consistent, clashes, len(ours) + len(theirs), perf_counter() - started)


class _Part:
    """The part of a module that the reasoner needs: the mapped codes with those above them, and stand-ins.

    ``stand_ins``: a code for all that are below the same several kept codes, with these and with the group.
    """

    def __init__(self, module: Module, mapped: set[str]) -> None:
        self.kept = mapped | {above for code in mapped for above in module.ancestors(code)}
        groups: dict[frozenset[str], list[str]] = {}
        for code in sorted(module.terms):
            if code not in self.kept:
                groups.setdefault(self._first_kept(module, code), []).append(code)
        self.stand_ins = {
            group[0]: (tuple(sorted(above)), tuple(group)) for above, group in groups.items() if len(above) > 1
        }

    def _first_kept(self, module: Module, code: str) -> frozenset[str]:
        found, seen, waiting = set(), {code}, [code]
        while waiting:
            term = module.terms[waiting.pop()]
            for parent in () if term.combination else term.parents:
                if parent in self.kept:
                    found.add(parent)
                elif parent in module.terms and parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        return frozenset(found)


#: The class below, the class above, whether they are the same, and why in words.
_Edge = tuple[str, str, bool, str]


def _edges(module: Module, rows: Iterable[Mapping], part: _Part, base: str) -> list[_Edge]:
    orders = [(code, above) for code, (found, _) in sorted(part.stand_ins.items()) for above in found]
    for code in sorted(part.kept):
        term = module.terms[code]
        orders += [(code, above) for above in term.parents if above in part.kept and not term.combination]
    edges = [(code_iri(base, low), code_iri(base, high), False, f"[{module.title}]") for low, high in orders]
    for row in sorted(rows):
        theirs, why = code_iri(base, row.curie.partition(":")[2]), f"[mapping table {row.table}]"
        if row.predicate == "exact":
            edges.append((row.subject, theirs, True, why))
        elif row.predicate == "broad":
            edges.append((row.subject, theirs, False, why))
        elif row.predicate == "narrow":
            edges.append((theirs, row.subject, False, why))
    return edges


class _Explanation:
    """Finds, for a class that nothing can belong to, two disjoint classes above it and the steps to each."""

    def __init__(self, triples: Sequence[ox.Triple], edges: Sequence[_Edge], module: Module, base: str) -> None:
        self._classes = Classes(triples)
        self._labels = {code_iri(base, c): f"{module.prefix}:{c} ({t.label})" for c, t in module.terms.items()}
        self._above: dict[str, dict[str, str]] = {}
        for t in triples:
            if t.predicate.value == RDFS + "subClassOf" and isinstance(t.object, ox.NamedNode):
                self._add(getattr(t.subject, "value", ""), t.object.value, "[ontology]")
        for low, high, same, why in edges:
            self._add(low, high, why)
            if same:
                self._add(high, low, why)

    def _add(self, low: str, high: str, why: str) -> None:
        self._above.setdefault(low, {}).setdefault(high, why)

    def label(self, iri: str) -> str:
        """The label of a class of ours or the code of another."""
        return self._labels.get(iri) or self._classes.label(iri)

    def _paths(self, iri: str) -> dict[str, tuple[str, ...]]:
        """For each class above, the steps to it: the shortest, of equally short ones the first."""
        paths: dict[str, tuple[str, ...]] = {iri: ()}
        waiting = [iri]
        for low in waiting:
            for high, why in sorted(self._above.get(low, {}).items()):
                if high not in paths:
                    paths[high] = (*paths[low], f"{self.label(low)} is a kind of {self.label(high)} {why}")
                    waiting.append(high)
        return paths

    def clashes(self, dead: Sequence[str], also: dict[str, int]) -> tuple[Clash, ...]:
        """The topmost of some classes that nothing can belong to, each with its steps, sorted by label.

        ``also`` says of a class for how many others it stands.
        """
        gone = set(dead)
        paths = {iri: self._paths(iri) for iri in dead}
        below: dict[str, int] = {}
        top: list[str] = []
        for iri in sorted(dead):
            higher = {other for other in paths[iri] if other in gone and other != iri}
            # Classes that are the same stand above each other: the first by name, ours before theirs, speaks for them.
            same = {other for other in higher if iri in paths[other]}
            speaker = min((other in self._labels, other) for other in {iri, *same})[1]
            if higher - same:
                for other in higher - same:
                    below[other] = below.get(other, 0) + 1 + also.get(iri, 0)
            elif speaker == iri:
                top.append(iri)
        found = [
            Clash(iri, self.label(iri), self._steps(paths[iri]), below.get(iri, 0) + also.get(iri, 0)) for iri in top
        ]
        return tuple(sorted(found, key=lambda clash: (clash.label, clash.iri)))

    def _steps(self, paths: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
        pairs = [
            (len(paths[a]) + len(paths[b]), a, b)
            for a in paths
            for b in paths
            if a < b and self._classes.declared_disjoint(a, b)
        ]
        if not pairs:
            return ("the reasoner alone sees why",)
        _, a, b = min(pairs)
        return (*dict.fromkeys((*paths[a], *paths[b])), f"{self.label(a)} and {self.label(b)} are disjoint [ontology]")
