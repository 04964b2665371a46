"""Addresses of endpoints: what is no address, what is allowed, and what leads inside."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("number", "told", "mend"),
    [
        ("::ffff:127.0.0.1", "stands for the private address 127.0.0.1", "Name it by 127.0.0.1 itself"),
        ("64:ff9b::7f00:1", "stands for the private address 127.0.0.1", "Name it by 127.0.0.1 itself"),
        ("64:ff9b:1::1", "of a form that is not spoken to", "Use another number"),
    ],
)
def test_a_number_that_stands_for_another_is_told_by_it(number: str, told: str, mend: str) -> None:
    with pytest.raises(EndpointError, match=re.escape(told)) as caught:
        Endpoint(f"http://[{number}]:1/").select(ASKED)
    assert caught.value.mend.startswith(mend) and "by its number" not in caught.value.mend


def test_no_proxy_is_asked(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    proxy = serve(lambda handler: asked.append(handler) or reply()(handler))
    monkeypatch.setenv("http_proxy", proxy)
    Endpoint(serve(reply())).select(ASKED)
    assert asked == []


CARRYING = ["::ffff:{}", "::ffff:0:{}", "64:ff9b::{}", "::{}"]
INNER = ["127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1"]


@pytest.mark.parametrize("form", CARRYING)
@pytest.mark.parametrize("inner", INNER)
def test_a_number_that_carries_a_private_one_is_private(form: str, inner: str) -> None:
    number = form.format(inner)
    assert not reachable(address("http://name.example/"), number)
    assert not address(f"http://[{number}]/").private or number in ("::0.0.0.0",)


@pytest.mark.parametrize(
    ("number", "public"),
    [
        ("2606:2800:220:1::1", True),
        ("93.184.215.14", True),
        ("64:ff9b::93.184.215.14", True),
        ("::ffff:93.184.215.14", True),
        ("2002:5db8:d70e::1", True),
        ("2002:7f00:1::", False),
        ("2002:a00:1::1", False),
        ("2002:c0a8:101::1", False),
        ("64:ff9b:1::93.184.215.14", False),
        ("64:ff9b:1:a00::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("::93.184.215.14", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("240.0.0.1", False),
        ("192.0.2.1", False),
    ],
)
def test_which_numbers_a_name_may_lead_to(number: str, public: bool) -> None:
    assert reachable(address("http://name.example/"), number) == public


@pytest.mark.parametrize(
    "host", ["0177.0.0.1", "2130706433", "0x7f.1", "0x7f000001", "127.1", "017700000001", "127.0.0.01"]
)
def test_an_odd_spelling_of_a_number_is_refused(host: str) -> None:
    with pytest.raises(EndpointError, match="odd spelling"):
        address(f"http://{host}/")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "10.0.0.1", "[fd00::1]", "[fe80::1%25eth0]"])
def test_a_plain_number_is_allowed_by_being_named(host: str) -> None:
    assert address(f"http://{host}/").private
