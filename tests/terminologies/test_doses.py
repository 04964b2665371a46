"""Names of drugs with doses, and of several drugs in one: what is understood, what is left out, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph.errors import TermError

#: What is written, the terms that it brings, what is left out.
UNDERSTOOD = [
    ("ibuprofen 400 mg tablets", ["Ibuprofen"], "400 mg tablets"),
    ("Warfarin 3 mg daily", ["Warfarin"], "3 mg daily"),
    ("Zestril 10mg", ["Lisinopril"], "10mg"),
    ("co-codamol 30/500", ["Acetaminophen", "Codeine"], "30/500"),
    ("naproxen 250 mg three times a day", ["Naproxen"], "250 mg three times a day"),
    ("tramadol 50mg capsules prn", ["Tramadol"], "50mg capsules prn"),
    ("codeine/paracetamol 30/500 mg", ["Acetaminophen", "Codeine"], "30/500 mg"),
    ("aspirin 75mg and omeprazole 20 mg od", ["Aspirin", "Omeprazole"], ""),
    ("aspirin 75mg, clopidogrel 75mg", ["Aspirin", "Clopidogrel"], ""),
    ("losartan + hydrochlorothiazide", ["Hydrochlorothiazide", "Losartan"], ""),
    ("levothyroxine 100 micrograms once daily", [], "100 micrograms once daily"),  # none of our terms, but known
    ("morphine sulfate", ["Morphine"], "sulfate"),  # a salt is the substance
    ("venlafaxine hydrochloride XL 75", ["Venlafaxine"], "hydrochloride xl 75"),
    ("ibuprofen 400", ["Ibuprofen"], "400"),  # too much to be part of a name
    ("low dose aspirin", ["Aspirin"], "low dose"),
    ("ibuprofen (400mg), prn", ["Ibuprofen"], "400mg prn"),
    ("fentanyl patch 25 mcg/h", ["Fentanyl"], "patch 25 mcg/h"),  # acts on the whole body
    ("ibuprofen 400 mg injection", ["Ibuprofen"], "400 mg injection"),
    ("ibuprofen 5% gel", ["TopicalNSAID"], "5% gel"),  # another route is another term
    ("diclofenac gel", ["TopicalNSAID"], "gel"),
    ("topical diclofenac", ["TopicalNSAID"], "topical"),
    ("diclofenac patch", ["TopicalNSAID"], "patch"),
    ("diclofenac suppositories", ["Diclofenac"], "suppositories"),
    ("prednisolone eye drops", ["Corticosteroid"], "eye drops"),  # a corticosteroid, and not the systemic one
    ("salbutamol inhaler", [], "inhaler"),
]
REFUSED = [
    "morphine inhaler",  # no such use is known
    "warfarin eye drops",
    "tylenol 2",  # a small number may be part of a name: with codeine
    "ibuprofen 5%",  # of what, is not said
    "alendronate with calcium",  # another drug is no salt
    "400 mg",
    "ibuprofen 400 mg and headache 3 days",
    "ibuprofen/unheardof",
    "xyzzyprofen 400 mg",
]


@pytest.mark.parametrize(("text", "terms", "left"), UNDERSTOOD)
def test_a_drug_with_a_dose_is_the_drug_and_what_is_left_out_is_told(
    kb: Any, text: str, terms: list[str], left: str
) -> None:
    """The dose says nothing that a statement here asks, so it is told as left out, not dropped in silence."""
    answer = kb.therapies({"medications": [text]}).to_dict()
    assert [f"ggt:{name}" for name in terms] == [term["id"] for r in answer["readings"] for term in r["present"]]
    assert not answer["not_understood"]
    if left:
        told = [step for reading in (*answer["readings"], *answer["others"]) for step in reading["steps"]]
        assert any(f"{left.lower()!r} was left out" in step for step in told), told


@pytest.mark.parametrize("text", REFUSED)
def test_what_may_be_something_else_is_refused(kb: Any, text: str) -> None:
    """A guess would be silent: another route, a number of a name, one part that nobody knows."""
    with pytest.raises(TermError):
        kb.therapies({"medications": [text]})


def test_a_dose_that_is_not_taken_says_nothing_of_the_drug(kb: Any) -> None:
    """Who does not take 400 mg may take 200: the drug stays unknown, and that is told."""
    answer = kb.therapies({"medications": {"absent": ["ibuprofen 400 mg"]}}).to_dict()
    assert any("nothing follows from its absence" in str(row) for row in answer["not_understood"])


def test_a_dose_belongs_to_drugs_alone(kb: Any) -> None:
    """A condition has none."""
    with pytest.raises(TermError):
        kb.therapies({"conditions": ["sciatica 3 mg"]})
    with pytest.raises(TermError):
        kb.therapies({"conditions": ["ibuprofen 400 mg"]})
