"""Controversies: who stands where, for whom they meet, what only seems to disagree; sentences and simplest forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph.disagree.sentences import LONGEST, clipped, count
from guidegraph.disagree.words import manchester, simplest
from guidegraph.knowledge.branch import Branch, Held
from tests.disagree.test_verdicts import AS_OF, SCIATICA, WEEKS, both, document, rec

EARLY = both(SCIATICA, WEEKS % ("maxExclusive", "12.0"))
LATE = both(SCIATICA, WEEKS % ("minInclusive", "12.0"))


def controversies(kb: Any, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = kb.disagreements(as_of=AS_OF, **more)["controversies"]
    return found


def names(voices: list[dict[str, Any]]) -> list[str]:
    return [v["name"].partition(" ")[0] for v in voices]


def sentences(one: dict[str, Any]) -> Iterator[str]:
    yield one["text"]
    for part in ("meet", "pairs", "seeming", "moved"):
        yield from (row["text"] for row in one[part])


@pytest.fixture(scope="module")
def shipped(kb: Any) -> list[dict[str, Any]]:
    return controversies(kb)


def test_statements_that_real_pairs_connect_are_told_once(world: Any) -> None:
    kb = world(
        document("one", rec()),
        document("two", rec("Against")),
        document("three", rec(expression=EARLY)),
        document("four", rec("Against", expression=LATE)),
        document("apart", rec(intervention="ggt:NSAID")),
        document("against", rec("Against", intervention="ggt:NSAID")),
    )
    found = {c["title"]: c for c in controversies(kb)}
    assert set(found) == {"traction", "nonsteroidal anti-inflammatory drug"}
    traction = found["traction"]
    assert sorted(names(traction["sides"]["for"])) == ["one", "three"]
    assert sorted(names(traction["sides"]["against"])) == ["four", "two"]
    assert {(r["verdict"], r["why"]) for r in traction["seeming"]} == {
        ("apparent", "symptoms from 12 weeks excludes symptoms under 12 weeks")
    }
    assert [i["label"] for i in traction["indications"]] == ["sciatica"]
    assert len(traction["pairs"]) == 3


def test_one_document_on_both_sides_stands_on_both(world: Any) -> None:
    one = controversies(world(document("one", rec(), rec("Against"))))[0]
    assert names(one["sides"]["for"]) == names(one["sides"]["against"]) == ["one"]


def test_who_looked_and_declined_stands_apart(world: Any) -> None:
    looked = document("looked", rec("InsufficientEvidence"))
    one = controversies(world(document("one", rec()), document("two", rec("Against")), looked))[0]
    assert names(one["sides"]["declined"]) == ["looked"]


def test_a_statement_that_meets_nobody_of_the_other_side_agrees(world: Any) -> None:
    agreeing = document("agreeing", rec(expression=EARLY))
    kb = world(document("one", rec(expression=LATE)), document("two", rec("Against", expression=LATE)), agreeing)
    one = controversies(kb)[0]
    assert names(one["sides"]["for"]) == ["one"] and names(one["agreeing"]["for"]) == ["agreeing"]


def test_where_they_meet_is_told_for_each_voice_of_the_shorter_side(world: Any) -> None:
    kb = world(
        document("wide", rec()),
        document("early", rec(expression=EARLY)),
        document("late", rec(expression=LATE)),
        document("against", rec("Against")),
    )
    one = controversies(kb)[0]
    assert [m["name"].partition(" ")[0] for m in one["meet"]] == ["against"]
    each = {row["name"].partition(" ")[0]: row["whom"] for row in one["meet"][0]["each"]}
    # The widest pair does not swallow the others.
    assert "under 12" in each["early"] and "from 12" in each["late"] and "weeks" not in each["wide"]


def test_who_changed_side_is_told_with_the_day(world: Any) -> None:
    ended = '; gg:supersededBy ggd:second ; gg:supersededOn "2022-01-01"^^xsd:date'
    first, second = document("first", rec(), about=ended), document("second", rec("Against"), issued="2022")
    one = controversies(world(first, second, document("other", rec())))[0]
    assert [(m["was"], m["until"], m["now"]) for m in one["moved"]] == [("for", "2022-01-01", "against")]


def test_without_a_real_pair_there_is_no_controversy(world: Any) -> None:
    kb = world(document("one", rec(expression=EARLY)), document("two", rec("Against", expression=LATE)))
    assert controversies(kb) == []


def test_for_a_patient_only_what_concerns_them(world: Any) -> None:
    kb = world(
        document("one", rec(expression=EARLY)),
        document("two", rec("Against", expression=EARLY)),
        document("three", rec(expression=LATE)),
        document("four", rec("Against", expression=LATE)),
    )
    for weeks, held in ((4, {"one", "two"}), (20, {"three", "four"})):
        profile = {"conditions": ["sciatica"], "symptom_weeks": weeks}
        (one,) = controversies(kb, profile=profile)
        assert {*names(one["sides"]["for"]), *names(one["sides"]["against"])} == held


# ---------------------------------------------------------------- the shipped graph


def test_the_one_on_epidural_injections(shipped: list[dict[str, Any]]) -> None:
    one = next(c for c in shipped if "ggt:SpinalNerveRootDisorder" in {i["id"] for i in c["indications"]})
    held, against = ({v["name"] for v in one["sides"][side]} for side in ("for", "against"))
    assert {"APS 2009", "NASS 2012", "ASIPP 2021", "NICE NG59 2016", "ASA 2010 (in Dr.Oracle 2025)"} <= held
    assert {"BMJ 2025", "AAN 2007"} <= against
    meets = next(m for m in one["meet"] if m["name"] == "BMJ 2025")
    for words in ("adults from 18", "symptoms from 13 weeks", "without cancer or inflammatory arthropathy"):
        assert words in meets["text"] and all(words in row["whom"] for row in meets["each"])
    apart = [set(r["names"]) for r in one["seeming"] if r["verdict"] == "apparent"]
    assert {"NICE NG59 2016", "BMJ 2025"} in apart
    assert any("network meta-analysis" in text and "could not have seen" in text for text in one["explained_by"])
    assert any(t.startswith("horizon: AAN 2007 speaks of beyond 3 months, APS 2009") for t in one["explained_by"])


def test_no_sentence_is_longer_than_can_be_read_aloud(shipped: list[dict[str, Any]]) -> None:
    told = [text for one in shipped for text in sentences(one)]
    assert told and max(map(count, told)) <= LONGEST
    # Nothing is printed twice in a row, no pair is its own part.
    assert all(len({(r["a"], r["b"]) for r in one["pairs"]}) == len(one["pairs"]) for one in shipped)


def test_each_voice_stands_on_the_side_that_its_stance_says(kb: Any, shipped: list[dict[str, Any]]) -> None:
    for one in shipped:
        for side in ("for", "against"):
            assert one["sides"][side] and {v["stance"] for v in one["sides"][side] + one["agreeing"][side]} == {side}
        pairs = {name for row in one["pairs"] for name in (row["a"], row["b"])}
        assert {v["id"] for side in ("for", "against") for v in one["sides"][side]} >= pairs


def test_no_two_documents_share_a_short_name(kb: Any) -> None:
    from guidegraph.knowledge import describe
    from guidegraph.knowledge.records import gg

    documents = [n for n, props in kb.records.nodes.items() if gg("Document") in props.get(RDF_TYPE, ())]
    short = [describe.short_name(kb.records, d) for d in documents]
    assert len(documents) > 60 and len(set(short)) == len(short)


RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

# ---------------------------------------------------------------- simplest form and sentences

LITERALS = [Held("p", c) for c in "abcdef"]


def branch(*held: str) -> Branch:
    return Branch(has=frozenset(Held("p", c) for c in held))


def test_what_all_share_is_said_once_and_products_are_factored() -> None:
    six = tuple(branch("x", one, two) for one in "abc" for two in "de")
    form = simplest(six)
    assert form.shared == ((Held("p", "x"), True),)
    assert sorted(len(f.choices) for f in form.factors) == [2, 3]
    assert simplest((branch("a", "b"), branch("a", "c", "d"))).factors[0].choices == (
        ((Held("p", "b"), True),), ((Held("p", "c"), True), (Held("p", "d"), True)),
    )  # fmt: skip
    assert simplest(()).nobody and manchester(simplest(())) == "owl:Nothing"
    assert manchester(simplest((Branch(),))) == "owl:Thing"


@pytest.mark.slow
@given(st.sets(st.frozensets(st.sampled_from("abcdef"), max_size=4), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_the_simplest_form_multiplies_out_to_the_same_branches(sets: set[frozenset[str]]) -> None:
    kept = {s for s in sets if not any(other < s for other in sets)}
    form = simplest(tuple(branch(*s) for s in sorted(kept, key=sorted)))
    expanded = [frozenset(form.shared)]
    for factor in form.factors:
        expanded = [whole | frozenset(choice) for whole in expanded for choice in factor.choices]
    assert {frozenset(what.cls for what, _ in whole) for whole in expanded} == kept
    assert len(expanded) == len(kept)


def test_names_are_clipped_and_say_so() -> None:
    assert clipped("one two three", 3) == "one two three"
    assert clipped("one two three four", 3) == "one two ..."


def test_sentences_stay_short_however_long_the_criteria(world: Any) -> None:
    many = both(
        SCIATICA,
        *(
            f"[ a owl:Class ; owl:complementOf [ a owl:Restriction ; owl:onProperty gg:hasCondition ; owl:someValuesFrom ggt:{c} ] ]"
            for c in ("Cancer", "Pregnancy", "FacetJointPain", "SacroiliacJointDysfunction", "NeuropathicPain")
        ),
        WEEKS % ("minInclusive", "12.0"),
    )
    kb = world(document("one", rec(expression=many)), document("two", rec("Against", expression=many)))
    found = kb.disagreements(as_of=AS_OF)
    texts = [r["text"] for r in found["disagreements"]] + [t for c in found["controversies"] for t in sentences(c)]
    assert max(map(count, texts)) <= LONGEST
    assert all(c in found["disagreements"][0]["overlap_text"] for c in ("cancer", "pregnancy", "neuropathic pain"))
