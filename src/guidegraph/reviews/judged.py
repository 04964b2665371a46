"""Reviews of the encoding: the steps that the graph holds, which of them count, and what an approval covers.

A step is a ``gg:EncodingReview`` of ``graph/reviews/``, written by ``guidegraph review``. What another hand wrote, or
what the rules forbid, never counts: a step is named by the digest of what it says, follows the step before it, and an
approval holds as long as everything that it covers stays as it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.agents import Agent, agent_of, same_person, wrong_orcid
from guidegraph.reviews.coverage import REVIEW_GRAPHS, Coverage

SUBMITTED, UNDER_REVIEW, APPROVED, REJECTED = "submitted", "under review", "approved", "rejected"
#: What has become of an approval whose matter was changed, and what nobody has submitted.
LAPSED, NONE = "lapsed", "none"
#: The list entry of each state, and the states from which a step leads to it.
ENTRIES = {
    SUBMITTED: ns.GG + "EncodingSubmitted",
    UNDER_REVIEW: ns.GG + "EncodingUnderReview",
    APPROVED: ns.GG + "EncodingApproved",
    REJECTED: ns.GG + "EncodingRejected",
}
FROM: Mapping[str, tuple[str, ...]] = {
    SUBMITTED: (NONE, REJECTED, LAPSED),
    UNDER_REVIEW: (SUBMITTED,),
    APPROVED: (UNDER_REVIEW,),
    REJECTED: (UNDER_REVIEW, APPROVED, LAPSED),
}
#: What waits for somebody.
WAITING = (SUBMITTED, UNDER_REVIEW)
#: Where the names of steps begin.
STEPS = ns.BASE + "review/"

_STATES = {iri: state for state, iri in ENTRIES.items()}
_REVIEW = ox.NamedNode(ns.GG + "EncodingReview")
_TYPE = ox.NamedNode(ns.RDF + "type")
_ENCODES, _ENCODED_BY, _OF_STATEMENT = (ox.NamedNode(ns.GG + n) for n in ("encodes", "encodedBy", "ofStatement"))
_READ_BY = ox.NamedNode(ns.PROV + "wasAttributedTo")
_DAY = re.compile(r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]")


@dataclass(frozen=True)
class Step:
    """One step of a review: what it is about, the state that it leads to, by whom, when, and the step before it ("").

    ``covers`` holds for each node that an approval covers the SHA-256 of what is said of it.
    """

    subject: str
    state: str
    by: str
    day: date
    note: str = ""
    previous: str = ""
    covers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The first 32 hexadecimal digits of the SHA-256 of what the step says, by which it is named."""
        parts = [self.subject, self.state, self.by, self.day.isoformat(), self.note, self.previous]
        parts += [f"{node} {digest}" for node, digest in sorted(self.covers.items())]
        return sha256("\0".join(parts).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Fault:
    """A step that does not count: its IRI, what it is about, why, and the document of that, "" where unknown."""

    step: str
    subject: str
    why: str
    document: str = ""


@dataclass(frozen=True)
class Standing:
    """Where the review of a document or statement stands: its state since the last step that counts.

    ``changed`` says in words what of a lapsed approval's matter is another now.
    """

    subject: str
    state: str
    steps: tuple[tuple[str, Step], ...]
    changed: tuple[str, ...] = ()

    @property
    def last(self) -> Step:
        """The last step that counts."""
        return self.steps[-1][1]


def has_reviews(store: ox.Store) -> bool:
    """Whether a store holds any step of a review; all else here takes time only where it does."""
    return next(store.quads_for_pattern(None, _TYPE, _REVIEW, None), None) is not None


def slug(document: str) -> str:
    """The name of a document's file and graph of reviews: its own, told apart from another's by a digest."""
    last = re.sub(r"[^A-Za-z0-9._-]", "-", document.rstrip("/#").rpartition("/")[2].rpartition("#")[2]).lstrip(".")
    known = document.startswith(ns.GGD) and document == ns.GGD + last
    return last if known else f"{last}-{sha256(document.encode()).hexdigest()[:8]}"


class Reviews:
    """The reviews that a store holds: every step, judged by the rules.

    Args:
        store: the knowledge, its index or not.
        today: steps of a later day do not count.
        until: steps of a later day are left out, as if they were not there yet.
    """

    def __init__(self, store: ox.Store, today: date | None = None, until: date | None = None) -> None:
        self._store = store
        self._today = today or date.today()
        self._until = until
        self.coverage = Coverage(store)
        self.faults: list[Fault] = []

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """Where each review stands, by the document or statement; what has no step that counts is not in it."""
        chains: dict[str, dict[str, list[tuple[str, Step]]]] = defaultdict(lambda: defaultdict(list))
        for iri, step in self._read():
            if self._until is not None and step.day > self._until:
                continue
            chains[step.subject][step.previous].append((iri, step))
        found = {}
        for subject in sorted(chains):
            taken = self._chain(subject, chains[subject])
            if taken:
                state, changed = self._state(subject, taken[-1][1])
                found[subject] = Standing(subject, state, tuple(taken), changed)
        self.faults.sort(key=lambda fault: (fault.subject, fault.step))
        return found

    def judged(self) -> list[Fault]:
        """The steps that do not count, sorted, when all have been looked at."""
        return self.faults if self.standings is not None else []

    def _chain(self, subject: str, after: Mapping[str, list[tuple[str, Step]]]) -> list[tuple[str, Step]]:
        """The steps that count, from the first on: each follows one that counts, and is one that may follow."""
        taken: list[tuple[str, Step]] = []
        counted = set[str]()
        at = ""
        while len(after.get(at, ())) == 1:
            ((iri, step),) = after[at]
            why = self._forbidden(step, taken[-1][1] if taken else None)
            if why:
                break
            taken.append((iri, step))
            counted.add(iri)
            at = iri
        for steps in after.values():
            for iri, step in steps:
                if iri in counted:
                    continue
                reason = self._forbidden(step, taken[-1][1] if taken else None) if step.previous == at else ""
                if not reason and step.previous == at:
                    reason = "two steps follow the same step, so that neither counts"
                self.faults.append(
                    Fault(iri, subject, reason or "it follows a step that is not there or does not count")
                )
        return taken

    def _forbidden(self, step: Step, before: Step | None) -> str:
        """Why a step may not follow another, "" where it may."""
        if step.day > self._today:
            return f"it is of {step.day}, which is to come"
        if before is not None and step.day < before.day:
            return f"it is of {step.day}, before the step that it follows ({before.day})"
        was = before.state if before is not None else NONE
        # Whether an approval had lapsed on an earlier day is not to be known: both may follow it.
        if was not in FROM[step.state] and not (was == APPROVED and LAPSED in FROM[step.state]):
            return f"{step.state} does not follow {'nothing' if was == NONE else was}"
        if step.state == APPROVED:
            if not step.covers:
                return "an approval without the digests of what it covers"
            own = self.encoder_of(step.subject, self.agent(step.by))
            if own:
                return own
        return ""

    def _state(self, subject: str, step: Step) -> tuple[str, tuple[str, ...]]:
        if step.state != APPROVED:
            return step.state, ()
        now = self.coverage.covered(subject)
        changed = tuple(self.coverage.changes(step.covers, now))
        return (LAPSED, changed) if changed else (APPROVED, ())

    # ---------------------------------------------------------------- reading

    def _read(self) -> Iterator[tuple[str, Step]]:
        """The steps that can be read; the others are faults."""
        nodes: set[Any] = {q.subject for q in self._store.quads_for_pattern(None, _TYPE, _REVIEW, None)}
        for node in sorted(nodes, key=str):
            said: dict[str, list[Any]] = defaultdict(list)
            places = set[str]()
            for quad in self._store.quads_for_pattern(node, None, None, None):
                if quad.object not in said[quad.predicate.value]:
                    said[quad.predicate.value].append(quad.object)
                places.add(getattr(quad.graph_name, "value", ""))
            step, why = self._step(said)
            used = [term.value for term in said[ns.PROV + "used"] if isinstance(term, ox.NamedNode)]
            subject = min(used, default="")
            if step and not why:
                document = self.coverage.document(subject)
                if not document:
                    why = "what it is about is in no document of the knowledge"
                elif node.value != f"{STEPS}{slug(document)}/{step.name}":
                    why = "its name is no digest of what it says: it was altered, or the command did not write it"
                elif places != {REVIEW_GRAPHS + slug(document)}:
                    why = f"it stands outside {REVIEW_GRAPHS}{slug(document)}"
            if step is None or why:
                document = self.coverage.document(subject) if subject else ""
                self.faults.append(Fault(node.value, subject, why, document))
            else:
                yield node.value, step

    def _step(self, said: Mapping[str, list[Any]]) -> tuple[Step | None, str]:
        def one(prop: str, kind: type[Any] = ox.NamedNode) -> str:
            values = said.get(prop, [])
            return str(values[0].value) if len(values) == 1 and isinstance(values[0], kind) else ""

        subject, by = one(ns.PROV + "used"), one(ns.PROV + "wasAssociatedWith")
        state, ended = _STATES.get(one(ns.GG + "encodingState"), ""), one(ns.PROV + "endedAtTime", ox.Literal)
        missing = [
            name
            for name, value in (("prov:used", subject), ("prov:wasAssociatedWith", by), ("gg:encodingState", state))
            if not value
        ]
        if missing:
            return None, f"it lacks {' and '.join(missing)}, or says more than one"
        if wrong := wrong_orcid(by):
            return None, wrong
        try:
            if not _DAY.match(ended):
                raise ValueError(ended)
            day = date.fromisoformat(ended[:10])
        except ValueError:
            return None, "it has no day (prov:endedAtTime)"
        covers = dict(self._usages(said.get(ns.PROV + "qualifiedUsage", [])))
        note, previous = one(ns.RDFS + "comment", ox.Literal), one(ns.PROV + "wasInformedBy")
        return Step(subject, state, by, day, note, previous, covers), ""

    def _usages(self, nodes: Iterable[Any]) -> Iterator[tuple[str, str]]:
        entity, digest = ox.NamedNode(ns.PROV + "entity"), ox.NamedNode(ns.GG + "coveredDigest")
        for node in nodes:
            if not isinstance(node, ox.Literal):
                yield self.coverage.one(node, entity), self.coverage.one(node, digest)

    # ---------------------------------------------------------------- who may approve

    def encoders(self, subject: str) -> list[Agent]:
        """Who wrote a subject down: the statement, its readings and its document's graph, or all of a document."""
        document = self.coverage.document(subject)
        stated = self.coverage.statements(document) if subject == document else [subject]
        named = set[str]()
        for statement in map(ox.NamedNode, stated):
            named |= self.coverage.all(statement, _ENCODED_BY)
            for reading in self.coverage.subjects(_OF_STATEMENT, statement):
                named |= self.coverage.all(reading, _READ_BY)
        for graph in self.coverage.subjects(_ENCODES, ox.NamedNode(document)):
            named |= self.coverage.all(graph, _ENCODED_BY)
        return [self.agent(iri) for iri in sorted(named)]

    def agent(self, iri: str) -> Agent:
        """What the graph says of an agent: names, ORCID, and whether it is a body."""
        return agent_of(self._store, iri)

    def encoder_of(self, subject: str, who: Agent) -> str:
        """Why somebody may not approve what they may have written down; "" where they may."""
        for encoder in self.encoders(subject):
            same = same_person(who, encoder)
            if same:
                return f"{who.name} encoded it, and nobody approves what they encoded"
            if same is None:
                return f"it cannot be told whether {who.name} is {encoder.name}, who encoded it"
        return ""


def possible(state: str) -> list[str]:
    """The states that may follow a state."""
    return [then for then, before in FROM.items() if state in before]


def index_quads(reviews: Reviews) -> list[ox.Quad]:
    """Where the reviews stand, as rows of the criteria index, from which answers, audits and queries read it."""
    graph = ox.NamedNode(ns.INDEX_GRAPH)
    rows: list[ox.Quad] = []
    for subject, standing in reviews.standings.items():
        values = [("encodingState", standing.state), ("encodingOn", standing.last.day.isoformat())]
        values += [("encodingBy", reviews.agent(standing.last.by).name), ("encodingNote", standing.last.note)]
        values += [("encodingChanged", text) for text in standing.changed]
        rows.append(
            ox.Quad(
                ox.NamedNode(subject), ox.NamedNode(ns.IDX + "encodingAgent"), ox.NamedNode(standing.last.by), graph
            )
        )
        rows += [
            ox.Quad(ox.NamedNode(subject), ox.NamedNode(ns.IDX + name), ox.Literal(value), graph)
            for name, value in values
            if value
        ]
    return rows
