"""Clocks: whose weeks, scores and trials a statement means, where the patient has several problems."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError
from tests.assess.test_problems import BACK, LEG
from tests.conftest import AS_OF
from tests.support.paths import ROOT, words

PREFIXES = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix ggp: <https://w3id.org/guidegraph/population/> . @prefix ggd: <https://w3id.org/guidegraph/document/> .
@prefix ggg: <https://w3id.org/guidegraph/graph/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix s: <https://w3id.org/guidegraph/statement/own/> .
@prefix dcterms: <http://purl.org/dc/terms/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
OWN = (
    PREFIXES
    + """ggg:own {{
  ggd:own a gg:Document ; rdfs:label "Own" ; gg:documentKind gg:Guideline ; dcterms:issued "2024"^^xsd:gYear .
  s:r a gg:Recommendation ; rdfs:label "Massage, for the back or the leg" ; gg:statedIn ggd:own ; gg:stance gg:For ;
    gg:intervention ggt:Massage ; gg:population ggp:Own ; gg:indication ggt:LowBackPain , ggt:Sciatica .
  ggp:Own a owl:Class , gg:Population ; rdfs:label "either" ; owl:equivalentClass [ a owl:Class ; owl:unionOf (
    [ a owl:Class ; owl:intersectionOf ( {back} ) ] [ a owl:Class ; owl:intersectionOf ( {leg} ) ] ) ] .
}}
"""
)
_HAS = "[ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:{} ] "
_WEEKS = (
    "[ a owl:Restriction ; owl:onProperty gg:symptomWeeks ; owl:someValuesFrom [ a rdfs:Datatype ; "
    "owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:min{}clusive {} ] ) ] ]"
)
_FAILED = (
    "[ a owl:Restriction ; owl:onProperty gg:hasTrial ; owl:someValuesFrom "
    "[ a owl:Restriction ; owl:onProperty gg:ofIntervention ; owl:someValuesFrom ggt:Yoga ] ]"
)


@pytest.fixture(scope="module")
def alone() -> Path:
    """The shipped words without the shipped documents."""
    return words(*(path.stem for path in (ROOT / "ontology").glob("*.ttl")))


@pytest.mark.parametrize(
    ("back", "leg", "refused"),
    [
        (_WEEKS.format("In", "12.0"), _WEEKS.format("In", "6.0"), True),
        (_WEEKS.format("In", "12.0"), "", True),
        (_FAILED, _WEEKS.format("In", "12.0"), True),
        (_WEEKS.format("In", "12.0"), _WEEKS.format("In", "12.0"), False),
        ("", "", False),
    ],
)
def test_a_statement_with_the_clocks_of_two_problems_is_refused(
    alone: Path, tmp_path: Path, back: str, leg: str, refused: bool
) -> None:
    own = tmp_path / "own.trig"
    own.write_text(OWN.format(back=_HAS.format("LowBackPain") + back, leg=_HAS.format("Sciatica") + leg))
    joined = gg.api.open_knowledge(alone, extra=[own])
    patient = {"age": 40, "conditions": ["sciatica"]}
    if not refused:
        assert joined.therapies(patient, as_of=AS_OF).statuses
        return
    for ask in (lambda: joined.therapies(patient, as_of=AS_OF), joined.cql):
        with pytest.raises(KnowledgeError, match="low back pain and of sciatica") as told:
            ask()
        assert "own/r" in str(told.value) and "statement of its own for each problem" in str(told.value)


_DANGER = (
    PREFIXES
    + """ggg:own {{
  ggd:own a gg:Document ; rdfs:label "Own" ; gg:documentKind gg:Guideline ; dcterms:issued "2024"^^xsd:gYear .
  s:c a gg:Contraindication ; rdfs:label "Massage: long known" ; gg:statedIn ggd:own ; gg:kind gg:Absolute ;
    gg:intervention ggt:Massage ; gg:population ggp:Own .
  s:r a gg:Recommendation ; rdfs:label "Massage, for the leg" ; gg:statedIn ggd:own ; gg:stance gg:For ;
    gg:intervention ggt:Massage ; gg:population ggp:All ; gg:indication ggt:Sciatica .
  ggp:Own a owl:Class , gg:Population ; rdfs:label "own" ; owl:equivalentClass
    [ a owl:Class ; owl:intersectionOf ( gg:Patient {literals} ) ] .
  ggp:All a owl:Class , gg:Population ; rdfs:label "all" ; owl:equivalentClass {all} .
}}
"""
)
_FROM_12 = _WEEKS.format("In", "12.0")


@pytest.fixture(scope="module")
def dangerous(alone: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Massage with a contraindication from twelve weeks on, of a condition or of none."""

    @cache
    def opened(required: str) -> gg.KnowledgeBase:
        own = tmp_path_factory.mktemp("dangerous") / "own.trig"
        literals = (_HAS.format(required) if required else "") + _FROM_12
        own.write_text(_DANGER.format(literals=literals, all=_HAS.format("Sciatica")))
        return gg.api.open_knowledge(alone, extra=[own])

    return opened


@pytest.mark.parametrize(
    ("required", "weeks", "expected"),
    [
        # Of the problem asked about: its own clock, both ways.
        ("Sciatica", 20, {"named": "true", "several": "true", "flat": "true"}),
        ("Sciatica", 3, {"named": "false", "several": "false", "flat": "false"}),
        # Of another condition of the patient: whatever the clock of the problem asked about says.
        ("CongestiveHeartFailure", 20, {"named": "unknown", "several": "unknown", "flat": "true"}),
        ("CongestiveHeartFailure", 3, {"named": "unknown", "several": "unknown", "flat": "false"}),
        ("LowBackPain", 3, {"several": "unknown"}),
        ("LowBackPain", 20, {"several": "unknown"}),
        # Of none: true of the patient by any clock, and false only where there is but one.
        ("", 20, {"named": "true", "several": "true", "flat": "true"}),
        ("", 3, {"named": "false", "several": "unknown", "flat": "false"}),
    ],
)
def test_a_contraindications_number_is_of_the_condition_that_it_requires(
    dangerous: Any, required: str, weeks: int, expected: dict[str, str]
) -> None:
    joined = dangerous(required)
    ill, statement = ["congestive heart failure"], ns.BASE + "statement/own/c"
    leg, back = {"of": LEG, "weeks": weeks}, {"of": BACK, "weeks": 520}
    patients = {
        "named": {"age": 60, "problems": [leg], "conditions": ill},
        "several": {"age": 60, "problems": [leg, back], "conditions": ill},
        "flat": {"age": 60, "symptom_weeks": weeks, "conditions": [LEG, *ill]},
    }
    massage = joined.resolve("massage")
    for kind, truth in expected.items():
        problem = LEG if kind == "several" else None
        found = joined.therapies(patients[kind], as_of=AS_OF, problem=problem)
        assert found.assessment.truth(statement) == truth, kind
        entry = next(t for t in found.to_dict()["therapies"] if t["intervention"] == "ggt:Massage")
        assert (entry["status"] == "contraindicated") is (truth == "true")
        assert (entry["status"] == "eligible") is (truth == "false")
        if truth == "unknown":
            # It is told, asked about nothing that is known, and proved as what is not known.
            assert any("of whatever else" in fact["label"] for fact in entry["establish"])
            assert all(question["key"] != "symptom_weeks" for question in found.to_dict()["questions"])
            told = joined.explain(patients[kind], massage, as_of=AS_OF, problem=problem)
            (proof,) = [row for row in told["proof"] if row["id"].endswith("own/c")]
            assert {branch["truth"] for branch in proof["branches"]} == {"unknown"}
            assert any("need not be about" in lit["fact"] for lit in proof["branches"][0]["literals"])
            assert not told["change"]["possible"]
    # The other problem's own numbers move nothing here: it has an answer of its own.
    for other in (1, 40):
        moved = {**patients["several"], "problems": [leg, {"of": BACK, "weeks": other}]}
        again = joined.therapies(moved, as_of=AS_OF, problem=LEG)
        first = joined.therapies(patients["several"], as_of=AS_OF, problem=LEG)
        assert again.statuses == first.statuses
