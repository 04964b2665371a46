"""What is known of one patient, and the rows of a knowledge base's vocabulary, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

__all__ = [
    "POSITIVE",
    "STATUSES",
    "Another",
    "CareFact",
    "CodeReading",
    "Parameter",
    "Problem",
    "Profile",
    "Status",
    "StopFact",
    "TermRow",
    "TrialFact",
    "plain_copy",
]

T = TypeVar("T")


@dataclass(frozen=True)
class Status:
    """A status of a therapy for a patient, and all that the project says of it apart from the query that decides it.

    ``heading`` stands above the therapies that have it, ``mark`` before each in text, ``letter`` in pictures, where
    ``fill``, ``ink`` (of the letter), ``pattern`` and ``bold`` make it readable in grey. ``open`` are the roles whose
    unknown statements could still change it: c absolute contraindications, f for, g against, r cautions. ``bands`` are
    those of a glance that a therapy of that status may stand in, of which the first that fits takes it.
    """

    code: str
    definition: str
    heading: str
    letter: str
    mark: str
    fill: str
    ink: str
    pattern: str = ""
    bold: bool = False
    open: str = ""
    bands: tuple[str, ...] = ("rest",)


#: The table of statuses, the first one shown first. Ontology, schemas and documentation are written from it by
#: ``python -m tests.support.statuses``; queries/assess/50-status.rq decides which one a therapy has.
STATUSES = {
    status.code: status
    for status in (
        Status(
            "eligible", "Recommended, and everything that speaks against it is known not to hold.",
            "Eligible", "E", "[+]", "#1b7837", "#ffffff", bold=True,
            bands=("recommended", "if-checked", "weak-ground"),
        ),
        Status(
            "provisional", "Recommended, but something that may speak against it is not known yet.",
            "Provisional: establish the facts below first", "P", "[?]", "#a6dba0", "#111111", open="cgr",
            bands=("recommended", "if-checked", "weak-ground"),
        ),
        Status(
            "caution", "Recommended, with a relative contraindication, warning or alert that holds.",
            "Caution", "!", "[!]", "#fee08b", "#111111", "dots", open="cg",
            bands=("if-checked", "weak-ground"),
        ),
        Status(
            "contested", "Recommended by one statement and advised against by another.",
            "Contested: sources disagree", "X", "[x]", "#9970ab", "#ffffff", "cross", bold=True, open="c",
            bands=("avoid", "disagree"),
        ),
        Status(
            "undetermined", "Whether a recommendation concerns the patient is not known yet, and none against it does.",
            "Undetermined: more must be known", "u", "[.]", "#f4f4f4", "#555555", open="cfg",
            bands=("left-open", "not-now", "rest"),
        ),
        Status(
            "advised-against", "Advised against, and recommended by nobody for this patient.",
            "Advised against", "A", "[-]", "#f4a582", "#111111", "lines", open="cf",
            bands=("avoid", "rest"),
        ),
        Status(
            "contraindicated", "An absolute contraindication holds.",
            "Contraindicated", "C", "[#]", "#7f0000", "#ffffff", bold=True,
            bands=("do-not-give", "rest"),
        ),
        Status(
            "not-indicated", "No recommendation of it concerns the patient, and no statement against it is known to.",
            "Not indicated", "n", "[ ]", "#ffffff", "#999999", open="cg",
            bands=("left-open", "not-now", "rest"),
        ),
    )
}  # fmt: skip
#: The statuses of what somebody recommends and nothing forbids.
POSITIVE = ("eligible", "provisional", "caution")
#: The statuses that facts to establish decide.
WAITING = ("provisional", "undetermined")
#: The statuses that a warning of which facts are unknown could still change.
DOUBTED = frozenset(status.code for status in STATUSES.values() if "r" in status.open)
#: The statuses of what is below a therapy that are told with it.
WORSE = ("provisional", "caution", "contested", "advised-against", "contraindicated")


@dataclass(frozen=True, order=True)
class CodeReading:
    """What a code of another terminology says of a patient in our terms.

    Whoever has what the code means has every class of ``present``; whoever lacks it lacks every class of ``absent``
    (IRIs of our classes; for a number, ``present`` holds the one property). Both empty: not understood, and ``steps``
    says why (unmapped, only a close match, broader than every term of ours, a combination product, obsolete).
    ``steps`` are the steps from the code to the classes of ``present`` in words, each with its source, and
    ``absent_steps`` those to ``absent``; ``iri`` names the code's class, ``sources`` the mapping tables and linked
    hierarchies that were used. ``subtree`` are the classes that whoever has what is below the code has, too.

    A code that is found and is none of our terms is understood as **another** thing: ``another`` are the properties in
    whose lists it may stand as such (none: it is not so understood), ``denies`` the classes that it is known not to be
    (also of a term of ours that it is a kind of),
    ``may`` those that it stands above or near, so that it may be one of them. Of any other class nothing is known.

    ``not_tolerated`` are the therapies that whoever has what it means does not tolerate, such as a drug that sets off
    an allergy.
    """

    curie: str
    label: str = ""
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    iri: str = ""
    absent_steps: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    subtree: tuple[str, ...] = ()
    another: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    not_tolerated: tuple[str, ...] = ()

    @property
    def understood(self) -> bool:
        """Whether the code says anything in our terms."""
        return bool(self.present or self.absent or self.not_tolerated)

    @property
    def exact(self) -> str:
        """The one term of ours that means what the code means, "" where there is none."""
        same = set(self.present) & set(self.absent)
        return min(same) if len(same) == 1 else ""

    @property
    def name(self) -> str:
        """The code with its label, for people."""
        return f"{self.curie} ({self.label})" if self.label else self.curie


@dataclass(frozen=True, order=True)
class Another:
    """An entry of a profile's list that is known, and is none of our terms.

    ``prop`` is the property of its list, ``code`` its CURIE, ``label`` what it is called.
    ``denies`` are the classes that it is known not to be, ``may`` those of which it stands above or near. A complete
    list with such an entry denies only what each entry of it is known not to be.
    """

    prop: str
    code: str
    label: str = ""
    denies: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called, with its code, for people."""
        return f"{self.label} ({self.code})" if self.label else self.code


@dataclass(frozen=True, order=True)
class TrialFact:
    """A trial of therapy: the class tried, its outcome (IRI) and its length in weeks, where known.

    As an absent fact it denies every trial of the class (with that outcome, if one is given).
    """

    of: str
    outcome: str | None = None
    weeks: Decimal | None = None


@dataclass(frozen=True, order=True)
class StopFact:
    """A drug that was stopped, and how many days ago.

    As an absent fact it denies a stop of the class (within that many days, if a number is given).
    """

    of: str
    days: Decimal | None = None


@dataclass(frozen=True, order=True)
class CareFact:
    """A test or procedure that was done, or a drug that was supplied: what, how many days ago, and what came of it.

    ``prop`` is the property of its list (``gg:underwent``, ``gg:wasSupplied``). ``days`` are the fewest and the most
    days since, which differ where the day is known in part; None where it is not known. ``shows`` and ``lacks`` are
    findings that it showed, or did not. ``value`` is the number that came of a test, or the days that a supply lasts.

    As an absent fact it denies every event of the class (one of ``shows``, if that is given; within ``days[1]`` days).
    """

    prop: str
    of: str
    days: tuple[Decimal, Decimal] | None = None
    shows: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    value: Decimal | None = None


@dataclass(frozen=True, order=True)
class DoseFact:
    """How much of a current medication is taken each time, in a UCUM unit, and how often a day."""

    of: str
    amount: Decimal
    unit: str
    per_day: Decimal


class Derivation(NamedTuple):
    """A number worked out from a list: the amounts of its entries of some classes, each times a factor, summed.

    ``over`` is the property of the list: medications by their doses a day, in ``unit`` (UCUM); or supplies by the days
    that they last, of those at most ``within`` days ago (None: of all). ``source`` says who published it, and where.
    """

    number: str
    over: str
    addends: tuple[tuple[str, Decimal], ...]
    unit: str
    within: Decimal | None
    source: str


@dataclass(frozen=True)
class Problem:
    """One of several problems that a profile asks about, with what belongs to it alone.

    ``of`` are the conditions that it is (IRIs, mostly one); the other fields are those of :class:`Profile`.
    """

    of: frozenset[str]
    present: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Mapping[str, Decimal] = field(default_factory=dict)
    trials_present: frozenset[TrialFact] = frozenset()
    trials_absent: frozenset[TrialFact] = frozenset()
    complete: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Profile:
    """One patient: present and absent facts, values, trials and stopped drugs. What is not in it is unknown.

    ``present`` and ``absent`` map a property IRI (``gg:hasCondition``, ``gg:hasFinding``, ``gg:takesMedication``)
    to class IRIs; ``values`` maps a number's property IRI to its exact decimal in the property's unit;
    ``complete`` holds the properties whose lists are declared complete; ``not_understood`` the entries
    (property IRI, text) that could not be read and that therefore suspend the completeness of their list.
    ``readings`` are the codes of other terminologies that its facts were read from; ``others`` the entries that are
    known and none of our terms.

    ``about`` are the conditions of the one problem that it asks about, whose numbers and trials its own then are; none
    where it names no problem. ``problems`` are the problems of a profile that names several: it is assessed for one of
    them at a time (:func:`guidegraph.profile.problems.of_problem`). ``not_tolerated`` are the therapies that were not
    tolerated, in trials of its other problems or by whatever entry says so (an allergy, an intolerance), and ``beside``
    the conditions of its other problems. ``examined`` and ``acted_on`` are the alerts (IRIs) that somebody has examined
    the patient for, or acted on.
    """

    id: str = "patient"
    label: str = ""
    present: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: Mapping[str, Decimal] = field(default_factory=dict)
    trials_present: frozenset[TrialFact] = frozenset()
    trials_absent: frozenset[TrialFact] = frozenset()
    stops_present: frozenset[StopFact] = frozenset()
    stops_absent: frozenset[StopFact] = frozenset()
    complete: frozenset[str] = frozenset()
    not_understood: tuple[tuple[str, str], ...] = ()
    readings: tuple[CodeReading, ...] = ()
    about: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    not_tolerated: frozenset[str] = frozenset()
    examined: frozenset[str] = frozenset()
    acted_on: frozenset[str] = frozenset()
    others: tuple[Another, ...] = ()
    beside: frozenset[str] = frozenset()
    care_present: frozenset[CareFact] = frozenset()
    care_absent: frozenset[CareFact] = frozenset()
    doses: frozenset[DoseFact] = frozenset()


@dataclass(frozen=True)
class TermRow:
    """One row of the vocabulary: a class or property with its labels and its place in profiles.

    ``kind`` is ``condition``, ``finding``, ``intervention``, ``outcome``, ``number``, ``category``, ``alert`` or
    ``deprecated``;
    ``names`` are the label and all exact synonyms, ``inexact`` the others, each with its scope (broad: it means more);
    ``key`` is the profile key that states it directly (``sex``,
    ``age``) and ``key_value`` the value of that key (``male``), empty for a yes/no key. ``problem_key`` is the key of a
    problem that states it (``weeks``), ``problem_value`` the value that states a class and ``problem_denials`` those
    that deny it. ``overlaps`` are the classes that what is of this class may be as well.
    For a number, ``low``, ``high`` and ``unit`` give its plausible range (inclusive) and UCUM unit, ``short`` what
    it is called in a sentence that gives its value. Of a term that is no longer used (kind ``deprecated``),
    ``deprecated`` says why and ``replaced_by`` what stands in its place.
    """

    iri: str
    kind: str
    label: str
    names: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    key: str = ""
    key_value: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    short: str = ""
    problem_key: str = ""
    problem_value: str = ""
    problem_denials: tuple[str, ...] = ()
    inexact: tuple[tuple[str, str], ...] = ()
    overlaps: tuple[str, ...] = ()
    deprecated: str = ""
    replaced_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """A parameter that a query needs: the variable, the kind of its value, and what it stands for."""

    name: str
    kind: str
    what: str


@dataclass(frozen=True)
class Result:
    """The answer of a query.

    ``kind`` is select, ask or graph; ``columns`` and ``rows`` (terms or None) belong to a select, ``truth`` to
    an ask, ``triples`` (canonical order) to a construct or describe. ``notes`` are sentences on the query itself: names
    in it that its data do not have.
    """

    kind: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    truth: bool = False
    triples: tuple[Any, ...] = ()
    notes: tuple[str, ...] = ()


def plain_copy(data: T) -> T:
    """A copy of plain data (dictionaries, lists and what cannot change) that shares nothing that can."""
    # What cannot change is what there is most of, and needs no call.
    copied: Any = data
    if type(copied) is dict:
        copied = copied.copy()
        for key, value in copied.items():
            if type(value) is dict or type(value) is list:
                copied[key] = plain_copy(value)
    elif type(copied) is list:
        copied = [plain_copy(value) if type(value) is dict or type(value) is list else value for value in copied]
    result: T = copied
    return result
