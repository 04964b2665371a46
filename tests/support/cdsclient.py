"""A client of CDS Hooks 2.0, written from its specification alone: it imports nothing of the server that it asks.

It holds discovery, requests, responses and feedback against JSON Schemas that state what the specification demands, and
against HL7's logical models of them (tests/support/cdsmodels.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from jsonschema import Draft202012Validator

from tests.support.cdsmodels import faults

_TEXT = {"type": "string", "minLength": 1}
_URL = {"type": "string", "pattern": "^https?://[^/ ]+"}
_UUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
#: Prefetch templates hold only root fields of the context and identifiers of the user, and only what is recommended.
_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")
_KNOWN_TOKENS = re.compile(r"context\.[A-Za-z]+|user(Practitioner|PractitionerRole|Patient|RelatedPerson)Id")
_READ_OR_SEARCH = re.compile(r"[A-Z][A-Za-z]+(/\{\{[^{}]+\}\}|\?[a-z_:-]+=[^&]+(&[a-z_:-]+=[^&]+)*)")


def _object(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members; an optional one that has no value is left out, never null or empty."""
    members = {**required, **(optional or {}), "extension": {"type": "object"}}
    return {"type": "object", "required": list(required), "properties": members, "additionalProperties": False}


def _list(items: Any, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_CODING = _object({"code": _TEXT}, {"system": _URL, "display": _TEXT, "version": _TEXT})
_REASON = _object({"code": _TEXT, "display": _TEXT}, {"system": _URL, "version": _TEXT})
_ACTION = {
    **_object(
        {"type": {"enum": ["create", "update", "delete"]}, "description": _TEXT},
        {"resource": {"type": "object", "required": ["resourceType"]}, "resourceId": {"type": "string"}},
    ),
    "if": {"properties": {"type": {"const": "delete"}}},
    "then": {"required": ["resourceId"]},
    "else": {"required": ["resource"]},
}
_SUGGESTION = _object(
    {"label": _TEXT}, {"uuid": _UUID, "isRecommended": {"type": "boolean"}, "actions": _list(_ACTION)}
)
_LINK = {
    **_object({"label": _TEXT, "url": _URL, "type": {"enum": ["absolute", "smart"]}}, {"appContext": _TEXT}),
    "if": {"properties": {"type": {"const": "absolute"}}},
    "then": {"properties": {"appContext": False}},
}
_CARD = {
    **_object(
        {
            "summary": {"type": "string", "minLength": 1, "maxLength": 139, "pattern": "^[^\\n]*$"},
            "indicator": {"enum": ["info", "warning", "critical"]},
            "source": _object({"label": _TEXT}, {"url": _URL, "icon": _URL, "topic": _CODING}),
        },
        {
            "uuid": _UUID,
            "detail": _TEXT,
            "suggestions": _list(_SUGGESTION),
            "selectionBehavior": {"enum": ["at-most-one", "any"]},
            "overrideReasons": _list(_REASON),
            "links": _list(_LINK),
        },
    ),
    "dependentRequired": {"suggestions": ["selectionBehavior"]},
}
#: What a server must answer to discovery and to a call.
DISCOVERY = _object(
    {
        "services": _list(
            _object(
                {"hook": _TEXT, "description": _TEXT, "id": {"type": "string", "pattern": "^[A-Za-z0-9._~-]+$"}},
                {
                    "title": _TEXT,
                    "prefetch": {"type": "object", "minProperties": 1, "additionalProperties": _TEXT},
                    "usageRequirements": _TEXT,
                },
            ),
            0,
        )
    }
)
RESPONSE = _object({"cards": _list(_CARD, 0)}, {"systemActions": _list(_ACTION)})


def held(data: Any, schema: Any) -> Any:
    """Data that fits a schema, with every member having a value, and HL7's model of it."""
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(data)
    assert faults("services" if schema is DISCOVERY else "response", data) == []
    return data


class Client:
    """A clinical system that knows one patient.

    Args:
        http: asks the server.
        fetch: what the system's own FHIR server answers to a relative address: a resource, or None where it has none.
        patient: the id of its patient.
    """

    def __init__(self, http: httpx.Client, fetch: Callable[[str], Any], patient: str) -> None:
        self.http, self.fetch, self.patient = http, fetch, patient
        self.services: dict[str, dict[str, Any]] = {}

    def discover(self) -> dict[str, dict[str, Any]]:
        """The services, by the hook that they are called on."""
        answer = self.http.get("/cds-services")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/json")
        for service in held(answer.json(), DISCOVERY)["services"]:
            for template in service.get("prefetch", {}).values():
                assert _READ_OR_SEARCH.fullmatch(template), template
                assert all(_KNOWN_TOKENS.fullmatch(token) for token in _TOKEN.findall(template)), template
            self.services[service["hook"]] = service
        return self.services

    def request(self, hook: str, **context: Any) -> dict[str, Any]:
        """What a call of a hook sends, with everything prefetched that the service asks for."""
        known = {"userId": "Practitioner/example", "patientId": self.patient, **context}
        told = {key: _filled(template, known) for key, template in self.services[hook].get("prefetch", {}).items()}
        return {
            "hook": hook,
            "hookInstance": str(uuid4()),
            "context": known,
            "prefetch": {key: self.fetch(address) for key, address in told.items()},
        }

    def send(self, request: Mapping[str, Any]) -> httpx.Response:
        """The answer to a call."""
        return self.http.post(f"/cds-services/{self.services[request['hook']]['id']}", json=request)

    def call(self, hook: str, **context: Any) -> list[dict[str, Any]]:
        """The cards for a hook."""
        answer = self.send(self.request(hook, **context))
        assert answer.status_code == 200, answer.text
        cards: list[dict[str, Any]] = held(answer.json(), RESPONSE)["cards"]
        names = [card["uuid"] for card in cards if "uuid" in card]
        assert len(names) == len(set(names))
        return cards

    def accept(self, hook: str, card: Mapping[str, Any]) -> httpx.Response:
        """Tell that the first suggestion of a card was accepted."""
        chosen = [{"id": card["suggestions"][0]["uuid"]}]
        return self._tell(hook, {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": chosen})

    def override(self, hook: str, card: Mapping[str, Any], comment: str = "", reason: Any = None) -> httpx.Response:
        """Tell that a card was set aside, for a reason that it offers, and with a comment."""
        why = {**({"reason": reason} if reason else {}), **({"userComment": comment} if comment else {})}
        more = {"overrideReason": why} if why else {}
        return self._tell(hook, {"card": card["uuid"], "outcome": "overridden", **more})

    def _tell(self, hook: str, row: Mapping[str, Any]) -> httpx.Response:
        when = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        body = {"feedback": [{**row, "outcomeTimestamp": when}]}
        assert faults("feedback", body) == []
        return self.http.post(f"/cds-services/{self.services[hook]['id']}/feedback", json=body)


def _filled(template: str, context: Mapping[str, Any]) -> str:
    """The address of a template for a context."""
    return _TOKEN.sub(lambda token: str(context[token[1].removeprefix("context.")]), template)
