"""The tools for language models, asked by the official client: in process, over standard streams and over HTTP."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import jsonschema
import pytest
from typer.testing import CliRunner

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.api.schemas import published
from guidegraph.cli.app import app
from tests.support.optional import needs

if TYPE_CHECKING:
    from mcp import Client, StdioServerParameters

    from guidegraph.mcp.tools import Tools, http_options

DAY = "2026-11-24"
PATIENT = {"profile": "example:bleeding-ulcer", "as_of": DAY}
ASKED: dict[str, dict[str, Any]] = {
    "glance": PATIENT,
    "explain": {**PATIENT, "therapy": "ibuprofen"},
    "ask": PATIENT,
    "plan": {**PATIENT, "therapies": ["ibuprofen"]},
    "timeline": PATIENT,
    "profile": {"profile": {"age": 61, "sex": "female", "conditions": {"present": ["sciatica"]}, "pain_score": 4.5}},
    "disagreements": {"intervention": "ibuprofen", "as_of": DAY},
    "compare": {"a": "bmj-2025", "b": "nice-ng59", "as_of": DAY},
    "matrix": {"at_least": 6, "as_of": DAY},
    "trace": {"node": "bmj-2025/BMJ-R1"},
    "audit": {"severity": "error", "as_of": DAY},
    "lookup": {"term": "ibuprofen"},
    "documents": {},
    "document": {"document": "bmj-2025"},
    "examples": {},
}
_ID = re.compile(r'"(?:id|iri|node|intervention|document|name)":"[^"]+"')


@pytest.fixture(scope="module", autouse=True)
def _library() -> None:
    """Imported by the one worker that has these tests: it takes each that only collects them seconds."""
    try:
        import mcp

        from guidegraph.mcp import tools
    except ImportError:
        needs(False, "mcp is not installed")
    names = {"Client": mcp.Client, "StdioServerParameters": mcp.StdioServerParameters}
    globals().update(names, Tools=tools.Tools, http_options=tools.http_options)


@pytest.fixture(scope="module")
def tools(kb: gg.KnowledgeBase) -> Tools:
    return Tools(kb)


def asked(server: Any, work: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    """What some work with a client of a server comes to."""

    async def run() -> Any:
        async with Client(server, mode=mode, read_timeout_seconds=60) as client:
            return await work(client)

    return anyio.run(run)


@pytest.mark.slow
def test_every_operation_is_a_tool_but_the_whole_answer(tools: Tools) -> None:
    listed = {tool.name: tool for tool in asked(tools, lambda client: client.list_tools()).tools}
    assert set(listed) == set(ASKED) == set(OPERATIONS) - {"therapies", "full"}
    for name, tool in listed.items():
        assert tool.title and len(tool.description) > 30 and tool.annotations.read_only_hint is True
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.validate(ASKED[name], tool.input_schema)
        assert tool.output_schema["properties"] == published()[name]["properties"]


@pytest.mark.parametrize("name", ASKED)
def test_each_tool_answers_with_data_that_has_identifiers(tools: Tools, name: str) -> None:
    answer = asked(tools, lambda client: client.call_tool(name, ASKED[name]))
    assert not answer.is_error, answer.content
    # The published form, as data and as the same in a text; never prose.
    jsonschema.validate(answer.structured_content, published()[name])
    (block,) = answer.content
    assert json.loads(block.text) == answer.structured_content
    assert _ID.search(block.text)


def test_an_answer_names_its_statements_documents_and_knowledge(tools: Tools, kb: gg.KnowledgeBase) -> None:
    async def work(client: Client) -> Any:
        plan = (await client.call_tool("plan", ASKED["plan"])).structured_content
        held = plan["therapies"][0]["held"][0]
        return plan, held, (await client.call_tool("trace", {"node": held["id"]})).structured_content

    plan, held, trace = asked(tools, work)
    assert plan["therapies"][0]["after"] == "contraindicated" and plan["made_from"]["knowledge"]["digest"] == kb.digest
    # What an answer names leads to where it stands.
    assert trace["trace"]["id"] == held["id"] and held["source"] in json.dumps(trace, ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("glance", {}, "profile"),
        ("glance", {"profile": "/etc/passwd"}, "example:NAME"),
        ("glance", {"profile": {"conditions": {"present": ["sciatca"]}}}, "sciatica"),
        ("glance", {**PATIENT, "nonsense": 1}, "nonsense"),
        ("document", {"document": "nothing"}, "ggd:"),
        ("matrix", {"at_least": 0}, "whole number"),
        ("therapies", PATIENT, "no such tool"),
        ("nothing", {}, "no such tool"),
    ],
)
def test_what_cannot_be_answered_is_an_error_that_says_why(
    tools: Tools, name: str, given: dict[str, Any], words: str
) -> None:
    answer = asked(tools, lambda client: client.call_tool(name, given))
    assert answer.is_error and words in answer.content[0].text and "Traceback" not in answer.content[0].text


def test_nothing_that_is_asked_is_logged(
    kb: gg.KnowledgeBase, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    canary = "canary-8841"
    server = Tools(kb)

    async def work(client: Client) -> Any:
        told = [await client.call_tool("glance", {"profile": {"age": 50, "label": canary, "conditions": canary}})]
        monkeypatch.setattr(
            type(OPERATIONS["glance"]), "ask", lambda self, kb, given: (_ for _ in ()).throw(RuntimeError(canary))
        )
        return [*told, await client.call_tool("glance", PATIENT)]

    refused, failed = asked(server, work)
    assert refused.is_error and failed.is_error and canary not in failed.content[0].text
    streams = capfd.readouterr()
    assert canary not in caplog.text + streams.out + streams.err and "RuntimeError" in caplog.text + streams.err


def test_the_instructions_say_what_a_model_must_not_leave_out(tools: Tools) -> None:
    async def work(client: Client) -> Any:
        return client.instructions, client.server_info

    instructions, info = asked(tools, work)
    assert info.name == "guidegraph" and info.version == gg.api.software().rpartition(" ")[2]
    for words in ("never no", "not understood", "identifiers", "none on file is not none"):
        assert words in instructions


@pytest.mark.slow
def test_the_command_answers_over_standard_streams() -> None:
    server = StdioServerParameters(command=sys.executable, args=["-m", "guidegraph", "mcp"])

    async def work(client: Client) -> Any:
        first = await client.call_tool("plan", ASKED["plan"])
        many: list[Any] = []

        async def again() -> None:
            many.append(await client.call_tool("plan", ASKED["plan"]))

        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(again)
        return first, many

    first, many = asked(server, work)
    assert first.structured_content["therapies"][0]["after"] == "contraindicated"
    assert all(one.structured_content == first.structured_content for one in many)


def call(arguments: str, number: str = "7") -> str:
    """A call of a tool as a client writes it, whatever its arguments are."""
    params = f'{{"name":"profile","arguments":{arguments}}}'
    return f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call","params":{params}}}'


UNREAD = [
    (call('{"profile":{"id":"\\ud800"}}'), 7, "half a character"),
    (call('{"profile":{"id":"\udcff"}}'), 7, "half a character"),
    (call('{"profile":{"age":40,"age":4}}'), 7, "'age' is there twice"),
    (call('{"profile":{"age":NaN}}'), 7, "NaN is not a number"),
    (call("{}", '"\\ud800"'), None, "half a character"),
    (call("[" * 5_000 + "]" * 5_000), None, "nested too deeply"),
    (call(f'{{"profile":{{"age":{"9" * 5_000}}}}}'), None, "too long"),
    ("not JSON", None, "not JSON"),
    ("[]", None, "no message"),
    ('{"jsonrpc":"1.0","id":"x","method":"tools/list"}', "x", "no message"),
    ('{"jsonrpc":"2.0","id":true}', None, "no message"),
]


@pytest.mark.parametrize(("line", "number", "why"), UNREAD, ids=[why for *_, why in UNREAD])
def test_a_message_that_is_not_read_is_answered(line: str, number: Any, why: str) -> None:
    from guidegraph.mcp.messages import refusal

    told = refusal(line)
    assert told is not None and told.id == number and why in told.error.message
    json.loads(told.model_dump_json(by_alias=True))


def test_a_message_that_is_read_is_handed_on() -> None:
    from guidegraph.mcp.messages import refusal

    assert refusal(call('{"profile":{"age":40.5,"label":"\u20ac"}}')) is None
    assert refusal('{"jsonrpc":"2.0","method":"notifications/initialized"}') is None


@pytest.mark.slow
def test_over_standard_streams_every_request_is_answered() -> None:
    wanted = {line: number for line, number, _ in UNREAD if number == 7}
    line = [sys.executable, "-m", "guidegraph", "mcp"]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, errors="surrogateescape"
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        for text in (*wanted, "", call("{}", "8")):
            server.stdin.write(f"{text}\n")
            server.stdin.flush()
            if text:
                answer = json.loads(server.stdout.readline())
                assert answer["id"] == wanted.get(text, 8) and ("error" in answer)
        server.stdin.close()
        assert server.wait(30) == 0


@pytest.fixture(scope="module")
def address(tools: Tools) -> Iterator[str]:
    """Where the tools answer over HTTP."""
    import uvicorn

    app = tools.streamable_http_app(host="127.0.0.1", **http_options("127.0.0.1"))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/mcp"
    server.should_exit = True
    thread.join(10)


@pytest.mark.slow
def test_the_command_answers_over_http() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-m", "guidegraph", "mcp", "--transport", "http", "--port", str(port)]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(300):
                time.sleep(0.1)
                with socket.socket() as knock:
                    if knock.connect_ex(("127.0.0.1", port)) == 0:
                        break
            told = asked(f"http://127.0.0.1:{port}/mcp", lambda client: client.call_tool("lookup", ASKED["lookup"]))
            assert told.structured_content["terms"]
        finally:
            server.terminate()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_answer_over_http(address: str, mode: str) -> None:
    answer = asked(address, lambda client: client.call_tool("plan", ASKED["plan"]), mode)
    assert answer.structured_content["therapies"][0]["after"] == "contraindicated"


def test_over_http_only_its_own_names_are_answered(address: str) -> None:
    import httpx

    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    media = {"accept": "application/json, text/event-stream"}
    for name, status in (("evil.example", 421), ("evil.example:80", 421)):
        assert httpx.post(address, json=call, headers={**media, "host": name}).status_code == status
    assert httpx.post(address, json=call, headers={**media, "origin": "http://evil.example"}).status_code == 403


def test_over_http_what_could_be_read_in_two_ways_is_refused(address: str) -> None:
    import httpx

    media = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
    for text, number, why in UNREAD[:4]:
        told = httpx.post(address, content=text.encode(errors="surrogateescape"), headers=media)
        assert told.status_code == 400 and told.json()["id"] == number and why in told.json()["error"]["message"]


def test_every_tool_is_documented(repo_root: Path) -> None:
    text = (repo_root / "docs/mcp.md").read_text(encoding="utf-8")
    assert set(ASKED) <= set(re.findall(r"`(\w+)`", text))


def test_where_it_listens_is_of_http_and_must_be_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for line, told in {
            ("--port", port): "--host and --port are for http",
            ("--host", "::1"): "--host and --port are for http",
            ("--transport", "http", "--port", port): "cannot listen",
            ("--transport", "http", "--host", "nowhere.invalid"): "cannot listen",
        }.items():
            done = CliRunner().invoke(app, ["mcp", *line])
            assert done.exit_code == 2 and told in done.stderr and done.stderr.count("\n") == 1, line


def test_without_the_library_the_command_says_what_to_install() -> None:
    line = "import sys; sys.modules['mcp'] = None; sys.argv = ['guidegraph', 'mcp']; from guidegraph.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "guidegraph[mcp]" in done.stderr and "Traceback" not in done.stderr
