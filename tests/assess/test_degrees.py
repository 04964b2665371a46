"""Degrees and stages that are read from a number: which definition decides, and what is asked."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from tests.assess.test_readings import CONDITION, FINDING, HEART, truth
from tests.conftest import AS_OF


@pytest.mark.parametrize(("age", "expected"), [(59, "false"), (60, "true"), (64, "true"), (65, "true")])
def test_older_age_takes_the_widest_of_its_definitions(kb: Any, age: int, expected: str) -> None:
    assert truth(kb, {"age": age, "findings": {"complete": True}}, FINDING, ns.GGT + "OlderAge") == expected


@pytest.mark.parametrize(
    ("profile", "cls", "expected"),
    [
        ({"child_pugh": 6}, "SevereHepaticImpairment", "false"),
        ({"child_pugh": 6}, "HepaticImpairment", "true"),
        ({"child_pugh": 8}, "ModerateHepaticImpairment", "true"),
        ({"child_pugh": 11}, "SevereHepaticImpairment", "true"),
        ({"nyha_class": 3}, "HeartFailureNYHAIV", "false"),
        ({"nyha_class": 4}, "HeartFailureNYHAIV", "true"),
        ({"creatinine_clearance": 29}, "SevereRenalImpairmentByClearance", "true"),
        ({"creatinine_clearance": 29, "egfr": 35}, "SevereRenalImpairmentByClearance", "true"),
        ({"creatinine_clearance": 29, "egfr": 35}, "SevereRenalImpairment", "false"),
        ({"egfr": 95}, "SevereRenalImpairmentByClearance", "unknown"),
        ({"conditions": {"complete": True}}, "SevereRenalImpairmentByClearance", "false"),
        ({"conditions": {"complete": True}}, "HepaticImpairment", "false"),
    ],
)
def test_a_score_or_clearance_stands_for_a_degree(kb: Any, profile: dict[str, Any], cls: str, expected: str) -> None:
    assert truth(kb, profile, CONDITION, ns.GGT + cls) == expected


@pytest.mark.parametrize(("weeks", "expected"), [(3, "true"), (4, "unknown"), (6, "unknown"), (7, "false")])
def test_acute_is_told_apart_where_sources_differ(kb: Any, weeks: int, expected: str) -> None:
    assert truth(kb, {"symptom_weeks": weeks}, FINDING, ns.GGT + "AcuteEpisode") == expected


def test_who_states_one_number_of_a_degree_is_not_asked_for_the_other_instead(kb: Any) -> None:
    asked = {q["fact"] for q in kb.therapies({"egfr": 80, **HEART}, as_of=AS_OF).to_dict()["questions"]}
    # The degree is asked itself; a clearance only since labels speak of one in their own number.
    assert "ggt:RenalImpairment" in asked and "egfr" not in asked
    assert any(a.prop == ns.GG + "creatinineClearance" and not a.cls for a in kb.records.atoms.values())


def test_a_number_that_only_some_have_is_asked_of_those_who_have_it(kb: Any) -> None:
    """Nobody scores a liver before the pain relief of somebody who is well: the disease is asked for, not its score."""

    def asked(profile: dict[str, Any]) -> set[str]:
        return {q["fact"] for q in kb.therapies({**profile, **HEART}, as_of=AS_OF).to_dict()["questions"]}

    healthy = asked({"age": 38})
    assert not healthy & {"child_pugh", "nyha_class", "pregnancy_weeks"}
    assert {"ggt:SevereHepaticImpairment", "egfr"} <= healthy
    assert "pregnancy_weeks" in asked({"age": 31, "pregnant": True})
