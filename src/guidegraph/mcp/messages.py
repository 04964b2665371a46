"""What a client of the tools sends, held against what could be read in two ways before the library reads it."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from io import TextIOWrapper
from typing import Any

import anyio
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    JSONRPC_VERSION,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    jsonrpc_message_adapter,
)
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guidegraph.jsontext import AmbiguousError, refuse, unique

#: Bytes of a body that are looked at; the library refuses longer ones.
_LOOKED_AT = 4 * 2**20


def refusal(text: str) -> JSONRPCError | None:
    """Why a message is not read, None where it is.

    The library takes the last of two members of one name, and NaN for a number; what it cannot read at all it does not
    answer over standard streams, so that the client waits for ever.
    """
    try:
        value = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except AmbiguousError as error:
        return _failed(INVALID_REQUEST, str(error), text)
    except RecursionError:
        return _failed(PARSE_ERROR, "nested too deeply", "")
    except json.JSONDecodeError:
        return _failed(PARSE_ERROR, "not JSON", "")
    except ValueError:
        return _failed(PARSE_ERROR, "a number is too long to be one", "")
    try:
        jsonrpc_message_adapter.validate_json(text, by_name=False)
    except Exception:
        what = "no message of JSON-RPC 2.0" if _whole(value) else "a text holds half a character (a lone surrogate)"
        return _failed(INVALID_REQUEST, what, text)
    return None


def _whole(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _failed(code: int, what: str, text: str) -> JSONRPCError:
    named = json.loads(text) if text else None
    number = named.get("id") if isinstance(named, dict) else None
    known = isinstance(number, int | str) and not isinstance(number, bool) and _whole(number)
    error = ErrorData(code=code, message=f"{what}. Send one JSON object a line, in UTF-8.")
    return JSONRPCError(jsonrpc=JSONRPC_VERSION, id=number if known else None, error=error)


class Lines:
    """The messages on standard input; one that is not read is answered by ``answer``, and not handed on."""

    def __init__(self) -> None:
        self.answer: Callable[[SessionMessage], Awaitable[None]] | None = None
        # Bytes that are no UTF-8 become half characters, by which their message is refused.
        self._lines = anyio.wrap_file(TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="surrogateescape"))

    async def __aiter__(self) -> AsyncIterator[str]:
        """The messages that are read."""
        async for line in self._lines:
            if not line.strip():
                continue
            if (why := refusal(line)) is None:
                yield line
            elif self.answer is not None:
                await self.answer(SessionMessage(why))


class Read:
    """Answers a request over HTTP whose body is not read, and passes on every other."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 400."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        taken: list[Message] = []
        body = b""
        while len(body) <= _LOOKED_AT:
            taken.append(message := await receive())
            body += message.get("body", b"")
            if not message.get("more_body", False):
                why = refusal(body.decode("utf-8", "surrogateescape"))
                if why is not None:
                    told = why.model_dump_json(by_alias=True)
                    await Response(told, 400, media_type="application/json")(scope, receive, send)
                    return
                break

        async def again() -> Message:
            return taken.pop(0) if taken else await receive()

        await self.app(scope, again, send)
