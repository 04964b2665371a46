"""A server of ours as users start it, for tests that ask it over HTTP."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.paths import ROOT


@dataclass
class WebServer:
    """A server that runs: its process, its address, and what it has written so far, in a file."""

    process: subprocess.Popen[bytes]
    address: str
    written: Path

    def client(self, **options: object) -> httpx.Client:
        """A client that asks it."""
        return httpx.Client(base_url=self.address, timeout=30, **options)  # type: ignore[arg-type]

    def children(self) -> list[int]:
        """The processes that the mother forked."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(number) for number in text.split()]


@contextlib.contextmanager
def webserver(folder: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[WebServer]:
    """Run ``guidegraph serve`` at a port that the system chooses; what it writes goes to a file of a folder."""
    written = folder / "server.log"
    line = [sys.executable, "-m", "guidegraph", "serve", "--port", "0", *options]
    with written.open("wb") as log:
        process = subprocess.Popen(
            line, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environment or {})},
        )  # fmt: skip
    try:
        while (found := re.search(rb"http://\S+:\d+", written.read_bytes())) is None:
            assert process.poll() is None, written.read_text(encoding="utf-8")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        server = WebServer(process, found[0].decode(), written)
        with server.client() as client:
            # The first query is answered once processes wait for queries.
            assert client.get("/sparql", params={"query": "ASK {}"}).status_code == 200
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
