"""Names that the tests of what is written as FHIR share."""

from __future__ import annotations

from collections.abc import Callable
from subprocess import CompletedProcess

Run = Callable[..., CompletedProcess[str]]
STATUS = "https://w3id.org/guidegraph/fhir/CodeSystem/therapy-status"
OWN = "https://w3id.org/guidegraph/fhir/StructureDefinition/"
