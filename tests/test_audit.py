"""The audit: a clean body has no finding, each fault has one, and what it prints is what others can read."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from guidegraph import api
from guidegraph.audit.facts import Facts
from guidegraph.audit.kinds import kinds
from guidegraph.errors import KnowledgeError

HERE = Path(__file__).parent / "audit"
CLEAN = (HERE / "clean.trig").read_text(encoding="utf-8")
CASES: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "kinds.yaml").read_text(encoding="utf-8"))
DAY = date(2024, 7, 1)
PREFIXES = {
    "s": "https://example.org/statement/",
    "d": "https://example.org/document/",
    "ex": "https://example.org/term/",
}


def changed(case: dict[str, Any]) -> str:
    """clean.trig with the changes of a case, each of which must fit exactly once."""
    text = CLEAN
    for old, new in case["change"].items():
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


def audited(tmp_path: Path, text: str, **options: Any) -> api.AuditReport:
    path = tmp_path / "body.trig"
    path.write_text(text, encoding="utf-8")
    return api.open_files([path]).audit(as_of=options.pop("as_of", DAY), **options)


def test_a_clean_body_has_no_finding(tmp_path: Path) -> None:
    report = audited(tmp_path, CLEAN, maximum_age=10)
    assert report.data["findings"] == []
    assert report.found.complete
    assert report.data["summary"]["statements"] == 5


def test_every_kind_has_a_case() -> None:
    assert {kind.name for kind in kinds()} == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_fault_is_one_finding(tmp_path: Path, name: str) -> None:
    case = CASES[name]
    report = audited(tmp_path, changed(case), maximum_age=case.get("older_than"))
    found = Counter(row["kind"] for row in report.data["findings"])
    expected = Counter({name: 1}) + Counter(case.get("also", []))
    assert found == expected, [(r["kind"], r["iri"], r["evidence"]) for r in report.data["findings"]]
    prefix, _, local = case["node"].partition(":")
    rows = [row for row in report.data["findings"] if row["kind"] == name]
    row = next(row for row in rows if row["iri"] == PREFIXES[prefix] + local)
    assert row["evidence"] and row["mend"] and row["label"]
    if "evidence" in case:
        assert any(case["evidence"] in told for told in row["evidence"]), row["evidence"]


def test_a_new_kind_is_a_file(tmp_path: Path) -> None:
    own = tmp_path / "short-label.rq"
    own.write_text(
        "#+ id: audit/short-label\n#+ title: Short labels\n#+ question: Which label is short?\n#+ severity: note\n#+ why: x.\n"
        '#+ mend: Write more.\n#+ params: none\n#+ columns: node "n", evidence "e"\n#+ needs: knowledge\n#+ empty-means: None.\n'
        "SELECT ?node ?evidence WHERE { ?node a <https://w3id.org/guidegraph/vocab/Document> ;"
        ' <http://www.w3.org/2000/01/rdf-schema#label> ?evidence FILTER(STRLEN(?evidence) < 16 && CONTAINS(?evidence, "Review")) }',
        encoding="utf-8",
    )
    report = audited(tmp_path, CLEAN, kinds=[own])
    assert [(r["kind"], r["iri"]) for r in report.data["findings"]] == [("short-label", PREFIXES["d"] + "review")]


def test_a_check_that_cannot_run_is_told(tmp_path: Path) -> None:
    own = tmp_path / "odd.rq"
    own.write_text(
        "#+ id: audit/odd\n#+ title: Odd\n#+ question: Odd?\n#+ severity: note\n#+ why: x.\n#+ mend: y.\n#+ params: none\n"
        '#+ columns: node "n", evidence "e"\n#+ needs: knowledge\n#+ empty-means: None.\nSELECT ?node ?evidence WHERE { ?node',
        encoding="utf-8",
    )
    report = audited(tmp_path, CLEAN, kinds=[own])
    assert not report.found.complete
    assert [row["kind"] for row in report.data["summary"]["not_run"]] == ["odd"]


def test_what_needs_a_failed_step_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Facts) -> None:
        raise KnowledgeError("too many branches", where="ex:Aching")

    monkeypatch.setattr(Facts, "_windows", broken)
    report = audited(tmp_path, CLEAN)
    rows = {row["kind"]: row["reason"] for row in report.data["summary"]["not_run"]}
    assert set(rows) == {"window-contradicts-section", "unsatisfiable-population"}
    assert "too many branches" in rows["unsatisfiable-population"]


def test_ids_do_not_depend_on_order_or_other_findings(tmp_path: Path) -> None:
    one = audited(tmp_path, changed(CASES["contested"]))
    both = changed({"change": {**CASES["contested"]["change"], **CASES["review-pending"]["change"]}})
    two = audited(tmp_path, both)
    lines = {row["id"] for row in two.data["findings"]}
    assert {row["id"] for row in one.data["findings"]} < lines


def test_a_baseline_accepts_until_it_lapses(tmp_path: Path) -> None:
    text = changed({"change": {**CASES["contested"]["change"], **CASES["review-pending"]["change"]}})
    report = audited(tmp_path, text)
    template = yaml.safe_load(report.baseline())
    assert {row["id"] for row in template["accepted"]} == {row["id"] for row in report.data["findings"]}
    for row in template["accepted"]:
        row["reason"] = "known"
    template["accepted"][0]["expires"] = "2024-06-30"
    template["accepted"].append({"id": "contested:000000000000", "reason": "gone"})
    path = tmp_path / "baseline.yaml"
    path.write_text(yaml.safe_dump(template), encoding="utf-8")
    again = audited(tmp_path, text, baseline=path)
    assert [row["id"] for row in again.data["findings"]] == [template["accepted"][0]["id"]]
    assert [row["id"] for row in again.data["accepted"]] == [template["accepted"][1]["id"]]
    assert again.data["summary"]["baseline"] == {
        "stale": ["contested:000000000000"],
        "lapsed": [template["accepted"][0]["id"]],
    }


def test_a_text_is_compared_with_its_digests(tmp_path: Path) -> None:
    from hashlib import sha256

    body = "The society says drops. And here is why they do help."
    first, second = body[:23], body[24:]
    text = CLEAN.replace("4" * 64, sha256(first.encode()).hexdigest()).replace(
        "5" * 64, sha256(second.encode()).hexdigest()
    )
    text = text.replace("gg:startOffset 0 ; gg:endOffset 40", "gg:startOffset 0 ; gg:endOffset 23")
    text = text.replace("gg:startOffset 50 ; gg:endOffset 70", f"gg:startOffset 24 ; gg:endOffset {len(body)}")
    text = text.replace(
        "gg:reviewState gg:ReviewDone",
        f'gg:reviewState gg:ReviewDone ; gg:documentDigest "{sha256(body.encode()).hexdigest()}"',
    )
    same, other = tmp_path / "same.txt", tmp_path / "other.txt"
    same.write_text(body, encoding="utf-8")
    other.write_text(body.replace("do help", "never help"), encoding="utf-8")
    assert audited(tmp_path, text, texts=[same]).data["findings"] == []
    shifted = tmp_path / "shifted.txt"
    shifted.write_text("Preface. " + body, encoding="utf-8")
    (row,) = audited(tmp_path, text, texts=[shifted]).data["findings"]
    assert (row["kind"], row["iri"], len(row["evidence"])) == ("digest-mismatch", PREFIXES["d"] + "article", 2)
    assert all("has moved, now at characters" in told for told in row["evidence"])
    rows = audited(tmp_path, text, texts=[other]).data["findings"]
    assert [(r["kind"], r["iri"]) for r in rows] == [("digest-mismatch", PREFIXES["s"] + "loc-found")]
    assert "changed" in rows[0]["evidence"][0]


def test_partial_statements_are_findings_not_crashes(tmp_path: Path) -> None:
    text = """@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix s: <https://example.org/statement/> .
        s:a gg:stance gg:For . s:b a gg:Recommendation . [] a gg:Recommendation ; gg:statedIn s:d . s:d a gg:Document ."""
    report = audited(tmp_path, text)
    kinds_found = {row["kind"] for row in report.data["findings"]}
    assert {
        "statement-incomplete",
        "no-source",
        "population-missing",
        "date-missing",
        "no-locator",
        "one-reader",
    } <= kinds_found
    again = audited(tmp_path, text)
    assert [r["id"] for r in report.data["findings"]] == [r["id"] for r in again.data["findings"]]
    assert all(row["iri"] for row in report.data["findings"])


MODEL = "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix s: <https://example.org/statement/> ."


def test_nodes_without_a_name_are_told_like_others(tmp_path: Path) -> None:
    place = "[ a gg:Locator ; gg:headingPath 'a' ]"
    text = f"""{MODEL} [] a gg:Recommendation ; gg:stance gg:For ; gg:statedIn [ a gg:Document ] ; gg:locator {place} ;
        gg:population [ a gg:Population ] ; gg:intervention [] . [] gg:statedIn s:d ."""
    one, two = audited(tmp_path, text), audited(tmp_path, "\n# moved\n" + text.replace(place, f" {place} "))
    ids = [row["id"] for row in one.data["findings"]]
    assert ids == [row["id"] for row in two.data["findings"]]
    assert {"population-missing", "no-source", "statement-incomplete", "date-missing"} <= {
        row["kind"] for row in one.data["findings"]
    }
    assert any("without a name" in row["label"] for row in one.data["findings"])


def test_a_text_where_a_node_belongs_is_a_finding(tmp_path: Path) -> None:
    text = f'{MODEL} s:a a gg:Recommendation ; gg:statedIn "book" ; gg:population 5 ; gg:stance gg:Maybe ; gg:intervention "x" .'
    report = audited(tmp_path, text)
    rows = {row["kind"]: row for row in report.data["findings"]}
    assert {"no-source", "population-missing", "statement-incomplete", "unknown-term"} <= set(rows)
    assert {row["iri"] for row in rows.values()} == {PREFIXES["s"] + "a"}
    assert "'book' stands where a node belongs" in rows["no-source"]["evidence"][0]


def test_a_number_that_is_none_is_told_not_a_crash(tmp_path: Path) -> None:
    window = audited(tmp_path, changed({"change": {"gg:fromWeeks 4.0": 'gg:fromWeeks "soon"'}}))
    told = {row["kind"]: row["reason"] for row in window.data["summary"]["not_run"]}
    assert set(told) == {"unsatisfiable-population", "window-contradicts-section"} and "'soon'" in told[min(told)]
    with pytest.raises(KnowledgeError, match="no number: 'some'"):
        audited(tmp_path, changed({"change": {"xsd:minInclusive 4.0": 'xsd:minInclusive "some"'}}))


def test_what_a_population_lacks_is_found_where_one_document_is_asked_for(tmp_path: Path) -> None:
    text = changed(CASES["broken-chain"]).replace("gg:population ex:Itching", "gg:population ex:Nobody")
    rows = audited(tmp_path, text, document=PREFIXES["d"] + "guideline").data["findings"]
    assert {(r["kind"], r["iri"]) for r in rows} >= {
        ("broken-chain", PREFIXES["d"] + "nowhere"),
        ("population-missing", PREFIXES["ex"] + "Nobody"),
    }
    assert {r["document"] for r in rows} == {PREFIXES["d"] + "guideline"}
    other = audited(tmp_path, text, document=PREFIXES["d"] + "review").data["findings"]
    assert other == []


ARTICLE = "ggd:droracle-sciatica-2025"
ARTICLE_IRI = "https://w3id.org/guidegraph/statement/droracle-sciatica-2025/"


@pytest.fixture(scope="module")
def article(kb: Any) -> dict[str, Any]:
    report = kb.audit(document=ARTICLE, as_of=date(2026, 11, 24))
    data: dict[str, Any] = report.data
    return data


def of(data: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [row for row in data["findings"] if row["kind"] == kind]


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
        ("internal-contradiction", ["epidural-against"]),
        ("window-contradicts-section", ["acupuncture", "cbt", "exercise", "manipulation", "massage"]),
        ("outdated", ["prolonged-bed-rest"]),
        (
            "population-shifted",
            [
                "cyclobenzaprine",
                "epidural-against",
                "heat",
                "massage-effect",
                "metaxalone",
                "rehabilitation",
                "stimulation",
                "tizanidine",
            ],
        ),
    ],
)
def test_every_other_fault_of_the_article(article: dict[str, Any], kind: str, nodes: list[str]) -> None:
    assert sorted(row["iri"].rpartition("/")[2] for row in of(article, kind)) == nodes


def test_nsaids_and_pain_are_contradicted_by_the_review_that_the_article_cites(article: dict[str, Any]) -> None:
    rows = {row["iri"].rpartition("/")[2]: row["evidence"] for row in of(article, "primary-says-otherwise")}
    assert any("Cochrane 2016" in told and "no difference" in told for told in rows["nsaid-pain"])
    assert any("NICE NG59" in told for told in rows["gabapentin"])


def test_claims_have_verdicts_with_their_pairs(article: dict[str, Any]) -> None:
    held = article["corroboration"]
    items = {row["id"].rpartition("/")[2]: row for row in held["items"]}
    assert items["gabapentin"]["verdict"] == "contradicted"
    agreed = {p["document"]["id"] for p in items["straight-leg-raise"]["sources"] if p["relation"] == "supportedBy"}
    assert agreed == {"ggd:cochrane-slr-2010", "ggd:deville-2000"}
    assert {p["document"]["id"] for p in items["active-or-bed-rest"]["sources"] if p["relation"] == "qualifiedBy"} == {
        "ggd:cochrane-bed-rest-2010"
    }
    assert {p["relation"] for p in items["sacroiliac-injection"]["sources"]} == {"elsewhere"}
    assert items["heat"]["verdict"] == items["rehabilitation"]["verdict"] == "population shifted"
    assert items["epidural-against"]["verdict"] == "population shifted"
    assert items["return-to-activity"]["verdict"] == "not addressed"
    assert items["prolonged-bed-rest"]["verdict"] == "outdated"
    assert sum(held["counts"].values()) == len(held["items"])
    for row in held["items"]:
        assert (row["verdict"] == "not addressed") == ({p["relation"] for p in row["sources"]} <= {"elsewhere"})


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


def test_the_documentation_lists_every_kind(repo_root: Path) -> None:
    text = (repo_root / "docs/audit.md").read_text(encoding="utf-8")
    for kind in kinds():
        assert f"| `{kind.name}` | {kind.query.severity} | {kind.query.question} |" in text
