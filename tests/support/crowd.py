"""Many clients at once, friendly and hostile ones, in one thread: what a server bears is measured and tested with them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Ask:
    """A request."""

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def written(self, host: str) -> bytes:
        """The request as it goes over the wire."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass
class Outcomes:
    """What came of requests: (path, status, seconds) of each; a connection that broke has the status 0."""

    rows: list[tuple[str, int, float]] = field(default_factory=list)

    def seconds(self, share: float) -> float:
        """The time within which that share of all answers came."""
        times = sorted(row[2] for row in self.rows)
        return times[min(len(times) - 1, int(share * len(times)))]


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes, bool]:
    """The status and body of the next answer, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    lines = head.split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    status = int(lines[0].split()[1])
    if fields.get("transfer-encoding") == "chunked":
        body = bytearray()
        while size := int((await reader.readline()).strip(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    else:
        body = bytearray(await reader.readexactly(int(fields.get("content-length", 0))))
    return status, bytes(body), fields.get("connection") != "close"


Client = Callable[[str, int, float], Awaitable[None]]


def friendly(asks: Sequence[Ask], outcomes: Outcomes, start: int = 0) -> Client:
    """A client that asks one thing after another over one connection until the end."""

    async def client(host: str, port: int, end: float) -> None:
        writer = reader = None
        for ask in itertools.islice(itertools.cycle(asks), start, None):
            if time.monotonic() >= end:
                break
            begun = time.monotonic()
            try:
                if writer is None or reader is None:
                    reader, writer = await asyncio.open_connection(host, port, limit=2**25)
                writer.write(ask.written(host))
                status, _, stays = await answer(reader)
            except (OSError, asyncio.IncompleteReadError):
                status, stays = 0, False
            outcomes.rows.append((ask.path, status, time.monotonic() - begun))
            if not stays:
                if writer is not None:
                    writer.close()
                writer = reader = None
        if writer is not None:
            writer.close()

    return client


def again(behave: Callable[[asyncio.StreamReader, asyncio.StreamWriter, str, float], Awaitable[None]]) -> Client:
    """A client that opens one connection after another and does with each what it likes."""

    async def client(host: str, port: int, end: float) -> None:
        while time.monotonic() < end:
            try:
                reader, writer = await asyncio.open_connection(host, port, limit=2**25)
                try:
                    await behave(reader, writer, host, end)
                finally:
                    writer.close()
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                await asyncio.sleep(0.02)

    return client


def asking(ask: Ask) -> Client:
    """A client that asks the same again and again, and does not care for the answer."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, end: float) -> None:
        writer.write(ask.written(host))
        await writer.drain()
        await answer(reader)

    return again(behave)


def dripping(head: bytes) -> Client:
    """A client that sends the beginning of a request and then a byte now and then."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, end: float) -> None:
        writer.write(head)
        while time.monotonic() < end and not reader.at_eof():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.3)

    return again(behave)


def leaving(ask: Ask) -> Client:
    """A client that asks and goes away at once."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, end: float) -> None:
        writer.write(ask.written(host))
        await writer.drain()
        await asyncio.sleep(0.05)

    return again(behave)


def unread(ask: Ask) -> Client:
    """A client that asks for much and reads none of it."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, end: float) -> None:
        transport = writer.transport
        transport.pause_reading()
        writer.write(ask.written(host))
        await asyncio.sleep(min(3.0, max(0.0, end - time.monotonic())))

    return again(behave)


#: Seconds in which at least one of the clients that wait for an answer has it.
_PATIENCE = 15.0


def crowd(address: str, clients: Sequence[Client], seconds: float) -> None:
    """Let clients loose on a server for a while."""
    parts = urlsplit(address)

    async def main() -> None:
        end = time.monotonic() + seconds
        running = [asyncio.ensure_future(client(str(parts.hostname), parts.port or 80, end)) for client in clients]
        _, late = await asyncio.wait(running, timeout=seconds + _PATIENCE)
        # A machine that has other work answers later: as long as some client comes to its end, others may.
        while late:
            done, late = await asyncio.wait(late, timeout=_PATIENCE)
            if not done:
                break
        waiting = [f"{at}: {one.get_stack()[-1]}" for at, one in enumerate(running) if one in late]
        for one in late:
            one.cancel()
        assert not late, f"a client got no answer: {waiting}"
        for one in running:
            one.result()

    asyncio.run(main())
