"""The audit of the shipped article: its faults, and the verdicts on its claims."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

ARTICLE = "ggd:droracle-sciatica-2025"
ARTICLE_IRI = "https://w3id.org/guidegraph/statement/droracle-sciatica-2025/"


@pytest.fixture(scope="module")
def article(kb: Any) -> dict[str, Any]:
    report = kb.audit(document=ARTICLE, as_of=date(2026, 11, 24))
    data: dict[str, Any] = report.data
    return data


def of(data: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [row for row in data["findings"] if row["kind"] == kind]


@pytest.mark.slow
def test_the_article_cites_number_seven(article: dict[str, Any]) -> None:
    (row,) = of(article, "cited-number-missing")
    assert row["evidence"] == ["Sciatica has inflammatory and neuropathic components: cites number 7"]


def test_the_article_rests_on_four_digests(article: dict[str, Any]) -> None:
    nodes = {row["iri"] for row in of(article, "secondary-without-primary")}
    assert {ARTICLE_IRI + f"ref-{n}" for n in (1, 2, 3, 5)} == {n for n in nodes if "/ref-" in n}


def test_the_article_names_two_primaries_without_listing_them(article: dict[str, Any]) -> None:
    told = " ".join(e for row in of(article, "named-not-listed") for e in row["evidence"])
    assert len(of(article, "named-not-listed")) == 2
    assert "BMJ 2025" in told and "ASA 2010" in told


@pytest.mark.parametrize(
    ("kind", "nodes"),
    [
        ("numbering-misfit", ["droracle-sciatica-2025"]),
        ("self-citation", ["ref-1"]),
        ("review-pending", ["droracle-sciatica-2025"]),
        # It tells what two others recommend: that is their disagreement.
        ("internal-contradiction", []),
        ("misattributed", ["interventional-last", "lead-interventional"]),
        (
            "primaries-disagree",
            ["acupuncture", "ct-candidate", "epidural-steroid", "gabapentin", "mri-candidate", "sacroiliac-injection"],
        ),
        # A guideline of 2020 speaks for what another of that year advises against: both sides are told.
        ("primary-says-otherwise", []),
        ("cited-source-silent", ["droracle-sciatica-2025"]),
        ("nobody-named", ["divergence", "evolving-evidence"]),
        ("window-contradicts-section", ["acupuncture", "cbt", "exercise", "manipulation", "massage"]),
        ("outdated", ["prolonged-bed-rest"]),
        (
            "population-shifted",
            [
                "epidural-against",
                "evaluate-cauda-equina",
                "evaluate-infection-malignancy",
                "heat",
                "massage-effect",
                "rehabilitation",
                "risk-assessment",
                "stimulation",
            ],
        ),
    ],
)
def test_every_other_fault_of_the_article(article: dict[str, Any], kind: str, nodes: list[str]) -> None:
    assert sorted(row["iri"].rpartition("/")[2] for row in of(article, kind)) == nodes


def test_evidence_of_very_low_quality_is_no_claim_of_a_benefit(article: dict[str, Any]) -> None:
    items = {row["id"].rpartition("/")[2]: row for row in article["corroboration"]["items"]}
    agreed = {p["document"]["id"] for p in items["nsaid-pain"]["sources"] if p["relation"] == "supportedBy"}
    assert items["nsaid-pain"]["verdict"] == "corroborated" and agreed == {"ggd:cochrane-nsaid-2016"}


def test_where_primaries_take_both_sides_each_is_named(article: dict[str, Any]) -> None:
    rows = {row["iri"].rpartition("/")[2]: " ".join(row["evidence"]) for row in of(article, "primaries-disagree")}
    for claim in ("gabapentin", "acupuncture"):
        assert "NICE NG59" in rows[claim] and "RSSP" in rows[claim]
    assert "BMJ 2025 guideline" in rows["sacroiliac-injection"]


def test_advice_in_the_name_of_a_source_that_advises_against_it_is_found(article: dict[str, Any]) -> None:
    rows = {row["iri"].rpartition("/")[2]: row["evidence"] for row in of(article, "misattributed")}
    # The text uses the number 1 for this guideline, whatever stands first in its list.
    assert all("BMJ 2025 guideline" in told and "against" in told for told in rows["interventional-last"])
    items = {row["id"].rpartition("/")[2]: row for row in article["corroboration"]["items"]}
    assert items["interventional-last"]["kind"] == "Advice"
    assert items["interventional-last"]["verdict"] == "contradicted"
    assert items["most-procedures-against"]["verdict"] in ("corroborated", "qualified")
    (silent,) = of(article, "cited-source-silent")
    assert any("NSAIDs first" in told and "BMJ 2025" in told for told in silent["evidence"])


def test_claims_on_referral_and_imaging_meet_the_primaries_that_speak_of_them(article: dict[str, Any]) -> None:
    items = {row["id"].rpartition("/")[2]: row for row in article["corroboration"]["items"]}
    for claim, document in (
        ("surgical-consultation", "ggd:nhg-2015"),
        ("evaluate-deficit", "ggd:nhg-2015"),
        ("routine-imaging-effect", "ggd:nice-ng59"),
    ):
        assert document in {p["document"]["id"] for p in items[claim]["sources"]}, claim
    assert items["surgical-consultation"]["verdict"] != "not addressed"


def test_claims_have_verdicts_with_their_pairs(article: dict[str, Any]) -> None:
    held = article["corroboration"]
    items = {row["id"].rpartition("/")[2]: row for row in held["items"]}
    assert items["gabapentin"]["verdict"] == "contested"
    agreed = {p["document"]["id"] for p in items["straight-leg-raise"]["sources"] if p["relation"] == "supportedBy"}
    assert agreed == {"ggd:cochrane-slr-2010", "ggd:deville-2000"}
    assert {p["document"]["id"] for p in items["active-or-bed-rest"]["sources"] if p["relation"] == "qualifiedBy"} == {
        "ggd:cochrane-bed-rest-2010",
        "ggd:dk-2018",
    }
    # Pain of a sacroiliac joint is axial for the guideline that advises against injections into joints.
    against = {
        p["document"]["id"] for p in items["sacroiliac-injection"]["sources"] if p["relation"] == "contradictedBy"
    }
    assert against == {"ggd:bmj-2025"}
    assert items["heat"]["verdict"] == items["rehabilitation"]["verdict"] == "population shifted"
    assert items["epidural-against"]["verdict"] == "population shifted"
    assert items["return-to-activity"]["verdict"] == "not addressed"
    assert items["prolonged-bed-rest"]["verdict"] == "outdated"
    assert sum(held["counts"].values()) == len(held["items"])
    for row in held["items"]:
        assert (row["verdict"] == "not addressed") == ({p["relation"] for p in row["sources"]} <= {"elsewhere"})
