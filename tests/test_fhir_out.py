"""Results as FHIR: valid, deterministic, and saying what the answer says, no more and no less."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import api, assets
from guidegraph import namespaces as ns
from guidegraph.api import Answer
from guidegraph.errors import UsageError
from guidegraph.export.fhirfolder import write_folder
from guidegraph.export.fhirparts import bare
from guidegraph.model import Profile, StopFact, TrialFact
from guidegraph.render.fhir import DEFINITIONS, therapies_fhir
from tests import npm
from tests.conftest import AS_OF
from tests.fhircheck import validate, walk
from tests.fhirmodel import strangers

Run = Callable[..., CompletedProcess[str]]
STATUS = "https://w3id.org/guidegraph/fhir/CodeSystem/therapy-status"
PART = "https://w3id.org/guidegraph/fhir/CodeSystem/answer-part"
OWN = "https://w3id.org/guidegraph/fhir/StructureDefinition/"
PROFILES = sorted(path.stem for path in assets.files("graph", "profiles/*.yaml"))
CLEAN, S = Path(__file__).parent / "audit" / "clean.trig", "https://example.org/statement/"
GROUPS = {"R4": "RequestGroup", "R5": "RequestOrchestration"}


def parts(text: str) -> dict[str, Any]:
    """The resources of a bundle by their kind; of two of one kind the later."""
    return {entry["resource"]["resourceType"]: entry["resource"] for entry in json.loads(text)["entry"]}


def of_kind(group: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """The actions of a group that are of a kind (not-understood, alert, therapy)."""
    return [
        a
        for a in group["action"]
        if a["code"][0]["coding"][0] == {"system": PART, "code": code, "display": code.replace("-", " ")}
    ]


def status_of(action: dict[str, Any]) -> str:
    """The status of a therapy's action; both places must say the same."""
    (modifier,) = action["modifierExtension"]
    assert modifier["url"] == OWN + "therapy-status"
    (coding,) = modifier["valueCodeableConcept"]["coding"]
    assert coding["system"] == STATUS and action["code"][2] == modifier["valueCodeableConcept"]
    return coding["code"]


def extensions(node: dict[str, Any], name: str) -> list[Any]:
    """The values of one of our extensions of a node."""
    return [
        next(v for k, v in e.items() if k.startswith("value"))
        for e in node.get("extension", [])
        if e["url"] == OWN + name
    ]


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
@pytest.mark.parametrize("name", PROFILES)
def test_an_answer_is_valid_and_says_what_the_answer_says(ask: Callable[..., Answer], name: str, version: str) -> None:
    answer = ask(f"example:{name}").to_dict()
    text = therapies_fhir(answer, version)
    assert text == therapies_fhir(json.loads(json.dumps(answer)), version)
    validate(json.loads(text), version)
    group = parts(text)[GROUPS[version]]
    response = parts(text)["GuidanceResponse"]
    actions = of_kind(group, "therapy")
    assert [status_of(a) for a in actions] == [t["status"] for t in answer["therapies"]]
    assert [a["resource"]["identifier"]["value"] for a in actions] == [
        t["intervention"].removeprefix("ggt:") for t in answer["therapies"]
    ]
    for action, entry in zip(actions, answer["therapies"], strict=True):
        assert extensions(action, "reason") == entry["reasons"]
        assert extensions(action, "to-establish") == entry["confirm"]
        assert entry["status"].replace("-", " ") in action["title"]
        said = sum(
            len(entry[k])
            for k in (
                "for",
                "against",
                "limits",
                "both_apply",
                "other_stances",
                "contraindications",
                "evidence",
                "comparisons",
            )
        )
        assert len(action.get("documentation", [])) == said
        places = [r["locator"] for k in ("for", "against") for r in entry[k] if r["locator"] != "not stated"]
        assert all(any(place in doc["citation"] for doc in action["documentation"]) for place in places)
    questions = [
        e["valueString"]
        for d in response.get("dataRequirement", [])
        for e in d["extension"][0]["extension"]
        if e["url"] == "fact"
    ]
    assert questions == [q["fact"] for q in answer["questions"]]
    told = {p["name"]: p.get("valueString", p.get("valueDate")) for p in response["contained"][-1]["parameter"]}
    assert told["as-of"] == AS_OF.isoformat() and told["software"] == answer["software"]
    assert told["knowledge-digest"] == answer["knowledge"]["digest"]
    assert told["profile-digest"] == answer["profile"]["digest"]
    assert "not stated" not in json.dumps([e["url"] for e in walk(group) if "url" in e])


def test_the_patient_is_nobody(ask: Callable[..., Answer]) -> None:
    """The subject holds a key and nothing of a person: no name, sex, birth date."""
    text = therapies_fhir(ask("example:pregnant-28-weeks").to_dict())
    people = [node for node in walk(json.loads(text)) if node.get("resourceType") == "Patient"]
    assert len(people) == 2 and all(set(p) == {"resourceType", "id", "identifier"} for p in people)


def test_the_statuses_are_defined_as_the_ontology_defines_them(kb: Any) -> None:
    nodes = kb.records.nodes
    own = {
        p[ns.GG + "code"][0]: p[ns.SKOS + "definition"][0]
        for n, p in nodes.items()
        if ns.GGA + "Status" in p.get(ns.RDF + "type", ())
    }
    assert own == DEFINITIONS and len(own) == 8


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_what_was_not_understood_comes_first_and_alerts_before_therapies(kb: Any, version: str) -> None:
    profile = replace(
        kb.profile("example:cauda-equina-week-1"),
        not_understood=((ns.GG + "hasCondition", "code\x07 X99"), (ns.GG + "hasFinding", "odd")),
    )
    answer = kb.therapies(profile, as_of=AS_OF).to_dict()
    text = therapies_fhir(answer, version)
    validate(json.loads(text), version)
    group = parts(text)[GROUPS[version]]
    kinds = [a["code"][0]["coding"][0]["code"] for a in group["action"]]
    assert kinds == sorted(kinds, key=["not-understood", "alert", "therapy"].index) and set(kinds) == {
        "not-understood",
        "alert",
        "therapy",
    }
    assert [a["title"] for a in group["action"][:2]] == ["Not understood: code  X99", "Not understood: odd"]
    response = parts(text)["GuidanceResponse"]
    issues = [
        i["details"]["text"]
        for c in response["contained"]
        if c["resourceType"] == "OperationOutcome"
        for i in c["issue"]
    ]
    assert issues == ["not understood: code  X99", "not understood: odd"]
    assert any(a["title"].startswith("Alert: ") for a in of_kind(group, "alert"))


def test_a_therapy_in_another_code_is_that_code_and_counts_as_ours(linked: Any) -> None:
    """The made-up terminology EX is named urn:ex in FHIR; without that name its code stays text."""
    answer = linked.therapies(
        {"age": 60, "conditions": ["EX:U"], "medications": ["EX:odd"]}, as_of=AS_OF, also=["EX:N1"]
    ).to_dict()
    bundle = json.loads(therapies_fhir(answer, "R4", linked.fhir_systems()))
    validate(bundle, "R4")
    actions = of_kind(bundle["entry"][1]["resource"], "therapy")
    (found,) = (a for a in actions if a["resource"]["identifier"].get("system") == "urn:ex")
    assert found["code"][1] == {
        "coding": [{"system": "urn:ex", "code": "N1", "display": "newcoxib"}],
        "text": "EX:N1 (newcoxib)",
    }
    assert status_of(found) == "contraindicated" and found["resource"]["identifier"]["value"] == "N1"
    assert [c["coding"][0]["code"] for c in extensions(found, "counts-as")] == ["NSAID"]
    assert extensions(found, "reason")[0].startswith("counts as ")
    rows = bundle["entry"][0]["resource"]["contained"][-1]["parameter"]
    readings = [
        [(p["name"], p.get("valueString")) for p in r["part"] if "valueString" in p]
        for r in rows
        if r["name"] == "reading"
    ]
    assert [r[0][1] for r in readings] == [r["code"] for r in answer["readings"]] and readings
    assert sum(r["name"] == "link" for r in rows) == len(answer["knowledge"]["links"]) > 0
    assert bundle["entry"][1]["resource"]["action"][0]["title"].startswith("Not understood: EX:odd")
    text = json.loads(therapies_fhir(answer))
    (other,) = (
        a for a in of_kind(text["entry"][1]["resource"], "therapy") if a["resource"]["identifier"]["value"] == "EX:N1"
    )
    assert other["code"][1] == {"text": "EX:N1 (newcoxib)"}


def test_hostile_labels_stay_text(ask: Callable[..., Answer]) -> None:
    answer = ask("example:age-only").to_dict()
    answer["profile"].update(id='<script>"\\', label="\u202e\x00 ")
    answer["therapies"][0]["label"] = "\n\x1b[31m<b>'\"{}"
    bundle = json.loads(therapies_fhir(answer))
    validate(bundle, "R4")
    assert not any(c in json.dumps(bundle, ensure_ascii=False) for c in "\x1b\u202e\x00")


def test_the_cold_command_loads_nothing_of_fhir() -> None:
    line = "import sys, guidegraph.cli.app, guidegraph.render; print([m for m in sys.modules if 'fhir' in m and m != 'guidegraph.api.fhir' or m == 'guidegraph.export.cql'])"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_another_version_is_refused(ask: Callable[..., Answer]) -> None:
    with pytest.raises(UsageError, match="R4 or R5"):
        therapies_fhir(ask("example:age-only").to_dict(), "STU3")


@pytest.mark.slow
def test_the_command_writes_the_same_bytes(cli: Run) -> None:
    line = ("therapies", "example:age-only", "--format", "fhir", "--as-of", "2026-11-24", "--fhir-version", "R5")
    one, two = cli(*line, PYTHONHASHSEED="1", TZ="UTC"), cli(*line, PYTHONHASHSEED="2", TZ="Asia/Tokyo")
    assert one.returncode == 0, one.stderr
    assert one.stdout == two.stdout and '"RequestOrchestration"' in one.stdout
    other = cli("ask", "example:age-only", "--format", "fhir")
    assert other.returncode == 2 and len(other.stderr.splitlines()) == 1
    assert cli("therapies", "example:age-only", "--format", "fhir", "--fhir-version", "R6").returncode == 2


# ---------------------------------------------------------------- knowledge


def exported(kb: Any, version: str, day: Any = AS_OF) -> dict[tuple[str, str], dict[str, Any]]:
    """Everything that is written in a version, by kind and by the statement that it is about (or its id)."""
    found = {}
    for resource in kb.fhir_all(as_of=day, version=version):
        names = [i["value"] for i in resource.get("identifier", []) if i["system"] == "urn:ietf:rfc:3986"]
        found[resource["resourceType"], (names or [resource["id"]])[0]] = resource
    return found


def said(kb: Any, iri: str, name: str) -> Any:
    return kb.records.one(iri, name)


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_every_resource_of_the_knowledge_is_valid(kb: Any, version: str) -> None:
    found = exported(kb, version)
    for resource in found.values():
        validate(resource, version)
    kinds = {kind for kind, _ in found}
    assert kinds == {"PlanDefinition", "ActivityDefinition", "CodeSystem", "Library", "StructureDefinition"} | (
        {"Evidence", "ArtifactAssessment"} if version == "R5" else set()
    )
    assert len({(r["resourceType"], r["id"]) for r in found.values()}) == len(found)
    assert {iri for kind, iri in found if kind == "PlanDefinition"} == set(kb.recommendations())
    if version == "R5":
        assert {iri for kind, iri in found if kind == "Evidence"} == set(kb.evidence_items())


def test_a_stance_against_is_do_not_perform_and_an_open_one_is_no_activity(kb: Any) -> None:
    found = exported(kb, "R4")
    stances: dict[str, int] = {}
    for iri in kb.recommendations():
        stance = said(kb, iri, "stance").rpartition("/")[2]
        stances[stance] = stances.get(stance, 0) + 1
        activity = found.get(("ActivityDefinition", iri))
        (action,) = found["PlanDefinition", iri]["action"]
        assert (activity is not None) == (stance in ("For", "Against")) == ("definitionCanonical" in action)
        turned = [
            e["valueCodeableConcept"]["coding"][0]["code"]
            for e in action.get("modifierExtension", [])
            if e["url"] == OWN + "not-for"
        ]
        assert turned == ([] if stance == "For" else [stance])
        if activity is not None:
            assert activity.get("doNotPerform", False) is (stance == "Against")
            assert action["definitionCanonical"] == activity["url"]
        held = [e for e in action.get("modifierExtension", []) if e["url"] == OWN + "attached-condition"]
        assert len(held) == len(kb.records.all(iri, "attachedCondition")) + len(kb.records.all(iri, "onlyWithout"))
    assert min(stances[s] for s in ("For", "Against", "NoRecommendation", "InsufficientEvidence")) > 0


def test_strength_and_certainty_are_coded_where_they_are_stated_and_only_there(kb: Any) -> None:
    strengths = {"Strong": "strong", "Conditional": "weak"}
    levels = {"High": "high", "Moderate": "moderate", "Low": "low", "VeryLow": "very-low"}
    for iri, plan in ((i, r) for (k, i), r in exported(kb, "R4").items() if k == "PlanDefinition"):
        rated = {e["url"].rpartition("/")[2]: e.get("valueCodeableConcept", {}) for e in plan["action"][0]["extension"]}
        reading = kb.records.readings[iri].rpartition("/")[2]
        code = [c["code"] for c in rated.get("cqf-strengthOfRecommendation", {}).get("coding", [])]
        assert code == ([strengths[reading]] if reading in strengths else [])
        words = rated.get("cqf-strengthOfRecommendation", {}).get("text")
        assert words is None or words in (said(kb, iri, "strengthWording"), "good practice statement")
        sure = said(kb, iri, "certainty").rpartition("/")[2]
        assert [c["code"] for c in rated.get("cqf-qualityOfEvidence", {}).get("coding", [])] == (
            [levels[sure]] if sure in levels else []
        )
        assert "not stated" not in json.dumps({k: v for k, v in plan.items() if k != "description"})


def test_status_follows_the_day(kb: Any) -> None:
    day = date(2012, 6, 1)
    then, now = exported(kb, "R4", day), exported(kb, "R4")
    for iri in kb.recommendations():
        props = kb.records.nodes[iri]
        for found, on in ((then, day), (now, AS_OF)):
            ended = any(u <= on.isoformat() for u in props.get(ns.IDX + "until", ()))
            coming = any(f > on.isoformat() for f in props.get(ns.IDX + "from", ()))
            assert found["PlanDefinition", iri]["status"] == ("retired" if ended else "draft" if coming else "active")
    counts = [
        sum(r["status"] == s for (k, _), r in now.items() if k == "PlanDefinition") for s in ("active", "retired")
    ]
    assert min(counts) > 10
    gone = now["PlanDefinition", kb.statement("statement/dk-2018/DK-EXF")]
    assert gone["status"] == "retired" and gone["effectivePeriod"] == {"start": "2018", "end": "2023-03-22"}


def test_each_plan_applies_by_a_define_of_the_library(kb: Any) -> None:
    found = exported(kb, "R4")
    (library,) = (r for (k, _), r in found.items() if k == "Library")
    cql = b64decode(library["content"][0]["data"]).decode()
    defines = set(re.findall(r'^define ("(?:[^"\\]|\\.)*"):', cql, re.MULTILINE))
    for iri in kb.recommendations():
        plan = found["PlanDefinition", iri]
        (condition,) = plan["action"][0]["condition"]
        assert (
            condition["expression"]["expression"] == f'"{ns.shorten(kb.records.population(iri))}"'
            and condition["kind"] == "applicability"
        )
        assert condition["expression"]["expression"] in defines
        assert condition["expression"]["reference"] == library["url"] and plan["library"] == [library["url"]]


def test_figures_become_statistics_and_nothing_is_added(kb: Any) -> None:
    found = exported(kb, "R5")
    gg = "https://w3id.org/guidegraph/vocab/"
    seen = 0
    for iri in kb.evidence_items():
        evidence = found["Evidence", iri]
        own = kb.store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(gg + "figure"), None, None)
        nodes = sorted(q.object.value for q in own)
        if not nodes:
            assert len(evidence.get("statistic", [])) == len(kb.records.all(iri, "sensitivity")) + len(
                kb.records.all(iri, "specificity")
            )
            continue
        for node, statistic in zip(nodes, evidence["statistic"], strict=True):
            props = {
                q.predicate.value.removeprefix(gg): q.object.value
                for q in kb.store.quads_for_pattern(ox.NamedNode(node), None, None, None)
            }
            assert Decimal(str(statistic["quantity"]["value"])) == Decimal(props["estimate"])
            assert (
                statistic["quantity"].get("unit") == props.get("unit")
                and statistic["statisticType"]["text"] == props["measure"]
            )
            ranges = [a["range"] for a in statistic.get("attributeEstimate", [])]
            bounds = [Decimal(str(r[s]["value"])) for r in ranges for s in ("low", "high")]
            assert bounds == [Decimal(props[b]) for b in ("lowerBound", "upperBound") if b in props]
            seen += 1
    assert seen > 20


def test_the_terms_are_a_code_system_whose_codes_are_their_names(kb: Any) -> None:
    systems = {r["url"]: r for (k, _), r in exported(kb, "R4").items() if k == "CodeSystem"}
    terms = {c["code"]: c for c in systems[ns.GGT]["concept"]}
    assert set(terms) == {row.iri.removeprefix(ns.GGT) for row in kb.vocabulary.rows if row.iri.startswith(ns.GGT)}
    for row in kb.vocabulary.rows:
        if row.iri.startswith(ns.GGT):
            told = {p["valueCode"] for p in terms[row.iri.removeprefix(ns.GGT)].get("property", [])}
            assert told == {p.removeprefix(ns.GGT) for p in row.parents if p.startswith(ns.GGT)}
    assert {c["code"]: c["definition"] for c in systems[STATUS]["concept"]} == DEFINITIONS


def test_a_users_own_statement_says_what_it_says(tmp_path: Path) -> None:
    """Own vocabulary, no jurisdiction, a date of no form, a label that tries to be more than text."""
    path = tmp_path / "mine.trig"
    told = CLEAN.read_text().replace('"Drops for ache"@en', r'"<b>Drops\u0007\n\"for\" ache"@en')
    path.write_text(told.replace('"2024-01-01"^^xsd:date', '"some day in spring"'))
    kb = api.open_files([path])
    for version in ("R4", "R5"):
        found = {
            (r["resourceType"], r["id"].partition("-statement-")[2][:5]): r
            for r in kb.fhir([S + "drops"], as_of=AS_OF, version=version)
        }
        for resource in found.values():
            validate(resource, version)
        plan = next(r for (kind, _), r in found.items() if kind == "PlanDefinition")
        assert not set(plan) & {"jurisdiction", "date", "description", "goal"} and plan["effectivePeriod"] == {
            "start": "2023"
        }
        assert plan["title"] == '<b>Drops \n"for" ache' and plan["publisher"] == "Anna"
        (action,) = plan["action"]
        code = action["code"][0] if version == "R4" else action["code"]
        assert code["coding"] == [{"system": "https://example.org/term/", "code": "Drops", "display": "drops"}]
        assert action["documentation"][0]["citation"] == "Ache; Society; 2023; Ache, characters 30-60"
        assert [a["type"] for a in plan["relatedArtifact"]] == ["citation", "justification"]
        assert action["condition"][0]["expression"]["expression"] == '"https://example.org/term/Aching"'
    (salve, activity, _) = kb.fhir([S + "salve"], as_of=AS_OF)
    assert activity["doNotPerform"] is True and salve["action"][0]["modifierExtension"]


def test_evidence_has_no_form_in_r4(kb: Any) -> None:
    item = kb.evidence_items()[0]
    with pytest.raises(UsageError, match="R5"):
        list(kb.fhir([item], version="R4"))
    assert next(kb.fhir([item], version="R5"))["resourceType"] == "Evidence"
    with pytest.raises(UsageError, match="no form"):
        list(kb.fhir([ns.GGD + "bmj-2025"], version="R5"))


def test_a_folder_survives_a_killed_run_and_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = ({"resourceType": "Library", "id": name} for name in ("one", "two"))
    folder = tmp_path / "out"
    assert write_folder([one], folder) == 1
    folder.replace(tmp_path / ".out.guidegraph-old")
    (tmp_path / ".out.guidegraph-part").mkdir()
    assert write_folder([two], folder) == 1
    assert [p.name for p in folder.iterdir()] == ["Library-two.json"] and list(tmp_path.iterdir()) == [folder]
    renamed = Path.replace

    def fail(self: Path, target: Path) -> Path:
        if self.name.endswith("-part"):
            raise OSError(28, "No space left on device")
        return renamed(self, target)

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UsageError, match="No space"):
        write_folder([one], folder)
    assert [p.name for p in folder.iterdir()] == ["Library-two.json"] and list(tmp_path.iterdir()) == [folder]
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert write_folder([one], Path()) == 1
    assert [p.name for p in folder.iterdir()] == ["Library-one.json"]
    (tmp_path / "link").symlink_to(folder)
    for wrong in (tmp_path / "link", folder / "Library-one.json", Path("/")):
        with pytest.raises(UsageError):
            write_folder([two], wrong)


@pytest.mark.slow
def test_a_folder_is_replaced_whole_and_never_somebody_elses(cli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "fhir"
    line = ("export", "fhir", "--all", "-o", str(folder), "--as-of", "2026-11-24")
    assert cli(*line, PYTHONHASHSEED="1").returncode == 0
    first = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert cli(*line, PYTHONHASHSEED="2").returncode == 0
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == first and len(first) > 300
    assert cli("export", "fhir", "BMJ-R1", "-o", str(folder)).returncode == 0
    assert len(list(folder.iterdir())) == 3 and not [p for p in tmp_path.iterdir() if p != folder]
    (folder / "notes.txt").write_text("mine")
    refused = cli(*line)
    assert refused.returncode == 2 and "notes.txt" in refused.stderr and len(refused.stderr.splitlines()) == 1
    assert len(list(folder.iterdir())) == 4
    for wrong in (
        ("export", "fhir"),
        ("export", "fhir", "--all"),
        ("export", "fhir", "no-such-thing"),
        ("export", "fhir", "BMJ-R1", "-o", str(folder / "notes.txt")),
    ):
        done = cli(*wrong)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, wrong
    validate(json.loads(cli("export", "fhir", "BMJ-R1").stdout), "R4")


def misused(resources: Any, definitions: dict[str, dict[str, Any]]) -> set[str]:
    """The extensions that are used against their definition: unknown, in the wrong place, of the wrong type."""
    wrong, seen = set(), set()
    for resource in resources:
        for path, key, one in uses(resource, resource["resourceType"]):
            own = definitions.get(one["url"])
            if not one["url"].startswith(OWN):
                continue
            seen.add(one["url"])
            elements = {e["id"]: e for e in own["differential"]["element"]} if own else {}
            places = {c["expression"] for c in own["context"]} if own else set()
            if own is None or (
                path not in places
                and path.rpartition(".")[2] not in {"documentation", "relatedArtifact", "dataRequirement"}
            ):
                wrong.add(f"{path} {one['url']}")
            elif (key == "modifierExtension") != elements["Extension"].get("isModifier", False):
                wrong.add(f"{key} {one['url']}")
            else:
                kinds = {
                    e["id"].split(":")[-1].removesuffix(".value[x]"): e["type"][0]["code"]
                    for i, e in elements.items()
                    if i.endswith("value[x]") and "type" in e
                }
                for part in one.get("extension", [one]):
                    (kind,) = (k.removeprefix("value") for k in part if k.startswith("value"))
                    wanted = kinds.get(part["url"]) or kinds["Extension"]
                    if kind != wanted[0].upper() + wanted[1:]:
                        wrong.add(f"{kind} {one['url']} {part['url']}")
    return wrong | {f"never used: {url}" for url in set(definitions) - seen}


def uses(node: Any, path: str) -> Any:
    """Every extension with the path of the element that it stands in; nested actions and contained resources count."""
    if isinstance(node, list):
        for item in node:
            yield from uses(item, path)
    elif isinstance(node, dict):
        path = node.get("resourceType", path)
        for key, value in node.items():
            if key in ("extension", "modifierExtension"):
                yield from ((path, key, one) for one in value)
            else:
                yield from uses(value, f"{path}.{key}")


@pytest.mark.parametrize("version", ["R4", "R5"])
def test_our_extensions_are_used_as_they_are_defined(kb: Any, version: str) -> None:
    written = list(kb.fhir_all(as_of=AS_OF, version=version))
    definitions = {r["url"]: r for r in written if r["resourceType"] == "StructureDefinition"}
    profile = Profile(
        stops_absent=frozenset({StopFact(ns.GGT + "NSAID", Decimal(3))}),
        trials_present=frozenset({TrialFact(ns.GGT + "NSAID", None, Decimal(2))}),
    )
    written += [e["resource"] for e in bare(kb.patient_bundle(profile))["entry"]]
    for name in ("chronic-failed-care", "cauda-equina-week-1"):
        answer = json.loads(therapies_fhir(kb.therapies(f"example:{name}", as_of=AS_OF).to_dict(), version))
        written += [entry["resource"] for entry in answer["entry"]]
    coded = kb.therapies({"id": "x"}, as_of=AS_OF, also=["ATC:M01AE01"]).to_dict()
    written += [entry["resource"] for entry in json.loads(therapies_fhir(coded, version))["entry"]]
    assert misused(written, definitions) == set()
    assert misused(
        [{"resourceType": "Procedure", "modifierExtension": [{"url": OWN + "trial-weeks", "valueString": "2"}]}],
        {OWN + "trial-weeks": definitions[OWN + "trial-weeks"]},
    )


@pytest.mark.slow
def test_r4_has_only_elements_of_fhir_4_0_1(kb: Any) -> None:
    model = npm.modules("cql", *npm.CQL) / "cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml"
    written = list(kb.fhir_all(as_of=AS_OF))
    for name in PROFILES:
        written += [
            bare(kb.patient_bundle(f"example:{name}")),
            json.loads(therapies_fhir(kb.therapies(f"example:{name}", as_of=AS_OF).to_dict())),
        ]
    assert {told for resource in written for told in strangers(resource, model)} == set()
    r5 = json.loads(therapies_fhir(kb.therapies("example:age-only", as_of=AS_OF).to_dict(), "R5"))
    assert "FHIR.RelatedArtifact has no publicationDate" in set(
        strangers(r5["entry"][1]["resource"]["action"], model, "FHIR.RequestGroup.Action")
    )
