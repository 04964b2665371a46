"""Reviewing the encoding: a step is written behind those of its document if the rules allow it; what stands where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NotRequired, TypedDict

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph.agents import Agent, read_agent
from guidegraph.errors import KnowledgeError, UsageError
from guidegraph.files import read_text, write_files
from guidegraph.knowledge import describe, named
from guidegraph.knowledge.opened import Knowledge
from guidegraph.reading import read_quads
from guidegraph.reviews import (
    APPROVED,
    ENTRIES,
    LAPSED,
    NONE,
    REVIEW_GRAPHS,
    STEPS,
    Fault,
    Reviews,
    Standing,
    Step,
    possible,
    slug,
)
from guidegraph.store import domain_files

#: What the commands are called that lead to each state.
COMMANDS = {"submitted": "submit", "under review": "start", "approved": "approve", "rejected": "reject"}
#: Bytes of a document's file of reviews, and characters of a note.
_LONGEST, _NOTE = 50_000_000, 2_000
_HEAD = """# Reviews of the encoding, written by `guidegraph review`: steps are added at the end, and none is changed.
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""


class ReviewStep(TypedDict):
    """One step of a review; ``covers`` is how many nodes an approval covers."""

    state: str
    by: str
    agent: str
    on: str
    note: NotRequired[str]
    covers: NotRequired[int]


class ReviewRow(TypedDict):
    """Where the review of a document or statement stands, and every step that led there."""

    id: str
    label: str
    kind: str
    document: str
    state: str
    since: str
    by: str
    changed: list[str]
    next: list[str]
    steps: list[ReviewStep]


class NotCounted(TypedDict):
    """A step that does not count, with why."""

    step: str
    about: str
    why: str


class PublishedReviews(TypedDict):
    """The reviews of a knowledge base (schema/reviews.schema.json); ``unreviewed`` counts statements without any."""

    as_of: str
    reviews: list[ReviewRow]
    faults: list[NotCounted]
    statements: int
    unreviewed: int


def reviews(knowledge: Knowledge, subject: str | None = None, as_of: date | None = None) -> PublishedReviews:
    """Where the reviews stand, what waits first.

    Args:
        knowledge: what holds them.
        subject: only this document with its statements, or this statement.
        as_of: steps after this day are left out; an approval is held against the knowledge as it is now.

    Raises:
        UsageError: nothing or more than one thing fits the subject.
    """
    day = as_of or date.today()
    found = Reviews(knowledge.store, day, until=day)
    wanted = None if subject is None else find_subject(knowledge, subject)
    document_of = found.coverage.document
    standings = [s for s in found.standings.values() if wanted in (None, s.subject, document_of(s.subject))]
    rows = sorted((_row(knowledge, found, s) for s in standings), key=_order)
    covered = {s.subject for s in found.standings.values()}
    stated = [
        n for n in knowledge.records.nodes if (d := knowledge.records.one(n, "statedIn")) and wanted in (None, n, d)
    ]
    left = [n for n in stated if n not in covered and knowledge.records.one(n, "statedIn") not in covered]
    return {
        "as_of": day.isoformat(),
        "reviews": rows,
        "faults": [
            _fault(f) for f in found.faults if wanted in (None, f.subject, found.coverage.document(f.subject or ""))
        ],
        "statements": len(stated),
        "unreviewed": len(left),
    }


_ORDER = ("submitted", "under review", "lapsed", "rejected", "approved")


def _order(row: ReviewRow) -> tuple[object, ...]:
    return (_ORDER.index(row["state"]), row["since"], row["document"], row["id"])


def _row(knowledge: Knowledge, found: Reviews, standing: Standing) -> ReviewRow:
    records, last = knowledge.records, standing.last
    document = found.coverage.document(standing.subject)
    return {
        "id": describe.name(standing.subject),
        "label": records.label(standing.subject),
        "kind": "document" if document == standing.subject else "statement",
        "document": describe.name(document),
        "state": standing.state,
        "since": last.day.isoformat(),
        "by": found.agent(last.by).name,
        "changed": list(standing.changed),
        "next": [COMMANDS[state] for state in possible(standing.state)],
        "steps": [_step(found, step) for _, step in standing.steps],
    }


def _step(found: Reviews, step: Step) -> ReviewStep:
    row: ReviewStep = {
        "state": step.state,
        "by": found.agent(step.by).name,
        "agent": step.by,
        "on": step.day.isoformat(),
    }
    if step.note:
        row["note"] = step.note
    if step.covers:
        row["covers"] = len(step.covers)
    return row


def _fault(fault: Fault) -> NotCounted:
    return {"step": fault.step, "about": describe.name(fault.subject) if fault.subject else "", "why": fault.why}


def find_subject(knowledge: Knowledge, text: str) -> str:
    """The IRI of a document or statement, named as commands name them.

    Raises:
        UsageError: nothing or more than one thing fits.
    """
    try:
        iri = named.find_node(knowledge.records, knowledge.vocabulary, text)
    except UsageError as error:
        try:
            return named.find_document(knowledge.records, text)
        except UsageError:
            raise error from None
    if iri in knowledge.records.classes:
        raise UsageError(f"{text[:60]!r} is a term, which nobody reviews", mend="Name a document or a statement.")
    return iri


def review(
    knowledge: Knowledge,
    subject: str,
    state: str,
    *,
    by: str,
    note: str = "",
    at: date | None = None,
) -> tuple[Path, ReviewRow]:
    """Write one step of a review behind those of its document; the file, and where the review stands then.

    Args:
        knowledge: the opened knowledge, to which the step is added too.
        subject: a document or statement, as commands name them.
        state: the state that the step leads to (:data:`guidegraph.reviews.ENTRIES`).
        by: who takes it: an ORCID iD, a name, or both.
        note: in words, at most 2,000 characters.
        at: the day; today if None.

    Raises:
        UsageError: the subject or the person cannot be told, the day is to come or before the last step, the step
            may not follow, or the encoder would approve what they encoded; nothing is written.
        KnowledgeError: the steps that are there do not all count; nothing is written.
    """
    iri, who, today = find_subject(knowledge, subject), read_agent(by), date.today()
    day = at or today
    if day > today:
        raise UsageError(f"{day} is to come", where="--at", mend="A review is dated by the day on which it was done.")
    told = " ".join(note.split())
    if len(told) > _NOTE or not all(c.isprintable() for c in told):
        raise UsageError(f"a note has at most {_NOTE} printable characters", where="--note", mend="Shorten it.")
    found = Reviews(knowledge.store, today)
    standing = found.standings.get(iri)
    document = found.coverage.document(iri)
    for fault in found.faults:
        if fault.subject == iri or fault.step.startswith(f"{STEPS}{slug(document)}/"):
            raise KnowledgeError(
                f"a step of its reviews does not count: {fault.why}",
                where=fault.step,
                mend="Take it out of the file of reviews (version control has who put it there), then go on.",
            )
    _may_follow(knowledge, found, iri, standing, state, who, day)
    step = Step(
        iri,
        state,
        who.iri,
        day,
        told,
        standing.steps[-1][0] if standing else "",
        found.coverage.covered(iri) if state == APPROVED else {},
    )
    folder = _home(knowledge, document) / "reviews"
    path = folder / f"{slug(document)}.trig"
    before = read_text(path, _LONGEST, KnowledgeError) if path.exists() else _HEAD
    text = f"{before.rstrip()}\n\n{_block(document, step, who)}"
    if folder.parent.is_dir() and not folder.exists():
        folder.mkdir()
    write_files({path: text})
    knowledge.engine.add(quad for quad in read_quads(path) if isinstance(quad, ox.Quad))
    after = Reviews(knowledge.store, today)
    return path, _row(knowledge, after, after.standings[iri])


def _may_follow(
    knowledge: Knowledge, found: Reviews, iri: str, standing: Standing | None, state: str, who: Agent, day: date
) -> None:
    was = standing.state if standing else NONE
    name = describe.name(iri)
    if state not in possible(was):
        then = " or ".join(COMMANDS[one] for one in possible(was))
        stands = "was never submitted" if was == NONE else f"is {was}"
        if was == LAPSED and standing:
            stands = f"is approved no longer, since it was changed ({'; '.join(standing.changed[:3])})"
        raise UsageError(f"{name} {stands}, so that it cannot be {state}", mend=f"Possible now: review {then}.")
    if standing and day < standing.last.day:
        raise UsageError(
            f"{day} is before its last step ({standing.last.day})", where="--at", mend="Give that day or a later one."
        )
    if state == APPROVED:
        why = found.encoder_of(iri, who)
        if why:
            mend = "Let somebody else read it against the source and approve it"
            if not why.startswith("it cannot be told"):
                raise UsageError(why, where="--by", mend=f"{mend}.")
            raise UsageError(why, where="--by", mend=f"{mend}, or give name and iD: 'Name (0000-0002-1825-0097)'.")


def _home(knowledge: Knowledge, document: str) -> Path:
    """The folder of the domain that holds a document.

    Raises:
        KnowledgeError: a file of a domain cannot be read, or none of them holds the document.
    """
    folders = knowledge.selected.folders
    for folder in folders if len(folders) > 1 else ():
        for path in domain_files(folder)[1]:
            encoded = (q.object for q in read_quads(path, KnowledgeError) if q.predicate.value == ns.GG + "encodes")
            if ox.NamedNode(document) in encoded:
                return folder
    if len(folders) != 1:
        raise KnowledgeError("it is in no file of these domains", where=document, mend="Name its domain by --domain.")
    return folders[0]


def _block(document: str, step: Step, who: Agent) -> str:
    """A step as TriG, which stands behind those of its document."""
    return "\n".join(_lines(document, step, who)) + "\n"


def _lines(document: str, step: Step, who: Agent) -> Iterator[str]:
    name = f"{STEPS}{slug(document)}/{step.name}"
    yield f"<{REVIEW_GRAPHS}{slug(document)}> {{"
    yield f"<{name}> a gg:EncodingReview ;"
    yield f"    prov:used <{step.subject}> ; gg:encodingState gg:{ENTRIES[step.state].removeprefix(ns.GG)} ;"
    yield f"    prov:wasAssociatedWith <{step.by}> ;"
    rest = [f"    prov:wasInformedBy <{step.previous}> ;"] if step.previous else []
    rest += [f"    rdfs:comment {ox.Literal(step.note)} ;"] if step.note else []
    yield from rest
    ended = f'    prov:endedAtTime "{step.day.isoformat()}T00:00:00Z"^^xsd:dateTime'
    yield ended + (" ;" if step.covers else " .")
    rows = [
        f'        [ a prov:Usage ; prov:entity <{node}> ; gg:coveredDigest "{digest}" ]'
        for node, digest in sorted(step.covers.items())
    ]
    if rows:
        yield "    prov:qualifiedUsage"
        yield " ,\n".join(rows) + " ."
    names = "".join(f" ; rdfs:label {ox.Literal(name, language='en')}" for name in who.names)
    yield f"<{step.by}> a prov:Person{names} ."
    yield "}"


__all__ = ["COMMANDS", "PublishedReviews", "ReviewRow", "find_subject", "review", "reviews"]
