"""The published JSON forms of what is made of answers, as types: explanation, timeline, plan, releases compared.

tests/assess/test_forms.py compares each with its schema, as those of guidegraph.forms.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from guidegraph.forms import (
    Alert,
    Document,
    EncodingReview,
    KnowledgeDigest,
    MadeFrom,
    OtherProblem,
    Problem,
    Source,
    Therapy,
)
from guidegraph.readforms import Imprecise, Named, Unread


class Literal(TypedDict):
    """One literal of a proof with the fact that decided it, and the branches of a population that it names."""

    text: str
    negated: bool
    truth: str
    fact: str | None
    branches: NotRequired[list[Branch]]


class Branch(TypedDict):
    """One conjunction of a population."""

    truth: str
    literals: list[Literal]


class Proof(TypedDict):
    """One statement that bears on a therapy, with its literals."""

    role: str
    id: str
    label: str
    truth: str
    document: Document
    reports: list[Document]
    locator: str
    branches: list[Branch]
    encoding_review: NotRequired[EncodingReview]


class ChangedFact(TypedDict):
    """One fact of the smallest change."""

    fact: str
    label: str
    value: str


class Change(TypedDict):
    """The smallest change that would make a therapy eligible."""

    possible: bool
    facts: list[ChangedFact]
    text: str
    why_not: str | None


class Explanation(TypedDict):
    """The proof of one therapy's status (schema/explain.schema.json)."""

    as_of: str
    profile: Named
    problem: Problem
    therapy: Therapy
    proof: list[Proof]
    change: Change
    unread: list[Unread]
    imprecise: list[Imprecise]
    sources: list[Source]
    made_from: MadeFrom


#: The weeks of one status; ``boundary`` says that it holds only where definitions of a term differ.
Span = TypedDict("Span", {"from": float, "to": float, "status": str, "boundary": NotRequired[bool]})


class TimelineRow(TypedDict):
    """One therapy by week; ``family``: the highest of its classes and parts with the same statuses all along."""

    intervention: str
    label: str
    category: str
    family: str
    spans: list[Span]


class Mark(TypedDict):
    """A week with a name."""

    week: float
    label: str


class Timeline(TypedDict):
    """Statuses by week (schema/timeline.schema.json)."""

    as_of: str
    profile: Named
    problem: Problem
    now_week: float | None
    from_week: float
    to_week: float
    steps: list[float]
    rows: list[TimelineRow]
    marks: list[Mark]
    imprecise: list[Imprecise]
    made_from: MadeFrom


class Bearing(Named):
    """A contraindication or warning of a therapy beside the rest of the plan.

    ``kind`` is absolute, relative or warning; ``new``: not so without the plan; ``by``: the therapies of the plan that
    its population speaks of; ``because``: by which facts it holds; ``facts``: what must be known first, where it is
    not decided.
    """

    kind: str
    source: str
    new: bool
    by: list[str]
    because: str
    facts: list[str]


class AttachedCondition(TypedDict):
    """A condition that a recommendation attaches, and the therapies of the plan or of the patient that meet it."""

    condition: str
    statement: str
    met_by: list[str]


class Planned(TypedDict):
    """A therapy of the plan, or one that is taken: its status alone and beside the plan, None if nothing reaches it.

    ``held`` and ``open`` are the contraindications and warnings that hold, and those that the plan leaves unknown;
    ``not_tolerated`` is what of it the patient did not tolerate.
    """

    intervention: str
    label: str
    taken: bool
    before: str | None
    after: str | None
    held: list[Bearing]
    open: list[Bearing]
    not_tolerated: list[str]
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


class Release(TypedDict):
    """One release of the knowledge."""

    version: str
    digest: str


class MovedProperty(TypedDict):
    """What a release says no longer, and what it says anew, of a node by one property."""

    property: str
    was: list[str]
    now: list[str]


class Moved(Named):
    """A term, statement or other node that was added, removed or changed; ``kind`` is its class."""

    kind: str
    change: str
    properties: list[MovedProperty]


class MovedStatus(TypedDict):
    """A therapy whose status differs for a patient; ``by`` names the statements that bear on it in one release only."""

    intervention: str
    label: str
    was: str | None
    now: str | None
    by: list[str]


class MovedPatient(TypedDict):
    """The statuses that moved for an example patient; ``error`` says why one release cannot answer for it."""

    profile: str
    therapies: list[MovedStatus]
    error: NotRequired[str]


class GoneTerm(TypedDict):
    """A term that was declared and is not used any more: deprecated with what to write, or simply gone."""

    id: str
    label: str
    since: str
    reason: str
    replaced_by: list[str]


class PublishedReleases(TypedDict):
    """What moved between two releases, with the day and what reproduces it (schema/releases.schema.json)."""

    as_of: str
    was: Release
    now: Release
    deprecated: list[GoneTerm]
    vanished: list[GoneTerm]
    moved: list[Moved]
    patients: list[MovedPatient]
    made_from: MadeFrom


class GlanceVoice(TypedDict):
    """A voice on a therapy by the short name of its document; review: what the document says of its own review."""

    short: str
    stance: str
    strength: str
    standing: str
    review: str
    document: str
    statement: str


class GlanceFact(TypedDict):
    """A fact that contraindicates or calls for caution, with the short names of the documents that say so."""

    text: str
    by: list[str]


class GlanceTaken(TypedDict):
    """A drug that is taken and that something true speaks against: facts, each with its kind, and the voices against it
    on the problem asked about, beside those that recommend it where it is contested."""

    intervention: str
    label: str
    facts: list[GlanceFact]
    against: list[GlanceVoice]
    more_against: int
    recommended: list[GlanceVoice]
    more_recommended: int


class GlanceFamily(TypedDict):
    """Therapies of one band, status and reasons: the highest of them, the others, what is said of all of them.

    ``members`` are the labels of the others; ``therapies`` the identifiers of all; ``within`` the band that the status
    alone would give; ``voices`` the best three that put it there, ``more_voices`` how many others, ``against`` those of
    the other side; ``facts`` by which it is contraindicated or a caution; ``only_with`` what is attached to the first
    voice; ``establish`` the facts that matter most and ``more_facts`` how many others; ``marks`` change no status;
    ``in_weeks``: when it would be recommended; ``notes`` are trials, and what is to be known besides.
    """

    therapy: str
    label: str
    members: list[str]
    therapies: list[str]
    status: str
    within: str
    voices: list[GlanceVoice]
    more_voices: int
    against: list[GlanceVoice]
    facts: list[GlanceFact]
    only_with: list[str]
    establish: list[str]
    more_facts: int
    marks: list[str]
    in_weeks: float | None
    notes: list[str]


class GlanceBand(TypedDict):
    """A band and its families, in the order of an answer."""

    band: str
    heading: str
    families: list[GlanceFamily]


class GlanceQuestion(TypedDict):
    """What to find out next, how many families of therapies it could change, and the gravest of that."""

    label: str
    key: str
    families: int
    decides: str


class Rest(TypedDict):
    """How many families of a status stand in no band."""

    status: str
    families: int


class Glance(TypedDict):
    """What one acts on, of an answer: every therapy in one band (schema/glance.schema.json).

    ``reader`` is professional or plain, in a ``language``; ``untranslated`` is what stands in English since that has no
    words for it; ``words`` are the sentences and the names of list entries by where they stand, none for professionals
    in English.
    """

    reader: str
    language: str
    untranslated: list[str]
    words: dict[str, str]
    as_of: str
    profile: Named
    banner: str | None
    problem: str
    patient: list[str]
    read: list[str]
    alerts: list[Alert]
    flags: list[str]
    taken_now: list[GlanceTaken]
    bands: list[GlanceBand]
    other_problems: list[OtherProblem]
    ask_next: list[GlanceQuestion]
    not_understood: list[str]
    unused: list[str]
    others: list[str]
    notes: list[str]
    rest: list[Rest]
    knowledge: KnowledgeDigest
