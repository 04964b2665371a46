"""What is pushed and what a server holds of it, and a server to push to as a fixture."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces, store
from guidegraph.remote.client import Endpoint
from guidegraph.remote.pulling import entry_of, read_manifest
from guidegraph.remote.pushing import BATCH
from tests.support.stores import Relay, Server, contents, empty, lines

MODES = ("graph-store", "update")
MANIFEST = namespaces.MANIFEST_GRAPH
EX = "http://example.org/"


@pytest.fixture
def server(oxigraph_server: Server) -> Server:
    """A real store without a graph of ours."""
    empty(oxigraph_server)
    return oxigraph_server


def local(folder: Path) -> dict[str, tuple[str, int]]:
    """Digest and size of every graph of a folder."""
    loaded = store.load_knowledge(folder)
    found = {}
    for graph in loaded.named_graphs():
        entry = entry_of(
            ox.Triple(q.subject, q.predicate, q.object) for q in loaded.quads_for_pattern(None, None, None, graph)
        )
        found[graph.value] = (entry.digest, entry.triples)
    return found


def held(server: Server) -> dict[str, tuple[str, int]]:
    """What a server holds of ours, without the manifest, which must fit it."""
    there = contents(server)
    listed = {g.value: (e.digest, e.triples) for g, e in read_manifest(Endpoint(server.query)).items()}
    there.pop(MANIFEST, None)
    assert listed == there
    return there


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(EX + name)


def graph(*rows: tuple[Any, str, Any]) -> list[ox.Triple]:
    return [ox.Triple(s, node(p), o) for s, p, o in rows]


HARD = [
    ox.Literal('quote " back \\ line \n tab \t return \r \u0000\u0007'.replace("\u0000", "")),
    ox.Literal("ünï \U0001f600 } } ; DROP ALL #"),
    ox.Literal("\\u0041 \\n"),
    ox.Literal("hello", language="en-gb"),
    ox.Literal(""),
    ox.Literal("12", datatype=ox.NamedNode(namespaces.XSD + "decimal")),
    ox.Literal("0.75", datatype=ox.NamedNode(namespaces.XSD + "decimal")),
    ox.Literal("-1", datatype=ox.NamedNode(namespaces.XSD + "integer")),
    ox.Literal(True),
    ox.Literal("2020", datatype=ox.NamedNode(namespaces.XSD + "gYear")),
    ox.Literal("2020-09", datatype=ox.NamedNode(namespaces.XSD + "gYearMonth")),
    ox.Literal("2020-09-01", datatype=ox.NamedNode(namespaces.XSD + "date")),
    ox.Literal("2026-11-24T00:00:00Z", datatype=ox.NamedNode(namespaces.XSD + "dateTime")),
    ox.Literal("x", datatype=ox.NamedNode(EX + "type")),
]


def hard_graph() -> list[ox.Triple]:
    """Values that stores and syntaxes stumble over, and blank nodes in a ring and a chain longer than a batch."""
    rows: list[tuple[Any, str, Any]] = [(node("s"), f"p{n}", value) for n, value in enumerate(HARD)]
    ring = [ox.BlankNode() for _ in range(3)]
    rows += [(one, "next", other) for one, other in zip(ring, [*ring[1:], ring[0]], strict=True)]
    chain = [ox.BlankNode() for _ in range(BATCH)]
    rows += [(one, "then", other) for one, other in pairwise(chain)]
    # Each is told apart by a value, or finding canonical names would take long.
    rows += [(one, "is", ox.Literal(f"link {n}")) for n, one in enumerate(chain)]
    rows += [(node(f"n{n}"), "is", ox.Literal(str(n))) for n in range(BATCH)]
    return graph(*rows)


def killed_at(server: Server, mode: str, knowledge: Path, point: int, patience: float = 60) -> None:
    """Push a folder of knowledge in a process of its own, killed by SIGKILL at one of its requests.

    Args:
        server: where to.
        mode: "graph-store" or "update".
        knowledge: the folder.
        point: the number of the request; at an even one, what the killed process asked for is still done.
        patience: seconds within which it must have come there.
    """
    running: list[subprocess.Popen[bytes]] = []

    def at(number: int) -> bool:
        if number == point:
            running[0].kill()
            running[0].wait(30)
        return number != point or point % 2 == 0

    relay = Relay(server.query, at)
    line = [sys.executable, "-m", "guidegraph", "push", *lines(server, mode, relay), "--knowledge", str(knowledge)]
    running.append(subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    assert running[0].wait(patience) == -signal.SIGKILL
    relay.close()
