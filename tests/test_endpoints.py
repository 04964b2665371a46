"""Speaking to endpoints: what is refused, what is told, and that nothing of a patient is ever sent."""

from __future__ import annotations

import base64
import io
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pyoxigraph as ox
import pytest
from typer.testing import CliRunner

from guidegraph import api, namespaces
from guidegraph.cli.app import app
from guidegraph.errors import EndpointError, QueryError
from guidegraph.remote import exchange
from guidegraph.remote.address import Address, address, reachable
from guidegraph.remote.client import Endpoint, GraphStore, same_machine
from guidegraph.remote.exchange import Limits
from guidegraph.remote.holes import filled
from guidegraph.remote.pulling import pull
from guidegraph.remote.values import with_values
from tests.endpoint import Endpoint as Served

ROWS = b'{"head": {"vars": ["x"]}, "results": {"bindings": [{"x": {"type": "uri", "value": "urn:a"}}]}}'
JSON = "application/sparql-results+json"
ASKED = "SELECT ?x WHERE { ?x ?y ?z }"
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that run a function for every request."""
    servers = []

    def start(answer: Callable[[Any], None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                answer(self)

            do_GET = do_PUT = do_DELETE = do_POST  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/sparql"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reply(status: int = 200, media: str = JSON, body: bytes = ROWS, **headers: str) -> Callable[[Any], None]:
    """An answer of a server."""

    def answer(handler: Any) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", media)
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


REFUSED: dict[str, tuple[Callable[[Any], None], str]] = {
    "page": (reply(media="text/html; charset=utf-8", body=b"<html>Welcome</html>"), "a web page, not"),
    "media type": (reply(media="application/xml", body=b"<x/>"), "application/xml, not"),
    "no JSON": (reply(body=b"hello"), "is not application/sparql-results"),
    "half JSON": (reply(body=ROWS[:60]), "is not application/sparql-results"),
    "other JSON": (reply(body=b"[1, 2]"), "is not application/sparql-results"),
    "no such term": (reply(body=ROWS.replace(b'"uri"', b'"thing"')), "is not application/sparql-results"),
    "bad IRI": (reply(body=ROWS.replace(b"urn:a", b"not an iri")), "is not application/sparql-results"),
    "deep JSON": (reply(body=b"[" * 100_000), "is not application/sparql-results"),
    "not UTF-8": (reply(body=b"\xff\xfe\x00"), "is not application/sparql-results"),
    "bad request": (reply(400, "text/plain", b"SP030: syntax error\nat line 1"), "400: SP030: syntax error at line 1"),
    "forbidden": (reply(403, "text/plain", b""), "403: Forbidden"),
    "gone": (reply(404, "text/html", b"<html><body>lots of markup</body></html>"), "404: Not Found"),
    "who are you": (reply(401, "text/plain", b"no"), "Set GUIDEGRAPH_USER and GUIDEGRAPH_PASSWORD"),
    "too many": (reply(429, "text/plain", b"slow down"), "429: slow down"),
    "server's fault": (reply(500, "text/plain", b"out of memory\x1b[31m"), "500: out of memory"),
    "unavailable": (reply(503, "text/html", b"<!DOCTYPE html><p>sorry</p>"), "503: Service Unavailable"),
    "moved": (reply(301, Location="http://elsewhere.example/sparql"), "redirects to http://elsewhere.example/sparql"),
    "found": (reply(302, Location="/other"), "redirects to /other"),
    "see other": (reply(303, Location="/other"), "redirects to"),
    "temporary": (reply(307, Location="/other"), "redirects to"),
    "permanent": (reply(308, Location="file:///etc/passwd"), "redirects to file:"),
    "cut by Virtuoso": (reply(X_SPARQL_MaxRows="1"), "cuts answers off at 1 rows"),
    "out of time at Virtuoso": (reply(X_SQL_State="S1TAT"), "ran out of time"),
    "shorter than said": (reply(Content_Length="5000"), "broke off after"),
    "packed": (reply(Content_Encoding="gzip"), "packed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_answer_is_refused(serve: Serve, name: str) -> None:
    answer, told = REFUSED[name]
    with pytest.raises(EndpointError) as caught:
        Endpoint(serve(answer), Limits(seconds=10)).select(ASKED)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value) and "\x1b" not in str(caught.value)
    assert caught.value.mend


def test_a_whole_answer_is_taken(serve: Serve) -> None:
    assert Endpoint(serve(reply())).select(ASKED) == (("x",), [(ox.NamedNode("urn:a"),)])


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    asked: list[Any] = []
    target = serve(lambda handler: asked.append(handler) or reply()(handler))
    for status in (301, 302, 303, 307, 308):
        with pytest.raises(EndpointError, match="redirects to"):
            Endpoint(serve(reply(status, Location=target))).select(ASKED)
        with pytest.raises(EndpointError, match="redirects to"):
            GraphStore(serve(reply(status, Location=target))).put(ox.NamedNode("urn:g"), [])
    assert asked == []


def test_a_cut_chunked_answer_is_refused(serve: Serve) -> None:
    def answer(handler: Any) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(ROWS), ROWS))
        handler.close_connection = True

    with pytest.raises(EndpointError, match="broke off"):
        Endpoint(serve(answer)).select(ASKED)


def test_an_endless_answer_is_cut_off_by_its_size(serve: Serve) -> None:
    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 65536)

    with pytest.raises(EndpointError, match="larger than 1 MiB"):
        Endpoint(serve(answer), Limits(seconds=20, size=2**20)).select(ASKED)


@pytest.mark.parametrize("part", ["headers", "body", "nothing"])
def test_a_slow_answer_is_given_up_in_time(serve: Serve, part: str) -> None:
    """A byte every now and then keeps a socket's timeout from ending."""
    stop = threading.Event()

    def answer(handler: Any) -> None:
        if part == "body":
            handler.send_response(200)
            handler.send_header("Content-Type", JSON)
            handler.end_headers()
        elif part == "headers":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not stop.wait(0.2):
            if part != "nothing":
                handler.wfile.write(b"a")
                handler.wfile.flush()

    began = time.monotonic()
    with pytest.raises(EndpointError, match="within 1 seconds"):
        Endpoint(serve(answer), Limits(seconds=1)).select(ASKED)
    assert time.monotonic() - began < 5
    stop.set()


def test_what_cannot_be_reached_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/sparql"
        with pytest.raises(EndpointError, match=r"did not answer: .*[Rr]efused"):
            Endpoint(url).select(ASKED)
    with pytest.raises(EndpointError, match="did not answer"):
        Endpoint("http://no-such-machine.invalid/sparql").select(ASKED)


def test_a_server_without_tls_is_told(serve: Serve) -> None:
    with pytest.raises(EndpointError, match=r"did not answer: .*SSL"):
        Endpoint(serve(reply()).replace("http:", "https:"), Limits(seconds=10)).select(ASKED)


def test_what_is_no_http_is_told() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def speak() -> None:
            line, _ = server.accept()
            line.recv(1000)
            line.sendall(b"SSH-2.0-OpenSSH\r\n")
            line.close()

        threading.Thread(target=speak, daemon=True).start()
        with pytest.raises(EndpointError, match="did not answer"):
            Endpoint(f"http://127.0.0.1:{server.getsockname()[1]}/").select(ASKED)


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


# --- terms in the place of holes


NAUGHTY = [
    "urn:a> } ; DROP ALL #",
    "urn:a>\n<urn:b",
    'urn:a"',
    "urn:{x}",
    "urn:a b",
    "urn:a\\u003e",
    "no-scheme",
]


@pytest.mark.parametrize("text", NAUGHTY)
def test_no_term_breaks_out_of_its_hole(text: str) -> None:
    class Node:
        # A node that nobody has checked, as another library may give one.
        value = text

    with pytest.raises((QueryError, ValueError)):
        filled("DROP SILENT GRAPH <hole:graph>", {"graph": ox.NamedNode(text)})
    with pytest.raises(QueryError):
        filled("DROP SILENT GRAPH <hole:graph>", {"graph": [Node()]})  # type: ignore[list-item]


def test_literals_stay_literals() -> None:
    text = 'x" } } ; DROP ALL ; INSERT DATA { <urn:a> <urn:b> """ <hole:graph> ?x $y \\ \n #'
    graph, subject = ox.NamedNode("urn:g"), ox.NamedNode("urn:s")
    triple = ox.Triple(subject, ox.NamedNode("urn:p"), ox.Literal(text))
    pattern = "INSERT { GRAPH <hole:graph> { <hole:triples> <hole:triples> <hole:triples> . } } WHERE { }"
    store = ox.Store()
    store.update(filled(pattern, {"graph": graph, "triples": [triple]}))
    assert list(store) == [ox.Quad(subject, triple.predicate, triple.object, graph)]


def test_holes_and_fillings_are_the_same() -> None:
    one = ox.NamedNode("urn:g")
    with pytest.raises(QueryError, match="not filled"):
        filled("DROP GRAPH <hole:graph>", {})
    with pytest.raises(QueryError, match="no hole"):
        filled("DROP GRAPH <hole:graph>", {"graph": one, "other": one})
    kept = "# <hole:graph>\nSELECT * { ?s ?p \"<hole:graph>\", '''<hole:x>''' GRAPH <hole:graph> {} }"
    assert filled(kept, {"graph": one}) == kept.replace("GRAPH <hole:graph>", "GRAPH <urn:g>")


def test_values_begin_the_pattern() -> None:
    terms = {"x": ox.Literal('a" } #')}
    for query in (
        "SELECT ?x WHERE { ?x ?p ?o FILTER(?x != 1) } GROUP BY ?x",
        "ASK { ?x ?p ?o }",
        'CONSTRUCT { ?x ?p "{" } WHERE { ?x ?p ?o }',
        "DESCRIBE ?x WHERE { ?x ?p ?o }",
        "# SELECT {\nSELECT ?x { ?x ?p '}{' }",
    ):
        text = with_values(query, terms)
        assert "{ VALUES (?x) {" in text
        ox.Store().query(text)
    assert with_values("CONSTRUCT WHERE { ?x ?p ?o }", terms).rstrip().endswith("}")


def test_a_value_reaches_the_groups_that_read_it() -> None:
    """A FILTER inside a group does not see what VALUES binds outside it."""
    store = ox.Store()
    one, place = ox.NamedNode("urn:a"), ox.NamedNode("urn:g")
    store.add(ox.Quad(one, ox.NamedNode("urn:p"), ox.Literal(5), place))
    inner = (
        "SELECT ?x { GRAPH <urn:g> { ?s <urn:p> ?x FILTER(COALESCE(?x < ?limit, true)) } }",
        "SELECT ?x { { { ?s <urn:p> ?x . FILTER(COALESCE(?x < ?limit, true)) } } UNION { VALUES ?x { 1 } FILTER(?x > ?limit) } }",
        "SELECT ?x { ?t <urn:p> ?z OPTIONAL { ?s <urn:p> ?x BIND(?x < ?limit AS ?y) } FILTER(BOUND(?y) && ?y) }",
        "SELECT ?x { { SELECT ?x WHERE { ?s <urn:p> ?x FILTER(COALESCE(?x < ?limit, true)) } } }",
        "SELECT ?x { ?s <urn:p> ?x FILTER NOT EXISTS { ?s <urn:p> ?z FILTER(?z >= ?limit) } }",
    )
    for query in inner:
        for limit, rows in ((3, 0), (9, 1)):
            sent = with_values(query, {"limit": ox.Literal(limit)})
            assert len(list(store.query(sent, use_default_graph_as_union=True))) == rows, sent


# --- nothing of a patient is sent


@pytest.fixture
def recorded(kb: Any, serve: Serve) -> tuple[str, list[tuple[str, str, bytes, dict[str, str]]]]:
    """An endpoint with the shipped knowledge that keeps every request."""
    requests: list[tuple[str, str, bytes, dict[str, str]]] = []
    knowledge = ox.Store()
    knowledge.extend(q for q in kb.store if q.graph_name != ox.NamedNode(namespaces.INDEX_GRAPH))
    answering = type("Answering", (Served,), {"store": knowledge, "union": True})

    def answer(handler: Any) -> None:
        requests.append((handler.command, handler.path, handler.body, dict(handler.headers)))
        handler.rfile = io.BytesIO(handler.body)
        handler.store, handler.limit, handler.union = knowledge, None, True
        answering.do_POST(handler)

    return serve(answer), requests


PROFILE = {
    "id": "patient-Zaphod-4711",
    "age": 73,
    "sex": "female",
    "conditions": ["sciatica", "peptic ulcer"],
    "medications": ["anticoagulant"],
}


def questions(requests: list[tuple[str, str, bytes, dict[str, str]]]) -> list[str]:
    return [parse_qs(body.decode())["query"][0] for _, _, body, _ in requests]


def test_nothing_of_a_patient_is_sent(
    cli: Any, recorded: tuple[str, list[Any]], tmp_path: Path, repo_root: Path
) -> None:
    url, requests = recorded
    file = tmp_path / "Zaphod.json"
    file.write_text(json.dumps(PROFILE), encoding="utf-8")
    sent = []
    for line in (
        ("therapies", str(file)),
        ("therapies", "example:age-only"),
        ("explain", str(file), "ibuprofen"),
        ("ask", str(file)),
    ):
        requests.clear()
        done = cli(*line, "--endpoint", url, "--as-of", "2026-11-24", "--format", "json")
        assert done.returncode == 0, done.stderr
        here = cli(*line, "--as-of", "2026-11-24", "--format", "json")
        assert done.stdout == here.stdout
        sent.append([(method, path, body, sorted(headers.items())) for method, path, body, headers in requests])
        text = unquote_plus(" ".join(f"{p} {b.decode()}" for _, p, b, _ in requests)).casefold()
        for word in ("zaphod", "4711", "ulcer", "anticoagulant", "term/", "age-only", "term/ibuprofen", "profile/"):
            assert word not in text, word
    # Whoever the patient is and whatever is asked, the same is sent.
    assert sent[0] == sent[1] == sent[2] == sent[3] and sent[0]
    known = {p.read_text(encoding="utf-8") for p in (repo_root / "queries/endpoint").glob("*.rq")}
    for question in questions(requests):
        assert any(part[:200] == question[:200] for part in known), question[:300]


def test_there_is_no_way_to_send_a_profile() -> None:
    told = {
        command: CliRunner().invoke(app, [command, "--help"]).stdout
        for command in ("query", "therapies", "explain", "ask", "audit", "push")
    }
    assert all("--endpoint" in text or command == "push" for command, text in told.items())
    assert not any("--send" in text for text in told.values())
    assert "PROFILE" not in told["query"] + told["push"] and "--profile" not in told["query"] + told["push"]


def test_derived_graphs_are_never_pushed_or_pulled(kb: Any, serve: Serve) -> None:
    """Whatever an endpoint holds under the names of our working graphs stays there."""
    store = ox.Store()
    doc, kind = ox.NamedNode("http://example.org/d"), ox.NamedNode(namespaces.RDF + "type")
    for name in (
        namespaces.INDEX_GRAPH,
        namespaces.PROFILE_GRAPH,
        namespaces.ASSESSMENT_GRAPH,
        namespaces.AUDIT_GRAPH,
        "http://example.org/g",
    ):
        store.add(ox.Quad(doc, kind, ox.NamedNode(namespaces.GG + "Document"), ox.NamedNode(name)))
    answering = type("Answering", (Served,), {"store": store, "union": True})

    def answer(handler: Any) -> None:
        handler.rfile = io.BytesIO(handler.body)
        handler.store, handler.limit, handler.union = store, None, True
        answering.do_POST(handler)

    assert set(pull(Endpoint(serve(answer)))) == {ox.NamedNode("http://example.org/g")}


def test_importing_for_the_cold_command_stays_light() -> None:
    line = "import sys, guidegraph.cli.app; print([m for m in ('SPARQLWrapper', 'rdflib', 'http.client', 'urllib.request', 'ssl') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_an_endpoint_and_a_folder_exclude_each_other(cli: Any, tmp_path: Path) -> None:
    for line in (("therapies", "example:age-only"), ("ask", "example:age-only"), ("explain", "example:age-only", "x")):
        done = cli(*line, "--endpoint", "http://localhost:1/", "--knowledge", str(tmp_path))
        assert done.returncode == 2 and "exclude each other" in done.stderr and done.stderr.count("\n") == 1


def test_what_virtuoso_says_is_understood(serve: Serve) -> None:
    one = b'{"head": {"vars": ["__ASK_RETVAL"]}, "results": {"bindings": [{"__ASK_RETVAL": {"type": "typed-literal", "value": "1"}}]}}'
    assert api.run_query(None, "ASK { ?s ?p ?o }", (), [], endpoint=serve(reply(body=one))).truth
    other = one.replace(b'"value": "1"', b'"value": "0"')
    assert not api.run_query(None, "ASK { ?s ?p ?o }", (), [], endpoint=serve(reply(body=other))).truth
    truth = b'{"type": "typed-literal", "datatype": "http://www.w3.org/2001/XMLSchema#boolean", "value": "1"}'
    node = b'{"type": "bnode", "value": "nodeID://b10000"}'
    rows = ROWS.replace(b'{"type": "uri", "value": "urn:a"}', truth)
    found = Endpoint(serve(reply(body=rows))).select(ASKED)[1]
    assert str(found[0][0]) == str(ox.Literal(True))
    blank = Endpoint(serve(reply(body=ROWS.replace(b'{"type": "uri", "value": "urn:a"}', node)))).select(ASKED)[1]
    assert isinstance(blank[0][0], ox.BlankNode)
    with pytest.raises(EndpointError, match="neither true nor false"):
        Endpoint(serve(reply())).truth("ASK { ?s ?p ?o }")
