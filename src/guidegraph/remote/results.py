"""Reading what a SPARQL endpoint answers, as the terms that an embedded store would give."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph.errors import EndpointError
from guidegraph.namespaces import XSD
from guidegraph.reading import parse_quads
from guidegraph.remote.exchange import Answer

ROWS = "application/sparql-results+json"
TRIPLES = "application/n-triples"
_GRAPHS = {
    TRIPLES: ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/trig": ox.RdfFormat.TRIG,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}
#: What is asked for where triples are wanted: N-Triples, and what else can be read where a store has only that.
ACCEPTED = f"{TRIPLES}, text/turtle;q=0.8, application/trig;q=0.5, application/n-quads;q=0.5, application/ld+json;q=0.3"
Row = tuple[Any, ...]
_JSON = (ROWS, "application/json")
_LABEL = re.compile(r"[A-Za-z0-9_]+\Z")
#: Virtuoso answers an ASK with one row under this name where JSON is asked for.
_ASKED = "__ASK_RETVAL"
_MEND = "Is it a SPARQL endpoint?"


def fits(answer: Answer, media: Collection[str], where: str) -> None:
    """Refuse an answer in another media type than asked for.

    Raises:
        EndpointError: it is a web page or something else.
    """
    if answer.media in media:
        return
    page = answer.media in ("text/html", "application/xhtml+xml")
    what = "a web page" if page else answer.media[:60]
    raise EndpointError(f"the answer is {what}, not {next(iter(media))}", where=where, mend=_MEND)


def whole(answer: Answer, rows: int, where: str) -> None:
    """Refuse an answer that the server says is cut off.

    Virtuoso tells a cut by ``X-SPARQL-MaxRows``, and a query that ran out of time by ``X-SQL-State: S1TAT``.

    Raises:
        EndpointError: there are rows that were not sent.
    """
    most = answer.headers.get("x-sparql-maxrows", "")
    if most.isdigit() and rows >= int(most):
        raise EndpointError(
            f"it cuts answers off at {most} rows",
            where=where,
            mend="Ask for less with LIMIT, or raise its ResultSetMaxRows.",
        )
    if answer.headers.get("x-sql-state", "").upper() == "S1TAT":
        raise EndpointError("it ran out of time and sent a part", where=where, mend="Ask for less.")


def read_rows(answer: Answer, where: str) -> tuple[tuple[str, ...], list[Row]]:
    """Columns and rows of a SELECT.

    Raises:
        EndpointError: it is not a whole table of results.
    """
    fits(answer, _JSON, where)
    try:
        data = json.loads(answer.content)
        columns = tuple(str(name) for name in data["head"]["vars"])
        known: dict[tuple[Any, ...], Any] = {}
        rows = [
            tuple(_term(binding[name], known) if name in binding else None for name in columns)
            for binding in data["results"]["bindings"]
        ]
        normal = normal_literals(term for term in known.values() if isinstance(term, ox.Literal))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        told = " ".join(str(error).split())[:100]
        raise EndpointError(f"the answer is not {ROWS}: {told}", where=where, mend=_MEND) from None
    whole(answer, len(rows), where)
    return columns, [tuple(normal.get(term, term) for term in row) for row in rows]


def read_truth(answer: Answer, where: str) -> bool:
    """The truth of an ASK.

    Raises:
        EndpointError: it is something else.
    """
    fits(answer, _JSON, where)
    try:
        data = json.loads(answer.content)
        if isinstance(data.get("boolean"), bool):
            return bool(data["boolean"])
        told = data["results"]["bindings"][0][_ASKED]["value"]
        return {"1": True, "0": False, "true": True, "false": False}[told]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise EndpointError("the answer is neither true nor false", where=where, mend=_MEND) from None


def read_triples(answers: Sequence[Answer], where: str) -> list[ox.Triple]:
    """The triples of a CONSTRUCT, DESCRIBE or graph, which may have come in several answers.

    Equal labels of blank nodes in several answers are taken for one node, which the caller must be able to check.

    Raises:
        EndpointError: they are in no form of RDF that is read, or not well-formed.
    """
    triples: list[ox.Triple] = []
    for answer in answers:
        fits(answer, _GRAPHS, where)
        form = _GRAPHS[answer.media]
        quads = parse_quads(answer.content, form, where, EndpointError, empty=True, rename=False)
        whole(answer, len(quads), where)
        triples += (ox.Triple(q.subject, q.predicate, q.object) for q in quads)
    return normal_triples(triples)


def _term(binding: dict[str, str], known: dict[tuple[Any, ...], Any]) -> Any:
    kind, value = binding["type"], binding["value"]
    key = (kind, value, binding.get("xml:lang"), binding.get("datatype"))
    if key not in known:
        known[key] = _new_term(*key)
    return known[key]


def _new_term(kind: str, value: str, language: str | None, datatype: str | None) -> Any:
    if kind == "uri":
        return ox.NamedNode(value)
    if kind == "bnode":
        # Virtuoso's labels (nodeID://b1) are no labels elsewhere.
        return ox.BlankNode(value if _LABEL.match(value) else "b" + sha256(value.encode()).hexdigest()[:16])
    if kind not in ("literal", "typed-literal"):
        raise ValueError(f"a term of type {kind!r}")
    if language:
        return ox.Literal(value, language=language)
    return ox.Literal(value, datatype=ox.NamedNode(datatype or XSD + "string"))


def normal_literals(literals: Iterable[ox.Literal]) -> dict[Any, ox.Literal]:
    """Each literal in the form in which an embedded store keeps it: of equal values, one spelling."""
    asked = list(dict.fromkeys(literals))
    store = ox.Store()
    place = ox.NamedNode("urn:x")
    store.extend(ox.Quad(ox.NamedNode(f"urn:{n}"), place, literal, place) for n, literal in enumerate(asked))
    return {
        literal: next(store.quads_for_pattern(ox.NamedNode(f"urn:{n}"), None, None)).object  # type: ignore[misc]
        for n, literal in enumerate(asked)
    }


def normal_triples(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    """Triples with their literals in the form in which an embedded store keeps them, each once."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    return [ox.Triple(q.subject, q.predicate, q.object) for q in store]
