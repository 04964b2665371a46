"""The graph of a document taken apart into the rows of a sheet: all that it says, or an error that names the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.agents import ORCID
from guidegraph.authoring.columns import Column, Section, sections
from guidegraph.authoring.declaring import APART, Declarations
from guidegraph.authoring.making import BESIDE
from guidegraph.authoring.naming import Names
from guidegraph.authoring.populations import PopulationVocabulary, expressions, write_population
from guidegraph.errors import GuideGraphError, TermError, UsageError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.reading import read_quads

#: The rows of each section: for each heading the texts of its values.
Table = dict[str, list[dict[str, list[str]]]]

_TYPE, _DOCUMENT = ns.RDF + "type", ns.GG + "inDocument"
_STATEMENT = ns.BASE + "statement/"
_SHORT = re.compile(r"-?[0-9]+\.0\Z")


def take(knowledge: Knowledge, documents: Sequence[str], files: Sequence[Path] = (), *, several: bool = False) -> Table:
    """The rows that documents come to.

    Args:
        knowledge: it holds them.
        documents: their IRIs.
        files: the files that they were loaded from, as far as they are known: the store keeps numbers by value, and
            0.90 would come back as 0.9.
        several: whether each row names its document where there is one alone, too.

    Raises:
        UsageError: a graph says something that no column of a sheet takes.
    """
    table: Table = {name: [] for name in sections()}
    names = Names(knowledge, Declarations())
    words = PopulationVocabulary.of(knowledge)
    for document in documents:
        name = document.removeprefix(ns.GGD)
        quads = document_quads(knowledge, name, files)
        taken = DocumentRows(quads, names, words, name, several or len(documents) > 1)
        for section, rows in taken.rows():
            table[section] += rows
    return table


def document_quads(knowledge: Knowledge, name: str, files: Sequence[Path]) -> list[ox.Quad]:
    """What the graph of a document says, as its file has it."""
    graph = ox.NamedNode(ns.GGG + name)
    for path in files:
        if path.stem == name:
            found = [q for q in read_quads(path, strange=False) if q.graph_name == graph]
            if found:
                return found
    found = list(knowledge.store.quads_for_pattern(None, None, None, graph))
    if not found:
        raise UsageError("the document has no graph of its own", where=f"ggd:{name}", mend="Name one that has.")
    return found


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", text)]


class DocumentRows:
    """The rows of one graph; what none takes is an error."""

    def __init__(
        self, quads: list[ox.Quad], names: Names, words: PopulationVocabulary, name: str, several: bool
    ) -> None:
        self._names, self._words, self._name, self._several = names, words, name, several
        self._graph, self._quads = ns.GGG + name, quads
        self._said: dict[str, dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]]] = {}
        self._left: dict[tuple[str, str, object], None] = {}
        for quad in sorted(self._quads, key=str):
            subject = quad.subject.value if isinstance(quad.subject, ox.NamedNode) else str(quad.subject)
            self._said.setdefault(subject, {}).setdefault(quad.predicate.value, []).append(quad.object)  # type: ignore[arg-type]
            self._left[subject, quad.predicate.value, quad.object] = None
        self._encoders = {v.value for v in self._values(self._graph, ns.GG + "encodedBy")}
        self._day = next((v.value for v in self._values(self._graph, ns.DCTERMS + "created")), "")
        populations = self._of_type(ns.GG + "Population")
        self._definitions = expressions(self._quads, map(ox.NamedNode, populations))
        self._labels: dict[str, list[str]] = {}
        for iri in populations:
            for value in self._values(iri, ns.RDFS + "label"):
                self._labels.setdefault(str(value.value), []).append(iri)
        self._ids = {iri.removeprefix(ns.GGP) for iri in populations}

    def _values(self, subject: str, predicate: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
        return self._said.get(subject, {}).get(predicate, [])

    def _of_type(self, cls: str) -> list[str]:
        held = [s for s, said in self._said.items() if any(getattr(v, "value", "") == cls for v in said.get(_TYPE, ()))]
        return sorted((s for s in held if not s.startswith("_:")), key=_natural)

    def _done(self, subject: str, predicate: str, value: object) -> None:
        self._left.pop((subject, predicate, value), None)

    def _done_iri(self, subject: str, predicate: str, iri: str) -> None:
        self._done(subject, predicate, ox.NamedNode(iri))

    # ------------------------------------------------------------ rows

    def rows(self) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
        """The rows of each section.

        Raises:
            UsageError: something is left that no column takes.
        """
        for section in sections().values():
            if section.name == "document":
                yield section.name, [self._row(section, ns.GGD + self._name)]
            elif section.name not in APART:
                yield section.name, [self._row(section, iri) for iri in self._of_type(section.type)]
        self._people()
        self._all_taken()

    def _all_taken(self) -> None:
        if self._left:
            told = [f"{ns.shorten(p)} of {ns.shorten(s)}" for s, p, _ in self._left]
            more = f" and {len(told) - 3} more" if len(told) > 3 else ""
            raise UsageError(
                f"a sheet has no column for {'; '.join(told[:3])}{more}",
                where=f"ggd:{self._name}",
                mend="Keep this document as TriG.",
            )

    def _people(self) -> None:
        for iri in self._of_type(ns.PROV + "Person"):
            self._done_iri(iri, _TYPE, ns.PROV + "Person")
            for value in self._values(iri, ns.RDFS + "label"):
                self._done(iri, ns.RDFS + "label", value)

    def _row(self, section: Section, iri: str) -> dict[str, list[str]]:
        nodes = {"": iri, "graph": self._graph}
        self._done_iri(iri, _TYPE, section.type)
        row: dict[str, list[str]] = {}
        if section.name == "document":
            self._done_iri(self._graph, _TYPE, ns.GG + "KnowledgeGraph")
            self._done_iri(self._graph, ns.GG + "encodes", iri)
        if section.name == "populations":
            self._done_iri(iri, _TYPE, ns.OWL + "Class")
        for name, (end, cls, of) in BESIDE.items():
            if any(value == ox.NamedNode(iri) for value in self._values(iri + end, of)):
                nodes[name] = iri + end
                self._done_iri(iri + end, _TYPE, cls)
                self._done_iri(iri + end, of, iri)
        for column in section.columns:
            texts = self._cell(section, iri, nodes, column)
            if texts:
                row[column.heading] = texts
        if section.name == "places":
            self._selector(iri)
        return row

    def _cell(self, section: Section, iri: str, nodes: dict[str, str], column: Column) -> list[str]:
        node = nodes.get(column.node, "")
        if column.heading == "document":
            if column.prop:
                self._done_iri(iri, column.predicate, ns.GGD + self._name)
            return [self._name] if self._several else []
        if column.kind == "id":
            return [self._id(iri)]
        if not column.prop or not node:
            return []
        if column.inverse:
            owners = [s for s, said in self._said.items() if ox.NamedNode(iri) in said.get(column.predicate, ())]
            for owner in owners[:1]:
                self._done_iri(owner, column.predicate, iri)
            return [self._statement(owner) for owner in owners[:1]]
        if column.kind == "definition":
            return [self._definition(iri)]
        found = self._values(node, column.predicate)
        texts = []
        for value in found:
            text = self._text(column, value)
            if text:
                texts.append(text)
                self._done(node, column.predicate, value)
        if len(texts) > 1 and not column.several:
            return texts[:1] if self._undo(node, column, found) else []
        if [_plain(v) for v in found] and self._is_default(section, column, node, found):
            return []
        # Texts in the order of an author are lost in a graph; the same order each time is not.
        return sorted(texts) if column.kind not in ("text", "label") else texts

    def _undo(self, node: str, column: Column, found: Iterable[object]) -> bool:
        for value in found:
            self._left[node, column.predicate, value] = None
        return False

    def _is_default(self, section: Section, column: Column, node: str, found: Sequence[object]) -> bool:
        held = {_plain(value) for value in found}
        if column.default and column.kind == "truth":
            return held == {"true" if column.default == "yes" else "false"}
        if column.default:
            return held == {column.default}
        if column.kind == "agent" and column.prop in ("gg:encodedBy", "prov:wasAttributedTo") and node != self._graph:
            return held == self._encoders
        return column.kind == "time" and held == {f"{self._day}T00:00:00Z"}

    def _selector(self, iri: str) -> None:
        """Take the place in the words of Web Annotation, which the import derives again."""
        start, end, number = (
            next((v.value for v in self._values(iri, ns.GG + name)), "")
            for name in ("startOffset", "endOffset", "numberInDocument")
        )
        if start and end:
            kind, said = "TextPositionSelector", {"start": start, "end": end}
        else:
            kind, said = "TextQuoteSelector", {"exact": number}
        for value in self._values(iri, ns.OA + "hasSelector"):
            node = str(value)
            held = {p: [_plain(v) for v in values] for p, values in self._said.get(node, {}).items()}
            if held == {_TYPE: [ns.OA + kind], **{ns.OA + name: [text] for name, text in said.items()}}:
                self._done(iri, ns.OA + "hasSelector", value)
                self._done_iri(iri, ns.OA + "hasSource", ns.GGD + self._name)
                for predicate, values in self._said[node].items():
                    for one in values:
                        self._done(node, predicate, one)

    def _definition(self, iri: str) -> str:
        """A definition in words, and all that it is made of taken."""
        rest: list[object] = list(self._values(iri, ns.OWL + "equivalentClass"))
        for value in rest:
            self._done(iri, ns.OWL + "equivalentClass", value)
        while rest:
            node = rest.pop()
            if isinstance(node, ox.BlankNode):
                for predicate, values in self._said.get(str(node), {}).items():
                    for value in values:
                        self._done(str(node), predicate, value)
                        rest.append(value)
        return write_population(self._definitions[iri], self._words)

    # ------------------------------------------------------------ texts

    def _id(self, iri: str) -> str:
        for base in (f"{_STATEMENT}{self._name}/", ns.GGP, ns.GGD):
            if iri.startswith(base):
                return iri.removeprefix(base)
        raise UsageError(
            f"a node that no id of a sheet gives, {ns.shorten(iri)}", where=f"ggd:{self._name}", mend="Keep it as TriG."
        )

    def _text(self, column: Column, value: ox.NamedNode | ox.BlankNode | ox.Literal) -> str:
        """The text of a value, "" where no cell of the column can say it."""
        if isinstance(value, ox.BlankNode):
            return ""
        text, kind = value.value, column.kind
        if isinstance(value, ox.Literal):
            return _literal_text(kind, value)
        if kind == "term":
            return self._term(text, column.of)
        if kind == "entry":
            return self._names.entries(ns.expand(column.of[0]) or "").get(text, "")
        if kind == "document":
            return text.removeprefix(ns.GGD) if text.startswith(ns.GGD) else ""
        if kind in ("statement", "place", "section", "citation", "reference"):
            return self._statement(text)
        if kind == "population":
            return self._population(text)
        if kind == "publisher":
            return self._publisher(text)
        if kind == "agent":
            return self._agent(text)
        return text if kind == "address" else ""

    def _statement(self, iri: str) -> str:
        own = f"{_STATEMENT}{self._name}/"
        for base in (own, _STATEMENT, ns.GGD):
            if iri.startswith(base):
                return iri.removeprefix(base)
        return ""

    def _term(self, iri: str, kinds: tuple[str, ...]) -> str:
        label = self._names.term_label(iri)
        for text in (label, f"{label} [{ns.shorten(iri)}]"):
            try:
                if label and self._names.term(text, kinds) == iri:
                    return text
            except TermError:
                continue
        return ""

    def _population(self, iri: str) -> str:
        for label, holders in self._labels.items():
            if holders == [iri] and label not in self._ids and "\n" not in label:
                return label
        return iri.removeprefix(ns.GGP) if iri.startswith(ns.GGP) else ""

    def _publisher(self, iri: str) -> str:
        label = self._names.entries(ns.PROV + "Organization").get(iri, "")
        try:
            return label if label and self._names.publisher(label) == iri else iri.removeprefix(ns.GGO)
        except GuideGraphError:
            return iri.removeprefix(ns.GGO)

    def _agent(self, iri: str) -> str:
        own = (v.value for v in self._values(iri, ns.RDFS + "label") if isinstance(v, ox.Literal))
        label = next(own, "") or self._names.label(ox.NamedNode(iri))
        for text in (label, f"{label} ({iri.removeprefix(ORCID)})" if iri.startswith(ORCID) else ""):
            try:
                if text and self._names.agent(text) == iri:
                    return text
            except GuideGraphError:
                continue
        return iri


def _plain(value: object) -> str:
    return str(getattr(value, "value", value))


def _literal_text(kind: str, value: ox.Literal) -> str:
    text = value.value
    datatype = value.datatype.value.removeprefix(ns.XSD)
    wanted = {
        "decimal": ("decimal",), "whole": ("integer",), "truth": ("boolean",), "day": ("date",), "time": ("dateTime",),
        "date": ("date", "gYearMonth", "gYear"), "text": ("string",), "digest": ("string",),
    }.get(kind)  # fmt: skip
    if kind == "label":
        return text if value.language == "en" and "\n" not in text and text == text.strip() else ""
    if value.language or wanted is None or datatype not in wanted or "\n" in text or text != text.strip():
        return ""
    if kind == "decimal":
        return text.removesuffix(".0") if _SHORT.match(text) else text
    if kind == "truth":
        return {"true": "yes", "false": "no"}.get(text, "")
    return text.removesuffix("T00:00:00Z") if kind == "time" else text
