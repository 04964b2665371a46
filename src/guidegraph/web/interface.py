"""The interface for programs: every operation under /api, the document that describes it, and the published schemas."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from guidegraph.api.arguments import by_name
from guidegraph.api.operations import OPERATIONS, Operation
from guidegraph.api.schemas import published
from guidegraph.errors import UsageError
from guidegraph.web.openapi import PLACE, openapi
from guidegraph.web.problems import NOT_FOUND, PROBLEMS, TYPES, RefusedError, answer, guarded, json_body, refused
from guidegraph.web.served import Served

_SCHEMA = "application/schema+json"


def routes(served: Served) -> list[BaseRoute]:
    """The routes of the interface."""
    described = guarded(lambda request, _: answer(openapi()), _nothing)
    found: list[BaseRoute] = [
        Route("/", described),
        Route("/openapi.json", described),
        Route("/schema/{name}", guarded(_schema, _nothing)),
    ]
    for operation in OPERATIONS.values():
        handler = guarded(_asking(served, operation), _reading(operation))
        found.append(Route(f"/{operation.path}", handler, methods=operation.methods))
    whole = Mount(PLACE, app=Starlette(routes=found, exception_handlers={HTTPException: refused}))
    # Whatever stands below the place, line feeds too, is refused as a problem where it is none of these.
    whole.path_regex = re.compile(whole.path_regex.pattern, re.DOTALL)
    return [whole, Route("/problem/{name}", guarded(_problem, _nothing))]


async def _nothing(request: Request) -> None:
    return None


def _schema(request: Request, _: None) -> Response:
    name = request.path_params["name"].removesuffix(".schema.json")
    schema = published().get(name)
    if schema is None:
        raise RefusedError(NOT_FOUND, "there is no such schema", mend=f"There are {', '.join(published())}.")
    return answer(schema, media=_SCHEMA)


def _problem(request: Request, _: None) -> Response:
    """What a type of problem is, at the address that its IRI has on this server."""
    kind = next((one for one in PROBLEMS if one.name == request.path_params["name"]), None)
    if kind is None:
        raise RefusedError(NOT_FOUND, "there is no such problem")
    return answer({"type": TYPES + kind.name, "title": kind.title, "status": kind.status})


def _asking(served: Served, operation: Operation) -> Callable[[Request, dict[str, Any]], Any]:
    def ask(request: Request, given: dict[str, Any]) -> Any:
        try:
            return operation.ask(served.kb, given)
        except UsageError as error:
            if request.path_params:
                # What the path names is not there.
                raise RefusedError(NOT_FOUND, error.what, where=error.where, mend=error.mend) from None
            raise

    return ask


def _reading(operation: Operation) -> Any:
    """What reads the arguments of an operation from a request: from its body, else from its address."""

    async def read(request: Request) -> dict[str, Any]:
        if request.method == "POST":
            body = await json_body(request)
            # A record may be the whole body, where nothing else is asked.
            return {"profile": body} if "resourceType" in body else body
        texts = {name: request.query_params.getlist(name) for name in request.query_params}
        for name, text in request.path_params.items():
            texts[name] = [*texts.get(name, ()), text]
        known = by_name(operation.apart, texts)
        return {name: known[name].read(told) for name, told in texts.items()}

    return read
