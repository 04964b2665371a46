"""What becomes of the cards of CDS Hooks: feedback is checked and counted; nothing of it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from guidegraph.render.cards import REASON_SYSTEM, REASONS
from guidegraph.web.problems import MALFORMED, RefusedError

_OUTCOMES = ("accepted", "overridden")
_ACCEPTED, _OVERRIDDEN, _OTHER = "cds_accepted", "cds_overridden", "cds_overridden_other"


def read(body: Mapping[str, Any]) -> list[str]:
    """What is counted of some feedback, as :data:`guidegraph.web.board.EVENTS` names it.

    Comments, cards and times are checked for their form, and not read further.

    Raises:
        RefusedError: it is no feedback of CDS Hooks.
    """
    rows = body.get("feedback")
    if not isinstance(rows, list):
        raise _wrong("feedback", "it must be a list")
    return [_one(row, f"feedback[{at}]") for at, row in enumerate(rows)]


def _one(row: Any, where: str) -> str:
    if not isinstance(row, Mapping):
        raise _wrong(where, "it must be an object")
    if not isinstance(row.get("card"), str) or not row["card"]:
        raise _wrong(f"{where}.card", "it must be the identifier of a card")
    if row.get("outcome") not in _OUTCOMES:
        raise _wrong(f"{where}.outcome", f"it must be one of {', '.join(_OUTCOMES)}")
    try:
        datetime.fromisoformat(row["outcomeTimestamp"])
    except (KeyError, TypeError, ValueError):
        raise _wrong(f"{where}.outcomeTimestamp", "it must be a time of ISO 8601") from None
    if row["outcome"] == "accepted":
        accepted = row.get("acceptedSuggestions")
        if not isinstance(accepted, list) or not accepted or not all(_identified(one) for one in accepted):
            raise _wrong(f"{where}.acceptedSuggestions", "it must list the suggestions that were accepted")
        return _ACCEPTED
    return _reason(row.get("overrideReason"), where)


def _identified(suggestion: Any) -> bool:
    return isinstance(suggestion, Mapping) and isinstance(suggestion.get("id"), str) and bool(suggestion["id"])


def _reason(given: Any, where: str) -> str:
    """What is counted of an override: its reason where that is one of ours."""
    if given is None:
        return _OVERRIDDEN
    if not isinstance(given, Mapping):
        raise _wrong(f"{where}.overrideReason", "it must be an object")
    coding = given.get("reason")
    if coding is None:
        return _OVERRIDDEN
    if not isinstance(coding, Mapping) or not isinstance(coding.get("code"), str):
        raise _wrong(f"{where}.overrideReason.reason", "it must be a Coding with a code")
    # What is none of ours may be a text of somebody's, which is not to be kept as a name of a counter.
    ours = coding["code"] in REASONS and coding.get("system") in (None, REASON_SYSTEM)
    return f"{_OVERRIDDEN}_{coding['code'].replace('-', '_')}" if ours else _OTHER


def _wrong(where: str, what: str) -> RefusedError:
    return RefusedError(MALFORMED, what, where=where, mend="Send it as CDS Hooks 2.0 has it.")
