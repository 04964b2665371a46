"""The opened knowledge: what every question needs, loaded and indexed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from guidegraph import assets, store
from guidegraph import namespaces as ns
from guidegraph.domains import Selection, select
from guidegraph.knowledge.basis import Basis, compile_basis
from guidegraph.knowledge.clocks import refuse_mixed
from guidegraph.knowledge.disagreement import DisagreementIndex
from guidegraph.knowledge.engine import Engine, Request, Session, steps
from guidegraph.knowledge.facts import FactBook
from guidegraph.knowledge.kept import KeptKnowledge
from guidegraph.knowledge.naming import Naming
from guidegraph.knowledge.phrases import Phrases
from guidegraph.knowledge.records import Records
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import (
    Implication,
    ProfileSource,
    Settled,
    Vocabulary,
    read_profile,
    settle,
    settled_triples,
    term_rows,
)
from guidegraph.profile import digest as profile_digest
from guidegraph.profile.deriving import derivation_rows
from guidegraph.termreadings import TermReading

if TYPE_CHECKING:
    from guidegraph.forms import MadeFrom, NamedDigest
    from guidegraph.knowledge.lay import LayWords
    from guidegraph.terminologies.book import Links
    from guidegraph.terminologies.lexicon import Lexicon

#: The folders whose queries make an answer; their digests go with it.
_ANSWER_FOLDERS = ("index", "disagree", "assess", "answer")


def software() -> str:
    """Name and version of this software."""
    return f"guidegraph {assets.VERSION}"


class Knowledge:
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads.

    Args:
        loaded: ontology and documents, or what an earlier opening worked out of them.
        selected: the folder and domains that they come from, for mapping tables, linked hierarchies and examples.
    """

    def __init__(self, loaded: ox.Store | KeptKnowledge, selected: Selection | None = None) -> None:
        self.selected = selected or select()
        self._links_loaded = self._one_clock = False
        self._lay: dict[tuple[str, str], LayWords] = {}
        kept = None if isinstance(loaded, ox.Store) else loaded
        self._digest = kept.digest if kept else None
        self.engine = Engine(loaded)
        self.records = Records(self.engine)
        self.disagreement = DisagreementIndex(self.engine, self.records, graded=kept is not None)

    @property
    def store(self) -> ox.Store:
        """The knowledge with its index."""
        return self.engine.store

    @cached_property
    def digest(self) -> str:
        """RDFC-1.0 digest of the knowledge (ontology and documents, without the derived index)."""
        return self._digest or store.digest(self.store)

    @cached_property
    def version(self) -> str:
        """The version of the knowledge, as the core ontology states it."""
        return self.engine.select("answer/version")[0][0]

    @cached_property
    def naming(self) -> Naming:
        """The terms, and the readers of codes and everyday names."""
        rows = term_rows(self.engine.select("index/terms"))
        return Naming(self.selected, rows, derivation_rows(self.engine.select("index/derivations")))

    @property
    def vocabulary(self) -> Vocabulary:
        """The terms that profiles and commands may use."""
        return self.naming.vocabulary

    def _example_elsewhere(self, name: str) -> str:
        """Which domain that is not loaded has an example of this name, as a sentence; "" if none has."""
        domain = self.selected.example_elsewhere(name)
        return f"It is an example of the domain {domain.name}: add --domain {domain.name}." if domain else ""

    @property
    def examples(self) -> Mapping[str, Path]:
        """The example profiles by name."""
        return self.selected.examples

    @property
    def lexicon(self) -> Lexicon:
        """The everyday names of drugs, conditions and findings that are no names of terms."""
        return self.naming.lexicon

    @property
    def links(self) -> Links:
        """The links to other terminologies: mapping tables, linked hierarchies, and the reader of codes."""
        return self.naming.links

    @property
    def implications(self) -> list[Implication]:
        """The facts that bring or exclude other facts: as the ontology lists them, by readings and by parts."""
        return self.records.implications

    @cached_property
    def readings(self) -> list[TermReading]:
        """The published definitions by which numbers and facts stand for terms."""
        return self.engine.term_readings

    def settle(self, profile: Profile) -> Settled:
        """Everything that follows from a profile.

        Raises:
            ProfileError: it contradicts itself.
        """
        return settle(profile, self.implications, self.vocabulary)

    @cached_property
    def problems(self) -> frozenset[str]:
        """The conditions that recommendations speak of: those that are one problem with an indication."""
        return self.records.problems & {row.iri for row in self.vocabulary.of_kind("condition")}

    @cached_property
    def basis(self) -> Basis:
        """What criteria rest on, whoever the patient is and whatever the day."""
        return compile_basis(self.records)

    @cached_property
    def book(self) -> FactBook:
        """The words for facts."""
        return FactBook(self.records, self.vocabulary, self.implications, self.readings)

    def lay_in(self, language: str, reader: str = "plain") -> LayWords:
        """The words of a language for a reader: "plain" for one without medical training, or "professional".

        Raises:
            UsageError: nothing is said in that language.
        """
        from guidegraph.knowledge.lay import lay_words, primary

        key = reader, primary(language)
        if key not in self._lay:
            self._lay[key] = lay_words(self.engine, language, reader)
        return self._lay[key]

    @cached_property
    def phrases(self) -> Phrases:
        """The words for criteria in sentences."""
        return Phrases(self.engine, self.records)

    def query_digests(self, folders: Sequence[str] = _ANSWER_FOLDERS) -> list[NamedDigest]:
        """Name and digest of every query of some folders, by default of those that make an answer."""
        return [{"name": s.name, "digest": s.digest} for folder in folders for s in steps(folder)]

    def made_from(self, profile: Profile | None = None, also: Iterable[CodeReading] = ()) -> MadeFrom:
        """What reproduces an answer beside its day: digests of knowledge, queries and profile, and the software.

        ``also`` are codes that the answer is about, beside those of the profile.
        """
        readings = (*(profile.readings if profile is not None else ()), *also)
        return {
            "knowledge": {
                "digest": self.digest,
                "version": self.version,
                "links": self.link_digests(readings),
            },
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
        return read_profile(source, self.vocabulary, self.implications, self.examples, self._example_elsewhere)

    def session(
        self, profile: Profile | Settled, asked: Request, linked: Mapping[str, CodeReading]
    ) -> AbstractContextManager[Session]:
        """A running assessment of what a profile comes to, as a context manager (see :class:`Session`).

        Raises:
            ProfileError: the profile contradicts itself.
            KnowledgeError: a statement sets the numbers of several problems.
        """
        self.one_clock()
        settled = self.settle(profile) if isinstance(profile, Profile) else profile
        leaves = {iri: self.kinds(reading) for iri, reading in linked.items()}
        return self.engine.session(settled_triples(settled), asked, leaves)

    def one_clock(self) -> None:
        """Refuse knowledge with a statement that sets the numbers of several problems; asked once.

        Raises:
            KnowledgeError: there is one (:func:`guidegraph.knowledge.clocks.refuse_mixed`).
        """
        if not self._one_clock:
            refuse_mixed(self.records, self.vocabulary)
            self._one_clock = True

    def kinds(self, reading: CodeReading) -> Sequence[str]:
        """The interventions of ours that a code is a kind of."""
        rows = (self.vocabulary.by_iri.get(iri) for iri in reading.present)
        return [row.iri for row in rows if row is not None and row.kind == "intervention"]

    def member(self, iri: str) -> CodeReading | None:
        """A drug that is answered for only when named, as what is a kind of its classes; None for any other term."""
        if iri not in self.records.unlisted:
            return None
        row = self.vocabulary.by_iri[iri]
        classes = tuple(p for p in row.parents if p in self.vocabulary.by_iri)
        return CodeReading(ns.shorten(iri), row.label, classes, iri=iri)

    def members(self, profile: Profile) -> list[CodeReading]:
        """The drugs that a profile names and that are answered for only when named."""
        taken = profile.present.get(ns.GG + "takesMedication", frozenset())
        named = taken | {t.of for t in profile.trials_present} | profile.not_tolerated
        return [r for iri in sorted(named & self.records.unlisted) if (r := self.member(iri)) is not None]

    def load_links(self) -> None:
        """Put the mappings and the linked hierarchies into the store, for queries that ask for them; once."""
        if not self._links_loaded:
            self.links.load(self.store)
            self._links_loaded = True

    def link_digests(self, readings: Iterable[CodeReading]) -> list[NamedDigest]:
        """Name and digest of every mapping table and linked hierarchy that codes were read by."""
        used = {source for reading in readings for source in reading.sources}
        return [{"name": name, "digest": self.links.digest(name)} for name in sorted(used)]
