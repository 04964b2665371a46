"""How much of a drug an entry says is taken each time, and how often a day, where a derived number asks for it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from guidegraph.errors import UnitError
from guidegraph.intake.fhir.resource import NotUnderstoodError, Resource
from guidegraph.intake.units import decimal_of, units

_AS_NEEDED = ("asNeededBoolean", "asNeededCodeableConcept", "asNeeded", "asNeededFor")
_BOUNDS = {"boundsPeriod", "boundsDuration", "boundsRange"}
_OFTEN = {"frequency", "period", "periodUnit"}
#: Hours of a unit of time in which a dose is repeated (FHIR, UnitsOfTime).
_HOURS = {"h": 1, "d": 24, "wk": 168}


def doses(res: Resource, unit: str) -> list[tuple[Decimal, Decimal]]:
    """The amounts of an entry, each time in a unit (UCUM), with how often a day that is taken.

    Raises:
        NotUnderstoodError: one of its dosages does not say just that: it is a text, a range, as needed, or in tablets.
    """
    stated = res.data.get("dosageInstruction") or res.data.get("dosage")
    if not isinstance(stated, list) or not stated:
        raise NotUnderstoodError("it states no dosage")
    alone = len(stated) == 1
    found = []
    for dosage in stated:
        res.check_elements(dosage, "Dosage")
        if any(dosage.get(key) not in (None, False) for key in _AS_NEEDED):
            raise NotUnderstoodError("it is taken as needed")
        if not alone and dosage.get("sequence") is not None:
            raise NotUnderstoodError("its dosages follow each other")
        found.append((_amount(res, dosage, unit), _times(res, dosage, alone)))
    return found


def _amount(res: Resource, dosage: dict[str, Any], unit: str) -> Decimal:
    rates = dosage.get("doseAndRate")
    if not isinstance(rates, list) or len(rates) != 1 or not isinstance(rates[0], dict):
        raise NotUnderstoodError("it does not state one dose")
    if rates[0].get("doseQuantity") is None:
        raise NotUnderstoodError("its dose is no single quantity")
    number, stated, coded = res.quantity(rates[0]["doseQuantity"])
    try:
        return units().convert(number, stated, unit, coded=coded).value
    except UnitError as error:
        raise NotUnderstoodError(error.what, error.mend) from None


def _times(res: Resource, dosage: dict[str, Any], alone: bool) -> Decimal:
    timing = dosage.get("timing")
    repeat = timing.get("repeat") if isinstance(timing, dict) and timing.get("event") is None else None
    if not isinstance(repeat, dict):
        raise NotUnderstoodError("how often it is taken is not stated as a number")
    res.check_elements(repeat, "Timing.repeat")
    further = sorted(set(repeat) - _OFTEN - (_BOUNDS if alone else set()))
    if further:
        raise NotUnderstoodError(f"when it is taken is not only a number a day ({further[0]})")
    often, period = repeat.get("frequency", Decimal(1)), repeat.get("period")
    hours = _HOURS.get(str(repeat.get("periodUnit")))
    if not isinstance(often, Decimal) or not isinstance(period, Decimal) or period <= 0 or often <= 0 or hours is None:
        raise NotUnderstoodError("how often it is taken is not stated as a number")
    return decimal_of(Fraction(often) * 24 / (Fraction(period) * hours))
