"""Entries of profiles and records that are known and none of our terms, from a linked hierarchy to the answer."""

from __future__ import annotations

import shutil
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import TermError
from guidegraph.intake.form import to_yaml
from guidegraph.profile import read_profile, yielding
from tests.intake.omop.synthetic import Cdm
from tests.support.coded import MODULE
from tests.support.fhirhelp import PATIENT, concept, condition, statement

DAY = date(2026, 11, 24)
TAKES, CONDITION = ns.GG + "takesMedication", ns.GG + "hasCondition"
COVERING = """EX:
  order: what our classes mean
  lists: [gg:takesMedication, gg:stoppedMedication, gg:hasTrial, gg:hasCondition, gg:hasFinding]
  parts: '\\bwith\\b'
  terms: {ggt:NSAID: {why: all of it is below N}, ggt:Sciatica: {why: all of it is below S}}
"""
MORE = """ex:P a owl:Class ; rdfs:label "penicillin" ; skos:notation "P" ; rdfs:subClassOf ex:R .
ex:Q a owl:Class ; rdfs:label "gout" ; skos:notation "Q" .
ex:S a owl:Class ; rdfs:label "sciatica" ; skos:notation "S" .
ex:SL a owl:Class ; rdfs:label "sciatica, left" ; skos:notation "SL" ; rdfs:subClassOf ex:S .
ex:W a owl:Class ; rdfs:label "gout with fever" ; skos:notation "W" .
}
"""


@pytest.fixture(scope="module")
def known(coded_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> gg.KnowledgeBase:
    """The knowledge with a made-up hierarchy of which is reviewed what our terms cover."""
    root = tmp_path_factory.mktemp("others")
    for name in ("ontology", "graph"):
        shutil.copytree(coded_folder / name, root / name)
    (root / "ontology" / "links" / "covering.yaml").write_text(COVERING)
    (root / "links").mkdir()
    (root / "links" / "ex.trig").write_text(MODULE.rstrip().removesuffix("}") + MORE)
    return gg.open(root)


def truth(kb: Any, profile: Any, name: str, prop: str = TAKES) -> str:
    found = kb.assess(profile, DAY)
    (atom,) = (i for i, a in kb.records.atoms.items() if a.prop == prop and a.cls == ns.GGT + name)
    return str(found.truth(atom))


@pytest.mark.slow
def test_every_form_of_a_profile_reads_such_a_code(known: Any, tmp_path: Path) -> None:
    turtle = """@prefix gg: <https://w3id.org/guidegraph/vocab/> .
    <urn:p> a gg:Patient ; gg:takesMedication [ a <https://example.org/ex/P> ] ; gg:completeFor gg:takesMedication ."""
    (tmp_path / "p.ttl").write_text(turtle)
    listed = {"medications": {"present": ["EX:P"], "complete": True}}
    for source in (listed, tmp_path / "p.ttl"):
        profile = known.profile(source)
        assert [(o.prop, o.name) for o in profile.others] == [
            (TAKES, "penicillin (EX:P)")
        ] and not profile.not_understood
        assert truth(known, profile, "NSAID") == "false" and truth(known, profile, "Opioid") == "unknown"
    # A code above mapped ones may be what is below it.
    above = known.profile({"medications": {"present": ["EX:R"], "complete": True}})
    assert above.others[0].may == (ns.GGT + "Ibuprofen", ns.GGT + "NSAID") and truth(known, above, "NSAID") == "unknown"
    several = known.profile({"conditions": ["EX:W"], "medications": ["EX:NC"]})
    assert not several.others and len(several.not_understood) == 3


@pytest.mark.slow
def test_a_saved_answer_replays_without_the_tables(known: Any, kb: Any, tmp_path: Path) -> None:
    profile = known.profile({"age": 50, "medications": {"present": ["EX:P"], "complete": True}})
    (tmp_path / "a.ttl").write_text(known.therapies(profile, as_of=DAY).saved())
    again = known.replay(tmp_path / "a.ttl")
    assert again["same"], again


def test_such_a_code_is_no_therapy_or_class_of_a_query(known: Any) -> None:
    with pytest.raises(TermError, match="none of our terms"):
        known.therapies({"age": 50}, also=["EX:P"], as_of=DAY)
    with pytest.raises(TermError, match="none of our terms"):
        known.resolve("EX:P")
    told = known.lookup("EX:P")["reading"]
    assert told["another"] and [one["id"] for one in told["is_not"]] == ["ggt:NSAID", "ggt:Sciatica"]


@pytest.mark.parametrize(
    ("resource", "others", "missed"),
    [
        (condition() | {"code": concept("Q", system="urn:ex")}, 2, 0),
        (condition(verified="provisional") | {"code": concept("Q", system="urn:ex")}, 0, 2),
        (condition(clinical=None) | {"code": concept("Q", system="urn:ex")}, 0, 2),
        (condition() | {"code": concept("W", system="urn:ex")}, 0, 2),
        (condition() | {"code": concept("Q", "nowhere", system="urn:ex")}, 0, 2),
        (condition() | {"code": concept("Q", "P", system="urn:ex")}, 4, 0),
        (statement(medicationCodeableConcept=concept("P", system="urn:ex")), 1, 0),
        (statement(medicationCodeableConcept=concept("NC", system="urn:ex")), 0, 1),
    ],
)
def test_an_entry_of_fhir(known: Any, resource: Any, others: int, missed: int) -> None:
    found = known.profile_from_fhir([PATIENT, resource], as_of=DAY, complete=("conditions", "findings", "medications"))
    assert (len(found.profile.others), len(found.profile.not_understood)) == (others, missed)
    (entry,) = (e for e in found.report.entries if e.source.partition("/")[0] == resource["resourceType"])
    assert (entry.state == "used") == bool(others) and (not others or "none of our terms" in entry.effect)
    text = to_yaml(found.profile, known.vocabulary)
    assert read_profile(StringIO(text), known.vocabulary).others == found.profile.others


def test_an_entry_of_omop_goes_by_the_code_of_its_source(known: Any, tmp_path: Path, duck: Any) -> None:
    for number, (source, standard, others) in enumerate([("P", "lost", 1), ("NC", "P", 0), ("P", "N1", 0)]):
        cdm = Cdm()
        cdm.person(1)
        cdm.drug(
            1, cdm.concept("EX", standard), "2026-11-01", "2026-11-30", drug_source_concept_id=cdm.concept("EX", source)
        )
        profile, _ = known.profile_from_omop(cdm.write("duckdb", tmp_path / str(number)), 1, as_of=DAY)
        assert len(profile.others) == others, (source, standard)


def test_another_week_keeps_such_entries(known: Any) -> None:
    profile = known.profile({"age": 50, "symptom_weeks": 5, "medications": {"present": ["EX:P"], "complete": True}})
    moved = yielding(profile, known.implications, known.vocabulary, known.records.rates)
    assert moved.others == profile.others
