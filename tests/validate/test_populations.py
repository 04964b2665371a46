"""Tests of the genus of populations, and of populations that are defined alike."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import assets
from guidegraph.domains import first
from guidegraph.namespaces import GG, GGP
from guidegraph.reading import read_quads
from guidegraph.store import domain_files
from guidegraph.validate.populations import unlinked

PREFIXES = (
    "@prefix : <urn:p:> . @prefix gg: <https://w3id.org/guidegraph/vocab/> . @prefix ggt: <https://w3id.org/guidegraph/term/> . "
    "@prefix owl: <http://www.w3.org/2002/07/owl#> . "
)
PAIN = "[ owl:onProperty gg:hasFinding ; owl:someValuesFrom ggt:Pain ]"
PILL = "[ owl:onProperty gg:takesMedication ; owl:someValuesFrom ggt:Pill ]"


def alike(*definitions: str, more: str = "") -> list[str]:
    """Which of the populations A, B ... are told to be defined as an earlier one is."""
    named = (f":{chr(65 + n)} a gg:Population ; owl:equivalentClass {d} ." for n, d in enumerate(definitions))
    store = ox.Store()
    store.load((PREFIXES + " ".join(named) + more).encode(), format=ox.RdfFormat.TURTLE)
    return [defect.node.removeprefix("urn:p:") for defect in unlinked(store)]


def every(*parts: str) -> str:
    return f"[ owl:intersectionOf ( {' '.join(parts)} ) ]"


def some(*parts: str) -> str:
    return f"[ owl:unionOf ( {' '.join(parts)} ) ]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (every("gg:Patient", PAIN), PAIN),  # the genus is no literal
        (every("gg:Patient", PAIN, PILL), every(PILL, PAIN)),  # nor does the order matter
        (every("gg:Patient", some(PAIN, PILL)), some(PILL, every("gg:Patient", PAIN))),
    ],
)
def test_populations_that_are_defined_alike_are_told(one: str, other: str) -> None:
    """However they are written, unless a chain of links says so already."""
    assert alike(one, other) == ["B"]
    assert alike(one, other, more=":A gg:samePatientsAs :B .") == []
    assert alike(one, other, PILL, more=":A gg:samePatientsAs :C . :C gg:samePatientsAs :B .") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (every("gg:Patient", PAIN), f"[ owl:complementOf {PAIN} ]"),
        (every("gg:Patient", PAIN, PILL), every("gg:Patient", some(PAIN, PILL))),
        # A literal outside the fragment beside a union is not dropped: what cannot be read is not alike.
        (every("gg:Patient", some(PAIN, PILL), PAIN), some(PAIN, PILL)),
    ],
)
def test_populations_that_differ_are_not_told(one: str, other: str) -> None:
    """A negation, a union and what cannot be read are something else."""
    assert alike(one, other) == []


def test_every_shipped_population_is_of_patients() -> None:
    """The genus stands in the definition, so that what is not of a population is still a patient."""
    store = ox.Store()
    for path in (*domain_files(first().folder)[1], *assets.files("ontology", "*.ttl")):
        store.extend(read_quads(path))
    owl = "PREFIX owl: <http://www.w3.org/2002/07/owl#> PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> "
    without = (
        f"{owl} SELECT ?p WHERE {{ ?p a <{GG}Population> FILTER NOT EXISTS {{"
        f" ?p owl:equivalentClass/owl:intersectionOf/rdf:first <{GG}Patient> }} }}"
    )
    assert list(store.query(without, use_default_graph_as_union=True)) == []
    assert [defect.node for defect in unlinked(store)] == []


@pytest.mark.slow
def test_what_readings_make_alike_is_linked_too_and_nothing_else(kb: Any) -> None:
    """Each link is between populations that lie inside each other, and each two that do are linked."""
    forms = kb.disagreement.grader.forms
    records = kb.records
    group: dict[str, str] = {}
    for population in sorted(records.branches):
        first = records.one(population, "samePatientsAs")
        if first:
            assert forms.inside(forms.population(population), forms.population(first)), population
            assert forms.inside(forms.population(first), forms.population(population)), population
        group[population] = first or population
    firsts = sorted(set(group.values()))
    assert all(name.startswith(GGP) for name in firsts)
    for one, other in combinations(firsts, 2):
        a, b = forms.population(one), forms.population(other)
        assert not (forms.inside(a, b) and forms.inside(b, a)), (one, other)
