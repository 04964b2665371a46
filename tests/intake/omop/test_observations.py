"""Observations of an OMOP CDM: questions and their answers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from guidegraph import namespaces as ns
from tests.intake.omop.helpers import FINDING, NO, YES, Read, conditions, denied, entry, term
from tests.intake.omop.synthetic import Cdm

pytestmark = pytest.mark.usefixtures("duck")

# answers


@pytest.mark.parametrize(
    ("code", "answer", "more", "present", "absent"),
    [
        (("SNOMED", "1001"), YES, {}, {"Cancer"}, set()),
        (("SNOMED", "1001"), NO, {}, set(), {"Cancer"}),
        (("SNOMED", "1004"), YES, {}, {"Cancer"}, set()),
        (("SNOMED", "1004"), NO, {}, set(), set()),
        (("SNOMED", "1003"), YES, {}, set(), set()),
        (("SNOMED", "1003"), NO, {}, set(), {"Cancer"}),
        (("SNOMED", "1001"), ("SNOMED", "1002"), {}, set(), set()),
        (("SNOMED", "1001"), None, {}, set(), set()),
        (("SNOMED", "1001"), None, {"value_as_string": "no"}, set(), set()),
        (("SNOMED", "1001"), YES, {"qualifier_concept_id": 7}, set(), set()),
        (("SNOMED", "1001"), YES, {"qualifier_concept_id": 0, "qualifier_source_value": "in a relative"}, set(), set()),
        (("SNOMED", "1001"), NO, {"qualifier_source_value": "so far"}, set(), set()),
        (("ICD10CM", "T3"), None, {}, {"Pregnancy"}, set()),
        (("ICD10CM", "T3"), None, {"value_as_string": "history"}, set(), set()),
        (("SNOMED", "none"), ("SNOMED", "1001"), {}, set(), set()),
        (("LOINC", "82810-3"), ("SNOMED", "77386006"), {}, {"Pregnancy"}, set()),
        (("LOINC", "82810-3"), ("SNOMED", "60001007"), {}, set(), {"Pregnancy"}),
        (("LOINC", "82810-3"), ("SNOMED", "146799005"), {}, set(), set()),
        (("LOINC", "82810-3"), None, {}, set(), set()),
    ],
)
def test_an_observation_by_its_answer(
    read_omop: Read,
    code: tuple[str, str],
    answer: tuple[str, str] | None,
    more: dict[str, Any],
    present: set[str],
    absent: set[str],
) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept(*code), "2026-10-01", cdm.concept(*answer) if answer else None, **more)
    profile, report = read_omop(cdm)
    assert (conditions(profile), denied(profile)) == (present, absent)
    assert (entry(report, "observation 1")[0] == "used") == bool(present or absent)


def test_of_two_answers_the_newer_counts(read_omop: Read) -> None:
    cdm = Cdm()
    question = cdm.concept("SNOMED", "1002")
    cdm.observation(1, question, "2026-10-01", cdm.concept(*YES))
    cdm.observation(1, question, "2026-11-01", cdm.concept(*NO))
    assert denied(read_omop(cdm)[0]) == {"SaddleAnesthesia"}
    assert conditions(read_omop(cdm, as_of=date(2026, 10, 2))[0]) == {"SaddleAnesthesia"}


def test_a_diagnosis_and_a_no_contradict_and_neither_is_taken(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-10-01")
    cdm.observation(1, cdm.concept("SNOMED", "1001"), "2026-10-02", cdm.concept(*NO))
    profile, report = read_omop(cdm)
    assert not conditions(profile) and not denied(profile)
    assert len(report.of("not understood")) == 2


# the newest word decides


@pytest.mark.parametrize(
    "newest",
    [
        {"value_as_concept_id": 0},
        {"value_as_string": "see text"},
        {"value_as_concept_id": 0, "value_source_value": "unknown"},
        {},
        {"value_as_concept_id": 77},
        {"observation_date": "someday"},
    ],
    ids=repr,
)
@pytest.mark.parametrize("answer", [YES, NO])
def test_an_older_answer_never_stands_in(read_omop: Read, newest: dict[str, Any], answer: tuple[str, str]) -> None:
    cdm = Cdm()
    cdm.columns["observation"]["observation_date"] = "VARCHAR"
    question = cdm.concept("SNOMED", "1002")
    cdm.observation(1, question, "2026-10-01", cdm.concept(*answer))
    cdm.observation(
        1, question, **{"day": "2026-11-01", **{k: v for k, v in newest.items() if k != "observation_date"}}
    )
    cdm.rows["observation"][-1] |= newest
    profile, _ = read_omop(cdm)
    assert not conditions(profile) and not denied(profile)


def test_an_answer_that_leaves_it_open_hides_a_no(read_omop: Read) -> None:
    cdm = Cdm()
    question = cdm.concept("LOINC", "82810-3")
    cdm.observation(1, question, "2026-10-01", cdm.concept("SNOMED", "60001007"))
    assert denied(read_omop(cdm)[0]) == {"Pregnancy"}
    cdm.observation(1, question, "2026-11-01", cdm.concept("SNOMED", "146799005"))
    assert not denied(read_omop(cdm)[0])


def test_a_doubtful_diagnosis_hides_an_older_no(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.observation(1, cdm.concept("SNOMED", "1001"), "2026-10-01", cdm.concept(*NO))
    cdm.condition(1, cdm.concept("SNOMED", "1001"), "2026-11-01", condition_status_concept_id=32899)
    assert not denied(read_omop(cdm)[0])


def test_a_sex_that_an_observation_states_otherwise_is_unknown(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.person(1, sex=8532)
    asked = cdm.concept("LOINC", "76689-9")
    cdm.observation(1, asked, "2026-10-01", cdm.concept("SNOMED", "248152002"))
    assert read_omop(cdm)[0].present[FINDING] == {term("FemaleSex")}
    cdm.observation(1, asked, "2026-10-02", cdm.concept("SNOMED", "248153007"))
    profile, report = read_omop(cdm)
    assert FINDING not in profile.present
    assert len([e for e in report.of("not understood") if "the sex is unknown" in e.why]) == 3


@pytest.mark.slow
def test_a_concept_that_answers_a_question_states_the_same(read_omop: Read) -> None:
    def answered(*rows: tuple[str, str]) -> Cdm:
        cdm = Cdm()
        asked = cdm.concept("LOINC", "82810-3")
        for kind, code in rows:
            concept = cdm.concept("SNOMED", code)
            if kind == "answer":
                cdm.observation(1, asked, "2026-09-01", concept)
            elif kind == "condition":
                cdm.condition(1, concept, "2026-10-01")
            else:
                cdm.observation(1, concept, "2026-10-01")
        return cdm

    yes, no, maybe = "77386006", "60001007", "146799005"
    assert denied(read_omop(answered(("answer", no)))[0]) == {"Pregnancy"}
    assert conditions(read_omop(answered(("condition", yes)))[0]) == {"Pregnancy"}
    for kind in ("condition", "observation"):
        for older, newer in ((no, yes), (no, maybe), (yes, no), (yes, maybe)):
            profile, _ = read_omop(answered(("answer", older), (kind, newer)), complete=["conditions"])
            assert not denied(profile) and not conditions(profile) and profile.not_understood


def test_none_known_empties_its_own_list(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("SNOMED", "160245001"), "2026-10-01")
    cdm.observation(1, cdm.concept("SNOMED", "716186003"), "2026-10-01")
    profile, _ = read_omop(cdm, complete=["conditions"])
    # That nothing is current says nothing of what is past, so it denies nothing of the list.
    assert denied(profile) == {"Hypersensitivity"}
    assert not profile.not_understood
    cdm.condition(1, cdm.concept("ICD10CM", "T1"), "2026-10-01")
    profile, report = read_omop(cdm)
    assert conditions(profile) == {"Sciatica"} and denied(profile) == {"Hypersensitivity"}
    assert entry(report, "condition_occurrence 1")[0] == "ignored"


def test_words_that_take_back_what_a_concept_says_leave_it_open(read_omop: Read) -> None:
    for words, expected in (("cancer", {"Cancer"}), ("FH: cancer", set()), ("no cancer", set())):
        cdm = Cdm()
        cdm.observation(
            1, cdm.concept("SNOMED", "1001"), "2026-10-01", cdm.concept(*YES), observation_source_value=words
        )
        assert conditions(read_omop(cdm)[0]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("kind", [439224, 4169307])
def test_an_allergy_that_names_its_drug_by_the_value(read_omop: Read, kind: int) -> None:
    """At least not tolerated, and the allergy that the drug sets off; a qualified one, or one of words, says neither."""

    def allergic(drug: tuple[str, str], called: str = "the drug", **more: Any) -> tuple[set[str], set[str], str]:
        cdm = Cdm()
        cdm.add("concept", concept_id=kind, concept_name="an allergy", domain_id="Observation", vocabulary_id="SNOMED", concept_code="a1")  # fmt: skip
        cdm.observation(1, kind, "2026-10-01", cdm.concept(*drug, called), **more)
        profile, report = read_omop(cdm)
        state = "; ".join(e.state for e in report.entries if e.source == "observation 1")
        said = {reading.label for reading in profile.readings if reading.not_tolerated}
        assert bool(said) == bool(profile.not_tolerated)
        return {iri.removeprefix(ns.GGT) for iri in profile.not_tolerated}, conditions(profile), state

    assert allergic(("ATC", "X1")) == ({"Ibuprofen"}, {"NSAIDHypersensitivity"}, "used; used")
    assert allergic(("ATC", "X2")) == ({"MonoamineOxidaseInhibitor"}, {"Hypersensitivity"}, "used; used")
    nothing: tuple[set[str], set[str], str] = (set(), set(), "not understood")
    assert allergic(("ATC", "unheard of")) == nothing
    # What a code that nobody knows is called is enough to warn.
    called = allergic(("ATC", "unheard of"), "tramadol")
    assert called == ({"Tramadol"}, set(), "used; not understood")
    assert allergic(("ATC", "X1"), qualifier_source_value="in a relative") == nothing
    assert allergic(("ATC", "X1"), observation_source_value="FH: ibuprofen allergy") == nothing
    assert allergic(("ATC", "X1"), observation_source_value="ibuprofen")[0] == {"Ibuprofen"}
