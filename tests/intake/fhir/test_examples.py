"""FHIR resources read as profiles: whole patients, the report of what was read, and the command."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tests.support.fhirhelp import CLINICAL, DAY, FOLDER, PATIENT, concept, condition, facts
from tests.support.paths import ASKED, PROFILES

BUNDLES = sorted(path.stem for path in FOLDER.glob("*.json"))
EXAMPLES = [p.stem for p in PROFILES]


# ---------------------------------------------------------------- whole patients


def as_r5(bundle: dict[str, Any]) -> dict[str, Any]:
    """A hand-made R4 bundle in the shapes of R5."""
    bundle = copy.deepcopy(bundle)
    for entry in bundle["entry"]:
        res = entry["resource"]
        if "medicationCodeableConcept" in res:
            res["medication"] = {"concept": res.pop("medicationCodeableConcept")}
        if "medicationReference" in res:
            res["medication"] = {"reference": res.pop("medicationReference")}
        if res["resourceType"] == "MedicationStatement":
            taken = {"active": "taking", "stopped": "stopped", "completed": "stopped"}[res["status"]]
            system = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"
            res |= {"status": "recorded", "adherence": {"code": concept(taken, system=system)}}
        if "performedPeriod" in res:
            res["occurrencePeriod"] = res.pop("performedPeriod")
        if "reasonReference" in res:
            res["reason"] = [{"reference": reason} for reason in res.pop("reasonReference")]
        if res["resourceType"] == "Condition" and "clinicalStatus" not in res:
            res["clinicalStatus"] = concept("inactive", system=CLINICAL)
        if res["resourceType"] == "AllergyIntolerance":
            res["type"] = concept("allergy", system="http://hl7.org/fhir/allergy-intolerance-type")
    return bundle


@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_as_a_bundle_gives_the_same_answer(kb: Any, ask: Any, name: str, version: str) -> None:
    written = kb.profile(f"example:{name}")
    bundle = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    complete = [kb.vocabulary.by_iri[prop].key for prop in written.complete]
    if version == "R5":
        bundle = as_r5(bundle)
    found = kb.profile_from_fhir(bundle, as_of=DAY, complete=complete, version=version)
    assert not found.report.of("not understood") and not found.report.of("ignored")
    assert replace(kb.profile(found.profile), id="", label="") == replace(written, id="", label="")
    for problem in [of for path, of in ASKED if path.stem == name]:
        assert ask(found.profile, problem=problem).statuses == ask(f"example:{name}", problem=problem).statuses


@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize("name", BUNDLES)
def test_the_hand_made_bundles_are_valid_fhir(name: str, version: str) -> None:
    bundle = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if version == "R4":
        from fhir.resources.R4B.bundle import Bundle as Valid
    else:
        from fhir.resources.bundle import Bundle as Valid  # type: ignore[no-redef]

        bundle = as_r5(bundle)
    Valid.model_validate(bundle)


def test_refuted_ended_other_units_and_an_unmapped_allergy(kb: Any, ask: Any) -> None:
    found = kb.profile_from_fhir(FOLDER / "refuted-ended-units-allergy.json", as_of=DAY)
    assert facts(found) == {
        "+ggt:FemaleSex",
        "+ggt:Sciatica",
        "-ggt:PepticUlcer",
        "gg:ageYears=65",
        "gg:eGFR=27",
        "stopped ggt:NSAID 10",
    }
    assert [(e.source, e.text) for e in found.report.of("not understood")] == [
        ("AllergyIntolerance/allergy", "SNOMEDCT:764146007 (Substance with penicillin structure (substance))")
    ]
    used = {e.source: e for e in found.report.of("used")}
    assert "0.45 mL/s/{1.73_m2} is 27 mL/min/{1.73_m2}" in used["Observation/egfr"].why
    assert used["Condition/ulcer"].effect == "absent: peptic ulcer disease"
    assert any(text.startswith("allergy: SNOMEDCT:764146007") for _, text in found.profile.not_understood)
    assert ask(found.profile).statuses


def test_the_report_has_the_published_form(kb: Any, repo_root: Path) -> None:
    schema = json.loads((repo_root / "src/guidegraph/schema/intake.schema.json").read_text(encoding="utf-8"))
    for name in BUNDLES:
        report = kb.profile_from_fhir(FOLDER / f"{name}.json", as_of=DAY).report.to_dict()
        Draft202012Validator(schema).validate(report)
        assert sum(report["counts"].values()) == len(report["entries"])


# ---------------------------------------------------------------- the command


@pytest.mark.slow
def test_the_command(kb: Any, cli: Any, tmp_path: Path) -> None:
    source = FOLDER / "renal-impairment.json"
    out, report = tmp_path / "p.yaml", tmp_path / "r.json"
    done = cli("profile", "from-fhir", str(source), "--as-of", "2026-11-24", "-o", str(out), "--report", str(report))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(report.read_text())["counts"] == {"used": 6, "ignored": 0, "not_understood": 0}
    told = replace(kb.profile(str(out)), label="")
    assert told == replace(kb.profile("example:renal-impairment"), label="")
    lines = "\n".join(json.dumps(e["resource"]) for e in json.loads(source.read_text())["entry"])
    piped = cli("profile", "from-fhir", "-", "--as-of", "2026-11-24", stdin=lines)
    assert piped.stdout == out.read_text() and "6 facts used" in piped.stderr
    again = cli("profile", "from-fhir", str(source), "--as-of", "2026-11-24", "--format", "json")
    assert json.loads(again.stdout)["egfr"] == 22
    assert cli("therapies", "-", "--as-of", "2026-11-24", stdin=piped.stdout).returncode == 0


@pytest.mark.parametrize(
    ("args", "stdin"),
    [
        (["nowhere.json"], None),
        (["-"], "{"),
        (["-", "--version", "R3"], '{"resourceType": "Patient"}'),
        (["-", "--complete", "everything"], '{"resourceType": "Patient"}'),
        (["-", "--same-unit", "mL"], '{"resourceType": "Patient"}'),
        (["-", "--as-of", "soon"], '{"resourceType": "Patient"}'),
    ],
)
def test_wrong_use_is_one_line(cli: Any, args: list[str], stdin: str | None) -> None:
    done = cli("profile", "from-fhir", *args, stdin=stdin)
    assert done.returncode == 2 and done.stdout == "" and len(done.stderr.splitlines()) == 1


def test_hostile_text_cannot_break_the_report(kb: Any, cli: Any) -> None:
    evil = "a\u202e\x1b[31m\ud800\n# age: 5\ufeff" + "x" * 5000
    bundle = [PATIENT, condition() | {"id": "c", "code": {"coding": [{"system": evil, "code": evil, "display": evil}]}}]
    text = "\n".join(json.dumps(item) for item in bundle)
    done = cli("profile", "from-fhir", "-", stdin=text)
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr and "\nage" not in done.stdout
    assert len(done.stdout) < 4000
