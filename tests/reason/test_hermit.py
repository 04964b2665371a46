"""The reasoner as an oracle: truth values, satisfiability, windows, and what happens when it cannot run."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pyoxigraph as ox
import pytest

from guidegraph.errors import KnowledgeError
from guidegraph.reason import classify, hermit, satisfiable, unsatisfiable_populations
from tests.support.oracle import atoms, entails, truth_table
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

PREFIXES = """
@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix : <urn:x:> .
"""
ONTOLOGY = """
gg:Patient a owl:Class . gg:Condition a owl:Class . gg:Finding a owl:Class . gg:Intervention a owl:Class .
gg:Trial a owl:Class . gg:DrugStop a owl:Class . gg:TrialOutcome a owl:Class .
[] a owl:AllDisjointClasses ;
    owl:members ( gg:Patient gg:Condition gg:Finding gg:Intervention gg:Trial gg:DrugStop gg:TrialOutcome ) .
gg:hasCondition a owl:ObjectProperty ; rdfs:domain gg:Patient ; rdfs:range gg:Condition .
gg:hasFinding a owl:ObjectProperty ; rdfs:range gg:Finding .
gg:takesMedication a owl:ObjectProperty ; rdfs:range gg:Intervention .
gg:hasTrial a owl:ObjectProperty ; rdfs:range gg:Trial .
gg:stoppedMedication a owl:ObjectProperty ; rdfs:range gg:DrugStop .
gg:ofIntervention a owl:ObjectProperty , owl:FunctionalProperty ; rdfs:range gg:Intervention .
gg:hasOutcome a owl:ObjectProperty , owl:FunctionalProperty ; rdfs:range gg:TrialOutcome .
gg:trialWeeks a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:range xsd:decimal .
gg:daysSinceStop a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:range xsd:decimal .
gg:symptomWeeks a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:range xsd:decimal .
gg:pregnancyWeeks a owl:DatatypeProperty , owl:FunctionalProperty ; rdfs:range xsd:decimal .
gg:Failed a gg:TrialOutcome , owl:NamedIndividual . gg:Succeeded a gg:TrialOutcome , owl:NamedIndividual .
[] a owl:AllDifferent ; owl:distinctMembers ( gg:Failed gg:Succeeded ) .
gg:Patient rdfs:subClassOf [ a owl:Restriction ; owl:onProperty gg:symptomWeeks ; owl:someValuesFrom xsd:decimal ] .
:Ill a owl:Class ; rdfs:subClassOf gg:Condition . :VeryIll a owl:Class ; rdfs:subClassOf :Ill .
:Pregnant a owl:Class ; rdfs:subClassOf gg:Condition . :Male a owl:Class ; rdfs:subClassOf gg:Finding .
:Pain a owl:Class ; rdfs:subClassOf gg:Finding .
:Drug a owl:Class ; rdfs:subClassOf gg:Intervention . :Pill a owl:Class ; rdfs:subClassOf :Drug .
"""


def some(on: str, filler: str) -> str:
    """A restriction in Turtle."""
    return f"[ a owl:Restriction ; owl:onProperty gg:{on} ; owl:someValuesFrom {filler} ]"


def number(on: str, *bounds: str) -> str:
    """A number atom in Turtle, its bounds as ``minInclusive 6.0``."""
    facets = " ".join(f"[ xsd:{bound} ]" for bound in bounds)
    return some(on, f"[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( {facets} ) ]")


def no(expression: str) -> str:
    """The complement of an expression in Turtle."""
    return f"[ a owl:Class ; owl:complementOf {expression} ]"


def every(*expressions: str) -> str:
    """The intersection of expressions in Turtle."""
    return f"[ a owl:Class ; owl:intersectionOf ( {' '.join(expressions)} ) ]"


def either(*expressions: str) -> str:
    """The union of expressions in Turtle."""
    return f"[ a owl:Class ; owl:unionOf ( {' '.join(expressions)} ) ]"


def event(on: str, drug: str, *parts: str) -> str:
    """A trial or stop atom in Turtle."""
    of = some("ofIntervention", drug)
    return some(on, every(of, *parts) if parts else of)


FAILED = "[ a owl:Restriction ; owl:onProperty gg:hasOutcome ; owl:hasValue gg:Failed ]"
IMPLICATIONS = (
    f"{some('hasFinding', ':Male')} rdfs:subClassOf {no(some('hasCondition', ':Pregnant'))} ."
    f"{some('pregnancyWeeks', 'xsd:decimal')} rdfs:subClassOf {some('hasCondition', ':Pregnant')} ."
)
POPULATIONS = {
    "IsIll": some("hasCondition", ":Ill"),
    "NotIll": no(some("hasCondition", ":Ill")),
    "Long": number("symptomWeeks", "minInclusive 12.0"),
    "Middle": number("symptomWeeks", "minExclusive 6.0", "maxExclusive 12.0"),
    "FailedDrug": event("hasTrial", ":Drug", FAILED, number("trialWeeks", "minInclusive 6.0")),
    "AnyTrial": event("hasTrial", ":Drug"),
    "JustStopped": event("stoppedMedication", ":Drug", number("daysSinceStop", "maxExclusive 14.0")),
    "Both": every(some("hasCondition", ":Ill"), no(some("takesMedication", ":Drug")), ":Long"),
    "Either": either(every(some("hasCondition", ":VeryIll"), ":NotIll"), some("takesMedication", ":Pill"), ":Middle"),
    "Early": number("pregnancyWeeks", "maxExclusive 12.0"),
    "NotTaking": no(":Taking"),
    "Taking": some("takesMedication", ":Drug"),
}


def triples(text: str) -> list[ox.Triple]:
    """The triples of some Turtle."""
    quads = ox.parse((PREFIXES + text).encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)
    return [ox.Triple(q.subject, q.predicate, q.object) for q in quads]


def n_triples(rows: Sequence[ox.Triple]) -> bytes:
    """Triples as N-Triples."""
    return "".join(f"{row} .\n" for row in rows).encode()


def knowledge(populations: dict[str, str] = POPULATIONS, extra: str = "") -> bytes:
    """The ontology of these tests with populations, as N-Triples."""
    defined = (f":{n} a owl:Class , gg:Population ; owl:equivalentClass {e} ." for n, e in populations.items())
    return n_triples(triples(ONTOLOGY + IMPLICATIONS + "\n".join(defined) + extra))


def truths(profile: str, *names: str) -> dict[str, str]:
    """The truth values of populations for one patient, whose facts are given in Turtle."""
    table = truth_table(knowledge(), {"p": triples(f":p a gg:Patient {profile} .")}, [f"urn:x:{n}" for n in names])
    return {name: table["p", f"urn:x:{name}"] for name in names}


def test_facts_above_below_and_absent() -> None:
    assert truths("; gg:hasCondition [ a :VeryIll ]", "IsIll", "NotIll") == {"IsIll": "true", "NotIll": "false"}
    assert truths(f", {no(some('hasCondition', 'gg:Condition'))}", "IsIll", "NotIll") == {
        "IsIll": "false",
        "NotIll": "true",
    }
    assert truths(f", {no(some('hasCondition', ':VeryIll'))}", "IsIll", "NotIll") == {
        "IsIll": "unknown",
        "NotIll": "unknown",
    }


def test_numbers_at_their_bounds() -> None:
    assert truths("; gg:symptomWeeks 12.0", "Long", "Middle") == {"Long": "true", "Middle": "false"}
    assert truths("; gg:symptomWeeks 6.0", "Long", "Middle") == {"Long": "false", "Middle": "false"}
    assert truths("; gg:symptomWeeks 11.99", "Long", "Middle") == {"Long": "false", "Middle": "true"}
    assert truths("", "Long", "Middle") == {"Long": "unknown", "Middle": "unknown"}


@pytest.mark.parametrize(
    ("trial", "value"),
    [
        ("gg:hasOutcome gg:Failed ; gg:trialWeeks 6.0", "true"),
        ("gg:hasOutcome gg:Failed ; gg:trialWeeks 5.5", "unknown"),
        ("gg:hasOutcome gg:Succeeded ; gg:trialWeeks 8.0", "unknown"),
        ("gg:hasOutcome gg:Failed", "unknown"),
    ],
)
def test_trials(trial: str, value: str) -> None:
    told = truths(f"; gg:hasTrial [ a gg:Trial ; gg:ofIntervention [ a :Pill ] ; {trial} ]", "FailedDrug", "AnyTrial")
    assert told == {"FailedDrug": value, "AnyTrial": "true"}


def test_absent_trials_and_stops() -> None:
    denied = no(event("hasTrial", ":Drug", FAILED))
    assert truths(f", {denied}", "FailedDrug", "AnyTrial") == {"FailedDrug": "false", "AnyTrial": "unknown"}
    stop = "; gg:stoppedMedication [ a gg:DrugStop ; gg:ofIntervention [ a :Pill ] ; gg:daysSinceStop {} ]"
    assert truths(stop.format("13.0"), "JustStopped") == {"JustStopped": "true"}
    assert truths(stop.format("14.0"), "JustStopped") == {"JustStopped": "unknown"}
    within = no(event("stoppedMedication", ":Drug", number("daysSinceStop", "maxInclusive 30.0")))
    assert truths(f", {within}", "JustStopped") == {"JustStopped": "false"}


def test_conjunctions_unions_and_named_populations() -> None:
    facts = f", {no(some('takesMedication', ':Drug'))} ; gg:hasCondition [ a :Ill ] ; gg:symptomWeeks 20.0"
    told = truths(facts, "Both", "Either", "NotTaking", "Taking")
    assert told == {"Both": "true", "Either": "false", "NotTaking": "true", "Taking": "false"}
    assert truths("; gg:takesMedication [ a :Pill ]", "Both", "Either") == {"Both": "false", "Either": "true"}


def test_implications_between_facts() -> None:
    assert truths("; gg:hasFinding [ a :Male ]", "Early") == {"Early": "false"}
    assert truths("; gg:pregnancyWeeks 8.0", "Early") == {"Early": "true"}


FACTS = (":Ill", ":VeryIll", ":Pregnant")


def generated(seed: int) -> tuple[str, dict[str, str]]:
    """A profile in Turtle with the truth values of some populations, worked out by hand-made Kleene rules."""
    pick = random.Random(seed)
    has, lacks = pick.choice((None, *FACTS)), pick.choice((None, *FACTS))
    takes, free = pick.choice((None, ":Pill", ":Drug")), pick.random() < 0.4
    weeks = pick.choice((None, 0, 6, 7, 12, 30))
    if has is not None and lacks is not None and lacks in {has, *((":Ill",) if has == ":VeryIll" else ())}:
        lacks = None
    free = free and takes is None
    facts = [no(some("hasCondition", lacks))] * (lacks is not None) + [no(some("takesMedication", ":Drug"))] * free
    said = [f"a {', '.join(('gg:Patient', *facts))}"]
    said += [f"gg:hasCondition [ a {has} ]"] * (has is not None)
    said += [f"gg:takesMedication [ a {takes} ]"] * (takes is not None)
    said += [f"gg:symptomWeeks {weeks}.0"] * (weeks is not None)

    def kleene(true: bool, false: bool) -> float:
        return 1.0 if true else 0.0 if false else 0.5

    ill = kleene(has in (":Ill", ":VeryIll"), lacks == ":Ill")
    very = kleene(has == ":VeryIll", lacks in (":Ill", ":VeryIll"))
    taking = kleene(takes is not None, free)
    pill = kleene(takes == ":Pill", free)
    long = kleene(weeks is not None and weeks >= 12, weeks is not None and weeks < 12)
    middle = kleene(weeks is not None and 6 < weeks < 12, weeks is not None and not 6 < weeks < 12)
    values = {
        "IsIll": ill,
        "NotIll": 1 - ill,
        "Long": long,
        "Middle": middle,
        "Both": min(ill, 1 - taking, long),
        "NotTaking": 1 - taking,
        # the first branch contradicts itself: the reasoner sees it, Kleene's tables say unknown
        "Either": max(0.0, pill, middle),
    }
    assert 0 <= very <= 1
    return f":p {' ; '.join(said)} .", {k: {1.0: "true", 0.0: "false", 0.5: "unknown"}[v] for k, v in values.items()}


def test_generated_patients_agree_with_kleene_tables() -> None:
    cases = {f"p{seed}": generated(seed) for seed in range(60)}
    names = sorted(cases["p0"][1])
    table = truth_table(
        knowledge(), {key: triples(text) for key, (text, _) in cases.items()}, [f"urn:x:{n}" for n in names]
    )
    wrong = {
        (key, name): (table[key, f"urn:x:{name}"], expected[name])
        for key, (_, expected) in cases.items()
        for name in names
        if table[key, f"urn:x:{name}"] != expected[name]
    }
    assert wrong == {}
    assert len(set(table.values())) == 3


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    patients = {f"p{seed}": triples(generated(seed)[0]) for seed in range(6)}
    populations = ["urn:x:IsIll", "urn:x:Both", "urn:x:Either"]
    whole = truth_table(knowledge(), patients, populations)
    monkeypatch.setattr(hermit, "CLASSES_A_RUN", 5)
    monkeypatch.setattr("tests.support.oracle.CLASSES_A_RUN", 5)
    assert truth_table(knowledge(), patients, populations) == whole


def test_atoms_by_their_nodes() -> None:
    rows = triples(
        ONTOLOGY + f":holder :has {some('hasCondition', ':Ill')} , {number('symptomWeeks', 'maxExclusive 4.0')} ."
    )
    nodes = {f"atom{n}": row.object for n, row in enumerate(r for r in rows if r.predicate.value == "urn:x:has")}
    profile = triples(":p a gg:Patient ; gg:hasCondition [ a :VeryIll ] ; gg:symptomWeeks 4.0 .")
    table = atoms(n_triples(rows), {"p": profile}, nodes)  # type: ignore[arg-type]
    assert sorted(table.values()) == ["false", "true"]


def test_profile_that_contradicts_the_ontology_is_named() -> None:
    both = triples(f":p a gg:Patient , {no(some('hasCondition', ':Ill'))} ; gg:hasCondition [ a :VeryIll ] .")
    with pytest.raises(KnowledgeError, match="contradicts the ontology") as caught:
        truth_table(knowledge(), {"anna": both}, ["urn:x:IsIll"])
    assert caught.value.where == "anna"
    with pytest.raises(KnowledgeError, match="about exactly one"):
        truth_table(knowledge(), {"nobody": triples(":p a :Person .")}, ["urn:x:IsIll"])


def test_classification_finds_what_nothing_can_be() -> None:
    state = classify(knowledge())
    assert state.consistent and state.unsatisfiable == () and state.tested > 10
    wrong = ":Never a owl:Class ; rdfs:subClassOf gg:Condition , gg:Finding ."
    nobody = {**POPULATIONS, "Nobody": every(some("hasCondition", ":Ill"), ":NotIll")}
    state = classify(knowledge(nobody, wrong))
    assert state.consistent and state.unsatisfiable == ("urn:x:Never", "urn:x:Nobody")
    assert unsatisfiable_populations(knowledge(nobody)) == ["urn:x:Nobody"]


def test_inconsistent_ontology() -> None:
    state = classify(knowledge(extra="gg:Failed a gg:Condition , gg:Finding ."))
    assert not state.consistent
    assert classify(knowledge(extra="gg:Failed owl:sameAs gg:Succeeded .")).consistent is False


def test_satisfiable_and_entailed() -> None:
    source = knowledge()
    node = {name: ox.NamedNode(f"urn:x:{name}") for name in POPULATIONS}
    found = satisfiable(
        source,
        {
            "overlap": [(True, node["IsIll"]), (True, node["Long"])],
            "apart": [(True, node["Long"]), (True, node["Middle"])],
            "without": [(True, node["Both"]), (False, node["IsIll"])],
        },
    )
    assert found == {"overlap": True, "apart": False, "without": False}
    assert entails(source, {"a": (node["Both"], node["Long"]), "b": (node["Long"], node["Both"])}) == {
        "a": True,
        "b": False,
    }
    assert satisfiable(source, {}) == {}


def test_population_defined_by_itself_or_not_at_all() -> None:
    circle = {"A": no(":B"), "B": no(":A")}
    with pytest.raises(KnowledgeError, match="defined by itself"):
        unsatisfiable_populations(knowledge(circle))
    with pytest.raises(KnowledgeError, match="no such population"):
        truth_table(knowledge(), {}, ["urn:x:Nowhere"])
    with pytest.raises(KnowledgeError, match="not N-Triples"):
        classify(b"<urn:a> <urn:b> .")


@pytest.mark.parametrize(
    ("wrong", "axiom"),
    [
        ("takes a condition", f":Wrong owl:equivalentClass {some('takesMedication', ':Ill')} ; a gg:Population ."),
        ("has a drug", f":Wrong owl:equivalentClass {some('hasCondition', ':Pill')} ; a gg:Population ."),
        ("a trial of a finding", f":Wrong owl:equivalentClass {some('hasTrial', some('ofIntervention', ':Pain'))} ; a gg:Population ."),
        ("of two categories", ":Wrong rdfs:subClassOf :Pill , gg:Procedure ."),
        ("condition and finding", ":Wrong rdfs:subClassOf :Ill , :Pain ."),
        ("alert and flag", ":Wrong rdfs:subClassOf gg:Alert , gg:FlagToWeigh ."),
        ("document and statement", ":Wrong rdfs:subClassOf gg:Document , gg:Recommendation ."),
    ],
)  # fmt: skip
def test_a_class_in_the_wrong_place_is_unsatisfiable_by_the_shipped_model(wrong: str, axiom: str) -> None:
    """Domains, ranges and disjoint classes of ontology/core.ttl: each by itself makes the wrong use impossible."""
    core = [q for name in ("borrowed", "core") for q in ox.parse(path=str(ROOT / f"ontology/{name}.ttl"))]
    terms = ":Ill rdfs:subClassOf gg:Condition . :Pain rdfs:subClassOf gg:Finding . :Pill rdfs:subClassOf gg:Drug ."
    declared = "".join(f"{name} a owl:Class . " for name in (":Ill", ":Pain", ":Pill", ":Wrong"))
    added = list(ox.parse(PREFIXES + declared + terms + axiom, format=ox.RdfFormat.TURTLE))
    state = classify([*core, *added])
    assert state.consistent and state.unsatisfiable == ("urn:x:Wrong",), wrong
