"""FHIR R4 and R5 resources, read as a profile by the table ontology/links/fhir-paths.yaml."""

from __future__ import annotations

from guidegraph.intake.fhir.bundle import decoded, from_values, parse
from guidegraph.intake.fhir.read import Reading, read_fhir

__all__ = ["Reading", "decoded", "from_values", "parse", "read_fhir"]
