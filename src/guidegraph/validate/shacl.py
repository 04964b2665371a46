"""Running pySHACL: the shipped shapes here, those of a user within limits and with their queries guarded."""

from __future__ import annotations

import pickle
from importlib import import_module

from rdflib import SH, Graph

from guidegraph.errors import QueryError, ValidationError
from guidegraph.query.guard import check_for_rdflib
from guidegraph.query.sealed import Limits, sealed

#: What the shapes of a user may take, beyond the memory of the data.
SHAPE_LIMITS = Limits(seconds=300.0, memory=2 * 2**30)


def check_queries(shapes: Graph) -> None:
    """Raise ``ValidationError`` for a SPARQL constraint of some shapes that reaches out of the graph."""
    texts = [str(text) for p in (SH.select, SH.ask, SH.construct) for text in shapes.objects(None, p)]
    prefixes = [str(part) for p in (SH.prefix, SH.namespace) for part in shapes.objects(None, p)]
    try:
        check_for_rdflib(texts, prefixes)
    except QueryError as error:
        what = f"a SPARQL constraint of the shapes cannot be used: {error.what}"
        raise ValidationError(what, where=error.where, mend=error.mend) from None


def report_of(data: Graph, shapes: Graph) -> Graph:
    """The report of pySHACL on a graph. Raises ``ValidationError`` when the shapes cannot be used."""
    # pySHACL takes a quarter of a second to import: only who validates pays for it.
    import pyshacl
    from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError, ValidationFailure

    faults = (ConstraintLoadError, ShapeLoadError, ReportableRuntimeError, ValidationFailure, ValueError)
    try:
        _, report, text = pyshacl.validate(data, shacl_graph=shapes, inplace=True, advanced=False, inference="none")
    except RecursionError:
        raise ValidationError("a list or chain is too long to be followed", mend="Split the list.") from None
    except faults as fault:
        raise ValidationError(f"the shapes cannot be used: {fault}", mend="Correct the shapes.") from None
    if not isinstance(report, Graph):
        raise ValidationError(f"the shapes cannot be used: {report} {text}", mend="Correct the shapes.")
    return report


def sealed_report(data: Graph, shapes: Graph) -> Graph:
    """As ``report_of``, for the shapes of a user, whose queries and patterns may take any time and memory."""
    # A sealed process opens nothing: what is imported on the way to a report is imported here, by making an empty one.
    report_of(Graph(), Graph())
    for module in ("pyshacl.constraints.sparql.sparql_based_constraints", "rdflib.plugins.sparql.processor"):
        import_module(module)

    def work() -> bytes:
        try:
            return pickle.dumps(list(report_of(data, shapes)))
        except ValidationError as fault:
            return pickle.dumps((fault.what, fault.where, fault.mend))

    try:
        outcome = pickle.loads(sealed(work, SHAPE_LIMITS))
    except QueryError as error:
        what = f"the shapes cannot be used: {error.what}"
        raise ValidationError(
            what, mend="Simplify their SPARQL and patterns, or validate fewer files at a time."
        ) from None
    if isinstance(outcome, tuple):
        what, where, mend = outcome
        raise ValidationError(what, where=where, mend=mend)
    report = Graph()
    for triple in outcome:
        report.add(triple)
    return report
