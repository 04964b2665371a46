"""One request and its answer: no redirect, no proxy, within limits of bytes and time, credentials to one host only."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import re
import socket
import ssl
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import IO, Any, NoReturn
from urllib.error import HTTPError, URLError

from guidegraph.errors import EndpointError
from guidegraph.remote.address import Address, reachable

USER, PASSWORD = "GUIDEGRAPH_USER", "GUIDEGRAPH_PASSWORD"
_PIECE = 64 * 1024
#: So much of an error's page is read.
_TOLD = 16 * 1024


@dataclass(frozen=True)
class Limits:
    """What one answer may take: seconds from the first to its last byte, and bytes."""

    seconds: float = 60.0
    size: int = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """A whole answer: its media type, headers (names in lower case) and bytes."""

    media: str
    headers: Mapping[str, str]
    content: bytes


class _Refuse(urllib.request.HTTPRedirectHandler):
    """A redirect may lead anywhere, so it is an error that names its target."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def http_error_302(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any) -> NoReturn:
        """Raise for every kind of redirect."""
        target = _line(headers.get("Location", "")) or "an address that it does not name"
        raise EndpointError(
            f"it redirects to {target}", where=self._address.shown, mend="Name that address yourself if you trust it."
        )

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def _line(text: str, length: int = 200) -> str:
    """Somebody else's text as one short line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:length]


def credentials() -> tuple[str, str] | None:
    """User and password of the environment, None where they are not set.

    Raises:
        EndpointError: only one of them is set.
    """
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    if bool(user) != bool(password):
        raise EndpointError(f"only one of {USER} and {PASSWORD} is set", mend="Set both or none.")
    return (user, password) if user else None


class _Line:
    """The connection of one exchange, made only to a machine that may be spoken to."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.sock: socket.socket | None = None

    def connect(self, where: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
        """Connect to the first of the machine's numbers that answers; each is looked at before."""
        numbers = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)
        for *_, place in numbers:
            if not reachable(self.address, str(place[0])):
                raise self._inside(str(place[0]))
        for number, (*_, place) in enumerate(numbers, 1):
            try:
                self.sock = socket.create_connection((str(place[0]), int(place[1])), timeout)
                return self.sock
            except OSError:
                if number == len(numbers):
                    raise
        raise OSError("the name leads nowhere")

    def _inside(self, number: str) -> EndpointError:
        """Why a machine is not spoken to whose number is one of a private network, or stands for one."""
        inner = self.address.carried
        told, mend = f"its name leads to the private address {number}", "Name the machine by its number"
        if isinstance(inner, str):
            told, mend = (
                f"its number is of a form that is not spoken to ({inner})",
                "Use another number",
            )
        elif inner is not None:
            told, mend = f"its number stands for the private address {inner}", f"Name it by {inner} itself"
        return EndpointError(told, where=self.address.shown, mend=f"{mend}, or allow it with GUIDEGRAPH_ENDPOINTS.")

    def cut(self) -> None:
        """End the connection from outside, so that whoever reads from it stops."""
        if self.sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self.sock.shutdown(socket.SHUT_RDWR)


@cache
def _trust(scheme: str) -> ssl.SSLContext:
    """What certificates are held against: read once, since that takes longer than a request.

    One without certificates trusts nobody; it stands where nothing is encrypted, for which urllib would read them too.
    """
    return ssl.create_default_context() if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _handlers(line: _Line) -> list[urllib.request.BaseHandler]:
    """Handlers of http and https whose connections are made by ``line``."""
    trust = _trust(line.address.scheme)

    class Plain(http.client.HTTPConnection):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._create_connection = line.connect

    class Secure(http.client.HTTPSConnection):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._create_connection = line.connect

    class Http(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Plain, req)

    class Https(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> Any:
            return self.do_open(Secure, req, context=trust)

    return [Http(), Https(context=trust)]


def _opener(line: _Line) -> urllib.request.OpenerDirector:
    address = line.address
    handlers = [urllib.request.ProxyHandler({}), _Refuse(address), *_handlers(line)]
    known = credentials()
    if known is not None:
        book = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        book.add_password(None, f"{address.scheme}://{address.host}:{address.port}/", *known)
        book.add_password(None, address.url, *known)
        handlers.append(urllib.request.HTTPDigestAuthHandler(book))
        # Basic sends the password itself, so it travels encrypted or not at all.
        if address.scheme == "https" or address.loopback:
            handlers.append(urllib.request.HTTPBasicAuthHandler(book))
    return urllib.request.build_opener(*handlers)


def send(address: Address, request: urllib.request.Request, limits: Limits | None = None) -> Answer:
    """Send one request and read its whole answer.

    Raises:
        EndpointError: no answer, a redirect, an error of the server, too many bytes, too much time, or half an answer.
    """
    limits = limits or Limits()
    line = _Line(address)
    ended = time.monotonic() + limits.seconds
    box: list[Answer | BaseException] = []

    def work() -> None:
        try:
            with _opener(line).open(request, timeout=limits.seconds) as response:
                box.append(_read(address, response, limits, ended))
        except BaseException as error:
            box.append(error)

    # A socket's own timeout begins anew with every byte; a thread can be left behind at a fixed moment.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limits.seconds)
    if thread.is_alive():
        line.cut()
        _too_long(address, limits)
    got = box[0]
    if isinstance(got, Answer):
        return got
    if isinstance(got, TimeoutError) or (isinstance(got, URLError) and isinstance(got.reason, TimeoutError)):
        _too_long(address, limits)
    raise _fault(address, got) from None


def _too_long(address: Address, limits: Limits) -> NoReturn:
    raise EndpointError(
        f"the endpoint did not answer within {limits.seconds:g} seconds",
        where=address.shown,
        mend="Ask for less, or try again later.",
    )


def _read(address: Address, response: Any, limits: Limits, ended: float) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise EndpointError(
            f"it answers packed ({_line(headers['content-encoding'], 20)}), which was not asked for",
            where=address.shown,
            mend="Turn that off there.",
        )
    content = bytearray()
    while piece := response.read1(_PIECE):
        content += piece
        if len(content) > limits.size:
            raise EndpointError(
                f"its answer is larger than {limits.size / 2**20:g} MiB", where=address.shown, mend="Ask for less."
            )
        if time.monotonic() > ended:
            _too_long(address, limits)
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) != len(content):
        raise EndpointError(
            f"its answer broke off after {len(content)} of {length} bytes", where=address.shown, mend="Try again."
        )
    return Answer(response.headers.get_content_type(), headers, bytes(content))


def _fault(address: Address, error: BaseException) -> BaseException:
    """What went wrong as one of our errors, where it is a fault of the network or the server."""
    if isinstance(error, HTTPError):
        return _refused(address, error)
    if isinstance(error, URLError) and isinstance(error.reason, EndpointError):
        return error.reason
    if isinstance(error, http.client.IncompleteRead):
        return EndpointError("its answer broke off", where=address.shown, mend="Try again.")
    # The handlers of passwords stumble over a challenge that is none by these.
    strange = LookupError | AttributeError | NotImplementedError
    if isinstance(error, URLError | OSError | ValueError | http.client.HTTPException | strange):
        reason = error.reason if isinstance(error, URLError) else error
        message = _hidden(_line(str(reason))) or type(reason).__name__
        return EndpointError(
            f"the endpoint did not answer: {message}", where=address.shown, mend="Check its address and log."
        )
    return error


def _refused(address: Address, error: HTTPError) -> EndpointError:
    if error.code == 401:
        known = os.environ.get(USER)
        mend = f"Check {USER} and {PASSWORD}." if known else f"Set {USER} and {PASSWORD}."
        if known and address.scheme == "http" and not address.loopback:
            mend += " A password is sent over https only, or by digest."
        return EndpointError("it asks who you are (401)", where=address.shown, mend=mend)
    try:
        text = error.read(_TOLD).decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException):
        text = ""
    page = "html" in (error.headers.get_content_type() if error.headers else "") or re.match(r"\s*<(!|html)", text)
    message = "" if page else _hidden(_line(text))
    reason = message or _hidden(_line(str(error.reason), 60)) or "no reason given"
    mend = "The fault is the server's: see its log." if error.code >= 500 else "Check the address and what was asked."
    return EndpointError(f"the endpoint answered {error.code}: {reason}", where=address.shown, mend=mend)


def _hidden(text: str) -> str:
    """A server's message without the credentials that it may echo."""
    user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
    pair = base64.b64encode(f"{user}:{password}".encode()).decode() if password else ""
    for secret in (pair, password):
        text = text.replace(secret, "***") if secret else text
    return text
