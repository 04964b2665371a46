"""Requests that are made up: from the OpenAPI document by schemathesis, and from a call of a hook by spoiling it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from starlette.testclient import TestClient

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.web.app import application
from guidegraph.web.served import Served
from tests.support.cdsclient import RESPONSE, held
from tests.support.cdsserved import client_of, drafts, record
from tests.support.optional import needs

pytestmark = pytest.mark.slow

FEW = settings(max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


def test_whatever_is_asked_is_answered_as_the_document_says(kb: gg.KnowledgeBase) -> None:
    try:
        import schemathesis
        from schemathesis import GenerationMode, checks
        from schemathesis.specs.openapi import checks as conformance
    except ImportError:
        needs(False, "schemathesis is not installed")
    wanted = [
        checks.not_a_server_error,
        conformance.status_code_conformance,
        conformance.content_type_conformance,
        conformance.response_schema_conformance,
        conformance.negative_data_rejection,
        conformance.unsupported_method,
    ]
    statuses: list[int] = []

    def check(case: Any) -> None:
        statuses.append(case.call_and_validate(checks=wanted).status_code)

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", application(Served(kb)))
    for found in schema.get_all_operations():
        operation = found.ok()
        takes = OPERATIONS[operation.definition.raw["operationId"].partition("_")[0]].arguments
        for mode in (GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if takes else [])):
            FEW(given(operation.as_strategy(generation_mode=mode))(check))()
    assert len(statuses) > 100 and {200, 422} <= set(statuses)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    yield path
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at a place; taken out there where that is ``...``."""
    if not path:
        return new
    copy, (key, *rest) = value.copy(), path
    if not rest and new is ...:
        del copy[key]
    else:
        copy[key] = changed(value[key], tuple(rest), new)
    return copy


JUNK = (None, "", "x", "\ud800", 0, -1, 1.5, True, [], {}, [None], {"x": {}}, "9" * 400, ...)


def test_whatever_stands_in_a_call_of_a_hook_is_answered_or_refused(kb: gg.KnowledgeBase) -> None:
    client = client_of(TestClient(application(Served(kb)), base_url="http://localhost"), record(kb, "bleeding-ulcer"))
    whole = client.request("order-select", **drafts(client, ("M01AE01", "Ibuprofen"), ("N03AX12", "Gabapentin")))
    every = [path for path in places(whole) if path]
    statuses: list[int] = []

    @settings(FEW, max_examples=60)
    @given(strategies.sampled_from(every), strategies.sampled_from(JUNK), strategies.sampled_from(every))
    def check(path: tuple[Any, ...], new: Any, other: tuple[Any, ...]) -> None:
        request = changed(whole, path, new)
        # The first change may have taken that place away.
        with contextlib.suppress(KeyError, IndexError, TypeError, AttributeError):
            request = changed(request, other, {"reference": "#x"})
        text = json.dumps(request, ensure_ascii=True)
        address = f"/cds-services/{client.services['order-select']['id']}"
        answer = client.http.post(address, content=text, headers={"content-type": "application/json"})
        statuses.append(answer.status_code)
        assert answer.status_code in (200, 400, 412, 422), answer.text
        if answer.status_code == 200:
            held(answer.json(), RESPONSE)
        else:
            assert answer.headers["content-type"] == "application/problem+json"

    check()
    assert {200, 400} <= set(statuses)
