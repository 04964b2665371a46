"""Codes that are found and none of our terms: what they deny, what they leave open, what is not so understood."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, LinkError
from guidegraph.model import CodeReading
from guidegraph.terminologies.another import Coverage, Covered, lexicon, read_coverage
from guidegraph.terminologies.codes import Codes
from guidegraph.terminologies.linker import extract
from guidegraph.terminologies.model import ExternalTerm, Terminology
from guidegraph.terminologies.model import Mapping as Row
from guidegraph.terminologies.modules import Module
from guidegraph.terminologies.sources import source
from guidegraph.terminologies.tables import read_tables, read_terminologies

FOLDER = assets.folder("ontology") / "links"
TOY = Terminology("TOY", "Toy", "https://example.org/toy/")
LISTS = (ns.GG + "hasCondition",)
A, B, C = (ns.GGT + name for name in "ABC")
#: root over left (over one and two) and right (over three), each a parent of the next.
PARENTS = {"root": (), "left": ("root",), "right": ("root",), "one": ("left",), "two": ("left",), "three": ("right",)}
#: Trials of this rule that were false denials, each with a term that it must not deny.
FALSE_DENIALS = {
    "ATC:N07BC02": ("Opioid", "CNSDepressant"),
    "ATC:N05AD01": ("CNSDepressant",),
    "ATC:L01XB01": ("MonoamineOxidaseInhibitor",),
    "ATC:G04BX14": ("SSRI", "Antidepressant"),
    "ATC:D07AA02": ("Corticosteroid", "SystemicCorticosteroid"),
    "ATC:R03BA02": ("Corticosteroid", "SystemicCorticosteroid"),
    "ATC:L01XX33": ("NSAID",),
    "ATC:A01AD05": ("Aspirin", "NSAID", "Antiplatelet"),
    "ICD10CM:B20": ("Infection", "Immunosuppression", "SystemicInfection"),
    "ICD10CM:L03.90": ("Infection", "LocalInfection"),
    "ICD10CM:D69.6": ("BleedingDisorder", "Coagulopathy", "SevereBleedingDisorder"),
    "ICD10CM:G45.9": ("CardiovascularDisease", "NeurologicalDisease"),
    "ICD10CM:G47.33": ("RespiratoryDisease", "NeurologicalDisease"),
    "ICD10CM:I26.99": ("CardiovascularDisease", "RespiratoryDisease"),
    "ICD10CM:B18.2": ("HepaticImpairment", "Infection", "AdvancedLiverDisease"),
    "ICD10CM:M10.9": ("InflammatoryArthropathy", "RenalImpairment"),
    "ICD10CM:M32.9": ("InflammatoryArthropathy", "RenalImpairment", "Immunosuppression"),
    "ICD10CM:G62.9": ("NeurologicalDisease", "NeuropathicPain"),
}


def module(**labels: str) -> Module:
    terms = {code: ExternalTerm(code, labels.get(code, code), parents=above) for code, above in PARENTS.items()}
    return Module("toy", "TOY", "Toy", "", "", "", "", "", terms)


def reading(
    code: str,
    rows: tuple[tuple[str, str, str, bool], ...],
    terms: Mapping[str, Covered],
    hierarchy: Module | None = None,
    **how: Any,
) -> CodeReading:
    """A code of the toy, read by rows (term, predicate, code, subtree) and covering terms."""
    mapped = [Row(s, p, f"TOY:{c}", c, subtree=below) for s, p, c, below in rows]
    linked = [hierarchy or module()]
    coverage = {"TOY": Coverage("", LISTS, terms=terms, **how)}
    return Codes(mapped, {"TOY": TOY}, lambda prefix: linked, lambda iri: iri[-1], coverage=coverage).read(
        f"TOY:{code}"
    )


COVERED = Covered("looked at")


def test_a_code_denies_the_covering_terms_that_it_does_not_touch() -> None:
    rows = ((A, "narrow", "one", True), (B, "narrow", "one", True))
    found = reading("three", rows, {A: COVERED})
    assert (found.another, found.denies, found.may) == (LISTS, (A,), ())
    assert not found.understood and "something else than our terms [Toy]" in found.steps[-1]
    assert reading("three", rows, {}).denies == ()


def test_a_code_above_or_near_leaves_a_term_open() -> None:
    rows = ((A, "narrow", "one", True), (B, "narrow", "three", True))
    found = reading("left", rows, {A: COVERED, B: COVERED})
    assert (found.denies, found.may) == ((B,), (A,))
    near = {A: Covered("", near=("right",)), B: COVERED}
    assert reading("two", rows, near).denies == (A, B)
    assert reading("three", (rows[0],), {A: Covered("", near=("right",))}).may == (A,)


@pytest.mark.parametrize("predicate", ["close", "broad"])
def test_a_code_at_or_below_one_that_may_be_a_term_leaves_it_open(predicate: str) -> None:
    rows = ((A, "narrow", "one", True), (A, predicate, "right", False))
    found = reading("three", rows, {A: COVERED})
    assert found.another == LISTS and (found.denies, found.may) == ((), (A,))


def test_a_code_with_the_name_of_a_kind_of_a_term_leaves_it_open() -> None:
    rows = ((A, "narrow", "left", True),)
    assert reading("three", rows, {A: COVERED}, module(three="Ibuprofen", one="ibuprofen")).may == (A,)


def test_a_term_of_which_a_code_is_missing_is_not_denied() -> None:
    rows = ((A, "narrow", "one", True), (A, "narrow", "gone", True))
    assert reading("three", rows, {A: COVERED}).denies == ()


def test_what_is_below_a_mapped_code_is_ours_or_not_understood() -> None:
    rows = ((A, "narrow", "left", False), (B, "narrow", "three", True))
    found = reading("two", rows, {A: COVERED, B: COVERED})
    assert not found.another and "for that code alone" in found.steps[-1]
    assert reading("one", ((A, "narrow", "left", True),), {A: COVERED}).present == (A,)
    assert not reading("one", ((A, "narrow", "left", True),), {A: COVERED}).another


@pytest.mark.parametrize(
    ("label", "how", "why"),
    [
        ("pain with fever", {"parts": r"\bwith\b"}, "more than one thing"),
        ("other disease", {"vague": r"\bother\b"}, "nothing definite"),
        ("three", {"never": "th.*"}, "say too little"),
        ("", {}, "nobody tells"),
    ],
)
def test_what_says_several_things_or_nothing_definite_is_not_understood(label: str, how: Any, why: str) -> None:
    rows = ((A, "narrow", "one", True),)
    found = reading("three", rows, {A: COVERED}, module(three=label), **how)
    assert not found.another and not found.denies and why in found.steps[-1]
    if how.get("vague"):
        assert reading("three", rows, {A: COVERED}, module(three=label), **how, named=frozenset({"three"})).denies


def test_a_combination_or_obsolete_code_is_not_understood() -> None:
    for field in ("combination", "obsolete"):
        terms = dict(module().terms) | {"three": ExternalTerm("three", "three", parents=("right",), **{field: True})}
        told = reading("three", ((A, "narrow", "one", True),), {A: COVERED}, Module("toy", "TOY", *[""] * 6, terms))
        assert not told.another and not told.denies


codes = st.sampled_from(sorted(PARENTS))
mapped = st.tuples(
    st.sampled_from([A, B, C]), st.sampled_from(["exact", "narrow", "broad", "close"]), codes, st.booleans()
)
covering = st.dictionaries(
    st.sampled_from([A, B, C]), st.builds(Covered, st.just(""), st.lists(codes, max_size=2).map(tuple))
)


@settings(deadline=None)
@given(codes, st.lists(mapped, max_size=6, unique_by=lambda row: (row[0], row[2])).map(tuple), covering)
def test_a_denial_has_a_covering_mapping_that_the_code_does_not_touch(
    code: str, rows: tuple[tuple[str, str, str, bool], ...], terms: dict[str, Covered]
) -> None:
    """The rule a second time, by hand: no denial without it, and one wherever it holds."""
    found = reading(code, rows, terms)

    def up(one: str) -> set[str]:
        return {one}.union(*(up(parent) for parent in PARENTS[one]))

    def touches(one: str) -> bool:
        return one in up(code) or code in up(one)

    ours = any(p in ("exact", "narrow") and c in up(code) for _, p, c, _ in rows)
    open_ = {s for s, _, c, _ in rows if touches(c)} | {s for s, v in terms.items() if any(map(touches, v.near))}
    assert bool(found.another) == (not ours)
    assert set(found.denies) == (set() if ours else set(terms) - open_)
    assert not set(found.denies) & set(found.may)


def test_a_list_of_names_reads_as_the_terminology_does(tmp_path: Path) -> None:
    coverage = read_coverage(FOLDER)["ATC"]
    rows = [row for row in read_tables(FOLDER) if row.curie.startswith("ATC:")]
    named = [row.curie.partition(":")[2] for row in rows]
    words = {"A10BA02": "metformin", "L01XB01": "procarbazine", "M01AE17": "dexketoprofen", "N02AJ06": "codeine and x"}
    hierarchy = lexicon("ATC", "names", [ExternalTerm(c, w) for c, w in words.items()], coverage, named)
    reads = Codes(rows, read_terminologies(FOLDER), lambda p: [hierarchy], str, coverage={"ATC": coverage})
    metformin = reads.read("ATC:A10BA02")
    assert metformin.name == "ATC:A10BA02 (metformin)" and ns.GGT + "Anticoagulant" in metformin.denies
    assert {ns.GGT + "Opioid", ns.GGT + "CNSDepressant"} <= set(metformin.denies)
    # Nobody has reviewed where all of these are.
    assert not {ns.GGT + "CYP1A2Inhibitor", ns.GGT + "NeuropathicPainMedication"} & set(metformin.denies)
    assert ns.GGT + "MonoamineOxidaseInhibitor" in reads.read("ATC:L01XB01").may
    assert reads.read("ATC:M01AE17").present == (ns.GGT + "NSAID",)
    assert not reads.read("ATC:N02AJ06").another and not reads.read("ATC:A10BA03").another


@pytest.mark.parametrize(
    "text",
    ["- a list", "TOY: {lists: [gg:hasCondition], terms: {}}", "TOY: {order: x, lists: [nobody], terms: {}}",
     "TOY: {order: x, lists: [], terms: {ggt:A: {near: [one]}}}", "TOY: {order: x, lists: [], terms: {}, more: 1}",
     "TOY: {order: x, lists: [], parts: '(', terms: {}}"],
)  # fmt: skip
def test_a_review_that_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "covering.yaml").write_text(text)
    with pytest.raises(KnowledgeError, match=r"cannot be read|is missing"):
        read_coverage(tmp_path)
    assert read_coverage(tmp_path / "nowhere") == {}


@pytest.fixture(scope="module")
def shipped() -> Codes:
    """The shipped tables over the installed packages, as guidegraph link extracts them."""
    coverage, found = read_coverage(FOLDER), {}
    for prefix in coverage:
        try:
            found[prefix] = [extract(source(prefix.lower()), read_tables(FOLDER), "", coverage[prefix]).module]
        except LinkError:
            pytest.skip(f"{prefix} is not installed")
    return Codes(read_tables(FOLDER), read_terminologies(FOLDER), lambda p: found.get(p, []), str, coverage=coverage)


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted(FALSE_DENIALS))
def test_no_false_denial_of_the_trial(shipped: Codes, kb: Any, code: str) -> None:
    found = shipped.read(code)
    # Some of them have become terms of ours since.
    assert found.another or found.present, found.steps
    for name in FALSE_DENIALS[code]:
        # Denied is a term, and all below it.
        assert not kb.vocabulary.ancestors(ns.GGT + name) & set(found.denies), name


@pytest.mark.slow
def test_everyday_codes_deny_what_matters(shipped: Codes) -> None:
    expected = {
        "ATC:A10BA02": ("Anticoagulant", "SSRI", "MonoamineOxidaseInhibitor", "NSAID", "Opioid", "Corticosteroid"),
        "ATC:C10AA05": ("Anticoagulant", "SSRI", "MonoamineOxidaseInhibitor", "Corticosteroid", "Benzodiazepine"),
        "ICD10CM:E78.5": ("HeartFailure", "RenalImpairment", "PepticUlcer", "Cancer", "Pregnancy", "BleedingDisorder"),
        "ICD10CM:J30.9": ("HeartFailure", "RenalImpairment", "PepticUlcer", "Cancer", "Pregnancy", "Diabetes"),
    }
    for code, names in expected.items():
        assert {ns.GGT + name for name in names} <= set(shipped.read(code).denies), code
    for code in ("ICD10CM:M05.9", "ICD10CM:R69", "ICD10CM:Z86.73", "ICD10CM:K76.9", "ATC:N02AA59", "ATC:J01CG01"):
        assert not shipped.read(code).another, code
    assert set(shipped.read("ATC:C08").may) >= {ns.GGT + "Verapamil"}


@pytest.mark.slow
def test_a_drug_for_diabetes_or_lipids_is_none_of_the_groups_without_one_code(shipped: Codes) -> None:
    names = (
        "Ciprofloxacin",
        "Enoxacin",
        "FluoroquinoloneThatIsPotentCYP1A2Inhibitor",
        "Cidofovir",
        "Triptan",
        "OralContraceptive",
        "Sympathomimetic",
        "CNSDepressant",
    )
    terms = {ns.GGT + name for name in names}
    for code in ("ATC:A10BA02", "ATC:C10AA05", "ATC:C08CA01"):
        assert terms <= set(shipped.read(code).denies), code
    open_to = {
        "CNSDepressant": {
            "R06AX13": "an antihistamine",
            "R05DA04": "a cough remedy with codeine",
            "A04AA01": "an antiemetic",
            "A03FA01": "an antiemetic of another group",
            "C02AC01": "a central drug for blood pressure",
            "L04AX02": "thalidomide",
        },
        "Sympathomimetic": {"R03AC02": "salbutamol", "C07AA03": "pindolol", "A08AA01": "phentermine"},
        "OralContraceptive": {"G03AC09": "desogestrel"},
        "Triptan": {"N07CA02": "a drug for nerves"},
        "Cidofovir": {"J05AB11": "another drug against viruses"},
    }
    for name, codes in open_to.items():
        for code, what in codes.items():
            assert ns.GGT + name not in shipped.read(f"ATC:{code}").denies, (name, what)


def test_a_terminology_that_nobody_reviewed_denies_nothing() -> None:
    assert set(read_coverage(FOLDER)) <= {"ATC", "ICD10CM", "ICD10"}
