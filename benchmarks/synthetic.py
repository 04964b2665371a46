"""Synthetic knowledge shaped like the shipped one: hierarchies, ranges, failed trials, contraindications, dates."""

from __future__ import annotations

import random

HEAD = """@prefix gg: <https://w3id.org/guidegraph/vocab/> .
@prefix ggt: <https://w3id.org/guidegraph/term/> .
@prefix ggp: <https://w3id.org/guidegraph/population/> .
@prefix ggd: <https://w3id.org/guidegraph/document/> .
@prefix ggg: <https://w3id.org/guidegraph/graph/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
"""
ROOTS = (("Condition", "C"), ("Finding", "F"), ("Drug", "D"), ("Procedure", "P"))
#: Classes just below a root, and classes below each of these: the trees grow in breadth, as real ones do, not in depth.
FAN = 4


def class_names(kind: str, count: int) -> list[str]:
    """The local names of ``count`` classes of one kind."""
    return [f"S{kind}{i}" for i in range(count)]


def ontology(recommendations: int) -> str:
    """Turtle of four class trees of three levels whose breadth grows with the number of recommendations."""
    lines = [HEAD]
    for root, kind in ROOTS:
        names = class_names(kind, max(8, recommendations // 10))
        for i, name in enumerate(names):
            # Every fifth class stands below the root and holds the four that follow it.
            parent = f"gg:{root}" if i % (FAN + 1) == 0 else f"ggt:{names[i - i % (FAN + 1)]}"
            lines.append(f'ggt:{name} a owl:Class ; rdfs:subClassOf {parent} ; rdfs:label "synthetic {name}"@en .')
    return "\n".join(lines)


def _some(prop: str, filler: str) -> str:
    return f"[ a owl:Restriction ; owl:onProperty gg:{prop} ; owl:someValuesFrom {filler} ]"


def _range(prop: str, facet: str, number: int) -> str:
    datatype = f"[ a rdfs:Datatype ; owl:onDatatype xsd:decimal ; owl:withRestrictions ( [ xsd:{facet} {number}.0 ] ) ]"
    return _some(prop, datatype)


def _trial(drug: str, weeks: int) -> str:
    parts = (
        _some("ofIntervention", f"ggt:{drug}"),
        "[ a owl:Restriction ; owl:onProperty gg:hasOutcome ; owl:hasValue gg:Failed ]",
        _range("trialWeeks", "minInclusive", weeks),
    )
    return _some("hasTrial", f"[ a owl:Class ; owl:intersectionOf ( {' '.join(parts)} ) ]")


def _population(name: str, literals: list[str]) -> str:
    whole = f"[ a owl:Class ; owl:intersectionOf ( {' '.join(literals)} ) ]" if len(literals) > 1 else literals[0]
    return f'ggp:{name} a owl:Class , gg:Population ; rdfs:label "{name}"@en ; owl:equivalentClass {whole} .'


def _recommendation(i: int, pools: dict[str, list[str]], pick: random.Random) -> list[str]:
    therapy = pick.choice(pools["D"] if i % 3 else pools["P"])
    indication = pick.choice(pools["C"])
    literals = [_some("hasCondition", f"ggt:{indication}")]
    if i % 2:
        facet = pick.choice(("minInclusive", "maxExclusive"))
        literals.append(_range("symptomWeeks", facet, pick.choice((4, 6, 8, 12, 13, 26))))
    if i % 5 == 0:
        literals.append(_trial(pick.choice(pools["D"]), pick.choice((4, 6, 8))))
    if i % 4 == 0:
        negated = _some("hasFinding", f"ggt:{pick.choice(pools['F'])}")
        literals.append(f"[ a owl:Class ; owl:complementOf {negated} ]")
    stance = "Against" if i % 6 == 0 else "For"
    return [
        _population(f"SR{i}", literals),
        f'<#r{i}> a gg:Recommendation ; rdfs:label "synthetic {i}"@en ; gg:intervention ggt:{therapy} ; gg:stance gg:{stance} ;'
        f' gg:population ggp:SR{i} ; gg:indication ggt:{indication} ; gg:strengthWording "not stated" ;'
        f" gg:certainty gg:CertaintyNotStated ; gg:line {1 + i % 3} ; gg:encodedBy gg:guideGraphEditors ;",
        f"  gg:statedIn ggd:s{i // 50} .",
        f'<#g{i}> a gg:StrengthReading ; gg:ofStatement <#r{i}> ; gg:strength gg:Conditional ; gg:basis "synthetic" .',
    ]


def _contraindication(i: int, pools: dict[str, list[str]], pick: random.Random) -> list[str]:
    kind = ("Absolute", "Relative", "Warning")[i % 3]
    name = "hasCondition" if i % 2 else "takesMedication"
    filler = pick.choice(pools["C"] if i % 2 else pools["D"])
    return [
        _population(f"SC{i}", [_some(name, f"ggt:{filler}")]),
        f'<#c{i}> a gg:Contraindication ; rdfs:label "synthetic contraindication {i}"@en ; gg:kind gg:{kind} ;'
        f' gg:kindWording "{kind}" ; gg:degreeStated true ; gg:reason "synthetic" ; gg:encodedBy gg:guideGraphEditors ;'
        f" gg:intervention ggt:{pick.choice(pools['D'])} ; gg:population ggp:SC{i} ; gg:statedIn ggd:s{i // 50} .",
    ]


def documents(recommendations: int, seed: int = 1) -> str:
    """TriG with one named graph for every fifty recommendations and half as many contraindications."""
    pick = random.Random(seed)
    pools = {kind: class_names(kind, max(8, recommendations // 10)) for _, kind in ROOTS}
    out = [HEAD.replace("@prefix prov", "@base <https://w3id.org/guidegraph/statement/synthetic> .\n@prefix prov")]
    for start in range(0, recommendations, 50):
        number = start // 50
        out.append(f"ggg:s{number} {{")
        out.append(
            f'ggd:s{number} a gg:Document ; rdfs:label "Synthetic {number}"@en ; gg:documentKind gg:Guideline ;'
            f' dcterms:issued "{2000 + number % 25}"^^xsd:gYear ; gg:verification gg:Verified ; gg:scopeStates gg:AgeScope .'
        )
        for i in range(start, min(start + 50, recommendations)):
            out += _recommendation(i, pools, pick)
            if i % 2 == 0:
                out += _contraindication(i, pools, pick)
        out.append("}")
    return "\n".join(out)
