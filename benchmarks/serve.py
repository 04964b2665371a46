"""The speeds of serving that docs/benchmarks.md reports: ``python benchmarks/serve.py [--peer PYTHON]``.

Starts ``guidegraph serve`` as users do, and asks it over one connection and with 32 clients. The peer is
rdflib-endpoint over the same triples with the same queries, in an environment of its own that has rdflib-endpoint and
uvicorn; its interpreter is named by --peer.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
import guidegraph as gg
from guidegraph import store
from tests.support.crowd import Ask, Outcomes, crowd, friendly
from tests.support.webserver import webserver

CLIENTS, SECONDS = 32, 10.0
DIRECT = (("Content-Type", "application/sparql-query"), ("Accept", "application/sparql-results+json"))
PREFIXES = (
    "PREFIX gg: <https://w3id.org/guidegraph/vocab/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
    "PREFIX prov: <http://www.w3.org/ns/prov#> "
)
#: Queries that both answer, over the union of all graphs.
QUERIES = (
    "SELECT ?d ?label { ?d a gg:Document ; rdfs:label ?label } ORDER BY ?d",
    "SELECT ?value ?label (COUNT(?r) AS ?used) { ?value a gg:Certainty ; rdfs:label ?label . OPTIONAL { ?r a gg:Recommendation ; gg:certainty ?value } } GROUP BY ?value ?label ORDER BY DESC(?used) ?value",
    "SELECT ?r ?wording ?reader { ?reading a gg:StrengthReading ; gg:ofStatement ?r ; gg:strength gg:Strong ; prov:wasAttributedTo ?reader . ?r gg:strengthWording ?wording } ORDER BY ?r",
    "SELECT ?old ?new { ?old gg:supersededBy ?new } ORDER BY ?old",
)
PEER = """
import sys, rdflib, uvicorn
from rdflib_endpoint import SparqlEndpoint
data = rdflib.Dataset(default_union=True)
data.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(graph=data, path="/sparql"), host="127.0.0.1", port=int(sys.argv[2]), log_level="critical")
"""


def query(text: str) -> Ask:
    return Ask("POST", "/sparql", (PREFIXES + text).encode(), DIRECT)


def answer(path: str, name: str) -> Ask:
    body = json.dumps({"profile": f"example:{name}", "as_of": "2026-11-24"}).encode()
    return Ask("POST", f"/api/{path}", body, (("Content-Type", "application/json"),))


def measured(what: str, address: str, asks: list[Ask], target: str) -> str:
    """One row: the median over one connection, then answers a second and how long they take with many clients."""
    alone, many = Outcomes(), Outcomes()
    crowd(address, [friendly(asks, alone)], 3)
    crowd(address, [friendly(asks, many, n) for n in range(CLIENTS)], SECONDS)
    failed = sum(status != 200 for _, status, _ in many.rows)
    figures = f"{alone.seconds(0.5) * 1000:.1f} ms | {len(many.rows) / SECONDS:.0f} | {many.seconds(0.5) * 1000:.0f} ms | {many.seconds(0.99) * 1000:.0f} ms"
    return f"| {what} | {figures} | {failed} | {target} |"


@contextlib.contextmanager
def peer(python: str, folder: Path) -> Iterator[str]:
    """The address of rdflib-endpoint over the shipped graphs."""
    kb = gg.open()
    quads = folder / "graphs.nq"
    import pyoxigraph as ox

    quads.write_bytes(
        ox.serialize(
            (q for g in store.knowledge_graphs(kb.store) for q in kb.store.quads_for_pattern(None, None, None, g)),
            format=ox.RdfFormat.N_QUADS,
        )
        or b""
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([python, "-c", PEER, str(quads), str(port)])
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", help="the interpreter of an environment with rdflib-endpoint")
    chosen = parser.parse_args()
    queries = [query(text) for text in QUERIES]
    names = ["acute-uncomplicated", "anticoagulated-older", "chronic-failed-care", "pregnant-28-weeks"]
    print(f"{CLIENTS} clients for {SECONDS:g} seconds, on two cores that the clients share.\n")
    print("| what | alone, median | answers a second | p50 | p99 | failed | target |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        with webserver(Path(folder)) as server:
            goal = "200 a second, p50 50 ms, p99 250 ms"
            print(
                measured(
                    "answer at a glance (JSON)", server.address, [answer("therapies/glance", n) for n in names], goal
                ),
                flush=True,
            )
            print(
                measured("whole answer (JSON)", server.address, [answer("therapies", n) for n in names], goal),
                flush=True,
            )
            print(
                measured(
                    "the page with an example", server.address, [Ask("GET", f"/?example={n}") for n in names], "none"
                ),
                flush=True,
            )
            print(measured("four SPARQL queries", server.address, queries, "faster than rdflib-endpoint"), flush=True)
        if chosen.peer:
            with peer(chosen.peer, Path(folder)) as address:
                print(measured("the same four in rdflib-endpoint", address, queries, "slower"), flush=True)


if __name__ == "__main__":
    main()
