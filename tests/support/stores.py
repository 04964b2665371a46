"""Triple stores that tests start, each on free ports of this machine and in a folder of its own."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.support.optional import needs
from tests.support.paths import words

_STARTED = 60.0
_INI = """
[Database]
DatabaseFile={folder}/virtuoso.db
ErrorLogFile={folder}/virtuoso.log
LockFile={folder}/virtuoso.lck
TransactionFile={folder}/virtuoso.trx
xa_persistent_file={folder}/virtuoso.pxa
ErrorLogLevel=7
FileExtend=200
MaxCheckpointRemap=2000
Striping=0
TempStorage=TempDatabase
[TempDatabase]
DatabaseFile={folder}/temporary.db
TransactionFile={folder}/temporary.trx
MaxCheckpointRemap=2000
Striping=0
[Parameters]
ServerPort=127.0.0.1:{sql}
LiteMode=0
DisableUnixSocket=1
ServerThreads=10
CheckpointInterval=60
NumberOfBuffers=10000
MaxDirtyBuffers=6000
DirsAllowed={folder}
[HTTPServer]
ServerPort=127.0.0.1:{port}
ServerRoot={folder}
MaxClientConnections=10
DavRoot=DAV
EnabledDavVSP=0
[SPARQL]
ResultSetMaxRows={rows}
"""


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Server:
    """A running triple store and its addresses."""

    name: str
    query: str
    update: str
    graphs: str
    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], None] = lambda: None
    process: subprocess.Popen[bytes] | None = field(default=None)

    def up(self) -> None:
        """Start it and wait until it answers."""
        self.process = self.start()
        ended = time.monotonic() + _STARTED
        while True:
            try:
                urllib.request.urlopen(self.query, timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert self.process.poll() is None, f"{self.name} ended at its start"
                assert time.monotonic() < ended, f"{self.name} did not start within {_STARTED} seconds"
                time.sleep(0.1)
        self.ready()

    def down(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
        self.process = None


def virtuoso_server(folder: Path, rows: int = 10000) -> Server:
    """Virtuoso from Debian, with a database of its own, writable by everybody, and by dba at the -auth addresses."""
    binary, shell = shutil.which("virtuoso-t"), shutil.which("isql-vt")
    needs(binary and shell, "Virtuoso is not installed (Debian's virtuoso-opensource-7-bin)")
    port, sql = free_port(), free_port()
    (folder / "virtuoso.ini").write_text(_INI.format(folder=folder, port=port, sql=sql, rows=rows), encoding="utf-8")

    def start() -> subprocess.Popen[bytes]:
        # A killed server leaves its lock behind, with the number of a process that may be another's by now.
        (folder / "virtuoso.lck").unlink(missing_ok=True)
        line = [str(binary), "-f", "-c", str(folder / "virtuoso.ini"), "+wait"]
        return subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ready() -> None:
        line = [str(shell), f"127.0.0.1:{sql}", "dba", "dba", 'exec=GRANT SPARQL_UPDATE TO "SPARQL";']
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    base = f"http://127.0.0.1:{port}"
    return Server("virtuoso", f"{base}/sparql", f"{base}/sparql", f"{base}/sparql-graph-crud", start, ready)


def oxigraph_server_in(folder: Path | None = None) -> Server:
    """Oxigraph's own server, with a database in a folder, or in memory where none is named."""
    binary = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or shutil.which("oxigraph")
    needs(binary, "Oxigraph's server is not installed (pip install oxigraph)")
    port = free_port()

    def start() -> subprocess.Popen[bytes]:
        line = [str(binary), "serve", "--bind", f"127.0.0.1:{port}"]
        line += ["--location", str(folder / "data")] if folder is not None else []
        # Queries of ours speak to the union of all graphs, which Virtuoso's default graph is as well.
        line.append("--union-default-graph")
        return subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    base = f"http://127.0.0.1:{port}"
    return Server("oxigraph", f"{base}/query", f"{base}/update", f"{base}/store", start)


@pytest.fixture(scope="session")
def virtuoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running Virtuoso."""
    yield from _running(virtuoso_server(tmp_path_factory.mktemp("virtuoso")))


@pytest.fixture(scope="session")
def oxigraph_server() -> Iterator[Server]:
    """A running server of Oxigraph."""
    yield from _running(oxigraph_server_in())


def _running(server: Server) -> Iterator[Server]:
    try:
        server.up()
        yield server
    finally:
        server.down()


def empty(server: Server) -> None:
    """Remove every graph of ours from a server."""
    from guidegraph.remote.client import Endpoint, GraphStore

    rows: list[Any] = Endpoint(server.query).select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g")[1]
    for (graph,) in rows:
        if graph.value.startswith(("https://w3id.org/guidegraph/", "http://example.org/")):
            GraphStore(server.graphs).delete(graph)


class Relay:
    """A server between a client and a store that counts requests and may do something at one of them.

    ``at`` is called with the number of each request before it is passed on, and says whether to pass it on.
    """

    def __init__(self, target: str, at: Callable[[int], bool] = lambda number: True) -> None:
        relay, self.requests = self, 0
        self._target, self._at = target.rpartition("/")[0], at

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                relay.requests += 1
                if not relay._at(relay.requests):
                    self.close_connection = True
                    return
                kept = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
                request = urllib.request.Request(relay._target + self.path, body or None, kept, method=self.command)
                try:
                    with urllib.request.urlopen(request, timeout=60) as answer:
                        self._pass(answer.status, answer.headers, answer.read())
                except urllib.error.HTTPError as error:
                    self._pass(error.code, error.headers, error.read())
                except OSError:
                    self.close_connection = True

            do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

            def _pass(self, status: int, headers: Any, content: bytes) -> None:
                self.send_response(status)
                for name in ("Content-Type", "X-SPARQL-MaxRows", "X-SQL-State", "WWW-Authenticate"):
                    if name in headers:
                        self.send_header(name, headers[name])
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, of: str) -> str:
        """The address of the store's address ``of`` behind the relay."""
        return f"http://127.0.0.1:{self._server.server_port}/{of.rpartition('/')[2]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def lines(server: Server, mode: str, relay: Relay | None = None) -> list[str]:
    """The addresses of a server as ``guidegraph push`` takes them; ``mode`` is graph-store or update."""
    seen = relay.url if relay is not None else str
    there = server.graphs if mode == "graph-store" else server.update
    return [seen(server.query), f"--{mode}", seen(there)]


def contents(server: Server) -> dict[str, tuple[str, int]]:
    """Digest and size of every graph of ours in a server, the manifest with it, read anew."""
    from guidegraph.remote.client import Endpoint
    from guidegraph.remote.pulling import counts, entry_of, graph_of

    endpoint = Endpoint(server.query)
    rows = endpoint.select("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")[1]
    ours = [g for (g,) in rows if g.value.startswith(("https://w3id.org/guidegraph/", "http://example.org/"))]
    sizes = counts(endpoint, ours)
    entries = {g: entry_of(graph_of(endpoint, g, sizes[g], known=True)) for g in ours}
    return {g.value: (entry.digest, entry.triples) for g, entry in sorted(entries.items(), key=str)}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Path:
    """Some words of the shipped ontology with a few of the documents, blank nodes in them."""
    folder = tmp_path_factory.mktemp("small")
    shutil.copytree(words("conditions", "findings"), folder, dirs_exist_ok=True)
    (folder / "graph/documents").mkdir(parents=True)
    for path in sorted((repo_root / "graph/documents").glob("*.trig"))[:6]:
        shutil.copy(path, folder / "graph/documents")
    return folder
