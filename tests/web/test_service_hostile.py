"""32 clients beside hostile ones: what should be answered is, memory has a bound, and the mother lives."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.crowd import Ask, Client, Outcomes, asking, crowd, dripping, friendly, leaving, unread
from tests.support.webserver import WebServer, webserver

pytestmark = pytest.mark.slow
#: Seconds that the crowd asks; a whole minute with GUIDEGRAPH_CROWD=60.
SECONDS = float(os.environ.get("GUIDEGRAPH_CROWD", "20"))
DIRECT, JSON = (("Content-Type", "application/sparql-query"),), (("Content-Type", "application/json"),)
#: Bytes that all processes of the server may have of their own beyond what they have at rest.
MEMORY = 3 * 2**30


def query(text: str) -> Ask:
    return Ask("POST", "/sparql", text.encode(), DIRECT)


def posted(path: str, given: object) -> Ask:
    return Ask("POST", path, json.dumps(given).encode(), JSON)


LIGHT = [
    query("ASK {}"),
    query("SELECT ?d ?label { ?d a gg:Document ; rdfs:label ?label } ORDER BY ?d"),
    Ask("GET", "/health/ready"),
    query("CONSTRUCT { ?d rdfs:label ?l } WHERE { ?d a gg:Document ; rdfs:label ?l }"),
    Ask("GET", "/sparql?query=ASK%20%7B%7D"),
    Ask("GET", "/static/guidegraph.css"),
]
GOOD = [
    *LIGHT,
    Ask("GET", "/"),
    *LIGHT,
    posted("/api/therapies/glance", {"profile": "example:acute-uncomplicated"}),
]
ENDLESS = query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")
HUNGRY = query("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g")
DUMP = query("CONSTRUCT WHERE { ?s ?p ?o }")
NESTED = query("SELECT * " + "{" * 10_000 + "}" * 10_000)
BUNDLE = posted(
    "/api/therapies",
    {"profile": {"resourceType": "Bundle", "type": "collection", "entry": [{"x": "y" * 100}] * 100_000}},
)
DEEP = Ask("POST", "/api/therapies", b'{"profile":' + b"[" * 100_000, JSON)
WRONG = Ask("POST", "/api/therapies", b"\x00\xff" * 1000, (("Content-Type", "image/png"),))
HEAD = b"POST /api/therapies HTTP/1.1\r\nHost: localhost\r\n"

HOSTILE: list[Client] = [
    *[asking(ENDLESS)] * 4,
    asking(HUNGRY),
    asking(NESTED),
    asking(BUNDLE),
    asking(DEEP),
    asking(WRONG),
    leaving(ENDLESS),
    unread(DUMP),
    dripping(HEAD + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"),
    dripping(HEAD + b"X: "),
    dripping(b""),
    leaving(Ask("BREW", "/\x01", b"\x00" * 100)),
]  # fmt: skip


def own_memory(server: WebServer) -> int:
    """The bytes that all processes of a server have for themselves, and their share of what they have together."""
    total = 0
    for process in (server.process.pid, *server.children()):
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total += next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))
    return total


def test_a_crowd_is_answered_beside_hostile_clients(tmp_path: Path) -> None:
    with webserver(tmp_path, "--processes", "2") as server:
        at_rest = own_memory(server)
        most, over = at_rest, threading.Event()

        def watch() -> None:
            nonlocal most
            while not over.wait(0.2):
                most = max(most, own_memory(server))

        watching = threading.Thread(target=watch)
        watching.start()
        outcomes = Outcomes()
        try:
            crowd(server.address, [*(friendly(GOOD, outcomes, n) for n in range(32)), *HOSTILE], SECONDS)
        finally:
            over.set()
            watching.join()
        failed = Counter((path, status) for path, status, _ in outcomes.rows if status != 200)
        # A machine that has other work may let a request wait beyond its time; it is told so, and nothing else fails.
        assert {status for _, status in failed} <= {429, 503, 504}, failed
        assert sum(failed.values()) <= len(outcomes.rows) / 50, (failed, len(outcomes.rows))
        assert len(outcomes.rows) > 32
        assert most - at_rest < MEMORY, f"{(most - at_rest) / 2**20:.0f} MiB"
        assert server.process.poll() is None
        # Once the crowd has gone, everything is as it was.
        end = time.monotonic() + 15
        while own_memory(server) - at_rest > 400 * 2**20 and time.monotonic() < end:
            time.sleep(0.2)
        assert own_memory(server) - at_rest < 400 * 2**20
        quiet = Outcomes()
        crowd(server.address, [friendly(GOOD, quiet)], 2)
        assert {status for _, status, _ in quiet.rows} == {200}
        print(
            f"\n{len(outcomes.rows) / SECONDS:.0f}/s p50 {outcomes.seconds(0.5):.3f} p99 {outcomes.seconds(0.99):.3f} +{(most - at_rest) / 2**20:.0f} MiB"
        )
