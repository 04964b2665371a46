"""Connections that are held open for nothing: heads that come slowly, answers that nobody reads."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guidegraph.web import ports, serving

SHORT = b"GET /short HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONG = b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"
SIZE = 30 * 2**20


async def short(request: Request) -> Response:
    return Response(b"short")


async def long(request: Request) -> Response:
    return Response(b"x" * SIZE)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(serving, "HEAD", 0.4)
    monkeypatch.setattr(serving, "READ", 0.4)
    app = Starlette(routes=[Route("/short", short), Route("/long", long)])
    config = uvicorn.Config(app, port=0, http=serving.Protocol, ws="none", log_level="critical", timeout_keep_alive=3)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


def ended(connection: socket.socket, seconds: float) -> bool:
    """Whether the other side ends a connection within so many seconds; what it sends before is read."""
    connection.settimeout(seconds)
    try:
        while connection.recv(2**16):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_no_answer_waits_for_its_client(host: str) -> None:
    """asyncio sends small pieces at once over what is said to be TCP, and else waits for what was sent before."""

    async def main() -> list[int]:
        sockets = ports.listening(host, 0)
        assert len({one.getsockname()[1] for one in sockets}) == 1
        found: list[int] = []

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        for one in sockets:
            server = await asyncio.start_server(connected, sock=one)
            reader, writer = await asyncio.open_connection(*one.getsockname()[:2])
            assert await reader.read() == b""
            writer.close()
            server.close()
        return found

    nodelay = asyncio.run(main())
    assert nodelay and all(nodelay)


@pytest.mark.parametrize("before", [b"", b"GET /short HT", SHORT, SHORT + b"GET /sh", SHORT * 3 + b"GET"])
def test_a_head_that_comes_slowly_is_given_up(port: int, before: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(before)
        started = time.monotonic()
        try:
            while time.monotonic() - started < 60:
                connection.sendall(b"x")
                time.sleep(0.05)
        except ConnectionError:
            pass
        assert 0.3 < time.monotonic() - started < 60


def test_a_connection_that_says_nothing_is_given_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        assert ended(connection, 60)


@pytest.mark.slow
def test_a_connection_is_kept_between_requests(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(3):
            connection.sendall(SHORT)
            read = b""
            while not read.endswith(b"short"):
                piece = connection.recv(1000)
                assert piece
                read += piece
            time.sleep(0.6)


@pytest.mark.slow
def test_an_answer_that_nobody_reads_is_given_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(LONG)
        time.sleep(1.2)
        read = 0
        connection.settimeout(3)
        try:
            while piece := connection.recv(2**20):
                read += len(piece)
        except ConnectionError:
            pass
        assert read < SIZE


def test_answers_that_nobody_reads_take_so_much_memory_at_most(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "READ", 60.0)
    monkeypatch.setattr(serving, "UNREAD_BYTES", int(1.5 * SIZE))
    with (
        socket.create_connection(("127.0.0.1", port)) as first,
        socket.create_connection(("127.0.0.1", port)) as second,
    ):
        first.sendall(LONG)
        time.sleep(0.3)
        second.sendall(LONG)
        assert ended(second, 3)
        assert len(first.recv(1000)) == 1000


def test_a_long_answer_that_is_read_comes_whole(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(LONG)
        connection.settimeout(5)
        read = 0
        while read < SIZE:
            read += len(connection.recv(2**20))
