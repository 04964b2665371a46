"""Validation of RDF files and graphs against SHACL shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guidegraph.validate.report import ValidationReport, ValidationResult

if TYPE_CHECKING:
    from guidegraph.validate.engine import validate_files, validate_graph

__all__ = ["ValidationReport", "ValidationResult", "validate_files", "validate_graph"]


def __getattr__(name: str) -> object:
    # rdflib is loaded only by who validates.
    if name in ("validate_files", "validate_graph"):
        from guidegraph.validate import engine

        return getattr(engine, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
