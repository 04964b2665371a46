"""A canary that hears who reaches out, and a small store."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pyoxigraph as ox
import pytest


class Canary:
    """A port of this machine that counts who knocks."""

    def __init__(self) -> None:
        self.heard = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/x"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                guest, _ = self._socket.accept()
            except OSError:
                return
            self.heard += 1
            guest.close()

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    bird = Canary()
    yield bird
    bird.close()


@pytest.fixture(scope="module")
def store() -> ox.Store:
    small = ox.Store()
    graph = ox.NamedNode("https://w3id.org/guidegraph/graph/one")
    for number in range(40):
        small.add(ox.Quad(ox.NamedNode(f"http://e/{number}"), ox.NamedNode("http://e/p"), ox.Literal(number), graph))
    return small
