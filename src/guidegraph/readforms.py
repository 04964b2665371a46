"""The parts of published JSON forms that say how profiles, codes and dates were read, and where voices speak, as types.

tests/assess/test_forms.py compares each with its schema, as those of guidegraph.forms.
"""

from __future__ import annotations

from typing import TypedDict


class Named(TypedDict):
    """Anything of ours by its identifier and label."""

    id: str
    label: str


class Newer(Named):
    """Evidence that a recommendation could not have seen."""

    issued: str


class Reading(TypedDict):
    """How a code of another terminology was read: as which of our classes, by which steps.

    ``not_tolerated`` are therapies of ours that whoever has what it means does not tolerate.
    """

    code: str
    label: str
    present: list[Named]
    absent: list[Named]
    not_tolerated: list[Named]
    steps: list[str]


class Unread(Named):
    """A date of a document or statement that cannot be read, and what follows from it."""

    property: str
    value: str
    text: str


class Definition(TypedDict):
    """One published definition of a term: its range in words, who published it, and where it stands there."""

    text: str
    source: str
    place: str
    two_way: bool
    ours: bool


class ReadTerm(Named):
    """A term that came by a reading, or that its definitions leave open, or a number that a term narrows."""

    truth: str
    text: str
    definitions: list[Definition]


class Unused(Named):
    """Something that the profile states and that no statement or reading here uses."""

    key: str
    text: str


class OtherEntry(TypedDict):
    """An entry of the profile that is known and none of our terms, with what it leaves unknown of what matters here."""

    code: str
    label: str
    keys: list[str]
    may_be: list[Named]
    leaves_unknown: list[Named]
    steps: list[str]


class Imprecise(Named):
    """A document or statement of which it is not sure whether it counts at the day, since its date is known in part."""

    text: str


class Span(TypedDict):
    """An interval of a number, an end None where there is none; not ``sure`` where definitions of a term differ."""

    low: float | None
    high: float | None
    sure: bool


class Met(Span):
    """An interval in which opposed voices meet, and how many pairs of them do."""

    pairs: int


class PictureRow(TypedDict):
    """Where a voice speaks along the number of a picture, and whom it means besides, in words."""

    voice: str
    spans: list[Span]
    besides: str


class Picture(TypedDict):
    """Whom the voices of a controversy speak of, along the number that separates them best, and where sides meet.

    ``ticks`` are the values at which something changes; ``high`` is the end of the axis, which begins with 0.
    """

    number: str
    label: str
    high: float
    ticks: list[float]
    rows: list[PictureRow]
    meet: list[Met]
