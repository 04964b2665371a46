"""What HermiT says of the ontology, the mappings and a linked hierarchy together, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import pyoxigraph as ox

from guidegraph.links.conflicts import Classes
from guidegraph.links.model import Mapping
from guidegraph.links.modules import Module, code_iri
from guidegraph.namespaces import OWL, RDF, RDFS

#: Terms of a module that the reasoner is given whole. Of a larger one it gets the mapped terms and those above them.
MOST_TERMS = 20_000

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
    (counted in ``narrower``). ``whole`` says whether the reasoner got all terms of the module, ``tested`` how many
    classes it tested.
    """

    consistent: bool
    clashes: tuple[Clash, ...]
    tested: int
    whole: bool
    seconds: float = field(compare=False, default=0.0)

    @property
    def sound(self) -> bool:
        """Whether nothing contradicts anything."""
        return self.consistent and not self.clashes


def consistency(
    ontology: Iterable[ox.Triple | ox.Quad], rows: Iterable[Mapping], module: Module, base: str
) -> Consistency:
    """Ask HermiT whether ontology, mappings and module hold together, and which classes of ours nothing can belong to.

    An exact match is an equivalence of classes; a broad one says that our class is below the code's, a narrow one the
    converse; a close one says nothing. Combination products are below nothing.

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
    used = [row for row in rows if row.curie.startswith(start) and row.curie.removeprefix(start) in module.terms]
    codes = _codes(module, {row.curie.removeprefix(start) for row in used})
    edges = _edges(module, used, codes, base)
    lines = [*axioms.logical(), *(f"<{code_iri(base, code)}> {_TYPE} {_CLASS} ." for code in sorted(codes))]
    lines += [f"<{low}> {_SAME if same else _BELOW} <{high}> ." for low, high, same, _ in edges]
    ours = [iri for iri in axioms.classes() if not iri.startswith(OWL)]
    theirs = [code_iri(base, code) for code in sorted(codes)]
    verdicts = check_classes("\n".join(lines) + "\n", [_THING, *ours, *theirs])
    consistent = verdicts[_THING]
    # Without the module nothing is unsatisfiable (guidegraph check sees to that), so what is now came with it.
    dead = [iri for iri in [*ours, *theirs] if consistent and not verdicts[iri]]
    clashes = _Explanation(axioms.triples, edges, module, base).clashes(dead)
    return Consistency(
        consistent, clashes, len(ours) + len(theirs), len(codes) == len(module.terms), perf_counter() - started
    )


def _codes(module: Module, mapped: set[str]) -> set[str]:
    """The codes that the reasoner gets: all, or of a very large module the mapped ones and those above them."""
    if len(module.terms) <= MOST_TERMS:
        return set(module.terms)
    return mapped | {above for code in mapped for above in module.ancestors(code)}


#: The class below, the class above, whether they are the same, and why in words.
_Edge = tuple[str, str, bool, str]


def _edges(module: Module, rows: Iterable[Mapping], codes: set[str], base: str) -> list[_Edge]:
    edges: list[_Edge] = []
    for code in sorted(codes):
        term = module.terms[code]
        above = () if term.combination else (parent for parent in term.parents if parent in codes)
        edges += [(code_iri(base, code), code_iri(base, parent), False, f"[{module.title}]") for parent in above]
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

    def clashes(self, dead: Sequence[str]) -> tuple[Clash, ...]:
        """The topmost of some classes that nothing can belong to, each with its steps, sorted by label."""
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
                    below[other] = below.get(other, 0) + 1
            elif speaker == iri:
                top.append(iri)
        found = [Clash(iri, self.label(iri), self._steps(paths[iri]), below.get(iri, 0)) for iri in top]
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
