"""The vocabulary that documents use and their domain folder declares, taken apart into the rows of a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.authoring.bridging import BELOW, NUMBER, PATIENT, totals_of
from guidegraph.authoring.columns import PREFIXES, Column, sections
from guidegraph.authoring.declaring import Declarations
from guidegraph.authoring.naming import INDIVIDUALS, MATCHES, ROOTS, Names
from guidegraph.authoring.populations import PopulationVocabulary
from guidegraph.authoring.taking import DocumentRows, Table, document_quads, take
from guidegraph.authoring.terms import TERMS, categories
from guidegraph.errors import KnowledgeError
from guidegraph.knowledge.opened import Knowledge
from guidegraph.reading import read_quads
from guidegraph.terminologies.tables import SUFFIX, read_rows, read_terminologies

_TYPE = ns.RDF + "type"
_FILLER, _ON, _NOT = ns.OWL + "someValuesFrom", ns.OWL + "onProperty", ns.OWL + "complementOf"
_READING = ns.GG + "TermReading"


def take_whole(
    knowledge: Knowledge,
    documents: Sequence[str],
    files: Sequence[Path] = (),
    folders: Sequence[Path] = (),
    *,
    several: bool = False,
) -> tuple[Table, list[str]]:
    """The rows that documents come to with those of the vocabulary that they need of their domain folders, and what
    else of these folders they need (documents, and files of the ontology that no sheet has rows for).

    Args:
        knowledge, documents, files, several: as for :func:`guidegraph.authoring.taking.take`.
        folders: the domain folders; of each the file of terms that an import writes is taken.

    Raises:
        UsageError: something is said that no column of a sheet takes.
        KnowledgeError: a file cannot be read.
    """
    table = take(knowledge, documents, files, several=several)
    quads = [q for one in documents for q in document_quads(knowledge, one.removeprefix(ns.GGD), files)]
    names, words = Names(knowledge, Declarations()), PopulationVocabulary.of(knowledge)
    lacking: list[str] = []
    for folder in folders:
        path = folder / TERMS
        held = read_quads(path, KnowledgeError, empty=True) if path.is_file() else []
        held = _needed(held, _named(quads, objects=True))
        found = _Vocabulary(held, names, words, folder.name, False)
        for section, rows in found.rows():
            table[section] += rows
        given = _named(held)
        table["mappings"] += found.mappings(folder / "links", given | _named(quads, objects=True))
        lacking += _lacking(knowledge, folder, _named(held + quads, objects=True), _named(held + quads), given)
    return table, lacking


def _named(quads: Iterable[ox.Quad], *, objects: bool = False) -> set[str]:
    """What some quads speak of (or, with ``objects``, what they say of it) by name."""
    terms = (quad.object if objects else quad.subject for quad in quads)
    return {term.value for term in terms if isinstance(term, ox.NamedNode)}


def _lacking(knowledge: Knowledge, folder: Path, used: set[str], there: set[str], terms: set[str]) -> Iterator[str]:
    """What a domain folder has that is used, or that says more of some terms, and that no row says."""
    for path in sorted((folder / "ontology").glob("*.ttl")):
        for quad in read_quads(path, KnowledgeError) if path != folder / TERMS else ():
            subject, value = (getattr(term, "value", "") for term in (quad.subject, quad.object))
            if value in terms or (quad.predicate.value == _TYPE and subject in used - there):
                yield path.relative_to(folder).as_posix()
                break
    own = {ns.GGG + path.stem: path for path in (folder / "documents").glob("*.trig")}
    found = {
        getattr(quad.graph_name, "value", "")
        for iri in used - there
        for quad in knowledge.store.quads_for_pattern(ox.NamedNode(iri), None, None, None)
    }
    yield from (own[graph].relative_to(folder).as_posix() for graph in sorted(found & own.keys()))


def _needed(quads: Sequence[ox.Quad], wanted: set[str]) -> list[ox.Quad]:
    """What a file says of some nodes, of all that it declares and that stands in what it says of them, and of what is
    read for these terms."""
    totals = totals_of(quads)
    said: dict[Any, list[ox.Quad]] = {}
    for quad in quads:
        if quad.subject != ox.NamedNode(PATIENT):
            said.setdefault(quad.subject, []).append(quad)
    bridges = _bridges(quads)
    readings = {q.subject: q.object for q in quads if q.predicate.value in (ns.GG + "brings", ns.GG + "rulesOut")}
    blank = [q.subject for q in quads if q.predicate.value == BELOW and isinstance(q.subject, ox.BlankNode)]
    kept: dict[Any, None] = {}
    rest: list[Any] = [one for one in said if isinstance(one, ox.NamedNode) and one.value in wanted]
    rest = [one for one in rest if one not in bridges]
    while rest:
        one = rest.pop()
        if one in kept or one not in said:
            continue
        kept[one] = None
        rest += [q.object for q in said[one]]
        # A term that lies below one of these is a kind of it wherever it is.
        rest += [term for term, above in bridges.items() if one in above]
        rest += [reading for reading, term in readings.items() if term == one]
        # An axiom speaks of two terms: it is needed where either is.
        rest += [top for top in blank if any(q.predicate.value == _FILLER and q.object == one for q in said[top])]
    found = [quad for one in kept for quad in said[one]]
    # What says that everybody has a number stands below a node that the number does not name.
    return [
        *found,
        *(q for number, held in totals.items() if ox.NamedNode(number) in kept for q in held if q not in found),
    ]


def _bridges(quads: Iterable[ox.Quad]) -> dict[Any, set[Any]]:
    """The terms of others that some quads put below terms, and these."""
    held = list(quads)
    declared = {q.subject for q in held if q.predicate.value == _TYPE}
    found: dict[Any, set[Any]] = {}
    for quad in held:
        term = quad.subject
        if quad.predicate.value == BELOW and isinstance(term, ox.NamedNode) and term not in declared:
            found.setdefault(term, set()).add(quad.object)
    found.pop(ox.NamedNode(PATIENT), None)
    return found


class _Vocabulary(DocumentRows):
    """The rows of a folder's own terms, publishers and readings."""

    def rows(self) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
        """The rows of each section.

        Raises:
            UsageError: something is left that no column takes.
        """
        table = sections()
        self._kinds = categories(self._names.knowledge)
        self._excluded = self._exclusions()
        terms = {iri for cls in (ns.OWL + "Class", *INDIVIDUALS.values()) for iri in self._of_type(cls)}
        for iris, name in (
            (self._of_type(ns.PROV + "Organization"), "publishers"),
            (sorted(terms), "terms"),
            (sorted(term.value for term in _bridges(self._quads)), "bridges"),
            (self._of_type(ns.OWL + "DatatypeProperty"), "numbers"),
            (self._of_type(_READING), "readings"),
        ):
            for iri in iris:
                self._done_iri(iri, _TYPE, ns.OWL + "NamedIndividual")
                for predicate, value in NUMBER if name == "numbers" else ():
                    self._done_iri(iri, predicate, value)
            yield name, [self._row(table[name], iri) for iri in iris]
        for held in totals_of(self._quads).values():
            for quad in held:
                subject = quad.subject
                self._done(
                    subject.value if isinstance(subject, ox.NamedNode) else str(subject),
                    quad.predicate.value,
                    quad.object,
                )
        self._all_taken()

    def mappings(self, links: Path, terms: set[str]) -> Iterator[dict[str, list[str]]]:
        """The rows of the tables of a folder that map some terms."""
        registry = read_terminologies(assets.folder("ontology") / "links")
        called = {prop: name for name, prop in MATCHES.items()}
        for path in sorted(links.glob(f"*{SUFFIX}")):
            for row in read_rows(path, registry).rows:
                if (iri := ns.expand(row["subject_id"]) or "") not in terms:
                    continue
                told = {column.heading: row[column.prop] for column in sections()["mappings"].columns}
                told["term"] = self._term(iri, ("condition", "finding", "intervention", "number"))
                told["match"] = called.get(told["match"], "")
                told["mapped by"] = self._agent(ns.expand(told["mapped by"], PREFIXES) or told["mapped by"])
                yield {heading: [text] for heading, text in told.items() if text}

    def _exclusions(self) -> dict[str, list[str]]:
        """By term those that it excludes, each pair once."""
        pairs: dict[tuple[str, ...], None] = {}
        for node, said in self._said.items():
            for denied in said.get(BELOW, ()) if node.startswith("_:") else ():
                for right in self._values(str(denied), _NOT):
                    ends = [str(getattr(v, "value", v)) for n in (node, str(right)) for v in self._values(n, _FILLER)]
                    pairs[tuple(sorted(ends))] = None
                    for part in (node, str(denied), str(right)):
                        self._done_all(part)
        found: dict[str, list[str]] = {}
        for pair in pairs:
            own, other = sorted(pair, key=lambda iri: iri not in self._said)
            found.setdefault(own, []).append(other)
        return found

    def _cell(self, section: Any, iri: str, nodes: dict[str, str], column: Column) -> list[str]:
        if column.kind == "kind":
            return [self._kind(iri)]
        if column.heading == "term" and not column.prop:
            return [self._term(iri, column.of)]
        if column.heading == "excludes":
            return sorted(filter(None, (self._term(one, column.of) for one in self._excluded.get(iri, ()))))
        if column.heading == "parts":
            return sorted(filter(None, self._parts(iri, column)))
        if column.heading == "broader" and self._individual(iri):
            column = column._replace(prop="skos:broader")
        return super()._cell(section, iri, nodes, column)

    def _individual(self, iri: str) -> str:
        types = {getattr(value, "value", "") for value in self._values(iri, _TYPE)}
        return next((name for name, cls in INDIVIDUALS.items() if cls in types), "")

    def _kind(self, iri: str) -> str:
        """The kind of a term: its list or category where it says one, else that of what is above it."""
        if kind := self._individual(iri):
            self._done_iri(iri, _TYPE, INDIVIDUALS[kind])
            return kind
        above = {getattr(value, "value", "") for value in self._values(iri, BELOW)}
        stated = sorted(above & self._kinds.keys())
        if stated and not any(up.startswith(ns.GGT) for up in above):
            self._done_iri(iri, BELOW, stated[0])
            return self._kinds[stated[0]]
        row = self._names.vocabulary.by_iri.get(iri)
        return self._kinds[ROOTS[row.kind]] if row is not None and row.kind in ROOTS else ""

    def _parts(self, iri: str, column: Column) -> Iterator[str]:
        for value in self._values(iri, BELOW):
            node = str(value)
            if isinstance(value, ox.BlankNode) and ox.NamedNode(column.predicate) in self._values(node, _ON):
                self._done(iri, BELOW, value)
                self._done_all(node)
                for part in self._values(node, _FILLER):
                    yield self._term(str(getattr(part, "value", part)), column.of)

    def _done_all(self, node: str) -> None:
        for predicate, values in self._said.get(node, {}).items():
            for value in values:
                self._done(node, predicate, value)

    def _id(self, iri: str) -> str:
        for base in (ns.GGT, ns.GGO, ns.BASE + "reading/", ns.GG):
            if iri.startswith(base):
                return iri.removeprefix(base)
        return super()._id(iri)

    def _text(self, column: Column, value: Any) -> str:
        if column.kind == "number":
            row = self._names.vocabulary.by_iri.get(value.value)
            return row.label if row is not None else ""
        return super()._text(column, value)
