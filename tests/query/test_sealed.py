"""The sealed process: an end to time, memory and answer, nothing to open, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pyoxigraph as ox
import pytest

from guidegraph.errors import QueryError, UsageError
from guidegraph.query import run, sealed
from guidegraph.query.sealed import Limits
from tests.query.conftest import Canary
from tests.support.paths import ROOT


def test_a_sealed_process_opens_nothing(store: ox.Store, canary: Canary) -> None:
    """The wall behind the guard: SERVICE finds no socket, and no file can be read."""

    def ask() -> bytes:
        list(store.query(f"SELECT * {{ SERVICE <{canary.address}> {{ ?s ?p ?o }} }}"))  # type: ignore[arg-type]
        return b""

    for work in (ask, lambda: Path("/etc/passwd").read_bytes()):
        with pytest.raises(QueryError, match="failed"):
            sealed.sealed(work)
    assert canary.heard == 0


ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n1 ?o FILTER(?c + ?f + ?i + ?l + ?o < 0) }"


def test_time_has_an_end(store: ox.Store) -> None:
    with pytest.raises(QueryError, match=r"did not end within 0.3 seconds.* --timeout"):
        run.run(store, ENDLESS, limits=Limits(0.3))


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_what_is_no_limit_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError, match="--timeout"):
        Limits(seconds)


@pytest.mark.slow
def test_memory_has_an_end(store: ox.Store) -> None:
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?a ?d ?g ?j"
    with pytest.raises(QueryError, match="more than 64 MiB of memory"):
        run.run(store, hungry, limits=Limits(60, 64 * 2**20))


def test_an_answer_has_an_end(store: ox.Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "MAX_ANSWER", 1000)
    with pytest.raises(QueryError, match="LIMIT"):
        run.run(store, "SELECT * { ?s ?p ?o }")
    assert len(run.run(store, "SELECT * { ?s ?p ?o } LIMIT 1").rows) == 1


def test_no_child_and_no_pipe_is_left(store: ox.Store) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for text in ("ASK { }", "nonsense", ENDLESS):
        with contextlib.suppress(QueryError):
            run.run(store, text, limits=Limits(0.2))
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.mark.slow
def test_an_interrupt_ends_the_query() -> None:
    """Ctrl-C reaches a query in the middle of the engine."""
    with subprocess.Popen(
        # A shell starts what runs behind it with interrupts ignored, and a test may be run there.
        [sys.executable, "-c", f"import signal; signal.signal({signal.SIGINT:d}, signal.default_int_handler); from guidegraph.cli import main; main()", "query", "-", "--timeout", "600"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdin
        process.stdin.write(ENDLESS)
        process.stdin.close()
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        while process.poll() is None and not children.read_text(encoding="ascii").strip():
            pass
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) != 0
        assert process.stderr and "Traceback" not in process.stderr.read()


def test_the_same_terms_come_back_from_the_child(store: ox.Store) -> None:
    text = (
        "SELECT ?s ?o ?none (<<( ?s ?p ?o )>> AS ?t) ('x'@en AS ?l) (1.50 AS ?d) { ?s ?p ?o } ORDER BY DESC(?o) LIMIT 3"
    )
    there = run.run(store, text)
    here = store.query(text, use_default_graph_as_union=True)
    assert there.rows == tuple(tuple(row) for row in here)  # type: ignore[union-attr]
    graph = run.run(store, "CONSTRUCT { ?s ?p [ <http://e/v> ?o ] } WHERE { ?s ?p ?o } LIMIT 2")
    assert len(graph.triples) == 4 and list(graph.triples) == sorted(graph.triples, key=str)


def test_a_child_that_only_waits_is_ended() -> None:
    """It takes no time of the processor, so only the parent can end it."""
    with pytest.raises(QueryError, match=r"did not end within 0\.2 seconds"):
        sealed.sealed(lambda: time.sleep(3600) or b"", Limits(0.2))


def test_a_child_that_used_its_time_up_is_told_so() -> None:
    """Whichever of the two ends of time comes first."""

    def work() -> bytes:
        os.kill(os.getpid(), signal.SIGXCPU)
        time.sleep(3600)
        return b""

    with pytest.raises(QueryError, match="did not end within 60 seconds"):
        sealed.sealed(work)


def test_what_a_dying_child_wrote_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    for begun in (b"+half of an answer", b'-["a fault", "", ""]'):

        def child(work: object, writing: int, limits: Limits, network: bool, begun: bytes = begun) -> None:
            os.write(writing, begun)
            os.kill(os.getpid(), signal.SIGKILL)

        monkeypatch.setattr(sealed, "_child", child)
        with pytest.raises(QueryError, match="more levels than the engine has"):
            sealed.sealed(lambda: b"")


@pytest.mark.parametrize("text", ["ASK { }", ENDLESS])
def test_interrupts_are_heard_again_afterwards(store: ox.Store, text: str) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with contextlib.suppress(QueryError):
        run.run(store, text, limits=Limits(0.2))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before and signal.SIGINT not in before


def test_what_comes_after_the_end_of_time_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"+late")
    os.close(writing)
    moments = iter((0.0, 61.0))
    monkeypatch.setattr(sealed, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    with pytest.raises(QueryError, match="did not end within 60 seconds"):
        sealed._content(reading, Limits(60))
    os.close(reading)


def test_an_answer_may_be_as_large_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "MAX_ANSWER", 1000)
    assert sealed.sealed(lambda: b"x" * 999) == b"x" * 999
    with pytest.raises(QueryError, match="LIMIT"):
        sealed.sealed(lambda: b"x" * 1000)


def test_a_child_whose_parent_has_gone_ends_by_itself() -> None:
    soft, _ = (
        sealed.sealed(lambda: repr(resource.getrlimit(resource.RLIMIT_CPU)).encode(), Limits(7.5))
        .strip(b"()")
        .split(b",")
    )
    assert int(soft) == 8


def test_a_child_never_goes_on_with_what_its_parent_does(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(work: object) -> bytes:
        raise SystemExit

    monkeypatch.setattr(sealed, "outcome_of", fails)
    parent, (reading, writing) = os.getpid(), os.pipe()
    with pytest.raises(QueryError, match="more levels than the engine has"):
        try:
            sealed.sealed(lambda: b"", Limits(20))
        except BaseException:
            if os.getpid() != parent:
                os.write(writing, b"gone on")
                os._exit(3)
            raise
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)


def test_a_dying_engine_is_not_heard(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> bytes:
        os.write(2, b"memory allocation of 7 bytes failed")
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    with pytest.raises(QueryError, match="more levels than the engine has"):
        sealed.sealed(work)
    assert capfd.readouterr().err == ""


def test_there_is_room_for_deep_work() -> None:
    def depth(left: int) -> int:
        return 1 + depth(left - 1) if left else 0

    assert sealed.sealed(lambda: str(depth(40_000)).encode()) == b"40000"
    assert sealed.sealed(lambda: str(threading.stack_size()).encode()) == str(sealed._STACK).encode()


def test_files_are_opened_only_for_a_while() -> None:
    path = Path(__file__)

    def opens() -> bool:
        try:
            path.read_bytes()
        except OSError:
            return False
        return True

    def work() -> bytes:
        seen = [opens()]
        with sealed.files():
            seen.append(opens())
        return repr([*seen, opens()]).encode()

    assert sealed.sealed(work) == b"[False, True, False]"

    def forbidding() -> bytes:
        with sealed.no_files():
            seen = [opens()]
        return repr([*seen, opens()]).encode()

    assert sealed.sealed(forbidding, network=True) == b"[False, True]"
