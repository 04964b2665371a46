"""The interface for programs as an OpenAPI 3.1 document, made from the operations and the published schemas."""

from __future__ import annotations

from functools import cache
from typing import Any

from guidegraph import assets
from guidegraph.api.operations import OPERATIONS, Operation
from guidegraph.api.schemas import components
from guidegraph.web.problems import PROBLEMS
from guidegraph.words import DISCLAIMER

#: Where the interface is.
PLACE = "/api"
_PROBLEM = {
    "type": "object",
    "description": "Problem details by RFC 9457, with the place of the fault and how to mend it.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "where": {"type": "string", "description": "The file, line, argument or entry."},
        "mend": {"type": "string", "description": "How to put it right."},
    },
}
_REFUSALS = {
    "400": "The request cannot be read.",
    "408": "The body took too long to come.",
    "413": "The body is larger than is read here.",
    "415": "The body is not JSON.",
    "422": "The profile, a term or an argument makes no sense.",
    "429": "Too much is asked at once; Retry-After says when to ask again.",
    "500": "The server failed.",
    "503": "The server is busy or about to stop, or the answer took too long.",
}


@cache
def openapi() -> dict[str, Any]:
    """The document; not to be changed."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS.values():
        methods = {"GET": _get, "POST": _post}
        paths[f"{PLACE}/{operation.path}"] = {
            method.lower(): methods[method](operation) for method in operation.methods
        }
    problem = {**_PROBLEM, "properties": {**_PROBLEM["properties"], "title": _titles()}}  # type: ignore[dict-item]
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "GuideGraph",
            "version": assets.VERSION,
            "summary": "Clinical guideline recommendations for a patient: what is eligible, what is not, and why.",
            "description": f"{DISCLAIMER} Facts about a patient are sent in bodies only, and nothing of them is kept.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "patient", "description": "Questions about a patient."},
            {"name": "knowledge", "description": "Questions about documents, statements and terms."},
        ],
        "paths": paths,
        "components": {
            "schemas": {
                **components(sorted({one.answers for one in OPERATIONS.values()})),
                **{f"{name}.request": one.schema for name, one in OPERATIONS.items() if "POST" in one.methods},
                "problem": problem,
            },
            "responses": {
                status: {
                    "description": told,
                    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
                }
                for status, told in {**_REFUSALS, "404": "There is no such document."}.items()
            },
        },
    }


def _titles() -> dict[str, Any]:
    return {"type": "string", "examples": sorted({kind.title for kind in PROBLEMS})}


def _told(operation: Operation, method: str) -> dict[str, Any]:
    several = len(operation.methods) > 1
    refusals = {*_REFUSALS, *(["404"] if "{" in operation.path else [])} - (
        {"408", "413", "415"} if method == "get" else set()
    )
    return {
        "operationId": f"{operation.name}_{method}" if several else operation.name,
        "tags": ["patient" if method == "post" else "knowledge"],
        "summary": operation.title,
        "description": operation.about,
        "responses": {
            "200": {
                "description": operation.title,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{operation.answers}"}}},
            },
            **{status: {"$ref": f"#/components/responses/{status}"} for status in sorted(refusals)},
        },
    }


def _get(operation: Operation) -> dict[str, Any]:
    parameters = []
    for argument in operation.apart:
        schema = {key: value for key, value in argument.schema.items() if key != "description"}
        placed = f"{{{argument.name}}}" in operation.path
        parameters.append(
            {
                "name": argument.name,
                "in": "path" if placed else "query",
                "required": argument.required,
                "description": argument.about,
                "schema": schema,
            }
        )
    return {**_told(operation, "get"), "parameters": parameters}


def _post(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{operation.name}.request"}}
    }
    if not any(argument.required and argument.kind != "profile" for argument in operation.arguments):
        record = {"type": "object", "description": "A FHIR resource or Bundle alone.", "required": ["resourceType"]}
        content["application/fhir+json"] = {"schema": record}
    return {**_told(operation, "post"), "requestBody": {"required": True, "content": content}}
