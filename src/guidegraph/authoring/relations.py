"""What the rows of a sheet must be to each other: no circles, one kind, names of their own, days in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.bridging import BELOW
from guidegraph.authoring.cells import CellError, Row
from guidegraph.authoring.declaring import Declarations, Declared
from guidegraph.authoring.making import MadeDocument, Maker, Node
from guidegraph.authoring.naming import ROOTS, Names
from guidegraph.authoring.rules import before
from guidegraph.authoring.terms import AddedTerms
from guidegraph.authoring.values import plausible
from guidegraph.knowledge.branch import Held
from guidegraph.profile.names import normal

#: What leads from a thing to one that is before, above or below it, and so never back.
_ONE_WAY = (
    BELOW, ns.SKOS + "broader", ns.GG + "supersededBy", ns.GG + "restates", ns.GG + "restsOn", ns.GG + "includesStudy",
)  # fmt: skip
#: What a statement says of another document than its own.
_OTHERS = {ns.GG + name for name in ("reports", "supersededBy", "restsOn", "namesWithoutListing", "includesStudy")}
#: Columns of which no term stands below both, by section ("": all).
_APART = (
    ("", "intervention", "combined with"),
    ("", "only with", "only without"),
    ("", "considers", "leaves out"),
    ("comparisons", "intervention", "comparator"),
    ("readings", "term", "of term"),
    ("readings", "rules out", "of term"),
    ("terms used", "term", "excludes"),
    ("terms used", "term", "same as"),
    ("terms used", "term", "narrower than"),
)
#: Days of a statement that are not before its document's date of issue.
_LATER = ("issued", "superseded on", "withdrawn on", "lapses on")
_RANGE = ("at least", "more than", "at most", "less than")


def relation_faults(
    declared: Declarations, names: Names, terms: AddedTerms, made: Iterable[MadeDocument], maker: Maker
) -> Iterator[CellError]:
    """What is wrong between the rows of a sheet, each at a cell of one of them.

    Args:
        declared: the rows.
        names: what their cells name.
        terms: the terms that were made of them.
        made: the documents that were made of them.
        maker: who made these.
    """
    nodes: dict[str, list[Node]] = defaultdict(list)
    for node in [*terms.nodes, *(node for one in made for node in one.nodes())]:
        nodes[node.iri].append(node)
    own = {one.iri: one for one in declared.by_iri.values()}
    for one in own.values():
        triples = [t for node in nodes.get(one.iri, ()) for t in node.triples]
        yield from _itself(one, triples)
        yield from _apart(one.row)
        yield from _dates(one, declared)
    yield from _circles(own, nodes, maker.populations())
    yield from _documents(declared, names)
    yield from _populations(declared, names)
    yield from _publishers(declared, names)
    yield from _terms(declared, names, terms)
    yield from _readings(declared, names)
    yield from _figures(declared, names)


def _heading(row: Row, predicate: str) -> str:
    """The heading of what the node of a row says by a property."""
    if predicate in (BELOW, ns.SKOS + "broader") and row.section.column("broader"):
        return "broader"
    columns = row.section.columns
    return next((c.heading for c in columns if c.predicate == predicate), columns[0].heading)


def _itself(one: Declared, triples: Iterable[ox.Triple]) -> Iterator[CellError]:
    row = one.row
    for triple in triples:
        value, predicate = getattr(triple.object, "value", ""), triple.predicate.value
        if value == one.iri:
            yield row.mistake(_heading(row, predicate), "it names itself", "Name another, or leave it empty.")
        elif one.document and value == ns.GGD + one.document and predicate in _OTHERS:
            mend = "Name another, or leave it empty."
            yield row.mistake(_heading(row, predicate), "it names its own document", mend)


def _apart(row: Row) -> Iterator[CellError]:
    for section, first, second in _APART:
        columns = row.section.column(first), row.section.column(second)
        if section in ("", row.section.name) and all(columns) and row.text(first) and row.text(second):
            held = [{normal(value) for value in row.cell(heading).values()} for heading in (first, second)]
            for value in sorted(held[0] & held[1]):
                yield row.mistake(second, f"{value[:60]!r} is under {first!r} too", "Keep it in one of both.")


def _dates(one: Declared, declared: Declarations) -> Iterator[CellError]:
    document = declared.documents.get(one.document)
    if document is None or one is document:
        return
    issued = document.row.text("issued")
    for heading in _LATER:
        if one.row.section.column(heading) and before(one.row.text(heading), issued):
            what = f"{heading} {one.row.text(heading)} is before its document, issued {issued}"
            yield one.row.mistake(heading, what, "Correct the one that is wrong.")


# ---------------------------------------------------------------- circles


def _circles(
    own: Mapping[str, Declared], nodes: Mapping[str, list[Node]], populations: Mapping[str, Iterable[object]]
) -> Iterator[CellError]:
    for predicate in _ONE_WAY:
        edges: dict[str, set[str]] = defaultdict(set)
        for iri, held in nodes.items():
            for triple in (t for node in held for t in node.triples if t.predicate.value == predicate):
                if isinstance(triple.object, ox.NamedNode) and triple.object.value != iri:
                    edges[iri].add(triple.object.value)
        yield from _in_circle(own, edges, predicate)
    named = {
        iri: {one.cls for one in held if isinstance(one, Held) and not one.prop} for iri, held in populations.items()
    }
    for iri in sorted(named):
        if iri in named[iri] and iri in own:
            yield own[iri].row.mistake("definition", "it names itself", "Say who belongs to it.")
    yield from _in_circle(own, {iri: held - {iri} for iri, held in named.items()}, ns.OWL + "equivalentClass")


def _in_circle(own: Mapping[str, Declared], edges: Mapping[str, set[str]], predicate: str) -> Iterator[CellError]:
    for iri in edges:
        way = _back(iri, edges) if iri in own else []
        if way:
            row = own[iri].row
            told = " -> ".join(own[step].id if step in own else ns.shorten(step) for step in way)
            what = f"these name each other in a circle: {told}"
            yield row.mistake(_heading(row, predicate), what, "Take away the one that is wrong.")


def _back(start: str, edges: Mapping[str, set[str]]) -> list[str]:
    """The way from a thing back to it, [] if there is none."""
    came: dict[str, str] = {}
    waiting = [start]
    while waiting:
        at = waiting.pop()
        for step in sorted(edges.get(at, ())):
            if step == start:
                way = [at]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return [*reversed(way), start]
            if step not in came:
                came[step] = at
                waiting.append(step)
    return []


# ---------------------------------------------------------------- documents, terms, readings, figures


def _documents(declared: Declarations, names: Names) -> Iterator[CellError]:
    short = names.short_labels()
    for one in declared.documents.values():
        row, label = one.row, one.row.text("short label")
        taken = [iri for iri in short.get(label, ()) if iri != one.iri] if label else []
        if taken:
            what = f"{label[:60]!r} is the short label of {taken[0].removeprefix(ns.GGD)} too"
            yield row.mistake("short label", what, "Give each document one of its own.")
        short.setdefault(label, []).append(one.iri)
        for text in row.cell("superseded by").values():
            successor = declared.documents.get(text.removeprefix("ggd:"))
            issued = successor.row.text("issued") if successor else names.issued(text)
            if before(issued, row.text("issued")):
                what = f"{text} was issued {issued}, before this one ({row.text('issued')})"
                yield row.mistake("superseded by", what, "Name what replaced it, or correct a date.")


def _populations(declared: Declarations, names: Names) -> Iterator[CellError]:
    for one in declared.by_section.get("populations", ()):
        others = sorted(names.graphs(one.iri) - {ns.GGG + name for name in declared.documents})
        if others:
            what = f"{one.id!r} is a population of {others[0].removeprefix(ns.GGG)} already"
            yield one.row.mistake("id", what, "Name that one where it is meant, or give this one an id of its own.")


def _publishers(declared: Declarations, names: Names) -> Iterator[CellError]:
    entries = names.entries(ns.PROV + "Organization")
    known = {normal(label): iri for iri, label in entries.items()}
    for one in declared.by_section.get("publishers", ()):
        label = one.row.text("label")
        # A row with the id of a known one may say again what is known of it (AddedTerms), and nothing else.
        if known.setdefault(normal(label), one.iri) != one.iri:
            what = f"{label[:60]!r} is a publisher that is known already"
            yield one.row.mistake("label", what, "Name it where it is meant, and take the row away.")


def _terms(declared: Declarations, names: Names, terms: AddedTerms) -> Iterator[CellError]:
    called: dict[str, str] = {}
    for one in declared.by_section.get("terms", ()):
        for heading in ("label", "synonyms"):
            for name in one.row.cell(heading).values():
                first = called.setdefault(normal(name), one.iri)
                if first != one.iri:
                    what = f"{name[:60]!r} is a name of {declared.by_iri[first].id} too"
                    yield one.row.mistake(heading, what, "Give each term names of its own.")
        yield from _parents(one, names, terms)


def _parents(one: Declared, names: Names, terms: AddedTerms) -> Iterator[CellError]:
    """See that a class of interventions stands below interventions, and one of conditions or findings below these."""
    kind = terms.kinds.get(one.iri, "")
    above = [row for t in _said(one, terms, BELOW) if (row := names.vocabulary.by_iri.get(t)) is not None]
    for row in above if kind in ROOTS else ():
        if (row.kind == "intervention") != (kind == "intervention") and row.kind in ROOTS:
            what = f"{row.label!r} is of another kind ({row.kind}) than this term ({kind})"
            yield one.row.mistake("broader", what, f"Name a broader {kind}, or correct the kind.")
    excluded = {normal(text) for text in one.row.cell("excludes").values()}
    for row in above:
        if excluded & {normal(name) for name in row.names}:
            what = f"it is a kind of {row.label!r} and excludes it, so that nobody could have it"
            yield one.row.mistake("excludes", what, "Take it away from one of both.")
    if excluded & {normal(name) for name in one.row.cell("label").values()}:
        yield one.row.mistake("excludes", "it names itself", "Name another, or leave it empty.")


def _said(one: Declared, terms: AddedTerms, predicate: str) -> list[str]:
    node = next((node for node in terms.nodes if node.iri == one.iri), Node(one.iri))
    return [getattr(t.object, "value", "") for t in node.triples if t.predicate.value == predicate]


def _readings(declared: Declarations, names: Names) -> Iterator[CellError]:
    for one in declared.by_section.get("readings", ()):
        row = one.row
        number = names.number_row(row.text("number"))
        ends = [heading for heading in _RANGE if row.text(heading)]
        if number is not None and not ends:
            yield row.mistake("at least", "the reading of a number has no range", "Give one of its ends, or both.")
        for heading in ends:
            fault = plausible(row.text(heading), number) if number is not None else None
            if fault is not None:
                yield row.mistake(heading, *fault)


def _figures(declared: Declarations, names: Names) -> Iterator[CellError]:
    for one in declared.by_section.get("figures", ()):
        text = one.row.text("evidence").removeprefix("s:")
        owner = declared.by_iri.get(f"{ns.BASE}statement/{one.document}/{text}")
        if owner is not None and owner.row.section.name not in ("evidence", "accuracy"):
            what = f"{text!r} is a row of {owner.row.section.name!r}, which holds no figures"
            yield one.row.mistake("evidence", what, "Write the id of a row of evidence or accuracy.")
