"""A knowledge base that writes itself and its patients as FHIR, and its populations as CQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any

from guidegraph import namespaces as ns
from guidegraph.api.core import ProfileSource
from guidegraph.api.exporting import Exporting
from guidegraph.errors import UsageError
from guidegraph.knowledge.records import gg

if TYPE_CHECKING:
    from guidegraph.export.cql import Populations

_EVIDENCE = ("EvidenceItem", "DiagnosticAccuracy")


class FhirExporting(Exporting):
    """A knowledge base that writes FHIR and CQL."""

    @cached_property
    def _populations(self) -> Populations:
        from guidegraph.export.cql import Populations

        return Populations(self.records, self.version, self.implications)

    def fhir_systems(self) -> dict[str, str]:
        """How FHIR names other terminologies, by CURIE prefix, as the registry of terminologies has them."""
        return {prefix: known.fhir[0] for prefix, known in self.links.codes.terminologies.items() if known.fhir}

    def population(self, text: str) -> str:
        """The IRI of a population, named by IRI, CURIE, local name or label.

        Raises:
            UsageError: nothing or more than one thing fits.
        """
        wanted = text.strip()
        known = self.records.branches
        for candidate in (wanted, ns.expand(wanted), ns.GGP + wanted):
            if candidate in known:
                return str(candidate)
        labels = {iri: self.records.label(iri) for iri in known}
        fitting = sorted(iri for iri, label in labels.items() if label.casefold() == wanted.casefold())
        if len(fitting) == 1:
            return fitting[0]
        names = {ns.shorten(iri).partition(":")[2] or iri: ns.shorten(iri) for iri in known}
        near = [names[n] for n in get_close_matches(wanted, names, n=3, cutoff=0.5)]
        what = "more than one population is" if fitting else "no population is"
        told = ", ".join(map(ns.shorten, fitting)) or ", ".join(near)
        raise UsageError(f"{what} named {wanted[:60]!r}", mend=f"Nearest: {told}." if told else "Name one by its IRI.")

    def cql(self, populations: Sequence[str] | None = None) -> str:
        """Populations as one CQL library over FHIR 4.0.1.

        Args:
            populations: their IRIs; all if None. Populations that they name come along.
        """
        chosen = sorted(self.records.branches) if populations is None else list(populations)
        return self._populations.library(chosen)

    def patient_bundle(self, profile: ProfileSource, *, as_of: date | None = None) -> dict[str, Any]:
        """A profile, implications applied, as a FHIR R4 bundle in our own code systems, as :meth:`cql` reads it.

        Args:
            profile: see :meth:`profile`.
            as_of: the day on which the facts hold, which dates them; undated if None.

        Raises:
            ProfileError, TermError: as :meth:`profile`.
            UsageError: a number has more digits than JSON keeps.
        """
        from guidegraph.export.fhir.patient import patient_bundle

        return patient_bundle(self.profile(profile), self.vocabulary, as_of)

    def evidence_items(self) -> list[str]:
        """The IRIs of all evidence items, sorted."""
        wanted = {gg(name) for name in _EVIDENCE}
        return sorted(n for n, props in self.records.nodes.items() if wanted & set(props.get(ns.RDF + "type", ())))

    def fhir(self, statements: Sequence[str], *, as_of: date | None = None, version: str = "R4") -> Iterator[Any]:
        """Recommendations and evidence items as FHIR resources, then the Library of their populations.

        Args:
            statements: IRIs; an evidence item needs R5.
            as_of: the day at which a statement must be in effect to be active; today if None.
            version: R4 (for R4 and R4B) or R5.

        Raises:
            UsageError: another version, or a statement that has no form in it.
        """
        from guidegraph.export.fhir import parts as fhirparts
        from guidegraph.export.fhir.evidence import evidence
        from guidegraph.export.fhir.plan import plan
        from guidegraph.export.fhir.source import Source
        from guidegraph.export.fhir.terms import library

        source = Source(self.store, self.records, as_of or date.today(), fhirparts.version_of(version), self.version)
        recommendations, items = set(self.recommendations()), set(self.evidence_items())
        for iri in statements:
            if iri in recommendations:
                yield from map(fhirparts.bare, plan(source, iri))
            elif iri in items and source.version == fhirparts.R5:
                yield fhirparts.bare(evidence(source, iri))
            else:
                mend = "Write R5." if iri in items else "Name a recommendation or an evidence item."
                raise UsageError(f"{ns.shorten(iri)} has no form in FHIR {source.version}", mend=mend)
        yield fhirparts.bare(library(self.version, self.cql()))

    def fhir_all(self, *, as_of: date | None = None, version: str = "R4") -> Iterator[Any]:
        """Everything that :meth:`fhir` writes in a version, our code systems and our extensions.

        Raises:
            UsageError: another version.
        """
        from guidegraph.export.fhir import parts as fhirparts
        from guidegraph.export.fhir.extensions import structure_definitions
        from guidegraph.export.fhir.source import Source
        from guidegraph.export.fhir.terms import code_systems

        day, release = as_of or date.today(), fhirparts.version_of(version)
        items = self.evidence_items() if release == fhirparts.R5 else []
        yield from self.fhir([*self.recommendations(), *items], as_of=day, version=release)
        source = Source(self.store, self.records, day, release, self.version)
        yield from map(fhirparts.bare, code_systems(source, self.vocabulary.rows))
        yield from map(fhirparts.bare, structure_definitions(release, self.version))
