"""Profiles and therapies in codes of a made-up terminology: read as what they entail, told step by step, never dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, TermError
from tests.support.paths import ASKED

DAY = date(2026, 11, 24)


def entry(answer: dict[str, Any], name: str) -> dict[str, Any]:
    return next(e for e in answer["therapies"] if e["intervention"] == name)


ULCER = {"age": 60, "conditions": ["EX:U", "EX:S"]}


@pytest.mark.slow
def test_codes_that_mean_our_terms_are_our_terms(plain: gg.KnowledgeBase) -> None:
    words = {"age": 60, "conditions": ["bleeding peptic ulcer", "sciatica"], "medications": ["ibuprofen"],
             "trials": [{"of": "conservative care", "weeks": 8, "outcome": "failed"}]}  # fmt: skip
    coded = {"age": 60, "conditions": ["EX:U", "ex:S"], "medications": ["EX:I"],
             "trials": [{"of": "EX:CC", "weeks": 8, "outcome": "failed"}]}  # fmt: skip
    one, other = (plain.therapies(p, as_of=DAY).to_dict() for p in (words, coded))
    assert one["profile"]["digest"] == other["profile"]["digest"]
    assert [(e["intervention"], e["status"], e["reasons"]) for e in one["therapies"]] == [
        (e["intervention"], e["status"], e["reasons"]) for e in other["therapies"]
    ]
    assert [r["code"] for r in other["readings"]] == ["EX:CC", "EX:I", "EX:S", "EX:U"] and not one["readings"]


def test_a_narrower_code_has_our_class_but_its_absence_says_nothing(plain: gg.KnowledgeBase) -> None:
    found = plain.profile({"conditions": {"present": ["EX:SL"]}})
    assert found.present[ns.GG + "hasCondition"] == {ns.GGT + "Sciatica"}
    denied = plain.profile({"conditions": {"absent": ["EX:SL"]}})
    assert not denied.absent and "means less" in denied.not_understood[0][1]


def test_a_wider_code_denies_our_class_but_its_presence_says_nothing(plain: gg.KnowledgeBase) -> None:
    assert plain.profile({"conditions": {"absent": ["EX:C"]}}).absent[ns.GG + "hasCondition"] == {ns.GGT + "Cancer"}
    assert plain.profile({"conditions": ["EX:C"]}).not_understood


@pytest.mark.slow
def test_a_drug_that_only_the_hierarchy_knows(plain: gg.KnowledgeBase, linked: gg.KnowledgeBase) -> None:
    asked = {**ULCER, "medications": ["EX:N1"]}
    unlinked = plain.therapies(asked, as_of=DAY).to_dict()
    assert unlinked["not_understood"] == [
        "EX:N1: it is in no mapping table, and no hierarchy of its terminology is linked"
    ]
    assert "EX:N1" not in {e["intervention"] for e in unlinked["therapies"]}
    answer = linked.therapies(asked, as_of=DAY).to_dict()
    found = entry(answer, "EX:N1")
    assert (found["label"], found["status"], found["category"]) == ("newcoxib", "contraindicated", "drug")
    assert found["reasons"][0] == (
        "counts as nonsteroidal anti-inflammatory drug: EX:N1 (newcoxib) is below EX:N (anti-inflammatories) [Example terms, 7];"
        " EX:N (anti-inflammatories) means the same as nonsteroidal anti-inflammatory drug [mapping table ex]"
    )
    assert answer["not_understood"] == [] and found["coded"]["code"] == "EX:N1"
    assert [row["name"] for row in answer["knowledge"]["links"]] == ["ex", "ex.sssom.tsv"]
    assert all(row["digest"].startswith("sha256:") for row in answer["knowledge"]["links"])


@pytest.mark.slow
def test_it_has_the_statements_of_its_class_and_no_more(linked: gg.KnowledgeBase) -> None:
    for path, problem in ASKED:
        answer = linked.therapies(path, as_of=DAY, problem=problem, also=["EX:N1"]).to_dict()
        one, other = entry(answer, "EX:N1"), entry(answer, "ggt:NSAID")
        assert one["status"] == other["status"], path.stem
        for key in ("for", "against", "other_stances", "contraindications", "limits", "confirm", "disagreements"):
            assert one[key] == other[key], (path.stem, key)
        # Nothing of it stays behind, and nobody else's answer moves.
        again = linked.therapies(path, as_of=DAY, problem=problem).to_dict()
        assert [e for e in answer["therapies"] if e["intervention"] != "EX:N1"] == again["therapies"]


def test_the_nearest_class_counts_not_the_one_above(linked: gg.KnowledgeBase) -> None:
    found = linked.profile({"medications": ["EX:IS"]})
    assert found.present[ns.GG + "takesMedication"] == {ns.GGT + "Ibuprofen"}


def test_explaining_shows_the_steps(linked: gg.KnowledgeBase, plain: gg.KnowledgeBase) -> None:
    told = linked.explain(ULCER, "EX:N1", as_of=DAY)
    assert told["therapy"]["status"] == "contraindicated" and told["proof"]
    facts = json.dumps(linked.explain({**ULCER, "medications": ["EX:N1"]}, "aspirin", as_of=DAY))
    assert "EX:N1" in facts or "EX:U (ulcer)" in facts
    with pytest.raises(TermError, match=r"EX:N1 is not understood: it is in no mapping table"):
        plain.explain(ULCER, "EX:N1", as_of=DAY)
    with pytest.raises(TermError, match="resembles"):
        plain.explain(ULCER, "EX:G", as_of=DAY)


def test_a_combination_is_not_its_group(linked: gg.KnowledgeBase) -> None:
    found = linked.profile({"medications": {"present": ["EX:NC"], "complete": True}})
    assert not found.present and "combination product" in found.not_understood[0][1]


def test_what_is_not_understood_suspends_completeness(plain: gg.KnowledgeBase) -> None:
    whole = {"age": 60, "conditions": {"present": ["EX:S"], "complete": True}}
    missed = {"age": 60, "conditions": {"present": ["EX:S", "EX:77"], "complete": True}}
    told = {"age": 60, "conditions": {"present": ["EX:S"], "not_understood": ["scan: unclear"], "complete": True}}
    one, *others = (plain.therapies(p, as_of=DAY) for p in (whole, missed, told))
    truths = plain.assess(plain.profile(whole), DAY).truths
    for profile, other in zip((missed, told), others, strict=True):
        found = plain.assess(plain.profile(profile), DAY).truths
        assert set(found.items()) < set(truths.items())
        assert len(other.to_dict()["not_understood"]) == 1
    assert one.to_dict()["not_understood"] == []


def test_another_kind_is_an_error(plain: gg.KnowledgeBase) -> None:
    with pytest.raises(TermError, match=r"EX:S \(sciatica\) is a code, but of another kind \(condition\)"):
        plain.profile({"medications": ["EX:S"]})
    with pytest.raises(ProfileError, match="not a known term"):
        plain.profile({"conditions": ["NOPE:1"]})


@pytest.mark.slow
def test_a_saved_answer_replays_without_tables_and_hierarchies(
    linked: gg.KnowledgeBase, kb: gg.KnowledgeBase, tmp_path: Path
) -> None:
    answer = linked.therapies({**ULCER, "medications": ["EX:N1"]}, as_of=DAY, also=["EX:IS"])
    path = tmp_path / "answer.ttl"
    path.write_text(answer.saved(), encoding="utf-8")
    assert linked.replay(path)["same"]
    told = kb.replay(path)
    assert told["same_answer"] and not told["statuses"]


def test_codes_in_turtle(linked: gg.KnowledgeBase, tmp_path: Path) -> None:
    path = tmp_path / "p.ttl"
    path.write_text(
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ex: <https://example.org/ex/> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "[] a gg:Patient , [ owl:complementOf [ owl:onProperty gg:hasCondition ; owl:someValuesFrom ex:C ] ] ;\n"
        "  gg:hasCondition [ a ex:S ] ; gg:takesMedication [ a ex:N1 ] ; gg:takesMedication [ a ex:Q ] ;\n"
        "  gg:stoppedMedication [ a gg:DrugStop ; gg:ofIntervention [ a ex:I ] ; gg:daysSinceStop 3.0 ] ."
    )
    found = linked.profile(path)
    assert found.present == {
        ns.GG + "hasCondition": {ns.GGT + "Sciatica"},
        ns.GG + "takesMedication": {ns.GGT + "NSAID"},
    }
    assert found.absent[ns.GG + "hasCondition"] == {ns.GGT + "Cancer"}
    assert {s.of for s in found.stops_present} == {ns.GGT + "Ibuprofen"}
    assert [text.partition(":")[2][:1] for _, text in found.not_understood] == ["Q"]


@pytest.fixture
def page(linked: gg.KnowledgeBase) -> Callable[[Any], str]:
    data = linked.therapies({**ULCER, "medications": ["EX:N1", "EX:<b>"]}, as_of=DAY).to_dict()
    return lambda render: render(data)


def test_every_form_says_at_the_top_what_was_not_understood(page: Callable[[Any], str], repo_root: Path) -> None:
    from guidegraph import render

    for view in (render.therapies_text, render.therapies_markdown, render.therapies_html):
        text = page(view)
        assert text.lower().index("not understood") < text.index("ontraindicated"), view.__name__
        assert "<b>" not in text or view is render.therapies_text
        assert "EX:N1 (newcoxib) as nonsteroidal" in " ".join(text.split())
    data = json.loads(page(render.to_json))
    schema = json.loads((repo_root / "src/guidegraph/schema/therapies.schema.json").read_text())
    Draft202012Validator(schema).validate(data)
