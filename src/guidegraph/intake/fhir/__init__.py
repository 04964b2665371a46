"""FHIR R4 and R5 resources, read as a profile by the table ontology/links/fhir-paths.yaml."""

from __future__ import annotations

from guidegraph.intake.fhir.orders import Order
from guidegraph.intake.fhir.read import FhirOptions, FhirReader, FhirSource, Reading, read_fhir, read_record

__all__ = ["FhirOptions", "FhirReader", "FhirSource", "Order", "Reading", "read_fhir", "read_record"]
