"""CDS Hooks: what cards tell of a patient and of orders."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

import guidegraph as gg
from tests.support.cdsserved import ACETAMINOPHEN, ATC, IBUPROFEN, NAPROXEN, client_of, drafts, record


def test_patient_view_shows_the_glance_and_both_sides_of_what_is_contested(clinic: Any, kb: gg.KnowledgeBase) -> None:
    cards = clinic("chronic-failed-care").call("patient-view")
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


def test_an_order_that_is_contraindicated_gets_a_critical_card(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
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


def test_the_drafts_are_a_plan_and_the_selected_ones_are_told_of(clinic: Any) -> None:
    client = clinic("acute-uncomplicated")
    both = drafts(client, IBUPROFEN, NAPROXEN)
    cards = client.call("order-select", **{**both, "selections": ["MedicationRequest/draft-M01AE01"]})
    (card,) = cards
    assert "Naproxen" not in card["summary"].partition(" - ")[0] and card["indicator"] == "warning"
    assert "takes naproxen" in card["detail"] and "**Twice**" in card["detail"]
    assert len(client.call("order-sign", draftOrders=both["draftOrders"])) == 2
    alone = client.call("order-select", **drafts(client, IBUPROFEN))
    assert all("takes naproxen" not in card["detail"] for card in alone)


def test_a_side_that_is_not_known_to_speak_of_the_patient_is_no_voice(cds_http: httpx.Client, clinic: Any) -> None:
    # Without an age nobody knows whether a guideline for adults speaks of this patient.
    client = clinic("bleeding-ulcer")
    request = client.request("order-select", **drafts(client, ("N03AX12", "Gabapentin")))
    assert "**Against**" in client.send(request).json()["cards"][0]["detail"]
    del request["prefetch"]["patient"]["birthDate"]
    assert "**Against**" not in client.send(request).json()["cards"][0]["detail"]


def test_what_is_taken_now_and_the_orders_speak_against_is_told(cds_http: httpx.Client, kb: gg.KnowledgeBase) -> None:
    taking = {
        "resourceType": "MedicationStatement",
        "id": "m1",
        "status": "active",
        "subject": {"reference": "Patient/p"},
        "effectivePeriod": {"start": "2020-01-01"},
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": NAPROXEN[0]}]},
    }
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01"}
    client = client_of(cds_http, {"entry": [{"resource": person}, {"resource": taking}]})
    cards = client.call("order-select", **drafts(client, ("N06AX21", "Duloxetine")))
    (card,) = [one for one in cards if one["summary"].startswith("Taken now: ")]
    assert card["summary"].startswith("Taken now: naproxen - ") and card["indicator"] == "warning"
    assert "with duloxetine" in card["detail"] and card["overrideReasons"]
    # Another draft of the session that was not selected brings it about: it is told with that one.
    both = drafts(client, ("N06AX21", "Duloxetine"), ACETAMINOPHEN)
    later = client.call("order-select", **{**both, "selections": ["MedicationRequest/draft-N02BE01"]})
    assert not any(one["summary"].startswith("Taken now: ") for one in later)


def test_an_order_of_what_was_not_tolerated_is_warned_of(clinic: Any) -> None:
    """Tramadol, of which no document speaks for this patient, would be told as one that nothing speaks against."""
    client = clinic("acute-uncomplicated")
    request = client.request("order-select", **drafts(client, ("N02AX02", "Tramadol")))
    status = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "type": "intolerance",
        "patient": {"reference": f"Patient/{request['prefetch']['patient']['id']}"},
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
        "code": {"coding": [{"system": ATC, "code": "N02AX02"}], "text": "Tramadol - vomits"},
    }
    request["prefetch"]["allergies"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": allergy}],
    }
    (card,) = (c for c in client.send(request).json()["cards"] if "Tramadol" in c["summary"])
    assert card["indicator"] == "warning" and card["summary"].startswith("Not tolerated: Tramadol - tramadol")
    assert "vomits" in card["detail"] and card["overrideReasons"]


def test_what_nobody_reviewed_is_said_to_be_so(clinic: Any) -> None:
    client = clinic("acute-uncomplicated")
    (card,) = client.call("order-select", **drafts(client, ("N03AX12", "Gabapentin")))
    told = card["detail"].replace("\\", "")
    assert re.search(r"\*\*For\*\*\n\n- .*, unreviewed;", told) and "NICE NG59" in told
    assert "unreviewed" not in told.partition("**Against**")[2].partition("**")[0]


@pytest.mark.slow
def test_the_links_of_cards_lead_to_pages(clinic: Any) -> None:
    clients = [clinic("chronic-failed-care"), clinic("bleeding-ulcer"), clinic("cauda-equina-week-1")]
    cards = clients[0].call("patient-view") + clients[2].call("patient-view")
    cards += [card for one in clients for card in one.call("order-select", **drafts(one, IBUPROFEN, NAPROXEN))]
    links = {link["url"] for card in cards for link in card["links"]}
    assert len(links) > 5
    for url in sorted(links):
        page = clients[0].http.get(url, headers={"accept": "text/html"}, follow_redirects=True)
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html"), url


def test_every_order_is_in_one_card(clinic: Any) -> None:
    client = clinic("complete-record")
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
def test_an_order_that_is_not_understood_is_told_and_never_clear(clinic: Any, more: dict[str, Any]) -> None:
    client = clinic("bleeding-ulcer")
    context = drafts(client, IBUPROFEN, **more)
    context["selections"] = [f"{more.get('resourceType', 'MedicationRequest')}/draft-M01AE01"]
    (card,) = client.call("order-select", **context)
    assert (
        card["indicator"] == "warning" and "1 not checked" in card["summary"] and "**not checked:**" in card["detail"]
    )


def test_an_order_whose_codes_disagree_is_never_clear(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    both = {"coding": [{"system": ATC, "code": code} for code in ("N02BE01", "M01AE01")]}
    (card,) = client.call("order-select", **drafts(client, IBUPROFEN, medicationCodeableConcept=both))
    assert card["summary"] == "Orders: 1 not checked" and "codes disagree" in card["detail"]
    # What both have in common is known to be wrong for the patient, and more may be.
    both = {"coding": [{"system": ATC, "code": code} for code in ("M01AE01", "M01AE02")], "text": "Naproxen"}
    (card,) = client.call("order-select", **drafts(client, IBUPROFEN, medicationCodeableConcept=both))
    assert card["indicator"] == "critical" and "**Not read whole**" in card["detail"]


def test_a_card_says_as_what_an_order_was_read(clinic: Any) -> None:
    client = clinic("complete-record")
    told = client.call("order-select", **drafts(client, ("N02BE01", "A brand")))
    assert any("A brand (read as acetaminophen)" in c["detail"].replace("\\", "") for c in told) or any(
        "**Read as**\n\n- acetaminophen" in c["detail"] for c in told
    )
    client = clinic("bleeding-ulcer")
    (card,) = client.call("order-select", **drafts(client, ("M01AE01", "Acetaminophen")))
    assert card["summary"].startswith("Contraindicated: Acetaminophen (read as ibuprofen) - ")
    assert "its words say acetaminophen, its codes ibuprofen" in card["detail"]


def test_a_selection_that_is_not_there_is_told(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    (card,) = client.call("order-select", **{**drafts(client, IBUPROFEN), "selections": ["MedicationRequest/other"]})
    assert card["indicator"] == "warning" and "MedicationRequest/other" in card["detail"]


def test_a_record_that_is_not_whole_is_told_where_no_problem_is_known(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    request = client.request("patient-view")
    person = request["prefetch"]["patient"]
    given = {"patient": person, "conditions": {"resourceType": "OperationOutcome", "issue": []}}
    (card,) = client.send({**request, "prefetch": given}).json()["cards"]
    assert card["indicator"] == "warning" and "the record is not whole" in card["detail"]
    assert client.send({**request, "prefetch": {"patient": person, "conditions": None}}).json()["cards"] == []


def test_what_a_record_writes_is_no_markup_of_a_card(clinic: Any) -> None:
    client = clinic("bleeding-ulcer")
    hostile = "<script>alert(1)</script>\n# **[x](http://example.org)**"
    for code in ("M01AE01", "Z99"):
        (card,) = client.call("order-select", **drafts(client, (code, hostile)))
        assert not re.search(r"(?<!\\)[<\[]", card["detail"]) and "\n# " not in card["detail"]


def test_a_service_request_is_an_order(clinic: Any, kb: gg.KnowledgeBase) -> None:
    client = clinic("chronic-failed-care")
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
def test_that_nothing_is_on_file_of_what_contraindicates_it_is_told(
    clinic: Any, kb: gg.KnowledgeBase, status: str
) -> None:
    client = clinic("acute-uncomplicated")
    found = kb.therapies(kb.profile_from_fhir(record(kb, "acute-uncomplicated")).profile).assessment
    iri = min(iri for iri in found.unfiled if found.statuses.get(iri) == status)
    code = {"coding": [{"system": gg.api.ns.GGT, "code": iri.removeprefix(gg.api.ns.GGT)}]}
    context = drafts(client, IBUPROFEN)
    context["draftOrders"]["entry"][0]["resource"] |= {"medicationCodeableConcept": code}
    (card,) = client.call("order-select", **context)
    assert "contraindications not on file" in card["detail"]


def test_an_alert_that_holds_comes_first_whatever_is_ordered(clinic: Any) -> None:
    client = clinic("cauda-equina-week-1")
    view = client.call("patient-view")
    assert view[0]["indicator"] == "critical" and "ALERT" in view[0]["summary"]
    first, *rest = client.call("order-select", **drafts(client, ACETAMINOPHEN))
    assert first["indicator"] == "critical" and first["summary"].startswith("ALERT: ") and rest
    assert "**Calls for**" in first["detail"]


def test_several_problems_have_a_glance_each(cds_http: httpx.Client) -> None:
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
    client = client_of(cds_http, {"entry": [{"resource": one} for one in held]})
    summaries = [card["summary"] for card in client.call("patient-view") if "disagree: " not in card["summary"]]
    assert [summary.partition(":")[0] for summary in summaries] == [
        "Low back pain for 260 weeks",
        "Sciatica for 2 weeks",
    ]
    assert len(client.call("order-select", **drafts(client, IBUPROFEN))) == 1


def test_a_patient_without_a_problem_of_ours_gets_no_card(cds_http: httpx.Client) -> None:
    person = {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"}
    client = client_of(cds_http, {"entry": [{"resource": person}]})
    assert client.call("patient-view") == []
