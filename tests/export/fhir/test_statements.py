"""The knowledge as FHIR: valid, and saying what the statements say, no more and no less."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import api
from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.fhir.answer import DEFINITIONS
from guidegraph.knowledge.effect import InEffect
from tests.conftest import AS_OF
from tests.support.fhircheck import validate
from tests.support.fhirnames import OWN, STATUS
from tests.support.paths import AUDIT

CLEAN, S = AUDIT / "clean.trig", "https://example.org/statement/"


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
        effect = kb.records.intervals.get(iri, InEffect())
        for found, on in ((then, day), (now, AS_OF)):
            ended = "" < effect.ends <= on.isoformat()
            coming = effect.begins > on.isoformat()
            assert found["PlanDefinition", iri]["status"] == ("retired" if ended else "draft" if coming else "active")
    counts = [
        sum(r["status"] == s for (k, _), r in now.items() if k == "PlanDefinition") for s in ("active", "retired")
    ]
    assert min(counts) > 10
    gone = now["PlanDefinition", kb.statement("statement/dk-2018/DK-EXF")]
    assert gone["status"] == "retired" and gone["effectivePeriod"] == {"start": "2017-04-20", "end": "2023-03-22"}


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
            unit, measure = (kb.records.code(props.get(name, ""), "") for name in ("unit", "measure"))
            assert statistic["quantity"].get("unit", "") == unit and measure
            assert statistic["quantity"].get("code", "") == kb.records.one(props.get("unit", ""), "ucumUnit")
            assert statistic["statisticType"]["text"] == props.get("measureWording", measure)
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
