"""Problems: each its own clock and trials, recommendations counted by indication, the rest told apart."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, UsageError
from guidegraph.model import Problem, TrialFact
from guidegraph.profile import digest, to_triples
from guidegraph.profile.problems import of_problem, parts
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.paths import ROOT, TESTS

BACK, LEG = "low back pain", "sciatica"
TWO: dict[str, Any] = {
    "id": "two",
    "age": 62,
    "sex": "female",
    "problems": [
        {"of": LEG, "weeks": 2, "pain_score": 7, "severity": "severe"},
        {
            "of": BACK,
            "weeks": 520,
            "severity": "mild",
            "trials": {"present": [{"of": "exercise therapy", "weeks": 8, "outcome": "failed"}], "complete": True},
        },
    ],
    "conditions": {"absent": ["cancer"]},
}


def changed(part: int, **values: Any) -> dict[str, Any]:
    """The patient with something else stated of one problem."""
    problems = [{**row, **values} if at == part else row for at, row in enumerate(TWO["problems"])]
    return {**TWO, "problems": problems}


def asked(kb: Any, profile: Any, problem: str) -> dict[str, Any]:
    """The answer without what identifies the profile."""
    data = kb.therapies(profile, as_of=AS_OF, problem=problem).to_dict()
    return {key: value for key, value in data.items() if key != "profile"}


@pytest.fixture(scope="module")
def before(kb: Any) -> dict[str, dict[str, Any]]:
    return {problem: asked(kb, TWO, problem) for problem in (LEG, BACK)}


@pytest.mark.slow
@given(
    weeks=st.none() | st.integers(0, 600),
    score=st.none() | st.integers(0, 10),
    severity=st.sampled_from([None, "mild", "moderate", "severe"]),
    tried=st.sampled_from(["exercise therapy", "NSAID", "conservative care", "epidural steroid injection"]),
    outcome=st.sampled_from(["failed", "succeeded", None]),
    part=st.sampled_from([0, 1]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_another_problems_numbers_change_nothing(
    kb: Any, before: Any, weeks: Any, score: Any, severity: Any, tried: str, outcome: Any, part: int
) -> None:
    trial = {"of": tried, "weeks": 7, **({"outcome": outcome} if outcome else {})}
    said = {"weeks": weeks, "pain_score": score, "severity": severity, "trials": [trial]}
    other = {"of": TWO["problems"][part]["of"], **{key: value for key, value in said.items() if value is not None}}
    profile = {**TWO, "problems": [other if at == part else row for at, row in enumerate(TWO["problems"])]}
    mine = TWO["problems"][1 - part]["of"]
    assert asked(kb, profile, mine) == before[mine]


def test_a_problems_own_numbers_count(kb: Any, before: Any) -> None:
    later = asked(kb, changed(0, weeks=30), LEG)
    assert {t["intervention"]: t["status"] for t in later["therapies"]} != {
        t["intervention"]: t["status"] for t in before[LEG]["therapies"]
    }
    assert asked(kb, changed(1, trials=[]), BACK) != before[BACK]


def test_what_speaks_of_another_problem_changes_no_status_and_is_told(kb: Any, before: Any) -> None:
    found = kb.therapies(TWO, as_of=AS_OF, problem=LEG).assessment
    wanted = kb.resolve(LEG)
    for therapy in found.statuses:
        for role in ("for", "against", "other"):
            for statement in found.statements(therapy, role):
                own = kb.records.indications.get(statement, ())
                assert not own or any(kb.records.same_problem(one, wanted) for one in own), statement
    assert found.elsewhere
    others = {row["label"]: row for row in before[LEG]["other_problems"]}
    assert others[BACK]["held"] and others[BACK]["recommendations"] and LEG not in others
    # A therapy that only advice for the other problem reaches says so, with its source.
    silent = [t for t in before[LEG]["therapies"] if any(g["kind"] == "other problem" for g in t["grounds"])]
    assert silent and all(t["status"] == "not-indicated" for t in silent)
    assert any("another problem (low back pain" in reason for t in silent for reason in t["reasons"])


def test_warnings_and_alerts_count_whatever_the_problem(kb: Any) -> None:
    sick = {**TWO, "medications": ["anticoagulant"], "findings": ["saddle anesthesia"]}
    answers = [asked(kb, sick, problem) for problem in (LEG, BACK)]
    true = [{a["label"] for a in answer["alerts"] if a["truth"] == "true"} for answer in answers]
    # One of them is about pain of at most two weeks, which only the one problem is.
    early = {label for label in true[0] if "in the first 14 days" in label}
    assert len(early) == 1 and true[0] - early == true[1] != set()
    # By the other's clock it is not known, since it does not say of which pain: that is no sign that could be denied.
    late = next(a for a in answers[1]["alerts"] if a["label"] in early)
    assert late["truth"] == "unknown" and all(sign["key"] != "symptom_weeks" for sign in late["signs"])
    assert {s["truth"] for s in late["signs"] if s["fact"] == "symptom_weeks"} == {"unknown"}
    against = [
        {(t["intervention"], c["id"]) for t in a["therapies"] for c in t["contraindications"] if c["truth"] == "true"}
        for a in answers
    ]
    assert against[0] & against[1]
    # What an alert calls for is recommended for its own condition, and counts for any problem.
    for answer in answers:
        urgent = next(t for t in answer["therapies"] if t["label"] == "immediate evaluation")
        assert any(rec["truth"] == "true" for rec in urgent["for"])


def test_the_index_and_the_answers_agree_on_what_is_one_problem(kb: Any) -> None:
    predicate = ox.NamedNode(ns.IDX + "sameProblem")
    indexed = {(q.subject.value, q.object.value) for q in kb.store.quads_for_pattern(None, predicate, None, None)}
    conditions = [row.iri for row in kb.vocabulary.of_kind("condition")]
    for indication in {one for one, _ in indexed}:
        for condition in conditions:
            assert ((indication, condition) in indexed) == kb.records.same_problem(indication, condition)


def test_names_of_one_problem_count_for_each_other(kb: Any) -> None:
    same, resolve = kb.records.same_problem, kb.resolve
    assert same(resolve("sciatica"), resolve("lumbosacral radiculopathy"))
    assert not same(resolve("sciatica"), resolve(BACK))
    assert not same(resolve("sciatica"), resolve("cervical radiculopathy"))


def test_flat_conditions_are_one_problem_and_the_answer_says_so(kb: Any) -> None:
    flat = {"age": 50, "symptom_weeks": 3, "conditions": [LEG, BACK, "congestive heart failure"]}
    told = kb.therapies(flat, as_of=AS_OF).to_dict()["problem"]
    assert [row["label"] for row in told["conditions"]] == [BACK, LEG] and not told["named"]
    (note,) = told["notes"]
    assert note.startswith("low back pain and sciatica were taken as one problem") and "under problems" in note
    one = kb.therapies({**flat, "conditions": [LEG, "congestive heart failure"]}, as_of=AS_OF).to_dict()["problem"]
    assert one["notes"] == []
    # Both indications count for the one problem; a chosen one keeps the flat numbers.
    assert (
        not kb.therapies(flat, as_of=AS_OF).assessment.elsewhere
        >= kb.therapies(flat, as_of=AS_OF, problem=LEG).assessment.elsewhere
    )
    nobody = kb.therapies({"age": 50}, as_of=AS_OF)
    assert nobody.assessment.elsewhere == frozenset() and nobody.to_dict()["problem"]["conditions"] == []


def test_one_problem_named_is_the_profile_with_flat_numbers(kb: Any) -> None:
    named = {"age": 50, "problems": [{"of": LEG, "weeks": 3, "severity": "severe", "trials": [{"of": "NSAID"}]}]}
    flat = {
        "age": 50,
        "symptom_weeks": 3,
        "conditions": [LEG],
        "findings": ["severe symptoms"],
        "trials": [{"of": "NSAID"}],
    }
    assert asked(kb, named, LEG)["therapies"] == asked(kb, flat, LEG)["therapies"]
    assert kb.therapies(named, as_of=AS_OF).to_dict()["problem"]["named"]


def test_what_was_not_tolerated_is_the_patients_own(kb: Any) -> None:
    profile = kb.profile(changed(1, trials=[{"of": "NSAID", "outcome": "not tolerated"}]))
    assert of_problem(profile, LEG, kb.vocabulary).not_tolerated == {kb.resolve("NSAID")}
    assert of_problem(profile, BACK, kb.vocabulary).not_tolerated == set()
    found = kb.therapies(profile, as_of=AS_OF, problem=LEG).assessment
    for therapy in ("NSAID", "ibuprofen"):
        assert found.not_tolerated[kb.resolve(therapy)] == {kb.resolve("NSAID")}
    stated = kb.profile({"age": 50, "not_tolerated": ["NSAID"]})
    assert stated.not_tolerated == {kb.resolve("NSAID")}


def test_no_list_of_the_patient_denies_a_problems_severity(kb: Any) -> None:
    complete = {**TWO, "findings": {"present": [], "complete": True}}
    severe = next(a for a, atom in kb.records.atoms.items() if atom.cls == kb.resolve("severe symptoms"))
    spasm = next(a for a, atom in kb.records.atoms.items() if atom.cls == kb.resolve("muscle spasm"))
    open_ = {**complete, "problems": [{"of": LEG, "weeks": 2}, {"of": BACK, "weeks": 5}]}
    found = kb.therapies(open_, as_of=AS_OF, problem=LEG).assessment
    assert (found.truth(severe), found.truth(spasm)) == ("unknown", "false")
    truths = {p: kb.therapies(complete, as_of=AS_OF, problem=p).assessment.truth(severe) for p in (LEG, BACK)}
    assert truths == {LEG: "true", BACK: "false"}


def test_every_form_states_the_same_problems(kb: Any, tmp_path: Path) -> None:
    profile = kb.profile(TWO)
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    for name, form in (("two.ttl", ox.RdfFormat.TURTLE), ("two.jsonld", ox.RdfFormat.JSON_LD)):
        (tmp_path / name).write_bytes(ox.serialize(to_triples(profile), format=form) or b"")
    for path in sorted(tmp_path.iterdir()):
        read = kb.profile(path)
        assert read.problems == profile.problems and digest(read) == digest(profile), path
    for part in parts(profile):
        (tmp_path / "one.ttl").write_bytes(ox.serialize(to_triples(part), format=ox.RdfFormat.TURTLE) or b"")
        again = kb.profile(tmp_path / "one.ttl")
        assert again.about == part.about and digest(again) == digest(part)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a number of the patient": ({**TWO, "symptom_weeks": 3}, "symptom_weeks belongs to one of the 2 problems"),
    "a trial of the patient": ({**TWO, "trials": [{"of": "NSAID"}]}, "trials belongs to one of the 2 problems"),
    "a severity of the patient": ({**TWO, "findings": ["severe pain"]}, "severe symptoms belongs to one"),
    "one condition twice": (changed(1, of=LEG), "two problems are sciatica"),
    "a number twice": ({"symptom_weeks": 3, "problems": TWO["problems"][:1]}, "weeks is stated of the problem and"),
    "no condition": ({"problems": [{"weeks": 3}]}, "does not say of what"),
    "no such severity": (changed(0, severity="awful"), "severity 'awful' is not known"),
    "no such key": (changed(0, age=3), "unknown key 'age'"),
    "no list": ({"problems": {"of": LEG}}, "problems must be a list"),
    "a present condition denied": ({"problems": [{"of": LEG}], "conditions": {"absent": [LEG]}}, "contradicts itself"),
    "a trial had and never had": (
        changed(0, trials={"present": [{"of": "NSAID"}], "absent": [{"of": "NSAID"}]}),
        "contradicts itself",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_problem_is_told(kb: Any, name: str) -> None:
    profile, told = WRONG[name]
    with pytest.raises(ProfileError) as error:
        kb.profile(profile)
    assert told in str(error.value)


def test_of_several_problems_one_is_chosen(kb: Any) -> None:
    for ask in (kb.therapies, kb.ask, kb.timeline):
        with pytest.raises(UsageError, match="names 2 problems: low back pain; sciatica"):
            ask(TWO, as_of=AS_OF)
    with pytest.raises(UsageError, match="cancer is no problem of the profile"):
        kb.therapies(TWO, as_of=AS_OF, problem="cancer")
    above = kb.therapies(TWO, as_of=AS_OF, problem="spinal nerve root disorder").assessment
    assert above.asked.about == {kb.resolve(LEG)}


@pytest.mark.slow
def test_timeline_explanation_and_questions_are_of_the_problem(kb: Any) -> None:
    timelines = {p: kb.timeline(TWO, as_of=AS_OF, problem=p) for p in (LEG, BACK)}
    assert {p: t["now_week"] for p, t in timelines.items()} == {LEG: 2.0, BACK: 520.0}
    assert timelines[LEG]["problem"]["conditions"][0]["label"] == LEG
    told = kb.explain(TWO, "exercise therapy", as_of=AS_OF, problem=LEG)
    assert told["problem"]["named"] and "weeks) is 520" not in json.dumps(told)
    assert kb.ask(TWO, as_of=AS_OF, problem=LEG) != kb.ask(TWO, as_of=AS_OF, problem=BACK)


@pytest.mark.slow
def test_a_saved_answer_keeps_its_problem(kb: Any, tmp_path: Path) -> None:
    answer = kb.therapies(TWO, as_of=AS_OF, problem=LEG)
    path = tmp_path / "answer.ttl"
    path.write_text(answer.saved())
    assert kb.replay(path)["same"]


@pytest.mark.slow
@given(seed=st.integers(1, 10_000))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_generated_patients_with_two_problems(kb: Any, seed: int) -> None:
    """The same law, with patients and problems of every kind; both have what the index says of the chosen one."""
    patient = replace(generate.profile(kb, seed), values={}, trials_present=frozenset(), trials_absent=frozenset())
    numbers = {ns.GG + "symptomWeeks": Decimal(seed % 60)}
    trial = TrialFact(kb.resolve("NSAID"), ns.GG + "Failed", Decimal(9))
    mine = Problem(frozenset({kb.resolve(LEG)}), values=numbers)
    others = [
        Problem(frozenset({kb.resolve(BACK)}), values={ns.GG + "symptomWeeks": weeks}, trials_present=trials)
        for weeks, trials in ((Decimal(1), frozenset()), (Decimal(200), frozenset({trial})))
    ]
    held = {**patient.present, ns.GG + "hasCondition": frozenset({kb.resolve(LEG), kb.resolve(BACK)})}
    whole = [
        replace(patient, present=held, absent={}, problems=(other, mine), complete=frozenset()) for other in others
    ]
    try:
        one, other = (of_problem(kb.profile(p), LEG, kb.vocabulary) for p in whole)
    except ProfileError:  # a finding that the weeks of a problem deny
        assume(False)
    assert kb.assess(one, AS_OF).statuses == kb.assess(other, AS_OF).statuses


@pytest.mark.parametrize("case", sorted((TESTS / "questions").glob("*/answer.yaml")), ids=lambda path: path.parent.name)
def test_competency_question_about_a_patient(kb: Any, case: Path) -> None:
    """The statuses of one problem, whatever is stated of the others."""
    wanted = yaml.safe_load(case.read_text(encoding="utf-8"))
    source = ROOT / "graph/profiles" / f"{wanted['profile'].removeprefix('example:')}.yaml"
    example = yaml.safe_load(source.read_text(encoding="utf-8"))
    answer = kb.therapies(wanted["profile"], as_of=AS_OF, problem=wanted["problem"])
    named = {entry["label"]: entry["status"] for entry in answer.to_dict()["therapies"]}
    assert all(named[row["therapy"]] == row["status"] for row in wanted["rows"])
    assert all(named[row["therapy"]] != row["status"] for row in wanted["not"])
    for other in wanted["others"]:
        problems = [other if row["of"] == other["of"] else row for row in example["problems"]]
        assert problems != example["problems"]
        changed = {**example, "problems": problems}
        assert kb.therapies(changed, as_of=AS_OF, problem=wanted["problem"]).statuses == answer.statuses, other
