"""The embedded engine: builds the criteria index once, then runs the steps of an assessment."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import assets, reviews
from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.knowledge.kept import KeptKnowledge, Rows
from guidegraph.termreadings import Implication, TermReading, axioms, implication_rows, reading_rows

_INDEX = ox.NamedNode(ns.INDEX_GRAPH)
_PROFILE = ox.NamedNode(ns.PROFILE_GRAPH)
_ASSESSMENT = ox.NamedNode(ns.ASSESSMENT_GRAPH)
_REQUEST = ox.NamedNode(ns.BASE + "profile/request")
_TRUE = ox.Literal("true", datatype=ox.NamedNode(ns.XSD + "boolean"))
_POPULATIONS = "assess/20-populations"
#: The header line that says which terms a profile's graph has, as predicate or object, where a step finds anything.
_ONLY_WITH = re.compile(r"^#\+ only-with: (.+)$", re.MULTILINE)
#: Steps that ask only for the day, the country and the problem: what they find is kept.
_STANDING = ("assess/30-inactive", "assess/30-problem", "assess/30-voices")
#: Days for which the statements that do not count are kept.
_DAYS_KEPT = 64

#: Assessments after which a store is replaced by a fresh copy of the index, and how many stores wait for the next ones.
_RENEWED_AFTER, _KEPT = 32, 4

#: Index steps from the first number to before the second speak of blank nodes; the others of IRIs only.
_ATOMS_AND_BRANCHES, _FLAT = "20", "40"


@dataclass(frozen=True)
class Request:
    """What is asked about a patient: the day at which statements must be in effect, the only country whose labels
    count (None for all), the conditions of the problem asked about (none: recommendations for any count), and which
    voices alone count: "guideline" for those of guidelines, "approved" for encodings that a second person approved.

    ``chosen``: the numbers are those of a problem that was named; ``several``: the patient has others beside it."""

    as_of: date
    jurisdiction: str | None = None
    about: frozenset[str] = frozenset()
    voices: frozenset[str] = frozenset()
    chosen: bool = False
    several: bool = False


@dataclass(frozen=True)
class Step:
    """One query file: its name, text and digest.

    ``only_with``: it finds nothing in a profile without any of these; ``asks``: the predicates of the index that it may
    ask for, which are the names of the index in its text, and its types.
    """

    name: str
    text: str
    digest: str
    only_with: tuple[ox.NamedNode, ...] = ()
    asks: frozenset[ox.NamedNode] = frozenset()

    def concerns(self, place: ox.Store) -> bool:
        """Whether the profile in a store has what the step asks for."""
        found = (
            place.quads_for_pattern(None, None if value else term, term if value else None, _PROFILE)
            for term in self.only_with
            for value in (False, True)
        )
        return not self.only_with or any(next(quads, None) is not None for quads in found)


@cache
def steps(folder: str) -> tuple[Step, ...]:
    """The query files of one folder of queries/, in the order of their names."""
    files = assets.files("queries", f"{folder}/*.rq")
    texts = ((f"{folder}/{path.stem}", path.read_text(encoding="utf-8")) for path in files)
    return tuple(
        Step(name, text, "sha256:" + sha256(text.encode()).hexdigest(), _only_with(text), _asks(text))
        for name, text in texts
    )


def _only_with(text: str) -> tuple[ox.NamedNode, ...]:
    line = _ONLY_WITH.search(text)
    return tuple(ox.NamedNode(iri) for curie in line[1].split() if (iri := ns.expand(curie))) if line else ()


def _asks(text: str) -> frozenset[ox.NamedNode]:
    names = {ns.IDX + name for name in re.findall(r"\bidx:(\w+)", text)}
    return frozenset(map(ox.NamedNode, (ns.RDF + "type", *names)))


@cache
def query_text(name: str) -> str:
    """The text of the query ``folder/stem``."""
    return next(step.text for step in steps(name.rpartition("/")[0]) if step.name == name)


def _rows(result: Any) -> Rows:
    """The rows of a SELECT as plain text values, "" for an unbound variable."""
    # One comprehension without a call a value: the largest of these has 70,000.
    return [tuple(["" if value is None else value.value for value in row]) for row in result]


@dataclass
class _Place:
    """A store for one assessment after the other: how many it has seen, and which predicates of the index it holds."""

    store: ox.Store = field(default_factory=ox.Store)
    seen: int = 0
    held: frozenset[ox.NamedNode] = frozenset()


class Session:
    """One assessment in progress, in a store that nobody else can ask; it ends with the block that opened it."""

    def __init__(self, place: ox.Store) -> None:
        self._place: ox.Store | None = place

    @property
    def _store(self) -> ox.Store:
        if self._place is None:
            raise UsageError("the assessment has ended", mend="Read it inside the block that opened it.")
        return self._place

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """What was found with a property of the assessment: subjects with an IRI, and values as plain text.

        Raises:
            UsageError: the session has ended.
        """
        # Quads pass to Python at a fraction of what the rows of a query cost.
        quads: Any = self._store.quads_for_pattern(None, ox.NamedNode(ns.GGA + name), None, _ASSESSMENT)
        return [(subject.value, value.value) for subject, _, value, _ in quads if isinstance(subject, ox.NamedNode)]

    def quads(self) -> list[ox.Quad]:
        """All quads of the profile's and the assessment's graph.

        Raises:
            UsageError: the session has ended.
        """
        return [q for graph in (_PROFILE, _ASSESSMENT) for q in self._store.quads_for_pattern(None, None, None, graph)]

    def end(self) -> None:
        """Let go of the store: what it holds next is another patient's."""
        self._place = None


class Engine:
    """The steps of an assessment over one embedded store; safe to share between threads.

    The store holds the knowledge in named graphs; the engine adds the index graph to it, and nothing of a patient.
    Each assessment runs in a store of its own beside a copy of the index, so that nobody who asks the shared store
    meets a patient's facts, and several may run at once.

    Args:
        knowledge: a store with the knowledge, or what an earlier opening worked out.
    """

    def __init__(self, knowledge: ox.Store | KeptKnowledge) -> None:
        self._knowledge = knowledge
        self._rows: Mapping[str, Rows] = {} if isinstance(knowledge, ox.Store) else knowledge
        self._lock = threading.Lock()
        self._free: list[_Place] = []
        self._inactive: dict[tuple[str, Request], bytes] = {}
        self._copied: dict[ox.NamedNode, Sequence[ox.Quad]] = {}
        if isinstance(knowledge, ox.Store):
            self._index_all()
        named = ox.NamedNode(ns.IDX + "names")
        self._named = [q.subject for q in self.index.quads_for_pattern(None, named, None, _INDEX)]

    @property
    def store(self) -> ox.Store:
        """The knowledge with its index."""
        return self._knowledge if isinstance(self._knowledge, ox.Store) else self._knowledge.store

    @property
    def index(self) -> ox.Store:
        """A store that has the index, and may have no more."""
        return self._knowledge if isinstance(self._knowledge, ox.Store) else self._knowledge.index

    @cached_property
    def _vague(self) -> frozenset[Any]:
        vague = ox.NamedNode(ns.GG + "membersNotNamed")
        return frozenset(q.subject for q in self.store.quads_for_pattern(None, vague, None, None))

    def _index_all(self) -> None:
        self.store.bulk_extend(axioms(self.store))
        # What an approval covers is told by digests, which no query computes.
        if reviews.has_reviews(self.store):
            self.store.bulk_extend(reviews.index_quads(reviews.Reviews(self.store)))
        for step in steps("index"):
            if step.name.rpartition("/")[2][0].isdigit():
                self._index(step)

    def _index(self, step: Step) -> None:
        number = step.name.rpartition("/")[2]
        if not _ATOMS_AND_BRANCHES <= number < _FLAT:
            self.construct(step.name)
            return
        # Quad by quad, since the branches of populations are blank nodes, which loading a text would rename.
        result: Any = self.store.query(step.text, use_default_graph_as_union=True)
        text = result.serialize(format=ox.RdfFormat.N_TRIPLES).replace(b" .\n", f" {_INDEX} .\n".encode())
        self.store.bulk_extend(ox.parse(text, format=ox.RdfFormat.N_QUADS))

    def select(self, name: str) -> Rows:
        """The rows of a SELECT over knowledge and index as plain text values."""
        if name in self._rows:
            return self._rows[name]
        return _rows(self.store.query(query_text(name), use_default_graph_as_union=True))

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add to the knowledge what no index rests on."""
        self._rows = {}
        self.store.extend(quads)

    @cached_property
    def term_readings(self) -> list[TermReading]:
        """The published definitions by which numbers and facts stand for terms."""
        return reading_rows(self.select("index/readings"))

    @cached_property
    def listed_implications(self) -> list[Implication]:
        """The facts that bring or exclude other facts, as the ontology lists them."""
        return implication_rows(self.select("index/implications"))

    def construct(self, name: str, graph: ox.NamedNode = _INDEX) -> None:
        """Run a CONSTRUCT of queries/ over all graphs, and add its result to one graph, by default the index."""
        result: Any = self.store.query(query_text(name), use_default_graph_as_union=True)
        text = result.serialize(format=ox.RdfFormat.N_TRIPLES)
        self.store.load(input=text, format=ox.RdfFormat.N_TRIPLES, to_graph=graph)

    def _take(self) -> _Place:
        """A store for one assessment."""
        with self._lock:
            return self._free.pop() if self._free else _Place()

    def _hold(self, place: _Place, step: Step) -> None:
        """Copy what a step asks of the index, so far as it is not there: few steps ask most of it, and few profiles
        need these."""
        missing = step.asks - place.held
        place.store.extend(itertools.chain.from_iterable(map(self._indexed, missing)))
        place.held |= missing

    def _indexed(self, predicate: ox.NamedNode) -> Sequence[ox.Quad]:
        """All of the index that has a predicate, kept as quads: to make them anew takes half of the time of a copy."""
        if predicate not in self._copied:
            self._copied[predicate] = tuple(self.index.quads_for_pattern(None, predicate, None, _INDEX))
        return self._copied[predicate]

    def _give_back(self, place: _Place) -> None:
        """Keep an emptied store for the next assessment.

        Oxigraph's store in memory gets slower with every triple that was ever in it, removed ones too: by a third
        after a few hundred assessments. A fresh copy of the index takes about as long as one of them.
        """
        with self._lock:
            if place.seen < _RENEWED_AFTER and len(self._free) < _KEPT:
                self._free.append(place)

    def _run(self, place: ox.Store, step: Step) -> bytes:
        """Run one CONSTRUCT into the assessment graph; its triples as N-Triples."""
        result: Any = place.query(step.text)
        # Text of N-Triples passes from query to store without a Python object a triple.
        text: bytes = result.serialize(format=ox.RdfFormat.N_TRIPLES)
        _load(place, text)
        return text

    def _standing(self, place: ox.Store, step: Step, asked: Request) -> None:
        """Which statements do not count: no matter of the patient's facts, so found once for each question."""
        key = (step.name, asked)
        known = self._inactive.get(key)
        if known is not None:
            _load(place, known)
            return
        text = self._run(place, step)
        with self._lock:
            if len(self._inactive) >= _DAYS_KEPT:
                self._inactive.clear()
            self._inactive[key] = text

    def _decided(self, place: ox.Store) -> int:
        """How many of the populations that others name are decided."""
        truth = ox.NamedNode(ns.GGA + "truth")
        rows = (place.quads_for_pattern(atom, truth, None, _ASSESSMENT) for atom in self._named)
        return sum(next(quads, None) is not None for quads in rows)

    def _fixpoint(self, place: ox.Store, step: Step) -> None:
        # A population may be a literal of another: each round decides at least one more level, and never undoes one.
        # A further round is run only after a population that others name was decided.
        known = -1
        while (decided := self._decided(place)) != known:
            known = decided
            self._run(place, step)

    @contextmanager
    def session(
        self,
        triples: Iterable[ox.Triple],
        asked: Request,
        leaves: Mapping[str, Sequence[str]] | None = None,
    ) -> Iterator[Session]:
        """Assess one profile and give access to its assessment until the block ends.

        Args:
            triples: the profile as docs/model.md writes it, with everything that follows from it.
            asked: the day, the country and the problem.
            leaves: further interventions to answer for, each with the classes that it is below.
        """
        own = self._take()
        place = own.store
        more = _leaves(self.index, leaves, self._vague) if leaves else []
        place.extend(more)
        facts = [ox.Quad(t.subject, t.predicate, t.object, _PROFILE) for t in triples]
        place.extend([*facts, *request_quads(asked)])
        for step in steps("assess"):
            if not step.concerns(place):
                continue
            self._hold(own, step)
            if step.name == _POPULATIONS:
                self._fixpoint(place, step)
            elif step.name in _STANDING:
                self._standing(place, step, asked)
            else:
                self._run(place, step)
        session = Session(place)
        try:
            yield session
        finally:
            session.end()
        # A store whose assessment failed is not used again.
        place.clear_graph(_PROFILE)
        place.clear_graph(_ASSESSMENT)
        for row in more:
            place.remove(row)
        own.seen += 1
        self._give_back(own)


def request_quads(asked: Request) -> Sequence[ox.Quad]:
    """What is asked, as the steps of an assessment read it beside the profile."""

    def say(name: str, value: ox.NamedNode | ox.Literal) -> ox.Quad:
        return ox.Quad(_REQUEST, ox.NamedNode(ns.GGA + name), value, _PROFILE)

    request = [say("asOf", ox.Literal(asked.as_of.isoformat(), datatype=ox.NamedNode(ns.XSD + "date")))]
    if asked.jurisdiction:
        request.append(say("jurisdiction", ox.Literal(asked.jurisdiction)))
    if "guideline" in asked.voices:
        request.append(say("standing", ox.NamedNode(ns.GG + "GuidelineStanding")))
    if "approved" in asked.voices:
        request.append(say("approvedOnly", _TRUE))
    marks = (("chosenProblem", asked.chosen), ("severalProblems", asked.several))
    request += [say(name, _TRUE) for name, holds in marks if holds]
    return request + [say("problem", ox.NamedNode(iri)) for iri in sorted(asked.about)]


def _load(place: ox.Store, text: bytes) -> None:
    if text:
        place.load(input=text, format=ox.RdfFormat.N_TRIPLES, to_graph=_ASSESSMENT)


def _leaves(store: ox.Store, below: Mapping[str, Sequence[str]], vague: Collection[Any]) -> list[ox.Quad]:
    """Index rows of further classes, each a leaf below some classes: what reaches those reaches it, and no more; a
    statement that names no members of its class is for none of them. A term of ours has its own place among classes."""
    recommended, generally, meets, may_meet = (
        ox.NamedNode(ns.IDX + name) for name in ("for", "generally", "meets", "mayMeet")
    )
    rows: list[ox.Quad] = []
    for iri, parents in sorted(below.items()):
        leaf = ox.NamedNode(iri)
        ours = any(store.quads_for_pattern(leaf, meets, None, _INDEX))
        rows.append(ox.Quad(leaf, ox.NamedNode(ns.IDX + "below"), leaf, _INDEX))
        for parent in map(ox.NamedNode, parents):
            for q in store.quads_for_pattern(parent, None, None, _INDEX):
                if ours and q.predicate in (meets, may_meet):
                    continue
                role = generally if q.predicate == recommended and q.object in vague else q.predicate
                rows.append(ox.Quad(leaf, role, q.object, _INDEX))
    return [row for row in dict.fromkeys(rows) if row not in store]
