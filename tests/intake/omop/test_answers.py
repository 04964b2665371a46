"""The example profiles as persons of an OMOP CDM: the same answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph.model import Profile
from tests.intake.omop.helpers import AGE, CONDITION, DAY, FINDING, NO, term
from tests.intake.omop.synthetic import FEMALE, MALE, NONE, Cdm
from tests.support.optional import needs

pytestmark = pytest.mark.usefixtures("duck")

# the same answers as the example profiles

OURS = {"condition_occurrence": "ggt", "drug_exposure": "ggt", "observation": "ggt", "measurement": "gg", "procedure_occurrence": "ggt"}  # fmt: skip


def person_of(cdm: Cdm, person: int, profile: Profile, kb: gg.KnowledgeBase) -> None:
    """Rows that say what a profile says, in our own terms as source codes."""
    rows = kb.vocabulary.by_iri
    sexes = {term("MaleSex"): MALE, term("FemaleSex"): FEMALE}
    stated = {iri for classes in profile.present.values() for iri in classes}
    age = profile.values.get(AGE)
    sex = next((sexes[iri] for iri in sorted(stated) if iri in sexes), NONE)
    cdm.person(person, f"{DAY.year - int(age)}-01-01" if age is not None else "1", sex)
    local = {iri: iri.rpartition("/")[2] for iri in rows}
    for iri in sorted(stated - set(sexes)):
        if rows[iri].kind == "intervention":
            cdm.drug(person, NONE, "2026-11-01", "2026-12-01", drug_source_value=local[iri])
        else:
            cdm.condition(person, NONE, "2026-11-01", condition_source_value=local[iri])
    for iri in sorted(iri for prop in (CONDITION, FINDING) for iri in profile.absent.get(prop, ())):
        if iri not in sexes:
            cdm.observation(person, NONE, DAY.isoformat(), cdm.concept(*NO), observation_source_value=local[iri])
    for stop in sorted(profile.stops_present):
        assert stop.days is not None
        day = date.fromordinal(DAY.toordinal() - int(stop.days)).isoformat()
        cdm.drug(person, NONE, "2026-01-01", day, drug_source_value=local[stop.of])
    for prop, value in profile.values.items():
        if prop != AGE:
            cdm.measurement(person, NONE, DAY.isoformat(), float(value), measurement_source_value=local[prop], unit_source_value=rows[prop].unit)  # fmt: skip


@pytest.mark.slow
def test_example_profiles_give_the_same_answers(kb: gg.KnowledgeBase, repo_root: Path, tmp_path: Path) -> None:
    """All example profiles but those with what a CDM cannot say: outcome and length of a trial of therapy."""
    names = sorted(path.stem for path in (repo_root / "graph/profiles").glob("*.yaml"))
    cdm, stated = Cdm(), {}
    for number, name in enumerate(names, 1):
        profile = kb.profile(f"example:{name}")
        if not profile.trials_present and not profile.problems:
            stated[number] = (name, profile)
            person_of(cdm, number, profile, kb)
    assert len(stated) == len(names) - 3
    path = cdm.write("parquet", tmp_path / "cdm")
    for number, found, _ in kb.profiles_from_omop(path, as_of=DAY, source_vocabulary=OURS):
        name, wanted = stated[number]
        options: dict[str, Any] = {}
        if wanted.complete:
            keys = [row.key for row in kb.vocabulary.of_kind("category") if row.iri in wanted.complete]
            found, _ = kb.profile_from_omop(path, number, as_of=DAY, source_vocabulary=OURS, complete=keys)
        statuses = kb.therapies(found, as_of=DAY, **options).statuses
        assert statuses == kb.therapies(wanted, as_of=DAY).statuses, name


def implied(kb: gg.KnowledgeBase, profile: Profile) -> dict[str, set[str]]:
    """The classes that somebody has, and all above them."""
    above = kb.vocabulary.ancestors
    return {prop: {c for cls in classes for c in above(cls)} for prop, classes in profile.present.items()}


#: Where a code of a terminology is put, as vocabulary and whether it is the concept of the source.
AS_CONCEPT = {"ICD10CM": "ICD10CM", "SNOMEDCT": "SNOMED", "MESH": "MeSH", "ATC": "ATC", "RXNORM": "RxNorm", "LOINC": "LOINC"}  # fmt: skip


def test_example_profiles_in_codes_give_the_same_answers(kb: gg.KnowledgeBase, tmp_path: Path) -> None:
    """The same with concepts of real codes, wherever our mapping tables have an exact one."""
    codes = kb.links.codes
    exact = {
        row.iri: row_.curie
        for row in kb.vocabulary.rows
        for row_ in reversed(codes.mappings(row.iri))
        if row_.predicate == "exact" and row_.curie.partition(":")[0] in AS_CONCEPT
    }
    needs(exact, "there are no mapping tables")
    names = ("anticoagulated-older", "bleeding-ulcer", "pregnant-28-weeks", "renal-impairment", "stopped-mao-inhibitor")
    cdm, coded = Cdm(), 0
    for number, name in enumerate(names, 1):
        person_of(cdm, number, kb.profile(f"example:{name}"), kb)
    local = {iri.rpartition("/")[2]: curie for iri, curie in exact.items()}
    stems = {"condition_occurrence": "condition", "drug_exposure": "drug", "measurement": "measurement"}
    for table, stem in stems.items():
        for row in cdm.rows[table]:
            curie = local.get(row[f"{stem}_source_value"])
            if curie:
                prefix, _, code = curie.partition(":")
                row |= {
                    f"{stem}_source_concept_id": cdm.concept(AS_CONCEPT[prefix], code),
                    f"{stem}_source_value": code,
                }
                coded += 1
    assert coded >= 5
    path = cdm.write("csv", tmp_path / "cdm")
    ours = {table: prefix for table, prefix in OURS.items() if table != "procedure_occurrence"}
    for number, found, report in kb.profiles_from_omop(path, as_of=DAY, source_vocabulary=ours):
        wanted = kb.profile(f"example:{names[number - 1]}")
        # A code may be exact for a class and for one above it: what is above is implied anyway.
        assert implied(kb, kb.profile(found)) == implied(kb, wanted), (names[number - 1], report.of("not understood"))
        assert kb.profile(found).absent == wanted.absent
        if not wanted.trials_present:
            assert kb.therapies(found, as_of=DAY).statuses == kb.therapies(wanted, as_of=DAY).statuses
