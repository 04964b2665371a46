"""Profiles in RDF: every triple has its place in the form of docs/model.md, or is told."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from guidegraph.errors import ProfileError
from guidegraph.profile import parse_profile_text

GG = "https://w3id.org/guidegraph/vocab/"
HEAD = """\
@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
_TRIAL = "[ a gg:Trial ; gg:ofIntervention [ a ggt:NSAID ] %s ]"
_NO_TRIAL = "[ a owl:Class ; owl:complementOf [ owl:onProperty gg:hasTrial ; owl:someValuesFrom %s ] ]"
_OF = "[ owl:onProperty gg:ofIntervention ; owl:someValuesFrom ggt:NSAID ]"
_NO_STOP = (
    "[ owl:complementOf [ owl:onProperty gg:stoppedMedication ; owl:someValuesFrom [ owl:intersectionOf (%s) ] ] ]"
)
_WITHIN = (
    "[ owl:onProperty gg:daysSinceStop ; owl:someValuesFrom"
    " [ owl:onDatatype xsd:decimal ; owl:withRestrictions (%s) ] ]"
)
_BOTH = "[ owl:intersectionOf (%s %s) ]"

#: What is said of the patient, and what the message must have.
FAULTS = {
    "a misspelt property": ("gg:agYears 4.0", "Nearest: gg:ageYears"),
    "a misspelt list": ("gg:hasConditon [ a ggt:Sciatica ]", "Nearest: gg:hasCondition"),
    "a misspelt property of a trial": (f"gg:hasTrial {_TRIAL % '; gg:trialWeek 3.0'}", "Nearest: gg:trialWeeks"),
    "a property of another thing": (f"gg:hasTrial {_TRIAL % '; gg:daysSinceStop 3.0'}", "no place"),
    "a foreign property": ("<urn:x> 3", "urn:x .* has no place"),
    "a property of a fact": ('gg:hasCondition [ a ggt:Sciatica ; rdfs:label "left" ]', "rdfs:label .* has no place"),
    "a fact of two classes": ("gg:hasCondition [ a ggt:Sciatica, ggt:Pregnancy ]", "exactly one class"),
    "a trial that is a stop": ("gg:hasTrial [ a gg:DrugStop ; gg:ofIntervention [ a ggt:NSAID ] ]", "gg:Trial"),
    "a trial of nothing": ("gg:hasTrial [ a gg:Trial ]", "exactly one class"),
    "NaN": ('gg:ageYears "NaN"^^xsd:decimal', "no plain exact number"),
    "a double": ("gg:ageYears 4.0E1", "no plain exact number"),
    "a number as text": ('gg:ageYears "40"', "no plain exact number"),
    "a number as a day": ('gg:ageYears "40"^^xsd:gDay', "no plain exact number"),
    "a number in a language": ('gg:ageYears "40"@en', "no plain exact number"),
    "a number with white space": ('gg:ageYears " 40.0 "^^xsd:decimal', "no plain exact number"),
    "digits of another script": ('gg:ageYears "４０"^^xsd:decimal', "no plain exact number"),
    "too many places": ('gg:ageYears "40.0000000001"^^xsd:decimal', "no plain exact number"),
    "a negative number": ("gg:ageYears -4.0", "no plain exact number"),
    "a number as a node": ("gg:ageYears <urn:x>", "no plain exact number"),
    "an implausible number": ("gg:ageYears 400", "It lies between 0 and"),
    "two numbers": ("gg:ageYears 4, 5", "two values"),
    "a class as text": ("gg:hasCondition [ a ggt:Nonsense ]", "no known condition"),
    "completeness of nothing": ("gg:completeFor gg:ageYears", "no known category"),
    "completeness as text": ('gg:completeFor "conditions"', "no known category"),
    "an outcome as text": ("gg:hasTrial " + _TRIAL % '; gg:hasOutcome "failed"', "no known outcome"),
    "an entry without text": ("gg:notUnderstood [ gg:completeFor gg:hasCondition ]", "without its list or text"),
    "an entry with NUL": (
        r'gg:notUnderstood [ gg:completeFor gg:hasCondition ; rdfs:label "a\u0000" ]',
        r"U\+0000",
    ),
    "a type of the patient": ("a ggt:Sciatica", "complementOf"),
    "more about a denied trial": (
        "a " + _NO_TRIAL % (_BOTH % (_OF, "[ owl:onProperty gg:trialWeeks ; owl:someValuesFrom xsd:decimal ]")),
        "too much",
    ),
    "one thing twice of a denied trial": (
        "a " + _NO_TRIAL % (_BOTH % (_OF, _OF.replace("NSAID", "Surgery"))),
        "too much",
    ),
    "a restriction of more than one kind": (
        "a [ owl:complementOf [ owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ; "
        "owl:maxCardinality 1 ] ]",
        "maxCardinality .* has no place",
    ),
    "a denied stop at least so long ago": (
        "a " + _NO_STOP % (_OF + _WITHIN % "[ xsd:minInclusive 4.0 ]"),
        "maxInclusive",
    ),
    "a denied stop with two bounds": (
        "a " + _NO_STOP % (_OF + _WITHIN % "[ xsd:maxInclusive 4.0 ] [ xsd:maxInclusive 9.0 ]"),
        "maxInclusive",
    ),
    "a denied number": (
        "a [ owl:complementOf [ owl:onProperty gg:ageYears ; owl:someValuesFrom xsd:decimal ] ]",
        "denied",
    ),
    "a bad IRI": ("gg:hasCondition [ a <http://a b> ]", "not well-formed"),
    "another node": (". <urn:q> a gg:Trial", "has no place"),
    "another node with facts": (". <urn:q> gg:hasCondition [ a ggt:Sciatica ]", "has no place"),
    "another patient": (". <urn:q> a gg:Patient", "2 patients"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_triple_without_a_place_is_told(kb: Any, name: str) -> None:
    said, told = FAULTS[name]
    with pytest.raises(ProfileError, match=told) as caught:
        parse_profile_text(f"{HEAD}<urn:p> a gg:Patient ; {said} .", "turtle", kb.vocabulary, where="p.ttl")
    assert caught.value.mend and caught.value.where.startswith("p.ttl")


def test_a_list_in_a_circle_ends(kb: Any) -> None:
    text = (
        f"{HEAD}@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . "
        "<urn:p> a gg:Patient, " + _NO_TRIAL % "[ owl:intersectionOf _:l ]" + f" . _:l rdf:first {_OF} ; rdf:rest _:l ."
    )
    with pytest.raises(ProfileError, match="broken list"):
        parse_profile_text(text, "turtle", kb.vocabulary, where="p")


def test_what_is_exact_is_read(kb: Any) -> None:
    text = f'{HEAD}<urn:p> a gg:Patient ; gg:ageYears 40 ; gg:symptomWeeks "16.50"^^xsd:decimal .'
    for form in ("turtle", "trig", ""):
        values = parse_profile_text(text, form, kb.vocabulary, where="p").values
        assert values == {GG + "ageYears": Decimal(40), GG + "symptomWeeks": Decimal("16.5")}


def test_a_profile_has_no_named_graphs(kb: Any) -> None:
    with pytest.raises(ProfileError, match="named graph <urn:g>"):
        parse_profile_text(f"{HEAD}<urn:g> {{ <urn:p> a gg:Patient }}", "trig", kb.vocabulary, where="p")
    linked = {"@id": "urn:g", "@graph": [{"@id": "urn:p", "@type": GG + "Patient"}]}
    with pytest.raises(ProfileError, match="named graph <urn:g>"):
        parse_profile_text(json.dumps(linked), "jsonld", kb.vocabulary, where="p")


def test_a_bare_number_of_json_ld_is_read_exactly_or_told_how_to_be_written(kb: Any) -> None:
    typed = {"@value": 16.5, "@type": "http://www.w3.org/2001/XMLSchema#decimal"}
    linked = {"@id": "urn:p", "@type": GG + "Patient", GG + "symptomWeeks": typed}
    for form in ("jsonld", "json", ""):
        found = parse_profile_text(json.dumps(linked), form, kb.vocabulary, where="p")
        assert found.values == {GG + "symptomWeeks": Decimal("16.5")}
        with pytest.raises(ProfileError, match="in quotation marks"):
            bare = linked | {GG + "symptomWeeks": 16.5}
            parse_profile_text(json.dumps(bare), form, kb.vocabulary, where="p")


def test_a_relative_iri_is_told(kb: Any) -> None:
    with pytest.raises(ProfileError, match="relative IRI"):
        parse_profile_text(f"{HEAD}<#me> a gg:Patient .", "turtle", kb.vocabulary, where="p")
