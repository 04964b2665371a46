"""What a request may take: bytes and time of its body, time of its answer, and a place among those being answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
import traceback
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError
from guidegraph.web.board import Board

_LOG = logging.getLogger(__name__)
_MIB = 2**20


@dataclass(frozen=True)
class Limit:
    """What requests of one part may take.

    Attributes:
        body: bytes of a request's body.
        seconds: until the answer begins, once the body has come.
        waits: whether it needs a place among those being answered.
        works: whether it is worked out in a thread of this process. Python runs one at a time, so that more at once
            would only wait longer each; further ones wait for their turn.
    """

    body: int
    seconds: float
    waits: bool = True
    works: bool = True


#: By the first word of an address; what is not named has the last one.
LIMITS = {
    # A query has an end of its own, long before; only the first ones wait for the server's start.
    "sparql": Limit(1 * _MIB, 15.0, works=False),
    "health": Limit(0, 1.0, waits=False, works=False),
    "metrics": Limit(0, 1.0, waits=False, works=False),
    "static": Limit(0, 5.0, waits=False, works=False),
    "api": Limit(4 * _MIB, 30.0),
    "cds-services": Limit(4 * _MIB, 30.0),
    "": Limit(4 * _MIB, 30.0),
}
#: Seconds in which a body has to have come.
BODY_SECONDS = 10.0
#: Requests of one process that are being answered, and bytes of bodies that it holds, at one time.
PLACES, HELD = 64, 64 * _MIB
#: Requests of one process that are worked out in threads at one time.
THREADS = 4
#: Bytes of a body that is too large, read and passed over, so that its sender reads that it is.
PASSED_OVER = 64 * _MIB


class Bounded:
    """Takes a request's body in whole before anything is done with it, and answers in time, whatever becomes of it.

    Args:
        app: what is asked.
        board: where refusals are counted.
        body_seconds: in which a body has to have come.
        places: requests that are answered at one time.
    """

    def __init__(self, app: ASGIApp, board: Board, body_seconds: float = BODY_SECONDS, places: int = PLACES) -> None:
        self.app = app
        self.board = board
        self._body_seconds = body_seconds
        self._places = places
        self._held = 0
        self._working: set[asyncio.Task[None]] = set()
        # Of each event loop, since tests ask one application from several.
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its limits, or say which it breaks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._bounded(scope, receive, noting)
        finally:
            self.board.answered(scope["path"], status, time.monotonic() - started)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = LIMITS.get(scope["path"].lstrip("/").partition("/")[0], LIMITS[""])
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdigit() or int(length) > limit.body:
            await self._too_large(limit, scope, receive, send)
            return
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(self._body_seconds):
                    while True:
                        message = await receive()
                        if message["type"] != "http.request":
                            return
                        piece = message.get("body", b"")
                        body += piece
                        self._held += len(piece)
                        if len(body) > limit.body:
                            await self._too_large(limit, scope, receive, send)
                            return
                        if self._held > HELD:
                            await self._busy(scope, receive, send)
                            return
                        if not message.get("more_body", False):
                            break
            except TimeoutError:
                self.board.count("refused_body")
                await _told(408, "the request did not come to its end in time", "Send it faster.", close=True)(
                    scope, receive, send
                )
                return
            if limit.waits and len(self._working) >= self._places:
                await self._busy(scope, receive, send)
                return
            await self._answered(limit, scope, _whole(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _answered(self, limit: Limit, scope: Scope, receive: Receive, send: Send) -> None:
        """The answer, or word that it takes too long; a thread that still works at it keeps its place until it ends."""
        begun = over = False

        async def in_time(message: Message) -> None:
            nonlocal begun
            if not over:
                begun = True
                await send(message)

        turns = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(THREADS))
        turn = turns if limit.works else contextlib.nullcontext()
        task: asyncio.Task[None] = asyncio.ensure_future(self._caught(scope, receive, in_time, turn))
        if limit.waits:
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        try:
            await asyncio.wait({task}, timeout=limit.seconds)
            if not task.done() and not begun:
                over = True
                self.board.count("refused_time")
                told = _told(503, f"there was no answer within {limit.seconds:g} seconds", "Ask for less.")
                await told(scope, receive, send)
                return
            await task
        except asyncio.CancelledError:
            task.cancel()
            raise

    def _caught(
        self, scope: Scope, receive: Receive, send: Send, turn: AbstractAsyncContextManager[None]
    ) -> Coroutine[Any, Any, None]:
        """The answer; what fails on the way is told without its words, which may be those of a request."""

        async def caught() -> None:
            begun = False

            async def noting(message: Message) -> None:
                nonlocal begun
                begun = True
                await send(message)

            try:
                async with turn:
                    await self.app(scope, receive, noting)
            except GuideGraphError as error:
                # No part told it in a way of its own.
                if not begun:
                    await _told(422, error.what, error.mend)(scope, receive, send)
            except Exception as error:
                self.board.count("faults")
                last = traceback.extract_tb(error.__traceback__)[-1]
                _LOG.error("%s at %s:%s", type(error).__name__, last.filename, last.lineno)
                if not begun:
                    told = _told(500, "something went wrong that should not have", "Ask for it again, or report it.")
                    await told(scope, receive, send)

        return caught()

    async def _too_large(self, limit: Limit, scope: Scope, receive: Receive, send: Send) -> None:
        self.board.count("refused_body")
        # Who is still sending would not read the answer, and lose it once the connection is closed; who waits for leave
        # to send will not.
        left = 0 if "expect" in Headers(scope=scope) else PASSED_OVER
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._body_seconds):
                while left > 0 and (message := await receive())["type"] == "http.request":
                    left -= len(message.get("body", b""))
                    if not message.get("more_body", False):
                        break
        what = f"the body has more than {limit.body} bytes" if limit.body else "no body is read here"
        await _told(413, what, "Send less.", close=True)(scope, receive, send)

    async def _busy(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.board.count("refused_busy")
        await _told(429, "others are being answered", "Ask again in a second.", close=True)(scope, receive, send)


def _whole(body: bytes, receive: Receive) -> Receive:
    """A body that has come, and then whatever else comes, such as word that the client has left."""
    given = False

    async def whole() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return whole


_TITLES = {
    408: ("timeout", "The request took too long"),
    413: ("size", "The request is too large"),
    422: ("argument", "What was given makes no sense"),
    429: ("busy", "There is too much to do"),
    500: ("fault", "The server failed"),
    503: ("time", "The answer took too long"),
}


def _told(status: int, what: str, mend: str, *, close: bool = False) -> Response:
    """A problem by RFC 9457."""
    name, title = _TITLES[status]
    told = {"type": f"{ns.BASE}problem/{name}", "title": title, "status": status, "detail": what, "mend": mend}
    headers = {"Connection": "close"} if close else {}
    if status in (429, 503):
        headers["Retry-After"] = "1"
    return Response(json.dumps(told).encode(), status, headers, media_type="application/problem+json")
