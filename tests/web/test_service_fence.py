"""Headers on every answer, the host that a request names, and health."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph.cli.app import app as cli
from guidegraph.web import app, fence
from guidegraph.web.served import Served, Settings


@pytest.fixture(scope="module")
def served() -> Served:
    return Served(gg.open(), Settings(hosts=("Guide.example",)))


@pytest.fixture(scope="module")
def client(served: Served) -> TestClient:
    return TestClient(app.application(served), base_url="http://127.0.0.1:8000")


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/no/such/page"])
def test_every_answer_has_the_headers_and_is_kept_by_no_cache(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers[name] for name in fence.HEADERS} == fence.HEADERS
    assert answer.headers["Cache-Control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_other_origins_are_told_nothing(client: TestClient) -> None:
    asked = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (client.options("/health/live", headers=asked), client.get("/health/live", headers=asked)):
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_an_origin_that_was_named_may_read_and_no_other(served: Served) -> None:
    client = TestClient(
        app.application(Served(served.kb, Settings(origins=("https://ehr.example",)))), base_url="http://localhost"
    )
    for origin, told in (("https://ehr.example", "https://ehr.example"), ("https://evil.example", None)):
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        assert client.get("/health/live", headers={"Origin": origin}).headers.get("access-control-allow-origin") == told
        assert client.options("/sparql", headers=asked).headers.get("access-control-allow-origin") == told


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost", 200),
        ("LOCALHOST.:99", 200),
        ("[::1]:8000", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("guide.EXAMPLE", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("evil.example:127.0.0.1", 400),
        ("127.0.0.1@evil.example", 400),
        ("127.0.0.1:80:80", 400),
        ("127.0.0.1:x", 400),
        ("[::1", 400),
        ("192.0.2.7", 400),
        ("", 400),
    ],
)
def test_only_a_host_that_is_this_server_is_answered(client: TestClient, host: str, status: int) -> None:
    answer = client.get("/health/live", headers={"Host": host})
    assert answer.status_code == status
    assert answer.headers["Content-Security-Policy"] == fence.POLICY
    assert not host or status == 200 or host not in answer.text


def test_two_hosts_are_none(client: TestClient) -> None:
    answer = client.get("/health/live", headers=[("Host", "localhost"), ("Host", "evil.example")])
    assert answer.status_code == 400


def test_a_server_on_every_address_is_known_by_the_one_that_was_asked(served: Served) -> None:
    everywhere = app.application(Served(served.kb, Settings(host="0.0.0.0")))
    client = TestClient(everywhere, base_url="http://192.0.2.7:8000")
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/live", headers={"Host": "192.0.2.8"}).status_code == 400
    assert client.get("/health/live", headers={"Host": "0.0.0.0"}).status_code == 400


def test_readiness_names_the_knowledge_and_ends_before_the_server_does(served: Served) -> None:
    mine = Served(served.kb)
    client = TestClient(app.application(mine), base_url="http://localhost")
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["knowledge"]) == (200, served.kb.digest)
    mine.board.stop()
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


@pytest.mark.parametrize("path", ["/sparql", "/api/documents", "/cds-services", "/"])
def test_what_may_be_asked_is_told_in_one_order(client: TestClient, path: str) -> None:
    allowed = client.request("PUT", path).headers["allow"]
    assert allowed == ", ".join(sorted(allowed.split(", "))) and "GET" in allowed


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--name", value) for value in ("", "http://guide.example", "a b", "a/b")),
        *(("--origin", value) for value in ("", "*", "ehr.example", "https://ehr.example/", "HTTPS://ehr.example")),
    ],
)
def test_a_name_that_no_request_could_have_is_refused(option: str, value: str) -> None:
    done = CliRunner().invoke(cli, ["serve", option, value, "--port", "0"])
    assert done.exit_code == 2 and done.stderr.startswith(f"error: {option}: ") and done.stderr.count("\n") == 1
