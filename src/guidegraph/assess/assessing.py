"""Assessing a patient by some knowledge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import TypedDict

from guidegraph import namespaces as ns
from guidegraph.assess.assessment import Assessment, read_assessment
from guidegraph.assess.questions import differing
from guidegraph.errors import UsageError
from guidegraph.knowledge.atoms import Atom
from guidegraph.knowledge.engine import Request
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import POSITIVE, CodeReading, Profile
from guidegraph.profile import apply_implications, yielding
from guidegraph.profile.problems import of_problem
from guidegraph.termreadings import beside


class Asking(TypedDict, total=False):
    """What is asked about a patient.

    ``as_of``: the day at which statements must be in effect, today if None. ``jurisdiction``: count only the labels of
    this country (ISO 3166-1 alpha-2, or EU), all if None. ``problem``: the condition that is asked about, by any of its
    names or codes; the one problem of the profile if None. ``standing``: "guideline" leaves out every recommendation
    and other stance that is no guideline's own; ``only``: "approved" leaves out those whose encoding no second person
    approved. Alerts, contraindications and warnings always count.
    """

    as_of: date | None
    jurisdiction: str | None
    problem: str | None
    standing: str | None
    only: str | None


def asked(
    knowledge: Knowledge,
    profile: Profile,
    also: Iterable[str] = (),
    as_of: date | None = None,
    jurisdiction: str | None = None,
    problem: str | None = None,
    standing: str | None = None,
    only: str | None = None,
) -> Assessment:
    """What is asked about a patient whose implications are applied; for the arguments see :class:`Asking`.

    Raises:
        TermError: a code of ``also``, further drugs and procedures to answer for, or the problem is not understood.
        UsageError: no label of that jurisdiction is known, of several problems none is chosen, or a standing or
            approval is asked for that there is not.
    """
    check_jurisdiction(knowledge, jurisdiction)
    voices = counted_voices(standing, only)
    readings = [r for text in also if (r := coded_therapy(knowledge, text)) is not None]
    one = of_problem(profile, problem, knowledge.vocabulary)
    return assess(knowledge, one, as_of or date.today(), jurisdiction, readings, voices)


def counted_voices(standing: str | None, only: str | None) -> frozenset[str]:
    """Which recommendations alone count, as a request has it; for the arguments see :class:`Asking`.

    Raises:
        UsageError: a standing or approval is asked for that there is not.
    """
    asked = (("--standing", standing, "guideline"), ("--only", only, "approved"))
    return frozenset(_choice(option, value, known) for option, value, known in asked if value is not None)


def _choice(option: str, value: str, known: str) -> str:
    if value != known:
        raise UsageError(f"{value!r} cannot be chosen", where=option, mend=f"Write {known!r}, or leave it out.")
    return value


def assess(
    knowledge: Knowledge,
    profile: Profile,
    as_of: date,
    jurisdiction: str | None = None,
    also: Iterable[CodeReading] = (),
    voices: frozenset[str] = frozenset(),
    kept: frozenset[str] = frozenset(),
) -> Assessment:
    """Assess a profile whose implications are applied, for its one problem.

    Args:
        knowledge: what is known.
        profile: the patient.
        as_of: the day at which statements must be in effect.
        jurisdiction: count only the labels of this country; all if None.
        also: codes of interventions to answer for, beside those that the profile names.
        voices: which recommendations alone count (:class:`guidegraph.knowledge.engine.Request`); all if empty.
        kept: the conditions of the problem, where the profile names none; those that it has if empty.

    Raises:
        UsageError: the profile names several problems (:func:`guidegraph.profile.problems.of_problem` chooses one).
    """
    named = (*profile.readings, *also, *knowledge.members(profile))
    leaves = {r.iri: (r, below) for r in named if r.iri and not r.exact and (below := knowledge.kinds(r))}
    linked = {iri: reading for iri, (reading, _) in leaves.items()}
    records = knowledge.records.with_leaves({i: (r.label or r.curie, below) for i, (r, below) in leaves.items()})
    if profile.problems:
        of_problem(profile, None, knowledge.vocabulary)
    # One entry that was not understood suspends a list as well as a hundred, which a record may well have.
    once = dict(reversed(profile.not_understood))
    suspended = replace(profile, not_understood=tuple(once.items()))
    asked = Request(as_of, jurisdiction, profile.about or kept or about(knowledge, profile), voices)
    asked = replace(asked, chosen=bool(profile.about), several=bool(profile.beside))
    settled = knowledge.settle(suspended)
    with knowledge.session(settled, asked, linked) as session:
        return read_assessment(session, records, knowledge.book, profile, settled, asked, linked)


def about(knowledge: Knowledge, profile: Profile) -> frozenset[str]:
    """The one problem of a profile that names none: all its conditions that recommendations speak of."""
    return profile.present.get(ns.GG + "hasCondition", frozenset()) & knowledge.problems


def again(
    knowledge: Knowledge, assessment: Assessment, moving: Iterable[str] | None = None
) -> Callable[[Profile], Assessment]:
    """What assesses a changed profile on the day, in the country and for the codes of an assessment.

    ``moving`` are the numbers to which a term that was stated gives way; those that advance with time if None.
    """
    rules, vocabulary = knowledge.implications, knowledge.vocabulary
    advancing = knowledge.records.rates if moving is None else moving

    def changed(profile: Profile) -> Assessment:
        moved = apply_implications(yielding(profile, rules, vocabulary, advancing), rules, vocabulary)
        also, request = assessment.linked.values(), assessment.asked
        # What is supposed of the patient never makes it another question.
        return assess(knowledge, moved, request.as_of, request.jurisdiction, also, request.voices, request.about)

    return changed


def boundaries(knowledge: Knowledge, assessment: Assessment) -> Mapping[str, list[str]]:
    """The therapies that are positive only where definitions of a term differ: on no side of that range of its number.

    Each with the terms, as :func:`guidegraph.assess.questions.differing` tells them.
    """
    found: dict[str, list[str]] = {}
    disputed: dict[str, list[tuple[str, str]]] = {}
    for term, rule in assessment.settled.disputed.items():
        disputed.setdefault(rule.given, []).append(term)
    for number, terms in disputed.items():
        ranges = [rule.interval for t in terms if (rule := assessment.settled.disputed[t]).interval is not None]
        values, reassess = assessment.profile.values, again(knowledge, assessment, [number])
        sides = beside((min(low for low, _ in ranges), max(high for _, high in ranges)))
        only = [therapy for therapy, status in assessment.statuses.items() if status in POSITIVE] if sides else []
        for value in sides:
            # Another side is looked at for what is positive on none before: mostly for nothing.
            if only:
                side = reassess(replace(assessment.profile, values={**values, number: value})).statuses
                only = [therapy for therapy in only if side[therapy] not in POSITIVE]
        told = sorted(differing(assessment, Atom(cls, prop, cls)) for prop, cls in terms)
        for therapy in only:
            found.setdefault(therapy, []).extend(told)
    return found


def every_voice(knowledge: Knowledge, assessment: Assessment) -> Mapping[str, str]:
    """The statuses of an assessment as they are when the reader leaves out no voice."""
    request, also = assessment.asked, assessment.linked.values()
    return assess(knowledge, assessment.profile, request.as_of, request.jurisdiction, also).statuses


def coded_therapy(knowledge: Knowledge, text: str) -> CodeReading | None:
    """How a code that is a kind of an intervention of ours reads, or a drug that is answered for only when named; None
    for any other text that is a term of ours.

    Raises:
        TermError: the code is not understood, or is no intervention.
    """
    reading = knowledge.vocabulary.reading(text)
    if reading is None or reading.exact or not knowledge.kinds(reading):
        return knowledge.member(knowledge.vocabulary.resolve(text, ("intervention",)))
    return reading


def find_therapy(knowledge: Knowledge, text: str, assessment: Assessment) -> str:
    """The IRI of a therapy of an assessment, named by label, synonym, CURIE or IRI.

    Raises:
        TermError: the text names no intervention, or more than one.
        UsageError: no statement reaches the intervention.
    """
    reading = knowledge.vocabulary.reading(text)
    known = reading is not None and reading.iri in assessment.linked
    iri = reading.iri if reading and known else knowledge.vocabulary.resolve(text, ("intervention",))
    if iri not in assessment.statuses:
        raise unreached(assessment.records.label(iri))
    return iri


def unreached(label: str) -> UsageError:
    """The error that nothing is said of an intervention, which is called so."""
    return UsageError(
        f"no recommendation or contraindication reaches {label!r}",
        mend="guidegraph therapies lists every therapy that one reaches.",
    )


def check_jurisdiction(knowledge: Knowledge, jurisdiction: str | None) -> None:
    """Refuse a country whose labels are unknown.

    Raises:
        UsageError: no document is of that jurisdiction.
    """
    if jurisdiction is None:
        return
    records = knowledge.records
    known = sorted({code for node in records.nodes for code in records.all(node, "jurisdiction")})
    if jurisdiction not in known:
        raise UsageError(
            f"no document of jurisdiction {jurisdiction!r} is known", mend=f"Known are: {', '.join(known) or 'none'}."
        )
