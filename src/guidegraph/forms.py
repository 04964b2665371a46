"""The published JSON forms of answers as types: what src/guidegraph/schema/ says, for those who write and read them.

tests/assess/test_forms.py compares each with its schema. Forms with a Python word for a key are written as calls.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from guidegraph.readforms import Imprecise, Named, OtherEntry, Reading, ReadTerm, Unread, Unused


class NamedDigest(TypedDict):
    """The digest of a query, a mapping table or a linked hierarchy."""

    name: str
    digest: str


class KnowledgeDigest(TypedDict):
    """Which knowledge an answer rests on."""

    digest: str
    version: str
    links: list[NamedDigest]


class MadeFrom(TypedDict):
    """What reproduces an answer beside its day."""

    knowledge: KnowledgeDigest
    profile: str | None
    queries: list[NamedDigest]
    software: str


class Patient(Named):
    """The patient asked about, with the digest of the profile."""

    digest: str


class Problem(TypedDict):
    """The problem that an answer is of; ``named``: by the profile or the question, else all its conditions are it."""

    conditions: list[Named]
    named: bool
    notes: list[str]


class OtherProblem(Named):
    """A condition that recommendations not counted here speak of, and how many; ``held``: the patient has it."""

    held: bool
    recommendations: int


class Document(Named):
    """A document with its day of issue ("not stated" where there is none)."""

    issued: str
    issued_precision: str
    kind: str
    verification: str
    review: str
    jurisdiction: list[str]


class How(TypedDict):
    """Dose, route, duration, urgency, co-prescription and monitoring, "not stated" where there is none."""

    dose: str
    route: str
    duration: str
    urgency: str
    co_prescription: str
    monitoring: str


class Section(TypedDict):
    """The section that a statement stands in, with the window of its heading."""

    label: str
    window: str | None


class EncodingReview(TypedDict):
    """Where the review of how a statement was written down stands: of a "statement" or its "document" (``of``).

    ``on`` is the day of the last step, ``changed`` what of a lapsed approval's matter is another now, in words.
    """

    state: str
    of: str
    by: str
    on: str
    note: NotRequired[str]
    changed: NotRequired[list[str]]
    text: str


class Reviewed(TypedDict):
    """What is said beside of a statement that was reviewed, and of no other."""

    encoding_review: NotRequired[EncodingReview]


class Recommendation(Named):
    """A voice: a recommendation with those that report it; ``through``: the part of a combination that it is about."""

    intervention: str
    stance: str
    strength: str
    strength_wording: str
    certainty: str
    truth: str
    implied: bool
    population: str
    population_wording: str
    how: How
    outcome: list[str]
    horizon: list[str]
    attached: list[str]
    document: Document
    reports: list[Document]
    locator: str
    section: Section | None
    line: int | None
    secondary_only: bool
    standing: str
    reported_by: list[Document]
    through: str | None
    because: NotRequired[str]
    encoding_review: NotRequired[EncodingReview]


class Contraindication(Named):
    """A contraindication, a warning or a coverage rule and its truth for the patient; ``because``: by which facts."""

    kind: str
    truth: str
    reason: str
    document: Document
    jurisdiction: list[str]
    route: str
    kind_wording: str
    degree_stated: bool
    class_reading: str | None
    consent_or_procedure: bool
    note: bool
    through: str | None
    because: str
    encoding_review: NotRequired[EncodingReview]


class Evidence(Named):
    """An evidence item."""

    benefit_or_harm: str
    effect: str
    certainty: str
    document: Document
    reports: list[Document]


class Preference(Named):
    """A comparative statement: which intervention over which."""

    intervention: str
    comparator: str
    truth: str
    document: Document
    locator: str


class Member(TypedDict):
    """A narrower therapy of the answer."""

    intervention: str
    label: str
    status: str


class Ground(TypedDict):
    """One sentence of why a therapy has its status; ``kind`` is its first words, ``statement`` what it rests on."""

    kind: str
    statement: str | None
    text: str


class OpenFact(TypedDict):
    """A fact to establish (``fact`` is None where only definitions differ), two of the statements that it could decide,
    and whether it is but a sign of an alert."""

    fact: str | None
    label: str
    why: list[str]
    alert: bool


class Tried(TypedDict):
    """A trial of a therapy (``itself``) or of something below it; ``in_vain``: it failed or was not tolerated."""

    intervention: str
    label: str
    outcome: str
    in_vain: bool
    weeks: float | None
    itself: bool
    text: str


class PairDisagreement(TypedDict):
    """A disagreement behind a contested status."""

    a: str
    b: str
    kind: str
    overlap: str
    verdict: str
    overlap_manchester: str
    text: str


Therapy = TypedDict(
    "Therapy",
    {
        "intervention": str,
        "label": str,
        "coded": Reading | None,
        "category": str,
        "status": str,
        "alert_signs_only": bool,
        "called_for": list[str],
        "line": int | None,
        "for": list[Recommendation],
        "against": list[Recommendation],
        "other_stances": list[Recommendation],
        "in_general": list[Recommendation],
        "contraindications": list[Contraindication],
        "stated_elsewhere": list[Contraindication],
        "limits": list[Recommendation],
        "both_apply": list[Recommendation],
        "against_but_for_coverage": list[Recommendation],
        "ended": list[Recommendation],
        "boundary": list[str],
        "marks": list[str],
        "tried": list[Tried],
        "evidence": list[Evidence],
        "comparisons": list[Preference],
        "members": list[Member],
        "confirm": list[str],
        "establish": list[OpenFact],
        "reasons": list[str],
        "grounds": list[Ground],
        "disagreements": list[PairDisagreement],
    },
)


class Sign(TypedDict):
    """A sign of an alert, and whether the patient has it: true, false or unknown (not asked)."""

    fact: str
    label: str
    key: str
    truth: str


class Alert(Named):
    """An alert, its signs and the facts of its truth; ``attended``: "examined" or "acted on", as the profile says."""

    truth: str
    attended: str | None
    signs: list[Sign]
    reasons: list[str]
    facts: list[str]
    calls_for: list[str]
    documents: list[Document]
    locator: str


class Flag(Named):
    """A flag to weigh that the patient shows, with the documents that list it."""

    documents: list[Document]


class TakenNow(TypedDict):
    """A current medication that something true speaks against, with what does."""

    intervention: str
    label: str
    because: list[str]


Moved = TypedDict("Moved", {"intervention": str, "label": str, "without": str, "with": str})


class LeftOut(TypedDict):
    """What the reader left out: the voices kept, how many others there were, and the statuses that it moved."""

    kept: list[str]
    recommendations: int
    moved: list[Moved]


class Question(TypedDict):
    """An unknown fact, the key of a profile that answers it, how many therapies and families of them it could change.

    ``signs``: those of an alert, which is one question: its ``fact`` names the alert, its ``key`` is empty. ``trials``:
    those that were made, where the fact is one of care taken as a whole. ``decides``: the gravest of what it could
    change, with the first therapy of which ("may rule out THERAPY"), empty for an alert.
    """

    fact: str
    label: str
    key: str
    therapies: int
    families: int
    decides: str
    signs: list[Sign]
    alert: bool
    absolute: bool
    trials: list[str]


class Source(TypedDict):
    """A document with its addresses: DOI and PubMed, else its publisher's page; ``sought`` says where in vain."""

    id: str
    label: str
    addresses: list[str]
    sought: list[str]


class ToldOfPatient(TypedDict):
    """What every form of an answer says of the patient, of what was read, and of the day, but for what is urgent."""

    as_of: str
    profile: Patient
    problem: Problem
    jurisdiction: str | None
    banner: str | None
    taken_now: list[TakenNow]
    left_out: LeftOut | None
    not_understood: list[str]
    unread: list[Unread]
    imprecise: list[Imprecise]
    readings: list[Reading]
    by_reading: list[ReadTerm]
    unused: list[Unused]
    others: list[OtherEntry]
    software: str


class Told(ToldOfPatient):
    """What every form but the data of an answer says of the patient, with alerts and flags whole."""

    alerts: list[Alert]
    flags: list[Flag]


class Asked(Told):
    """What of an answer the questions are shown with."""

    knowledge: KnowledgeDigest
    questions: list[Question]
    queries: list[NamedDigest]


class Assessed(Asked):
    """What an assessment comes to, as every view of it reads it."""

    therapies: list[Therapy]
    other_problems: list[OtherProblem]
    not_in_effect: list[Recommendation]


class Answer(Assessed):
    """The answer for one patient (schema/therapies.schema.json), with the documents that it names."""

    sources: list[Source]
