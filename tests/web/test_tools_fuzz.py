"""Requests that schemathesis makes up from the OpenAPI document: each is answered as the document says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.web.app import application
from guidegraph.web.served import Served
from tests.support.optional import needs

pytestmark = pytest.mark.slow

FEW = settings(max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


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
