"""A SPARQL 1.1 endpoint and a graph store, asked safely: SPARQLWrapper writes the requests, ``exchange`` sends them."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox

from guidegraph.errors import EndpointError
from guidegraph.remote.address import address
from guidegraph.remote.exchange import Answer, Limits, send
from guidegraph.remote.results import ACCEPTED, ROWS, TRIPLES, Row, read_rows, read_triples, read_truth, whole
from guidegraph.remote.terms import text_of

_AGENT = "guidegraph"


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
            EndpointError: see :func:`guidegraph.remote.exchange.send` and :mod:`guidegraph.remote.results`.
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
            told = answer.headers.get("x-sql-message", "")[:200]
            raise EndpointError(f"the update failed: {told}", where=self.address.shown, mend="See its log.")

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
            EndpointError: see :func:`guidegraph.remote.exchange.send` and :mod:`guidegraph.remote.results`.
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
