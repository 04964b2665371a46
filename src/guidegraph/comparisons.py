"""The published JSON forms of disagreements, of two documents, of the matrix and of changes as types (see forms)."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from guidegraph.forms import Document, Imprecise, MadeFrom, Named, Recommendation


class Newer(Named):
    """Evidence that a recommendation could not have seen."""

    issued: str


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


class Disagreement(TypedDict):
    """Two statements that differ: for whom, whether it is real, what they rest on and what would explain it."""

    intervention: str
    label: str
    a: Side
    b: Side | Silent
    kind: str
    overlap: str
    verdict: str
    overlap_text: str
    overlap_manchester: str
    relation: list[str]
    shared_evidence: Shared
    support: SupportOfSides
    newer_evidence: NewerOfSides
    explained_by: list[str]
    contested: list[Contested]
    inner: str | None
    text: str


class Disagreements(TypedDict):
    """Where documents disagree (schema/disagreements.schema.json)."""

    as_of: str
    policy: str | None
    disagreements: list[Disagreement]
    imprecise: list[Imprecise]
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
    disagreements: list[Disagreement]
    apart: list[Disagreement]
    agreements: list[Agreement]
    only_a: list[Only]
    only_b: list[Only]
    imprecise: list[Imprecise]


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
