"""Two guidelines side by side, held against a journal's table and against all that the graph has of either."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from guidegraph import render
from guidegraph.knowledge import describe

#: Table 1 of CMAJ 2017 on acute nonspecific low back pain: what it says of the UK guideline of 2016 and of the US one of
#: 2017 (None: no mention). https://www.cmaj.ca/highwire/markup/68458/expansion
CMAJ = {
    "advice to remain active": ("for", "for"),
    "massage": ("for", "for"),
    "spinal manipulation": ("for", "for"),
    "acupuncture": ("against", "for"),
    "superficial heat": (None, "for"),
    "exercise therapy": ("for", None),
    "cognitive-behavioral therapy": ("for", None),
    "nonsteroidal anti-inflammatory drug": ("for", "for"),
    "skeletal muscle relaxant": (None, "for"),
    "weak opioid": ("for", "against"),
    "systemic corticosteroid": (None, "against"),
}
#: The words in which a comparison says that somebody is not meant who has had low back pain for two weeks.
LATER = ("symptoms from 12 weeks", "symptoms from 13 weeks")


@pytest.fixture(scope="module")
def compared(kb: Any) -> Any:
    return kb.compare("NICE NG59", "ACP 2017", as_of=date(2017, 6, 1))


def stances(rows: Any) -> set[str]:
    """The stances of a side towards patients with acute low back pain."""
    return {
        r["stance"] for r in rows if "low back pain" in r["whom"] and not any(words in r["whom"] for words in LATER)
    }


@pytest.mark.parametrize("label", CMAJ)
def test_a_journals_table_of_two_guidelines_is_what_compare_says(compared: Any, label: str) -> None:
    row = next(row for row in compared["interventions"] if row["label"] == label)
    for side, wanted in zip((row["a"], row["b"]), CMAJ[label], strict=True):
        assert stances(side) == ({wanted} if wanted else set()), label


def test_what_a_guideline_only_found_stands_in_the_comparison_as_evidence(compared: Any) -> None:
    row = next(row for row in compared["interventions"] if row["label"] == "acetaminophen")
    assert stances(row["a"]) == {"against"} and row["b"] == []
    assert [(e["benefit_or_harm"], e["certainty"]) for e in row["found_b"]] == [("no difference", "low")]
    told = " ".join(render.compare_text(compared).split())
    assert "evidence, no recommendation: no difference (no more effective than placebo" in told


def test_every_statement_of_either_guideline_stands_in_the_comparison(compared: Any, kb: Any) -> None:
    told = {r["id"] for row in compared["interventions"] for side in (row["a"], row["b"]) for r in side}
    own = {
        describe.name(s)
        for s in kb.disagreement.scopes
        if kb.records.one(s, "statedIn").endswith(("nice-ng59", "acp-2017"))
        and kb.records.issued_of(s)[:4] in ("2016", "2017")
    }
    assert own and own <= told


def test_what_an_update_brought_is_in_no_earlier_comparison(compared: Any, kb: Any) -> None:
    """The guideline's update of 2020 on drugs for sciatica, one of its statements with a day of its own each."""
    later = {row["label"] for row in kb.compare("NICE NG59", "ACP 2017", as_of=date(2021, 6, 1))["interventions"]}
    before = {row["label"] for row in compared["interventions"]}
    new = {"talk of the risks of continuing a drug", "benzodiazepine", "oral corticosteroid"}
    assert new <= later and not new & before
    # What the publisher repeats of 2016 is in both, with the bound that it attaches.
    fusion = next(row for row in compared["interventions"] if row["label"] == "lumbar fusion")
    assert [(r["stance"], r["strength"]) for r in fusion["a"]] == [("against", "strong")]
