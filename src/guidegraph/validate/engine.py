"""Validation of files and graphs against SHACL shapes, with pySHACL (the reference engine here)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import SH, Graph, URIRef
from rdflib.term import Node

from guidegraph import assets
from guidegraph.errors import ValidationError
from guidegraph.namespaces import shorten
from guidegraph.reading import read_quads, subclass_triples
from guidegraph.validate.describe import name, named_shape, owners, path_text, users
from guidegraph.validate.graph import IndexedGraph, TermTable, quiet_literals
from guidegraph.validate.parsing import parsed_once
from guidegraph.validate.report import ValidationReport, ValidationResult, merged

if TYPE_CHECKING:
    from os import PathLike

_REACHES_OUT = re.compile(r"\b(?:SERVICE|FROM)\b", re.IGNORECASE)


def shape_files() -> tuple[Path, ...]:
    """The shipped shapes, without their examples."""
    folder = assets.folder("shapes")
    return tuple(path for path in assets.files("shapes", "*.ttl") if path.parent == folder)


def ontology_files() -> tuple[Path, ...]:
    """The shipped ontology, whose class hierarchy is given with the data."""
    return tuple(assets.files("ontology", "*.ttl"))


def validate_files(
    paths: Sequence[str | PathLike[str]],
    *,
    shapes: Sequence[str | PathLike[str]] | None = None,
    ontology: Sequence[str | PathLike[str]] | None = None,
) -> ValidationReport:
    """Validate each file alone, all its named graphs together, against the shapes.

    ``shapes`` and ``ontology`` are files in place of the shipped ones. Of the ontology only the hierarchy of named
    classes is given with the data, so that a document is judged by what it says itself.

    Raises:
        ValidationError: a file cannot be read, is empty or not well-formed, or the shapes cannot be used.
    """
    if not paths:
        raise ValidationError("no file is given", mend="Name at least one file.")
    rules = _rules(_paths(shapes, shape_files), _paths(ontology, ontology_files))
    return merged([rules.check(read_quads(Path(path)), str(path)) for path in paths])


def validate_graph(
    graph: Graph | Iterable[ox.Quad | ox.Triple],
    *,
    name: str = "graph",
    shapes: Sequence[str | PathLike[str]] | None = None,
    ontology: Sequence[str | PathLike[str]] | None = None,
) -> ValidationReport:
    """Validate one graph: an rdflib graph, or quads or triples of pyoxigraph (graph names are left out).

    ``name`` stands for the file in the report. Raises ``ValidationError`` as ``validate_files`` does.
    """
    rules = _rules(_paths(shapes, shape_files), _paths(ontology, ontology_files))
    if isinstance(graph, Graph):
        text = graph.serialize(format="nt", encoding="utf-8")
        graph = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    triples = list(graph)
    if not triples:
        raise ValidationError("the graph holds no triples", where=name, mend="Check that it is the right graph.")
    return rules.check(triples, name)


def _paths(given: Sequence[str | PathLike[str]] | None, shipped: Any) -> tuple[tuple[Path, int], ...]:
    """Files with their time of change, so that a changed file is read again."""
    files = shipped() if given is None else tuple(Path(path) for path in given)
    try:
        return tuple((path, path.stat().st_mtime_ns) for path in files)
    except OSError as fault:
        raise ValidationError(f"the file cannot be read: {fault.strerror}", where=str(fault.filename)) from None


@lru_cache(maxsize=8)
def _rules(shapes: tuple[tuple[Path, int], ...], ontology: tuple[tuple[Path, int], ...]) -> _Rules:
    return _Rules([path for path, _ in shapes], [path for path, _ in ontology])


class _Rules:
    """Shapes and class hierarchy, read once for any number of graphs."""

    def __init__(self, shapes: Sequence[Path], ontology: Sequence[Path]) -> None:
        self._terms = TermTable()
        quads = [quad for path in shapes for quad in read_quads(path)]
        self._shapes = list(self._terms.triples(quads))
        self._hierarchy = list(self._terms.triples(subclass_triples(ontology)))
        self._uses_sparql = _checked_for_sparql(IndexedGraph(self._shapes))

    def check(self, quads: Iterable[ox.Quad | ox.Triple], file: str) -> ValidationReport:
        """The report on one graph. Raises ``ValidationError`` when the shapes cannot be used."""
        with quiet_literals():
            terms = self._terms.copy()
            data = IndexedGraph(terms.triples(quads))
            for triple in self._hierarchy:
                data.add(triple)
            shapes = IndexedGraph(self._shapes)
            report = _run(data, shapes, self._uses_sparql)
            nodes = report.objects(None, SH.result)  # not the details below a result
            results = sorted({_result(node, report, data, shapes, file) for node in nodes})
        return ValidationReport((file,), tuple(results))


def _checked_for_sparql(shapes: Graph) -> bool:
    """Whether shapes hold SPARQL; a text that reaches out of the graph raises ``ValidationError``."""
    texts = [text for p in (SH.select, SH.ask, SH.construct) for text in shapes.objects(None, p)]
    for text in texts:
        if _REACHES_OUT.search(str(text)):
            raise ValidationError(
                "a SPARQL constraint of the shapes says SERVICE or FROM",
                where=" ".join(str(text).split())[:80],
                mend="Let the constraint ask the graph that is validated only.",
            )
    return bool(texts)


def _run(data: Graph, shapes: Graph, uses_sparql: bool) -> Graph:
    # pySHACL takes a quarter of a second to import: only who validates pays for it.
    import pyshacl
    from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError, ValidationFailure

    once: AbstractContextManager[None] = parsed_once() if uses_sparql else nullcontext()
    try:
        with once:
            _, report, text = pyshacl.validate(data, shacl_graph=shapes, inplace=True, advanced=False, inference="none")
    except (ConstraintLoadError, ShapeLoadError, ReportableRuntimeError, ValidationFailure, ValueError) as fault:
        raise ValidationError(f"the shapes cannot be used: {fault}", mend="Correct the shapes.") from None
    if not isinstance(report, Graph):
        raise ValidationError(f"the shapes cannot be used: {report} {text}", mend="Correct the shapes.")
    return report


def _result(node: Node, report: Graph, data: Graph, shapes: Graph, file: str) -> ValidationResult:
    """One result of pySHACL's report in our terms."""
    focus = report.value(node, SH.focusNode)
    value = report.value(node, SH.value)
    source = report.value(node, SH.sourceShape)
    assert focus is not None and source is not None
    shape = named_shape(shapes, source)
    path = shapes.value(source, SH.path)
    messages = sorted(str(text) for text in report.objects(node, SH.resultMessage))
    return ValidationResult(
        file=file,
        shape=str(shape) if isinstance(shape, URIRef) else "",
        node=name(data, focus),
        part_of=tuple(_part_of(data, focus, value)),
        path=path_text(shapes, path) if path is not None else "",
        value=name(data, value) if value is not None else "",
        message=" ".join(messages),
        severity=shorten(str(report.value(node, SH.resultSeverity))).rpartition("#")[2],
        focus=str(focus) if isinstance(focus, URIRef) else "",
        constraint=str(report.value(node, SH.sourceConstraintComponent)).rpartition("#")[2],
    )


def _part_of(data: Graph, focus: Node, value: Node | None) -> list[str]:
    if not isinstance(focus, URIRef):
        return owners(data, focus)
    if value is None:
        return []
    # A rule about atoms looks at a property and its fillers: the reader wants to know which populations use them.
    return [owner for owner in users(data, focus, value) or owners(data, value) if owner != name(data, focus)]
