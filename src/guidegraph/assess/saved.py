"""Saved answers: everything that reproduces an answer years later, in one Turtle file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import namespaces as ns
from guidegraph import store
from guidegraph.assess.assessment import Assessment
from guidegraph.errors import ProfileError, UsageError
from guidegraph.knowledge.opened import Knowledge, software
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import Vocabulary, from_triples, to_triples
from guidegraph.profile import digest as profile_digest
from guidegraph.reading import read_quads

_ANSWER = ox.NamedNode(ns.BASE + "answer")
_TYPE = ox.NamedNode(ns.RDF + "type")
_PATIENT = ox.NamedNode(ns.PATIENT)
_SEAL = ox.NamedNode(ns.GGA + "seal")
#: Hexadecimal digits kept of a node's name and of its description: enough to tell nodes of one graph apart.
_NAME, _SAID = 10, 8


#: Fields in parts of what reasons and confirm say whole; answers saved before there were any keep their digest.
_PARTS = {"alerts": ("facts",), "therapies": ("grounds", "establish")}
#: The lists of a reading's texts that are kept as lines.
_LISTS = ("steps", "absentSteps", "sources")


def _gga(name: str) -> ox.NamedNode:
    return ox.NamedNode(ns.GGA + name)


@dataclass(frozen=True)
class Inputs:
    """What an answer depends on.

    ``voices`` are those that alone count, apart by spaces ("" for all). ``graphs`` and ``queries`` map names to
    digests; ``nodes`` maps each graph to its nodes' short digests.
    """

    software: str
    graph: str
    as_of: str
    jurisdiction: str
    voices: str
    profile: str
    graphs: Mapping[str, str]
    queries: Mapping[str, str]
    nodes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Saved:
    """A saved answer, read back.

    ``also`` are the codes of interventions that it answers for beside those of its profile, ``answer`` the digest of
    the whole.
    ``altered`` says that the file is not as it was written: the digest of its triples, its seal, does not fit them.
    """

    inputs: Inputs
    profile: Profile
    also: tuple[CodeReading, ...]
    statuses: Mapping[str, str]
    answer: str
    altered: bool


def inputs_of(knowledge: Knowledge, assessment: Assessment) -> Inputs:
    """The inputs of an answer that a knowledge base would give now."""
    graphs = store.knowledge_graphs(knowledge.store)
    return Inputs(
        software(),
        knowledge.digest,
        assessment.as_of.isoformat(),
        assessment.jurisdiction or "",
        " ".join(sorted(assessment.asked.voices)),
        profile_digest(assessment.profile),
        {g.value: store.digest_of(_plain(knowledge.store, g)) for g in graphs},
        {q["name"]: q["digest"] for q in knowledge.query_digests()},
        {g.value: _short(store.descriptions(knowledge.store, g)) for g in graphs},
    )


def _plain(loaded: ox.Store, graph: ox.NamedNode) -> list[ox.Quad]:
    return [ox.Quad(q.subject, q.predicate, q.object) for q in loaded.quads_for_pattern(None, None, None, graph)]


def short_name(node: str) -> str:
    """The short digest of a node's IRI."""
    return sha256(node.encode()).hexdigest()[:_NAME]


def _short(said: Mapping[str, str]) -> dict[str, str]:
    return {short_name(node): digest[:_SAID] for node, digest in said.items()}


def answer_digest(data: Mapping[str, Any]) -> str:
    """SHA-256 of what an answer says: all but the digests of its inputs, addresses, and what says again in parts."""
    told = {key: value for key, value in data.items() if key not in ("knowledge", "software", "queries", "sources")}
    for name in ("unread", "imprecise", "others"):
        if not told[name]:
            del told[name]
    for name, parts in _PARTS.items():
        told[name] = [{key: value for key, value in row.items() if key not in parts} for row in told[name]]
    return "sha256:" + sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def write_saved(knowledge: Knowledge, assessment: Assessment, answer: Mapping[str, Any]) -> str:
    """The answer of an assessment with everything that reproduces it, as Turtle: the same bytes for the same inputs."""
    inputs = inputs_of(knowledge, assessment)
    triples = [ox.Triple(_ANSWER, _TYPE, _gga("Answer"))]

    def say(name: str, value: str, node: ox.NamedNode = _ANSWER) -> None:
        triples.append(ox.Triple(node, _gga(name), ox.Literal(value)))

    for name in ("software", "graph", "jurisdiction", "voices", "profile"):
        say(f"{name}Digest" if name in ("graph", "profile") else name, getattr(inputs, name))
    day = ox.Literal(inputs.as_of, datatype=ox.NamedNode(ns.XSD + "date"))
    triples.append(ox.Triple(_ANSWER, _gga("asOf"), day))
    say("answerDigest", answer_digest(answer))
    say("profileId", assessment.profile.id)
    say("profileLabel", assessment.profile.label)
    for graph, digest in inputs.graphs.items():
        triples.append(ox.Triple(_ANSWER, _gga("usedGraph"), ox.NamedNode(graph)))
        say("digest", digest, ox.NamedNode(graph))
        say("nodes", " ".join(f"{n}{d}" for n, d in sorted(inputs.nodes[graph].items())), ox.NamedNode(graph))
    for query, digest in inputs.queries.items():
        node = ox.NamedNode(f"{ns.BASE}query/{query}")
        triples.append(ox.Triple(_ANSWER, _gga("usedQuery"), node))
        say("digest", digest, node)
    for therapy, status in assessment.statuses.items():
        say("status", status, ox.NamedNode(therapy))
    for reading in dict.fromkeys((*assessment.profile.readings, *assessment.linked.values())):
        triples += _reading_triples(reading, reading in assessment.profile.readings)
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in [*triples, *to_triples(assessment.profile)]]
    quads.append(ox.Quad(_ANSWER, _SEAL, ox.Literal(store.digest_of(quads))))
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    rows = [ox.Triple(q.subject, q.predicate, q.object) for q in sorted(dataset, key=str)]
    text = (ox.serialize(rows, format=ox.RdfFormat.TURTLE, prefixes=ns.PREFIXES) or b"").decode()
    # The serializer writes prefixes in an order of its own each time.
    lines = text.splitlines(keepends=True)
    heads = [line for line in lines if line.startswith("@prefix")]
    return "".join([*sorted(heads), *lines[len(heads) :]])


def _reading_triples(reading: CodeReading, of_profile: bool) -> list[ox.Triple]:
    """How a code was read, so that a replay needs neither the mapping tables nor the linked hierarchies."""
    node = ox.NamedNode(reading.iri)
    texts = {
        "code": reading.curie,
        "codeLabel": reading.label,
        "codeOf": "profile" if of_profile else "question",
        # Steps have an order, which triples have not.
        "steps": "\n".join(reading.steps),
        "absentSteps": "\n".join(reading.absent_steps),
        "sources": "\n".join(reading.sources),
    }
    rows = [ox.Triple(node, _gga(name), ox.Literal(text)) for name, text in texts.items()]
    rows += [ox.Triple(node, _gga("readAs"), ox.NamedNode(iri)) for iri in reading.present]
    return rows + [ox.Triple(node, _gga("deniedAs"), ox.NamedNode(iri)) for iri in reading.absent]


def read_saved(path: Path, vocabulary: Vocabulary) -> Saved:
    """Read a saved answer.

    Raises:
        UsageError: the file cannot be read, or holds no saved answer.
        ProfileError: its profile names terms that the knowledge base does not know.
    """
    quads = read_quads(path, UsageError)
    by: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for q in quads:
        by[q.subject][q.predicate.value].append(q.object)

    def one(name: str, node: Any = _ANSWER) -> str:
        values = by[node].get(ns.GGA + name, [])
        if len(values) != 1:
            raise UsageError(
                f"no saved answer: {len(values)} values of gga:{name}",
                where=str(path),
                mend="guidegraph therapies PROFILE --save FILE writes one.",
            )
        return str(values[0].value)

    graphs = {g.value: one("digest", g) for g in by[_ANSWER].get(ns.GGA + "usedGraph", [])}
    queries = by[_ANSWER].get(ns.GGA + "usedQuery", [])
    inputs = Inputs(
        one("software"),
        one("graphDigest"),
        one("asOf"),
        one("jurisdiction"),
        one("voices") if by[_ANSWER].get(ns.GGA + "voices") else "",
        one("profileDigest"),
        graphs,
        {q.value.removeprefix(f"{ns.BASE}query/"): one("digest", q) for q in queries},
        {g: _split(one("nodes", ox.NamedNode(g))) for g in graphs},
    )
    statuses = {s.value: one("status", s) for s in list(by) if by[s].get(ns.GGA + "status")}
    try:
        profile = from_triples(_about_patient(quads), vocabulary, str(path))
    except ProfileError as error:
        raise ProfileError(
            f"the saved profile is not understood any more: {error.what}", where=str(path), mend=error.mend
        ) from None
    read: dict[str, list[CodeReading]] = {"profile": [], "question": []}
    for node in [s for s in by if by[s].get(ns.GGA + "code")]:
        lists = [tuple(one(key, node).split("\n")) if one(key, node) else () for key in _LISTS]
        reading = CodeReading(
            one("code", node),
            one("codeLabel", node),
            present=tuple(sorted(v.value for v in by[node].get(ns.GGA + "readAs", []))),
            absent=tuple(sorted(v.value for v in by[node].get(ns.GGA + "deniedAs", []))),
            steps=lists[0],
            iri=str(node.value),
            absent_steps=lists[1],
            sources=lists[2],
        )
        read.get(one("codeOf", node), read["question"]).append(reading)
    profile = replace(profile, id=one("profileId"), label=one("profileLabel"), readings=tuple(sorted(read["profile"])))
    sealed = store.digest_of(ox.Quad(q.subject, q.predicate, q.object) for q in quads if q.predicate != _SEAL)
    return Saved(inputs, profile, tuple(sorted(read["question"])), statuses, one("answerDigest"), one("seal") != sealed)


def _split(text: str) -> dict[str, str]:
    return {word[:_NAME]: word[_NAME:] for word in text.split()}


def _about_patient(quads: list[ox.Quad]) -> list[ox.Triple]:
    """The triples of the patient and of the blank nodes that hang on it."""
    by: dict[Any, list[ox.Quad]] = defaultdict(list)
    for q in quads:
        by[q.subject].append(q)
    triples, left = [], [_PATIENT]
    seen: set[Any] = set(left)
    while left:
        for q in by[left.pop()]:
            triples.append(ox.Triple(q.subject, q.predicate, q.object))
            if isinstance(q.object, ox.BlankNode) and q.object not in seen:
                seen.add(q.object)
                left.append(q.object)  # type: ignore[arg-type]
    return triples
