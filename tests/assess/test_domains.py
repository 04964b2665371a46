"""The shipped domains beyond the first: their golden answers, what their sheets hold, and HermiT's word on them."""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from guidegraph import namespaces as ns
from guidegraph.authoring.importing import import_sheet
from guidegraph.disagree.engine import selected
from guidegraph.profile import to_triples
from guidegraph.profile.problems import titled
from tests.assess.test_oracle import compare
from tests.conftest import AS_OF
from tests.disagree.test_overlap import differences, triples
from tests.support import generate
from tests.support.domaingolden import CASES, FILE, statuses, title
from tests.support.oracle import truth_table
from tests.support.paths import ROOT

FOLDER = ROOT / "graph/domains/osteoarthritis"
Opened = Callable[..., Any]


@pytest.mark.parametrize(("loaded", "name", "problem"), CASES, ids=[title(name, problem) for _, name, problem in CASES])
def test_golden_answers(opened: Opened, loaded: tuple[str, ...], name: str, problem: str | None) -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))
    assert statuses(opened(*loaded), name, problem) == kept[title(name, problem)]
    assert len(kept) == len(CASES)


def rows(section: str) -> list[dict[str, str]]:
    """The rows of a section of the sheets."""
    with (FOLDER / f"sheets/{section}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_sheets_is_a_statement(opened: Opened) -> None:
    store = opened("osteoarthritis").store
    for section, least in (("recommendations", 310), ("contraindications", 32), ("evidence", 17), ("comparisons", 1)):
        held = rows(section)
        assert len(held) >= least
        for row in held:
            statement = ox.NamedNode(f"{ns.BASE}statement/{row['document']}/{row['id']}")
            assert any(store.quads_for_pattern(statement, ox.NamedNode(ns.GG + "statedIn"), None)), row["id"]


def test_a_statement_is_found_by_its_printed_number(opened: Opened) -> None:
    # A number with two points is no dose of a drug.
    told = opened("osteoarthritis").trace("NG226-1.3.8")
    assert "1.3.8" in json.dumps(dict(told.data))


@pytest.mark.slow
def test_the_files_are_what_the_sheets_come_to(opened: Opened) -> None:
    made = import_sheet(FOLDER / "sheets", opened("osteoarthritis").knowledge, folder=FOLDER).files
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name
    assert {path.name for path in (FOLDER / "documents").iterdir()} == {Path(n).name for n in made if "documents/" in n}


def test_a_patient_with_both_problems_gets_one_answer(opened: Opened) -> None:
    both, alone = opened("sciatica", "osteoarthritis"), opened("osteoarthritis")
    asked = "osteoarthritis of the knee"
    profile = str(FOLDER / "profiles/sciatica-and-knee-osteoarthritis.yaml")
    answer = {t["label"]: t for t in both.therapies(profile, as_of=AS_OF, problem=asked).to_dict()["therapies"]}
    # What the first domain's labels warn of counts for the drugs of the second, loaded alone or with it.
    single = {t["label"]: t for t in alone.therapies(profile, as_of=AS_OF, problem=asked).to_dict()["therapies"]}
    assert single["duloxetine"]["status"] == answer["duloxetine"]["status"] == "provisional"
    assert "epidural steroid injection" not in single or single["epidural steroid injection"]["status"] != "eligible"
    # Exercise failed for the knee, and that says nothing of the leg pain.
    assert answer["exercise therapy"]["tried"]
    leg = {t["label"]: t for t in both.therapies(profile, as_of=AS_OF, problem="sciatica").to_dict()["therapies"]}
    assert not leg["exercise therapy"]["tried"]
    assert leg["intra-articular hyaluronan injection"]["status"] == "not-indicated"


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("hip-osteoarthritis-arthroplasty", "hip or knee arthroplasty"),
        ("knee-osteoarthritis-stomach", "gastroprotective drug"),
    ],
)
def test_what_is_for_something_of_the_patient_s_own_stands_first(opened: Opened, name: str, own: str) -> None:
    """What is recommended for everybody with the problem is known to who reads; an agreed operation is why they ask."""
    glance = opened("osteoarthritis").therapies(f"example:{name}", as_of=AS_OF).glance()
    band = next(band for band in glance["bands"] if band["band"] == "recommended")
    assert band["families"][0]["label"] == own


def test_documents_of_two_domains_disagree_only_where_indications_meet(opened: Opened) -> None:
    both = opened("sciatica", "osteoarthritis")
    second = {f"{ns.BASE}document/{row['id']}" for row in rows("document")}
    records = both.records
    across = [
        finding
        for finding in both.disagree.findings(AS_OF)
        if (records.one(finding.a, "statedIn") in second) is not (records.one(finding.b, "statedIn") in second)
    ]
    assert not selected(across, ["real", "horizon", "condition", "stance", "grading-only"], True)
    assert {finding.verdict for finding in across} <= {"not-excluded", "apparent", "superseded", "silence"}


@pytest.mark.slow
def test_populations_are_as_hermit_says(opened: Opened) -> None:
    kb = opened("osteoarthritis")
    distinct = {branches: iri for iri, branches in sorted(kb.records.branches.items(), reverse=True)}
    chosen = sorted(distinct.values())
    everybody = {f"drawn-{seed}": generate.profile(kb, seed) for seed in range(4)}

    def drug(iri: str) -> bool:
        return ns.GG + "Drug" in kb.vocabulary.ancestors(iri)

    # Nobody stops what is no drug: such a stop contradicts the ontology.
    drawn = {name: one for name, one in everybody.items() if all(drug(s.of) for s in one.stops_present)}
    shipped = (titled(kb.profile(path), kb.vocabulary, path.stem) for path in kb.knowledge.examples.values())
    patients = {name: one for each in (*shipped, drawn) for name, one in each.items()}
    stated = {name: to_triples(generate.completed(kb, one)) for name, one in patients.items()}
    expected = truth_table(triples(kb), stated, chosen)
    compare(kb, patients, dict(expected), {iri: iri for iri in chosen})


@pytest.mark.slow
def test_how_populations_overlap_is_as_hermit_says(opened: Opened) -> None:
    kb = opened("osteoarthritis")
    distinct = {branches: iri for iri, branches in sorted(kb.records.branches.items(), reverse=True)}
    # Their unions make each pair take longer than those of the first domain: every twentieth is asked.
    pairs = list(itertools.combinations(sorted(distinct.values()), 2))[::20]
    assert len(pairs) > 250
    assert not differences(kb, kb.disagreement.grader, pairs)


def test_a_number_of_a_domain_is_read_by_its_code(opened: Any) -> None:
    """The body mass index of a record, by the LOINC code that FHIR's own profile of it fixes."""
    observed = {
        "resourceType": "Observation",
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "http://loinc.org", "code": "39156-5"}]},
        "effectiveDateTime": "2026-05-01",
        "valueQuantity": {"value": 34.2, "system": "http://unitsofmeasure.org", "code": "kg/m2"},
    }
    base = opened("osteoarthritis")
    record = [{"resourceType": "Patient", "id": "p"}, observed]
    profile = base.profile_from_fhir(record, as_of=AS_OF).profile
    assert {iri.rpartition("/")[2]: str(value) for iri, value in profile.values.items()} == {"bodyMassIndex": "34.2"}
    assert "overweight or obesity" in str(base.therapies(profile, as_of=AS_OF).to_dict()["by_reading"])
