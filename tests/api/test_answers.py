"""What the shipped knowledge answers: the cases that matter most, told as a clinician would check them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.render import therapies_text

EPIDURAL = "epidural steroid injection"


def entry(answer: Any, label: str) -> dict[str, Any]:
    return next(t for t in answer.to_dict()["therapies"] if t["label"] == label)


def held(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["truth"] == "true"]


def test_chronic_after_failed_care_epidural_is_contested_with_both_sides(ask: Any) -> None:
    found = entry(ask("example:chronic-failed-care"), EPIDURAL)
    assert found["status"] == "contested"
    against = held(found["against"])
    guideline = next(rec for rec in against if rec["id"].endswith("/BMJ-R1"))
    assert guideline["strength"] == "strong" and guideline["document"]["issued"] == "2025-02-19"
    assert not guideline["secondary_only"]
    # The article that reports it is one voice with it.
    assert [d["issued"] for d in guideline["reported_by"]] == ["2025-11-17"]
    assert not [rec for rec in against if rec["reports"]]
    in_favour = [rec for rec in held(found["for"]) if rec["reports"]]
    assert {d["issued"] for rec in in_favour for d in rec["reports"]} == {"2010-04"}
    for rec in in_favour:
        assert rec["document"]["label"] and rec["document"]["issued"] == "2025-11-17"
        assert "characters" in rec["locator"]
    assert all(rec["secondary_only"] for rec in in_favour)


def test_chronic_after_failed_care_bed_rest_and_steroids_are_advised_against(ask: Any) -> None:
    answer = ask("example:chronic-failed-care")
    assert answer.status("prolonged bed rest") == "advised-against"
    assert answer.status("systemic corticosteroids") == "advised-against"


def test_emergency_is_not_hidden_by_the_failed_care_of_its_section(ask: Any) -> None:
    profile = {"symptom_weeks": 1, "age": 50, "conditions": ["sciatica", "cauda equina syndrome"]}
    assert ask(profile).status("emergency surgery for cauda equina syndrome") == "eligible"


@pytest.mark.parametrize(
    "words", ["gastrointestinal bleeding ulcer", "bleeding peptic ulcer", "active GI bleeding", "active peptic ulcer"]
)
def test_ulcer_contraindicates_the_class_and_each_drug(ask: Any, kb: gg.KnowledgeBase, words: str) -> None:
    answer = ask({"age": 60, "symptom_weeks": 3, "conditions": ["sciatica", words]})
    for drug in ("NSAID", "ibuprofen", "naproxen", "aspirin", "NSAID together with paracetamol"):
        found = entry(answer, kb.vocabulary.label(kb.vocabulary.resolve(drug, ("intervention",))))
        assert found["status"] == "contraindicated", drug
        rows = held(found["contraindications"])
        absolute = {row["document"]["label"]: row for row in rows if row["kind"] == "absolute"}
        assert "ibuprofen" in absolute["Ibuprofen label, UK (Ibucalm)"]["class_reading"]
        assert absolute["Ibuprofen label, UK (Ibucalm)"]["jurisdiction"] == ["GB"]
        boxed = [row for row in rows if row["kind"] == "warning" and "boxed" in row["kind_wording"]]
        assert boxed and boxed[0]["jurisdiction"] == ["US"]
    assert answer.status("acetaminophen") != "contraindicated"


def test_us_labels_alone_leave_the_boxed_warning(ask: Any) -> None:
    profile = {"age": 60, "symptom_weeks": 3, "conditions": ["sciatica", "bleeding peptic ulcer"]}
    gb, us = ask(profile, jurisdiction="GB"), ask(profile, jurisdiction="US")
    assert gb.status("ibuprofen") == "contraindicated"
    found = entry(us, "ibuprofen")
    # The drug guide states no country, so it counts everywhere; the US warning is shown, the UK label is not.
    countries = {code for row in found["contraindications"] for code in row["jurisdiction"]}
    assert countries == {"US"}


def test_saddle_anaesthesia_raises_the_alert_first_and_only_the_emergency_is_better_than_caution(ask: Any) -> None:
    data = ask("example:cauda-equina-week-1").to_dict()
    assert next(iter(data)) == "as_of"
    assert data["alerts"][0]["label"] == "Cauda equina syndrome"
    assert data["alerts"][0]["truth"] == "true"
    better = {t["label"] for t in data["therapies"] if t["status"] in ("eligible", "provisional")}
    assert better == {
        "immediate evaluation",
        "immediate intervention for cauda equina syndrome",
        "emergency spinal surgery",
        "emergency magnetic resonance imaging",
    }
    # The scanner waits for its own contraindications only, and for no sign of another alert.
    waiting = {t["label"]: t for t in data["therapies"] if t["label"] in better and t["status"] == "provisional"}
    assert set(waiting) == {"emergency magnetic resonance imaging"}
    assert not any(fact["alert"] for fact in waiting["emergency magnetic resonance imaging"]["establish"])


def test_only_an_age_lists_everything_and_makes_nothing_eligible(ask: Any, kb: Any) -> None:
    data = ask("example:age-only").to_dict()
    assert {t["status"] for t in data["therapies"]} <= {"undetermined", "not-indicated"}
    assert len(data["therapies"]) == len(kb.records.edges)
    assert data["questions"][0]["alert"]
    others = [q for q in data["questions"] if not q["alert"]]
    # What may do the same stands together; by how much each of these may move, since nothing is recommended yet.
    firsts = [next(group)["families"] for _, group in groupby(others, key=lambda q: q["decides"])]
    assert firsts == sorted(firsts, reverse=True)
    assert len(firsts) == len({q["decides"] for q in others})


@pytest.mark.slow
def test_answering_the_questions_one_by_one_decides_everything(kb: Any, ask: Any) -> None:
    profile: dict[str, Any] = {"age": 52, "symptom_weeks": 8}
    lists: dict[str, dict[str, list[Any]]] = {}
    for _ in range(400):
        answer = ask({**profile, **lists})
        questions = answer.to_dict()["questions"]
        if not questions:
            break
        for one in [s for s in questions[0]["signs"] if s["truth"] == "unknown"] or questions[:1]:
            answer_question(one, profile, lists)
    statuses = set(ask({**profile, **lists}).statuses.values())
    assert "undetermined" not in statuses
    assert "eligible" in statuses


def answer_question(question: dict[str, Any], profile: dict[str, Any], lists: dict[str, dict[str, list[Any]]]) -> None:
    """Answer as a patient with sciatica and nothing else would."""
    key, fact = question["key"], question["fact"]
    if key == fact:
        profile[key] = 5
    elif key == "pregnant":
        profile["pregnant"] = False
    elif key == "sex":
        profile["sex"] = "female"
    elif key in ("trials", "stopped_medications"):
        of, *rest = fact.removeprefix(f"{key}:").replace("ggt:", "").replace("gg:", "").split(":")
        item = {"of": f"ggt:{of}"}
        if key == "trials" and rest and rest[0] in ("Failed", "Succeeded"):
            item["outcome"] = f"gg:{rest[0]}"
        lists.setdefault(key, {"absent": []})["absent"].append(item)
    else:
        term = fact.removeprefix("medications:")
        side = "present" if term == "ggt:LumbosacralRadicularSyndrome" else "absent"
        lists.setdefault(key, {"present": [], "absent": []})[side].append(term)


def test_week_14_is_told_that_exercise_is_recommended(ask: Any) -> None:
    found = entry(ask("example:week-14-chronic"), "exercise therapy")
    rec = held(found["for"])[0]
    assert rec["population"] == "chronic sciatica (over 12 weeks)"
    assert rec["section"] == {"label": "Non-Pharmacologic Therapies", "window": "weeks 6 to 12"}


def test_complete_record_has_eligible_therapies_and_an_oral_drug_among_them(ask: Any) -> None:
    # A complete list names no signs of alerts: these must have been asked about.
    assert ask("example:complete-record").statuses["ggt:Ibuprofen"] == "provisional"
    signs = ["urinary retention", "urinary incontinence", "bilateral motor weakness", "saddle anesthesia"]
    signs += ["progressive neurological deficit", "suspected infection", "suspected malignancy"]
    signs += [
        f"new or worse {sign} (within 14 days)" for sign in ("bladder or bowel disturbance", "sexual dysfunction")
    ]
    signs += ["new or worse deficit of both legs (within 14 days)"]
    signs += ["new or worse perianal, perineal or genital sensory change (within 14 days)"]
    lists = {name: {"present": [], "complete": True} for name in ("medications", "trials", "stopped_medications")}
    asked = {
        "age": 41,
        "sex": "male",
        "symptom_weeks": 8,
        "egfr": 95,
        "conditions": {"present": ["sciatica"], "complete": True},
        "findings": {"present": ["muscle spasm"], "absent": signs, "complete": True},
        **lists,
    }
    statuses = ask(asked).statuses
    assert statuses["ggt:Ibuprofen"] == "eligible"
    # The article is for it, NICE against it: found eligible by nobody who reads both.
    assert statuses["ggt:Gabapentin"] == "contested"
    # That no contraindication of oral acetaminophen is on file is a mark.
    assert statuses["ggt:Acetaminophen"] == "eligible"


def test_minor_and_pregnant_are_not_covered_by_a_document_that_states_neither(ask: Any) -> None:
    for profile, label in (
        ("example:adolescent", "not stated to cover patients under 18"),
        ("example:pregnant-28-weeks", "not stated to cover pregnancy"),
    ):
        # A caution for drugs and procedures, a mark for the rest.
        found = entry(ask(profile), "acetaminophen")
        assert found["status"] == "caution"
        assert label in {row["label"] for row in held(found["contraindications"])}
        advice = entry(ask(profile), "advice to remain active")
        assert advice["status"] == "provisional" and label in advice["marks"]


def test_stopped_drug_counts_within_its_days(ask: Any) -> None:
    def status(days: float) -> str:
        listed = {"stopped_medications": {"present": [{"of": "MAOI", "days": days}]}}
        return ask(
            {"age": 50, "conditions": ["sciatica"], "findings": ["neuropathic pain component"], **listed}
        ).status("amitriptyline")

    assert status(14) == "contraindicated"
    assert status(15) == "provisional"


def test_before_the_article_was_issued_it_recommends_nothing(kb: Any) -> None:
    from datetime import date

    early = kb.therapies("example:chronic-failed-care", as_of=date(2025, 11, 16)).to_dict()
    article = "ggd:droracle-sciatica-2025"
    counted = [rec for t in early["therapies"] for rec in t["for"] + t["against"]]
    assert counted and not any(rec["document"]["id"] == article for rec in counted)
    waiting = [rec for rec in early["not_in_effect"] if rec["document"]["id"] == article]
    assert len(waiting) > 30
    assert {rec["because"] for rec in waiting} == {"not yet issued"}


def test_a_warning_for_every_patient_is_a_note_and_changes_nothing(ask: Any) -> None:
    found = entry(ask("example:complete-record"), EPIDURAL)
    notes = [row for row in found["contraindications"] if row["note"]]
    assert len(notes) == 1 and "FDA" in notes[0]["document"]["label"]


def test_refusal_is_shown_and_never_asked(ask: Any) -> None:
    data = ask("example:chronic-failed-care").to_dict()
    assert "ggt:PatientRefusal" not in {q["fact"] for q in data["questions"]}
    found = next(t for t in data["therapies"] if t["label"] == EPIDURAL)
    assert any(row["consent_or_procedure"] for row in found["contraindications"])
    assert any("refusal" in text for text in found["confirm"])


def block(text: str, label: str) -> str:
    """What the text says of one therapy, on one line."""
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if re.match(rf"  \[.+\] {re.escape(label)} \(", line))
    end = next((n for n in range(at + 1, len(lines)) if not lines[n].startswith("      ")), len(lines))
    return " ".join(" ".join(lines[at:end]).split())


def test_a_class_tells_what_is_worse_below_it(ask: Any) -> None:
    text = therapies_text(ask("example:stopped-mao-inhibitor").to_dict())
    assert "below it contraindicated: amitriptyline" in block(text, "tricyclic antidepressant")
    assert "below it" not in block(text, "group exercise programme")
    # One without a reason is below the one that has one.
    assert "below it advised-against: routine magnetic" in block(text, "magnetic resonance imaging")


def test_nothing_is_recommended_in_general_that_no_recommendation_is_for_the_patient(ask: Any) -> None:
    text = therapies_text(ask("example:acute-uncomplicated").to_dict())
    assert "in general" not in block(text, "electroacupuncture")
    assert "recommended for acetaminophen in general" in block(text, "intravenous acetaminophen")


def test_what_only_definitions_leave_open_is_no_fact_to_establish(ask: Any) -> None:
    told = block(therapies_text(ask("example:renal-impairment").to_dict()), "tizanidine")
    facts, definitions = told.partition("open only by definition: ")[::2]
    assert "acute, the present episode: sources differ" in definitions and "sources differ" not in facts
