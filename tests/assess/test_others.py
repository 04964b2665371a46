"""Entries that are known and none of our terms, in an answer: what a complete list with one denies, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.export.fhir.answer import therapies_fhir
from guidegraph.intake.form import to_yaml
from guidegraph.model import Another, CodeReading, Profile
from guidegraph.profile import from_triples, parse_profile_text, settle, to_triples
from guidegraph.profile.terms import Vocabulary
from guidegraph.render import explain_text, therapies_html, therapies_markdown, therapies_text
from tests.support import generate

AS_OF = date(2026, 11, 24)
TAKES, CONDITION = ns.GG + "takesMedication", ns.GG + "hasCondition"
SSRI, OPIOID, TRAMADOL = (ns.GGT + name for name in ("SSRI", "Opioid", "Tramadol"))
METFORMIN = Another(TAKES, "ATC:A10BA02", "metformin", (SSRI, TRAMADOL), ())


def listed(*others: Another, **more: Any) -> Profile:
    return Profile("p", complete=frozenset({TAKES}), others=others, **more)


def truths(kb: Any, profile: Profile, prop: str = TAKES) -> dict[str, str]:
    found = kb.assess(profile, AS_OF)
    return {a.cls: found.truth(i) for i, a in kb.records.atoms.items() if a.prop == prop and a.cls}


def test_a_complete_list_denies_what_each_entry_is_known_not_to_be(kb: Any) -> None:
    told = truths(kb, kb.profile(listed(METFORMIN)))
    assert told[SSRI] == told[TRAMADOL] == "false"
    # What is above a denied class is not denied by that, and what nobody reviewed is unknown.
    assert told[OPIOID] == told[ns.GGT + "CNSDepressant"] == "unknown"
    other = replace(METFORMIN, code="ATC:X", denies=(OPIOID,))
    both = truths(kb, kb.profile(listed(METFORMIN, other)))
    assert both[SSRI] == both[OPIOID] == "unknown" and both[TRAMADOL] == "false"
    assert set(truths(kb, kb.profile(replace(listed(METFORMIN), complete=frozenset()))).values()) == {"unknown"}


def test_what_contains_a_denied_part_is_denied_and_what_may_be_a_part_is_not(kb: Any) -> None:
    whole, weak, para = (ns.GGT + n for n in ("WeakOpioidWithAcetaminophen", "WeakOpioid", "Acetaminophen"))
    told = truths(kb, kb.profile(listed(replace(METFORMIN, denies=(para,)))))
    assert told[whole] == "false" and told[weak] == "unknown"
    drugs = {TAKES: frozenset({para})}
    both = truths(kb, kb.profile(listed(replace(METFORMIN, denies=(SSRI, whole)), present=drugs)))
    assert both[whole] == "unknown", "the entry may be the other part"


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), prop=st.sampled_from(generate.SIMPLE))
def test_an_entry_only_leaves_unknown(kb: Any, seed: int, prop: str) -> None:
    """Against the complete list without it. A number is read from what a list denies, so a range of one may have held."""
    drawn = generate.profile(kb, seed)
    plain = replace(drawn, complete=drawn.complete | {prop}, others=(), not_understood=())
    picked = generate.others(kb, generate.random.Random(seed), [prop])[:1]
    before, after = (kb.assess(kb.profile(replace(plain, others=o)), AS_OF) for o in ((), picked))
    for iri, atom in kb.records.atoms.items():
        was, now = before.truth(iri), after.truth(iri)
        assert was == now or (now == "unknown" and (was == "false" or atom.prop != prop)), atom
    missed = replace(plain, others=picked, not_understood=((prop, "odd"),))
    assert truths(kb, kb.profile(missed), prop) == truths(kb, kb.profile(replace(missed, others=())), prop)


def test_nothing_is_settled_by_an_entry_alone(kb: Any) -> None:
    settled = settle(listed(METFORMIN), kb.implications, kb.vocabulary)
    assert settled.profile.present == {} and settled.profile.absent.get(TAKES, frozenset()) <= {
        cls for cls in kb.records.ancestors if (TAKES, cls) not in settled.perhaps
    }


class Book:
    """Reads two codes: one that is none of our terms, one that nobody understands."""

    def curie(self, text: str) -> str | None:
        return text if text.startswith("TOY:") else None

    def read(self, curie: str) -> CodeReading:
        if curie == "TOY:lost":
            return CodeReading(curie, steps=("it is nowhere",))
        lists = (TAKES, ns.GG + "hasTrial", ns.GG + "stoppedMedication")
        steps = (f"{curie} is something else",)
        return CodeReading(curie, "metformin", steps=steps, iri="urn:toy", another=lists, denies=(SSRI, TRAMADOL))


@pytest.fixture
def coded(kb: Any) -> Callable[[str], Profile]:
    vocabulary = Vocabulary(kb.vocabulary.rows, Book)
    return lambda text: parse_profile_text(text, "yaml", vocabulary, where="here")


def test_a_profile_holds_such_entries_and_is_written_with_them(kb: Any, coded: Callable[[str], Profile]) -> None:
    text = (
        "medications: {present: [TOY:one, TOY:two], complete: true}\n"
        "trials: [{of: TOY:one, weeks: 3}]\nstopped_medications: [{of: TOY:two}]\nconditions: [TOY:one]\n"
    )
    profile = coded(text)
    assert [(o.prop.rpartition("/")[2], o.code) for o in profile.others] == [
        ("hasTrial", "TOY:one"), ("stoppedMedication", "TOY:two"), ("takesMedication", "TOY:one"),
        ("takesMedication", "TOY:two"),
    ]  # fmt: skip
    # A terminology of drugs says nothing of conditions.
    assert {prop for prop, _ in profile.not_understood} == {CONDITION, ns.GG + "hasFinding"}
    again = coded(to_yaml(profile, kb.vocabulary))
    assert again.others == profile.others
    assert from_triples(to_triples(profile), kb.vocabulary).others == profile.others


def test_a_denial_of_such_a_code_is_not_understood(coded: Callable[[str], Profile]) -> None:
    profile = coded("medications: {absent: [TOY:one], complete: true}\n")
    assert not profile.others and profile.not_understood


@pytest.mark.slow
def test_every_form_tells_such_an_entry_and_what_it_leaves_unknown(kb: Any, coded: Callable[[str], Profile]) -> None:
    profile = coded("age: 40\nconditions: [sciatica]\nmedications: {present: [TOY:one], complete: true}\n")
    answer = kb.therapies(profile, as_of=AS_OF)
    data = answer.to_dict()
    (row,) = data["others"]
    assert (row["code"], row["label"], row["keys"]) == ("TOY:one", "metformin", ["medications"])
    left = {one["id"] for one in row["leaves_unknown"]}
    assert "ggt:Opioid" in left and not left & {"ggt:SSRI", "ggt:Tramadol"}
    assert row["steps"] == ["TOY:one is something else"] and not data["not_understood"]
    assert all(one["code"] != "TOY:one" for one in data["readings"])
    said = "metformin (TOY:one), not used by any statement here"
    for form in (therapies_text, therapies_markdown, therapies_html):
        plain = " ".join(form(data).replace("\\", "").split())
        assert said in plain and "It leaves unknown:" in plain, form
    assert said in " ".join(therapies_fhir(data).split())
    told = " ".join(explain_text(kb.explain(profile, "duloxetine", as_of=AS_OF)).split())
    assert "of metformin (TOY:one) it is not known whether it is one" in told
