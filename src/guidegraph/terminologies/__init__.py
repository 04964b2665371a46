"""Links to other terminologies: mappings, external hierarchies, and what an external code says in our terms."""

from __future__ import annotations

from guidegraph.terminologies.model import CodeReading, ExternalTerm, Mapping, Terminology

__all__ = ["CodeReading", "ExternalTerm", "Mapping", "Terminology"]
