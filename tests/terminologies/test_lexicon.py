"""The lexicon: names as people type them, what they come to, and that no name which is not exact becomes a fact."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import LinkError, TermError
from guidegraph.intake.concepts import Concepts
from guidegraph.profile.names import normal
from guidegraph.terminologies.names import NAMES, read_codes, read_names

FOLDER = assets.root() / "ontology" / "lexicon"
TYPED = yaml.safe_load((Path(__file__).parent / "typed.yaml").read_text(encoding="utf-8"))
KINDS = ("condition", "finding", "intervention")
CASES = [(key, name, wanted) for key, names in TYPED.items() for name, wanted in names.items()]
TAKES, HAS = ns.GG + "takesMedication", ns.GG + "hasCondition"


def stated(kb: gg.KnowledgeBase, key: str, *names: str) -> Any:
    return kb.profile({key: {"present": list(names), "complete": True}})


def labels(kb: gg.KnowledgeBase, profile: Any) -> list[str]:
    return sorted(kb.vocabulary.label(cls) for classes in profile.present.values() for cls in classes)


@pytest.mark.parametrize(("key", "name", "wanted"), CASES, ids=[name for _, name, _ in CASES])
def test_what_a_practitioner_types(kb: gg.KnowledgeBase, key: str, name: str, wanted: dict[str, Any]) -> None:
    if "asks" in wanted or "near" in wanted:
        with pytest.raises(TermError) as caught:
            stated(kb, key, name)
        told = caught.value.mend
        assert ("no exact name" in caught.value.what) is ("asks" in wanted)
        assert all(label in told for label in wanted.get("asks", [wanted.get("near")]))
        return
    profile = stated(kb, key, name)
    assert labels(kb, profile) == sorted(wanted.get("is", []))
    if wanted.get("another"):
        assert profile.others and not profile.not_understood
    assert bool(profile.not_understood) is bool(wanted.get("open"))


def test_there_are_enough_cases() -> None:
    assert all(len(names) >= 60 for names in TYPED.values())


def test_everything_of_an_ordinary_patient_is_understood(kb: gg.KnowledgeBase) -> None:
    patient = kb.profile(
        {
            "age": 68,
            "symptom_weeks": 5,
            "conditions": {"present": ["sciatica", "atrial fibrillation", "type 2 diabetes"], "complete": True},
            "findings": {"complete": True},
            "medications": {"present": ["warfarin", "sertraline", "lisinopril", "metformin"], "complete": True},
        }
    )
    assert not patient.not_understood and [other.label for other in patient.others] == ["metformin"]
    answer = kb.therapies(patient).to_dict()
    assert not answer["not_understood"]
    injection = kb.explain(patient, "epidural steroid injection")
    assert "anticoagula" in str(injection["therapy"]).casefold()
    taken = {"ggt:NSAID": "anticoagulant", "ggt:Ibuprofen": "anticoagulant"}
    for therapy, why in taken.items():
        entry = next(e for e in answer["therapies"] if e["intervention"] == therapy)
        assert any(why in reason for reason in entry["reasons"]), therapy


@pytest.mark.slow
def test_no_name_that_is_not_exact_becomes_a_fact(kb: gg.KnowledgeBase) -> None:
    ours = [(name, row.kind) for row in kb.vocabulary.rows for _, name in row.inexact]
    asked = [
        (name, row.kind)
        for row in kb.knowledge.lexicon.rows
        for name in (row.name, *row.synonyms)
        if kb.knowledge.lexicon.meant(normal(name))
    ]
    assert len(ours) > 80 and len(asked) > 40
    exact = {normal(name) for row in kb.vocabulary.rows for name in row.names}
    concepts = Concepts(kb.vocabulary, kb.knowledge.links.codes, match_text=True)
    for name, kind in chain(ours, asked):
        assert normal(name) not in exact, name
        key = "medications" if kind == "intervention" else "conditions"
        for side in ("present", "absent"):
            with pytest.raises(TermError, match="no exact name"):
                kb.profile({key: {side: [name]}})
        with pytest.raises(TermError):
            kb.vocabulary.resolve(name, KINDS)
        assert not concepts.read([], name).understood
        assert kb.lookup(name)["asked_back"]


@pytest.mark.parametrize("asking", ["explain", "also", "plan", "problem", "turtle", "parameter"])
def test_every_entrance_asks_back(kb: gg.KnowledgeBase, asking: str) -> None:
    profile: dict[str, Any] = {"age": 50, "conditions": ["sciatica"]}
    with pytest.raises(TermError, match="no exact name"):
        if asking == "explain":
            kb.explain(profile, "steroids")
        elif asking == "also":
            kb.therapies(profile, also=["steroids"])
        elif asking == "plan":
            kb.plan(profile, ["steroids"])
        elif asking == "problem":
            kb.therapies(profile, problem="backache")
        elif asking == "turtle":
            kb.profile({"problems": [{"of": "backache"}]})
        else:
            kb.resolve("heart attack")


@given(st.data(), st.sampled_from([str.upper, str.title, str.casefold]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_case_accents_and_hyphens_change_no_name(kb: Any, data: st.DataObject, case: Any, hyphens: bool) -> None:
    exact = [(name, row.iri) for row in kb.vocabulary.rows if row.kind in KINDS for name in row.names]
    name, iri = data.draw(st.sampled_from(exact))
    written = case(name).replace(" ", "-" if hyphens else "  ").replace("e", "é", 1)
    assert kb.vocabulary.resolve(written, KINDS) == iri


@pytest.mark.parametrize(
    ("written", "label"),
    [("opioid analgesics", "opioid"), ("anaemia tendencies", "known tendency to drug-induced, haemolytic or other anaemia"),
     ("Herniated Discs", "disc herniation"), ("malignant tumours", "cancer"), ("hemophilias", "haemophilia")],
)  # fmt: skip
def test_plurals_and_spellings_are_the_same_name(kb: gg.KnowledgeBase, written: str, label: str) -> None:
    assert kb.vocabulary.label(kb.vocabulary.resolve(written, KINDS)) == label


def test_the_lexicon_repeats_no_name(kb: gg.KnowledgeBase) -> None:
    seen: dict[str, tuple[str, str]] = {}
    ours = {normal(name) for row in kb.vocabulary.rows for name in (*row.names, *(n for _, n in row.inexact))}
    for row in read_names(FOLDER):
        # A name may have rows of several relations, each a decision of its own.
        for name in map(normal, (row.name, *row.synonyms)):
            assert seen.setdefault(name, (row.name, row.kind)) == (row.name, row.kind), name
            assert name not in ours, name
        assert all(term in kb.vocabulary.by_iri for term in row.terms), row.name
        assert row.kind in ("condition", "finding", "intervention")
    for file, least in zip(NAMES, (300, 300), strict=True):
        rows = [row for row in read_names(FOLDER) if (row.kind == "intervention") is (file == "drugs.tsv")]
        assert len({name for row in rows for name in (row.name, *row.synonyms)}) >= least


@pytest.mark.slow
def test_codes_are_those_of_the_packages() -> None:
    from guidegraph.terminologies.sources import source

    try:
        sources = {"ATC": [source("atc"), source("atc-gnumed")], "ICD10CM": [source("icd10cm")]}
    except LinkError as error:
        pytest.skip(str(error))
    for prefix, packages in sources.items():
        for term in read_codes(FOLDER, prefix):
            found = next((known for one in packages if (known := one.term(term.code)) is not None), None)
            assert found is not None, term.code
            if term.label:
                assert found.label.casefold() == term.label.casefold(), term.code
    told = {code for row in read_names(FOLDER) for code in row.codes}
    labelled = {f"{prefix}:{term.code}" for prefix in sources for term in read_codes(FOLDER, prefix) if term.label}
    assert told <= labelled


def test_products_are_their_parts(kb: gg.KnowledgeBase) -> None:
    assert labels(kb, stated(kb, "medications", "co-codamol")) == ["acetaminophen", "codeine"]
    for row in kb.knowledge.lexicon.rows:
        if row.parts:
            profile = stated(kb, "medications", row.name)
            assert not profile.not_understood and (profile.present.get(TAKES) or profile.others), row.name
    # A part without a code of its own is read by the code of the product, each part of which was looked at.
    for name in ("carbidopa/levodopa", "Sinemet", "co-careldopa", "Madopar", "Stalevo"):
        profile = stated(kb, "medications", name)
        assert not profile.not_understood and ns.GGT + "MAOInhibitor" not in profile.others[0].may, name


def test_a_name_of_several_uses_says_what_all_say(kb: gg.KnowledgeBase) -> None:
    several = stated(kb, "medications", "metronidazole")
    assert not several.present.get(TAKES) and ns.GGT + "Antibiotic" in several.others[0].may
    assert ns.GGT + "Antibiotic" not in several.others[0].denies


def test_what_a_name_may_be_as_well_stays_unknown(kb: gg.KnowledgeBase) -> None:
    settled = kb.knowledge.settle(stated(kb, "conditions", "gestational diabetes"))
    assert (HAS, ns.GGT + "Pregnancy") in settled.perhaps
    assert (HAS, ns.GGT + "Cancer") not in settled.perhaps


def test_a_name_in_the_wrong_list_is_refused(kb: gg.KnowledgeBase) -> None:
    for key, name in (("conditions", "metformin"), ("medications", "tinnitus")):
        with pytest.raises(TermError, match="of another kind"):
            kb.profile({key: [name]})


@pytest.mark.slow
def test_a_drug_that_no_document_names_is_answered_for_when_named(kb: gg.KnowledgeBase) -> None:
    profile: dict[str, Any] = {"age": 50, "symptom_weeks": 3, "conditions": ["sciatica"]}
    unlisted = {ns.shorten(iri) for iri in kb.knowledge.records.unlisted}
    assert len(unlisted) > 100

    def named(**more: Any) -> set[str]:
        also = more.pop("also", [])
        return set(kb.therapies({**profile, **more}, also=also).statuses) & unlisted

    assert named() == set()
    assert named(medications=["ketoprofen"]) == named(also=["ketoprofen"]) == {"ggt:Ketoprofen"}
    assert named(trials=[{"of": "ketoprofen", "outcome": "failed"}]) == {"ggt:Ketoprofen"}
    one = kb.explain(profile, "ketoprofen")
    assert one["therapy"]["status"] == kb.therapies(profile).status("NSAID")
    found = kb.lookup("ketoprofen")["terms"][0]
    assert found["statements"]
    planned = kb.plan(profile, ["ketoprofen", "ibuprofen"])
    assert "ketoprofen" in str(planned)


@pytest.mark.slow
def test_a_drug_has_nothing_from_a_statement_that_names_no_members(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    above = kb.records.edges[ns.GGT + "NSAID"]["for"]
    extra = tmp_path / "vague.ttl"
    extra.write_text("".join(f"<{s}> <{ns.GG}membersNotNamed> true .\n" for s in above), encoding="utf-8")
    vague = gg.open(extra=[extra])
    profile: dict[str, Any] = {"age": 50, "symptom_weeks": 3, "conditions": ["sciatica"]}
    for opened, recommended in ((kb, True), (vague, False)):
        answer = opened.therapies(profile, also=["ketoprofen"])
        entries = {entry["intervention"]: entry for entry in answer.to_dict()["therapies"]}
        assert bool(entries["ggt:Ketoprofen"]["for"]) is recommended
        assert (entries["ggt:NSAID"]["for"] and entries["ggt:Ketoprofen"]["in_general"]) or recommended
