"""Plans: what becomes of therapies that are given together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.assess.plan import MOST
from guidegraph.errors import TermError, UsageError
from guidegraph.render.plan import plan_markdown, plan_text
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.forked import command

ACUTE = "example:acute-uncomplicated"
TAKES = ns.GG + "takesMedication"


def planned(kb: Any, *therapies: str, profile: Any = ACUTE, **asked: Any) -> dict[str, Any]:
    return dict(kb.plan(profile, list(therapies), as_of=AS_OF, **asked))


def entry(plan: dict[str, Any], label: str) -> Any:
    return next(row for row in plan["therapies"] if row["label"] == label)


@given(seed=st.integers(1, 100_000))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_of_nothing_changes_nothing(kb: Any, seed: int) -> None:
    plan = planned(kb, profile=generate.profile(kb, seed))
    assert plan["therapies"] == plan["doubled"] == plan["changes"] == []


@pytest.mark.slow
@given(seed=st.integers(1, 100_000))
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_plan_is_what_an_assessment_of_the_others_as_taken_says(kb: Any, seed: int) -> None:
    profile = replace(generate.profile(kb, seed), absent={}, complete=frozenset())
    pair = [kb.resolve("cyclobenzaprine"), kb.resolve("tramadol")]
    plan = planned(kb, *pair, profile=profile)
    for one, other in (pair, reversed(pair)):
        taken = {**profile.present, TAKES: profile.present.get(TAKES, frozenset()) | {other}}
        found = kb.assess(kb.profile(replace(profile, present=taken)), AS_OF)
        row = entry(plan, kb.records.label(one))
        assert row["after"] == found.statuses.get(one)
        true = {
            s for role in ("absolute", "cautioned") for s in found.statements(one, role) if found.truth(s) == "true"
        }
        assert {kb.records.label(s) for s in true} == {held["label"] for held in row["held"]}


def test_what_is_warned_of_together_is_told_with_what_brings_it(kb: Any) -> None:
    plan = planned(kb, "cyclobenzaprine", "tramadol")
    (held,) = [row for row in entry(plan, "cyclobenzaprine")["held"] if row["new"]]
    assert (held["kind"], held["by"]) == ("warning", ["tramadol"])
    alone = planned(kb, "cyclobenzaprine")
    assert not any(row["new"] or row["by"] for row in entry(alone, "cyclobenzaprine")["held"])
    none = "which does not say that there is none"
    assert none in " ".join(plan_text(alone).split()) and none not in " ".join(plan_text(plan).split())


def test_a_class_of_the_plan_leaves_a_warning_of_its_members_open(kb: Any) -> None:
    """Who takes an antidepressant may take the one that is warned of."""
    complete = {
        "age": 40,
        "symptom_weeks": 2,
        "conditions": ["sciatica"],
        "medications": {"present": [], "complete": True},
    }
    plan = planned(kb, "cyclobenzaprine", "opioid", profile=complete)
    row = entry(plan, "cyclobenzaprine")
    assert any(one["by"] == ["opioid"] for one in row["open"]) and not any(one["by"] for one in row["held"])
    assert not any(
        one["by"] for one in entry(planned(kb, "cyclobenzaprine", profile=complete), "cyclobenzaprine")["open"]
    )


def test_what_the_patient_takes_is_told_where_the_plan_changes_it(kb: Any) -> None:
    plan = planned(kb, "tramadol", profile={"age": 40, "conditions": ["sciatica"], "medications": ["cyclobenzaprine"]})
    row = entry(plan, "cyclobenzaprine")
    assert row["taken"] and [held["by"] for held in row["held"]] == [["tramadol"]]


def test_a_denied_medication_may_be_planned(kb: Any) -> None:
    denied = {"age": 40, "conditions": ["sciatica"], "medications": {"absent": ["opioid"], "complete": True}}
    assert any(
        row["by"] == ["tramadol"]
        for row in entry(planned(kb, "cyclobenzaprine", "tramadol", profile=denied), "cyclobenzaprine")["held"]
    )


@pytest.mark.parametrize(
    ("therapies", "how", "of"),
    [
        (("ibuprofen", "naproxen"), "class", "nonsteroidal anti-inflammatory drug"),
        (("ibuprofen", "NSAID"), "class", "nonsteroidal anti-inflammatory drug"),
        (("weak opioid with acetaminophen", "acetaminophen"), "part", "acetaminophen"),
        (("ibuprofen", "exercise therapy"), None, None),
        (("ibuprofen", "cyclobenzaprine"), None, None),
        (("ibuprofen", "ibuprofen"), None, None),
    ],
)
def test_what_doubles(kb: Any, therapies: tuple[str, ...], how: str | None, of: str | None) -> None:
    rows = planned(kb, *therapies)["doubled"]
    assert [(row["how"], row["of"]) for row in rows] == ([(how, of)] if how else [])
    # What is taken already doubles what is planned.
    if how:
        other = {"age": 40, "conditions": ["sciatica"], "medications": [therapies[1]]}
        assert [row["how"] for row in planned(kb, therapies[0], profile=other)["doubled"]] == [how]


def test_the_plan_itself_meets_an_attached_condition(kb: Any) -> None:
    def met(*therapies: str) -> list[str]:
        rows = entry(planned(kb, *therapies), "spinal manipulation")["conditions"]
        return next(row["met_by"] for row in rows if "exercise" in row["condition"])

    assert met("spinal manipulation") == [] and met("spinal manipulation", "yoga") == ["yoga"]
    assert met("spinal manipulation", "ibuprofen") == []


def test_views_and_wrong_plans(kb: Any) -> None:
    plan = planned(kb, "cyclobenzaprine", "tramadol", "ibuprofen", "naproxen")
    for shown in (plan_text(plan), plan_markdown(plan)):
        shown = " ".join(shown.split())
        assert "with tramadol" in shown and "doubled: ibuprofen and naproxen" in shown
    with pytest.raises(TermError):
        planned(kb, "sciatica")
    two = {"problems": [{"of": "sciatica"}, {"of": "low back pain"}]}
    with pytest.raises(UsageError, match="names 2 problems"):
        planned(kb, "ibuprofen", profile=two)
    assert planned(kb, "ibuprofen", profile=two, problem="sciatica")["problem"]["named"]


def test_a_plan_has_an_end(kb: Any) -> None:
    """Hundreds of therapies would keep a server busy for minutes."""
    labels = [row.label for row in kb.vocabulary.of_kind("intervention")]
    with pytest.raises(UsageError, match=f"at most {MOST} therapies, and this one has {MOST + 1}"):
        kb.plan("example:bleeding-ulcer", labels[: MOST + 1])
    # What is named twice is one.
    assert kb.plan("example:bleeding-ulcer", labels[:1] * (MOST + 1))


def test_the_commands() -> None:
    done = command("plan", ACUTE, "cyclobenzaprine", "tramadol", "--as-of", AS_OF.isoformat())
    assert done.returncode == 0 and "serotonin" in done.stdout
    pairs = command("interactions", "--format", "csv")
    assert any(row.startswith("cyclobenzaprine,tramadol,warning,false,true") for row in pairs.stdout.splitlines())
