"""What an answer does with tests, procedures and supplies: questions, the smallest change, the timeline, the page."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from guidegraph import namespaces as ns
from guidegraph.assess.timeline import shifted, thresholds
from guidegraph.model import CareFact
from guidegraph.termreadings import UNDERWENT
from guidegraph.web.questions import questions
from guidegraph.web.record import changed
from tests.conftest import AS_OF
from tests.support import carefacts
from tests.support.carefacts import some

SCAN = "One scan within 90 days, or any supply for 28 days or more"


def within(number: str, facet: str) -> str:
    return some(number, f"[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:{facet} ] ) ]")


def event(prop: str, *parts: str) -> str:
    return some(prop, f"[ a owl:Class ; owl:intersectionOf ( {' '.join(parts)} ) ]")


SCANNED = event("underwent", some("ofIntervention", "ggt:MRI"), within("daysSince", "maxInclusive 90.0"))
SHOWED = event(
    "underwent",
    some("ofIntervention", "ggt:MRI"),
    some("showed", "ggt:MotorDeficit"),
    within("daysSince", "maxInclusive 365.0"),
)
SUPPLIED = event("wasSupplied", some("ofIntervention", "ggt:NSAID"), within("daysOfSupply", "minInclusive 28.0"))
POPULATIONS = {
    "Scanned": f"[ a owl:Class ; owl:intersectionOf ( gg:Patient {SCANNED} ) ]",
    "Showed": f"[ a owl:Class ; owl:intersectionOf ( gg:Patient {SHOWED} ) ]",
    "Supplied": f"[ a owl:Class ; owl:intersectionOf ( gg:Patient {SUPPLIED} ) ]",
}
#: A guideline on a therapy that nothing else speaks of: recommended after a scan, not with a supply, warned of by a finding.
TRIG = """
ggt:Humming a owl:Class ; rdfs:subClassOf gg:SelfCare ; rdfs:label "humming"@en ; skos:definition "An example."@en .
%s
ggg:humming { ggd:humming a gg:Document ; rdfs:label "Humming"@en ; dcterms:title "Humming" ; gg:documentKind gg:Guideline ;
    dcterms:issued "2020"^^xsd:gYear ; gg:verification gg:Verified .
ex:for a gg:Recommendation ; rdfs:label "Humming after a scan"@en ; gg:statedIn ggd:humming ; gg:intervention ggt:Humming ;
    gg:stance gg:For ; gg:population ggp:Scanned ; gg:indication ggt:Sciatica ; gg:strengthWording "strong" ;
    gg:certainty gg:CertaintyNotStated .
ex:not a gg:Contraindication ; rdfs:label "Humming with a supply"@en ; gg:statedIn ggd:humming ; gg:intervention ggt:Humming ;
    gg:kind gg:Absolute ; gg:kindWording "contraindicated" ; gg:degreeStated true ; gg:population ggp:Supplied .
ex:warned a gg:Contraindication ; rdfs:label "Humming with a deficit"@en ; gg:statedIn ggd:humming ;
    gg:intervention ggt:Humming ; gg:kind gg:Warning ; gg:kindWording "warning" ; gg:degreeStated true ;
    gg:population ggp:Showed . }
"""


@pytest.fixture(scope="module")
def humming(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    import guidegraph as gg

    path = tmp_path_factory.mktemp("humming") / "humming.trig"
    defined = "\n".join(
        f'ggp:{name} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {whole} .'
        for name, whole in POPULATIONS.items()
    )
    path.write_text(f"@prefix ex: <https://example.org/> .\n{carefacts.PREFIXES}{TRIG % defined}", encoding="utf-8")
    return gg.api.open_knowledge(repo_root, extra=[path])


def status(kb: Any, **profile: Any) -> str:
    found = kb.assess(kb.profile({"conditions": {"present": ["sciatica"], "complete": True}, **profile}), AS_OF)
    return str(found.statuses[ns.GGT + "Humming"])


def test_statuses_follow(humming: Any) -> None:
    scan, supply = {"of": "MRI", "days": 20}, {"of": "ibuprofen", "days": 400, "supplied": 30}
    assert status(humming) == "undetermined"
    assert status(humming, done=[scan]) == "provisional"
    assert status(humming, done=[scan], supplies=[supply]) == "contraindicated"
    none = {"present": [], "complete": True}
    assert status(humming, done={"present": [scan], "complete": True}, supplies=none) == "provisional"
    clear = {"present": [{**scan, "lacks": ["motor deficit"]}], "complete": True}
    alerts = {"findings": {"present": [], "complete": True}}
    assert status(humming, done=clear, supplies=none, **alerts) in ("provisional", "eligible")
    assert status(humming, done={"present": [{**scan, "days": 200}], "complete": True}) == "not-indicated"


def test_what_is_not_known_is_asked_and_a_change_is_told(humming: Any) -> None:
    profile = humming.profile({"conditions": ["sciatica"]})
    answer = humming.therapies(profile, as_of=AS_OF).to_dict()
    asked = {row["fact"]: row["label"] for row in answer["questions"] if row["key"] in ("done", "supplies")}
    assert asked["done:ggt:MRI:at most 90"] == "magnetic resonance imaging done (at most 90 days ago)"
    assert asked["supplies:ggt:NSAID:value at least 28"].startswith("was supplied with nonsteroidal anti-inflammatory")
    explained = humming.explain(profile, "humming", as_of=AS_OF)
    facts = {row["fact"]: row["value"] for row in explained["change"]["facts"]}
    assert facts["done:ggt:MRI:at most 90"] == "yes" and facts["supplies:ggt:NSAID:value at least 28"] == "no"


def test_days_pass(humming: Any) -> None:
    day = (Decimal(20), Decimal(27))
    profile = humming.profile({"done": [{"of": "MRI", "days_from": 20, "days_to": 27}]})
    later = shifted(profile, Decimal(2), humming.records.rates)
    assert later.care_present == {CareFact(UNDERWENT, ns.GGT + "MRI", tuple(n + 14 for n in day))}
    weeks = thresholds(profile, humming.records, humming.records.rates)
    assert {Decimal(70) / 7, Decimal(63) / 7} <= set(weeks)


def test_the_page_asks_and_takes_the_answer(humming: Any) -> None:
    profile = humming.profile({"conditions": ["sciatica"]})
    rows = [
        row
        for row in humming.therapies(profile, as_of=AS_OF).to_dict()["questions"]
        if row["key"] in ("done", "supplies")
    ]
    shown = {one.label: one for one in questions({"questions": rows})}  # type: ignore[typeddict-item]
    scan = shown["magnetic resonance imaging done (at most 90 days ago)"]
    assert (scan.number, scan.unit) == ("many:done:ggt:MRI:at most 90", "days ago")
    told = changed(humming, profile, {"answer": [scan.yes], scan.number: ["12"]}, 0)
    assert told.faults == {} and [one.days for one in told.profile.care_present] == [(Decimal(12), Decimal(12))]
    told = changed(humming, profile, {"answer": [scan.no]}, 0)
    assert told.profile.care_absent == {CareFact(UNDERWENT, ns.GGT + "MRI", (Decimal(0), Decimal(90)))}
    supply = next(one for label, one in shown.items() if "supplied" in label)
    assert not supply.yes and supply.no
