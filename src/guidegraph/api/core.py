"""What every question to a knowledge base needs: its store, index, records, vocabulary and profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from guidegraph import store
from guidegraph.assess.assessment import Assessment, read_assessment
from guidegraph.disagree.build import DisagreementIndex
from guidegraph.knowledge.engine import Engine, steps
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.records import Records
from guidegraph.model import Profile
from guidegraph.profile import Vocabulary, apply_implications, implication_rows, read_profile, term_rows, to_triples
from guidegraph.profile import digest as profile_digest

ProfileSource = str | Path | Mapping[str, Any] | Profile
#: The folders whose queries make an answer; their digests go with it.
_ANSWER_FOLDERS = ("index", "disagree", "assess", "answer")


def software() -> str:
    """Name and version of this software."""
    return f"guidegraph {metadata.version('guidegraph')}"


class Core:
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads."""

    def __init__(self, loaded: ox.Store) -> None:
        self.store = loaded
        self.engine = Engine(loaded)
        self.records = Records(self.engine)
        self.disagreement = DisagreementIndex(self.engine, self.records)

    @cached_property
    def digest(self) -> str:
        """RDFC-1.0 digest of the knowledge (ontology and documents, without the derived index)."""
        return store.digest(self.store, leave_out=store.DERIVED)

    @cached_property
    def version(self) -> str:
        """The version of the knowledge, as the core ontology states it."""
        return self.engine.select("answer/version")[0][0]

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The terms that profiles and commands may use."""
        return Vocabulary(term_rows(self.engine.select("index/terms")))

    @cached_property
    def implications(self) -> Any:
        """The facts that bring or exclude other facts, as the ontology lists them."""
        return implication_rows(self.engine.select("index/implications"))

    @cached_property
    def book(self) -> FactBook:
        """The words for facts."""
        return FactBook(self.records, {row.iri: row for row in self.vocabulary.rows})

    def query_digests(self, folders: Sequence[str] = _ANSWER_FOLDERS) -> list[dict[str, str]]:
        """Name and digest of every query of some folders, by default of those that make an answer."""
        return [{"name": s.name, "digest": s.digest} for folder in folders for s in steps(folder)]

    def made_from(self, profile: Profile | None = None) -> dict[str, Any]:
        """What reproduces an answer beside its day: digests of knowledge, queries and profile, and the software."""
        return {
            "knowledge": {"digest": self.digest, "version": self.version},
            "profile": profile_digest(profile) if profile is not None else None,
            "queries": self.query_digests(),
            "software": software(),
        }

    def profile(self, source: ProfileSource) -> Profile:
        """Read a profile: a file, ``example:NAME``, a mapping, or a Profile; listed implications are applied.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            TermError: a term is unknown or ambiguous.
        """
        found = source if isinstance(source, Profile) else read_profile(source, self.vocabulary)
        return apply_implications(found, self.implications, self.vocabulary)

    def session(self, profile: Profile, as_of: date, jurisdiction: str | None) -> Any:
        """A running assessment of a profile, as a context manager (see :class:`Session`)."""
        return self.engine.session(to_triples(profile), as_of, jurisdiction)

    def assess(self, profile: Profile, as_of: date, jurisdiction: str | None = None) -> Assessment:
        """Assess a profile whose implications are applied."""
        with self.session(profile, as_of, jurisdiction) as session:
            return read_assessment(session, self.records, self.book, profile, as_of, jurisdiction)
