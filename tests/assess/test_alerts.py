"""Alerts that somebody has attended to: told, each sign by itself, and nothing is put behind them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph import render
from guidegraph.errors import ProfileError, TermError
from guidegraph.export.fhir.answer import therapies_fhir
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.profile import digest, parse_profile_text
from tests.assess.test_rules import HEALTHY, POSITIVE, views
from tests.conftest import AS_OF

ALERT = "Cauda equina syndrome"
SADDLE: dict[str, Any] = {"present": ["saddle anesthesia"], "absent": ["urinary retention"]}
#: What the alert calls for, in the alert and by recommendations for such patients.
ACTIONS = {"immediate evaluation", "immediate intervention for cauda equina syndrome", "emergency spinal surgery"}


def answer(kb: Any, findings: Any = SADDLE, **attended: list[str]) -> Any:
    """The answer for a patient with saddle anesthesia of whom it is said that alerts were attended to."""
    return kb.therapies({**HEALTHY, "findings": findings, "alerts": attended}, as_of=AS_OF).to_dict()


def statuses(data: Any) -> dict[str, str]:
    return {entry["label"]: entry["status"] for entry in data["therapies"]}


def alert_of(data: Any, label: str = ALERT) -> Any:
    return next(row for row in data["alerts"] if row["label"] == label)


@pytest.mark.parametrize("done", ["examined", "acted_on"])
def test_an_alert_attended_to_stays_printed_and_folds_nothing(kb: Any, done: str) -> None:
    folded, data = answer(kb), answer(kb, **{done: [ALERT]})
    words = done.replace("_", " ")
    assert alert_of(data)["attended"] == words and alert_of(folded)["attended"] is None
    called = {entry["label"] for entry in folded["therapies"] if entry["called_for"]}
    assert called >= ACTIONS
    assert not any(entry["called_for"] for entry in data["therapies"])
    for before, after in zip(views(folded), views(data), strict=True):
        assert "fter the emergency" in before and "fter the emergency" not in after and "Act at once" not in after
        assert f"alert, {words}: cauda equina syndrome" in after.casefold().replace("**", "")
    # Its sign is there, so it goes on to call for caution with all but what it calls for.
    assert statuses(data) == statuses(folded)
    assert {label for label, status in statuses(data).items() if status in ("eligible", "provisional")} == called


def test_examined_denies_no_sign_and_asks_each(kb: Any) -> None:
    data = answer(kb, {"absent": ["urinary retention"]}, examined=[ALERT])
    row = alert_of(data)
    assert row["truth"] == "unknown"
    assert {sign["label"]: sign["truth"] for sign in row["signs"]} == {
        "bilateral motor weakness": "unknown",
        "cauda equina syndrome": "false",
        "saddle anesthesia": "unknown",
        "urinary incontinence": "unknown",
        "urinary retention": "false",
    }
    assert any(question["label"] == ALERT for question in data["questions"])
    for view in views(data):
        assert "Examined: Cauda equina syndrome".casefold() in view.casefold().replace("**", "")
        assert "urinary retention (no)" in view and "saddle anesthesia (not recorded)" in view
    assert statuses(data) == statuses(answer(kb, {"absent": ["urinary retention"]}))


def test_examined_with_every_sign_denied_is_told_and_burdens_nothing(kb: Any) -> None:
    signs = ["urinary retention", "urinary incontinence", "bilateral motor weakness", "saddle anesthesia"]
    data, silent = answer(kb, {"absent": signs}, examined=[ALERT]), answer(kb, {"absent": signs})
    assert alert_of(data)["truth"] == "false" and statuses(data) == statuses(silent)
    for told, untold in zip(views(data), views(silent), strict=True):
        assert "saddle anesthesia (no)" in told and "saddle anesthesia (no)" not in untold


@pytest.mark.parametrize("findings", [{"present": []}, {"absent": ["saddle anesthesia"]}])
def test_acted_on_stays_a_caution_whatever_became_of_the_signs(kb: Any, findings: Any) -> None:
    data = answer(kb, findings, acted_on=[ALERT])
    assert alert_of(data)["truth"] == "true" and not any(q["label"] == ALERT for q in data["questions"])
    positive = {label: status for label, status in statuses(data).items() if status in POSITIVE}
    assert set(positive.values()) == {"caution"}
    entry = next(e for e in data["therapies"] if e["label"] == "advice to remain active")
    assert any(reason.startswith("alert: Cauda equina") for reason in entry["reasons"])
    assert any(reason.endswith("acted on") for reason in entry["reasons"])


def test_another_true_alert_still_folds(kb: Any) -> None:
    findings = {"present": ["saddle anesthesia", "progressive neurological deficit"]}
    data = answer(kb, findings, examined=[ALERT])
    called = {entry["label"]: entry["called_for"] for entry in data["therapies"] if entry["called_for"]}
    assert called and all(alerts == ["Progressive neurological deficits"] for alerts in called.values())
    assert all("fter the emergency" in view for view in views(data))


@pytest.mark.slow
def test_fhir_and_explain_tell_it(kb: Any) -> None:
    data = answer(kb, acted_on=[ALERT])
    titles = [a["title"] for e in json.loads(therapies_fhir(data))["entry"] for a in e["resource"].get("action", [])]
    assert f"Alert, acted on: {ALERT}" in titles
    profile = {**HEALTHY, "alerts": {"acted_on": [ALERT]}}
    proof = kb.explain(profile, "advice to remain active", as_of=AS_OF)["proof"]
    assert [row["truth"] for row in proof if row["role"] == "alert" and row["label"] == ALERT] == ["true"]


def test_every_form_of_a_profile_says_so(kb: Any) -> None:
    stated = kb.profile({"age": 40, "alerts": {"examined": ["cauda-equina SYNDROME"], "acted_on": []}})
    alert = next(iri for iri in stated.examined if iri.endswith("alert-cauda-equina"))
    # Whoever was examined for it was so whichever document warns of it; "equina" alone names none.
    assert len(stated.examined) == 3
    stated = kb.profile({"age": 40, "alerts": {"examined": [alert]}})
    plain = kb.profile({"age": 40})
    assert digest(stated) != digest(plain)
    turtle = (
        "@prefix gg: <https://w3id.org/guidegraph/vocab/> .\n"
        f"<urn:p> a gg:Patient ; gg:ageYears 40.0 ; gg:examinedAlert <{alert}> ."
    )
    linked = {"@context": {"gg": "https://w3id.org/guidegraph/vocab/"}, "@type": "gg:Patient"}
    linked |= {"gg:ageYears": 40, "gg:examinedAlert": {"@id": alert}}
    texts = {"turtle": turtle, "jsonld": json.dumps(linked), "yaml": f"age: 40\nalerts: {{examined: ['{alert}']}}"}
    texts |= {"short": f"age: 40\nalerts: {{examined: ['{alert.removeprefix(ns.BASE)}']}}"}
    texts |= {"json": to_json(stated, kb.vocabulary)}
    for form, text in texts.items():
        assert digest(
            parse_profile_text(text, "yaml" if form == "short" else form, kb.vocabulary, where=form)
        ) == digest(stated), form
    written = to_yaml(stated, kb.vocabulary)
    assert f"# {ALERT}" in written
    assert digest(parse_profile_text(written, "yaml", kb.vocabulary, where="")) == digest(stated)
    assert "examinedAlert" in json.dumps(kb.patient_bundle(stated))


@pytest.mark.parametrize(
    ("alerts", "error"),
    [
        ({"examined": ["sciatica"]}, TermError),
        ({"examined": ["equina"]}, TermError),
        ({"seen": [ALERT]}, ProfileError),
        ({"examined": ALERT}, ProfileError),
        ([ALERT], ProfileError),
    ],
)
def test_what_names_no_alert_is_refused(kb: Any, alerts: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        kb.profile({"alerts": alerts})


def test_a_condition_is_no_alert_in_turtle(kb: Any) -> None:
    text = "@prefix gg: <https://w3id.org/guidegraph/vocab/> . <urn:p> a gg:Patient ; gg:actedOnAlert gg:Sciatica ."
    with pytest.raises(ProfileError):
        parse_profile_text(text, "turtle", kb.vocabulary, where="p.ttl")


def test_problems_keep_what_was_attended_to(kb: Any) -> None:
    problems = [{"of": "sciatica", "weeks": 2}, {"of": "low back pain", "weeks": 520}]
    profile = {"age": 50, "problems": problems, "alerts": {"examined": [ALERT]}, "findings": ["saddle anesthesia"]}
    data = kb.therapies(profile, as_of=AS_OF, problem="sciatica").to_dict()
    assert alert_of(data)["attended"] == "examined"


def test_the_questions_alone_tell_it(kb: Any) -> None:
    assert "EXAMINED" in render.questions_text(answer(kb, examined=[ALERT]))


def test_what_a_true_alert_calls_for_asks_only_for_its_own_contraindications(kb: Any) -> None:
    """Advice against imaging "without a suspected serious cause" does not hold up the imaging of an emergency."""
    name = "emergency magnetic resonance imaging"
    profile = kb.profile("example:cauda-equina-week-1")
    found = kb.therapies(profile, as_of=AS_OF)
    entry = next(row for row in found.to_dict()["therapies"] if row["label"] == name)
    assert entry["status"] == "provisional" and entry["called_for"]
    implants = ("clip", "implant", "foreign body", "pacemaker", "defibrillator", "pump", "stimulator")
    assert all(any(word in fact["label"] for word in implants) for fact in entry["establish"]), entry["establish"]
    assert entry["limits"] and {voice["truth"] for voice in entry["limits"]} == {"unknown"}
    # Even where somebody says that no serious cause is suspected, the sign is there: told, and no contest.
    denied = {**HEALTHY, "symptom_weeks": 1, "findings": {**SADDLE, "absent": ["suspected serious cause"]}}
    said = next(r for r in kb.therapies(denied, as_of=AS_OF).to_dict()["therapies"] if r["label"] == name)
    assert said["status"] != "contested" and {v["truth"] for v in said["limits"]} >= {"true"}
    assert any(ground["kind"].startswith("advised against in general") for ground in said["grounds"])
    # Of imaging in general, which nothing calls for, the advice stays what it is.
    general, called = found.assessment.in_general, set(found.assessment.called)
    assert set(general) <= called and kb.resolve("diagnostic imaging") not in general
