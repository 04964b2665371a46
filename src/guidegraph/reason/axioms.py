"""The axioms that a reasoner needs, taken out of a knowledge base, and class expressions copied out of it.

Statements, labels and provenance are annotations and carry no meaning for OWL; they are left out. Populations are
definitions (each names one expression, and no axiom is about a population), so that a population can be replaced by
its expression wherever it stands: the reasoner is never given the names of some hundred populations, whose converse
("whoever fits the expression is in the population") would make it guess at every negated literal of every one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyoxigraph as ox

from guidegraph.errors import KnowledgeError
from guidegraph.namespaces import GG, OWL, PROV, RDF, RDFS, SKOS, XSD, shorten

Node = ox.NamedNode | ox.BlankNode
Source = bytes | Iterable[ox.Triple | ox.Quad]

TYPE = ox.NamedNode(RDF + "type")
CLASS = ox.NamedNode(OWL + "Class")
SUBCLASS = ox.NamedNode(RDFS + "subClassOf")
EQUIVALENT = ox.NamedNode(OWL + "equivalentClass")
COMPLEMENT = ox.NamedNode(OWL + "complementOf")
POPULATION = ox.NamedNode(GG + "Population")

#: Nodes below one another in an expression; a list takes one for each member.
_DEEPEST = 500

_LOGICAL = {RDFS + name for name in ("subClassOf", "subPropertyOf", "domain", "range")} | {
    RDF + name for name in ("first", "rest")
}
_NOT_LOGICAL = {OWL + name for name in ("imports", "versionIRI", "versionInfo", "priorVersion", "deprecated")}
_TYPES = {
    OWL + name
    for name in (
        "Class",
        "Restriction",
        "ObjectProperty",
        "DatatypeProperty",
        "FunctionalProperty",
        "InverseFunctionalProperty",
        "TransitiveProperty",
        "SymmetricProperty",
        "AsymmetricProperty",
        "ReflexiveProperty",
        "IrreflexiveProperty",
        "NamedIndividual",
        "AllDifferent",
        "AllDisjointClasses",
        "AllDisjointProperties",
    )
} | {RDFS + "Datatype"}
_RELATIONS = {
    OWL + name
    for name in ("disjointWith", "equivalentClass", "equivalentProperty", "inverseOf", "disjointUnionOf", "sameAs")
}


def read(source: Source) -> list[ox.Triple]:
    """The triples of N-Triples text (bytes) or of some triples or quads. Raises ``KnowledgeError`` on bad text."""
    if not isinstance(source, bytes):
        return [ox.Triple(t.subject, t.predicate, t.object) for t in source]
    try:
        return [ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(source, format=ox.RdfFormat.N_TRIPLES)]
    except (SyntaxError, ValueError) as fault:
        raise KnowledgeError(f"the axioms are not N-Triples: {fault}", mend="Correct the syntax there.") from None


class Axioms:
    """The logical part of a knowledge base, indexed by subject."""

    def __init__(self, source: Source) -> None:
        self.triples = read(source)
        self.about: dict[object, list[ox.Triple]] = {}
        for triple in self.triples:
            self.about.setdefault(triple.subject, []).append(triple)
        self._populations = {t.subject for t in self.triples if t.predicate == TYPE and t.object == POPULATION}
        self._definitions: dict[object, object] = {
            t.subject: t.object for t in self.triples if t.predicate == EQUIVALENT and t.subject in self._populations
        }
        annotating = ox.NamedNode(OWL + "AnnotationProperty")
        self._annotating = {t.subject for t in self.triples if t.predicate == TYPE and t.object == annotating}
        self._fresh = 0

    def values(self, node: object, predicate: str) -> list[object]:
        """The objects of a subject and predicate."""
        return [t.object for t in self.about.get(node, ()) if t.predicate.value == predicate]

    def populations(self) -> list[str]:
        """The IRIs of all populations with a definition, sorted."""
        return sorted(node.value for node in self._definitions if isinstance(node, ox.NamedNode))

    def population(self, iri: str) -> Node:
        """The node of a population's IRI. Raises ``KnowledgeError`` for a population without a definition."""
        node = ox.NamedNode(iri)
        if node not in self._definitions:
            raise KnowledgeError("no such population", where=shorten(iri), mend="Give it one owl:equivalentClass.")
        return node

    def classes(self) -> list[str]:
        """The IRIs of all declared classes that are no populations, sorted."""
        return sorted(
            t.subject.value
            for t in self.triples
            if isinstance(t.subject, ox.NamedNode)
            and t.predicate == TYPE
            and t.object == CLASS
            and t.subject not in self._populations
        )

    def properties(self, kind: str) -> set[str]:
        """The IRIs of all properties of a kind: ``ObjectProperty`` or ``DatatypeProperty``."""
        wanted = ox.NamedNode(OWL + kind)
        typed = (t.subject for t in self.triples if t.predicate == TYPE and t.object == wanted)
        return {subject.value for subject in typed if isinstance(subject, ox.NamedNode)}

    def logical(self) -> list[str]:
        """The axioms as lines of N-Triples: all but annotations and the definitions of populations."""
        hidden = self._parts_of_definitions() | self._lists()
        return [
            f"{t} ."
            for t in self.triples
            if t.subject not in hidden and t.subject not in self._populations and self._is_logical(t)
        ]

    def _is_logical(self, triple: ox.Triple) -> bool:
        predicate = triple.predicate.value
        if predicate == TYPE.value:
            return isinstance(triple.object, ox.NamedNode) and (
                triple.object.value in _TYPES or self._types_an_individual(triple)
            )
        if triple.subject in self._annotating:
            return False
        if predicate in _LOGICAL or predicate in _RELATIONS or predicate.startswith(XSD):
            return True
        return predicate.startswith(OWL) and predicate not in _NOT_LOGICAL

    def _types_an_individual(self, triple: ox.Triple) -> bool:
        """Whether a named individual is put into a class of patients' facts (an outcome), which OWL must know."""
        individual = ox.NamedNode(OWL + "NamedIndividual")
        return any(t.predicate == TYPE and t.object == individual for t in self.about.get(triple.subject, ()))

    def _lists(self) -> set[object]:
        """The lists of concepts, their entries, agents, and the axioms about these alone.

        They are values of statements and documents, so no fact about a patient bears on them; closing the lists and
        telling their entries apart would double the reasoner's time for nothing.
        """
        above = [t for t in self.triples if t.predicate == SUBCLASS]
        found: set[object] = {ox.NamedNode(SKOS + name) for name in ("Concept", "ConceptScheme")}
        found.add(ox.NamedNode(PROV + "Agent"))
        while more := {t.subject for t in above if t.object in found} - found:
            found |= more
        found |= {t.subject for t in self.triples if t.predicate == TYPE and t.object in found}
        found |= self._below(t.object for node in tuple(found) for t in self.about.get(node, ()))
        for name in ("members", "distinctMembers"):
            for group in [t for t in self.triples if t.predicate.value == OWL + name]:
                cells = self._below([group.object])
                named = {t.object for c in cells for t in self.about.get(c, ()) if isinstance(t.object, ox.NamedNode)}
                if named - {ox.NamedNode(RDF + "nil")} <= found:
                    found |= {group.subject, *cells}
        return found

    def _parts_of_definitions(self) -> set[object]:
        """All nodes without a name below the definitions of populations."""
        return self._below(self._definitions.values())

    def _below(self, nodes: Iterable[object]) -> set[object]:
        """The nodes without a name among some nodes and below them."""
        waiting = [node for node in nodes if isinstance(node, ox.BlankNode)]
        found: set[object] = set(waiting)
        while waiting:
            for triple in self.about.get(waiting.pop(), ()):
                if isinstance(triple.object, ox.BlankNode) and triple.object not in found:
                    found.add(triple.object)
                    waiting.append(triple.object)
        return found

    def fresh(self) -> ox.BlankNode:
        """A new blank node."""
        self._fresh += 1
        return ox.BlankNode(f"ggx{self._fresh}")

    def copy(self, node: object, out: list[str], within: tuple[object, ...] = ()) -> object:
        """Copy a class expression into ``out`` (lines of N-Triples), populations replaced by what they stand for.

        Returns the term for the copy. Raises ``KnowledgeError`` for a population that is defined by itself.
        """
        if node in self._definitions:
            if node in within:
                names = " -> ".join(shorten(n.value) for n in (*within, node) if isinstance(n, ox.NamedNode))
                raise KnowledgeError("a population is defined by itself", where=names, mend="Break the circle.")
            return self.copy(self._definitions[node], out, (*within, node))
        if not isinstance(node, ox.BlankNode):
            return node
        if node in within or len(within) > _DEEPEST:
            raise KnowledgeError(
                "a class expression runs into itself", where=str(within[0]), mend="Write it as a tree."
            )
        copied = self.fresh()
        for triple in self.about.get(node, ()):
            value = triple.object
            inner = self.copy(value, out, (*within, node)) if not isinstance(value, ox.Literal) else value
            out.append(f"{copied} {triple.predicate} {inner} .")
        return copied

    def negated(self, node: object, out: list[str]) -> object:
        """Copy the complement of a class expression into ``out`` and return its term."""
        inner = self.copy(node, out)
        outer = self.fresh()
        out.append(f"{outer} {TYPE} {CLASS} .")
        out.append(f"{outer} {COMPLEMENT} {inner} .")
        return outer


def subclass(name: str, above: Sequence[object]) -> list[str]:
    """Lines of N-Triples that declare a class and put it below each of some terms."""
    node = ox.NamedNode(name)
    return [f"{node} {TYPE} {CLASS} ."] + [f"{node} {SUBCLASS} {term} ." for term in above]
