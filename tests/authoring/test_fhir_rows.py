"""FHIR read as rows: what export fhir writes comes back, and resources of others as far as they state what a row needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guidegraph import namespaces as ns
from guidegraph.authoring.fhirrows import read_fhir
from guidegraph.authoring.importing import import_sheet
from guidegraph.authoring.taking import take
from guidegraph.authoring.writing import yaml_text
from guidegraph.cli.app import app
from guidegraph.errors import SheetError, UsageError
from guidegraph.export.fhir import parts
from guidegraph.export.fhir.resources import resources
from guidegraph.knowledge.named import documents, evidence_items, recommendations

#: What FHIR has no place for, by section; the reader tells that nothing is said of it, or which path no column takes.
NO_PLACE = {
    "recommendations": {
        "strength read so because", "strength read on", "strength read by", "verification", "verified at", "place", "section",
        "citations", "superseded by", "superseded on", "withdrawn on", "issued", "names without listing", "restates",
        "primary statement", "alone", "combined with", "members not named", "encoder", "checked by",
    },
    "evidence": {
        "indication", "verified at", "verification", "comparator", "certainty in the document's words", "place", "section",
        "citations", "primary statement", "encoder",
    },
    "accuracy": {"test", "section", "place", "citations", "verification", "verified at", "encoder"},
}  # fmt: skip


def bundle(kb: Any, statements: list[str], version: str, path: Path) -> Path:
    made = list(resources(kb.knowledge, statements, version=version))
    path.write_text(parts.to_json(parts.bundle("all", [(parts.address(one), one) for one in made])), encoding="utf-8")
    return path


def same(kb: Any, heading: str, was: list[str], now: list[str]) -> bool:
    if heading == "population" and now and now[0].startswith("ggp:"):
        # A population is named by its identifier, since a label may be that of several.
        return was[0] == kb.records.label(ns.expand(now[0])) or now[0].removeprefix("ggp:") in was[0]
    if heading == "population in the document's words" and was == ["not stated"]:
        was = []
    return sorted(was) == sorted(now)


@pytest.mark.parametrize(
    ("version", "of"),
    [
        ("R5", ("nice-ng59/", "acp-2017/", "aan-2025/", "cochrane-slr-2010/")),
        pytest.param("R4", ("",), marks=pytest.mark.slow),
        pytest.param("R5", ("",), marks=pytest.mark.slow),
    ],
)
def test_what_export_fhir_writes_comes_back(kb: Any, tmp_path: Path, version: str, of: tuple[str, ...]) -> None:
    every = list(recommendations(kb.records)) + (list(evidence_items(kb.records)) if version == "R5" else [])
    wanted = [iri for iri in every if iri.removeprefix(ns.BASE + "statement/").startswith(of)]
    got = read_fhir(bundle(kb, wanted, version, tmp_path / "all.json"), kb.knowledge)
    told = "\n".join(got.left)
    stated = [d for d in documents(kb.records) if f"{d.removeprefix(ns.GGD)}/".startswith(of)]
    table, back = take(kb.knowledge, stated), got.table()
    for section, nowhere in NO_PLACE.items():
        if version == "R4" and section != "recommendations":
            continue
        was = {(row["document"][0], row["id"][0]): row for row in table[section]}
        now = {(row["document"][0], row["id"][0]): row for row in back[section]}
        assert was.keys() == now.keys()
        for key, row in was.items():
            for heading in {*row, *now[key]} - nowhere:
                found = now[key].get(heading, [])
                assert same(kb, heading, list(row.get(heading, [])), found), (key, heading, row.get(heading), found)
    for heading in ("verification", "citations", "section"):
        assert f", {heading}" in next(
            line for line in got.left if line.startswith("recommendations: nothing is said of")
        )
    assert "no column takes" in told and "Library defines words of others" in told


def completed(kb: Any, path: Path, tmp_path: Path) -> Path:
    """The rows of a FHIR file with what a methodologist must add of the document."""
    table = read_fhir(path, kb.knowledge).table()
    for row in table["document"]:
        row["kind"], row["verification"], row["verified at"] = ["guideline"], ["verified"], ["https://example.org/read"]
        # One statement brings no definition of its population, and what the document had is written anew.
        table["populations"] += take(kb.knowledge, [ns.GGD + row["id"][0]])["populations"]
    sheet = tmp_path / "completed.yaml"
    sheet.write_text(yaml_text(table), encoding="utf-8")
    return sheet


def test_a_recommendation_comes_back_as_the_same_statement(kb: Any, tmp_path: Path) -> None:
    iri = f"{ns.BASE}statement/bmj-2025/BMJ-R1"
    sheet = completed(kb, bundle(kb, [iri], "R5", tmp_path / "one.json"), tmp_path)
    made = import_sheet(sheet, kb.knowledge)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "bmj.trig").write_text(made.files["documents/bmj-2025.trig"], encoding="utf-8")
    from guidegraph.api.opening import open_files

    back = open_files([tmp_path / "made" / "bmj.trig"])
    was, now = kb.records.nodes[iri], back.records.nodes[iri]
    for name in ("intervention", "stance", "indication", "strengthWording", "certainty", "certaintyWording", "onlyWithout",
                 "populationWording", "note", "restsOn", "population"):  # fmt: skip
        assert now.get(ns.GG + name) == was.get(ns.GG + name), name


# ---------------------------------------------------------------- resources of others

GROUP = {
    "resourceType": "EvidenceVariable", "id": "whom", "title": "People with sciatica",
    "characteristic": [
        {"definitionCodeableConcept": {"text": "sciatica"}},
        {"definitionCodeableConcept": {"text": "cauda equina syndrome"}, "exclude": True},
        {"definitionByTypeAndValue": {"type": {"text": "age"}, "valueRange": {"low": {"value": 18, "unit": "years"}}}},
    ],
}  # fmt: skip
PLAN = {
    "resourceType": "PlanDefinition", "id": "rec-1", "title": "Ibuprofen for sciatica", "status": "active", "date": "2026-01-02",
    "publisher": "Kettle Society", "subjectCanonical": "EvidenceVariable/whom",
    "relatedArtifact": [{"type": "citation", "display": "Kettle guideline", "citation": "Kettle guideline; 2026", "url": "https://example.org/kettle"}],
    "action": [{
        "title": "Offer ibuprofen", "code": {"coding": [{"display": "ibuprofen"}]}, "reason": [{"text": "sciatica"}],
        "definitionCanonical": "ActivityDefinition/rec-1",
        "extension": [
            {"url": "http://hl7.org/fhir/StructureDefinition/cqf-strengthOfRecommendation", "valueCodeableConcept": {"coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/recommendation-strength", "code": "weak"}], "text": "we suggest"}},
            {"url": "http://hl7.org/fhir/StructureDefinition/cqf-qualityOfEvidence", "valueCodeableConcept": {"coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/evidence-quality", "code": "low"}]}},
            {"url": "https://example.org/preference", "valueString": "patients differ"},
        ],
    }],
}  # fmt: skip
ACTIVITY = {
    "resourceType": "ActivityDefinition",
    "id": "rec-1",
    "status": "active",
    "kind": "MedicationRequest",
    "doNotPerform": True,
}
EVIDENCE = {
    "resourceType": "Evidence", "id": "ev-1", "title": "Ibuprofen and pain", "status": "active", "assertion": "little or no difference",
    "relatedArtifact": PLAN["relatedArtifact"],
    "variableDefinition": [
        {"variableRole": {"coding": [{"code": "population"}]}, "observed": {"reference": "EvidenceVariable/whom"}},
        {"variableRole": {"coding": [{"code": "exposure"}]}, "observed": {"display": "ibuprofen"}},
        {"variableRole": {"coding": [{"code": "referenceExposure"}]}, "observed": {"display": "placebo"}},
        {"variableRole": {"coding": [{"code": "measuredVariable"}]}, "observed": {"display": "pain"}},
    ],
    "statistic": [{
        "statisticType": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/statistic-type", "code": "0000457"}]},
        "quantity": {"value": -1.5, "unit": "points"}, "attributeEstimate": [{"range": {"low": {"value": -2.0}, "high": {"value": 0.1}}}],
    }],
    "certainty": [{"rating": {"coding": [{"system": "http://hl7.org/fhir/certainty-rating", "code": "low"}]}}],
}  # fmt: skip


def others(tmp_path: Path, *made: dict[str, Any]) -> Path:
    path = tmp_path / "others.json"
    path.write_text(
        json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in made]})
    )
    return path


def test_resources_of_evidence_on_fhir_are_read_as_far_as_they_state_what_we_need(kb: Any, tmp_path: Path) -> None:
    found = read_fhir(others(tmp_path, PLAN, ACTIVITY, GROUP, EVIDENCE), kb.knowledge)
    (row,) = found.table()["recommendations"]
    assert (
        row["label"] == ["Offer ibuprofen"]
        and row["intervention"] == ["ibuprofen"]
        and row["indication"] == ["sciatica"]
    )
    assert (row["stance"], row["strength"], row["certainty"]) == (["against"], ["conditional"], ["low"])
    assert row["strength in the document's words"] == ["we suggest"] and "weak" in row["strength read so because"][0]
    assert row["population"] == ["'sciatica'; not: 'cauda equina syndrome'; age >= 18 years"]
    (evidence,) = found.table()["evidence"]
    assert (evidence["comparator"], evidence["outcome"], evidence["effect"]) == (
        ["placebo"],
        ["pain"],
        ["little or no difference"],
    )
    assert evidence["population"] == row["population"] and evidence["certainty"] == ["low"]
    (figure,) = found.table()["figures"]
    assert (figure["measure"], figure["estimate"], figure["lower bound"], figure["upper bound"]) == (
        ["mean difference"],
        ["-1.5"],
        ["-2.0"],
        ["0.1"],
    )
    (document,) = found.table()["document"]
    assert (document["id"], document["published at"], document["encoder"]) == (
        ["kettle-guideline"],
        ["https://example.org/kettle"],
        ["Kettle Society"],
    )
    assert any("action[0].extension[2].valueString: no column takes 'patients differ'" in line for line in found.left)


def test_a_mistake_is_told_at_the_path_of_the_resource(kb: Any, tmp_path: Path) -> None:
    wrong = json.loads(json.dumps(PLAN))
    wrong["action"][0]["code"]["coding"][0]["display"] = "ibuprofin"
    with pytest.raises(SheetError) as caught:
        import_sheet(others(tmp_path, wrong, ACTIVITY, GROUP), kb.knowledge)
    told = [str(mistake) for mistake in caught.value.mistakes]
    (term,) = [line for line in told if "ibuprofin" in line]
    assert (
        "others.json, Bundle.entry[0].resource.action[0].code (recommendations, intervention)" in term
        and "ibuprofen" in term
    )
    assert any("relatedArtifact[0] (document, kind): nothing is written here" in line for line in told)


def test_two_dates_of_one_document_are_kept_apart(kb: Any, tmp_path: Path) -> None:
    one = {**PLAN, "effectivePeriod": {"start": "2020"}}
    other = {**PLAN, "id": "rec-2", "effectivePeriod": {"start": "2024-05"}}
    found = read_fhir(others(tmp_path, one, other, ACTIVITY, GROUP), kb.knowledge)
    assert [row["issued"] for row in found.table()["recommendations"]] == [["2020"], ["2024-05"]]
    assert "issued" not in found.table()["document"][0] and any("several dates" in line for line in found.left)
    found = read_fhir(others(tmp_path, one, ACTIVITY, GROUP), kb.knowledge)
    assert found.table()["document"][0]["issued"] == ["2020"]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "no JSON"), ("[]", "no FHIR"), ('{"resourceType": 3}', "no FHIR"), ("[" * 100_000, "no JSON"),
        ('{"resourceType": "Bundle", "entry": [{"fullUrl": "x"}]}', "no resource"),
        ('{"resourceType": "Bundle", "x": ' + "[" * 200 + "]" * 200 + "}", "nests deeper"),
    ],
)  # fmt: skip
def test_what_is_no_fhir_is_told(kb: Any, tmp_path: Path, content: str, what: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=what):
        read_fhir(path, kb.knowledge)


def test_resources_of_another_kind_are_told_and_hostile_ones_give_no_traceback(kb: Any, tmp_path: Path) -> None:
    found = read_fhir(others(tmp_path, {"resourceType": "Patient", "id": "p"}), kb.knowledge)
    assert "Bundle.entry[0].resource: Patient is not read" in found.left and not found.rows
    for value in (1, "x", [], [1], {"coding": 3}, None, {"coding": ["x"]}):
        for key in ("action", "relatedArtifact", "goal", "extension", "jurisdiction", "description", "identifier"):
            read_fhir(others(tmp_path, {**PLAN, key: value}, GROUP), kb.knowledge)
        for key in ("code", "reason", "extension", "condition", "goalId"):
            read_fhir(others(tmp_path, {**PLAN, "action": [{**PLAN["action"][0], key: value}]}, GROUP), kb.knowledge)
        for key in EVIDENCE:
            if key != "resourceType":
                read_fhir(others(tmp_path, {**EVIDENCE, key: value}, {**GROUP, "characteristic": value}), kb.knowledge)


def test_the_command_writes_a_sheet_to_complete(tmp_path: Path) -> None:
    source, sheet = others(tmp_path, PLAN, ACTIVITY, GROUP), tmp_path / "rows.yaml"
    done = CliRunner().invoke(app, ["import", str(source), "-o", str(sheet)])
    assert done.exit_code == 0 and "Offer ibuprofen" in sheet.read_text(encoding="utf-8")
    assert "not read: Bundle.entry[0].resource.action[0].extension[2].valueString" in done.stderr
    done = CliRunner().invoke(app, ["import", str(source), "-o", str(tmp_path / "folder")])
    assert done.exit_code == 1 and "(document, kind)" in done.stderr and not (tmp_path / "folder").exists()
