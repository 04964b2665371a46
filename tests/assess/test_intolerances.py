"""Allergies and intolerances of drugs of which no allergy is a term: at least not tolerated, in words, records and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.profile import parse_profile_text
from guidegraph.render import glance_text, therapies_text
from tests.conftest import AS_OF

SCIATICA = {"age": 45, "sex": "male", "symptom_weeks": 20}
#: What is written, and the therapies that it says were not tolerated.
WRITTEN = [
    ("allergy to duloxetine", ["Duloxetine"]),
    ("Duloxetine allergy", ["Duloxetine"]),
    ("allergic to tramadol (rash)", ["Tramadol"]),
    ("cannot take tramadol, vomiting", ["Tramadol"]),
    ("can't tolerate tramadol because he vomits", ["Tramadol"]),
    ("tramadol caused vomiting", ["Tramadol"]),
    ("nausea with tramadol", ["Tramadol"]),
    ("anaphylactic reaction to duloxetine", ["Duloxetine"]),
    ("history of tramadol intolerance", ["Tramadol"]),
    ("tramadol intolerance 2015", ["Tramadol"]),
    ("intolerance of opioids", ["Opioid"]),
    ("ibuprofen intolerance", ["Ibuprofen"]),
    ("NSAID intolerance", ["NSAID"]),
    ("allergies: duloxetine, tramadol", ["Duloxetine", "Tramadol"]),
    ("allergic to naproxen or duloxetine", ["Duloxetine", "Naproxen"]),
    ("cannot take tramadol because he takes sertraline", ["Tramadol"]),
    ("metformin intolerance", []),
    ("penicillin allergy", ["Antibiotic"]),  # of the narrowest class of ours
]


def short(classes: Any) -> list[str]:
    return sorted(ns.shorten(cls).removeprefix("ggt:") for cls in classes)


@pytest.mark.parametrize(("text", "therapies"), WRITTEN)
def test_what_is_written_of_a_drug_is_at_least_that_it_was_not_tolerated(
    kb: Any, text: str, therapies: list[str]
) -> None:
    profile = kb.profile({"conditions": [text]})
    assert short(profile.not_tolerated) == therapies and not profile.not_understood


@pytest.mark.parametrize(
    "text", ["no allergy to tramadol", "not allergic to tramadol", "?tramadol allergy", "father: tramadol intolerance"]
)
def test_what_is_denied_asked_or_a_relatives_is_none(kb: Any, text: str) -> None:
    with pytest.raises(TermError):
        kb.profile({"conditions": [text]})
    # Who is said to lack an intolerance has not shown that the drug is tolerated.
    assert not kb.profile({"conditions": {"absent": ["tramadol intolerance"]}}).not_tolerated


@pytest.mark.parametrize("form", [to_yaml, to_json])
def test_the_words_outlive_the_profile_that_is_written_of_them(kb: Any, form: Any) -> None:
    stated = kb.profile({"conditions": ["sciatica", "allergy to duloxetine", "tramadol intolerance"]})
    again = parse_profile_text(form(stated, kb.vocabulary), "", kb.vocabulary, where="it")
    for profile in (stated, again):
        entry = next(e for e in _therapies(kb, profile) if e["intervention"] == "ggt:Duloxetine")
        assert "not tolerated: duloxetine (allergy to duloxetine)" in [g["text"] for g in entry["grounds"]]
    assert again.not_tolerated == stated.not_tolerated and again.present == stated.present
    said = kb.profile({"not_tolerated": [{"of": "gabapentin", "said": "made her dizzy"}, "pregabalin"]})
    assert short(said.not_tolerated) == ["Gabapentin", "Pregabalin"]
    again = parse_profile_text(form(said, kb.vocabulary), "", kb.vocabulary, where="it")
    assert (again.not_tolerated, again.readings) == (said.not_tolerated, said.readings)


def _therapies(kb: Any, profile: Any) -> Any:
    return kb.therapies(profile, as_of=AS_OF).to_dict()["therapies"]


def test_a_drug_that_somebody_is_allergic_to_is_never_simply_recommended(opened: Any) -> None:
    """Duloxetine is recommended for osteoarthritis of the knee, and no allergy to it is a term."""
    base = opened("osteoarthritis")
    knee = {"age": 70, "sex": "female", "conditions": {"present": ["osteoarthritis of the knee"], "complete": True}}
    closed = {key: {"complete": True} for key in ("findings", "medications", "trials", "stopped_medications")}
    for words, status in (
        ("", "eligible"),
        ("allergy to duloxetine", "caution"),
        ("duloxetine intolerance", "caution"),
    ):
        listed = {"present": [*knee["conditions"]["present"], *([words] if words else [])], "complete": True}  # type: ignore[index]
        answer = base.therapies({**knee, **closed, "conditions": listed, "egfr": 90}, as_of=AS_OF)
        entry = next(e for e in answer.to_dict()["therapies"] if e["intervention"] == "ggt:Duloxetine")
        assert (entry["status"] == "eligible") == (status == "eligible"), entry["status"]
        if words:
            assert entry["status"] == "caution"
            view = " ".join(therapies_text(answer.to_dict()).split())
            assert f"not tolerated: duloxetine ({words})" in view
            glance = " ".join(glance_text(answer.glance()).split())
            assert words in glance and "not tolerated: duloxetine" in glance


def test_an_intolerance_of_a_class_is_one_of_its_members(kb: Any) -> None:
    """And a trial of one drug is none of its class."""
    rows = {
        e["intervention"]: e for e in _therapies(kb, {**SCIATICA, "conditions": ["sciatica", "opioid intolerance"]})
    }
    for drug in ("ggt:Opioid", "ggt:Tramadol"):
        assert any(g["kind"] == "not tolerated" for g in rows[drug]["grounds"]), drug
    assert not any(g["kind"] == "not tolerated" for g in rows["ggt:Duloxetine"]["grounds"])
    rows = {e["intervention"]: e for e in _therapies(kb, {**SCIATICA, "conditions": ["tramadol allergy"]})}
    assert not any(g["kind"] == "not tolerated" for g in rows["ggt:Opioid"]["grounds"])


def test_an_intolerance_leaves_an_allergy_unknown_where_the_list_is_complete(kb: Any) -> None:
    """People call an allergy an intolerance: no complete list denies the one that the drug sets off."""
    for words, truth in (("naproxen intolerance", "unknown"), ("tramadol intolerance", "unknown"), ("asthma", "false")):
        listed = {"present": ["sciatica", words], "complete": True}
        told = next(
            e for e in _therapies(kb, {**SCIATICA, "conditions": listed}) if e["intervention"] == "ggt:Gabapentin"
        )
        kinds = {row["id"].rpartition("/")[2]: row["truth"] for row in told["contraindications"]}
        assert truth in kinds.values(), kinds


def test_a_record_says_it_in_its_own_words(kb: Any) -> None:
    """Words of an entry are enough to warn, whatever its code; a low criticality changes nothing."""
    patient = {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1960-01-01"}
    status = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    entry = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": "Patient/p"},
        "type": "intolerance",
        "criticality": "low",
        "clinicalStatus": {"coding": [{"system": status, "code": "active"}]},
        "code": {"text": "Tramadol"},
    }
    text = json.dumps([patient, entry, {**entry, "id": "b"}])
    profile = kb.profile_from_fhir(json.loads(text), as_of=AS_OF, match_text=True).profile
    assert short(profile.not_tolerated) == ["Tramadol"]
    assert [r.label for r in profile.readings if r.not_tolerated] == ["intolerance: Tramadol"]
    rxnorm = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "0", "display": "Tramadol"}
    for kind, code in (("intolerance", {"text": "Tramadol"}), ("allergy", {"coding": [rxnorm]})):
        profile = kb.profile_from_fhir([patient, {**entry, "type": kind, "code": code}], as_of=AS_OF).profile
        assert short(profile.not_tolerated) == ["Tramadol"]
        assert all(text.startswith(f"{kind}: ") for _, text in profile.not_understood) and profile.not_understood
        header = kb.therapies({**SCIATICA, **json.loads(to_json(profile, kb.vocabulary))}).glance()["patient"]
        assert f"not tolerated: tramadol ({kind}: Tramadol)" in header
    for words, drugs in (
        ("Codeine - nausea", ["Codeine"]),
        ("ASPIRIN 81 MG Oral Tablet", ["Aspirin"]),
        ("tramadol, Ibuprofen (rash)", ["Ibuprofen", "Tramadol"]),
        ("Ace inhibitors: cough", ["AngiotensinConvertingEnzymeInhibitor"]),
    ):
        found = kb.profile_from_fhir([patient, {**entry, "code": {"text": words}}], as_of=AS_OF).profile
        assert short(found.not_tolerated) == drugs, words
    for words in (
        "drug",
        "FH tramadol allergy",
        "unheard of",
        "Latex",
        "No known allergies",
        "Denies tramadol allergy",
    ):
        found = kb.profile_from_fhir([patient, {**entry, "code": {"text": words}}], as_of=AS_OF).profile
        assert not found.not_tolerated and found.not_understood
    # What is written of such a profile is read as it was, its words with it.
    atc = [{"system": "http://www.whocc.no/atc", "code": code} for code in ("M01AE01", "N06AX21")]
    both = [{**entry, "id": one["code"], "type": "allergy", "code": {"coding": [one]}} for one in atc]
    profile = kb.profile_from_fhir([patient, *both], as_of=AS_OF).profile
    again = parse_profile_text(to_yaml(profile, kb.vocabulary), "", kb.vocabulary, where="it")
    assert (again.not_tolerated, again.present) == (profile.not_tolerated, profile.present)
    assert {ns.GGT + "Ibuprofen", ns.GGT + "Duloxetine"} == again.not_tolerated
    one, other = (kb.therapies(p, as_of=AS_OF).glance() for p in (profile, again))
    assert one["patient"] == other["patient"] and one["bands"] == other["bands"]
    words = kb.profile_from_fhir(
        [patient, {**entry, "type": "allergy", "code": {"text": "allergy to tramadol"}}], as_of=AS_OF, match_text=True
    ).profile
    assert short(words.not_tolerated) == ["Tramadol"]
    assert kb.resolve("hypersensitivity") in words.present[ns.GG + "hasCondition"]


def test_tables_say_it_as_profiles_do(kb: Any, tmp_path: Path) -> None:
    """A column, an entry of a list in a cell, and rows of a long table of which an allergy to another drug is newer."""
    pl = pytest.importorskip("polars")
    from guidegraph.api.cohort import answer_table

    stated = {
        "age": 45,
        "conditions": ["sciatica", "allergy to tramadol", "ibuprofen intolerance", "penicillin allergy"],
    }
    one = {e["intervention"]: e["status"] for e in _therapies(kb, stated)}
    without = {e["intervention"]: e["status"] for e in _therapies(kb, {**stated, "conditions": ["sciatica"]})}
    assert one != without
    listed = pl.DataFrame({"patient": ["a"], "age": [45], "conditions": ["; ".join(stated["conditions"])]})  # type: ignore[arg-type]
    columns = {f"conditions: {name}": [True] for name in stated["conditions"]}  # type: ignore[attr-defined]
    facts = [("age", "", "45", "2026-01-01")]
    facts += [("conditions", name, "true", f"2026-01-0{at}") for at, name in enumerate(stated["conditions"], 1)]  # type: ignore[arg-type]
    long = pl.DataFrame([{"patient": "a", "key": k, "term": t, "value": v, "date": d} for k, t, v, d in facts])
    for table in (listed, pl.DataFrame({"patient": ["a"], "age": [45], **columns}), long):
        table.write_parquet(tmp_path / "in.parquet")
        answer_table(kb, tmp_path / "in.parquet", tmp_path / "out.parquet", as_of=AS_OF)
        found = pl.read_parquet(tmp_path / "out.parquet").row(0, named=True)
        same = {name: status for name, status in found.items() if name in one}
        assert same and same == {name: one[name] for name in same}


@pytest.mark.slow
def test_an_allergy_to_one_thing_forbids_nothing_that_another_sets_off(opened: Any) -> None:
    """A tenth of all people are told that they are allergic to penicillin: that is half of no allergy to NSAIDs."""
    base = opened("osteoarthritis")

    def warned(*stated: str, **more: Any) -> str:
        profile = {"age": 50, "conditions": ["osteoarthritis of the knee", *stated], **more}
        bands = base.therapies(profile, as_of=AS_OF).glance()["bands"]
        return str([band for band in bands if band["band"] == "do-not-give"])

    told = ("shellfish", "hyaluronan", "capsaicin", "asthma, urticaria")
    for whichever in ("hypersensitivity", "drug allergy"):
        assert all(word in warned(whichever) for word in told)
    for known in ("penicillin allergy", "duloxetine allergy", "allergic to erythromycin (rash)"):
        assert not any(word in warned(known) for word in told), known
    assert not any(word in warned("latex allergy") for word in told[1:]) and "shellfish" in warned("latex allergy")
    # What sets off one of a kind is half of what is wider or narrower.
    assert "asthma, urticaria" in warned("celecoxib allergy")
    # A record that names the drug says as much, and so does the profile that is written of it.
    said = {"of": "duloxetine", "said": "allergy: Duloxetine"}
    assert "capsaicin" not in warned("hypersensitivity", not_tolerated=[said])


def test_a_plan_and_what_is_taken_tell_of_it_whatever_the_status(kb: Any) -> None:
    """No document recommends tramadol here: its status says nothing of the patient's own intolerance."""
    stated = {**SCIATICA, "conditions": ["sciatica", "tramadol caused vomiting"]}
    words = "tramadol (tramadol caused vomiting)"
    rows = {row["label"]: row for row in kb.plan(stated, ["tramadol", "ibuprofen"], as_of=AS_OF)["therapies"]}
    assert rows["tramadol"]["not_tolerated"] == [words] and rows["ibuprofen"]["not_tolerated"] == []
    taken = kb.therapies({**stated, "medications": ["tramadol", "paracetamol"]}, as_of=AS_OF)
    told = {row["label"]: row for row in taken.glance()["taken_now"]}
    assert f"not tolerated: {words}" in [fact["text"] for fact in told["tramadol"]["facts"]]
    assert "acetaminophen" not in told
    assert [row["because"][-1] for row in taken.to_dict()["taken_now"]] == [f"not tolerated: {words}"]
