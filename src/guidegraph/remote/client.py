"""A SPARQL 1.1 endpoint and a graph store, asked safely, and their answers as the terms of an embedded store.

SPARQLWrapper writes the requests, ``exchange`` sends them.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Collection, Iterable, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox

from guidegraph.errors import EndpointError
from guidegraph.namespaces import XSD
from guidegraph.reading import MAXIMUM_QUADS, parse_quads
from guidegraph.remote.address import address
from guidegraph.remote.exchange import Answer, Limits, send
from guidegraph.remote.terms import text_of

_AGENT = "guidegraph"
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


class Endpoint:
    """A SPARQL 1.1 endpoint.

    Args:
        url: its address, for queries and, where no other is named, for updates.
        limits: what one answer may take.

    Raises:
        EndpointError: the address may not be spoken to.
    """

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self.address = address(url)
        self.limits = limits or Limits()

    def select(self, text: str) -> tuple[tuple[str, ...], list[Row]]:
        """Columns and rows of a SELECT.

        Raises:
            EndpointError: see :func:`guidegraph.remote.exchange.send`, :func:`read_rows` and :func:`read_triples`.
        """
        return read_rows(self._ask("SELECT", text, ROWS), self.address.shown)

    def truth(self, text: str) -> bool:
        """The truth of an ASK. Raises as :meth:`select`."""
        return read_truth(self._ask("ASK", text, ROWS), self.address.shown)

    def triples(self, *texts: str) -> list[ox.Triple]:
        """The triples of a CONSTRUCT, or of several that together make one graph. Raises as :meth:`select`."""
        return read_triples([self._ask("CONSTRUCT", text, ACCEPTED) for text in texts], self.address.shown)

    def graph(self, text: str, form: str) -> list[ox.Triple]:
        """The triples of somebody's CONSTRUCT or DESCRIBE, of which nobody knows how many they are.

        Virtuoso cuts off such an answer without a word, so its limit is found out.

        Raises:
            EndpointError: as :meth:`select`, or there are as many triples as the server sends at most.
        """
        answer = self._ask(form, text, ACCEPTED)
        triples = read_triples([answer], self.address.shown)
        if answer.headers.get("server", "").startswith("Virtuoso"):
            limit = self._ask("SELECT", text_of("endpoint/limit.rq"), ROWS)
            whole(limit, len(triples), self.address.shown)
        return triples

    def update(self, text: str) -> None:
        """Send an update. Raises as :meth:`select`."""
        answer = self._ask("INSERT", text, "*/*")
        # Virtuoso and others answer an update with a short table or page of their own: any of these is done.
        if answer.headers.get("x-sql-state"):
            message = answer.headers.get("x-sql-message", "")[:200]
            raise EndpointError(f"the update failed: {message}", where=self.address.shown, mend="See its log.")

    def _ask(self, form: str, text: str, media: str) -> Answer:
        from SPARQLWrapper import POST, SPARQLWrapper

        client: Any = SPARQLWrapper(self.address.url, agent=_AGENT)
        client.setMethod(POST)
        client.setOnlyConneg(True)
        client.addCustomHttpHeader("Accept", media)
        client.queryString, client.queryType = text, form
        # SPARQLWrapper writes the request of the protocol; it would follow redirects and read without an end.
        return send(self.address, client._createRequest(), self.limits)


class GraphStore:
    """A store of named graphs by the SPARQL 1.1 Graph Store HTTP Protocol.

    Raises:
        EndpointError: the address may not be spoken to.
    """

    def __init__(self, url: str, limits: Limits | None = None) -> None:
        self.address = address(url)
        self.limits = limits or Limits()

    def put(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Put triples in the place of a graph, whatever it held (section 5.3). Raises as :meth:`get`."""
        self._send("PUT", graph, triples)

    def post(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Add triples to a graph (section 5.5). Raises as :meth:`get`."""
        self._send("POST", graph, triples)

    def delete(self, graph: ox.NamedNode) -> None:
        """Remove a graph (section 5.4); one that is not there is as good as removed. Raises as :meth:`get`."""
        try:
            self._send("DELETE", graph)
        except EndpointError as error:
            if "answered 404" not in error.what:
                raise

    def get(self, graph: ox.NamedNode) -> list[ox.Triple]:
        """The triples of a graph (section 5.2).

        Raises:
            EndpointError: see :func:`guidegraph.remote.exchange.send`, :func:`read_rows` and :func:`read_triples`.
        """
        return read_triples([self._send("GET", graph)], self.address.shown)

    def _send(self, method: str, graph: ox.NamedNode, triples: Sequence[ox.Triple] | None = None) -> Answer:
        joint = "&" if "?" in self.address.url else "?"
        request = urllib.request.Request(f"{self.address.url}{joint}{urlencode({'graph': graph.value})}", method=method)
        request.add_header("User-Agent", _AGENT)
        request.add_header("Accept", ACCEPTED if method == "GET" else "*/*")
        if triples is not None:
            request.data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
            request.add_header("Content-Type", TRIPLES)
        return send(self.address, request, self.limits)


def same_machine(addresses: Sequence[str]) -> None:
    """Refuse addresses of several machines, since credentials are meant for one.

    Raises:
        EndpointError: they name more than one.
    """
    hosts = sorted({address(url).host for url in addresses})
    if len(hosts) > 1:
        raise EndpointError(
            f"the addresses name several machines: {', '.join(hosts)}", mend="Credentials are sent to one; name one."
        )


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
        reason = " ".join(str(error).split())[:100]
        raise EndpointError(f"the answer is not {ROWS}: {reason}", where=where, mend=_MEND) from None
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
        value = data["results"]["bindings"][0][_ASKED]["value"]
        return {"1": True, "0": False, "true": True, "false": False}[value]
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
        # A store gives back what was put there, however deep: nothing here follows it node by node.
        quads = parse_quads(answer.content, form, where, EndpointError, empty=True, rename=False, depth=MAXIMUM_QUADS)
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
