"""Questions about disagreements: where documents differ, two documents, the matrix, changes over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from guidegraph import assets
from guidegraph.api.core import Core, ProfileSource
from guidegraph.assess.assessment import FOR, TRUE, Assessment
from guidegraph.disagree.changes import Changes
from guidegraph.disagree.compare import Comparison
from guidegraph.disagree.documents import find_document
from guidegraph.disagree.engine import POLICIES, Disagreements, no_patient, selected
from guidegraph.disagree.finding import APART
from guidegraph.disagree.matrix import matrix
from guidegraph.errors import UsageError
from guidegraph.forms import PairDisagreement


class Disagreeing(Core):
    """A knowledge base that is asked where its documents disagree."""

    @cached_property
    def disagree(self) -> Disagreements:
        """The disagreements between documents."""
        return Disagreements(self.engine, self.records, self.disagreement, self.book)

    def document(self, text: str) -> str:
        """The IRI of a document, named by CURIE, IRI, id or a part of its label that only it has.

        Raises:
            UsageError: nothing or more than one document fits.
        """
        return find_document(self.records, text)

    def disagreements(
        self,
        *,
        profile: ProfileSource | None = None,
        intervention: str | None = None,
        document: str | None = None,
        verdicts: Sequence[str] = (),
        include_apparent: bool = False,
        as_of: date | None = None,
        policy: str | None = None,
    ) -> dict[str, Any]:
        """Where documents disagree, for whom, and whether it is real, in the published JSON form.

        Args:
            profile: only what concerns this patient: both populations true, or one true and one unknown.
            intervention: only what is about this intervention, or one above or below it.
            document: only what this document is a side of.
            verdicts: only these; all but those reported apart if empty.
            include_apparent: also pairs whose patients exclude each other, or are of unrelated indications.
            as_of: the day at which both are issued; today if None.
            policy: which side is told first: recency, strength, certainty or primary-first. Nothing is resolved.

        Raises:
            ProfileError, TermError, UsageError: an argument cannot be understood.
        """
        day = as_of or date.today()
        everything = self.disagree.findings(day)
        truth: Callable[[str], str] = no_patient
        patient = self.profile(profile) if profile is not None else None
        chosen = selected(everything, verdicts, include_apparent or profile is not None)
        if patient is not None:
            truth = self.assess(patient, day).truth
            apart = () if include_apparent or verdicts else APART
            chosen = [
                f
                for f in chosen
                if self.disagree.concerns(f, truth) and (f.verdict not in apart or self.disagree.both_apply(f, truth))
            ]
        if intervention is not None:
            iri = self.vocabulary.resolve(intervention, ("intervention",))
            chosen = [f for f in chosen if self.disagree.about(f, iri)]
        if document is not None:
            named = self.document(document)
            chosen = [f for f in chosen if named in map(self.disagree.sources.document, (f.a, f.b))]
        if policy is not None and policy not in POLICIES:
            raise UsageError(f"unknown policy {policy!r}", where="--policy", mend=f"Use {', '.join(POLICIES)}.")
        rows = self.disagree.tell(chosen, everything, truth, policy)
        return {
            "as_of": day.isoformat(),
            "policy": policy,
            "disagreements": rows,
            "made_from": self.made_from(patient),
        }

    def compare(self, a: str, b: str, *, as_of: date | None = None) -> dict[str, Any]:
        """Two documents side by side, in the published JSON form.

        Raises:
            UsageError: a name fits no document or more than one, or both are the same.
        """
        one, other = self.document(a), self.document(b)
        if one == other:
            raise UsageError("both are the same document", mend="Name two documents.")
        told = Comparison(self.engine, self.records, self.disagree, as_of or date.today()).compare(one, other)
        return {**told, "made_from": self.made_from()}

    def matrix(self, *, as_of: date | None = None, at_least: int = 2) -> dict[str, Any]:
        """Interventions by documents, in the published JSON form; ``at_least`` documents must address a row.

        Raises:
            UsageError: ``at_least`` is below 1.
        """
        if at_least < 1:
            raise UsageError(f"{at_least} documents are too few", where="--at-least", mend="Give 1 or more.")
        told = matrix(self.engine, self.records, as_of or date.today(), at_least=at_least)
        return {**told, "made_from": self.made_from()}

    def changes(self, start: date, end: date) -> dict[str, Any]:
        """What began, ceased and reversed between two days, and which shipped patients it touches.

        Raises:
            UsageError: the second day is before the first.
        """

        def statuses(day: date) -> dict[str, dict[str, str]]:
            names = [path.stem for path in assets.files("graph", "profiles/*.yaml")]
            return {n: dict(self.assess(self.profile(f"example:{n}"), day).statuses) for n in names}

        told = Changes(self.engine, self.records, self.disagree).between(start, end, statuses)
        return {**told, "made_from": self.made_from()}

    def behind(self, found: Assessment, therapy: str) -> list[PairDisagreement]:
        """The disagreements behind a contested status of an assessment; none for another status."""
        if found.statuses[therapy] != "contested":
            return []
        held = [s for s in found.statements(therapy, FOR) if found.truth(s) == TRUE]
        opposing = [s for s in found.opposing(therapy) if found.truth(s) == TRUE]
        return self.disagree.behind(held, opposing)
