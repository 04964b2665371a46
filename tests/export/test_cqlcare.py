"""Tests and procedures done, and supplies: an independent CQL engine finds the same truth values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.export.fhir.parts import bare
from guidegraph.export.fhir.patient import patient_bundle
from tests.conftest import AS_OF
from tests.support import carefacts
from tests.support.fhircheck import validate

VALUES = {"true": True, "false": False, "unknown": None}


@pytest.fixture(scope="module")
def care(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return carefacts.opened(repo_root, tmp_path_factory.mktemp("care"), carefacts.many())


@pytest.mark.slow
def test_an_independent_engine_finds_the_same_truth_values(
    care: Any, run_cql: Callable[[str, dict[str, Any]], dict[str, Any]]
) -> None:
    patients = carefacts.patients(care, 200, 240)
    populations = [iri for iri in care.records.branches if "/population/One" in iri or "/population/Several" in iri]
    bundles = {name: bare(patient_bundle(profile, care.vocabulary)) for name, profile in patients.items()}
    told = run_cql(care.cql(populations), bundles)
    seen: Counter[str] = Counter()
    for name, profile in patients.items():
        found = care.assess(profile, AS_OF)
        for iri in populations:
            seen[found.truth(iri)] += 1
            assert told[name][ns.shorten(iri)] is VALUES[found.truth(iri)], (name, iri, profile)
    assert min(seen[value] for value in VALUES) > 100, seen


def test_the_bundle_is_valid_fhir(care: Any) -> None:
    for profile in carefacts.patients(care, 300, 320).values():
        validate(bare(patient_bundle(profile, care.vocabulary, AS_OF)), "R4")
