"""What is asked about disagreements: which there are, two documents, the matrix, changes between two days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypedDict

from guidegraph import comparisons as forms
from guidegraph.disagree.engine import POLICIES, Disagreements, no_patient, selected
from guidegraph.disagree.finding import APART
from guidegraph.disagree.matrix import Comparison, matrix
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
    chosen = selected(everything, verdicts, include_apparent or patient is not None)
    if patient is not None:
        apart = () if include_apparent or verdicts else APART
        chosen = [
            f
            for f in chosen
            if disagreements.concerns(f, truth) and (f.verdict not in apart or disagreements.both_apply(f, truth))
        ]
    if intervention is not None:
        iri = knowledge.vocabulary.resolve(intervention, ("intervention",))
        chosen = [f for f in chosen if disagreements.about(f, iri)]
    if document is not None:
        named = find_document(knowledge.records, document)
        chosen = [f for f in chosen if named in map(disagreements.sources.document, (f.a, f.b))]
    if policy is not None and policy not in POLICIES:
        raise UsageError(f"unknown policy {policy!r}", where="--policy", mend=f"Use {', '.join(POLICIES)}.")
    return {
        "as_of": day.isoformat(),
        "policy": policy,
        "disagreements": disagreements.tell(chosen, everything, truth, policy),
        "imprecise": describe.imprecise(knowledge.records, day, {s for f in chosen for s in (f.a, f.b)}),
        "made_from": knowledge.made_from(patient),
    }


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


def documents_matrix(knowledge: Knowledge, day: date, at_least: int) -> forms.PublishedMatrix:
    """Interventions by documents on a day, in the published JSON form.

    Raises:
        UsageError: ``at_least`` is below 1.
    """
    if at_least < 1:
        raise UsageError(f"{at_least} documents are too few", where="--at-least", mend="Give 1 or more.")
    rows = matrix(knowledge.engine, knowledge.records, day, at_least=at_least)
    return {**rows, "made_from": knowledge.made_from()}
