"""A knowledge base, opened and asked about a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from guidegraph import assets, store, verify
from guidegraph import namespaces as ns
from guidegraph.api.answer import Answer
from guidegraph.api.core import ProfileSource
from guidegraph.api.disagreement import Disagreeing
from guidegraph.assess.assessment import Assessment
from guidegraph.assess.change import smallest_change
from guidegraph.assess.explain import explanation
from guidegraph.assess.questions import questions as _questions
from guidegraph.assess.timeline import timeline as _timeline
from guidegraph.errors import DocumentError, UsageError
from guidegraph.knowledge import describe
from guidegraph.model import Profile
from guidegraph.profile import apply_implications


class KnowledgeBase(Disagreeing):
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads."""

    def therapies(
        self, profile: ProfileSource, *, as_of: date | None = None, jurisdiction: str | None = None
    ) -> Answer:
        """Which therapies are eligible for a patient, which are not and why, and what to find out next.

        Args:
            profile: see :meth:`profile`.
            as_of: the day at which statements must be in effect; today if None.
            jurisdiction: count only the labels of this country (ISO 3166-1 alpha-2, or EU); all if None.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            UsageError: no label of that jurisdiction is known.
        """
        self._check_jurisdiction(jurisdiction)
        return Answer(self, self.assess(self.profile(profile), as_of or date.today(), jurisdiction))

    def _check_jurisdiction(self, jurisdiction: str | None) -> None:
        known = sorted({code for node in self.records.nodes for code in self.records.all(node, "jurisdiction")})
        if jurisdiction is not None and jurisdiction not in known:
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
        iri = self.vocabulary.resolve(text, ("intervention",))
        if iri not in found.statuses:
            raise UsageError(
                f"no recommendation or contraindication reaches {self.records.label(iri)!r}",
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
        found = self.therapies(profile, as_of=as_of, jurisdiction=jurisdiction).found
        iri = self.therapy(therapy, found)
        change = smallest_change(found, iri, self._again(found))
        told = explanation(found, iri, change)
        told["therapy"]["disagreements"] = self.behind(found, iri)
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
        return _timeline(found.profile, self.records, self._again(found))

    def verify_document(self, path: str | Path, document: str | None = None) -> verify.Verification:
        """Check a document's text against the digests of its places.

        Args:
            path: the text as a UTF-8 file.
            document: CURIE or IRI of the document; the one whose passages fit best if None.

        Raises:
            DocumentError: the file cannot be read, or the document is unknown or was encoded without its text.
        """
        known = verify.places(self.engine.select("answer/places"))
        text = verify.read_text(Path(path))
        iri = verify.choose(text, known) if document is None else ns.expand(document) or document
        if iri not in known:
            told = ", ".join(describe.name(d) for d in sorted(known)) or "none"
            raise DocumentError(f"no places of document {document!r} are known", mend=f"Known are: {told}.")
        digest, found = known[iri]
        return verify.verify(describe.name(iri), text, digest, found)

    def _again(self, found: Assessment) -> Any:
        def assess(profile: Profile) -> Assessment:
            settled = apply_implications(profile, self.implications, self.vocabulary)
            return self.assess(settled, found.as_of, found.jurisdiction)

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
    return KnowledgeBase(store.load_knowledge(folder, extra=extra))
