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
        ("Benefit", "NoDifference", "qualified"),
        ("Benefit", "Harm", "not addressed"),
        ("Harm", "Benefit", "not addressed"),
        ("NoDifference", "Harm", "not addressed"),
        ("Harm", "NoDifference", "qualified"),
    ],
)
def test_harm_and_benefit_are_different_things_where_no_outcome_is_stated(
    tmp_path: Path, claimed: str, found: str, verdict: str
) -> None:
    effect = 'gg:benefitOrHarm gg:{} ; gg:effect "less ache" ; gg:certainty gg:Moderate .\n{}'
    row = told_of(
        tmp_path,
        "found",
        {
            effect.format("Benefit", "s:loc-pain"): effect.format(found, "s:loc-pain"),
            effect.format("Benefit", "s:cite-1"): effect.format(claimed, "s:cite-1"),
        },
    )
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("primary", "verdict"),
    [
        ("a gg:Comparison ; gg:intervention ex:Drops ; gg:comparator ex:Salve", "corroborated"),
        ("a gg:Comparison ; gg:intervention ex:Salve ; gg:comparator ex:Drops", "contradicted"),
        (
            "a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:comparator ex:Salve ; gg:benefitOrHarm gg:Benefit",
            "corroborated",
        ),
        (
            "a gg:EvidenceItem ; gg:intervention ex:Salve ; gg:comparator ex:Drops ; gg:benefitOrHarm gg:Benefit",
            "contradicted",
        ),
        (
            "a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:comparator ex:Salve ; gg:benefitOrHarm gg:NoDifference",
            "qualified",
        ),
        ("a gg:EvidenceItem ; gg:intervention ex:Drops ; gg:benefitOrHarm gg:Benefit", "not addressed"),
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


@pytest.mark.parametrize(
    ("outcomes", "horizons", "verdict"),
    [
        (("ex:Pain", "ex:Less"), ("", ""), "contradicted"),
        (("ex:Pain", "ex:Less"), ("gg:ShortTerm", "ex:Early"), "contradicted"),
        (("ex:Pain", "ex:Less"), ("gg:ShortTerm", "gg:LongTerm"), "qualified"),
        (("ex:Pain", "ex:Other"), ("", ""), "not addressed"),
        (("ex:Pain", ""), ("", ""), "qualified"),
        (("", ""), ("", ""), "qualified"),
    ],
)
@pytest.mark.parametrize("kind", ["comparison", "evidence"])
def test_no_difference_contradicts_a_benefit_of_the_same_comparison_outcome_and_horizon(
    tmp_path: Path, kind: str, outcomes: tuple[str, str], horizons: tuple[str, str], verdict: str
) -> None:
    known = """ex:Pain a gg:Outcome . ex:Less a gg:Outcome ; <http://www.w3.org/2004/02/skos/core#broader> ex:Pain .
        ex:Early a gg:Horizon ; gg:fromWeeks 2.0 ; gg:toWeeks 6.0 . ex:Other a gg:Outcome . ex:Ache a owl:Class"""
    mine, theirs = (
        "".join(f" ; gg:{p} {v}" for p, v in (("outcome", o), ("horizon", h)) if v)
        for o, h in zip(outcomes, horizons, strict=True)
    )
    what = "a gg:Comparison" if kind == "comparison" else "a gg:EvidenceItem ; gg:benefitOrHarm gg:Benefit"
    claim = f"s:rather {what} ; gg:statedIn d:article ; gg:intervention ex:Salve ; gg:comparator ex:Drops{mine} ."
    other = (
        "s:theirs a gg:EvidenceItem ; gg:statedIn d:review ; gg:intervention ex:Salve ; gg:comparator ex:Drops ; "
        f"gg:benefitOrHarm gg:NoDifference{theirs} ."
    )
    changes = {_EDGE: f"{claim} {_EDGE}", _PAIN: f"{other} {_PAIN}", "ex:Ache a owl:Class": known}
    assert told_of(tmp_path, "rather", changes)["verdict"] == verdict


_ADVICE = "s:how a gg:Advice ; gg:statedIn d:article ; gg:intervention ex:{}{} ."


@pytest.mark.parametrize(
    ("drug", "more", "verdict"),
    [
        # The guideline that is cited advises against salve for itch, and recommends drops for ache.
        ("Salve", " ; gg:cites s:cite-1", "contradicted"),
        ("Salve", " ; gg:reports d:guideline", "contradicted"),
        ("Salve", "", "qualified"),
        ("Salve", " ; gg:cites s:cite-2", "qualified"),
        ("Salve", " ; gg:cites s:cite-1 ; gg:indication ex:Ache", "not addressed"),
        ("Salve", " ; gg:cites s:cite-1 ; gg:takesForGranted gg:Against", "not addressed"),
        ("Drops", " ; gg:cites s:cite-1 ; gg:population ex:Aching", "corroborated"),
        ("Drops", " ; gg:cites s:cite-1", "not addressed"),
    ],
)
def test_advice_takes_the_use_of_its_intervention_for_granted(
    tmp_path: Path, drug: str, more: str, verdict: str
) -> None:
    row = told_of(tmp_path, "how", {_EDGE: f"{_ADVICE.format(drug, more)} {_EDGE}"})
    assert row["verdict"] == verdict


def test_a_number_stands_for_the_document_that_the_text_names_at_it(tmp_path: Path) -> None:
    named = "gg:cites s:cite-1 ; gg:namesWithoutListing d:review ; gg:reports d:guideline"
    again = (
        "s:cite-9 a gg:Citation ; gg:number 1 ; gg:inDocument d:article ; gg:pointsAt s:ref-1 . "
        f"{_ADVICE.format('Salve', ' ; gg:cites s:cite-9')}"
    )
    # As printed the number leads to the guideline, which advises against; the text uses it for the review.
    listed = told_of(tmp_path, "how", {_EDGE: f"{again} {_EDGE}"})
    told = told_of(tmp_path, "how", {_EDGE: f"{again} {_EDGE}", "gg:cites s:cite-1 ; gg:reports d:guideline": named})
    assert (listed["verdict"], told["verdict"]) == ("contradicted", "qualified")


def test_where_primaries_take_both_sides_a_claim_is_contested(tmp_path: Path) -> None:
    side = "gg:intervention ex:Drops ; gg:stance gg:{} ; gg:population ex:Aching ; gg:indication ex:Ache ."
    claim = f"s:mine a gg:Recommendation ; gg:statedIn d:article ; {side.format('For')}"
    against = f"s:theirs a gg:Recommendation ; gg:statedIn d:review ; {side.format('Against')}"
    both = {_EDGE: f"{claim} {_EDGE}", _PAIN: f"{against} {_PAIN}"}
    assert told_of(tmp_path, "mine", both)["verdict"] == "contested"
    alone = {
        **both,
        'gg:intervention ex:Drops ; gg:stance gg:For ; gg:population ex:Aching ; gg:indication ex:Ache ;\n    gg:strengthWording "strong"': 'gg:intervention ex:Salve ; gg:stance gg:For ; gg:population ex:Aching ; gg:indication ex:Ache ;\n    gg:strengthWording "strong"',
    }
    assert told_of(tmp_path, "mine", alone)["verdict"] == "contradicted"


@pytest.mark.parametrize(
    ("mark", "side", "verdict"),
    [
        ("", "Against", "contradicted"),
        ("gg:onlyWhenNamed true", "Against", "not addressed"),
        ("gg:onlyWhenNamed true ; gg:namedBy ex:Drops", "Against", "contradicted"),
        ("", "For", "corroborated"),
        ("gg:onlyWhenNamed true", "For", "not addressed"),
    ],
)
def test_what_is_for_a_class_says_nothing_of_what_is_only_when_named(
    tmp_path: Path, mark: str, side: str, verdict: str
) -> None:
    variant = f"ex:NightDrops rdfs:subClassOf ex:Drops{' ; ' * bool(mark)}{mark} . ex:Ache a owl:Class"
    claim = "s:mine a gg:Recommendation ; gg:statedIn d:article ; gg:population ex:Aching ; gg:indication ex:Ache ;"
    mine = f"{claim} gg:intervention ex:NightDrops ; gg:stance gg:{side} ."
    changes = {
        _EDGE: f"{mine} {_EDGE}",
        "ex:Ache a owl:Class": variant,
        _PAIN: _PAIN.replace("a gg:EvidenceItem", "a gg:Other"),
    }
    assert told_of(tmp_path, "mine", changes)["verdict"] == verdict


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
    bounds = """gg:figure [ gg:measure gg:TestSensitivity ; gg:lowerBound 0.85 ; gg:upperBound 0.95 ] ,
        [ gg:measure gg:TestSpecificity ; gg:lowerBound 0.2 ; gg:upperBound 0.3 ]"""
    for mine, verdict in (((0.91, 0.29), "corroborated"), ((0.91, 0.35), "qualified"), ((0.90, 0.26), "corroborated")):
        claim = f"s:acc gg:statedIn d:article ; {test.format(*mine)} ."
        other = f"s:theirs gg:statedIn d:review ; {test.format(0.9, 0.25)} ; {bounds} ."
        changes = {_EDGE: f"{claim} {_EDGE}", "s:pain a gg:EvidenceItem": f"{other} s:pain a gg:EvidenceItem"}
        assert told_of(tmp_path, "acc", changes)["verdict"] == verdict
