"""Where a server asks the query of a stranger: in a process that can be ended."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from threading import Lock

from starlette.concurrency import run_in_threadpool

from guidegraph.api import KnowledgeBase
from guidegraph.errors import BusyError
from guidegraph.query import protocol
from guidegraph.query.ahead import DUE, HEARD, LEAST, LENGTH
from guidegraph.query.protocol import Asked, Written
from guidegraph.query.sealed import Limits, sealed, told, too_long
from guidegraph.web.board import Board

#: What a query over HTTP may take.
LIMITS = Limits(seconds=2.0, memory=384 * 2**20)
#: Seconds in which the first process has to be there, right after the server's start.
_START = 10.0
#: Seconds beyond those of a query, in which its process is ended and what it wrote is read.
_GRACE = 0.1
_PIECE = 2**18


class QueryLine:
    """Asks processes that were forked ahead (:mod:`guidegraph.query.ahead`).

    The time of a query counts from when it is asked. Where many wait for a process that is free, each has less of it
    left when its turn comes, so that short ones are answered beside any number of endless ones.

    Args:
        sending: the end of the line at which connections are sent along.
        board: says when its processes have been started, and counts those that were ended.
        limits: those of its processes.
    """

    def __init__(self, sending: socket.socket, board: Board, limits: Limits = LIMITS) -> None:
        self._sending = sending
        self._board = board
        self._limits = limits

    @property
    def seconds(self) -> float:
        """How long a query may take."""
        return self._limits.seconds

    async def answer(self, asked: Asked) -> Written:
        """What one query gives.

        Raises:
            QueryError: see :func:`guidegraph.query.protocol.answered`; also where it takes too long or too much memory.
            BusyError: no process is free.
        """
        due = time.monotonic() + self._limits.seconds
        mine, theirs = socket.socketpair()
        with mine:
            mine.setblocking(False)
            with theirs:
                try:
                    socket.send_fds(self._sending, [DUE.pack(due)], [theirs.fileno()])
                except OSError:
                    raise _busy() from None
            question = asked.to_bytes()
            saying = asyncio.ensure_future(self._say(mine, LENGTH.pack(len(question)) + question))
            try:
                return Written.from_bytes(told(await self._heard(mine, due), self._limits))
            finally:
                saying.cancel()

    async def _say(self, mine: socket.socket, content: bytes) -> None:
        # Where the process is gone, what is read of it says so.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_sendall(mine, content)

    async def _heard(self, mine: socket.socket, due: float) -> bytes:
        """What a process says, b"" where it was ended for want of memory."""
        loop, content = asyncio.get_running_loop(), bytearray()
        try:
            async with asyncio.timeout(self._limits.seconds if self._board.asking else _START):
                taken = await loop.sock_recv(mine, 1)
        except (TimeoutError, OSError):
            raise _busy() from None
        due = max(due, time.monotonic() + LEAST)
        try:
            async with asyncio.timeout(due - time.monotonic() + _GRACE):
                while taken and (piece := await loop.sock_recv(mine, _PIECE)):
                    content += piece
        except TimeoutError:
            self._board.count("queries_ended")
            raise too_long(self._limits) from None
        except OSError:
            # It was ended; how far it had come is told by what was read.
            pass
        if content[:1] != HEARD:
            raise _busy()
        start = len(HEARD) + LENGTH.size
        if len(content) >= start and len(content) - start == LENGTH.unpack(content[len(HEARD) : start])[0]:
            return bytes(content[start:])
        self._board.count("queries_ended")
        if time.monotonic() > due - _GRACE:
            raise too_long(self._limits)
        return b""


def _busy() -> BusyError:
    return BusyError("other queries are being answered", mend="Ask again in a second.")


class OwnChildren:
    """Asks in a child of this process, where nothing was forked ahead: in tests, and where another server runs this."""

    def __init__(self, kb: KnowledgeBase, limits: Limits = LIMITS) -> None:
        self._kb = kb
        self._limits = limits
        self._lock = Lock()
        self._prepared = False

    @property
    def seconds(self) -> float:
        """How long a query may take."""
        return self._limits.seconds

    async def answer(self, asked: Asked) -> Written:
        """What one query gives; see :meth:`QueryLine.answer`."""
        return await run_in_threadpool(self._answer, asked)

    def _answer(self, asked: Asked) -> Written:
        with self._lock:
            if not self._prepared:
                prepare(self._kb)
                self._prepared = True
        store = self._kb.store
        return Written.from_bytes(sealed(lambda: protocol.answered(store, asked).to_bytes(), self._limits))


def prepare(kb: KnowledgeBase) -> None:
    """Make ready what a query may need before a process is forked for it.

    Into the store comes whatever it may ask for: pairs of statements that differ, mappings, other hierarchies. What
    reads FROM a second time is imported: a child can open no file for long, and the import would take of its time.
    """
    from rdflib.plugins.sparql import algebra, parser

    assert algebra and parser
    kb.disagreement.complete()
    kb.knowledge.load_links()


def answer_of(kb: KnowledgeBase, question: bytes) -> bytes:
    """What a process that was forked ahead does: answer one question that :class:`QueryLine` wrote.

    Raises:
        QueryError: see :func:`guidegraph.query.protocol.answered`.
    """
    return protocol.answered(kb.store, Asked.from_bytes(question)).to_bytes()
