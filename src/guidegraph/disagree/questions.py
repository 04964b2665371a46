"""What is asked about disagreements: which there are, two documents, the matrix, changes between two days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, TypedDict, Unpack

from guidegraph import comparisons as forms
from guidegraph.disagree.controversies import Controversies
from guidegraph.disagree.engine import POLICIES, Disagreements, no_patient, selected
from guidegraph.disagree.finding import APART, VERDICTS, Finding
from guidegraph.disagree.matrix import Comparison, matrix
from guidegraph.disagree.selection import Selection
from guidegraph.disagree.sources import addressed
from guidegraph.errors import UsageError
from guidegraph.knowledge import describe
from guidegraph.knowledge.named import find_document
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import Profile


class DisagreementOptions(TypedDict, total=False):
    """Which disagreements to tell.

    ``intervention``: only what is about this intervention, or one above or below it. ``document``: only what this
    document is a side of. ``verdicts``: only these; all but those reported apart if empty. ``include_apparent``: also
    pairs whose patients exclude each other, or are of unrelated indications. ``policy``: which side is told first:
    recency, strength, certainty or primary-first; nothing is resolved.
    """

    intervention: str | None
    document: str | None
    verdicts: Sequence[str]
    include_apparent: bool
    policy: str | None


def report(
    knowledge: Knowledge,
    disagreements: Disagreements,
    day: date,
    patient: Profile | None,
    truth: Callable[[str], str] = no_patient,
    intervention: str | None = None,
    document: str | None = None,
    verdicts: Sequence[str] = (),
    include_apparent: bool = False,
    policy: str | None = None,
) -> forms.Disagreements:
    """Where documents disagree on a day, for whom, and whether it is real (schema/disagreements.schema.json).

    Args: ``patient`` keeps only what concerns this patient, whose truth values ``truth`` gives; for the others see
    :class:`DisagreementOptions`.

    Raises:
        TermError, UsageError: an argument cannot be understood.
    """
    everything = disagreements.findings(day)
    asked = [f for f in everything if _concerns(knowledge, disagreements, f, intervention, document)]
    if patient is not None:
        # What only meets in two unrelated indications concerns a patient who has both.
        asked = [
            f
            for f in asked
            if disagreements.concerns(f, truth)
            and (include_apparent or verdicts or f.verdict not in APART or disagreements.both_apply(f, truth))
        ]
    if policy is not None and policy not in POLICIES:
        raise UsageError(f"unknown policy {policy!r}", where="--policy", mend=f"Use {', '.join(POLICIES)}.")
    chosen = selected(asked, verdicts, include_apparent or patient is not None)
    spoken = addressed(knowledge.engine)
    told = Controversies(disagreements.teller(truth), disagreements.merged, spoken, day)
    found: forms.Disagreements = {
        "as_of": day.isoformat(),
        "policy": policy,
        "controversies": told.tell([f for f in asked if f.verdict != "superseded"]),
        "counts": _counts(asked),
        "disagreements": disagreements.tell(chosen, everything, truth, policy),
        "imprecise": describe.imprecise(knowledge.records, day, {s for f in chosen for s in (f.a, f.b)}),
        "sources": [],
        "made_from": knowledge.made_from(patient),
    }
    found["sources"] = describe.sources(knowledge.records, found)
    return found


def _counts(findings: Sequence[Finding]) -> forms.Counts:
    counts: Any = {verdict: sum(f.verdict == verdict for f in findings) for verdict in VERDICTS}
    told: forms.Counts = counts
    return told


def _concerns(
    knowledge: Knowledge, disagreements: Disagreements, finding: Finding, intervention: str | None, document: str | None
) -> bool:
    """Whether a finding is about an intervention and has a document as a side, where these are asked for."""
    if intervention is not None:
        iri = knowledge.vocabulary.resolve(intervention, ("intervention",))
        if not disagreements.about(finding, iri):
            return False
    if document is None:
        return True
    named = find_document(knowledge.records, document)
    return named in map(disagreements.sources.document, (finding.a, finding.b))


def compared(knowledge: Knowledge, disagreements: Disagreements, a: str, b: str, day: date) -> forms.PublishedPair:
    """Two documents side by side on a day, in the published JSON form.

    Raises:
        UsageError: a name fits no document or more than one, or both are the same.
    """
    one, other = (find_document(knowledge.records, text) for text in (a, b))
    if one == other:
        raise UsageError("both are the same document", mend="Name two documents.")
    rows = Comparison(knowledge.engine, knowledge.records, disagreements, day).compare(one, other)
    return {**rows, "made_from": knowledge.made_from()}


class Selected(TypedDict, total=False):
    """Which part of the matrix is asked for; what is left out chooses nothing (see :class:`Selection`)."""

    category: str | None
    family: str | None
    documents: Sequence[str]
    issued_from: int | None
    issued_to: int | None
    strength: str | None
    in_effect: bool


def documents_matrix(
    knowledge: Knowledge, day: date, at_least: int, **wanted: Unpack[Selected]
) -> forms.PublishedMatrix:
    """Interventions by documents on a day, or the part of them that is asked for, in the published JSON form.

    Raises:
        TermError: the family names no intervention, or more than one.
        UsageError: ``at_least`` is below 1, no intervention is of that category, there is no such strength, no year
            lies between the two, or a name fits no document or more than one.
    """
    if at_least < 1:
        raise UsageError(f"{at_least} documents are too few", where="--at-least", mend="Give 1 or more.")
    vocabulary, family = knowledge.vocabulary, wanted.get("family")
    first, last = wanted.get("issued_from"), wanted.get("issued_to")
    if first is not None and last is not None and first > last:
        raise UsageError(f"no year is both from {first} on and up to {last}", mend="Give the earlier first.")
    selection = Selection(
        wanted.get("category") or "",
        vocabulary.resolve(family, ("intervention",)) if family else "",
        {describe.name(find_document(knowledge.records, text)) for text in wanted.get("documents", ())},
        first,
        last,
        wanted.get("strength") or "",
        wanted.get("in_effect", False),
    )
    whole = matrix(knowledge.engine, knowledge.records, day, at_least=at_least)
    part = selection.of(whole, lambda row: vocabulary.ancestors(describe.iri_of(row["id"])))
    return {**part, "made_from": knowledge.made_from()}
