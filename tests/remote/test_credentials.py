"""Credentials for endpoints: they come from the environment, and are neither sent on nor echoed."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from guidegraph.errors import EndpointError
from guidegraph.remote import exchange
from guidegraph.remote.address import Address
from guidegraph.remote.client import Endpoint, same_machine
from tests.support.serving import ASKED, Serve, reply


def known(handler: Any) -> None:
    """A server that wants a password by Basic."""
    handler.seen.append(handler.headers.get("Authorization"))
    wanted = "Basic " + base64.b64encode(b"me:s3cret").decode()
    if handler.headers.get("Authorization") == wanted:
        reply()(handler)
    else:
        told = f"you sent {handler.headers.get('Authorization')} s3cret"
        reply(401, "text/plain", told.encode(), WWW_Authenticate='Basic realm="x"')(handler)


def test_credentials_come_from_the_environment_when_asked_for(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    def answer(handler: Any) -> None:
        handler.seen = seen
        known(handler)

    url = serve(answer)
    with pytest.raises(EndpointError, match="Set GUIDEGRAPH_USER"):
        Endpoint(url).select(ASKED)
    monkeypatch.setenv("GUIDEGRAPH_USER", "me")
    with pytest.raises(EndpointError, match="only one of"):
        Endpoint(url).select(ASKED)
    monkeypatch.setenv("GUIDEGRAPH_PASSWORD", "s3cret")
    seen.clear()
    Endpoint(url).select(ASKED)
    # Nobody who does not ask for a password gets one.
    assert seen[0] is None and seen[1] is not None and len(seen) == 2
    monkeypatch.setenv("GUIDEGRAPH_PASSWORD", "wr0ng")
    with pytest.raises(EndpointError, match="Check GUIDEGRAPH_USER") as caught:
        Endpoint(url).select(ASKED)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Digest",
        "Digest realm=",
        'Digest realm="x", nonce="y", algorithm="none"',
        "Bearer",
        "Negotiate x,y",
        "Basic",
        "=,=",
    ],
)
def test_a_strange_challenge_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch, challenge: str) -> None:
    monkeypatch.setenv("GUIDEGRAPH_USER", "me")
    monkeypatch.setenv("GUIDEGRAPH_PASSWORD", "s3cret")
    with pytest.raises(EndpointError) as caught:
        Endpoint(serve(reply(401, "text/plain", b"no", WWW_Authenticate=challenge))).select(ASKED)
    assert "s3cret" not in str(caught.value)


def test_credentials_are_not_sent_on_and_not_echoed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDEGRAPH_USER", "me")
    monkeypatch.setenv("GUIDEGRAPH_PASSWORD", "s3cret")
    seen: list[Any] = []
    target = serve(lambda handler: seen.append(dict(handler.headers)) or reply()(handler))

    def redirecting(handler: Any) -> None:
        if handler.headers.get("Authorization"):
            reply(302, Location=target)(handler)
        else:
            reply(401, "text/plain", b"", WWW_Authenticate='Basic realm="x"')(handler)

    with pytest.raises(EndpointError, match="redirects to"):
        Endpoint(serve(redirecting)).select(ASKED)
    assert seen == []

    def echoing(handler: Any) -> None:
        if handler.headers.get("Authorization"):
            told = f"wrong: {handler.headers['Authorization']} s3cret"
            reply(500, "text/plain", told.encode())(handler)
        else:
            reply(401, "text/plain", b"", WWW_Authenticate='Basic realm="x"')(handler)

    with pytest.raises(EndpointError, match="500: wrong") as caught:
        Endpoint(serve(echoing)).select(ASKED)
    assert "s3cret" not in str(caught.value)
    assert base64.b64encode(b"me:s3cret").decode() not in str(caught.value)


def test_a_password_does_not_travel_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIDEGRAPH_USER", "me")
    monkeypatch.setenv("GUIDEGRAPH_PASSWORD", "s3cret")
    far = Address("http://far.example/", "http", "far.example", 80, private=False)
    names = {type(h).__name__ for h in exchange._opener(exchange._Line(far)).handlers}
    assert "HTTPBasicAuthHandler" not in names and "HTTPDigestAuthHandler" in names
    with pytest.raises(EndpointError, match="several machines"):
        same_machine(["http://one.example/query", "http://two.example/update"])
    same_machine(["http://one.example:1/query", "http://one.example:2/update"])
