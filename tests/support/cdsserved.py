"""A server of CDS Hooks that runs, and clinical systems that know example patients, whose orders are drafts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS

# What serves is loaded by the tests that need it.
if TYPE_CHECKING:
    import httpx

    from guidegraph.web.served import Served
    from tests.support.cdsclient import Client

ATC = "http://www.whocc.no/atc"
IBUPROFEN, NAPROXEN, ACETAMINOPHEN = ("M01AE01", "Ibuprofen"), ("M01AE02", "Naproxen"), ("N02BE01", "Acetaminophen")


@pytest.fixture(scope="module")
def cds_served(kb: gg.KnowledgeBase) -> Served:
    from guidegraph.web.served import Served

    return Served(kb)


@pytest.fixture(scope="module")
def cds_http(cds_served: Served) -> Iterator[httpx.Client]:
    """A client of a server that runs."""
    import httpx
    import uvicorn

    from guidegraph.web.app import application

    server = uvicorn.Server(uvicorn.Config(application(cds_served), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as asking:
        yield asking
    server.should_exit = True
    thread.join(10)


def record(kb: gg.KnowledgeBase, example: str) -> dict[str, Any]:
    """An example patient as a clinical system has them: with a day of birth, of which the age follows."""
    bundle: dict[str, Any] = json.loads(
        json.dumps(kb.patient_bundle(f"example:{example}", as_of=date.today()), default=float)
    )
    age = json.loads(OPERATIONS["profile"].ask(kb, {"profile": f"example:{example}"}))["profile"]["age"]
    person = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Patient")
    person["birthDate"] = (date.today() - timedelta(days=round((age + 0.5) * 365.25))).isoformat()
    return bundle


def client_of(http: httpx.Client, bundle: dict[str, Any]) -> Client:
    """A clinical system that has the resources of a bundle on its FHIR server."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    patient = next(one["id"] for one in resources if one["resourceType"] == "Patient")

    def fetch(address: str) -> Any:
        name, _, query = address.partition("?")
        if not query:
            return next((one for one in resources if f"{one['resourceType']}/{one['id']}" == name), None)
        assert query == f"patient={patient}"
        found = [one for one in resources if one["resourceType"] == name]
        entries = [{"resource": one, "search": {"mode": "match"}} for one in found]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries} if found else None

    from tests.support.cdsclient import Client

    client = Client(http, fetch, patient)
    client.discover()
    return client


@pytest.fixture(scope="module")
def clinic(cds_http: httpx.Client, kb: gg.KnowledgeBase) -> Any:
    """A clinical system that knows an example patient."""

    def known(example: str) -> Client:
        return client_of(cds_http, record(kb, example))

    return known


def drafts(client: Client, *drugs: tuple[str, str], **more: Any) -> dict[str, Any]:
    """The context of an ordering hook: draft orders of drugs, all of them selected."""
    orders = [
        {
            "resourceType": "MedicationRequest",
            "id": f"draft-{code}",
            "status": "draft",
            "intent": "order",
            "subject": {"reference": f"Patient/{client.patient}"},
            "medicationCodeableConcept": {"coding": [{"system": ATC, "code": code}], "text": text},
            **more,
        }
        for code, text in drugs
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order} for order in orders]}
    return {"draftOrders": bundle, "selections": [f"MedicationRequest/{order['id']}" for order in orders]}
