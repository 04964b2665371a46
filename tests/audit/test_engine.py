"""The audit: a clean body has no finding, each fault has one, and what is broken is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from guidegraph.audit.facts import Facts
from guidegraph.audit.kinds import kinds
from guidegraph.errors import KnowledgeError
from tests.support.audithelp import CASES, CLEAN, PREFIXES, audited, changed


def test_a_clean_body_has_no_finding(tmp_path: Path) -> None:
    report = audited(tmp_path, CLEAN, maximum_age=10)
    assert report.data["findings"] == []
    assert report.audit.complete
    assert report.data["summary"]["statements"] == 5


def test_every_kind_has_a_case() -> None:
    assert {kind.name for kind in kinds()} == set(CASES)


@pytest.mark.slow
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
    assert not report.audit.complete
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
    rows = audited(tmp_path, changed({"change": {"gg:fromWeeks 4.0": 'gg:fromWeeks "soon"'}})).data["findings"]
    assert [row["kind"] for row in rows] == ["value-unreadable"] and "'soon'" in rows[0]["evidence"][0]
    rows = audited(tmp_path, changed({"change": {"xsd:minInclusive 4.0": 'xsd:minInclusive "some"'}})).data["findings"]
    assert "population-unreadable" in {row["kind"] for row in rows}


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


def test_the_documentation_lists_every_kind(repo_root: Path) -> None:
    text = (repo_root / "docs/audit.md").read_text(encoding="utf-8")
    for kind in kinds():
        assert f"| `{kind.name}` | {kind.query.severity} | {kind.query.question} |" in text
