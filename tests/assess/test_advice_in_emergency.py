"""Advice against a class that speaks of patients with an alert counts in its emergency; no shipped document gives such advice."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from tests.assess.test_laws import in_general, plain_status
from tests.assess.test_rules import HEALTHY, answer, entries
from tests.conftest import AS_OF
from tests.support.cohortproof import Figures, compare

NAME, IMAGING = "emergency magnetic resonance imaging", ns.GGT + "EmergencyMRI"
#: A document whose two statements advise against imaging: of patients with a sign of the alert, and of those with sciatica.
DOCUMENT = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix ex: <https://example.org/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

ex:Numb a owl:Class , gg:Population ; rdfs:label "patients with saddle anesthesia"@en ;
    owl:equivalentClass [ a owl:Restriction ; owl:onProperty gg:hasFinding ; owl:someValuesFrom ggt:SaddleAnesthesia ] .
ex:Aching a owl:Class , gg:Population ; rdfs:label "patients with sciatica"@en ;
    owl:equivalentClass [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ] .
ex:graph {
ex:graph a gg:KnowledgeGraph ; gg:encodes ex:document .
ex:document a gg:Document ; rdfs:label "Invented guideline"@en ; dcterms:title "Invented" ; gg:documentKind gg:Guideline ;
    dcterms:issued "2023"^^xsd:gYear .
ex:of-the-sign a gg:Recommendation ; rdfs:label "No imaging with saddle anesthesia"@en ; gg:statedIn ex:document ;
    gg:intervention ggt:DiagnosticImaging ; gg:stance gg:Against ; gg:population ex:Numb ; gg:indication ggt:CaudaEquinaSyndrome .
ex:of-others a gg:Recommendation ; rdfs:label "No imaging with sciatica"@en ; gg:statedIn ex:document ;
    gg:intervention ggt:DiagnosticImaging ; gg:stance gg:Against ; gg:population ex:Aching ; gg:indication ggt:Sciatica .
}
"""
SPEAKS, OTHERS = "https://example.org/of-the-sign", "https://example.org/of-others"


@pytest.fixture(scope="module")
def own(tmp_path_factory: Any) -> Any:
    """The knowledge with that document."""
    file: Path = tmp_path_factory.mktemp("advice") / "advice.trig"
    file.write_text(DOCUMENT, encoding="utf-8")
    return gg.open(extra=[file])


@pytest.fixture(scope="module")
def numb() -> dict[str, Any]:
    """A patient with sciatica, and with a sign of which the alert calls for imaging at once."""
    return {**HEALTHY, "findings": {"present": ["saddle anesthesia"]}}


@pytest.mark.slow
def test_what_speaks_of_patients_with_the_alert_counts_and_what_speaks_of_others_does_not(
    kb: Any, own: Any, numb: Any
) -> None:
    before = entries(answer(kb, findings=numb["findings"]))[NAME]
    assert before["called_for"] and before["status"] == "eligible"
    entry = entries(own.therapies(numb, as_of=AS_OF).to_dict())[NAME]
    assert entry["called_for"] and entry["status"] == "contested"
    assert {v["id"] for v in entry["limits"]} - {v["id"] for v in before["limits"]} == {OTHERS}
    assert {v["id"] for v in entry["against"]} == {SPEAKS}


def test_the_law_and_the_planes_say_the_same(own: Any, numb: Any) -> None:
    found = own.assess(own.profile(numb), AS_OF)
    plain = SimpleNamespace(**vars(found), store=own.store, truth=found.truth, statements=found.statements)
    general = found.in_general[IMAGING]
    assert general == in_general(plain, IMAGING) and OTHERS in general and SPEAKS not in general
    assert plain_status(plain, IMAGING) == found.statuses[IMAGING] == "contested"
    compare(own, [own.profile(numb)], (AS_OF, None, frozenset()), figures := Figures())
    assert figures.patients == 1 and not figures.differences, figures
