"""What every answer carries, and whom the server answers: headers against misuse in a browser, and the host's name."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guidegraph.web.board import Board

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Of every answer. No other page may frame it, read it or be told where the reader came from.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Of an answer that states nothing else, and of every answer to what a body asked.
UNKEPT = "no-store"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_UNSPECIFIED = ("", "0.0.0.0", "::")


class SafeHeaders:
    """Puts the headers against misuse on every answer; no cache keeps what depends on a request's body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        read_only = scope["method"] in ("GET", "HEAD")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if (allowed := headers.get("allow")) is not None:
                    # It is made of a set, whose order is another in each process.
                    headers["Allow"] = ", ".join(sorted(allowed.split(", ")))
                if read_only and message["status"] < 400:
                    headers.setdefault("Cache-Control", UNKEPT)
                else:
                    headers["Cache-Control"] = UNKEPT
            await send(message)

        await self.app(scope, receive, with_headers)


class KnownHost:
    """Answers only requests that name this server as their host.

    A page of somebody else whose name is made to lead here (DNS rebinding) would otherwise read what is answered.

    Args:
        app: what is asked where the host is known.
        names: names besides those of loopback and the address at which the request came in.
        board: where refusals are counted.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], board: Board) -> None:
        self.app = app
        self.board = board
        self.names = {bare(name) for name in (*LOOPBACK, *names)} - set(_UNSPECIFIED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 400."""
        if scope["type"] != "http" or self._knows(scope):
            await self.app(scope, receive, send)
            return
        self.board.count("refused_host")
        told = "This server does not go by that name. Its own are given with --host and --name.\n"
        await PlainTextResponse(told, status_code=400)(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1:
            return False
        name = bare(hosts[0])
        at = scope.get("server") or ("", None)
        return name in self.names or (name != "" and name == bare(str(at[0])))


def bare(host: str) -> str:
    """A host without its port, in small letters, an address in its usual form; "" for what names none."""
    host = host.strip().lower()
    if host.startswith("["):
        name, bracket, port = host[1:].partition("]")
        host = name if bracket and (not port or _is_port(port)) else ""
    elif host.count(":") == 1:
        name, _, number = host.partition(":")
        host = name if _is_port(f":{number}") else ""
    try:
        return str(ip_address(host))
    except ValueError:
        return "" if ":" in host else host.removesuffix(".")


def _is_port(text: str) -> bool:
    return text[:1] == ":" and (text == ":" or (text[1:].isascii() and text[1:].isdigit()))
