"""FHIR R4 and R5 resources, read as a profile by the table ontology/links/fhir-paths.yaml."""

from __future__ import annotations

from guidegraph.intake.fhir.read import Reading, read_fhir
from guidegraph.intake.fhir.source import from_values, parse

__all__ = ["Reading", "from_values", "parse", "read_fhir"]
