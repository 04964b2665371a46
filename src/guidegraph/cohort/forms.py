"""A cohort's report as types: the form that is published as JSON, and that every other form is made of.

A count is None where it is masked (:mod:`guidegraph.cohort.small`).
"""

from __future__ import annotations

from typing import TypedDict

from guidegraph.readforms import Named

Told = int | None


class Asked(TypedDict):
    """What the patients were asked: the day, the country, the voices, of several problems which, and the knowledge by
    version and digest."""

    as_of: str
    jurisdiction: str | None
    voices: list[str]
    problem: str | None
    version: str
    digest: str


class Patients(TypedDict):
    """How many have statuses, how many contradict themselves, and how many rows could not be read."""

    answered: Told
    contradicted: Told
    left_out: Told


class Unclear(TypedDict):
    """What of a table was not understood: where, why, and how often."""

    column: str
    what: str
    count: Told


class TherapyRow(Named):
    """A therapy with how many patients have each status; ``members`` have the same one for every patient.

    ``signs_only``: for how many it is provisional only since nobody asked for the signs of alerts; None too where the
    source does not tell facts.
    """

    category: str
    members: list[Named]
    statuses: dict[str, Told]
    signs_only: Told


class Steady(TypedDict):
    """Therapies that have one status for everybody."""

    status: str
    therapies: list[Named]


class Kept(Named):
    """A therapy that a fact keeps open, for how many patients."""

    patients: Told


class FactRow(TypedDict):
    """An unknown fact: for how many it keeps therapies open, and for how many of these nothing else does so of one.

    ``alert``: it is whether any sign of an alert is there. ``therapies`` is how many it keeps open for somebody, of
    which ``keeps_open`` names those of most patients. ``provisional``: for how many it holds up what is recommended to
    them, and ``absolute``: of these as an absolute contraindication.
    """

    fact: str
    label: str
    key: str
    alert: bool
    patients: Told
    alone: Told
    provisional: Told
    absolute: Told
    therapies: int
    keeps_open: list[Kept]


class Facts(TypedDict):
    """The unknown facts that keep therapies open, and how many patients have such a therapy."""

    patients: Told
    rows: list[FactRow]


class ControversyRow(TypedDict):
    """A controversy: for how many two opposed statements are true, and for how many both may be."""

    title: str
    text: str
    both: Told
    possible: Told


class DocumentRow(Named):
    """A document: of how many patients a statement of it is true, and for how many a status rests on one.

    ``decides`` is None too where the source does not tell facts.
    """

    name: str
    kind: str
    issued: str
    statements: int
    patients: Told
    decides: Told


class TurnRow(TypedDict):
    """A statement whose truth turned for patients whose status moved, with its role: c (contraindication), f (for), g
    (against) or r (caution)."""

    statement: str
    label: str
    role: str
    document: str
    was: str
    now: str
    patients: Told


class MoveRow(TypedDict):
    """A move of a therapy from a status to another; ``otherwise``: without a statement on it that turned."""

    was: str
    now: str
    patients: Told
    by: list[TurnRow]
    otherwise: Told


class MovedTherapy(Named):
    """What moves of a therapy; ``members`` move just so."""

    members: list[Named]
    moves: list[MoveRow]


class Between(TypedDict):
    """How many patient-therapies move from a status to another, added up over what is told of each therapy.

    ``hidden``: of how many therapies a masked move is left out.
    """

    was: str
    now: str
    count: int
    hidden: int


class FlowForm(TypedDict):
    """What a change moves."""

    before: Asked
    after: Asked
    patients: Told
    moved: Told
    unmoved: int
    between: list[Between]
    therapies: list[MovedTherapy]


class ReportForm(TypedDict):
    """The report of a cohort. A part that the source cannot tell is None, and ``missing`` says how to get it."""

    source: str
    asked: Asked
    small_cells: dict[str, int] | None
    patients: Patients
    unclear: list[Unclear]
    ever: dict[str, Told]
    therapies: list[TherapyRow]
    steady: list[Steady]
    facts: Facts | None
    controversies: list[ControversyRow] | None
    documents: list[DocumentRow] | None
    flow: FlowForm | None
    missing: list[str]
    software: str
