"""Conditions as problem lists write them: abbreviated, with words about them, in another order, or several in one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, TermError
from guidegraph.profile.names import SAID
from guidegraph.terminologies import doses, written
from guidegraph.terminologies.allergens import Allergens, read_allergens

LEXICON = assets.root() / "ontology" / "lexicon"
WORDS = written.read_words(LEXICON)
HAS = ns.GG + "hasCondition"

#: What is written, and the terms that it brings.
UNDERSTOOD = [
    ("asthma (mild)", ["asthma"]),
    ("asthma, well controlled", ["asthma"]),
    ("COPD severe", ["chronic obstructive pulmonary disease"]),
    ("sciatica L5 left", ["sciatica"]),
    ("prolapsed disc L4/5", ["disc herniation"]),
    ("bone mets", ["cancer"]),
    ("hx of MI", ["coronary heart disease"]),  # the past has a name of its own
    ("CABG 2015", ["coronary heart disease"]),
    ("impairment, renal", ["renal impairment"]),  # in another order
    ("sciatica and hypertension", ["hypertension", "sciatica"]),
    ("AF / T2DM", ["arrhythmia", "diabetes mellitus"]),
    ("erythromycin allergy", ["hypersensitivity"]),  # of any drug that is known
    ("allergic to cefalexin", ["hypersensitivity"]),
    (
        "allergy to naproxen",
        ["asthma, urticaria or allergy after aspirin or another NSAID"],
    ),  # of ours, what sets it off
    ("diclofenac hypersensitivity", ["asthma, urticaria or allergy after aspirin or another NSAID"]),
    ("anaphylaxis to aspirin", ["aspirin allergy"]),
    ("allergic to gabapentin", ["hypersensitivity to gabapentin"]),
    ("duloxetine allergy", ["hypersensitivity"]),
    ("allergy to co-codamol", ["hypersensitivity"]),
]
#: What is written, what it says of which term, and what to do about it.
ASKED = [
    ("?sciatica", "perhaps 'sciatica'", "unknown, never denied"),
    ("possible epilepsy", "perhaps 'epilepsy'", "unknown, never denied"),
    ("NKDA", "that there is no 'hypersensitivity'", "among the absent"),
    ("no cancer", "that there is no 'cancer'", "among the absent"),
    ("family history of breast cancer", "that a relative has 'cancer'", "nothing of the patient"),
    ("sciatica 2010", "that there once was 'sciatica'", "has it now"),
]
REFUSED = [
    "osteoporosis on alendronate",  # a drug belongs among the medications
    "sciatica without back pain",
    "heart failure NYHA class II or IV",
    "asthma and unheardof",
    "resolved sciatica",
    "allergy to unheardof",
]


@pytest.mark.parametrize(("text", "terms"), UNDERSTOOD)
def test_words_about_a_condition_are_left_out_and_told(kb: Any, text: str, terms: list[str]) -> None:
    answer = kb.therapies({"conditions": {"present": [text], "complete": True}}).to_dict()
    assert sorted({term["label"] for row in answer["readings"] for term in row["present"]}) == terms
    assert not answer["not_understood"]


@pytest.mark.parametrize(("text", "says", "mend"), ASKED)
def test_what_is_no_fact_of_now_is_asked_back(kb: Any, text: str, says: str, mend: str) -> None:
    """A suspicion, a denial, the past and a relative are no condition of the patient, present or absent."""
    for side in ("present", "absent"):
        with pytest.raises(TermError) as caught:
            kb.profile({"conditions": {side: [text]}})
        assert says in caught.value.what and mend in caught.value.mend


@pytest.mark.parametrize("text", REFUSED)
def test_what_says_more_is_refused(kb: Any, text: str) -> None:
    with pytest.raises(TermError):
        kb.profile({"conditions": [text]})


def test_what_is_left_out_denies_nothing(kb: Any) -> None:
    """Who has no mild asthma may have a severe one."""
    answer = kb.therapies({"conditions": {"absent": ["mild asthma"]}}).to_dict()
    assert any("nothing follows from its absence" in str(row) for row in answer["not_understood"])


def test_nothing_is_left_out_that_a_term_names(kb: Any) -> None:
    """'severe' is not left out of what stands beside a term for the severe kind of it."""
    assert kb.knowledge.lexicon.read("recurrent peptic ulcer disease") is None
    assert kb.knowledge.lexicon.read("recurrent sciatica").present == (ns.GGT + "Sciatica",)


def test_an_allergy_to_one_drug_leaves_the_narrower_ones_unknown(kb: Any) -> None:
    """Who is allergic to one drug may have what a term for drugs of its kind means: no complete list denies it."""
    for name, truth in (("erythromycin allergy", "unknown"), ("celecoxib allergy", "true")):
        answer = kb.therapies({"conditions": {"present": [name], "complete": True}}).to_dict()
        told = next(entry for entry in answer["therapies"] if entry["intervention"] == "ggt:NSAID")
        truths = {row["id"].rpartition("/")[2]: row["truth"] for row in told["contraindications"]}
        assert truths["C-NSAID-ASA"] == truth
    nothing = kb.therapies({"conditions": {"complete": True}}).to_dict()
    told = next(entry for entry in nothing["therapies"] if entry["intervention"] == "ggt:NSAID")
    assert {row["id"].rpartition("/")[2]: row["truth"] for row in told["contraindications"]}["C-NSAID-ASA"] == "false"


def test_a_name_shows_as_it_was_written(kb: Any) -> None:
    """A row may hold several things of one kind: none is told as another."""
    told = kb.lookup("thyroid ca")["reading"]
    assert told["label"] == "thyroid cancer" and "pancreatic" not in str(told)


def test_the_nearest_of_a_sentence_is_what_it_names(kb: Any) -> None:
    for text, near in (("osteoporosis on alendronate", "osteoporosis"), ("AF on apixaban", "AF")):
        with pytest.raises(TermError, match="not a known") as caught:
            kb.profile({"conditions": [text]})
        assert near in caught.value.mend


def test_few_letters_are_no_name_that_holds_them(kb: Any) -> None:
    with pytest.raises(TermError):
        kb.lookup("zoo")
    for few in ("UC", "THR"):
        assert not kb.lookup(few)["terms"] or kb.lookup(few)["reading"], few


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_what_is_said_otherwise_is_never_present(kb: Any, data: st.DataObject) -> None:
    """However it is said that a thing was, may be, is denied or is a relative's: it never becomes a fact."""
    scope = data.draw(st.sampled_from(sorted(SAID)))
    phrase = data.draw(st.sampled_from(WORDS.said[scope]))
    thing = data.draw(st.sampled_from(["sciatica", "cancer", "mild asthma", "epilepsy", "T2DM"]))
    text = f"{phrase} {thing}"
    reading = kb.vocabulary.reading(text)
    assert reading is None or (scope == "past" and HAS not in reading.present and "history" in str(reading.steps))


@pytest.mark.parametrize("name", [written.FILE, doses.FILE])
@pytest.mark.parametrize("text", ["", "- said", "short: {", None, "{}"])
def test_a_file_of_words_in_another_form_is_told(tmp_path: Path, name: str, text: str | None) -> None:
    """Also where each group is there and is none of words."""
    keys = sorted(yaml.safe_load((LEXICON / name).read_text(encoding="utf-8")))
    (tmp_path / name).write_text("".join(f"{key}: 7\n" for key in keys) if text is None else text, encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"groups of words|no YAML") as told:
        written.read_words(tmp_path) if name == written.FILE else doses.read_doses(tmp_path)
    assert name in told.value.where and told.value.mend.endswith("as the shipped file does.")


def test_what_sets_off_an_allergy_is_a_drug_of_ours(opened: Any) -> None:
    base = opened("osteoarthritis")
    known = base.vocabulary.by_iri
    rows = read_allergens(base.knowledge.links.lexicon_folder)
    assert len(rows) > 5
    assert any(not drug for drug in rows.values())
    for allergy, drug in ((one, drug) for one, drug in rows.items() if drug):
        assert ns.GGT + "Hypersensitivity" in base.vocabulary.ancestors(allergy)
        assert known[drug].kind == "intervention"


def test_a_thing_of_several_drugs_sets_off_what_each_would_alone() -> None:
    above = {"a": {"a", "x"}, "b": {"b", "x"}, "c": {"c"}, "narrow": {"narrow", "wide"}}
    allergens = Allergens(None, lambda one: frozenset(above.get(one, {one})))
    assert allergens.set_off(["a"]) == frozenset()
    allergens._sets_off = {"wide": "x", "narrow": "a"}
    assert allergens.set_off(["a"]) == {"narrow"}
    assert allergens.set_off(["b"]) == allergens.set_off(["a", "b"]) == {"wide"}
    assert allergens.set_off(["a", "c"]) == allergens.set_off([]) == frozenset()
    assert allergens.denied(["a"]) == {"narrow"}
    assert allergens.denied(["x"]) == {"wide", "narrow"}
