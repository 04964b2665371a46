"""Pushing to and pulling from a real triple store: whole graphs, twice the same, mended after a kill."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import api, namespaces, store
from guidegraph.errors import EndpointError, UsageError
from guidegraph.remote.client import Endpoint, GraphStore
from guidegraph.remote.pulling import Entry, entry_of, graph_of, read_manifest
from guidegraph.remote.pushing import ByGraphStore, ByUpdate, Push
from tests.support.pushed import MANIFEST, MODES, graph, held, killed_at, local, node
from tests.support.stores import Relay, Server, contents, empty, lines

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize("mode", MODES)
def test_a_push_is_whole_and_a_second_one_does_nothing(cli: Run, server: Server, small: Path, mode: str) -> None:
    first = cli("push", *lines(server, mode), "--knowledge", str(small), "--format", "json")
    assert first.returncode == 0, first.stderr
    assert len(json.loads(first.stdout)["sent"]) == len(local(small)) > 5
    assert held(server) == local(small)
    before = contents(server)
    relay = Relay(server.query)
    second = cli("push", *lines(server, mode, relay), "--knowledge", str(small), "--format", "json")
    relay.close()
    told = json.loads(second.stdout)
    assert told["sent"] == [] and len(told["unchanged"]) == len(local(small))
    assert contents(server) == before


def test_both_ways_of_writing_agree(server: Server, small: Path, cli: Run) -> None:
    cli("push", *lines(server, "update"), "--knowledge", str(small))
    done = cli("push", *lines(server, "graph-store"), "--knowledge", str(small))
    assert done.stdout.startswith("0 graphs sent")


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_a_client_killed_anywhere_loses_and_doubles_nothing(server: Server, small: Path, cli: Run, mode: str) -> None:
    """SIGKILL at each request in turn, at some before and at some after the store has done what was asked."""
    whole = local(small)
    count = Relay(server.query)
    cli("push", *lines(server, mode, count), "--knowledge", str(small))
    count.close()
    total = count.requests
    assert total > 20
    points = sorted({total // 3, total - 11, total - 6, total - 1, total})
    where = {"graph_store": server.graphs} if mode == "graph-store" else {"update": server.update}
    kb = gg.open(small)
    for point in points:
        empty(server)
        killed_at(server, mode, small, point)
        pending = [g for g, e in read_manifest(Endpoint(server.query)).items() if not e.digest]
        if pending:
            # Half a knowledge answers nobody.
            with pytest.raises(EndpointError, match="has not ended"):
                gg.open_endpoint(server.query)
        api.push(kb, server.query, **where)
        assert held(server) == whole, point
        assert namespaces.PARTIAL_GRAPH not in contents(server)


def test_what_is_pulled_is_what_was_pushed(cli: Run, server: Server, small: Path, tmp_path: Path) -> None:
    cli("push", *lines(server, "update"), "--knowledge", str(small))
    done = cli("pull", server.query, "-o", str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert local(tmp_path / "home") == local(small)
    first = {p.relative_to(tmp_path / "home"): p.read_bytes() for p in (tmp_path / "home").rglob("*.*")}
    cli("pull", server.query, "-o", str(tmp_path / "again"))
    assert {p.relative_to(tmp_path / "again"): p.read_bytes() for p in (tmp_path / "again").rglob("*.*")} == first
    assert gg.open(tmp_path / "home").digest == gg.open(small).digest == gg.open_endpoint(server.query).digest
    refused = cli("pull", server.query, "-o", str(tmp_path / "home"))
    assert refused.returncode == 2 and "holds something" in refused.stderr
    assert cli("pull", server.query, "-o", str(tmp_path / "no/such")).returncode == 2
    assert not (tmp_path / "no").exists()


def test_what_was_changed_there_is_seen(server: Server, small: Path) -> None:
    api.push(gg.open(small), server.query, graph_store=server.graphs)
    name = next(g for g in sorted(held(server)) if g != namespaces.ONTOLOGY_GRAPH)
    GraphStore(server.graphs).post(ox.NamedNode(name), graph((node("s"), "p", ox.Literal("slipped in"))))
    with pytest.raises(EndpointError, match="was changed there"):
        gg.open_endpoint(server.query)
    GraphStore(server.graphs).delete(ox.NamedNode(name))
    with pytest.raises(EndpointError, match="is gone"):
        gg.open_endpoint(server.query)
    done = api.push(gg.open(small), server.query, graph_store=server.graphs)
    assert done.sent == (name,)
    assert held(server) == local(small)


@pytest.mark.parametrize("mode", MODES)
def test_what_differs_is_sent_and_nothing_else(server: Server, small: Path, tmp_path: Path, mode: str) -> None:
    where = {"graph_store": server.graphs} if mode == "graph-store" else {"update": server.update}
    api.push(gg.open(small), server.query, **where)
    changed = tmp_path / "changed"
    shutil.copytree(small, changed)
    documents = sorted((changed / "graph/documents").iterdir())
    gone = store.load_files(small, [documents[0]])
    documents[0].unlink()
    loaded = ox.Store()
    loaded.load(path=str(documents[1]), format=ox.RdfFormat.TRIG)
    own = next(iter(loaded.named_graphs()))
    loaded.add(ox.Quad(ox.BlankNode(), node("p"), ox.Literal("new"), own))
    documents[1].write_bytes(loaded.dump(format=ox.RdfFormat.TRIG) or b"")
    foreign = node("foreign")
    GraphStore(server.graphs).put(foreign, graph((node("s"), "p", ox.Literal("not ours"))))
    spare = {g.value for g in gone.named_graphs()} - {namespaces.ONTOLOGY_GRAPH}

    done = api.push(gg.open(changed), server.query, **where)
    assert done.sent == (own.value,) and set(done.spare) == spare and done.removed == ()
    assert spare < set(contents(server))
    done = api.push(gg.open(changed), server.query, prune=True, **where)
    assert done.sent == () and set(done.removed) == spare
    there = contents(server)
    assert there.pop(foreign.value)[1] == 1
    there.pop(MANIFEST)
    assert there == local(changed)


def test_a_chosen_document_is_pushed_with_the_ontology(server: Server, small: Path, cli: Run) -> None:
    kb = gg.open(small)
    first, second = sorted(
        iri
        for iri in kb.records.nodes
        if (namespaces.GG + "Document") in kb.records.nodes[iri].get(namespaces.RDF + "type", ())
    )[:2]
    done = api.push(kb, server.query, graph_store=server.graphs, documents=[first])
    assert len(done.sent) == 2 and namespaces.ONTOLOGY_GRAPH in done.sent
    done = api.push(kb, server.query, graph_store=server.graphs, documents=[second], prune=True)
    # What is in the knowledge is not pruned for not being chosen.
    assert len(done.sent) == 1 and done.removed == done.spare == ()
    assert len(held(server)) == 3
    refused = cli("push", *lines(server, "update"), "--documents", "no such document")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1


def test_somebody_elses_graph_is_not_replaced(server: Server) -> None:
    name, endpoint = node("theirs"), Endpoint(server.query)
    theirs = graph((node("s"), "p", ox.Literal("theirs")))
    GraphStore(server.graphs).put(name, theirs)
    for writer in (ByGraphStore(GraphStore(server.graphs)), ByUpdate(Endpoint(server.update))):
        GraphStore(server.graphs).delete(ox.NamedNode(MANIFEST))
        GraphStore(server.graphs).put(name, theirs)
        mine = {name: graph((node("s"), "p", ox.Literal("mine")))}
        with pytest.raises(EndpointError, match="not pushed by guidegraph"):
            Push(endpoint, writer, mine).run()
        assert graph_of(endpoint, name, 1) == theirs and read_manifest(endpoint) == {}
        assert Push(endpoint, writer, mine).run(replace=True).sent == (name.value,)
        assert graph_of(endpoint, name, 1) == mine[name]
    # One that is the same as ours is ours from then on.
    GraphStore(server.graphs).delete(ox.NamedNode(MANIFEST))
    assert Push(endpoint, writer, mine).run().same == (name.value,)
    assert read_manifest(endpoint) == {name: entry_of(mine[name])}


def test_a_graph_on_its_way_that_is_gone_from_the_knowledge_does_not_stay(server: Server) -> None:
    endpoint, writer = Endpoint(server.query), ByGraphStore(GraphStore(server.graphs))
    from guidegraph.remote.pulling import GRAPH, listing

    half = node("half")
    writer.replace(half, graph((node("s"), "p", ox.Literal("half"))))
    writer.replace(GRAPH, listing({half: Entry()}))
    done = Push(endpoint, writer, {node("g"): graph((node("s"), "p", ox.Literal("x")))}).run()
    assert done.removed == (half.value,)
    assert set(read_manifest(endpoint)) == {node("g")}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["push"], "Missing argument"),
        (["push", "ftp://x/"], "not an http"),
        (
            ["push", "http://127.0.0.1:9/", "--graph-store", "http://127.0.0.1:9/", "--update", "http://127.0.0.1:9/"],
            "exclude each other",
        ),
        (["push", "http://127.0.0.1:9/sparql"], "did not answer"),
        (["pull", "http://127.0.0.1:9/sparql"], "Missing option"),
        (["pull", "http://127.0.0.1:9/sparql", "-o", "x"], "did not answer"),
    ],
)
def test_wrong_use_is_told_in_a_line(cli: Run, tmp_path: Path, line: list[str], told: str) -> None:
    done = cli(*line, cwd=tmp_path)
    assert done.returncode == 2 and told in done.stderr and "Traceback" not in done.stderr and done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_both_ways_to_write_exclude_each_other(kb: Any) -> None:
    with pytest.raises(UsageError, match="exclude"):
        api.push(kb, "http://localhost/", graph_store="http://localhost/a", update="http://localhost/b")
    assert "GUIDEGRAPH_USER" not in os.environ
