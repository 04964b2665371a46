"""Routes: what is said of drugs that are taken reaches no form that is applied to the skin, and the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from tests.assess.test_rules import HEALTHY
from tests.conftest import AS_OF

TAKES, NSAID, TOPICAL = ns.GG + "takesMedication", ns.GGT + "NSAID", ns.GGT + "TopicalNSAID"


def truth(kb: Any, medications: list[str], cls: str) -> str:
    """Whether a patient with a complete list of medications takes a class."""
    profile = kb.profile({**HEALTHY, "medications": {"present": medications, "complete": True}})
    atom = next(iri for iri, a in kb.records.atoms.items() if (a.prop, a.cls) == (TAKES, cls))
    return str(kb.assess(profile, AS_OF).truth(atom))


def test_no_statement_on_what_is_taken_reaches_a_topical_form(kb: Any) -> None:
    edges = kb.records.edges
    assert len(edges[NSAID]["absolute"]) > 3 and edges[NSAID]["for"]
    assert not any(edges.get(TOPICAL, {}).get(role) for role in ("for", "against", "other", "absolute", "cautioned"))
    with pytest.raises(UsageError, match="reaches"):
        kb.therapies({**HEALTHY, "egfr": 12}, as_of=AS_OF).status("topical NSAID")


def test_who_uses_a_gel_takes_no_nsaid(kb: Any) -> None:
    assert truth(kb, ["topical NSAID"], NSAID) == "false"
    assert truth(kb, ["ibuprofen"], NSAID) == "true"
    data = kb.therapies({**HEALTHY, "egfr": 12, "medications": ["NSAID gel"]}, as_of=AS_OF).to_dict()
    assert data["taken_now"] == []
    # Nothing here speaks of it, and the answer says so.
    assert [row["text"] for row in data["unused"] if row["key"] == "medications"] == ["topical NSAID"]


def test_a_trial_of_a_gel_is_no_trial_of_what_is_taken(kb: Any) -> None:
    trial = {"of": "topical NSAID", "outcome": "failed", "weeks": 6}
    data = kb.therapies({**HEALTHY, "trials": [trial]}, as_of=AS_OF).to_dict()
    assert not any(
        entry["tried"] for entry in data["therapies"] if "NSAID" in entry["label"] or "ibu" in entry["label"]
    )
