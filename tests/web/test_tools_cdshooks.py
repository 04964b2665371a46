"""CDS Hooks: a client that knows the specification alone discovers, prefetches and sends feedback; what is refused."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

import guidegraph as gg
from guidegraph.web.served import Served
from tests.support import cdsclient, cdsmodels
from tests.support.cdsclient import Client
from tests.support.cdsserved import IBUPROFEN, client_of, drafts, record
from tests.support.webserver import webserver

CANARY = "canary-5512"


def imported(module: ModuleType) -> set[str]:
    """The modules that a module names in its imports."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    rows = [[a.name for a in node.names] for node in ast.walk(tree) if isinstance(node, ast.Import)]
    rows += [[node.module or ""] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name for row in rows for name in row}


def test_the_client_knows_nothing_of_the_server() -> None:
    named = imported(cdsclient) | imported(cdsmodels)
    ours = {name for name in named if name.partition(".")[0] in ("guidegraph", "tests")}
    assert ours == {cdsmodels.__name__}


UUID = "0b6e0d3a-2f0a-4a5b-9d63-7c1f0c2f1a11"
ACTION = {"type": "delete", "description": "d", "resourceId": "MedicationRequest/1"}
LINK = {"label": "l", "url": "https://example.org/", "type": "absolute"}
CARD = {
    "uuid": UUID,
    "summary": "s",
    "indicator": "info",
    "source": {"label": "l", "topic": {"code": "c"}},
    "suggestions": [{"label": "l", "uuid": UUID, "actions": [ACTION]}],
    "selectionBehavior": "at-most-one",
    "overrideReasons": [{"code": "c", "display": "d"}],
    "links": [LINK],
}
TOLD = {
    "card": UUID,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": UUID}],
    "outcomeTimestamp": "2026-11-28T10:00:00Z",
}


@pytest.mark.parametrize(
    ("model", "change"),
    [
        ("response", {"summary": "s" * 140}),
        ("response", {"summary": None}),
        ("response", {"indicator": "hard-stop"}),
        ("response", {"uuid": "card 1"}),
        ("response", {"source": {"label": "l", "name": "n"}}),
        ("response", {"source": {"url": "https://example.org/"}}),
        ("response", {"selectionBehavior": "all"}),
        ("response", {"suggestions": []}),
        ("response", {"suggestions": [{"label": "l", "isRecommended": True}] * 2}),
        ("response", {"suggestions": [{"label": "l", "actions": [{"type": "delete", "resourceId": "1"}]}]}),
        ("response", {"suggestions": [{"label": "l", "actions": [{"type": "delete", "description": "d"}]}]}),
        ("response", {"overrideReasons": [{"code": "c"}]}),
        ("response", {"links": [{**LINK, "appContext": "x"}]}),
        ("response", {"links": [{**LINK, "url": "/here"}]}),
        ("response", {"links": LINK}),
        ("feedback", {"outcome": "ignored"}),
        ("feedback", {"acceptedSuggestions": []}),
        ("feedback", {"outcomeTimestamp": "today"}),
        ("feedback", {"overrideReason": {}}),
        ("services", {"id": "two words "}),
        ("services", {"description": ""}),
        ("services", {"prefetch": {"patient": 1}}),
    ],
)
def test_the_models_of_hl7_refuse_what_they_do_not_allow(model: str, change: dict[str, Any]) -> None:
    service = {"hook": "patient-view", "id": "one", "description": "d", "prefetch": {"patient": "Patient/1"}}
    named, row = {"response": ("cards", CARD), "feedback": ("feedback", TOLD), "services": ("services", service)}[model]
    assert cdsmodels.faults(model, {named: [row]}) == [] == cdsmodels.faults(model, {named: []})
    assert len(cdsmodels.faults(model, {named: [row | change]})) == 1
    assert cdsmodels.faults(model, {}) == [f"{named}: missing"]


def test_a_suggestion_needs_to_be_told_how_many_may_be_chosen() -> None:
    card = {key: value for key, value in CARD.items() if key != "selectionBehavior"}
    assert cdsmodels.faults("response", {"cards": [card]}) == ["cards: cds-resp-6"]
    body = {"cards": [], "systemActions": []}
    assert cdsmodels.faults("response", body) == ["systemActions: empty"]


def test_discovery_offers_the_three_hooks(clinic: Any, repo_root: Path) -> None:
    services = clinic("age-only").services
    assert set(services) == {"patient-view", "order-select", "order-sign"}
    for service in services.values():
        assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        assert service["title"] and "412" in service["usageRequirements"]
        assert f"`{service['id']}`" in (repo_root / "docs/cds-hooks.md").read_text(encoding="utf-8")


def test_discovery_may_end_in_a_slash(cds_http: httpx.Client) -> None:
    assert cds_http.get("/cds-services/").json() == cds_http.get("/cds-services").json()


def test_a_bundle_under_any_key_is_read(clinic: Any, kb: gg.KnowledgeBase) -> None:
    client = clinic("bleeding-ulcer")
    bundle = record(kb, "bleeding-ulcer")
    request = client.request("order-select", **drafts(client, IBUPROFEN))
    answer = client.send({**request, "prefetch": {"everything": bundle}})
    assert [card["indicator"] for card in answer.json()["cards"]] == ["critical"]


def test_what_is_not_given_is_unknown_and_without_the_least_it_is_412(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    request = client.request("order-select", **drafts(client, IBUPROFEN))
    given = request["prefetch"]
    for missing in ("patient", "conditions"):
        answer = client.send({**request, "prefetch": {k: v for k, v in given.items() if k != missing}})
        assert answer.status_code == 412 and answer.json()["where"] == f"prefetch.{missing}"
    assert client.send({**request, "prefetch": {**given, "patient": None}}).status_code == 412
    # No condition is on record: the ulcer is not known, which does not make the order clear.
    answer = client.send({**request, "prefetch": {"patient": given["patient"], "conditions": None}})
    (card,) = cdsclient.held(answer.json(), cdsclient.RESPONSE)["cards"]
    assert card["indicator"] != "critical" and "**Contraindications that are not excluded**" in card["detail"]


def test_what_cannot_be_read_of_the_record_is_told(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    request = client.request("patient-view")
    request["prefetch"]["conditions"]["entry"][0]["resource"]["modifierExtension"] = [{"url": "http://example.org/x"}]
    told = client.send(request).json()["cards"]
    assert any("not read whole" in card["summary"] or "not understood" in card["summary"] for card in told)
    paged = client.request("patient-view")
    paged["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "http://example.org/next"}]
    assert "not read whole" in client.send(paged).json()["cards"][0]["summary"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"hook": "order-sign"}, "hook"),
        ({"hook": None}, "hook"),
        ({"hookInstance": "one"}, "hookInstance"),
        ({"hookInstance": None}, "hookInstance"),
        ({"context": []}, "context"),
        ({"context": {"userId": "Practitioner/1"}}, "context.patientId"),
        ({"context": {"patientId": "1"}}, "context.userId"),
        ({"context": {"userId": "Practitioner/1", "patientId": "Patient/"}}, "context.patientId"),
        ({"context": {"userId": "Practitioner/1", "patientId": " "}}, "context.patientId"),
        ({"fhirAuthorization": {"access_token": "x"}}, "fhirServer"),
        ({"prefetch": {"patient": 1}}, "prefetch.patient"),
        ({"prefetch": []}, "prefetch"),
    ],
    ids=str,
)
def test_a_request_that_is_none_of_the_hook_is_refused(clinic: Any, change: dict[str, Any], where: str) -> None:
    client = clinic("age-only")
    answer = client.http.post(
        f"/cds-services/{client.services['patient-view']['id']}", json={**client.request("patient-view"), **change}
    )
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["where"] == where


def test_ordering_hooks_need_their_orders(clinic: Any) -> None:
    client = clinic("age-only")
    whole = client.request("order-select", **drafts(client, IBUPROFEN))
    for name, value in (("draftOrders", None), ("draftOrders", {"resourceType": "Patient"}), ("selections", None)):
        answer = client.send({**whole, "context": {**whole["context"], name: value}})
        assert answer.status_code == 400 and answer.json()["where"] == f"context.{name}"
    assert client.call("order-select", draftOrders={"resourceType": "Bundle"}, selections=[]) == []
    assert client.http.post("/cds-services/nothing", json={}).status_code == 404
    assert client.http.get(f"/cds-services/{client.services['order-select']['id']}").status_code == 405


def test_the_patient_in_context_is_the_one_who_is_read(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    request = client.request("patient-view")
    request["context"]["patientId"] = "somebody-else"
    answer = client.send(request)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"


def test_feedback_is_counted_and_nothing_of_it_is_kept(clinic: Any, cds_served: Served) -> None:
    client = clinic("bleeding-ulcer")
    (card,) = client.call("order-select", **drafts(client, IBUPROFEN))
    before = counts(client)
    ours, other = card["overrideReasons"][0], {"code": CANARY, "system": "http://example.org", "display": CANARY}
    told = [
        client.accept("order-select", card),
        client.override("order-select", card),
        client.override("order-select", card, comment=CANARY),
        client.override("order-select", card, comment=CANARY, reason={k: ours[k] for k in ("system", "code")}),
        client.override("order-select", card, reason=other),
    ]
    assert [answer.status_code for answer in told] == [200] * 5
    after = counts(client)
    moved = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    assert moved == {
        "accepted": 1,
        "overridden": 2,
        f"overridden_{ours['code'].replace('-', '_')}": 1,
        "overridden_other": 1,
    }
    assert CANARY not in client.http.get("/metrics").text and CANARY not in repr(vars(cds_served))


def counts(client: Client) -> dict[str, int]:
    """What the server counted of cards."""
    found = re.findall(r"^guidegraph_cds_(\w+)_total (\d+)$", client.http.get("/metrics").text, re.MULTILINE)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ({"card": ""}, "feedback[0].card"),
        ({"outcome": "ignored"}, "feedback[0].outcome"),
        ({"outcomeTimestamp": "today"}, "feedback[0].outcomeTimestamp"),
        ({"outcome": "accepted"}, "feedback[0].acceptedSuggestions"),
        ({"overrideReason": "no"}, "feedback[0].overrideReason"),
        ({"overrideReason": {"reason": {}}}, "feedback[0].overrideReason.reason"),
    ],
    ids=str,
)
def test_what_is_no_feedback_is_refused(clinic: Any, row: dict[str, Any], where: str) -> None:
    client = clinic("age-only")
    whole = {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-11-24T00:00:00Z"}
    address = f"/cds-services/{client.services['order-sign']['id']}/feedback"
    before = counts(client)
    answer = client.http.post(address, json={"feedback": [{**whole, **row}]})
    assert answer.status_code == 400 and answer.json()["where"] == where
    assert client.http.post(address, json={"feedback": {}}).status_code == 400 and counts(client) == before


@pytest.mark.slow
def test_the_command_serves_the_hooks_from_every_process(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    with webserver(tmp_path, "--processes", "2") as server, server.client() as http:
        client = client_of(http, record(kb, "bleeding-ulcer"))
        cards = [client.call("order-select", **drafts(client, IBUPROFEN)) for _ in range(8)]
        assert all([card["indicator"] for card in told] == ["critical"] for told in cards)
        for (card,) in cards:
            # A connection each, so that both processes count.
            with server.client() as other:
                telling = Client(other, client.fetch, client.patient)
                telling.discover()
                assert telling.override("order-select", card).status_code == 200
        assert counts(client)["overridden"] == len(cards)
