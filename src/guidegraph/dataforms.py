"""The published JSON form of an answer's data, as types: everything once, in maps by id, and what refers to it.

A key that is left out is "not stated", empty or false. tests/assess/test_forms.py compares each with its schema, as
those of guidegraph.forms.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from guidegraph.derived import GlanceFact, Rest
from guidegraph.forms import EncodingReview, OtherProblem, Section, Sign, Told, Tried
from guidegraph.readforms import Reading


class DataKnowledge(TypedDict):
    """Which knowledge an answer rests on; ``queries`` is one digest of all of them."""

    digest: str
    version: str
    queries: str
    links: NotRequired[dict[str, str]]


class DataVoice(TypedDict):
    """A voice on a family by the short name of its document."""

    short: str
    stance: str
    strength: str
    standing: str
    review: NotRequired[str]
    document: str


class DataFamily(TypedDict):
    """Therapies of one band, status and reasons (see :class:`guidegraph.derived.GlanceFamily`)."""

    therapy: str
    label: str
    members: NotRequired[list[str]]
    therapies: list[str]
    status: str
    within: str
    voices: NotRequired[list[DataVoice]]
    more_voices: NotRequired[int]
    against: NotRequired[list[DataVoice]]
    facts: NotRequired[list[GlanceFact]]
    only_with: NotRequired[list[str]]
    establish: NotRequired[list[str]]
    more_facts: NotRequired[int]
    marks: NotRequired[list[str]]
    in_weeks: NotRequired[float]
    notes: NotRequired[list[str]]


class DataBand(TypedDict):
    """A band and its families, in the order of an answer."""

    band: str
    heading: str
    families: list[DataFamily]


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
        "through": NotRequired[dict[str, str]],
        "boundary": NotRequired[list[str]],
        "marks": NotRequired[list[str]],
        "tried": NotRequired[list[Tried]],
        "evidence": NotRequired[list[str]],
        "comparisons": NotRequired[list[str]],
        "members": NotRequired[list[str]],
        "open": NotRequired[list[str]],
        "disagreements": NotRequired[list[str]],
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


class DataStated(TypedDict):
    """What a document states; ``issued`` where a later update of it brought that."""

    label: str
    document: str
    issued: NotRequired[str]
    issued_precision: NotRequired[str]


class DataStatement(DataStated):
    """A recommendation, by the id that is its key."""

    intervention: str
    stance: str
    strength: str
    strength_wording: NotRequired[str]
    certainty: NotRequired[str]
    truth: str
    implied: NotRequired[bool]
    population: NotRequired[str]
    population_wording: NotRequired[str]
    how: NotRequired[DataHow]
    outcome: NotRequired[list[str]]
    horizon: NotRequired[list[str]]
    attached: NotRequired[list[str]]
    reports: NotRequired[list[str]]
    locator: NotRequired[str]
    section: NotRequired[Section]
    line: NotRequired[int]
    secondary_only: NotRequired[bool]
    standing: str
    reported_by: NotRequired[list[str]]
    because: NotRequired[str]
    encoding_review: NotRequired[EncodingReview]


class DataComparison(DataStated):
    """A comparative statement: which intervention over which."""

    intervention: str
    comparator: str
    truth: str
    locator: NotRequired[str]


class DataContraindication(TypedDict):
    """A contraindication, a warning or a coverage rule, by the id that is its key; what carries a rule of coverage are
    the recommendations of the therapy, so that it has no document of its own."""

    label: str
    kind: str
    truth: str
    reason: NotRequired[str]
    document: NotRequired[str]
    issued: NotRequired[str]
    issued_precision: NotRequired[str]
    jurisdiction: NotRequired[list[str]]
    route: NotRequired[str]
    kind_wording: NotRequired[str]
    degree_stated: NotRequired[bool]
    class_reading: NotRequired[str]
    consent_or_procedure: NotRequired[bool]
    note: NotRequired[bool]
    because: NotRequired[str]
    encoding_review: NotRequired[EncodingReview]


class DataEvidence(DataStated):
    """An evidence item, by the id that is its key."""

    benefit_or_harm: NotRequired[str]
    effect: NotRequired[str]
    certainty: NotRequired[str]
    reports: NotRequired[list[str]]


class DataDocument(TypedDict):
    """A document, by the id that is its key, with its addresses; ``sought`` says where one was sought in vain."""

    label: str
    issued: NotRequired[str]
    issued_precision: NotRequired[str]
    kind: str
    verification: NotRequired[str]
    review: NotRequired[str]
    jurisdiction: NotRequired[list[str]]
    addresses: NotRequired[list[str]]
    sought: NotRequired[list[str]]


class DataQuestion(TypedDict):
    """An unknown fact (see :class:`guidegraph.forms.Question`), by a key that holds within one answer."""

    fact: str
    label: str
    key: NotRequired[str]
    therapies: NotRequired[int]
    families: NotRequired[int]
    decides: NotRequired[str]
    signs: NotRequired[list[Sign]]
    alert: NotRequired[bool]
    absolute: NotRequired[bool]
    trials: NotRequired[list[str]]


class Data(Told):
    """The data of an answer: bands and therapies, and once each what they refer to."""

    version: str
    other_problems: list[OtherProblem]
    knowledge: DataKnowledge
    bands: list[DataBand]
    rest: list[Rest]
    ask_next: list[str]
    therapies: dict[str, DataTherapy]
    no_longer_counts: int
    statements: dict[str, DataStatement]
    comparisons: dict[str, DataComparison]
    contraindications: dict[str, DataContraindication]
    evidence: dict[str, DataEvidence]
    documents: dict[str, DataDocument]
    questions: dict[str, DataQuestion]
