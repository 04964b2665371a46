"""Evidence items as R5 Evidence: what was found, with a statistic for each figure of the graph.

R4's Evidence is another thing (it requires variables as resources of their own), so nothing is written for R4.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from guidegraph.export.fhir import parts as fhir
from guidegraph.export.fhir.parts import Json
from guidegraph.export.fhir.source import Source, figures, header
from guidegraph.knowledge.records import NOT_STATED

#: The measures that hl7.terminology.r4, CodeSystem statistic-type has a code for; every other stays in words.
_MEASURES = {
    "mean difference": ("0000457", "Mean Difference"),
    "standardised mean difference": ("0000100", "Standardized Mean Difference"),
    "risk ratio": ("C93152", "Relative Risk"),
    "odds ratio": ("C16932", "Odds Ratio"),
    "hazard ratio": ("C93150", "Hazard Ratio"),
}
#: Evidence has no place for these parts of a header.
_ELSEWHERE = ("jurisdiction", "effectivePeriod", "description")


def evidence(source: Source, statement: str) -> Json:
    """An evidence item as an Evidence resource of R5."""
    records = source.records
    head = {key: value for key, value in header(source, "Evidence", statement).items() if key not in _ELSEWHERE}
    side = fhir.stated(records.one(statement, "benefitOrHarm", NOT_STATED))
    notes = [*records.all(statement, "note"), *([f"speaks of: {side}"] if side else [])]
    notes += [f"horizon: {records.label(h)}" for h in records.all(statement, "horizon")]
    sure = fhir.certainty(records.code(records.one(statement, "certainty")), fhir.CERTAINTY_RATING)
    overall = {"coding": [fhir.coding(fhir.CERTAINTY_TYPE, "Overall", "Overall certainty")]}
    return {
        **head,
        "citeAsMarkdown": head["relatedArtifact"][0]["citation"],
        "assertion": fhir.stated(records.one(statement, "effect", NOT_STATED)),
        "note": [{"text": fhir.text(note)} for note in notes],
        "variableDefinition": _variables(source, statement),
        "statistic": [_statistic(row) for row in _figures(source, statement)],
        "certainty": [{"type": overall, "rating": {"coding": [sure]}}] if sure else [],
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
    plain = ("sensitivity", "specificity")
    return [{"measure": name, "estimate": value} for name in plain for value in records.all(statement, name)]


def _statistic(row: dict[str, Any]) -> Json:
    """One figure: the point estimate, and the interval that the source states as an estimate of its attributes."""
    measure, unit = str(row["measure"]), fhir.text(row.get("unit", ""))
    known = _MEASURES.get(measure)
    side = row.get("favours")
    low, high = (_quantity(row.get(name), unit) for name in ("lowerBound", "upperBound"))
    interval = {"type": {"text": "interval that the source states"}, "range": {"low": low, "high": high}}
    return {
        "description": fhir.text(f"{measure}, favours {side}" if side else measure),
        "statisticType": {
            "coding": [fhir.coding(fhir.STATISTIC_TYPE, *known)] if known else [],
            "text": fhir.text(measure),
        },
        "quantity": _quantity(row["estimate"], unit),
        "attributeEstimate": [interval] if low or high else [],
    }


def _quantity(value: str | None, unit: str | None) -> Json | None:
    return {"value": fhir.number(Decimal(value)), "unit": unit} if value is not None else None
