"""Implications of the sweep: for each of a list a patient whose answer it changes, before and after."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import yaml

import guidegraph as gg
from guidegraph import assets
from guidegraph import namespaces as ns
from guidegraph.validate import sweep
from tests.assess.test_rules import HEALTHY
from tests.conftest import AS_OF

CASES = yaml.safe_load((Path(__file__).parent / "implications.yaml").read_text(encoding="utf-8"))
ABOVE, ON, SOME = (
    ox.NamedNode(iri) for iri in (ns.RDFS + "subClassOf", ns.OWL + "onProperty", ns.OWL + "someValuesFrom")
)
PART = ox.NamedNode(ns.GG + "hasComponent")
ROOTS = {"conditions": "Condition", "findings": "Finding", "medications": "Drug"}


@pytest.fixture(scope="module")
def unswept(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The shipped knowledge without the axioms of the list."""
    root = tmp_path_factory.mktemp("unswept")
    for name in ("ontology", "graph"):
        shutil.copytree(assets.folder(name), root / name, ignore=shutil.ignore_patterns("links"))
    wanted: dict[str, set[str]] = defaultdict(set)
    for case in CASES:
        wanted[ns.GGT + case["axiom"][0]].add(ns.GGT + case["axiom"][1])
    taken: set[tuple[str, str]] = set()
    for path in sorted((root / "ontology").glob("*.ttl")):
        triples = list(ox.parse(path.read_bytes(), format=ox.RdfFormat.TURTLE))
        parts = {t.subject for t in triples if t.predicate == ON and t.object == PART}
        filled = {t.subject: t.object.value for t in triples if t.predicate == SOME and t.subject in parts}
        kept = []
        for t in triples:
            other = filled.get(t.object, getattr(t.object, "value", "")) if t.predicate == ABOVE else ""
            if other in wanted.get(getattr(t.subject, "value", ""), ()):
                taken.add((t.subject.value, other))
                kept.append(ox.Triple(t.subject, ABOVE, ox.NamedNode(ns.GG + _root(t.subject.value))))
            else:
                kept.append(t)
        if len(kept) == len(triples) and kept != triples:
            path.write_bytes(ox.serialize(kept, format=ox.RdfFormat.TURTLE))
    assert taken == {(term, other) for term, others in wanted.items() for other in others}
    return gg.open(root)


def _root(term: str) -> str:
    """The root or category of a term, in place of the class that is taken from above it."""
    case = next(case for case in CASES if ns.GGT + case["axiom"][0] == term)
    return "DiagnosticIntervention" if case["axiom"][0] == "RoutineMRI" else ROOTS[next(iter(case))]


def entry(kb: Any, case: dict[str, Any]) -> Any:
    """What the answer says of the case's therapy."""
    key, stated = next(iter(case.items()))
    stated = ns.GGT + stated if " " not in stated and stated[0].isupper() else stated
    facts = {**HEALTHY, key: {"present": [*HEALTHY[key]["present"], stated], "complete": True}}
    rows = kb.therapies(facts, as_of=AS_OF).to_dict()["therapies"]
    return next(row for row in rows if row["label"] == case["therapy"])


def true_warnings(row: Any) -> set[str]:
    """The contraindications and warnings of a therapy that are true."""
    return {one["id"] for one in row["contraindications"] if one["truth"] == "true"}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case["axiom"]))
def test_an_implication_changes_the_answer_of_its_patient(kb: Any, unswept: Any, case: dict[str, Any]) -> None:
    before, after = entry(unswept, case), entry(kb, case)
    if "warning" in case:
        assert case["warning"] in true_warnings(after) - true_warnings(before)
    else:
        assert (before["status"], after["status"]) == (case["before"], case["after"])


def test_there_are_twenty_of_them_and_each_is_a_row_of_the_sweep() -> None:
    rows = {
        (d.term, d.other)
        for d in sweep.read_decisions(assets.folder("ontology") / sweep.TABLE)
        if d.relation == sweep.IMPLIES
    }
    axioms = {(ns.GGT + low, ns.GGT + high) for low, high in (case["axiom"] for case in CASES)}
    assert len(axioms) == len(CASES) >= 20 and axioms <= rows
