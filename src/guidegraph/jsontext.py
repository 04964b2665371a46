"""JSON that says one thing: no key twice in one object, no NaN, numbers as exact as they are written."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

_SHOWN = 60


class AmbiguousError(ValueError):
    """JSON by its form that could be read in two ways, or holds a number that is none; says what it is."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members of an object (``object_pairs_hook``).

    Raises:
        AmbiguousError: a key stands twice. Which of the two was meant is not known, and one may deny the other.
    """
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise AmbiguousError(f"key {double[:_SHOWN]!r} is there twice in one object")
    return members


def refuse(constant: str) -> NoReturn:
    """NaN and the infinities (``parse_constant``).

    Raises:
        AmbiguousError: always.
    """
    raise AmbiguousError(f"{constant} is not a number")


def decimal(text: str) -> Decimal:
    """A number as it is written (``parse_float``, ``parse_int``).

    Raises:
        AmbiguousError: it is beyond what can be held.
    """
    try:
        return Decimal(text)
    except InvalidOperation:
        raise AmbiguousError(f"{text[:_SHOWN]} is beyond all measure") from None
