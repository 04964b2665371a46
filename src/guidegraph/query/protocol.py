"""A query as the SPARQL 1.1 Protocol hands it over: run in a sealed process, and written as it was asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import QueryError
from guidegraph.query import guard
from guidegraph.store import canonical

#: Bytes of an answer.
MAX_ANSWER = 16 * 2**20


@dataclass(frozen=True)
class Asked:
    """A query with what its request says beside it.

    Attributes:
        text: the query.
        base: the IRI that relative ones are resolved against.
        rows: the media type for rows and for yes or no, "" where the request accepts none.
        graph: the media type for a graph, "" where the request accepts none.
        default_graphs, named_graphs: the dataset that the request names, which goes before that of the query.
    """

    text: str
    base: str
    rows: str
    graph: str
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()

    def to_bytes(self) -> bytes:
        """The same for another process."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Asked:
        """What :meth:`to_bytes` wrote."""
        return cls(**json.loads(content))


@dataclass(frozen=True)
class Written:
    """An answer as bytes; ``media`` is "" where the request accepts no form of it."""

    media: str
    content: bytes

    def to_bytes(self) -> bytes:
        """The same for another process."""
        return self.media.encode() + b"\n" + self.content

    @classmethod
    def from_bytes(cls, content: bytes) -> Written:
        """What :meth:`to_bytes` wrote."""
        media, _, rest = content.partition(b"\n")
        return cls(media.decode(), rest)


def answered(store: ox.Store, asked: Asked) -> Written:
    """Run a stranger's query over the union of all graphs, or the dataset that it names; call it in a sealed process.

    Raises:
        QueryError: it is no query, reaches out, fails, or its answer is too long or fits no form.
    """
    text = guard.based(guard.bounded(asked.text), asked.base)
    dataset: dict[str, Any] = {"use_default_graph_as_union": True}
    if guard.may_reach(text):
        graphs = {graph.value for graph in store.named_graphs() if isinstance(graph, ox.NamedNode)}
        if guard.read(text, graphs=graphs).dataset:
            dataset = {}
    if asked.default_graphs or asked.named_graphs:
        # What is named and not there is an empty graph: nothing is fetched.
        dataset = {"default_graph": _nodes(asked.default_graphs), "named_graphs": _nodes(asked.named_graphs)}
    try:
        result: Any = store.query(text, base_iri=asked.base, prefixes=ns.PREFIXES, **dataset)
    except (SyntaxError, ValueError) as error:
        raise guard.no_query(text, error) from None
    except (OSError, RuntimeError) as error:
        raise QueryError(f"the query failed: {str(error)[:200]}", mend="Check what it reaches out to.") from None
    written = _graph(result, asked.graph) if isinstance(result, ox.QueryTriples) else _rows(result, asked.rows)
    if len(written.content) > MAX_ANSWER:
        raise QueryError(f"the answer is larger than {MAX_ANSWER // 2**20} MiB", mend="Ask for less, with LIMIT.")
    return written


def _nodes(iris: Sequence[str]) -> list[ox.NamedNode]:
    try:
        return [ox.NamedNode(iri) for iri in iris]
    except ValueError as error:
        raise QueryError(f"a graph's name is no IRI: {str(error)[:100]}", mend="Name graphs by whole IRIs.") from None


def _rows(result: Any, media: str) -> Written:
    form = ox.QueryResultsFormat.from_media_type(media) if media else None
    return Written(media, result.serialize(format=form) or b"") if form else Written("", b"rows")


def _graph(triples: ox.QueryTriples, media: str) -> Written:
    form = ox.RdfFormat.from_media_type(media) if media else None
    if form is None:
        return Written("", b"graph")
    lines = canonical(set((ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b"").splitlines(keepends=True)))
    content = b"".join(lines)
    if form != ox.RdfFormat.N_TRIPLES:
        try:
            quads = ox.parse(content, format=ox.RdfFormat.N_TRIPLES)
            content = ox.serialize((q.triple for q in quads), format=form, prefixes=ns.PREFIXES) or b""
        except ValueError as error:
            what = f"the graph cannot be written as {media}: {str(error)[:100]}"
            raise QueryError(what, mend="Accept text/turtle.") from None
    return Written(media, content)
