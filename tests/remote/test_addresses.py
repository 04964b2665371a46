"""Addresses of endpoints: what is no address, what is allowed, and what leads inside."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from guidegraph.errors import EndpointError
from guidegraph.remote.address import Address, address, reachable
from guidegraph.remote.client import Endpoint
from tests.support.serving import ASKED, Serve, reply


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "ftp://host/sparql",
        "file:///etc/passwd",
        "http://",
        "http:///sparql",
        "http://host:port/",
        "http://host:99999/",
        "http://host:0/",
        "http://[::1/",
        "http://host/a b",
        "http://host/a\nb",
        "http://host\\@other/",
        "http://host/ü",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(EndpointError, match="not an http"):
        address(url)


def test_an_address_with_a_password_is_refused_and_not_echoed() -> None:
    with pytest.raises(EndpointError, match="GUIDEGRAPH_PASSWORD") as caught:
        address("http://me:secret@host/sparql")
    assert "secret" not in str(caught.value)
    with pytest.raises(EndpointError, match="fragment"):
        address("http://host/sparql#x")
    assert "key" not in address("https://host/sparql?key=1").shown


@pytest.mark.parametrize(
    ("listed", "url", "allowed"),
    [
        ("http://host/sparql", "http://host/sparql", True),
        ("http://host/sparql", "http://host:80/sparql", True),
        ("http://host/sparql", "http://HOST/sparql", True),
        ("http://host/sparql", "http://host/sparql/x", True),
        ("http://host/sparql", "http://host/sparql-auth", False),
        ("http://host/sparql", "http://host/", False),
        ("http://host/sparql", "https://host/sparql", False),
        ("http://host/sparql", "http://host:81/sparql", False),
        ("http://host/sparql", "http://host.evil.example/sparql", False),
        ("http://host/a", "http://host/a/../b", False),
        ("http://host/a", "http://host/a/%2e%2e/b", False),
        ("http://host", "http://host/anything", True),
        ("http://one/ http://two/", "http://two/x", True),
        ("http://one/, http://two/", "http://one/x", True),
    ],
)
def test_a_list_of_allowed_addresses_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, listed: str, url: str, allowed: bool
) -> None:
    lines = tmp_path / "allowed.txt"
    lines.write_text("# ours\n" + "\n".join(listed.replace(",", " ").split()) + "\n", encoding="utf-8")
    for told in (listed, str(lines)):
        monkeypatch.setenv("GUIDEGRAPH_ENDPOINTS", told)
        if allowed:
            assert address(url).private
        else:
            with pytest.raises(EndpointError, match="not among the addresses"):
                address(url)


def test_an_empty_list_allows_nothing_and_a_missing_one_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none.txt").write_text("# nothing\n", encoding="utf-8")
    monkeypatch.setenv("GUIDEGRAPH_ENDPOINTS", str(tmp_path / "none.txt"))
    with pytest.raises(EndpointError, match="not among"):
        address("http://host/")
    monkeypatch.setenv("GUIDEGRAPH_ENDPOINTS", str(tmp_path / "nowhere.txt"))
    with pytest.raises(EndpointError, match="cannot be read"):
        address("http://host/")
    (tmp_path / "odd.txt").write_text("host/sparql\n", encoding="utf-8")
    monkeypatch.setenv("GUIDEGRAPH_ENDPOINTS", str(tmp_path / "odd.txt"))
    with pytest.raises(EndpointError, match="holds something else"):
        address("http://host/")


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.0.1",
        "169.254.169.254",
        "0.0.0.0",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "224.0.0.1",
    ],
)
def test_a_name_that_leads_inside_is_refused(number: str) -> None:
    named = Address("http://public.example/", "http", "public.example", 80, private=False)
    assert not reachable(named, number)
    assert reachable(named, "93.184.216.34")
    assert reachable(Address("http://10.1.2.3/", "http", "10.1.2.3", 80, private=True), number)


def test_a_name_that_leads_inside_is_not_connected_to(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    url = serve(lambda handler: asked.append(handler) or reply()(handler)).replace("127.0.0.1", "public.example")
    known = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: known("127.0.0.1", *a, **k))
    with pytest.raises(EndpointError, match=r"private address 127\.0\.0\.1"):
        Endpoint(url).select(ASKED)
    assert asked == []
    monkeypatch.setenv("GUIDEGRAPH_ENDPOINTS", url)
    Endpoint(url).select(ASKED)
    assert len(asked) == 1


def test_numbers_in_disguise_are_no_numbers() -> None:
    for host in ("2130706433", "0x7f.1", "127.1"):
        assert not address(f"http://{host}/").private
    assert address("http://[::1]:80/").private and address("http://localhost/").private


def test_no_proxy_is_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    proxy = serve(lambda handler: asked.append(handler) or reply()(handler))
    monkeypatch.setenv("http_proxy", proxy)
    Endpoint(serve(reply())).select(ASKED)
    assert asked == []
