"""The operations as tools of an MCP server: arguments checked, answers as data in their published forms."""

from __future__ import annotations

import json
import logging
import socket
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import anyio
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, InputRequiredResult, TextContent, Tool, ToolAnnotations

from guidegraph import assets
from guidegraph.api import KnowledgeBase
from guidegraph.api.operations import OPERATIONS, Operation
from guidegraph.api.schemas import published
from guidegraph.errors import GuideGraphError
from guidegraph.mcp.messages import Lines, Read
from guidegraph.words import DISCLAIMER

if TYPE_CHECKING:
    from mcp.server.mcpserver import Context
    from starlette.applications import Starlette

_LOG = logging.getLogger(__name__)
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
#: The whole answer is more than a model reads: the glance has all that one acts on, explain all of one therapy.
_LEFT_OUT = ("therapies", "full")
#: Answers that are long unless an argument narrows them.
_LONG = {
    "disagreements": "Long unless an intervention, a document or a profile narrows it.",
    "matrix": "Long: ask for at least 5 or more documents, or use document, compare or lookup for a part.",
    "audit": "Long unless a document or a severity narrows it.",
}
INSTRUCTIONS = (
    f"GuideGraph answers from a knowledge graph of clinical guideline recommendations. {DISCLAIMER} "
    "Every answer is data with the identifiers of statements, documents and terms: name the documents in whatever you "
    "say from it, and pass an identifier to trace or lookup to see where a statement stands. "
    "Truth is three-valued: what a profile does not say is unknown, never no; do not fill it in. What is "
    "contraindicated, alerts, signs to rule out and what was not understood must not be left out. Nothing is concluded "
    "from the absence of a statement: none on file is not none. Begin with glance; profile shows how a patient was "
    "understood."
)


class Tools(MCPServer[Any]):
    """A server whose tools ask a knowledge base; nothing that is asked is kept or logged.

    Args:
        kb: the knowledge.
    """

    def __init__(self, kb: KnowledgeBase) -> None:
        # What is logged at a lower level holds the arguments of calls.
        super().__init__(
            "guidegraph", title="GuideGraph", version=assets.VERSION, instructions=INSTRUCTIONS, log_level="WARNING"
        )
        self._kb = kb

    async def list_tools(self) -> list[Tool]:
        """Every tool with the schemas of its arguments and of its answer."""
        return [_tool(operation) for name, operation in OPERATIONS.items() if name not in _LEFT_OUT]

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """The answer of a tool; what cannot be answered is an error that says what, where and how to mend it."""
        operation = OPERATIONS.get(name)
        if operation is None or name in _LEFT_OUT:
            return _failed(f"there is no such tool. There are {', '.join(n for n in OPERATIONS if n not in _LEFT_OUT)}")
        return await anyio.to_thread.run_sync(self._answer, operation, arguments)

    def _answer(self, operation: Operation, arguments: Mapping[str, Any]) -> CallToolResult:
        try:
            text = operation.ask(self._kb, arguments)
        except GuideGraphError as error:
            return _failed(str(error))
        except Exception as error:
            # Its message may hold what was asked, which is in no log.
            last = traceback.extract_tb(error.__traceback__)[-1]
            _LOG.error("%s at %s:%s", type(error).__name__, last.filename, last.lineno)
            return _failed("something went wrong that should not have")
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=json.loads(text))

    async def run_stdio_async(self) -> None:
        """Answer over standard streams, also what the library passes over in silence."""
        lines = Lines()
        async with stdio_server(stdin=cast("anyio.AsyncFile[str]", lines)) as (reading, writing):
            lines.answer = writing.send
            server = self._lowlevel_server
            await server.run(reading, writing, server.create_initialization_options())

    def streamable_http_app(self, **options: Any) -> Starlette:
        """The application that answers over HTTP."""
        app = super().streamable_http_app(**options)
        app.add_middleware(Read)
        return app

    def serve(self, host: str, sockets: list[socket.socket]) -> None:
        """Answer over HTTP at /mcp, until the process ends.

        Args:
            host: the name of the address at which it listens.
            sockets: listening ones.
        """
        import uvicorn

        app = self.streamable_http_app(host=host, **http_options(host))
        anyio.run(uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve, sockets)


def http_options(host: str) -> dict[str, Any]:
    """How the server answers over HTTP: each request by itself, and only under its own names."""
    shown = f"[{host}]" if ":" in host else host
    names = dict.fromkeys(name for known in (*_LOOPBACK, shown) for name in (known, f"{known}:*"))
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    allowed = TransportSecuritySettings(allowed_hosts=list(names), allowed_origins=origins)
    return {"stateless_http": True, "json_response": True, "transport_security": allowed}


def _tool(operation: Operation) -> Tool:
    schema = published()[operation.answers]
    return Tool(
        name=operation.name,
        title=operation.title,
        description=" ".join(filter(None, (operation.about, _LONG.get(operation.name, "")))),
        input_schema=operation.schema,
        output_schema={key: value for key, value in schema.items() if key not in ("$id", "$schema")},
        annotations=ToolAnnotations(
            title=operation.title,
            read_only_hint=True,
            destructive_hint=False,
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _failed(why: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=why)], is_error=True)
