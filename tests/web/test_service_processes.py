"""A server as users start it: its processes, the ends of queries, and how it stops."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.commands import run
from tests.support.crowd import Ask
from tests.support.webserver import WebServer, webserver

pytestmark = pytest.mark.slow
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
HUNGRY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with webserver(tmp_path_factory.mktemp("server"), "--processes", "2", "--queries", "4") as running:
        yield running


def ask(server: WebServer, query: str) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    with server.client() as client:
        answer = client.post("/sparql", data={"query": query})
    return answer, time.monotonic() - started


def test_an_endless_query_is_ended_and_the_next_one_answered(server: WebServer) -> None:
    for _ in range(6):
        answer, seconds = ask(server, ENDLESS)
        assert answer.status_code == 504 and "2 seconds" in answer.text
        # A busy machine is late; the query itself would never end.
        assert 1.9 < seconds < 60
        assert ask(server, "ASK {}")[0].json()["boolean"]
    with server.client() as client:
        ended = next(
            line for line in client.get("/metrics").text.splitlines() if line.startswith("guidegraph_queries_ended")
        )
    assert int(ended.split()[1]) == 6


def test_a_query_that_takes_all_memory_is_ended_and_the_next_one_answered(server: WebServer) -> None:
    answer, _ = ask(server, HUNGRY)
    assert answer.status_code in (400, 504)
    assert "MiB of memory" in answer.text or "2 seconds" in answer.text
    assert ask(server, "ASK {}")[0].json()["boolean"]


def test_a_query_that_nobody_waits_for_is_ended(server: WebServer) -> None:
    """More of them than there are processes, each left at once: the next query finds one free."""
    for _ in range(12):
        with pytest.raises(httpx.ReadTimeout), server.client() as client:
            client.post("/sparql", data={"query": ENDLESS}, timeout=0.15)
    time.sleep(0.3)
    answer, _ = ask(server, "ASK {}")
    assert answer.status_code == 200


def test_whoever_waits_for_too_many_others_is_told_to_come_again_in_time(server: WebServer) -> None:
    """Sixteen endless queries for four processes, and a short one behind them."""
    endless = Ask("POST", "/sparql", ENDLESS.encode(), (("Content-Type", "application/sparql-query"),))
    parts = urlsplit(server.address)

    async def one(ask: Ask) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(ask.written("localhost"))
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), head

    async def all_of_them() -> tuple[list[tuple[int, bytes]], tuple[int, bytes]]:
        asking = [asyncio.ensure_future(one(endless)) for _ in range(16)]
        await asyncio.sleep(0.5)
        short = await one(Ask("GET", "/sparql?query=ASK%20%7B%7D"))
        return await asyncio.gather(*asking), short

    answers, short = asyncio.run(all_of_them())
    assert {status for status, _ in answers} == {429, 504}
    assert all(b"retry-after: 1" in head.lower() for status, head in answers if status == 429)
    assert short[0] == 200


def test_a_process_that_ends_is_started_anew(server: WebServer) -> None:
    def six(other_than: set[int]) -> set[int]:
        """The processes of the server, once there are as many as there should be."""
        end = time.monotonic() + 10
        while len(now := set(server.children())) != 6 or now & other_than:
            assert time.monotonic() < end
            time.sleep(0.05)
        return now

    before = six(set())
    for child in before:
        os.kill(child, signal.SIGKILL)
    six(before)
    assert ask(server, "ASK {}")[0].json()["boolean"]


def test_the_mother_has_one_thread(server: WebServer) -> None:
    assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_to_stop_answers_what_it_was_asked(tmp_path: Path, number: signal.Signals) -> None:
    with webserver(tmp_path) as running:
        children = running.children()
        with running.client() as client:
            assert client.get("/health/ready").status_code == 200
        with socket.create_connection(tuple(running.address.removeprefix("http://").split(":"))) as asking:
            body = "query=SELECT+(COUNT(*)+AS+%3Fn)+{+%3Fa+%3Fb+%3Fc+.+%3Fd+%3Fb+%3Ff+}"
            asking.sendall(
                f"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
            )
            time.sleep(0.3)
            running.process.send_signal(number)
            assert asking.recv(100).startswith(b"HTTP/1.1 ")
        assert running.process.wait(15) == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        assert running.written.read_text(encoding="utf-8").count("\n") == 1


def test_a_mother_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    with webserver(tmp_path, "--queries", "2") as running:
        children = running.children()
        running.process.kill()
        running.process.wait()
        end = time.monotonic() + 10
        while [child for child in children if Path(f"/proc/{child}").exists()] and time.monotonic() < end:
            time.sleep(0.05)
        assert not [child for child in children if Path(f"/proc/{child}").exists()]


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.exit_code == 2
    assert "cannot listen: Address already in use" in done.stderr and "--port 0" in done.stderr
