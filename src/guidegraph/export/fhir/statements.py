"""Statements as FHIR: recommendations as PlanDefinition, with activity and in R5 assessment, evidence as Evidence (R5).

Source: PlanDefinition of type eca-rule as in RecommendationPlan of Evidence Based Medicine on FHIR; the extensions for
strength, quality and direction of CPGComputablePlanDefinition (Clinical Practice Guidelines 2.0.0). R4's Evidence is
another thing (it requires variables as resources of their own), so evidence is written for R5 alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.cql import LIBRARY, define_name
from guidegraph.export.fhir.parts import R4, R5, Json
from guidegraph.export.fhir.source import Source, artifacts, figures, header
from guidegraph.forms import Recommendation
from guidegraph.knowledge import describe
from guidegraph.knowledge.records import NOT_STATED, Records, gg

_CORE = "http://hl7.org/fhir/StructureDefinition/"
_STRENGTH, _QUALITY = _CORE + "cqf-strengthOfRecommendation", _CORE + "cqf-qualityOfEvidence"
_DIRECTION = "http://hl7.org/fhir/uv/cpg/StructureDefinition/cpg-directionOfRecommendation"
#: ValueSet recommendation-justification-classifier of Evidence Based Medicine on FHIR.
_JUSTIFICATION = "https://fevir.net/resources/CodeSystem/27834"
_FOR, _AGAINST = gg("For"), gg("Against")


def plan(source: Source, statement: str) -> list[Json]:
    """A recommendation as FHIR resources.

    A stance for or against brings an ActivityDefinition (``doNotPerform`` where it is against); a source that could
    not tell or declined brings none, and its stance stands in the modifier extension not-for.
    """
    records = source.records
    stance = records.one(statement, "stance")
    resources = [{**header(source, "PlanDefinition", statement), **_plan(source, statement)}]
    if stance in (_FOR, _AGAINST):
        resources.append({**header(source, "ActivityDefinition", statement), **_activity(source, statement)})
    if source.version == R5:
        resources += _assessment(source, statement)
    return resources


def _plan(source: Source, statement: str) -> Json:
    records = source.records
    outcomes = records.all(statement, "outcome")
    return {
        "type": {"coding": [fhir.coding(fhir.PLAN_TYPE, "eca-rule", "ECA Rule")]},
        "library": [LIBRARY],
        "goal": [
            {"id": f"goal-{number}", "description": fhir.term(outcome, records.label(outcome))}
            for number, outcome in enumerate(outcomes, 1)
        ],
        "action": [_action(source, statement, len(outcomes))],
    }


def _action(source: Source, statement: str, goals: int) -> Json:
    records = source.records
    told = describe.recommendation(records, statement, "")
    intervention, stance = records.one(statement, "intervention"), records.one(statement, "stance")
    code = fhir.term(intervention, records.label(intervention))
    activity = f"{fhir.FHIR}ActivityDefinition/{fhir.identity(statement)}" if stance in (_FOR, _AGAINST) else None
    turned = [fhir.extension("not-for", "valueCodeableConcept", _stance(records, stance))] if stance != _FOR else []
    return {
        "extension": [*_ratings(records, statement, told), *_own(records, statement, told)],
        "modifierExtension": [*turned, *_attached(told), *_added(records, statement)],
        "title": fhir.text(records.label(statement)),
        "description": fhir.stated(told["population_wording"]),
        "code": [code] if source.version == R4 else code,
        "reason": [fhir.term(c, records.label(c)) for c in records.all(statement, "indication")],
        "documentation": artifacts(source, statement)[:1],
        "goalId": [f"goal-{number}" for number in range(1, goals + 1)],
        "condition": _applies(source, records.population(statement)),
        "definitionCanonical": activity,
    }


def _attached(told: Recommendation) -> list[Json | None]:
    """What the recommendation holds only with, or only without: it changes the meaning, so it must not be ignored."""
    return [fhir.extension("attached-condition", "valueString", fhir.text(row)) for row in told["attached"]]


def _added(records: Records, statement: str) -> list[Json | None]:
    """What the intervention is added to, where it is recommended only so."""
    others = records.all(statement, "combinedWith")
    return [fhir.extension("added-to", "valueCodeableConcept", fhir.term(c, records.label(c))) for c in others]


def _stance(records: Records, stance: str) -> Json:
    return fhir.term(stance, records.label(stance))


def _ratings(records: Records, statement: str, told: Recommendation) -> list[Json]:
    """Strength, certainty and direction: coded where HL7 has a code, with the source's own words."""
    rated = _concepts(records, statement, told)
    rows = [{"url": url, "valueCodeableConcept": concept} for url, concept in rated if concept]
    if way := fhir.listed("gg:Stance", told["stance"], fhir.DIRECTION):
        rows.append({"url": _DIRECTION, "valueCodeableConcept": {"coding": [way]}})
    return rows


def _concepts(records: Records, statement: str, told: Recommendation) -> list[tuple[str, Json]]:
    strong, sure = fhir.strength(told["strength"]), fhir.certainty(told["certainty"])
    reading = told["strength"] if strong is None else None
    words = fhir.stated(told["strength_wording"]) or (fhir.stated(reading) if reading else None)
    certain = fhir.stated(records.one(statement, "certaintyWording", "not stated"))
    return [
        (_STRENGTH, fhir.bare({"coding": [strong] if strong else [], "text": words})),
        (_QUALITY, fhir.bare({"coding": [sure] if sure else [], "text": certain})),
    ]


def _own(records: Records, statement: str, told: Recommendation) -> list[Json | None]:
    """What FHIR has no place for."""
    window = told["section"]["window"] if told["section"] else None
    rows = [(key.replace("_", "-"), "valueString", fhir.stated(value)) for key, value in told["how"].items()]
    return [
        fhir.extension("stance", "valueCodeableConcept", _stance(records, records.one(statement, "stance"))),
        fhir.extension("strength-reading", "valueString", fhir.stated(told["strength"])),
        fhir.extension("implied", "valueBoolean", True if told["implied"] else None),
        fhir.extension("line", "valuePositiveInt", told["line"]),
        fhir.extension("window", "valueString", fhir.text(window) if window else None),
        *(fhir.extension("horizon", "valueString", fhir.text(h)) for h in told["horizon"]),
        fhir.parts("how", rows) if any(value for _, _, value in rows) else None,
        fhir.extension("secondary-only", "valueBoolean", True if told["secondary_only"] else None),
    ]


def _applies(source: Source, population: str) -> list[Json]:
    """The population as the condition of an action: the define of the CQL library that has its name."""
    if not population:
        return []
    quoted = define_name(population).replace("\\", "\\\\").replace('"', '\\"')
    expression = {
        "description": fhir.text(source.records.label(population)),
        "language": "text/cql",
        "expression": f'"{quoted}"',
        "reference": LIBRARY,
    }
    return [{"kind": "applicability", "expression": expression}]


def _activity(source: Source, statement: str) -> Json:
    records = source.records
    told = describe.recommendation(records, statement, "")
    intervention = records.one(statement, "intervention")
    concept = fhir.term(intervention, records.label(intervention))
    drug = records.classes.get(intervention, ("", ""))[1] == "drug"
    how = [
        f"{key}: {told['how'][key]}"
        for key in ("dose", "route", "duration", "urgency")
        if fhir.stated(told["how"][key])
    ]
    return {
        "modifierExtension": _attached(told),
        "kind": "MedicationRequest" if drug else "ServiceRequest",
        "code": concept,
        "intent": "proposal",
        "doNotPerform": True if records.one(statement, "stance") == _AGAINST else None,
        "productCodeableConcept": concept if drug else None,
        "dosage": [{"text": fhir.text("; ".join(how))}] if drug and how else [],
    }


def _assessment(source: Source, statement: str) -> list[Json]:
    """Strength and certainty as an ArtifactAssessment (as RecommendationJustification); none if none is stated."""
    records = source.records
    told = describe.recommendation(records, statement, "")
    (_, strength), _ = _concepts(records, statement, told)
    sure = fhir.certainty(told["certainty"], fhir.CERTAINTY_RATING)
    rows: list[Json] = []
    if sure:
        kind: Json = {"coding": [fhir.coding(_JUSTIFICATION, "RJCS-1001", "Certainty of Evidence")]}
        rows.append({"informationType": "rating", "type": kind, "classifier": [{"coding": [sure]}]})
    if strength:
        kind = {"text": "Strength of recommendation"}
        rows.append({"informationType": "rating", "type": kind, "classifier": [strength]})
    if not rows:
        return []
    name = fhir.identity(statement)
    cite = artifacts(source, statement)[0]
    return [
        {
            "resourceType": "ArtifactAssessment",
            "id": name,
            "identifier": [{"system": "urn:ietf:rfc:3986", "value": statement}],
            "title": fhir.text(records.label(statement)),
            "citeAsMarkdown": cite["citation"],
            "artifactCanonical": f"{fhir.FHIR}PlanDefinition/{name}",
            "content": rows,
        }
    ]


#: Evidence has no place for these parts of a header.
_ELSEWHERE = ("jurisdiction", "effectivePeriod", "description")


def evidence(source: Source, statement: str) -> Json:
    """An evidence item as an Evidence resource of R5."""
    records = source.records
    head = {key: value for key, value in header(source, "Evidence", statement).items() if key not in _ELSEWHERE}
    side = fhir.stated(records.code(records.one(statement, "benefitOrHarm")))
    notes = [*records.all(statement, "note"), *([f"speaks of: {side}"] if side else [])]
    notes += [f"horizon: {records.label(h)}" for h in records.all(statement, "horizon")]
    sure = fhir.certainty(records.code(records.one(statement, "certainty")), fhir.CERTAINTY_RATING)
    words = fhir.stated(records.one(statement, "certaintyWording", NOT_STATED))
    rating = fhir.bare({"coding": [sure] if sure else [], "text": words})
    overall = {"coding": [fhir.coding(fhir.CERTAINTY_TYPE, "Overall", "Overall certainty")]}
    return {
        **head,
        "citeAsMarkdown": head["relatedArtifact"][0]["citation"],
        "assertion": fhir.stated(records.one(statement, "effect", NOT_STATED)),
        "note": [{"text": fhir.text(note)} for note in notes],
        "variableDefinition": _variables(source, statement),
        "statistic": [_statistic(records, row) for row in _figures(source, statement)],
        "certainty": [{"type": overall, "rating": rating}] if rating else [],
    }


def _variables(source: Source, statement: str) -> list[Json]:
    """What was done and what was measured. A comparator is in words only in the graph, and so not written."""
    records = source.records
    rows = [(c, "exposure", "exposure") for c in records.all(statement, "intervention")]
    measured = [*records.all(statement, "outcome"), *records.all(statement, "target")]
    rows += [(c, "measuredVariable", "measured variable") for c in measured]
    found = []
    for iri, role, display in rows:
        system, code = fhir.split(iri)
        label = fhir.text(records.label(iri))
        found.append(
            {
                "description": label,
                "variableRole": {"coding": [fhir.coding(fhir.VARIABLE_ROLE, role, display)]},
                "observed": {"identifier": {"system": system, "value": code}, "display": label},
            }
        )
    return found


def _figures(source: Source, statement: str) -> list[dict[str, Any]]:
    rows = figures(source, statement)
    if rows:
        return rows
    records = source.records
    plain = (("sensitivity", gg("TestSensitivity")), ("specificity", gg("TestSpecificity")))
    return [{"measure": measure, "estimate": v} for name, measure in plain for v in records.all(statement, name)]


def _statistic(records: Records, row: dict[str, Any]) -> Json:
    """One figure: the point estimate, and the interval that the source states as an estimate of its attributes."""
    measure, unit = records.code(row["measure"], ""), records.code(row.get("unit", ""), "")
    words = row.get("measureWording", measure)
    side = records.code(row.get("favours", ""), "")
    ucum = records.one(row.get("unit", ""), "ucumUnit")
    low, high = (_quantity(row.get(name), unit, ucum) for name in ("lowerBound", "upperBound"))
    interval = {"type": {"text": "interval that the source states"}, "range": {"low": low, "high": high}}
    known = fhir.listed("gg:Measure", measure, fhir.STATISTIC_TYPE)
    return {
        "description": fhir.text(f"{words}, favours {side}" if side else words),
        "statisticType": {"coding": [known] if known else [], "text": fhir.text(words)},
        "quantity": _quantity(row["estimate"], unit, ucum),
        "attributeEstimate": [interval] if low or high else [],
    }


def _quantity(value: str | None, unit: str, ucum: str) -> Json | None:
    if value is None:
        return None
    return {
        "value": fhir.number(Decimal(value)),
        "unit": fhir.text(unit),
        "system": fhir.UCUM if ucum else None,
        "code": ucum,
    }
