"""HermiT, who knows nothing of criteria, agrees with the planes on the populations of guided patients."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from guidegraph.errors import ProfileError
from guidegraph.knowledge.criteria import compile_criteria
from guidegraph.knowledge.records import gg
from guidegraph.model import Profile
from guidegraph.profile import to_triples
from tests.disagree.test_overlap import triples
from tests.support import generate
from tests.support.cohortproof import DAY
from tests.support.cohorts import Answered
from tests.support.guided import Guide
from tests.support.oracle import truth_table

pytestmark = pytest.mark.slow
DRUG = gg("Drug")
#: Each patient is asked about every sixth population, the next about the ones after these.
PATIENTS, TURNS = 200, 6


def stated(kb: Any, guide: Guide) -> Iterator[Profile]:
    """Guided patients who do not contradict themselves, as a reasoner can be told of them.

    It knows no problem that is chosen and no entry that was not understood; a complete list is written out as denials.
    """
    for seed in range(0, 3 * len(guide.branches), 3):
        profile = replace(guide.patient(seed), about=frozenset(), not_understood=())
        try:
            settled = kb.profile(profile)
        except ProfileError:
            continue
        # Nobody stops what is no drug: such a stop contradicts the ontology.
        if all(DRUG in kb.vocabulary.ancestors(stop.of) for stop in profile.stops_present):
            yield settled


def test_populations_of_guided_patients(kb: Any) -> None:
    criteria = compile_criteria(kb.knowledge, DAY)
    everybody = stated(kb, Guide(kb, criteria))
    profiles = [profile for profile, _ in zip(everybody, range(PATIENTS), strict=False)]
    assert len(profiles) == PATIENTS
    answered = Answered(kb, criteria, profiles)
    distinct = sorted({branches: iri for iri, branches in sorted(criteria.branches.items(), reverse=True)}.values())
    wrong, counts = [], {"true": 0, "false": 0, "unknown": 0}
    for turn in range(TURNS):
        chosen = {at: profiles[at] for at in range(turn, PATIENTS, TURNS)}
        told = {str(at): to_triples(generate.completed(kb, profile)) for at, profile in chosen.items()}
        asked = distinct[turn::TURNS]
        expected = truth_table(triples(kb), told, asked)
        for at in chosen:
            found = answered.truths(at)
            for iri in asked:
                counts[found[iri]] += 1
                if found[iri] != expected[str(at), iri]:
                    wrong.append((profiles[at].id, iri, found[iri], expected[str(at), iri]))
    assert not wrong, wrong[:10]
    assert min(counts.values()) > 100, counts
