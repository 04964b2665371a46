"""The rules of statuses, each on a patient for whom it decides: what stands first, what is a mark, who is a voice."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import render
from guidegraph.assess.assessment import FALSE, INACTIVE, TRUE, UNKNOWN
from guidegraph.errors import UsageError
from guidegraph.render.entries import said
from tests.conftest import AS_OF

LISTS = ("conditions", "findings", "medications", "trials", "stopped_medications")
#: A man of 45 with two weeks of sciatica and nothing else, every list complete.
HEALTHY: dict[str, Any] = {
    "age": 45,
    "sex": "male",
    "symptom_weeks": 2,
    "pain_score": 5,
    "egfr": 90,
    **{name: {"present": [], "complete": True} for name in LISTS},
}
HEALTHY["conditions"] = {"present": ["sciatica"], "complete": True}
POSITIVE = ("eligible", "provisional", "caution")


def answer(kb: Any, **facts: Any) -> Any:
    """The data of an answer for the healthy patient with some facts changed."""
    return kb.therapies({**HEALTHY, **facts}, as_of=AS_OF).to_dict()


def entries(data: Any) -> dict[str, Any]:
    """The therapies of an answer by label."""
    return {entry["label"]: entry for entry in data["therapies"]}


def views(data: Any) -> list[str]:
    """An answer in every form that people read, in lines without breaks."""
    made = (render.therapies_text(data), render.therapies_markdown(data), render.therapies_html(data))
    return [" ".join(text.split()) for text in made]


@pytest.fixture(scope="module")
def healthy(kb: Any) -> Any:
    return answer(kb)


def test_signs_of_alerts_are_not_asked_and_never_ruled_out_by_silence(healthy: Any) -> None:
    assert {alert["truth"] for alert in healthy["alerts"]} == {"unknown"}
    assert all("not asked: " in view for view in views(healthy))
    told = {fact for alert in healthy["alerts"] for fact in alert["facts"]}
    assert {"saddle anesthesia", "progressive neurological deficit", "suspected infection"} <= told


def test_signs_that_were_asked_and_denied_are_absent(kb: Any) -> None:
    signs = ["urinary retention", "urinary incontinence", "bilateral motor weakness", "saddle anesthesia"]
    data = answer(kb, findings={"present": [], "absent": signs, "complete": True})
    truth = {alert["label"]: alert["truth"] for alert in data["alerts"]}
    assert truth["Cauda equina syndrome"] == "false"
    assert truth["Progressive neurological deficits"] == "unknown"


def test_variants_and_members_are_recommended_only_when_named(healthy: Any) -> None:
    rows = entries(healthy)
    variants = ("aspirin", "intravenous acetaminophen", "long-term acetaminophen", "long-term opioid therapy")
    for label in (*variants, "emergency spinal surgery", "electroacupuncture"):
        assert rows[label]["status"] not in POSITIVE, label
        assert not rows[label]["for"] or label == "emergency spinal surgery"
    assert rows["nonsteroidal anti-inflammatory drug"]["status"] == rows["ibuprofen"]["status"] == "provisional"
    assert rows["aspirin"]["in_general"] and rows["aspirin"]["contraindications"]
    assert any("no source here names aspirin" in reason for reason in rows["aspirin"]["reasons"])
    epidural = [row["status"] for label, row in rows.items() if label.startswith("epidural")]
    assert epidural and not set(epidural) & set(POSITIVE)


def test_surgery_without_a_name_recommends_no_operation(kb: Any) -> None:
    # The article reserves "surgery" for whom conservative care failed, and names none.
    trial = {"of": "conservative care", "outcome": "failed", "weeks": 8}
    rows = entries(answer(kb, symptom_weeks=10, trials={"present": [trial], "complete": True}))
    lead = "droracle-sciatica-2025/lead-surgery"
    assert any(v["id"].endswith(lead) and v["truth"] == "true" for v in rows["spinal surgery"]["for"])
    assert rows["spinal surgery"]["status"] in POSITIVE
    for label in ("discectomy", "spinal decompression"):
        assert not any(v["id"].endswith(lead) for v in rows[label]["for"]), label
        assert any(v["id"].endswith(lead) for v in rows[label]["in_general"]), label
        assert rows[label]["status"] not in POSITIVE, label


def test_a_missing_trial_is_a_precondition_and_no_contraindication(healthy: Any) -> None:
    stimulation = entries(healthy)["spinal cord stimulation"]
    assert stimulation["status"] != "contraindicated"
    assert not any(row["truth"] == "true" for row in stimulation["contraindications"])


def test_who_looked_and_took_no_side_is_told_whatever_the_status(healthy: Any) -> None:
    drug = entries(healthy)["nonsteroidal anti-inflammatory drug"]
    assert [(v["stance"], v["truth"]) for v in drug["other_stances"]] == [("no-recommendation", "true")]
    for view in views(healthy):
        assert "o recommendation:" in view.replace("**", "").replace("</strong>", "") and "NICE NG59" in view


@pytest.mark.slow
def test_the_proof_holds_who_looked_and_took_no_side(kb: Any) -> None:
    proof = kb.explain(HEALTHY, "nonsteroidal anti-inflammatory drug", as_of=AS_OF)["proof"]
    looked = [row for row in proof if row["role"] == "other stance"]
    assert [row["truth"] for row in looked] == ["true"] and "NICE NG59" in looked[0]["document"]["label"]


def test_what_an_article_says_twice_is_one_voice(healthy: Any) -> None:
    rows = entries(healthy)
    for label in ("advice to remain active", "nonsteroidal anti-inflammatory drug"):
        own = [voice for voice in rows[label]["for"] if voice["document"]["id"].endswith("droracle-sciatica-2025")]
        assert len(own) == 1, label
        assert sum("Dr.Oracle" in reason for reason in rows[label]["reasons"]) == 1


def test_what_a_true_alert_calls_for_stands_first_and_alone(kb: Any) -> None:
    data = answer(kb, findings=["saddle anesthesia"])
    called = [entry for entry in data["therapies"] if entry["called_for"]]
    assert data["therapies"][: len(called)] == called
    assert {e["label"] for e in called} >= {"immediate evaluation", "immediate intervention for cauda equina syndrome"}
    for entry in called:
        # Its own contraindications stand beside it (the scanner's are asked for), no sign of another alert does.
        assert entry["status"] == ("provisional" if entry["establish"] else "eligible"), entry["label"]
        assert not any(fact["alert"] for fact in entry["establish"]), entry["label"]
    rest = {entry["status"] for entry in data["therapies"] if not entry["called_for"]}
    assert not rest & {"eligible", "provisional"}
    for view in views(data):
        assert view.index("Act at once") < view.index("fter the emergency")


def test_an_emergency_is_not_provisional_on_coverage(kb: Any) -> None:
    data = answer(kb, sex="female", age=15, findings=["saddle anesthesia"], conditions=["sciatica"])
    called = [entry["status"] for entry in data["therapies"] if entry["called_for"] and not entry["establish"]]
    assert called and set(called) == {"eligible"}


def test_nothing_on_file_is_a_mark_that_changes_no_status(kb: Any) -> None:
    data = answer(kb, findings={"absent": ["saddle anesthesia"]})
    analgesia = entries(data)["analgesia (no drug named)"]
    assert "contraindications not on file" in analgesia["marks"]
    assert analgesia["status"] == "provisional" and analgesia["alert_signs_only"]


def test_coverage_is_a_caution_for_drugs_and_a_mark_for_the_rest(kb: Any) -> None:
    data = answer(kb, age=15)
    assert data["banner"].startswith("Age 15 is outside the age range of every guideline")
    assert all(view.index("Age 15 is outside") < view.index("sciatica") for view in views(data)[:1])
    rows = entries(data)
    active, drug = rows["advice to remain active"], rows["nonsteroidal anti-inflammatory drug"]
    assert "not stated to cover patients under 18" in active["marks"]
    assert active["status"] == "provisional" and active["alert_signs_only"]
    assert drug["status"] == "caution"
    assert any(row["label"] == "not stated to cover patients under 18" for row in drug["contraindications"])


def test_an_adult_gets_no_banner(healthy: Any) -> None:
    assert healthy["banner"] is None


def test_what_is_provisional_on_signs_alone_stands_apart(healthy: Any) -> None:
    rows = entries(healthy)
    assert rows["advice to remain active"]["alert_signs_only"]
    assert all("rule out the alerts first" in view for view in views(healthy))
    pending = answer_without_lists(rows)
    assert not pending["alert_signs_only"]


def answer_without_lists(rows: Any) -> Any:
    """A therapy that is provisional on facts of its own, none if there is none."""
    own = [row for row in rows.values() if row["status"] == "provisional" and not row["alert_signs_only"]]
    return own[0] if own else {"alert_signs_only": False}


def test_a_trial_is_told_with_the_therapy_and_its_classes_never_with_members(kb: Any) -> None:
    trials = [
        {"of": "nonsteroidal anti-inflammatory drug", "outcome": "failed", "weeks": 6},
        {"of": "yoga", "outcome": "failed", "weeks": 6},
    ]
    before, data = answer(kb), answer(kb, trials={"present": trials, "complete": True})
    rows = entries(data)
    assert [t["text"] for t in rows["nonsteroidal anti-inflammatory drug"]["tried"]] == ["tried: failed, 6 weeks"]
    assert [t["text"] for t in rows["exercise therapy"]["tried"]] == ["tried: failed, 6 weeks (through yoga)"]
    assert not rows["ibuprofen"]["tried"] and not rows["tai chi"]["tried"]
    moved = {label for label, row in entries(before).items() if row["status"] != rows[label]["status"]}
    assert not moved
    assert all("tried: failed, 6 weeks" in view for view in views(data))


@pytest.mark.parametrize(
    ("outcome", "vain"), [("failed", True), ("not tolerated", True), ("succeeded", False), ("", False)]
)
def test_what_was_tried_in_vain_stands_apart_from_the_untried(kb: Any, outcome: str, vain: bool) -> None:
    trial = {"of": "acetaminophen", "weeks": 2} | ({"outcome": outcome} if outcome else {})
    data = answer(kb, trials={"present": [trial], "complete": True})
    entry = entries(data)["acetaminophen"]
    assert [row["in_vain"] for row in entry["tried"]] == [vain]
    heading = f"{entry['status'].capitalize()}, but tried in vain (1)"
    for view in views(data):
        assert (heading in view) is vain
        assert not vain or view.index(heading) > view.index("analgesia (no drug named)")


def test_a_warning_says_by_which_fact_it_holds(kb: Any) -> None:
    data = answer(kb, egfr=20, medications={"present": ["anticoagulant"], "complete": True})
    rows = {row["label"]: row for row in entries(data)["ibuprofen"]["contraindications"]}
    assert rows["NSAIDs: severe renal impairment"]["because"].startswith("severe renal impairment: eGFR 20; below 30")
    assert all(bool(row["because"]) == (row["truth"] == "true" and not row["note"]) for row in rows.values())
    assert all("here: severe renal impairment: eGFR 20" in view for view in views(data))
    plan = kb.plan({"age": 45, "conditions": ["sciatica"], "egfr": 20}, ["ibuprofen"], as_of=AS_OF)
    held = [row["because"] for row in plan["therapies"][0]["held"]]
    assert any(text.startswith("severe renal impairment: eGFR 20") for text in held) and all(held)


def test_what_has_ended_is_counted_and_listed_when_asked_for(healthy: Any) -> None:
    for shown in (render.therapies_text, render.therapies_markdown):
        brief, whole = (" ".join(shown(healthy, ended=flag).split()) for flag in (False, True))
        heading = f"Not in effect at this date ({len(healthy['not_in_effect'])})"
        assert heading in brief and heading in whole
        assert "no longer in effect" in whole and "no longer in effect" not in brief


def test_what_an_alert_itself_calls_for_comes_before_what_is_recommended_on_it(kb: Any) -> None:
    data = answer(kb, findings=["saddle anesthesia"])
    called = [entry["label"] for entry in data["therapies"] if entry["called_for"]]
    itself = {label for alert in data["alerts"] if alert["truth"] == "true" for label in alert["calls_for"]}
    assert set(called[: len(itself)]) == itself and called[len(itself) :] == ["emergency spinal surgery"]


def test_whose_signs_were_all_denied_is_not_asked_for_them_again(kb: Any) -> None:
    signs = ["urinary retention", "urinary incontinence", "bilateral motor weakness", "saddle anesthesia"]
    data = answer(kb, conditions=["sciatica"], findings={"absent": signs})
    for view in views(data):
        assert "its signs are absent; whether it was diagnosed is not stated: cauda equina syndrome" in view


def test_whether_trials_amount_to_conservative_care_is_asked_with_them(kb: Any) -> None:
    trials = [{"of": "ibuprofen", "outcome": "failed", "weeks": 6}]
    data = answer(kb, symptom_weeks=10, trials={"present": trials, "complete": True})
    asked = [q for q in data["questions"] if "conservative care" in q["label"]]
    assert asked and all(q["trials"] == ["ibuprofen (failed, 6 weeks)"] for q in asked)
    words = "do these amount to it: ibuprofen (failed, 6 weeks)?"
    assert words in " ".join(render.questions_text(data).split())


def test_what_was_not_tolerated_is_a_caution_for_it_its_kinds_and_combinations(kb: Any) -> None:
    trials = [{"of": "nonsteroidal anti-inflammatory drug", "outcome": "not tolerated"}]
    rows = entries(answer(kb, trials={"present": trials, "complete": True}))
    for label in ("nonsteroidal anti-inflammatory drug", "ibuprofen", "naproxen"):
        assert rows[label]["status"] == "caution", label
        assert any(g["kind"] == "not tolerated" for g in rows[label]["grounds"]), label
    assert any(g["kind"] == "not tolerated" for g in rows["NSAID together with acetaminophen"]["grounds"])
    member = [{"of": "ibuprofen", "outcome": "not tolerated"}]
    rows = entries(answer(kb, trials={"present": member, "complete": True}))
    assert rows["ibuprofen"]["status"] == "caution" and rows["naproxen"]["status"] == "provisional"


def test_current_medication_is_told_before_what_to_start(kb: Any) -> None:
    ulcer = {"present": ["sciatica", "active peptic ulcer"], "complete": True}
    data = answer(kb, conditions=ulcer, medications={"present": ["ibuprofen"], "complete": True})
    assert [drug["label"] for drug in data["taken_now"]] == ["ibuprofen"]
    assert any(text.startswith("absolute: NSAIDs") for text in data["taken_now"][0]["because"])
    assert all("the advice is about starting it" in view for view in views(data))


def test_flags_to_weigh_are_told_and_change_no_status(kb: Any) -> None:
    older, younger = answer(kb, age=55), answer(kb, age=45)
    assert {"AHCPR" in flag["documents"][0]["label"] for flag in older["flags"]} == {True, False}
    assert all("over 50" in flag["label"] for flag in older["flags"]) and not younger["flags"]
    statuses = [{label: row["status"] for label, row in entries(data).items()} for data in (older, younger)]
    assert statuses[0] == statuses[1]


def test_standing_leaves_out_other_voices_and_says_which_statuses_that_moved(kb: Any) -> None:
    every = answer(kb)
    kept = kb.therapies(HEALTHY, as_of=AS_OF, standing="guideline").to_dict()
    assert every["left_out"] is None
    rows, voices = entries(kept), [v for e in kept["therapies"] for v in (*e["for"], *e["against"])]
    signs = {v["id"].rpartition("/")[2] for v in voices if v["standing"] != "guideline"}
    # What answers an alert is never left out.
    assert all(name.startswith(("evaluate-", "emergency", "surgical-", "lead-surgery", "CES-")) for name in signs)
    assert {e["label"]: e["contraindications"] for e in every["therapies"]}["ibuprofen"]
    assert rows["ibuprofen"]["contraindications"]
    moved = {row["label"]: (row["with"], row["without"]) for row in kept["left_out"]["moved"]}
    was = entries(every)
    assert moved == {
        label: (was[label]["status"], row["status"])
        for label, row in rows.items()
        if was[label]["status"] != row["status"]
    }
    assert moved and kept["left_out"]["recommendations"] > 0


def test_an_emergency_keeps_its_actions_whatever_is_left_out(kb: Any) -> None:
    facts = {**HEALTHY, "findings": ["saddle anesthesia"]}
    for asked in ({"standing": "guideline"}, {"only": "approved"}):
        data = kb.therapies(facts, as_of=AS_OF, **asked).to_dict()
        called = [entry for entry in data["therapies"] if entry["called_for"]]
        # One may still wait for contraindications of its own (the scanner's).
        assert called and all(e["status"] == ("provisional" if e["establish"] else "eligible") for e in called)


@pytest.mark.parametrize("asked", [{"standing": "best"}, {"only": "mine"}])
def test_a_standing_that_there_is_not_is_refused(kb: Any, asked: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="cannot be chosen"):
        kb.therapies(HEALTHY, **asked)


def test_a_statement_and_those_that_report_it_are_one_voice(kb: Any) -> None:
    facts = {"symptom_weeks": 20, "trials": [{"of": "conservative care", "weeks": 10, "outcome": "failed"}]}
    rows = entries(answer(kb, **facts))
    against = [v for v in rows["epidural steroid injection"]["against"] if v["id"].endswith("BMJ-R1")]
    assert len(against) == 1 and [d["id"] for d in against[0]["reported_by"]] == ["ggd:droracle-sciatica-2025"]
    grounds = [g["statement"] for g in rows["epidural steroid injection"]["grounds"] if g["kind"] == "advised against"]
    assert sum("BMJ-R1" in name for name in grounds) == 1
    assert not any("controversy-against" in name or "epidural-against" in name for name in grounds)
    named = {v["id"] for v in rows["epidural steroid injection"]["against"]}
    assert not any("controversy-against" in name or "epidural-against" in name for name in named)


def test_a_voice_whose_next_edition_was_not_read_stays_on_the_entry(kb: Any) -> None:
    back = {"present": ["low back pain"], "complete": True}
    drug = entries(answer(kb, conditions=back))["benzodiazepine"]
    (voice,) = drug["ended"]
    assert voice["standing"] == "ended" and "VA/DoD 2022" in voice["because"] and voice["stance"] == "against"
    assert voice["id"] not in {v["id"] for v in drug["against"]}
    # An edition that speaks of the therapy again leaves nothing of the old one on it.
    assert not entries(answer(kb))["gabapentin"]["ended"]


def test_a_conclusion_on_benefit_is_evidence_and_no_stance(kb: Any) -> None:
    injection = entries(answer(kb))["epidural steroid injection"]
    assert "statement/aan-2007/AAN07-2" in {item["id"] for item in injection["evidence"]}
    assert not any(voice["id"].endswith("AAN07-2") for voice in injection["for"])


def test_advice_against_a_part_reaches_the_combination_unless_it_is_about_the_part_alone(kb: Any) -> None:
    back = {"present": ["nonspecific low back pain"], "absent": ["radiculopathy"], "complete": True}
    both = entries(answer(kb, conditions=back))["NSAID together with acetaminophen"]
    through = {v["id"].rpartition("/")[2]: v["through"] for v in both["against"]}
    assert through["DK25-NSAID"] == "nonsteroidal anti-inflammatory drug"
    assert "NG59-PARA" not in through


def test_every_true_contraindication_is_told_whatever_the_status(kb: Any) -> None:
    ulcer = {"present": ["sciatica", "active peptic ulcer"], "complete": True}
    for entry in answer(kb, conditions=ulcer)["therapies"]:
        told = " ".join(f"{row.word} {row.text}" for row in said(entry))
        for row in entry["contraindications"]:
            assert row["truth"] != "true" or row["label"] in told, (entry["label"], row["label"])


@pytest.mark.parametrize("name", ["chronic-failed-care", "anticoagulated-older", "age-only"])
def test_what_explains_a_truth_comes_to_it(kb: Any, name: str) -> None:
    """The population that is shown decides: what only reports another statement hangs on that one's."""
    assessment, records = kb.therapies(f"example:{name}", as_of=AS_OF).assessment, kb.records
    told = 0
    for statement in records.criteria:
        truth, branches = assessment.truth(statement), records.branches.get(records.criterion(statement), ())
        if truth == INACTIVE or assessment.clock(statement) or not branches:
            continue
        told += 1
        values = [assessment.branch_truth(branch) for branch in branches]
        assert truth == (TRUE if TRUE in values else UNKNOWN if UNKNOWN in values else FALSE), statement
        assert (truth == UNKNOWN) == bool(assessment.open_atoms(statement)), statement
    assert told > 150
