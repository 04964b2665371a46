"""Where a server listens, found out before anybody is told that it does."""

from __future__ import annotations

import errno
import os
import socket

from guidegraph.errors import UsageError


def listening(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at every address of a host; with port 0 the system chooses one port for all.

    Raises:
        UsageError: the host is unknown, or the port is taken.
    """
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in sorted({(entry[0], str(entry[4][0])) for entry in found}):
            chosen = sockets[0].getsockname()[1] if sockets else port
            try:
                one = _bound(family, address, chosen)
            except OSError as error:
                # A machine may name an address of a kind that it has switched off, as ::1 for localhost.
                if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) or len(found) == 1:
                    raise
                continue
            sockets.append(one)
        if not sockets:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    except (OSError, UnicodeError) as error:
        for one in sockets:
            one.close()
        raise UsageError(
            f"cannot listen: {getattr(error, 'strerror', None) or error}",
            where=f"{host}:{port}",
            mend="Choose another --host or --port; with --port 0 the system chooses one.",
        ) from None
    return sockets


def _bound(family: int, address: str, port: int) -> socket.socket:
    """A socket that listens. It is said to be TCP, else asyncio would let each answer wait for the client (Nagle)."""
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(1024)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one
