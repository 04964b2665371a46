"""A knowledge base: opened, asked about a patient, and written down in the forms of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import pyoxigraph as ox

from guidegraph.api.answer import Answer
from guidegraph.assess import assessing
from guidegraph.assess.assessment import Assessment
from guidegraph.disagree.engine import Disagreements, no_patient
from guidegraph.domains import Selection
from guidegraph.knowledge import named
from guidegraph.knowledge.kept import KeptKnowledge
from guidegraph.knowledge.lookup import Lookup
from guidegraph.knowledge.opened import Knowledge
from guidegraph.model import CodeReading, Profile
from guidegraph.profile import Implication, ProfileSource, Vocabulary
from guidegraph.profile.problems import asked_of, of_problem, titled

# What only some questions need is imported by those, so that a command starts soon.
if TYPE_CHECKING:
    from guidegraph import comparisons
    from guidegraph.api.batch import RecordAnswer
    from guidegraph.assess.assessing import Asking
    from guidegraph.audit.auditing import AuditOptions, AuditReport
    from guidegraph.audit.engine import Auditor
    from guidegraph.audit.tracing import Trace
    from guidegraph.derived import Explanation, Plan, PublishedReleases, Timeline
    from guidegraph.disagree.questions import DisagreementOptions, Selected
    from guidegraph.export.nanopub import Key, Nanopub
    from guidegraph.forms import Question
    from guidegraph.intake.fhir.read import FhirOptions, FhirReader, FhirSource, Reading
    from guidegraph.intake.omop.read import OmopOptions
    from guidegraph.intake.report import IntakeReport
    from guidegraph.terminologies.book import Links
    from guidegraph.validate.passages import Verification


class KnowledgeBase:
    """Ontology, documents and queries, loaded and indexed once; safe to share between threads.

    Its arguments are those of ``knowledge`` (:class:`guidegraph.knowledge.opened.Knowledge`), which every method asks.
    """

    def __init__(self, loaded: ox.Store | KeptKnowledge, selected: Selection | None = None) -> None:
        self.knowledge = known = Knowledge(loaded, selected)
        self.engine, self.records, self.disagreement = known.engine, known.records, known.disagreement

    @property
    def store(self) -> ox.Store:
        """The knowledge with its index."""
        return self.engine.store

    @property
    def digest(self) -> str:
        """RDFC-1.0 digest of the knowledge (ontology and documents, without the derived index)."""
        return self.knowledge.digest

    @property
    def version(self) -> str:
        """The version of the knowledge, as the core ontology states it."""
        return self.knowledge.version

    @property
    def vocabulary(self) -> Vocabulary:
        """The terms that profiles and commands may use."""
        return self.knowledge.vocabulary

    @property
    def links(self) -> Links:
        """The links to other terminologies: mapping tables, linked hierarchies, and the reader of codes."""
        return self.knowledge.links

    @property
    def implications(self) -> list[Implication]:
        """The facts that bring or exclude other facts, as the ontology lists them."""
        return self.knowledge.implications

    def profile(self, source: ProfileSource) -> Profile:
        """Read a profile: a file, ``example:NAME``, a mapping, or a Profile; listed implications are applied.

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            TermError: a term is unknown or ambiguous.
        """
        return self.knowledge.profile(source)

    def profile_from_fhir(
        self,
        source: FhirSource,
        *,
        as_of: date | None = None,
        where: str = "the record",
        **options: Unpack[FhirOptions],
    ) -> Reading:
        """Read FHIR resources of one patient as a profile, with a report of every entry.

        Nothing absent is inferred from missing entries. See :meth:`guidegraph.intake.fhir.read.FhirReader.profile`.
        """
        return self._fhir.profile(source, as_of=as_of, where=where, **options)

    def fhir_statuses(
        self,
        sources: Sequence[FhirSource],
        *,
        as_of: date | None = None,
        jurisdiction: str | None = None,
        workers: int = 1,
        **options: Unpack[FhirOptions],
    ) -> Iterator[RecordAnswer]:
        """The status of every therapy for each of many records (see :func:`guidegraph.api.batch.fhir_statuses`)."""
        from guidegraph.api.batch import fhir_statuses

        return fhir_statuses(self._fhir, sources, as_of=as_of, jurisdiction=jurisdiction, workers=workers, **options)

    @cached_property
    def _fhir(self) -> FhirReader:
        from guidegraph.intake.fhir.read import FhirReader

        return FhirReader(self.knowledge)

    def profile_from_omop(
        self, source: str | Path, person: int, **options: Unpack[OmopOptions]
    ) -> tuple[Profile, IntakeReport]:
        """One person's profile and the report on their rows; see :func:`guidegraph.intake.omop.read.read_person`."""
        from guidegraph.intake.omop.read import read_person

        return read_person(self.knowledge, source, person, **options)

    def profiles_from_omop(
        self, source: str | Path, persons: Iterable[int] | None = None, **options: Unpack[OmopOptions]
    ) -> Iterator[tuple[int, Profile, IntakeReport]]:
        """The profiles of many persons (all if None), in the order of their ids, each with its report.

        Arguments and errors: see :func:`guidegraph.intake.omop.read.read_persons`.
        """
        from guidegraph.intake.omop.read import read_persons

        return read_persons(self.knowledge, source, persons, **options)

    def therapies(self, profile: ProfileSource, *, also: Sequence[str] = (), **asked: Unpack[Asking]) -> Answer:
        """Which therapies are eligible for a patient, which are not and why, and what to find out next.

        Args:
            profile: see :meth:`profile`.
            also: further drugs or procedures to answer for, as codes of other terminologies.
            asked: the day, the country and the problem (:class:`guidegraph.assess.assessing.Asking`).

        Raises:
            ProfileError: the profile cannot be read or contradicts itself.
            TermError: a code of ``also`` is not understood.
            UsageError: no label of that jurisdiction is known, or of several problems none is chosen.
        """
        return self._answer(assessing.asked(self.knowledge, self.profile(profile), also, **asked))

    def assess(
        self, profile: Profile, as_of: date, jurisdiction: str | None = None, also: Iterable[CodeReading] = ()
    ) -> Assessment:
        """Assess a profile whose implications are applied (see :func:`guidegraph.assess.assessing.assess`)."""
        return assessing.assess(self.knowledge, profile, as_of, jurisdiction, also)

    def _answer(self, assessment: Assessment) -> Answer:
        return Answer(self.knowledge, self.disagree, assessment)

    def resolve(self, text: str) -> str:
        """The IRI of any clinical class, named by label, synonym, CURIE or IRI that only it has (else TermError)."""
        return self.vocabulary.resolve(text, ("condition", "finding", "intervention"))

    def explain(self, profile: ProfileSource, therapy: str, **asked: Unpack[Asking]) -> Explanation:
        """The proof of one therapy's status and the smallest change that would make it eligible.

        Raises:
            ProfileError, TermError, UsageError: as :meth:`therapies`; also where no statement reaches the therapy.
        """
        from guidegraph.assess.change import smallest_change
        from guidegraph.assess.explain import explanation

        assessment = assessing.asked(self.knowledge, self.profile(profile), [therapy], **asked)
        iri = assessing.find_therapy(self.knowledge, therapy, assessment)
        change = smallest_change(assessment, iri, assessing.again(self.knowledge, assessment))
        made_from = self.knowledge.made_from(assessment.profile, assessment.linked.values())
        boundary = assessing.boundaries(self.knowledge, assessment).get(iri, ())
        return explanation(assessment, iri, change, self.disagree.behind, made_from, boundary)

    def ask(self, profile: ProfileSource, **asked: Unpack[Asking]) -> list[Question]:
        """The unknown facts, ranked by what they could change."""
        from guidegraph.assess.questions import every_open_statement, questions

        assessment = assessing.asked(self.knowledge, self.profile(profile), **asked)
        return questions(assessment, every_open_statement(assessment))

    def timeline(self, profile: ProfileSource, **asked: Unpack[Asking]) -> Timeline:
        """Statuses by week, at every week at which something can change."""
        from guidegraph.assess.timeline import timeline

        assessment = assessing.asked(self.knowledge, self.profile(profile), **asked)
        again, made_from = assessing.again(self.knowledge, assessment), self.knowledge.made_from(assessment.profile)
        return timeline(assessment.profile, self.records, again, made_from)

    def plan(self, profile: ProfileSource, therapies: Sequence[str], **asked: Unpack[Asking]) -> Plan:
        """What becomes of therapies when they are given together (see :func:`guidegraph.assess.plan.planned`)."""
        from guidegraph.assess.plan import planned

        return planned(self.knowledge, self.profile(profile), therapies, **asked)

    def replay(self, path: str | Path) -> dict[str, Any]:
        """Recompute a saved answer and compare it, in the published JSON form (schema/replay.schema.json).

        Raises:
            UsageError: the file cannot be read, or holds no saved answer.
            ProfileError: its profile names terms that the knowledge base does not know.
        """
        from guidegraph.audit.replay import replay

        return replay(self.knowledge, path, lambda assessment: self._answer(assessment).to_dict())

    @cached_property
    def disagree(self) -> Disagreements:
        """The disagreements between documents."""
        return Disagreements(self.engine, self.records, self.disagreement, self.knowledge.phrases)

    def document(self, text: str) -> str:
        """The IRI of a document, named by CURIE, IRI, id or a part of its label that only it has (else UsageError)."""
        return named.find_document(self.records, text)

    def disagreements(
        self,
        *,
        profile: ProfileSource | None = None,
        as_of: date | None = None,
        problem: str | None = None,
        **options: Unpack[DisagreementOptions],
    ) -> comparisons.Disagreements:
        """Where documents disagree, for whom, and whether it is real, in the published JSON form.

        Args:
            profile: only what concerns this patient: both populations true, or one true and one unknown.
            as_of: the day at which both are issued; today if None.
            problem: of several problems of the profile the one that is asked about.
            options: :class:`guidegraph.disagree.questions.DisagreementOptions`.

        Raises:
            ProfileError, TermError, UsageError: an argument cannot be understood.
        """
        from guidegraph.disagree.questions import report

        day = as_of or date.today()
        patient = asked_of(None if profile is None else self.profile(profile), problem, self.vocabulary)
        truth = no_patient if patient is None else self.assess(patient, day).truth
        return report(self.knowledge, self.disagree, day, patient, truth, **options)

    def compare(self, a: str, b: str, *, as_of: date | None = None) -> comparisons.PublishedPair:
        """Two documents, named as :meth:`document` has it, side by side, in the published JSON form."""
        from guidegraph.disagree.questions import compared

        return compared(self.knowledge, self.disagree, a, b, as_of or date.today())

    def matrix(
        self, *, as_of: date | None = None, at_least: int = 2, **wanted: Unpack[Selected]
    ) -> comparisons.PublishedMatrix:
        """Interventions by documents, in the published JSON form: those that ``at_least`` (1 or more) address, and of
        these what is ``wanted`` (:class:`guidegraph.disagree.questions.Selected`; errors as there)."""
        from guidegraph.disagree.questions import documents_matrix

        return documents_matrix(self.knowledge, as_of or date.today(), at_least, **wanted)

    def changes(self, start: date, end: date) -> comparisons.PublishedChanges:
        """What began, ceased and reversed from one day to a later one, and which shipped patients it touches."""
        from guidegraph.disagree.changes import Changes

        def statuses(day: date) -> dict[str, dict[str, str]]:
            names = self.knowledge.examples
            of_each = (titled(self.profile(f"example:{n}"), self.vocabulary, n).items() for n in names)
            return {title: dict(self.assess(one, day).statuses) for each in of_each for title, one in each}

        changed = Changes(self.engine, self.records, self.disagree).between(start, end, statuses)
        return {**changed, "made_from": self.knowledge.made_from()}

    def versus(self, earlier: KnowledgeBase, *, as_of: date | None = None) -> PublishedReleases:
        """What moved since an earlier release of the knowledge (see :func:`guidegraph.audit.releases.releases`)."""
        from guidegraph.audit.releases import releases

        return releases(earlier.knowledge, self.knowledge, as_of or date.today())

    @cached_property
    def _auditor(self) -> Auditor:
        from guidegraph.audit.engine import Auditor

        return Auditor(self.engine, self.disagreement)

    def audit(self, **options: Unpack[AuditOptions]) -> AuditReport:
        """What is wrong with the provenance of the statements, each finding with its evidence and how to mend it.

        Options: see :class:`guidegraph.audit.auditing.AuditOptions`.

        Raises:
            UsageError: an option cannot be understood, or the baseline cannot be used.
            DocumentError: a text cannot be read or belongs to no document.
            KnowledgeError: there is nothing to audit, or a kind's file cannot be used.
        """
        from guidegraph.audit.auditing import audit

        return audit(self.knowledge, self._auditor, **options)

    def verify_document(self, path: str | Path, document: str | None = None) -> Verification:
        """Check a document's text against the digests of its places.

        Arguments and errors: see :func:`guidegraph.audit.auditing.verify_document`.
        """
        from guidegraph.audit.auditing import verify_document

        return verify_document(self.knowledge, path, document)

    def trace(self, text: str) -> Trace:
        """The chain from a statement to its passage, document, citations, primary and evidence, with every break.

        Arguments and errors: see :func:`guidegraph.audit.tracing.trace`.
        """
        from guidegraph.audit.tracing import trace

        return trace(self.knowledge, text)

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup(self.knowledge)

    def lookup(self, text: str) -> dict[str, Any]:
        """What a term or code is and does, as :meth:`guidegraph.knowledge.lookup.Lookup.lookup` has it."""
        return self._lookup.lookup(text)

    def recommendations(self) -> list[str]:
        """The IRIs of all recommendations, sorted."""
        return named.recommendations(self.records)

    def evidence_items(self) -> list[str]:
        """The IRIs of all evidence items, sorted."""
        return named.evidence_items(self.records)

    def statement(self, text: str) -> str:
        """The IRI of a statement, named as :meth:`trace` names it (UsageError where it is none, or more than one)."""
        return named.find_statement(self.records, self.vocabulary, text)

    def population(self, text: str) -> str:
        """The IRI of a population, named by IRI, CURIE, local name or label that only it has (else UsageError)."""
        return named.find_population(self.records, text)

    def nanopubs(
        self, statements: Sequence[str], *, previous: Mapping[str, Nanopub] | None = None, key: Key | None = None
    ) -> Iterator[Nanopub]:
        """Nanopublications of statements (IRIs); see :func:`guidegraph.export.publishing.nanopubs`."""
        from guidegraph.export.publishing import nanopubs

        return nanopubs(self.knowledge, statements, previous=previous, key=key)

    def vanished(self, previous: Mapping[str, Nanopub]) -> list[Nanopub]:
        """Those of an earlier export whose statement is no longer there; see :mod:`guidegraph.export.publishing`."""
        from guidegraph.export.publishing import vanished

        return vanished(self.knowledge, previous)

    def fhir_systems(self) -> dict[str, str]:
        """How FHIR names other terminologies, by CURIE prefix, as the registry of terminologies has them."""
        return {prefix: known.fhir[0] for prefix, known in self.links.codes.terminologies.items() if known.fhir}

    def cql(self, populations: Sequence[str] | None = None) -> str:
        """Populations (IRIs; all if None) as one CQL library over FHIR 4.0.1, with those that they name."""
        from guidegraph.export.fhir.resources import cql

        return cql(self.knowledge, populations)

    def patient_bundle(
        self, profile: ProfileSource, *, as_of: date | None = None, problem: str | None = None
    ) -> dict[str, Any]:
        """A profile, implications applied, as a FHIR R4 bundle in our own code systems, as :meth:`cql` reads it.

        ``as_of`` is the day on which the facts hold, which dates them; undated if None; ``problem`` as :class:`Asking`
        has it. Errors: as :meth:`profile`, and UsageError where a number has more digits than JSON keeps.
        """
        from guidegraph.export.fhir.patient import patient_bundle

        return patient_bundle(of_problem(self.profile(profile), problem, self.vocabulary), self.vocabulary, as_of)

    def fhir(self, statements: Sequence[str], *, as_of: date | None = None, version: str = "R4") -> Iterator[Any]:
        """Statements (IRIs) as FHIR resources; see :func:`guidegraph.export.fhir.resources.resources`."""
        from guidegraph.export.fhir.resources import resources

        return resources(self.knowledge, statements, as_of=as_of, version=version)

    def fhir_all(self, *, as_of: date | None = None, version: str = "R4") -> Iterator[Any]:
        """Everything that :meth:`fhir` writes in a version (R4 or R5), our code systems and our extensions."""
        from guidegraph.export.fhir.resources import everything

        return everything(self.knowledge, as_of=as_of, version=version)
