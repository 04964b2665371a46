"""The embedded engine: builds the criteria index once, then runs the steps of an assessment."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import assets
from guidegraph import namespaces as ns

_INDEX = ox.NamedNode(ns.INDEX_GRAPH)
_PROFILE = ox.NamedNode(ns.PROFILE_GRAPH)
_ASSESSMENT = ox.NamedNode(ns.ASSESSMENT_GRAPH)
_REQUEST = ox.NamedNode(ns.BASE + "profile/request")
_POPULATIONS, _STANDING = "assess/20-populations", "assess/30-inactive"
#: Days for which the statements that do not count are kept.
_DAYS_KEPT = 64

#: Assessments after which the next ones run over a fresh copy of the index.
_RENEWED_AFTER = 32

#: Index steps from the first number to before the second speak of blank nodes; the others of IRIs only.
_ATOMS_AND_BRANCHES, _FLAT = "20", "40"

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Step:
    """One query file: its name, text and digest."""

    name: str
    text: str
    digest: str


@cache
def steps(folder: str) -> tuple[Step, ...]:
    """The query files of one folder of queries/, in the order of their names."""
    found = assets.files("queries", f"{folder}/*.rq")
    texts = ((f"{folder}/{path.stem}", path.read_text(encoding="utf-8")) for path in found)
    return tuple(Step(name, text, "sha256:" + sha256(text.encode()).hexdigest()) for name, text in texts)


@cache
def query_text(name: str) -> str:
    """The text of the query ``folder/stem``."""
    return next(step.text for step in steps(name.rpartition("/")[0]) if step.name == name)


def _rows(result: Any) -> list[tuple[str, ...]]:
    """The rows of a SELECT as plain text values, "" for an unbound variable."""
    # One comprehension without a call a value: the largest of these has 70,000.
    return [tuple(["" if value is None else value.value for value in row]) for row in result]


class Session:
    """One assessment in progress: its graphs are in the store until the session ends."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store

    def select(self, name: str) -> list[tuple[str, ...]]:
        """The rows of a SELECT of queries/ as plain text values, "" for an unbound variable."""
        return _rows(self._store.query(query_text(name)))

    def quads(self) -> Iterator[ox.Quad]:
        """All quads of the profile's and the assessment's graph."""
        for graph in (_PROFILE, _ASSESSMENT):
            yield from self._store.quads_for_pattern(None, None, None, graph)


class Engine:
    """The steps of an assessment over one embedded store.

    The store holds the knowledge in named graphs; the engine adds the index graph to it. One assessment at a
    time uses the profile's and the assessment's graph, behind a lock.
    """

    def __init__(self, store: ox.Store) -> None:
        self.store = store
        self._lock = threading.RLock()
        self._place = store
        self._assessed = 0
        self._inactive: dict[tuple[date, str | None], bytes] = {}
        for step in steps("index"):
            if step.name.rpartition("/")[2][0].isdigit():
                self._index(step)
        named = ox.NamedNode(ns.IDX + "names")
        self._named = [q.subject for q in self.store.quads_for_pattern(None, named, None, _INDEX)]

    def _index(self, step: Step) -> None:
        number = step.name.rpartition("/")[2]
        if not _ATOMS_AND_BRANCHES <= number < _FLAT:
            self.construct(step.name)
            return
        # Quad by quad, since the branches of populations are blank nodes, which a serialised copy would rename.
        triples = self.store.query(step.text, use_default_graph_as_union=True)
        self.store.bulk_extend([ox.Quad(t.subject, t.predicate, t.object, _INDEX) for t in triples])  # type: ignore[union-attr]

    def select(self, name: str) -> list[tuple[str, ...]]:
        """The rows of a SELECT over knowledge and index as plain text values."""
        return _rows(self.store.query(query_text(name), use_default_graph_as_union=True))

    def construct(self, name: str, graph: ox.NamedNode = _INDEX) -> None:
        """Run a CONSTRUCT of queries/ over all graphs, and add its result to one graph, by default the index."""
        result: Any = self.store.query(query_text(name), use_default_graph_as_union=True)
        text = result.serialize(format=ox.RdfFormat.N_TRIPLES)
        self.store.load(input=text, format=ox.RdfFormat.N_TRIPLES, to_graph=graph)

    def _renew(self) -> None:
        """Choose the store for the next assessment.

        Oxigraph's store in memory gets slower with every triple that was ever in it, removed ones too: by a third
        after a few hundred assessments. The steps of an assessment ask the index, the profile and themselves only, so
        a fresh copy of the index is enough, and takes less than one of them.
        """
        self._assessed += 1
        if self._assessed % _RENEWED_AFTER == 0:
            self._place = ox.Store()
            self._place.bulk_extend(self.store.quads_for_pattern(None, None, None, _INDEX))

    def _run(self, step: Step) -> None:
        """Run one CONSTRUCT into the assessment graph."""
        result: Any = self._place.query(step.text)
        # Text of N-Triples passes from query to store without a Python object a triple.
        self._add(result.serialize(format=ox.RdfFormat.N_TRIPLES))

    def _add(self, text: bytes) -> None:
        if text:
            self._place.load(input=text, format=ox.RdfFormat.N_TRIPLES, to_graph=_ASSESSMENT)

    def _standing(self, step: Step, as_of: date, jurisdiction: str | None) -> None:
        """Which statements do not count: a matter of the day and the country, so found once for each."""
        key = (as_of, jurisdiction)
        if key not in self._inactive:
            result: Any = self._place.query(step.text)
            if len(self._inactive) >= _DAYS_KEPT:
                self._inactive.clear()
            self._inactive[key] = result.serialize(format=ox.RdfFormat.N_TRIPLES)
        self._add(self._inactive[key])

    def _decided(self) -> int:
        """How many of the populations that others name are decided."""
        truth = ox.NamedNode(ns.GGA + "truth")
        found = (self._place.quads_for_pattern(atom, truth, None, _ASSESSMENT) for atom in self._named)
        return sum(next(quads, None) is not None for quads in found)

    def _fixpoint(self, step: Step) -> None:
        # A population may be a literal of another: each round decides at least one more level, and never undoes one.
        # A further round is run only after a population that others name was decided.
        known = -1
        while (decided := self._decided()) != known:
            known = decided
            self._run(step)

    def _leaves(self, below: Mapping[str, Sequence[str]]) -> list[ox.Quad]:
        """Index rows of further classes, each a leaf below some classes: what reaches those reaches it, and no more."""
        called = ox.NamedNode(ns.IDX + "callsFor")
        rows: list[ox.Quad] = []
        for iri, parents in sorted(below.items()):
            leaf = ox.NamedNode(iri)
            rows.append(ox.Quad(leaf, ox.NamedNode(ns.IDX + "below"), leaf, _INDEX))
            for parent in map(ox.NamedNode, parents):
                rows += [
                    ox.Quad(leaf, q.predicate, q.object, _INDEX)
                    for q in self._place.quads_for_pattern(parent, None, None, _INDEX)
                ]
                rows += [
                    ox.Quad(q.subject, called, leaf, _INDEX)
                    for q in self._place.quads_for_pattern(None, called, parent, _INDEX)
                ]
        return [row for row in dict.fromkeys(rows) if row not in self._place]

    @contextmanager
    def session(
        self,
        triples: Iterable[ox.Triple],
        as_of: date,
        jurisdiction: str | None = None,
        leaves: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[Session]:
        """Assess one profile and give access to its assessment until the block ends.

        Args:
            triples: the profile as docs/model.md writes it, implications applied.
            as_of: the day at which statements must be in effect.
            jurisdiction: the only country whose labels count, or None for all.
            leaves: further interventions to answer for, each with the classes that it is below.
        """
        with self._lock:
            self._renew()
            more = self._leaves(leaves or {})
            try:
                self._place.extend(more)
                facts = [ox.Quad(t.subject, t.predicate, t.object, _PROFILE) for t in triples]
                self._place.extend([*facts, *self._request(as_of, jurisdiction)])
                for step in steps("assess"):
                    if step.name == _POPULATIONS:
                        self._fixpoint(step)
                    elif step.name == _STANDING:
                        self._standing(step, as_of, jurisdiction)
                    else:
                        self._run(step)
                yield Session(self._place)
            finally:
                self._place.clear_graph(_PROFILE)
                self._place.clear_graph(_ASSESSMENT)
                for row in more:
                    self._place.remove(row)

    @staticmethod
    def _request(as_of: date, jurisdiction: str | None) -> Sequence[ox.Quad]:
        day = ox.Literal(as_of.isoformat(), datatype=ox.NamedNode(ns.XSD + "date"))
        request = [ox.Quad(_REQUEST, ox.NamedNode(ns.GGA + "asOf"), day, _PROFILE)]
        if jurisdiction:
            asked = ox.NamedNode(ns.GGA + "jurisdiction")
            request.append(ox.Quad(_REQUEST, asked, ox.Literal(jurisdiction), _PROFILE))
        return request
