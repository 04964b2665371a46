"""Numbers of a profile: exact decimals, or a clear error."""

from __future__ import annotations

import re
from decimal import Decimal

from guidegraph.errors import ProfileError
from guidegraph.model import TermRow
from guidegraph.profile.strict import Scalar, Value

_PLAIN = re.compile(r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,9})?\Z")


def number(value: Value, key: str, low: Decimal | None, high: Decimal | None, unit: str = "") -> Decimal:
    """The exact decimal that a value states, between ``low`` and ``high`` (both included, where given).

    Raises:
        ProfileError: not a plain decimal number (such as 12 or 12.5), or not plausible for the key.
    """
    if not isinstance(value, Scalar):
        raise ProfileError(f"{key} must be one number", where=value.where, mend="Write it as 12 or 12.5.")
    if value.quoted:
        raise ProfileError(
            f"{key} is text, not a number: {value.text[:40]!r}",
            where=value.where,
            mend="Write it without quotation marks.",
        )
    if not value.text.strip():
        raise ProfileError(f"{key} has no value", where=value.where, mend="Leave the key out when it is not known.")
    if not _PLAIN.match(value.text):
        raise ProfileError(
            f"{key} is not a plain number: {value.text[:40]!r}",
            where=value.where,
            mend="Write digits with at most one point, such as 12 or 12.5; no sign, exponent or leading zero.",
        )
    found = Decimal(value.text)
    if (low is not None and found < low) or (high is not None and found > high):
        told = f"{'' if low is None else low:f}".rstrip("0").rstrip(".") or "0"
        upper = f"{high:f}".rstrip("0").rstrip(".") if high is not None and "." in f"{high:f}" else f"{high}"
        raise ProfileError(
            f"{key} {value.text} is not plausible",
            where=value.where,
            mend=f"It lies between {told} and {upper}{' ' + unit if unit else ''}.",
        )
    return found


def of_term(value: Value, term: TermRow) -> Decimal:
    """The number of a profile key, within the plausible range that the ontology gives its property."""
    return number(value, term.key, term.low, term.high, term.unit)
