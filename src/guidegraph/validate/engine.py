"""Validation of files and graphs: SHACL shapes, with pySHACL (the reference engine here), and what SHACL cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox
from rdflib import SH, Graph, URIRef
from rdflib.term import Node

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.domains import select
from guidegraph.errors import KnowledgeError, QueryError, ValidationError
from guidegraph.query.catalogue import Query, read_query
from guidegraph.query.run import run
from guidegraph.reading import read_quads, unreadable
from guidegraph.store import NOTHING_OF_OURS, RIGHT_FILE, foreign_files, knowledge_files
from guidegraph.validate.describe import name, named_shape, owners, path_text, users
from guidegraph.validate.graph import FileGraph, IndexedGraph, TermTable
from guidegraph.validate.report import ValidationReport, ValidationResult
from guidegraph.validate.reviews import file_review_defects
from guidegraph.validate.shacl import check_queries, report_of, sealed_report

if TYPE_CHECKING:
    from os import PathLike

Quads = Sequence[ox.Quad | ox.Triple]

#: What the shapes need to know of the properties that the ontology declares, besides the hierarchy of its classes.
_DECLARED = {ns.RDFS + "domain", ns.RDFS + "range", ns.GG + "profileKey"}
#: Classes whose members are named by the data: the entries of lists, and agents.
_LISTED = (ns.SKOS + "Concept", ns.PROV + "Agent")
#: The checks that a file can be asked alone, since they need no other document.
FILE_CHECKS = (
    "closed-list",
    "deprecated-term",
    "profile-exclusion",
    "profile-number",
    "superseded-in-circle",
    "undeclared-property",
)
#: How grave a check's rows are, in the words of SHACL.
SEVERITIES = {"error": "Violation", "warning": "Warning", "note": "Info"}
#: What the names of rules begin with that are checks.
CHECK = ns.BASE + "query/check/"


#: The rule that a value can be read, which no shape says.
VALUE_RULE = "value-readable"


def shape_files() -> tuple[Path, ...]:
    """The shipped shapes, without their examples."""
    folder = assets.folder("shapes")
    return tuple(path for path in assets.files("shapes", "*.ttl") if path.parent == folder)


def ontology_files() -> tuple[Path, ...]:
    """The shipped ontology."""
    return tuple(assets.files("ontology", "*.ttl"))


def check_file(check: str) -> Path:
    """The file of a shipped check."""
    return assets.folder("queries") / "check" / f"{check}.rq"


def context(quads: Iterable[ox.Quad]) -> list[ox.Quad]:
    """What of an ontology is given with the data: the hierarchy of named classes, how properties are declared, the
    entries of lists and the agents."""
    named: list[Any] = [
        q for q in quads if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode | ox.Literal)
    ]
    hierarchy = [q for q in named if q.predicate.value == ns.RDFS + "subClassOf"]
    listed = set(_LISTED)
    while more := {q.subject.value for q in hierarchy if q.object.value in listed} - listed:
        listed |= more
    entries = [q for q in named if q.predicate.value == ns.RDF + "type" and q.object.value in listed]
    return [*hierarchy, *entries, *(q for q in named if q.predicate.value in _DECLARED)]


def validate_files(
    paths: Sequence[str | PathLike[str]],
    *,
    shapes: Sequence[str | PathLike[str]] | None = None,
    ontology: Sequence[str | PathLike[str]] | None = None,
    knowledge: str | PathLike[str] | None = None,
    domains: Sequence[str | Path] = (),
) -> ValidationReport:
    """Validate some files together, all their named graphs as one, against the shapes.

    Args:
        paths: the files. What one declares or describes counts for the others.
        shapes: files in place of the shipped shapes; what else is looked at without them (numbers and dates that cannot
            be read, unknown properties, ...) is then left out.
        ontology: files in place of the shipped ontology, of which only the hierarchy of classes and the declarations of
            properties count, so that a document is judged by what it says itself.
        knowledge: a folder with ontology/ and graph/ beside which the files are looked at, in place of the ontology
            alone; only what is wrong in the files is told.
        domains: names or folders of domains of that folder, the shipped one if none is named, in place of its first.

    Raises:
        ValidationError: a file cannot be read, is empty or not well-formed, or the shapes cannot be used.
        KnowledgeError: the folder holds no knowledge.
    """
    if not paths:
        raise ValidationError("no file is given", mend="Name at least one file.")
    documents: Sequence[Path] = ()
    if knowledge is not None or domains:
        selected = select(domains, None if knowledge is None else Path(knowledge))
        ontology, documents = knowledge_files(selected.base, selected.folders)
    rules = _rules(_paths(shapes, shape_files), _paths(ontology, ontology_files), _paths(documents, tuple))
    return rules.check({str(path): read_quads(Path(path)) for path in paths}, more=shapes is None)


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
    rules = _rules(_paths(shapes, shape_files), _paths(ontology, ontology_files), ())
    if isinstance(graph, Graph):
        text = graph.serialize(format="nt", encoding="utf-8")
        graph = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
    triples = list(graph)
    if not triples:
        raise ValidationError("the graph holds no triples", where=name, mend="Check that it is the right graph.")
    return rules.check({name: triples}, more=shapes is None)


def _paths(given: Sequence[str | PathLike[str]] | None, shipped: Any) -> tuple[tuple[Path, int], ...]:
    """Files with their time of change, so that a changed file is read again."""
    files = shipped() if given is None else tuple(Path(path) for path in given)
    try:
        return tuple((path, path.stat().st_mtime_ns) for path in files)
    except OSError as fault:
        raise ValidationError(f"the file cannot be read: {fault.strerror}", where=str(fault.filename)) from None


_Stamped = tuple[tuple[Path, int], ...]


@lru_cache(maxsize=8)
def _rules(shapes: _Stamped, ontology: _Stamped, documents: _Stamped) -> _Rules:
    read = ([quad for path, _ in files for quad in read_quads(path)] for files in (shapes, ontology, documents))
    return _Rules(*read)


class _Rules:
    """Shapes and what is known besides the data, read once for any number of graphs."""

    def __init__(self, shapes: Sequence[ox.Quad], ontology: Sequence[ox.Quad], documents: Sequence[ox.Quad]) -> None:
        self._terms = TermTable()
        self._shapes = list(self._terms.triples(shapes))
        self._beside = list(self._terms.triples([*(ontology if documents else context(ontology)), *documents]))
        self._alone = not documents
        self._ontology, self._documents = ontology, documents
        self._known = [ox.Quad(q.subject, q.predicate, q.object) for q in (*ontology, *documents)]
        check_queries(IndexedGraph(self._shapes))

    def check(self, files: Mapping[str, Quads], *, more: bool) -> ValidationReport:
        """The report on some files together. Raises ``ValidationError`` when the shapes cannot be used.

        Args:
            files: the triples of each file.
            more: whether to look at what SHACL cannot say, too.
        """
        data = FileGraph(self._terms.copy(), files, self._beside, alone=self._alone)
        foreign = foreign_files(files) if more else set()
        results = [*self._by_shapes(data, shipped=more), *_by_values(data), *(self._by_checks(data) if more else ())]
        results = [r for r in results if r.file not in foreign] + [_nothing_of_ours(file) for file in foreign]
        causes: dict[tuple[str, ...], ValidationResult] = {}
        for r in sorted(results):
            # One cause is one error: a value that breaks two constraints of a shape is told once.
            causes.setdefault((r.file, r.shape, r.node, *r.part_of, r.path, r.value), r)
        return ValidationReport(tuple(files), tuple(causes.values()))

    def _by_shapes(self, data: FileGraph, *, shipped: bool) -> Iterator[ValidationResult]:
        shapes = IndexedGraph(self._shapes)
        report = report_of(data.graph, shapes) if shipped else sealed_report(data.graph, shapes)
        for node in report.objects(None, SH.result):  # not the details below a result
            focus, value = report.value(node, SH.focusNode), report.value(node, SH.value)
            source = report.value(node, SH.sourceShape)
            assert focus is not None and source is not None
            if data.unreadable(value) is not None:
                continue  # told as such
            shape = named_shape(shapes, source)
            path = shapes.value(source, SH.path)
            messages = sorted(str(text) for text in report.objects(node, SH.resultMessage))
            for file in data.holders(focus, value):
                yield ValidationResult(
                    file=file,
                    shape=str(shape) if isinstance(shape, URIRef) else "",
                    node=name(data.graph, focus),
                    part_of=tuple(_part_of(data.graph, focus, value)),
                    path=path_text(shapes, path) if path is not None else "",
                    value=name(data.graph, value) if value is not None else "",
                    message=" ".join(messages),
                    severity=str(report.value(node, SH.resultSeverity)).rpartition("#")[2],
                    focus=str(focus) if isinstance(focus, URIRef) else "",
                    constraint=str(report.value(node, SH.sourceConstraintComponent)).rpartition("#")[2],
                )

    def _by_checks(self, data: FileGraph) -> Iterator[ValidationResult]:
        """What the checks say that a file can be asked alone."""
        store = ox.Store()
        store.extend(self._known)
        for quads in data.files.values():
            store.extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
        for check in FILE_CHECKS:
            query, rows = run_check(store, check_file(check))
            for row in rows:
                node = data.terms.term(row["node"])
                for file in data.holders(node, None) or data.users(node):
                    yield ValidationResult(
                        file=file,
                        shape=f"{CHECK}{check}",
                        node=name(data.graph, node),
                        value=shown(row["detail"]),
                        message=f"{query.why} {query.mend}",
                        severity=SEVERITIES[query.severity],
                        focus=str(node) if isinstance(node, URIRef) else "",
                    )
        for defect in file_review_defects(data.files.values(), self._ontology, self._documents):
            for file in data.holders(URIRef(defect.node), None):
                node = URIRef(defect.node)
                told = f"{defect.message} {defect.mend}"
                yield ValidationResult(
                    file, f"{CHECK}{defect.rule}", name(data.graph, node), message=told, focus=str(node)
                )


def _by_values(data: FileGraph) -> Iterator[ValidationResult]:
    """The numbers, dates and truth values that cannot be read as what they say they are."""
    for file, quads in data.files.items():
        for quad in quads:
            value = data.unreadable(data.terms.term(quad.object))
            if value is None or not isinstance(quad.object, ox.Literal):
                continue
            node = data.terms.term(quad.subject)
            reason = unreadable(quad.object) or f"{quad.object.value[:40]!r} is not how such a value is written"
            yield ValidationResult(
                file=file,
                shape=f"{ns.BASE}shape/{VALUE_RULE}",
                node=name(data.graph, node),
                part_of=tuple(owners(data.graph, node)),
                path=name(data.graph, data.terms.term(quad.predicate)),
                value=name(data.graph, value),
                message=f"A value is written as its datatype has it: {reason}. Write a number as 12.5, with at most 18"
                " places, a date as 2024-05-20, 2024-05 or 2024, and in JSON in quotes.",
                focus=str(node) if isinstance(node, URIRef) else "",
            )


def _nothing_of_ours(file: str) -> ValidationResult:
    message = f"{NOTHING_OF_OURS[0].upper()}{NOTHING_OF_OURS[1:]}. {RIGHT_FILE}"
    return ValidationResult(file, f"{ns.BASE}shape/something-of-ours", file, message=message)


def run_check(store: ox.Store, path: Path) -> tuple[Query, list[dict[str, Any]]]:
    """A check with its rows over a store.

    Raises:
        KnowledgeError: the file is no SELECT of ?node and ?detail with a severity, or it cannot be run.
    """
    query = read_query(path, f"check/{path.stem}")
    try:
        result = run(store, query.text)
    except QueryError as error:
        where = f"{path}: {error.where}".rstrip(": ")
        raise KnowledgeError(f"the check cannot be run: {error.what}", where=where, mend=error.mend) from None
    if query.severity not in SEVERITIES or result.kind != "select":
        raise KnowledgeError(
            "a check is a SELECT whose header says how grave its rows are",
            where=str(path),
            mend="Write '#+ severity: error', warning or note, and select ?node and ?detail.",
        )
    if not {"node", "detail"} <= set(result.columns):
        raise KnowledgeError("a check selects ?node and ?detail", where=str(path), mend="Name its variables so.")
    return query, [dict(zip(result.columns, row, strict=True)) for row in result.rows]


def shown(term: object) -> str:
    """A term of a row in words: a CURIE or IRI, or a text."""
    return ns.shorten(term.value) if isinstance(term, ox.NamedNode) else str(getattr(term, "value", ""))


def _part_of(data: Graph, focus: Node, value: Node | None) -> list[str]:
    if not isinstance(focus, URIRef):
        return owners(data, focus)
    if value is None:
        return []
    # A rule about atoms looks at a property and its fillers: the reader wants to know which populations use them.
    return [owner for owner in users(data, focus, value) or owners(data, value) if owner != name(data, focus)]
