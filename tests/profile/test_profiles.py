"""Profiles: what is read, what is refused and how the refusal reads."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidegraph.domains import first
from guidegraph.errors import ProfileError, TermError
from guidegraph.profile import digest, from_triples, parse_profile_text, template, to_triples
from tests.support import generate

GG = "https://w3id.org/guidegraph/vocab/"
GGT = "https://w3id.org/guidegraph/term/"

#: What is wrong with it, the text, and what the message must name.
MALFORMED = {
    "empty": ("", "empty"),
    "only comments": ("# nothing\n", "empty"),
    "list at the top": ("- age\n", "mapping"),
    "text at the top": ("sciatica\n", "mapping"),
    "unknown key": ("agee: 4\n", "Nearest: age"),
    "duplicate key": ("age: 4\nage: 5\n", "twice"),
    "age 400": ("age: 400\n", "not plausible"),
    "negative": ("symptom_weeks: -3\n", "not a plain number"),
    "exponent": ("age: 1e3\n", "not a plain number"),
    "octal": ("age: 0123\n", "not a plain number"),
    "hexadecimal": ("age: 0x20\n", "not a plain number"),
    "nan": ("egfr: .nan\n", "not a plain number"),
    "infinity": ("egfr: .inf\n", "not a plain number"),
    "sexagesimal": ("symptom_weeks: 12:30\n", "not a plain number"),
    "underscore": ("symptom_weeks: 1_0\n", "not a plain number"),
    "boolean for a number": ("age: true\n", "not a plain number"),
    "quoted number": ('age: "45"\n', "text, not a number"),
    "no value": ("age:\n", "no value"),
    "list for a number": ("age: [1]\n", "one number"),
    "pain score 11": ("pain_score: 11\n", "not plausible"),
    "unit in the number": ("symptom_weeks: 3 weeks\n", "not a plain number"),
    "unknown condition": ("conditions: [sciatcia]\n", "sciatica"),
    "unknown drug": ("medications: [ibuprophen]\n", "ibuprofen"),
    "drug as condition": ("conditions: [ibuprofen]\n", "another kind"),
    "condition as drug": ("medications: [sciatica]\n", "another kind"),
    "number in a list": ("conditions: [3]\n", "not a known term"),
    "list of lists": ("conditions: [[sciatica]]\n", "must be text"),
    "text for a list": ("conditions: sciatica\n", "must be a list"),
    "present is no list": ("conditions: {present: sciatica}\n", "must be a list"),
    "unknown part": ("conditions: {presnt: [sciatica]}\n", "present"),
    "complete is no flag": ("conditions: {complete: yes}\n", "true or false"),
    "complete is text": ('conditions: {complete: "true"}\n', "true or false"),
    "pregnant no": ("pregnant: no\n", "true or false"),
    "pregnant as text": ('pregnant: "true"\n', "true or false"),
    "unknown sex": ("sex: unknown\n", "female"),
    "present and absent": ("conditions: {present: [sciatica], absent: [sciatica]}\n", "contradicts itself"),
    "present below absent": (
        "conditions: {present: [bleeding peptic ulcer], absent: [active peptic ulcer]}\n",
        "contradicts itself",
    ),
    "pregnant and male": ("sex: male\npregnant: true\n", "contradicts itself"),
    "weeks of pregnancy without one": ("pregnant: false\npregnancy_weeks: 12\n", "contradicts itself"),
    "male with weeks of pregnancy": ("sex: male\npregnancy_weeks: 12\n", "contradicts itself"),
    "trial both ways": (
        "trials: {present: [{of: exercise, outcome: failed}], absent: [{of: exercise}]}\n",
        "contradicts itself",
    ),
    "trial without of": ("trials: [{weeks: 3}]\n", "of what"),
    "trial as text": ("trials: [exercise]\n", "mapping"),
    "trial of a condition": ("trials: [{of: sciatica}]\n", "another kind"),
    "trial with unknown outcome": ("trials: [{of: exercise, outcome: meh}]\n", "not a known term"),
    "trial with unknown part": ("trials: [{of: exercise, week: 3}]\n", "weeks"),
    "absent trial with weeks": ("trials: {absent: [{of: exercise, weeks: 3}]}\n", "unknown key"),
    "negative weeks of a trial": ("trials: [{of: exercise, weeks: -1}]\n", "not a plain number"),
    "stop with unknown part": ("stopped_medications: [{of: MAOI, weeks: 3}]\n", "unknown key"),
    "anchor": ("conditions: &a [sciatica]\n", "anchors"),
    "alias bomb": ("id: &a x\nlabel: *a\n", "anchors"),
    "tag": ("age: !!int 4\n", "tags"),
    "python tag": ("age: !!python/object/apply:os.system ['true']\n", "tags"),
    "merge key": ("<<: {age: 4}\n", "merge"),
    "two documents": ("age: 4\n---\nage: 5\n", "more than one document"),
    "tab": ("conditions:\n\t- sciatica\n", "not YAML"),
    "unclosed": ("conditions: [sciatica\n", "not YAML"),
    "mapping as key": ("? {a: b}\n: c\n", "key must be a word"),
    "deep": ("conditions: " + "[" * 40 + "]" * 40 + "\n", "deep"),
    "control character": ("id: \x00\n", "not YAML"),
    "empty term": ("conditions: ['']\n", "empty"),
    "too large": ("# " + "x" * 1_000_001 + "\nage: 4\n", "too large"),
    "ambiguous across kinds": ("conditions: [NSAID]\n", "another kind"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_profile_is_refused_with_place_and_mend(kb: Any, name: str) -> None:
    text, told = MALFORMED[name]
    with pytest.raises(ProfileError) as caught:
        kb.profile(parse_profile_text(text, "yaml", kb.vocabulary, where="p.yaml"))
    assert told in str(caught.value)
    assert caught.value.mend
    if caught.value.where != "p.yaml" and ":" in caught.value.where:
        assert re.match(r"p\.yaml:\d+:\d+", caught.value.where)


def test_there_are_at_least_fifty_malformed_profiles() -> None:
    assert len(MALFORMED) >= 50


JSON_FAULTS = {
    "duplicate": ('{"age": 4, "age": 5}', "twice"),
    "nan": ('{"age": NaN}', "not a number"),
    "comma": ('{"age": 4,}', "not JSON"),
    "text number": ('{"age": "4"}', "text, not a number"),
    "exponent": ('{"age": 4e1}', "plain number"),
}


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_malformed_json(kb: Any, name: str) -> None:
    text, told = JSON_FAULTS[name]
    with pytest.raises(ProfileError, match=told):
        parse_profile_text(text, "json", kb.vocabulary, where="p.json")


RDF_FAULTS = {
    "no patient": "<urn:a> <urn:b> <urn:c> .",
    "unknown class": f"<urn:p> a <{GG}Patient> ; <{GG}hasCondition> [ a <{GGT}Nonsense> ] .",
    "unknown property": f"<urn:p> a <{GG}Patient> ; <urn:x> 3 .",
    "two ages": f"<urn:p> a <{GG}Patient> ; <{GG}ageYears> 3.0 , 4.0 .",
    "age as text": f'<urn:p> a <{GG}Patient> ; <{GG}ageYears> "old" .',
    "implausible": f"<urn:p> a <{GG}Patient> ; <{GG}ageYears> 400.0 .",
    "syntax": "<urn:p> a",
    "condition as finding": f"<urn:p> a <{GG}Patient> ; <{GG}hasFinding> [ a <{GGT}Sciatica> ] .",
}


@pytest.mark.parametrize("name", RDF_FAULTS)
def test_malformed_turtle(kb: Any, name: str) -> None:
    with pytest.raises(ProfileError):
        parse_profile_text(RDF_FAULTS[name], "turtle", kb.vocabulary, where="p.ttl")


def test_a_remote_context_is_not_fetched(kb: Any) -> None:
    with pytest.raises(ProfileError, match=r"(?i)context"):
        parse_profile_text('{"@context": "http://example.org/c.jsonld"}', "jsonld", kb.vocabulary, where="p.jsonld")


def test_terms_are_found_by_label_synonym_curie_and_iri_in_any_case(kb: Any) -> None:
    names = ["sciatica", "SCIATICA", " Sciatic  pain ", "ggt:Sciatica", GGT + "Sciatica"]
    digests = {digest(kb.profile({"conditions": [name]})) for name in names}
    assert len(digests) == 1
    assert kb.profile({"findings": ["sciatica"], "conditions": ["saddle numbness"]}).present[GG + "hasFinding"]


def test_json_yaml_turtle_and_jsonld_mean_the_same(kb: Any) -> None:
    data = {
        "age": 45.5,
        "conditions": {"present": ["sciatica"], "absent": ["cancer"]},
        "trials": [{"of": "exercise", "weeks": 6, "outcome": "failed"}],
    }
    profile = kb.profile(data)
    triples = to_triples(profile)
    turtle = ox.serialize(triples, format=ox.RdfFormat.TURTLE).decode()
    jsonld = ox.serialize(triples, format=ox.RdfFormat.JSON_LD).decode()
    found = [parse_profile_text(json.dumps(data), form, kb.vocabulary, where="p") for form in ("json", "yaml")]
    found += [
        parse_profile_text(turtle, "turtle", kb.vocabulary, where="p"),
        parse_profile_text(jsonld, "jsonld", kb.vocabulary, where="p"),
    ]
    assert {digest(kb.profile(p)) for p in found} == {digest(profile)}


def test_numbers_are_exact(kb: Any) -> None:
    assert kb.profile(parse_profile_text("symptom_weeks: 0.1\n", "yaml", kb.vocabulary, where="p")).values[
        GG + "symptomWeeks"
    ] == Decimal("0.1")


def test_who_is_pregnant_is_not_male_and_a_week_of_pregnancy_is_a_pregnancy(kb: Any) -> None:
    found = kb.profile({"pregnancy_weeks": 12})
    assert GGT + "Pregnancy" in found.present[GG + "hasCondition"]
    assert GGT + "MaleSex" in found.absent[GG + "hasFinding"]
    assert GGT + "Pregnancy" in kb.profile({"sex": "male"}).absent[GG + "hasCondition"]


def test_the_template_names_every_key_and_can_be_read(kb: Any) -> None:
    text = template(kb.vocabulary)
    assert parse_profile_text(text, "yaml", kb.vocabulary, where="template").id == "patient-1"
    for row in kb.vocabulary.rows:
        assert not row.key or f"{row.key}:" in text


def test_every_example_is_read(kb: Any) -> None:
    names = first().examples
    assert len(names) >= 8
    for name in names:
        assert kb.profile(f"example:{name}").id == name


@given(seed=st.integers(min_value=1, max_value=10**6))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_rdf_round_trip(kb: Any, seed: int) -> None:
    profile = generate.profile(kb, seed)
    triples = to_triples(profile)
    random.Random(seed).shuffle(triples)
    again = from_triples(triples, kb.vocabulary)
    assert digest(again) == digest(profile)
    assert kb.profile(again) == kb.profile(kb.profile(again))


def test_a_deprecated_term_is_refused_with_what_stands_in_its_place(kb: Any) -> None:
    for text in ("ggt:ConfirmedDiscHerniation", GGT + "ConfirmedDiscHerniation"):
        with pytest.raises(TermError, match=r"no longer used: .* \(deprecated since 0\.1\.0\)") as told:
            kb.vocabulary.resolve(text, {"condition", "finding"})
        assert "ggt:DiscHerniation" in str(told.value)
    assert GGT + "ConfirmedDiscHerniation" not in {row.iri for row in kb.vocabulary.rows}
