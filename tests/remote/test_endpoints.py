"""Speaking to endpoints: what is refused, what is told, and what is understood."""

from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import api
from guidegraph.errors import EndpointError
from guidegraph.query import run
from guidegraph.remote import exchange
from guidegraph.remote.client import Endpoint, GraphStore
from guidegraph.remote.exchange import Limits
from tests.support.serving import ASKED, JSON, ROWS, Serve, reply

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


@pytest.mark.slow
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


def test_trusted_certificates_are_read_once_and_only_for_https(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes fifty times as long as a request to this machine, and a push is hundreds of requests."""
    read: list[ssl.SSLContext] = []

    def counted(*args: Any, **options: Any) -> ssl.SSLContext:
        read.append(made := ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        return made

    monkeypatch.setattr(ssl, "create_default_context", counted)
    monkeypatch.setattr(ssl, "_create_default_https_context", counted)
    exchange._trust.cache_clear()
    url = serve(reply())
    for _ in range(2):
        assert Endpoint(url).select(ASKED)
    assert not read
    for _ in range(2):
        with pytest.raises(EndpointError, match="SSL"):
            Endpoint(url.replace("http:", "https:")).select(ASKED)
    assert len(read) == 1
    exchange._trust.cache_clear()
    monkeypatch.undo()
    trust = exchange._trust("https")
    assert trust.check_hostname and trust.verify_mode is ssl.CERT_REQUIRED


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


GRAPH = {
    "application/n-triples": b'_:a <urn:p> "0.750"^^<http://www.w3.org/2001/XMLSchema#decimal> .\n<urn:s> <urn:p> _:a .',
    "text/turtle": b"@prefix u: <urn:> . u:s u:p [ u:p 0.750 ] .",
    "application/trig": b"@prefix u: <urn:> . u:g { u:s u:p [ u:p 0.75 ] }",
    "application/n-quads": b'_:a <urn:p> "0.750"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:g> .\n<urn:s> <urn:p> _:a .',
    "application/ld+json": b"""{"@id": "urn:s", "urn:p": {"urn:p":
        {"@value": "0.75", "@type": "http://www.w3.org/2001/XMLSchema#decimal"}}}""",
}


@pytest.mark.parametrize("media", GRAPH)
def test_a_graph_is_read_in_the_form_that_is_sent(serve: Serve, media: str) -> None:
    """Some stores have no N-Triples: what they send is read by its media type."""
    asked: list[str] = []

    def answer(handler: Any) -> None:
        asked.append(handler.headers["Accept"])
        reply(media=f"{media}; charset=utf-8", body=GRAPH[media])(handler)

    url = serve(answer)
    text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    ours = ox.Store()
    ours.update("INSERT DATA { <urn:s> <urn:p> [ <urn:p> 0.750 ] }")
    assert api.run_query(None, text, None, [], endpoint=url).triples == run.run(ours, text).triples
    assert asked[0].startswith("application/n-triples, text/turtle")


def test_a_graph_without_triples_is_read_and_a_broken_one_told(serve: Serve) -> None:
    text = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    nothing = serve(reply(media="text/turtle", body=b"@prefix u: <urn:> ."))
    assert api.run_query(None, text, None, [], endpoint=nothing).triples == ()
    for media, body in (
        ("text/turtle", b"u:s u:p"),
        ("text/turtle", b"<a> <b> <c> ."),
        ("application/rdf+xml", b"<x/>"),
    ):
        with pytest.raises(EndpointError):
            api.run_query(None, text, None, [], endpoint=serve(reply(media=media, body=body)))
