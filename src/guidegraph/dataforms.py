"""The published JSON form of an answer's data, as types: everything once, in tables, and their rows when they are read.

A key that is left out is "not stated", empty, nought, false, or what is said of it here. tests/assess/test_forms.py
compares each with its schema, as those of guidegraph.forms.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from guidegraph.derived import Rest
from guidegraph.forms import EncodingReview, OtherProblem, Section, Sign, ToldOfPatient, Tried
from guidegraph.readforms import Reading


class Table(TypedDict):
    """Rows under columns, with the values of those that repeat, and the tables that others refer to.

    :func:`guidegraph.tables.records` reads it.
    """

    columns: list[str]
    words: dict[str, list[Any]]
    refers: dict[str, str]
    rows: list[list[Any]]


class DataKnowledge(TypedDict):
    """Which knowledge an answer rests on; ``queries`` is one digest of all of them."""

    digest: str
    version: str
    queries: str
    links: NotRequired[dict[str, str]]


class DataFact(TypedDict):
    """A fact that contraindicates or calls for caution, with the short names of the documents that say so."""

    text: str
    by: NotRequired[list[str]]


class DataFamily(TypedDict):
    """Therapies of one band, status and reasons, the highest first (see :class:`guidegraph.derived.GlanceFamily`).

    ``voices`` and ``against`` are statements; ``within`` is told where it is not the band.
    """

    band: str
    therapies: list[str]
    within: NotRequired[str]
    voices: NotRequired[list[str]]
    more_voices: NotRequired[int]
    against: NotRequired[list[str]]
    facts: NotRequired[list[DataFact]]
    only_with: NotRequired[list[str]]
    establish: NotRequired[list[str]]
    more_facts: NotRequired[int]
    marks: NotRequired[list[str]]
    in_weeks: NotRequired[float]
    notes: NotRequired[list[str]]


class DataBand(TypedDict):
    """A band, in the order of an answer."""

    band: str
    heading: str


class DataAlert(TypedDict):
    """An alert (see :class:`guidegraph.forms.Alert`); ``facts`` where they are not its signs."""

    id: str
    label: str
    truth: str
    attended: NotRequired[str]
    signs: NotRequired[list[Sign]]
    facts: NotRequired[list[str]]
    calls_for: NotRequired[list[str]]
    documents: list[str]
    issued: NotRequired[str]
    locator: NotRequired[str]


class DataFlag(TypedDict):
    """A flag to weigh that the patient shows, with the documents that list it."""

    id: str
    label: str
    documents: list[str]
    issued: NotRequired[str]


DataTherapy = TypedDict(
    "DataTherapy",
    {
        "label": str,
        "category": str,
        "status": str,
        "band": NotRequired[str],
        "coded": NotRequired[Reading],
        "alert_signs_only": NotRequired[bool],
        "called_for": NotRequired[list[str]],
        "line": NotRequired[int],
        "for": NotRequired[list[str]],
        "against": NotRequired[list[str]],
        "other_stances": NotRequired[list[str]],
        "in_general": NotRequired[list[str]],
        "contraindications": NotRequired[list[str]],
        "stated_elsewhere": NotRequired[list[str]],
        "limits": NotRequired[list[str]],
        "both_apply": NotRequired[list[str]],
        "against_but_for_coverage": NotRequired[list[str]],
        "ended": NotRequired[list[str]],
        "through": NotRequired[dict[str, list[str]]],
        "warned_through": NotRequired[dict[str, list[str]]],
        "boundary": NotRequired[list[str]],
        "marks": NotRequired[list[str]],
        "tried": NotRequired[list[Tried]],
        "evidence": NotRequired[list[str]],
        "comparisons": NotRequired[list[str]],
        "members": NotRequired[list[str]],
        "open": NotRequired[list[int]],
        "open_unasked": NotRequired[list[int]],
        "disagreements": NotRequired[list[int]],
        "left_out": NotRequired[int],
    },
)


class DataHow(TypedDict):
    """How an intervention is given, so far as it is stated."""

    dose: NotRequired[str]
    route: NotRequired[str]
    duration: NotRequired[str]
    urgency: NotRequired[str]
    co_prescription: NotRequired[str]
    monitoring: NotRequired[str]


class DataCarried(TypedDict):
    """What a document states, by the id that is its key: ``issued`` where a later update of the document brought it; a
    ``truth`` that is left out is "unknown"."""

    document: str
    issued: NotRequired[str]


class DataStatement(DataCarried):
    """A recommendation: ``label`` where it is not made of what it calls the intervention, the stance and the patients,
    ``named`` where it calls the intervention otherwise than its label does, ``short`` where it is printed by another
    name than its document's. ``population`` is a place."""

    label: NotRequired[str]
    named: NotRequired[str]
    short: NotRequired[str]
    intervention: str
    stance: str
    strength: NotRequired[str]
    strength_wording: NotRequired[str]
    certainty: NotRequired[str]
    truth: NotRequired[str]
    implied: NotRequired[bool]
    population: NotRequired[int]
    how: NotRequired[DataHow]
    outcome: NotRequired[list[str]]
    horizon: NotRequired[list[str]]
    attached: NotRequired[list[str]]
    reports: NotRequired[list[str]]
    locator: NotRequired[str]
    section: NotRequired[Section]
    line: NotRequired[int]
    secondary_only: NotRequired[bool]
    standing: NotRequired[str]
    reported_by: NotRequired[list[str]]
    because: NotRequired[str]
    encoding_review: NotRequired[EncodingReview]


class DataPopulation(TypedDict):
    """For whom statements are, in our words and in those of a source; ``called`` what labels of statements say."""

    label: NotRequired[str]
    wording: NotRequired[str]
    called: NotRequired[str]


class DataPair(TypedDict):
    """Two statements that disagree about a therapy (see :class:`guidegraph.forms.PairDisagreement`)."""

    a: str
    b: str
    kind: str
    overlap: str
    verdict: str


class DataComparison(DataCarried):
    """A comparative statement: which intervention over which."""

    label: str
    intervention: str
    comparator: str
    truth: NotRequired[str]
    locator: NotRequired[str]


class DataContraindication(TypedDict):
    """A contraindication, a warning or a coverage rule; what carries a rule of coverage are the recommendations of the
    therapy, so that it has no document. ``jurisdiction`` where it is not its document's."""

    document: NotRequired[str]
    issued: NotRequired[str]
    label: str
    kind: str
    truth: NotRequired[str]
    reason: NotRequired[str]
    jurisdiction: NotRequired[list[str]]
    route: NotRequired[str]
    kind_wording: NotRequired[str]
    degree_unstated: NotRequired[bool]
    class_reading: NotRequired[str]
    consent_or_procedure: NotRequired[bool]
    note: NotRequired[bool]
    because: NotRequired[str]
    encoding_review: NotRequired[EncodingReview]


class DataEvidence(DataCarried):
    """An evidence item; ``side``: benefit, harm or what else it speaks of."""

    label: str
    side: NotRequired[str]
    effect: NotRequired[str]
    certainty: NotRequired[str]
    reports: NotRequired[list[str]]


class DataDocument(TypedDict):
    """A document, by the id that is its key, with its addresses; ``verification`` where it is not "verified",
    ``short`` the name by which voices of it are printed."""

    label: str
    short: NotRequired[str]
    issued: NotRequired[str]
    kind: NotRequired[str]
    verification: NotRequired[str]
    review: NotRequired[str]
    jurisdiction: NotRequired[list[str]]
    addresses: NotRequired[list[str]]


class DataQuestion(TypedDict):
    """An unknown fact (see :class:`guidegraph.forms.Question`); that of an alert names it: its signs stand there."""

    fact: str
    label: str
    key: NotRequired[str]
    therapies: NotRequired[int]
    families: NotRequired[int]
    decides: NotRequired[str]
    alert: NotRequired[bool]
    absolute: NotRequired[bool]
    trials: NotRequired[list[str]]


class DataOutsideTables(ToldOfPatient):
    """What the data of an answer says outside of its tables."""

    version: str
    alerts: list[DataAlert]
    flags: list[DataFlag]
    other_problems: list[OtherProblem]
    knowledge: DataKnowledge
    bands: list[DataBand]
    rest: list[Rest]
    ask_next: list[int]
    no_longer_counts: int
    unasked: list[str]


class Data(DataOutsideTables):
    """The data of an answer: bands, families and therapies, and once each what they refer to."""

    families: Table
    therapies: Table
    statements: Table
    populations: Table
    comparisons: Table
    contraindications: Table
    evidence: Table
    documents: Table
    questions: Table
    disagreements: Table


class Unfolded(DataOutsideTables):
    """The data of an answer with its tables read (schema/unfolded.schema.json; :func:`guidegraph.unfold`).

    Rows with an identifier stand by that, others in a list. Therapies refer to questions, to open facts without one and
    to disagreements by place.
    """

    families: list[DataFamily]
    therapies: dict[str, DataTherapy]
    statements: dict[str, DataStatement]
    populations: list[DataPopulation]
    comparisons: dict[str, DataComparison]
    contraindications: dict[str, DataContraindication]
    evidence: dict[str, DataEvidence]
    documents: dict[str, DataDocument]
    questions: list[DataQuestion]
    disagreements: list[DataPair]
