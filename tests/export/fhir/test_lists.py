"""The codes of HL7 in ontology/lists.ttl are codes that HL7 published, with their own displays."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.export.fhir import parts as fhir
from tests.support import npm

CORE, TERMINOLOGY = ("hl7.fhir.r5.core", "5.0.0"), ("hl7.terminology.r4", "7.0.1")
#: No package of npm holds this one; it was read at hl7.org/fhir/uv/cpg.
UNPACKED = fhir.DIRECTION


def coded(root: Path) -> dict[str, dict[str, str]]:
    """The codes and displays by code system, as the lists state them."""
    store = ox.Store()
    store.load((root / "ontology/lists.ttl").read_bytes(), format=ox.RdfFormat.TURTLE)
    found: dict[str, dict[str, str]] = {}
    for quad in store.quads_for_pattern(None, ox.NamedNode(ns.SKOS + "inScheme"), None, None):

        def said(name: str, node: object = quad.subject) -> str:
            return next(store.quads_for_pattern(node, ox.NamedNode(name), None, None)).object.value

        assert quad.subject.value == f"{quad.object.value}#{said(ns.SKOS + 'notation')}"
        found.setdefault(quad.object.value, {})[said(ns.SKOS + "notation")] = said(ns.RDFS + "label")
    return found


def test_every_code_is_published_with_that_display(repo_root: Path) -> None:
    ours = coded(repo_root)
    published: dict[str, dict[str, str]] = {}
    for name, version in (CORE, TERMINOLOGY):
        for path in npm.package(name, version).glob("CodeSystem-*.json"):
            if any(system.rpartition("/")[2] in path.name for system in ours):
                held = json.loads(path.read_text(encoding="utf-8"))
                published[held["url"]] = {c["code"]: c["display"] for c in held["concept"]}
    assert sum(map(len, ours.values())) > 15
    assert ours.pop(UNPACKED) == {"for": "For", "against": "Against"}
    for system, codes in ours.items():
        assert codes.items() <= published[system].items(), system


@pytest.mark.parametrize(
    ("kind", "code", "system", "theirs"),
    [
        ("gg:Strength", "conditional", fhir.RECOMMENDATION_STRENGTH, "weak"),
        ("gg:Strength", "good practice statement", fhir.RECOMMENDATION_STRENGTH, None),
        ("gg:Certainty", "very low", fhir.EVIDENCE_QUALITY, "very-low"),
        ("gg:Certainty", "very low", fhir.CERTAINTY_RATING, "very-low"),
        ("gg:Certainty", "not stated", fhir.CERTAINTY_RATING, None),
        ("gg:Stance", "against", fhir.DIRECTION, "against"),
        ("gg:Stance", "insufficient-evidence", fhir.DIRECTION, None),
        ("gg:Measure", "rate ratio", fhir.STATISTIC_TYPE, "rate-ratio"),
        ("gg:Measure", "weighted mean difference", fhir.STATISTIC_TYPE, None),
    ],
)
def test_an_entry_is_written_with_the_code_that_means_the_same(
    kind: str, code: str, system: str, theirs: str | None
) -> None:
    found = fhir.listed(kind, code, system)
    assert (found and (found["system"], found["code"])) == (theirs and (system, theirs))
