"""What a sheet adds to the model for its terms: numbers of a patient, and shared terms that lie below its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.authoring.cells import YES, CellError
from guidegraph.authoring.columns import sections
from guidegraph.authoring.declaring import Declarations, Declared
from guidegraph.authoring.naming import Names
from guidegraph.authoring.values import values
from guidegraph.model import TermRow
from guidegraph.profile.names import normal

PATIENT = ns.GG + "Patient"
BELOW, TYPE = ns.RDFS + "subClassOf", ns.RDF + "type"
ON = ns.OWL + "onProperty"
#: What a number of a patient is, beside what its row says.
NUMBER = (
    (TYPE, ns.OWL + "FunctionalProperty"), (ns.RDFS + "domain", PATIENT), (ns.RDFS + "range", ns.XSD + "decimal"),
)  # fmt: skip
_CLASS = ns.OWL + "DatatypeProperty"
#: Where the name of a number and its key stand.
_NAMES = {"label": ns.RDFS + "label", "key": ns.GG + "profileKey", "short name": ns.GG + "shortName"}
_TOTAL = ns.GG + "everybodyHas"


def restriction(node: ox.BlankNode, prop: str, filler: object) -> list[ox.Triple]:
    """That something has a property with a value of a class."""
    told = ((TYPE, ox.NamedNode(ns.OWL + "Restriction")), (ON, ox.NamedNode(prop)), (ns.OWL + "someValuesFrom", filler))
    return [ox.Triple(node, ox.NamedNode(predicate), value) for predicate, value in told]  # type: ignore[arg-type]


def total(number: str) -> list[ox.Triple]:
    """That every patient has a number, known or not: what is not in a range of it is outside."""
    node = ox.BlankNode()
    above = ox.Triple(ox.NamedNode(PATIENT), ox.NamedNode(BELOW), node)
    return [above, *restriction(node, number, ox.NamedNode(ns.XSD + "decimal"))]


def totals_of(quads: Iterable[ox.Quad]) -> dict[str, list[ox.Quad]]:
    """What some quads say of numbers that every patient has, by the number."""
    said: dict[object, list[ox.Quad]] = {}
    for quad in quads:
        said.setdefault(quad.subject, []).append(quad)
    found = {}
    for above in said.get(ox.NamedNode(PATIENT), ()):
        inner = said.get(above.object, [])
        for number in (getattr(q.object, "value", "") for q in inner if q.predicate.value == ON):
            if above.predicate.value == BELOW:
                found[number] = [above, *inner]
    return found


def numbers_of(declared: Declarations, known: Sequence[ox.Quad]) -> tuple[list[TermRow], frozenset[str]]:
    """The numbers that a sheet and its folder add, and which of them every patient has."""
    held: dict[str, dict[str, str]] = {}
    stated = {q.subject.value for q in known if getattr(q.object, "value", "") == _CLASS}  # type: ignore[union-attr]
    for quad in known:
        iri = getattr(quad.subject, "value", "")
        if iri in stated and isinstance(quad.object, ox.Literal):
            held.setdefault(iri, {})[quad.predicate.value] = quad.object.value
    for one in declared.by_section.get("numbers", ()):
        columns = [c for c in sections()["numbers"].columns if c.prop]
        held[one.iri] = {c.predicate: one.row.text(c.heading) for c in columns}
    rows = []
    for iri, said in held.items():
        label, key, short = (said.get(prop, "") for prop in _NAMES.values())
        if label and key:
            unit = said.get(ns.GG + "ucumUnit", "")
            rows.append(TermRow(iri, "number", label, (label,), key=key, unit=unit, short=short))
    return rows, frozenset(iri for iri, said in held.items() if said.get(_TOTAL, "").casefold() in YES)


def number_faults(one: Declared, names: Names) -> Iterator[CellError]:
    """What of a number's row names something else already: in a population, what is called as a number is one."""
    taken: dict[str, TermRow] = {}
    for row in names.vocabulary.rows:
        if row.iri != one.iri:
            for name in (*row.names, row.key, row.problem_key, row.short):
                taken.setdefault(normal(name), row)
    for heading in _NAMES:
        text = one.row.text(heading)
        if text and (other := taken.get(normal(text))):
            told = f"{text[:40]!r} is that of {other.label!r} ({other.kind}) already"
            yield one.row.mistake(heading, told, "Name that, or call yours otherwise.")


def bridges(declared: Declarations, names: Names) -> Iterator[tuple[Declared, str, list[ox.Triple]]]:
    """The rows of bridges, each with its term and what they say of it.

    Raises:
        CellError: in the row that is wrong.
    """
    for one in declared.by_section.get("bridges", ()):
        term, broader = (one.row.cell(heading) for heading in ("term", "broader"))
        for cell in (term, broader):
            if cell.raw.empty:
                raise one.row.missing(cell.column)
        iri = values(term, names, "")[0].value
        if iri in declared.by_iri:
            raise term.mistake("the term has a row of its own", "Write there, under 'broader', what it lies below.")
        above = [value.value for value in values(broader, names, "")]
        known = names.vocabulary.by_iri
        for other in above:
            if known[other].kind != known[iri].kind:
                told = f"{known[other].label!r} is of the kind {known[other].kind}, and the term is a {known[iri].kind}"
                raise broader.mistake(told, "A term lies below terms of its own kind.")
            if iri in names.vocabulary.ancestors(other):
                raise broader.mistake(f"{known[other].label!r} lies below the term", "Take the row away.")
        yield one, iri, [ox.Triple(ox.NamedNode(iri), ox.NamedNode(BELOW), ox.NamedNode(other)) for other in above]
