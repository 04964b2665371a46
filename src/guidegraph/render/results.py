"""Results of queries: tables, JSON, CSV, TSV, Turtle."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.model import Result
from guidegraph.words import clean

_CELL = 60


def shown(term: Any) -> str:
    """A term for people: the CURIE of an IRI, the text of a literal."""
    if term is None:
        return ""
    value = str(term.value)
    return ns.shorten(value) if type(term).__name__ == "NamedNode" else value


def result_table(result: Result) -> str:
    """A plain aligned table; rows keep the query's order."""
    if result.kind == "ask":
        return ("yes" if result.truth else "no") + "\n"
    if result.kind == "graph":
        return to_turtle(result)
    rows = [[clean(shown(t)) for t in row] for row in result.rows]
    cut = [[c if len(c) <= _CELL else c[: _CELL - 1] + "~" for c in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cut)]) for i, name in enumerate(result.columns)]
    lines = ["  ".join(name.ljust(w) for name, w in zip(result.columns, widths, strict=True)).rstrip()]
    lines.append("  ".join("-" * w for w in widths))
    lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cut]
    count = len(rows)
    return "\n".join([*lines, f"({count} row{'' if count == 1 else 's'})"]) + "\n"


def _binding(term: Any) -> dict[str, str]:
    kind = type(term).__name__
    if kind == "NamedNode":
        return {"type": "uri", "value": term.value}
    if kind == "BlankNode":
        return {"type": "bnode", "value": term.value}
    out = {"type": "literal", "value": term.value}
    if term.language:
        out["xml:lang"] = term.language
    elif term.datatype.value != ns.XSD + "string":
        out["datatype"] = term.datatype.value
    return out


def to_results_json(result: Result) -> str:
    """SPARQL 1.1 Query Results JSON."""
    if result.kind == "ask":
        return json.dumps({"head": {}, "boolean": result.truth}, indent=2) + "\n"
    _need(result, "select", "json")
    bindings = [
        {name: _binding(t) for name, t in zip(result.columns, row, strict=True) if t is not None} for row in result.rows
    ]
    data = {"head": {"vars": list(result.columns)}, "results": {"bindings": bindings}}
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def to_csv(result: Result) -> str:
    """SPARQL 1.1 Query Results CSV."""
    _need(result, "select", "csv")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([["" if t is None else t.value for t in row] for row in result.rows])
    return out.getvalue()


def to_tsv(result: Result) -> str:
    """SPARQL 1.1 Query Results TSV."""
    _need(result, "select", "tsv")
    lines = ["\t".join("?" + name for name in result.columns)]
    lines += ["\t".join("" if t is None else str(t) for t in row) for row in result.rows]
    return "\n".join(lines) + "\n"


def to_turtle(result: Result) -> str:
    """Turtle with our prefixes, the same text for the same graph."""
    _need(result, "graph", "turtle")
    import rdflib

    graph = rdflib.Graph()
    for prefix, iri in ns.PREFIXES.items():
        graph.bind(prefix, iri)
    graph.parse(data="\n".join(f"{t} ." for t in result.triples), format="nt")
    return graph.serialize(format="turtle")


def _need(result: Result, kind: str, form: str) -> None:
    if result.kind != kind:
        what = {"select": "rows", "ask": "yes or no", "graph": "a graph"}[result.kind]
        raise UsageError(
            f"the query answers with {what}, which has no {form} form", where="--format", mend="Use --format table."
        )


FORMS = {"table": result_table, "json": to_results_json, "csv": to_csv, "tsv": to_tsv, "turtle": to_turtle}
