"""Patients stay apart: while one is assessed, nobody who asks the shared knowledge base meets a fact of theirs."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph import store
from guidegraph.api import run_query
from guidegraph.export.closure import Closure
from guidegraph.knowledge.engine import Request
from guidegraph.profile import digest as profile_digest
from guidegraph.profile import to_triples
from guidegraph.remote.knowledge import pushable
from tests.conftest import AS_OF
from tests.support.forked import TIMEOUT

#: Numbers that only this patient has, in no document.
AGE, WEEKS = "61.375", "13.625"
PATIENT = {
    "id": "marked",
    "age": 61.375,
    "symptom_weeks": 13.625,
    "conditions": {"present": ["sciatica"], "absent": ["cancer"]},
    "medications": ["ibuprofen"],
    "trials": [{"of": "acetaminophen", "outcome": "failed", "weeks": 6}],
}
TRIES = 4_000
_DECIMAL = ox.NamedNode(ns.XSD + "decimal")
_OURS = [ox.NamedNode(ns.PATIENT), ox.NamedNode(ns.BASE + "profile/request")]
_GRAPHS = [ox.NamedNode(ns.PROFILE_GRAPH), ox.NamedNode(ns.ASSESSMENT_GRAPH)]
_SPEAK = "SELECT ?s WHERE { { GRAPH ?g { ?s a gg:Patient } } UNION { GRAPH ?g { ?s gga:truth ?o } } UNION { GRAPH ?g { ?s gg:ageYears ?o } } }"


def asked(kb: Any, where: str) -> int:
    prefixes = f"PREFIX gg: <{ns.GG}> PREFIX gga: <{ns.GGA}> PREFIX ggg: <{ns.GGG}> "
    return len(run_query(kb, prefixes + where, None, []).rows)


def scanned(kb: Any) -> list[Any]:
    """Every quad of the shared store that a patient could have brought, found by looking at all of them."""
    return [q for q in kb.store if AGE in str(q) or WEEKS in str(q) or q.subject in _OURS or q.graph_name in _GRAPHS]


def pushed(kb: Any) -> list[Any]:
    """The same of all that a push would send, the index included."""
    return [t for rows in pushable(kb.store, True).values() for t in rows if AGE in str(t) or t.subject in _OURS]


#: Ways to look that take no time, tried thousands of times; each gives what it found of a patient.
QUICK: dict[str, Callable[[Any], Any]] = {
    "age": lambda kb: list(kb.store.quads_for_pattern(None, None, ox.Literal(AGE, datatype=_DECIMAL))),
    "graphs": lambda kb: [g for g in kb.store.named_graphs() if g in _GRAPHS],
    "patient": lambda kb: [q for node in _OURS for q in kb.store.quads_for_pattern(node, None, None)],
    "profile": lambda kb: list(kb.store.quads_for_pattern(None, None, None, _GRAPHS[0])),
    "assessment": lambda kb: list(kb.store.quads_for_pattern(None, None, None, _GRAPHS[1])),
}
#: Ways that read everything.
SLOW: dict[str, Callable[[Any], Any]] = {
    "scan": scanned,
    "push": pushed,
    "dump": lambda kb: AGE.encode() in kb.store.dump(format=ox.RdfFormat.N_QUADS),
    "query": lambda kb: asked(kb, _SPEAK),
    "any graph": lambda kb: asked(kb, "SELECT ?s WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?g IN (ggg:profile, ggg:assessment)) }"),
    "union": lambda kb: asked(kb, "SELECT ?s WHERE { ?s ?p " + AGE + " }"),
    "export": lambda kb: [g for node in _OURS if (g := Closure(kb.store).graph_of(node)) is not None],
}  # fmt: skip


@pytest.fixture(scope="module")
def own() -> Any:
    """A knowledge base that no other test has asked."""
    return gg.open()


def elsewhere(look: Callable[[], Any]) -> Any:
    """What another thread finds."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(look).result()


@pytest.mark.parametrize("way", [*QUICK, *SLOW])
def test_another_thread_meets_nothing_of_an_open_session(own: Any, way: str) -> None:
    look = {**QUICK, **SLOW}[way]
    profile = own.profile(PATIENT)
    with own.knowledge.session(profile, Request(AS_OF), {}) as session:
        assert any(AGE in str(q) for q in session.quads()), "the patient is in the session itself"
        assert not look(own)
        assert not elsewhere(lambda: look(own))
    assert not look(own)


def test_the_knowledge_has_the_same_digest_while_a_patient_is_assessed(own: Any) -> None:
    before = store.digest(own.store), len(own.store)
    # A code that the patient's record names is a therapy of its own below one of ours.
    leaves = {"urn:code:of-a-record": [own.resolve("ibuprofen")]}
    with own.engine.session(to_triples(own.profile(PATIENT)), Request(AS_OF), leaves):
        assert (store.digest(own.store), len(own.store)) == before


@pytest.fixture
def often() -> Iterator[None]:
    """Threads take turns a hundred times as often: as they come, each short look would wait for long ones of others."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


#: One thread reads the graphs of the shared store without end, another puts the mappings there.
BOTH = """
import sys, threading
import guidegraph as gg
sys.setswitchinterval(1e-5)
kb, done, read = gg.open(), threading.Event(), []
def reading():
    while not done.is_set():
        read.append(sum(1 for graph in kb.store.named_graphs()))
reader = threading.Thread(target=reading)
reader.start()
for _ in range(8):
    kb.knowledge.links.load(kb.store)
done.set()
reader.join()
print(min(read) < max(read))
"""


@pytest.mark.slow
def test_a_thread_that_reads_and_one_that_loads_the_mappings_never_wait_for_each_other() -> None:
    done = subprocess.run([sys.executable, "-c", BOTH], capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert done.stdout.split() == ["True"], done.stderr


@pytest.mark.slow
def test_nobody_meets_a_patient_while_assessments_run(often: None) -> None:
    own = gg.open()
    own.disagreement.complete()
    done, seen, tries = threading.Event(), [], dict.fromkeys((*QUICK, *SLOW), 0)

    def watch(ways: dict[str, Callable[[Any], Any]]) -> None:
        while not done.is_set():
            for name, look in ways.items():
                tries[name] += 1
                if look(own):
                    seen.append(name)

    assessed = 0
    watchers = [threading.Thread(target=watch, args=(ways,)) for ways in (QUICK, SLOW)]
    for watcher in watchers:
        watcher.start()
    try:
        while min(tries[name] for name in QUICK) < TRIES or min(tries[name] for name in SLOW) < 5 or assessed < 20:
            answer = own.therapies(PATIENT, as_of=AS_OF)
            assert answer.assessment.profile.values[ns.GG + "ageYears"] == Decimal(AGE)
            assessed += 1
            if assessed % 10 == 0:
                assert len(answer.graph)
                own.timeline(PATIENT, as_of=AS_OF)
    finally:
        done.set()
        for watcher in watchers:
            watcher.join()
    assert not seen, sorted(set(seen))


def test_sessions_side_by_side_hold_their_own_patient_only(own: Any) -> None:
    one, other = own.profile(PATIENT), own.profile({"id": "other", "age": 47.125})
    with (
        own.knowledge.session(one, Request(AS_OF), {}) as first,
        own.knowledge.session(other, Request(AS_OF), {}) as second,
    ):
        held, kept = str(first.quads()), str(second.quads())
    assert AGE in held and "47.125" not in held
    assert "47.125" in kept and AGE not in kept


def test_a_session_that_has_ended_tells_nothing(own: Any) -> None:
    with own.knowledge.session(own.profile(PATIENT), Request(AS_OF), {}) as session:
        pass
    with (
        own.knowledge.session(own.profile({"age": 47.125}), Request(AS_OF), {}),
        pytest.raises(gg.GuideGraphError, match="ended"),
    ):
        session.quads()


def patients() -> Iterator[dict[str, Any]]:
    """Patients whose ages and lists differ, so that an exchange of facts would show."""
    lists = (["sciatica"], ["sciatica", "bleeding peptic ulcer"], ["sciatica", "cauda equina syndrome"], [])
    for number in range(24):
        yield {"id": f"p{number}", "age": 20 + number, "symptom_weeks": number, "conditions": lists[number % 4]}


@pytest.mark.slow
def test_assessments_at_once_give_what_they_give_alone(own: Any) -> None:
    alone = {p["id"]: (own.therapies(p, as_of=AS_OF).to_dict()) for p in patients()}
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda p: own.therapies(p, as_of=AS_OF).to_dict(), [*patients()] * 3))
    assert len({profile_digest(own.profile(p)) for p in patients()}) == len(alone)
    for answer in together:
        assert answer == alone[answer["profile"]["id"]]
