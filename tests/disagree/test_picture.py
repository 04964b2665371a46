"""Whom the voices of a controversy speak of along a number: by hand for the shipped ones, and for made-up populations."""

from __future__ import annotations

from decimal import Decimal

import pytest

import guidegraph as gg
from guidegraph.comparisons import Controversy
from guidegraph.disagree.picture import picture
from guidegraph.knowledge.branch import Branch, Held, Logic, Range
from guidegraph.render.picture import picture_html, span_words
from guidegraph.termreadings import HIGHEST, LOWEST, Bound
from tests.conftest import AS_OF

CONDITION, WEEKS, AGE = "has", "weeks", "age"
LOGIC = Logic(above={}, total=frozenset((AGE,)))
ANY = (None, None, True)


def low(value: int) -> Bound:
    return (Decimal(value), 0)


def branch(number: str = WEEKS, start: Bound = LOWEST, end: Bound = HIGHEST, *held: str) -> Branch:
    return Branch(has=frozenset(Held(CONDITION, h) for h in held), ranges=(Range(number, start, end),))


def drawn(whom: dict[str, tuple[Branch, ...]], *pairs: tuple[str, str], logic: Logic = LOGIC) -> dict[str, list[tuple[float | None, float | None, bool]]] | None:  # fmt: skip
    made = picture(whom, pairs, logic, lambda n: n == WEEKS, str, lambda union: str(len(union)))
    if made is None:
        return None
    spans = {row["voice"]: [(s["low"], s["high"], s["sure"]) for s in row["spans"]] for row in made["rows"]}
    return {**spans, "meet": [(s["low"], s["high"], s["sure"]) for s in made["meet"]], made["number"]: []}


def test_bounds_and_where_they_meet() -> None:
    whom = {"a": (branch(WEEKS, low(12)),), "b": (branch(WEEKS, LOWEST, low(26)),), "c": (Branch(),)}
    assert drawn(whom, ("a", "b"), ("a", "c")) == {
        "a": [(12, None, True)],
        "b": [(None, 26, True)],
        "c": [ANY],
        # To week 26 a meets both, from then on c alone.
        "meet": [(12, 26, True), (26, None, True)],
        WEEKS: [],
    }


def test_where_more_meet_is_told_apart() -> None:
    """A voice without a number meets everybody; from week 12 on there are two pairs."""
    whom = {"a": (branch(WEEKS, low(12)),), "b": (Branch(),), "c": (Branch(),)}
    made = picture(whom, [("a", "b"), ("c", "b")], LOGIC, lambda n: n == WEEKS, str, lambda union: "")
    assert made is not None
    assert [(m["low"], m["high"], m["pairs"]) for m in made["meet"]] == [(None, 12, 1), (12, None, 2)]


def test_alternatives_leave_a_gap() -> None:
    whom = {"a": (branch(WEEKS, LOWEST, low(6)), branch(WEEKS, low(12))), "b": (Branch(),)}
    found = drawn(whom, ("a", "b"))
    assert found is not None
    assert found["a"] == [(None, 6, True), (12, None, True)] == found["meet"]


def test_time_goes_before_what_separates_more() -> None:
    whom = {
        "a": (Branch(ranges=(Range(AGE, low(60), HIGHEST), Range(WEEKS, low(12), HIGHEST))),),
        "b": (branch(WEEKS, low(11)),),
    }
    found = drawn(whom, ("a", "b"))
    assert found is not None and WEEKS in found
    alone = {"a": (branch(AGE, low(60)),), "b": (Branch(),)}
    found = drawn(alone, ("a", "b"))
    assert found is not None and AGE in found


def test_nothing_is_drawn_where_no_number_separates() -> None:
    assert drawn({"a": (branch(WEEKS, low(12)),), "b": (branch(WEEKS, low(12)),)}, ("a", "b")) is None
    assert drawn({"a": (Branch(),), "b": (Branch(),)}, ("a", "b")) is None


def test_a_term_reaches_from_where_its_definitions_begin() -> None:
    """From week 13 everybody's long; from 12 by some definitions: so far the span is not sure."""
    long = Held(CONDITION, "long")
    logic = Logic(
        above={"long": frozenset(("long",))},
        readings=((Range(WEEKS, low(13), HIGHEST), long, False), (Range(WEEKS, LOWEST, low(12)), long, True)),
        disputed=((Range(WEEKS, low(12), low(13)), long),),
    )
    whom = {"a": (Branch(has=frozenset((long,))),), "b": (branch(WEEKS, low(1)),)}
    found = drawn(whom, ("a", "b"), logic=logic)
    assert found is not None
    assert found["a"] == [(12, 13, False), (13, None, True)] == found["meet"]
    # The term alone brings its number.
    alone = drawn({"a": whom["a"], "b": (Branch(),)}, ("a", "b"), logic=logic)
    assert alone is not None and alone["a"] == found["a"]


@pytest.fixture(scope="module")
def controversies(kb: gg.KnowledgeBase) -> dict[str, Controversy]:
    return {row["title"]: row for row in kb.disagreements(as_of=AS_OF)["controversies"]}


def test_the_shipped_controversy_on_injections(controversies: dict[str, Controversy]) -> None:
    """By hand, from the populations of the documents: BMJ from 13 weeks, NICE under 13, ASIPP chronic, RSSP acute."""
    made = controversies["epidural injection of local anesthetic, steroid, or both"]["picture"]
    assert made is not None and made["number"] == "gg:symptomWeeks"
    spans = {row["voice"]: [(s["low"], s["high"], s["sure"]) for s in row["spans"]] for row in made["rows"]}
    assert spans["statement/bmj-2025/BMJ-R1"] == [(13, None, True)]
    assert spans["statement/nice-ng59/NG59-ESI"] == [(None, 13, True)]
    assert spans["statement/asipp-2021/ASIPP-1"] == [(12, 13, False), (13, None, True)]
    assert spans["statement/rssp-2020/RSSP20-ESI"] == [(None, 4, True), (4, 6, False)]
    assert spans["statement/nass-2012/NASS-TFESI"] == [ANY]
    besides = {row["voice"]: row["besides"] for row in made["rows"]}
    assert "weeks" not in besides["statement/bmj-2025/BMJ-R1"] and "cancer" in besides["statement/bmj-2025/BMJ-R1"]


def test_every_voice_has_its_row_and_every_row_its_words(controversies: dict[str, Controversy]) -> None:
    assert len(controversies) > 5
    for one in controversies.values():
        made, text = one["picture"], picture_html(one)
        voices = [v for side in (one["sides"]["for"], one["sides"]["against"], one["sides"]["declined"]) for v in side]
        assert made is not None, one["title"]
        assert [row["voice"] for row in made["rows"]] == [voice["id"] for voice in voices]
        for row, voice in zip(made["rows"], voices, strict=True):
            for told in (voice["name"], *map(span_words, row["spans"])):
                assert told in text, (one["title"], told)
        assert "style=" not in text and "<style" not in text


def test_where_they_are_said_to_meet_a_patient_fits_both(kb: gg.KnowledgeBase, controversies: dict[str, Controversy]) -> None:  # fmt: skip
    """At a number inside a span of the picture some pair of opposed statements has a patient, and at none outside."""
    teller = kb.disagree.teller()
    forms = teller.grader.forms
    for one in controversies.values():
        made = one["picture"]
        assert made is not None
        number = gg.namespaces.expand(made["number"]) or ""
        for tick in [0.5, *(t + d for t in made["ticks"] for d in (-0.5, 0.5))]:
            at = (Branch(ranges=(Range(number, (Decimal(str(tick)), 0), (Decimal(str(tick)), 1)),)),)
            inside = any((s["low"] or 0) <= tick and (s["high"] is None or tick < s["high"]) for s in made["meet"])
            pairs = [(p["a"], p["b"]) for p in one["pairs"]]
            scopes = [[teller.scopes[gg.namespaces.BASE + s].population for s in pair] for pair in pairs]
            met = any(forms.conjoin(forms.conjoin(forms.population(a), forms.population(b)), at) for a, b in scopes)
            assert met == inside, (one["title"], tick)
