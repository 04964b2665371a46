"""A knowledge base, opened and asked about a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from guidegraph import assets, store
from guidegraph.api.answer import Answer
from guidegraph.api.core import ProfileSource
from guidegraph.api.fhir import FhirExporting
from guidegraph.api.intake import Intake
from guidegraph.api.lookup import Looking
from guidegraph.assess.assessment import Assessment
from guidegraph.assess.change import smallest_change
from guidegraph.assess.explain import explanation
from guidegraph.assess.questions import questions as _questions
from guidegraph.assess.timeline import timeline as _timeline
from guidegraph.errors import UsageError
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import apply_implications


class KnowledgeBase(Intake, Looking, FhirExporting):
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads."""

    def therapies(
        self,
        profile: ProfileSource,
        *,
        as_of: date | None = None,
        jurisdiction: str | None = None,
        also: Sequence[str] = (),
    ) -> Answer:
        """Which therapies are eligible for a patient, which are not and why, and what to find out next.

        Args:
            profile: see :meth:`profile`.
            as_of: the day at which statements must be in effect; today if None.
            jurisdiction: count only the labels of this country (ISO 3166-1 alpha-2, or EU); all if None.
            also: further drugs or procedures to answer for, as codes of other terminologies.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            TermError: a code of ``also`` is not understood.
            UsageError: no label of that jurisdiction is known.
        """
        self._check_jurisdiction(jurisdiction)
        asked = [reading for text in also if (reading := self.coded_therapy(text)) is not None]
        return Answer(self, self.assess(self.profile(profile), as_of or date.today(), jurisdiction, asked))

    def coded_therapy(self, text: str) -> CodeReading | None:
        """How a code that is a kind of an intervention of ours reads; None for any text that is a term of ours.

        Raises:
            TermError: the code is not understood, or is no intervention.
        """
        reading = self.vocabulary.reading(text)
        if reading is None or reading.exact or not self._interventions(reading):
            self.vocabulary.resolve(text, ("intervention",))
            return None
        return reading

    def _check_jurisdiction(self, jurisdiction: str | None) -> None:
        if jurisdiction is None:
            return
        known = sorted({code for node in self.records.nodes for code in self.records.all(node, "jurisdiction")})
        if jurisdiction not in known:
            raise UsageError(
                f"no document of jurisdiction {jurisdiction!r} is known",
                mend=f"Known are: {', '.join(known) or 'none'}.",
            )

    def therapy(self, text: str, found: Assessment) -> str:
        """The IRI of a therapy of an assessment, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names no intervention, or more than one.
            UsageError: no statement reaches the intervention.
        """
        reading = self.vocabulary.reading(text)
        known = reading is not None and reading.iri in found.linked
        iri = reading.iri if reading and known else self.vocabulary.resolve(text, ("intervention",))
        if iri not in found.statuses:
            raise UsageError(
                f"no recommendation or contraindication reaches {found.records.label(iri)!r}",
                mend="guidegraph therapies lists every therapy that one reaches.",
            )
        return iri

    def resolve(self, text: str) -> str:
        """The IRI of any clinical class, named by label, synonym, CURIE or IRI.

        Raises:
            TermError: the text names nothing, or more than one thing.
        """
        return self.vocabulary.resolve(text, ("condition", "finding", "intervention"))

    def explain(
        self, profile: ProfileSource, therapy: str, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> dict[str, Any]:
        """The proof of one therapy's status and the smallest change that would make it eligible.

        Raises:
            ProfileError, TermError, UsageError: as :meth:`therapies` and :meth:`therapy`.
        """
        found = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction, also=[therapy]).found
        iri = self.therapy(therapy, found)
        change = smallest_change(found, iri, self._again(found))
        told = explanation(found, iri, change)
        told["therapy"]["disagreements"] = self.behind(found, iri)
        told["made_from"] = self.made_from(found.profile, found.linked.values())
        return told

    def ask(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> list[dict[str, Any]]:
        """The unknown facts, ranked by what they could change."""
        answer = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction)
        questions: list[dict[str, Any]] = _questions(answer.found)
        return questions

    def timeline(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> dict[str, Any]:
        """Statuses by week, at every week at which something can change."""
        found = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction).found
        return {
            **_timeline(found.profile, self.records, self._again(found)),
            "made_from": self.made_from(found.profile),
        }

    def _again(self, found: Assessment) -> Any:
        def assess(profile: Profile) -> Assessment:
            settled = apply_implications(profile, self.implications, self.vocabulary)
            return self.assess(settled, found.as_of, found.jurisdiction, found.linked.values())

        return assess


def open_knowledge(root: str | Path | None = None, *, extra: Sequence[str | Path] = ()) -> KnowledgeBase:
    """Open a knowledge base.

    Args:
        root: a folder with ontology/ and graph/; the shipped one if None.
        extra: further Turtle or TriG files of the user.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
    """
    folder = Path(root) if root is not None else assets.root()
    return KnowledgeBase(store.load_knowledge(folder, extra=extra), None if root is None else folder)


def open_files(files: Sequence[str | Path], root: str | Path | None = None) -> KnowledgeBase:
    """Open a user's own files with the ontology alone: none of the shipped documents is loaded.

    Args:
        files: Turtle, TriG, N-Triples, N-Quads or JSON-LD files in the vocabulary of docs/model.md.
        root: a folder with ontology/; the shipped one if None.

    Raises:
        KnowledgeError: a file cannot be read or parsed.
    """
    folder = Path(root) if root is not None else assets.root()
    return KnowledgeBase(store.load_files(folder, [Path(f) for f in files]), None if root is None else folder)
