"""The published JSON forms of disagreements, of two documents, of the matrix and of changes as types (see forms)."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from guidegraph.forms import Document, EncodingReview, Evidence, MadeFrom, Recommendation, Source
from guidegraph.readforms import Imprecise, Named, Newer, Picture


class Shared(TypedDict):
    """Studies that both sides rest on, and their corrected covered area where the studies of both are recorded."""

    studies: list[Named]
    cca: float | None


class Support(TypedDict):
    """Who and what stands behind a side."""

    documents: list[str]
    voices: int
    studies: list[Named]


class SupportOfSides(TypedDict):
    """The support of each side."""

    a: Support
    b: Support


class NewerOfSides(TypedDict):
    """What each side could not have seen."""

    a: list[Newer]
    b: list[Newer]


class Side(Recommendation):
    """A recommendation as one side, with the end of its document's evidence search."""

    search_ended: NotRequired[str]
    indication: NotRequired[list[str]]


class Silent(TypedDict):
    """A document as the side that does not address an intervention although its scope covers the patients."""

    stance: str
    document: Document


class Contested(TypedDict):
    """A document that somebody publicly contests."""

    document: str
    by: str


class Member(TypedDict):
    """One of the pairs that a merged disagreement stands for."""

    intervention: str
    label: str
    a: str
    b: str


class Disagreement(TypedDict):
    """Two statements that differ: for whom, whether it is real, what they rest on and what would explain it."""

    intervention: str
    label: str
    members: list[Member]
    a: Side
    b: Side | Silent
    kind: str
    overlap: str
    verdict: str
    boundary: bool
    overlap_text: str
    overlap_manchester: str
    relation: list[str]
    shared_evidence: Shared
    support: SupportOfSides
    newer_evidence: NewerOfSides
    explained_by: list[str]
    questions: list[str]
    contested: list[Contested]
    inner: str | None
    text: str


class Voice(TypedDict):
    """A statement as a voice of a controversy, with whom it means and who only reports it."""

    id: str
    name: str
    stance: str
    strength: str
    certainty: str
    intervention: str
    label: str
    whom: str
    outcome: list[str]
    horizon: list[str]
    attached: list[str]
    standing: str
    reported_by: list[str]


#: The voices of each side, guidelines first; one document on both sides stands on both.
VoicesOfSides = TypedDict("VoicesOfSides", {"for": list[Voice], "against": list[Voice], "declined": list[Voice]})


class MeetingWith(TypedDict):
    """For whom two voices both speak."""

    voice: str
    name: str
    whom: str
    manchester: str


class Meeting(TypedDict):
    """For whom a voice of the shorter side and the voices that it is at odds with both speak, all and each."""

    voice: str
    name: str
    whom: str
    each: list[MeetingWith]
    text: str


class Attached(TypedDict):
    """A pair of a controversy, or one that only seems to be a part of it."""

    a: str
    b: str
    names: list[str]
    kind: str
    overlap: str
    verdict: str
    boundary: bool
    why: str
    text: str


class Moved(TypedDict):
    """A document, or its next edition, that changed side."""

    name: str
    was: str
    until: str
    now: str
    since: str
    text: str


class Controversy(TypedDict):
    """What people ask for, told once: the statements that real and horizon pairs connect."""

    title: str
    interventions: list[Named]
    indications: list[Named]
    sides: VoicesOfSides
    agreeing: VoicesOfSides
    meet: list[Meeting]
    picture: Picture | None
    explained_by: list[str]
    rests_on: SupportOfSides
    shared_evidence: Shared
    moved: list[Moved]
    pairs: list[Attached]
    seeming: list[Attached]
    text: str


#: How many pairs there are of each verdict, listed or not.
Counts = TypedDict(
    "Counts",
    {
        "real": int,
        "horizon": int,
        "condition": int,
        "stance": int,
        "grading-only": int,
        "silence": int,
        "superseded": int,
        "not-excluded": int,
        "apparent": int,
    },
)


class Disagreements(TypedDict):
    """Where documents disagree (schema/disagreements.schema.json); ``counts`` holds every verdict, listed or not."""

    as_of: str
    policy: str | None
    controversies: list[Controversy]
    counts: Counts
    disagreements: list[Disagreement]
    imprecise: list[Imprecise]
    sources: list[Source]
    made_from: MadeFrom


class WholeDocument(Document):
    """A document that is compared."""

    search_ended: str
    status: str
    contested_by: list[str]


class Agreement(TypedDict):
    """Two recommendations of one stance whose patients meet."""

    a: Side
    b: Side
    overlap: str


class SaidOf(TypedDict):
    """One recommendation that bears on an intervention; ``on`` is the other class that it names."""

    id: str
    stance: str
    strength: str
    certainty: str
    on: str | None
    whom: str
    attached: list[str]
    ended: bool


class Compared(Named):
    """What each of two documents says on an intervention, for each of its groups of patients, or what silence says.

    ``found_a`` and ``found_b`` are what each concludes from evidence, which is no recommendation.
    """

    category: str
    a: list[SaidOf]
    b: list[SaidOf]
    found_a: list[Evidence]
    found_b: list[Evidence]
    missing_a: str | None
    missing_b: str | None


class Only(Named):
    """An intervention that one of two documents addresses."""

    stance: str


class Pair(TypedDict):
    """Two documents side by side."""

    as_of: str
    a: WholeDocument
    b: WholeDocument
    relation: list[str]
    shared_evidence: Shared
    interventions: list[Compared]
    disagreements: list[Disagreement]
    apart: list[Disagreement]
    agreements: list[Agreement]
    only_a: list[Only]
    only_b: list[Only]
    imprecise: list[Imprecise]
    sources: list[Source]


class PublishedPair(Pair):
    """The same, with what reproduces it (schema/compare.schema.json)."""

    made_from: MadeFrom


class Column(Document):
    """A document of the matrix with its name as the head of a column."""

    short: str
    ended: bool


class Said(TypedDict):
    """One recommendation in a cell."""

    id: str
    stance: str
    strength: str
    ended: bool
    population: str
    attached: list[str]
    encoding_review: NotRequired[EncodingReview]


class Cell(TypedDict):
    """What a document says of an intervention, or what its silence says."""

    document: str
    says: list[Said]
    missing: str | None


class MatrixRow(Named):
    """An intervention with a cell a document."""

    category: str
    cells: list[Cell]


class Matrix(TypedDict):
    """Interventions by documents."""

    as_of: str
    at_least: int
    documents: list[Column]
    interventions: list[MatrixRow]
    imprecise: list[Imprecise]


class PublishedMatrix(Matrix):
    """The same, with what reproduces it (schema/matrix.schema.json)."""

    made_from: MadeFrom


class DatedDocument(Document):
    """A document with why something of it began or ended."""

    why: list[str]


class Statement(Named):
    """A statement that began or ceased."""

    stance: str
    document: Document


class Reversal(TypedDict):
    """A statement that ceased and the one of the other side that took its place."""

    was: Statement
    now: Statement


class ChangedDisagreement(Disagreement):
    """A disagreement whose verdict was another one."""

    was: str


class ChangedStatus(TypedDict):
    """A therapy whose status differs for a patient."""

    intervention: str
    label: str
    was: str | None
    now: str


class ChangedPatient(TypedDict):
    """The statuses that changed for an example patient."""

    profile: str
    therapies: list[ChangedStatus]


#: What changed between two days.
Changes = TypedDict(
    "Changes",
    {
        "from": str,
        "to": str,
        "documents": list[DatedDocument],
        "began": list[Statement],
        "ceased": list[Statement],
        "reversed": list[Reversal],
        "disagreements_began": list[Disagreement],
        "disagreements_ceased": list[Disagreement],
        "disagreements_changed": list[ChangedDisagreement],
        "patients": list[ChangedPatient],
        "imprecise": list[Imprecise],
    },
)


class PublishedChanges(Changes):
    """The same, with what reproduces it (schema/changes.schema.json)."""

    made_from: MadeFrom
