"""Concepts of an OMOP CDM: which is read, what is above it, and those that cannot be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.model import Profile
from tests.intake.omop.helpers import CONDITION, DAY, FINDING, NO, TAKES, YES, Read, conditions, denied, entry
from tests.intake.omop.synthetic import NONE, Cdm

pytestmark = pytest.mark.usefixtures("duck")

# concepts


def condition_of(read_omop: Read, cdm: Cdm, concept: int, **more: Any) -> tuple[set[str], tuple[str, str], Profile]:
    options = more.pop("options", {})
    cdm.condition(1, concept, "2026-01-10", **more)
    profile, report = read_omop(cdm, **options)
    return conditions(profile), entry(report, "condition_occurrence 1"), profile


def test_the_source_concept_comes_before_the_standard_one(read_omop: Read) -> None:
    cdm = Cdm()
    found, _, profile = condition_of(
        read_omop, cdm, cdm.concept("SNOMED", "1001"), condition_source_concept_id=cdm.concept("ICD10CM", "T1")
    )
    assert found == {"Sciatica"}
    assert [r.curie for r in profile.readings] == ["ICD10CM:T1"]


def test_the_standard_concept_is_read_where_the_source_says_nothing(read_omop: Read) -> None:
    cdm = Cdm()
    source = cdm.concept("ICD10CM", "unmapped")
    assert condition_of(read_omop, cdm, cdm.concept("SNOMED", "1001"), condition_source_concept_id=source)[0] == {
        "Cancer"
    }


@pytest.mark.parametrize("reason", ["U", "D"])
def test_an_invalid_concept_is_not_read_omop(read_omop: Read, reason: str) -> None:
    cdm = Cdm()
    found, (state, why), profile = condition_of(read_omop, cdm, cdm.concept("ICD10CM", "T1", invalid=reason))
    assert (found, state) == (set(), "not understood")
    assert f"invalid_reason {reason}" in why
    assert profile.not_understood


@pytest.mark.parametrize(
    ("vocabulary", "code", "told"),
    [("ICD10CM", "unmapped", "in no mapping table"), ("Made Up", "T1", "Made Up is no vocabulary that is mapped")],
)
def test_an_unmapped_code_is_told_and_never_dropped(read_omop: Read, vocabulary: str, code: str, told: str) -> None:
    cdm = Cdm()
    found, (state, why), profile = condition_of(read_omop, cdm, cdm.concept(vocabulary, code))
    assert (found, state) == (set(), "not understood")
    assert told in why
    assert {prop for prop, _ in profile.not_understood} == {CONDITION, FINDING}


def test_concept_0_and_a_concept_that_is_not_in_the_table(read_omop: Read) -> None:
    cdm = Cdm()
    assert "concept 0" in condition_of(read_omop, cdm, NONE)[1][1]
    other = Cdm()
    other.concept("ICD10CM", "T1")
    assert "is not in the table concept" in condition_of(read_omop, other, 12_345)[1][1]


def test_the_source_value_needs_a_word_about_its_vocabulary(read_omop: Read) -> None:
    cdm = Cdm()
    assert "--source-vocabulary" in condition_of(read_omop, cdm, NONE, condition_source_value="T1")[1][1]
    other = Cdm()
    options = {"source_vocabulary": {"condition_occurrence": "icd10cm"}}
    assert condition_of(read_omop, other, NONE, condition_source_value="T1", options=options)[0] == {"Sciatica"}
    own = Cdm()
    options = {"source_vocabulary": {"condition_occurrence": "ggt"}}
    assert condition_of(read_omop, own, NONE, condition_source_value="Cancer", options=options)[0] == {"Cancer"}


def test_the_nearest_mapped_concept_above_is_read_and_the_step_told(read_omop: Read) -> None:
    cdm = Cdm()
    child, near, far = (cdm.concept("SNOMED", code) for code in ("below", "1001", "1002"))
    for ancestor, levels in ((child, 0), (cdm.concept("SNOMED", "between"), 1), (near, 2), (far, 3)):
        cdm.add("concept_ancestor", ancestor_concept_id=ancestor, descendant_concept_id=child, min_levels_of_separation=levels)  # fmt: skip
    cdm.add("vocabulary", vocabulary_id="None", vocabulary_version="v5.0 made up")
    cdm.condition(1, child, "2026-01-10")
    profile, report = read_omop(cdm)
    assert conditions(profile) == {"Cancer"}
    step = next(e for e in report.entries if e.source == "condition_occurrence 1").steps[0]
    assert "2 levels below SNOMED:1001" in step and "v5.0 made up" in step
    assert profile.readings[0].curie == "SNOMEDCT:below"


@pytest.mark.slow
def test_a_drug_known_only_by_what_is_above_it_is_answered_for_with_the_step(
    made: gg.KnowledgeBase, read_omop: Read
) -> None:
    cdm = Cdm()
    drug = cdm.concept("RxNorm", "7777", "a drug that no table names")
    cdm.add("concept_ancestor", ancestor_concept_id=cdm.concept("ATC", "X1"), descendant_concept_id=drug, min_levels_of_separation=1)  # fmt: skip
    cdm.condition(1, cdm.concept("ICD10CM", "T2"), "2026-11-01")
    cdm.drug(1, drug, "2026-11-01", "2026-11-30")
    answer = made.therapies(read_omop(cdm)[0], as_of=DAY).to_dict()
    found = next(e for e in answer["therapies"] if e["intervention"] == "RXNORM:7777")
    assert found["status"] == "contraindicated"
    assert any("concept_ancestor" in step for step in found["coded"]["steps"])
    cdm.rows["concept_ancestor"].clear()
    answer = made.therapies(read_omop(cdm)[0], as_of=DAY).to_dict()
    assert not any(e["intervention"] == "RXNORM:7777" for e in answer["therapies"])
    assert len(answer["not_understood"]) == 1 and "RXNORM:7777" in answer["not_understood"][0]


def test_lacking_what_is_below_denies_nothing_and_invalid_ancestors_say_nothing(read_omop: Read) -> None:
    cdm = Cdm()
    child, dead = cdm.concept("SNOMED", "below"), cdm.concept("SNOMED", "below-dead")
    for concept, above in ((child, cdm.concept("SNOMED", "1001")), (dead, cdm.concept("SNOMED", "1002", invalid="D"))):
        cdm.add("concept_ancestor", ancestor_concept_id=above, descendant_concept_id=concept, min_levels_of_separation=1)  # fmt: skip
    cdm.observation(1, child, "2026-01-10", cdm.concept(*NO))
    cdm.observation(1, dead, "2026-01-10", cdm.concept(*YES))
    profile, report = read_omop(cdm)
    assert not conditions(profile) and not denied(profile)
    assert len(report.of("not understood")) == 2


def test_without_a_concept_table_only_source_values_are_read_omop(made: gg.KnowledgeBase, tmp_path: Path) -> None:
    cdm = Cdm()
    cdm.person(1)
    cdm.condition(1, 12_345, "2026-01-10", condition_source_value="T1")
    path = cdm.write("csv", tmp_path / "cdm", every=False)
    profile, report = made.profile_from_omop(path, 1, as_of=DAY)
    assert not conditions(profile)
    assert "there is no table concept" in entry(report, "condition_occurrence 1")[1]
    assert any("no table drug_exposure" in choice for choice in report.choices)
    named = {"condition_occurrence": "ICD10CM"}
    assert conditions(made.profile_from_omop(path, 1, as_of=DAY, source_vocabulary=named)[0]) == {"Sciatica"}


def test_a_code_of_another_kind_is_not_forced_into_the_table(read_omop: Read) -> None:
    cdm = Cdm()
    cdm.condition(1, cdm.concept("ATC", "X1"), "2026-01-10")
    cdm.drug(1, cdm.concept("ICD10CM", "T1"), "2026-01-10", "2026-12-31")
    profile, report = read_omop(cdm)
    assert not conditions(profile) and not profile.present.get(TAKES)
    assert len(report.of("not understood")) == 2


@pytest.mark.parametrize("turned", [False, True])
def test_a_concept_that_is_several_things_is_none(read_omop: Read, turned: bool) -> None:
    cdm = Cdm()
    cancer, other = cdm.concept("SNOMED", "1001"), cdm.concept("SNOMED", "1002")
    for row in cdm.rows["concept"]:
        row["concept_id"] = cancer
    if turned:
        cdm.rows["concept"].reverse()
    assert other != cancer
    cdm.condition(1, cancer, "2026-01-01")
    profile, report = read_omop(cdm, complete=["conditions"])
    assert not conditions(profile) and profile.not_understood
    assert "several times" in entry(report, "condition_occurrence 1")[1]
