"""What is pushed comes back as it was: hard values, large graphs and strange names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import api, namespaces, store
from guidegraph.errors import EndpointError
from guidegraph.remote.client import Endpoint, GraphStore
from guidegraph.remote.pulling import Entry, entry_of, graph_of, read_manifest
from guidegraph.remote.pushing import ByGraphStore, ByUpdate, Push, batches
from guidegraph.remote.terms import filled, text_of
from tests.support.pushed import MODES, graph, hard_graph, node
from tests.support.stores import Server, empty


@pytest.mark.parametrize("mode", MODES)
def test_hard_values_come_back_as_they_were(server: Server, mode: str) -> None:
    endpoint = Endpoint(server.query)
    writer = ByUpdate(Endpoint(server.update)) if mode == "update" else ByGraphStore(GraphStore(server.graphs))
    triples = hard_graph()
    Push(endpoint, writer, {node("g"): triples}).run()
    assert entry_of(graph_of(endpoint, node("g"), len(triples))) == entry_of(triples)
    assert entry_of(GraphStore(server.graphs).get(node("g"))) == entry_of(triples)


def test_batches_are_bounded_and_keep_blank_nodes_together() -> None:
    triples = hard_graph()
    found = list(batches(triples, 100))
    assert sorted(str(t) for batch in found for t in batch) == sorted(map(str, triples))
    places: dict[Any, set[int]] = {}
    for number, batch in enumerate(found):
        for triple in batch:
            for term in (triple.subject, triple.object):
                if isinstance(term, ox.BlankNode):
                    places.setdefault(term, set()).add(number)
    assert all(len(numbers) == 1 for numbers in places.values()) and len(places) > 100
    for batch in found:
        assert len(batch) <= 100 or all(isinstance(t.subject, ox.BlankNode) for t in batch)


def test_a_store_that_does_not_keep_values_is_told(server: Server) -> None:
    class Careless(ByGraphStore):
        def __init__(self, store: GraphStore) -> None:
            super().__init__(store)
            self.replace = lambda name, triples: store.put(  # type: ignore[method-assign, assignment]
                name, [t for t in triples if not isinstance(t.object, ox.Literal) or t.object.value != "12"]
            )

    mine = {node("g"): graph((node("s"), "p", ox.Literal("12")), (node("s"), "q", ox.Literal("13")))}
    with pytest.raises(EndpointError, match=r'does not keep the graph .*"12"'):
        Push(Endpoint(server.query), Careless(GraphStore(server.graphs)), mine).run()
    # It stays on its way, so that nobody takes it for whole.
    assert read_manifest(Endpoint(server.query)) == {node("g"): Entry()}


def test_file_names_are_ours_whatever_graphs_are_called(server: Server, tmp_path: Path) -> None:
    kind = ox.NamedNode(namespaces.RDF + "type")
    names = ["../../escape", "a/b", "CON?", "plain", "PLAIN", ".hidden", "x" * 300]
    for name in names:
        document = ox.Triple(node(f"d{len(name)}"), kind, ox.NamedNode(namespaces.GG + "Document"))
        GraphStore(server.graphs).put(ox.NamedNode(namespaces.GGG + name), [document])
    found = api.pull_into(server.query, tmp_path / "home")
    files = sorted(p.name for p in (tmp_path / "home/graph").rglob("*.trig"))
    assert len(files) == len(names) == len({f.casefold() for f in files}) and len(found) == len(names) + 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home"]
    assert {g.value for g in store.load_knowledge(tmp_path / "home").named_graphs()} == set(found)
    empty(server)


def test_updates_and_queries_of_ours_are_well_formed() -> None:
    one, triples = ox.NamedNode("urn:g"), graph((node("s"), "p", ox.BlankNode()))
    embedded = ox.Store()
    embedded.update(filled(text_of("endpoint/insert.ru"), {"graph": one, "triples": triples}))
    embedded.update(filled(text_of("endpoint/move.ru"), {"from": one, "to": ox.NamedNode("urn:h")}))
    assert {g.value for g in embedded.named_graphs()} == {"urn:h"}
    embedded.update(filled(text_of("endpoint/drop.ru"), {"graph": ox.NamedNode("urn:h")}))
    assert len(embedded) == 0
