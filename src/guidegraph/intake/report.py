"""What became of every entry of a record: used, ignored with the reason, or not understood."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

USED, IGNORED, NOT_UNDERSTOOD = "used", "ignored", "not understood"
#: Characters of a record that a report shows of one text.
LONGEST = 200


def shown(text: object, longest: int = LONGEST) -> str:
    """Text of a record for a report: one line, no control characters or lone surrogates, cut where it is long."""
    told = text if isinstance(text, str) else str(text)
    # Records repeat their texts; long ones are not kept.
    return _clean(told, longest) if len(told) <= LONGEST else _cut(told, longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest and text.isprintable() and "  " not in text:
        return text
    clean = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text[: 4 * longest])
    clean = " ".join(clean.split())
    return clean if len(clean) <= longest else clean[: longest - 3] + "..."


_clean = lru_cache(8192)(_cut)


@dataclass(frozen=True)
class Entry:
    """One entry of a record.

    ``state`` is used, ignored or not understood; ``source`` the entry's reference (such as Condition/c1, or a table
    and its key); ``text`` what the entry says, code first; ``effect`` the fact that came of it ("" if none); ``why``
    the reason; ``steps`` how its code was read, each with its source.
    """

    state: str
    source: str
    text: str
    effect: str = ""
    why: str = ""
    steps: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The entry in the published JSON form."""
        return {
            "state": self.state,
            "source": self.source,
            "text": self.text,
            "effect": self.effect,
            "why": self.why,
            "steps": list(self.steps),
        }


@dataclass
class IntakeReport:
    """The report on one record.

    ``form`` names the form that it was read as (such as FHIR R4), ``as_of`` the day of the profile, ``choices`` what
    was chosen for the reader's attention (a version detected, a flag given).
    """

    form: str
    as_of: str
    patient: str = ""
    choices: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def of(self, state: str) -> list[Entry]:
        """The entries of one state, in the order of the record."""
        return [entry for entry in self.entries if entry.state == state]

    def counts(self) -> dict[str, int]:
        """How many entries there are of each state."""
        found = Counter(entry.state for entry in self.entries)
        return {state.replace(" ", "_"): found[state] for state in (USED, IGNORED, NOT_UNDERSTOOD)}

    def to_dict(self) -> dict[str, Any]:
        """The report in the published JSON form (schema/intake.schema.json)."""
        return {
            "form": self.form,
            "as_of": self.as_of,
            "patient": self.patient,
            "choices": list(self.choices),
            "counts": self.counts(),
            "entries": [entry.to_dict() for entry in self.entries],
        }
