"""What a request may take: of its body, of time, of places; and that nothing of it is told elsewhere."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from guidegraph.errors import ProfileError
from guidegraph.web import limits
from guidegraph.web.board import Board
from guidegraph.web.limits import Bounded, Limit

CANARY = "canary-5e1f"


async def echo(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


def fail(request: Request) -> Response:
    raise ValueError(CANARY)


def refuse(request: Request) -> Response:
    raise ProfileError("it contradicts itself", mend="Take one out.")


def sleep(request: Request) -> Response:
    time.sleep(3)
    return PlainTextResponse("late")


def app(board: Board, **bounds: Any) -> Bounded:
    methods = ["GET", "POST"]
    routes = [
        Route("/api/echo", echo, methods=methods),
        Route("/api/fail", fail),
        Route("/api/sleep", sleep),
        Route("/x", refuse),
    ]
    routes += [Route("/health/live", echo, methods=methods), Route("/sparql", echo, methods=methods)]
    return Bounded(Router(routes=routes), board, **bounds)


def run(asking: Callable[[httpx.AsyncClient], Awaitable[None]], board: Board, **bounds: Any) -> None:
    async def main() -> None:
        transport = httpx.ASGITransport(app(board, **bounds))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            await asking(client)

    asyncio.run(main())


def counted(board: Board, event: str) -> int:
    return next(
        int(line.split()[1]) for line in board.text().splitlines() if line.startswith(f"guidegraph_{event}_total ")
    )


@pytest.mark.parametrize("length_told", [True, False])
@pytest.mark.parametrize(("path", "most"), [("/api/echo", 4 * 2**20), ("/sparql", 2**20), ("/health/live", 0)])
def test_a_body_has_an_end(path: str, most: int, length_told: bool) -> None:
    board = Board()

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, size, 2**18):
            yield b"x" * min(2**18, size - start)

    async def asking(client: httpx.AsyncClient) -> None:
        for size, status in ((most, 200), (most + 1, 413)):
            body = b"x" * size if length_told else pieces(size)
            answer = await client.post(path, content=body)
            assert answer.status_code == status
            if status == 413:
                assert (
                    answer.headers["Connection"] == "close"
                    and answer.headers["Content-Type"] == "application/problem+json"
                )
                assert answer.json()["status"] == 413 and answer.json()["mend"]

    run(asking, board)
    assert counted(board, "refused_body") == 1


def test_a_body_that_is_too_large_is_passed_over_up_to_a_bound_and_not_asked_for() -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 2**20
            yield bytes(2**20)

    async def asking(client: httpx.AsyncClient) -> None:
        nonlocal read
        assert (await client.post("/api/echo", content=endless())).status_code == 413
        assert limits.PASSED_OVER < read < limits.PASSED_OVER + 8 * 2**20
        read = 0
        headers = {"Content-Length": "100000000", "Expect": "100-continue"}
        assert (await client.post("/api/echo", content=endless(), headers=headers)).status_code == 413
        assert read <= 2**20

    run(asking, Board())


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "", "9" * 40, "+5"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    async def asking(client: httpx.AsyncClient) -> None:
        assert (await client.post("/api/echo", headers={"Content-Length": length})).status_code == 413

    run(asking, Board())


def test_a_slow_body_is_given_up() -> None:
    board = Board()

    async def slow() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.05)

    async def asking(client: httpx.AsyncClient) -> None:
        answer = await client.post("/api/echo", content=slow())
        assert answer.status_code == 408

    run(asking, board, body_seconds=0.3)
    assert counted(board, "refused_body") == 1


@pytest.mark.slow
def test_an_answer_that_takes_too_long_is_given_up_and_its_thread_keeps_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(limits.LIMITS, "api", Limit(1000, 0.2))
    board = Board()

    async def asking(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/sleep")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
        busy = await client.get("/api/echo")
        assert (busy.status_code, busy.headers["Retry-After"]) == (429, "1")
        assert (await client.get("/health/live")).status_code == 200
        assert (counted(board, "refused_time"), counted(board, "refused_busy")) == (1, 1)
        while (await client.get("/api/echo")).status_code == 429:
            await asyncio.sleep(0.1)
        assert (await client.get("/api/echo")).status_code == 200

    run(asking, board, places=1)


def test_answers_wait_for_their_turn_and_several_loops_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    bounded, working, most = app(Board()), 0, 0

    async def count(scope: Any, receive: Any, send: Any) -> None:
        nonlocal working, most
        working += 1
        most = max(most, working)
        await asyncio.sleep(0.02)
        working -= 1
        await PlainTextResponse("done")(scope, receive, send)

    bounded.app = count

    async def asking() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(bounded), base_url="http://localhost") as client:  # type: ignore[arg-type]
            answers = await asyncio.gather(*(client.get("/api/echo") for _ in range(12)))
            assert {answer.status_code for answer in answers} == {200}

    for _ in range(2):
        asyncio.run(asking())
    assert most == limits.THREADS


def test_a_fault_is_told_without_its_words(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    board = Board()

    async def asking(client: httpx.AsyncClient) -> None:
        answer = await client.get("/api/fail")
        assert answer.status_code == 500 and CANARY not in answer.text

    with caplog.at_level(logging.DEBUG):
        run(asking, board)
    assert "ValueError at" in caplog.text and CANARY not in caplog.text
    assert CANARY not in "".join(capfd.readouterr())
    assert counted(board, "faults") == 1


def test_a_fault_of_ours_that_no_part_tells_is_told() -> None:
    async def asking(client: httpx.AsyncClient) -> None:
        answer = await client.get("/x")
        assert answer.status_code == 422 and "contradicts itself" in answer.text and "Take one out" in answer.text

    run(asking, Board())


def test_counts_of_several_processes_are_added_and_name_no_address() -> None:
    board = Board(2)
    for row in (0, 1):
        board.use(row)
        board.answered(f"/api/therapies/{CANARY}", 200, 0.007)
        board.answered(f"/{CANARY}", 404, 0.3)
    text = board.text()
    assert 'guidegraph_requests_total{part="api",status="2xx"} 2' in text
    assert 'guidegraph_requests_total{part="page",status="4xx"} 2' in text
    assert 'guidegraph_request_seconds_bucket{part="api",le="0.005"} 0' in text
    assert 'guidegraph_request_seconds_bucket{part="api",le="0.01"} 2' in text
    assert 'guidegraph_request_seconds_sum{part="api"} 0.014000' in text
    assert 'guidegraph_request_seconds_count{part="page"} 2' in text
    assert CANARY not in text


def test_what_reads_from_a_second_time_is_imported_before_a_process_is_forked() -> None:
    """In a child it would take of the time of the query, which on a busy machine is over by then."""
    line = (
        "import sys, types; from guidegraph.web import asking\n"
        "assert 'rdflib' not in sys.modules\n"
        "done = types.SimpleNamespace(complete=lambda: None, load_links=lambda: None)\n"
        "asking.prepare(types.SimpleNamespace(disagreement=done, knowledge=done))\n"
        "assert 'rdflib.plugins.sparql.algebra' in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
