"""Statements, populations, code systems and extensions of some knowledge as FHIR resources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from guidegraph import namespaces as ns
from guidegraph.errors import UsageError
from guidegraph.export.fhir.cql import Populations
from guidegraph.export.fhir.definitions import code_systems, library, structure_definitions
from guidegraph.export.fhir.parts import R5, Json, bare, version_of
from guidegraph.export.fhir.source import Source
from guidegraph.export.fhir.statements import evidence, plan
from guidegraph.knowledge.named import evidence_items, recommendations
from guidegraph.knowledge.opened import Knowledge


def cql(knowledge: Knowledge, populations: Sequence[str] | None = None) -> str:
    """Populations (IRIs; all if None) as one CQL library over FHIR 4.0.1, with those that they name.

    Raises:
        KnowledgeError: a statement sets the numbers of several problems, which one bundle cannot tell apart.
    """
    knowledge.one_clock()
    chosen = sorted(knowledge.records.branches) if populations is None else populations
    return Populations(knowledge.basis, knowledge.records.label, knowledge.version).library(list(chosen))


def resources(
    knowledge: Knowledge, statements: Sequence[str], *, as_of: date | None = None, version: str = "R4"
) -> Iterator[Json]:
    """Recommendations and evidence items as FHIR resources, then the Library of their populations.

    Args:
        knowledge: what holds them.
        statements: IRIs; an evidence item needs R5.
        as_of: the day at which a statement must be in effect to be active; today if None.
        version: R4 (for R4 and R4B) or R5.

    Raises:
        UsageError: another version, or a statement that has no form in it.
    """
    source = _source(knowledge, as_of, version)
    recommended, items = set(recommendations(knowledge.records)), set(evidence_items(knowledge.records))
    for iri in statements:
        if iri in recommended:
            yield from map(bare, plan(source, iri))
        elif iri in items and source.version == R5:
            yield bare(evidence(source, iri))
        else:
            mend = "Write R5." if iri in items else "Name a recommendation or an evidence item."
            raise UsageError(f"{ns.shorten(iri)} has no form in FHIR {source.version}", mend=mend)
    yield bare(library(knowledge.version, cql(knowledge)))


def everything(knowledge: Knowledge, *, as_of: date | None = None, version: str = "R4") -> Iterator[Json]:
    """Everything that :func:`resources` writes in a version, our code systems and our extensions.

    Raises:
        UsageError: another version.
    """
    source = _source(knowledge, as_of, version)
    items = evidence_items(knowledge.records) if source.version == R5 else []
    statements = [*recommendations(knowledge.records), *items]
    yield from resources(knowledge, statements, as_of=as_of, version=version)
    yield from map(bare, code_systems(source, knowledge.vocabulary.rows))
    yield from map(bare, structure_definitions(source.version, knowledge.version))


def _source(knowledge: Knowledge, as_of: date | None, version: str) -> Source:
    release = version_of(version)
    return Source(knowledge.store, knowledge.records, as_of or date.today(), release, knowledge.version)
