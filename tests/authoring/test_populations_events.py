"""Tests, procedures and supplies in words: written and read back the same; what cannot be read says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.authoring.populations import (
    PopulationVocabulary,
    definition_triples,
    expressions,
    read_population,
    write_population,
)
from guidegraph.errors import PopulationError
from guidegraph.knowledge.branch import Event
from guidegraph.termreadings import HIGHEST, LOWEST, SUPPLIED, UNDERWENT
from tests.support import carefacts


@pytest.fixture(scope="module")
def care(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return carefacts.opened(repo_root, tmp_path_factory.mktemp("care"), carefacts.many())


@pytest.mark.slow
def test_every_one_comes_back(care: Any) -> None:
    vocabulary = PopulationVocabulary.of(care.knowledge)
    names = [ox.NamedNode(iri) for iri in care.records.branches if "/One" in iri or "/Several" in iri]
    hidden = ox.NamedNode(ns.INDEX_GRAPH)
    found = expressions([quad for quad in care.store if quad.graph_name != hidden], names)
    events = [what for one in found.values() for what, _ in one.literals() if isinstance(what, Event)]
    assert len(found) == 120 and any(e.showed for e in events) and any(e.valued and e.bounded for e in events)
    for iri, expression in found.items():
        quads = [ox.Quad(*t) for t in definition_triples(expression, ox.NamedNode(iri))]
        assert expressions(quads, [ox.NamedNode(iri)])[iri] == expression
        for gentle in (False, True):
            try:
                read = read_population(write_population(expression, vocabulary, gentle=gentle), vocabulary)
            except PopulationError as error:
                assert "nobody" in str(error), (iri, error)  # drawn at random, some contradict themselves
                continue
            assert read == expression, iri


def test_in_words(care: Any) -> None:
    vocabulary = PopulationVocabulary.of(care.knowledge)

    def one(text: str) -> Any:
        ((literal,),) = read_population(text, vocabulary).branches
        return literal

    mri = ns.GGT + "MRI"
    text = "'has undergone' some ('of intervention' some MRI and 'days since' some [<= 90])"
    assert one(text) == (Event(UNDERWENT, mri, "", True, LOWEST, (90, 1)), True)  # type: ignore[arg-type]
    assert one("not has undergone: MRI") == (Event(UNDERWENT, mri, "", False, LOWEST, HIGHEST), False)
    assert one("has undergone: MRI (within 90 days)")[0] == one(text)[0]
    text = "underwent some (ofIntervention some MRI and showed some 'motor deficit' and resultValue some [>= 5, < 9])"
    what = one(text)[0]
    assert (what.showed, what.least, what.most) == (ns.GGT + "MotorDeficit", (5, 0), (9, 0))
    text = "wasSupplied some (ofIntervention some NSAID and daysOfSupply some [>= 28])"
    assert one(text)[0] == Event(SUPPLIED, ns.GGT + "NSAID", "", False, LOWEST, HIGHEST, "", True, (28, 0), HIGHEST)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wasSupplied some (ofIntervention some NSAID and showed some 'motor deficit')", "'showed' is not said of"),
        ("underwent some (daysSince some [<= 90])", "does not say of what"),
        ("underwent some (ofIntervention some MRI and showed some sciatica)", "sciatica"),
        ("showed some 'motor deficit'", "not of a patient"),
        ("underwent some (ofIntervention some MRI) and not (underwent some (ofIntervention some MRI))", "nobody has"),
    ],
)
def test_what_cannot_be_read_says_why(care: Any, text: str, told: str) -> None:
    with pytest.raises(PopulationError, match=told):
        read_population(text, PopulationVocabulary.of(care.knowledge))
