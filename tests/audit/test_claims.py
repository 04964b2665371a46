"""The audit of claims: what primary sources say of each, and the verdict that follows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.audithelp import PREFIXES, audited, changed


def told_of(tmp_path: Path, claim: str, changes: dict[str, str]) -> dict[str, Any]:
    """What primaries say of one claim of the clean article, after changes."""
    report = audited(tmp_path, changed({"change": changes}), document=PREFIXES["d"] + "article")
    rows: list[dict[str, Any]] = report.data["corroboration"]["items"]
    return next(row for row in rows if row["id"].endswith(f"/{claim}"))


_PAIN = 's:pain a gg:EvidenceItem ; rdfs:label "Ache with drops"@en ;'
_TELLS = 'rdfs:label "Drops help"@en ;'
_EDGE = "s:cite-1 a gg:Citation"


@pytest.mark.parametrize(
    ("review", "article", "verdict", "relation"),
    [
        ("", "", "corroborated", "supportedBy"),
        ("gg:indication ex:Ache ;", "gg:indication ex:Ache ;", "corroborated", "supportedBy"),
        ("gg:indication ex:Ache ;", "gg:indication ex:Itch ;", "population shifted", "shiftedFrom"),
        ("gg:population ex:Aching ;", "gg:indication ex:Itch ;", "corroborated", "supportedBy"),
        ("gg:outcome ex:Less ;", "gg:outcome ex:Pain ;", "corroborated", "supportedBy"),
        ("gg:outcome ex:Other ;", "gg:outcome ex:Pain ;", "not addressed", None),
    ],
)
def test_evidence_counts_for_its_patients_and_its_outcome(
    tmp_path: Path, review: str, article: str, verdict: str, relation: str | None
) -> None:
    outcomes = """ex:Pain a gg:Outcome . ex:Less a gg:Outcome ; <http://www.w3.org/2004/02/skos/core#broader> ex:Pain .
        ex:Other a gg:Outcome . ex:Ache a owl:Class"""
    row = told_of(
        tmp_path,
        "found",
        {_PAIN: f"{_PAIN} {review}", _TELLS: f"{_TELLS} {article}", "ex:Ache a owl:Class": outcomes},
    )
    assert (row["verdict"], [p["relation"] for p in row["sources"]]) == (verdict, [relation] if relation else [])


@pytest.mark.parametrize(
    ("claimed", "found", "verdict"),
    [
        ("benefit", "no difference", "qualified"),
        ("benefit", "harm", "not addressed"),
        ("harm", "benefit", "not addressed"),
        ("no difference", "harm", "not addressed"),
        ("harm", "no difference", "qualified"),
    ],
)
def test_harm_and_benefit_are_different_things_where_no_outcome_is_stated(
    tmp_path: Path, claimed: str, found: str, verdict: str
) -> None:
    effect = 'gg:benefitOrHarm "{}" ; gg:effect "less ache" ; gg:certainty gg:Moderate .\n{}'
    row = told_of(
        tmp_path,
        "found",
        {
            effect.format("benefit", "s:loc-pain"): effect.format(found, "s:loc-pain"),
            effect.format("benefit", "s:cite-1"): effect.format(claimed, "s:cite-1"),
        },
    )
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("primary", "verdict"),
    [
        ("a gg:Comparison ; gg:intervention ex:Drops ; gg:comparator ex:Salve", "corroborated"),
        ("a gg:Comparison ; gg:intervention ex:Salve ; gg:comparator ex:Drops", "contradicted"),
        (
            'a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:comparator ex:Salve ; gg:benefitOrHarm "benefit"',
            "corroborated",
        ),
        (
            'a gg:EvidenceItem ; gg:intervention ex:Salve ; gg:comparator ex:Drops ; gg:benefitOrHarm "benefit"',
            "contradicted",
        ),
        (
            'a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:comparator ex:Salve ; gg:benefitOrHarm "no difference"',
            "qualified",
        ),
        ('a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:benefitOrHarm "benefit"', "not addressed"),
        (
            "a gg:Comparison ; gg:intervention ex:Drops ; gg:comparator ex:Salve ; gg:withdrawnOn '2024-01-01'^^xsd:date",
            "outdated",
        ),
    ],
)
def test_a_comparison_meets_comparisons_and_evidence_that_compares(tmp_path: Path, primary: str, verdict: str) -> None:
    claim = "s:rather a gg:Comparison ; gg:statedIn d:article ; gg:intervention ex:Drops ; gg:comparator ex:Salve ."
    other = f"s:theirs gg:statedIn d:review ; {primary} ."
    row = told_of(
        tmp_path, "rather", {_EDGE: f"{claim} {_EDGE}", "s:pain a gg:EvidenceItem": f"{other} s:pain a gg:EvidenceItem"}
    )
    assert row["verdict"] == verdict


def test_an_alert_is_corroborated_by_one_for_the_same_patients(tmp_path: Path) -> None:
    mine = "s:mine a gg:Alert ; gg:statedIn d:article ; gg:population ex:Aching ; gg:callsFor ex:Drops ."
    theirs = "s:theirs a gg:Alert ; gg:statedIn d:guideline ; gg:population ex:{} ; gg:callsFor ex:Drops ."
    for population, verdict in (("Aching", "corroborated"), ("Itching", "not addressed")):
        changes = {_EDGE: f"{mine} {_EDGE}", "s:sec-late a": f"{theirs.format(population)} s:sec-late a"}
        assert told_of(tmp_path, "mine", changes)["verdict"] == verdict


def test_who_says_otherwise_of_other_patients_is_told(tmp_path: Path) -> None:
    row = told_of(
        tmp_path,
        "told",
        {
            "gg:reports d:guideline ; gg:primaryStatement s:drops ;\n    gg:intervention ex:Drops": "gg:reports d:guideline ;\n    gg:intervention ex:Salve",
        },
    )
    assert row["verdict"] == "not addressed"
    assert [p["relation"] for p in row["sources"]] == ["elsewhere"]
    assert "for these patients" in row["why"] and "says otherwise, but of other patients" in row["why"]


def test_accuracy_inside_the_bounds_of_a_primary_is_corroborated(tmp_path: Path) -> None:
    test = (
        "a gg:DiagnosticAccuracy ; gg:test ex:Drops ; gg:intervention ex:Drops ; gg:sensitivity {} ; gg:specificity {}"
    )
    bounds = """gg:figure [ gg:measure "sensitivity" ; gg:lowerBound 0.85 ; gg:upperBound 0.95 ] ,
        [ gg:measure "specificity" ; gg:lowerBound 0.2 ; gg:upperBound 0.3 ]"""
    for mine, verdict in (((0.91, 0.29), "corroborated"), ((0.91, 0.35), "qualified"), ((0.90, 0.26), "corroborated")):
        claim = f"s:acc gg:statedIn d:article ; {test.format(*mine)} ."
        other = f"s:theirs gg:statedIn d:review ; {test.format(0.9, 0.25)} ; {bounds} ."
        changes = {_EDGE: f"{claim} {_EDGE}", "s:pain a gg:EvidenceItem": f"{other} s:pain a gg:EvidenceItem"}
        assert told_of(tmp_path, "acc", changes)["verdict"] == verdict
