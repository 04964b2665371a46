"""The published JSON form of a plan as types: what src/guidegraph/schema/plan.schema.json says."""

from __future__ import annotations

from typing import TypedDict

from guidegraph.forms import MadeFrom, Named, Problem

__all__ = ["AttachedCondition", "Bearing", "Doubled", "Plan", "PlanChange", "Planned"]


class Bearing(Named):
    """A contraindication or warning of a therapy beside the rest of the plan.

    ``kind`` is absolute, relative or warning; ``new``: not so without the plan; ``by``: the therapies of the plan that
    its population speaks of; ``facts``: what must be known first, where it is not decided.
    """

    kind: str
    source: str
    new: bool
    by: list[str]
    facts: list[str]


class AttachedCondition(TypedDict):
    """A condition that a recommendation attaches, and the therapies of the plan or of the patient that meet it."""

    condition: str
    statement: str
    met_by: list[str]


class Planned(TypedDict):
    """A therapy of the plan, or one that is taken: its status alone and beside the plan, None if nothing reaches it.

    ``held`` and ``open`` are the contraindications and warnings that hold, and those that the plan leaves unknown.
    """

    intervention: str
    label: str
    taken: bool
    before: str | None
    after: str | None
    held: list[Bearing]
    open: list[Bearing]
    limits: list[str]
    conditions: list[AttachedCondition]


class Doubled(TypedDict):
    """Two therapies that are of one class (``how`` is class), or have a part in common (part)."""

    a: str
    b: str
    how: str
    of: str


class PlanChange(TypedDict):
    """A therapy outside the plan whose status the plan changes."""

    intervention: str
    label: str
    before: str
    after: str


class Plan(TypedDict):
    """Therapies that somebody means to give, checked together (schema/plan.schema.json)."""

    as_of: str
    profile: Named
    problem: Problem
    therapies: list[Planned]
    doubled: list[Doubled]
    changes: list[PlanChange]
    made_from: MadeFrom
