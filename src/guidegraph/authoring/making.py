"""The rows of a sheet as nodes of the graph: each row one node, with the readings that stand beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import TOLD, Cell, CellError, Row
from guidegraph.authoring.columns import Column
from guidegraph.authoring.declaring import Declared, capitals
from guidegraph.authoring.naming import Names
from guidegraph.authoring.populations import (
    Expression,
    PopulationVocabulary,
    definition_triples,
    read_population,
    write_population,
)
from guidegraph.authoring.rules import row_faults
from guidegraph.authoring.values import Value, type_fits, typed, values
from guidegraph.errors import PopulationError, TermError

#: Nodes beside a statement: what their ids end in, their class, and the property that leads to the statement.
BESIDE = {
    "reading": ("-reading", ns.GG + "StrengthReading", ns.GG + "ofStatement"),
    "class reading": ("-class", ns.GG + "ClassReading", ns.GG + "ofStatement"),
}
_TYPE = ns.RDF + "type"
#: What a population of another document is given by: its id, below the heading that names such.
_ALIKE, _NAMED = "same patients as", re.compile(r"(?:ggp:)?[A-Za-z0-9][A-Za-z0-9_-]*\Z")
#: What only a population in words has, and no label.
_IN_WORDS = re.compile(r"['\[\];<>=]")
#: A number as documents print it before a passage: 4, 1.2.7, A.3, R12, 2.1-2.4.
_PRINTED = re.compile(r"[A-Za-z]{0,3}\.?\d[\w.()-]{0,18}\Z")
_DIGITS = re.compile(r"\d")
#: Sections whose statements name their encoder; of the others the description of the graph does.
_AGENT_PROPS = ("gg:encodedBy", "prov:wasAttributedTo")


@dataclass
class Node:
    """A node with what is said of it, in order."""

    iri: str
    triples: list[ox.Triple] = field(default_factory=list)

    def say(self, predicate: str, value: Value | ox.BlankNode) -> None:
        """Say something of it, once."""
        triple = ox.Triple(ox.NamedNode(self.iri), ox.NamedNode(predicate), value)
        if triple not in self.triples:
            self.triples.append(triple)

    def one(self, predicate: str) -> str:
        """The first value of a property, "" if none."""
        return next((t.object.value for t in self.triples if t.predicate.value == predicate), "")  # type: ignore[union-attr]


@dataclass
class MadeDocument:
    """The nodes of a document by section, with those beside a node under its IRI."""

    id: str
    graph: Node
    node: Node
    sections: dict[str, list[Node]] = field(default_factory=dict)
    beside: dict[str, list[Node]] = field(default_factory=dict)

    def nodes(self) -> Iterator[Node]:
        """All nodes."""
        yield from (self.graph, self.node)
        for nodes in self.sections.values():
            yield from nodes
        for nodes in self.beside.values():
            yield from nodes


class Maker:
    """Makes the nodes of the documents of a sheet; what is wrong is in ``mistakes``.

    Args:
        names: what cells name.
        encoder: who wrote the sheet down where no cell says so, "" if nobody is named.
    """

    def __init__(self, names: Names, encoder: str) -> None:
        self._names = names
        self._encoder = encoder
        self._declared = names.declared
        self.mistakes: list[CellError] = []
        labels = {one.iri: one.row.text("label") for one in self._declared.by_section.get("populations", ()) if one.iri}
        replaced = [ns.GGG + document for document in self._declared.documents]
        self._words = PopulationVocabulary.of(
            names.knowledge, terms=names.vocabulary, populations=labels, replaced=replaced, totals=names.totals
        )
        self._expressions: dict[str, dict[Expression, str]] = {}
        self._people_of: dict[str, set[str]] = {}

    def documents(self) -> list[MadeDocument]:
        """The documents of the sheet, in its order."""
        made = [self._document(one) for one in self._declared.documents.values()]
        by_id = {document.id: document for document in made}
        order = sorted(self._declared.by_section, key=lambda name: (name != "populations", name != "places"))
        for section in order:
            if section == "document":
                continue
            for one in self._declared.by_section[section]:
                if one.document in by_id:
                    self._row(by_id[one.document], section, one)
        return made

    def populations(self) -> dict[str, tuple[object, ...]]:
        """What the definition of each population that was made speaks of, by the IRI of the population."""
        held = (item for expressions in self._expressions.values() for item in expressions.items())
        return {iri: tuple(what for what, _ in expression.literals()) for expression, iri in held}

    # ------------------------------------------------------------ one row

    def _document(self, one: Declared) -> MadeDocument:
        graph, node = Node(ns.GGG + one.id), Node(one.iri)
        graph.say(_TYPE, ox.NamedNode(ns.GG + "KnowledgeGraph"))
        graph.say(ns.GG + "encodes", ox.NamedNode(one.iri))
        node.say(_TYPE, ox.NamedNode(ns.GG + "Document"))
        made = MadeDocument(one.id, graph, node)
        self._fill(made, one, node, {"graph": graph})
        if not graph.one(ns.GG + "encodedBy"):
            if self._encoder:
                graph.say(ns.GG + "encodedBy", ox.NamedNode(self._agent(one.row, self._encoder)))
            elif "encoder" not in one.row.cells:
                told = "Write a name or an ORCID here, or add --encoder NAME."
                self._wrong(one.row.mistake("encoder", "nobody is named who wrote it down", told))
        return made

    def _agent(self, row: Row, text: str) -> str:
        try:
            return self._names.agent(text)
        except TermError as error:
            self._wrong(CellError(error.what, where="--encoder", mend=error.mend))
            return ns.GG + "nobody"

    def _row(self, made: MadeDocument, section: str, one: Declared) -> None:
        node = Node(one.iri)
        for cls in ("owl:Class", "gg:Population") if section == "populations" else (one.row.section.node,):
            node.say(_TYPE, ox.NamedNode(ns.expand(cls) or cls))
        beside = {name: Node(one.iri + BESIDE[name][0]) for name in BESIDE}
        self._fill(made, one, node, beside)
        made.sections.setdefault(section, []).append(node)
        if section == "places":
            self._selector(made, one, node)
        if any(column.node == "reading" for column in one.row.section.columns):
            self._reading(made, one, beside["reading"], "reading")
        if beside["class reading"].triples:
            self._class_reading(made, one, beside["class reading"])
        if one.row.section.column("encoder") and not node.one(ns.GG + "encodedBy"):
            self._as_encoded(made, node, ns.GG + "encodedBy")
        if section == "citation readings":
            self._dated(made, node)

    def _fill(self, made: MadeDocument, one: Declared, node: Node, beside: dict[str, Node]) -> None:
        row = one.row
        for fault in row_faults(row):
            self._wrong(fault)
        for column in row.section.columns:
            cell = row.cell(column.heading)
            target = beside[column.node] if column.node else node
            if column.heading == "document" and column.prop:
                target.say(column.predicate, ox.NamedNode(made.node.iri))
                continue
            try:
                if column.heading in row.cells:
                    self._say(made, one, target, column, cell)
                elif column.default and column.prop:
                    for value in values(_default(cell), self._names, made.id):
                        target.say(column.predicate, value)
                elif column.required:
                    raise row.missing(column)
            except CellError as mistake:
                self._wrong(mistake)

    def _say(self, made: MadeDocument, one: Declared, node: Node, column: Column, cell: Cell) -> None:
        type_fits(cell)
        if column.kind == "population":
            for text in cell.values():
                node.say(column.predicate, ox.NamedNode(self._population(made, cell, text)))
        elif column.kind == "place":
            for text in cell.values():
                node.say(column.predicate, ox.NamedNode(self._place(made, one, cell, text)))
        elif column.kind == "definition":
            self._define(made, node, self._read(cell, cell.raw.text))
        elif column.kind == "passage":
            digest = sha256(cell.raw.text.strip().encode()).hexdigest()
            given = one.row.text("digest")
            if given and given != digest:
                raise cell.mistake("the digest beside it is of other words", "Keep one of both.")
            node.say(ns.GG + "passageDigest", ox.Literal(digest))
        elif column.inverse:
            owner = values(cell, self._names, made.id)[0]
            holder = next((n for n in made.nodes() if n.iri == owner.value), None) or self._later(made, owner.value)
            holder.say(column.predicate, ox.NamedNode(node.iri))
        elif column.prop:
            for value in values(cell, self._names, made.id):
                node.say(column.predicate, value)
                if column.kind == "agent":
                    self._people_of.setdefault(made.id, set()).add(value.value)

    def _later(self, made: MadeDocument, iri: str) -> Node:
        """What is said of a row before its turn comes; joined with it when the document is written."""
        nodes = made.beside.setdefault(iri, [])
        if not nodes or nodes[0].iri != iri:
            nodes.insert(0, Node(iri))
        return nodes[0]

    # ------------------------------------------------------------ readings

    def _as_encoded(self, made: MadeDocument, node: Node, predicate: str) -> None:
        """Attribute a node to who wrote the document down."""
        for triple in made.graph.triples:
            if triple.predicate.value == ns.GG + "encodedBy" and isinstance(triple.object, ox.NamedNode):
                node.say(predicate, triple.object)

    def _dated(self, made: MadeDocument, node: Node) -> None:
        """Give a judgement its author and day, those of the encoding where none are written."""
        if not node.one(ns.PROV + "wasAttributedTo"):
            self._as_encoded(made, node, ns.PROV + "wasAttributedTo")
        day = made.graph.one(ns.DCTERMS + "created")
        if not node.one(ns.PROV + "generatedAtTime") and day:
            node.say(ns.PROV + "generatedAtTime", typed(f"{day}T00:00:00Z", "dateTime"))

    def _reading(self, made: MadeDocument, one: Declared, node: Node, name: str) -> None:
        _, cls, of = BESIDE[name]
        node.triples[:0] = [
            ox.Triple(ox.NamedNode(node.iri), ox.NamedNode(_TYPE), ox.NamedNode(cls)),
            ox.Triple(ox.NamedNode(node.iri), ox.NamedNode(of), ox.NamedNode(one.iri)),
        ]
        self._dated(made, node)
        made.beside.setdefault(one.iri, []).append(node)

    def _class_reading(self, made: MadeDocument, one: Declared, node: Node) -> None:
        for heading in ("read from drug", "read for the class because"):
            if not one.row.text(heading):
                told = one.row.cell(heading).column.says
                what = "a reading for a class names its drug and says why, and this is empty"
                self._wrong(one.row.mistake(heading, what, told))
        self._reading(made, one, node, "class reading")

    # ------------------------------------------------------------ populations

    def _read(self, cell: Cell, text: str) -> Expression:
        try:
            return read_population(text.strip(), self._words)
        except PopulationError as error:
            at = f" (at character {error.column})" if error.column else ""
            raise cell.mistake(f"{error.what}{at}", error.mend) from None
        except TermError as error:
            raise cell.mistake(error.what, error.mend) from None

    def _define(self, made: MadeDocument, node: Node, expression: Expression) -> None:
        node.triples += definition_triples(expression, ox.NamedNode(node.iri))
        self._expressions.setdefault(made.id, {}).setdefault(expression, node.iri)

    def _population(self, made: MadeDocument, cell: Cell, text: str) -> str:
        """The population that a cell names, or one that is made of its words."""
        try:
            named = self._names.population(made.id, text)
        except TermError as error:
            raise cell.mistake(error.what, error.mend) from None
        if named:
            return named
        try:
            expression = self._read(cell, text)
        except CellError as mistake:
            if cell.column.heading == _ALIKE and _NAMED.match(text):
                raise cell.mistake(*self._names.no_population(text)) from None
            near = [] if _IN_WORDS.search(text) else self._names.near_populations(made.id, text)
            told = f"Is the population {' or '.join(map(repr, near))} meant? " if near else ""
            raise cell.mistake(mistake.what, told + mistake.mend) from None
        known = self._expressions.get(made.id, {}).get(expression)
        if known:
            return known
        label = " ".join(text.split())
        iri = ns.GGP + capitals(made.id) + capitals(label)
        taken = self._declared.by_iri.get(iri) or any(n.iri == iri for n in made.sections.get("populations", ()))
        if taken or len(capitals(label)) >= 60:
            words = write_population(expression, self._words)
            iri += "-" + sha256(words.encode()).hexdigest()[:8]
        node = Node(iri)
        node.say(_TYPE, ox.NamedNode(ns.OWL + "Class"))
        node.say(_TYPE, ox.NamedNode(ns.GG + "Population"))
        node.say(ns.RDFS + "label", ox.Literal(label, language="en"))
        self._define(made, node, expression)
        made.sections.setdefault("populations", []).append(node)
        return iri

    # ------------------------------------------------------------ places

    def _place(self, made: MadeDocument, one: Declared, cell: Cell, text: str) -> str:
        """The place that a cell names, or one that is made of the number that the document prints."""
        rows = list(self._declared.of("places", made.id))
        for fitting in ([p for p in rows if p.id == text], [p for p in rows if p.row.text("number") == text]):
            if len(fitting) == 1:
                return fitting[0].iri
        iri = f"{ns.BASE}statement/{made.id}/loc-{text}"
        if any(node.iri == iri for node in made.sections.get("places", ())):
            return iri
        # What begins as the ids of rows do is one of them misspelt; a printed number would be made of it in silence.
        begins = _DIGITS.split(text, maxsplit=1)[0]
        alike = bool(begins) and any(_DIGITS.split(p.row.text("id"), maxsplit=1)[0] == begins for p in rows)
        if alike or not _PRINTED.match(text) or iri in self._declared.by_iri:
            try:
                return self._names.own("places", made.id, text, "number")
            except TermError as error:
                raise cell.mistake(
                    error.what, error.mend or "Add a row of 'places', or write a printed number."
                ) from None
        node = Node(iri)
        node.say(_TYPE, ox.NamedNode(ns.GG + "Locator"))
        node.say(ns.GG + "inDocument", ox.NamedNode(made.node.iri))
        node.say(ns.GG + "numberInDocument", ox.Literal(text))
        self._selector(made, one, node)
        for heading, prop in (("verification", "verification"), ("verified at", "verifiedAt")):
            of_row = heading in one.row.cells
            cells = one.row.cell(heading) if of_row else self._declared.documents[made.id].row.cell(heading)
            for value in values(cells, self._names, made.id):
                node.say(ns.GG + prop, value)
        made.sections.setdefault("places", []).append(node)
        return iri

    def _selector(self, made: MadeDocument, one: Declared, node: Node) -> None:
        """Say the place in the words of Web Annotation, too."""
        start, end, number = (node.one(ns.GG + name) for name in ("startOffset", "endOffset", "numberInDocument"))
        if not (start and end) and not number:
            return
        blank = ox.BlankNode()
        selector = [ox.Triple(ox.NamedNode(node.iri), ox.NamedNode(ns.OA + "hasSelector"), blank)]

        def say(name: str, value: Value) -> None:
            predicate = _TYPE if name == "type" else ns.OA + name
            selector.append(ox.Triple(blank, ox.NamedNode(predicate), value))

        if start and end:
            say("type", ox.NamedNode(ns.OA + "TextPositionSelector"))
            say("start", typed(start, "nonNegativeInteger"))
            say("end", typed(end, "nonNegativeInteger"))
        else:
            say("type", ox.NamedNode(ns.OA + "TextQuoteSelector"))
            say("exact", ox.Literal(number))
        node.say(ns.OA + "hasSource", ox.NamedNode(made.node.iri))
        node.triples += selector

    def _wrong(self, mistake: CellError) -> None:
        if mistake.what != TOLD:
            self.mistakes.append(mistake)


def _default(cell: Cell) -> Cell:
    from dataclasses import replace

    return replace(cell, raw=cell.raw._replace(text=cell.column.default))
