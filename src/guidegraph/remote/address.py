"""Which addresses may be spoken to.

An address that the user names on the command line is allowed by being named. Where ``GUIDEGRAPH_ENDPOINTS`` is set, it
must also be on that list. A name that leads to a loopback or private address is refused unless the address itself is
named (as plain numbers, or ``localhost``) or the name is on the list: a public name must not lead into a private
network, and neither must an IPv6 number that carries a private IPv4 one.
"""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from guidegraph.errors import EndpointError

#: Addresses that may be spoken to: URLs with blanks between them, or the name of a file with one a line.
LIST = "GUIDEGRAPH_ENDPOINTS"
_PORTS = {"http": 80, "https": 443}
Number = ipaddress.IPv4Address | ipaddress.IPv6Address
#: The numbers of IPv6 that would carry an IPv4 one, and are this machine itself.
_ITSELF = (ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1"))
#: Forms of IPv6 that stand for an IPv4 number: how many bits follow it, or why none of them is reached.
_CARRIERS: dict[ipaddress.IPv6Network, int | str] = {
    ipaddress.IPv6Network("::ffff:0:0/96"): 0,  # mapped, RFC 4291
    ipaddress.IPv6Network("::ffff:0:0:0/96"): 0,  # translated, RFC 2765
    ipaddress.IPv6Network("64:ff9b::/96"): 0,  # translated, RFC 6052
    ipaddress.IPv6Network("2002::/16"): 80,  # 6to4, RFC 3056
    ipaddress.IPv6Network("64:ff9b:1::/48"): "translated within a network, RFC 8215",
    ipaddress.IPv6Network("2001::/32"): "Teredo, RFC 4380: leads to wherever its server says",
    ipaddress.IPv6Network("::/96"): "compatible, RFC 4291: no longer in use, and :: and ::1",
}
#: What a resolver takes for an IPv4 number though it is none of four decimal ones: 0177.0.0.1, 2130706433, 0x7f.1.
_ODD_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?", re.IGNORECASE)
_URL = re.compile(r"[\x21-\x7e]+\Z")


@dataclass(frozen=True)
class Address:
    """An address that may be spoken to.

    ``private`` says that it was named so plainly that it may lead to a loopback or private address.
    """

    url: str
    scheme: str
    host: str
    port: int
    private: bool

    @property
    def shown(self) -> str:
        """The address for messages: without its query, which may hold a key."""
        return self.url.partition("?")[0][:200]

    @property
    def carried(self) -> ipaddress.IPv4Address | str | None:
        """The IPv4 number for which the host stands as one of IPv6, or the form by which it does; None for no such."""
        number = ipaddress.ip_address(self.host) if _is_number(self.host) else None
        return None if number is None or number in _ITSELF else _carried(number)

    @property
    def loopback(self) -> bool:
        """Whether it is this machine by name."""
        return self.host == "localhost" or (_is_number(self.host) and ipaddress.ip_address(self.host).is_loopback)


def address(url: str) -> Address:
    """The address that a URL names, if it may be spoken to.

    Raises:
        EndpointError: it is no http(s) address, it holds a user or password, or it is not on the list of allowed ones.
    """
    parts, port = _split(url)
    host = (parts.hostname or "").rstrip(".")
    listed = _listed(parts, host, port)
    return Address(url, parts.scheme, host, port, listed or host == "localhost" or _is_plain_number(host))


def _split(url: str) -> tuple[SplitResult, int]:
    shown = url.partition("?")[0].rpartition("@")[2][:100]
    mend = "Write it as http://host/sparql."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise EndpointError("not an http(s) address", where=shown, mend=mend) from None
    if parts.scheme not in _PORTS or not parts.hostname or not _URL.match(url) or "\\" in url or port == 0:
        raise EndpointError("not an http(s) address", where=shown, mend=mend)
    if parts.username is not None or parts.password is not None:
        raise EndpointError(
            "the address holds a user or password",
            where=shown,
            mend="Set GUIDEGRAPH_USER and GUIDEGRAPH_PASSWORD in place of it.",
        )
    if not _is_number(parts.hostname) and _ODD_NUMBER.fullmatch(parts.hostname):
        raise EndpointError(
            "the address holds an odd spelling of a number", where=shown, mend="Write it as four decimal numbers."
        )
    if parts.fragment:
        raise EndpointError("the address holds a fragment", where=shown, mend="Leave out the # and what follows.")
    return parts, port or _PORTS[parts.scheme]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_plain_number(host: str) -> bool:
    """Whether a host is a number that says itself where it leads; ::1 is, one that carries another is not."""
    if not _is_number(host):
        return False
    number = ipaddress.ip_address(host)
    # Newer Pythons call a number that carries a loopback address one, too.
    return number in _ITSELF or _carried(number) is None


def _listed(parts: SplitResult, host: str, port: int) -> bool:
    """Whether an address is on the list; without a list, no.

    Raises:
        EndpointError: there is a list and the address is not on it, or the list cannot be read.
    """
    setting = os.environ.get(LIST, "").strip()
    if not setting:
        return False
    for entry in _entries(setting):
        try:
            known, known_port = _split(entry)
        except EndpointError as error:
            raise EndpointError(f"{LIST} holds something else: {error}", mend="Write one URL a line.") from None
        same = (known.scheme, (known.hostname or "").rstrip("."), known_port) == (parts.scheme, host, port)
        if same and _below(parts.path, known.path):
            return True
    raise EndpointError(
        f"it is not among the addresses that {LIST} allows",
        where=f"{parts.scheme}://{host}:{port}{parts.path}"[:200],
        mend="Add it there if it may be spoken to.",
    )


def _below(path: str, known: str) -> bool:
    """Whether a path is another one or lies below it; one with dots or escapes in it only if it is the same."""
    if (path or "/") == (known or "/"):
        return True
    plain = re.fullmatch(r"(/[\w.~-]*)*", path) and not {".", ".."} & set(path.split("/"))
    return bool(plain) and path.startswith(known if known.endswith("/") else known + "/")


def _entries(setting: str) -> list[str]:
    if re.match(r"https?://", setting):
        return setting.replace(",", " ").split()
    try:
        lines = Path(setting).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise EndpointError(
            f"the list of allowed addresses cannot be read: {reason}", where=setting[:100], mend=f"Correct {LIST}."
        ) from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def reachable(address: Address, number: str) -> bool:
    """Whether the machine behind an address may be connected to, by the number that its name leads to."""
    return address.private or _is_public(ipaddress.ip_address(number.partition("%")[0]))


def _is_public(number: Number) -> bool:
    """Whether a number is one of the open internet, and so is the IPv4 number that it may carry."""
    inner = _carried(number)
    if inner is not None:
        return not isinstance(inner, str) and _is_public(inner)
    site_local = isinstance(number, ipaddress.IPv6Address) and number.is_site_local
    return bool(number.is_global and not number.is_multicast and not number.is_reserved and not site_local)


def _carried(number: Number) -> ipaddress.IPv4Address | str | None:
    """The IPv4 number that an IPv6 number stands for; the name of the form where it may never be reached."""
    if not isinstance(number, ipaddress.IPv6Address):
        return None
    for network, place in _CARRIERS.items():
        if number in network:
            return place if isinstance(place, str) else ipaddress.IPv4Address(int(number) >> place & 0xFFFFFFFF)
    return None
