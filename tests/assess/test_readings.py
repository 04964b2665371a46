"""Readings and parts: what follows from a profile, what of it is told, and the laws that it keeps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, ProfileError
from guidegraph.export.fhir.answer import therapies_fhir
from guidegraph.model import Profile, StopFact, TrialFact
from guidegraph.profile import settle, yielding
from guidegraph.render import therapies_text
from guidegraph.termreadings import (
    EVERYTHING,
    HIGHEST,
    LOWEST,
    PART,
    READING,
    TAKEN,
    TermReading,
    inside,
    interval_text,
    minus,
    reading_implications,
    united,
)
from tests.conftest import AS_OF
from tests.support import generate

CONDITION, FINDING = ns.GG + "hasCondition", ns.GG + "hasFinding"
SEVERE, FAILURE, CHRONIC = (ns.GGT + n for n in ("SevereRenalImpairment", "RenalFailure", "ChronicEpisode"))
WHOLE = ns.GGT + "WeakOpioidWithAcetaminophen"
HEART = {"conditions": ["sciatica", "heart failure"], "medications": ["anticoagulant"]}
COMPLETE = {
    "conditions": {"present": ["sciatica", "heart failure"], "complete": True},
    "findings": {"complete": True},
    "medications": {"present": ["anticoagulant"], "complete": True},
}


def truth(kb: Any, profile: Any, prop: str, cls: str) -> str:
    assessment = kb.assess(kb.profile(profile), AS_OF)
    atoms = [a.iri for a in kb.records.atoms.values() if (a.prop, a.cls) == (prop, cls)]
    return str(assessment.truth(atoms[0]))


def number(kb: Any, profile: Any, prop: str, low: int) -> str:
    """The truth of "at least low" of a number."""
    assessment = kb.assess(kb.profile(profile), AS_OF)
    found = [a for a in kb.records.atoms.values() if a.prop == ns.GG + prop and not a.cls and a.low == low]
    return str(assessment.truth(min(a.iri for a in found if a.high > 1000 and a.below > 1000)))


@pytest.mark.parametrize("known", [HEART, COMPLETE])
def test_an_egfr_of_25_contraindicates_what_names_severe_renal_impairment(kb: Any, known: dict[str, Any]) -> None:
    answer = kb.therapies({"egfr": 25, **known}, as_of=AS_OF)
    assert answer.status("NSAID") == answer.status("duloxetine") == "contraindicated"
    data = answer.to_dict()
    entry = next(t for t in data["therapies"] if t["intervention"] == "ggt:Duloxetine")
    told = "severe renal impairment: eGFR 25; below 30, KDIGO 2012"
    assert any(told in reason for reason in entry["reasons"])
    read = next(row for row in data["by_reading"] if row["id"] == "ggt:SevereRenalImpairment")
    assert read["text"].startswith(told) and read["truth"] == "true"
    assert "GFR categories" in read["definitions"][0]["place"]
    assert told in " ".join(therapies_text(answer.to_dict()).split())
    assert not any("Renal" in question["fact"] for question in data["questions"])


def test_a_number_outside_a_two_way_reading_denies_the_term_and_no_list_decides_it_otherwise(kb: Any) -> None:
    assert truth(kb, {"egfr": 80}, CONDITION, SEVERE) == "false"
    assert truth(kb, {"egfr": 30}, CONDITION, SEVERE) == "false"
    assert truth(kb, {"egfr": 29.5}, CONDITION, SEVERE) == "true"
    assert truth(kb, {}, CONDITION, SEVERE) == "unknown"
    assert truth(kb, {"conditions": {"complete": True}}, CONDITION, SEVERE) == "false"
    assert truth(kb, {"egfr": 25, "conditions": {"complete": True}}, CONDITION, SEVERE) == "true"


def test_the_number_is_asked_and_not_the_degrees(kb: Any) -> None:
    asked = kb.therapies(HEART, as_of=AS_OF).to_dict()["questions"]
    facts = {question["fact"] for question in asked}
    assert "egfr" in facts and not any("Renal" in fact for fact in facts)
    # Above the bound only what the number leaves open is asked by itself.
    later = {q["fact"] for q in kb.therapies({"egfr": 80, **HEART}, as_of=AS_OF).to_dict()["questions"]}
    assert "egfr" not in later and "ggt:SevereRenalImpairment" not in later and "ggt:RenalImpairment" in later


@pytest.mark.parametrize(("weeks", "expected"), [(11, "false"), (12, "unknown"), (12.5, "unknown"), (13, "true")])
def test_chronic_is_present_where_definitions_agree_and_absent_outside_all(
    kb: Any, weeks: float, expected: str
) -> None:
    for more in ({}, {"findings": {"complete": True}}):
        assert truth(kb, {"symptom_weeks": weeks, **more}, FINDING, CHRONIC) == expected


def test_of_several_definitions_one_that_holds_is_shown(kb: Any) -> None:
    """A glance shows the first: a threshold that the patient does not reach would read as if it were reached."""
    told = {age: kb.therapies({"age": age, "conditions": ["sciatica"]}).glance()["read"] for age in (63, 71)}
    shown = {age: next(text for text in texts if text.startswith("older age")) for age, texts in told.items()}
    bounds = {age: int(text.partition("at least ")[2].partition(",")[0]) for age, text in shown.items()}
    assert all(bounds[age] <= age for age in shown), shown
    assert bounds[63] < bounds[71]


def test_weeks_unknown_beside_a_complete_list_decide_nothing_about_chronic(kb: Any) -> None:
    profile = {"findings": {"complete": True}}
    assert truth(kb, profile, FINDING, CHRONIC) == "unknown"
    assert number(kb, profile, "symptomWeeks", 13) == "unknown"
    # Another finding is denied as ever.
    assert truth(kb, profile, FINDING, ns.GGT + "MuscleSpasm") == "false"


def test_where_sources_differ_it_is_told_and_never_asked(kb: Any) -> None:
    profile = {"symptom_weeks": 12.5, "conditions": ["disc herniation", "lumbosacral radiculopathy"]}
    data = kb.therapies(profile, as_of=AS_OF).to_dict()
    read = next(row for row in data["by_reading"] if row["id"] == "ggt:ChronicEpisode")
    assert read["truth"] == "unknown" and "sources differ at weeks of symptoms 12.5" in read["text"]
    assert len(read["definitions"]) > 1
    assert "ggt:ChronicEpisode" not in {question["fact"] for question in data["questions"]}
    open_rows = [row for entry in data["therapies"] for row in entry["establish"] if "sources differ" in row["label"]]
    assert open_rows and all(row["fact"] is None for row in open_rows)


def test_at_fourteen_weeks_both_sides_on_epidural_injections_apply(kb: Any) -> None:
    profile = {"symptom_weeks": 14, "age": 50, "conditions": ["disc herniation", "radicular pain"]}
    answer = kb.assess(kb.profile(profile), AS_OF)
    statements = {s.rpartition("/")[2]: t for s, t in answer.truths.items() if "/asipp-2021/" in s}
    assert "true" in statements.values()


def test_what_is_known_of_a_term_narrows_the_number(kb: Any) -> None:
    assert number(kb, {"findings": [CHRONIC]}, "symptomWeeks", 12) == "true"
    assert number(kb, {"findings": [CHRONIC]}, "symptomWeeks", 13) == "unknown"
    assert number(kb, {"findings": {"absent": [CHRONIC]}}, "symptomWeeks", 13) == "false"
    settled = kb.knowledge.settle(kb.profile({"conditions": [FAILURE]}))
    assert settled.spans == {ns.GG + "eGFR": ((LOWEST, (Decimal(30), 0)),)}
    assert SEVERE not in kb.profile({"egfr": 25}).present.get(CONDITION, ())


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ({"egfr": 80, "conditions": [SEVERE]}, ("severe renal impairment", "eGFR 80", "KDIGO 2012")),
        ({"egfr": 12, "conditions": {"absent": ["renal impairment"]}}, ("renal impairment", "eGFR 12")),
        ({"symptom_weeks": 2, "findings": [CHRONIC]}, ("chronic", "weeks of symptoms 2")),
        ({"medications": {"present": [WHOLE], "absent": ["opioid"]}}, ("opioid", "part of weak opioid with")),
    ],
)
def test_the_opposite_of_a_reading_is_an_error_that_names_both(kb: Any, profile: Any, names: tuple[str, ...]) -> None:
    with pytest.raises(ProfileError) as error:
        kb.profile(profile)
    assert all(name in str(error.value) for name in names)


def test_at_another_week_a_stated_term_gives_way(kb: Any) -> None:
    profile = kb.profile({"symptom_weeks": 8, "findings": {"absent": [CHRONIC]}, "conditions": ["sciatica"]})
    later = replace(profile, values={ns.GG + "symptomWeeks": Decimal(20)})
    advancing = kb.records.rates
    kept = yielding(later, kb.implications, kb.vocabulary, advancing)
    assert CHRONIC not in kept.absent.get(FINDING, ())
    assert yielding(profile, kb.implications, kb.vocabulary, advancing).absent[FINDING] == {CHRONIC}
    assert kb.timeline(profile, as_of=AS_OF)["rows"]


@pytest.mark.slow
def test_what_nothing_uses_is_told_once_at_the_end(kb: Any, tmp_path: Path) -> None:
    extra = tmp_path / "more.ttl"
    extra.write_text(
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'ggt:Odd a owl:Class ; rdfs:subClassOf gg:Condition ; rdfs:label "odd thing"@en .\n'
        'ggt:Tonic a owl:Class ; rdfs:subClassOf gg:Drug ; rdfs:label "tonic"@en .\n'
    )
    own = gg.open(extra=[extra])
    profile = {"egfr": 80, "conditions": ["sciatica", "odd thing"], "medications": ["tonic", WHOLE]}
    answer = own.therapies(profile, as_of=AS_OF)
    assert [row["text"] for row in answer.to_dict()["unused"]] == ["odd thing", "tonic"]
    assert (
        therapies_text(answer.to_dict()).count(
            "Not used by any statement here: conditions: odd thing; medications: tonic"
        )
        == 1
    )
    assert kb.therapies("example:renal-impairment", as_of=AS_OF).to_dict()["unused"] == []


# ---------------------------------------------------------------- parts


def test_who_takes_a_combination_takes_its_parts_in_a_complete_list_too(kb: Any) -> None:
    taken = {"medications": {"present": [WHOLE], "complete": True}}
    assert truth(kb, taken, TAKEN, ns.GGT + "Opioid") == "true"
    assert truth(kb, taken, TAKEN, ns.GGT + "Acetaminophen") == "true"
    assert truth(kb, taken, TAKEN, ns.GGT + "NSAID") == "false"
    assert truth(kb, {"medications": {"absent": ["acetaminophen"]}}, TAKEN, WHOLE) == "false"
    both = {"medications": {"present": ["weak opioid", "acetaminophen"], "complete": True}}
    assert truth(kb, both, TAKEN, WHOLE) == "unknown"
    one = {"medications": {"present": ["acetaminophen"], "complete": True}}
    assert truth(kb, one, TAKEN, WHOLE) == "false"


def test_a_stop_of_a_combination_is_a_stop_of_its_parts_and_a_trial_is_none(kb: Any) -> None:
    settled = settle(
        Profile(
            stops_present=frozenset({StopFact(WHOLE, Decimal(3))}),
            trials_present=frozenset({TrialFact(WHOLE)}),
        ),
        kb.implications,
        kb.vocabulary,
    )
    assert StopFact(ns.GGT + "WeakOpioid", Decimal(3)) in settled.profile.stops_present
    assert settled.profile.trials_present == {TrialFact(WHOLE)}
    never = Profile(stops_absent=frozenset({StopFact(ns.GGT + "Opioid", Decimal(14))}))
    assert StopFact(WHOLE, Decimal(14)) in settle(never, kb.implications, kb.vocabulary).profile.stops_absent


# ---------------------------------------------------------------- laws


@given(seed=st.integers(0, 10_000), at=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_adding_the_antecedent_of_a_reading_equals_stating_its_term(kb: Any, seed: int, at: int) -> None:
    rules = [r for r in kb.implications if r.kind == READING and r.interval]
    rule = rules[at % len(rules)]
    profile = generate.profile(kb, seed)
    (low, above), (high, _) = rule.interval
    value = high - 1 if low.is_infinite() else low + (1 if above or high.is_infinite() else 0)
    profile = replace(profile, values={**profile.values, rule.given: value})
    side = "absent" if rule.excluded else "present"
    try:
        read = kb.assess(kb.profile(profile), AS_OF)
        table = getattr(profile, side)
        stated = {**table, rule.then: table.get(rule.then, frozenset()) | {rule.other}}
        both = kb.assess(kb.profile(replace(profile, **{side: stated})), AS_OF)
    except ProfileError:
        return
    assert read.truths == both.truths and read.statuses == both.statuses


@given(seed=st.integers(0, 10_000), at=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_taking_a_combination_equals_taking_its_parts_and_the_combination(kb: Any, seed: int, at: int) -> None:
    parts = [r for r in kb.implications if r.kind == PART and r.given == TAKEN]
    whole = parts[at % len(parts)].cls
    profile = generate.profile(kb, seed)
    listed = profile.present.get(TAKEN, frozenset()) | {whole}
    more = listed | {r.other for r in parts if r.cls == whole}
    try:
        alone, with_parts = (
            kb.assess(kb.profile(replace(profile, present={**profile.present, TAKEN: drugs})), AS_OF)
            for drugs in (listed, more)
        )
    except ProfileError:
        return
    assert alone.truths == with_parts.truths and alone.statuses == with_parts.statuses


def reading(low: int | None, high: int | None, **said: Any) -> TermReading:
    interval = ((Decimal(low), 0) if low is not None else LOWEST, (Decimal(high), 0) if high is not None else HIGHEST)
    usual: dict[str, Any] = {"two_way": True, "excluded": False, "widest": False, "listless": False, "total": True}
    return TermReading(
        f"r{low}-{high}", "p", "t", usual["excluded"], "n", "", interval, said.get("two_way", True), "S", "", False,
        said.get("widest", False), False, True,
    )  # fmt: skip


INTERVALS = st.tuples(st.integers(0, 8), st.integers(1, 5)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(ranges=st.lists(INTERVALS, min_size=1, max_size=4, unique=True), widest=st.booleans(), two_way=st.booleans())
def test_all_readings_of_a_term_never_contradict_each_other(ranges: Any, widest: bool, two_way: bool) -> None:
    rules = reading_implications([reading(a, b, widest=widest, two_way=two_way) for a, b in ranges])
    for tenth in range(150):
        value = Decimal(tenth) / 10
        point = (((value, 0), (value, 1)),)
        held = {(r.kind, r.excluded) for r in rules if inside(point, r.interval or EVERYTHING)}
        defined = [a <= value < b for a, b in ranges]
        assert ((READING, False) in held) == (any(defined) if widest else all(defined))
        assert ((READING, True) in held) == (two_way and not any(defined))
        assert ("disputed", False) in held or any(held) or not two_way


@given(spans=st.lists(INTERVALS, max_size=4), gone=INTERVALS)
def test_intervals_are_sets_of_numbers(spans: Any, gone: Any) -> None:
    def bounds(pair: Any) -> Any:
        return ((Decimal(pair[0]), 0), (Decimal(pair[1]), 0))

    left = united(minus([bounds(s) for s in spans], bounds(gone)))
    for tenth in range(140):
        value = (Decimal(tenth) / 10, 0)
        wanted = any(a <= value[0] < b for a, b in spans) and not gone[0] <= value[0] < gone[1]
        assert any(low <= value < high for low, high in left) == wanted


def test_intervals_in_words() -> None:
    assert interval_text((LOWEST, (Decimal(30), 0))) == "below 30"
    assert interval_text(((Decimal(12), 1), (Decimal(26), 1))) == "over 12 and at most 26"


@pytest.mark.parametrize("said", ["gg:ofNumber gg:eGFR", "gg:ofNumber gg:eGFR ; gg:atLeast 9.0 ; gg:lessThan 3.0"])
def test_a_reading_that_is_no_definition_is_refused_with_its_place(tmp_path: Path, said: str) -> None:
    extra = tmp_path / "bad.ttl"
    extra.write_text(
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .\n"
        f"<https://example.org/bad> a gg:TermReading ; gg:brings ggt:RenalImpairment ; {said} .\n"
    )
    with pytest.raises(KnowledgeError, match=r"example.org/bad"):
        gg.open(extra=[extra])


def test_nobody_of_sixty_is_asked_for_a_pregnancy(kb: Any) -> None:
    """By common sense, told with the answer; a list denies a pregnancy as ever, and who states one is asked back."""
    older = kb.therapies({"age": 71, "sex": "female", "conditions": ["sciatica"]}, as_of=AS_OF).to_dict()
    told = [row["text"] for row in older["by_reading"] if row["id"] == "ggt:Pregnancy"]
    assert told == ["not pregnancy: age 71; at least 60, common sense (our reading)"]
    assert not any("pregnan" in row["label"] for row in older["questions"])
    pregnant = ns.GGT + "Pregnancy"
    assert truth(kb, {"age": 59, "sex": "female"}, CONDITION, pregnant) == "unknown"
    assert truth(kb, {"age": 59, "conditions": {"complete": True}}, CONDITION, pregnant) == "false"
    with pytest.raises(ProfileError, match="pregnancy"):
        kb.profile({"age": 62, "pregnant": True})


@pytest.mark.slow
def test_a_reading_in_a_file_of_ones_own_counts(kb: Any, tmp_path: Path) -> None:
    extra = tmp_path / "own.ttl"
    extra.write_text(
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .\n"
        "<https://example.org/old> a gg:TermReading ; gg:rulesOut ggt:Pregnancy ; gg:ofNumber gg:ageYears ;\n"
        "  gg:atLeast 55.0 ; gg:ours true .\n"
        "<https://example.org/same> a gg:TermReading ; gg:brings ggt:SpinalStenosis ; gg:ofTerm ggt:MuscleSpasm ;\n"
        '  gg:twoWay true ; gg:sourceName "Example" .\n'
    )
    own = gg.open(extra=[extra])
    pregnant, stenosis = ns.GGT + "Pregnancy", ns.GGT + "SpinalStenosis"
    assert (
        truth(own, {"age": 57}, CONDITION, pregnant) == "false"
        and truth(kb, {"age": 57}, CONDITION, pregnant) != "false"
    )
    assert truth(own, {"age": 40}, CONDITION, pregnant) == "unknown"
    assert truth(own, {"findings": ["muscle spasm"]}, CONDITION, stenosis) == "true"
    assert truth(own, {"conditions": [stenosis]}, FINDING, ns.GGT + "MuscleSpasm") == "true"
    assert truth(own, {"conditions": {"absent": [stenosis]}}, FINDING, ns.GGT + "MuscleSpasm") == "false"
    # A list denies pregnancy as ever: it is not read from the age, only ruled out by it.
    assert truth(own, {"conditions": {"complete": True}}, CONDITION, pregnant) == "false"


@pytest.mark.slow
def test_what_is_positive_only_where_definitions_differ_is_a_boundary(tmp_path: Path) -> None:
    extra = tmp_path / "own.ttl"
    extra.write_text(
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> .\n"
        "@prefix ggp: <https://w3id.org/guidegraph/population/> . @prefix ggd: <https://w3id.org/guidegraph/document/> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix dcterms: <http://purl.org/dc/terms/> .\n"
        'ggt:Bench a owl:Class ; rdfs:subClassOf gg:SelfCare ; rdfs:label "bench"@en .\n'
        'ggd:own a gg:Document ; rdfs:label "Own"@en ; gg:documentKind gg:Guideline ; dcterms:issued "2020"^^xsd:gYear .\n'
        'ggp:Own a owl:Class , gg:Population ; rdfs:label "own"@en ; owl:equivalentClass [ a owl:Class ; owl:intersectionOf (\n'
        "  [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:Sciatica ]\n"
        "  [ a owl:Restriction ; owl:onProperty gg:symptomWeeks ; owl:someValuesFrom [ a rdfs:Datatype ;\n"
        "    owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:minInclusive 12.0 ] [ xsd:maxExclusive 13.0 ] ) ] ] ) ] .\n"
        '<https://w3id.org/guidegraph/statement/own/1> a gg:Recommendation ; rdfs:label "bench"@en ; gg:statedIn ggd:own ;\n'
        "  gg:intervention ggt:Bench ; gg:stance gg:For ; gg:population ggp:Own ; gg:indication ggt:Sciatica .\n"
    )
    own = gg.open(extra=[extra])
    line = own.timeline({"conditions": ["sciatica"], "symptom_weeks": 4}, as_of=AS_OF)
    row = next(row for row in line["rows"] if row["label"] == "bench")
    marked = [(span["from"], span["to"], span.get("boundary", False)) for span in row["spans"]]
    assert (12.0, 13.0, True) in marked and not any(flag for start, _, flag in marked if start != 12.0)
    for weeks in (4, 12.5, 14):
        told = own.therapies({"conditions": ["sciatica"], "symptom_weeks": weeks}, as_of=AS_OF).to_dict()
        entries = {entry["label"]: entry for entry in told["therapies"]}
        # What is positive before, there and after is so whatever chronic means.
        assert entries["advice to remain active"]["boundary"] == []
        if weeks != 12.5:
            assert not any(entry["boundary"] for entry in told["therapies"])
            continue
        (text,) = entries["bench"]["boundary"]
        assert text.startswith("chronic, the present episode: sources differ at weeks of symptoms 12.5")
        assert "boundary: provisional only where definitions differ" in " ".join(therapies_text(told).split())
        assert "only where definitions differ" in therapies_fhir(told)
    proof = own.explain({"conditions": ["sciatica"], "symptom_weeks": 12.5}, "bench", as_of=AS_OF)
    assert proof["therapy"]["boundary"] == [text]
