"""Real FHIR examples, fetched from the npm registry: all are read, and every entry is told."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.errors import GuideGraphError
from tests.support.fhirreal import (
    DAY,
    PACKAGES,
    TYPES,
    Everything,
    Numbers,
    examples,
    files,
    justified,
    kinds,
    load,
    understand,
)
from tests.support.npm import package


@pytest.mark.parametrize(
    ("name", "read", "several"), [("IPS", 25, 0), ("mCODE", 140, 0), ("R4", 200, 6), ("R5", 210, 7)]
)
def test_all_examples_are_read(kb: Any, name: str, read: int, several: int) -> None:
    done, refused, total = 0, [], Counter[str]()
    for path in files(name):
        try:
            found = kb.profile_from_fhir(path, as_of=DAY, version="R5" if name == "R5" else "R4", where=path.name)
        except GuideGraphError as error:
            refused.append((path.name, error))
            continue
        done += 1
        report = found.report
        total.update(report.to_dict()["counts"])
        assert all(entry.why for entry in report.entries if entry.state != "used")
        # Real examples hold only elements of their version: the table knows them all.
        assert not [e for e in report.entries if "is no element" in e.why], path.name
        kb.profile(found.profile)
    nobody = [error for _, error in refused if error.what == "there is no patient here"]
    assert done + len(nobody) >= read and total["used"] and total["not_understood"]
    # Only records of several patients are refused, each of whom can be named, and records without any.
    of_several = [error for _, error in refused if "patients" in error.what and "--patient" in error.mend]

    assert len(of_several) == several and len(of_several) + len(nobody) == len(refused), refused


@pytest.mark.parametrize("name", ["IPS", "mCODE"])
def test_whole_patients_have_an_age_a_sex_and_every_entry_told(kb: Any, name: str) -> None:
    bundles = [path for path in files(name) if path.name.startswith("Bundle")]
    assert len(bundles) >= 2
    whole = 0
    for path in bundles:
        data = load(path)
        resources = [entry["resource"] for entry in data["entry"]]
        if not any(r["resourceType"] == "Patient" for r in resources):
            continue
        found = kb.profile_from_fhir(data, as_of=DAY)
        told = {entry.source.partition(".")[0] for entry in found.report.entries}
        for res in resources:
            if res["resourceType"] in TYPES:
                assert any(source.endswith(f"{res['resourceType']}/{res['id']}") for source in told), (
                    path.name,
                    res["id"],
                )
        whole += ns.GG + "ageYears" in found.profile.values and bool(found.profile.present)
    assert whole >= 2


def test_each_patient_of_a_bundle_can_be_named(kb: Any) -> None:
    path = package(*PACKAGES["R4"]) / "Bundle-bundle-transaction.json"
    patients = [e["resource"] for e in load(path)["entry"] if e.get("resource", {}).get("resourceType") == "Patient"]
    named = [p["id"] for p in patients if "id" in p]
    assert named
    for one in named:
        assert kb.profile_from_fhir(path, as_of=DAY, patient=one).profile.id == one


@pytest.mark.slow
def test_the_second_reading_agrees_on_sound_examples(kb: Any) -> None:
    seen: Counter[str] = Counter()
    for value in examples():
        for codes in (Everything(), Numbers()):
            found = kinds(understand(kb, value, codes))
            assert found <= justified(value), value.get("id")
            seen.update(found)
    assert min(seen[kind] for kind in ("present", "takes", "value", "trial", "stopped")) >= 5, seen
