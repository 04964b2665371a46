"""CDS Hooks: a client that knows the specification alone discovers, prefetches, gets cards and sends feedback."""

from __future__ import annotations

import ast
import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import guidegraph as gg
from guidegraph.api.operations import OPERATIONS
from guidegraph.web.app import application
from guidegraph.web.served import Served
from tests.support import cdsclient
from tests.support.cdsclient import Client
from tests.support.webserver import webserver

ATC = "http://www.whocc.no/atc"
IBUPROFEN, NAPROXEN, ACETAMINOPHEN = ("M01AE01", "Ibuprofen"), ("M01AE02", "Naproxen"), ("N02BE01", "Acetaminophen")
CANARY = "canary-5512"


@pytest.fixture(scope="module")
def served(kb: gg.KnowledgeBase) -> Served:
    return Served(kb)


@pytest.fixture(scope="module")
def http(served: Served) -> Iterator[httpx.Client]:
    """A client of a server that runs."""
    server = uvicorn.Server(uvicorn.Config(application(served), host="127.0.0.1", port=0, log_level="warning"))
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

    client = Client(http, fetch, patient)
    client.discover()
    return client


@pytest.fixture(scope="module")
def of(http: httpx.Client, kb: gg.KnowledgeBase) -> Any:
    """A clinical system that knows an example patient."""

    def known(example: str) -> Client:
        return client_of(http, record(kb, example))

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


def test_the_client_knows_nothing_of_the_server() -> None:
    tree = ast.parse(Path(cdsclient.__file__).read_text(encoding="utf-8"))
    named = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not named & {"guidegraph", "tests"}


def test_discovery_offers_the_three_hooks(of: Any, repo_root: Path) -> None:
    services = of("age-only").services
    assert set(services) == {"patient-view", "order-select", "order-sign"}
    for service in services.values():
        assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
        assert service["title"] and "412" in service["usageRequirements"]
        assert f"`{service['id']}`" in (repo_root / "docs/cds-hooks.md").read_text(encoding="utf-8")


def test_patient_view_shows_the_glance_and_both_sides_of_what_is_contested(of: Any, kb: gg.KnowledgeBase) -> None:
    cards = of("chronic-failed-care").call("patient-view")
    glance, *contested = cards
    assert glance["summary"].startswith("Sciatica for 20 weeks: ")
    assert "**RECOMMENDED**" in glance["detail"] and glance["detail"].count("Decision support") == 1
    # What the command line says of its options is of no use here.
    assert "--" not in glance["detail"]
    assert contested and all(card["summary"].startswith("Sources disagree: ") for card in contested)
    for card in contested:
        assert "**For**" in card["detail"] and "**Against**" in card["detail"]
    # Each link leads to what the card is about, on the server that gave it.
    assert all(re.match(r"http://127\.0\.0\.1:\d+/term/\w+$", card["links"][0]["url"]) for card in contested)
    assert any(card["source"].get("url", "").startswith("https://doi.org/") for card in contested)


def test_an_order_that_is_contraindicated_gets_a_critical_card(of: Any) -> None:
    client = of("bleeding-ulcer")
    (card,) = client.call("order-select", **drafts(client, IBUPROFEN))
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Contraindicated: Ibuprofen - ")
    assert "bleeding peptic ulcer" in card["detail"] and card["source"]["label"] in card["detail"].replace("\\", "")
    assert len(card["overrideReasons"]) >= 3
    (suggestion,) = card["suggestions"]
    assert suggestion["actions"] == [
        {"type": "delete", "description": suggestion["label"], "resourceId": "MedicationRequest/draft-M01AE01"}
    ]
    (signed,) = client.call("order-sign", draftOrders=drafts(client, IBUPROFEN)["draftOrders"])
    assert {**signed, "uuid": 0, "suggestions": 0} == {**card, "uuid": 0, "suggestions": 0}


def test_the_drafts_are_a_plan_and_the_selected_ones_are_told_of(of: Any) -> None:
    client = of("acute-uncomplicated")
    both = drafts(client, IBUPROFEN, NAPROXEN)
    cards = client.call("order-select", **{**both, "selections": ["MedicationRequest/draft-M01AE01"]})
    (card,) = cards
    assert "Naproxen" not in card["summary"].partition(" - ")[0] and card["indicator"] == "warning"
    assert "takes naproxen" in card["detail"] and "**Twice**" in card["detail"]
    assert len(client.call("order-sign", draftOrders=both["draftOrders"])) == 2
    alone = client.call("order-select", **drafts(client, IBUPROFEN))
    assert all("takes naproxen" not in card["detail"] for card in alone)


def test_a_side_that_is_not_known_to_speak_of_the_patient_is_no_voice(http: httpx.Client, of: Any) -> None:
    # Without an age nobody knows whether a guideline for adults speaks of this patient.
    client = of("bleeding-ulcer")
    request = client.request("order-select", **drafts(client, ("N03AX12", "Gabapentin")))
    assert "**Against**" in client.send(request).json()["cards"][0]["detail"]
    del request["prefetch"]["patient"]["birthDate"]
    assert "**Against**" not in client.send(request).json()["cards"][0]["detail"]


def test_what_is_taken_now_and_the_orders_speak_against_is_told(http: httpx.Client, kb: gg.KnowledgeBase) -> None:
    taking = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": "2020-01-01"},
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": NAPROXEN[0]}]},
    }
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}
    client = client_of(http, {"entry": [{"resource": person}, {"resource": taking}]})
    cards = client.call("order-select", **drafts(client, ("N06AX21", "Duloxetine")))
    (card,) = [one for one in cards if one["summary"].startswith("Taken now: ")]
    assert card["summary"].startswith("Taken now: naproxen - ") and card["indicator"] == "warning"
    assert "with duloxetine" in card["detail"] and card["overrideReasons"]
    # Another draft of the session that was not selected brings it about: it is told with that one.
    both = drafts(client, ("N06AX21", "Duloxetine"), ACETAMINOPHEN)
    later = client.call("order-select", **{**both, "selections": ["MedicationRequest/draft-N02BE01"]})
    assert not any(one["summary"].startswith("Taken now: ") for one in later)


def test_what_nobody_reviewed_is_said_to_be_so(of: Any) -> None:
    client = of("acute-uncomplicated")
    (card,) = client.call("order-select", **drafts(client, ("N03AX12", "Gabapentin")))
    told = card["detail"].replace("\\", "")
    assert re.search(r"\*\*For\*\*\n\n- .*, unreviewed;", told) and "NICE NG59" in told
    assert "unreviewed" not in told.partition("**Against**")[2].partition("**")[0]


def test_the_links_of_cards_lead_to_pages(of: Any) -> None:
    clients = [of("chronic-failed-care"), of("bleeding-ulcer"), of("cauda-equina-week-1")]
    cards = clients[0].call("patient-view") + clients[2].call("patient-view")
    cards += [card for one in clients for card in one.call("order-select", **drafts(one, IBUPROFEN, NAPROXEN))]
    links = {link["url"] for card in cards for link in card["links"]}
    assert len(links) > 5
    for url in sorted(links):
        page = clients[0].http.get(url, headers={"accept": "text/html"}, follow_redirects=True)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html"), url


def test_every_order_is_in_one_card(of: Any) -> None:
    client = of("complete-record")
    drugs = [
        IBUPROFEN,
        NAPROXEN,
        ACETAMINOPHEN,
        ("N03AX16", "Pregabalin"),
        ("X99", "Nothing known"),
        ("H02AB06", "Steroid"),
    ]
    cards = client.call("order-select", **drafts(client, *drugs))
    for _, text in drugs:
        told = [
            c
            for c in cards
            if text in c["summary"].partition(" - ")[0] or f"{text}:" in c["detail"] or f"{text} (" in c["detail"]
        ]
        assert len(told) == 1, (text, [card["summary"] for card in told])
    order = [card["indicator"] for card in cards]
    assert order == sorted(order, key=["critical", "warning", "info"].index)


@pytest.mark.parametrize(
    "more",
    [
        {"medicationCodeableConcept": {"text": "ibuprofen"}},
        {"medicationCodeableConcept": {"coding": [{"system": "http://example.org", "code": "1"}]}},
        {"subject": {"reference": "Patient/somebody-else"}},
        {"modifierExtension": [{"url": "http://example.org/opposite", "valueBoolean": True}]},
        {"resourceType": "NutritionOrder"},
    ],
    ids=["text", "system", "patient", "modifier", "type"],
)
def test_an_order_that_is_not_understood_is_told_and_never_clear(of: Any, more: dict[str, Any]) -> None:
    client = of("bleeding-ulcer")
    context = drafts(client, IBUPROFEN, **more)
    context["selections"] = [f"{more.get('resourceType', 'MedicationRequest')}/draft-M01AE01"]
    (card,) = client.call("order-select", **context)
    assert (
        card["indicator"] == "warning" and "1 not checked" in card["summary"] and "**not checked:**" in card["detail"]
    )


def test_what_a_record_writes_is_no_markup_of_a_card(of: Any) -> None:
    client = of("bleeding-ulcer")
    hostile = "<script>alert(1)</script>\n# **[x](http://example.org)**"
    for code in ("M01AE01", "Z99"):
        (card,) = client.call("order-select", **drafts(client, (code, hostile)))
        assert not re.search(r"(?<!\\)[<\[]", card["detail"]) and "\n# " not in card["detail"]


def test_a_service_request_is_an_order(of: Any, kb: gg.KnowledgeBase) -> None:
    client = of("chronic-failed-care")
    order = {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{client.patient}"},
        "code": {"coding": [{"system": "https://w3id.org/guidegraph/term/", "code": "EpiduralSteroidInjection"}]},
    }
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": order}]}
    (card,) = client.call("order-sign", draftOrders=bundle)
    assert card["summary"].startswith("Sources disagree: ") and card["indicator"] == "warning"
    assert "**For**" in card["detail"] and "**Against**" in card["detail"]


@pytest.mark.parametrize("status", ["not-indicated", "eligible"])
def test_that_nothing_is_on_file_of_what_contraindicates_it_is_told(of: Any, kb: gg.KnowledgeBase, status: str) -> None:
    client = of("acute-uncomplicated")
    found = kb.therapies(kb.profile_from_fhir(record(kb, "acute-uncomplicated")).profile).assessment
    iri = min(iri for iri in found.unfiled if found.statuses.get(iri) == status)
    code = {"coding": [{"system": gg.api.ns.GGT, "code": iri.removeprefix(gg.api.ns.GGT)}]}
    context = drafts(client, IBUPROFEN)
    context["draftOrders"]["entry"][0]["resource"] |= {"medicationCodeableConcept": code}
    (card,) = client.call("order-select", **context)
    assert "contraindications not on file" in card["detail"]


def test_an_alert_that_holds_comes_first_whatever_is_ordered(of: Any) -> None:
    client = of("cauda-equina-week-1")
    view = client.call("patient-view")
    assert view[0]["indicator"] == "critical" and "ALERT" in view[0]["summary"]
    first, *rest = client.call("order-select", **drafts(client, ACETAMINOPHEN))
    assert first["indicator"] == "critical" and first["summary"].startswith("ALERT: ") and rest
    assert "**Calls for**" in first["detail"]


def test_several_problems_have_a_glance_each(http: httpx.Client) -> None:
    def condition(name: str, weeks: int) -> dict[str, Any]:
        system = "http://terminology.hl7.org/CodeSystem/condition"
        return {
            "resourceType": "Condition",
            "id": name,
            "clinicalStatus": {"coding": [{"system": f"{system}-clinical", "code": "active"}]},
            "verificationStatus": {"coding": [{"system": f"{system}-ver-status", "code": "confirmed"}]},
            "code": {"coding": [{"system": "https://w3id.org/guidegraph/term/", "code": name}]},
            "subject": {"reference": "Patient/p"},
            "onsetDateTime": (date.today() - timedelta(weeks=weeks)).isoformat(),
        }

    person = {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}
    held = [person, condition("LowBackPain", 260), condition("Sciatica", 2)]
    client = client_of(http, {"entry": [{"resource": one} for one in held]})
    summaries = [card["summary"] for card in client.call("patient-view") if "disagree: " not in card["summary"]]
    assert [summary.partition(":")[0] for summary in summaries] == [
        "Low back pain for 260 weeks",
        "Sciatica for 2 weeks",
    ]
    assert len(client.call("order-select", **drafts(client, IBUPROFEN))) == 1


def test_a_patient_without_a_problem_of_ours_gets_no_card(http: httpx.Client) -> None:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}
    client = client_of(http, {"entry": [{"resource": person}]})
    assert client.call("patient-view") == []


def test_a_bundle_under_any_key_is_read(of: Any, kb: gg.KnowledgeBase) -> None:
    client = of("bleeding-ulcer")
    bundle = record(kb, "bleeding-ulcer")
    request = client.request("order-select", **drafts(client, IBUPROFEN))
    answer = client.send({**request, "prefetch": {"everything": bundle}})
    assert [card["indicator"] for card in answer.json()["cards"]] == ["critical"]


def test_what_is_not_given_is_unknown_and_without_the_least_it_is_412(of: Any) -> None:
    client = of("bleeding-ulcer")
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


def test_what_cannot_be_read_of_the_record_is_told(of: Any) -> None:
    client = of("bleeding-ulcer")
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
        ({"fhirAuthorization": {"access_token": "x"}}, "fhirServer"),
        ({"prefetch": {"patient": 1}}, "prefetch.patient"),
        ({"prefetch": []}, "prefetch"),
    ],
    ids=str,
)
def test_a_request_that_is_none_of_the_hook_is_refused(of: Any, change: dict[str, Any], where: str) -> None:
    client = of("age-only")
    answer = client.http.post(
        f"/cds-services/{client.services['patient-view']['id']}", json={**client.request("patient-view"), **change}
    )
    assert answer.status_code == 400 and answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["where"] == where


def test_ordering_hooks_need_their_orders(of: Any) -> None:
    client = of("age-only")
    whole = client.request("order-select", **drafts(client, IBUPROFEN))
    for name, value in (("draftOrders", None), ("draftOrders", {"resourceType": "Patient"}), ("selections", None)):
        answer = client.send({**whole, "context": {**whole["context"], name: value}})
        assert answer.status_code == 400 and answer.json()["where"] == f"context.{name}"
    assert client.call("order-select", draftOrders={"resourceType": "Bundle"}, selections=[]) == []
    assert client.http.post("/cds-services/nothing", json={}).status_code == 404
    assert client.http.get(f"/cds-services/{client.services['order-select']['id']}").status_code == 405


def test_the_patient_in_context_is_the_one_who_is_read(of: Any) -> None:
    client = of("bleeding-ulcer")
    request = client.request("patient-view")
    request["context"]["patientId"] = "somebody-else"
    answer = client.send(request)
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"


def test_feedback_is_counted_and_nothing_of_it_is_kept(of: Any, served: Served) -> None:
    client = of("bleeding-ulcer")
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
    assert CANARY not in client.http.get("/metrics").text and CANARY not in repr(vars(served))


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
def test_what_is_no_feedback_is_refused(of: Any, row: dict[str, Any], where: str) -> None:
    client = of("age-only")
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
