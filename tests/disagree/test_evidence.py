"""What explains a disagreement that is real: evidence that one side could not have seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.disagree.test_verdicts import PREFIXES, SCIATICA, WEEKS, both, document, rec, rows


def test_only_evidence_explains_a_real_one(world: Callable[..., Any]) -> None:
    narrow = both(SCIATICA, WEEKS % ("minInclusive", "12.0"))
    states = rec("Against", expression=narrow, outcome="ggt:PainRelief", certainty="gg:Low")
    row = rows(world(document("one", rec()), document("two", states)))[0]
    assert row["explained_by"] == ["nothing recorded explains it"]
    assert row["questions"] == ["b alone states its outcome: pain relief", "b alone states its certainty: low"]


def test_evidence_that_one_side_rests_on_and_the_other_could_not_see(world: Callable[..., Any]) -> None:
    trial_of = (
        f'{PREFIXES} ggg:t {{ ggd:trial a gg:Document ; rdfs:label "A trial"@en ; gg:documentKind gg:PrimaryStudy ; '
        'dcterms:issued "2018"^^xsd:gYear . }'
    )
    old = document("old", rec(), issued="2010")
    new = document("new", rec("Against"), issued="2020", about="; gg:restsOn ggd:trial")
    row = rows(world(old, new, trial_of))[0]
    assert row["explained_by"] == [
        f"evidence that {'a' if row['a']['stance'] == 'against' else 'b'} rests on and "
        f"{'b' if row['a']['stance'] == 'against' else 'a'} could not have seen: A trial (2018)"
    ]
    young = document("old", rec(), issued="2019")
    assert rows(world(young, new, trial_of))[0]["explained_by"] == ["nothing recorded explains it"]


@pytest.mark.parametrize(
    ("studied", "condition", "explains"),
    [
        ("ggt:Traction", "ggt:Sciatica", True),
        ("ggt:Traction", "ggt:LumbosacralRadicularSyndrome", True),
        ("ggt:Traction", "ggt:PepticUlcer", False),
        ("ggt:BedRest", "ggt:Sciatica", False),
    ],
)
def test_newer_evidence_explains_only_what_it_speaks_of(
    studied: str, condition: str, explains: bool, world: Callable[..., Any]
) -> None:
    trial = (
        f'{PREFIXES} ggg:t {{ ggd:trial a gg:Document ; rdfs:label "A trial"@en ; gg:documentKind gg:PrimaryStudy ; '
        'dcterms:issued "2018"^^xsd:gYear . <urn:x:found> a gg:EvidenceItem ; rdfs:label "Found"@en ; gg:statedIn ggd:trial ; '
        f'gg:intervention {studied} ; gg:indication {condition} ; gg:effect "none" ; gg:certainty gg:Low . }}'
    )
    row = rows(world(document("old", rec(), issued="2010"), document("new", rec("Against"), issued="2020"), trial))[0]
    old = "a" if row["a"]["document"]["id"] == "ggd:old" else "b"
    told = f"evidence that {old} could not have seen: A trial (2018)" if explains else "nothing recorded explains it"
    assert row["explained_by"] == [told]
