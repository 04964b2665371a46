"""What is written as FHIR holds only our extensions as they are defined, and only elements of its version."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.authoring.fhircarried import carried
from guidegraph.export.fhir.answer import therapies_fhir
from guidegraph.export.fhir.parts import bare, identity
from guidegraph.model import Profile, StopFact, TrialFact
from tests.conftest import AS_OF
from tests.support import npm
from tests.support.fhirmodel import strangers
from tests.support.fhirnames import OWN
from tests.support.paths import ASKED


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


@pytest.mark.slow
@pytest.mark.parametrize("version", ["R4", "R5"])
def test_our_extensions_are_used_as_they_are_defined(kb: Any, version: str) -> None:
    written = list(kb.fhir_all(as_of=AS_OF, version=version))
    definitions = {r["url"]: r for r in written if r["resourceType"] == "StructureDefinition"}
    beside, _ = carried(written, kb.knowledge, [ns.GGD + "cochrane-slr-2010", ns.GGD + "nice-ng59"], identity)
    written += beside
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
    for path, problem in ASKED:
        written += [
            bare(kb.patient_bundle(path, problem=problem)),
            json.loads(therapies_fhir(kb.therapies(path, as_of=AS_OF, problem=problem).to_dict())),
        ]
    assert {told for resource in written for told in strangers(resource, model)} == set()
    r5 = json.loads(therapies_fhir(kb.therapies("example:age-only", as_of=AS_OF).to_dict(), "R5"))
    assert "FHIR.RelatedArtifact has no publicationDate" in set(
        strangers(r5["entry"][1]["resource"]["action"], model, "FHIR.RequestGroup.Action")
    )
