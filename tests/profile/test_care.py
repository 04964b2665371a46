"""Tests, procedures and supplies in profiles: every form says the same, and faults are told at their place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidegraph import namespaces as ns
from guidegraph.errors import ProfileError, TermError
from guidegraph.intake.form import to_json, to_yaml
from guidegraph.model import CareFact
from guidegraph.profile import parse_profile_text, to_triples
from guidegraph.profile.rdf_reading import from_triples
from guidegraph.termreadings import SUPPLIED, UNDERWENT
from tests.support import carefacts


@given(seed=st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_every_form_says_the_same(kb: Any, seed: int) -> None:
    drawn = carefacts.drawn(seed)
    wanted = (drawn.care_present, drawn.care_absent, drawn.complete)
    read = from_triples(to_triples(drawn), kb.vocabulary)
    assert (read.care_present, read.care_absent, read.complete) == wanted
    turtle = ox.serialize(to_triples(drawn), format=ox.RdfFormat.TURTLE)
    assert turtle is not None
    for text in (to_yaml(drawn, kb.vocabulary), to_json(drawn, kb.vocabulary), turtle.decode()):
        read = parse_profile_text(text, "", kb.vocabulary, where="line")
        assert (read.care_present, read.care_absent, read.complete) == wanted


def test_a_profile_in_words(kb: Any) -> None:
    read = kb.profile(
        {
            "done": {
                "present": [{"of": "MRI", "days": 20, "shows": ["motor deficit"], "value": 3}],
                "absent": [{"of": "CT", "days": 90}],
            },
            "supplies": [{"of": "ibuprofen", "days_from": 3, "days_to": 33, "supplied": 30}],
        }
    )
    days = (Decimal(20), Decimal(20))
    done = CareFact(UNDERWENT, ns.GGT + "MRI", days, (ns.GGT + "MotorDeficit",), (), Decimal(3))
    supplied = CareFact(SUPPLIED, ns.GGT + "Ibuprofen", (Decimal(3), Decimal(33)), value=Decimal(30))
    assert read.care_present == {done, supplied}
    assert read.care_absent == {CareFact(UNDERWENT, ns.GGT + "CT", (Decimal(0), Decimal(90)))}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"of": "MRI", "days": 3, "days_to": 9}, "not one number or one span"),
        ({"of": "MRI", "days_from": 3}, "not one number or one span"),
        ({"of": "MRI", "days_from": 9, "days_to": 3}, "days_from is more than days_to"),
        ({"of": "MRI", "days": -3}, "not a plain number"),
        ({"of": "MRI", "supplied": 3}, "unknown key"),
        ({"days": 3}, "does not say of what"),
        ({"of": "MRI", "shows": ["motor deficit"], "lacks": ["motor deficit"]}, "contradicts itself"),
    ],
)
def test_faults_are_told(kb: Any, entry: dict[str, Any], told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        kb.profile({"done": [entry]})


def test_an_unknown_finding_is_told_with_the_nearest(kb: Any) -> None:
    with pytest.raises(TermError, match="motor deficit"):
        kb.profile({"done": [{"of": "MRI", "shows": ["motor defcit"]}]})


@pytest.mark.parametrize(
    ("absent", "clash"),
    [
        ({"of": "diagnostic imaging"}, True),
        ({"of": "MRI", "days": 20}, True),
        ({"of": "MRI", "days": 19}, False),
        ({"of": "MRI", "shows": ["motor deficit"]}, True),
        ({"of": "MRI", "shows": ["male sex"]}, False),
        ({"of": "CT"}, False),
    ],
)
def test_what_was_done_is_not_denied(kb: Any, absent: dict[str, Any], clash: bool) -> None:
    present = {"of": "MRI", "days": 20, "shows": ["progressive paresis"]}
    profile = {"done": {"present": [present], "absent": [absent]}}
    if clash:
        with pytest.raises(ProfileError, match="contradicts itself"):
            kb.profile(profile)
    else:
        kb.profile(profile)
