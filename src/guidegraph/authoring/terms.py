"""The terms, publishers and readings that a sheet adds, beside those that its domain folder holds already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.bridging import (
    BELOW,
    NUMBER,
    bridges,
    number_faults,
    numbers_of,
    restriction,
    total,
    totals_of,
)
from guidegraph.authoring.cells import TOLD, CellError
from guidegraph.authoring.columns import Column
from guidegraph.authoring.declaring import Declarations, Declared
from guidegraph.authoring.making import Node
from guidegraph.authoring.naming import INDIVIDUALS, ROOTS, Names, unknown
from guidegraph.authoring.rules import row_faults
from guidegraph.authoring.trig import terms_turtle
from guidegraph.authoring.values import values
from guidegraph.errors import KnowledgeError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import TermRow
from guidegraph.profile import Vocabulary
from guidegraph.profile.names import nearest, normal
from guidegraph.reading import read_quads

#: Where the terms of a sheet are written in a domain folder.
TERMS = "ontology/terms.ttl"
_SECTIONS = ("publishers", "terms", "numbers", "readings")
_TYPE, _LABEL = ns.RDF + "type", ns.RDFS + "label"
_INEXACT = {"broad synonyms": "broad", "narrow synonyms": "narrow", "related synonyms": "related"}
#: The property of a patient by which a class of a kind is held.
_HELD_BY = {"condition": ns.GG + "hasCondition", "finding": ns.GG + "hasFinding"}


def folder_terms(folder: Path | None) -> list[ox.Quad]:
    """What the file of terms of a domain folder says, none where it has none.

    What else its ontology/ holds is nobody's to write anew; who names it loads the folder as a domain.

    Raises:
        KnowledgeError: the file cannot be read.
    """
    path = folder / TERMS if folder is not None else None
    return read_quads(path, KnowledgeError, empty=True) if path is not None and path.is_file() else []


@dataclass
class AddedTerms:
    """The terms of a sheet and of its folder: as rows of the vocabulary, and as nodes of ``ontology/terms.ttl``."""

    declared: Declarations
    knowledge: Knowledge
    known: list[ox.Quad]
    rows: list[TermRow] = field(default_factory=list)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    axioms: list[ox.Triple] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    mistakes: list[CellError] = field(default_factory=list)
    kept: int = 0
    totals: frozenset[str] = frozenset()

    def make(self, names: Names) -> list[CellError]:
        """Make the nodes of the sheet's own rows, and keep what the folder says of others; what is wrong is given."""
        for section in _SECTIONS:
            for one in self.declared.by_section.get(section, ()):
                self.nodes.append(self._node(section, one, names))
                self._known_already(one, self.nodes[-1], names)
        try:
            for _, iri, triples in bridges(self.declared, names):
                self.nodes.append(Node(iri, triples))
        except CellError as mistake:
            self._wrong(mistake)
        if self.nodes:
            self._keep()
        return self.mistakes

    def triples(self) -> list[ox.Triple]:
        """What ``ontology/terms.ttl`` says."""
        return [*(t for node in self.nodes for t in node.triples), *self.axioms]

    def turtle(self) -> str:
        """The text of ``ontology/terms.ttl``."""
        return terms_turtle(self.nodes, self.axioms)

    def _wrong(self, mistake: CellError) -> None:
        if mistake.what != TOLD:
            self.mistakes.append(mistake)

    def _node(self, section: str, one: Declared, names: Names) -> Node:
        node, row = Node(one.iri), one.row
        kind = self.kinds.get(one.iri, "")
        cls = INDIVIDUALS.get(kind, "")
        if section == "terms":
            types = (cls, ns.OWL + "NamedIndividual") if cls else (ns.OWL + "Class",)
        else:
            types = (row.section.type, *((ns.OWL + "NamedIndividual",) if section == "publishers" else ()))
        for iri in types:
            node.say(_TYPE, ox.NamedNode(iri))
        for predicate, iri in NUMBER if section == "numbers" else ():
            node.say(predicate, ox.NamedNode(iri))
        if section == "numbers":
            self.mistakes += number_faults(one, names)
            self.axioms += total(one.iri) if one.iri in self.totals else []
        self.mistakes += row_faults(row)
        for column in row.section.columns:
            try:
                if column.heading in row.cells:
                    self._say(node, one, column, names, kind)
                elif column.required and column.kind != "kind":
                    raise row.missing(column)
            except CellError as mistake:
                self._wrong(mistake)
        below = (t for t in node.triples if t.predicate.value == BELOW and isinstance(t.object, ox.NamedNode))
        if section == "terms" and not cls and kind and not any(below):
            node.say(BELOW, ox.NamedNode(self._root(one)))
        return node

    def _known_already(self, one: Declared, node: Node, names: Names) -> None:
        """See that what has this id already says the same: a sheet brings along what it needs, and changes nothing."""
        if one.iri in _subjects(self.known):
            return
        subject = ox.NamedNode(one.iri)
        store = self.knowledge.store
        held = [*store.quads_for_pattern(subject, None, None, None)]
        for inner in [quad.object for quad in held if isinstance(quad.object, ox.BlankNode)]:
            held += store.quads_for_pattern(inner, None, None, None)
        known = {(q.predicate, _by_value(q.object)) for q in held}
        said = {(t.predicate, _by_value(t.object)) for t in node.triples if not isinstance(t.object, ox.BlankNode)}
        if known and not said <= known:
            label = names.label(subject) or ns.shorten(one.iri)
            told = f"Use {label!r} and take the row away, or give the row another id."
            self._wrong(one.row.mistake("id", f"a term has this id already: {label!r}", told))

    def _root(self, one: Declared) -> str:
        text = normal(one.row.text("kind"))
        return next((iri for iri, label in categories(self.knowledge).items() if normal(label) == text), "")

    def _say(self, node: Node, one: Declared, column: Column, names: Names, kind: str) -> None:
        cell = one.row.cell(column.heading)
        if column.kind in ("id", "kind"):
            return
        found = values(cell, names, "")
        if column.heading == "broader" and kind in INDIVIDUALS:
            for value in found:
                node.say(ns.SKOS + "broader", value)
        elif column.heading == "parts":
            for value in found:
                blank = ox.BlankNode()
                node.say(BELOW, blank)
                node.triples += restriction(blank, column.predicate, value)
        elif column.heading == "excludes":
            for value in found:
                self._exclude(one, kind, value, names)
        else:
            for value in found:
                node.say(column.predicate, value)

    def _exclude(self, one: Declared, kind: str, value: object, names: Names) -> None:
        """Who has the one has not the other: an axiom in each direction, in the form that the engine reads."""
        iri = getattr(value, "value", "")
        other = names.vocabulary.by_iri.get(iri)
        if kind not in _HELD_BY or other is None or other.kind not in _HELD_BY:
            raise one.row.mistake("excludes", "only conditions and findings exclude each other", "Leave it empty.")
        pairs = ((one.iri, kind), (iri, other.kind))
        for (first, its), (second, others) in (pairs, pairs[::-1]):
            left, denied, right = ox.BlankNode(), ox.BlankNode(), ox.BlankNode()
            self.axioms += restriction(left, _HELD_BY[its], ox.NamedNode(first))
            self.axioms += [
                ox.Triple(left, ox.NamedNode(BELOW), denied),
                ox.Triple(denied, ox.NamedNode(_TYPE), ox.NamedNode(ns.OWL + "Class")),
                ox.Triple(denied, ox.NamedNode(ns.OWL + "complementOf"), right),
                *restriction(right, _HELD_BY[others], ox.NamedNode(second)),
            ]

    def _keep(self) -> None:
        """Keep what the folder's own file says of terms that the sheet has no row for: a term never vanishes."""
        own = {node.iri for node in self.nodes}
        kept: dict[str, Node] = {}
        blank: list[ox.Triple] = []
        anew: list[ox.Triple] = []
        totals = totals_of(self.known)
        aside = {quad for quads in totals.values() for quad in quads}
        self.axioms += [q.triple for number, quads in totals.items() if number not in own for q in quads]
        for quad in self.known:
            if quad in aside:
                continue
            triple = ox.Triple(quad.subject, quad.predicate, quad.object)
            if not isinstance(quad.subject, ox.NamedNode):
                blank.append(triple)
            elif quad.subject.value in own:
                anew.append(triple)
            else:
                kept.setdefault(quad.subject.value, Node(quad.subject.value)).triples.append(triple)
        inner = _closure([t for node in kept.values() for t in node.triples], blank)
        # What was said of a row's own term by way of a blank node is said anew by the row.
        gone = _closure(anew, blank)
        blank = [t for t in blank if t.subject in inner or t.subject not in gone]
        for node in kept.values():
            node.triples += [t for t in blank if t.subject in inner and _leads(node.triples, t.subject, blank)]
        rows = own & self.declared.by_iri.keys()
        self.axioms += [t for t in blank if t.subject not in inner and _speaks_of_others(t.subject, blank, rows)]
        self.nodes += kept.values()
        self.kept = len(kept)


def _closure(start: Iterable[ox.Triple], blank: Iterable[ox.Triple]) -> set[object]:
    found: set[object] = {t.object for t in start if isinstance(t.object, ox.BlankNode)}
    more = True
    while more:
        new = {t.object for t in blank if t.subject in found and isinstance(t.object, ox.BlankNode)} - found
        found |= new
        more = bool(new)
    return found


def _leads(triples: list[ox.Triple], node: object, blank: list[ox.Triple]) -> bool:
    return node in _closure([t for t in triples if isinstance(t.subject, ox.NamedNode)], blank)


def _speaks_of_others(node: object, blank: list[ox.Triple], own: set[str]) -> bool:
    """Whether an axiom, of which a node without a name is a part, names a term that the sheet has no row for."""
    above: dict[object, object] = {t.object: t.subject for t in blank if isinstance(t.object, ox.BlankNode)}
    top = node
    while top in above:
        top = above[top]
    parts = {top} | _closure([t for t in blank if t.subject == top], blank)
    named = {getattr(t.object, "value", "") for t in blank if t.subject in parts}
    return any(iri.startswith(ns.GGT) and iri not in own for iri in named)


# ---------------------------------------------------------------- as rows of the vocabulary


def categories(knowledge: Knowledge) -> dict[str, str]:
    """What the kind of a term may be: the labels of the roots, of the categories of interventions, and of lists."""
    vocabulary = knowledge.vocabulary
    roots = {iri: name for name, iri in ROOTS.items()}
    found = {
        row.iri: row.label
        for row in vocabulary.rows
        if row.iri.startswith(ns.GG) and roots.keys() & set(row.parents) and row.kind == "intervention"
    }
    return {**roots, **found, **{iri: name for name, iri in INDIVIDUALS.items()}}


def added_terms(declared: Declarations, knowledge: Knowledge, known: list[ox.Quad]) -> AddedTerms:
    """The terms that the rows of a sheet and the files of its folder add, by name; their nodes are made later."""
    added = AddedTerms(declared, knowledge, known)
    for row in _rows_of_quads(known, knowledge.vocabulary):
        added.rows.append(row)
    for cls, held in _labels_of_quads(known).items():
        added.labels.setdefault(cls, {}).update(held)
    kinds = categories(knowledge)
    by_label = {normal(label): iri for iri, label in kinds.items()}
    numbers, added.totals = numbers_of(declared, known)
    added.rows += numbers
    earlier = _subjects(known)
    for one in declared.by_section.get("terms", ()):
        try:
            _add(added, one, by_label, kinds, earlier)
        except CellError as mistake:
            added._wrong(mistake)
    return added


def _by_value(term: object) -> object:
    """A term as the store keeps it, which has numbers by their value."""
    decimal = isinstance(term, ox.Literal) and term.datatype.value == ns.XSD + "decimal"
    return Decimal(term.value) if decimal else term  # type: ignore[attr-defined]


def _subjects(quads: Iterable[ox.Quad]) -> set[str]:
    """What some quads declare."""
    return {q.subject.value for q in quads if q.predicate.value == _TYPE and isinstance(q.subject, ox.NamedNode)}


def _add(
    added: AddedTerms, one: Declared, by_label: Mapping[str, str], kinds: Mapping[str, str], earlier: set[str]
) -> None:
    row, vocabulary = one.row, added.knowledge.vocabulary
    text = row.text("kind")
    if not text:
        raise row.missing(row.cell("kind").column)
    root = by_label.get(normal(text))
    if root is None:
        near = nearest(text, {name: [kinds[iri]] for name, iri in by_label.items()})
        error = unknown(f"{text[:40]!r} is no kind of term", near, kinds.values())
        raise row.mistake("kind", error.what, error.mend)
    if one.iri not in earlier:
        _new(added, one, vocabulary)
    label = row.text("label")
    added.rows = [held for held in added.rows if held.iri != one.iri]
    individual = next((name for name, iri in INDIVIDUALS.items() if iri == root), "")
    if individual:
        added.kinds[one.iri] = individual
        added.labels.setdefault(root, {})[one.iri] = label
        return
    kind = next((name for name, iri in ROOTS.items() if iri == root), "intervention")
    added.kinds[one.iri] = kind
    if one.iri in vocabulary.by_iri and one.iri not in earlier:
        return  # whether it says the same is asked when it is made
    names = tuple(dict.fromkeys([label, *row.cell("synonyms").values()]))
    inexact = tuple((scope, name) for heading, scope in _INEXACT.items() for name in row.cell(heading).values())
    parents: tuple[str, ...] = (root,)
    added.rows.append(TermRow(one.iri, kind, label, names, parents, inexact=inexact))


def _new(added: AddedTerms, one: Declared, vocabulary: Vocabulary) -> None:
    """See that the label of a new term is not taken."""
    row = one.row
    for heading in ("label", "synonyms"):
        for name in row.cell(heading).values():
            iri = vocabulary.exact(name)
            if iri and iri != one.iri:
                other = vocabulary.by_iri[iri]
                told = f"Write {other.label!r} where you mean it, and take this away."
                raise row.mistake(heading, f"{name[:60]!r} is known already: {other.label!r} ({other.kind})", told)


def _rows_of_quads(quads: list[ox.Quad], vocabulary: Vocabulary) -> Iterator[TermRow]:
    """The classes that some quads declare, each with its kind by what stands above it."""
    said: dict[str, dict[str, list[str]]] = {}
    for quad in quads:
        if isinstance(quad.subject, ox.NamedNode) and isinstance(quad.object, ox.NamedNode | ox.Literal):
            said.setdefault(quad.subject.value, {}).setdefault(quad.predicate.value, []).append(quad.object.value)

    def kind(iri: str, seen: frozenset[str]) -> str:
        if iri in vocabulary.by_iri:
            return vocabulary.by_iri[iri].kind
        root = next((name for name, top in ROOTS.items() if top == iri), "")
        above = (kind(p, seen | {iri}) for p in said.get(iri, {}).get(BELOW, ()) if p not in seen)
        return root or next(filter(None, above), "")

    for iri, held in sorted(said.items()):
        label = min(held.get(_LABEL, [""]))
        if ns.OWL + "Class" in held.get(_TYPE, ()) and label and (its := kind(iri, frozenset())):
            synonyms = sorted(held.get(ns.SKOS + "altLabel", ()))
            yield TermRow(iri, its, label, tuple(dict.fromkeys([label, *synonyms])), tuple(sorted(held[BELOW])))


def _labels_of_quads(quads: list[ox.Quad]) -> dict[str, dict[str, str]]:
    types = {q.subject: q.object.value for q in quads if q.predicate.value == _TYPE and _is_list(q.object)}  # type: ignore[union-attr]
    found: dict[str, dict[str, str]] = {}
    for quad in quads:
        if quad.predicate.value == _LABEL and quad.subject in types and isinstance(quad.object, ox.Literal):
            found.setdefault(types[quad.subject], {})[quad.subject.value] = quad.object.value  # type: ignore[union-attr]
    return found


def _is_list(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and (
        term.value in INDIVIDUALS.values() or term.value == ns.PROV + "Organization"
    )
