"""Pushing knowledge: each graph replaced as a whole, so that a second push does nothing and a broken one is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.errors import EndpointError
from guidegraph.remote.client import Endpoint, GraphStore
from guidegraph.remote.pulling import GRAPH, Entry, counts, entry_of, graph_of, listing, read_manifest
from guidegraph.remote.terms import filled, text_of

_PARTIAL = ox.NamedNode(ns.PARTIAL_GRAPH)
#: Triples a request: Virtuoso takes between one and two thousand at most.
BATCH = 500
Report = Callable[[str], None]


class Writer(Protocol):
    """A way to write named graphs."""

    def replace(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Put triples in the place of a graph."""

    def add(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Add triples without blank nodes to a graph."""

    def remove(self, graph: ox.NamedNode) -> None:
        """Remove a graph, if it is there."""

    def tidy(self) -> None:
        """Remove what an earlier push may have left."""


class ByGraphStore:
    """Writes by the Graph Store Protocol."""

    def __init__(self, store: GraphStore) -> None:
        self.replace, self.add, self.remove = store.put, store.post, store.delete

    def tidy(self) -> None:
        """Nothing is left: a PUT has no steps."""


class ByUpdate:
    """Writes by SPARQL Update: in batches into a graph of its own, which then takes the place of the old one."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def replace(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Put triples in the place of a graph."""
        self.tidy()
        for batch in batches(triples):
            self.add(_PARTIAL, batch)
        if triples:
            self._endpoint.update(filled(text_of("endpoint/move.ru"), {"from": _PARTIAL, "to": graph}))
        else:
            self.remove(graph)

    def add(self, graph: ox.NamedNode, triples: Sequence[ox.Triple]) -> None:
        """Add triples to a graph, in one request."""
        self._endpoint.update(filled(text_of("endpoint/insert.ru"), {"graph": graph, "triples": triples}))

    def remove(self, graph: ox.NamedNode) -> None:
        """Remove a graph, if it is there."""
        self._endpoint.update(filled(text_of("endpoint/drop.ru"), {"graph": graph}))

    def tidy(self) -> None:
        """Remove the graph in which a new one grows."""
        self.remove(_PARTIAL)


def batches(triples: Sequence[ox.Triple], size: int = BATCH) -> Iterator[list[ox.Triple]]:
    """Triples in lists of at most ``size``, those that share a blank node together, even where these are more."""
    leader: dict[ox.BlankNode, ox.BlankNode] = {}

    def lead(node: ox.BlankNode) -> ox.BlankNode:
        while leader.setdefault(node, node) != node:
            leader[node] = node = leader[leader[node]]
        return node

    for triple in triples:
        if isinstance(triple.subject, ox.BlankNode) and isinstance(triple.object, ox.BlankNode):
            leader[lead(triple.subject)] = lead(triple.object)
    groups: dict[object, list[ox.Triple]] = {}
    for number, triple in enumerate(triples):
        node = triple.subject if isinstance(triple.subject, ox.BlankNode) else triple.object
        groups.setdefault(lead(node) if isinstance(node, ox.BlankNode) else number, []).append(triple)
    batch: list[ox.Triple] = []
    for group in groups.values():
        if batch and len(batch) + len(group) > size:
            yield batch
            batch = []
        batch += group
    if batch:
        yield batch


@dataclass(frozen=True)
class Pushed:
    """What a push did, as names of graphs: sent, left as they were, removed; and what is there but not in the
    knowledge."""

    sent: tuple[str, ...]
    same: tuple[str, ...]
    removed: tuple[str, ...]
    spare: tuple[str, ...]


class Push:
    """One push of some graphs to a store.

    Args:
        endpoint: where the store is asked.
        writer: how it is written.
        graphs: the graphs, with their triples as an embedded store keeps them.
        others: graphs of the knowledge that are not pushed now, and not pruned either.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        writer: Writer,
        graphs: Mapping[ox.NamedNode, Sequence[ox.Triple]],
        others: Sequence[ox.NamedNode] = (),
    ) -> None:
        self._endpoint, self._writer, self._graphs = endpoint, writer, graphs
        self._others = set(others)
        self._local = {graph: entry_of(triples) for graph, triples in graphs.items()}

    def run(self, *, prune: bool = False, replace: bool = False, report: Report = lambda what: None) -> Pushed:
        """Send what is missing or different, verify it, and remove what is gone if asked to.

        Args:
            prune: remove pushed graphs that are no longer in the knowledge.
            replace: also put graphs in the place of ones that were not pushed and have names outside ours.
            report: called with the name of each graph when it is done.

        Raises:
            EndpointError: the store cannot be asked or written, holds somebody else's graph of the same name, or does
                not keep what it was sent.
        """
        listed = read_manifest(self._endpoint)
        changed, same = self._compared(listed, replace, report)
        spare = sorted((g for g in listed if g not in self._graphs and g not in self._others), key=str)
        # What is gone from the knowledge and was on its way is nothing whole, so it goes in any case.
        doomed = [g for g in spare if prune or not listed[g].digest]
        if changed or doomed or any(listed.get(g) != self._local[g] for g in same):
            kept = {g: entry for g, entry in listed.items() if g not in self._graphs and g not in doomed}
            known = {**kept, **{g: self._local[g] for g in same}}
            # First of all it is written down what is on its way: whoever asks meanwhile is told.
            self._writer.replace(GRAPH, listing({**known, **{g: Entry() for g in (*changed, *doomed)}}))
            for graph in changed:
                self._send(graph)
                report(graph.value)
            for graph in doomed:
                self._writer.remove(graph)
            if doomed:
                self._writer.replace(GRAPH, listing({**kept, **self._local}))
            self._writer.tidy()
        names = ([g.value for g in part] for part in (changed, same, doomed, [g for g in spare if g not in doomed]))
        return Pushed(*map(tuple, names))

    def _compared(
        self, listed: Mapping[ox.NamedNode, Entry], replace: bool, report: Report
    ) -> tuple[list[ox.NamedNode], list[ox.NamedNode]]:
        """The graphs that differ from what the store holds, and those that do not."""
        ordered = sorted(self._graphs, key=str)
        counted = counts(self._endpoint, ordered)
        changed, same = [], []
        for graph in ordered:
            if self._holds(graph, counted.get(graph, 0)):
                same.append(graph)
                report(graph.value)
                continue
            changed.append(graph)
            strange = graph in counted and graph not in listed and not graph.value.startswith(ns.GGG)
            if strange and not replace:
                raise EndpointError(
                    f"it holds a graph {graph.value} that was not pushed by guidegraph",
                    where=self._endpoint.address.shown,
                    mend="Add --replace to put yours in its place.",
                )
        return changed, same

    def _holds(self, graph: ox.NamedNode, count: int) -> bool:
        wanted = self._local[graph]
        return count == wanted.triples and entry_of(graph_of(self._endpoint, graph, count, known=True)) == wanted

    def _send(self, graph: ox.NamedNode) -> None:
        triples, wanted = self._graphs[graph], self._local[graph]
        self._writer.replace(graph, triples)
        count = counts(self._endpoint, [graph]).get(graph, 0)
        back = graph_of(self._endpoint, graph, count, known=True)
        if entry_of(back) != wanted:
            self._not_kept(graph, triples, back)
        self._writer.add(GRAPH, listing({graph: wanted}))

    def _not_kept(self, graph: ox.NamedNode, sent: Sequence[ox.Triple], back: Sequence[ox.Triple]) -> None:
        def plain(triples: Sequence[ox.Triple]) -> set[str]:
            return {str(t) for t in triples if not isinstance(t.subject, ox.BlankNode | ox.Triple)}

        lost = sorted(line for line in plain(sent) - plain(back) if "_:" not in line)
        difference = f"such as {lost[0][:200]}" if lost else f"{len(back)} triples for {len(sent)}"
        raise EndpointError(
            f"the store does not keep the graph {ns.shorten(graph.value)} as it was sent: {difference}",
            where=self._endpoint.address.shown,
            mend="Write such a value as the store can keep it, or use another store.",
        )
