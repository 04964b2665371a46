"""Numbers worked out from lists: a total daily dose and the days supplied in a window, against plain sums."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import guidegraph as gg
from guidegraph import namespaces as ns
from guidegraph.errors import KnowledgeError, ProfileError, UsageError
from guidegraph.intake.form import to_yaml
from guidegraph.profile import parse_profile_text, to_triples
from guidegraph.profile.rdf_reading import from_triples
from tests.conftest import AS_OF
from tests.support import carefacts
from tests.support.carefacts import some
from tests.support.fhirhelp import PATIENT, SUBJECT, concept
from tests.support.oracle import truth_table

#: Made-up factors, of nobody's guideline: the engine is tested, no dose.
TEXT = """
gg:toyDose a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:label "toy dose"@en ; gg:shortName "toy dose" ;
    rdfs:domain gg:Patient ; rdfs:range xsd:decimal ; gg:profileKey "toy_dose" ; gg:ucumUnit "mg/d" ;
    gg:minimumPlausible 0.0 ; gg:maximumPlausible 100000.0 ; skos:definition "An example."@en .
gg:toySupply a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:label "toy days supplied"@en ;
    gg:shortName "toy days supplied" ; rdfs:domain gg:Patient ; rdfs:range xsd:decimal ; gg:profileKey "toy_supply" ;
    gg:ucumUnit "d" ; gg:minimumPlausible 0.0 ; gg:maximumPlausible 100000.0 ; skos:definition "An example."@en .
ggr:toy-dose a gg:Derivation ; gg:derives gg:toyDose ; gg:sumOver gg:takesMedication ; gg:doseUnit "mg" ;
    gg:addend [ gg:ofClass ggt:Opioid ] , [ gg:ofClass ggt:Tramadol ; gg:factor 0.2 ] ;
    gg:sourceName "Toy 2020" ; gg:place "table 1" .
ggr:toy-supply a gg:Derivation ; gg:derives gg:toySupply ; gg:sumOver gg:wasSupplied ; gg:withinDays 90.0 ;
    gg:addend [ gg:ofClass ggt:NSAID ] ; gg:sourceName "Toy 2020" ; gg:place "table 2" .
"""
PREFIX = "@prefix ggr: <https://w3id.org/guidegraph/reading/> .\n"


def at_least(number: str, bound: str) -> str:
    return some(
        number,
        f"[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:minInclusive {bound} ] ) ]",
    )


def population(name: str, whole: str) -> str:
    return f'ggp:{name} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {whole} .\n'


POPULATIONS = population("Dosed", at_least("toyDose", "50.0")) + population("Stocked", at_least("toySupply", "30.0"))


@pytest.fixture(scope="module")
def toy(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return carefacts.opened(repo_root, tmp_path_factory.mktemp("toy"), PREFIX + TEXT + POPULATIONS)


def truths(kb: Any, profile: Any) -> tuple[str, str]:
    found = kb.assess(kb.profile(profile), AS_OF)
    return found.truth(ns.GGP + "Dosed"), found.truth(ns.GGP + "Stocked")


def taken(*drugs: Any, complete: bool = False) -> dict[str, Any]:
    return {"medications": {"present": list(drugs), "complete": complete}}


def dose(of: str, amount: str, times: str = "1") -> dict[str, Any]:
    return {"of": of, "dose": Decimal(amount), "unit": "mg", "per_day": Decimal(times)}


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        (taken(dose("morphine", "25", "2")), "true"),  # at least 50, whatever else is taken
        (taken(dose("morphine", "49")), "unknown"),
        (taken(dose("morphine", "49"), complete=True), "false"),
        (taken(dose("tramadol", "100", "2"), complete=True), "false"),  # 200 mg x 0.2: the nearest class counts
        (taken(dose("tramadol", "125", "2"), complete=True), "true"),
        (taken(dose("morphine", "30"), dose("morphine", "20"), complete=True), "true"),  # two doses of one drug
        (taken(dose("morphine", "49"), "tramadol", complete=True), "unknown"),  # a dose that is not known
        (taken(dose("morphine", "49"), "ibuprofen", complete=True), "false"),
        (taken(dose("morphine", "49"), "tramadol with paracetamol", complete=True), "unknown"),  # it contains one
        (taken(complete=True), "false"),
        ({}, "unknown"),
        ({"toy_dose": 60}, "true"),
        ({"toy_dose": 60} | taken("opioid", complete=True), "true"),
    ],
)
def test_a_total_dose(toy: Any, profile: dict[str, Any], expected: str) -> None:
    assert truths(toy, profile)[0] == expected


@pytest.mark.parametrize(
    ("supplies", "complete", "expected"),
    [
        ([(10, 30)], False, "true"),
        ([(10, 15), (80, 15)], False, "true"),
        ([(10, 15), (91, 15)], True, "false"),
        ([(10, 15), (91, 15)], False, "unknown"),
        ([(10, 15), ((80, 100), 15)], True, "unknown"),  # a day known in part, over the edge of the window
        ([(10, None)], True, "unknown"),
        ([], True, "false"),
    ],
)
def test_days_supplied_in_a_window(toy: Any, supplies: list[Any], complete: bool, expected: str) -> None:
    entries = []
    for day, lasts in supplies:
        span = {"days_from": day[0], "days_to": day[1]} if isinstance(day, tuple) else {"days": day}
        entries.append({"of": "ibuprofen", **span} | ({"supplied": lasts} if lasts else {}))
    assert truths(toy, {"supplies": {"present": entries, "complete": complete}})[1] == expected


@pytest.mark.slow
def test_drawn_doses_come_to_the_plain_sum(toy: Any) -> None:
    """A second sum, by hand: over what is an opioid, a fifth for what is tramadol."""
    above, counts = toy.records.ancestors, {"true": 0, "false": 0, "unknown": 0}
    drugs = ["Opioid", "Morphine", "Tramadol", "Ibuprofen", "Amitriptyline"]
    for seed in range(120):
        pick = random.Random(seed)
        listed = pick.sample(drugs, pick.randint(0, 3))
        doses = {
            drug: (Decimal(pick.choice((5, 20, 50))), Decimal(pick.randint(1, 3)))
            for drug in listed
            if pick.random() < 0.8
        }
        complete = pick.random() < 0.6
        entries = [dose(f"ggt:{d}", *map(str, doses[d])) if d in doses else f"ggt:{d}" for d in listed]
        total, sure = Decimal(0), complete
        for drug in listed:
            up = above[ns.GGT + drug]
            if ns.GGT + "Opioid" not in up:
                continue
            # Of an opioid that is not named nobody knows whether it is the one with a factor of its own.
            if drug in doses and drug != "Opioid":
                amount, times = doses[drug]
                total += amount * times * (Decimal("0.2") if ns.GGT + "Tramadol" in up else 1)
            else:
                sure = False
        expected = "true" if total >= 50 else "false" if sure else "unknown"
        told = truths(toy, taken(*entries, complete=complete))[0]
        counts[told] += 1
        assert told == expected, (seed, entries, complete)
    assert min(counts.values()) > 10, counts


def test_every_form_says_the_same(toy: Any) -> None:
    stated = toy.profile(
        taken(dose("tramadol", "50", "3"), dose("morphine", "5"), dose("morphine", "7.5", "2"), "ibuprofen")
    )
    assert len(stated.doses) == 3
    assert from_triples(to_triples(stated), toy.vocabulary).doses == stated.doses
    again = parse_profile_text(to_yaml(stated, toy.vocabulary), "", toy.vocabulary, where="line")
    assert (again.doses, again.present) == (stated.doses, stated.present)


def test_how_it_came_is_told(toy: Any) -> None:
    profile = toy.profile(taken(dose("tramadol", "150", "3"), complete=True))
    settled = toy.knowledge.settle(profile)
    assert settled.profile.values[ns.GG + "toyDose"] == 90
    assert settled.derived[ns.GG + "toyDose"] == "tramadol 150 mg x 3 a day x 0.2; Toy 2020, table 1"
    answer = toy.therapies(toy.profile(taken(dose("morphine", "60"))), as_of=AS_OF).to_dict()
    told = [row["text"] for row in answer["by_reading"] if row["label"] == "toy dose"]
    assert told == ["toy dose at least 60: morphine 60 mg x 1 a day; Toy 2020, table 1"]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ({"toy_dose": 60} | taken(dose("morphine", "70")), "come to at least 70"),
        ({"toy_dose": 80} | taken(dose("morphine", "70"), complete=True), "come to 70"),
        (taken({**dose("morphine", "70"), "unit": "g"}), "summed in mg"),
        (taken({"of": "morphine", "dose": 5}), "a unit and how often a day"),
        (taken(dose("morphine", "5"), dose("morphine", "5")), "stands twice"),
    ],
)
def test_faults_of_a_profile(toy: Any, profile: dict[str, Any], told: str) -> None:
    with pytest.raises(ProfileError, match=told):
        toy.profile(profile)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('gg:ucumUnit "mg/d"', 'gg:ucumUnit "g/d"', "the sum is in mg/d, and its number in g/d"),
        ("gg:factor 0.2", "gg:factor -0.2", "no factor"),
        ("gg:sumOver gg:takesMedication", "gg:sumOver gg:hasCondition", "lacks its number, list"),
        (' ;\n    gg:sourceName "Toy 2020" ; gg:place "table 1"', "", "source"),
        ("gg:derives gg:toySupply", "gg:derives gg:toyDose", "the sum is in d|two derivations"),
    ],
)
def test_faults_of_a_derivation(repo_root: Path, tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TEXT
    kb = carefacts.opened(repo_root, tmp_path, PREFIX + TEXT.replace(old, new, 1) + POPULATIONS)
    with pytest.raises(KnowledgeError, match=told):
        kb.profile({})


def test_what_an_executor_cannot_do_is_refused(toy: Any) -> None:
    with pytest.raises(UsageError, match="toy dose: worked out"):
        toy.cql([ns.GGP + "Dosed"])
    assert gg.open().vocabulary.derivations == ()


def order(name: str, drug: str, value: float, unit: str = "mg", **more: Any) -> dict[str, Any]:
    repeat = {"frequency": 2, "period": 1, "periodUnit": "d"} | more.pop("repeat", {})
    quantity = {"value": value, "system": "http://unitsofmeasure.org", "code": unit}
    dosage = {"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]} | more
    return {
        "resourceType": "MedicationStatement",
        "id": name,
        "status": "active",
        "subject": SUBJECT,
        "medicationCodeableConcept": concept(drug),
        "dosage": [dosage],
    }


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([order("a", "Morphine", 30)], "true"),
        ([order("a", "Morphine", 0.03, "g")], "true"),
        ([order("a", "Morphine", 20)], "false"),
        ([order("a", "Morphine", 20, repeat={"period": 12, "periodUnit": "h", "frequency": 1})], "false"),
        ([order("a", "Morphine", 20, repeat={"period": 8, "periodUnit": "h", "frequency": 1})], "true"),
        ([order("a", "Morphine", 30, asNeededBoolean=True)], "unknown"),
        ([order("a", "Morphine", 30, "{tbl}")], "unknown"),
        ([order("a", "Morphine", 30, repeat={"frequencyMax": 3})], "unknown"),
        # Two entries on one drug may be one prescription.
        ([order("a", "Morphine", 30), order("b", "Morphine", 30)], "unknown"),
        ([order("a", "Morphine", 30), order("b", "Oxycodone", 30, asNeededBoolean=True)], "true"),
    ],
)
def test_doses_of_a_record(toy: Any, orders: list[Any], expected: str) -> None:
    reading = toy.profile_from_fhir([PATIENT, *orders], as_of=AS_OF, complete=("medications",))
    assert truths(toy, reading.profile)[0] == expected


def test_an_exported_dose_comes_back(toy: Any) -> None:
    stated = toy.profile(taken(dose("morphine", "12.5", "1.5"), dose("tramadol", "50", "3")))
    bundle = toy.patient_bundle(stated, as_of=AS_OF)
    assert toy.profile_from_fhir(bundle, as_of=AS_OF).profile.doses == stated.doses


def test_shipped_knowledge_reads_no_doses(kb: Any) -> None:
    assert kb.profile_from_fhir([PATIENT, order("a", "Morphine", 30)], as_of=AS_OF).profile.doses == frozenset()


@pytest.mark.slow
def test_the_reasoner_is_given_the_sum(toy: Any) -> None:
    """It does no arithmetic: the sum stands in what is assessed."""
    hidden = ox.NamedNode(ns.INDEX_GRAPH)
    triples = [ox.Triple(q.subject, q.predicate, q.object) for q in toy.store if q.graph_name != hidden]
    exact = {
        str(amount): toy.knowledge.settle(toy.profile(taken(dose("morphine", str(amount)), complete=True))).profile
        for amount in (49, 50)
    }
    # What a complete list denies is of no account here.
    given = {name: to_triples(replace(one, complete=frozenset())) for name, one in exact.items()}
    told = truth_table(triples, given, [ns.GGP + "Dosed"])
    assert [told[name, ns.GGP + "Dosed"] for name in ("49", "50")] == ["false", "true"]
