"""HermiT and the SPARQL engine are asked the same: atom by atom, population by population."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import assets
from guidegraph.profile import to_triples
from guidegraph.profile.problems import titled
from tests.conftest import AS_OF
from tests.support import generate
from tests.support.oracle import atoms, truth_table
from tests.support.paths import PROFILES

pytestmark = pytest.mark.slow
GENERATED = 30
_ATOMS = assets.folder("queries") / "answer" / "expressions.rq"
#: Populations for which the two may differ, each with the reason (docs/populations.md, completeness). None is known.
EXCEPTIONS: dict[str, str] = {}


@pytest.fixture(scope="module")
def patients(kb: Any) -> dict[str, Any]:
    drawn = {f"drawn-{seed}": generate.profile(kb, seed) for seed in range(GENERATED)}
    shipped = (titled(kb.profile(path), kb.vocabulary, path.stem) for path in PROFILES)
    return {title: one for each in (*shipped, drawn) for title, one in each.items()}


@pytest.fixture(scope="module")
def knowledge(kb: Any) -> list[ox.Triple]:
    derived = "https://w3id.org/guidegraph/graph/index"
    return [ox.Triple(q.subject, q.predicate, q.object) for q in kb.store if q.graph_name != ox.NamedNode(derived)]


def compare(kb: Any, patients: dict[str, Any], expected: dict[tuple[str, str], str], iris: dict[str, str]) -> None:
    wrong, counts = [], {"true": 0, "false": 0, "unknown": 0}
    for name, profile in patients.items():
        found = kb.assess(profile, AS_OF)
        for key, iri in iris.items():
            truth = found.truth(iri)
            counts[truth] += 1
            if truth != expected[name, key] and key not in EXCEPTIONS:
                wrong.append((name, key, truth, expected[name, key]))
    assert not wrong, wrong[:10]
    # The comparison means something only if all three values occur often.
    assert min(counts.values()) > 100, counts


def test_populations(kb: Any, patients: dict[str, Any], knowledge: list[ox.Triple]) -> None:
    # Documents that state the same share one population expression: one of each is asked.
    distinct = {branches: population for population, branches in sorted(kb.records.branches.items(), reverse=True)}
    chosen = sorted(distinct.values())
    triples = {name: to_triples(generate.completed(kb, p)) for name, p in patients.items()}
    expected = truth_table(knowledge, triples, chosen)
    compare(kb, patients, dict(expected), {iri: iri for iri in chosen})


def test_atoms(kb: Any, patients: dict[str, Any], knowledge: list[ox.Triple]) -> None:
    rows = kb.store.query(_ATOMS.read_text(encoding="utf-8"), use_default_graph_as_union=True)
    nodes = {row["atom"].value: row["expression"] for row in rows}
    assert len(nodes) > 80
    triples = {name: to_triples(generate.completed(kb, p)) for name, p in patients.items()}
    expected = atoms(knowledge, triples, nodes)
    compare(kb, patients, dict(expected), {iri: iri for iri in nodes})
