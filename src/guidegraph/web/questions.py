"""Terms that a field of the page completes, and the questions of an answer with the answers that can be given."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from guidegraph.errors import GuideGraphError
from guidegraph.forms import Answer, Question
from guidegraph.profile import Vocabulary
from guidegraph.web.record import DATED, EVENTS, asked_parts

#: Terms that a field offers at a time, and questions that the page asks.
_OFFERED, _ASKED = 12, 6


def completions(terms: Vocabulary, text: str, kinds: Collection[str]) -> list[dict[str, str]]:
    """Terms for what somebody has typed so far: by label and synonym, where it begins a word first, or by code.

    Each has the value to write, its label, and the name by which it was found where that is another.
    """
    wanted = " ".join(text.casefold().split())
    if not wanted:
        return []
    ranked = []
    for row in terms.of_kind(*(kinds or ("condition", "finding", "intervention"))):
        names = [name for name in row.names if wanted in name.casefold()]
        if names:
            best = min(names, key=lambda name: (_place(name.casefold(), wanted), len(name)))
            ranked.append((_place(best.casefold(), wanted), len(best), row.label, best))
    found = [
        {"value": label, "label": label, "by": by if by != label else ""}
        for _, _, label, by in sorted(ranked)[:_OFFERED]
    ]
    return found or [*_by_code(terms, text)]


def _place(name: str, wanted: str) -> int:
    """0 where a name begins with a text, 1 where a word of it does, 2 elsewhere."""
    return 0 if name.startswith(wanted) else 1 if f" {wanted}" in f" {name}" else 2


def _by_code(terms: Vocabulary, text: str) -> Iterator[dict[str, str]]:
    """A code of another terminology, or a name of the lexicon, with what it is read as."""
    try:
        reading = terms.reading(text)
    except GuideGraphError:
        return
    if reading is not None and reading.understood:
        read = ", ".join(terms.label(iri) for iri in reading.present or reading.absent or reading.not_tolerated)
        yield {"value": text.strip(), "label": read, "by": reading.name}


@dataclass(frozen=True)
class Asked:
    """A question of the page: ``yes`` and ``no`` are the values that answer it ("" where it has no such answer).

    ``number`` is the name of a field for a number, which answers the question itself (``alone``) or belongs to yes.
    """

    label: str
    settles: str
    yes: str = ""
    no: str = ""
    no_label: str = "no"
    number: str = ""
    unit: str = ""
    alone: bool = False


def questions(answer: Answer) -> list[Asked]:
    """The questions that tell most, but for the signs of alerts, which stand with these."""
    return [_asked(row) for row in answer["questions"] if not row["signs"]][:_ASKED]


def _asked(row: Question) -> Asked:
    fact, key = row["fact"], row["key"]
    more = f" and {row['families'] - 1} more" if row["families"] > 1 else ""
    settles = f"{row['decides']}{more}"
    if fact == key:
        return Asked(row["label"], settles, number=f"ask:{key}", alone=True)
    value = f"{key}|{fact}"
    if key not in EVENTS:
        return Asked(row["label"], settles, f"yes|{value}", f"no|{value}")
    _, bound, measured = asked_parts(fact.split(":")[3:])
    days = key in DATED
    exact = not bound or (days and bound.startswith("at most ") and " and " not in bound)
    unit = ("days ago" if days else "weeks") if bound else ""
    return Asked(
        row["label"],
        settles,
        # A value that came of it is written into the profile.
        "" if measured else f"yes|{value}",
        f"no|{value}",
        "no" if exact else "no, never",
        f"many:{fact}" if bound and not measured else "",
        unit,
    )
