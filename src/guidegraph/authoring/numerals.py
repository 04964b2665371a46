"""Numbers as other people write them, and how they are written here."""

from __future__ import annotations

import re
from decimal import Decimal

_SIGN = r"([+\-\u2212\u2013]?)"
#: Digits in groups of three, by a comma, a point, a space or an apostrophe, and what may stand behind them.
_GROUPED = re.compile(_SIGN + r"(\d{1,3}(?:([,.'\u2019 \u00a0\u2009\u202f])\d{3})(?:\3\d{3})*)(?:([.,])(\d+))?\Z")
_COMMA = re.compile(_SIGN + r"(\d+),(\d+)\Z")
_POWER = re.compile(r"[+-]?\d+(?:\.\d+)?e[+-]?\d{1,2}\Z", re.IGNORECASE)


def rewritten(text: str) -> tuple[str, str] | None:
    """What is wrong with a number that is written otherwise, and the mend; None if that is not what is wrong.

    Args:
        text: what is no plain number, such as 1,5 or 12 345.
    """
    grouped = _GROUPED.match(text)
    if grouped:
        sign, whole, mark, point, rest = grouped.groups()
        digits = _sign(sign) + re.sub(r"\D", "", whole)
        if mark == "," and not point and whole.count(",") == 1 and not whole.startswith("0"):
            what = f"the comma of {text} may set off thousands or decimals"
            return what, f"Write {digits}, or {_sign(sign)}{whole.replace(',', '.')} if decimals are meant."
        if mark != point and not whole.startswith("0") and (mark != "." or point or whole.count(".") > 1):
            return f"{text!r} sets off thousands", f"Write {digits}{'.' + rest if rest else ''}."
    comma = _COMMA.match(text)
    if comma:
        return f"{text} has a decimal comma", f"Write {_sign(comma[1])}{comma[2]}.{comma[3]}."
    if _POWER.match(text):
        return f"{text!r} is written with an exponent", f"Write {Decimal(text):f}."
    return None


def _sign(text: str) -> str:
    return "-" if text and text != "+" else ""
