"""One process that serves: uvicorn over sockets that several share, with an end to slow requests and to threads."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from guidegraph.web.app import application
from guidegraph.web.served import Served

#: Seconds in which the head of a request must have come, and in which the next one on the same connection may begin.
HEAD, KEPT = 10.0, 15
#: Seconds in which an answer has to be read, and bytes of answers that wait to be read in one process.
READ, UNREAD_BYTES = 60.0, 256 * 2**20
#: Bytes of the head of a request; a link may hold a query.
HEAD_BYTES = 64 * 1024
#: Connections of one process; further ones are told to come again.
CONNECTIONS = 500
#: Seconds in which requests are answered once the server is to stop.
_PARTING = 8


def serve(served: Served, sockets: list[socket.socket], number: int) -> None:
    """Serve from sockets until the process is told to stop, or its mother has ended.

    Args:
        served: what is served.
        sockets: listening ones.
        number: of this process among those that serve.
    """
    served.board.use(number)
    config = uvicorn.Config(
        application(served),
        http=Protocol,
        ws="none",
        log_config=None,
        # What uvicorn tells of a fault holds the words of the error, which may be those of a request.
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # So many connections are taken at a time by one process: the next is for another.
        backlog=1,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEPT,
        timeout_graceful_shutdown=_PARTING,
        h11_max_incomplete_event_size=HEAD_BYTES,
        lifespan="off",
    )
    _Server(config, os.getppid()).run(sockets)


class _Server(uvicorn.Server):
    """Ends when its mother does."""

    def __init__(self, config: uvicorn.Config, mother: int) -> None:
        super().__init__(config)
        self._mother = mother

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        for one in sockets or ():
            one.listen(1024)

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now."""
        return await super().on_tick(counter) or os.getppid() != self._mother


class Protocol(H11Protocol):
    """Ends a connection whose next request does not come to the end of its head in time, or whose answer is unread."""

    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the head of the first request."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Take what comes, and wait for the head of the next request once one has begun."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()
        elif self._late is None:
            self._expect()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self.cycle is None or self.cycle.response_complete:
            self._forget()

    def pause_writing(self) -> None:
        """Wait for the answer to be read, if not too much waits already."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(READ, self.transport.abort)
        others = (one.transport.get_write_buffer_size() for one in self.connections)
        if sum(others) > UNREAD_BYTES:
            self.transport.abort()

    def resume_writing(self) -> None:
        """Go on, since the answer was read."""
        self._is_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._forget()
        self._is_read()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._forget()
        self._late = self.loop.call_later(HEAD, self._end)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _end(self) -> None:
        self._late = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
